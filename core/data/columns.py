"""From Arrow columns to a frame whose columns are numbers, time stamps or text."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from core.data import times
from core.data.dataset import Finding
from core.data.rows import plural, spans
from core.data.sniff import is_number

PROBES = 200
GROUPS = "[\u0020\u00a0\u2009\u202f']"
POINT_GROUPS = re.compile(r"^[+-]?\d{1,3}(,\d{3})+(\.\d*)?$")
COMMA_GROUPS = re.compile(r"^[+-]?\d{1,3}(\.\d{3})+(,\d*)?$")


def typed(
    names: list[str], columns: list[pa.ChunkedArray], decimal: str = "."
) -> tuple[pd.DataFrame, list[Finding]]:
    """Make a frame of numbers (float64, int64, stored float32), stamps (datetime64[us]) and text.

    Text in a column that is mostly numbers becomes missing, with a finding.

    Args:
        names: Of the columns, each once.
        columns: Emptied on the way, so that one column at a time is held twice.
        decimal: The decimal sign to expect in text.
    """
    findings: list[Finding] = []
    data: dict[str, pd.Series] = {}
    for name in names:
        series = _column(columns.pop(0), name, decimal, findings)
        if series is not None:
            data[name] = series
    return pd.DataFrame(data, copy=False), findings


def _column(
    column: pa.ChunkedArray, name: str, decimal: str, findings: list[Finding]
) -> pd.Series | None:
    kind = column.type
    if types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if types.is_null(kind):
        return pd.Series(np.full(len(column), np.nan), name=name)
    if types.is_boolean(kind) and not column.null_count:
        return pd.Series(column.to_numpy(), name=name)
    if types.is_boolean(kind) or types.is_decimal(kind) or types.is_float16(kind):
        column = column.cast(pa.float64())
        kind = column.type
    if types.is_integer(kind) or types.is_floating(kind):
        return pd.Series(_numbers(column), name=name)
    if types.is_date(kind) or types.is_timestamp(kind):
        return _stamps(column, name)
    if types.is_duration(kind):
        seconds = column.cast(pa.duration("ns")).cast(pa.int64()).cast(pa.float64(), safe=False)
        return pd.Series(seconds.to_numpy() / 1e9, name=name)
    if types.is_time(kind):
        column = column.cast(pa.string())
        kind = column.type
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return _text(column, name, decimal, findings)
    findings.append(
        Finding(
            what=f"Holds {kind}, neither numbers nor text.",
            column=name,
            count=len(column),
            action="Left out.",
            severity="warning",
        )
    )
    return None


def _numbers(column: pa.ChunkedArray) -> np.ndarray:
    if types.is_float32(column.type):
        return np.asarray(column.to_numpy())
    if column.null_count or not types.is_integer(column.type):
        return np.asarray(column.cast(pa.float64(), safe=False).to_numpy())
    return np.asarray(column.to_numpy().astype(np.int64, copy=False))


def _stamps(column: pa.ChunkedArray, name: str) -> pd.Series:
    zone = getattr(column.type, "tz", None)
    plain = column.cast(pa.timestamp("us", tz=zone), safe=False)
    micros = plain.cast(pa.int64())
    values = pc.fill_null(micros, np.iinfo(np.int64).min).to_numpy().view("datetime64[us]")
    series = pd.Series(values, name=name)
    return series.dt.tz_localize("UTC") if zone else series


def _text(column: pa.ChunkedArray, name: str, decimal: str, findings: list[Finding]) -> pd.Series:
    """Numbers or stamps where most cells are such, else text."""
    coded = column.combine_chunks().dictionary_encode()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    words = pd.Series(coded.dictionary.to_pandas(), dtype="str")
    codes = pc.fill_null(coded.indices, -1).to_numpy()
    numbers = _as_numbers(words, codes, name, decimal, findings)
    if numbers is not None:
        return numbers
    text = pd.Series(column.to_pandas(), dtype="str", name=name)
    stamps = times.from_text(text)
    if stamps is None:
        return text
    findings.extend(stamps[1])
    return stamps[0]


def _as_numbers(
    words: pd.Series, codes: np.ndarray, name: str, decimal: str, findings: list[Finding]
) -> pd.Series | None:
    """Read cells as numbers, None when fewer than half of them are such.

    Args:
        words: The different texts.
        codes: (rows,) number of each cell's text, -1 for an empty cell.
        name: Of the column.
        decimal: The decimal sign to expect.
        findings: Grows by the text among the numbers.
    """
    places = np.flatnonzero(codes >= 0)
    probes = places[np.linspace(0, len(places) - 1, min(PROBES, len(places))).astype(int)]
    if not len(probes) or np.mean([is_number(word) for word in words[codes[probes]]]) < 0.25:
        return None
    numbers = to_numbers(words, decimal)
    blank = words.str.strip().str.lower().isin(["", "nan"]).to_numpy()
    # The last place stands for code -1, the empty cell.
    cells = np.append(numbers.to_numpy(), np.nan)[codes]
    bad = np.append(numbers.isna().to_numpy() & ~blank, False)[codes]
    if bad.sum() > 0.5 * len(places):
        return None
    if bad.any():
        samples = list(dict.fromkeys(words[codes[bad]].head(1000)))[:3]
        findings.append(
            Finding(
                what=f"{plural(int(bad.sum()), 'cell')} of text among numbers: "
                f"{', '.join(repr(word[:20]) for word in samples)}.",
                column=name,
                rows=spans(bad),
                count=int(bad.sum()),
                action="Taken as missing.",
                severity="warning",
            )
        )
    return pd.Series(cells, name=name)


def to_numbers(words: pd.Series, decimal: str = ".") -> pd.Series:
    """Read text as float64, NaN where it is no number; the decimal sign that reads more wins."""
    words = words.str.strip()
    plain = pd.to_numeric(words, errors="coerce").astype(float)
    rest = words[plain.isna() & words.str.contains(r"\d", na=False)]
    if rest.empty:
        return plain
    readings = []
    for sign in (decimal, "," if decimal == "." else "."):
        pattern = POINT_GROUPS if sign == "." else COMMA_GROUPS
        bare = rest.str.replace(rf"(?<=\d){GROUPS}(?=\d{{3}}(\D|$))", "", regex=True)
        grouped = bare.str.fullmatch(pattern.pattern)
        other = "," if sign == "." else "."
        bare = bare.where(~grouped, bare.str.replace(other, "", regex=False))
        if sign == ",":
            bare = bare.str.replace(",", ".", regex=False)
        readings.append(pd.to_numeric(bare, errors="coerce").astype(float))
    best = readings[0] if readings[0].notna().sum() >= readings[1].notna().sum() else readings[1]
    plain.loc[rest.index] = best
    return plain
