"""The row of numbers that follow the threshold, each with its best baseline beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from core import format as write
from core.anomaly import VARIANTS

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
        "vus_pr",
        "VUS-PR",
        "How well the scores put labelled stretches above normal ones, over all thresholds at once "
        "and with soft edges: the volume under the precision-recall surface. It does not move with "
        "the threshold.",
    ),
    Tile(
        "composite_f1",
        "Composite F1",
        "Harmonic mean of the anomalies caught (event recall) and of the share of flagged time "
        "that is labelled (point precision): an alarm that never ends does not please it.",
    ),
    Tile(
        "event_recall",
        "Caught",
        "Share of the labelled anomalies that an event overlaps (event-wise recall).",
        share=True,
    ),
    Tile(
        "false_alarm_rate",
        "False time",
        "Share of the normal time that is in alarm (false-alarm rate over steps).",
        share=True,
        best=False,
    ),
    Tile(
        "false_alarms_per_day",
        "False/day",
        "False alarms a day: events that overlap no labelled anomaly.",
        best=False,
    ),
    Tile(
        "delay_seconds",
        "Delay",
        "From the start of a labelled anomaly to its first flagged row, mean over those caught.",
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
    known = labelled and metrics.get("labelled_events", 0) > 0
    shown = LABELLED if known else UNLABELLED
    if labelled and not known:
        st.caption("No events: the labels name no anomaly among the test rows that count.")
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
            + (f" The best baseline here: {name}, at the adaptive threshold." if name else "")
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
    rank = tile.name if tile.best else "vus_pr"
    name = max(known, key=lambda one: known[one].get(rank, 0.0))
    return _text(tile, known[name][tile.name]), VARIANTS[name].label if name in VARIANTS else name


def _text(tile: Tile, value: float | None) -> str:
    if tile.name == "events":
        return write.count(value)
    if tile.name == "delay_seconds":
        return write.rough(value)
    return write.percent(value) if tile.share else write.number(value)
