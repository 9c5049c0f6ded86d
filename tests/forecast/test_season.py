"""The season of a recording, and the calendar that models know."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.forecast.panel import panel_of
from core.forecast.season import Calendar, period_of
from tests.forecast.examples import config, recording, table


def fitted(frame, rows=None, **settings):
    settings = config(**settings)
    panel = panel_of(recording(frame), settings)
    train = np.arange(len(panel)) < (len(panel) if rows is None else rows)
    return panel, Calendar.fit(panel, train, settings)


@pytest.mark.parametrize(("freq", "rows"), [("1h", 24), ("5min", 288), ("1min", 1440)])
def test_with_times_the_season_is_a_day(freq, rows):
    calendar = fitted(table(2 * rows, freq=freq))[1]
    assert (calendar.season, calendar.slots) == (rows, rows)


def test_one_day_is_no_season_yet():
    assert fitted(table(40).assign(s0=0.0, s1=0.0, s2=0.0))[1].season == 1


def test_without_times_the_season_is_the_period_of_the_course():
    assert fitted(table().drop(columns="time"))[1].season == 24
    assert fitted(table().drop(columns="time"), season=30)[1].season == 30


def days(count: int, noise: float, seed: int) -> np.ndarray:
    """Return days of 288 rows with a morning and an evening, as traffic has them."""
    phase = np.arange(count * 288) * 2 * np.pi / 288
    course = np.sin(phase) + 0.5 * np.sin(2 * phase + 1) + 0.4 * np.sin(3 * phase + 2)
    return course + np.random.default_rng(seed).normal(0, noise, len(phase))


@pytest.mark.parametrize("seed", range(5))
def test_a_day_of_288_rows_is_found_in_noise(seed):
    """A peak of the autocorrelation is broad: its top lies a few rows beside."""
    assert period_of(days(5, 0.3, seed)[:, None]) == 288


@pytest.mark.parametrize("seed", range(5))
def test_of_a_period_and_its_multiples_the_period_is_taken(seed):
    assert period_of(days(14, 1.0, seed)[:, None]) == 288


def test_gaps_and_columns_without_a_course_do_not_matter():
    values = np.column_stack([days(6, 0.2, 1), np.full(6 * 288, 3.0), np.full(6 * 288, np.nan)])
    values[100:200, 0] = np.nan
    assert period_of(values) == 288


@pytest.mark.parametrize("kind", ["noise", "walk", "constant", "short", "nothing"])
def test_where_nothing_repeats_there_is_no_period(kind):
    rng = np.random.default_rng(0)
    values = {
        "noise": rng.normal(size=500),
        "walk": np.linspace(0, 5, 500) + rng.normal(0, 0.1, 500),
        "constant": np.ones(500),
        "short": np.ones(3),
        "nothing": np.full(500, np.nan),
    }[kind]
    assert period_of(values[:, None]) == 1


@pytest.mark.parametrize("period", [2, 3, 7, 50])
def test_short_periods_are_found(period):
    course = np.sin(np.arange(400) * 2 * np.pi / period + 0.3)
    course += np.random.default_rng(0).normal(0, 0.1, 400)
    assert period_of(course[:, None]) == period


def test_the_day_of_the_week_is_told_from_two_weeks_on():
    frame = table(24 * 16)
    assert not fitted(frame, 24 * 14)[1].weekly
    assert fitted(frame, 24 * 15)[1].weekly


def test_two_short_recordings_a_year_apart_are_not_two_weeks():
    late = table(72).assign(unit="b", time=lambda f: f["time"] + pd.Timedelta(days=365))
    frame = pd.concat([table(72).assign(unit="a"), late], ignore_index=True)
    assert not fitted(frame, nodes="channels")[1].weekly


def test_rows_know_the_hour_and_the_day_even_beyond_the_end():
    frame = table(24 * 20).iloc[5:].reset_index(drop=True)
    panel, calendar = fitted(frame)
    when = calendar.of(panel, 30)
    times = pd.date_range(frame["time"][0], periods=len(frame) + 30, freq="1h")
    np.testing.assert_array_equal(when, np.c_[times.hour, times.weekday])


def test_an_hour_is_the_same_hour_where_rows_are_missing():
    frame = table(24 * 20).drop(index=range(30, 47)).reset_index(drop=True)
    panel, calendar = fitted(frame)
    np.testing.assert_array_equal(calendar.of(panel)[:, 0], panel.time.hour)


def test_without_times_rows_are_counted():
    panel, calendar = fitted(table().drop(columns="time"))
    np.testing.assert_array_equal(calendar.of(panel, 3)[:, 0], np.arange(243) % 24)
    assert not calendar.of(panel)[:, 1].any()


def test_a_season_of_several_days_goes_on_over_midnight():
    panel, calendar = fitted(table(24 * 30), season=48)
    slots = calendar.of(panel)[:, 0]
    assert slots.max() == 47
    np.testing.assert_array_equal(np.diff(slots) % 48, np.ones(len(slots) - 1))
