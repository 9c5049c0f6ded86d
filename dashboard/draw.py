"""Show a chart: its structure is made once, its data travel with every rerun."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from functools import lru_cache
from typing import Any, Literal

import altair as alt
import pandas as pd
import streamlit as st

from dashboard import figures

# Whether charts are held to the schema of Vega-Lite, which takes as long as to make them: in tests.
CHECKED = False

Drawn = tuple[dict[str, Any], dict[str, pd.DataFrame]]  # A specification and its data.


@lru_cache(maxsize=128)
def spec(make: Callable[..., alt.LayerChart], *args: Any, **options: Any) -> dict[str, Any]:
    """Return the Vega-Lite specification of ``make(*args, **options)``; do not change it."""
    return make(*args, **options).to_dict(validate=CHECKED)


def show(
    specification: Mapping[str, Any],
    data: Mapping[str, pd.DataFrame],
    *,
    alt: str,
    key: str | None = None,
    on_select: Callable[[], None] | None = None,
    width: Literal["stretch", "content"] = "stretch",
    figure: str | None = None,
) -> None:
    """Draw *specification* with *data* by name; a change of data alone is swapped in place.

    Args:
        specification: From `spec`.
        data: The frames that the chart reads.
        alt: What the chart shows, for those who cannot see it.
        key: Of the chart, when it is brushed.
        on_select: Called before the rerun that a brush causes.
        width: "content" for a chart of a width of its own.
        figure: Name of the chart as a file, which a menu below it then offers; see
            `dashboard.figures.download`.
    """
    full = copy.deepcopy(dict(specification)) | {"datasets": dict(data)}
    select = "ignore" if on_select is None else on_select
    with st.container(gap=None) if figure else nullcontext():
        st.vega_lite_chart(full, key=key, on_select=select, alt=alt, width=width)
        if figure is not None:
            figures.download(specification, data, figure)
