"""Studies on real worker processes: none of their trials is lost, and none counted twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import jobs, queue, runs, sweeps
from core.sweeps.coordinator import Coordinator
from tests import fake
from tests.jobs.conftest import recording, until, worker_of
from tests.jobs.studies import SEEDS, check_whole, ended, study


@pytest.fixture
def going(cluster):
    """The home folder of a server that coordinates studies."""
    sweeps.start()
    yield cluster
    sweeps.stop_all()


def test_a_search_ends_with_all_of_its_trials_judged_by_validation(going):
    made = study(going, planned=6, more={"prune": False})
    assert ended(made.name).state == "done"
    known = check_whole(made.name)
    assert {one.state for one in known} == {"done"}
    assert known[0].params == {"level": 0.3}
    best = sweeps.best(made, known)
    assert best.value == min(one.value for one in known) == 0.0
    assert len(known[1].curve) == 3
    assert sweeps.importance(made, known) == {"level": pytest.approx(1)}
    assert not any(one.who in queue.get(one.key).waiters for one in known if one.seconds is None)


def test_the_same_search_tries_the_same_and_finds_the_stored_runs(going):
    seed = next(SEEDS)
    space = {"level": sweeps.bounds("fake", "mean")["level"]}
    found = []
    for _ in range(2):
        config, options = fake.Config(seed=seed), {"planned": 7, "prune": False}
        made = sweeps.create("fake", recording(going), config, "search", space=space, **options)
        ended(made.name)
        found.append(sweeps.trials(made.name))
    first, second = found
    assert [(one.params, one.value, one.run) for one in first] == [
        (one.params, one.value, one.run) for one in second
    ]
    assert {one.seconds for one in second} == {0.0}


def test_window_sizes_that_do_not_fit_are_kept_with_their_reason(going):
    made = study(going, "windows")
    assert ended(made.name).state == "done"
    known = check_whole(made.name)
    assert [one.state for one in known] == ["done", "done", "failed", "failed", "failed"]
    assert known[2].message == "The lookback of 64 is too long. Choose less."
    table = sweeps.compare(made, known)
    assert table["name"].tolist() == ["as it is: lookback 16", "lookback 32"]


def test_an_ablation_is_compared_with_the_whole(going):
    made = study(going, "ablation")
    assert ended(made.name).state == "done"
    known = check_whole(made.name)
    table = sweeps.compare(made, known).set_index("name")
    assert table.loc["without level", "difference"] == pytest.approx(0.09)


def test_a_study_whose_every_trial_fails_stops_after_three_and_says_why(going):
    made = study(going, planned=20, trouble="config")
    failed = ended(made.name)
    assert failed.state == "failed"
    assert failed.message.startswith("All 3 trials failed. The last one: The lookback is longer")
    assert [one.state for one in sweeps.trials(made.name)] == ["failed"] * 3
    sweeps.go_on(made.name)
    assert ended(made.name).state == "failed"
    assert len(sweeps.trials(made.name)) == 6


def test_a_study_of_one_trial_that_fails_has_failed(going):
    made = study(going, planned=1, trouble="bug")
    assert "The first trial failed" in ended(made.name).message
    assert "unexpected error" in sweeps.get(made.name).message


def test_trials_that_fall_behind_are_stopped_and_kept(going):
    made = study(going, planned=12, epochs=27, pause=0.05, more={"seed": 1})
    assert ended(made.name).state == "done"
    known = check_whole(made.name)
    pruned = [one for one in known if one.state == "pruned"]
    assert pruned
    for one in pruned:
        assert f"Stopped after epoch {len(one.curve)}" in one.message
        assert len(one.curve) < 27
        assert one.run is None
        assert one.seconds > 0
        until(lambda one=one: not queue.get(one.key).active)
        assert queue.get(one.key).state == "cancelled"


def test_a_stopped_study_goes_on_where_it_was(going):
    made = study(going, planned=3, epochs=12, pause=0.1, more={"prune": False})
    until(lambda: any(one.state == "running" and one.curve for one in sweeps.trials(made.name)))
    stopped = sweeps.stop(made.name)
    assert stopped.state == "stopped"
    waiting = sweeps.trials(made.name)[-1]
    assert waiting.state == "waiting"
    until(lambda: not queue.get(waiting.key).active)
    sweeps.go_on(made.name, 1)
    assert ended(made.name).state == "done"
    known = check_whole(made.name)
    assert [one.state for one in known] == ["done"] * 4
    note = runs.get(known[waiting.number].run).card()["notes"][0]
    assert note != "Resumed at epoch 0."


def test_a_study_that_goes_on_at_once_does_not_share_the_end_of_the_training_before(going):
    made = study(going, planned=1, epochs=8, pause=0.3, more={"prune": False})
    until(lambda: any(one.curve for one in sweeps.trials(made.name)))
    sweeps.stop(made.name)
    assert queue.get(sweeps.trials(made.name)[0].key).stopping
    sweeps.go_on(made.name)
    assert ended(made.name).state == "done"
    assert [one.state for one in check_whole(made.name)] == ["done"]


def test_a_killed_worker_costs_no_trial(going):
    made = study(going, planned=2, epochs=15, pause=0.1, more={"prune": False})
    until(lambda: any(len(one.curve) >= 3 for one in sweeps.trials(made.name)))
    worker_of(going).kill()
    assert ended(made.name).state == "done"
    known = check_whole(made.name)
    assert sum(one.retries for one in known) == 1
    assert {one.state for one in known} == {"done"}


def test_a_recording_that_changed_fails_its_trials_with_the_reason(going, tmp_path):
    made = study(tmp_path)
    Path(made.source).write_text("a,b\n1,2\n3,4\n")
    assert "has changed" in ended(made.name).message


def test_a_deleted_run_does_not_stop_the_study(going, monkeypatch):
    made = study(going, "ablation", epochs=8, pause=0.1)
    ask = jobs.ask

    def deleted(function, identifier, *args, **more):
        if function.endswith(":value") and not done:
            done.append(identifier)
            runs.delete(runs.get(identifier))
        return ask(function, identifier, *args, **more)

    done: list[str] = []
    monkeypatch.setattr(jobs, "ask", deleted)
    assert ended(made.name).state == "done"
    states = [one.state for one in sweeps.trials(made.name)]
    assert states == ["failed", "done"]
    assert "no run" in sweeps.trials(made.name)[0].message


def test_two_who_coordinate_do_not_disturb_each_other(going):
    other = Coordinator()
    other.thread.start()
    made = study(going, planned=6, more={"prune": False})
    assert ended(made.name).state == "done"
    other.close()
    known = check_whole(made.name)
    assert {one.state for one in known} == {"done"}
    levels = [one.params["level"] for one in known]
    assert len(set(levels)) == len(levels)
