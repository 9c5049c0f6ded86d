"""The page from its empty state to a tuned threshold, without a browser and without a worker."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core import anomaly, labels, runs, script
from core.data import catalog, open_dataset
from dashboard import panels, workbench
from tests.examples import waves

ROOT = Path(__file__).resolve().parents[2]
PAGE = str(ROOT / "pages" / "anomalies.py")
CONFIG = anomaly.Config(variant="pca", lookback=10, train_rows=200)


@pytest.fixture
def name(home) -> str:
    """A small labelled recording in the catalog."""
    frame = waves(rows=400, entities=1).frame
    return catalog.add_upload(frame.to_csv(index=False).encode(), "waves.csv").name


@pytest.fixture
def run(name) -> runs.Run:
    """A trained baseline on it."""
    return runs.train_or_load("anomaly", open_dataset(name), CONFIG)[0]


def page(**link: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "dashboard" / "main.py"), default_timeout=60)
    app.run()
    for key, value in link.items():
        app.query_params[key.replace("_", ".", 1) if key.startswith("anomaly_") else key] = value
    app.switch_page(PAGE).run()
    assert not app.exception, app.exception[0].message
    assert [title.value for title in app.title] == ["Anomalies"]
    return app


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def test_without_a_run_the_page_says_what_to_do_and_offers_the_button(name):
    app = page(data=name)
    assert "No run with these settings yet" in [heading.value for heading in app.subheader]
    assert app.button(key="anomaly-train-main").label == "Train"


def test_known_settings_open_their_stored_run(name, run):
    app = page(data=name, anomaly_variant="pca", anomaly_lookback="10", anomaly_train_rows="200")
    assert any(run.name in box.value for box in app.success)
    assert "VUS-PR" in metrics(app)


def test_a_link_to_a_run_opens_it_with_its_data_set(name, run):
    app = page(run=run.name)
    assert app.selectbox(key="data").value == name
    assert any(run.name in text.value.replace("\\", "") for text in app.markdown)


def test_a_run_whose_recording_was_deleted_still_shows_its_scores(name, run):
    catalog.remove(name)
    app = page(run=run.name, anomaly_tab="Channels")
    assert "VUS-PR" in metrics(app)
    assert any("readings cannot be drawn" in box.value for box in app.info)


def test_the_slider_moves_the_numbers_and_reads_stored_scores(name, run):
    app = page(run=run.name, anomaly_kind="fixed")
    highest = app.slider(key="anomaly.fixed.value").max
    app.slider(key="anomaly.fixed.value").set_value(highest).run()
    assert not app.exception
    assert metrics(app)["Caught"] == "0 %"
    assert any("No score lies above" in box.value for box in app.info)
    app.slider(key="anomaly.fixed.value").set_value(0.0).run()
    assert metrics(app)["Caught"] == "100 %"
    events = anomaly.events(run.result(), anomaly.Fixed(value=0.0))
    assert len(app.dataframe[0].value) == len(events)


def test_the_events_of_a_short_list_are_ready_to_be_downloaded(name, run, monkeypatch):
    def ready() -> bool:
        app = page(run=run.name, anomaly_kind="sigma")
        buttons = {button.proto.label: button.proto for button in app.get("download_button")}
        return not buttons["Events as CSV"].HasField("deferred_file_id")

    assert ready()
    monkeypatch.setattr(panels, "BLAMED", 0)
    assert not ready()


def test_every_tab_draws(name, run):
    for tab in workbench.TABS:
        page(run=run.name, anomaly_tab=tab)


def test_all_thresholds_stand_side_by_side_and_one_can_be_taken(name, run):
    app = page(run=run.name, anomaly_tab="Thresholds", anomaly_compare="true")
    table = app.dataframe[0].value
    others = [rule.label for kind, rule in anomaly.THRESHOLDS.items() if kind != "fixed"]
    assert table["Threshold"].tolist() == others
    assert {"Composite F1", "Time in false alarm", "Reads"} <= set(table)
    app.session_state["anomaly.kind"] = "quantile"
    app.run()
    assert app.selectbox(key="anomaly.kind").value == "quantile"


def test_an_analyst_confirms_an_event_and_gets_a_threshold(name, run):
    events = anomaly.events(run.result(), anomaly.Sigma(k=3))
    best = events.loc[events["peak"].idxmax()]
    above = anomaly.Decision(threshold=anomaly.Fixed(value=float(best["peak"]) * 1.04))
    run.set_decision(above.model_dump(mode="json"))
    steps = run.result().steps
    labels.add(
        run.content,
        [labels.of_rows(steps, int(best["start_row"]), int(best["stop_row"]), "confirmed", "leak")],
    )
    app = page(run=run.name, anomaly_tab="Labels")
    assert app.dataframe[0].value["note"].tolist() == ["leak"]
    proposal = app.table[0].value
    assert proposal.loc["Anomalies caught"].tolist() == ["0 of 1", "1 of 1"]
    # Nothing has changed yet; then it has, on the screen alone.
    assert app.slider(key="anomaly.fixed.value").value > best["peak"]
    app.button(key="labels-use").click().run()
    assert app.slider(key="anomaly.fixed.value").value < best["peak"]
    assert app.table[0].value.loc["Anomalies caught", "now"] == "1 of 1"
    assert runs.get(run.name).decision() == above.model_dump(mode="json")
    assert not app.exception


def test_rows_without_an_event_are_labelled(name, run):
    app = page(run=run.name, anomaly_tab="Labels", anomaly_from="10", anomaly_to="30")
    app.button(key="labels-drawn").click().run()
    stored = labels.table(run.content)
    assert stored[["start_row", "stop_row", "verdict"]].to_numpy().tolist() == [[10, 30, "drawn"]]


def test_the_operating_point_is_stored_with_the_run_and_opens_with_it(name, run):
    app = page(run=run.name, anomaly_kind="sigma")
    app.slider(key="anomaly.sigma.k").set_value(2.5).run()
    app.button(key="anomaly-use").click().run()
    assert runs.get(run.name).decision()["threshold"] == {"kind": "sigma", "k": 2.5}
    again = page(run=run.name)
    assert again.slider(key="anomaly.sigma.k").value == 2.5
    assert again.button(key="anomaly-use").disabled


def test_a_link_goes_before_the_stored_operating_point(name, run):
    run.set_decision(anomaly.Decision(threshold=anomaly.Sigma(k=2.5)).model_dump(mode="json"))
    assert page(run=run.name, **{"anomaly.sigma.k": "4"}).slider(key="anomaly.sigma.k").value == 4


def test_another_scorer_changes_the_scores_and_is_stored_with_the_operating_point(name, run):
    app = page(run=run.name)
    before = metrics(app)["VUS-PR"]
    app.selectbox(key="anomaly.scorer").set_value("largest").run()
    app.number_input(key="anomaly.scorer.smoothing").set_value(9).run()
    assert not app.exception
    assert metrics(app)["VUS-PR"] != before
    app.button(key="anomaly-use").click().run()
    stored = runs.get(run.name).decision()["scoring"]
    assert (stored["kind"], stored["smoothing"]) == ("largest", 9)
    again = page(run=run.name)
    assert again.selectbox(key="anomaly.scorer").value == "largest"
    assert again.button(key="anomaly-use").disabled


def test_runs_are_combined_into_an_ensemble(name, run):
    other = CONFIG.model_copy(update={"variant": "rolling"})
    second, _ = runs.train_or_load("anomaly", open_dataset(name), other)
    app = page(run=run.name)
    app.multiselect(key="combine-runs").set_value([run.name, second.name]).run()
    app.button(key="combine").click().run()
    assert not app.exception
    made = runs.table(task="anomaly")[0].set_index("variant").loc["combined"]
    opened = page(run=made["name"])
    assert "VUS-PR" in metrics(opened)
    assert any("Ensemble of runs" in text.value for text in opened.markdown)
    assert "combine(" in page(run=made["name"], anomaly_tab="Code").code[0].value
    page(run=made["name"], anomaly_tab="Card")


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ({"data": "nowhere"}, "data set = nowhere"),
        ({"run": "no-such"}, "run = no-such"),
        ({"anomaly_from": "10", "anomaly_to": "99999"}, "rows 10 to 99999"),
        ({"anomaly_kind": "magic"}, "Threshold = magic; allowed are sigma, quantile, mad"),
        ({"anomaly_colour": "red"}, "asks for colour"),
    ],
)
def test_a_wrong_link_gets_a_notice(name, run, link, words):
    app = page(**({"data": name, "run": run.name} | link))
    assert any(words in warning.value for warning in app.warning), [w.value for w in app.warning]


def test_a_damaged_run_is_explained(name, run):
    (run.folder / "result" / "scores.parquet").write_bytes(b"gone")
    app = page(run=run.name)
    assert len(app.error) == 1
    assert "Delete the run and train it again" in app.error[0].value


def test_the_code_on_the_page_runs_and_gives_what_is_on_the_screen(name, run, capsys):
    decision = anomaly.Decision(threshold=anomaly.Quantile(q=0.95), merge_gap=2)
    space: dict = {}
    exec(script.anomaly(run, decision), space)
    expected = anomaly.events(run.result(), decision)
    pd.testing.assert_frame_equal(space["events"], expected)
