"""Numbers, durations and moments as an operator reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from core import format as write


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.012345, "0.0123"),
        (0.09999, "0.100"),
        (4.567, "4.57"),
        (9.999, "10.0"),
        (45.67, "45.7"),
        (99.96, "100"),
        (123.4, "123"),
        (12345, "12,300"),
        (-4.567, "-4.57"),
        (1.2345e-7, "1.23e-07"),
        (2.5e12, "2.5e+12"),
        (float("nan"), "–"),
        (None, "–"),
    ],
)
def test_a_number_has_three_significant_digits(value, text):
    assert write.number(value) == text


def test_a_number_carries_its_unit():
    assert write.number(3.14159, "bar") == "3.14 bar"


@pytest.mark.parametrize(
    ("value", "text"),
    [(1, "1 event"), (0, "0 events"), (12345, "12,345 events"), (None, "–")],
)
def test_a_count_is_written_in_full_with_its_noun(value, text):
    assert write.count(value, "event") == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (1, "100 %"), (0.5, "50 %"), (0.004, "0.4 %"), (0.9951, "99.5 %"), (None, "–")],
)
def test_a_share_is_written_in_percent(share, text):
    assert write.percent(share) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.85, "850 ms"),
        (1.5, "1.5 s"),
        (12, "12 s"),
        (60, "1 min"),
        (185, "3 min 5 s"),
        (3600, "1 h"),
        (3660, "1 h 1 min"),
        (86_400 * 2 + 4 * 3600 + 59, "2 d 4 h"),
        (-90, "-1 min 30 s"),
        (None, "–"),
        (pd.Timedelta("3min 5s"), "3 min 5 s"),
    ],
)
def test_a_duration_has_its_two_largest_units(seconds, text):
    assert write.duration(seconds) == text


def test_a_moment_names_its_zone():
    assert write.moment(datetime(2020, 3, 9, 10, 14, 33, tzinfo=UTC)) == "2020-03-09 10:14:33 UTC"
    assert write.moment(datetime(2020, 3, 9, 10, 14, 33)) == "2020-03-09 10:14:33"
    assert write.moment(None) == "–"


@pytest.mark.parametrize(
    ("back", "text"),
    [
        (timedelta(seconds=3), "just now"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=30), "1 d ago"),
    ],
)
def test_how_long_ago(back, text):
    now = datetime(2026, 1, 2, tzinfo=UTC)
    assert write.ago(now - back, now) == text


def test_the_zone_of_a_column_is_named_or_said_to_be_missing():
    times = pd.Series(pd.date_range("2020-01-01", periods=2))
    assert write.zone(times) == "no zone given"
    assert write.zone(times.dt.tz_localize("Europe/Berlin")) == "Europe/Berlin"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (0, "0 s"), (0.5, "500 ms"), (12.3, "12 s"), (956, "16 min"), (5_400, "1.5 h")],
)
def test_a_rough_duration_has_one_unit(seconds, text):
    assert write.rough(seconds) == text
