"""Runs side by side, held against what the task packages say of them directly."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core import anomaly, beside, compare, forecast, gas, life, peers, runs
from core import task as tasks
from core.anomaly.resample import WINDOWS, resampled, whole
from core.anomaly.volume import volume
from core.errors import ConfigError, RunNotFound
from core.settings import settings
from core.sweeps import results
from tests.examples import tides, waves, wearing
from tests.gas.examples import sniffing

CONFIGS = {
    "anomaly": [
        anomaly.Config(variant="pca", train_rows=200),
        anomaly.Config(variant="pca", train_rows=200, variance=0.5),
        anomaly.Config(variant="max-z", train_rows=200),
    ],
    "forecast": [
        forecast.Config(variant="persistence", lookback=6, horizon=3),
        forecast.Config(variant="ridge", lookback=6, horizon=3),
        forecast.Config(variant="ridge", lookback=12, horizon=3),
    ],
    "gas": [gas.Config(variant=name, embargo=4) for name in ("lda", "nearest", "forest")],
    "life": [life.Config(variant=name) for name in ("mean-life", "linear-degradation")],
}
DATA = {
    "anomaly": lambda: waves(rows=400, entities=6),
    "forecast": tides,
    "gas": lambda: sniffing(rows=20),
    "life": lambda: wearing(units=20),
}


@pytest.fixture(scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[str]]]:
    folder = tmp_path_factory.mktemp("compare") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUSIONSCOPE_HOME", str(folder))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        settings.cache_clear()
        names = {}
        for task, configs in CONFIGS.items():
            data = DATA[task]()
            names[task] = [runs.train_or_load(task, data, one)[0].name for one in configs]
        settings.cache_clear()
    return folder, names


@pytest.fixture
def names(home: Path, _made: tuple[Path, dict[str, list[str]]]) -> Iterator[dict[str, list[str]]]:
    """Names of stored runs by task, in the order of CONFIGS."""
    shutil.copytree(_made[0], home)
    yield _made[1]
    compare._kept.clear()


@pytest.mark.parametrize("task", tasks.TASKS)
def test_every_task_puts_its_runs_side_by_side(names, task):
    found = compare.compare(names[task])
    own = peers.of(task)
    assert set(found.table["run"]) == set(names[task])
    assert found.table["baseline"].is_monotonic_decreasing
    assert found.metric in found.titles
    assert own.METRIC in runs.get(names[task][0]).metrics
    assert set(own.SPLIT) <= set(tasks.get(task).Config.model_fields)
    values = found.table.set_index("run")
    for pair in found.pairs.itertuples():
        first, second = (values.loc[one, found.metric] for one in (pair.first, pair.second))
        assert pair.difference == pytest.approx(first - second, abs=1e-6)
        assert pair.lower <= pair.difference + 1e-9
        assert pair.difference - 1e-9 <= pair.upper
    inside = values[found.metric].between(values["lower"] - 1e-9, values["upper"] + 1e-9)
    assert inside.all()
    for name in names[task]:
        assert values.loc[name, found.metric] == pytest.approx(
            runs.get(name).metrics[found.metric], rel=0.05
        )
        assert values.loc[name, "size"] > 0


@pytest.mark.parametrize("task", tasks.TASKS)
def test_an_experiment_tells_the_differences_that_a_comparison_tells(names, task):
    first, *others = names[task]
    labels = {runs.get(name).id: name.upper() for name in names[task]}
    table = results.compare(labels, first.upper()).set_index("name")
    gaps = beside.against(first, compare.compare(names[task]).pairs).set_index("other")
    assert table.loc[first.upper()].isna().all()
    for name in others:
        told, gap = table.loc[name.upper()], gaps.loc[name]
        expected = [-gap["difference"], -gap["upper"], -gap["lower"], gap["p"]]
        assert told.tolist() == pytest.approx(expected, abs=1e-9)


def test_what_cannot_be_compared_in_an_experiment_is_left_empty(names):
    other = forecast.Config(variant="ridge", lookback=6, horizon=2)
    longer = runs.train_or_load("forecast", tides(), other)[0]
    table = results.compare({runs.get(names["forecast"][0]).id: "one", longer.id: "two"}, "one")
    assert table["name"].tolist() == ["one", "two"]
    assert table[["difference", "lower", "upper", "p"]].isna().all(axis=None)


@pytest.mark.parametrize("task", tasks.TASKS)
def test_every_task_says_what_its_runs_say_row_by_row(names, task):
    rows = len(runs.get(names[task][0]).result().steps)
    found = compare.courses(names[task])
    assert list(found.values) == names[task]
    columns = [*found.values.values(), *found.fired.values(), found.counted]
    columns += [one for one in (found.nearer, found.actual, found.truth) if one is not None]
    assert {len(one) for one in columns} == {rows}
    assert bool(found.fired) != (found.nearer is not None)
    assert found.counted.any()


@pytest.mark.parametrize("task", tasks.TASKS)
def test_one_question_says_what_two_say(names, task):
    found, told = compare.opened(names[task])
    pd.testing.assert_frame_equal(found.table, compare.compare(names[task]).table)
    other = compare.courses(names[task])
    for name, values in other.values.items():
        np.testing.assert_array_equal(told.values[name], values)


@pytest.mark.parametrize("task", tasks.TASKS)
def test_every_task_has_curves_with_a_line_a_run(names, task):
    found = compare.curves(names[task])
    assert found
    for one in found:
        assert set(one.points["run"]) == set(names[task])
        assert one.points[["x", "y"]].notna().all(axis=None)


def test_forecasts_are_held_against_one_another_by_diebold_and_mariano(names):
    found = compare.compare(names["forecast"])
    results = {name: runs.get(name).result() for name in names["forecast"]}
    for pair in found.pairs.itertuples():
        direct = forecast.diebold_mariano(results[pair.first], results[pair.second])
        np.testing.assert_allclose(
            [pair.difference, pair.lower, pair.upper, pair.p],
            [direct.mean, direct.lower, direct.upper, direct.p],
        )
    assert found.rows == int(min(result.test.sum() for result in results.values()))


def test_classifiers_are_held_against_one_another_by_mcnemar(names):
    found = compare.compare(names["gas"])
    results = {name: runs.get(name).result() for name in names["gas"]}
    for pair in found.pairs.itertuples():
        direct = gas.mcnemar(results[pair.first], results[pair.second])
        np.testing.assert_allclose(
            [pair.difference, pair.lower, pair.upper, pair.p],
            [direct.accuracy, direct.lower, direct.upper, direct.p],
        )
    for row in found.table.itertuples():
        direct = gas.intervals(results[row.run]).loc["accuracy"]
        assert (row.lower, row.upper) == pytest.approx((direct["lower"], direct["upper"]))


def test_lives_are_held_against_one_another_by_drawing_units(names):
    """The same draws, worked out by putting whole units behind one another."""
    found = compare.compare(names["life"])
    tested = {}
    for name in names["life"]:
        result = runs.get(name).result()
        rows = result.steps[result.test]
        held = np.minimum(rows["actual"], result.cap)
        tested[name] = [part for _, part in (rows["remaining"] - held).groupby(rows["entity"])]
    rng, gaps = np.random.default_rng(1), []
    for _ in range(1000):
        drawn = rng.integers(0, len(tested[names["life"][0]]), len(tested[names["life"][0]]))
        errors = [np.concatenate([units[i] for i in drawn]) for units in tested.values()]
        gaps.append(np.sqrt(np.mean(errors[0] ** 2)) - np.sqrt(np.mean(errors[1] ** 2)))
    pair = found.pairs.iloc[0]
    width = pair["upper"] - pair["lower"]
    np.testing.assert_allclose(
        [pair["lower"], pair["upper"]], np.quantile(gaps, [0.025, 0.975]), atol=0.12 * width
    )


def _scored(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return scores, labels and boundaries: anomalies near one another, and near an end."""
    rng = np.random.default_rng(seed)
    labels = np.zeros(3000, bool)
    for start, stop in ((5, 30), (400, 410), (440, 441), (900, 990), (1480, 1500), (1530, 1540)):
        labels[start:stop] = True
    labels[2300:2310] = labels[2990:] = True
    scores = rng.normal(0, 1, 3000) + 1.5 * labels
    return scores.astype(np.float32), labels, np.array([0, 1510])


def test_every_unit_once_is_the_volume_itself():
    scores, labels, boundaries = _scored()

    def area(window: int) -> float:
        """The area of one window, out of the means over all windows up to it."""
        wide = volume(scores, labels, boundaries, window).pr * (window + 1)
        return wide - (volume(scores, labels, boundaries, window - 1).pr * window if window else 0)

    expected = np.mean([area(window) for window in WINDOWS])
    assert whole(scores, labels, boundaries) == pytest.approx(expected, rel=1e-5)


def test_draws_lie_around_the_volume_and_know_who_is_better():
    scores, labels, boundaries = _scored()
    noise = _scored(1)[0] - 1.5 * labels
    drawn = resampled([scores, scores, noise], labels, boundaries)
    assert drawn.shape == (3, 500)
    np.testing.assert_array_equal(drawn[0], drawn[1])
    low, high = np.quantile(drawn[0], [0.025, 0.975])
    assert low < whole(scores, labels, boundaries) < high
    assert np.mean(drawn[0] > drawn[2]) > 0.99
    assert resampled([scores], labels & (np.arange(3000) < 1000), boundaries) is None


def test_few_anomalies_are_not_enough_to_say_who_is_better(names):
    data = waves(rows=400, entities=2)
    two = [runs.train_or_load("anomaly", data, one)[0].name for one in CONFIGS["anomaly"]]
    found = compare.compare(two)
    assert found.pairs.empty
    assert found.best is None
    assert "fewer than 5 labelled anomalies" in found.notes[0]
    assert found.table[["lower", "upper"]].isna().all(axis=None)
    assert found.table["vus_pr"].notna().all()


def _pairs(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(beside.PAIRS))


def test_best_is_who_beats_every_other_one_by_more_than_luck():
    values = {"a": 3.0, "b": 2.0, "c": 1.0}
    clear = _pairs(("a", "b", 1, 0.5, 1.5, 0.02), ("a", "c", 2, 1, 3, 0.01), ("b", "c", 1, 0, 2, 1))
    assert beside.best(values, "higher", clear) == "a"
    assert beside.best(values, "lower", clear) is None
    # Two comparisons: the smaller p has to be below 2.5 %.
    luck = _pairs(("a", "b", 1, 0.5, 1.5, 0.03), ("a", "c", 2, 1, 3, 0.04))
    assert beside.best(values, "higher", luck) is None
    wide = _pairs(("a", "b", 1, -0.5, 1.5, 0.01), ("a", "c", 2, 1, 3, 0.01))
    assert beside.best(values, "higher", wide) is None
    assert beside.best(values | {"d": float("nan")}, "higher", clear) is None
    assert beside.best(values, "higher", clear[:1]) is None


def test_the_nearest_is_told_and_a_tie_is_none():
    said = [np.array([1.0, 2, 3, np.nan]), np.array([2.0, 2, 9, 1])]
    assert beside.nearest(np.array([1.1, 5, 4, 1]), said).tolist() == [0, -1, 0, -1]


def test_differences_are_told_in_one_line(names):
    first, wider, other = names["anomaly"]
    assert compare.compare([first, wider]).changed == "only variance kept differs: 0.9, 0.5"
    three = compare.compare([first, wider, other])
    assert three.changed == (
        "2 settings differ: detector: PCA reconstruction, Largest z-score; variance kept: 0.9, 0.5"
    )
    detectors = three.settings.set_index("setting").loc["variant", [first, wider, other]]
    assert detectors.tolist() == ["PCA reconstruction", "PCA reconstruction", "Largest z-score"]
    assert three.reference == first
    assert three.effects["component"].tolist() == ["Variance kept", "Detector"]
    for row in three.effects.itertuples():
        turned = three.pairs[three.pairs["second"] == row.run].iloc[0]
        assert (row.difference, row.lower, row.upper) == (
            -turned["difference"],
            -turned["upper"],
            -turned["lower"],
        )


def test_lookback_alone_is_no_reason_not_to_compare(names):
    assert peers.check(names["forecast"]) is None
    assert compare.compare(names["forecast"][1:]).changed == "only lookback differs: 6, 12"


def test_runs_of_another_split_or_recording_are_named_with_what_mends_them(names):
    data = waves(rows=400, entities=6)
    longer, _ = runs.train_or_load("anomaly", data, anomaly.Config(variant="pca", train_rows=150))
    elsewhere, _ = runs.train_or_load("anomaly", waves(seed=5), CONFIGS["anomaly"][0])
    asked = [longer.name, *names["anomaly"], elsewhere.name]
    found = peers.check(asked)
    assert found.odd == (longer.name, elsewhere.name)
    assert f"{longer.name} has training rows 150, not 200" in found.message
    assert f"{elsewhere.name} has other data" in found.message
    with pytest.raises(ConfigError, match="do not share data and split"):
        compare.compare(asked)
    assert found.fingerprint == data.fingerprint
    mended, _ = runs.train_or_load("anomaly", data, found.configs[longer.name])
    assert mended.name == names["anomaly"][0]
    again = [runs.train_or_load("anomaly", data, one)[0].name for one in found.configs.values()]
    assert peers.check([names["anomaly"][2], *again]) is None


def test_thresholds_chosen_for_runs_are_their_own(names):
    first, _, other = names["anomaly"]
    before = compare.courses([first, other])
    rule = anomaly.Decision(threshold=anomaly.Fixed(value=1e-6))
    runs.get(other).set_decision(rule.model_dump(mode="json"))
    after = compare.courses([first, other])
    assert after.cuts[other] == 1e-6
    np.testing.assert_array_equal(after.fired[first], before.fired[first])
    assert after.fired[other].mean() > 0.9


def test_all_variants_and_the_champion_with_its_rivals(names):
    assert set(peers.variants("anomaly", "example")) == {names["anomaly"][1], names["anomaly"][2]}
    assert peers.champion("anomaly", "example") == []
    runs.crown(runs.get(names["anomaly"][0]))
    assert peers.champion("anomaly", "example") == [names["anomaly"][2], names["anomaly"][0]]
    assert names["anomaly"][0] in peers.variants("anomaly", "example")
    assert peers.variants("anomaly", "no-such-data") == []


@pytest.mark.parametrize(
    ("pick", "words"),
    [
        (lambda names: names["gas"][:1] * 3, "at least two different runs"),
        (lambda names: [one for own in names.values() for one in own], "11 runs are too many"),
        (lambda names: [names["gas"][0], names["life"][0]], "Only runs of one task"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_message(names, pick, words):
    for ask in (peers.check, compare.compare, compare.courses, compare.curves):
        with pytest.raises(ConfigError, match=words):
            ask(pick(names))


def test_runs_are_found_by_names_and_ids_in_one_question(names):
    first, second, third = (runs.get(name) for name in names["gas"])
    asked = [third.id, first.name, "no-such-run", "'; drop", second.name]
    found = runs.several(asked)
    assert list(found) == [third.id, first.name, second.name]
    assert [run.name for run in found.values()] == [third.name, first.name, second.name]


def test_a_run_that_is_gone_is_named(names):
    runs.delete(runs.get(names["gas"][2]))
    with pytest.raises(RunNotFound, match=names["gas"][2]):
        compare.compare(names["gas"])


def test_the_command_line_says_the_same(names, call):
    asked = names["forecast"]
    code, printed, _ = call("compare", *asked, "--json")
    found, told = compare.compare(asked), json.loads(printed)
    assert code == 0
    assert [row["run"] for row in told["runs"]] == found.table["run"].tolist()
    assert told["runs"][0]["mae"] == pytest.approx(found.table["mae"][0])
    assert (told["best"], told["changed"], told["rows"]) == (found.best, found.changed, found.rows)
    assert len(told["pairs"]) == 3
    _, printed, _ = call("compare", *asked)
    assert asked[0] in printed
    assert "Diebold-Mariano" in printed


def test_on_the_command_line_a_mistake_is_one_line(names, call):
    code, printed, told = call("compare", names["gas"][0], names["life"][0])
    assert (code, printed) == (2, "")
    assert told.count("\n") == 1
    assert "Only runs of one task" in told
    assert call("compare", names["gas"][0], "<b>no</b>")[0] == 2
