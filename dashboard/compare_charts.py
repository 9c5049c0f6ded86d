"""Charts of runs side by side; they read named data sets, as `charts` does."""

from __future__ import annotations

import json
from collections.abc import Sequence

import altair as alt

from dashboard import charts
from dashboard.charts import FIT, Axis
from dashboard.theme import DASH, MEANINGS, Meaning, named, paint, painted

LANE, STRIP = 74, 22  # pixels
EDGE = 130  # left of both pictures, so that they line up
SIDE = 250
# Dashes tell lines apart that have colours which look alike to some.
DASHES: dict[Meaning, list[int]] = {
    "baseline": [6, 3],
    "series": [2, 3],
    "threshold": [8, 3, 2, 3],
    "label": [10, 3],
    "extra": [4, 2],
}


def _edge(**more: object) -> alt.Axis:
    return alt.Axis(title=charts.NO_TITLE, minExtent=EDGE, maxExtent=EDGE, labelLimit=EDGE, **more)


def strip(axis: Axis, lanes: tuple[str, ...]) -> alt.LayerChart:
    """Draw where runs agree, over all rows; its interval selection is named "brush".

    Reads frame [x], bands [x, x2, lane, meaning, name], uncounted [x, x2], and window [x, x2]: what
    the lanes below show.
    """
    x = axis.encode(title=False, labels=False)
    y = alt.Y("lane:N", scale=alt.Scale(domain=list(lanes)), axis=_edge(grid=False))
    brush = alt.selection_interval(
        name="brush",
        encodings=["x"],
        mark=alt.BrushConfig(fill="#808080", fillOpacity=0.12, strokeOpacity=0),
    )
    corners = named("frame").mark_point(opacity=0).encode(x=x)
    bands = (
        named("bands")
        .mark_bar(height={"band": 0.78}, minBandSize=2, strokeWidth=1, clip=True)
        .encode(
            x=x,
            x2="x2",
            y=y,
            color=painted(),
            stroke=painted(alt.Stroke),
            tooltip=[
                alt.Tooltip("lane:N", title="Alarms"),
                alt.Tooltip("name:N", title="Run"),
                axis.tooltip(),
            ],
        )
        .add_params(brush)
    )
    window = named("window").mark_rect(fillOpacity=0.1, strokeWidth=1.5, clip=True)
    layers = [
        paint(corners, "baseline"),
        paint(_uncounted(x), "baseline"),
        bands,
        paint(window.encode(x=x, x2="x2"), "prediction", edge=True),
    ]
    return alt.layer(*layers).properties(height=max(STRIP * len(lanes), 34), autosize=FIT)


def lanes(
    axis: Axis,
    names: tuple[str, ...],
    title: str,
    cuts: bool,
    actual: bool,
) -> alt.LayerChart:
    """Draw what runs say under one another, with one rule under the pointer for all of them.

    Reads frame [x], points (`Course.points`), pointer (`Course.pointer`), fired and truth [x, x2,
    y, y2], uncounted [x, x2], and names [y, name, label, meaning].

    Args:
        axis: The horizontal axis.
        names: The runs, from top to bottom.
        title: Of the values, for what is shown under the pointer.
        cuts: Whether there are thresholds.
        actual: Whether there is what came.
    """
    count = len(names)
    x = axis.encode()
    scale = alt.Scale(domain=[0, count], nice=False, zero=False)
    y_axis = _edge(labels=False, values=list(range(count + 1)))

    def y(field: str) -> alt.Y:
        return alt.Y(f"{field}:Q", scale=scale, axis=y_axis)

    corners = named("frame").mark_point(opacity=0).encode(x=x)
    truth = named("truth").mark_rect(strokeWidth=1, clip=True)
    fired = named("fired").mark_rect(fillOpacity=0.2, strokeOpacity=0.5, strokeWidth=1, clip=True)
    layers = [
        paint(corners, "baseline"),
        paint(_uncounted(x), "baseline"),
        paint(fired.encode(x=x, x2="x2", y=y("y"), y2="y2"), "anomaly", edge=True),
        paint(truth.encode(x=x, x2="x2", y=y("y"), y2="y2"), "label", edge=True),
    ]
    # One layer for all lanes: a chart of eight is made as fast as a chart of two.
    if actual:
        came = named("points").mark_line(strokeWidth=1, opacity=0.55, clip=True)
        layers.append(paint(came.encode(x=x, y=y("actual"), detail="run:N"), "series"))
    line = named("points").mark_line(strokeWidth=1.3, clip=True)
    layers.append(line.encode(x=x, y=y("y"), detail="run:N", color=painted()))
    if cuts:
        cut = named("points").mark_line(strokeDash=DASH, strokeWidth=1.2, clip=True)
        layers.append(paint(cut.encode(x=x, y=y("cut"), detail="run:N"), "threshold"))
    texts = [
        named("names")
        .mark_text(align="right", dx=-8, dy=shift, fontSize=12, fontWeight=weight, limit=EDGE - 4)
        .encode(x=alt.value(0), y=y("y"), text=f"{field}:N", color=painted())
        for field, shift, weight in (("name", -8, 600), ("label", 8, 400))
    ]
    return alt.layer(*layers, *texts, *_hover(x, axis, names, title, actual)).properties(
        height=LANE * count, autosize=FIT
    )


def _hover(x: alt.X, axis: Axis, names: Sequence[str], title: str, actual: bool) -> list[alt.Chart]:
    """Return the rule under the pointer, with what every run says there."""
    hover = alt.selection_point(
        name="hover",
        nearest=True,
        on="pointermove",
        clear="pointerout",
        encodings=["x"],
        empty=False,
    )
    told = [axis.tooltip()]
    if actual:
        told.append(alt.Tooltip("actual:Q", title=f"{title}, measured", format=".4~g"))
    told += [
        alt.Tooltip(f"v{number}:Q", title=name, format=".4~g") for number, name in enumerate(names)
    ]
    rule = named("pointer").mark_rule(strokeWidth=1.2, opacity=0.9).encode(x=x)
    near = (
        named("pointer")
        .mark_rule(strokeWidth=8, opacity=0)
        .encode(x=x, tooltip=told)
        .add_params(hover)
    )
    return [paint(rule, "threshold").transform_filter(hover), near]


def _uncounted(x: alt.X) -> alt.Chart:
    return (
        named("uncounted")
        .mark_rect(fillOpacity=0.14, strokeWidth=0, clip=True)
        .encode(x=x, x2="x2", tooltip=alt.value("Not counted: not a test row of all runs"))
    )


def lines(
    x_title: str,
    y_title: str,
    shares: str,
    runs: tuple[tuple[Meaning, str], ...],
    kind: str = "linear",
) -> alt.LayerChart:
    """Draw one line a run on one axis; reads points [run, x, y, meaning].

    Args:
        x_title: Of the horizontal axis.
        y_title: Of the vertical axis.
        shares: Whether x and y are shares: "", "y" or "xy".
        runs: Colour and name of each run, for the legend.
        kind: Scale of the horizontal axis: linear or log.
    """
    both = shares == "xy"
    x = alt.X(
        "x:Q",
        scale=alt.Scale(domain=[0, 1], nice=False)
        if both
        else alt.Scale(type="log", nice=False)
        if kind == "log"
        else alt.Scale(zero=False, nice=False),
        axis=alt.Axis(title=x_title, format=".0%" if both else "~g", tickCount=5),
    )
    y = alt.Y(
        "y:Q",
        scale=alt.Scale(domain=[0, 1], nice=False) if shares else alt.Scale(zero=False),
        axis=alt.Axis(title=y_title, format=".0%" if shares else ".3~g"),
    )
    line = (
        named("points")
        .mark_line(strokeWidth=1.8, clip=True, interpolate="linear")
        .encode(
            x=x,
            y=y,
            color=_coloured(runs),
            strokeDash=alt.StrokeDash(
                "meaning:N",
                scale=alt.Scale(
                    domain=list(MEANINGS), range=[DASHES.get(one, [1, 0]) for one in MEANINGS]
                ),
                legend=_legend(runs),
            ),
            order="order:Q",
            detail="run:N",
            tooltip=[
                alt.Tooltip("run:N", title="Run"),
                alt.Tooltip("x:Q", title=x_title, format=".3~g"),
                alt.Tooltip("y:Q", title=y_title, format=".3~g"),
            ],
        )
    )
    return alt.layer(line).properties(height=SIDE, autosize=FIT)


def _coloured(runs: tuple[tuple[Meaning, str], ...]) -> alt.Color:
    colour = painted()
    assert isinstance(colour, alt.Color)
    return colour.legend(_legend(runs))


def _legend(runs: tuple[tuple[Meaning, str], ...]) -> alt.Legend:
    """Return a legend that calls the colours by the runs that have them."""
    names = json.dumps(dict(runs))
    return alt.Legend(
        values=[meaning for meaning, _ in runs],
        labelExpr=f"({names})[datum.value]",
        orient="top",
        columns=2,  # a third would lie outside where the window is narrow
        labelLimit=120,
        symbolType="stroke",
        symbolSize=260,
    )


def effects(order: tuple[str, ...], title: str) -> alt.LayerChart:
    """Draw what each change does, with its interval, around none at all.

    Reads bars [name, value, lower, upper, meaning] and none [value].
    """
    y = alt.Y(
        "name:N",
        scale=alt.Scale(domain=list(order), padding=0.8),
        axis=alt.Axis(title=None, minExtent=240, maxExtent=240, labelLimit=234),
    )
    x = alt.X(
        "value:Q",
        scale=alt.Scale(padding=14),
        axis=alt.Axis(title=title, format="+.3~g", grid=True, tickCount=8),
    )
    told = [
        alt.Tooltip("name:N", title="Change"),
        alt.Tooltip("value:Q", title=title, format="+.3~g"),
        alt.Tooltip("lower:Q", title="Interval from", format="+.3~g"),
        alt.Tooltip("upper:Q", title="to", format="+.3~g"),
    ]
    spans = (
        named("bars")
        .mark_rule(strokeWidth=1.8)
        .encode(y=y, x=alt.X("lower:Q", title=title), x2="upper", color=painted())
    )
    dots = (
        named("bars")
        .mark_point(filled=True, size=70, opacity=1)
        .encode(y=y, x=x, color=painted(), tooltip=told)
    )
    rule = named("none").mark_rule(strokeDash=DASH, strokeWidth=1.2).encode(x=x)
    return alt.layer(paint(rule, "threshold"), spans, dots).properties(
        height=30 * max(len(order), 2), autosize=FIT
    )
