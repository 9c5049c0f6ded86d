"""Isolation forest: what random cuts set apart quickly is unusual (Liu et al. 2008, ICDM)."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.anomaly.config import Config
from core.anomaly.contributions import Contributing

TREES = 100
SAMPLE = 256  # training rows a tree sees (section 4.1 of the paper)
DEPTH = 8  # log2 of the sample: no tree is deeper


class Forest(Contributing):
    """The share of isolation, 2 ** (-mean depth / expected depth), between 0 and 1.

    The forest itself knows no contributions: a channel's share is its share of the squared
    z-scores of the row.

    Attributes:
        trees: Arrays of scikit-learn's trees, (trees, nodes): "feature" (negative in a leaf),
            "threshold", "left", "right", and "depth": the expected depth of a leaf's rows.
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.trees: dict[str, np.ndarray] = {}

    def learn(self, rows: np.ndarray, segments: list[slice]) -> np.ndarray:
        """Grow the trees with scikit-learn, and keep them as arrays."""
        from sklearn.ensemble import IsolationForest

        forest = IsolationForest(
            n_estimators=TREES, max_samples=min(SAMPLE, len(rows)), random_state=self.config.seed
        ).fit(rows)
        trees = [arrays_of(estimator.tree_) for estimator in forest.estimators_]
        size = max(len(tree["feature"]) for tree in trees)
        self.trees = {
            name: np.array([np.pad(tree[name], (0, size - len(tree[name]))) for tree in trees])
            for name in trees[0]
        }
        self.trees["expected"] = expected_depth(np.array([forest.max_samples_]))
        return self.contributions(rows, segments, own=True)

    def judge(self, part: np.ndarray, first: int | None = None) -> np.ndarray:
        """Return (rows, N): the isolation, shared out by the squared z-scores."""
        depth = np.zeros(len(part))
        every = np.arange(len(part))
        for tree in range(len(self.trees["feature"])):
            feature, threshold, left, right, ends = (
                self.trees[name][tree]
                for name in ("feature", "threshold", "left", "right", "depth")
            )
            node = np.zeros(len(part), np.int32)
            for _ in range(DEPTH):  # a leaf leads to itself
                below = part[every, feature[node]] <= threshold[node]
                node = np.where(below, left[node], right[node])
            depth += ends[node]
        score = np.exp2(-depth / (len(self.trees["feature"]) * self.trees["expected"][0]))
        shares = np.square(part, dtype=np.float64) + 1e-12
        shares /= shares.sum(axis=1, keepdims=True)
        return (shares * score[:, None]).astype(np.float32)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the trees."""
        return self.trees

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Take what `arrays` returned."""
        self.trees = arrays


def arrays_of(tree: Any) -> dict[str, np.ndarray]:
    """Return the arrays of one of scikit-learn's trees; a leaf leads to itself."""
    leaf, own = tree.children_left < 0, np.arange(tree.node_count, dtype=np.int32)
    depth = np.zeros(tree.node_count)
    for node in np.flatnonzero(~leaf):  # a parent stands before its children
        depth[[tree.children_left[node], tree.children_right[node]]] = depth[node] + 1
    return {
        "feature": np.where(leaf, 0, tree.feature).astype(np.int32),
        "threshold": tree.threshold,
        "left": np.where(leaf, own, tree.children_left).astype(np.int32),
        "right": np.where(leaf, own, tree.children_right).astype(np.int32),
        "depth": depth + expected_depth(tree.n_node_samples),
    }


def expected_depth(rows: np.ndarray) -> np.ndarray:
    """Return the mean depth at which a random tree isolates one of so many *rows* (equation 1)."""
    n = np.maximum(rows, 2).astype(float)
    mean = 2 * (np.log(n - 1) + np.euler_gamma) - 2 * (n - 1) / n
    return np.where(rows <= 1, 0.0, np.where(rows == 2, 1.0, mean))
