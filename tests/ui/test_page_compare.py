"""The page Compare from its empty state to every tab, without a browser and without a worker."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import streamlit as st

from core import anomaly, beside, compare, jobs, runs, tracking, worker
from core import task as tasks
from core.data import catalog
from core.settings import settings
from dashboard import compare_course, compare_data, routes
from dashboard.compare_course import Course
from dashboard.theme import MEANINGS
from tests.examples import waves
from tests.test_compare import CONFIGS, DATA
from tests.ui.app import errors, open_page, run, titles

CHARTS = {"Timelines": 2, "Effects": 1}


@pytest.fixture(scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[str]]]:
    """A home with runs of every task; those of anomalies on a recording that can be opened."""
    folder = tmp_path_factory.mktemp("compare") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUSIONSCOPE_HOME", str(folder))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        settings.cache_clear()
        frame = waves(rows=400, entities=6).frame
        name = catalog.add_upload(frame.to_csv(index=False).encode(), "waves.csv").name
        data = {task: make() for task, make in DATA.items()}
        data["anomaly"] = tasks.opened("anomaly", name)
        names = {
            task: [runs.train_or_load(task, data[task], one)[0].name for one in configs]
            for task, configs in CONFIGS.items()
        }
        odd = anomaly.Config(variant="pca", train_rows=150, variance=0.5)
        names["odd"] = [runs.train_or_load("anomaly", data["anomaly"], odd)[0].name]
        settings.cache_clear()
    return folder, names


@pytest.fixture
def names(home: Path, _made, monkeypatch) -> dict[str, list[str]]:
    """Names of runs by task; no worker is asked."""
    shutil.copytree(_made[0], home)
    st.cache_data.clear()
    st.cache_resource.clear()
    compare._kept.clear()
    monkeypatch.setattr(jobs, "ask", lambda name, *values, timeout: worker.call(name, values))
    return _made[1]


def page(names: list[str], **link: str):
    return open_page(
        "compare",
        runs=",".join(names),
        **{f"compare.{name}": value for name, value in link.items()},
    )


def charts(app) -> int:
    return len(app.get("vega_lite_chart"))


def asked(app) -> str:
    value = app.query_params["runs"]
    return value if isinstance(value, str) else value[0]


def button(app, key: str):
    app.button(key=key).click()
    return run(app)


def test_without_runs_the_page_says_what_to_do(home, monkeypatch):
    st.cache_data.clear()
    app = open_page("compare")
    assert titles(app) == ["Compare"]
    assert "There is nothing to compare yet" in [heading.value for heading in app.subheader]
    assert [one.key for one in app.button] == ["compare-train-one"]


def test_before_a_choice_the_ways_to_choose_are_there(names):
    app = open_page("compare")
    assert "Which runs?" in [heading.value for heading in app.subheader]
    assert app.multiselect(key="compare.picked").value == []
    assert not charts(app)


@pytest.mark.parametrize("task", CONFIGS)
@pytest.mark.parametrize("tab", ["Timelines", "Curves", "Settings", "Effects"])
def test_every_tab_of_every_task(names, task, tab):
    app = page(names[task], tab=tab)
    assert titles(app) == ["Compare"]
    assert not errors(app)
    table = app.table[0].value
    assert [text.split()[-1].replace("\\", "").strip("*") for text in table.index] == list(
        compare.compare(names[task]).table["run"]
    )
    assert {"HTML", "PDF"} <= {one.proto.label for one in app.get("download_button")}  # a report
    assert app.selectbox(key="compare.task").value == task
    wanted = len(compare.curves(names[task])) if tab == "Curves" else CHARTS.get(tab, 0)
    assert charts(app) == wanted


def test_the_best_is_in_bold_only_where_a_test_says_so(names):
    winners = set()
    for task in CONFIGS:
        found = compare.compare(names[task])
        winners.add(found.best)
        app = page(names[task])
        bold = [text.startswith("**") for text in app.table[0].value.iloc[:, 1]]
        assert bold == list(found.table["best"])
        boxes = [box.value for box in (app.info if found.best is None else app.success)]
        words = found.best.replace("-", "\\-") if found.best else "none is marked"
        assert any(words in text for text in boxes)
    assert None in winners
    assert len(winners) > 1


def test_all_variants_of_a_data_set_in_one_click(names):
    app = open_page("compare", **{"compare.task": "gas"})
    button(app, "compare-variants")
    assert set(asked(app).split(",")) == set(names["gas"])
    assert charts(app) == 2


def test_the_champion_comes_with_its_baselines(names):
    app = open_page("compare", **{"compare.task": "life"})
    button(app, "compare-champion")
    assert any("No run of this data set is a champion" in box.value for box in app.info)
    runs.crown(runs.get(names["life"][1]))
    button(app, "compare-champion")
    assert asked(app).split(",") == names["life"]


def test_runs_are_chosen_one_by_one(names):
    app = page(names["gas"])
    app.multiselect(key="compare.picked").set_value(names["gas"][:2])
    run(app)
    assert asked(app) == ",".join(names["gas"][:2])
    assert len(app.table[0].value) == 2


def test_an_unknown_run_is_named_and_the_others_are_compared(names):
    app = page([*names["gas"], "<b>no</b>"])
    (notice,) = [box.value for box in app.warning]
    assert "\\<b\\>no" in notice
    assert len(app.table[0].value) == 3


def test_a_run_that_is_deleted_meanwhile_is_named_and_the_others_stay(names):
    app = page(names["gas"])
    runs.delete(runs.get(names["gas"][1]))
    run(app)
    (notice,) = [box.value for box in app.warning]
    assert names["gas"][1].replace("-", "\\-") in notice
    assert len(app.table[0].value) == 2
    runs.delete(runs.get(names["gas"][2]))
    run(app)
    assert len(errors(app)) == 1
    assert "at least two different runs" in errors(app)[0]


@pytest.mark.parametrize(
    ("pick", "words"),
    [
        (lambda names: names["gas"][:1], "at least two different runs"),
        (
            lambda names: [*names["gas"], *names["life"], *names["forecast"], *names["odd"]],
            "9 runs",
        ),
        (lambda names: [names["gas"][0], names["life"][0]], "Only runs of one task"),
    ],
)
def test_what_cannot_be_compared_gets_one_message(names, pick, words):
    app = page(pick(names))
    assert len(errors(app)) == 1
    assert words in errors(app)[0]
    assert not charts(app)


def test_a_name_with_markup_is_shown_as_it_is(names):
    first, second = (runs.get(name) for name in names["gas"][:2])
    with tracking.store() as client:
        client.update_run(first.id, name="<b>*x*</b> [y](z)")
    for tab in ("Timelines", "Curves", "Settings", "Effects"):
        app = page([first.id, second.id], tab=tab)
        assert not errors(app)
        shown = [*app.table[0].value.index, *(text.value for text in app.markdown)]
        assert any("\\<b\\>\\*x\\*\\</b\\> \\[y\\]\\(z\\)" in text for text in shown)
        assert not any("<b>" in text for text in shown)


def test_odd_runs_whose_remedy_is_stored_need_no_training(names):
    odd, (first, wider, third) = names["odd"][0], names["anomaly"]
    app = page([odd, first, third])
    assert len(errors(app)) == 1
    assert f"{odd} has training rows 150, not 200".replace("-", "\\-") in errors(app)[0]
    assert not charts(app)
    assert app.button(key="compare-train").disabled
    button(app, "compare-mended")
    assert asked(app).split(",") == [wider, first, third]


def test_what_is_trained_is_what_mends_it(names, monkeypatch):
    submitted = []
    monkeypatch.setattr(jobs, "submit", lambda task, data, config, who: submitted.append(config))
    odd, (first, wider, third) = names["odd"][0], names["anomaly"]
    runs.delete(runs.get(wider))
    app = page([odd, first, third])
    button(app, "compare-train")
    (config,) = submitted
    assert (config.train_rows, config.variance) == (200, 0.5)
    new, _ = runs.train_or_load("anomaly", tasks.opened("anomaly", runs.get(first).source), config)
    run(app)
    button(app, "compare-mended")
    assert asked(app).split(",") == [new.name, first, third]
    assert not errors(app)
    assert charts(app) == 2


def test_the_odd_ones_can_be_left_out(names):
    app = page([*names["anomaly"], *names["odd"]])
    button(app, "compare-without")
    assert asked(app).split(",") == names["anomaly"]
    assert not errors(app)


def test_the_link_holds_rows_and_steps_ahead(names):
    app = page(names["forecast"], ahead="2", target="unit-1", **{"from": "200", "to": "230"})
    assert app.slider(key="compare.ahead").value == 2
    assert app.selectbox(key="compare.target").value == "unit-1"
    assert not app.warning
    app = page(names["forecast"], ahead="9", target="s9", **{"from": "5", "to": "1"})
    told = " ".join(box.value for box in app.warning)
    assert "steps ahead = 9" in told
    assert "target = s9" in told
    assert "rows 5 to 1" in told


def test_from_a_page_of_a_task_to_the_comparison(names):
    app = open_page("anomalies", run=names["anomaly"][0])
    button(app, "run-compare")
    assert titles(app) == ["Compare"]
    assert asked(app).split(",") == [names["anomaly"][2], names["anomaly"][0]]


def test_marked_rows_of_the_page_runs_are_compared(names, monkeypatch):
    kept, gone = st.dataframe, []

    def marked(frame, **more):
        kept(frame, **more)
        return {"selection": {"rows": [0, 2]}}

    monkeypatch.setattr(st, "dataframe", marked)
    monkeypatch.setattr(routes, "to", lambda page, **shown: gone.append((page, shown)))
    app = open_page("runs", task="gas")
    listed = app.dataframe[0].value["name"].tolist()
    button(app, "runs-compare")
    assert gone == [("compare", {"runs": f"{listed[0]},{listed[2]}"})]


def test_colours_are_told_apart():
    eight = compare_data.colours(dict.fromkeys("abcdefgh", False))
    assert sorted(eight.values()) == sorted(MEANINGS)
    mixed = compare_data.colours({"a": True, "b": False, "c": True, "d": True, "e": True})
    assert len(set(mixed.values())) == 5
    assert mixed["b"] == "prediction"


def _course(rows: int = 5_000) -> Course:
    rng = np.random.default_rng(0)
    fired = {name: np.repeat(rng.random(rows // 50) < 0.2, 50) for name in "abc"}
    values = {name: (rng.random(rows) + 5 * fired[name]).astype(np.float32) for name in "abc"}
    courses = beside.Courses(
        "Score",
        pd.Series(pd.date_range("2024-03-01", periods=rows, freq="s", tz="Europe/Berlin")),
        values,
        dict.fromkeys("abc", 2.0),
        fired,
        None,
        None,
        np.arange(rows) < 500,
        np.arange(rows) >= 1_000,
    )
    return Course(courses, ["b", "a", "c"], dict(zip("bac", MEANINGS, strict=False)))


def test_every_run_is_drawn_in_its_own_lane():
    course = _course(rows=20_000)
    points = course.points(0, len(course))
    assert len(points) <= compare_course.POINTS + 3
    assert list(points["run"].unique()) == ["b", "a", "c"]
    for number, name in enumerate("bac"):
        own = points[points["run"] == name]
        assert own["x"].is_monotonic_increasing
        assert own["y"].between(2 - number, 3 - number).all()
        # The threshold stands where a score of its size would.
        cut = course.courses.cuts[name]
        assert ((own["value"] > cut) == (own["y"] > own["cut"])).all()
        assert own["value"].max() > 0.99 * course.courses.values[name].max()
    close = course.points(100, 160)
    assert len(close) == 3 * 60


def test_the_pointer_stands_on_few_rows_and_tells_what_every_run_says_there():
    course = _course(rows=20_000)
    pointer = course.pointer(0, len(course))
    assert len(pointer) == compare_course.PLACES
    assert pointer["x"].is_monotonic_increasing
    local = pointer["x"].dt.tz_localize(None).to_numpy("datetime64[us]")
    rows = np.searchsorted(course.x, local)
    for number, name in enumerate("bac"):
        assert (pointer[f"v{number}"] == course.courses.values[name][rows]).all()


def test_shares_are_those_of_the_counted_rows():
    course = _course()
    fired = np.stack([course.courses.fired[name][1_000:] for name in "abc"])
    shares = course.shares()
    assert shares["all"] == fired.all(axis=0).mean()
    assert shares["none"] == 1 - fired.any(axis=0).mean()
    for place, name in enumerate("abc"):
        assert shares[name] == (fired[place] & (fired.sum(axis=0) == 1)).mean()


def test_the_strip_tells_all_some_and_only_one():
    course = _course()
    strip = course.strip
    assert course.lanes == ("Labelled", "All", "Some", "Only one")
    count = sum(course.courses.fired[name].astype(int) for name in "abc")
    for row in strip.itertuples():
        start, stop = course.rows_between(
            *(one.tz_localize(None).timestamp() * 1000 for one in (row.x, row.x2))
        )
        inside = count[start:stop]
        if row.lane == "Only one":
            assert (inside == 1).any()
            assert course.courses.fired[row.name][start:stop].any()
        elif row.lane == "All":
            assert (inside == 3).all()
    assert set(strip["lane"]) <= set(course.lanes)
