"""Time stamps from text and from numbers."""

from __future__ import annotations

import re
from datetime import datetime

import numpy as np
import pandas as pd

from core.data.dataset import Finding
from core.data.rows import plural, spans

DATES = (
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d.%m.%y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d-%b-%Y",
    "%d %b %Y",
    "%b %d, %Y",
    "%Y%m%d",
)
CLOCKS = ("", "%H:%M:%S", "%H:%M", "%H:%M:%S.%f", "%I:%M:%S %p", "%I:%M %p", "%H.%M.%S", "%H%M%S")
ISO = re.compile(r"\d{4}-\d\d?-\d\d?([T ]\d\d?(:\d\d){0,2}([.,]\d+)?)?\s*(Z|[+-]\d\d:?(\d\d)?)?")
ZONE = re.compile(r":\d\d([.,]\d+)?\s*(Z|[+-]\d\d:?(\d\d)?)$")
CLOCK = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)(?:[:.]([0-5]\d(?:[.]\d+)?))?")
UNIT_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
# 1990 to 2100, in seconds: numbers in this range are taken for seconds since 1970.
EPOCH = (631_152_000, 4_102_444_800)
PROBES = 50


def from_text(text: pd.Series) -> tuple[pd.Series, list[Finding]] | None:
    """Read *text* as time stamps.

    Args:
        text: Column of text; missing cells stay missing.

    Returns:
        Stamps (datetime64[us], in UTC when the text has zones) and what was noticed, or None when
        fewer than nine in ten cells are stamps.
    """
    known = text.dropna()
    if known.empty:
        return None
    probes = known.iloc[np.linspace(0, len(known) - 1, min(PROBES, len(known))).astype(int)]
    probes = probes.str.strip()
    if probes.map(lambda cell: ISO.fullmatch(cell) is not None).mean() >= 0.9:
        zoned = bool(probes.map(lambda cell: ZONE.search(cell) is not None).any())
        return _checked(_parse(text, "ISO8601", zoned), text, [])
    formats = [form for form in _candidates(probes.iloc[0]) if _fits(probes, form)]
    if not formats:
        return None
    readings = [_parse(text, form) for form in formats]
    best = min(range(len(formats)), key=lambda i: _disorder(readings[i]))
    notes = []
    if len(formats) > 1 and not readings[0].equals(readings[1]):
        order = "day first" if formats[best].startswith("%d") else "month first"
        notes.append(
            Finding(
                what=f"Dates such as {probes.iloc[0]!r} can be read day first or month first.",
                column=str(text.name),
                count=len(known),
                action=f"Read {order}, which gives steadier steps; write 2024-05-03 to be sure.",
                severity="warning",
            )
        )
    return _checked(readings[best], text, notes)


def _candidates(cell: str) -> list[str]:
    """Formats that read *cell*."""
    forms = []
    for date in DATES:
        for clock in CLOCKS:
            for joint in (" ", "T") if clock else ("",):
                form = f"{date}{joint}{clock}"
                try:
                    datetime.strptime(cell, form)
                except ValueError:
                    continue
                forms.append(form)
    return forms


def _fits(probes: pd.Series, form: str) -> bool:
    return bool(_parse(probes, form).notna().mean() >= 0.9)


def _parse(text: pd.Series, form: str, zoned: bool = False) -> pd.Series:
    stamps = pd.to_datetime(text.str.strip(), format=form, errors="coerce", utc=zoned)
    return stamps.dt.as_unit("us")


def _disorder(stamps: pd.Series) -> tuple[int, int, float]:
    """How badly *stamps* are ordered: unread cells, steps back, variation of the steps."""
    steps = stamps.diff().dt.total_seconds()
    return int(stamps.isna().sum()), int((steps < 0).sum()), float(steps.abs().sum())


def _checked(
    stamps: pd.Series, text: pd.Series, notes: list[Finding]
) -> tuple[pd.Series, list[Finding]] | None:
    known = text.notna()
    bad = (known & stamps.isna()).to_numpy()
    if bad.sum() > 0.1 * known.sum():
        return None
    if bad.any():
        notes.append(
            Finding(
                what=f"{plural(int(bad.sum()), 'cell')} cannot be read as time, "
                f"such as {text[bad].iloc[0]!r}.",
                column=str(text.name),
                rows=spans(bad),
                count=int(bad.sum()),
                action="Taken as missing; rows without time are left out.",
                severity="warning",
            )
        )
    return stamps, notes


def number_unit(values: pd.Series, name: str) -> str | None:
    """Tell how the numbers of a time column count: "s", "ms", "us", "ns" since 1970.

    "date" stands for digits such as 20240503 or 20240503101500, "elapsed" for seconds and
    "elapsed-ms" for milliseconds from the start; None when they cannot be time.
    """
    known = values.dropna()
    if known.empty or not np.isfinite(known).all():
        return None
    low, high = float(known.min()), float(known.max())
    for digits, form in ((8, "%Y%m%d"), (14, "%Y%m%d%H%M%S")):
        if len(str(int(abs(low)))) == digits == len(str(int(abs(high)))):
            probes = known.iloc[:PROBES].astype("int64").astype(str)
            if _parse(probes, form).notna().all() and 1900 <= low // 10 ** (digits - 4) <= 2100:
                return "date"
    for unit, seconds in UNIT_SECONDS.items():
        if EPOCH[0] <= low * seconds and high * seconds <= EPOCH[1]:
            return unit
    if low >= 0 and high <= EPOCH[1]:
        return "elapsed-ms" if re.search(r"(^|[^a-z])(ms|msec|millis)", name.lower()) else "elapsed"
    return None


def from_numbers(values: pd.Series) -> tuple[pd.Series, str]:
    """Read numbers as time stamps (datetime64[us]); also return how they were read, in words.

    Raises:
        ValueError: the numbers cannot be time.
    """
    unit = number_unit(values, str(values.name))
    if unit is None:
        raise ValueError("numbers that cannot be time")
    if unit == "date":
        text = values.astype("Int64").astype("string")
        form = "%Y%m%d" if text.str.len().max() == 8 else "%Y%m%d%H%M%S"
        return _parse(text, form), "dates written as digits"
    seconds = UNIT_SECONDS.get(unit, 1e-3 if unit == "elapsed-ms" else 1.0)
    micros = np.round(values.to_numpy(float, na_value=np.nan) * (seconds * 1e6))
    stamps = np.full(len(values), np.datetime64("NaT"), dtype="datetime64[us]")
    known = np.isfinite(micros)
    stamps[known] = micros[known].astype(np.int64).astype("datetime64[us]")
    words = {
        "elapsed": "seconds from the start, shown from 1970-01-01 on",
        "elapsed-ms": "milliseconds from the start, shown from 1970-01-01 on",
    }
    return (
        pd.Series(stamps, index=values.index, name=values.name),
        words.get(unit, f"{unit} since 1970"),
    )


def join_clock(frame: pd.DataFrame, findings: list[Finding]) -> pd.DataFrame:
    """Put a column of dates and a column of times of day together, where there is one of each."""
    dates = [
        name
        for name in frame.columns
        if isinstance(frame[name].dtype, np.dtype)
        and frame[name].dtype.kind == "M"
        and (frame[name].dropna() == frame[name].dropna().dt.normalize()).all()
    ]
    clocks = [name for name in frame.columns if _is_clock(frame[name])]
    if len(dates) != 1 or len(clocks) != 1:
        return frame
    date, clock = dates[0], clocks[0]
    parts = frame[clock].str.strip().str.extract(CLOCK).astype(float).fillna({2: 0.0})
    seconds = parts[0] * 3600 + parts[1] * 60 + parts[2]
    findings.append(
        Finding(
            what=f"Column {date!r} holds dates and column {clock!r} times of day.",
            column=date,
            count=len(frame),
            action=f"Put together in {date!r}.",
        )
    )
    joined = (frame[date] + pd.to_timedelta(seconds, unit="s")).dt.as_unit("us")
    return frame.assign(**{date: joined}).drop(columns=clock)


def _is_clock(column: pd.Series) -> bool:
    if not pd.api.types.is_string_dtype(column.dtype):
        return False
    probes = column.dropna().iloc[:PROBES].str.strip()
    return len(probes) > 0 and bool(probes.str.fullmatch(CLOCK.pattern).all())
