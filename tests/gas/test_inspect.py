"""Copies among the frames, within and across classes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core import gas
from core.errors import UnreadableFile
from core.gas.camera import colours, strangeness
from core.gas.inspect import hashes
from core.gas.lab import Lab
from core.gas.simulate import simulated

ROWS = 4
CLASSES = ("NoGas", "Smoke")


@pytest.fixture(scope="module")
def scenes():
    """Eight frames of as many scenes."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(30, 220, (2 * ROWS, 6, 5), np.uint8)
    return [np.asarray(Image.fromarray(one).resize((50, 60))) for one in coarse]


@pytest.fixture
def folder(tmp_path, home):
    folder = tmp_path / "lab"
    folder.mkdir()
    names = np.repeat(CLASSES, ROWS)
    images = [f"{n % ROWS}_{name}" for n, name in enumerate(names)]
    table = pd.DataFrame({"MQ2": np.arange(2 * ROWS), "Gas": names, "Image": images})
    table.to_csv(folder / "readings.csv", index=False)
    return folder


def opened(folder, scenes) -> gas.GasRecording:
    for number, scene in enumerate(scenes):
        name = f"{number % ROWS}_{CLASSES[number // ROWS]}.png"
        Image.fromarray(scene).save(folder / name)  # in grey
    return gas.open_recording(folder)


def said(recording: gas.GasRecording) -> dict[str, str]:
    return {finding.what: finding.rows for finding in gas.inspect(recording)}


def test_different_scenes_are_no_copies(folder, scenes):
    assert said(opened(folder, scenes)) == {}


def test_copies_are_found_within_and_across_classes(folder, scenes):
    changed = list(scenes)
    changed[1] = scenes[0]
    changed[6] = scenes[3]
    noise = np.random.default_rng(1).integers(0, 3, scenes[5].shape).astype(np.uint8)
    changed[7] = scenes[5] + noise
    assert said(opened(folder, changed)) == {
        "2 frames repeat another of their class to the pixel.": "1-2",
        "2 frames repeat one of another class to the pixel.": "4, 7",
        "2 frames are nearly the same as another of their class.": "6, 8",
    }


def test_brightness_does_not_make_another_picture(folder, scenes):
    changed = list(scenes)
    changed[4] = (scenes[2] * 0.8 + 20).astype(np.uint8)
    found = said(opened(folder, changed))
    assert found == {"2 frames are nearly the same as one of another class.": "3, 5"}


def test_frames_of_another_palette_are_told(folder, scenes):
    ours = [colours("spectra")[scene] for scene in scenes]
    assert said(opened(folder, ours)) == {}
    other = [np.stack([scene, scene // 4, 255 - scene], axis=-1) for scene in scenes]
    (what,) = said(opened(folder, other))
    assert what.startswith("The frames are hardly painted with the palette spectra")
    painted = np.median([strangeness(one) for one in other])
    assert f"lie {painted:.0f} of 255 steps" in what


def test_strangeness_is_a_distance_of_colours():
    frame = np.full((2, 2, 3), (0, 0, 0), np.uint8)
    frame[0, 0] = (40, 40, 40)
    apart = np.linalg.norm(colours("spectra").astype(float) - 40, axis=1).min()
    assert strangeness(frame[:1, :1]) == pytest.approx(apart)
    assert strangeness(frame) == 0
    assert strangeness(frame[:1, :1], "grey") == 0


def test_the_work_is_done_once(folder, scenes):
    recording = opened(folder, [scenes[0]] * 2 * ROWS)
    shares = []
    first = gas.inspect(recording, shares.append)
    assert shares == [1.0]
    again = gas.inspect(gas.open_recording(folder), shares.append)
    assert shares == [1.0]
    assert first == again


def test_a_frame_that_looks_whole_and_is_not(folder, scenes):
    from core.gas.write import _chunk

    recording = opened(folder, scenes)
    path = folder / "0_NoGas.png"
    data = path.read_bytes()
    start = data.index(b"IDAT") - 4
    end = data.index(b"IEND") - 4
    path.write_bytes(data[:start] + _chunk(b"IDAT", b"no deflate at all") + data[end:])
    recording = gas.open_recording(folder)
    assert recording.frames.present[0]
    assert said(recording) == {"1 frame cannot be decoded, though the files look whole.": "1"}
    with pytest.raises(UnreadableFile, match=r"0_NoGas\.png cannot be decoded"):
        recording.frames.take(np.array([0]), None)


def test_a_recording_without_camera_has_nothing_to_look_at(folder):
    assert gas.inspect(gas.open_recording(folder / "readings.csv")) == []


def test_simulated_frames_are_not_copies_of_one_another():
    from core.gas.camera import colours
    from core.gas.frames import Arrays, Frames

    session = next(simulated(Lab(sessions=1, rows=20)))
    palette = colours()
    frames = {str(row): palette[frame] for row, frame in enumerate(session.frames)}
    exact, alike = hashes(Frames(tuple(frames), Arrays(frames)), "", None)
    assert len(set(exact.tolist())) == 20
    assert alike.dtype == np.uint64
