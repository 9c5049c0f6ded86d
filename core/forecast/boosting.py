"""Gradient-boosted trees on the window, for single targets.

Histogram-based trees (Ke et al. 2017, LightGBM) as scikit-learn has them, one model a step ahead,
on the change from the last reading.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.data.rows import plural
from core.errors import Cancelled, ConfigError
from core.forecast.config import Config
from core.forecast.forecaster import Training, last_of, pieces
from core.forecast.samples import Samples
from core.settings import settings
from core.task import Progress, Reporter

ROUNDS = 200  # trees at most; the validation windows decide how many are used
RATE = 0.06
LEAVES = 31
PATIENCE = 15
MOST = 24  # steps ahead that have a model of their own
CHUNK = 1_024
SMALL = 1_000_000  # numbers of a table that one thread reads
FILE = "trees.npz"
LOSSES = {"mae": "absolute_error", "mse": "squared_error", "huber": "squared_error"}


def rows_of(samples: Samples, indices: np.ndarray) -> np.ndarray:
    """Return (B, inputs) float32: changes from the last reading, levels, calendar, known ahead."""
    batch = samples.inputs(indices)
    count = len(indices)
    target = int(samples.panel.targets[0])
    own = batch.past[:, :, target, 0]
    changes = own[:, :-1] - own[:, -1:]
    return np.concatenate(
        [
            changes,
            batch.past.reshape(count, -1),
            batch.when.astype(np.float32),
            batch.future.reshape(count, -1),
        ],
        axis=1,
    )


class Boosting:
    """Trees that are added one after the other, each for what the ones before miss.

    Attributes:
        trees: Arrays of all trees, (trees, nodes): feature, threshold, left, right, value; and
            of each tree its step ahead.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.trees: dict[str, np.ndarray] = {}

    def fit(
        self, training: Training, reporter: Reporter | None, checkpoint: Path | None
    ) -> list[dict[str, float]]:
        """Grow the trees of every step ahead.

        Raises:
            ConfigError: there are several targets, or a step ahead was never measured.
        """
        targets = len(training.train.panel.targets)
        if targets > 1:
            raise ConfigError(
                f"Gradient boosting forecasts a single target, here are {targets}.",
                "Choose a target, or another model.",
            )
        parts = [_table(samples) for samples in (training.train, training.validation)]
        grown, steps = [], _steps(training.train.horizon)
        for number, step in enumerate(steps):
            if reporter is not None:
                if reporter.cancelled():
                    raise Cancelled("Boosting was stopped.", "Train again to start anew.")
                share = number / len(steps)
                reporter.report(Progress(0, 0, share, None, {}, f"step {step + 1}"))
            grown += [tree | {"step": np.array(step)} for tree in self._grow(parts, step)]
        self.trees = _joined(grown)
        return []

    def _grow(
        self, parts: list[tuple[np.ndarray, np.ndarray]], step: int
    ) -> list[dict[str, np.ndarray]]:
        """Return the trees for one step ahead; the first one is the constant."""
        from sklearn.ensemble import HistGradientBoostingRegressor
        from threadpoolctl import threadpool_limits

        known = [np.isfinite(y[:, step]) for _, y in parts]
        (rows, said), (held, later) = (
            (x[mask], y[mask, step]) for (x, y), mask in zip(parts, known, strict=True)
        )
        if not (len(said) and len(later)):
            raise ConfigError(
                f"The target was never measured {plural(step + 1, 'step')} ahead in the "
                f"{'validation' if len(said) else 'training'} rows.",
                "Choose another target or horizon, or change the shares of the parts.",
            )
        model = HistGradientBoostingRegressor(
            loss=LOSSES[self.config.loss],
            learning_rate=RATE,
            max_iter=ROUNDS,
            max_leaf_nodes=LEAVES,
            early_stopping=True,
            n_iter_no_change=PATIENCE,
            random_state=self.config.seed,
        )
        # In a small table threads wait for one another longer than they work.
        with threadpool_limits(1 if rows.size < SMALL else settings().threads, "openmp"):
            model.fit(rows, said, X_val=held, y_val=later)
        constant = _leaf(float(np.ravel(model._baseline_prediction)[0]))
        return [constant, *(_arrays(stage[0].nodes) for stage in model._predictors)]

    def forecast(self, samples: Samples) -> np.ndarray:
        """Return (W, H, 1) float32, scaled; steps between those with trees are interpolated."""
        last, steps = last_of(samples), _steps(samples.horizon)
        said = np.empty((len(samples), samples.horizon), np.float32)
        for indices in pieces(len(samples), CHUNK):
            changes = self._changes(rows_of(samples, indices), steps)
            between = np.arange(samples.horizon)
            at = np.searchsorted(steps, between, "right").clip(1, max(len(steps) - 1, 1))
            left, right = np.array(steps)[at - 1], np.array(steps)[np.minimum(at, len(steps) - 1)]
            share = (between - left) / np.maximum(right - left, 1)
            low, high = changes[:, at - 1], changes[:, np.minimum(at, len(steps) - 1)]
            said[indices] = low + (high - low) * share
        return (last[:, :1] + said)[..., None].astype(np.float32)

    def _changes(self, rows: np.ndarray, steps: list[int]) -> np.ndarray:
        """Return (B, steps): the sums of the trees."""
        total = np.zeros((len(rows), len(steps)))
        place = {step: at for at, step in enumerate(steps)}
        every = np.arange(len(rows))
        for tree in range(len(self.trees["step"])):
            feature, threshold, left, right, value = (
                self.trees[name][tree]
                for name in ("feature", "threshold", "left", "right", "value")
            )
            node = np.zeros(len(rows), np.int32)
            for _ in range(int(self.trees["depth"][tree])):  # a leaf leads to itself
                below = rows[every, feature[node]] <= threshold[node]
                node = np.where(below, left[node], right[node])
            total[:, place[int(self.trees["step"][tree])]] += value[node]
        return total

    def save(self, folder: Path) -> None:
        """Write `trees.npz`."""
        np.savez(folder / FILE, allow_pickle=False, **self.trees)

    def load(self, folder: Path) -> None:
        """Read `trees.npz`."""
        with np.load(folder / FILE, allow_pickle=False) as arrays:
            self.trees = {name: arrays[name] for name in arrays.files}


def _steps(horizon: int) -> list[int]:
    """Return the steps ahead, counted from 0, that have trees of their own."""
    return np.unique(np.linspace(0, horizon - 1, min(horizon, MOST)).round().astype(int)).tolist()


def _table(samples: Samples) -> tuple[np.ndarray, np.ndarray]:
    """Return (W, inputs) and (W, H), change from the last reading, NaN where nothing was read."""
    parts = pieces(len(samples), CHUNK)
    rows = np.concatenate([rows_of(samples, indices) for indices in parts])
    later = np.concatenate([samples.targets(indices)[..., 0] for indices in parts])
    return rows, later - last_of(samples)


def _leaf(value: float) -> dict[str, np.ndarray]:
    """Return a tree that says *value*."""
    none = np.zeros(1, np.int32)
    return {
        "feature": none,
        "threshold": np.zeros(1),
        "left": none,
        "right": none,
        "value": np.array([value]),
        "depth": np.array(0),
    }


def _arrays(nodes: np.ndarray) -> dict[str, np.ndarray]:
    """Return a tree of scikit-learn as arrays; a leaf leads to itself."""
    leaf, own = nodes["is_leaf"].astype(bool), np.arange(len(nodes), dtype=np.int32)
    return {
        "feature": np.where(leaf, 0, nodes["feature_idx"]).astype(np.int32),
        "threshold": np.where(leaf, 0.0, nodes["num_threshold"]),
        "left": np.where(leaf, own, nodes["left"]).astype(np.int32),
        "right": np.where(leaf, own, nodes["right"]).astype(np.int32),
        "value": np.where(leaf, nodes["value"], 0.0),
        "depth": np.array(int(nodes["depth"].max())),
    }


def _joined(trees: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Stack *trees*, padded to the size of the largest."""
    size = max(len(tree["feature"]) for tree in trees)
    return {
        name: np.stack(
            [
                np.pad(tree[name], (0, size - len(tree[name]))) if tree[name].ndim else tree[name]
                for tree in trees
            ]
        )
        for name in trees[0]
    }
