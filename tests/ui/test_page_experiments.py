"""The page Experiments from its empty state to a finished study, without a browser or a worker."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest
import streamlit as st

from core import jobs, queue, runs, sweeps, worker
from core import task as tasks
from core.data import catalog
from core.settings import settings
from core.sweeps.coordinator import Coordinator
from dashboard import study, study_charts, study_command
from dashboard.draw import spec
from dashboard.theme import MEANINGS
from tests.ui.app import errors, metrics, open_page, run, titles
from tests.ui.test_page_forecast import frame

SMALL = {"lookback": 8, "horizon": 4, "variant": "ridge", "target": "south"}


@pytest.fixture(scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a recording and three runs of ridge on it."""
    folder = tmp_path_factory.mktemp("studies") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUSIONSCOPE_HOME", str(folder))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        settings.cache_clear()
        name = catalog.add_upload(frame().to_csv(index=False).encode(), "river.csv").name
        data = tasks.opened("forecast", name)
        for lookback in (8, 32):
            runs.train_or_load("forecast", data, config(lookback=lookback))
        settings.cache_clear()
    return folder


def config(**more):
    return tasks.get("forecast").Config(**SMALL | more)


@pytest.fixture
def stored(home: Path, _made: Path, monkeypatch) -> str:
    """Name of the recording; what workers do is done here, and no training is begun."""
    shutil.copytree(_made, home)
    st.cache_data.clear()
    st.cache_resource.clear()
    monkeypatch.setattr(jobs, "start", lambda: None)
    monkeypatch.setattr(jobs, "_wake", lambda: None)
    monkeypatch.setattr(sweeps, "start", lambda: None)
    monkeypatch.setattr(jobs, "ask", lambda name, *values, timeout: worker.call(name, values))
    return next(entry.name for entry in catalog.entries() if entry.kind == "upload")


def looked(name: str, times: int = 8) -> sweeps.Study:
    """Let a coordinator look at a study so often."""
    coordinator = Coordinator()
    for _ in range(times):
        coordinator.look(sweeps.get(name))
    coordinator.close()
    return sweeps.get(name)


def windows(data: str) -> sweeps.Study:
    return sweeps.create("forecast", tasks.opened("forecast", data), config(), "windows")


def search(data: str, **more) -> sweeps.Study:
    space = {"lookback": sweeps.narrowed(sweeps.bounds("forecast", "ridge")["lookback"], "4:40")}
    options = {"space": space, "planned": 12} | more
    return sweeps.create("forecast", tasks.opened("forecast", data), config(), "search", **options)


def filled(data: str, values: list[float | None], **more) -> sweeps.Study:
    """A search whose trials have ended with *values*; None has failed."""
    from core.sweeps import store

    made, me = search(data, planned=len(values), **more), store.me()
    store.hold(made, me)
    known = runs.table(task="forecast", baseline=True, limit=1)[0]["id"][0]
    for number, value in enumerate(values):
        trial = {"label": "", "params": {"lookback": 4 + number}, "config": {}, "key": str(number)}
        store.add(made, me, trial | {"number": number})
        one = sweeps.trials(made.name)[number]
        ended = {"state": "done", "value": value, "run": known, "seconds": 2.0}
        failed = {"state": "failed", "message": "The *lookback* <b>is</b> too long."}
        store.note(one, me, **(failed if value is None else ended))
    store.end(made, me, "done" if any(values) else "failed", "" if any(values) else "All *failed*.")
    return sweeps.get(made.name)


def page(**link: str | list[str]):
    return open_page("experiments", **{f"experiments.{name}": text for name, text in link.items()})


def tables(app):
    return [one.value for one in app.dataframe]


def test_an_empty_page_offers_a_search_of_what_matters_most(stored):
    app = page(data=stored)
    assert titles(app) == ["Experiments"]
    assert not errors(app)
    assert not app.warning
    assert app.multiselect(key="experiments.vary").value == [
        "learning_rate",
        "units",
        "lookback",
        "dropout",
    ]
    assert app.number_input(key="experiments.forecast.units.low").value == 8
    assert app.number_input(key="experiments.forecast.units.high").value == 128
    assert any("None yet" in caption.value for caption in app.caption)


def test_a_search_is_begun_as_the_form_says(stored):
    link = {"data": stored, "forecast.variant": "gru", "forecast.units": "16", "trials": "7"}
    app = page(**link, vary=["Units", "Loss"], metric="rmse", **{"forecast.units.high": "20"})
    app.multiselect(key="experiments.forecast.loss.of").set_value(["mae", "mse"])
    app.toggle(key="experiments.prune").set_value(False)
    app.button(key="experiments-begin").click()
    run(app)
    made = sweeps.recent()[0]
    assert (made.kind, made.metric, made.planned, made.prune) == ("search", "rmse", 7, False)
    assert [str(span) for span in made.spans] == ["units: 4 to 20, by factors", "loss: mae, mse"]
    assert (made.config["variant"], made.config["units"]) == ("gru", 16)
    assert made.name in [heading.value for heading in app.subheader]
    assert app.query_params["experiments.study"] == made.name


def test_a_range_that_is_none_says_so_and_offers_no_start(stored):
    app = page(
        data=stored, vary="Units", **{"forecast.units.low": "64", "forecast.units.high": "8"}
    )
    assert "units cannot be searched from 64 to 8" in errors(app)[0]
    assert not [button for button in app.button if button.key == "experiments-begin"]


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ({"study": "nobody"}, "study = nobody; there is no study of that name"),
        ({"task": "weather"}, "task = weather; allowed are anomaly, life, forecast, gas"),
        ({"kind": "grid"}, "kind = grid; allowed are search, windows, ablation"),
        ({"trials": "0"}, "trials = 0; allowed are 1 to 1000, so 20 is used"),
        ({"at_once": "many"}, "at once = many"),
        ({"metric": "vus"}, "metric = vus; allowed are mae, rmse, mase, skill"),
        ({"vary": ["Units", "foo"]}, "asks to vary foo; allowed are learning_rate"),
        ({"forecast.units.low": "9999"}, "units from = 9999; allowed are 4 to 256, so 8 is used"),
        ({"prune": "perhaps"}, "allowed are true and false"),
        ({"thing": "3"}, "asks for thing, and there is no such setting"),
        ({"forecast.thing": "3"}, "asks for forecast.thing, and there is no such setting"),
    ],
)
def test_a_wrong_link_is_named(stored, link, words):
    app = page(data=stored, **link)
    assert any(words in warning.value for warning in app.warning), [w.value for w in app.warning]
    assert len(app.warning) == 1
    assert not errors(app)


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ({"kind": "windows"}, "as it is: lookback 24"),
        ({"kind": "ablation", "forecast.variant": "fusion"}, "temporal path alone"),
        ({"kind": "ablation", "task": "anomaly", "anomaly.variant": "lstm-vae"}, "code not drawn"),
        ({"kind": "windows", "task": "life"}, "lookback 256"),
        ({"kind": "windows", "task": "gas", "gas.variant": "bilstm"}, "lookback 64"),
    ],
)
def test_what_will_be_compared_is_listed(stored, link, words):
    app = page(**link)
    listed = [text.value.replace("\\", "") for text in app.markdown]
    assert any(words in text for text in listed)
    assert app.button(key="experiments-begin")


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ({"kind": "windows", "task": "gas", "gas.variant": "lda"}, "looks at no window"),
        ({"kind": "ablation", "forecast.variant": "persistence"}, "has no part to take away"),
        ({"task": "gas", "gas.variant": "lda"}, "no setting that could be searched"),
    ],
)
def test_a_model_without_anything_to_try_says_so(stored, link, words):
    app = page(**link)
    assert any(words in info.value for info in app.info)
    assert not [button for button in app.button if button.key == "experiments-begin"]


def test_window_sizes_are_compared_with_their_intervals(stored):
    made = windows(stored)
    app = page(study=made.name)
    assert any("first training that is done" in caption.value for caption in app.caption)
    looked(made.name)  # those of 8 and 32 rows are stored; 64 waits for a worker
    trials = sweeps.trials(made.name)
    assert [one.state for one in trials][:3] == ["done", "done", "running"]
    app = page(study=made.name)
    assert not errors(app)
    best = sweeps.best(made, trials)
    shown = metrics(app)
    assert shown["Best MAE"] == study.write.number(best.value)
    assert shown["First trial"] == study.write.number(trials[0].value)
    assert shown["Trials"] == "2 of 5"
    differences, listed = tables(app)[:2]
    assert list(differences.iloc[:, 0]) == ["lookback 32"]
    assert differences["More than luck"].isin(["yes", "no"]).all()
    assert list(listed["State"])[:3] == [
        "★ done" if one == best else "done" for one in trials[:2]
    ] + ["training"]
    one = runs.get(trials[0].run)
    assert listed["Run"][0] == f"forecast?forecast.data={stored}&forecast.run={one.name}"


def test_a_search_shows_best_importance_and_every_trial(stored):
    made = filled(stored, [0.9, 0.5, None, 0.7, 0.6, 0.4])
    app = page(study=made.name)
    assert not errors(app)
    assert metrics(app) == {
        "Best MAE": "0.400",
        "First trial": "0.900",
        "Trials": "6 of 6",
        "Time left": "–",
    }
    listed = tables(app)[-1]
    assert listed["State"].tolist() == ["done", "done", "failed", "done", "done", "★ done"]
    assert listed["Note"][2] == "The *lookback* <b>is</b> too long."
    assert listed["Lookback"].tolist() == ["4", "5", "6", "7", "8", "9"]
    charts = app.get("vega_lite_chart") or app.get("arrow_vega_lite_chart")
    assert len(charts) == 3


def test_a_failed_study_says_why_with_markup_escaped(stored):
    made = filled(stored, [None, None, None])
    app = page(study=made.name)
    assert "no trial succeeded All \\*failed\\*." in errors(app)[0]


def test_stop_and_go_on(stored):
    made = search(stored, prune=False)
    looked(made.name, 2)
    app = page(study=made.name)
    app.button(key="experiments-stop").click()
    run(app)
    assert sweeps.get(made.name).state == "stopped"
    assert sweeps.trials(made.name)[-1].state == "waiting"
    app = page(study=made.name)
    app.number_input(key="experiments-more").set_value(3)
    app.button(key="experiments-go-on").click()
    run(app)
    again = sweeps.get(made.name)
    assert (again.state, again.planned) == ("running", 15)


def test_a_finished_list_cannot_go_on(stored):
    made = windows(stored)
    looked(made.name)
    sweeps.stop(made.name)
    app = page(study=made.name)
    assert app.button(key="experiments-go-on").label == "Go on: 3 trials to go"


def test_a_study_is_deleted_after_a_second_question(stored):
    made = windows(stored)
    sweeps.stop(made.name)
    app = page(study=made.name)
    app.button(key="experiments-delete").click()
    run(app)
    assert sweeps.get(made.name) == sweeps.recent()[0]
    app.button(key="experiments-delete-yes").click()
    run(app)
    assert sweeps.recent() == []
    assert not errors(app)
    assert "Begin" in [one.label for one in app.button]


def test_the_list_of_studies_names_all(stored):
    first, second = windows(stored), filled(stored, [0.5, None])
    listed = tables(page(data=stored))[-1]
    assert listed["Study"].tolist() == [second.name, first.name]
    assert listed["Trials"].tolist() == ["2 of 2", "0 of 5"]
    assert listed["Failed"].tolist() == ["1", ""]


def test_the_command_that_repeats_a_study_makes_the_same_one(stored, monkeypatch):
    from core import cli_sweep

    made = search(stored, seed=3, at_once=2, prune=False, metric="rmse")
    words = shlex.split(study_command.command(made))
    assert words[:3] == ["fusionscope", "sweep", "forecast"]
    values: dict = {"--set": [], "--vary": []}
    flags = iter(words[3:])
    for flag in flags:
        if flag == "--no-prune":
            values[flag] = True
        elif flag in ("--set", "--vary"):
            values[flag].append(next(flags))
        else:
            values[flag] = next(flags)
    again = cli_sweep._create(
        "forecast",
        values["--data"],
        values["--variant"],
        values["--set"],
        values["--vary"],
        kind="search",
        metric=values["--metric"],
        planned=int(values["--trials"]),
        at_once=int(values["--at-once"]),
        seed=int(values["--seed"]),
        prune="--no-prune" not in values,
    )
    for name in ("config", "space", "metric", "planned", "at_once", "seed", "prune", "fingerprint"):
        assert getattr(again, name) == getattr(made, name), name


def test_charts_are_made_of_what_they_read(stored):
    made = filled(stored, [0.9, 0.5, None, 0.7])
    trials = sweeps.trials(made.name)
    points, best = study_charts.points(made, trials)
    assert points["trial"].tolist() == [1, 2, 4]
    assert best["value"].tolist() == [0.9, 0.5, 0.5, 0.5]
    axes, lines, ends = study_charts.axes_of(made, trials, {"lookback": "Lookback"}, "MAE")
    assert axes == ("Lookback", "MAE")
    assert set(lines["meaning"]) == {"score", "series", "anomaly"} <= set(MEANINGS)
    assert lines["at"].between(0, 1).all()
    top = lines[(lines["axis"] == "MAE") & (lines["at"] == 1)]
    assert top["trial"].tolist() == [1]
    assert ends["text"].tolist() == ["40", "4", "0.500", "0.900"]
    for chart in (spec(study_charts.progress, "MAE", 4), spec(study_charts.parallel, axes)):
        assert chart["layer"]


def test_a_trial_waits_for_its_job_and_the_page_says_what_for(stored):
    made = windows(stored)
    looked(made.name)
    trial = next(one for one in sweeps.trials(made.name) if one.state == "running")
    job = queue.get(trial.key)
    assert job.state == "queued"
    assert trial.who in job.waiters
    app = page(study=made.name)
    assert any("workers are starting" in info.value for info in app.info)
