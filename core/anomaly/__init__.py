"""Which moments are not normal, and which sensor says so?

Example:
    >>> from core import anomaly
    >>> from core.data import open_dataset
    >>> data = open_dataset("pump-station")
    >>> fitted = anomaly.fit(data, anomaly.Config(variant="pca"))
    >>> result = anomaly.predict(fitted, data)
    >>> events = anomaly.events(result, anomaly.Sigma(k=3))
"""

from core.anomaly.config import Config
from core.anomaly.events import channel_shares, event_table, events, intervals
from core.anomaly.intervals import Intervals, detect
from core.anomaly.metrics import (
    advice,
    evaluate,
    flags,
    in_test,
    measure,
)
from core.anomaly.result import Result, read_result
from core.anomaly.task import Fitted, Prepared, fit, load, predict, prepare, split
from core.anomaly.thresholds import THRESHOLDS, Decision, Fixed, Quantile, Sigma, Threshold
from core.anomaly.truth import average_precision
from core.anomaly.variants import VARIANTS

__all__ = [
    "THRESHOLDS",
    "VARIANTS",
    "Config",
    "Decision",
    "Fitted",
    "Fixed",
    "Intervals",
    "Prepared",
    "Quantile",
    "Result",
    "Sigma",
    "Threshold",
    "advice",
    "average_precision",
    "channel_shares",
    "detect",
    "evaluate",
    "event_table",
    "events",
    "fit",
    "flags",
    "in_test",
    "intervals",
    "load",
    "measure",
    "predict",
    "prepare",
    "read_result",
    "split",
]
