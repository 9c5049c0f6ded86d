"""Late fusion: each modality asked for itself, the answers multiplied, one of them absent."""

from dataclasses import replace

import numpy as np
import pytest

from core.errors import DataError
from core.gas import frame_windows
from core.gas.config import Config
from core.gas.frame_windows import FrameWindows
from core.gas.late import LateFusion
from core.gas.motion import SIZE, numbers_of
from core.gas.windows import LONGEST, Windows, of_lengths
from tests.gas.fused_examples import CLASSES, altered, recording, training

MISSING = 7


@pytest.fixture(scope="module", autouse=True)
def small():
    """Grow few trees."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.gas.forest.TREES", 10)
        yield


@pytest.fixture(scope="module")
def data():
    return training(recording(missing=MISSING), 4)


@pytest.fixture(scope="module")
def late(data):
    fusion = LateFusion(Config(variant="late"))
    assert fusion.fit(data[0], None, None) == []
    return fusion


def test_the_answer_is_the_product_of_what_each_modality_says(late, data):
    test, heats = data[1], late.arrays["temperatures"]
    assert (heats >= 1).all()
    alone = [member.predict(test).gas for member in late.members.values()]
    product = np.prod([one ** (1 / heat) for one, heat in zip(alone, heats, strict=True)], axis=0)
    wanted = product / product.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(late.predict(test).gas, wanted, atol=1e-4)


@pytest.mark.parametrize(("lost", "left"), [("camera_lost", 0), ("sensors_lost", 1)])
def test_the_other_modality_answers_alone_as_well_as_it_ever_did(late, data, lost, left):
    said = late.predict(altered(data[1], **{lost: True})).gas
    alone = list(late.members.values())[left].predict(data[1]).gas
    np.testing.assert_array_equal(said.argmax(axis=1), alone.argmax(axis=1))
    other = replace(data[1].recording, content=lost, frame=recording(seed=5).frame)
    if lost == "sensors_lost":  # whatever they read
        blind = altered(data[1], sensors_lost=True, recording=other)
        np.testing.assert_array_equal(late.predict(blind).gas, said)


def test_without_both_no_class_is_likelier_than_another(late, data):
    said = late.predict(altered(data[1], camera_lost=True, sensors_lost=True))
    np.testing.assert_allclose(said.gas, 1 / len(CLASSES))


def test_rows_without_a_frame_are_decided_by_the_sensors(late, data):
    train = data[0].train
    said = late.predict(train).gas[:MISSING]
    blind = late.predict(altered(train, camera_lost=True)).gas[:MISSING]
    np.testing.assert_array_equal(said, blind)


def test_without_a_camera_it_is_the_sensors_model(data):
    blind, test = training(recording(camera=False), 4)
    fusion = LateFusion(Config(variant="late"))
    fusion.fit(blind, None, None)
    plain = Windows(Config(variant="windows"))
    plain.fit(blind, None, None)
    said, wanted = fusion.predict(test).gas, plain.predict(test).gas
    np.testing.assert_array_equal(said.argmax(axis=1), wanted.argmax(axis=1))
    assert list(fusion.facts) == ["trees on the sensors"]
    with pytest.raises(DataError, match="no frames"):
        FrameWindows(Config(variant="thermal-windows")).fit(blind, None, None)


def test_a_saved_one_says_the_same(late, data, tmp_path):
    late.save(tmp_path)
    again = LateFusion(late.config)
    again.load(tmp_path)
    np.testing.assert_array_equal(again.predict(data[1]).gas, late.predict(data[1]).gas)
    assert again.facts == late.facts


def test_one_decision_is_that_of_all_rows(late, data):
    whole = late.predict(data[1]).gas
    for row in (0, 17, 50):
        one = altered(data[1], rows=data[1].rows[[row]], first=data[1].first[[row]])
        np.testing.assert_allclose(late.predict(one).gas[0], whole[row], atol=1e-5)


def one_of(samples, place):
    return replace(samples, rows=samples.rows[[place]], first=samples.first[[place]])


def test_with_nothing_hidden_the_answer_is_the_same_and_with_all_hidden_that_of_a_still_scene(
    late, data, monkeypatch
):
    one = one_of(data[1], 5)
    camera = late.members["camera"]
    found = late.without(one)
    assert found.shape == (*frame_windows.PATCHES, len(CLASSES))
    np.testing.assert_allclose(found.sum(axis=-1), 1, rtol=1e-5)
    masks = frame_windows._patches()
    assert (masks.sum(axis=0) == 1).all()
    monkeypatch.setattr(frame_windows, "_patches", lambda: masks & False)
    nothing = late.without(one)
    np.testing.assert_allclose(nothing, np.broadcast_to(late.predict(one).gas, found.shape), 1e-4)
    monkeypatch.setattr(frame_windows, "_patches", lambda: masks | True)
    still = numbers_of(np.zeros((1, 1, 3, SIZE, SIZE), np.float32))
    steady = camera._asked(of_lengths(np.repeat(still, LONGEST, axis=1)))
    np.testing.assert_allclose(camera.without(one)[0, 0], steady[0], atol=1e-5)
    assert late.without(altered(one, camera_lost=True)) is None
    assert late.without(one_of(data[0].train, 0)) is None  # no frame
