"""Charts beside the timelines: histogram, shares and lines. They read named data sets, too."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import pandas as pd

from dashboard import charts
from dashboard.theme import DASH, Meaning, named, paint, painted

_DASHED = "M-1.2,-.12h.9v.24h-.9zM.3,-.12h.9v.24h-.9z"
LEGEND: tuple[dict[str, object], ...] = (
    {"x": 12, "name": "score", "meaning": "score", "shape": "M-1.2,-.12h2.4v.24h-2.4z"},
    {"x": 92, "name": "threshold", "meaning": "threshold", "shape": _DASHED},
    {"x": 198, "name": "event", "meaning": "anomaly", "shape": "triangle-down"},
    {"x": 278, "name": "labelled anomaly", "meaning": "label", "shape": "square"},
    {"x": 424, "name": "not test rows", "meaning": "baseline", "shape": "M-.9,-.9h1.8v1.8h-1.8z"},
)

# The colour and the dash of each line that has a name of its own.
LINES: dict[str, tuple[Meaning, list[int]]] = {
    "training": ("series", [1, 0]),
    "validation": ("prediction", [6, 3]),
    "precision": ("prediction", [1, 0]),
    "recall": ("extra", [6, 3]),
    "false alarms": ("anomaly", [6, 3]),
    "alarms": ("series", [1, 0]),
    "composite F1": ("score", [2, 2]),
}


def histogram() -> alt.LayerChart:
    """Draw how often each score occurs, turned to stand beside `charts.detail`.

    Reads bins [score, high, share]: the share of rows with a score between the first two;
    cut [score]; and frame [score], the same as the detail's.
    """
    y = charts.score_axis(labels=False)
    corners = named("frame").mark_point(opacity=0).encode(y=y)
    bars = (
        named("bins")
        .mark_rect(clip=True, strokeWidth=0, fillOpacity=0.75)
        .encode(
            y=y,
            y2="high",
            x=alt.X(
                "share:Q",
                # A square root keeps the few high scores visible beside the many low ones.
                scale=alt.Scale(type="sqrt", domainMin=0),
                axis=alt.Axis(title="Share of rows", format=".0~%", tickCount=2),
            ),
            x2=alt.datum(0),
            tooltip=[
                alt.Tooltip("score:Q", title="From", format=".3~g"),
                alt.Tooltip("high:Q", title="To", format=".3~g"),
                alt.Tooltip("share:Q", title="Share of rows", format=".2~%"),
            ],
        )
    )
    return alt.layer(corners, paint(bars, "score"), charts.threshold(y)).properties(
        height=charts.DETAIL_HEIGHT, autosize=charts.FIT
    )


def legend() -> alt.LayerChart:
    """Say what the marks of a timeline mean, in their colours and shapes; reads entries."""
    x = alt.X("x:Q", scale=alt.Scale(domain=[0, 560], nice=False), axis=None)
    base = named("entries")
    style = {"strokeWidth": 2.2, "size": 70, "opacity": 1}
    shapes = alt.Scale(
        domain=[entry["shape"] for entry in LEGEND], range=[entry["shape"] for entry in LEGEND]
    )
    mark = base.mark_point(filled=True, **style).encode(
        x=x, shape=alt.Shape("shape:N", scale=shapes, legend=None), color=painted()
    )
    text = base.mark_text(align="left", dx=10, fontSize=12).encode(x=x, text="name:N")
    layers = [mark, paint(text, "baseline")]
    return alt.layer(*layers).properties(width=560, height=18)


def shares(rows: int) -> alt.LayerChart:
    """Draw how much each channel adds to the score, the worst on top.

    Reads shares [channel, share], sorted; *rows* of them.
    """
    bars = (
        named("shares")
        .mark_bar(height={"band": 0.62}, cornerRadiusEnd=2)
        .encode(
            y=alt.Y(
                "channel:N",
                sort=None,
                axis=alt.Axis(title=None, minExtent=130, maxExtent=130, labelLimit=124),
            ),
            x=alt.X(
                "share:Q",
                axis=alt.Axis(title="Share of the score", format=".0~%", tickCount=4, grid=True),
            ),
            tooltip=[
                alt.Tooltip("channel:N", title="Channel"),
                alt.Tooltip("share:Q", title="Share of the score", format=".1%"),
            ],
        )
    )
    return alt.layer(paint(bars, "anomaly")).properties(height=26 * rows, autosize=charts.FIT)


def lines(
    x_title: str, y_title: str, height: int, whole: bool, rule: bool, scale: str = "linear"
) -> alt.LayerChart:
    """Draw named lines, each with its name beside it.

    Reads points [x, name, meaning, value] as `long` makes them, and with *rule* cut [x].

    Args:
        x_title: Of the horizontal axis.
        y_title: Of the vertical axis.
        height: Of the plot, in pixels.
        whole: Whether x are whole numbers, such as epochs.
        rule: Whether a dashed line marks the threshold.
        scale: Of the horizontal axis: "linear" or "sqrt".
    """
    x = alt.X(
        "x:Q",
        scale=alt.Scale(type=scale, nice=False, zero=False),
        axis=alt.Axis(
            title=x_title, format="d" if whole else ",.3~r", tickMinStep=1 if whole else 0
        ),
    )
    y = alt.Y("value:Q", scale=alt.Scale(zero=False), axis=alt.Axis(title=y_title, format=",.3~r"))
    dashes = alt.Scale(domain=list(LINES), range=[dash for _, dash in LINES.values()])
    base = named("points")
    line = base.mark_line(strokeWidth=1.8, point={"size": 16} if whole else False).encode(
        x=x,
        y=y,
        color=painted(),
        strokeDash=alt.StrokeDash("name:N", scale=dashes, legend=None),
        tooltip=[
            alt.Tooltip("name:N", title="Line"),
            alt.Tooltip("x:Q", title=x_title, format=".4~g"),
            alt.Tooltip("value:Q", title=y_title, format=".3~g"),
        ],
    )
    # A line is named where it ends, or, where many end together, where it is highest.
    by = "x" if scale == "linear" else "value"
    ends = (
        base.transform_window(
            rank="row_number()", sort=[alt.SortField(by, "descending")], groupby=["name"]
        )
        .transform_filter("datum.rank == 1")
        .mark_text(align="right" if by == "x" else "left", baseline="bottom", dy=-6, fontSize=12)
        .encode(x=x, y=y, text="name:N", color=painted())
    )
    layers = [line, ends]
    if rule:
        cut = named("cut").mark_rule(strokeDash=DASH, strokeWidth=1.5).encode(x=x)
        layers.append(paint(cut, "threshold"))
    return alt.layer(*layers).properties(height=height, autosize=charts.FIT)


def strips(axis: charts.Axis, order: tuple[str, ...]) -> alt.LayerChart:
    """Draw the stretches of several rules under one another.

    Reads bars [x, x2, rule, meaning] and frame [x]; *order* names the rules from top to bottom.
    """
    x = axis.encode()
    corners = named("frame").mark_point(opacity=0).encode(x=x)
    y = alt.Y(
        "rule:N",
        scale=alt.Scale(domain=list(order)),
        axis=alt.Axis(title=None, minExtent=130, maxExtent=130, labelLimit=124, domain=False),
    )
    bars = (
        named("bars")
        .mark_bar(height={"band": 0.55}, minBandSize=1.5, strokeWidth=1, clip=True)
        .encode(
            x=x,
            x2="x2",
            y=y,
            color=painted(),
            stroke=painted(alt.Stroke),
            tooltip=[alt.Tooltip("rule:N", title="Threshold"), axis.tooltip()],
        )
    )
    return alt.layer(corners, bars).properties(height=24 * len(order), autosize=charts.FIT)


def course(axis: charts.Axis, order: tuple[str, ...]) -> alt.LayerChart:
    """Draw how far each channel lies from the training rows, block by block, under one another.

    Reads blocks [x, x2, channel, psi, ks, mark, meaning, opacity]; *order* names the channels from
    top to bottom.
    """
    y = alt.Y(
        "channel:N",
        scale=alt.Scale(domain=list(order)),
        axis=alt.Axis(title=None, minExtent=110, maxExtent=110, labelLimit=104, domain=False),
    )
    blocks = (
        named("blocks")
        .mark_bar(height={"band": 0.72}, clip=True)
        .encode(
            x=axis.encode(),
            x2="x2",
            y=y,
            color=painted(),
            opacity=alt.Opacity(
                "opacity:Q", scale=alt.Scale(domain=[0, 1], range=[0, 1]), legend=None
            ),
            tooltip=[
                alt.Tooltip("channel:N", title="Channel"),
                axis.tooltip(),
                alt.Tooltip("mark:N", title="Now"),
                alt.Tooltip("psi:Q", title="PSI", format=".3~g"),
                alt.Tooltip("ks:Q", title="KS", format=".2f"),
            ],
        )
    )
    return alt.layer(blocks).properties(height=24 * len(order), autosize=charts.FIT)


def long(frame: pd.DataFrame, x: str, columns: Mapping[str, str]) -> pd.DataFrame:
    """Return *frame* as `lines` reads it; *columns* gives the name of each column's line."""
    present = {column: name for column, name in columns.items() if column in frame}
    tall = frame.melt(x, list(present), "name", "value").dropna()
    tall["name"] = tall["name"].map(present)
    tall["meaning"] = tall["name"].map({name: meaning for name, (meaning, _) in LINES.items()})
    return tall.rename(columns={x: "x"})
