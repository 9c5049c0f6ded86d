"""What Optuna is asked gives what Optuna itself gives, and nothing is kept in between."""

from __future__ import annotations

import math

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution, IntDistribution

from core.sweeps import search
from core.sweeps.space import Span

SPACE = [
    Span("rate", "float", 1e-4, 1.0, log=True),
    Span("rows", "int", 2, 64),
    Span("kind", "choice", choices=("a", "b")),
]
START = {"rate": 0.01, "rows": 8, "kind": "a", "epochs": 9}


def request(trials=(), **more):
    base = {"name": "calm-otter", "space": [span.to_dict() for span in SPACE], "start": START}
    base |= {"more": False, "seed": 3, "planned": 30, "prune": True, "epochs": 9}
    return base | {"trials": list(trials)} | more


def trial(number, state="done", value=None, params=None, curve=(), rungs=None, epochs=9):
    chosen = params or {"rate": 0.01 * (number + 1), "rows": 2 + number, "kind": "ab"[number % 2]}
    return {"number": number, "state": state, "value": value, "params": chosen} | {
        "curve": list(curve),
        "rungs": rungs or {},
        "epochs": epochs,
    }


def off(params) -> float:
    """Smallest at rate 0.1, 40 rows and kind b."""
    return (
        abs(math.log10(params["rate"]) + 1)
        + abs(params["rows"] - 40) / 40
        + (params["kind"] == "a")
    )


def searched(seed: int, count: int) -> list[dict]:
    trials: list[dict] = []
    for number in range(count):
        params = search.suggest(request(trials, seed=seed))
        trials.append(trial(number, value=off(params), params=params))
    return trials


def test_the_first_trial_is_what_the_study_began_with():
    assert search.suggest(request()) == {"rate": 0.01, "rows": 8, "kind": "a"}
    outside = search.suggest(request(start=START | {"rows": 100}))
    assert 2 <= outside["rows"] <= 64


def test_the_same_trials_and_seed_give_the_same_next_one():
    trials = searched(3, 12)
    assert trials == searched(3, 12)
    assert trials != searched(4, 12)


def test_what_is_tried_lies_in_the_space_and_is_short():
    for one in searched(0, 12)[1:]:
        params = one["params"]
        assert all(span.holds(params[span.name]) for span in SPACE)
        assert params["rate"] == float(f"{params['rate']:.3g}")


def test_the_sampler_is_that_of_optuna():
    trials = searched(3, 14)
    ours = search.suggest(request(trials))
    seed = int(np.random.SeedSequence([3, 14]).generate_state(1)[0])
    theirs = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=10))
    distributions = {
        "rate": FloatDistribution(1e-4, 1.0, log=True),
        "rows": IntDistribution(2, 64),
        "kind": optuna.distributions.CategoricalDistribution(("a", "b")),
    }
    for one in trials:
        theirs.add_trial(
            optuna.trial.create_trial(
                params=one["params"], distributions=distributions, value=one["value"]
            )
        )
    expected = theirs.ask(distributions).params
    assert ours["rows"] == expected["rows"]
    assert ours["kind"] == expected["kind"]
    assert ours["rate"] == pytest.approx(expected["rate"], rel=5e-3)


def test_it_comes_nearer_than_drawing_at_random():
    rng = np.random.default_rng(0)

    def drawn() -> float:
        params = {"rate": 10 ** rng.uniform(-4, 0), "rows": rng.integers(2, 65)}
        return off(params | {"kind": "ab"[rng.integers(2)]})

    ours = np.mean([min(one["value"] for one in searched(seed, 30)) for seed in range(4)])
    chance = np.mean([min(drawn() for _ in range(30)) for _ in range(200)])
    assert ours < 0.7 * chance


def live(curves: list[list[float]], more: bool = False) -> list[int | None]:
    """Return the epoch at which Optuna itself stops each of *curves*, one after the other."""
    study = optuna.create_study(
        study_name="calm-otter",
        direction="maximize" if more else "minimize",
        pruner=optuna.pruners.HyperbandPruner(1, max_resource=9),
    )
    stopped: list[int | None] = []
    for curve in curves:
        one, best, at = study.ask(), float("inf"), None
        for epoch, loss in enumerate(curve[:-1], start=1):
            best = min(best, loss)
            one.report(-best if more else best, epoch)
            if one.should_prune():
                at = epoch
                break
        stopped.append(at)
        if at is None:
            study.tell(one, curve[-1])
        else:
            study.tell(one, state=optuna.trial.TrialState.PRUNED)
    return stopped


@pytest.mark.parametrize("more", [False, True])
@pytest.mark.parametrize("together", [1, 4])
def test_the_pruning_is_that_of_optuna_told_in_one_go_or_in_parts(more, together):
    rng = np.random.default_rng(1)
    curves = [
        (rng.uniform(0.5, 2) + rng.uniform(0, 1, 9) / np.arange(1, 10)).tolist() for _ in range(25)
    ]
    expected = live(curves, more)
    assert any(expected)
    trials: list[dict] = []
    for number, curve in enumerate(curves):
        trials.append(trial(number, "running"))
        one, at = trials[-1], None
        for known in range(together, 9 + together, together):
            one["curve"] = curve[: min(known, 9)]
            said = search.judge(request(trials, more=more))
            one["rungs"] = said["rungs"][number]
            if number in said["stop"]:
                at = len(one["curve"])
                break
        assert (at is None) == (expected[number] is None)
        if together == 1:
            assert at == expected[number]
        one["state"] = "done" if at is None else "pruned"
        one["value"] = curve[-1] if at is None else None


def test_a_trial_behind_its_last_epoch_and_one_without_pruning_go_on():
    good = [trial(n, curve=[0.1] * 9, value=0.1, rungs={"completed_rung_0": 0.1}) for n in range(6)]
    bad = trial(6, "running", curve=[9.0] * 9)
    assert search.judge(request([*good, bad]))["stop"] == [6]
    assert search.judge(request([*good, bad | {"curve": [9.0], "epochs": 1}]))["stop"] == []
    assert search.judge(request([*good, bad], prune=False))["stop"] == []


def test_importance_names_what_matters_and_waits_for_enough_trials():
    trials = searched(0, 30)
    found = search.importance(request(trials))
    assert set(found) == {"rate", "rows", "kind"}
    assert sum(found.values()) == pytest.approx(1)
    alone = [one | {"value": abs(one["params"]["rows"] - 40.0)} for one in trials]
    assert next(iter(search.importance(request(alone)))) == "rows"
    assert search.importance(request(trials[:3])) == {}
    assert search.importance(request([one | {"value": 1.0} for one in trials])) == {}


def test_failed_stopped_and_running_trials_are_told_as_such():
    states = ["done", "failed", "pruned", "running", "waiting"]
    trials = [trial(n, state, 1.0, curve=[2.0]) for n, state in enumerate(states)]
    study = search._study(request(trials))
    names = [one.state.name for one in study.trials]
    assert names == ["COMPLETE", "FAIL", "PRUNED", "RUNNING", "RUNNING"]
    assert study.trials[2].intermediate_values == {1: 2.0}
    assert search.suggest(request(trials))
