"""Linear forecasts from the window: ridge regression, solved exactly (Hoerl and Kennard 1970)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from core.errors import Cancelled
from core.forecast.config import Config
from core.forecast.forecaster import Training, last_of, pieces
from core.forecast.samples import Samples
from core.task import Progress, Reporter

PENALTIES = tuple(10.0**power for power in range(6))
NEVER = 1e12  # penalty of what is not to be read
MOST = 4_096  # inputs of one regression; beyond, every node is forecast from its own window
CHUNK, CELLS = 2_048, 1 << 24  # windows, and their numbers, that are read at once
NUMBERS = 1 << 26  # of the equations that are held at once: half a gigabyte
ROUNDS = 2  # of filling in targets that were not measured
FILE = "model.npz"


@dataclass(frozen=True, eq=False)
class Linear:
    """A linear map from windows to changes.

    Attributes:
        own: Whether every target is forecast from the window of its own node, else from all.
        weights: (R, inputs, outputs) float32; R is M where every target has its own map, else 1.
    """

    own: bool
    weights: np.ndarray

    def changes(self, samples: Samples, indices: np.ndarray) -> np.ndarray:
        """Return (B, H, M) float32: forecast minus last reading, scaled."""
        return self.apply(inputs_of(samples, indices, self.own), samples)

    def apply(self, inputs: np.ndarray, samples: Samples) -> np.ndarray:
        """Return (B, H, M) for what `inputs_of` returned of *samples*."""
        shape = (len(inputs), samples.horizon, len(samples.panel.targets))
        said = np.matmul(inputs.transpose(1, 0, 2), self.weights)  # (M or 1, B, outputs)
        return said.transpose(1, 2, 0) if self.own else said[0].reshape(shape)


def inputs_of(samples: Samples, indices: np.ndarray, own: bool) -> np.ndarray:
    """Return (B, M, inputs) from the window of each target's node, or (B, 1, inputs) from all.

    The first feature, the one that is forecast, counts from its last reading, beside its level;
    what is known ahead comes behind, and a 1 for the constant.
    """
    batch = samples.inputs(indices)
    both = batch.past.copy()
    both[:, :-1, :, 0] -= both[:, -1:, :, 0]
    count = len(indices)
    if own:
        both = both[:, :, samples.panel.targets]
        flat = both.transpose(0, 2, 1, 3).reshape(count, both.shape[2], -1)
    else:
        flat = both.reshape(count, 1, -1)
    rows = flat.shape[1]
    ahead = np.repeat(batch.future.reshape(count, 1, -1), rows, axis=1)
    ones = np.ones((count, rows, 1), np.float32)
    return np.concatenate([flat, ahead, ones], axis=2)


def changes_of(samples: Samples, indices: np.ndarray) -> np.ndarray:
    """Return (B, H, M) float32: reading minus last reading, scaled; NaN where nothing was read."""
    last = last_of(samples)[indices]
    return samples.targets(indices) - last[:, None]


def levels_of(samples: Samples, own: bool) -> np.ndarray:
    """Return which inputs of `inputs_of` are levels of what is forecast, not changes of it."""
    nodes, features = (1 if own else samples.scaled.shape[1]), samples.scaled.shape[2]
    return ((samples.lookback - 1) * nodes + np.arange(nodes)) * features


class _Equations:
    """The normal equations of one regression, or of one a target.

    Attributes:
        gram: (R, inputs, inputs) float64, inputs times inputs.
        answers: (R, inputs, outputs) float64, inputs times targets; R is M with one regression a
            target, else 1.
    """

    def __init__(self, samples: Samples, own: bool, each: bool) -> None:
        self.samples, self.own, self.each = samples, own, each
        self.whole = True
        self.gram = self._over(lambda x, _: np.matmul(x.transpose(1, 2, 0), x.transpose(1, 0, 2)))
        self.answers = self._answers(None)

    def _over(self, product: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
        """Return the sum of *product* over all windows; over all targets, too, without `each`."""
        total: np.ndarray | float = 0.0
        for indices in chunks(self.samples):
            part = product(inputs_of(self.samples, indices, self.own), indices).astype(np.float64)
            total = total + (part if self.each else part.sum(axis=0, keepdims=True))
        return np.asarray(total)

    def _answers(self, linear: Linear | None) -> np.ndarray:
        """Return inputs times targets, those not measured as *linear* says, at first unchanged."""

        def product(inputs: np.ndarray, indices: np.ndarray) -> np.ndarray:
            target = changes_of(self.samples, indices)
            missing = np.isnan(target)
            if missing.any():
                self.whole = False
                said = 0.0 if linear is None else linear.apply(inputs, self.samples)
                target = np.where(missing, said, target).astype(np.float32)
            if self.own:
                return np.matmul(inputs.transpose(1, 2, 0), target.transpose(2, 0, 1))
            return (inputs[:, 0].T @ target.reshape(len(indices), -1))[None]

        return self._over(product)

    def solve(self, penalty: float, level: bool = True) -> Linear:
        """Return the regression with this *penalty* on all weights but the constant.

        Without *level* it reads changes alone: where the same course lies does not matter to it.
        """
        ridge = np.full(self.gram.shape[1], penalty)
        if not level:
            ridge[levels_of(self.samples, self.own)] = NEVER
        ridge[-1] = 1e-6
        weights = [
            cho_solve(cho_factor(gram + np.diag(ridge), check_finite=False), answer)
            for gram, answer in zip(self.gram, self.answers, strict=True)
        ]
        return Linear(self.own, np.stack(weights).astype(np.float32))

    def fill(self, linear: Linear) -> None:
        """Put what *linear* says in place of targets that were not measured.

        Solved and filled in turns, the solution becomes that of the measured targets alone (Healy
        and Westmacott 1956).
        """
        self.answers = self._answers(linear)


def fit_linear(
    training: Training,
    own: bool,
    each: bool,
    reporter: Reporter | None = None,
    level: bool = True,
) -> tuple[Linear, float]:
    """Return the regression whose penalty is best on the validation windows, and its error there.

    Args:
        training: Windows.
        own: Whether a target is forecast from its own node alone.
        each: Whether every target has a regression of its own.
        reporter: Told of progress; may cancel.
        level: Whether it reads where the readings lie, besides how they change.
    """
    equations = _Equations(training.train, own, each)
    tried: list[tuple[float, float]] = []
    for number, penalty in enumerate(PENALTIES):
        _tell(reporter, number)
        error = squared(equations.solve(penalty, level), training.validation)
        tried.append((error, penalty))
    penalty = min(tried)[1]
    linear = equations.solve(penalty, level)
    for _ in range(0 if equations.whole else ROUNDS):
        equations.fill(linear)
        linear = equations.solve(penalty, level)
    return linear, squared(linear, training.validation)


def _tell(reporter: Reporter | None, number: int) -> None:
    if reporter is None:
        return
    if reporter.cancelled():
        raise Cancelled("The regression was stopped.", "Train again to start anew.")
    reporter.report(Progress(0, 0, number / len(PENALTIES), None, {}, "solving"))


def best_linear(training: Training, reporter: Reporter | None = None, level: bool = True) -> Linear:
    """Return the regression that is best on the validation windows; see `fit_linear`.

    Tried are one from the window of all nodes, where they are not too many, one from the node's
    own window that all targets share, and one a target.
    """
    samples = training.train
    kinds = [(True, False)]
    if len(samples.panel.targets) > 1 and fits_each(samples):
        kinds.append((True, True))
    if size_of(samples) <= MOST:
        kinds.append((False, False))
    found = [fit_linear(training, own, each, reporter, level) for own, each in kinds]
    return min(found, key=lambda pair: pair[1])[0]


def fits_each(samples: Samples) -> bool:
    """Whether the equations of one regression a target can be held at once."""
    inputs = samples.lookback * samples.scaled.shape[2]
    return len(samples.panel.targets) * inputs**2 <= NUMBERS


def chunks(samples: Samples) -> list[np.ndarray]:
    """Return the numbers of all windows, as many at once as memory should hold."""
    size = samples.lookback * samples.scaled[0].size
    return pieces(len(samples), max(1, min(CHUNK, CELLS // size)))


def size_of(samples: Samples) -> int:
    """Return the inputs of a regression from the window of all nodes."""
    ahead = len(samples.panel.future) * samples.horizon
    return samples.lookback * samples.scaled[0].size + ahead + 1


def squared(linear: Linear, samples: Samples) -> float:
    """Return the mean squared error of changes, scaled."""
    total, count = 0.0, 0
    for indices in chunks(samples):
        gap = linear.changes(samples, indices) - changes_of(samples, indices)
        total += float(np.nansum(np.square(gap)))
        count += int(np.isfinite(gap).sum())
    return total / max(count, 1)


class Ridge:
    """Ridge regression from the window of all nodes to all targets and steps ahead.

    Where these are too many inputs for one regression, every target has one of its own node; where
    these are too many, too, all targets share one.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.linear: Linear | None = None

    def fit(
        self, training: Training, reporter: Reporter | None, checkpoint: Path | None
    ) -> list[dict[str, float]]:
        """Solve; the penalty is the one that is best on the validation windows."""
        own = size_of(training.train) > MOST
        self.linear, _ = fit_linear(training, own, own and fits_each(training.train), reporter)
        return []

    def forecast(self, samples: Samples) -> np.ndarray:
        """Return (W, H, M) float32, scaled."""
        assert self.linear is not None
        last = last_of(samples)
        said = [
            last[indices][:, None] + self.linear.changes(samples, indices)
            for indices in chunks(samples)
        ]
        return np.concatenate(said).astype(np.float32)

    def save(self, folder: Path) -> None:
        """Write `model.npz`."""
        assert self.linear is not None
        np.savez(folder / FILE, allow_pickle=False, **vars(self.linear))

    def load(self, folder: Path) -> None:
        """Read `model.npz`."""
        with np.load(folder / FILE, allow_pickle=False) as arrays:
            self.linear = Linear(bool(arrays["own"]), arrays["weights"])
