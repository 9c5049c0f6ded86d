"""Each finding: what, where, how many, what is done about it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from core.data.dataset import Cleaning, Dataset, Finding, Roles
from core.data.rows import plural, spans
from tests.data.conftest import minutes

Make = Callable[..., Dataset]
N = 200
RNG = np.random.default_rng(1)


def noise() -> np.ndarray:
    return np.random.default_rng(1).normal(size=N)


def find(data: Dataset, words: str, column: str = "") -> Finding:
    """The one finding that says *words*."""
    found = [f for f in data.findings if words in f.what and column in ("", f.column)]
    assert len(found) == 1, [f.what for f in data.findings]
    assert found[0].action
    return found[0]


def says(data: Dataset, words: str) -> bool:
    return any(words in f.what for f in data.findings)


def test_clean_recording_has_no_warning(make: Make) -> None:
    data = make({"time": minutes(N), "a": noise(), "b": noise()[::-1]})
    assert not [f for f in data.findings if f.severity != "info"]


def test_missing_values(make: Make) -> None:
    a = noise()
    a[[4, 10, 11, 12, 50]] = np.nan
    finding = find(make({"a": a, "b": noise()}), "missing value", "a")
    assert (finding.rows, finding.count) == ("5, 11-13, 51", 5)
    assert "longest gap 3 rows" in finding.what
    assert "2.5%" in finding.what


def test_gap_ends_where_an_entity_ends(make: Make) -> None:
    a = noise()
    a[95:105] = np.nan
    data = make({"machine": np.repeat(["x", "y"], N // 2), "a": a, "b": noise()})
    assert "longest gap 5 rows" in find(data, "missing value", "a").what


def test_infinities(make: Make) -> None:
    a = noise()
    a[3], a[7] = np.inf, -np.inf
    data = make({"a": a, "b": noise()})
    finding = find(data, "infinite", "a")
    assert (finding.rows, finding.count) == ("4, 8", 2)
    assert data.imputed is not None
    assert data.imputed[[3, 7], 0].all()
    assert data.values[3, 0] == pytest.approx((a[2] + a[4]) / 2, rel=1e-6)


def test_constant_channel_is_kept_and_told(make: Make) -> None:
    data = make({"a": noise(), "b": np.full(N, 5.5)})
    assert find(data, "Never changes: always 5.5", "b").count == N
    assert data.channels == ("a", "b")


def test_frozen_channel(make: Make) -> None:
    a = noise()
    a[60:100] = a[60]
    finding = find(make({"a": a, "b": noise()}), "Stands still", "a")
    assert (finding.rows, finding.count) == ("61-100", 40)
    assert "40 rows" in finding.what


def test_short_stand_is_not_frozen(make: Make) -> None:
    a = noise()
    a[60:75] = a[60]
    assert not says(make({"a": a, "b": noise()}), "Stands still")


def test_channel_that_often_repeats_is_not_frozen(make: Make) -> None:
    steps = np.repeat(RNG.normal(size=N // 4), 4)
    steps[60:100] = steps[60]
    assert not says(make({"a": steps, "b": noise()}), "Stands still")


def test_stand_across_entities_is_two(make: Make) -> None:
    """Fifteen equal rows at the end of one machine and at the start of the next are no freeze."""
    a = noise()
    a[85:115] = 1.0
    data = make({"machine": np.repeat(["x", "y"], N // 2), "a": a, "b": noise()})
    assert not says(data, "Stands still")


def test_rows_of_mixed_entities_are_those_of_the_file(make: Make) -> None:
    a = noise()
    a[20:80:2] = a[20]
    data = make(
        {"time": np.repeat(minutes(N // 2), 2), "machine": ["x", "y"] * (N // 2), "a": a},
    )
    finding = find(data, "Stands still", "a")
    assert finding.count == 30
    assert finding.rows.startswith("21, 23, 25")


def test_duplicated_columns(make: Make) -> None:
    a = noise()
    a[5] = np.nan
    finding = find(make({"a": a, "b": a.copy(), "c": a + 1}), "Repeats", "b")
    assert "'a'" in finding.what


def test_empty_channel_is_left_out(make: Make) -> None:
    data = make({"a": noise(), "b": np.full(N, np.nan)}, Roles(channels=("a", "b")))
    assert data.channels == ("a",)
    assert find(data, "Has no values", "b").action == "Left out."


def test_channel_without_a_finite_value_is_left_out(make: Make) -> None:
    b = np.full(N, np.inf)
    assert make({"a": noise(), "b": b}, Roles(channels=("a", "b"))).channels == ("a",)


def test_unsorted_time(make: Make) -> None:
    time = minutes(N)
    time[[10, 11]] = time[[11, 10]]
    a = noise()
    data = make({"time": time, "a": a})
    finding = find(data, "not in order of time")
    assert (finding.rows, finding.count) == ("12", 1)
    assert data.values[10, 0] == np.float32(a[11])
    assert data.frame["time"].is_monotonic_increasing


def test_repeated_stamps_keep_the_first_row(make: Make) -> None:
    time = minutes(N)
    time[11] = time[10]
    a = noise()
    data = make({"time": time, "a": a})
    finding = find(data, "repeat a time stamp")
    assert (finding.rows, finding.count) == ("12", 1)
    assert "entity" in finding.action
    assert len(data) == N - 1
    assert data.values[10, 0] == np.float32(a[10])


def test_irregular_steps(make: Make) -> None:
    time = minutes(N)
    time[100:] += np.timedelta64(90, "s")
    finding = find(make({"time": time, "a": noise()}), "not regular")
    assert finding.count == 1
    assert "2.5 min" in finding.what


def test_hole_in_time_cuts_windows(make: Make) -> None:
    time = minutes(N)
    time[100:] += np.timedelta64(20, "m")
    data = make({"time": time, "a": noise()})
    assert find(data, "hole in time").count == 1
    assert data.breaks == (100,)
    assert [(s.start, s.stop) for s in data.segments] == [(0, 100), (100, N)]
    assert not make({"time": time, "a": noise()}, cleaning=Cleaning(max_gap=30)).breaks


def test_wild_steps_are_no_holes(make: Make) -> None:
    time = minutes(1)[0] + np.cumsum(RNG.integers(1, 10_000, N)).astype("timedelta64[s]")
    assert not make({"time": time, "a": noise()}).breaks


def test_rows_without_time_or_entity_are_left_out(make: Make) -> None:
    time = minutes(N)
    time[7] = np.datetime64("NaT")
    machine = np.repeat(np.array(["x", "y"], dtype=object), N // 2)
    machine[9] = None
    data = make({"time": time, "machine": machine, "a": noise()})
    assert find(data, "without time").rows == "8"
    assert find(data, "without an entity").count == 1
    assert len(data) == N - 2


def test_zone(make: Make) -> None:
    assert says(make({"time": minutes(N), "a": noise()}), "no zone")
    assert says(make({"a": noise()}), "no time column")


def test_labels(make: Make) -> None:
    label = np.zeros(N)
    label[20:30] = label[150:160] = 1
    label[5] = np.nan
    data = make({"a": noise(), "anomaly": label})
    assert find(data, "without a label").rows == "6"
    finding = find(data, "labelled anomalies")
    assert (finding.rows, finding.count) == ("21-30, 151-160", 20)
    assert "10.0%" in finding.what
    assert data.labels is not None
    assert data.labels.sum() == 20
    assert not data.labels[5]


def test_no_labelled_anomaly(make: Make) -> None:
    assert says(make({"a": noise(), "anomaly": np.zeros(N)}), "No row is labelled")


def test_columns_without_a_role_are_told(make: Make) -> None:
    data = make({"a": noise(), "note": ["x", "y"] * (N // 2), "changepoint": np.zeros(N)})
    assert find(data, "Holds text", "note")
    assert find(data, "change points", "changepoint")


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([], ""),
        ([0], "1"),
        ([11, 39, 40, 41], "12, 40-42"),
        (list(range(0, 40, 2)), "1, 3, 5, 7, 9, 11, 13, 15, and 12 more"),
    ],
)
def test_spans(rows: list[int], text: str) -> None:
    mask = np.zeros(100, dtype=bool)
    mask[rows] = True
    assert spans(mask) == text
    assert spans(np.array(rows, dtype=int)) == text


def test_plural() -> None:
    assert plural(1, "row") == "1 row"
    assert plural(2000, "row") == "2,000 rows"
    assert plural(2, "stretch", "stretches") == "2 stretches"
