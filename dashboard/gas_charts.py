"""Charts of gas recordings and decisions; they read named data sets, as `charts` does."""

from __future__ import annotations

import altair as alt

from dashboard import charts
from dashboard.charts import FIT, Axis
from dashboard.theme import DASH, named, paint

OVERVIEW, DETAIL, LANE = 56, 230, 24
EDGE = 68  # pixels left of every picture of rows, so that they line up
PLACE = Axis(False, "Row")


def _edge(title: str | None, **more: object) -> alt.Axis:
    return alt.Axis(title=title, minExtent=EDGE, maxExtent=EDGE, labelLimit=EDGE - 8, **more)


def _share(field: str, title: str | None, **more: object) -> alt.Y:
    return alt.Y(
        field, scale=alt.Scale(domain=[0, 1], nice=False), axis=_edge(title, format=".0%", **more)
    )


def overview() -> alt.LayerChart:
    """Draw the probability of all rows, small; its interval selection is named "brush".

    Reads frame [x], points [x, value], alarms [x, x2], and window [x, x2]: what the detail shows.
    """
    x, y = PLACE.encode(title=False), _share("value:Q", charts.NO_TITLE, labels=False, grid=False)
    brush = alt.selection_interval(
        name="brush",
        encodings=["x"],
        mark=alt.BrushConfig(fill="#808080", fillOpacity=0.12, strokeOpacity=0),
    )
    corners = named("frame").mark_point(opacity=0).encode(x=x)
    line = named("points").mark_line(strokeWidth=1, clip=True).encode(x=x, y=y).add_params(brush)
    alarms = named("alarms").mark_rect(fillOpacity=0.16, strokeWidth=0, clip=True)
    window = named("window").mark_rect(fillOpacity=0.1, strokeWidth=1.5, clip=True)
    layers = [
        paint(corners, "baseline"),
        paint(alarms.encode(x=x, x2="x2"), "anomaly"),
        paint(line, "score"),
        paint(window.encode(x=x, x2="x2"), "prediction", edge=True),
    ]
    return alt.layer(*layers).properties(height=OVERVIEW, autosize=FIT)


def detail() -> alt.LayerChart:
    """Draw the probability of a leak, with all that the rule makes of it.

    Reads frame [x], points [x, value, session, row, said, truth], cut [x, value] and release
    [x, value]: where an alarm begins and ends; alarms, gas and parts [x, x2 (, part)], sessions
    [x, name], and before [x, value]: the probability without the fault, where there is one.
    """
    x, y = PLACE.encode(title=False, labels=False), _share("value:Q", "Probability of a leak")
    corners = named("frame").mark_point(opacity=0).encode(x=x)
    parts = named("parts").mark_rect(fillOpacity=0.14, strokeWidth=0, clip=True)
    sessions = named("sessions").mark_rule(strokeWidth=1, opacity=0.6, clip=True).encode(x=x)
    names = named("sessions").mark_text(
        align="left", baseline="top", dx=5, dy=4, fontSize=11, clip=True
    )
    before = named("before").mark_line(strokeWidth=1.2, clip=True).encode(x=x, y=y)
    line = named("points").mark_line(strokeWidth=1.5, clip=True).encode(x=x, y=y, tooltip=_row())
    layers = [
        paint(corners, "baseline"),
        paint(parts.encode(x=x, x2="x2", tooltip=alt.Tooltip("part:N", title="Rows")), "baseline"),
        paint(sessions, "baseline"),
        charts.flagged(x, "alarms"),
        paint(before, "baseline"),
        paint(line, "score"),
        _level("cut", x, y, "Alarm from here on", DASH),
        _level("release", x, y, "An alarm ends below", [2, 3]),
        paint(_gas(x, DETAIL), "label", edge=True),
        paint(names.encode(x=x, y=alt.value(0), text="name:N"), "baseline"),
    ]
    return alt.layer(*layers).properties(height=DETAIL, autosize=FIT)


def _row() -> list[alt.Tooltip]:
    return [
        alt.Tooltip("session:N", title="Session"),
        alt.Tooltip("row:Q", title="Row of it", format=",d"),
        alt.Tooltip("value:Q", title="Probability of a leak", format=".3~g"),
        alt.Tooltip("said:N", title="Called"),
        alt.Tooltip("truth:N", title="In truth"),
    ]


def _level(name: str, x: alt.X, y: alt.Y, title: str, dash: list[int]) -> alt.Chart:
    line = named(name).mark_line(strokeDash=dash, strokeWidth=1.5, clip=True)
    tooltip = alt.Tooltip("value:Q", title=title, format=".3~g")
    return paint(line.encode(x=x, y=y, tooltip=tooltip), "threshold")


def _gas(x: alt.X, height: int) -> alt.Chart:
    """Draw the rows with gas as a band along the lower edge."""
    band = named("gas").mark_rect(strokeWidth=1, clip=True)
    return band.encode(
        x=x,
        x2="x2",
        y=alt.value(height - 7),
        y2=alt.value(height),
        tooltip=alt.value("There is gas"),
    )


def lanes(classes: tuple[str, ...]) -> alt.LayerChart:
    """Draw which class each row has, and which one it was called, one lane a class.

    Reads truth and said [x, x2, name], and frame [x].
    """
    x = PLACE.encode()
    y = alt.Y("name:N", scale=alt.Scale(domain=list(classes)), axis=_edge(charts.NO_TITLE))
    corners = named("frame").mark_point(opacity=0).encode(x=x)
    truth = (
        named("truth")
        .mark_bar(height={"band": 0.86}, fillOpacity=0.35, strokeWidth=1, clip=True)
        .encode(x=x, x2="x2", y=y, tooltip=[alt.Tooltip("name:N", title="In truth")])
    )
    said = (
        named("said")
        .mark_bar(height={"band": 0.36}, minBandSize=1, strokeWidth=0.8, clip=True)
        .encode(x=x, x2="x2", y=y, tooltip=[alt.Tooltip("name:N", title="Called")])
    )
    layers = [
        paint(corners, "baseline"),
        paint(truth, "label", edge=True),
        paint(said, "prediction", edge=True),
    ]
    return alt.layer(*layers).properties(height=LANE * len(classes), autosize=FIT)


def traces(sensors: int) -> alt.LayerChart:
    """Draw the readings of a session, one lane a sensor, each between its own ends.

    Reads points [x, value, sensor, reading], where value is the number of the lane plus 0 to 1;
    names [x, value, name], now [x], and gas [x, x2].
    """
    height = 46 * sensors
    x = alt.X(
        "x:Q",
        scale=alt.Scale(nice=False, zero=False),
        axis=alt.Axis(title="Row of the session", format=",d", tickMinStep=1),
    )
    y = alt.Y(
        "value:Q",
        scale=alt.Scale(domain=[0, sensors], nice=False),
        axis=alt.Axis(
            title=None,
            labels=False,
            values=list(range(sensors + 1)),
            minExtent=4,
            maxExtent=4,
        ),
    )
    line = (
        named("points")
        .mark_line(strokeWidth=1.2)
        .encode(
            x=x,
            y=y,
            detail="sensor:N",
            tooltip=[
                alt.Tooltip("sensor:N", title="Sensor"),
                alt.Tooltip("x:Q", title="Row of the session", format=",d"),
                alt.Tooltip("reading:Q", title="Reading", format=".4~g"),
            ],
        )
    )
    text = named("names").mark_text(align="left", baseline="top", dx=4, dy=3, fontSize=12)
    now = named("now").mark_rule(strokeDash=DASH, strokeWidth=1.4)
    layers = [
        paint(_gas(x, height), "label", edge=True),
        paint(line, "series"),
        paint(now.encode(x=x), "threshold"),
        paint(text.encode(x=x, y=y, text="name:N"), "threshold"),
    ]
    return alt.layer(*layers).properties(height=height, autosize=FIT)
