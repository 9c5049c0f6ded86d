"""The row of numbers above the timeline: they follow the rule, and so does the baseline."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import streamlit as st

from core import format as write
from core import task as tasks
from dashboard.gas_bench import Bench


class Tile(NamedTuple):
    """One number.

    Attributes:
        name: Of the metric, as `core.gas.judge` calls it.
        label: On the screen.
        write: Turns it into text.
        help: What it means.
    """

    name: str
    label: str
    write: Callable[[float | None], str]
    help: str


TILES = (
    Tile(
        "recall",
        "Gas found",
        write.percent,
        "Share of the test rows with gas that have an alarm (recall).",
    ),
    Tile("misses", "Gas missed", write.percent, "Share of them that have none (misses)."),
    Tile(
        "false_alarms_an_hour",
        "False alarms",
        lambda value: write.number(value, "/h"),
        "Alarms in an hour of test rows without gas, each counted once however long it lasts.",
    ),
    Tile(
        "delay_seconds",
        "Delay",
        write.duration,
        "From exposure to alarm: the median over the exposures in the test rows that got one. "
        "Where nobody knows when gas arrived, from the beginning of a session with gas. An alarm "
        "that was already on counts as 0 s.",
    ),
    Tile(
        "accuracy",
        "Accuracy",
        write.percent,
        "Share of the test rows that are called what they are. A row without an alarm is called "
        "one without gas, so this follows the rule, too.",
    ),
    Tile(
        "macro_f1",
        "Macro F1",
        write.number,
        "Mean over the classes of the harmonic mean of precision and recall: a rare class counts "
        "as much as a common one.",
    ),
)


def tiles(bench: Bench) -> None:
    """Draw the tiles."""
    own = bench.judged.metrics
    if not own:
        st.info("No test row has a known class: there is nothing to count.")
        return
    beside = bench.baseline
    name = "" if beside is None else tasks.label("gas", beside[0].variant)
    with st.grid(len(TILES), min_column_width=140, gap="small"):
        for tile in TILES:
            level = None if beside is None else beside[1].metrics.get(tile.name)
            st.metric(
                tile.label,
                tile.write(own.get(tile.name)),
                delta=f"baseline {tile.write(level)}" if name else "no baseline",
                delta_color="off",
                delta_arrow="off",
                help=tile.help + (f" The baseline, under the same rule: {name}." if name else ""),
                border=True,
                height="stretch",
            )


def assumed(bench: Bench) -> None:
    """Say where hours and seconds come from when the recording has no times."""
    if bench.result.assumed:
        st.caption(
            f"The recording has no times: hours and delays take {bench.result.seconds:g} s a row, "
            "as in the published recordings."
        )
