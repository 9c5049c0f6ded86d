"""Charts of forecasts; they read named data sets, as `charts` does."""

from __future__ import annotations

import altair as alt

from dashboard import charts
from dashboard.charts import FIT, Axis
from dashboard.theme import DASH, Meaning, named, paint, painted

OVERVIEW, DETAIL, SIDE = 64, 300, 250


def overview(axis: Axis) -> alt.LayerChart:
    """Draw all readings that are tested, small; its interval selection is named "brush".

    Reads frame [x], actual [x, value], and window [x, x2]: the part that the detail shows.
    """
    x = axis.encode(title=False)
    y = alt.Y(
        "value:Q",
        scale=alt.Scale(zero=False, nice=False),
        axis=alt.Axis(title=charts.NO_TITLE, labels=False, grid=False),
    )
    brush = alt.selection_interval(
        name="brush",
        encodings=["x"],
        mark=alt.BrushConfig(fill="#808080", fillOpacity=0.12, strokeOpacity=0),
    )
    corners = named("frame").mark_point(opacity=0).encode(x=x)
    line = named("actual").mark_line(strokeWidth=1, clip=True).encode(x=x, y=y).add_params(brush)
    window = named("window").mark_rect(fillOpacity=0.1, strokeWidth=1.5, clip=True)
    layers = [
        paint(corners, "baseline"),
        paint(line, "series"),
        paint(window.encode(x=x, x2="x2"), "prediction", edge=True),
    ]
    return alt.layer(*layers).properties(height=OVERVIEW, autosize=FIT)


def detail(axis: Axis, title: str) -> alt.LayerChart:
    """Draw readings and forecasts with their intervals.

    Reads frame [x], actual [x, value], said and beyond [x, value, lower, upper], and now [x]: the
    end of the recording.

    Args:
        axis: The horizontal one.
        title: Of the vertical axis, the target with its unit.
    """
    x, y = axis.encode(), _level("value:Q", title)
    low = _level("lower:Q", title)
    corners = named("frame").mark_point(opacity=0).encode(x=x)
    readings = (
        named("actual")
        .mark_line(strokeWidth=1.4, clip=True)
        .encode(x=x, y=y, tooltip=[axis.tooltip(), _number("value", "Reading")])
    )
    now = named("now").mark_rule(strokeDash=DASH, strokeWidth=1.2).encode(x=x)
    return alt.layer(
        paint(corners, "baseline"),
        *_banded("said", x, y, low, axis, [1, 0]),
        paint(readings, "series"),
        *_banded("beyond", x, y, low, axis, [2, 2]),
        paint(now.encode(tooltip=alt.value("End of the recording")), "threshold"),
    ).properties(height=DETAIL, autosize=FIT)


def _level(field: str, title: str) -> alt.Y:
    axis = alt.Axis(title=title, format=",.4~r", titleLimit=DETAIL)
    return alt.Y(field, scale=alt.Scale(zero=False), axis=axis)


def _banded(
    name: str, x: alt.X, y: alt.Y, low: alt.Y, axis: Axis, dash: list[int]
) -> tuple[alt.Chart, alt.Chart]:
    """Return interval and line of the forecasts *name*."""
    band = (
        named(name).mark_area(opacity=0.2, clip=True, line=False).encode(x=x, y=low, y2="upper:Q")
    )
    line = (
        named(name)
        .mark_line(strokeWidth=1.8, strokeDash=dash, clip=True)
        .encode(
            x=x,
            y=y,
            tooltip=[
                axis.tooltip(),
                _number("value", "Forecast"),
                _number("lower", "At least"),
                _number("upper", "At most"),
            ],
        )
    )
    return paint(band, "prediction"), paint(line, "prediction")


def _number(field: str, title: str) -> alt.Tooltip:
    return alt.Tooltip(f"{field}:Q", title=title, format=".4~g")


def by_step(title: str) -> alt.LayerChart:
    """Draw the error over the steps ahead, of the model and of its baselines, each named.

    Reads points [x, name, meaning, value], and names, which are those of them where the names are
    written; baselines are dashed.
    """
    x = alt.X(
        "x:Q",
        scale=alt.Scale(nice=False, zero=False, padding=8),
        axis=alt.Axis(title="Steps ahead", format="d", tickMinStep=1),
    )
    y = alt.Y("value:Q", scale=alt.Scale(zero=True), axis=alt.Axis(title=title, format=",.3~r"))
    base = named("points")
    line = base.mark_line(strokeWidth=1.8, point={"size": 22}).encode(
        x=x,
        y=y,
        color=painted(),
        detail="name:N",
        strokeDash=alt.StrokeDash(
            "meaning:N",
            scale=alt.Scale(domain=["prediction", "baseline"], range=[[1, 0], DASH]),
            legend=None,
        ),
        tooltip=[
            alt.Tooltip("name:N", title="Model"),
            alt.Tooltip("x:Q", title="Steps ahead", format="d"),
            _number("value", title),
        ],
    )
    names = (
        named("names")
        .mark_text(baseline="bottom", align="right", dy=-5, fontSize=12)
        .encode(x=x, y=y, text="name:N", color=painted())
    )
    return alt.layer(line, names).properties(height=SIDE, autosize=FIT)


def by_hour(title: str) -> alt.LayerChart:
    """Draw the error by hour of the day; reads bars [hour, value, readings]."""
    bars = (
        named("bars")
        .mark_bar(width={"band": 0.7}, cornerRadiusEnd=2)
        .encode(
            x=alt.X(
                "hour:O",
                axis=alt.Axis(title="Hour of the day that is forecast", labelAngle=0),
                scale=alt.Scale(domain=list(range(24))),
            ),
            y=alt.Y("value:Q", axis=alt.Axis(title=title, format=",.3~r")),
            tooltip=[
                alt.Tooltip("hour:O", title="Hour"),
                _number("value", title),
                alt.Tooltip("readings:Q", title="Readings", format=",d"),
            ],
        )
    )
    return alt.layer(paint(bars, "prediction")).properties(height=SIDE, autosize=FIT)


def ranked(rows: int, title: str, meaning: Meaning = "prediction") -> alt.LayerChart:
    """Draw bars under one another; reads bars [name, value], sorted, *rows* of them."""
    bars = (
        named("bars")
        .mark_bar(height={"band": 0.62}, cornerRadiusEnd=2)
        .encode(
            y=alt.Y(
                "name:N",
                sort=None,
                axis=alt.Axis(title=None, minExtent=130, maxExtent=130, labelLimit=124),
            ),
            x=alt.X("value:Q", axis=alt.Axis(title=title, format=",.3~r", tickCount=4, grid=True)),
            tooltip=[alt.Tooltip("name:N", title="Target"), _number("value", title)],
        )
    )
    return alt.layer(paint(bars, meaning)).properties(height=24 * rows, autosize=FIT)


def distribution(title: str) -> alt.LayerChart:
    """Draw how often each error occurs; reads bins [low, high, share]."""
    bars = (
        named("bins")
        .mark_rect(strokeWidth=0, fillOpacity=0.75)
        .encode(
            x=alt.X(
                "low:Q", axis=alt.Axis(title=title, format=",.3~r"), scale=alt.Scale(nice=False)
            ),
            x2="high",
            y=alt.Y("share:Q", axis=alt.Axis(title="Share of forecasts", format=".0~%")),
            y2=alt.datum(0),
            tooltip=[
                _number("low", "From"),
                _number("high", "To"),
                alt.Tooltip("share:Q", title="Share of forecasts", format=".2~%"),
            ],
        )
    )
    zero = named("zero").mark_rule(strokeDash=DASH, strokeWidth=1.2).encode(x="low:Q")
    return alt.layer(paint(bars, "prediction"), paint(zero, "threshold")).properties(
        height=SIDE, autosize=FIT
    )


def scatter(title: str) -> alt.LayerChart:
    """Draw forecasts against readings; reads points [actual, value] and ends [actual, value]."""
    scale = alt.Scale(zero=False, nice=False)
    x = alt.X("actual:Q", scale=scale, axis=alt.Axis(title=f"Reading, {title}", format=",.3~r"))
    y = alt.Y("value:Q", scale=scale, axis=alt.Axis(title="Forecast", format=",.3~r"))
    dots = (
        named("points")
        .mark_circle(size=14, opacity=0.35)
        .encode(x=x, y=y, tooltip=[_number("actual", "Reading"), _number("value", "Forecast")])
    )
    same = named("ends").mark_line(strokeDash=DASH, strokeWidth=1.2).encode(x=x, y=y)
    return alt.layer(paint(dots, "prediction"), paint(same, "threshold")).properties(
        height=SIDE, autosize=FIT
    )


def attention(heads: int, most: float) -> alt.LayerChart:
    """Draw how much each head looks at each past step; reads cells [step, head, weight].

    Args:
        heads: How many there are.
        most: Weight of the strongest colour.
    """
    axis = alt.Axis(title="Steps before the forecast", labelAngle=0, labelOverlap=True)
    x = alt.X("step:O", sort="descending", axis=axis)
    y = alt.Y("head:O", axis=alt.Axis(title="Head"))
    cells = (
        named("cells")
        .mark_rect(strokeWidth=0)
        .encode(
            x=x,
            y=y,
            # Not the scale "color": that one turns meanings into colours.
            fill=alt.Fill(
                "weight:Q",
                scale=alt.Scale(range="ramp", domain=[0, most], clamp=True),
                legend=alt.Legend(title="Share of its attention", format=".0~%"),
            ),
            tooltip=[
                alt.Tooltip("head:O", title="Head"),
                alt.Tooltip("step:O", title="Steps before"),
                alt.Tooltip("weight:Q", title="Share of its attention", format=".1%"),
            ],
        )
    )
    # Not seen: it brings the scale that the theme writes the axes in.
    ink = named("cells").mark_point(opacity=0).encode(x=x, y=y)
    return alt.layer(cells, paint(ink, "baseline")).properties(
        height=max(26 * heads, 60), autosize=FIT
    )


def beside(order: tuple[str, ...], title: str) -> alt.LayerChart:
    """Draw the error of runs under one another, with intervals of the difference.

    Reads runs [name, value, lower, upper, meaning], and reference [value]: the error of the one
    that the others are compared with. *order* names the runs from top to bottom.
    """
    y = alt.Y(
        "name:N",
        scale=alt.Scale(domain=list(order), padding=0.8),
        axis=alt.Axis(title=None, minExtent=200, maxExtent=200, labelLimit=194),
    )
    scale = alt.Scale(zero=False, padding=14)
    x = alt.X(
        "value:Q", scale=scale, axis=alt.Axis(title=title, format=",.4~r", grid=True, tickCount=6)
    )
    spans = (
        named("runs")
        .mark_rule(strokeWidth=1.6)
        .encode(y=y, x=alt.X("lower:Q", scale=scale, title=title), x2="upper", color=painted())
    )
    dots = (
        named("runs")
        .mark_point(filled=True, size=70, opacity=1)
        .encode(
            y=y,
            x=x,
            color=painted(),
            tooltip=[
                alt.Tooltip("name:N", title="Run"),
                _number("value", title),
                _number("lower", "Interval from"),
                _number("upper", "to"),
            ],
        )
    )
    rule = named("reference").mark_rule(strokeDash=DASH, strokeWidth=1.2).encode(x=x)
    return alt.layer(paint(rule, "threshold"), spans, dots).properties(
        height=26 * len(order), autosize=FIT
    )
