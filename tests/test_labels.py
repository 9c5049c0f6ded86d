"""Labels are kept per recording, found again by time, and cross the disk as CSV."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core import labels
from core.anomaly import Decision, Fixed
from core.anomaly.suggest import suggest
from core.errors import ConfigError, DataError
from tests.anomaly.examples import make_result

STEPS = make_result(np.zeros(100)).steps


def test_a_label_is_kept_per_recording_and_replaced_by_a_later_word(home):
    labels.add("one", [labels.of_rows(STEPS, 10, 20, "confirmed", " valve stuck ", "ann")])
    labels.add("two", [labels.of_rows(STEPS, 10, 20, "drawn")])
    labels.add("one", [labels.of_rows(STEPS, 10, 20, "rejected", who="bob")])
    table = labels.table("one")
    assert table[["start_row", "stop_row", "verdict", "who"]].to_numpy().tolist() == [
        [10, 20, "rejected", "bob"]
    ]
    assert table["start"].iloc[0] == "2024-05-01T00:10:00+00:00"
    labels.remove(table["id"])
    assert labels.table("one").empty
    assert len(labels.table("two")) == 1


def test_a_label_keeps_its_place_when_rows_are_left_out(home):
    labels.add("one", [labels.of_rows(STEPS, 50, 60, "drawn")])
    fewer = STEPS.iloc[30:].reset_index(drop=True)
    place = labels.placed(labels.table("one"), fewer).iloc[0]
    assert (place["start_row"], place["stop_row"]) == (20, 30)
    assert labels.placed(labels.table("one"), STEPS.iloc[:40]).empty


def test_entities_tell_labels_apart(home):
    steps = STEPS.assign(entity=np.repeat(["a", "b"], 50))
    steps["time"] = np.tile(steps["time"].iloc[:50], 2)
    labels.add("one", [labels.of_rows(steps, 60, 70, "confirmed")])
    place = labels.placed(labels.table("one"), steps).iloc[0]
    assert (place["entity"], place["start_row"], place["stop_row"]) == ("b", 60, 70)


def test_labels_cross_the_disk(home):
    written = [
        labels.of_rows(STEPS, 1, 5, "confirmed", 'said "yes", twice', "ann"),
        labels.of_rows(STEPS, 30, 31, "rejected"),
    ]
    labels.add("one", written)
    assert labels.from_csv(labels.to_csv("one"), STEPS) == written


def test_labels_by_hand_need_three_columns():
    by_time = b"start,end,verdict\n2024-05-01 00:03:00+00:00,2024-05-01 00:07:00+00:00,Drawn\n"
    by_row = b"start_row,stop_row,verdict\n3,8,drawn\n"
    for text in (by_time, by_row):
        [label] = labels.from_csv(text, STEPS, who="me")
        assert (label.start_row, label.stop_row, label.verdict, label.who) == (3, 8, "drawn", "me")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"a,b\n1,2\n", "column verdict"),
        (b"start_row,stop_row,verdict\n1,2,maybe\n", "Line 2: the verdict is 'maybe'"),
        (b"start_row,stop_row,verdict\n1,2,drawn\nx,2,drawn\n", "Line 3"),
        (b"start_row,stop_row,verdict\n500,600,drawn\n", "not in the recording"),
        (b"\xff\xfe\x00", "no CSV"),
    ],
)
def test_what_cannot_be_read_is_named(text, words):
    with pytest.raises(DataError, match=words):
        labels.from_csv(text, STEPS)


def scored():
    """Peaks: 9 (confirmed), 4 (confirmed), 6 (rejected), 2 (rejected), and 3 that nobody saw."""
    scores = np.zeros(60, np.float32)
    scores[[5, 15, 25, 35, 45]] = [9, 4, 6, 2, 3]
    frame = pd.DataFrame(
        {
            "start_row": [4, 14, 24, 34],
            "stop_row": [8, 18, 28, 38],
            "verdict": ["confirmed", "drawn", "rejected", "rejected"],
        }
    )
    return make_result(scores), frame


@pytest.mark.parametrize(("miss_cost", "low", "high"), [(5.0, 2, 4), (0.4, 6, 9)])
def test_the_cheapest_cut_is_proposed(miss_cost, low, high):
    result, frame = scored()
    cut = suggest(result, Decision(threshold=Fixed(value=20)), frame, miss_cost).after.cut
    assert low <= cut < high


def test_a_cut_that_is_cheapest_already_stays():
    result, frame = scored()
    proposal = suggest(result, Decision(threshold=Fixed(value=2.5)), frame)
    assert proposal.after == proposal.before
    assert proposal.before.cut == 2.5


def test_the_effect_counts_what_is_caught_and_what_it_costs():
    result, frame = scored()
    proposal = suggest(result, Decision(threshold=Fixed(value=8), merge_gap=0), frame)
    before, after = proposal.before, proposal.after
    assert (before.caught, before.wanted, before.false, before.rejected) == (1, 2, 0, 2)
    assert (after.caught, after.false, after.rejected) == (2, 1, 2)
    assert (before.alarms, after.alarms) == (1, 3 + (after.cut < 3))
    assert before.alarms_per_day == pytest.approx(24)


def test_without_labels_there_is_nothing_to_learn_from():
    result, frame = scored()
    with pytest.raises(ConfigError, match="Confirm or reject"):
        suggest(result, Decision(), frame.iloc[:0])
