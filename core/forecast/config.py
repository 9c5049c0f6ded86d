"""The settings of the forecast task, each written once."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from core import learning
from core.config import Config as BaseConfig
from core.config import setting

Nodes = Literal["auto", "channels", "entities"]
Source = Literal["auto", "given", "coordinates", "correlation", "learned"]


class Config(BaseConfig):
    """What is forecast from what, by which model, and how it is trained."""

    variant: str = setting(
        "fusion",
        label="Model",
        help="The method that forecasts. Compare it with its parts and with the baselines.",
    )
    target: str | None = setting(
        None,
        label="Target",
        help="The channel that is forecast. Empty forecasts every channel; where entities are the "
        "nodes, the first channel.",
    )
    entity: str | None = setting(
        None,
        label="Entity",
        help="The only entity, such as a station, that is looked at. Empty takes all.",
    )
    lookback: int = setting(
        24,
        label="Lookback",
        help="Past rows that a forecast is made from.",
        unit="steps",
        ge=1,
        le=512,
    )
    horizon: int = setting(
        12,
        label="Horizon",
        help="Rows that are forecast at once.",
        unit="steps",
        ge=1,
        le=336,
    )
    spatial: Literal["stgcn", "conv-st"] = setting(
        "stgcn",
        label="Spatial path",
        help="How sensors are read together. stgcn: over the edges of a graph (Yu, Yin and Zhu "
        "2018). conv-st: by a convolution over neighbouring columns, as IMMAF-SDFN has it.",
    )
    temporal: Literal["lstm", "bilstm", "gru"] = setting(
        "gru",
        label="Temporal path",
        help="How the course of each sensor is read.",
    )
    fusion: Literal["attention", "concat"] = setting(
        "attention",
        label="Fusion",
        help="How the two paths are joined: each attends to the steps of the other, or dense "
        "layers over both.",
    )
    together: bool = setting(
        True,
        label="Paths forecast, too",
        help="Each path forecasts by itself as well, and the answer is a mean of all, each with a "
        "share that the validation rows decide: errors that differ cancel out.",
        advanced=True,
    )
    graph: Source = setting(
        "auto",
        label="Graph",
        help="Where edges come from: given with the data, distances between coordinates, "
        "correlation in the training rows, or learned. Auto takes the first of these that there "
        "is.",
    )
    residual: bool = setting(
        True,
        label="Predict the change",
        help="Forecast the change from the last reading instead of the level.",
    )
    calendar: bool = setting(
        True,
        label="Calendar",
        help="Let the model know the time of the day and, from two weeks of training on, the day "
        "of the week.",
    )
    identity: bool = setting(
        True,
        label="Node identity",
        help="Give every sensor a learned vector of its own (Shao et al. 2022).",
        advanced=True,
    )
    linear: bool = setting(
        True,
        label="Linear forecast, too",
        help="A regression, solved on the training rows, has its share in the answer where paths "
        "forecast, too (as the autoregressive part of Lai et al. 2018).",
        advanced=True,
    )
    instance_norm: bool = setting(
        False,
        label="Instance normalisation",
        help="Take mean and spread of each window out before the model and put them back behind "
        "it (Kim et al. 2022): for a level that moves away from that of the training rows.",
        advanced=True,
    )
    loss: Literal["mae", "mse", "huber"] = setting(
        "mae",
        label="Loss",
        help="What training makes small: absolute errors, squared errors, or squared up to one "
        "standard deviation and absolute beyond.",
        advanced=True,
    )
    nodes: Nodes = setting(
        "auto",
        label="Nodes",
        help="What a node of the graph is: a channel, or an entity such as a station, whose other "
        "channels are then covariates. Auto takes entities that are recorded at the same times.",
        advanced=True,
    )
    future: str = setting(
        "",
        label="Known ahead",
        help="Channels, with commas between, whose values over the horizon are known when the "
        "forecast is made, such as a timetable or a weather forecast. Nothing else of the future "
        "is read. Rows behind the last reading with these values alone say them for the forecast "
        "of what is to come.",
        advanced=True,
    )
    scaling: Literal["node", "shared"] = setting(
        "node",
        label="Scaling",
        help="Standardise every node by itself, or all nodes alike.",
        advanced=True,
    )
    season: int | None = setting(
        None,
        label="Season",
        help="Rows after which the course repeats. Empty: a day where rows have times, else the "
        "strongest period of the training rows.",
        unit="steps",
        ge=2,
        le=10_000,
        advanced=True,
    )
    units: int = setting(
        32,
        label="Units",
        help="Width of each path.",
        unit="cells",
        ge=4,
        le=256,
        log=True,
        advanced=True,
    )
    heads: int = setting(
        4,
        label="Attention heads",
        help="Patterns that each path can look for in the other.",
        unit="heads",
        ge=1,
        le=8,
        advanced=True,
    )
    dropout: float = setting(
        0.1,
        label="Dropout",
        help="Share of what is read that is silenced in training, against over-fitting.",
        ge=0.0,
        le=0.8,
        advanced=True,
    )
    epochs: int = learning.epochs(60)
    learning_rate: float = learning.learning_rate(0.001)
    batch_size: int = setting(
        64,
        label="Batch size",
        help="Windows in one training step.",
        unit="windows",
        ge=1,
        le=4096,
        log=True,
    )
    patience: int = learning.patience(8)
    train_share: float = setting(
        0.7,
        label="Training share",
        help="First share of the rows, to learn from.",
        ge=0.1,
        le=0.9,
        advanced=True,
    )
    validation_share: float = setting(
        0.1,
        label="Validation share",
        help="Share of the rows behind them that decides when to stop and how wide the intervals "
        "are. The rest is the test.",
        ge=0.02,
        le=0.5,
        advanced=True,
    )
    coverage: float = setting(
        0.9,
        label="Coverage",
        help="Share of readings that the intervals are made to hold.",
        ge=0.5,
        le=0.99,
        advanced=True,
    )
    seed: int = learning.seed()

    @field_validator("target", "entity", mode="before")
    @classmethod
    def _empty(cls, name: str | None) -> str | None:
        return name or None

    @field_validator("variant")
    @classmethod
    def _known(cls, name: str) -> str:
        from core.forecast.variants import VARIANTS  # it imports this module

        if name not in VARIANTS:
            raise ValueError(f"should be one of {', '.join(VARIANTS)}")
        return name
