"""The settings of the anomaly task, each written once."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from core import learning
from core.config import Config as BaseConfig
from core.config import setting


class Config(BaseConfig):
    """What a detector is made of, and which rows it is trained on."""

    variant: str = setting(
        "lstm-autoencoder",
        label="Detector",
        help="The method that learns what is normal. Compare it with the baselines.",
    )
    train_rows: int | None = setting(
        None,
        label="Training rows",
        help="The first rows of every entity, taken as normal, are what the detector learns from. "
        "Empty takes a share of the rows instead.",
        unit="rows",
        ge=20,
    )
    train_share: float = setting(
        0.5,
        label="Training share",
        help="Share of every entity's rows to learn from when no number of rows is given.",
        ge=0.05,
        le=0.9,
    )
    lookback: int = learning.lookback(
        30, "Rows in one window. Longer windows see slower patterns and train more slowly."
    )
    units: int = setting(
        32,
        label="Units",
        help="Width of each layer of a network: memory cells, filters or features. More fit more "
        "patterns and may over-fit.",
        ge=2,
        le=256,
        log=True,
    )
    epochs: int = learning.epochs(50)
    layers: int = learning.layers(
        1,
        "Layers that read a window, and as many that write it. More see patterns of "
        "patterns and train more slowly.",
    )
    dropout: float = learning.dropout()
    learning_rate: float = learning.learning_rate(0.003)
    batch_size: int = learning.batch_size(64)
    patience: int = learning.patience(8)
    stride: int = setting(
        1,
        label="Stride",
        help="Rows between the starts of two training windows. Larger is faster and sees less.",
        unit="steps",
        ge=1,
        le=128,
        advanced=True,
    )
    validation_share: float = learning.validation_share(
        "Share of the training rows, the last ones, that decides when to stop."
    )
    variance: float = setting(
        0.9,
        label="Variance kept",
        help="Principal components are kept until they explain this share of the variance.",
        ge=0.1,
        le=0.999,
        advanced=True,
    )
    causal: bool = setting(
        False,
        label="Look back only",
        help="Windows end with their row instead of lying around it: for streams, where the rows "
        "after it are not there yet. Recordings are judged better with windows around the row.",
        advanced=True,
    )
    kernel: int = setting(
        5,
        label="Kernel",
        help="Neighbouring rows that a convolution looks at. Longer kernels see slower patterns.",
        unit="steps",
        ge=1,
        le=63,
        advanced=True,
    )
    latent: int = setting(
        8,
        label="Code size",
        help="Numbers in the code from which a window is written again. Fewer numbers let less "
        "that is unusual through, and less detail.",
        ge=1,
        le=128,
        log=True,
        advanced=True,
    )
    heads: int = setting(
        4,
        label="Heads",
        help="Comparisons of a row with the others that run side by side and share the units.",
        unit="heads",
        ge=1,
        le=16,
        advanced=True,
    )
    kl_weight: float = setting(
        0.1,
        label="Divergence weight",
        help="How strongly the codes of normal windows are drawn together. Raise it when unusual "
        "windows are written again too well, lower it when normal ones are not.",
        ge=0.0,
        le=10.0,
        advanced=True,
    )
    seed: int = learning.seed()

    members: tuple[str, ...] = setting(
        (), label="Runs", help="Keys of the runs that an ensemble of runs joins.", advanced=True
    )
    by: Literal["p-value", "rank"] = setting(
        "p-value",
        label="Joined by",
        help="Mean of p-values under the training scores, or of ranks within the recording.",
        advanced=True,
    )

    @field_validator("variant")
    @classmethod
    def _known(cls, name: str) -> str:
        from core.anomaly.variants import KNOWN, VARIANTS  # it imports this module

        if name not in KNOWN:
            raise ValueError(f"should be one of {', '.join(VARIANTS)}")
        return name
