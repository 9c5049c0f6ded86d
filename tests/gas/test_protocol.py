"""Which rows are learned from, and what each decision may read."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from core import gas
from core.data.splits import Part
from core.errors import DataError, TooShort
from core.gas.protocol import first_rows
from core.gas.warm_up import warm_up_length, warm_up_rows
from tests.gas.examples import published, recording, sniffing

FEW = {"embargo": 10, "variant": "nearest"}


@pytest.fixture(scope="module")
def few():
    """Two sessions of one class, three of the other: neither has five."""
    names = ["NoGas"] * 2 + ["Smoke"] * 3
    rng = np.random.default_rng(0)
    frames = [
        pd.DataFrame(rng.normal(size=(100, 2)).astype(np.float32), columns=["a", "b"]).assign(
            unit=f"u{number}", gas=name
        )
        for number, name in enumerate(names)
    ]
    return recording(pd.concat(frames, ignore_index=True))


def test_whole_sessions_are_dealt_where_a_class_has_five():
    data = sniffing(rows=20)
    seen = np.zeros(len(data), int)
    for fold in range(5):
        parts = gas.split(data, gas.Config(fold=fold))
        for rows in data.entities.values():
            assert len(set(parts[rows].tolist())) == 1
        for code in range(3):
            sessions = [r for r in data.entities.values() if data.codes[r.start] == code]
            dealt = [Part(parts[r.start]) for r in sessions]
            assert sorted(dealt) == [Part.TRAIN] * 3 + [Part.VALIDATION, Part.TEST]
        seen += parts == Part.TEST
    assert (seen == 1).all(), "every row is tested in one fold"


@pytest.mark.parametrize("fold", range(5))
def test_no_row_is_near_one_of_another_part_in_its_session(few, fold):
    parts = gas.split(few, gas.Config(**FEW, fold=fold))
    for rows in few.entities.values():
        own = parts[rows]
        for at in np.flatnonzero(own != Part.EMBARGO):
            near = own[max(at - 10, 0) : at + 11]
            assert set(near.tolist()) <= {own[at], Part.EMBARGO}
    for code in range(2):
        assert (parts[few.codes == code] == Part.TEST).sum() == (few.codes == code).sum() / 5


def test_sessions_of_several_classes_stay_whole():
    frame = pd.DataFrame({"a": np.arange(120, dtype=np.float32)})
    frame["unit"] = np.repeat([f"u{i}" for i in range(6)], 20)
    frame["gas"] = np.tile(np.repeat(["NoGas", "Smoke"], 10), 6)
    parts = gas.split(recording(frame), gas.Config(embargo=5))
    assert [set(part.tolist()) for part in np.split(parts, 6)] == [
        *({Part.TEST}, {Part.TRAIN}, {Part.TRAIN}, {Part.TRAIN}, {Part.VALIDATION}, {Part.TEST})
    ]


def test_rows_of_no_known_class_do_not_part_a_session_from_its_like():
    data = sniffing(rows=20)
    codes = data.codes.copy()
    codes[:8] = -1
    parts = gas.split(dataclasses.replace(data, codes=codes), gas.Config())
    assert parts[:8].tolist() == [Part.EMBARGO] * 8
    np.testing.assert_array_equal(parts[8:], gas.split(data, gas.Config())[8:])


def test_the_embargo_is_taken_from_what_is_learned_from(few):
    near, apart = (gas.split(few, gas.Config(**FEW | {"embargo": n})) for n in (0, 15))
    assert (near != Part.EMBARGO).all()
    np.testing.assert_array_equal(near == Part.TEST, apart == Part.TEST)
    assert (apart == Part.TRAIN).sum() < (near == Part.TRAIN).sum()


def test_rows_are_drawn_in_the_published_shares(few):
    parts = gas.split(few, gas.Config(protocol="random", variant="nearest"))
    shares = np.bincount(parts, minlength=4) / len(parts)
    np.testing.assert_allclose(shares, [0, 0.7, 0.1, 0.2])
    other = gas.split(few, gas.Config(protocol="random", variant="nearest", fold=1))
    assert (parts != other).any()


def test_a_window_reads_what_its_part_may(few):
    config = gas.Config(**FEW, fold=2)
    parts = gas.split(few, config)
    first = first_rows(few, parts, config)
    for session in few.entities.values():
        for row in range(session.start, session.stop):
            read = parts[first[row] : row + 1]
            assert session.start <= first[row] <= row
            if parts[row] == Part.TRAIN:
                assert set(read.tolist()) == {Part.TRAIN}
            elif parts[row] != Part.EMBARGO:
                assert set(read.tolist()) <= {parts[row], Part.EMBARGO}
                if first[row] > session.start:
                    assert parts[first[row] - 1] not in (parts[row], Part.EMBARGO)


def test_rows_of_no_known_class_are_for_nothing(few):
    codes = few.codes.copy()
    codes[:30] = -1
    parts = gas.split(dataclasses.replace(few, codes=codes), gas.Config(**FEW))
    assert (parts[:30] == Part.EMBARGO).all()
    assert (parts[30:] == Part.TRAIN).any()


@pytest.mark.parametrize(
    ("names", "error", "said"),
    [
        (["NoGas"] * 30, DataError, "one class, 'NoGas'"),
        (["Smoke"] * 15 + ["Perfume"] * 15, DataError, "without gas"),
        (["NoGas"] * 27 + ["Smoke"] * 3, TooShort, "'Smoke' has 3 rows"),
    ],
)
def test_classes_that_cannot_be_learned_end_in_one_line(names, error, said):
    frame = pd.DataFrame({"a": np.arange(30, dtype=np.float32), "gas": names, "unit": names})
    with pytest.raises(error, match=said):
        gas.split(recording(frame), gas.Config(embargo=0))


def test_nobody_said_which_rows_have_gas():
    frame = pd.DataFrame({"a": np.arange(30, dtype=np.float32)})
    with pytest.raises(DataError, match="Nobody has said"):
        gas.split(recording(frame), gas.Config())


@pytest.mark.parametrize(("warm", "found"), [(0, 0), (240, 240), (400, 400)])
def test_a_sensor_that_creeps_to_its_level_warms_up(warm, found):
    rng = np.random.default_rng(0)
    values = rng.normal(0, 1, (1200, 3))
    values[:warm, 1] -= 12 * np.linspace(1, 0, warm)
    assert warm_up_length(values) == pytest.approx(found, abs=80)


def test_neither_a_constant_drift_nor_a_short_session_is_a_warm_up():
    rng = np.random.default_rng(0)
    drift = rng.normal(0, 1, (1200, 2)) + np.linspace(0, 30, 1200)[:, None]
    assert warm_up_length(drift) == 0
    creeping = -np.linspace(20, 0, 300)[:, None] * np.ones(2)
    assert warm_up_length(creeping) == 0
    assert warm_up_length(np.ones((1200, 2))) == 0


def test_the_published_sensors_warm_up_once(real_data):
    data = published(real_data)
    assert np.flatnonzero(warm_up_rows(data)).tolist() == list(range(320))
    config = gas.Config(warm_up="leave out", variant="lda", embargo=20)
    assert (gas.split(data, config)[:320] == Part.EMBARGO).all()
    notes = gas.fit(data, gas.Config(variant="lda", embargo=20, fold=1)).notes
    assert any("warm up in 320 rows (1-320)" in note for note in notes)
    assert any("1 session" in note for note in notes)
