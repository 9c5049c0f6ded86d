"""Random forests (Breiman 2001, "Random forests", Machine Learning), kept as plain arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

TREES = 200


def grow(
    rows: np.ndarray, codes: np.ndarray, classes: int, seed: int, leaf: int = 1, extra: bool = False
) -> dict[str, np.ndarray]:
    """Grow a forest with scikit-learn.

    Args:
        rows: (W, D).
        codes: (W,) int, places of classes.
        classes: C, of which *codes* need not have all.
        seed: Of the drawn rows and features.
        leaf: Rows that a leaf has at least.
        extra: Whether thresholds are drawn at random and all rows are seen by each tree, as in
            extremely randomised trees (Geurts, Ernst and Wehenkel 2006, Machine Learning).

    Returns:
        Arrays (trees, nodes): "feature", "threshold", "left", "right" (a leaf leads to itself);
        "value" (trees, nodes, C), shares of the classes.
    """
    from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

    kind = ExtraTreesClassifier if extra else RandomForestClassifier
    forest = kind(TREES, min_samples_leaf=leaf, class_weight="balanced", random_state=seed).fit(
        rows, codes
    )
    places = forest.classes_.astype(int)
    trees = [_arrays(estimator.tree_, places, classes) for estimator in forest.estimators_]
    size = max(len(tree["feature"]) for tree in trees)
    return {
        name: np.stack([np.pad(tree[name], _room(tree[name], size)) for tree in trees])
        for name in trees[0]
    }


def _room(array: np.ndarray, size: int) -> list[tuple[int, int]]:
    return [(0, size - len(array))] + [(0, 0)] * (array.ndim - 1)


def _arrays(tree: Any, places: np.ndarray, classes: int) -> dict[str, np.ndarray]:
    """Return one of scikit-learn's trees as arrays."""
    leaf, own = tree.children_left < 0, np.arange(tree.node_count, dtype=np.int32)
    counts = tree.value[:, 0]
    shares = np.zeros((tree.node_count, classes), np.float32)
    shares[:, places] = counts / counts.sum(axis=1, keepdims=True)
    return {
        "feature": np.where(leaf, 0, tree.feature).astype(np.int32),
        "threshold": np.where(leaf, 0.0, tree.threshold),
        "left": np.where(leaf, own, tree.children_left).astype(np.int32),
        "right": np.where(leaf, own, tree.children_right).astype(np.int32),
        "value": shares,
    }


def ask(trees: dict[str, np.ndarray], rows: np.ndarray) -> np.ndarray:
    """Return (W, C) float32: the mean of what the trees of `grow` say of *rows* (W, D)."""
    rows = rows.astype(np.float32)  # as scikit-learn compares
    said = np.zeros((len(rows), trees["value"].shape[-1]))
    flat, start = rows.ravel(), np.arange(len(rows)) * rows.shape[1]
    for feature, threshold, left, right, value in zip(
        *(trees[name] for name in ("feature", "threshold", "left", "right", "value")), strict=True
    ):
        node, before = np.zeros(len(rows), np.intp), np.full(len(rows), -1)
        below = np.stack([right, left], axis=1).ravel()  # where to go when it is not, when it is
        while not np.array_equal(node, before):  # a leaf leads to itself
            before = node
            less = flat.take(start + feature.take(node)) <= threshold.take(node)
            node = below.take(2 * node + less)
        said += value.take(node, axis=0)
    return (said / len(trees["feature"])).astype(np.float32)
