"""Networks over features: both modalities, one of them missing, and what is kept."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from core.backend import tensorflow
from core.errors import DataError
from core.gas.attention import _classes
from core.gas.cnn import Cnn
from core.gas.config import Config
from core.gas.explain import gradients, heat
from core.gas.faults import with_readings
from core.gas.fused import WIDEST, Fused
from core.gas.images import Renderer
from core.gas.looks import View, seen
from core.gas.samples import Samples
from core.gas.variants import VARIANTS
from core.settings import settings
from tests.gas.fused_examples import CLASSES, altered, recording, training

LOOKBACK = 4
NETWORKS = ("sensor-cnn", "thermal-cnn", "dwt", "dct", "early", "attention")


def _config(variant, **more):
    small = {
        "image_size": 32,
        "units": 8,
        "tuning_epochs": 1,
        "batch_size": 32,
        "augment": False,
        "scene": "colours",
    }
    return Config(**small | {"variant": variant, "lookback": LOOKBACK, "epochs": 1} | more)


@pytest.fixture(scope="module")
def data():
    return training(recording(missing=7), LOOKBACK)


@pytest.fixture(scope="module")
def fitted(data, tmp_path_factory):
    """Return a function that trains a variant, once; its CNNs keep the weights drawn."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Cnn, "tune", lambda self, *args: ([], self._build(None).get_weights()))
        patch.setenv("FUSIONSCOPE_HOME", str(tmp_path_factory.mktemp("home")))
        settings.cache_clear()

        @cache
        def train(variant):
            network = VARIANTS[variant].build(_config(variant))
            assert len(network.fit(data[0], None, None)) == 1
            return network

        yield train
    settings.cache_clear()


@pytest.mark.parametrize("variant", NETWORKS)
def test_answers_are_probabilities_and_saved_ones_say_the_same(variant, fitted, data, tmp_path):
    network, test = fitted(variant), data[1]
    said = network.predict(test)
    assert said.gas.shape == (len(test), len(CLASSES))
    np.testing.assert_allclose(said.gas.sum(axis=1), 1, atol=1e-5)
    if variant != "dct":  # it has a head of its own for detection
        np.testing.assert_allclose(said.leak, 1 - said.gas[:, 0], atol=1e-6)
    assert said.leak.min() >= 0
    assert said.leak.max() <= 1
    network.save(tmp_path)
    again = VARIANTS[variant].build(_config(variant))
    again.load(tmp_path)
    for own, other in zip(said, again.predict(test), strict=True):
        np.testing.assert_array_equal(own, other)
    assert again.facts == network.facts
    assert all("Light CNN, from scratch" in note for note in again.facts.values())


@pytest.mark.parametrize("variant", NETWORKS)
def test_what_is_lost_is_not_read(variant, fitted, data):
    network, test = fitted(variant), data[1]
    other, whole = recording(seed=5), network.predict(test).gas
    for lost, unlike in (
        ("camera_lost", {"frames": other.frames}),
        ("sensors_lost", {"frame": other.frame}),
    ):
        blind = altered(test, **{lost: True})
        changed = replace(test.recording, content=lost, **unlike)
        said = network.predict(blind).gas
        np.testing.assert_array_equal(said, network.predict(altered(blind, recording=changed)).gas)
        never_read = {"camera_lost": "sensor-cnn", "sensors_lost": "thermal-cnn"}[lost]
        assert np.array_equal(said, whole) == (variant == never_read)


def test_one_decision_is_that_of_all_rows(fitted, data):
    network, test = fitted("dwt"), data[1]
    whole = network.predict(test).gas
    for row in (0, 17, 50):
        one = altered(test, rows=test.rows[row : row + 1], first=test.first[row : row + 1])
        np.testing.assert_allclose(network.predict(one).gas[0], whole[row], atol=1e-5)


def test_features_are_standardised_on_training_rows_and_nothing_where_a_frame_is_missing(
    fitted, data
):
    network, (tr, _) = fitted("thermal-cnn"), data
    network._look(tr.train)
    (read,) = network.inputs(tr.train, np.arange(len(tr.train)))
    assert (read[:7] == 0).all()  # rows without frames, and without any before them
    shown = read[7:, -1]
    inside = (np.abs(shown).max(axis=0) < WIDEST) & (network._standard[0][1] != 1)
    assert inside.sum() > 20
    np.testing.assert_allclose(shown[:, inside].mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(shown[:, inside].std(axis=0), 1, atol=1e-4)


def test_the_published_fusion_has_three_networks_on_both_modalities():
    assert VARIANTS["dct"].build(_config("dct", cnns="published", image_size=96)).views() == [
        View(modality, name)
        for modality in ("sensors", "camera")
        for name in ("resnet50", "inception-v3", "mobilenet")
    ]
    light = VARIANTS["dct"].build(_config("dct")).views()
    assert len(set(light)) == 6


def test_light_networks_start_from_weights_of_their_own(data):
    tensorflow()
    weights = []
    for view in VARIANTS["dct"].build(_config("dct")).views()[3:]:
        cnn = Cnn(view, _config("dct"))
        cnn.renderer = Renderer("stripes", (0.0,), (1.0,))
        weights.append(cnn._build(None).get_weights()[0])
    assert len({weight.tobytes() for weight in weights}) == 3


def test_both_heads_of_the_multitask_fusion_are_judged():
    tf = tensorflow()
    network = VARIANTS["dct"].build(_config("dct"))
    targets = np.eye(3, dtype=np.float32)[[0, 2]]
    gas, leak = np.array([[0.7, 0.2, 0.1], [0.3, 0.3, 0.4]]), np.array([0.2, 0.6])
    outputs = np.c_[gas, leak].astype(np.float32)
    wanted = [-np.log(0.7) - np.log(1 - 0.2), -np.log(0.4) - np.log(0.6)]
    found = network.loss()(tf.constant(targets), tf.constant(outputs))
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    answer = network.answer(outputs)
    np.testing.assert_array_equal(answer.leak, outputs[:, 3])


def test_modalities_are_dropped_in_training_alone_and_never_both():
    tf = tensorflow()
    layer = _classes()["Dropped"](0.4, 3)
    present = np.ones((4000, 2, 2), np.float32)
    present[:1000, :, 1] = 0  # there is no camera
    np.testing.assert_array_equal(layer(tf.constant(present), training=False), present)
    kept = layer(tf.constant(present), training=True).numpy()
    assert (kept[:1000] == present[:1000]).all()  # who has one alone keeps it
    assert (kept.sum(axis=-1) >= 1).all()
    shares = (kept[1000:, 0] == 0).mean(axis=0)
    np.testing.assert_allclose(shares, 0.2, atol=0.03)


def test_a_recording_without_frames_is_refused_where_they_are_needed(home):
    tr, _ = training(recording(camera=False), LOOKBACK)
    for variant in ("thermal-cnn", "dwt", "attention", "mean-colour"):
        with pytest.raises(DataError, match="no frames"):
            VARIANTS[variant].build(_config(variant)).fit(tr, None, None)


def test_the_mean_colour_is_told_apart_where_it_differs(home, data):
    tr, test = data
    model = VARIANTS["mean-colour"].build(_config("mean-colour"))
    assert model.fit(tr, None, None) == []
    wanted = test.recording.frames.take(test.rows[:5], 32).mean(axis=(1, 2))
    np.testing.assert_allclose(model.features(test, np.arange(5)), wanted, rtol=1e-5)
    said = model.predict(test)
    assert ((said.leak > 0.5) == (test.labels > 0)).mean() > 0.9  # both plumes are as warm


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["dwt", "attention"])
def test_two_modalities_are_learned_from(variant, home, data):
    tr, test = data
    network = VARIANTS[variant].build(
        _config(variant, epochs=25, tuning_epochs=8, patience=25, learning_rate=0.01)
    )
    assert isinstance(network, Fused)
    network.fit(tr, None, None)
    right = network.predict(test).gas.argmax(axis=1) == test.labels
    assert right.mean() > 0.9


def _one(samples: Samples) -> Samples:
    """Return the first decision of *samples* whose frame is there."""
    shown = np.flatnonzero(samples.present(slice(None))[:, 1])[:1]
    return replace(samples, rows=samples.rows[shown], first=samples.first[shown])


def _log_odds(network: Fused, samples: Samples, code: int) -> float:
    share = float(network.predict(samples).gas[0, code])
    return float(np.log(share / (1 - share)))


@pytest.mark.parametrize("variant", NETWORKS)
def test_integrated_gradients_of_the_readings_add_up_to_the_log_odds(variant, fitted, data):
    network, one = fitted(variant), _one(data[1])
    found = gradients(network, one, 1, steps=48)
    if variant == "thermal-cnn":
        assert found is None
        return
    assert found.shape == (LOOKBACK, len(one.scale.channels))
    mean = np.array(one.scale.center, np.float32)
    values = np.broadcast_to(mean, one.recording.values.shape).copy()
    at_rest = replace(one, recording=with_readings(one.recording, values))
    gained = _log_odds(network, one, 1) - _log_odds(network, at_rest, 1)
    # Colours bend the path of readings that are drawn: the sum of few steps is not exact.
    assert found.sum() == pytest.approx(gained, abs=0.01 + 0.1 * float(np.abs(found).sum()))


@pytest.mark.parametrize("variant", NETWORKS)
def test_the_heat_of_a_frame_is_where_its_map_moves_the_class(variant, fitted, data):
    network, one = fitted(variant), _one(data[1])
    found = heat(network, one, 1)
    if variant == "sensor-cnn":
        assert found is None
        return
    assert found.min() >= 0
    assert found.max() <= 1
    assert heat(network, replace(one, camera_lost=True), 1) is None


def test_the_heat_is_that_of_gradients_through_the_whole_network(fitted, data):
    tf = tensorflow()
    import keras

    network, one = fitted("thermal-cnn"), _one(data[1])
    cnn = network.cnns[0].model
    last = next(layer.output for layer in cnn.layers[::-1] if len(layer.output.shape) == 4)
    image = seen(network.cnns[0].view, network.config, one, one.rows, one.first)
    maps = keras.Model(cnn.inputs, last)(image, training=False)
    (features,) = network.fed(one)
    with tf.GradientTape() as tape:
        tape.watch(maps)
        present = network.standardised(0, tf.reduce_mean(maps, axis=(1, 2)))
        whole = tf.concat([features[:, :-1], present[:, None]], axis=1)
        share = network.model(whole, training=False)[0, 1]
        score = tf.math.log(share / (1 - share))
    weights = tf.reduce_mean(tape.gradient(score, maps), axis=(1, 2))[0]  # Selvaraju, equation 1
    expected = np.maximum((maps[0] @ weights[:, None]).numpy()[..., 0], 0)  # equation 2
    expected /= max(expected.max(), 1e-30)
    np.testing.assert_allclose(heat(network, one, 1), expected, atol=1e-3)
