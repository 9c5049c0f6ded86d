"""The page Fleet from its empty state to a ranked fleet, without a browser and without a worker."""

from __future__ import annotations

import numpy as np
import pytest
import streamlit as st

from core import anomaly, jobs, life, runs, worker
from core import format as write
from core.data import catalog, open_dataset
from dashboard import fleet, fleet_setup
from tests.examples import wearing
from tests.ui.app import metrics, open_page, run, titles

CONFIG = life.Config(variant="linear-degradation", lookback=10, cap=60)
FAILED, SERVICE = wearing().frame, wearing(seed=1).frame.groupby("unit", sort=False).head(30)


@pytest.fixture
def names(home, monkeypatch) -> tuple[str, str]:
    """Units that ran to failure, and a fleet in service, in the catalog; no worker is asked."""
    st.cache_data.clear()
    st.cache_resource.clear()
    monkeypatch.setattr(jobs, "ask", lambda name, *values, timeout: worker.call(name, values))
    first, second = (
        catalog.add_upload(frame.to_csv(index=False).encode(), f"{name}.csv").name
        for name, frame in (("failed", FAILED), ("service", SERVICE))
    )
    return first, second


@pytest.fixture
def trained(names) -> runs.Run:
    return runs.train_or_load("life", open_dataset(names[0]), CONFIG)[0]


def page(names, **link: str):
    return open_page("fleet", **{"life.data": names[0]} | {f"life.{k}": v for k, v in link.items()})


def ranked(app):
    return app.dataframe[0].value


def test_without_a_run_the_page_says_what_to_do_and_offers_the_button(names, monkeypatch):
    asked = []
    monkeypatch.setattr(jobs, "submit", lambda *values: asked.append(values))
    app = page(names)
    assert titles(app) == ["Fleet"]
    assert "No run with these settings yet" in [heading.value for heading in app.subheader]
    app.button(key="fleet-train-main").click()
    run(app)
    assert asked[0][0] == "life"
    assert asked[0][1].content == open_dataset(names[0]).content
    assert asked[0][2] == life.Config()


def test_a_run_ranks_the_units_that_it_has_not_seen(names, trained):
    app = page(names, run=trained.name)
    table = ranked(app)
    result = trained.result()
    kept = set(result.steps[result.test]["entity"])
    assert set(table["unit"]) == kept
    assert (np.diff(table["remaining"]) >= 0).all()
    assert metrics(app)["RMSE (steps)"] == f"{trained.metrics['rmse']:.3g}"
    seen = result.steps[result.test].query("age <= 0.8 * (age + actual)")
    last = seen.groupby("entity", observed=True)["remaining"].last()
    shown = table.set_index("unit")["remaining"]
    assert shown.to_dict() == last.round().astype(shown.dtype).to_dict()


def test_without_test_units_those_for_validation_are_shown(names):
    config = CONFIG.model_copy(update={"test_share": 0.0})
    first = runs.train_or_load("life", open_dataset(names[0]), config)[0]
    app = page(names, run=first.name)
    steps = first.result().steps
    assert set(ranked(app)["unit"]) == set(steps.loc[steps["part"] == "validation", "entity"])
    assert metrics(app)["RMSE (steps)"] == "–"


def test_known_settings_open_their_stored_run(names, trained):
    app = page(names, variant="linear-degradation", lookback="10", cap="60")
    assert any(trained.name in box.value for box in app.success)
    assert len(ranked(app))


def test_the_fleet_is_ranked_by_health_on_request(names, trained):
    app = page(names, run=trained.name)
    app.segmented_control(key=fleet.RANK).set_value("Health")
    assert (np.diff(ranked(run(app))["health"]) >= 0).all()


def test_a_fleet_in_service_cannot_be_judged_before_its_life_is_known(names, trained, monkeypatch):
    link = {"run": trained.name, "fleet": names[1]}
    app = page(names, **link)
    assert len(ranked(app)) == 12
    assert "actual" not in ranked(app)
    assert metrics(app)["RMSE (steps)"] == "–"
    truth = np.array(
        [len(one) - 30 for _, one in wearing(seed=1).frame.groupby("unit", sort=False)]
    )
    app.file_uploader(key=fleet_setup.UPLOAD).set_value(
        ("truth.txt", "".join(f"{left}\n" for left in truth).encode(), "text/plain")
    )
    app = run(app)
    result = life.predict(trained.fitted(), open_dataset(names[1]))
    expected = life.judge(result.fleet["remaining"].to_numpy(float), truth, CONFIG.cap)
    assert metrics(app)["RMSE (steps)"] == f"{expected['rmse']:.3g}"
    assert "baseline" in next(m.delta for m in app.metric if m.label.startswith("RMSE"))
    assert metrics(app)["PHM08 score"] == write.number(expected["phm08"])
    beside = app.dataframe[1].value
    assert list(beside.index) == ["Linear degradation"]
    assert beside["RMSE, truth as it is"].item() == write.number(expected["rmse_uncapped"])


def test_the_health_may_come_from_the_scores_of_a_detector(names, trained):
    config = anomaly.Config(variant="max-z", lookback=2, train_rows=26, validation_share=0.4)
    detector = runs.train_or_load("anomaly", open_dataset(names[0]), config)[0]
    link = {"run": trained.name, "health": detector.name}
    own = ranked(page(names, run=trained.name))
    app = page(names, **link)
    assert set(ranked(app)["unit"]) == set(own["unit"])
    assert not np.allclose(ranked(app)["health"], own["health"])
    other = page(names, **link, fleet=names[1])
    assert ranked(other)["health"].between(0, 1).all()


def test_scores_that_show_no_wear_are_told_and_not_used(names, trained):
    config = anomaly.Config(variant="random", lookback=2, train_rows=26, validation_share=0.4)
    detector = runs.train_or_load("anomaly", open_dataset(names[0]), config)[0]
    own = ranked(page(names, run=trained.name))
    app = page(names, run=trained.name, health=detector.name)
    assert any("do not show wear" in box.value for box in app.warning)
    assert ranked(app)["health"].tolist() == own["health"].tolist()


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ({"run": "no-such"}, "run = no-such"),
        ({"fleet": "nowhere"}, "fleet = nowhere"),
        ({"data": "nowhere"}, "units that failed = nowhere"),
        ({"cap": "-3"}, "Longest prediction = -3"),
        ({"colour": "red"}, "asks for colour"),
    ],
)
def test_a_wrong_link_gets_a_notice(names, trained, link, words):
    known = {} if "cap" in link else {"run": trained.name}
    app = page(names, **(known | link))
    assert any(words in warning.value for warning in app.warning), [w.value for w in app.warning]


def test_a_link_to_a_run_opens_it_with_its_units(names, trained):
    app = open_page("fleet", **{"life.run": trained.name})
    assert app.selectbox(key=fleet_setup.QUESTION.data).value == names[0]
    assert len(ranked(app))


def test_a_run_whose_units_were_deleted_still_ranks_them(names, trained):
    catalog.remove(names[0])
    app = open_page("fleet", **{"life.run": trained.name})
    assert len(ranked(app)) == len(set(ranked(app)["unit"])) > 0
    assert not app.warning


def test_the_settings_of_a_run_can_be_changed(names, trained):
    app = page(names, run=trained.name)
    app.button(key="fleet-copy").click()
    app = run(app)
    assert app.selectbox(key="life.variant").value == trained.variant
    assert any(trained.name in box.value for box in app.success)


def test_a_run_of_this_task_opens_on_this_page(names, trained):
    app = open_page("runs", run=trained.name)
    assert app.button(key="runs-open").label == "Open its fleet"
    assert any("RMSE (steps)" in frame.value for frame in app.dataframe)
    app.button(key="runs-open").click()
    run(app)
    assert titles(app) == ["Fleet"]
    assert app.selectbox(key=fleet_setup.QUESTION.run).value == trained.name
