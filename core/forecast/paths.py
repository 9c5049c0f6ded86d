"""The two ways in which a fusion network reads a window: over time, and over the sensors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.forecast.config import Config
from core.forecast.ends import Ends
from core.forecast.layers import classes
from core.gru import fused_gru
from core.recurrent import both_ways, dense, fused_lstm, one_way

KERNEL = 3  # steps that a temporal convolution spans (Yu et al. 2018, section 4.2)
CONVOLUTION = 3  # columns that the source's convolution spans
JOINT = 2  # the source's spatial path is twice as wide as its temporal one: 64 and 32


def recurrent(kind: str, units: int, seeds: Iterator[int]) -> Any:
    """Return a recurrent layer that keeps every step: (B, T, D) -> (B, T, units).

    Args:
        kind: "lstm" (Hochreiter and Schmidhuber 1997), "bilstm" (Schuster and Paliwal 1997; each
            direction has half of the units) or "gru" (Cho et al. 2014).
        units: Width.
        seeds: Of the initial weights.
    """
    if kind == "gru":
        return one_way(fused_gru(), units, True, seeds)
    if kind == "bilstm":
        return both_ways(fused_lstm(), units // 2, True, seeds)
    return one_way(fused_lstm(), units, True, seeds)


def temporal(ends: Ends, kind: str) -> Any:
    """Read the course of every node by itself: (B, T, N, F) -> (B, R, T, units).

    All nodes share the weights. Where few nodes are forecast from many, R = 1: one course that
    has all of them as its features, as the source has it.
    """
    from keras import ops

    courses = ends.courses()
    rows, steps, width = courses.shape[1:]
    flat = ops.reshape(courses, (-1, steps, width))
    states = recurrent(kind, ends.config.units, ends.seeds)(flat)
    return ops.reshape(states, (-1, rows, steps, states.shape[-1]))


def conv_st(ends: Ends, kind: str) -> Any:
    """Read neighbouring columns together, then their course: (B, T, N, F) -> (B, 1, T, 2 units).

    The spatial path of IMMAF-SDFN: a convolution of 1 x 3 over the feature axis, LeakyReLU 0.1,
    batch norm, all columns of a step side by side, and a recurrent layer of 64 where the temporal
    path has 32.
    """
    from keras import initializers, layers, ops

    shape, units = ends.shape, ends.config.units
    columns = ops.reshape(ends.past, (-1, shape.lookback, shape.nodes * shape.features, 1))
    found = layers.Conv2D(
        units,
        (1, CONVOLUTION),
        padding="same",
        kernel_initializer=initializers.GlorotUniform(next(ends.seeds)),
    )(columns)
    found = layers.BatchNormalization()(layers.LeakyReLU(0.1)(found))
    flat = ops.reshape(found, (-1, shape.lookback, shape.nodes * shape.features * units))
    states = recurrent(kind, JOINT * units, ends.seeds)(flat)
    return ops.expand_dims(states, 1)


def stgcn(ends: Ends, kind: str = "") -> Any:
    """Read every node with its neighbours on the graph: (B, T, N, F) -> (B, M, T, units).

    Yu, Yin and Zhu 2018, "Spatio-temporal graph convolutional networks", IJCAI, section 3.4: an
    ST-Conv block, a graph convolution between two gated temporal ones, with layer normalisation.
    One block instead of two, its first half as narrow as its middle, and windows padded at their
    start instead of shortened, so that a lookback of any length can be read.
    """
    from keras import layers, ops

    units, narrow = ends.config.units, max(ends.config.units // 2, 4)
    own, edges = classes(), ends.shape.edges
    states = gated(ends.past, narrow, ends.seeds)
    passed = own["GraphConvolution"](narrow, next(ends.seeds), edges)(states)
    states = gated(ops.relu(passed), units, ends.seeds)
    states = layers.LayerNormalization()(ends.of_targets(states, 2))
    return ops.transpose(states, (0, 2, 1, 3))


def gated(states: Any, units: int, seeds: Iterator[int]) -> Any:
    """Return (B, T, N, units): a gated convolution over time, of what was before each step alone.

    Yu et al. 2018, section 3.3 and equation 7: (P + x) * sigmoid(Q).
    """
    from keras import ops

    steps = states.shape[1]
    padded = ops.pad(states, ((0, 0), (KERNEL - 1, 0), (0, 0), (0, 0)))
    # A convolution, written as one product over the steps side by side.
    spans = ops.concatenate([padded[:, k : k + steps] for k in range(KERNEL)], axis=-1)
    both = dense(2 * units, seeds)(spans)
    value, gate = ops.split(both, 2, axis=-1)
    if states.shape[-1] != units:
        states = dense(units, seeds)(states)
    return (value + states) * ops.sigmoid(gate)


SPATIAL = {"stgcn": stgcn, "conv-st": conv_st}


def ending(spatial: str, config: Config) -> str:
    """Return what a spatial path ends with: the source's own has a recurrent layer."""
    return config.temporal if spatial == "conv-st" else spatial


def summary(ends: Ends, states: Any, kind: str) -> Any:
    """Return (B, R, D): what a path of *kind* has found in the end, of its *states* (B, R, T, D).

    A recurrent path remembers: its last step; and the first one of what reads backwards, the second
    half of "bilstm". A graph convolution does not: all its steps go through one map (Yu et al.
    2018, section 3.4: a convolution over all steps that are left, before the output).
    """
    from keras import ops

    if kind == "stgcn":
        rows, steps, width = states.shape[1:]
        return dense(ends.config.units, ends.seeds)(ops.reshape(states, (-1, rows, steps * width)))
    if kind != "bilstm":
        return states[:, :, -1]
    half = states.shape[-1] // 2
    return ops.concatenate([states[:, :, -1, :half], states[:, :, 0, half:]], axis=-1)
