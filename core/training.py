"""The one training loop: compiled, with progress, cancel, early stop, checkpoint and resume."""

from __future__ import annotations

import itertools
import json
import logging
import shutil
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from core.backend import tensorflow
from core.errors import Cancelled, ConfigError
from core.settings import settings
from core.task import Progress, Reporter, Silent

log = logging.getLogger(__name__)

REPORT_EVERY = 0.5  # seconds between two reports inside an epoch


class Examples(Protocol):
    """What a model is trained on: a sequence of examples, taken by index."""

    def __len__(self) -> int: ...

    def take(self, indices: np.ndarray) -> tuple[Any, Any]:
        """Return inputs and targets (each an array or a structure of arrays) of *indices*."""
        ...


@dataclass(frozen=True)
class Schedule:
    """How long and in what order to train.

    Attributes:
        epochs: Epochs at most.
        batch_size: Examples a step.
        patience: Epochs without a better validation loss before it stops.
        seed: Together with the epoch's number it decides the order of the examples.
    """

    epochs: int
    batch_size: int
    patience: int
    seed: int


@dataclass
class State:
    """All that an interrupted training needs besides the variables of model and optimizer."""

    history: list[dict[str, float]] = field(default_factory=list)
    best: float = float("inf")
    best_epoch: int = 0
    best_weights: list[np.ndarray] = field(default_factory=list)

    @property
    def epoch(self) -> int:
        """Finished epochs."""
        return len(self.history)

    def note(self, metrics: dict[str, float], model: Any) -> None:
        """Add a finished epoch; keep the weights when it is the best one so far."""
        self.history.append(metrics)
        if metrics["val_loss"] < self.best:
            self.best, self.best_epoch = metrics["val_loss"], self.epoch
            self.best_weights = model.get_weights()

    def finished(self, schedule: Schedule) -> bool:
        """Whether all epochs are done or patience has run out."""
        waited = self.epoch - self.best_epoch
        return self.epoch >= schedule.epochs or (self.epoch > 0 and waited >= schedule.patience)


def checkpoint_of(key: str) -> Path:
    """Return where the checkpoint of the run with this key is kept while it is trained."""
    return settings().home / "checkpoints" / f"{key}.npz"


def forget(checkpoint: Path) -> None:
    """Remove *checkpoint* and what was kept beside it."""
    checkpoint.unlink(missing_ok=True)
    shutil.rmtree(epochs_of(checkpoint), ignore_errors=True)


def epochs_of(checkpoint: Path) -> Path:
    """Return the folder beside *checkpoint* where weights of every epoch may be kept."""
    return checkpoint.with_suffix(".epochs")


def train(
    model: Any,
    examples: Examples,
    validation: Examples,
    schedule: Schedule,
    reporter: Reporter | None = None,
    checkpoint: Path | None = None,
    measures: Mapping[str, Callable[[Any, Any], Any]] | None = None,
    each: Callable[[int], None] | None = None,
) -> list[dict[str, float]]:
    """Train a compiled Keras *model* in place; it ends with the weights of its best epoch.

    Where its optimizer averages weights (`use_ema`), these averages are validated and kept.

    A training that was interrupted and is called again with the same arguments goes on after the
    last finished epoch and ends with the same bits as one that was never interrupted.

    Args:
        model: A built Keras model with `model.compile(optimizer, loss)` behind it.
        examples: Training examples.
        validation: Examples that decide the best epoch and the early stop.
        schedule: Epochs, batch size, patience, seed.
        reporter: Told of progress; may cancel between two batches.
        checkpoint: File that is replaced after every epoch and removed at the end by the caller.
        measures: What else is measured in every epoch, by name: functions of targets and outputs
            of a batch, whose mean over all examples is taken.
        each: Called with the number of every finished epoch, while the model has its weights.

    Returns:
        One dict an epoch: epoch, loss, val_loss, every measure and its val_ twin, seconds.

    Raises:
        Cancelled: the reporter asked to stop; the checkpoint of the last epoch stays.
        ConfigError: the loss is no longer finite.
    """
    reporter, measures = reporter or Silent(), measures or {}
    model.optimizer.build(model.trainable_variables)
    state = State()
    if checkpoint is not None and checkpoint.exists():
        state = _restore(model, checkpoint) or state
    smallest = len(examples) // _batches(len(examples), schedule.batch_size)
    parts = min(settings().threads, smallest)
    step, score = _compiled(model, examples, parts, list(measures.values()))
    watch = _Watch(reporter, schedule, len(examples), state.epoch)
    while not state.finished(schedule):
        began = time.perf_counter()
        rng = np.random.default_rng([schedule.seed, state.epoch])
        order = rng.permutation(len(examples))
        learned = _pass(step, examples, order, schedule.batch_size, watch)
        raw = _averaged(model)
        held = _pass(score, validation, np.arange(len(validation)), 4 * schedule.batch_size)
        if not np.isfinite([learned[0], held[0]]).all():
            raise ConfigError(
                f"The loss became infinite in epoch {state.epoch + 1}.",
                "Lower the learning rate, or look for extreme values in the training rows.",
            )
        seconds = time.perf_counter() - began
        metrics: dict[str, float] = {"epoch": state.epoch + 1}
        for name, own, other in zip(("loss", *measures), learned, held, strict=True):
            metrics |= {name: own, f"val_{name}": other}
        state.note(metrics | {"seconds": round(seconds, 3)}, model)
        if each is not None:
            each(state.epoch)
        if raw is not None:
            model.set_weights(raw)
        if checkpoint is not None:
            _store(model, state, checkpoint)
        watch.epoch(metrics)
    if state.best_weights:
        model.set_weights(state.best_weights)
    return state.history


def _averaged(model: Any) -> list[np.ndarray] | None:
    """Give *model* the average of its last weights, where its optimizer keeps one.

    Returns:
        The weights that the training goes on with; None where there is no average.
    """
    if not model.optimizer.use_ema:
        return None
    raw: list[np.ndarray] = model.get_weights()
    model.optimizer.finalize_variable_values(model.trainable_variables)
    return raw


def _batches(examples: int, batch_size: int) -> int:
    """Return the number of batches, which are of equal size, give or take one example."""
    return max(1, -(-examples // batch_size))


def _compiled(
    model: Any, examples: Examples, parts: int, measures: list[Callable[[Any, Any], Any]]
) -> tuple[Any, Any]:
    """Return the graph functions of one training step and of one validation batch.

    Each returns the loss, and behind it the *measures*.
    Both are compiled once for batches of any size: it takes longer than an epoch of a small model.
    """
    tf = tensorflow()
    signature = tf.nest.map_structure(
        lambda x: tf.TensorSpec((None, *x.shape[1:]), x.dtype), examples.take(np.arange(1))
    )

    def judged(inputs: Any, targets: Any, training: bool) -> Any:
        outputs = model(inputs, training=training)
        loss = model.compute_loss(inputs, targets, outputs, training=training)
        return tf.stack([loss, *(measure(targets, outputs) for measure in measures)])

    def cut(inputs: Any, targets: Any) -> list[tuple[Any, Any, Any]]:
        """Cut a batch in parts, one a thread, which then run side by side.

        A recurrent network is one long chain of small operations: one thread works on it, the
        others wait. A part has its share of the batch's loss, so the gradient stays the same.
        """
        count = tf.shape(tf.nest.flatten(inputs)[0])[0]
        edges = [count * i // parts for i in range(parts + 1)]
        return [
            (
                tf.cast(b - a, tf.float32) / tf.cast(count, tf.float32),
                *tf.nest.map_structure(lambda x, a=a, b=b: x[a:b], (inputs, targets)),
            )
            for a, b in itertools.pairwise(edges)
        ]

    # Nothing in a step branches on a tensor: to rewrite its source would take seconds for nothing.
    @tf.function(input_signature=signature, autograph=False)
    def step(inputs: Any, targets: Any) -> Any:
        with tf.GradientTape() as tape:
            parts = cut(inputs, targets)
            shares = [share * judged(x, y, training=True) for share, x, y in parts]
            values = tf.add_n(shares)
            loss = values[0]
        gradients = tape.gradient(loss, model.trainable_variables)
        model.optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return values

    @tf.function(input_signature=signature, autograph=False)
    def score(inputs: Any, targets: Any) -> Any:
        return judged(inputs, targets, training=False)

    return step, score


def _pass(
    function: Any,
    examples: Examples,
    order: np.ndarray,
    batch_size: int,
    watch: _Watch | None = None,
) -> list[float]:
    """Run *function* over all batches; return the means of its values over all examples."""
    tf, total = tensorflow(), np.zeros(1)
    for batch in np.array_split(order, _batches(len(order), batch_size)):
        # Given numpy arrays, a graph function converts them at eight times the cost.
        tensors = tf.nest.map_structure(tf.constant, examples.take(batch))
        total = total + function(*tensors).numpy().astype(float) * len(batch)
        if watch is not None:
            watch.batch(len(batch))
    return [float(value) for value in total / max(1, len(order))]


class _Watch:
    """Counts batches, estimates the time left, tells the reporter and obeys it."""

    def __init__(self, reporter: Reporter, schedule: Schedule, size: int, epoch: int) -> None:
        self.reporter, self.schedule, self.size = reporter, schedule, max(1, size)
        self.done = self.before = epoch * self.size
        self.finished = epoch
        self.metrics: dict[str, float] = {}
        self.began = self.told = self.rate = 0.0
        self.fresh = True  # whether the next batch, the first of an epoch, may still compile

    def batch(self, count: int) -> None:
        self.done += count
        now = time.perf_counter()
        if self.fresh:
            self.began, self.before, self.fresh = now, self.done, False
        if self.reporter.cancelled():
            raise Cancelled(
                f"Training was stopped after epoch {self.finished}.",
                "Resume takes it up from there.",
            )
        if now - self.told >= REPORT_EVERY:
            self.tell(now)

    def epoch(self, metrics: dict[str, float]) -> None:
        self.finished, self.metrics = int(metrics["epoch"]), metrics
        self.done = self.finished * self.size
        self.tell(time.perf_counter())
        self.fresh = True

    def tell(self, now: float) -> None:
        self.told = now
        total = self.schedule.epochs * self.size
        if self.done > self.before and not self.fresh:
            self.rate = (self.done - self.before) / (now - self.began)
        left = (total - self.done) / self.rate if self.rate else None
        progress = Progress(
            self.finished, self.schedule.epochs, self.done / total, left, self.metrics
        )
        self.reporter.report(progress)


def _store(model: Any, state: State, path: Path) -> None:
    """Replace the checkpoint at *path* in one step, so that a kill never leaves half of one."""
    arrays: dict[str, Any] = {f"model_{i}": np.asarray(v) for i, v in enumerate(model.variables)}
    arrays |= {f"optimizer_{i}": np.asarray(v) for i, v in enumerate(model.optimizer.variables)}
    arrays |= {f"best_{i}": weight for i, weight in enumerate(state.best_weights)}
    meta = {"history": state.history, "best": state.best, "best_epoch": state.best_epoch}
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    with draft.open("wb") as file:
        np.savez(file, allow_pickle=False, meta=np.array(json.dumps(meta)), **arrays)
    draft.replace(path)


def _restore(model: Any, path: Path) -> State | None:
    """Take up the checkpoint at *path*; None when it cannot be read, which is logged.

    `model.variables` holds the seed generators of Dropout too, which a `.keras` file leaves out.
    """
    groups = {"model": model.variables, "optimizer": model.optimizer.variables}
    try:
        with np.load(path, allow_pickle=False) as arrays:
            meta = json.loads(str(arrays["meta"]))
            values = {
                name: [arrays[f"{name}_{i}"] for i in range(len(variables))]
                for name, variables in groups.items()
            }
            best = [arrays[f"best_{i}"] for i in range(len(model.weights))]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        log.warning("Checkpoint %s cannot be used (%s): training starts anew.", path.name, error)
        return None
    for name, variables in groups.items():
        for variable, value in zip(variables, values[name], strict=True):
            variable.assign(value)
    return State(meta["history"], meta["best"], meta["best_epoch"], best)
