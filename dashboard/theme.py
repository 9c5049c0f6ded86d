"""The palette and the one Altair theme of every chart.

A colour is chosen by its meaning: `paint(chart, "score")`. The browser turns the meaning into the
colour of the theme that is on, so a switch from light to dark needs no rerun; a file
gets the light ones (`core.figures`).
"""

from __future__ import annotations

from typing import cast

import altair as alt

from core.palette import DARK, DASH, LIGHT, MEANINGS, SHAPES, Meaning, style

__all__ = ["DARK", "DASH", "LIGHT", "MEANINGS", "SHAPES", "Meaning", "named", "paint", "painted"]

# "category" is the list of colours in .streamlit/config.toml, one list a theme.
_SCALE = alt.Scale(domain=list(MEANINGS), range="category")


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
    return cast(alt.theme.ThemeConfig, {"config": style(ink)})
