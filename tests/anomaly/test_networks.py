"""What is particular to a network: places and attention, a code drawn at random, its file."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

from core.anomaly.config import Config
from core.anomaly.network import Network
from core.anomaly.transformer import TransformerAutoencoder, waves
from core.anomaly.variants import VARIANTS
from core.anomaly.variational import LstmVae, divergence
from core.backend import tensorflow

NETWORKS = [name for name, variant in VARIANTS.items() if issubclass(variant.build, Network)]
TINY = {"lookback": 10, "units": 6, "epochs": 3, "learning_rate": 0.01, "dropout": 0.2}


def tiny(variant: str, **settings) -> Config:
    return Config.parse({**TINY, "variant": variant, **settings})


def network(config: Config, channels: int = 3):
    tensorflow()
    detector = VARIANTS[config.variant].build(config)
    return detector.build(channels, detector._plain())


def test_places_are_the_waves_of_the_paper():
    """Formula by formula: PE(t, 2i) = sin(t / 10000^(2i / d)), PE(t, 2i + 1) the cosine."""
    places = waves(7, 5)
    assert places.shape == (7, 5)
    for t in range(7):
        for i in range(5):
            angle = t / 10_000 ** ((i - i % 2) / 5)
            assert places[t, i] == pytest.approx([np.sin, np.cos][i % 2](angle), abs=1e-6)


def test_attention_is_the_softmax_of_queries_and_keys():
    config = tiny("transformer-autoencoder", units=6, heads=2, dropout=0)
    tensorflow()
    import keras

    inputs = keras.Input((config.lookback, config.units))
    seeds = iter(range(4))
    model = keras.Model(inputs, TransformerAutoencoder(config)._attention(inputs, seeds))
    x = np.random.default_rng(0).normal(size=(2, config.lookback, config.units)).astype("float32")
    query, key, value, out = model.get_weights()
    found = np.zeros_like(x)
    for window in range(2):
        for head in (slice(0, 3), slice(3, 6)):
            q, k, v = (x[window] @ weight[:, head] for weight in (query, key, value))
            likeness = np.exp(q @ k.T / np.sqrt(3))
            found[window, :, head] = likeness / likeness.sum(axis=1, keepdims=True) @ v
    np.testing.assert_allclose(model(x), found @ out, rtol=1e-4, atol=1e-5)
    assert not np.allclose(query, key), "queries and keys that start equal see only likeness"


def test_a_transformer_knows_in_which_order_the_rows_came():
    model = network(tiny("transformer-autoencoder", dropout=0))
    x = np.random.default_rng(0).normal(size=(1, 10, 3)).astype("float32")
    assert not np.allclose(model(x)[:, ::-1], model(x[:, ::-1]), atol=1e-3)


@pytest.mark.parametrize(("units", "heads"), [(6, 4), (2, 16), (7, 3)])
def test_units_need_not_come_out_even_among_the_heads(units, heads):
    model = network(tiny("transformer-autoencoder", units=units, heads=heads))
    assert model.output_shape == (None, 10, 3)


def test_no_reading_is_handed_through():
    """All that the decoder gets of a window is its code: the Jacobian has no more rank."""
    tf = tensorflow()
    model = network(tiny("transformer-autoencoder", units=4, dropout=0))
    x = tf.constant(np.random.default_rng(0).normal(size=(1, 10, 3)), tf.float32)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = model(x)
    # TensorFlow's vectorized form of it is wrong here: another matrix every time.
    jacobian = np.reshape(tape.jacobian(y, x, experimental_use_pfor=False), (30, 30))
    singular = np.linalg.svd(jacobian.astype(float), compute_uv=False)
    assert singular[4] < 1e-5 * singular[0]


def test_divergence_is_that_of_normal_distributions():
    """Against the integral of p log(p / q), on a grid."""
    from scipy.stats import norm

    tensorflow()
    mean, log_variance = np.array([[0.3, -1.0]]), np.array([[-1.2, 0.5]])
    grid = np.linspace(-12, 12, 200_001)
    expected = 0.0
    for m, v in zip(mean[0], log_variance[0], strict=True):
        p = norm(m, np.exp(v / 2))
        expected += np.trapezoid(p.pdf(grid) * (p.logpdf(grid) - norm.logpdf(grid)), grid)
    found = divergence(np.hstack([mean, log_variance]).astype("float32"))
    assert float(found) == pytest.approx(expected, rel=1e-4)


def test_the_loss_is_the_squared_error_and_the_weighted_divergence():
    config = tiny("lstm-vae", latent=3, kl_weight=0.5, dropout=0)
    detector, model = LstmVae(config), network(config)
    model.compile("adam", detector.loss(model))
    import keras

    x = np.random.default_rng(0).normal(size=(5, 10, 3)).astype("float32")
    code = keras.Model(model.input, model.get_layer("code").output)(x)
    expected = np.mean((model(x) - x) ** 2) + 0.5 * float(divergence(code)) / (5 * 10 * 3)
    found = model.compute_loss(x, x, model(x, training=False), training=False)
    assert float(found) == pytest.approx(expected, rel=1e-5)


def test_a_code_is_drawn_in_training_and_the_mean_in_scoring():
    model = network(tiny("lstm-vae", dropout=0))
    x = np.random.default_rng(0).normal(size=(4, 10, 3)).astype("float32")
    drawn = [np.asarray(model(x, training=True)) for _ in range(2)]
    assert not np.allclose(*drawn)
    scored = [np.asarray(model(x, training=False)) for _ in range(2)]
    np.testing.assert_array_equal(*scored)
    code = model.get_layer("code")
    kernel, bias = code.get_weights()
    kernel[:, code.units // 2 :], bias[code.units // 2 :] = 0, -60  # no deviation is left
    code.set_weights([kernel, bias])
    np.testing.assert_allclose(model(x, training=True), model(x, training=False), atol=1e-5)


@pytest.mark.parametrize("variant", NETWORKS)
def test_the_file_opens_with_keras_alone_in_safe_mode(variant, tmp_path):
    """No class of this project is in it."""
    config = tiny(variant, layers=2)
    detector = VARIANTS[variant].build(config)
    detector.model = network(config)
    detector.save(tmp_path)
    content = zipfile.ZipFile(tmp_path / "model.keras").read("config.json").decode()
    assert '"module": "core' not in content and '"registered_name": "Custom' not in content
    import keras

    again = keras.saving.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)
    for one, other in zip(detector.model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
