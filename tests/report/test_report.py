"""Reports: their numbers, that they stand alone, that names stay names, and what is refused."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from core import anomaly, gas, life, report, runs
from core import format as write
from core import task as tasks
from core.compare import compare
from core.data import catalog, open_dataset
from core.errors import ConfigError, RunNotFound
from core.report import again
from core.settings import settings
from tests.examples import waves, wearing
from tests.forecast.examples import table

NASTY = "<script>alert(1)</script>"
DECISION = anomaly.Decision(threshold=anomaly.Sigma(k=2.0), merge_gap=3)


class Read(HTMLParser):
    """The tags of a page with their attributes, and its text, line by line."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.text, self.inside = "", False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self.inside = True

    def handle_endtag(self, tag):
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data):
        self.text += data
        if self.inside:
            self.rows[-1][-1] += data

    def row(self, first: str) -> list[str]:
        """Return the cells behind the first row that begins with *first*."""
        return next(row for row in self.rows if row and row[0] == first)[1:]


@pytest.fixture(scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a run of each task, and two detectors that differ in their lookback."""
    folder = tmp_path_factory.mktemp("report") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUSIONSCOPE_HOME", str(folder))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        settings.cache_clear()
        for task, frame, changes in (
            ("anomaly", waves(rows=400, entities=1).frame, CONFIG),
            ("anomaly", waves(rows=400, entities=1).frame, {**CONFIG, "variance": 0.8}),
            ("forecast", table(), {"variant": "ridge", "lookback": 6, "horizon": 3}),
            ("forecast", table(), {"variant": "persistence", "lookback": 6, "horizon": 3}),
            ("life", wearing().frame, {"variant": "linear-degradation"}),
            ("life", wearing().frame, {"variant": "mean-life"}),
        ):
            name = catalog.add_upload(frame.to_csv(index=False).encode(), f"{task}.csv").name
            config = tasks.get(task).Config.parse(changes)
            runs.train_or_load(task, tasks.opened(task, name), config)
        lab = tasks.opened("gas", "gas-lab")
        runs.train_or_load("gas", lab, gas.Config(variant="windows", embargo=0))
        settings.cache_clear()
    return folder


ROWS = {"train_rows": 200}
CONFIG = {"variant": "ensemble", **ROWS}


@pytest.fixture
def stored(home: Path, _made: Path) -> dict[str, list[runs.Run]]:
    """The runs by task, the newest first; those that were trained beside others left out."""
    shutil.copytree(_made, home)
    found: dict[str, list[runs.Run]] = {task: [] for task in tasks.TASKS}
    frame, _ = runs.table(limit=100)
    for name in frame["name"]:
        run = runs.get(name)
        if run.variant in ("ensemble", "ridge", "windows", "linear-degradation"):
            found[run.task].append(run)
    return found


def page_of(run: runs.Run) -> str:
    """Return the report of a run without an operating point of its own, made once."""
    if run.key not in _pages:
        _pages[run.key] = report.html([run.name])
    return _pages[run.key]


_pages: dict[str, str] = {}


@pytest.mark.parametrize("task", tasks.TASKS)
def test_a_report_has_the_numbers_of_the_card(stored, task):
    run = stored[task][0]
    card, page = run.card(), Read(page_of(run))
    metric = {"anomaly": "vus_pr", "forecast": "mae", "gas": "accuracy", "life": "rmse"}[task]
    assert write.number(card["metrics"][metric]) in page.text
    for name, metrics in card["baselines"].items():
        row = page.row(f"{tasks.label(task, name)} (baseline)")
        assert row[0] == write.number(metrics[metric])
    for part, rows in card["split"].items():
        assert page.row(part)[0] == f"{rows:,}"
    for text in card["fitted"].values():
        assert str(text) in page.text
    for note in card["notes"]:
        assert note in page.text
    assert run.key in page.text
    line = again.command(run)
    assert line is None or line in page.text


def test_the_threshold_in_use_is_the_stored_one_and_its_costs_are_counted(stored):
    run = stored["anomaly"][0]
    before = Read(page_of(run))
    assert before.row("Chosen by")[0].startswith("nobody")
    run.set_decision(DECISION.model_dump(mode="json"), "Ada")
    page = Read(report.html([run.name]))
    counted = anomaly.evaluate(run.result(), decision=DECISION)
    assert page.row("Chosen by")[0].startswith("Ada, ")
    assert page.row("k") == ["2"]
    assert page.row("Alarms in the test rows")[0] == f"{counted['events']:.0f}"
    assert page.row("False alarms")[0] == f"{counted['false_alarms']:.0f}"
    caught = round(counted["event_recall"] * counted["labelled_events"])
    assert (
        page.row("Labelled anomalies caught")[0] == f"{caught} of {counted['labelled_events']:.0f}"
    )


def test_the_alarm_rule_of_a_gas_run_is_counted(stored):
    run = stored["gas"][0]
    rule = gas.Decision(threshold=0.9, hold=2)
    run.set_decision(rule.model_dump(mode="json"), "Ada")
    judged = gas.judge(run.result(), rule)
    page = Read(report.html([run.name]))
    assert page.row("Gas found")[0] == write.percent(judged.metrics["recall"])
    assert page.row("Hold time") == ["2"]
    for name, counts in zip(judged.confusion.index, judged.confusion.to_numpy(), strict=True):
        assert [f"{count:,}" for count in counts] in [
            row[1:] for row in page.rows if row[0] == name
        ]


@pytest.mark.parametrize("task", tasks.TASKS)
def test_a_report_stands_alone(stored, task):
    made = page_of(stored[task][0])
    page = Read(made)
    tags = {tag for tag, _ in page.tags}
    assert "svg" in tags
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "base"}
    assert "http" not in made.lower().replace('http-equiv="content-security-policy"', "")
    assert "@import" not in made
    assert all(target.startswith("#") for target in re.findall(r"url\((.*?)\)", made))
    for _, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("href") or attributes.get("xlink:href") or "#").startswith("#")
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_names_with_markup_are_shown_as_they_are(home, tmp_path):
    frame = waves(rows=300, entities=2).frame.rename(columns={"s0": NASTY, "s1": "<b>bold</b>"})
    frame["unit"] = frame["unit"].str.replace("unit-0", "<i>one</i>")
    path = tmp_path / "<b>pump & co.csv"
    frame.to_csv(path, index=False)
    data = open_dataset(path)
    found = [
        runs.train_or_load("anomaly", data, anomaly.Config(variant=variant, **ROWS))[0]
        for variant in ("pca", "max-z")
    ]
    found[0].set_decision(DECISION.model_dump(mode="json"), "<u>me</u>")
    for names in ([found[0].name], [run.name for run in found]):
        made = report.html(names)
        page = Read(made)
        assert NASTY in page.text
        assert "<b>pump & co" in page.text
        assert "<u>me</u>" in page.text
        assert not {tag for tag, _ in page.tags} & {"script", "b", "i", "u"}


def test_several_runs_are_put_side_by_side(stored):
    names = [run.name for run in stored["anomaly"]]
    assert len(names) == 2
    made, page = compare(names), Read(report.html(names))
    assert made.changed in page.text
    for _, row in made.table.iterrows():
        cells = page.row(f"{row['label']} · {row['run']}")
        assert cells[0] == write.number(row["vus_pr"])
    told = [str(runs.get(name).config["variance"]) for name in made.table["run"]]
    assert page.row("Variance kept") == told
    assert ("No run is better" in page.text) is (made.best is None)
    assert f"fusionscope compare {' '.join(names)}" in page.text


@pytest.mark.parametrize("task", ["anomaly", "forecast", "gas"])
def test_the_command_finds_the_run_again(stored, call, task):
    for run in stored[task]:
        line = again.command(run)
        assert shlex.split(line)[:3] == ["fusionscope", "train", task]
        code, out, _ = call(*shlex.split(line)[1:], "--json")
        assert code == 0
        assert json.loads(out)["run"] == run.name
        assert json.loads(out)["cached"] is True


def test_the_python_of_a_life_run_gives_its_numbers(stored):
    run, space = stored["life"][0], {}
    exec(again.python(run), space)
    assert life.evaluate(space["result"]) == pytest.approx(run.metrics)


def test_a_baseline_that_is_damaged_does_not_keep_a_run_from_its_report(stored):
    run = stored["anomaly"][0]
    frame, _ = runs.table(task="anomaly", baseline=True)
    other = runs.get(frame.loc[frame["variant"] == "pca", "name"].iloc[0])
    (other.folder / "result" / "scores.parquet").unlink()
    page = Read(report.html([run.name]))
    assert write.number(run.metrics["vus_pr"]) in page.text
    assert page.row("PCA reconstruction (baseline, of the card)")[0] == write.number(
        run.card()["baselines"]["pca"]["vus_pr"]
    )


def test_a_recording_without_labels_has_a_report_that_says_so(home):
    frame = waves(rows=300, entities=1).frame.drop(columns="label")
    name = catalog.add_upload(frame.to_csv(index=False).encode(), "plain.csv").name
    run, _ = runs.train_or_load("anomaly", open_dataset(name), anomaly.Config(**CONFIG))
    assert "The recording has no labels" in Read(report.html([run.name])).text


def test_a_pdf_is_made_where_the_library_is(stored):
    try:
        import weasyprint  # noqa: F401
    except (ImportError, OSError):
        pytest.skip("WeasyPrint or its libraries are not here")
    made = report.pdf([stored["forecast"][0].name])
    assert made.startswith(b"%PDF-")
    assert len(made) > 10_000


def test_without_the_library_it_is_said_how_to_get_a_pdf(stored, monkeypatch):
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(ConfigError, match=r"pip install 'fusionscope\[pdf\]'"):
        report.pdf([stored["life"][0].name])


def test_what_cannot_be_reported_is_refused(stored):
    one, other = stored["anomaly"][0], stored["forecast"][0]
    with pytest.raises(ConfigError, match="Only runs of one task"):
        report.html([one.name, other.name])
    with pytest.raises(RunNotFound, match="There is no run 'gone-gull'"):
        report.html(["gone-gull"])
    with pytest.raises(ConfigError, match="needs a run"):
        report.html([])


def test_the_command_line_writes_a_report(stored, call, tmp_path):
    name, path = stored["forecast"][0].name, tmp_path / "report.html"
    code, out, _ = call("report", name, "--out", path, "--json")
    assert (code, json.loads(out)) == (0, {"runs": [name], "out": str(path)})
    assert write.number(runs.get(name).metrics["mae"]) in Read(path.read_text("utf-8")).text
    code, _, err = call("report", name, "--out", tmp_path / "report.docx")
    assert (code, err) == (
        2,
        "A report is written as .html or .pdf, received 'report.docx'. Change its ending.\n",
    )
    code, _, err = call("report", name, "--out", tmp_path / "no" / "report.html")
    assert code == 2
    assert "cannot be written" in err
    code, _, err = call("report", "gone-gull", "--out", path)
    assert code == 2
    assert "There is no run 'gone-gull'" in err
    assert err.count("\n") == 1
