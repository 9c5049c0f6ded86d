"""Experiments that come with the task: ablations, every variant side by side, what is searched."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from core.errors import DataError
from core.forecast.compare import Loss, diebold_mariano
from core.forecast.config import Config
from core.forecast.metrics import measures
from core.forecast.result import Result
from core.forecast.variants import VARIANTS
from core.learning import WHOLE, changed, window_sizes
from core.task import Aim, Experiments

SWITCHES = {
    "residual": "level instead of change",
    "calendar": "without calendar",
    "identity": "without node identity",
    "together": "without forecasts of the paths",
    "linear": "without linear forecast",
}
ADDITIONS = {
    "instance_norm": "with instance normalisation",
}
SHOWN = ("mae", "rmse", "r2", "mape", "wape", "mase", "skill", "coverage")


def ablations(config: Config) -> dict[str, Config]:
    """Return *config* as it is, and with one of its parts taken away or exchanged, by name.

    Only what the variant reads is switched; a fusion is also taken apart into its paths.
    """
    reads, found = VARIANTS[config.variant].reads, {WHOLE: config}
    for name, label in SWITCHES.items():
        if name in reads and getattr(config, name):
            found[label] = changed(config, **{name: False})
    for name, label in ADDITIONS.items():
        if name in reads and not getattr(config, name):
            found[label] = changed(config, **{name: True})
    if config.variant == "fusion":
        found |= {
            "concatenation": changed(config, fusion="concat"),
            "temporal path alone": changed(config, variant=config.temporal),
            "spatial path alone": changed(config, variant=config.spatial),
        }
        other = "conv-st" if config.spatial == "stgcn" else "stgcn"
        found[f"spatial path {other}"] = changed(config, spatial=other)
    if "graph" in reads and config.graph != "learned" and config.spatial == "stgcn":
        found["learned graph"] = changed(config, graph="learned")
    return {label: one for label, one in found.items() if label == WHOLE or one != config}


def side_by_side(
    results: Mapping[str, Result], reference: str, loss: Loss = "absolute"
) -> pd.DataFrame:
    """Return one row a result: its measures, and how far it is from the *reference*.

    Args:
        results: Results by name, on the same recording.
        reference: The one that the others are compared with.
        loss: Which errors the test of Diebold and Mariano compares.

    Returns:
        Columns: name, the measures in `SHOWN`, difference (mean error minus that of the
        reference), lower, upper (its 95 % interval), p. Where two cannot be compared, as with
        another horizon, these are NaN.
    """
    rows = []
    for name, result in results.items():
        found = measures(result)
        row: dict[str, object] = {"name": name}
        row |= {key: found.get(key, float("nan")) for key in SHOWN}
        if name != reference:
            try:
                gap = diebold_mariano(result, results[reference], loss)
            except DataError:
                pass  # the columns stay empty, which says it
            else:
                row |= {"difference": gap.mean, "lower": gap.lower, "upper": gap.upper, "p": gap.p}
        rows.append(row)
    columns = ["name", *SHOWN, "difference", "lower", "upper", "p"]
    return pd.DataFrame(rows, columns=columns)


def best_of(results: Mapping[str, Result], loss: Loss = "absolute") -> str | None:
    """Return the name of the result that is better than every other one, by more than luck.

    Holm's correction for as many comparisons as there are others; None where the lead is luck.
    """
    if len(results) < 2:
        return None
    errors = {name: measures(result).get("mae", float("inf")) for name, result in results.items()}
    first = min(errors, key=lambda name: errors[name])
    try:
        tests = [
            diebold_mariano(results[first], other, loss)
            for name, other in results.items()
            if name != first
        ]
    except DataError:
        return None
    ordered = sorted(test.p for test in tests)
    clear = all(p < 0.05 / (len(ordered) - rank) for rank, p in enumerate(ordered))
    return first if clear and all(test.mean < 0 for test in tests) else None


def validation(result: Result) -> dict[str, float]:
    """Return the measures of the forecasts that lie whole in the validation rows."""
    which = result.of_part("validation")
    return measures(result, which) if which.any() else {}


EXPERIMENTS = Experiments(
    validation,
    (
        Aim("mae", "MAE", False, "Mean absolute error, in the unit of the target."),
        Aim("rmse", "RMSE", False, "Root of the mean squared error: large errors count more."),
        Aim("mase", "MASE", False, "Error beside the usual change from row to row."),
        Aim("skill", "Skill", True, "1 minus squared error over that of saying nothing changes."),
    ),
    ("learning_rate", "units", "lookback", "dropout", "batch_size", "heads"),
    frozenset(
        {"target", "entity", "horizon", "nodes", "future", "season", "train_share"}
        | {"validation_share", "coverage", "seed"}
    ),
    ablations,
)
__all__ = [
    "EXPERIMENTS",
    "WHOLE",
    "ablations",
    "best_of",
    "side_by_side",
    "validation",
    "window_sizes",
]
