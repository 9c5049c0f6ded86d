"""The metrics of runs side by side: baselines on top, the best in bold where a test says so."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import format as write
from dashboard.compare_data import CHIPS, Bench
from dashboard.markdown import plain

# Metrics that are shares of something; other numbers keep their own unit.
SHARES = frozenset(
    ("event_recall", "event_precision", "false_alarm_rate", "recall", "coverage", "late_share")
)


def verdict(bench: Bench) -> None:
    """Say which run is the best, and how the runs differ."""
    found = bench.comparison
    main = found.titles.get(found.metric, found.metric)
    rows = f"{write.count(found.rows)} test {'forecasts' if found.task == 'forecast' else 'rows'}"
    if found.best is not None:
        st.success(
            f"**{plain(bench.called[found.best])}** is better than every other run by more than "
            f"luck, by {plain(main)} on {rows}.",
            icon=":material/trophy:",
        )
    else:
        st.info(
            f"No run is better than every other one by more than luck, by {plain(main)} on "
            f"{rows}; none is marked.",
            icon=":material/balance:",
        )
    changed = found.changed[0].upper() + found.changed[1:]
    st.caption(f"{plain(changed)}. Test: {plain(found.test)}.")
    for note in found.notes:
        st.caption(f":orange[:material/info:] {plain(note)}")


def table(bench: Bench) -> None:
    """Draw the table; names are as they are, whatever is in them."""
    found = bench.comparison
    rows = []
    for row in found.table.to_dict("records"):
        cells = {
            "Run": f"{CHIPS[bench.meanings[row['run']]]}\u00a0{plain(row['run'])}",
            "Model": plain(f"{row['label']}{' (baseline)' if row['baseline'] else ''}"),
        }
        for name, title in found.titles.items():
            value = write.percent if name in SHARES else write.number
            cells[plain(title)] = value(row.get(name))
            if name == found.metric:
                cells["95 % interval"] = _interval(row["lower"], row["upper"])
        cells |= {
            "Time taken": write.duration(row["seconds"]),
            "Size": _bytes(row["size"]),
        }
        # Figures stay on one line; a table that is too wide is moved sideways.
        cells |= {
            name: text.replace(" ", "\u00a0")
            for name, text in cells.items()
            if name not in ("Run", "Model")
        }
        if row["best"]:
            cells = {name: f"**{text}**" for name, text in cells.items()}
        rows.append(cells)
    st.table(
        pd.DataFrame(rows).set_index("Run"),
        border="horizontal",
        alt="Metrics of the runs, baselines first",
    )
    with st.container(horizontal=True):
        st.download_button(
            "Table as CSV",
            found.table.to_csv(index=False).encode(),
            "compare.csv",
            "text/csv",
            key="compare-csv",
            icon=":material/download:",
            on_click="ignore",
            help="Metrics, intervals, seconds and bytes of each run.",
        )
        st.download_button(
            "Tests as CSV",
            found.pairs.to_csv(index=False).encode(),
            "compare-pairs.csv",
            "text/csv",
            key="compare-pairs-csv",
            icon=":material/download:",
            on_click="ignore",
            disabled=found.pairs.empty,
            help="One row a pair of runs: difference of the main metric, its 95 % interval, and p "
            "of the paired test without correction.",
        )


def _interval(lower: float, upper: float) -> str:
    if pd.isna(lower):
        return write.NOTHING
    return f"{write.number(lower)} to {write.number(upper)}"


def _bytes(size: float) -> str:
    """Write a size: "850 B", "12.3 kB", "4.57 MB"."""
    for unit, power in (("MB", 1e6), ("kB", 1e3)):
        if size >= power:
            return f"{size / power:.3g} {unit}"
    return f"{size:.0f} B"
