"""The tab "New data": another recording is compared, judged and scored, without a worker."""

from __future__ import annotations

import pandas as pd
import pytest

from core import anomaly, jobs, runs, worker
from core.data import catalog, open_dataset
from core.errors import JobError
from dashboard import new_data_panel
from dashboard.markdown import plain
from tests.examples import waves
from tests.ui.app import errors, metrics, open_page, run


@pytest.fixture
def trained(stored_home) -> runs.Run:
    table, _ = runs.table()
    return runs.get(table.loc[table["variant"] == "pca", "name"].iloc[0])


@pytest.fixture
def here(monkeypatch) -> list[str]:
    """Questions are answered in this process; their names."""
    asked = []

    def ask(function, *arguments, timeout):
        asked.append(function)
        return worker.call(function, arguments)

    monkeypatch.setattr(jobs, "ask", ask)
    return asked


def upload(frame: pd.DataFrame, name: str) -> str:
    return catalog.add_upload(frame.to_csv(index=False).encode(), f"{name}.csv").name


def like(seed: int = 5) -> pd.DataFrame:
    return waves(rows=360, entities=1, seed=seed).frame


def new_data(trained: runs.Run, name: str | None = None):
    link = {"run": trained.name, "anomaly.tab": "New data"}
    return open_page("anomalies", **link, **({"anomaly.new": name} if name else {}))


def said(boxes) -> list[str]:
    return [box.proto.title for box in boxes]


def test_without_a_recording_the_tab_says_what_to_do(trained):
    other = upload(like(), "waves-again")
    app = new_data(trained)
    assert any("Choose a recording" in box.value for box in app.info)
    offered = app.selectbox(key=new_data_panel.KEY).options
    # What is called like the run's own recording comes first; that itself is not offered.
    assert offered[0].startswith(other)
    assert not any(option.startswith(f"{trained.source} ") for option in offered)


def test_the_address_of_a_chosen_recording_opens_it_again(trained):
    name = upload(like(), "again")
    app = new_data(trained, name)
    address = app.query_params[new_data_panel.KEY]
    assert address.startswith(f"{name} · ")
    again = new_data(trained, address)
    assert again.selectbox(key=new_data_panel.KEY).value == name
    assert not any("asks for" in box.value for box in again.warning)


def test_a_recording_like_the_training_rows_is_trusted_and_scored(trained, here):
    name = upload(like(), "again")
    decision = anomaly.Decision(threshold=anomaly.Sigma(k=2.5), min_length=2)
    trained.set_decision(decision.model_dump(mode="json"))
    app = new_data(trained, name)
    assert any("Trust it" in title for title in said(app.success))
    assert app.dataframe[0].value["channel"].nunique() == 3
    app.button(key="anomaly-rescore").click()
    run(app)
    assert here == ["core.anomaly.rescore:rescore"]
    result = anomaly.predict(trained.fitted(), open_dataset(name))
    expected = anomaly.events(result, decision)
    events = f"{len(expected)} event"
    assert len(expected) > 0
    assert any(text.value.startswith(events) and "sigma" in text.value for text in app.caption)
    assert {"VUS-PR", "Caught"} <= set(metrics(app))
    # Found again by whoever comes next, without another question.
    again = new_data(trained, name)
    assert any(text.value.startswith(events) for text in again.caption)
    assert len(here) == 1


def test_channels_that_moved_are_named(trained):
    name = upload(like().assign(s0=lambda f: f["s0"] + 4, s2=lambda f: f["s2"] * 5), "later")
    one = upload(like().assign(s1=lambda f: f["s1"] + 4), "one")
    app = new_data(trained, name)
    assert "Do not trust it" in said(app.error)[0]
    table = app.dataframe[0].value
    assert set(table.loc[table["mark"] == "moved", "channel"]) == {"s0", "s2"}
    app.selectbox(key=new_data_panel.KEY).set_value(one)
    run(app)
    assert said(app.warning) == [plain("With care: s1 has moved.")]


def test_what_cannot_be_compared_or_scored_is_explained(trained, monkeypatch):
    again = upload(like(), "again")
    app = new_data(trained, upload(like().drop(columns="s1"), "less"))
    assert "has no channel 's1'" in errors(app)[0]

    def late(*arguments, timeout):
        raise JobError("There was no answer within 600 s.", "Try again in a moment.")

    monkeypatch.setattr(jobs, "ask", late)
    app.selectbox(key=new_data_panel.KEY).set_value(again)
    run(app)
    app.button(key="anomaly-rescore").click()
    run(app)
    assert "no answer within 600 s" in errors(app)[0]


def test_a_link_to_a_recording_that_is_gone_gets_a_notice(trained):
    app = new_data(trained, "nowhere")
    assert any("recording = nowhere" in box.value for box in app.warning)


def test_the_course_keeps_times_as_they_were_recorded():
    course = pd.DataFrame(
        {
            "start_row": [0, 50],
            "stop_row": [50, 99],
            "start": pd.to_datetime(["2024-05-01 10:00", "2024-05-01 10:50"]).tz_localize("CET"),
            "end": pd.to_datetime(["2024-05-01 10:49", "2024-05-01 11:39"]).tz_localize("CET"),
            "channel": "a",
            "psi": 0.0,
            "ks": 0.0,
            "mark": ["as trained", "moved"],
        }
    )
    frame = new_data_panel.course_frame(course)
    assert [f"{x:%H:%M %Z}" for x in frame["x"]] == ["10:00 UTC", "10:50 UTC"]
    assert frame["meaning"].tolist() == ["baseline", "anomaly"]
    rows = new_data_panel.course_frame(course.drop(columns=["start", "end"]))
    assert rows[["x", "x2"]].to_numpy().tolist() == [[0, 50], [50, 99]]
