"""The row of numbers above the forecasts, each with its best baseline beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import streamlit as st

from core import format as write
from core.forecast import VARIANTS

Metrics = Mapping[str, float]


class Tile(NamedTuple):
    """One number.

    Attributes:
        name: Of the measure, as `core.forecast.measures` calls it.
        label: On the screen.
        help: What it means.
        best: Which of the baselines' numbers is the best one.
        unit: Whether it is in the unit of the target.
    """

    name: str
    label: str
    help: str
    best: Callable[[Mapping[str, float]], str]
    unit: bool = False


def _least(values: Mapping[str, float]) -> str:
    return min(values, key=lambda name: values[name])


def _most(values: Mapping[str, float]) -> str:
    return max(values, key=lambda name: values[name])


TILES = (
    Tile(
        "mae",
        "MAE",
        "Mean absolute error of the test forecasts, over all steps ahead. Lower is better.",
        _least,
        True,
    ),
    Tile(
        "rmse",
        "RMSE",
        "Root of the mean squared error: large misses count more. Lower is better.",
        _least,
        True,
    ),
    Tile(
        "skill",
        "Skill",
        "1 minus the squared error over that of saying that nothing changes (persistence). 0 is as "
        "good as that, 1 is perfect.",
        _most,
    ),
    Tile(
        "mase",
        "MASE",
        "Error over the mean change from one row to the next in the training rows (Hyndman and "
        "Koehler 2006); mean over targets, whatever their units. Lower is better.",
        _least,
    ),
)


def tiles(
    metrics: Metrics, baselines: Mapping[str, Metrics], made_for: float, unit: str = ""
) -> None:
    """Draw the tiles.

    Args:
        metrics: Of the run.
        baselines: Metrics by the name of their variant.
        made_for: Share of readings that the intervals were made to hold.
        unit: Of the errors; empty where it is not known or not one.
    """
    with st.grid(len(TILES) + 1, min_column_width=132, gap="small"):
        for tile in TILES:
            level, name = beside(tile, baselines)
            st.metric(
                f"{tile.label} ({unit})" if tile.unit and unit else tile.label,
                write.number(metrics.get(tile.name)),
                delta=f"baseline {level}" if name else "no baseline",
                delta_color="off",
                delta_arrow="off",
                help=tile.help + (f" The best baseline here: {name}." if name else ""),
                border=True,
                height="stretch",
            )
        st.metric(
            "Intervals hold",
            write.percent(metrics.get("coverage")),
            delta=f"made for {write.percent(made_for)}",
            delta_color="off",
            delta_arrow="off",
            help="Share of the test readings that lie inside the intervals (coverage). Their width "
            "comes from errors on the validation rows; where the test rows differ from these, they "
            "hold less or more than they were made for.",
            border=True,
            height="stretch",
        )


def beside(tile: Tile, baselines: Mapping[str, Metrics]) -> tuple[str, str]:
    """Return what the best baseline reaches, and its name; empty without baselines."""
    known = {name: values[tile.name] for name, values in baselines.items() if tile.name in values}
    if not known:
        return "", ""
    name = tile.best(known)
    return write.number(known[name]), VARIANTS[name].label if name in VARIANTS else name
