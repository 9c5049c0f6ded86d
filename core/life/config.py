"""The settings of the life task, each written once."""

from __future__ import annotations

from pydantic import field_validator

from core import learning
from core.config import Config as BaseConfig
from core.config import setting


class Config(BaseConfig):
    """What predicts the remaining life, and which units it is learned from."""

    variant: str = setting(
        "lstm-regressor",
        label="Model",
        help="The method that predicts how long a unit will last. Compare it with the baselines.",
    )
    lookback: int = learning.lookback(
        30,
        "Rows in one window, the last ones of a unit. Longer windows see slower wear and "
        "answer later to a change.",
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
    epochs: int = learning.epochs(40)
    layers: int = learning.layers(2, "LSTM layers on top of one another.")
    dropout: float = learning.dropout()
    learning_rate: float = learning.learning_rate(0.002)
    batch_size: int = learning.batch_size(128)
    patience: int = learning.patience(8)
    validation_share: float = learning.validation_share(
        "Share of the units that decides when to stop and how wide the intervals are."
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
    seed: int = learning.seed(", also of which units are kept out")

    @field_validator("variant")
    @classmethod
    def _known(cls, name: str) -> str:
        from core.life.variants import VARIANTS  # it imports this module

        if name not in VARIANTS:
            raise ValueError(f"should be one of {', '.join(VARIANTS)}")
        return name
