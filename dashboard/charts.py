"""Timelines over named data sets: no file, no state, nothing computed.

A chart is drawn once a structure, and only its data change afterwards (`draw.show`): the slider
then costs no new chart in the browser. Every function says which data sets it reads. `x` is a time
without zone, as it was recorded, or a row number (`Axis`). All charts of a run read:

- frame [x, score]: two rows, the corners of the picture; nothing is drawn outside of them.
- events [x, x2, peak_x, peak, event]: flagged stretches with their peaks.
- labels [x, x2]: stretches that a person labelled.
- parts [x, x2, part, name]: rows that do not count in the metrics; the name where there is room.
- imputed [x]: rows in which a value was filled in.
- entities [x, entity]: where another entity begins.
"""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt

from core.palette import TIME
from dashboard.theme import DASH, SHAPES, named, paint

OVERVIEW_HEIGHT = 92
DETAIL_HEIGHT = 280
CHANNEL_HEIGHT = 64
BAND = 14  # Height of the strip for labels under the score, in pixels.

NO_TITLE = "\u00a0"  # Takes the room of a title, so that axes under one another line up.

TICKS = alt.ExprRef("width / 90")

# The height is that of the plot alone, so that charts that stand side by side line up.
FIT = alt.AutoSizeParams(type="fit-x", contains="padding")


@dataclass(frozen=True)
class Axis:
    """The horizontal axis of a timeline.

    Attributes:
        temporal: Whether x is a time; otherwise a row number.
        title: As written below the axis, with the time zone.
    """

    temporal: bool
    title: str

    def encode(self, title: bool = True, labels: bool = True) -> alt.X:
        """Return the encoding of x, as wide as the data."""
        name = self.title if title else None
        if self.temporal:
            # Times are shown as they were recorded, not moved into the browser's zone.
            scale = alt.Scale(type="utc", nice=False)
            axis = alt.Axis(title=name, labels=labels, labelExpr=TIME, tickCount=TICKS)
            return alt.X("x:T", scale=scale, axis=axis)
        axis = alt.Axis(title=name, labels=labels, format=",d", tickMinStep=1, tickCount=TICKS)
        return alt.X("x:Q", scale=alt.Scale(nice=False, zero=False), axis=axis)

    def tooltip(self) -> alt.Tooltip:
        """Return the tooltip line that says where a mark is."""
        if self.temporal:
            return alt.Tooltip("utcyearmonthdatehoursminutesseconds(x):T", title="Time")
        return alt.Tooltip("x:Q", title="Row", format=",d")


def overview(axis: Axis) -> alt.LayerChart:
    """Draw the whole series, small; its interval selection is named "brush".

    Also reads points [x, score], and window [x, x2]: the part that the detail shows.
    """
    x = axis.encode(title=False)
    y = alt.Y(
        "score:Q",
        scale=alt.Scale(type="sqrt", zero=False, nice=False),
        axis=alt.Axis(title=NO_TITLE, labels=False, grid=False),
    )
    brush = alt.selection_interval(
        name="brush",
        encodings=["x"],
        mark=alt.BrushConfig(fill="#808080", fillOpacity=0.12, strokeOpacity=0),
    )
    line = named("points").mark_line(strokeWidth=1, clip=True).encode(x=x, y=y).add_params(brush)
    window = named("window").mark_rect(fillOpacity=0.1, strokeWidth=1.5, clip=True)
    layers = [
        *_ground(x, y),
        paint(line, "score"),
        _labels(x, OVERVIEW_HEIGHT, 5),
        _peaks(x, alt.value(7), axis, size=34),
        paint(window.encode(x=x, x2="x2"), "prediction", edge=True),
    ]
    return _chart(layers, OVERVIEW_HEIGHT)


def detail(axis: Axis) -> alt.LayerChart:
    """Draw one part of the score at full resolution, with all that belongs to it.

    Also reads points [x, score], and cut [x, score]: the threshold from one row to the next.
    """
    x, y = axis.encode(), score_axis()
    line = (
        named("points")
        .mark_line(clip=True)
        .encode(
            x=x,
            y=y,
            tooltip=[axis.tooltip(), alt.Tooltip("score:Q", title="Score", format=".3~g")],
        )
    )
    layers = [
        *_ground(x, y),
        *_names(x),
        flagged(x),
        paint(line, "score"),
        _cut(x, y),
        _labels(x, DETAIL_HEIGHT, BAND - 5),
        _imputed(x, DETAIL_HEIGHT),
        _peaks(x, y, axis, size=80),
    ]
    return _chart(layers, DETAIL_HEIGHT)


def channel(axis: Axis, unit: str = "", last: bool = False) -> alt.LayerChart:
    """Draw one channel of the part on the screen: one of a column of small multiples.

    Also reads points [x, value] in the channel's own *unit*; only the *last* one of the column
    carries the horizontal axis.
    """
    x = axis.encode(title=last, labels=last)
    y = alt.Y(
        "value:Q",
        scale=alt.Scale(zero=False, nice=False),
        axis=alt.Axis(title=unit or NO_TITLE, tickCount=2, format=".3~s"),
    )
    line = (
        named("points")
        .mark_line(clip=True, strokeWidth=1.2)
        .encode(
            x=x,
            y=y,
            tooltip=[axis.tooltip(), alt.Tooltip("value:Q", title="Value", format=".4~g")],
        )
    )
    layers = [
        *_ground(x, None),
        flagged(x),
        paint(line, "series"),
        _labels(x, CHANNEL_HEIGHT, 4),
        _imputed(x, CHANNEL_HEIGHT),
    ]
    return _chart(layers, CHANNEL_HEIGHT)


def score_axis(labels: bool = True) -> alt.Y:
    """Return the vertical axis of scores, a strip below it left free for the labels.

    Its scale is a square root: thresholds lie far below the highest peaks, and would vanish.
    """
    extent = alt.Undefined if labels else 0
    return alt.Y(
        "score:Q",
        scale=alt.Scale(type="sqrt", range=[DETAIL_HEIGHT - BAND, 0], nice=False, zero=False),
        axis=alt.Axis(
            title="Score (root scale)" if labels else None,
            labels=labels,
            minExtent=extent,
            maxExtent=extent,
        ),
    )


def threshold(y: alt.Y) -> alt.Chart:
    """Return the dashed line at the score of the data set cut."""
    rule = (
        named("cut")
        .mark_rule(strokeDash=DASH, strokeWidth=1.5, clip=True)
        .encode(y=y, tooltip=alt.Tooltip("score:Q", title="Threshold", format=".3~g"))
    )
    return paint(rule, "threshold")


def _cut(x: alt.X, y: alt.Y) -> alt.Chart:
    """Return the dashed line of the threshold, which may follow the stream."""
    line = (
        named("cut")
        .mark_line(strokeDash=DASH, strokeWidth=1.5, clip=True)
        .encode(x=x, y=y, tooltip=alt.Tooltip("score:Q", title="Threshold", format=".3~g"))
    )
    return paint(line, "threshold")


def _chart(layers: list[alt.Chart], height: int) -> alt.LayerChart:
    return alt.layer(*layers).properties(height=height, autosize=FIT)


def _ground(x: alt.X, y: alt.Y | None) -> list[alt.Chart]:
    """Return what lies behind a line: the corners, the shaded parts, where entities begin."""
    corners = named("frame").mark_point(opacity=0).encode(x=x)
    parts = named("parts").mark_rect(fillOpacity=0.14, strokeWidth=0, clip=True)
    rules = named("entities").mark_rule(strokeWidth=1, opacity=0.6, clip=True)
    return [
        corners if y is None else corners.encode(y=y),
        paint(parts.encode(x=x, x2="x2", tooltip=alt.Tooltip("part:N", title="Rows")), "baseline"),
        paint(rules.encode(x=x), "baseline"),
    ]


def _names(x: alt.X) -> list[alt.Chart]:
    """Return the names of the shaded parts and of the entities."""
    style = {"align": "left", "baseline": "top", "dx": 5, "fontSize": 11, "clip": True}
    parts = named("parts").mark_text(dy=4, **style).encode(x=x, y=alt.value(0), text="name:N")
    entities = named("entities").mark_text(dy=18, **style)
    return [
        paint(parts, "baseline"),
        paint(entities.encode(x=x, y=alt.value(0), text="entity:N"), "baseline"),
    ]


def flagged(x: alt.X, name: str = "events") -> alt.Chart:
    """Shade the flagged stretches *name*; their edge keeps the shortest one visible."""
    band = named(name).mark_rect(fillOpacity=0.16, strokeOpacity=0.5, strokeWidth=1, clip=True)
    return paint(band.encode(x=x, x2="x2"), "anomaly", edge=True)


def _peaks(x: alt.X, y: alt.Y | alt.YValue, axis: Axis, size: int) -> alt.Chart:
    """Mark the peak of every event with the anomaly's own shape."""
    points = (
        named("events")
        .transform_calculate(x="datum.peak_x", score="datum.peak")
        .mark_point(shape=SHAPES["anomaly"], size=size, filled=True, opacity=1, yOffset=-6)
        .encode(
            x=x,
            y=y,
            tooltip=[
                alt.Tooltip("event:Q", title="Event", format="d"),
                axis.tooltip(),
                alt.Tooltip("peak:Q", title="Peak score", format=".3~g"),
            ],
        )
    )
    return paint(points, "anomaly")


def _labels(x: alt.X, height: int, thick: int) -> alt.Chart:
    """Draw the labelled stretches as a band along the lower edge."""
    band = (
        named("labels")
        .mark_rect(strokeWidth=1, clip=True)
        .encode(
            x=x,
            x2="x2",
            y=alt.value(height - thick),
            y2=alt.value(height),
            tooltip=alt.value("Labelled anomaly"),
        )
    )
    return paint(band, "label", edge=True)


def _imputed(x: alt.X, height: int) -> alt.Chart:
    """Mark the rows that hold a value that was filled in."""
    ticks = named("imputed").mark_tick(orient="vertical", size=7, thickness=1.5, clip=True)
    encoded = ticks.encode(
        x=x, y=alt.value(height - 4), tooltip=alt.value("A value was filled in here")
    )
    return paint(encoded, "extra")
