"""The simulator: physics as documented, the same bytes, and no shortcut to the class."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from core import gas
from core.data import catalog, open_dataset
from core.errors import ConfigError, StorageError
from core.gas.camera import colours, temperature
from core.gas.events import Event, events, exposed
from core.gas.lab import CLASSES, Lab
from core.gas.mox import SENSORS, readings
from core.gas.picture import Style, picture
from core.gas.plume import Plume
from core.gas.scene import Scene
from core.gas.simulate import simulated

SMALL = Lab(sessions=2, rows=20)
QUIET = Lab(rows=200, ambient=0, humidity=0, noise=0, drift=0, ageing=0)
PLAIN = Style(fahrenheit=False, located="")


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def sessions():
    return {session.name: session for session in simulated(SMALL)}


def test_the_same_lab_gives_the_same_numbers(sessions):
    for again in simulated(SMALL):
        one = sessions[again.name]
        np.testing.assert_array_equal(one.counts, again.counts)
        np.testing.assert_array_equal(one.frames, again.frames)
    other = next(simulated(SMALL.model_copy(update={"seed": 2})))
    assert (other.frames != sessions[other.name].frames).mean() > 0.5


def test_every_class_has_its_sessions_and_only_gas_exposes(sessions):
    assert list(sessions) == [f"{name}-{n}" for name in CLASSES for n in (1, 2)]
    for session in sessions.values():
        assert session.counts.shape == (20, len(SENSORS))
        assert session.frames.shape == (20, 128, 96)
        assert session.exposed.any() == (session.gas != "NoGas")


def test_sprays_and_smoke_come_as_often_as_asked_for():
    lab = Lab(rows=5_000, burst_every=(20, 30), smoke_rows=(30, 40), smoke_pause=(10, 20))
    sprays = np.diff([event.start for event in events(lab, "Perfume", rng())])
    assert sprays.min() >= 20
    assert sprays.max() <= 30
    smoke = events(lab, "Smoke", rng())
    pauses = [b.start - a.stop for a, b in pairwise(smoke)]
    assert 9 <= min(pauses) <= max(pauses) <= 20
    assert {event.gas for event in events(lab, "Mixture", rng())} == {"perfume", "smoke"}
    assert not events(lab, "NoGas", rng())


def test_a_sensor_follows_fast_and_forgets_slowly():
    event = Event("smoke", 50, 80, 1.0)
    counts = readings(QUIET, [event], rng())[:, list(SENSORS).index("MQ7")].astype(float)
    rest, top = counts[:50].mean(), counts.max()
    up = int(np.argmax(counts > rest + 0.9 * (top - rest))) - event.start
    down = int(np.argmax(counts[event.stop :] < rest + 0.5 * (top - rest)))
    assert (counts[:50] == counts[0]).all()
    assert 5 < up < 30
    assert down > 1.5 * up


def test_gases_are_told_apart_less_the_more_sensors_answer_all_alike():
    def angle(cross: float) -> float:
        lab = QUIET.model_copy(update={"cross": cross})
        rises = [
            np.ptp(readings(lab, [Event(name, 20, 60, 1.0)], rng()), axis=0).astype(float)
            for name in ("perfume", "smoke")
        ]
        one, two = (rise / np.linalg.norm(rise) for rise in rises)
        return float(one @ two)

    assert angle(0.0) < angle(0.5) < angle(1.0)
    assert angle(1.0) > 0.99


@pytest.mark.parametrize(("name", "sign"), [("perfume", -1), ("smoke", 1)])
def test_a_spray_cools_and_smoke_warms_while_it_is_there(name, sign):
    lab = Lab(rows=60)
    event = Event(name, 10, 12, 1.0)
    plume = Plume(lab, event, (0.5, 0.7), rng(1))
    changes = []
    for row in range(lab.rows):
        field = np.zeros((41, 31))
        plume.add(field, row)
        changes.append(field[np.abs(field).argmax() // 31, np.abs(field).argmax() % 31])
    changes = np.array(changes)
    assert not changes[:10].any()
    assert not changes[45:].any()
    most = sign * changes[10:20].max() if sign > 0 else -changes[10:20].min()
    low, high = lab.warming if sign > 0 else lab.cooling
    assert 0.4 * low < most <= high
    np.testing.assert_array_equal(exposed(lab, [event])[10:20], True)
    assert not exposed(lab, [event])[:10].any()


def test_a_camera_on_a_tripod_sees_a_scene_that_stands_still():
    still, held = (Scene(Lab(rows=20, hands=0, sway=sway), rng(1), rng(2)) for sway in (0.0, 0.01))
    np.testing.assert_array_equal(still.field(0), still.field(19))
    assert np.abs(held.field(0) - held.field(19)).max() > 0.1


def test_a_picture_shows_the_temperatures_of_the_scene():
    lab = Lab(factor=1, white=0, line=0, column=0)
    field = np.linspace(20, 30, 206)[:, None] + np.zeros(156)
    indices = picture(lab, field, PLAIN, rng(3))
    seen = temperature(colours()[indices], "spectra", 0, 255)[90:600, 76:]
    np.testing.assert_allclose(seen, indices[90:600, 76:], atol=1)
    # A straight course stays straight, whatever the ends of the scale.
    course = seen.mean(axis=1)
    fitted = np.polyval(np.polyfit(np.arange(len(course)), course, 1), np.arange(len(course)))
    assert np.abs(course - fitted).max() < 3
    assert (indices[:, :15] == indices[:, :1]).all()  # the colour bar


def test_a_setup_is_shared_by_all_classes(sessions):
    left, top, right, bottom = gas.CAMERAS["multimodal-gas-fifth"].crop

    def usual(name: str) -> np.ndarray:
        scene = np.median(sessions[name].frames[:, top:bottom, left:right], axis=0).ravel()
        return (scene - scene.mean()) / scene.std()

    same = [usual("NoGas-1") @ usual(f"{name}-1") for name in CLASSES[1:]]
    other = [usual("NoGas-1") @ usual(f"{name}-2") for name in CLASSES]
    assert min(same) > max(other)


def test_a_folder_is_written_and_opened_as_simulated(call, tmp_path):
    folder = tmp_path / "lab"
    code, said, _ = call(
        "gas", "simulate", "--out", folder, "--sessions", 1, "--rows", 20, "--json",
        "--set", "burst_every=8,12",
    )  # fmt: skip
    facts = json.loads(said)
    assert code == 0
    assert facts["parameters"]["burst_every"] == [8.0, 12.0]
    assert "simulated" in (folder / "README.txt").read_text()
    recording = gas.open_recording(folder)
    assert recording.simulated
    assert recording.classes == CLASSES
    assert list(recording.sessions) == [f"{name}-1" for name in CLASSES]
    assert recording.frames.present.all()
    assert recording.frames.camera.name == "multimodal-gas-fifth"
    lab = Lab.parse(facts["parameters"])
    one = next(simulated(lab))
    np.testing.assert_array_equal(recording.values[:20], one.counts)
    np.testing.assert_array_equal(recording.exposed[:20], one.exposed)
    np.testing.assert_array_equal(recording.frames.whole(3), colours()[one.frames[3]])
    assert not any(finding.severity == "error" for finding in recording.findings)
    with pytest.raises(StorageError, match="is not empty"):
        gas.write_folder(lab, folder)


@pytest.mark.parametrize("pair", ["burst_every=16,10", "factor=3", "sessions=0", "cross=2"])
def test_parameters_have_bounds(pair):
    with pytest.raises(ConfigError, match=pair.split("=")[0]):
        Lab.from_settings([pair])


def test_the_sample_is_small_and_simulated(home):
    recording = gas.open_recording("gas-lab")
    assert recording.simulated
    assert len(recording) == catalog.entry("gas-lab").rows
    assert len(recording.sessions) == 24
    assert catalog.fetch("gas-lab").stat().st_size < 4_000_000
    assert recording.labels.mean() == 0.75
    plain = open_dataset("gas-lab")  # for the other tasks: the true exposure is the label
    assert (plain.roles.entity, plain.roles.label) == ("Session", "Exposed")
    assert plain.channels == recording.channels
    pd.testing.assert_index_equal(recording.frame.columns, pd.Index(["session", *SENSORS]))


def test_the_sample_gives_nothing_away_by_its_colours(home):
    """Sessions held out: mean colour is near chance, and the sensors alone leave room."""
    from sklearn.ensemble import RandomForestClassifier

    recording = gas.open_recording("gas-lab")
    rows = np.arange(0, len(recording), 3)
    fold, codes = recording.session_codes[rows] % 5, recording.codes[rows]
    colour = recording.frames.take(rows, None).mean(axis=(1, 2))

    def accuracy(values: np.ndarray) -> float:
        hits = []
        for part in range(5):
            train = fold != part
            forest = RandomForestClassifier(30, min_samples_leaf=3, random_state=0)
            forest.fit(values[train], codes[train])
            hits.append(forest.predict(values[~train]) == codes[~train])
        return float(np.concatenate(hits).mean())

    assert accuracy(colour) < 0.36  # four classes
    assert 0.5 < accuracy(recording.values[rows]) < 0.95


@pytest.mark.slow
def test_fusion_leads_on_the_sample(home):
    """On sessions that it never saw, and ahead of what either modality says alone."""
    recording = gas.open_recording("gas-lab")
    fitted = gas.fit(recording, gas.Config(variant="late"))
    both, no_camera, no_sensors = (
        gas.evaluate(gas.predict(fitted, recording, **lost))["accuracy"]
        for lost in ({}, {"camera_lost": True}, {"sensors_lost": True})
    )
    assert both > 0.88
    assert both > no_camera - 0.01
    assert both > no_sensors + 0.05
    assert no_sensors > 0.6
