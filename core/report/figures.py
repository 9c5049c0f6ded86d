"""The figures of a report: static, in the colours of the light theme, as wide as a page."""

from __future__ import annotations

import re
import textwrap
import zlib
from collections.abc import Mapping
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from markupsafe import Markup

from core import downsample, figures
from core.beside import Courses, Curve
from core.palette import DASH, LIGHT, TIME

WIDE, HALF = 640, 300  # pixels
POINTS = 1_200  # of a line
ALONE, TOGETHER = 150, 70  # height of a timeline, in pixels
LABEL = 230  # pixels of a name at most
# Lines of several runs: the colours of the palette that are lines, then once more in dashes.
LINES = [LIGHT[name] for name in ("prediction", "anomaly", "score", "extra", "threshold")]
DASHES = [[1, 0]] * len(LINES) + [[5, 3]] * len(LINES)


def timelines(courses: Courses, labels: Mapping[str, str]) -> Markup:
    """Draw what each run says row by row, with its threshold and its alarms, under one another.

    Args:
        courses: Of one run or of several.
        labels: Name of each run on the picture.
    """
    rows = _rows(courses)
    x, temporal = _places(courses, rows)
    data: dict[str, pd.DataFrame] = {}
    charts = []
    for number, name in enumerate(labels):
        last = number == len(labels) - 1
        height = ALONE if len(labels) == 1 else TOGETHER
        data |= _timeline_data(courses, name, rows, x, number)
        axis = _axis(temporal, last)
        charts.append(_timeline(courses, labels[name], axis, number, height))
    return _svg(alt.vconcat(*charts, spacing=8), data)


def _rows(courses: Courses) -> np.ndarray:
    """Return the rows that are drawn: of forecasts and sessions those that count, else all."""
    if courses.actual is None and courses.time is not None:
        return np.arange(len(courses.counted))
    return np.flatnonzero(courses.counted)


def shades(courses: Courses) -> bool:
    """Whether `timelines` shades rows that do not count."""
    return not bool(courses.counted[_rows(courses)].all())


def _places(courses: Courses, rows: np.ndarray) -> tuple[np.ndarray, bool]:
    """Return where *rows* stand on the horizontal axis, and whether these are times."""
    if courses.time is None:
        return np.arange(len(rows)), False
    time = courses.time.dt.tz_localize(None)  # as they were recorded
    return time.to_numpy()[rows], True


def _timeline_data(
    courses: Courses, name: str, rows: np.ndarray, x: np.ndarray, number: int
) -> dict[str, pd.DataFrame]:
    values = courses.values[name][rows].astype(np.float64)
    chosen = downsample.rows(np.nan_to_num(values, nan=np.nanmin(values)), points=POINTS)
    frames = {
        "line": pd.DataFrame({"x": x[chosen], "value": values[chosen]}),
        "alarm": _bands(courses.fired.get(name, np.zeros(0, bool))[rows], x)
        if courses.fired
        else _bands(np.zeros(0, bool), x),
        "truth": _bands(courses.truth[rows], x) if courses.truth is not None else _none(),
        "rest": _bands(~courses.counted[rows], x),
    }
    if courses.cuts:
        cut = np.broadcast_to(courses.cuts[name], len(courses.counted))[rows].astype(np.float64)
        frames["cut"] = pd.DataFrame({"x": x[chosen], "value": cut[chosen]})
    if courses.actual is not None:
        actual = courses.actual[rows].astype(np.float64)
        frames["actual"] = pd.DataFrame({"x": x[chosen], "value": actual[chosen]})
    return {f"{kind}{number}": frame for kind, frame in frames.items()}


def _none() -> pd.DataFrame:
    return pd.DataFrame({"x": [], "x2": []})


def _bands(marked: np.ndarray, x: np.ndarray) -> pd.DataFrame:
    """Return the stretches of *marked* rows, from the first to the one after the last."""
    edges = np.flatnonzero(np.diff(np.r_[False, marked, False].astype(np.int8)))
    if not len(edges):
        return _none()
    starts, stops = edges[::2], edges[1::2].clip(max=len(x) - 1)
    return pd.DataFrame({"x": x[starts], "x2": x[stops]})


def _timeline(courses: Courses, label: str, axis: alt.X, number: int, height: int) -> Any:
    def of(kind: str) -> alt.Chart:
        return alt.Chart(alt.NamedData(name=f"{kind}{number}"))

    root = courses.title.startswith("Score")
    y = alt.Y(
        "value:Q",
        scale=alt.Scale(type="sqrt" if root else "linear", zero=False, nice=False),
        axis=alt.Axis(title=courses.title if height == ALONE else None, tickCount=3),
    )
    line = LIGHT["prediction" if courses.actual is not None else "score"]
    layers = [
        of("rest").mark_rect(color=LIGHT["baseline"], opacity=0.12).encode(x=axis, x2="x2"),
        of("alarm")
        .mark_rect(color=LIGHT["anomaly"], stroke=LIGHT["anomaly"], opacity=0.22, strokeWidth=0.6)
        .encode(x=axis, x2="x2"),
        of("truth")
        .mark_rect(color=LIGHT["label"])
        .encode(x=axis, x2="x2", y=alt.value(height - 5), y2=alt.value(height)),
    ]
    if courses.actual is not None:
        layers.append(of("actual").mark_line(color=LIGHT["series"]).encode(x=axis, y=y))
    layers.append(of("line").mark_line(color=line, strokeWidth=1.1).encode(x=axis, y=y))
    if courses.cuts:
        cut = of("cut").mark_line(color=LIGHT["threshold"], strokeDash=DASH, strokeWidth=1.1)
        layers.append(cut.encode(x=axis, y=y))
    title = alt.Title(label, anchor="start", fontSize=12, fontWeight="normal", offset=4)
    return alt.layer(*layers).properties(width=WIDE - 70, height=height, title=title)


def _axis(temporal: bool, last: bool) -> alt.X:
    if temporal:
        scale, axis = (
            alt.Scale(type="utc", nice=False),
            alt.Axis(labels=last, tickCount=8, labelExpr=TIME),
        )
        return alt.X("x:T", scale=scale, axis=axis, title=None)
    axis = alt.Axis(labels=last, format=",d", tickCount=8)
    return alt.X(
        "x:Q",
        scale=alt.Scale(nice=False),
        axis=axis,
        title="Test rows, one after the other" if last else None,
    )


def intervals(table: pd.DataFrame, title: str) -> Markup:
    """Draw the main metric of each run with its interval, baselines in grey.

    Args:
        table: label, value, lower, upper, baseline; in the order of the picture.
        title: Of the metric.
    """
    order = table["label"].tolist()
    # Room for the names in whatever font the reader has.
    room = min(LABEL, 8 * max(map(len, order)))
    axis = alt.Axis(labelLimit=LABEL, minExtent=room, maxExtent=room)
    colour = alt.Color(
        "baseline:N",
        scale=alt.Scale(domain=[True, False], range=[LIGHT["baseline"], LIGHT["prediction"]]),
        legend=None,
    )
    y = alt.Y("label:N", sort=order, title=None, axis=axis)
    x = alt.X("value:Q", title=title, scale=alt.Scale(zero=False), axis=alt.Axis(grid=True))
    base = alt.Chart(alt.NamedData(name="runs"))
    bars = base.mark_rule(strokeWidth=2.5).encode(y=y, x="lower:Q", x2="upper:Q", color=colour)
    dots = base.mark_point(filled=True, size=70, opacity=1).encode(y=y, x=x, color=colour)
    chart = alt.layer(bars, dots).properties(width=WIDE - 40 - room, height=alt.Step(24))
    return _svg(chart, {"runs": table})


def curve(found: Curve, labels: Mapping[str, str]) -> Markup:
    """Draw one line a run.

    Args:
        found: The picture.
        labels: Name of each run on the picture.
    """
    points = found.points.assign(run=found.points["run"].map(dict(labels)))
    points["order"] = np.arange(len(points))
    names = list(labels.values())
    whole = alt.Scale(nice=False, domain=[0, 1])
    log = "log" in found.x
    y = alt.Y(
        "y:Q",
        title=found.y,
        scale=whole if found.shares else alt.Scale(zero=False),
    )
    across = alt.Scale(type="log", nice=False) if log else alt.Scale(zero=False, nice=False)
    x = alt.X(
        "x:Q",
        title=textwrap.wrap(found.x, 36),
        scale=whole if found.shares == "xy" else across,
        axis=alt.Axis(tickCount=5, format="~g"),
    )
    chart = (
        alt.Chart(alt.NamedData(name="points"))
        .mark_line(strokeWidth=1.5)
        .encode(
            x=x,
            y=y,
            order="order:Q",
            color=alt.Color(
                "run:N",
                scale=alt.Scale(domain=names, range=(LINES * 2)[: len(names)]),
                legend=alt.Legend(columns=1, labelLimit=HALF, title=None),
            ),
            strokeDash=alt.StrokeDash(
                "run:N", scale=alt.Scale(domain=names, range=DASHES[: len(names)]), legend=None
            ),
        )
        .properties(width=HALF - 70, height=170)
    )
    return _svg(chart, {"points": points})


_number = re.compile(r'(\bid="|url\(#|href="#)')


def _svg(chart: alt.TopLevelMixin, data: Mapping[str, pd.DataFrame]) -> Markup:
    """Return *chart* as SVG to stand inside HTML: names unique in the page, no name spaces."""
    specification: dict[str, Any] = chart.to_dict()
    svg = figures.picture(specification, data, "svg").decode()
    unique = f"f{zlib.crc32(svg.encode()):x}-"
    svg = _number.sub(lambda found: found.group(0) + unique, svg)
    # Inside HTML an SVG needs no name space, and a report then has no address of elsewhere at all.
    svg = re.sub(r'\sxmlns(:xlink)?="[^"]*"', "", svg)
    return Markup(svg)  # drawn here; Vega escapes the names in it
