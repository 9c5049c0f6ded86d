"""Runs as a table: one line each, the number that counts beside that of its best baseline."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from core import format as write
from core import runs
from core import task as tasks
from core.errors import RunError

# The number that counts of each task, as it is called, and whether more of it is better.
LEADS = {
    "anomaly": ("vus_pr", "VUS-PR", True),
    "life": ("rmse", "RMSE", False),
    "forecast": ("mae", "MAE", False),
    "gas": ("accuracy", "accuracy", True),
}
CHAMPION = "★ champion"


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """Return a page of `core.runs.table` as it is shown; `config` describes its columns."""
    known = runs.several(table["id"])  # one question for the whole page
    checks = [_check(known.get(identifier)) for identifier in table["id"]]
    return pd.DataFrame(
        {
            "name": table["name"],
            "dataset": table["dataset"],
            "variant": [
                f"{tasks.label(task, name)}{' (baseline)' if baseline else ''}"
                for task, name, baseline in table[["task", "variant", "baseline"]].to_numpy()
            ],
            "score": [_score(row) for row in table.to_dict("records")],
            "beside": [found["beside"] for found in checks],
            "events": table["events"] if "events" in table else float("nan"),
            "seconds": table["seconds"].map(write.duration),
            "created": table["created"],
            "marks": [
                [CHAMPION] * bool(champion) + tag_texts(tags)
                for champion, tags in zip(table["champion"], table["tags"], strict=True)
            ],
            "state": [found["state"] for found in checks],
        }
    )


def config(**more: Any) -> dict[str, Any]:
    """Return how the columns of `readable` are shown, and *more* of them."""
    column = st.column_config
    return {
        "name": column.TextColumn("Run", pinned=True),
        "dataset": column.TextColumn("Data set"),
        "variant": column.TextColumn("Model"),
        "score": column.TextColumn(
            "Score",
            help="VUS-PR: how well scores put labelled steps above normal ones, needs labels. "
            "MAE and RMSE: how far forecasts and remaining lives are off.",
        ),
        "beside": column.TextColumn(
            "Best baseline", help="The same number for the best baseline on the same rows."
        ),
        "events": column.NumberColumn(
            "Events", width=60, help="Among the test rows, at the adaptive threshold."
        ),
        "seconds": column.TextColumn("Time taken", width=80, alignment="right"),
        "created": column.DatetimeColumn("Trained (UTC)", format="YYYY-MM-DD HH:mm"),
        "marks": column.ListColumn(
            "Marks", width=140, help="Champion of its recording, and your tags."
        ),
        "state": column.TextColumn(
            "Files", width=70, help="Whether all files of the run are there."
        ),
        **more,
    }


def tag_texts(tags: dict[str, str]) -> list[str]:
    """Return tags as short texts."""
    return [f"{name}: {value}" if value else name for name, value in tags.items()]


def _score(row: Mapping[Hashable, Any]) -> str:
    """Return the number that counts of a run, and what it is."""
    metric, name, _ = LEADS[row["task"]]
    value = row.get(metric, float("nan"))
    return write.NOTHING if pd.isna(value) else f"{write.number(value)} {name}"


def _check(run: runs.Run | None) -> dict[str, str]:
    """Say whether the files of a run are whole, and what its best baseline reaches."""
    if run is None:  # deleted since the page was listed
        return {"beside": write.NOTHING, "state": "gone"}
    try:
        return {"beside": _beside(run, run.id), "state": "whole"}
    except RunError:
        return {"beside": write.NOTHING, "state": "damaged"}


@st.cache_data(ttl=300, max_entries=2_000, show_spinner=False)
def _beside(_run: runs.Run, run_id: str) -> str:
    metric, _, more = LEADS[_run.task]
    baselines = _run.card()["baselines"]
    reached = {name: found[metric] for name, found in baselines.items() if metric in found}
    if not reached:
        return write.NOTHING
    best = (max if more else min)(reached, key=lambda one: reached[one])
    return f"{write.number(reached[best])} {tasks.label(_run.task, best)}"
