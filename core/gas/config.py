"""The settings of the gas task, each written once."""

from __future__ import annotations

from typing import Annotated, Literal

import pywt
from pydantic import AfterValidator, field_validator

from core import learning
from core.config import Config as BaseConfig
from core.config import setting
from core.errors import ConfigError
from core.gas.camera import AUTO, CAMERAS, PLAIN, crop_of

Protocol = Literal["blocked", "random"]
WarmUp = Literal["keep", "leave out"]
Image = Literal["stripes", "stripes-per-row", "time-by-sensor", "gaf", "given"]
Scene = Literal["change", "colours"]
Backbone = Literal["light", "mobilenet", "mobilenet-v2", "resnet50", "inception-v3"]
Weights = Literal["auto", "imagenet", "none"]
Cnns = Literal["light", "published"]
Tuning = Literal["all", "last-block", "frozen"]


def _camera(name: str) -> str:
    """Refuse what is neither a camera nor a crop."""
    if name not in {AUTO, PLAIN, *CAMERAS}:
        try:
            crop_of(name)
        except ConfigError:
            known = ", ".join([AUTO, PLAIN, *CAMERAS])
            raise ValueError(f"should be {known}, or a crop such as 76,90,480,600,grey") from None
    return name


class Config(BaseConfig):
    """Which gas it is, by which model, learned from which rows."""

    variant: str = setting(
        "late",
        label="Model",
        help="The method that tells gases apart. Compare it with the baselines.",
    )
    lookback: int = setting(
        30,
        label="Lookback",
        help="Rows up to the present one that a decision is made from. 1 is the sequence of a "
        "single row that the published networks read.",
        unit="steps",
        ge=1,
        le=512,
    )
    protocol: Protocol = setting(
        "blocked",
        label="Split",
        help="blocked: the test rows lie apart from those that are learned from, in sessions or "
        "stretches of their own. random: rows are drawn, as in published figures; neighbours "
        "resemble each other, so that the test is no test.",
    )
    fold: int = setting(
        0,
        label="Fold",
        help="Which of five blocks, or which sessions, are the test. The seed of the draw where "
        "rows are drawn.",
        ge=0,
        le=4,
    )
    embargo: int = setting(
        200,
        label="Embargo",
        help="Rows of a session that are set aside on both sides of a test block, since neighbours "
        "resemble each other.",
        unit="steps",
        ge=0,
        le=5_000,
    )
    warm_up: WarmUp = setting(
        "keep",
        label="Warm-up",
        help="Sensors that were just switched on drift. keep: these rows count like all others. "
        "leave out: they are neither learned from nor judged.",
    )
    camera: Annotated[str, AfterValidator(_camera)] = setting(
        "auto",
        label="Camera",
        help="What is cut off the frames, and their palette. auto goes by the size of the frames. "
        "For another camera write left, top, right and bottom of the scene in pixels and its "
        "palette, such as 76,90,480,600,spectra or 0,0,320,240,grey.",
        free=True,
    )
    image: Image = setting(
        "stripes",
        label="Sensor image",
        help="How readings become an image. stripes: one stripe a sensor. stripes-per-row: scaled "
        "row by row, as published, which loses the level. time-by-sensor: the last rows. gaf: "
        "Gramian angular field (Wang and Oates 2015). given: heat maps that came with the "
        "recording, in folders called heatmaps; what one sensor is worth cannot be told from them.",
    )
    scene: Scene = setting(
        "change",
        label="Frame image",
        help="What is shown of a frame. change: how warm each pixel is in it, how that changed "
        "against the last rows, and how much it moved, which shows a plume before a camera that "
        "stands still. colours: as the camera paints it, as published.",
    )
    image_size: int = setting(
        96,
        label="Image size",
        help="Side of the images that the networks see. Larger ones show more and take longer.",
        unit="pixels",
        ge=32,
        le=320,
        multiple_of=8,
    )
    backbone: Backbone = setting(
        "light",
        label="Backbone",
        help="The network that reads images. light: small, for processors without a graphics card.",
    )
    weights: Weights = setting(
        "auto",
        label="Pretrained weights",
        help="imagenet: learned on photographs. none: from scratch. auto takes the first where "
        "they are at hand; the card says which.",
    )
    tuning: Tuning = setting(
        "all",
        label="Fine-tuning",
        help="Which layers of the backbone learn: all, the last block, or none.",
    )
    tuning_epochs: int = setting(
        12,
        label="Fine-tuning epochs",
        help="Passes of each network for images over the training rows at most; it stops earlier "
        "when nothing improves. The networks on top of them have epochs of their own.",
        unit="epochs",
        ge=1,
        le=200,
        log=True,
    )
    cnns: Cnns = setting(
        "light",
        label="Networks for images",
        help="Which three networks a multitask fusion joins. light: three small ones that start "
        "from different weights. published: ResNet-50, Inception V3 and MobileNet.",
    )
    augment: bool = setting(
        True,
        label="Augmentation",
        help="Change the images a little every time they are learned from, against over-fitting.",
        advanced=True,
    )
    wavelet: str = setting(
        "db1",
        label="Wavelet",
        help="Family and order of the wavelet transform, such as db1, sym4 or coif1.",
        advanced=True,
    )
    level: int = setting(
        1,
        label="Wavelet level",
        help="How often the transform halves the features.",
        ge=1,
        le=6,
        advanced=True,
    )
    coefficients: int = setting(
        256,
        label="Coefficients",
        help="How many coefficients of the wavelet or cosine transform are kept, the coarse ones "
        "first.",
        ge=4,
        le=8_192,
        log=True,
        advanced=True,
    )
    units: int = setting(
        32,
        label="Units",
        help="Cells of each recurrent layer, width of the others.",
        unit="cells",
        ge=4,
        le=512,
        log=True,
        advanced=True,
    )
    heads: int = setting(
        4,
        label="Attention heads",
        help="Patterns that each modality can look for in the other.",
        unit="heads",
        ge=1,
        le=8,
        advanced=True,
    )
    dropout: float = setting(
        0.2,
        label="Dropout",
        help="Share of what is read that is silenced in training, against over-fitting.",
        ge=0.0,
        le=0.8,
        advanced=True,
    )
    modality_dropout: float = setting(
        0.3,
        label="Modality dropout",
        help="Share of the training examples in which a whole modality is silenced, so that the "
        "model goes on when a camera or the sensors fail.",
        ge=0.0,
        le=0.8,
        advanced=True,
    )
    epochs: int = learning.epochs(40)
    batch_size: int = learning.batch_size(64)
    learning_rate: float = learning.learning_rate(0.002)
    patience: int = learning.patience(10)
    seed: int = learning.seed()

    @field_validator("variant")
    @classmethod
    def _known(cls, name: str) -> str:
        from core.gas.variants import VARIANTS  # it imports this module

        if name not in VARIANTS:
            raise ValueError(f"should be one of {', '.join(VARIANTS)}")
        return name

    @field_validator("wavelet")
    @classmethod
    def _wavelet(cls, name: str) -> str:
        if name not in pywt.wavelist(kind="discrete"):
            raise ValueError("should be a discrete wavelet of PyWavelets, such as db1 or sym4")
        return name
