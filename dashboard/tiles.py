"""The row of numbers that follow the threshold, each with its best baseline beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from core.anomaly import VARIANTS
from dashboard import format as write

Metrics = Mapping[str, float]


@dataclass(frozen=True)
class Tile:
    """One number.

    Attributes:
        name: Of the metric, as `core.anomaly.evaluate` calls it.
        label: On the screen.
        help: What it means, with the term of the field.
        share: Whether it is written as a percentage.
        best: Whether the highest of the baselines is shown; else that of the best detector.
    """

    name: str
    label: str
    help: str
    share: bool = False
    best: bool = True


LABELLED = (
    Tile(
        "average_precision",
        "Average precision",
        "How well the scores put labelled steps above normal ones, over all thresholds at once: "
        "the area under the precision-recall curve. It does not move with the threshold.",
    ),
    Tile(
        "event_precision",
        "Right alarms",
        "Share of the events that overlap a labelled anomaly (event-wise precision).",
        share=True,
    ),
    Tile(
        "event_recall",
        "Anomalies caught",
        "Share of the labelled anomalies that an event overlaps (event-wise recall).",
        share=True,
    ),
    Tile(
        "event_f1",
        "F1 of events",
        "Harmonic mean of right alarms and anomalies caught (event-wise F1).",
    ),
    Tile(
        "false_alarms_per_day",
        "False alarms/day",
        "Events a day that overlap no labelled anomaly.",
        best=False,
    ),
)
UNLABELLED = (
    Tile("events", "Events", "Events among the test rows.", best=False),
    Tile("alarms_per_day", "Alarms/day", "Events a day of the test rows.", best=False),
    Tile("flagged_share", "Time in alarm", "Share of the test rows in an event.", True, False),
)


def tiles(metrics: Metrics, baselines: Mapping[str, Metrics], labelled: bool) -> None:
    """Draw the tiles of *metrics*; *baselines* are metrics by the name of their variant."""
    shown = LABELLED if labelled else UNLABELLED
    days = metrics.get("test_days", 1.0)
    for column, tile in zip(st.columns(len(shown), gap="small"), shown, strict=True):
        text = _text(tile, metrics.get(tile.name))
        guess = days < 1 and tile.name.endswith("per_day") and tile.name in metrics
        level, name = beside(tile, baselines)
        column.metric(
            tile.label,
            f"≈ {text}" if guess else text,
            delta=f"baseline {level}" if name else "no baseline",
            delta_color="off",
            delta_arrow="off",
            help=tile.help
            + (f" The best baseline here: {name}, at three sigma." if name else "")
            + (f" Extrapolated from {write.duration(days * 86_400)}." if guess else ""),
            border=True,
            height="stretch",
        )
    if days < 1:
        st.caption(
            f"≈ Extrapolated: the test rows last only {write.duration(days * 86_400)}, so what "
            "happens in a day is a guess."
        )


def beside(tile: Tile, baselines: Mapping[str, Metrics]) -> tuple[str, str]:
    """Return what the best baseline reaches, and its name; empty without baselines."""
    known = {name: values for name, values in baselines.items() if tile.name in values}
    if not known:
        return "", ""
    # The fewest alarms are no merit by themselves: there, take those of the best detector.
    rank = tile.name if tile.best else "average_precision"
    name = max(known, key=lambda one: known[one].get(rank, 0.0))
    return _text(tile, known[name][tile.name]), VARIANTS[name].label if name in VARIANTS else name


def _text(tile: Tile, value: float | None) -> str:
    if tile.name == "events":
        return write.count(value)
    return write.percent(value) if tile.share else write.number(value)
