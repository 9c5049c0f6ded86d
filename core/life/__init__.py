"""How long will each unit last, and how worn is it?

Example:
    >>> from core import life
    >>> from core.data import open_dataset
    >>> fitted = life.fit(open_dataset("cmapss-fd001"), life.Config(variant="lstm-regressor"))
    >>> fleet = life.predict(fitted, open_dataset("cmapss-fd001-test")).fleet
    >>> fleet.sort_values("remaining")[["entity", "remaining", "lower", "upper", "health"]]
"""

from core.life import beside
from core.life.config import Config
from core.life.experiments import EXPERIMENTS
from core.life.metrics import advice, evaluate, judge, phm08, rmse
from core.life.result import Result, read_result
from core.life.task import Fitted, Prepared, fit, interval, load, predict, prepare, split
from core.life.truth import read_truth
from core.life.variants import VARIANTS

__all__ = [
    "EXPERIMENTS",
    "VARIANTS",
    "Config",
    "Fitted",
    "Prepared",
    "Result",
    "advice",
    "beside",
    "evaluate",
    "fit",
    "interval",
    "judge",
    "load",
    "phm08",
    "predict",
    "prepare",
    "read_result",
    "read_truth",
    "rmse",
    "split",
]
