"""The page Gas from its empty state to every tab, without a browser and without a worker."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from PIL import Image

from core import format as write
from core import gas, gases, jobs, runs, script, worker
from core import task as tasks
from core.data import catalog
from core.gas import Camera, Decision, Fault
from core.gas.cnn import Cnn
from core.settings import settings
from dashboard import figures, gas_charts, gas_plots, gas_recording, gas_scene, gas_setup, gas_why
from dashboard.draw import spec
from dashboard.gas_bench import Bench
from dashboard.gas_course import Course
from dashboard.markdown import plain
from dashboard.theme import MEANINGS
from tests.gas.examples import CLASSES, sniffing
from tests.ui.app import errors, metrics, open_page, run, titles

SHORT = {"embargo": 4}
TINY = {"epochs": 1, "units": 4, "heads": 2, "lookback": 3, "image_size": 32, "augment": False}
TABS = ("Recording", "Classes", "Curves", "Why", "Faults", "Variants", "History", "Card", "Code")


def packed() -> bytes:
    """Return a zip in the published layout: five sessions a class, a tiny frame in most rows."""
    frame = sniffing(rows=16).frame.rename(columns={"unit": "session", "gas": "Gas"})
    frame["Corresponding Image Name"] = [f"{row}" for row in range(len(frame))]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("lab/readings.csv", frame.to_csv(index=False))
        for row in range(3, len(frame)):  # three are missing
            image = io.BytesIO()
            Image.new("RGB", (12, 16), (row % 256, 90, 40)).save(image, "PNG")
            archive.writestr(f"lab/frames/{row}.png", image.getvalue())
    return stream.getvalue()


@pytest.fixture(scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a recording, a network and two baselines on it, one also under random."""
    folder = tmp_path_factory.mktemp("gas") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUSIONSCOPE_HOME", str(folder))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.setattr(Cnn, "tune", lambda self, *args: ([], self._build(None).get_weights()))
        settings.cache_clear()
        data = tasks.opened("gas", catalog.add_upload(packed(), "lab.zip").name)
        for config in ({"variant": "attention"} | TINY, {"variant": "lda", "protocol": "random"}):
            runs.train_or_load("gas", data, gas.Config(**config, **SHORT))
        settings.cache_clear()
    return folder


@pytest.fixture
def stored(home: Path, _made: Path, monkeypatch) -> dict[str, runs.Run]:
    """Runs by variant, "random" for the one of that split; no worker is asked."""
    shutil.copytree(_made, home)
    st.cache_data.clear()
    st.cache_resource.clear()
    gases._fitted.cache_clear()
    gases._dataset.cache_clear()
    monkeypatch.setattr(jobs, "ask", lambda name, *values, timeout: worker.call(name, values))
    table, _ = runs.table(task="gas")
    found = [runs.get(name) for name in table["name"]]
    blocked = {one.variant: one for one in found if one.config["protocol"] == "blocked"}
    random = (one for one in found if one.config["protocol"] == "random" and one.variant == "lda")
    return blocked | {"random": next(random)}


def page(**link: str):
    return open_page("gas", **{f"gas.{name}": value for name, value in link.items()})


def of(one: runs.Run, tab: str = "Classes", **link: str):
    return page(data=one.source, run=one.name, tab=tab, **link)


def usual(one: runs.Run) -> Decision:
    """Return the rule that the page begins with."""
    threshold = np.floor(1000 * gas.usual(one.result()).threshold) / 1000
    return Decision(threshold=max(0.001, float(threshold)))


def test_before_any_training_the_recording_is_shown_and_the_button_offered(stored, monkeypatch):
    asked = []
    monkeypatch.setattr(jobs, "submit", lambda *values: asked.append(values))
    app = page(data=stored["lda"].source, variant="forest", session="unit-4", row="7")
    assert titles(app) == ["Gas"]
    (found,) = (one for one in app.markdown if "1 finding" in one.value)
    assert "3 rows without a frame" in found.proto.help
    assert "No run with these settings yet" in [heading.value for heading in app.subheader]
    assert app.slider(key=gas_setup.ROW).value == 7
    assert any("70.png" in caption.value and "Perfume" in caption.value for caption in app.caption)
    app.button(key="gas-train-main").click()
    run(app)
    assert asked[0][0] == "gas"
    assert asked[0][2].variant == "forest"


def test_frames_are_shown_as_the_camera_of_the_settings_sees_them(stored, monkeypatch):
    seen, link = [], {"data": stored["lda"].source, "variant": "mean-colour"}
    monkeypatch.setattr(gas_recording, "viewer", seen.append)
    page(**link, camera="2,3,10,12,grey")
    assert seen.pop().frames.camera == Camera("own", (12, 16), (2, 3, 10, 12), "grey")
    app = page(**link, camera="2,3")
    assert any("Setting camera (Camera): should be auto, plain" in one for one in errors(app))
    app = page(**link, camera="2,3,10,99")
    assert any("does not lie in a frame of 12 x 16" in one for one in errors(app))
    trained = replace(stored["attention"], config={"camera": "2,3,10,12"})
    assert Bench(trained, {}, None, None).recording.frames.camera.crop == (2, 3, 10, 12)


def test_a_row_without_a_frame_says_so(stored):
    app = page(data=stored["lda"].source, variant="forest", session="unit-0", row="2")
    assert any("No frame" in text.value for text in app.markdown)


def test_a_session_that_is_shorter_moves_the_row_to_its_end(stored):
    app = page(data=stored["lda"].source, variant="forest", row="17")
    assert any("row = 17" in warning.value for warning in app.warning)
    assert app.slider(key=gas_setup.ROW).value == 1


def test_tiles_follow_the_rule_and_so_does_the_baseline(stored):
    one = stored["attention"]
    for threshold in (None, 0.2, 0.95):
        link = {} if threshold is None else {"threshold": str(threshold)}
        shown = of(one, **link)
        assert not errors(shown)
        decision = usual(one) if threshold is None else Decision(threshold=threshold)
        own = gas.judge(one.result(), decision).metrics
        assert metrics(shown)["Gas found"] == write.percent(own["recall"])
        assert metrics(shown)["Macro F1"] == write.number(own["macro_f1"])
        known = [run for name, run in stored.items() if run.baseline and name != "random"]
        best = max(known, key=lambda run: run.metrics["macro_f1"])
        beside = gas.judge(best.result(), decision).metrics
        delta = next(metric.delta for metric in shown.metric if metric.label == "Accuracy")
        assert delta == f"baseline {write.percent(beside['accuracy'])}"


def test_the_slider_changes_the_numbers_at_once(stored):
    app = of(stored["lda"], threshold="0.5")
    before = metrics(app)
    app.slider(key="gas.threshold").set_value(1.0)
    run(app)
    assert metrics(app)["Gas found"] != before["Gas found"]


def test_a_rule_is_kept_with_the_run_and_found_again(stored):
    one = stored["lda"]
    app = of(one, threshold="0.3", hold="2")
    app.button(key="gas-use").click()
    run(app)
    assert one.decision() == Decision(threshold=0.3, hold=2).model_dump()
    again = of(one)
    assert again.slider(key="gas.threshold").value == 0.3
    assert again.button(key="gas-use").disabled


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("variant", ["attention", "lda"])
def test_every_tab_opens_for_a_network_and_for_a_baseline(stored, variant, tab):
    app = of(stored[variant], tab, session="unit-4", row="9", camera_lost="true")
    assert not errors(app)
    assert titles(app) == ["Gas"]


def test_classes_are_counted_under_the_rule(stored):
    one = stored["lda"]
    table = of(one, threshold="0.6").dataframe[0].value
    expected = gas.judge(one.result(), Decision(threshold=0.6)).by_class
    assert list(table["Recall"]) == [write.percent(value) for value in expected["recall"]]
    assert list(table.index) == list(CLASSES)


def test_what_is_broken_changes_the_numbers_as_the_model_says(stored):
    one = stored["lda"]
    app = of(one, "Faults", stuck="s0", drift="1.5", threshold="0.5")
    assert not errors(app)
    broken = gases.faulty(one.name, Fault(stuck="s0", drift=1.5))
    expected = gas.judge(broken, Decision(threshold=0.5)).metrics
    shown = [metric.value for metric in app.metric if metric.label == "Accuracy"]
    assert shown[1] == write.percent(expected["accuracy"])
    assert not (broken.gas == one.result().gas).all()


def test_a_model_without_a_camera_does_not_miss_it(stored):
    app = of(stored["lda"], "Faults", camera_lost="true")
    assert any("does not use what is broken" in box.value for box in app.info)


def test_both_splits_stand_side_by_side_with_the_gap_between_them(stored):
    table = of(stored["lda"], "Variants").dataframe[0].value
    flags = ["(baseline)" in name for name in table["Model and run"]]
    assert flags == [True, True, True, False]
    row = table[table["Model and run"].str.contains("on screen")].iloc[0]
    drawn, apart = (stored[name].metrics["accuracy"] for name in ("random", "lda"))
    assert row["Random, as published"] == write.percent(drawn)
    assert row["Blocked"] == write.percent(apart)
    assert row["Gap"] == f"{100 * (drawn - apart):+.1f} points"


def test_only_what_beats_the_best_baseline_by_more_than_luck_is_marked(stored):
    names = [one.id for name, one in stored.items() if name != "random"]
    table, reference, best = gases.compare(names)
    assert runs.get(reference).baseline
    rows = table.set_index("name")
    assert np.isnan(rows.loc[reference, "difference"])
    other = stored["attention"].id
    found = gas.mcnemar(stored["attention"].result(), runs.get(reference).result())
    assert rows.loc[other, "p"] == found.p
    shown = of(stored["attention"], "Variants").dataframe[0].value
    assert (shown[""] != "").sum() == (best is not None)


def test_the_twins_of_the_other_split_are_queued(stored, monkeypatch):
    asked = []
    monkeypatch.setattr(jobs, "submit", lambda *values: asked.append(values[2]))
    app = of(stored["attention"], "Variants")
    app.button(key="gas-train-2").click()
    run(app)
    assert {config.protocol for config in asked} == {"random"}
    missing = {one.variant for name, one in stored.items() if name not in ("random", "lda")}
    assert "attention" in missing
    assert {config.variant for config in asked} <= missing


def test_a_network_shows_where_in_the_frame_and_which_readings(stored):
    app = of(stored["attention"], "Why", session="unit-4", row="9")
    captions = " ".join(caption.value for caption in app.caption)
    assert "Grad-CAM" in captions
    assert "integrated gradients" in captions
    leak = stored["attention"].result().leak[4 * 16 + 8]
    assert any(f"Leak **{write.percent(float(leak))}**" in text.value for text in app.markdown)


@pytest.mark.parametrize(
    ("tab", "link", "offered"),
    [
        ("Why", {"session": "unit-4", "row": "9"}, {"row-72-without", "row-72-gradients"}),
        ("Faults", {"drift": "1.5"}, {"fault"}),
    ],
)
def test_charts_of_a_tab_are_offered_as_files(stored, monkeypatch, tab, link, offered):
    names = []
    monkeypatch.setattr(figures, "download", lambda *drawn: names.append(drawn[-1]))
    one = stored["attention"]
    of(one, tab, **link)
    assert {f"{one.name}-{name}" for name in offered} <= set(names)


def explained(drop: np.ndarray | None, heat: np.ndarray | None = None) -> gas.Explanation:
    none = np.zeros(0, np.float32)
    return gas.Explanation(0, 0.5, none, 0, pd.Series(dtype=float), none, None, heat, drop)


def test_trees_show_the_patches_that_a_decision_was_found_in():
    drop = np.zeros((8, 6), np.float32)
    drop[2, 3], drop[4, 4] = 0.25, -0.5
    heading, heat, words = gas_why._found(explained(drop))
    assert "occlusion" in heading
    assert "25.0 percentage points" in words
    assert "no gradients" in words
    assert heat is not None
    assert heat[2, 3] == 1
    assert heat.sum() == 1  # what spoke against it is not red
    heading, heat, words = gas_why._found(explained(np.zeros((8, 6), np.float32)))
    assert heat is None
    assert "Nothing in this frame" in words
    assert "no map" in gas_why._found(explained(None))[2]


def test_without_a_camera_there_is_no_frame_but_all_else(home, monkeypatch):
    st.cache_data.clear()
    st.cache_resource.clear()
    table = sniffing(rows=20).frame.rename(columns={"unit": "session", "gas": "Gas"})
    name = catalog.add_upload(table.to_csv(index=False).encode(), "nose.csv").name
    app = page(data=name)
    assert not errors(app)
    assert "No run with these settings yet" in [heading.value for heading in app.subheader]
    assert not app.selectbox(key=gas_setup.SESSION).disabled


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ({"run": "no-such"}, "run = no-such"),
        ({"data": "nowhere"}, "recording = nowhere"),
        ({"threshold": "7"}, "Alarm threshold = 7"),
        ({"session": "unit-99", "tab": "Recording"}, "session = unit-99"),
        ({"stuck": "s9", "tab": "Faults"}, "Stuck sensor = s9"),
        ({"colour": "red"}, "no such setting"),
        ({"from": "9000"}, "rows 9000 to"),
    ],
)
def test_a_link_that_asks_for_what_is_not_there_says_so(stored, link, words):
    one = stored["lda"]
    app = page(**{"data": one.source, "run": one.name} | link)
    assert any(words in warning.value for warning in app.warning), [w.value for w in app.warning]
    assert not errors(app)


def test_a_recording_that_is_gone_leaves_its_decisions(stored):
    one = stored["lda"]
    catalog.remove(one.source)
    st.cache_resource.clear()
    app = page(run=one.name, tab="Classes")
    assert not errors(app)
    assert metrics(app)["Gas found"]
    assert errors(page(run=one.name, tab="Recording"))


def test_a_run_on_a_file_of_ones_own_is_opened_by_its_link(stored, tmp_path):
    path = tmp_path / "own.zip"
    path.write_bytes(packed())
    config = gas.Config(variant="nearest", protocol="random", fold=1)
    one, _ = runs.train_or_load("gas", tasks.opened("gas", str(path)), config)
    for link in ({"run": one.name}, {"data": one.dataset, "run": one.name}):
        app = page(**link, tab="Recording")
        assert not app.warning
        assert app.selectbox(key="gas.run").value == one.name
        assert any(plain(str(path)) in caption.value for caption in app.caption)


def test_the_code_runs_and_says_what_the_page_says(stored, capsys):
    one = stored["lda"]
    decision = Decision(threshold=0.4, hold=2)
    exec(compile(script.gas(one, decision), "script", "exec"), {})
    said = capsys.readouterr().out
    assert str(gas.judge(one.result(), decision).metrics) in said


def test_test_rows_stand_behind_one_another_and_bands_end_with_their_session(stored):
    result = stored["lda"].result()
    decision = Decision(threshold=0.0)  # everything is in alarm
    course = Course(result, gas.judge(result, decision), decision, whole=False)
    assert len(course) == result.test.sum() == 3 * 16  # one session a class
    bands = course.bands(course.judged.alarm, 0, len(course))
    assert bands["x"].tolist() == [-0.5, 15.5, 31.5]
    points = course.points(0, len(course))
    assert points["row"].tolist() == list(range(1, 17)) * 3
    assert points["value"].to_numpy() == pytest.approx(result.leak[result.test])
    assert course.lanes(0, 16)["truth"]["name"].tolist() == ["NoGas"]
    everything = Course(result, course.judged, decision, whole=True)
    assert len(everything) == len(result)
    assert set(everything.parts(0, len(everything))["part"]) >= {"training rows", "validation rows"}
    assert course.rows_between(3.2, 9.8) == (4, 10)


def test_a_map_of_heat_colours_what_it_is_high_on():
    scene = np.full((8, 6, 3), 100, np.uint8)
    heat = np.zeros((4, 3), np.float32)
    heat[3, 2] = 1
    drawn = gas_why.overlaid(scene, heat)
    assert drawn.shape == scene.shape
    assert drawn[7, 5, 0] > drawn[0, 0, 0]
    assert (drawn[0, 0] == 80).all()


def test_another_palette_keeps_the_order_of_temperatures():
    from core.gas.camera import colours

    scene = colours("spectra")[None, ::16]
    grey = gas_scene._coloured(scene, "spectra", "grey")[0, :, 0].astype(int)
    assert (np.diff(grey) > 0).all()
    assert (gas_scene._coloured(scene, "spectra", "") == scene).all()


CHARTS = [
    (gas_charts.overview, ()),
    (gas_charts.detail, ()),
    (gas_charts.lanes, (CLASSES,)),
    (gas_charts.traces, (3,)),
    (gas_plots.confusion, (CLASSES,)),
    (gas_plots.curve, ("Recall", "Precision")),
    (gas_plots.calibration, ()),
    (gas_plots.signed, (4, "Points")),
    (gas_plots.attributions, (("a", "b"), 0.3)),
]


@pytest.mark.parametrize(("make", "args"), CHARTS)
def test_a_chart_reads_named_data_and_takes_its_colours_from_the_theme(make, args):
    text = json.dumps({name: part for name, part in spec(make, *args).items() if name != "config"})
    assert "datasets" not in json.loads(text)
    assert json.dumps(list(MEANINGS)) in text
