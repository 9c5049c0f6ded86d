"""What is known of a recording: its size, what was found in it, statistics."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core import format as write
from core.data import Dataset
from dashboard.markdown import plain

COLOURS = {"error": "red", "warning": "orange", "info": "gray"}
SEVERITIES = list(COLOURS)


def tiles(dataset: Dataset) -> None:
    """Draw the size of the recording in numbers."""
    labels = dataset.labels
    time = dataset.time
    span = None if time is None or not len(time) else time.max() - time.min()
    filled = 0 if dataset.imputed is None else int(np.count_nonzero(dataset.imputed))
    numbers = {
        "Rows": (write.count(len(dataset)), "Time steps after cleaning, all entities together."),
        "Channels": (write.count(len(dataset.channels)), "Sensors that a detector watches."),
        "Entities": (
            write.count(len(dataset.entities)),
            "Independent units, such as machines; no window crosses from one to the next.",
        ),
        "Step": (write.duration(dataset.step), "Median time from one row to the next."),
        "Length": (_length(span), _ends(dataset)),
        "Labelled": (
            write.NOTHING if labels is None else write.percent(float(labels.mean())),
            "Share of the rows that a person labelled as anomalous.",
        ),
        "Filled in": (
            write.count(filled),
            "Cells that were missing and filled in as chosen under Columns and gaps.",
        ),
    }
    with st.grid(len(numbers), min_column_width=96, gap="small"):
        for label, (value, help) in numbers.items():
            st.metric(label, value, help=help, border=True, height="stretch")


def _length(span: pd.Timedelta | None) -> str:
    """Return *span* in its two largest units; in days alone where these are many."""
    if span is not None and span.days >= 100:
        return f"{span.days:,} d"
    return write.duration(span)


def _ends(dataset: Dataset) -> str:
    if dataset.time is None:
        return "There is no time column; rows count as steps."
    first, last = dataset.time.min(), dataset.time.max()
    return f"From {write.moment(first)} to {write.moment(last)} ({write.zone(dataset.time)})."


def findings(dataset: Dataset) -> None:
    """List what was noticed, the gravest first, and what was done about it."""
    if not dataset.findings:
        st.success("Nothing was found that needs your attention.", icon=":material/check_circle:")
        return
    rows = sorted(dataset.findings, key=lambda one: SEVERITIES.index(one.severity))
    frame = pd.DataFrame(
        {
            "Severity": [f":{COLOURS[row.severity]}-badge[{row.severity}]" for row in rows],
            "What": [plain(row.what) for row in rows],
            "Column": [plain(row.column) for row in rows],
            "Rows": [row.rows for row in rows],
            "How many": [write.count(row.count) for row in rows],
            "What is done about it": [plain(row.action) for row in rows],
        }
    )
    # A table, for its lines wrap: a finding that is cut off would have to be clicked to be read.
    with st.container(height=460 if len(frame) > 8 else "content", border=False):
        st.table(
            frame,
            border="horizontal",
            hide_index=True,
            alt="Findings with severity, place, count and what is done about them",
        )


def faults(kinds: dict[str, str]) -> None:
    """List the kinds of fault that a sample was given, and what happens in each."""
    if kinds:
        st.markdown("**Faults that this sample was given**; the label marks where they are.")
        st.table(kinds, border="horizontal", width="content", alt="Kinds of fault in the sample")


def statistics(dataset: Dataset, missing: pd.Series) -> None:
    """List each channel with its range; *missing* counts empty cells by column, as read."""
    frame = _statistics(dataset, dataset.fingerprint)
    frame = frame.assign(missing=missing.reindex(frame["channel"]).to_numpy())
    column = st.column_config
    numbers = {"min": "Lowest", "mean": "Mean", "max": "Highest", "std": "Standard deviation"}
    st.dataframe(
        frame,
        hide_index=True,
        height="content" if len(frame) <= 12 else 460,
        column_order=("channel", "unit", *numbers, "missing", "imputed", "shape"),
        column_config={
            "channel": column.TextColumn("Channel", pinned=True),
            "unit": column.TextColumn("Unit"),
            **{name: column.NumberColumn(label, format="plain") for name, label in numbers.items()},
            "missing": column.NumberColumn(
                "Missing cells", format="localized", help="Empty cells in the file, as read."
            ),
            "imputed": column.NumberColumn(
                "Filled in", format="localized", help="Cells that were filled in by cleaning."
            ),
            "shape": column.BarChartColumn(
                "How often each value occurs", y_min=0, help="From the lowest to the highest."
            ),
        },
        alt="Statistics of every channel",
    )


@st.cache_data(max_entries=8, show_spinner="Counting …")
def _statistics(_dataset: Dataset, fingerprint: str) -> pd.DataFrame:
    rows = []
    for number, name in enumerate(_dataset.channels):
        column = _dataset.frame[name].to_numpy(np.float64)
        column = column[np.isfinite(column)]  # there may be gaps, where these are kept
        filled = 0 if _dataset.imputed is None else int(_dataset.imputed[:, number].sum())
        rows.append(
            {
                "channel": name,
                "unit": _dataset.units.get(name, ""),
                "min": _short(column.min()),
                "mean": _short(column.mean()),
                "max": _short(column.max()),
                "std": _short(column.std()),
                "imputed": filled,
                "shape": np.histogram(column, bins=24)[0].tolist(),
            }
        )
    return pd.DataFrame(rows)


def _short(value: float) -> float:
    """Return *value* with three significant digits."""
    return float(f"{value:.3g}")
