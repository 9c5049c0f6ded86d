"""Backbones: preprocessing, weights, and which layers learn."""

import importlib
from itertools import count

import numpy as np
import pytest

from core.backend import tensorflow
from core.errors import ConfigError
from core.gas import backbones
from core.gas.backbones import BACKBONES, build, check, note_of, pretrained
from core.settings import settings


@pytest.fixture
def keras_home(tmp_path, monkeypatch):
    """An empty folder of weights, and no network."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(backbones, "_reachable", lambda host: False)
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


@pytest.fixture(scope="module")
def imagenet(real_data):
    path = real_data.parent / "weights" / "models" / BACKBONES["mobilenet"].file
    if not path.is_file():
        pytest.skip(f"no ImageNet weights of MobileNet in {path.parent}")
    return path


def _built(name, size=96, path=None, tuning="all", seed=0):
    tensorflow()
    import keras

    inputs = keras.Input((size, size, 3))
    return build(name, inputs, inputs, count(seed), path, tuning)


def _images(size=96):
    return np.random.default_rng(0).uniform(0, 255, (2, size, size, 3)).astype(np.float32)


@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.slow
def test_every_backbone_has_its_last_block_and_starts_from_its_seed(name):
    model = _built(name)
    features = model(_images()).numpy()
    assert features.shape == (2, model.output_shape[-1])
    assert np.isfinite(features).all()
    names = [layer.name for layer in model.layers]
    assert 0 < names.index(BACKBONES[name].last) < len(names) - 1
    first = next(v for v in model.trainable_variables if v.name == "kernel")
    again = _built(name)
    for own, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(own, other)
    assert not np.array_equal(first.numpy(), _built(name, seed=1000).get_weights()[0])


def test_the_light_one_is_light_and_all_of_it_learns():
    model = _built("light")
    assert 40_000 < model.count_params() < 100_000
    tf = tensorflow()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(model(tf.constant(_images()), training=True)))
    slopes = tape.gradient(loss, model.trainable_variables)
    assert all(slope is not None and np.any(slope.numpy()) for slope in slopes)


@pytest.mark.parametrize("name", ["mobilenet", "mobilenet-v2", "resnet50", "inception-v3"])
def test_images_are_prepared_as_keras_does_it(name):
    import keras

    backbone, images = BACKBONES[name], _images(32)
    module = importlib.import_module(f"keras.applications.{backbone.module}")
    inputs = keras.Input((32, 32, 3))
    model = keras.Model(inputs, backbones._prepared(inputs, backbone.centred))
    np.testing.assert_allclose(model(images), module.preprocess_input(images.copy()), atol=1e-4)


@pytest.mark.slow
def test_imagenet_weights_give_the_features_of_keras_itself(imagenet):
    import keras

    plain = keras.applications.MobileNet(
        input_shape=(96, 96, 3), include_top=False, weights=None, pooling="avg"
    )
    plain.load_weights(imagenet)
    images = _images()
    wanted = plain(keras.applications.mobilenet.preprocess_input(images.copy()))
    np.testing.assert_allclose(_built("mobilenet", path=imagenet)(images), wanted, atol=1e-4)


def test_frozen_layers_do_not_learn(imagenet):
    assert not _built("mobilenet", path=imagenet, tuning="frozen").trainable_variables
    model = _built("mobilenet", path=imagenet, tuning="last-block")
    learn = {layer.name for layer in model.layers if layer.trainable_variables}
    assert learn == {"conv_dw_13", "conv_dw_13_bn", "conv_pw_13", "conv_pw_13_bn"}


def test_weights_that_are_at_hand_are_found_without_a_network(keras_home):
    assert pretrained("mobilenet", "auto") is None
    path = keras_home / "models" / BACKBONES["mobilenet"].file
    path.parent.mkdir()
    path.touch()
    assert pretrained("mobilenet", "auto") == pretrained("mobilenet", "imagenet") == path
    assert pretrained("mobilenet", "none") is None
    assert note_of("mobilenet", path) == "MobileNet, pretrained on ImageNet"
    assert note_of("mobilenet", None) == "MobileNet, from scratch"


def test_what_cannot_work_is_refused_with_a_remedy(keras_home):
    with pytest.raises(ConfigError, match=r"ResNet-50 are neither at hand.*auto"):
        pretrained("resnet50", "imagenet")
    with pytest.raises(ConfigError, match="our own"):
        pretrained("light", "imagenet")
    with pytest.raises(ConfigError, match="image size to 80"):
        check("inception-v3", 64, "all", None)
    for tuning in ("frozen", "last-block"):
        with pytest.raises(ConfigError, match="fine-tuning to all"):
            check("resnet50", 96, tuning, None)
        check("resnet50", 96, tuning, keras_home)
