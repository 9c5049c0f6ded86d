"""Which class is taken for which, and what the probabilities are worth at any threshold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core import format as write
from core.errors import FusionscopeError
from core.gases import Curves
from dashboard import gas_data, gas_plots
from dashboard.draw import show, spec
from dashboard.gas_bench import Bench
from dashboard.notices import explain

POINTS = 300  # of a curve
SURE = {
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "recall": "gas found",
    "false_alarm_rate": "rows without gas in alarm",
}


def classes(bench: Bench) -> None:
    """Show the confusion matrix under the rule, and precision and recall of each class."""
    counts = bench.judged.confusion
    if not counts.to_numpy().any():
        st.info("No test row has a known class.")
        return
    grid = st.grid(2, min_column_width=360, gap="medium")
    with grid.cell():
        st.caption("Test rows of each class, and what they were called under this rule")
        shares = counts.div(counts.sum(axis=1).clip(lower=1), axis=0)
        cells = pd.DataFrame(
            {
                "truth": np.repeat(counts.index, len(counts)),
                "said": np.tile(counts.columns, len(counts)),
                "share": shares.to_numpy().ravel(),
                "text": [f"{count:,}" for count in counts.to_numpy().ravel()],
            }
        )
        show(
            spec(gas_plots.confusion, bench.result.classes),
            {"cells": cells},
            alt="Confusion matrix of the test rows",
            figure=f"{bench.run.name}-confusion",
        )
    with grid.cell():
        st.caption("By class, with the baseline's F1 beside it")
        st.dataframe(_by_class(bench), alt="Precision, recall and F1 of each class")
        st.caption(
            "Precision: of the rows that were called this class, the share that are. Recall: of "
            "the rows that are this class, the share that were called it."
        )


def _by_class(bench: Bench) -> pd.DataFrame:
    table = bench.judged.by_class
    shown = table[["precision", "recall", "f1"]].map(write.percent)
    shown.columns = ["Precision", "Recall", "F1"]
    if bench.baseline is not None:
        other = bench.baseline[1].by_class["f1"]
        shown["Baseline F1"] = [write.percent(other.get(name)) for name in table.index]
    return shown.assign(Rows=table["rows"].map(write.count)).rename_axis("Class")


def curves(bench: Bench) -> None:
    """Show ROC, precision and recall, and calibration."""
    try:
        found = gas_data.curves(bench.run.id)
    except FusionscopeError as error:
        explain(error)
        return
    left, right = st.columns(2, gap="medium")
    if found.roc.empty:
        st.info("Detection has no curves: the test rows are all with gas, or all without.")
    else:
        with left:
            _roc(bench, found)
        with right:
            _precision(bench, found)
    left, right = st.columns(2, gap="medium")
    with left:
        _calibration(bench, found)
    with right:
        _sure(bench, found)


def _roc(bench: Bench, found: Curves) -> None:
    area = bench.run.metrics.get("roc_auc")
    st.caption(f"ROC of detection, area {write.number(area)}; the dot is the threshold of the rule")
    points = _few(found.roc).rename(columns={"false_alarm_rate": "x", "recall": "y"})
    show(
        spec(gas_plots.curve, "Rows without gas above the threshold", "Rows with gas above it"),
        {"points": points, "here": _here(points, bench), "reference": _line((0, 0), (1, 1))},
        alt="ROC curve of detection",
        figure=f"{bench.run.name}-roc",
    )


def _precision(bench: Bench, found: Curves) -> None:
    area = bench.run.metrics.get("average_precision")
    st.caption(f"Precision and recall of detection, average precision {write.number(area)}")
    points = _few(found.precision).rename(columns={"recall": "x", "precision": "y"})
    gas = float((bench.result.labels[bench.result.test] > 0).mean())
    show(
        spec(gas_plots.curve, "Recall", "Precision"),
        {"points": points, "here": _here(points, bench), "reference": _line((0, gas), (1, gas))},
        alt="Precision-recall curve of detection",
        figure=f"{bench.run.name}-precision",
    )


def _few(frame: pd.DataFrame) -> pd.DataFrame:
    """Return few of many points, evenly spread; infinite thresholds are those of no alarm."""
    frame = frame.replace({"threshold": {np.inf: 1.0}})
    if len(frame) <= POINTS:
        return frame
    return frame.iloc[np.linspace(0, len(frame) - 1, POINTS).round().astype(int)]


def _here(points: pd.DataFrame, bench: Bench) -> pd.DataFrame:
    """Return the point of the curve at the threshold of the rule, hold time left aside."""
    at = (points["threshold"] - bench.decision.threshold).abs().argmin()
    return points.iloc[[at]]


def _line(start: tuple[float, float], end: tuple[float, float]) -> pd.DataFrame:
    return pd.DataFrame([start, end], columns=["x", "y"], dtype=float)


def _calibration(bench: Bench, found: Curves) -> None:
    st.caption(
        f"Calibration: mean error {write.percent(found.errors[0])} after temperature scaling "
        f"(by {write.number(found.heat)}), {write.percent(found.errors[1])} without it"
    )
    lines = [
        table.rename(columns={"said": "x", "right": "y"}).assign(name=name, meaning=meaning)
        for name, meaning, table in (
            ("without temperature scaling", "extra", found.raw),
            ("with temperature scaling", "score", found.calibrated),
        )
    ]
    show(
        spec(gas_plots.calibration),
        {"points": pd.concat(lines), "reference": _line((0, 0), (1, 1))},
        alt="How often the model is right, by how sure it is, with and without scaling",
        figure=f"{bench.run.name}-calibration",
    )
    st.caption(
        "Solid: as stored, scaled on the validation rows. Dashes: without. On the grey line "
        "probabilities mean what they say; below it the model is too sure."
    )


def _sure(bench: Bench, found: Curves) -> None:
    """Say how sure the stored figures are."""
    st.caption("95 % intervals of the stored figures")
    rows = {
        label: f"{write.percent(found.intervals.loc[name, 'lower'])} to "
        f"{write.percent(found.intervals.loc[name, 'upper'])}"
        for name, label in SURE.items()
        if name in found.intervals.index
    }
    if not rows:
        st.info("No test row has a known class.")
        return
    values = {label: bench.run.metrics.get(name) for name, label in SURE.items() if label in rows}
    st.dataframe(
        pd.DataFrame(
            {
                "Measure": [label[:1].upper() + label[1:] for label in rows],
                "Stored": [write.percent(values[label]) for label in rows],
                "Interval": list(rows.values()),
            }
        ),
        hide_index=True,
        alt="Intervals of the stored figures",
    )
    st.caption(
        "Stored figures name the likeliest class, and detect at the threshold that finds 99 % of "
        "the gas in the validation rows. Blocks of up to 50 neighbouring rows are drawn anew, not "
        "single rows, which would look surer than they are."
    )
