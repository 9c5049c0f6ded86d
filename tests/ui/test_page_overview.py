"""The page Overview: an invitation when nothing is here, and a tour that ends on a timeline."""

from __future__ import annotations

import pytest

from core import jobs, queue, runs
from core.data import open_dataset
from dashboard import tour
from tests.ui.app import errors, metrics, open_page, run, titles


@pytest.fixture(autouse=True)
def no_workers(monkeypatch):
    """The queue takes jobs, and nobody works on them."""
    monkeypatch.setattr(jobs, "start", lambda: None)


def test_an_empty_home_invites_to_the_tour_and_to_upload(home):
    app = open_page("overview")
    assert titles(app) == ["Fusionscope"]
    assert {"tour-start", "overview-upload"} <= {button.key for button in app.button}
    assert metrics(app)["Runs"] == "0"
    assert any("No run yet" in text.value for text in app.markdown)
    assert not errors(app)


def test_runs_and_champions_are_counted_and_listed(stored_home):
    table, _ = runs.table()
    runs.crown(runs.get(table["name"].iloc[0]))
    app = open_page("overview")
    assert metrics(app)["Runs"] == "2"
    assert metrics(app)["Champions"] == "1"
    assert app.dataframe[0].value["name"].tolist() == table["name"].tolist()


def test_the_tour_trains_on_a_sample_and_shows_its_progress(stored_home):
    app = open_page("overview")
    app.button(key="tour-start").click()
    run(app)
    (job,) = jobs.active()
    assert job.dataset == tour.SAMPLE
    assert app.query_params["tour"] == job.id
    assert any("Waiting for its turn" in heading.value for heading in app.subheader)
    message = {"stage": "training", "fraction": 0.5, "seconds_left": 12.0, "epoch": 6}
    queue.progress(job, message | {"epochs": 12})
    run(app)
    assert app.progress[0].value == 50
    assert "epoch 6 of 12" in app.progress[0].text


def test_a_reload_finds_the_tour_again(stored_home):
    app = open_page("overview")
    app.button(key="tour-start").click()
    run(app)
    again = open_page("overview", tour=app.query_params["tour"])
    assert any("Waiting for its turn" in heading.value for heading in again.subheader)


def test_the_tour_ends_on_its_timeline(stored_home):
    app = open_page("overview")
    app.button(key="tour-start").click()
    run(app)
    finished = runs.get(runs.table()[0]["id"].iloc[0])
    queue.end(jobs.active()[0], "done", run=finished.id)
    run(app)
    assert titles(app) == ["Anomalies"]
    assert finished.decision() == tour.CUT.model_dump(mode="json")


def test_the_way_back_from_the_tour_is_not_a_trap(stored_home):
    job = jobs.submit("anomaly", open_dataset(tour.SAMPLE), tour.config())
    queue.end(job, "done", run=runs.table()[0]["id"].iloc[0])
    app = open_page("overview", tour=job.id)
    assert titles(app) == ["Fusionscope"]
    app.button(key="tour-close").click()
    run(app)
    assert app.button(key="tour-start")


def test_a_tour_that_failed_says_why_and_can_be_taken_up_again(stored_home):
    job = jobs.submit("anomaly", open_dataset(tour.SAMPLE), tour.config())
    queue.end(job, "failed", "The training process was ended from outside.")
    app = open_page("overview", tour=job.id)
    assert "ended from outside" in errors(app)[0]
    app.button(key="job-resume").click()
    run(app)
    assert jobs.get(job.id).active


def test_a_wrong_link_gets_a_notice(stored_home):
    app = open_page("overview", tour="nothing")
    assert any("tour = nothing" in warning.value for warning in app.warning)
    assert app.button(key="tour-start")


def test_trainings_are_found_again(stored_home):
    job = jobs.submit("anomaly", open_dataset("wind-park"), tour.config())
    app = open_page("overview")
    assert metrics(app)["Trainings going on"] == "1"
    assert any("wind-park" in bar.text for bar in app.progress)
    queue.end(job, "lost", "The training process is gone.")
    app = open_page("overview")
    assert any("The training process is gone" in text.value for text in app.markdown)
