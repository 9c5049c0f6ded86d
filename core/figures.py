"""Charts as files: PNG, SVG, and the numbers that were drawn as CSV.

The pictures are those of the light theme, whatever theme is on, for a page of paper or a slide.
Nothing is asked from the network, and no browser is needed.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any, Literal, cast

import pandas as pd

from core.palette import LIGHT, MEANINGS, style

Format = Literal["png", "svg"]

WIDTH = 900  # Pixels of a chart that has no width of its own; those of a PNG are twice as many.
CORNERS = "frame"  # The data set that holds the corners of a picture, and nothing that is drawn.
_DATA = "data"


def picture(
    specification: Mapping[str, Any], data: Mapping[str, pd.DataFrame], format: Format
) -> bytes:
    """Return *specification* with *data* drawn as a file; seconds in a process that never did.

    Args:
        specification: In Vega-Lite, reading named data sets.
        data: The frames that it reads, by name. A time without zone is drawn as it is.
        format: "png", at two dots a pixel, or "svg".
    """
    import vl_convert

    full = {**complete(specification), "datasets": {name: rows(data[name]) for name in data}}
    if format == "png":
        return bytes(vl_convert.vegalite_to_png(full, scale=2, allowed_base_urls=[]))
    return str(vl_convert.vegalite_to_svg(full, allowed_base_urls=[])).encode()


def complete(specification: Mapping[str, Any]) -> dict[str, Any]:
    """Return *specification* with size, colours and fonts, which the browser chooses otherwise."""
    full = copy.deepcopy(dict(specification))
    if full.get("width") == "container":
        del full["width"]
    own = full.get("config", {})
    ink = LIGHT["baseline"]
    base: dict[str, Any] = {
        "background": "white",
        "font": "sans-serif",
        "range": {"category": [LIGHT[name] for name in MEANINGS], "ramp": {"scheme": "blues"}},
        "view": {"continuousWidth": WIDTH, "discreteWidth": WIDTH},
        "legend": {"labelColor": ink, "titleColor": ink},
        "header": {"labelColor": ink, "titleColor": ink},
    }
    full["config"] = _merged(_merged(base, own), style(ink))
    full["padding"] = 12
    return full


def _merged(base: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return both; where both have something to say *other* holds."""
    both = dict(base)
    for name, value in other.items():
        known = both.get(name)
        if isinstance(known, dict) and isinstance(value, dict):
            value = _merged(known, value)
        both[name] = value
    return both


def rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return *frame* as Vega-Lite reads it: times in milliseconds, null where there is nothing."""
    text = frame.apply(_milliseconds).to_json(orient="records", double_precision=15)
    return cast(list[dict[str, Any]], json.loads(text))


def _milliseconds(column: pd.Series) -> pd.Series:
    if not pd.api.types.is_datetime64_any_dtype(column):
        return column
    return (pd.to_datetime(column, utc=True) - pd.Timestamp(0, tz="UTC")) / pd.Timedelta("1ms")


def table(data: Mapping[str, pd.DataFrame]) -> bytes:
    """Return the numbers of *data* as CSV, the data sets under one another.

    The column "data" names the data set where there is more than one; the corners of the picture
    are left out. Times are written as they were recorded: charts carry them as if they were UTC.
    """
    known = {
        name: frame.apply(_as_recorded)
        for name, frame in data.items()
        if len(frame) and name != CORNERS
    }
    if len(known) == 1:
        (only,) = known.values()
        return only.to_csv(index=False).encode()
    parts = [frame.assign(**{_DATA: name}) for name, frame in known.items()]
    if not parts:
        return b""
    both = pd.concat(parts, ignore_index=True)
    return both[[_DATA, *both.columns.drop(_DATA)]].to_csv(index=False).encode()


def _as_recorded(column: pd.Series) -> pd.Series:
    return column.dt.tz_localize(None) if isinstance(column.dtype, pd.DatetimeTZDtype) else column
