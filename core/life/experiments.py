"""What is tried with the settings of the life task, and what validation units say of it."""

from __future__ import annotations

from core.learning import WHOLE, changed
from core.life.config import Config
from core.life.metrics import judge
from core.life.result import Result
from core.life.variants import VARIANTS
from core.task import Aim, Experiments


def validation(result: Result) -> dict[str, float]:
    """Return the metrics of all rows of the validation units; empty where none are known."""
    if "actual" not in result.steps:
        return {}
    rows = result.steps[(result.steps["part"] == "validation").to_numpy()]
    if rows.empty:
        return {}
    predicted, actual = (rows[name].to_numpy(float) for name in ("remaining", "actual"))
    return judge(predicted, actual, result.cap)


def ablations(config: Config) -> dict[str, Config]:
    """Return *config* as it is, and with one of its parts taken away, by name."""
    if "units" not in VARIANTS[config.variant].reads:
        return {WHOLE: config}
    found = {
        WHOLE: config,
        "one layer": changed(config, layers=1),
        "without dropout": changed(config, dropout=0.0),
        "two rows instead of a window": changed(config, lookback=2),
    }
    return {label: one for label, one in found.items() if label == WHOLE or one != config}


EXPERIMENTS = Experiments(
    validation,
    (
        Aim("rmse", "RMSE (steps)", False, "Error of the remaining life, held to the cap."),
        Aim("phm08_mean", "PHM08 penalty", False, "Promising too much costs more than too little."),
    ),
    ("learning_rate", "units", "lookback", "layers", "dropout", "batch_size"),
    frozenset({"cap", "validation_share", "test_share", "seed"}),
    ablations,
)
