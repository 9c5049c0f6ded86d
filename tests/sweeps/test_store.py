"""One process at a time writes what becomes of a study; nothing is lost between two of them."""

from __future__ import annotations

import time

import pytest

from core import jobs, sweeps
from core.errors import ConfigError, JobError
from core.sweeps import store
from core.sweeps.coordinator import Coordinator
from tests import fake


@pytest.fixture(autouse=True)
def _fake(home):
    fake.install()


def made(**more) -> sweeps.Study:
    settings = {"planned": 4} | more
    return sweeps.create("fake", fake.dataset(), fake.Config(), "search", **settings)


def trial(number: int) -> dict:
    return {"number": number, "label": "", "params": {"level": 0.1}, "config": {}, "key": "k"}


def test_a_study_is_found_again_as_it_was_made():
    study = made(seed=7, at_once=2, prune=False)
    assert sweeps.get(study.name) == study
    assert sweeps.recent() == [study]
    assert (study.state, study.metric, study.more, study.seed) == ("running", "error", False, 7)
    assert [span.name for span in study.spans] == ["level", "lookback"]
    assert study.config["level"] == 0.3
    with pytest.raises(ConfigError, match="There is no study 'nobody'"):
        sweeps.get("nobody")


def test_a_listed_study_has_its_trials_from_the_beginning():
    study = sweeps.create("fake", fake.dataset(), fake.Config(), "windows")
    known = sweeps.trials(study.name)
    assert [one.label for one in known] == [
        "as it is: lookback 16",
        *(f"lookback {rows}" for rows in (32, 64, 128, 256)),
    ]
    assert [one.config["lookback"] for one in known] == [16, 32, 64, 128, 256]
    assert {one.state for one in known} == {"waiting"}
    assert len({one.key for one in known}) == study.planned == 5


def test_one_holds_a_study_and_others_wait_until_it_is_gone(monkeypatch):
    study, first, second = made(), store.me(), store.me()
    assert store.hold(study, first)
    assert store.hold(sweeps.get(study.name), first)
    assert not store.hold(sweeps.get(study.name), second)
    with pytest.raises(store.NotHeld):
        store.add(study, second, trial(0))
    store.release(first)
    assert store.hold(sweeps.get(study.name), second)
    later = time.time() + store.LEASE + 1
    monkeypatch.setattr(store.time, "time", lambda: later)
    assert store.hold(sweeps.get(study.name), first)
    with pytest.raises(store.NotHeld):
        store.add(study, second, trial(0))
    store.add(study, first, trial(0))
    assert len(sweeps.trials(study.name)) == 1


def test_of_two_who_see_it_free_one_gets_it():
    seen, first, second = made(), store.me(), store.me()
    assert store.hold(seen, first)
    assert not store.hold(seen, second)


def test_a_holder_on_this_machine_that_has_ended_is_no_obstacle():
    study = made()
    host, pid, born, token = store.me().split("|")
    for gone in (f"{host}|{2**22 - 1}|{born}|{token}", f"{host}|{pid}|1.0|{token}"):
        store.release(sweeps.get(study.name).owner)
        assert store.hold(sweeps.get(study.name), gone)
        assert store.hold(sweeps.get(study.name), store.me())
    elsewhere = f"elsewhere|{pid}|{born}|{token}"
    store.release(sweeps.get(study.name).owner)
    assert store.hold(sweeps.get(study.name), elsewhere)
    assert not store.hold(sweeps.get(study.name), store.me())


def test_what_has_ended_stays_ended():
    study, me = made(), store.me()
    store.hold(study, me)
    store.add(study, me, trial(0))
    one = sweeps.trials(study.name)[0]
    store.note(one, me, state="done", value=1.0)
    store.note(one, me, state="failed")
    assert sweeps.trials(study.name)[0].state == "done"
    assert sweeps.counts() == {study.name: {"done": 1}}


def test_a_stopped_study_keeps_its_trials_waiting_and_goes_on(monkeypatch):
    monkeypatch.setattr(jobs, "cancel", lambda key, who: asked.append((key, who)))
    monkeypatch.setattr("core.queue.get", lambda key: "a job")
    asked: list = []
    study, me = made(), store.me()
    store.hold(study, me)
    for number, state in enumerate(("done", "running", "failed")):
        store.add(study, me, trial(number))
        store.note(sweeps.trials(study.name)[number], me, state=state)
    stopped = sweeps.stop(study.name)
    assert (stopped.state, stopped.owner) == ("stopped", "")
    assert [one.state for one in sweeps.trials(study.name)] == ["done", "waiting", "failed"]
    assert asked == [("k", f"study {study.name}, trial 1")]
    with pytest.raises(store.NotHeld):
        store.tell(study, me, "late")
    assert sweeps.stop(study.name) == stopped
    again = sweeps.go_on(study.name, 3)
    assert (again.state, again.planned, again.since, again.finished) == ("running", 7, 3, None)
    assert sweeps.go_on(study.name, 3) == again


def test_a_listed_study_tries_again_what_failed():
    study, me = sweeps.create("fake", fake.dataset(), fake.Config(), "ablation"), store.me()
    store.hold(study, me)
    for one, state in zip(sweeps.trials(study.name), ("done", "failed"), strict=True):
        store.note(one, me, state=state, message="x")
    store.end(study, me, "done")
    sweeps.go_on(study.name)
    assert [one.state for one in sweeps.trials(study.name)] == ["done", "waiting"]


def test_a_study_with_nothing_left_says_so():
    study, me = made(planned=1), store.me()
    store.hold(study, me)
    store.add(study, me, trial(0))
    store.note(sweeps.trials(study.name)[0], me, state="done", value=1.0)
    store.end(study, me, "done")
    with pytest.raises(ConfigError, match=r"all of its 1 trials\. Say how many more"):
        sweeps.go_on(study.name)
    assert sweeps.go_on(study.name, 1).planned == 2


def test_a_study_that_does_not_run_is_deleted_with_its_trials_and_its_runs_stay():
    one, other = made(planned=3), made(planned=3)
    store.add(one, "", trial(0))
    with pytest.raises(ConfigError, match=f"Study {one.name} runs. Stop it"):
        sweeps.delete(one.name)
    assert len(sweeps.trials(one.name)) == 1
    sweeps.stop(one.name)
    sweeps.delete(one.name)
    assert [study.name for study in sweeps.recent()] == [other.name]
    assert sweeps.trials(one.name) == []
    with pytest.raises(ConfigError, match="There is no study"):
        sweeps.delete(one.name)


def test_names_do_not_repeat(monkeypatch):
    monkeypatch.setattr(store, "two_words", lambda key: "calm-otter")
    names = {made().name for _ in range(3)}
    assert len(names) == 3
    assert "calm-otter" in names


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"planned": 0}, "number of trials is 1 to 1000"),
        ({"at_once": 99}, "trials at once is 1 to 64"),
        ({"metric": "accuracy"}, "cannot go by 'accuracy'. Choose: error, f1"),
        ({"space": {}}, "needs a setting to vary"),
        ({"space": {"seed": None}}, "cannot vary seed. It can vary: level"),
    ],
)
def test_what_cannot_be_searched_is_one_clear_error(wrong, said):
    with pytest.raises(ConfigError, match=said):
        made(**wrong)
    assert sweeps.recent() == []


def test_what_cannot_be_compared_is_one_clear_error():
    none = fake.Config(variant="zero")
    with pytest.raises(ConfigError, match="zero has no lookback"):
        sweeps.create("fake", fake.dataset(), none, "windows")
    with pytest.raises(ConfigError, match="no part that could be taken away"):
        sweeps.create("fake", fake.dataset(), none, "ablation")
    with pytest.raises(ConfigError, match="no kind of study 'grid'"):
        sweeps.create("fake", fake.dataset(), none, "grid")
    data = fake.dataset()
    object.__setattr__(data, "source", "")
    with pytest.raises(JobError, match="opened from a file"):
        sweeps.create("fake", data, fake.Config(), "search")


def test_a_fault_of_the_store_of_jobs_is_told_and_tried_again(monkeypatch):
    def broken(*args, **more):
        raise JobError("The workers are out of reach.")

    monkeypatch.setattr(jobs, "start", lambda: None)
    monkeypatch.setattr(jobs, "ask", broken)
    study = made()
    Coordinator().look(study)
    told = sweeps.get(study.name)
    assert (told.state, told.message) == ("running", "The workers are out of reach.")


def test_an_error_that_nobody_expected_ends_the_study_with_its_words(monkeypatch):
    def broken(*args, **more):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(jobs, "start", lambda: None)
    monkeypatch.setattr(jobs, "ask", broken)
    stopping = Coordinator()
    stopping.over.set()
    stopping.look(made())
    assert sweeps.recent()[0].state == "running"
    study = made()
    Coordinator().look(study)
    told = sweeps.get(study.name)
    assert (told.state, told.owner) == ("failed", "")
    assert "ZeroDivisionError: division by zero" in told.message
    assert sweeps.go_on(study.name).state == "running"


def test_best_and_time_left_count_what_is_done():
    study, me = made(planned=10, at_once=2), store.me()
    store.hold(study, me)
    values = [("done", 0.5, 10.0), ("failed", None, None), ("done", 0.2, 20.0), ("pruned", None, 3)]
    for number, (state, value, seconds) in enumerate(values):
        store.add(study, me, trial(number))
        one = sweeps.trials(study.name)[number]
        store.note(one, me, state=state, value=value, seconds=seconds)
    known = sweeps.trials(study.name)
    assert sweeps.best(study, known).number == 2
    assert sweeps.seconds_left(study, known) == pytest.approx(3 * 11)
    assert sweeps.best(study, []) is None
    assert sweeps.seconds_left(study, []) is None
