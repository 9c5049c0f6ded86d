"""Runs as a table: one line each, the number that counts beside that of its best baseline."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core import runs
from core import task as tasks
from core.errors import RunError
from dashboard import format as write

SCORE = "vus_pr"
CHAMPION = "★ champion"


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """Return a page of `core.runs.table` as it is shown; `config` describes its columns."""
    scores = table[SCORE] if SCORE in table else pd.Series(float("nan"), table.index)
    checks = [_check(identifier) for identifier in table["id"]]
    return pd.DataFrame(
        {
            "name": table["name"],
            "dataset": table["dataset"],
            "variant": [
                f"{label(name)}{' (baseline)' if baseline else ''}"
                for name, baseline in zip(table["variant"], table["baseline"], strict=True)
            ],
            "score": scores.map(rounded),
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
        "variant": column.TextColumn("Detector"),
        "score": column.NumberColumn(
            "VUS-PR",
            format="%.3f",
            help="How well the scores put labelled steps above normal ones; needs labels.",
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


def label(variant: str) -> str:
    """Return the name of a variant as it is called on the screen."""
    task = tasks.owner(variant)
    return variant if task is None else tasks.known(task)[variant].label


def tag_texts(tags: dict[str, str]) -> list[str]:
    """Return tags as short texts."""
    return [f"{name}: {value}" if value else name for name, value in tags.items()]


def rounded(value: float) -> float:
    """Return *value* with three significant digits."""
    return float(f"{value:.3g}")


def _check(identifier: str) -> dict[str, str]:
    """Say whether the files of a run are whole, and what its best baseline reaches."""
    try:
        return {"beside": _beside(identifier), "state": "whole"}
    except RunError:
        return {"beside": write.NOTHING, "state": "damaged"}


@st.cache_data(ttl=300, max_entries=2_000, show_spinner=False)
def _beside(identifier: str) -> str:
    baselines = runs.get(identifier).card()["baselines"]
    reached = {name: found[SCORE] for name, found in baselines.items() if SCORE in found}
    if not reached:
        return write.NOTHING
    best = max(reached, key=lambda one: reached[one])
    return f"{write.number(reached[best])} {label(best)}"
