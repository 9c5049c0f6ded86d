"""Charts beside the timeline of a gas run: classes, curves, contributions.

They read named data sets, as `charts` does.
"""

from __future__ import annotations

import altair as alt

from dashboard.charts import FIT
from dashboard.theme import DASH, named, paint, painted

SIDE = 250


def confusion(classes: tuple[str, ...]) -> alt.LayerChart:
    """Draw how many rows of each class were called what; reads cells [truth, said, share, text]."""
    axis = {"labelAngle": 0, "labelLimit": 110}
    x = alt.X(
        "said:N",
        scale=alt.Scale(domain=list(classes)),
        axis=alt.Axis(title="Called", orient="top", **axis),
    )
    y = alt.Y(
        "truth:N",
        scale=alt.Scale(domain=list(classes)),
        axis=alt.Axis(title="In truth", minExtent=70, maxExtent=110, **axis),
    )
    cells = (
        named("cells")
        .mark_rect(strokeWidth=0)
        .encode(
            x=x,
            y=y,
            # Never so strong that the numbers cannot be read, in either theme.
            fillOpacity=alt.FillOpacity(
                "share:Q", scale=alt.Scale(domain=[0, 1], range=[0.03, 0.5]), legend=None
            ),
            tooltip=[
                alt.Tooltip("truth:N", title="In truth"),
                alt.Tooltip("said:N", title="Called"),
                alt.Tooltip("share:Q", title="Of these rows", format=".1%"),
            ],
        )
    )
    text = named("cells").mark_text(fontSize=13, fontWeight=600).encode(x=x, y=y, text="text:N")
    layers = [paint(cells, "prediction"), paint(text, "threshold")]
    return alt.layer(*layers).properties(height=46 * len(classes), autosize=FIT)


def curve(x_title: str, y_title: str) -> alt.LayerChart:
    """Draw one curve of shares, and where the rule stands on it.

    Reads points [x, y, threshold], here [x, y], and reference [x, y]: what says nothing.
    """
    x = alt.X(
        "x:Q",
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=alt.Axis(title=x_title, format=".0%", tickCount=5),
    )
    y = alt.Y(
        "y:Q",
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=alt.Axis(title=y_title, format=".0%"),
    )
    line = (
        named("points")
        .mark_line(strokeWidth=1.8)
        .encode(
            x=x,
            y=y,
            tooltip=[
                alt.Tooltip("threshold:Q", title="Threshold", format=".3~g"),
                alt.Tooltip("x:Q", title=x_title, format=".1%"),
                alt.Tooltip("y:Q", title=y_title, format=".1%"),
            ],
        )
    )
    reference = named("reference").mark_line(strokeDash=DASH, strokeWidth=1.2).encode(x=x, y=y)
    here = named("here").mark_point(filled=True, size=90, opacity=1).encode(x=x, y=y)
    return alt.layer(
        paint(reference, "baseline"), paint(line, "score"), paint(here, "anomaly")
    ).properties(height=SIDE, autosize=FIT)


def calibration() -> alt.LayerChart:
    """Draw how often the model is right by how sure it is.

    Reads points [x, y, rows, name, meaning], and reference [x, y]: the diagonal.
    """
    x = alt.X(
        "x:Q",
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=alt.Axis(title="Sure of the class it names", format=".0%", tickCount=5),
    )
    y = alt.Y(
        "y:Q",
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=alt.Axis(title="Right", format=".0%"),
    )
    line = (
        named("points")
        .mark_line(strokeWidth=1.8, point={"size": 36})
        .encode(
            x=x,
            y=y,
            color=painted(),
            detail="name:N",
            strokeDash=alt.StrokeDash(
                "meaning:N",
                scale=alt.Scale(domain=["score", "extra"], range=[[1, 0], [6, 3]]),
                legend=None,
            ),
            tooltip=[
                alt.Tooltip("name:N", title="Probabilities"),
                alt.Tooltip("x:Q", title="Sure", format=".0%"),
                alt.Tooltip("y:Q", title="Right", format=".0%"),
                alt.Tooltip("rows:Q", title="Rows", format=",d"),
            ],
        )
    )
    reference = named("reference").mark_line(strokeDash=DASH, strokeWidth=1.2).encode(x=x, y=y)
    return alt.layer(paint(reference, "baseline"), line).properties(height=SIDE, autosize=FIT)


def signed(rows: int, title: str) -> alt.LayerChart:
    """Draw bars to both sides of 0; reads bars [name, value, meaning], sorted, *rows* of them."""
    bars = (
        named("bars")
        .mark_bar(height={"band": 0.62}, cornerRadiusEnd=2)
        .encode(
            y=alt.Y(
                "name:N",
                sort=None,
                axis=alt.Axis(title=None, minExtent=100, maxExtent=100, labelLimit=94),
            ),
            x=alt.X("value:Q", axis=alt.Axis(title=title, format="+.3~g", tickCount=5, grid=True)),
            color=painted(),
            tooltip=[
                alt.Tooltip("name:N", title="Without"),
                alt.Tooltip("value:Q", title=title, format="+.3~g"),
            ],
        )
    )
    return alt.layer(bars).properties(height=26 * rows, autosize=FIT)


def attributions(sensors: tuple[str, ...], most: float) -> alt.LayerChart:
    """Draw what each reading of the window added; reads cells [step, sensor, value].

    Args:
        sensors: Their names, from top to bottom.
        most: Value of the strongest colour, to both sides.
    """
    x = alt.X(
        "step:O",
        sort="descending",
        axis=alt.Axis(title="Rows before the decision", labelAngle=0, labelOverlap=True),
    )
    y = alt.Y(
        "sensor:N",
        scale=alt.Scale(domain=list(sensors)),
        axis=alt.Axis(title=None, minExtent=70, maxExtent=70, labelLimit=64),
    )
    cells = (
        named("cells")
        .mark_rect(strokeWidth=0)
        .encode(
            x=x,
            y=y,
            fill=alt.Fill(
                "value:Q",
                scale=alt.Scale(scheme="blueorange", domain=[-most, 0, most], clamp=True),
                legend=alt.Legend(title="Against and for it (log-odds)", format="+.2~g"),
            ),
            tooltip=[
                alt.Tooltip("sensor:N", title="Sensor"),
                alt.Tooltip("step:O", title="Rows before"),
                alt.Tooltip("value:Q", title="Log-odds", format="+.3~g"),
            ],
        )
    )
    # Not seen: it brings the scale that the theme writes the axes in.
    ink = named("cells").mark_point(opacity=0).encode(x=x, y=y)
    return alt.layer(cells, paint(ink, "baseline")).properties(
        height=max(24 * len(sensors), 60), autosize=FIT
    )
