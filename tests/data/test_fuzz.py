"""Any bytes end in a recording or in one clear error."""

from __future__ import annotations

import gzip
import io

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.data import build, read_table
from core.data.content import digest_frame
from core.errors import DataError

MANY = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
CELLS = st.one_of(
    st.floats().map(repr),
    st.integers(-5, 5).map(str),
    st.sampled_from(
        [
            *("", "n/a", "--", "err", "inf", "-inf", "nan", "true", "0", "1", "1e400", "0x1F"),
            *("1,5", "1.234,5", "1 234,5", "1'234.5", "99999999999999999999", "'", '"', '""'),
            *('"x,1"', '"a', "a;b", "\t", "é", "\x00", "machine", "time", "anomaly", "bar"),
            *("2020-01-01", "2020-01-01 10:00", "2020-01-01T10:00Z", "13/02/2020", "10:11:12"),
            *("02/03/2020 11:00:00", "2020-13-45", "20200101", "1583748873", "1583748873000"),
        ]
    ),
)


def parquet() -> bytes:
    buffer = io.BytesIO()
    frame = pd.DataFrame({"a": np.arange(50.0), "s": ["x", "y"] * 25})
    frame.insert(0, "time", pd.date_range("2020", periods=50, freq="s"))
    frame.to_parquet(buffer)
    return buffer.getvalue()


PARQUET = parquet()
GZIP = gzip.compress(("a,b\n" + "\n".join(f"{i},{i * i}" for i in range(200))).encode())


def check(data: bytes) -> None:
    """Read and build; whatever comes out keeps its promises."""
    try:
        table = read_table(data, "any")
        assert len(table.frame)
        assert table.content == digest_frame(table.frame)
        made = build(table)
    except DataError as error:
        assert str(error)
        assert "\n" not in str(error)
        return
    assert len(made)
    assert made.values.dtype == np.float32
    assert np.isfinite(made.values).all()


@MANY
@given(st.binary(max_size=400))
@example(b"")
@example(b"\xef\xbb\xbf")
@example(b"\x1f\x8b")
@example(b"PAR1")
@example(b"\xff\xfe\x00")
def test_any_bytes(data: bytes) -> None:
    check(data)


@MANY
@given(
    rows=st.lists(st.lists(CELLS, max_size=5), max_size=12),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "latin-1", "utf-16"]),
    packed=st.booleans(),
)
def test_mangled_text(
    rows: list[list[str]], delimiter: str, newline: str, encoding: str, packed: bool
) -> None:
    data = newline.join(delimiter.join(row) for row in rows).encode(encoding, "replace")
    check(gzip.compress(data) if packed else data)


@MANY
@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=3, max_size=30),
    delimiter=st.sampled_from([",", ";", "\t"]),
    header=st.sampled_from([None, ["time", "a", "anomaly"], ["machine", "a", "b"]]),
)
def test_tables_of_odd_cells(
    rows: list[list[str]], delimiter: str, header: list[str] | None
) -> None:
    lines = rows if header is None else [header, *rows]
    check("\n".join(delimiter.join(row) for row in lines).encode())


@MANY
@given(
    base=st.sampled_from([PARQUET, GZIP]),
    cut=st.one_of(st.none(), st.integers(0, max(len(PARQUET), len(GZIP)))),
    flips=st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=6),
)
def test_damaged_files(base: bytes, cut: int | None, flips: list[tuple[int, int]]) -> None:
    data = bytearray(base if cut is None else base[:cut])
    for place, value in flips:
        if data:
            data[place % len(data)] = value
    check(bytes(data))


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(
        st.tuples(
            st.one_of(st.none(), st.floats(-1e6, 1e6).map(lambda x: round(x, 4))),
            st.integers(-1000, 1000),
        ),
        min_size=2,
        max_size=30,
    ),
    delimiter=st.sampled_from([",", ";", "\t"]),
    decimal=st.sampled_from([".", ","]),
    packed=st.booleans(),
    bom=st.booleans(),
)
def test_what_was_written_is_read(
    values: list[tuple[float | None, int]], delimiter: str, decimal: str, packed: bool, bom: bool
) -> None:
    """However numbers are written, the same numbers come back."""
    first = [np.nan if a is None else a for a, _ in values]
    second = [b + 0.5 for _, b in values]
    frame = pd.DataFrame({"first": first, "second": second})
    text = frame.to_csv(index=False, sep=delimiter, decimal=decimal)
    data = text.encode("utf-8-sig" if bom else "utf-8")
    table = read_table(gzip.compress(data) if packed else data)
    np.testing.assert_allclose(table.frame["second"], second)
    if "first" in table.frame:
        np.testing.assert_allclose(table.frame["first"].to_numpy(float), first)
