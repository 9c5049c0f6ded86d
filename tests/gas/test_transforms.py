"""The transforms equal pywavelets and scipy, and gradients pass through them."""

import numpy as np
import pytest
import pywt
from scipy import fft

from core.backend import tensorflow
from core.errors import ConfigError
from core.gas.transforms import classes, wavelet_matrix


def _signal(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def _applied(layer, signal):
    return layer(tensorflow().constant(signal)).numpy()


@pytest.mark.parametrize("wavelet", ["db1", "db4", "sym5", "coif2", "bior2.2"])
@pytest.mark.parametrize(("size", "level"), [(128, 1), (129, 2), (101, 3)])
def test_the_wavelet_layer_equals_pywavelets(wavelet, size, level):
    if level > pywt.dwt_max_level(size, wavelet):
        pytest.skip("the signal is too short for so many levels")
    signal = _signal(3, size)
    bands = pywt.wavedec(signal, wavelet, level=level, axis=-1)
    coarse = _applied(classes()["Wavelet"](wavelet, level), signal)
    np.testing.assert_allclose(coarse, bands[0], atol=1e-5)
    everything = np.concatenate(bands, axis=-1)
    kept = bands[0].shape[-1] + 3
    some = _applied(classes()["Wavelet"](wavelet, level, kept=kept), signal)
    np.testing.assert_allclose(some, everything[:, :kept], atol=1e-5)


@pytest.mark.parametrize("mode", ["zero", "periodization", "smooth", "reflect"])
def test_the_wavelet_layer_goes_beyond_the_ends_as_pywavelets_does(mode):
    signal = _signal(2, 37)
    wanted, _ = pywt.dwt(signal, "db3", mode=mode, axis=-1)
    found = _applied(classes()["Wavelet"]("db3", 1, mode=mode), signal)
    np.testing.assert_allclose(found, wanted, atol=1e-5)


@pytest.mark.parametrize(("size", "kept"), [(64, 64), (75, 20), (6, 1)])
def test_the_cosine_layer_equals_scipy(size, kept):
    signal = _signal(2, 5, size)
    wanted = fft.dct(signal, type=2, norm="ortho", axis=-1)[..., :kept]
    found = _applied(classes()["Cosine"](kept), signal)
    assert found.shape == (2, 5, kept)
    np.testing.assert_allclose(found, wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "settings"), [("Wavelet", {"wavelet": "db2", "level": 2}), ("Cosine", {"kept": 7})]
)
def test_gradients_pass_and_equal_finite_differences(name, settings):
    tf = tensorflow()
    layer, signal = classes()[name](**settings), _signal(1, 25)
    variable = tf.Variable(signal)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(variable) ** 3)
    gradient = tape.gradient(loss, variable).numpy()

    def loss_at(x):  # the library's own transform, in double precision
        if name == "Wavelet":
            return (pywt.wavedec(x, "db2", level=2, axis=-1)[0] ** 3).sum()
        return (fft.dct(x, norm="ortho", axis=-1)[..., :7] ** 3).sum()

    step = 1e-5
    moves = np.eye(25) * step
    wanted = [(loss_at(signal + m) - loss_at(signal - m)) / (2 * step) for m in moves]
    np.testing.assert_allclose(gradient[0], wanted, rtol=1e-3, atol=1e-3)


def test_a_saved_model_transforms_alike(tmp_path):
    import keras

    inputs = keras.Input((4, 33))
    coarse = classes()["Wavelet"]("db2", 2, kept=12)(inputs)
    model = keras.Model(inputs, classes()["Cosine"](5)(coarse))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    signal = _signal(2, 4, 33)
    assert again.output_shape == (None, 4, 5)
    np.testing.assert_array_equal(again(signal), model(signal))


def test_an_unknown_wavelet_or_too_many_levels_are_named():
    with pytest.raises(ConfigError, match="no discrete wavelet 'morlet'"):
        wavelet_matrix(64, "morlet", 1)
    with pytest.raises(ConfigError, match="level to 3"):
        wavelet_matrix(64, "db4", 4)
