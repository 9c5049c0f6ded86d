"""The registry of models of the remaining life: a new one is one entry here."""

from __future__ import annotations

from core.life.baselines import LinearDegradation, MeanLife
from core.life.network import LstmRegressor
from core.task import Variant

_UNITS = frozenset({"cap", "validation_share", "test_share", "seed"})
_NETWORK = frozenset(
    {"lookback", "units", "layers", "dropout", "epochs", "learning_rate", "batch_size", "patience"}
)

_ALL = (
    Variant(
        "lstm-regressor",
        "LSTM regressor",
        "Reads the last rows of a unit and says how many steps it has left (Zheng et al. 2017).",
        LstmRegressor,
        _UNITS | _NETWORK,
    ),
    Variant(
        "linear-degradation",
        "Linear degradation",
        "Draws the line of a unit's wear on to the wear that failed units had (Wang et al. 2008 "
        "for the wear).",
        LinearDegradation,
        _UNITS | {"lookback"},
        baseline=True,
        companion=True,
    ),
    Variant(
        "mean-life",
        "Mean life",
        "The mean life of the training units minus the age, whatever the sensors say.",
        MeanLife,
        _UNITS,
        baseline=True,
        companion=True,
    ),
)
VARIANTS: dict[str, Variant] = {variant.name: variant for variant in _ALL}
