"""The registry of gas classifiers: a new one is one entry here."""

from __future__ import annotations

from core.gas.baselines import Lda, Nearest
from core.gas.forests import Forest, ForestWindows
from core.gas.recurrent import BiLstm
from core.gas.windows import Windows
from core.task import Variant

_ROWS = frozenset({"protocol", "fold", "embargo", "warm_up"})
_TRAINING = frozenset({"epochs", "batch_size", "learning_rate", "patience", "seed"})

_ALL = (
    Variant(
        "bilstm",
        "BiLSTM, sensors",
        "The last rows of the sensors, read forwards and backwards (Schuster and Paliwal 1997).",
        BiLstm,
        _ROWS | _TRAINING | {"lookback", "units", "dropout"},
    ),
    Variant(
        "windows",
        "Several windows, sensors",
        "Trees and a linear model on statistics of the last 15, 30, 60 and 120 rows: trained in "
        "seconds.",
        Windows,
        _ROWS | {"seed"},
    ),
    Variant(
        "forest-windows",
        "Random forest on windows",
        "Trees on statistics of the last rows of every sensor (Breiman 2001).",
        ForestWindows,
        _ROWS | {"lookback", "seed"},
        baseline=True,
        companion=True,
    ),
    Variant(
        "forest",
        "Random forest on rows",
        "Trees on the readings of one row (Breiman 2001).",
        Forest,
        _ROWS | {"seed"},
        baseline=True,
    ),
    Variant(
        "lda",
        "Linear discriminant",
        "One normal cloud a class, all of one shape (Fisher 1936).",
        Lda,
        _ROWS,
        baseline=True,
        companion=True,
    ),
    Variant(
        "nearest",
        "Nearest neighbour",
        "The class of the most similar training row (Cover and Hart 1967).",
        Nearest,
        _ROWS,
        baseline=True,
        companion=True,
    ),
)
VARIANTS: dict[str, Variant] = {variant.name: variant for variant in _ALL}
