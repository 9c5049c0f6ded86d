"""Colours, shapes and style that all charts share, on the screen and on paper.

A colour has a meaning and keeps it on every page and in every report.
"""

from __future__ import annotations

from typing import Any, Literal

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

# A date where a day begins, otherwise the time of day, as fine as the axis needs.
TIME = (
    "utcFormat(datum.value, {year: '%Y', quarter: '%b', month: '%b', week: '%d %b', "
    "date: '%d %b', hours: '%H:%M', minutes: '%H:%M', seconds: '%H:%M:%S', "
    "milliseconds: '%H:%M:%S.%L'})"
)


def style(ink: Any) -> dict[str, Any]:
    """Return grid, axes and lines as a Vega-Lite config, written in the colour *ink*."""
    return {
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
