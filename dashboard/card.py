"""The card of a run on the screen: all that somebody needs to judge it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core import format as write
from core import task as tasks
from core.card import settings

METRICS = {
    "vus_pr": "VUS-PR",
    "vus_roc": "VUS-ROC",
    "average_precision": "AUC-PR",
    "roc_auc": "AUC-ROC",
    "composite_f1": "Composite F1",
    "point_precision": "Point precision",
    "event_precision": "Event precision",
    "event_recall": "Event recall",
    "event_f1": "Event F1",
    "false_alarm_rate": "False-alarm rate",
    "delay_steps": "Delay (steps)",
    "false_alarms_per_day": "False alarms a day",
    "alarms_per_day": "Alarms a day",
    "events": "Events",
    "mae": "MAE",
    "rmse": "RMSE",
    "skill": "Skill",
    "mase": "MASE",
    "r2": "R2",
    "mape": "MAPE (%)",
    "zeros": "Zeros left out of it",
    "wape": "WAPE (%)",
    "accuracy": "Accuracy",
    "macro_f1": "Macro F1",
    "recall": "Gas found",
    "false_alarms_an_hour": "False alarms an hour",
    "delay_seconds": "Delay (s)",
    "calibration_error": "Calibration error",
    "phm08_mean": "PHM08 penalty",
    "late_share": "Promised too much",
    "coverage": "Intervals that hold",
    "width": "Their width",
}
OWN = {"life": {"rmse": "RMSE (steps)"}}  # of a task that means something narrower
JUDGED = {
    "anomaly": "Test rows, at the adaptive threshold",
    "life": "Test units, all of their steps",
    "gas": "Test rows; gas at the threshold that finds 99 % of it in the validation rows",
    "forecast": "Test forecasts over all steps ahead, in the data's own units",
}


def show(card: dict[str, Any]) -> None:
    """Draw the card of a run (`core.card`)."""
    for note in card["notes"]:
        st.warning(note, icon=":material/info:")
    judged = JUDGED.get(card["run"]["task"], "Test rows")
    st.markdown(f"**{judged}**, with the baselines in the same table")
    st.dataframe(comparison(card), alt="Metrics of the run and of its baselines")
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Recording**")
        _pairs(_recording(card["data"]) | _split(card["split"]))
        st.markdown("**What was fitted on what**")
        _pairs({name.capitalize(): text for name, text in card["fitted"].items()})
    with right:
        st.markdown("**Settings**")
        _pairs(settings(card["run"]["task"], card["run"]["config"], card["run"]["variant"]))
        st.markdown("**Made with**")
        _pairs(card["versions"] | {name: str(value) for name, value in card["machine"].items()})


def comparison(card: dict[str, Any]) -> pd.DataFrame:
    """Return the metrics of the run and of its baselines, one row each."""
    task = card["run"]["task"]
    rows = {tasks.label(task, card["run"]["variant"]): card["metrics"]} | {
        f"{tasks.label(task, name)} (baseline)": metrics
        for name, metrics in card["baselines"].items()
    }
    frame = pd.DataFrame.from_dict(rows, orient="index")
    known = [name for name in METRICS if name in frame]
    names = METRICS | OWN.get(task, {})
    return frame[known].rename(columns=names).map(write.number)


def _recording(data: dict[str, Any]) -> dict[str, str]:
    roles = data["roles"]
    return {
        "Name": data["name"],
        "Rows": write.count(data["rows"]),
        "Entities": write.count(data["entities"]),
        "Channels": ", ".join(roles["channels"]),
        "Time": roles["time"] or "none",
        "Label": roles["label"] or "none",
        "Rows with filled-in values": write.count(data["imputed"]),
        "Content": data["content"][:12],
    }


def _split(split: dict[str, int]) -> dict[str, str]:
    return {f"{part.capitalize()} rows": write.count(rows) for part, rows in split.items()}


def _pairs(pairs: dict[str, str]) -> None:
    frame = pd.DataFrame({"name": list(pairs), "value": [str(value) for value in pairs.values()]})
    st.table(frame.set_index("name"), border="horizontal", hide_header=True)
