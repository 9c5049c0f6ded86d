"""The settings of the life task, each written once."""

from __future__ import annotations

from pydantic import field_validator

from core.config import Config as BaseConfig
from core.config import setting


class Config(BaseConfig):
    """What predicts the remaining life, and which units it is learned from."""

    variant: str = setting(
        "lstm-regressor",
        label="Model",
        help="The method that predicts how long a unit will last. Compare it with the baselines.",
    )
    lookback: int = setting(
        30,
        label="Lookback",
        help="Rows in one window, the last ones of a unit. Longer windows see slower wear and "
        "answer later to a change.",
        unit="steps",
        ge=2,
        le=512,
    )
    cap: int = setting(
        125,
        label="Longest prediction",
        help="A unit that is not worn yet looks the same at any age: beyond so many steps the "
        "remaining life is not told apart (piecewise linear target, Heimes 2008).",
        unit="steps",
        ge=5,
        le=100_000,
    )
    units: int = setting(
        32,
        label="Memory cells",
        help="In each LSTM layer. More cells fit more patterns and may over-fit.",
        unit="cells",
        ge=2,
        le=256,
        log=True,
    )
    epochs: int = setting(
        40,
        label="Epochs",
        help="Passes over the training windows at most; it stops earlier when nothing improves.",
        unit="epochs",
        ge=1,
        le=500,
        log=True,
    )
    layers: int = setting(
        2,
        label="Layers",
        help="LSTM layers on top of one another.",
        unit="layers",
        ge=1,
        le=4,
        advanced=True,
    )
    dropout: float = setting(
        0.0,
        label="Dropout",
        help="Share of each layer's inputs that is silenced in training, against over-fitting.",
        ge=0.0,
        le=0.8,
        advanced=True,
    )
    learning_rate: float = setting(
        0.002,
        label="Learning rate",
        help="Size of a training step. Lower it when the loss jumps, raise it when it creeps.",
        ge=1e-5,
        le=0.1,
        log=True,
        advanced=True,
    )
    batch_size: int = setting(
        128,
        label="Batch size",
        help="Windows in one training step.",
        unit="windows",
        ge=1,
        le=1024,
        log=True,
        advanced=True,
    )
    patience: int = setting(
        8,
        label="Patience",
        help="Epochs without a better validation loss before training stops.",
        unit="epochs",
        ge=1,
        le=100,
        advanced=True,
    )
    validation_share: float = setting(
        0.2,
        label="Validation share",
        help="Share of the units that decides when to stop and how wide the intervals are.",
        ge=0.05,
        le=0.5,
        advanced=True,
    )
    test_share: float = setting(
        0.2,
        label="Test share",
        help="Share of the units that is kept out of training, to judge the model by. "
        "0 when other units judge it.",
        ge=0.0,
        le=0.5,
        advanced=True,
    )
    seed: int = setting(
        0,
        label="Seed",
        help="Start of all random numbers, also of which units are kept out: the same seed gives "
        "the same result.",
        ge=0,
        le=2**31 - 1,
        advanced=True,
    )

    @field_validator("variant")
    @classmethod
    def _known(cls, name: str) -> str:
        from core.life.variants import VARIANTS  # it imports this module

        if name not in VARIANTS:
            raise ValueError(f"should be one of {', '.join(VARIANTS)}")
        return name
