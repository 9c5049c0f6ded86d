"""Networks that turn an image into features: those of Keras, and a light one of our own."""

from __future__ import annotations

import importlib
import math
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from core.backend import tensorflow
from core.errors import ConfigError
from core.settings import settings

ADDRESS = "https://storage.googleapis.com/tensorflow/keras-applications"
PATIENCE = 2.0  # seconds until a server counts as out of reach
# Channels and stride of each block of the light network, behind a stem of 16 channels.
LIGHT = ((32, 2), (64, 2), (64, 1), (128, 2), (128, 1), (128, 1))


@dataclass(frozen=True)
class Backbone:
    """A network without its head.

    Attributes:
        label: As on the screen.
        module: Of `keras.applications`; empty for our own.
        function: What builds it there.
        smallest: Side of the smallest image that it takes.
        last: Name of the last layer before the last block.
        file: Name of the file with the ImageNet weights, below `address`.
        md5: Its check sum, as Keras states it; None where it states none.
        centred: Whether it wants blue, green, red minus their means, instead of -1 to 1.
    """

    label: str
    module: str
    function: str
    smallest: int
    last: str
    file: str = ""
    md5: str | None = None
    centred: bool = False

    @property
    def address(self) -> str:
        """Where the weights are published."""
        return f"{ADDRESS}/{self.module}/{self.file}"


BACKBONES: dict[str, Backbone] = {
    # Depthwise separable blocks as in MobileNet (Howard et al. 2017), about 60,000 weights.
    "light": Backbone("Light CNN", "", "", 32, "block_5_relu"),
    "mobilenet": Backbone(  # Howard et al. 2017, arXiv:1704.04861
        "MobileNet", "mobilenet", "MobileNet", 32, "conv_pw_12_relu",
        "mobilenet_1_0_224_tf_no_top.h5",
    ),
    "mobilenet-v2": Backbone(  # Sandler et al. 2018, CVPR
        "MobileNet V2", "mobilenet_v2", "MobileNetV2", 32, "block_15_add",
        "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
    ),
    "resnet50": Backbone(  # He et al. 2016, CVPR
        "ResNet-50", "resnet", "ResNet50", 32, "conv5_block2_out",
        "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "4d473c1dd8becc155b73f8504c6f6626", centred=True,
    ),
    "inception-v3": Backbone(  # Szegedy et al. 2016, CVPR
        "Inception V3", "inception_v3", "InceptionV3", 75, "mixed9",
        "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "bcbd6486424b2319ff4ef7d526e38f63",
    ),
}  # fmt: skip


def pretrained(name: str, weights: str) -> Path | None:
    """Return the file with the ImageNet weights of a backbone; None for a start from scratch.

    Args:
        name: Of the backbone.
        weights: "imagenet", "none", or "auto": those of ImageNet where they can be had.

    Raises:
        ConfigError: "imagenet" is asked for, and there are none or they are out of reach.
    """
    backbone = BACKBONES[name]
    path = settings().keras_home.expanduser() / "models" / backbone.file
    if weights == "none" or (weights == "auto" and not backbone.file):
        return None
    if not backbone.file:
        raise ConfigError(
            f"{backbone.label} is our own: nobody has trained it on ImageNet.",
            "Set the pretrained weights to auto, or choose the backbone mobilenet.",
        )
    if path.is_file():
        return path
    if _reachable("storage.googleapis.com"):
        return _download(backbone)
    if weights == "auto":
        return None
    raise ConfigError(
        f"The ImageNet weights of {backbone.label} are neither at hand nor within reach.",
        f"Put {backbone.file} into {path.parent} (KERAS_HOME names its parent), or set the "
        "pretrained weights to auto.",
    )


@cache
def _reachable(host: str) -> bool:
    """Whether *host* answers; asked once a process."""
    try:
        socket.create_connection((host, 443), PATIENCE).close()
    except OSError:
        return False
    return True


def _download(backbone: Backbone) -> Path:
    tensorflow()
    import keras

    home = str(settings().keras_home.expanduser())
    return Path(
        keras.utils.get_file(
            backbone.file,
            backbone.address,
            file_hash=backbone.md5,
            cache_dir=home,
            cache_subdir="models",
        )
    )


def check(name: str, size: int, tuning: str, path: Path | None) -> None:
    """Refuse what cannot work.

    Args:
        name: Of the backbone.
        size: Side of the images.
        tuning: Which layers learn: "all", "last-block" or "frozen".
        path: Of the pretrained weights; None without.

    Raises:
        ConfigError: the images are too small, or layers that know nothing are not to learn.
    """
    backbone = BACKBONES[name]
    if size < backbone.smallest:
        raise ConfigError(
            f"{backbone.label} reads images of at least {backbone.smallest} pixels, not {size}.",
            f"Set the image size to {-(-backbone.smallest // 8) * 8} or more.",
        )
    if tuning != "all" and path is None:
        raise ConfigError(
            f"Fine-tuning {tuning} keeps layers as they are, but {backbone.label} starts from "
            "scratch: they know nothing.",
            "Set fine-tuning to all, or choose a backbone whose ImageNet weights are at hand.",
        )


def note_of(name: str, path: Path | None) -> str:
    """Return what a run's card says of the start of a backbone."""
    start = "pretrained on ImageNet" if path else "from scratch"
    return f"{BACKBONES[name].label}, {start}"


def build(
    name: str,
    inputs: Any,
    images: Any,
    seeds: Iterator[int],
    path: Path | None,
    tuning: str = "all",
) -> Any:
    """Return the model from *inputs* to features, (B, D).

    Args:
        name: Of the backbone.
        inputs: What the model is called with.
        images: (B, size, size, 3) float, 0 to 255, made of *inputs*.
        seeds: Of the weights of one that starts from scratch.
        path: Of its pretrained weights; None for a start from scratch.
        tuning: Which layers learn: "all", "last-block" or "frozen".
    """
    tensorflow()
    import keras

    backbone = BACKBONES[name]
    if backbone.module:
        module = importlib.import_module(f"keras.applications.{backbone.module}")
        network = getattr(module, backbone.function)(
            include_top=False,
            weights=None,
            pooling="avg",
            input_tensor=_prepared(images, backbone.centred),
        )
        model = keras.Model(inputs, network.output, name=name)
    else:
        model = keras.Model(inputs, _light(_prepared(images, False)), name=name)
    _draw(model, seeds) if path is None else model.load_weights(path)
    _freeze(model, backbone.last, tuning)
    return model


def _prepared(images: Any, centred: bool) -> Any:
    """Return (B, size, size, 3) *images* of 0 to 255 as the network was trained on them."""
    from keras import layers, ops

    if centred:  # the means of ImageNet, in the order blue, green, red
        return ops.flip(images, axis=-1) - ops.convert_to_tensor([103.939, 116.779, 123.68])
    return layers.Rescaling(1 / 127.5, -1.0)(images)


def _light(x: Any) -> Any:
    """Return the features (B, 128) of prepared images, by depthwise separable blocks."""
    from keras import layers

    def normed(x: Any, name: str) -> Any:
        # Few steps make an epoch here: an average over the last hundred would lag behind.
        x = layers.BatchNormalization(momentum=0.9, name=f"{name}_bn")(x)
        return layers.ReLU(6.0, name=f"{name}_relu")(x)

    x = layers.Conv2D(16, 3, 2, "same", use_bias=False, name="stem")(x)
    x = normed(x, "stem")
    for number, (channels, stride) in enumerate(LIGHT, start=1):
        block = f"block_{number}"
        x = layers.DepthwiseConv2D(3, stride, "same", use_bias=False, name=f"{block}_depth")(x)
        x = normed(x, f"{block}_depth")
        x = layers.Conv2D(channels, 1, use_bias=False, name=f"{block}_point")(x)
        x = normed(x, block)
    return layers.GlobalAveragePooling2D(name="features")(x)


def _draw(model: Any, seeds: Iterator[int]) -> None:
    """Draw all kernels anew: Keras would take seeds that the whole process shares.

    He et al. 2015, "Delving deep into rectifiers", ICCV, equation 10: signals keep their strength.
    """
    import keras

    for layer in model.layers:
        if not hasattr(layer, "kernel"):
            continue
        shape = tuple(layer.kernel.shape)
        alone = isinstance(layer, keras.layers.DepthwiseConv2D)  # each channel for itself
        summed = math.prod(shape[:2] if alone else shape[:-1])
        start = keras.initializers.RandomNormal(stddev=math.sqrt(2 / summed), seed=next(seeds))
        layer.kernel.assign(start(shape))


def _freeze(model: Any, last: str, tuning: str) -> None:
    """Let only those layers of *model* learn that *tuning* names."""
    if tuning == "frozen":
        model.trainable = False
    elif tuning == "last-block":
        names = [layer.name for layer in model.layers]
        for layer in model.layers[: names.index(last) + 1]:
            layer.trainable = False
