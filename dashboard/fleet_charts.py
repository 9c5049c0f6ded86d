"""Curves of one unit before those of all others; they read named data sets, as `charts` does."""

from __future__ import annotations

import altair as alt

from dashboard import charts
from dashboard.theme import DASH, named, paint

HEIGHT = 190
_AGE = alt.Tooltip("age:Q", title="Age in steps", format=",d")


def health() -> alt.LayerChart:
    """Draw the health of one unit over its age, before that of all others.

    Reads others [age, health, entity] and chosen [age, health].
    """
    x, y = _age(), _y("health:Q", "Health", [0, 1])
    others = (
        named("others")
        .mark_line(strokeWidth=0.7, opacity=0.3, clip=True)
        .encode(x=x, y=y, detail="entity:N")
    )
    chosen = (
        named("chosen")
        .mark_line(strokeWidth=2.4, clip=True)
        .encode(x=x, y=y, tooltip=[_AGE, alt.Tooltip("health:Q", title="Health", format=".2f")])
    )
    return _chart([paint(others, "baseline"), paint(chosen, "score")])


def remaining() -> alt.LayerChart:
    """Draw the predicted remaining life of one unit over its age, with its interval.

    Reads chosen [age, remaining, lower, upper], others [age], which the axis of `health` is as
    long as, and actual [age, remaining]: what was left, where it is known.
    """
    x, y = _age(), _y("remaining:Q", "Steps left")
    frame = named("others").mark_point(opacity=0).encode(x=x)
    band = (
        named("chosen")
        .mark_area(opacity=0.2, clip=True)
        .encode(x=x, y=alt.Y("lower:Q", title="Steps left"), y2="upper:Q")
    )
    line = (
        named("chosen")
        .mark_line(strokeWidth=2.4, clip=True)
        .encode(
            x=x,
            y=y,
            tooltip=[
                _AGE,
                alt.Tooltip("remaining:Q", title="Predicted", format=".0f"),
                alt.Tooltip("lower:Q", title="At least", format=".0f"),
                alt.Tooltip("upper:Q", title="At most", format=".0f"),
            ],
        )
    )
    actual = (
        named("actual")
        .mark_line(strokeDash=DASH, strokeWidth=1.8, clip=True)
        .encode(
            x=x,
            y=y,
            tooltip=[_AGE, alt.Tooltip("remaining:Q", title="Was left", format=".0f")],
        )
    )
    layers = [paint(band, "prediction"), paint(line, "prediction"), paint(actual, "threshold")]
    return _chart([frame, *layers])


def _age() -> alt.X:
    return alt.X(
        "age:Q",
        scale=alt.Scale(nice=False, zero=True),
        axis=alt.Axis(title="Age in steps", format=",d", tickMinStep=1),
    )


def _y(field: str, title: str, domain: list[float] | None = None) -> alt.Y:
    scale = alt.Scale(zero=True) if domain is None else alt.Scale(domain=domain)
    return alt.Y(field, scale=scale, axis=alt.Axis(title=title, format=".3~g"))


def _chart(layers: list[alt.Chart]) -> alt.LayerChart:
    return alt.layer(*layers).properties(height=HEIGHT, autosize=charts.FIT)
