"""The palette and the one Altair theme of every chart.

A colour is chosen by its meaning: `paint(chart, "score")`. The browser turns the meaning into the
colour of the theme that is on, so a switch from light to dark needs no rerun. Outside the dashboard
(a report, a picture) `palette("light")` gives the same colours.
"""

from __future__ import annotations

from typing import Literal, cast

import altair as alt

Meaning = Literal[
    "series", "prediction", "score", "anomaly", "label", "baseline", "threshold", "extra"
]

# After Okabe and Ito, made darker or lighter until each stands out 4.5 : 1 from its background;
# only the label band, a filled area with an edge of its own, keeps their amber on white.
LIGHT: dict[Meaning, str] = {
    "series": "#475569",
    "prediction": "#0072B2",
    "score": "#007A59",
    "anomaly": "#BF5200",
    "label": "#E69F00",
    "baseline": "#6B7280",
    "threshold": "#17212B",
    "extra": "#9C4F79",
}
DARK: dict[Meaning, str] = {
    "series": "#A8B4C4",
    "prediction": "#56B4E9",
    "score": "#2CC79B",
    "anomaly": "#FF7F32",
    "label": "#E69F00",
    "baseline": "#9CA3AF",
    "threshold": "#E6EBF0",
    "extra": "#CC79A7",
}
MEANINGS = tuple(LIGHT)

# Shapes and dashes say the same as the colours, for readers who cannot tell these apart.
SHAPES: dict[Meaning, str] = {"anomaly": "triangle-down", "label": "square"}
DASH = [5, 4]

# "category" is the list of colours in .streamlit/config.toml, one list a theme.
_SCALE = alt.Scale(domain=list(MEANINGS), range="category")


def palette(kind: Literal["light", "dark"]) -> dict[Meaning, str]:
    """Return the colour of each meaning in the light or the dark theme."""
    return LIGHT if kind == "light" else DARK


def named(name: str) -> alt.Chart:
    """Return an empty chart of the data set *name*, which is supplied when it is drawn."""
    return alt.Chart(alt.NamedData(name=name))


def painted(channel: type[alt.Color] | type[alt.Stroke] = alt.Color) -> alt.Color | alt.Stroke:
    """Return the encoding that colours marks by their field "meaning"."""
    return channel("meaning:N", scale=_SCALE, legend=None)


def paint(chart: alt.Chart, meaning: Meaning, edge: bool = False) -> alt.Chart:
    """Give the marks of *chart* the colour of *meaning*, and with *edge* their outline as well."""
    coloured = chart.transform_calculate(meaning=f"'{meaning}'").encode(color=painted())
    return coloured.encode(stroke=painted(alt.Stroke)) if edge else coloured


@alt.theme.register("fusionscope", enable=True)
def fusionscope_theme() -> alt.theme.ThemeConfig:
    """Return grid, axes and lines; the colours are left to the theme that is on."""
    # Written in the colour of the baselines: Streamlit's own grey is too pale to read.
    ink = {"expr": "scale('color', 'baseline')"}
    config = {
        "view": {"stroke": None},
        "axis": {
            "domain": False,
            "ticks": False,
            "labelFontSize": 12,
            "labelColor": ink,
            "titleColor": ink,
            "labelPadding": 6,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "titlePadding": 8,
            "gridDash": [2, 3],
        },
        "axisX": {"grid": False, "labelOverlap": "greedy", "labelFlush": False},
        "axisY": {"tickCount": 4, "labelLimit": 120, "minExtent": 44, "maxExtent": 44},
        "line": {"strokeWidth": 1.4, "strokeJoin": "round"},
        "header": {"labelFontSize": 12, "labelFontWeight": "normal", "title": None},
        "legend": {"orient": "top", "labelFontSize": 12, "title": None, "symbolStrokeWidth": 2},
    }
    return cast(alt.theme.ThemeConfig, {"config": config})
