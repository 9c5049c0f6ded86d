"""What will these sensors read next?

Example:
    >>> from core import forecast
    >>> from core.data import open_dataset
    >>> config = forecast.Config(variant="fusion", target="OT", lookback=96, horizon=24)
    >>> fitted = forecast.fit(open_dataset("ett"), config)
    >>> result = forecast.predict(fitted, open_dataset("ett"))
    >>> forecast.measures(result)["mae"]
"""

from core.forecast import beside
from core.forecast.compare import Difference, diebold_mariano
from core.forecast.config import Config
from core.forecast.experiments import (
    EXPERIMENTS,
    ablations,
    best_of,
    side_by_side,
    window_sizes,
)
from core.forecast.metrics import (
    advice,
    by_hour,
    by_step,
    by_target,
    evaluate,
    measures,
)
from core.forecast.result import Result, read_result
from core.forecast.task import Fitted, Prepared, fit, load, predict, prepare, samples_of, split
from core.forecast.variants import VARIANTS

KEEPS_GAPS = True  # interpolation across a gap knows what comes after it

__all__ = [
    "EXPERIMENTS",
    "KEEPS_GAPS",
    "VARIANTS",
    "Config",
    "Difference",
    "Fitted",
    "Prepared",
    "Result",
    "ablations",
    "advice",
    "beside",
    "best_of",
    "by_hour",
    "by_step",
    "by_target",
    "diebold_mariano",
    "evaluate",
    "fit",
    "load",
    "measures",
    "predict",
    "prepare",
    "read_result",
    "samples_of",
    "side_by_side",
    "split",
    "window_sizes",
]
