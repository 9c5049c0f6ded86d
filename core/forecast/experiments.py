"""Experiments that come with the task: window sizes, ablations, and every variant side by side."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from core.errors import DataError
from core.forecast.compare import Loss, diebold_mariano
from core.forecast.config import Config
from core.forecast.metrics import measures
from core.forecast.result import Result
from core.forecast.variants import VARIANTS

WINDOWS = (32, 64, 128, 256)
WHOLE = "as it is"
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


def window_sizes(config: Config) -> dict[str, Config]:
    """Return *config* with each of the lookbacks 32, 64, 128 and 256, by a name for each."""
    return {f"lookback {rows}": _changed(config, lookback=rows) for rows in WINDOWS}


def ablations(config: Config) -> dict[str, Config]:
    """Return *config* as it is, and with one of its parts taken away or exchanged, by name.

    Only what the variant reads is switched; a fusion is also taken apart into its paths.
    """
    reads, found = VARIANTS[config.variant].reads, {WHOLE: config}
    for name, label in SWITCHES.items():
        if name in reads and getattr(config, name):
            found[label] = _changed(config, **{name: False})
    for name, label in ADDITIONS.items():
        if name in reads and not getattr(config, name):
            found[label] = _changed(config, **{name: True})
    if config.variant == "fusion":
        found |= {
            "concatenation": _changed(config, fusion="concat"),
            "temporal path alone": _changed(config, variant=config.temporal),
            "spatial path alone": _changed(config, variant=config.spatial),
        }
        other = "conv-st" if config.spatial == "stgcn" else "stgcn"
        found[f"spatial path {other}"] = _changed(config, spatial=other)
    if "graph" in reads and config.graph != "learned" and config.spatial == "stgcn":
        found["learned graph"] = _changed(config, graph="learned")
    return {label: one for label, one in found.items() if label == WHOLE or one != config}


def _changed(config: Config, **values: object) -> Config:
    return Config.parse(config.model_dump() | values)


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
