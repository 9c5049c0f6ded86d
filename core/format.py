"""How numbers, durations and times are written: three significant digits, units, the zone."""

from __future__ import annotations

import math
from datetime import datetime

import pandas as pd

NOTHING = "–"


def number(value: float | None, unit: str = "") -> str:
    """Write *value* with three significant digits: 0.0123, 4.57, 123, 12,300, 1.2e-07."""
    if value is None or not math.isfinite(value):
        return NOTHING
    return f"{_digits(float(value))} {unit}".strip()


def _digits(value: float) -> str:
    size = abs(value)
    if value == 0:
        return "0"
    if size < 1e-4 or size >= 1e9:
        return f"{value:.3g}"
    rounded = float(f"{value:.3g}")
    if size >= 100:
        return f"{rounded:,.0f}"
    decimals = max(0, 2 - math.floor(math.log10(abs(rounded))))
    return f"{rounded:.{decimals}f}"


def count(value: float | None, one: str = "", many: str = "") -> str:
    """Write a whole number in full, with its noun: "1 event", "12,345 events"."""
    if value is None:
        return NOTHING
    noun = one if value == 1 else many or (one and one + "s")
    return f"{int(value):,} {noun}".strip()


def percent(share: float | None) -> str:
    """Write a share between 0 and 1: "0.4 %", "12 %", "99.5 %"."""
    if share is None or not math.isfinite(share):
        return NOTHING
    value = 100 * share
    far = 1 <= value < 99 or value in (0, 100)
    return f"{value:.0f} %" if far else f"{value:.1f} %"


def duration(seconds: float | pd.Timedelta | None) -> str:
    """Write a length of time in its two largest units: "850 ms", "12 s", "3 min 5 s", "2 d 4 h"."""
    if isinstance(seconds, pd.Timedelta):
        seconds = seconds.total_seconds()
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    if seconds and abs(seconds) < 1:
        return f"{seconds * 1000:.0f} ms"
    if abs(seconds) < 10 and seconds != int(seconds):
        return f"{seconds:.1f} s"
    left = round(abs(seconds))
    parts: list[str] = []
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        whole, left = divmod(left, size)
        if whole or parts:
            parts.append(f"{whole} {name}")
        if len(parts) == 2:
            break
    shown = [part for part in parts if not part.startswith("0 ")] or ["0 s"]
    return ("-" if seconds < 0 else "") + " ".join(shown)


def rough(seconds: float | None) -> str:
    """Write a length of time in its largest unit: "12 s", "16 min", "1.5 h"."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        if abs(seconds) >= size:
            value = seconds / size
            return f"{value:.0f} {name}" if value >= 10 else f"{float(f'{value:.2g}'):g} {name}"
    return duration(seconds)


def zone(times: pd.Series) -> str:
    """Return the name of the time zone of *times*; "no zone given" when they have none."""
    known = getattr(times.dtype, "tz", None)
    return "no zone given" if known is None else str(known)


def moment(when: datetime | pd.Timestamp | None, seconds: bool = True) -> str:
    """Write a moment with its zone when it has one: "2020-03-09 10:14:33 UTC"."""
    if when is None or pd.isna(when):
        return NOTHING
    text = f"{when:%Y-%m-%d %H:%M:%S}" if seconds else f"{when:%Y-%m-%d %H:%M}"
    return f"{text} {when.tzname() or ''}".strip()


def ago(when: datetime | pd.Timestamp, now: datetime | None = None) -> str:
    """Write how long ago *when* was, in its largest unit: "just now", "5 min ago", "3 d ago"."""
    seconds = ((now or datetime.now(when.tzinfo)) - when).total_seconds()
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {name} ago"
    return "just now"
