"""The page Forecast from its empty state to every tab, without a browser and without a worker."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import streamlit as st

from core import forecast, forecasts, jobs, peers, runs, script, worker
from core import format as write
from core import task as tasks
from core.data import catalog
from core.settings import settings
from dashboard import figures, forecast_charts, forecast_data, forecast_runs, forecast_setup
from dashboard.charts import Axis
from dashboard.draw import spec
from dashboard.forecast_course import Course
from dashboard.theme import MEANINGS
from tests.ui.app import errors, metrics, open_page, run, titles

SHORT = {"lookback": 8, "horizon": 4}
TINY = {"epochs": 2, "units": 4, "heads": 2, "batch_size": 128}


def frame(rows: int = 320) -> pd.DataFrame:
    """Three sensors that follow each other around the day, in noise."""
    rng = np.random.default_rng(0)
    phase = np.arange(rows)[:, None] * 2 * np.pi / 24 - np.arange(3) * 0.5
    values = 10 + 3 * np.sin(phase) + rng.normal(0, 0.4, (rows, 3))
    made = pd.DataFrame(values.round(3), columns=["north", "middle", "south"])
    made.insert(0, "time", pd.date_range("2024-03-01", periods=rows, freq="1h"))
    return made


@pytest.fixture(scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a recording, a run of ridge with its companions, and a fusion of all sensors."""
    folder = tmp_path_factory.mktemp("forecast") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUSIONSCOPE_HOME", str(folder))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        settings.cache_clear()
        name = catalog.add_upload(frame().to_csv(index=False).encode(), "river.csv").name
        data = tasks.opened("forecast", name)
        for config in ({"variant": "fusion"} | TINY, {"variant": "ridge", "target": "south"}):
            runs.train_or_load("forecast", data, forecast.Config(**config, **SHORT))
        settings.cache_clear()
    return folder


@pytest.fixture
def stored(home: Path, _made: Path, monkeypatch) -> dict[str, runs.Run]:
    """Runs by variant, "single" for the one of a single target; no worker is asked."""
    shutil.copytree(_made, home)
    st.cache_data.clear()
    st.cache_resource.clear()
    forecasts._fitted.cache_clear()
    forecasts._dataset.cache_clear()
    monkeypatch.setattr(jobs, "ask", lambda name, *values, timeout: worker.call(name, values))
    table, _ = runs.table(task="forecast")
    found = [runs.get(name) for name in table["name"]]
    several = {one.variant: one for one in found if one.config["target"] is None}
    return several | {"single": next(one for one in found if one.config["target"] == "south")}


def page(**link: str):
    return open_page("forecast", **{f"forecast.{name}": value for name, value in link.items()})


def of(one: runs.Run, tab: str = "Horizon", **link: str):
    return page(data=one.source, run=one.name, tab=tab, **link)


def test_without_a_run_the_page_says_what_to_do_and_offers_the_button(stored, monkeypatch):
    asked = []
    monkeypatch.setattr(jobs, "submit", lambda *values: asked.append(values))
    app = page(data=stored["fusion"].source)
    assert titles(app) == ["Forecast"]
    assert "No run with these settings yet" in [heading.value for heading in app.subheader]
    app.button(key="forecast-train-main").click()
    run(app)
    assert asked[0][0] == "forecast"
    assert asked[0][2] == forecast.Config()


def test_target_and_entity_are_choices_of_what_the_recording_has(stored):
    app = page(data=stored["fusion"].source, variant="ridge", target="south")
    options = app.selectbox(key="forecast.target").options
    assert options == ["All", "north", "middle", "south"]
    assert app.selectbox(key="forecast.entity").options == ["There is one only"]
    app.selectbox(key="forecast.target").set_value("")
    run(app)
    assert app.selectbox(key="forecast.target").value == ""
    link = {name: str(value) for name, value in SHORT.items()}
    known = page(data=stored["ridge"].source, variant="ridge", **link)
    assert any(stored["ridge"].name in box.value for box in known.success)


def test_a_run_shows_its_measures_beside_the_best_baseline(stored):
    one = stored["fusion"]
    app = of(one)
    assert not app.exception
    assert not errors(app)
    shown = metrics(app)
    assert shown["MAE"] == write.number(one.metrics["mae"])
    assert shown["Intervals hold"] == write.percent(one.metrics["coverage"])
    baselines = [values["mae"] for values in one.card()["baselines"].values()]
    delta = next(metric.delta for metric in app.metric if metric.label == "MAE")
    assert delta == f"baseline {write.number(min(baselines))}"


@pytest.mark.parametrize(
    "tab",
    [
        *("Horizon", "Hours and nodes", "Errors", "Variants", "Experiments"),
        *("Attention", "Epochs", "What if", "History", "Card", "Code"),
    ],
)
@pytest.mark.parametrize("variant", ["fusion", "single", "persistence"])
def test_every_tab_opens_for_every_kind_of_run(stored, variant, tab):
    app = of(stored[variant], tab, silent="north", epoch="1")
    assert not errors(app)
    assert titles(app) == ["Forecast"]


@pytest.mark.parametrize(
    ("tab", "offered"),
    [
        ("Attention", {"attention-1-from-{origin}", "attention-2-from-{origin}"}),
        ("Hours and nodes", {"hours", "targets", "map"}),
    ],
)
def test_charts_of_a_tab_are_offered_as_files(stored, monkeypatch, tab, offered):
    names = []
    monkeypatch.setattr(figures, "download", lambda *drawn: names.append(drawn[-1]))
    one = stored["fusion"]
    of(one, tab, origin="1")
    first = one.result().origins[one.result().test][0]
    assert {f"{one.name}-{name.format(origin=first)}" for name in offered} <= set(names)


def test_the_error_by_step_is_that_of_the_run(stored):
    one = stored["single"]
    table = of(one).dataframe[0].value
    expected = forecast.by_step(one.result())
    assert list(table.columns) == ["1", "2", "3", "4"]
    assert list(table.loc["MAE"]) == [write.number(value) for value in expected["mae"]]


def test_targets_of_unknown_units_are_told_apart_or_added_up_as_one_likes(stored):
    one = stored["fusion"]
    app = of(one, "Horizon")
    assert any("No units are known" in caption.value for caption in app.caption)
    assert app.button_group(key=forecast_setup.OF).value == "Target shown"
    expected = forecast.by_step(one.result())
    app.button_group(key=forecast_setup.OF).set_value("All targets")
    run(app)
    assert list(app.dataframe[0].value.loc["MAE"]) == [write.number(v) for v in expected["mae"]]


def test_the_settings_of_a_run_are_on_or_off(stored):
    assert any("Calendar: **on**" in text.value for text in of(stored["fusion"]).markdown)


def test_the_baselines_beside_a_run_answer_the_same_question(stored):
    catalog.remove(stored["fusion"].source)  # they are found without the recording, too
    beside = forecast_data.baselines(stored["fusion"])
    assert {one.name for one in beside} == {
        stored[name].name for name in ("ridge", "persistence", "seasonal-naive")
    }
    assert forecast_data.baselines(stored["single"]) == []  # those of all sensors are others


def test_runs_on_the_same_readings_are_found_whatever_their_file_is_called(stored, tmp_path):
    path = tmp_path / "other.csv"
    frame().to_csv(path, index=False)
    config = forecast.Config(variant="ridge", lookback=6, horizon=SHORT["horizon"])
    one, _ = runs.train_or_load("forecast", tasks.opened("forecast", str(path)), config)
    assert one.dataset != stored["fusion"].dataset
    assert one.id in forecast_runs._alike(stored["fusion"])
    later = forecast.Config(variant="dlinear", **TINY, **SHORT)
    other, _ = runs.train_or_load("forecast", tasks.opened("forecast", str(path)), later)
    assert stored["persistence"].name in peers.rivals(other)
    assert {run.variant for run in forecast_data.baselines(other)} >= {"ridge", "persistence"}


def test_a_silenced_sensor_changes_what_depends_on_it(stored):
    one = stored["single"]
    app = of(one, "What if", silent="south")
    label = "MAE of south without south"
    result, data = one.result(), tasks.opened("forecast", one.source)
    without = forecast.predict(one.fitted(), data, silent="south")
    expected = np.nanmean(np.abs(without.truth - without.forecasts)[without.test])
    assert len(result.origins[result.test]) <= forecasts.MOST
    assert metrics(app)[label] == write.number(float(expected))
    assert expected > one.metrics["mae"]


def test_attention_adds_up_for_each_head(stored):
    one = stored["fusion"]
    weights = forecasts.attention(one.name, int(one.result().origins[-1]))
    assert weights.shape == (2, weights.shape[1], 2, 8)
    np.testing.assert_allclose(weights.sum(axis=-1), 1.0, rtol=1e-5)
    app = of(one, "Attention", shown="south", origin="1")
    assert any("03-" in caption.value for caption in app.caption)
    assert any("a mean of forecasts: joint" in caption.value for caption in app.caption)


def test_a_run_without_attention_says_so(stored):
    assert any("has none" in box.value for box in of(stored["ridge"], "Attention").info)


def test_an_epoch_is_measured_beside_the_stored_weights(stored):
    one = stored["fusion"]
    table = of(one, "Epochs", epoch="1").dataframe[0].value
    assert list(table.index) == ["As stored", "Epoch 1"]
    expected = forecast.predict(one.fitted().at_epoch(1), tasks.opened("forecast", one.source))
    assert table["MAE, test"]["Epoch 1"] == write.number(forecast.measures(expected)["mae"])


def test_variants_stand_beside_each_other_with_the_baselines_on_top(stored):
    table = of(stored["fusion"], "Variants").dataframe[0].value
    flags = ["(baseline)" in name for name in table["Model and run"]]
    assert flags == [True, True, True, False]
    assert not any(stored["single"].name in name for name in table["Model and run"])
    best = forecasts.compare(
        [one.id for name, one in stored.items() if name != "single"], stored["fusion"].id
    )[1]
    marked = table.loc[table[""] != "", "Model and run"].tolist()
    assert len(marked) == (best is not None)


def test_what_is_missing_is_queued(stored, monkeypatch):
    asked = []
    monkeypatch.setattr(jobs, "submit", lambda *values: asked.append(values[2]))
    app = of(stored["single"], "Variants")
    app.button(key="forecast-train-0").click()
    run(app)
    others = {name for name, variant in forecast.VARIANTS.items() if variant.baseline} - {"ridge"}
    assert {config.variant for config in asked} == others
    assert {(config.target, config.horizon) for config in asked} == {("south", 4)}


def test_experiments_queue_every_window_size(stored, monkeypatch):
    asked = []
    monkeypatch.setattr(jobs, "submit", lambda *values: asked.append(values[2]))
    app = of(stored["fusion"], "Experiments")
    app.button(key="forecast-experiment").click()
    run(app)
    assert [config.lookback for config in asked] == [32, 64, 128, 256]


def test_the_ablations_of_a_fusion_take_it_apart(stored, monkeypatch):
    asked = []
    monkeypatch.setattr(jobs, "submit", lambda *values: asked.append(values[2]))
    app = of(stored["fusion"], "Experiments", experiment="Ablations")
    app.button(key="forecast-experiment").click()
    run(app)
    config = forecast.Config.parse(stored["fusion"].config)
    assert asked == list(forecast.ablations(config).values())[1:]


def test_the_settings_of_a_run_can_be_changed(stored):
    app = of(stored["fusion"])
    app.button(key="forecast-copy").click()
    app = run(app)
    assert app.selectbox(key="forecast.target").value == ""
    assert any(stored["fusion"].name in box.value for box in app.success)


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ({"run": "no-such"}, "run = no-such"),
        ({"data": "nowhere"}, "data set = nowhere"),
        ({"shown": "west"}, "target shown = west"),
        ({"ahead": "9"}, "step ahead = 9"),
        ({"origin": "9999", "tab": "Attention"}, "forecast number = 9999"),
        ({"silent": "west", "tab": "What if"}, "sensor to silence = west"),
        ({"from": "10", "to": "5"}, "rows 10 to 5"),
        ({"colour": "red"}, "asks for colour"),
    ],
)
def test_a_wrong_link_gets_a_notice(stored, link, words):
    one = stored["fusion"]
    app = page(**({"data": one.source, "run": one.name} | link))
    assert any(words in warning.value for warning in app.warning), [w.value for w in app.warning]


def test_a_run_whose_recording_was_deleted_still_shows_its_forecasts(stored):
    one = stored["fusion"]
    catalog.remove(one.source)
    for link in ({}, {"data": one.dataset}):
        app = page(run=one.name, **link)
        assert metrics(app)["MAE"] == write.number(one.metrics["mae"])
        assert not errors(app)


def test_a_run_of_a_file_that_is_no_data_set_is_opened_by_its_link(stored, tmp_path):
    path = tmp_path / "brook.csv"
    frame(300).to_csv(path, index=False)
    data = tasks.opened("forecast", str(path))
    one, _ = runs.train_or_load("forecast", data, forecast.Config(variant="persistence", **SHORT))
    for link in ({}, {"data": "brook"}):
        app = page(run=one.name, **link)
        assert metrics(app)["MAE"] == write.number(one.metrics["mae"])
        assert not errors(app)


def test_a_damaged_run_is_explained(stored):
    one = stored["single"]
    (one.folder / "result" / "forecasts.npz").write_bytes(b"gone")
    app = page(run=one.name)
    assert len(app.error) == 1
    assert "Delete the run and train it again" in app.error[0].value


def test_a_run_of_this_task_opens_on_this_page(stored):
    app = open_page("runs", run=stored["single"].name)
    assert app.button(key="runs-open").label == "Open its forecasts"
    app.button(key="runs-open").click()
    run(app)
    assert titles(app) == ["Forecast"]
    assert app.selectbox(key=forecast_setup.QUESTION.run).value == stored["single"].name


def test_the_code_on_the_page_runs_and_gives_what_is_on_the_screen(stored, capsys):
    one = stored["single"]
    space: dict = {}
    exec(script.forecast(one, "south"), space)
    assert forecast.measures(space["result"]) == one.metrics
    assert "south" in capsys.readouterr().out


def test_a_course_lines_forecasts_up_with_the_readings_they_are_about(stored):
    result = stored["fusion"].result().only("middle")
    course = Course(result, ahead=3)
    said, lower, upper = course.said
    which = int(np.flatnonzero(result.test)[5])
    row = int(result.origins[which]) + 2
    place = int(np.flatnonzero(course.rows == row)[0])
    assert said[place] == pytest.approx(result.forecasts[which, 2, 0])
    assert lower[place] == pytest.approx(result.bounds[0][which, 2, 0])
    assert upper[place] == pytest.approx(result.bounds[1][which, 2, 0])
    assert course.actual[place] == pytest.approx(frame()["middle"][row])
    assert course.x[place] == frame()["time"][row]


def test_a_course_goes_on_behind_the_end_of_the_recording(stored):
    result = stored["fusion"].result().only("middle")
    course = Course(result, ahead=1)
    later = course.ahead_of_all(0, len(course))
    hour = pd.Timedelta("1h")
    assert list(later["x"]) == [
        pd.Timestamp(frame()["time"].iloc[-1] + step * hour, tz="UTC") for step in (1, 2, 3, 4)
    ]
    np.testing.assert_allclose(later["value"], result.forecasts[-1, :, 0])
    assert (later["lower"] <= later["value"]).all()
    assert np.isnan(course.actual[-4:]).all()


def test_a_course_ends_with_its_readings_where_rows_tell_what_is_known_ahead(stored):
    """As long as the horizon, shorter, and longer."""
    result = stored["fusion"].result().only("middle")
    for behind in (2, 4, 6):
        end = len(result) - behind
        result.actual[end:] = np.nan
        kept = np.r_[np.flatnonzero(result.origins < end), -1]
        cut = replace(
            result,
            origins=np.r_[result.origins[kept[:-1]], end],
            forecasts=result.forecasts[kept],
            last=result.last[kept],
        )
        course = Course(cut, ahead=4)
        later = course.ahead_of_all(0, len(course))
        start = pd.Timestamp(frame()["time"].iloc[end], tz="UTC")
        assert list(later["x"]) == [start + hour * pd.Timedelta("1h") for hour in range(4)]
        np.testing.assert_allclose(later["value"], cut.forecasts[-1, :, 0])
        assert list(course.ends()["x"]) == [start - pd.Timedelta("1h")]
        assert len(course) == course.end + max(4, behind)
        assert np.isnan(course.said[0][course.end :]).all()


def test_a_gap_stays_open_however_few_points_are_drawn(stored):
    result = stored["fusion"].result().only("middle")
    result.actual[300:305] = np.nan
    course = Course(result, ahead=1)
    drawn = course.readings(0, len(course))
    assert drawn["value"].isna().any()


ROW, TIME = Axis(False, "Row"), Axis(True, "Time (UTC)")
CHARTS = [
    (forecast_charts.overview, (TIME,)),
    (forecast_charts.detail, (TIME, "flow (m³/h)")),
    (forecast_charts.detail, (ROW, "flow")),
    (forecast_charts.by_step, ("MAE",)),
    (forecast_charts.by_hour, ("MAE",)),
    (forecast_charts.ranked, (7, "MAE")),
    (forecast_charts.distribution, ("Error",)),
    (forecast_charts.scatter, ("flow",)),
    (forecast_charts.attention, (4, 0.3)),
    (forecast_charts.beside, (("ridge", "fusion"), "MAE")),
]


def test_attention_runs_from_the_past_to_the_present_in_every_layer():
    layers = forecast_charts.attention(4, 0.3).to_dict()["layer"]
    assert [layer["encoding"]["x"]["sort"] for layer in layers] == ["descending"] * 2


@pytest.mark.parametrize(("make", "args"), CHARTS)
def test_a_chart_is_valid_reads_named_data_and_takes_its_colours_from_the_theme(make, args):
    text = json.dumps({name: part for name, part in spec(make, *args).items() if name != "config"})
    chart = json.loads(text)
    assert "datasets" not in chart
    # The theme writes the axes in a colour of this scale: without it they would not be seen.
    assert json.dumps(list(MEANINGS)) in text
