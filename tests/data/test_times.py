from __future__ import annotations

import pandas as pd
import pytest

from core.data import build, times
from tests.data.conftest import Read, whats

STAMPS = pd.date_range("2024-03-09 10:14:33", periods=30, freq="37min")


@pytest.mark.parametrize(
    "form",
    [
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%dT%H:%M:%S.%f",
        "%d.%m.%Y %H:%M:%S",
        "%d/%m/%Y %H:%M:%S",
        "%m/%d/%Y %H:%M:%S",
        "%Y/%m/%d %H:%M:%S",
        "%d-%b-%Y %H:%M:%S",
        "%m/%d/%Y %I:%M:%S %p",
        "%Y%m%d %H%M%S",
    ],
)
def test_formats(read: Read, form: str) -> None:
    stamps = pd.date_range("2024-03-09 10:14:33", periods=30, freq="7h")
    text = "when;a\n" + "".join(f"{s.strftime(form)};{i}.5\n" for i, s in enumerate(stamps))
    column = read(text).frame["when"]
    assert column.tolist() == stamps.tolist()
    assert str(column.dtype) == "datetime64[us]"


@pytest.mark.parametrize(
    ("unit", "factor"), [("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9)]
)
def test_numbers_since_1970(read: Read, unit: str, factor: int) -> None:
    seconds = [1_700_000_000 + 5 * i for i in range(20)]
    text = "timestamp,a\n" + "".join(f"{s * factor},{i}.5\n" for i, s in enumerate(seconds))
    data = build(read(text))
    assert data.time is not None
    assert data.time.tolist() == pd.to_datetime(seconds, unit="s").tolist()
    assert f"{unit} since 1970" in whats(data.findings)


def test_seconds_from_the_start(read: Read) -> None:
    data = build(read("t,a\n" + "".join(f"{i / 10},{i % 3}\n" for i in range(20))))
    assert data.roles.time == "t"
    assert data.step == pd.Timedelta("100ms")
    assert "seconds from the start" in whats(data.findings)


def test_dates_as_digits(read: Read) -> None:
    data = build(read("date,a\n" + "".join(f"202403{i:02d},{i % 3}\n" for i in range(1, 20))))
    assert data.time is not None
    assert data.time.iloc[0] == pd.Timestamp("2024-03-01")
    assert data.step == pd.Timedelta("1D")


def test_day_first_or_month_first_is_told(read: Read) -> None:
    days = pd.date_range("2024-01-01", periods=12, freq="D")
    for form, order in [("%d/%m/%Y", "day first"), ("%m/%d/%Y", "month first")]:
        table = read("date,a\n" + "".join(f"{d.strftime(form)},{d.day % 5}\n" for d in days))
        assert table.frame["date"].tolist() == days.tolist()
        finding = next(f for f in table.findings if "day first or month first" in f.what)
        assert order in finding.action


def test_no_doubt_no_finding(read: Read) -> None:
    days = pd.date_range("2024-01-01", periods=40, freq="D")
    table = read("date,a\n" + "".join(f"{d.strftime('%d/%m/%Y')},{d.day % 5}\n" for d in days))
    assert table.frame["date"].tolist() == days.tolist()
    assert "month first" not in whats(table.findings)


def test_zones_become_utc(read: Read) -> None:
    rows = "".join(f"2024-03-31T0{i}:00:00+0{1 + i // 3}:00,{i % 4}\n" for i in range(9))
    data = build(read("time,a\n" + rows))
    assert data.time is not None
    assert str(data.time.dt.tz) == "UTC"
    assert data.time.iloc[0] == pd.Timestamp("2024-03-30T23:00:00Z")
    assert "zone" in whats(data.findings)


def test_bad_stamps_are_told_and_left_out(read: Read) -> None:
    rows = [f"2024-01-01 00:{i:02d}:00,{i}" for i in range(30)]
    rows[7] = "yesterday,7"
    table = read("time,a\n" + "\n".join(rows))
    finding = next(f for f in table.findings if f.column == "time")
    assert (finding.rows, finding.count) == ("8", 1)
    data = build(table)
    assert len(data) == 29
    assert 7 not in data.values


@pytest.mark.parametrize("form", ["%H:%M:%S", "%H.%M.%S", "%H:%M"])
def test_date_and_clock_are_put_together(read: Read, form: str) -> None:
    stamps = pd.date_range("2024-03-09 22:15", periods=30, freq="17min")
    rows = "".join(f"{s:%d/%m/%Y};{s.strftime(form)};{i},5\n" for i, s in enumerate(stamps))
    table = read("Date;Time;a\n" + rows)
    assert list(table.frame.columns) == ["Date", "a"]
    assert table.frame["Date"].tolist() == stamps.tolist()
    assert "Put together" in whats(table.findings)
    assert build(table).step == pd.Timedelta("17min")


def test_clock_alone_stays_text(read: Read) -> None:
    table = read("clock;a\n" + "".join(f"10:{i:02d};{i},5\n" for i in range(30)))
    assert table.frame["clock"].iloc[3].startswith("10:03")
    assert build(table).roles.time is None


@pytest.mark.parametrize("text", [["red", "green"], ["12", "13"], ["1.2.3", "4.5.6"], ["", "x"]])
def test_other_text_is_no_time(text: list[str]) -> None:
    assert times.from_text(pd.Series(text * 20, dtype="str")) is None
