"""Charts of studies; they read named data sets, as `charts` does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from core import format as write
from core.sweeps import Span, Study, Trial
from dashboard.charts import FIT
from dashboard.study_words import TRIALS
from dashboard.theme import named, paint, painted

HEIGHT = 230


def progress(title: str, count: int) -> alt.LayerChart:
    """Draw the value of every trial, and the best one so far.

    Reads trials [trial, value, what, meaning], and best [trial, value].

    Args:
        title: Of the vertical axis.
        count: How many trials there are to be.
    """
    x = alt.X(
        "trial:Q",
        scale=alt.Scale(domain=[0.5, max(count, 1) + 0.5], nice=False),
        axis=alt.Axis(title="Trial", format="d", tickMinStep=1),
    )
    y = alt.Y("value:Q", scale=alt.Scale(zero=False), axis=alt.Axis(title=title, format=",.3~r"))
    line = named("best").mark_line(interpolate="step-after", strokeWidth=1.8).encode(x=x, y=y)
    dots = (
        named("trials")
        .mark_point(filled=True, size=55, opacity=0.9)
        .encode(x=x, y=y, color=painted(), tooltip=[_text("what", "Trial"), _value(title)])
    )
    return alt.layer(paint(line, "score"), dots).properties(height=HEIGHT, autosize=FIT)


def importance(rows: int) -> alt.LayerChart:
    """Draw how much each field matters, the most important on top.

    Reads shares [field, share], sorted; *rows* of them.
    """
    bars = (
        named("shares")
        .mark_bar(height={"band": 0.62}, cornerRadiusEnd=2)
        .encode(
            y=alt.Y(
                "field:N",
                sort=None,
                axis=alt.Axis(title=None, minExtent=130, maxExtent=130, labelLimit=124),
            ),
            x=alt.X(
                "share:Q",
                scale=alt.Scale(domainMin=0),
                axis=alt.Axis(title="Importance", format=".0~%", tickCount=4, grid=True),
            ),
            tooltip=[_text("field", "Setting"), alt.Tooltip("share:Q", format=".0%")],
        )
    )
    return alt.layer(paint(bars, "prediction")).properties(height=max(26 * rows, 60), autosize=FIT)


def parallel(axes: tuple[str, ...]) -> alt.LayerChart:
    """Draw every trial as a line over its settings, which ends at what it reached.

    Reads lines [trial, axis, at, what, meaning, opacity, width], `at` from 0 to 1, and ends [axis,
    at, text, side]; *axes* from left to right.
    """
    x = alt.X(
        "axis:N",
        scale=alt.Scale(domain=list(axes)),
        axis=alt.Axis(title=None, orient="top", labelAngle=0, labelPadding=22, grid=True),
    )
    y = alt.Y("at:Q", scale=alt.Scale(domain=[0, 1], padding=0), axis=None)
    lines = (
        named("lines")
        .mark_line(interpolate="monotone")
        .encode(
            x=x,
            y=y,
            detail="trial:N",
            color=painted(),
            opacity=alt.Opacity("opacity:Q", scale=None, legend=None),
            strokeWidth=alt.StrokeWidth("width:Q", scale=None, legend=None),
        )
    )
    dots = (
        named("lines")
        .mark_point(filled=True, size=36)
        .encode(
            x=x,
            y=y,
            color=painted(),
            opacity=alt.Opacity("opacity:Q", scale=None, legend=None),
            tooltip=[_text("what", "Trial"), _text("axis", "Setting"), _text("value", "Value")],
        )
    )
    tops, bottoms = (
        named("ends")
        .transform_filter(f"datum.at == {at}")
        .mark_text(dy=dy, fontSize=11)
        .encode(x=x, y=y, text="text:N")
        for at, dy in ((1, -12), (0, 14))
    )
    layers = [lines, dots, paint(tops, "baseline"), paint(bottoms, "baseline")]
    return alt.layer(*layers).properties(height=HEIGHT, autosize=FIT, padding={"bottom": 22})


def points(study: Study, trials: Sequence[Trial]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what `progress` reads; numbers are counted from 1."""
    rows = [
        {
            "trial": trial.number + 1,
            "value": trial.value,
            "what": name_of(trial),
            "meaning": "prediction",
        }
        for trial in trials
        if trial.value is not None
    ]
    frame = pd.DataFrame(rows, columns=["trial", "value", "what", "meaning"])
    running = frame["value"].cummax() if study.more else frame["value"].cummin()
    best = pd.DataFrame({"trial": frame["trial"], "value": running})
    if len(best):
        best.loc[len(best)] = {
            "trial": max(study.planned, len(trials)),
            "value": best["value"].iloc[-1],
        }
    return frame, best


def name_of(trial: Trial) -> str:
    """Return how a trial is called in a chart."""
    what = trial.label or ", ".join(
        f"{name} {short(value)}" for name, value in trial.params.items()
    )
    return f"{trial.number + 1}: {what}"


def short(value: Any) -> str:
    """Write the value of a setting."""
    return write.number(value) if isinstance(value, float) else str(value)


def axes_of(
    study: Study, trials: Sequence[Trial], titles: dict[str, str], metric: str
) -> tuple[tuple[str, ...], pd.DataFrame, pd.DataFrame]:
    """Return the axes, lines and ends that `parallel` reads; the best is at the top of the last.

    Args:
        study: A search.
        trials: Those that there are; what has no value ends before the last axis.
        titles: Of the fields.
        metric: Title of the last axis.
    """
    values = [trial.value for trial in trials if trial.value is not None]
    worst, best = (min(values), max(values)) if values else (0.0, 1.0)
    if not study.more:
        worst, best = best, worst
    rows, ends = [], []
    for span in study.spans:
        ends += [
            {"axis": titles[span.name], "at": 1, "text": _ends(span)[1]},
            {"axis": titles[span.name], "at": 0, "text": _ends(span)[0]},
        ]
    ends += [
        {"axis": metric, "at": 1, "text": write.number(best) if values else ""},
        {"axis": metric, "at": 0, "text": write.number(worst) if values else ""},
    ]
    for trial in trials:
        reached = None
        if trial.value is not None:
            reached = (trial.value - worst) / (best - worst) if best != worst else 1.0
        top = reached == 1.0
        look = {
            "meaning": "anomaly" if trial.state == "failed" else "score" if top else "series",
            "opacity": 1.0 if top else 0.2 if reached is None else 0.25 + 0.5 * reached,
            "width": 2.6 if top else 1.2,
        }
        what = {"trial": trial.number, "what": f"{name_of(trial)} ({TRIALS[trial.state]})"} | look
        for span in study.spans:
            if span.name in trial.params:
                value = trial.params[span.name]
                place = {"axis": titles[span.name], "at": place_of(span, value)}
                rows.append(what | place | {"value": short(value)})
        if reached is not None:
            rows.append(what | {"axis": metric, "at": reached, "value": short(trial.value)})
    axes = (*(titles[span.name] for span in study.spans), metric)
    columns = ["trial", "what", "meaning", "opacity", "width", "axis", "at", "value"]
    return axes, pd.DataFrame(rows, columns=columns), pd.DataFrame(ends)


def place_of(span: Span, value: Any) -> float:
    """Return where *value* lies in its range, 0 to 1."""
    if span.kind == "choice":
        return span.choices.index(value) / max(len(span.choices) - 1, 1)
    low, high = span.low, span.high
    if span.log:
        low, high, value = math.log(low), math.log(high), math.log(value)
    return float((value - low) / (high - low))


def _ends(span: Span) -> tuple[str, str]:
    if span.kind == "choice":
        return str(span.choices[0]), str(span.choices[-1])
    if span.kind == "int":
        return write.count(span.low), write.count(span.high)
    return write.number(span.low), write.number(span.high)


def _text(field: str, title: str) -> alt.Tooltip:
    return alt.Tooltip(f"{field}:N", title=title)


def _value(title: str) -> alt.Tooltip:
    return alt.Tooltip("value:Q", title=title, format=".4~g")
