"""Which moments are not normal, and which sensor says so?

Example:
    >>> from core import anomaly
    >>> from core.data import open_dataset
    >>> data = open_dataset("pump-station")
    >>> fitted = anomaly.fit(data, anomaly.Config(variant="pca"))
    >>> result = anomaly.predict(fitted, data)
    >>> events = anomaly.events(result, anomaly.Sigma(k=3))
"""

from core.anomaly import beside
from core.anomaly.adaptive import Adaptive
from core.anomaly.bootstrap import bootstrap
from core.anomaly.budget import Budget
from core.anomaly.combined import Combined, combine
from core.anomaly.config import Config
from core.anomaly.cost import Cost
from core.anomaly.decide import Outcome, decide, intervals
from core.anomaly.drift import Drift, drift
from core.anomaly.dspot import Dspot
from core.anomaly.dynamic import Dynamic
from core.anomaly.events import LISTED, channel_shares, event_table, events
from core.anomaly.experiments import EXPERIMENTS
from core.anomaly.health import health
from core.anomaly.intervals import Intervals, detect
from core.anomaly.metrics import (
    advice,
    evaluate,
    flags,
    in_test,
    measure,
)
from core.anomaly.pot import Pot
from core.anomaly.profile import Profile, read_profile
from core.anomaly.ranking import average_precision, roc_auc
from core.anomaly.result import Result, read_result
from core.anomaly.rule import Cut, Rule
from core.anomaly.scoring import Scoring
from core.anomaly.sweep import sweep
from core.anomaly.task import Fitted, Prepared, fit, load, predict, prepare, split
from core.anomaly.thorough import thorough
from core.anomaly.thresholds import (
    THRESHOLDS,
    Decision,
    Fixed,
    Mad,
    Quantile,
    Sigma,
    Threshold,
)
from core.anomaly.variants import KNOWN, VARIANTS

__all__ = [
    "EXPERIMENTS",
    "KNOWN",
    "LISTED",
    "THRESHOLDS",
    "VARIANTS",
    "Adaptive",
    "Budget",
    "Combined",
    "Config",
    "Cost",
    "Cut",
    "Decision",
    "Drift",
    "Dspot",
    "Dynamic",
    "Fitted",
    "Fixed",
    "Intervals",
    "Mad",
    "Outcome",
    "Pot",
    "Prepared",
    "Profile",
    "Quantile",
    "Result",
    "Rule",
    "Scoring",
    "Sigma",
    "Threshold",
    "advice",
    "average_precision",
    "beside",
    "bootstrap",
    "channel_shares",
    "combine",
    "decide",
    "detect",
    "drift",
    "evaluate",
    "event_table",
    "events",
    "fit",
    "flags",
    "health",
    "in_test",
    "intervals",
    "load",
    "measure",
    "predict",
    "prepare",
    "read_profile",
    "read_result",
    "roc_auc",
    "split",
    "sweep",
    "thorough",
]
