"""The registry of forecasters: a new one is one entry here."""

from __future__ import annotations

from functools import partial

from core.forecast.alone import Alone
from core.forecast.baselines import Persistence, SeasonalNaive
from core.forecast.boosting import Boosting
from core.forecast.dlinear import DLinear
from core.forecast.fusion import Fusion
from core.forecast.ridge import Ridge
from core.forecast.source import Source
from core.forecast.stid import Stid
from core.task import Variant

_DATA = frozenset(
    {"target", "entity", "lookback", "horizon", "nodes", "future", "scaling", "season"}
    | {"train_share", "validation_share", "coverage"}
)
_TRAINING = frozenset({"epochs", "learning_rate", "batch_size", "patience", "seed"})
_NETWORK = _DATA | _TRAINING | {"units"}
_ENDS = _NETWORK | {"residual", "calendar", "identity", "instance_norm", "loss", "dropout"}

_SOURCE = (
    "As the code of IMMAF-SDFN has it: convolution over columns and {0} beside {0}, joined by "
)
_SOURCE += "dense layers, squared loss, no last reading. Kept to compare with."

_ALL = (
    Variant(
        "fusion",
        "Fusion",
        "A temporal and a spatial path, each attending to the other (after IMMAF-SDFN), in a mean "
        "with what each forecasts alone. Choose it first; its parts are below.",
        Fusion,
        _ENDS | {"spatial", "temporal", "fusion", "together", "linear", "graph", "heads"},
        version=2,
    ),
    *(
        Variant(
            f"fusion-{kind}",
            f"Fusion as published, {label}",
            _SOURCE.format(label),
            partial(Source, kind=kind),
            _NETWORK,
        )
        for kind, label in (("lstm", "LSTM"), ("bilstm", "BiLSTM"), ("gru", "GRU"))
    ),
    Variant(
        "lstm",
        "LSTM",
        "The temporal path alone: the course of each sensor through an LSTM (Hochreiter and "
        "Schmidhuber 1997).",
        partial(Alone, kind="lstm"),
        _ENDS,
    ),
    Variant(
        "bilstm",
        "BiLSTM",
        "The temporal path alone, read forwards and backwards (Schuster and Paliwal 1997).",
        partial(Alone, kind="bilstm"),
        _ENDS,
    ),
    Variant(
        "gru",
        "GRU",
        "The temporal path alone, with gated recurrent units (Cho et al. 2014).",
        partial(Alone, kind="gru"),
        _ENDS,
    ),
    Variant(
        "conv-st",
        "Convolution over columns",
        "The spatial path of IMMAF-SDFN alone: a convolution over neighbouring columns, then a "
        "recurrent layer.",
        partial(Alone, kind="conv-st"),
        _ENDS | {"temporal"},
    ),
    Variant(
        "stgcn",
        "ST-GCN",
        "The spatial path over a graph alone: gated convolutions over time around one over "
        "neighbours (Yu, Yin and Zhu 2018).",
        partial(Alone, kind="stgcn"),
        _ENDS | {"graph"},
        version=2,
    ),
    Variant(
        "stid",
        "STID",
        "No graph: the window of each sensor, which sensor and which time it is (Shao et al. "
        "2022).",
        Stid,
        _ENDS,
        baseline=True,
    ),
    Variant(
        "dlinear",
        "DLinear",
        "Linear maps of trend and remainder of each window (Zeng et al. 2023).",
        DLinear,
        _DATA | _TRAINING,
        baseline=True,
    ),
    Variant(
        "boosting",
        "Gradient boosting",
        "Trees on the window, one model a step ahead, for a single target (Ke et al. 2017).",
        Boosting,
        _DATA | {"loss", "seed"},
        baseline=True,
    ),
    Variant(
        "ridge",
        "Ridge regression",
        "Linear in the window of all sensors, solved exactly (Hoerl and Kennard 1970).",
        Ridge,
        _DATA,
        baseline=True,
        companion=True,
    ),
    Variant(
        "seasonal-naive",
        "Seasonal naive",
        "What was read one season before, such as at the same time of the day or week before.",
        SeasonalNaive,
        _DATA,
        baseline=True,
        companion=True,
        version=2,
    ),
    Variant(
        "persistence",
        "Persistence",
        "Nothing changes: the last reading.",
        Persistence,
        _DATA,
        baseline=True,
        companion=True,
    ),
)
VARIANTS: dict[str, Variant] = {variant.name: variant for variant in _ALL}
