"""The guided walk: what it queues, and what each step shows."""

from __future__ import annotations

import pytest

from core import anomaly, jobs, runs
from core import task as tasks
from core.data import open_dataset
from dashboard import tour, walk
from tests.ui.app import errors, open_page, run, titles


@pytest.fixture(autouse=True)
def no_workers(monkeypatch):
    """The queue takes jobs, and nobody works on them."""
    monkeypatch.setattr(jobs, "start", lambda: None)


def said(app) -> str:
    return " ".join([text.value for text in (*app.markdown, *app.caption)])


def test_it_queues_real_trainings_of_three_tasks_and_begins(stored_home):
    app = open_page("overview")
    app.button(key="walk-start").click()
    run(app)
    assert {job.task for job in jobs.active()} == {"anomaly", "forecast", "gas"}
    assert {job.dataset for job in jobs.active()} == {"pump-station", "gas-lab"}
    assert app.query_params["walk"] == "1"
    assert f"step 1 of {len(walk.STEPS)}" in said(app)
    assert "0 of 3 stored" in app.progress[0].text
    app.button(key="walk-next").click()
    run(app)
    assert titles(app) == ["Data"]
    assert not errors(app)


def test_a_step_shows_the_training_until_there_is_a_run(stored_home):
    app = open_page("overview")
    app.button(key="walk-start").click()
    run(app)
    step = next(number for number, one in enumerate(walk.STEPS, 1) if one.task == "anomaly")
    for _ in range(step - 1):
        app.button(key="walk-next").click()
        run(app)
    assert titles(app) == ["Anomalies"]
    assert f"step {step} of" in said(app)
    assert any("Waiting for its turn" in heading.value for heading in app.subheader)


def test_the_model_of_a_step_is_on_its_page_with_the_tour_s_operating_point(home, monkeypatch):
    config = anomaly.Config(variant="ensemble", train_rows=2880)
    monkeypatch.setattr(tour, "config", lambda: config)
    model, _ = runs.train_or_load("anomaly", open_dataset(tour.SAMPLE), config)
    app = open_page("overview", walk="2")
    for tab in ("Events", "Curves"):
        app.button(key="walk-next").click()
        run(app)
        assert titles(app) == ["Anomalies"]
        assert app.query_params["run"] == model.name
        assert app.query_params.get("anomaly.tab", "Events") == tab
        assert not errors(app)
    assert model.decision() == tour.CUT.model_dump(mode="json")
    app.button(key="walk-back").click()
    run(app)
    assert app.query_params["walk"] == "3"
    app.button(key="walk-end").click()
    run(app)
    assert "walk" not in app.query_params
    assert "Guided walk" not in said(app)


def test_a_link_to_a_step_offers_the_trainings_that_are_missing(stored_home):
    app = open_page("overview", walk="1")
    app.button(key="walk-train").click()
    run(app)
    assert len(jobs.active()) == 3


@pytest.mark.parametrize("asked", ["0", "99", "<b>"])
def test_a_step_that_is_not_there_gets_a_notice(stored_home, asked):
    app = open_page("overview", walk=asked)
    assert any("the walk has the steps 1 to" in warning.value for warning in app.warning)
    assert titles(app) == ["Fusionscope"]


def test_what_the_steps_name_is_there():
    pages = {one.page for one in walk.STEPS}
    assert pages == {"overview", "data", "anomalies", "compare", "forecast", "gas"}
    for task, config in walk.configs().items():
        assert tasks.variant_of(task, config).baseline is False
