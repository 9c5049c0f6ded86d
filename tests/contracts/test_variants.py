"""What holds for every variant of every task; a new one in a registry is found here by itself."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import os
import random
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.data.dataset import Dataset
from core.data.splits import Part
from core.errors import FusionscopeError
from core.settings import settings
from core.task import TASKS, Progress, Silent, get, key_of
from tests.examples import dataset, tides, waves, wearing
from tests.gas.examples import recording as sniffed
from tests.gas.examples import sniffing

ALL = [(task, name) for task in TASKS for name in get(task).VARIANTS]
TRAINED = [(task, name) for task, name in ALL if not get(task).VARIANTS[name].baseline]
NUMBERS = Path(__file__).with_name("numbers.json")
EXAMPLES = {"anomaly": waves, "life": wearing, "forecast": tides, "gas": sniffing}
MAKERS = {"gas": sniffed}  # of a recording from its frame, where it is more than a data set
ESTIMATORS = {
    "anomaly": "detector",
    "life": "regressor",
    "forecast": "forecaster",
    "gas": "classifier",
}
COLUMNS = {
    "anomaly": "entity time part score imputed label",
    "life": "entity time part age remaining lower upper health actual",
    "forecast": "time part",
    "gas": "row session part leak p_NoGas p_Perfume p_Smoke label",
}
ANSWERS = {"anomaly": "score", "life": "remaining", "gas": "leak"}
# Enough to learn the examples, and no more.
TINY = {"lookback": 12, "units": 12, "epochs": 12, "batch_size": 32, "learning_rate": 0.01}
MORE = {
    "forecast": {"nodes": "channels", "target": "s0", "horizon": 3, "heads": 2},
    "gas": {"image_size": 32, "tuning_epochs": 3, "coefficients": 32, "augment": False},
}
# Another value of a setting whose double or half it cannot have.
OTHERS = {
    "target": "s1",
    "entity": "unit-1",
    "spatial": "conv-st",
    "temporal": "bilstm",
    "fusion": "concat",
    "graph": "learned",
    "loss": "mse",
    "nodes": "channels",
    "future": "s2",
    "scaling": "shared",
    "season": 30,
    "coverage": 0.8,
    "protocol": "random",
    "warm_up": "leave out",
    "camera": "plain",
    "image": "gaf",
    "backbone": "mobilenet",
    "weights": "none",
    "tuning": "frozen",
    "wavelet": "db2",
    "cnns": "published",
    "scene": "colours",
}


@pytest.fixture(autouse=True, scope="module")
def home_of_all(tmp_path_factory):
    """A home folder of its own: what is kept there by content is none of the user's.

    Fusions share their CNNs there; one that joins three of a kind is content with one here.
    """
    with homed(tmp_path_factory.mktemp("home")), pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.gas.scenarios.STARTS", 1)
        yield


@contextlib.contextmanager
def homed(folder: Path) -> Iterator[None]:
    """Keep things in *folder*."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUSIONSCOPE_HOME", str(folder))
        settings.cache_clear()
        yield
    settings.cache_clear()


@pytest.fixture
def data(task):
    return EXAMPLES[task]()


@pytest.fixture
def unknown(data):
    """The same rows as a recording that nobody trained on: it is not split into parts."""
    return dataclasses.replace(data, content="unknown")


@dataclasses.dataclass
class Short:
    """Two epochs of a variant: what the tests that need no good detector compare with.

    Attributes:
        recording: What it learned from, and scored.
        before: The recording's frame before that.
        first: The checkpoint after the first epoch; no such file without epochs.
        second: The checkpoint after the second epoch.
    """

    fitted: Any
    answers: np.ndarray
    recording: Dataset
    before: pd.DataFrame
    first: Path
    second: Path


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """Fit two epochs of a variant and score, each one once for all tests of this module."""

    @functools.cache
    def learned(task: str, variant: str) -> Short:
        recording, checkpoint = EXAMPLES[task](), tmp_path_factory.mktemp(variant) / "now.npz"
        before = recording.frame.copy(deep=True)
        keeper = Keeper(checkpoint, 1)
        fitted = fresh(task, variant, recording, keeper, checkpoint, epochs=2)
        said = answers(task, fitted, recording)
        return Short(fitted, said, recording, before, keeper.kept, checkpoint)

    return learned


@dataclasses.dataclass
class Whole:
    """All epochs of a variant: what the tests compare that need a good detector.

    It takes up the training of `Short` after its first epoch: to compile a network takes longer
    than to train it.

    Attributes:
        told: Finished epochs, as often as progress of the training was reported.
        second: The checkpoint after the second epoch; no such file without epochs.
    """

    fitted: Any
    told: list[int]
    second: Path


@pytest.fixture(scope="module")
def whole(short, tmp_path_factory):
    """Fit a variant to its end, each one once for all tests of this module."""

    @functools.cache
    def learned(task: str, variant: str) -> Whole:
        checkpoint = tmp_path_factory.mktemp(variant) / "now.npz"
        if short(task, variant).first.exists():
            shutil.copy(short(task, variant).first, checkpoint)
        keeper = Keeper(checkpoint, 2)
        fitted = fresh(task, variant, EXAMPLES[task](), keeper, checkpoint)
        return Whole(fitted, keeper.told, keeper.kept)

    return learned


@pytest.fixture(scope="module")
def fit(whole):
    """Fit a variant to its end."""
    return lambda task, variant: whole(task, variant).fitted


@pytest.fixture(scope="module")
def again(short, tmp_path_factory):
    """Fit what `short` fits once more, with other readings after the training rows.

    It has a home folder of its own, where nothing is that the first fit left.
    """
    home = tmp_path_factory.mktemp("again")

    @functools.cache
    def learned(task: str, variant: str) -> Any:
        data, module, config = EXAMPLES[task](), get(task), short(task, variant).fitted.config
        frame = data.frame.copy()
        after = np.isin(module.split(data, config), (Part.TEST, Part.EMBARGO))
        frame.loc[after, list(data.channels)] = 7.0
        other = {"frame": frame}
        if task == "gas":
            other["frames"] = made(task, frame).frames
        with others_drawing(), homed(home):
            return fresh(task, variant, dataclasses.replace(data, **other), epochs=2)

    return learned


@contextlib.contextmanager
def others_drawing() -> Iterator[None]:
    """Draw from the generators that a process shares, in another thread."""
    over = threading.Event()

    def draw() -> None:
        while not over.wait(0.001):
            random.random()
            np.random.random()  # noqa: NPY002

    thread = threading.Thread(target=draw)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class Keeper(Silent):
    """Keeps a copy of the checkpoint of one epoch."""

    def __init__(self, checkpoint: Path, epoch: int) -> None:
        self.checkpoint, self.epoch = checkpoint, epoch
        self.kept, self.told = checkpoint.with_name("kept.npz"), []

    def report(self, progress: Progress) -> None:
        if progress.stage == "training":
            self.told.append(progress.epoch)
        if progress.epoch == self.epoch and not self.kept.exists():
            shutil.copy(self.checkpoint, self.kept)


def fresh(task: str, variant: str, recording, reporter=None, checkpoint=None, **settings):
    module = get(task)
    config = module.Config.parse({**TINY, **MORE.get(task, {}), "variant": variant, **settings})
    prepared = module.prepare(recording, config)
    return module.fit(prepared, reporter=reporter, checkpoint=checkpoint)


def made(task: str, frame: pd.DataFrame) -> Dataset:
    """Return the recording of *frame* as *task* reads it."""
    return MAKERS.get(task, dataset)(frame)


def answers(task: str, fitted, recording) -> np.ndarray:
    """Return what the task says of every row; NaN where it says nothing."""
    return answer_of(task, get(task).predict(fitted, recording))


def answer_of(task: str, result) -> np.ndarray:
    """Return the answers of *result*, (rows,) or, where a row has several, (rows, answers)."""
    if task == "gas":
        return np.c_[result.leak, result.gas]
    if task != "forecast":
        return result.steps[ANSWERS[task]].to_numpy()
    inside = result.origins < len(result)
    said = np.full((len(result), result.horizon * len(result.targets)), np.nan, np.float32)
    said[result.origins[inside]] = result.forecasts[inside].reshape(-1, said.shape[1])
    return said


def batch_of(model) -> list[Any]:
    """Return random readings as *model* reads them; places in tables, if it looks any up, are 0."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    shapes = [(4, *tensor.shape[1:]) for tensor in model.inputs]
    batch = [
        rng.normal(size=shape) if "float" in tensor.dtype else np.zeros(shape)
        for shape, tensor in zip(shapes, model.inputs, strict=True)
    ]
    return [
        tf.constant(values, tensor.dtype)
        for values, tensor in zip(batch, model.inputs, strict=True)
    ]


@pytest.mark.parametrize(("task", "variant"), ALL)
def test_input_is_not_changed(task, variant, short):
    learned = short(task, variant)
    pd.testing.assert_frame_equal(learned.recording.frame, learned.before)
    channels = learned.before[list(learned.recording.channels)]
    np.testing.assert_array_equal(learned.recording.values, channels)


@pytest.mark.parametrize(("task", "variant"), ALL)
def test_the_same_seed_gives_the_same_numbers(task, variant, data, short, again):
    """Even while others draw from the generators that a process shares, as its event loop does."""
    learned, other = short(task, variant), again(task, variant)
    np.testing.assert_array_equal(other.reference, learned.fitted.reference)
    np.testing.assert_array_equal(answers(task, other, data), learned.answers)


@pytest.mark.parametrize(("task", "variant"), TRAINED)
def test_a_resumed_training_equals_an_uninterrupted_one_to_the_bit(task, variant, short, whole):
    never, once = short(task, variant), whole(task, variant)
    if not never.fitted.history:
        pytest.skip("it has no epochs")
    assert min(once.told) == 1, "the first epoch was trained again"
    losses = [[epoch["loss"] for epoch in one.fitted.history[:2]] for one in (never, once)]
    assert losses[0] == losses[1]
    with np.load(never.second) as plain, np.load(once.second) as resumed:
        assert plain.files == resumed.files
        for name in set(plain.files) - {"meta"}:  # which knows how long an epoch took
            np.testing.assert_array_equal(resumed[name], plain[name], name)


@pytest.mark.parametrize(("task", "variant"), ALL)
def test_a_version_is_raised_when_its_numbers_change(task, variant, short):
    """NUMBERS=keep writes the present ones; do so after raising the version of the variant."""
    reference = short(task, variant).fitted.reference.astype(float)
    present = {
        "version": get(task).VARIANTS[variant].version,
        "reference": [float(f"{value:.6g}") for value in np.quantile(reference, [0.1, 0.5, 0.9])],
    }
    kept = json.loads(NUMBERS.read_text()) if NUMBERS.exists() else {}
    name = f"{task}/{variant}"
    if os.environ.get("NUMBERS") == "keep":
        NUMBERS.write_text(json.dumps(kept | {name: present}, indent=1) + "\n")
        return
    assert present["version"] == kept[name]["version"], "NUMBERS=keep make test"
    # Another processor sums in another order; a changed method changes more than that.
    assert present["reference"] == pytest.approx(kept[name]["reference"], rel=1e-3)


@pytest.mark.parametrize(("task", "variant"), ALL)
def test_save_and_load_give_the_same_result(task, variant, data, fit, tmp_path):
    fitted = fit(task, variant)
    fitted.save(tmp_path)
    before, after = (get(task).predict(f, data) for f in (fitted, get(task).load(tmp_path)))
    pd.testing.assert_frame_equal(before.steps, after.steps)
    np.testing.assert_array_equal(answer_of(task, before), answer_of(task, after))
    np.testing.assert_array_equal(fitted.reference, get(task).load(tmp_path).reference)
    if task == "anomaly":
        np.testing.assert_array_equal(before.residuals.read(0, 50), after.residuals.read(0, 50))


@pytest.mark.parametrize(("task", "variant"), ALL)
def test_a_result_is_as_long_as_its_input(task, variant, data, fit):
    result = get(task).predict(fit(task, variant), data)
    assert len(result) == len(data)
    answer = result.forecasts if task == "forecast" else result.steps[ANSWERS[task]]
    assert answer.dtype == np.float32
    assert np.isfinite(answer).all()
    assert list(result.steps.columns) == COLUMNS[task].split()
    if task == "anomaly":
        assert result.residuals.channels == data.channels
        assert result.residuals.read(0, len(data)).shape == data.values.shape
    if task == "forecast":
        assert result.forecasts.shape == (len(result.origins), 3, 1)
        assert result.origins[-1] == len(data)


@pytest.mark.parametrize(("task", "variant"), ALL)
def test_entities_are_not_mixed(task, variant, unknown, fit):
    """What is said of the second entity does not depend on what stands before it."""
    if variant == "random":
        pytest.skip("noise is drawn row by row and knows of no entity")
    fitted, rows = fit(task, variant), unknown.entities["unit-1"]
    alone = made(task, unknown.frame.iloc[rows].reset_index(drop=True))
    both, single = (answers(task, fitted, d) for d in (unknown, alone))
    np.testing.assert_allclose(both[rows], single, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("task", "variant"), ALL)
def test_nothing_after_the_training_rows_reaches_what_is_fitted(task, variant, short, again):
    """The second fit saw other rows there; `test_the_same_seed...` holds its answers, too."""
    learned, other = short(task, variant), again(task, variant)
    if task == "forecast":
        assert other.scaler.to_dict() == learned.fitted.scaler.to_dict()
    else:
        assert other.scaler.to_json() == learned.fitted.scaler.to_json()
    np.testing.assert_array_equal(other.reference, learned.fitted.reference)


@pytest.mark.parametrize(("task", "variant"), TRAINED)
def test_every_weight_gets_a_gradient(task, variant, data, fit):
    import tensorflow as tf

    model = getattr(getattr(fit(task, variant), ESTIMATORS[task]), "model", None)
    if model is None:
        pytest.skip("it has no weights that a gradient trains")
    batch = batch_of(model)
    batch = batch[0] if len(batch) == 1 else batch
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(batch, training=True) - 1.0))
    for variable, gradient in zip(
        model.trainable_variables, tape.gradient(loss, model.trainable_variables), strict=True
    ):
        assert gradient is not None, variable.path
        # Of a table, only the rows that were looked up have one.
        assert np.abs(tf.convert_to_tensor(gradient)).max() > 0, variable.path


@pytest.mark.parametrize(("task", "variant"), TRAINED)
def test_it_learns(task, variant, data, fit):
    """It finds the break, the end of a life, or what comes, far better than baselines."""
    module = get(task)
    baselines = {
        "anomaly": ("random", "max-z"),
        "life": ("mean-life", "linear-degradation"),
        "forecast": ("persistence",),
        "gas": ("lda",),
    }
    own, *others = (
        module.evaluate(module.predict(fit(task, name), data), data.labels)
        for name in (variant, *baselines[task])
    )
    if task == "anomaly":
        best = max(metrics["average_precision"] for metrics in others)
        assert own["average_precision"] > 2 * best
    elif variant == "thermal-windows":
        # What the example's frames show stands still: only the swinging of a gas is there to see.
        assert own["accuracy"] > 0.45  # of three classes
    elif task == "gas":
        assert 1 - own["accuracy"] < 0.5 * min(1 - metrics["accuracy"] for metrics in others)
    else:
        # Networks as published say the level, and learn more slowly to stay near the last reading.
        share = 0.6 if task == "forecast" and not variant.startswith("fusion-") else 0.8
        assert own["rmse"] < share * min(metrics["rmse"] for metrics in others)
    losses = [epoch["loss"] for epoch in fit(task, variant).history]
    # Smoothed targets leave a loss behind.
    share = {"forecast": 0.8, "gas": 0.6}.get(task, 0.5)
    assert not losses or losses[-1] < losses[0] * share


@pytest.mark.parametrize(("task", "variant"), ALL)
@pytest.mark.parametrize("fault", ["empty", "short", "constant", "nan"])
def test_unfit_input_ends_in_one_clear_error(task, variant, data, fault):
    if task == "forecast" and fault in ("constant", "nan"):
        pytest.skip("a gap is left out, and what never changes is forecast so")
    if task == "gas" and fault == "short" and "lookback" not in get(task).VARIANTS[variant].reads:
        pytest.skip("it decides by one row")
    frame = data.frame
    if fault == "empty":
        frame = frame.iloc[:0]
    elif fault == "short":
        # A window fills up at the start of a life, but one row is no course.
        rows = {"life": 1, "forecast": TINY["lookback"]}
        rows = rows.get(task, TINY["lookback"] - 2)
        frame = frame.groupby("unit").head(rows).reset_index(drop=True)
    elif fault == "constant":
        frame = frame.assign(**dict.fromkeys(data.channels, np.float32(1)))
    else:
        frame = frame.assign(s1=frame["s1"].mask(frame.index == 7))
    with pytest.raises(FusionscopeError) as caught:
        fresh(task, variant, made(task, frame))
    assert "\n" not in str(caught.value)
    if fault == "short":
        assert ("12 rows" if task == "forecast" else "unit-0") in str(caught.value)
    if fault == "nan":
        assert "s1" in str(caught.value)


@pytest.mark.parametrize(("task", "variant"), ALL)
def test_a_missing_channel_is_named_and_the_order_does_not_matter(task, variant, unknown, fit):
    fitted = fit(task, variant)
    turned = unknown.frame[["s2", "s1", *unknown.frame.columns.drop(["s1", "s2"])]]
    turned = made(task, turned)
    np.testing.assert_array_equal(answers(task, fitted, turned), answers(task, fitted, unknown))
    with pytest.raises(FusionscopeError, match="s1"):
        get(task).predict(fitted, made(task, unknown.frame.drop(columns="s1")))


@pytest.mark.parametrize(("task", "variant"), ALL)
def test_the_key_follows_only_what_matters(task, variant, data):
    module = get(task)
    base = {"variant": variant}
    key = key_of(task, module.Config.parse(base), data)
    assert key == key_of(task, module.Config.parse(base), data)
    for name, info in module.Config.model_fields.items():
        if name in ("variant", "train_rows", "members", "by"):
            continue
        changed = key_of(task, module.Config.parse({**base, name: another(name, info)}), data)
        assert (changed != key) == (name in module.VARIANTS[variant].reads), name


def another(name: str, info) -> Any:
    """Return another value than the default of a setting."""
    default = info.default
    if isinstance(default, bool):
        return not default
    if name in OTHERS:
        return OTHERS[name]
    return default * 2 or 1 if isinstance(default, int) else default / 2 or 0.1


@pytest.mark.parametrize(("task", "variant"), [pair for pair in ALL if pair[0] == "anomaly"])
def test_blocks_do_not_show_in_the_scores(task, variant, unknown, fit, monkeypatch):
    fitted, predict = fit(task, variant), get(task).predict
    whole = predict(fitted, unknown).scores
    monkeypatch.setattr("core.anomaly.contributions.PIECE", 64)
    monkeypatch.setattr("core.anomaly.blocks.PIECE", 64)
    monkeypatch.setattr("core.anomaly.blocks.ROWS", 150)
    np.testing.assert_allclose(predict(fitted, unknown).scores, whole, rtol=1e-3, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(("task", "variant"), ALL)
def test_memory_is_bounded_on_a_long_input(task, variant, data, fit, monkeypatch):
    """Many blocks of rows are scored without ever holding all their windows."""
    if task == "gas" and get(task).VARIANTS[variant].reads & {"camera", "image_size"}:
        pytest.skip("a test of the features holds them to it: here they would take an hour")
    import tracemalloc

    monkeypatch.setattr("core.anomaly.contributions.PIECE", 4096)
    monkeypatch.setattr("core.anomaly.blocks.PIECE", 4096)
    monkeypatch.setattr("core.anomaly.blocks.ROWS", 32_768)
    frame = pd.concat([data.frame[list(data.channels)]] * 125, ignore_index=True)
    long, fitted = made(task, frame), fit(task, variant)
    if task == "gas":
        long = dataclasses.replace(long, frames=None)
    tracemalloc.start()
    get(task).predict(fitted, long)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    windows = len(long) * TINY["lookback"] * long.values[0].nbytes
    assert peak < windows, "as much as a copy of every window"
