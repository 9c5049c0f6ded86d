"""Layers and networks of forecasts, against plain computations."""

from __future__ import annotations

import numpy as np
import pytest

from core import forecast
from core.backend import tensorflow
from core.data.graph import Graph
from core.errors import ConfigError, DataError
from core.forecast.dlinear import KERNEL, DLinear
from core.forecast.edges import graph_of
from core.forecast.fusion import Fusion
from core.forecast.layers import chebyshev, classes
from core.forecast.network import Shape, loss_of
from core.forecast.ridge import best_linear, fit_linear
from core.forecast.source import Source
from tests.forecast.examples import config, prepared

RNG = np.random.default_rng(0)
EDGES = np.array([[0, 1, 0.5, 0], [1, 0, 0, 0], [0.5, 0, 0, 0.2], [0, 0, 0.2, 0]])
GRAPH = Graph(("s0", "s1", "s2"), np.array([[0, 2, 0], [1, 0, 0], [0, 4, 0]], np.float32))
PLACES = np.array([[40.0, 116.0], [40.1, 116.1], [40.5, 116.4]])


def rough(shape) -> np.ndarray:
    """Return random numbers."""
    return RNG.normal(size=shape).astype(np.float32)


def shaken(model) -> None:
    """Give *model* random weights: many start at 0."""
    for variable in model.trainable_variables:
        variable.assign(rough(variable.shape))


def shape(**more) -> Shape:
    """Return the shape of a small network."""
    known = {"lookback": 6, "horizon": 3, "nodes": 4, "features": 2, "targets": (0, 1, 2, 3)}
    return Shape(**{**known, "ahead": 0, "slots": 24, "weekly": True, **more})


def windows(shape: Shape, count: int = 5) -> list[np.ndarray]:
    """Return what a network of *shape* reads."""
    past = rough((count, shape.lookback, shape.nodes, shape.features))
    when = np.c_[RNG.integers(0, shape.slots, count), RNG.integers(0, 7, count)].astype(np.int32)
    ahead = rough((count, shape.horizon, shape.ahead))
    return [past, when, ahead] if shape.ahead else [past, when]


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_chebyshev_polynomials_are_cosines_of_the_scaled_spectrum(order):
    """T_k(x) = cos(k arccos x), on the eigenvalues of the Laplacian scaled to -1 ... 1."""
    root = np.diag(1 / np.sqrt(EDGES.sum(axis=1)))
    values, vectors = np.linalg.eigh(np.eye(4) - root @ EDGES @ root)
    scaled = np.clip(2 * values / values.max() - 1, -1, 1)
    expected = [(vectors * np.cos(k * np.arccos(scaled))) @ vectors.T for k in range(order)]
    np.testing.assert_allclose(chebyshev(EDGES, order), expected, atol=1e-5)


@pytest.mark.parametrize("nodes", [1, 3])
def test_without_an_edge_every_node_is_read_by_itself(nodes):
    for term in chebyshev(np.zeros((nodes, nodes)), 3):
        np.testing.assert_array_equal(np.abs(term), np.eye(nodes))


def test_a_graph_convolution_passes_over_the_edges():
    layer = classes()["GraphConvolution"](5, 0, EDGES, order=3)
    features = rough((2, 6, 4, 3))
    said = np.asarray(layer(features))
    kernel, bias = (np.asarray(weight) for weight in layer.weights)
    kernel = kernel.reshape(3, 3, 5)
    expected = bias + sum(
        np.einsum("nm,btmf,fu->btnu", term, features, kernel[k])
        for k, term in enumerate(chebyshev(EDGES, 3))
    )
    np.testing.assert_allclose(said, expected, atol=1e-5)


def test_a_learned_graph_is_the_likeness_of_two_vectors_a_node():
    layer = classes()["GraphConvolution"](5, 0)
    features = rough((2, 6, 4, 3))
    layer(features)
    shaken(layer)
    weights = {weight.name: np.asarray(weight) for weight in layer.weights}
    like = np.maximum(weights["end_0"] @ weights["end_1"].T, 0)

    def softmax(rows):
        return np.exp(rows) / np.exp(rows).sum(axis=1, keepdims=True)

    terms = [np.eye(4), softmax(like), softmax(like.T)]
    kernel = weights["kernel"].reshape(3, 3, 5)
    expected = weights["bias"] + sum(
        np.einsum("nm,btmf,fu->btnu", term, features, kernel[k]) for k, term in enumerate(terms)
    )
    np.testing.assert_allclose(np.asarray(layer(features)), expected, atol=1e-4)


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize(
    "settings", [{}, {"target": "s1", "future": "s2,s0"}, {"lookback": 1, "horizon": 1}]
)
def test_the_layer_says_what_the_regression_says(own, settings):
    samples = (ready := prepared(**settings)).training.validation
    linear, _ = fit_linear(ready.training, own, False)
    layer = classes()["Regression"](
        own, *linear.weights.shape[:2], samples.horizon, samples.panel.targets.tolist()
    )
    every = np.arange(len(samples))
    batch = samples.inputs(every)
    tensors = [batch.past, *([batch.future] if settings.get("future") else [])]
    last = samples.scaled[samples.origins - 1][:, samples.panel.targets, 0][:, None]
    unlearned = np.broadcast_to(last, linear.changes(samples, every).shape)
    np.testing.assert_allclose(np.asarray(layer(tensors)), unlearned, atol=1e-6)
    layer.maps.assign(linear.weights)
    said = np.asarray(layer(tensors))
    np.testing.assert_allclose(said, last + linear.changes(samples, every), atol=1e-4)


@pytest.mark.parametrize(
    ("settings", "linear"),
    [
        ({}, True),
        ({"instance_norm": True}, True),
        ({"linear": False}, False),
        ({"together": False}, False),
    ],
)
def test_a_regression_takes_part_where_paths_forecast_too(settings, linear):
    network = Fusion(config(**settings))
    network.prepare(ready := prepared().training, None)
    names = [layer.name for layer in network.model.layers]
    assert ("regression" in names) == linear
    if linear:
        best = best_linear(ready, level=not settings.get("instance_norm")).weights
        np.testing.assert_array_equal(network.model.get_layer("regression").maps, best)


def test_the_shares_are_those_that_the_validation_windows_ask_for():
    ready = prepared()
    network = Fusion(config(epochs=1))
    network.fit(ready.training, None, None)
    given = network.shares
    assert list(given) == ["joint", "gru", "stgcn", "window", "linear"]
    assert sum(given.values()) == pytest.approx(1, abs=1e-5)
    assert np.ptp(list(given.values())) > 0.01
    layer = network.model.get_layer("together")

    def error() -> float:
        gap = network.forecast(ready.training.validation)
        gap = gap - ready.training.validation.targets(np.arange(len(gap)))
        return float(np.nanmean(np.abs(gap)))

    shared = error()
    layer.shares.assign(np.full(5, 0.2))
    assert shared < error()


@pytest.mark.parametrize("lookback", [1, 6, 40])
def test_dlinear_is_two_linear_maps_of_trend_and_remainder(lookback):
    this = shape(lookback=lookback, targets=(2, 0))
    model = DLinear(config()).build(this)
    past, when = windows(this)
    course = past[:, :, [2, 0], 0]
    start = np.asarray(model([past, when]))
    np.testing.assert_allclose(start, np.repeat(course.mean(1, keepdims=True), 3, 1), atol=1e-5)
    shaken(model)
    kernel = min(KERNEL, 2 * lookback - 1)
    trend = np.empty_like(course)
    for row in range(lookback):
        rows = np.clip(np.arange(row - (kernel - 1) // 2, row + kernel // 2 + 1), 0, lookback - 1)
        trend[:, row] = course[:, rows].mean(axis=1)
    first, first_bias, second, second_bias = model.get_weights()
    expected = np.einsum("btm,th->bhm", course - trend, first) + first_bias[:, None]
    expected += np.einsum("btm,th->bhm", trend, second) + second_bias[:, None]
    np.testing.assert_allclose(np.asarray(model([past, when])), expected, atol=1e-4)


@pytest.mark.parametrize(
    ("spatial", "targets", "rows"),
    [("stgcn", (0, 1, 2, 3), 4), ("conv-st", (0, 1, 2, 3), 4), ("stgcn", (2,), 1)],
)
def test_where_the_paths_look_sums_to_one(spatial, targets, rows):
    network = Fusion(config(spatial=spatial, heads=2))
    network.shape = this = shape(targets=targets, edges=EDGES.astype(np.float32))
    model, looks = network._built(this)
    import keras

    shaken(model)
    both = keras.Model(model.inputs, looks)(windows(this))
    for look in both:
        assert look.shape[0] == 5
        assert look.shape[1] in (1, rows)
        assert look.shape[2:] == (2, 6)
        np.testing.assert_allclose(np.asarray(look).sum(axis=-1), 1, atol=1e-5)
    assert model(windows(this)).shape == (5, 3, len(targets))


@pytest.mark.parametrize(("together", "count"), [(True, 4), (False, 1)])
def test_a_fusion_answers_with_the_mean_of_its_forecasts_and_learns_from_each(together, count):
    import keras

    tf, this = tensorflow(), shape()
    seen = windows(this)
    model = Fusion(config(heads=2, together=together, dropout=0.0)).build(this)
    shaken(model)
    found = [layer for layer in model.layers if type(layer).__name__ == "Together"]
    said = np.asarray(model(seen, training=False))
    targets = np.random.default_rng(1).normal(size=said.shape).astype(np.float32)
    targets[0, 1] = np.nan
    learned = loss_of("mae")(tf.constant(targets), model(seen, training=True))
    if together:
        forecasts = np.stack(keras.Model(model.inputs, found[0].input)(seen))
        np.testing.assert_allclose(said, forecasts.mean(axis=0), rtol=1e-3)
        assert np.ptp(forecasts, axis=0).min() > 0
    else:
        assert not found
        forecasts = said[None]
    assert len(forecasts) == count
    expected = np.nanmean(np.abs(targets - forecasts))
    assert float(learned) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("kind", ["lstm", "bilstm", "gru"])
def test_the_published_fusion_has_the_form_of_its_source(kind):
    """Convolution 1 x 3 over columns, LeakyReLU .1, batch norm, 64 beside 32 units, two dense."""
    from keras import layers

    this = shape(targets=(1,))
    model = Source(config(units=32), kind).build(this)
    found = {type(layer): layer for layer in model.layers}
    assert found[layers.Conv2D].kernel_size == (1, 3)
    assert found[layers.Conv2D].filters == 32
    assert found[layers.LeakyReLU].negative_slope == pytest.approx(0.1)
    assert layers.BatchNormalization in found
    recurrent = sorted(layer.units for layer in model.layers if hasattr(layer, "cell"))
    assert recurrent == ([16, 16, 32, 32] if kind == "bilstm" else [32, 64])
    dense = [layer for layer in model.layers if isinstance(layer, layers.Dense)]
    assert [layer.units for layer in dense] == [64, 3]
    assert dense[0].activation.__name__ == "relu"
    assert model(windows(this)).shape == (5, 3, 1)


@pytest.mark.parametrize("variant", [n for n, v in forecast.VARIANTS.items() if "units" in v.reads])
@pytest.mark.parametrize(
    "more",
    [
        {"nodes": 1, "features": 1, "targets": (0,), "edges": np.zeros((1, 1), np.float32)},
        {"lookback": 1, "horizon": 1},
        {"targets": (3, 1), "ahead": 2, "slots": 1, "weekly": False},
    ],
    ids=["one node", "one row", "known ahead"],
)
def test_networks_of_any_shape_can_be_built(variant, more):
    network = forecast.VARIANTS[variant].build(config(variant=variant))
    this = shape(**more)
    said = network.build(this)(windows(this))
    assert said.shape == (5, this.horizon, len(this.targets))
    assert np.isfinite(np.asarray(said)).all()


@pytest.mark.parametrize("variant", ["gru", "stgcn"])
def test_an_untrained_network_says_that_nothing_changes(variant):
    this = shape()
    past, when = windows(this)
    for settings in ({}, {"instance_norm": True}):
        network = forecast.VARIANTS[variant].build(config(**settings))
        said = np.asarray(network.build(this)([past, when]))
        last = np.repeat(past[:, -1:, :, 0], 3, axis=1)
        np.testing.assert_allclose(said, last, atol=1e-6)


def test_instance_normalisation_follows_the_level_of_a_window():
    """A window that is twice as wide and lies higher is forecast so, level and change."""
    this = shape(features=1)
    network = forecast.VARIANTS["gru"].build(config(residual=False, instance_norm=True))
    model = network.build(this)
    shaken(model)
    past, when = windows(this)
    said, other = (np.asarray(model([p, when])) for p in (past, 2 * past + 7))
    np.testing.assert_allclose(other, 2 * said + 7, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("kind", ["mae", "mse", "huber"])
def test_a_loss_is_the_mean_over_what_was_measured(kind):
    targets, outputs = 2 * rough((8, 3, 2)), rough((8, 3, 2))
    targets[RNG.random(targets.shape) < 0.7] = np.nan
    error = (targets - outputs)[np.isfinite(targets)]
    size = np.abs(error)
    expected = {
        "mae": size.mean(),
        "mse": np.square(error).mean(),
        "huber": np.where(size < 1, error**2 / 2, size - 0.5).mean(),
    }[kind]
    loss = loss_of(kind)
    assert float(loss(targets, outputs)) == pytest.approx(expected, rel=1e-5)
    assert float(loss(np.full_like(targets, np.nan), outputs)) == 0


def test_a_target_that_was_not_measured_moves_no_weight():
    import tensorflow as tf

    outputs = tf.Variable(rough((4, 3, 2)))
    targets = rough((4, 3, 2))
    targets[1, 2, 0] = targets[3, :, 1] = np.nan
    with tf.GradientTape() as tape:
        loss = loss_of("mse")(targets, outputs)
    gradient = np.asarray(tape.gradient(loss, outputs))
    np.testing.assert_array_equal(gradient == 0, np.isnan(targets))


def graph(given, **settings):
    ready = prepared(target=None)
    return graph_of(ready.panel, given, ready.training.train.scaled, config(**settings))


def test_edges_come_from_where_the_settings_say():
    both = Graph(GRAPH.nodes, GRAPH.weights, PLACES)
    places = Graph(GRAPH.nodes, None, PLACES)
    np.testing.assert_array_equal(graph(both)[0].weights, GRAPH.weights)
    assert graph(both)[1] == "given with the data"
    assert (
        graph(places)[1] == graph(both, graph="coordinates")[1] == "distances between coordinates"
    )
    assert (
        graph(None)[1] == graph(both, graph="correlation")[1] == "correlation in the training rows"
    )
    strange = Graph(("a", "b"), np.ones((2, 2), np.float32))
    assert graph(strange)[1].endswith("; the graph of the data has other nodes")
    learned, source = graph(both, graph="learned")
    assert (learned.weights, source) == (None, "learned with the model")
    weights = graph(None)[0].weights
    ready = prepared()
    expected = np.abs(np.corrcoef(ready.training.train.scaled[:, :, 0].T)) - np.eye(3)
    np.testing.assert_allclose(weights, expected, atol=1e-5)


def test_a_graph_is_put_in_the_order_of_the_nodes():
    turned = Graph(("s2", "x", "s0", "s1"), np.arange(16, dtype=np.float32).reshape(4, 4))
    np.testing.assert_array_equal(
        graph(turned)[0].weights, np.arange(16).reshape(4, 4)[np.ix_([2, 3, 0], [2, 3, 0])]
    )


@pytest.mark.parametrize(
    ("given", "wanted", "words"),
    [
        (None, "given", "No graph is given"),
        (Graph(GRAPH.nodes, None, PLACES), "given", "No graph is given"),
        (None, "coordinates", "No coordinates are given"),
        (GRAPH, "coordinates", "No coordinates are given"),
        (Graph(("a", "b"), np.ones((2, 2), np.float32)), "given", "has no node 's0'"),
    ],
)
def test_a_graph_that_is_not_there_is_an_error(given, wanted, words):
    with pytest.raises((ConfigError, DataError), match=words):
        graph(given, graph=wanted)
