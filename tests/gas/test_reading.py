"""Recordings in the published layout: pairing by name, sessions, classes, bad input."""

from __future__ import annotations

import copy
import io
import shutil
import unicodedata
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core import gas
from core import task as tasks
from core.data import catalog, open_dataset, open_recording
from core.errors import DataError, RolesError, StorageError, UnreadableFile
from core.settings import settings

CLASSES = ("NoGas", "Perfume", "Smoke")
ROWS = 12
SHADE = 5


@pytest.fixture(autouse=True)
def own_home(home):
    return home


def table(**more: object) -> pd.DataFrame:
    """Three classes, a session each, in the published columns."""
    rng = np.random.default_rng(3)
    names = np.repeat(CLASSES, ROWS)
    serial = np.tile(np.arange(ROWS), len(CLASSES))
    readings = {name: rng.integers(300, 800, len(names)) for name in ("MQ2", "MQ3")}
    columns = {"Serial Number": serial, **readings, "Gas": names}
    columns["Corresponding Image Name"] = [
        f"{n}_{name}" for n, name in zip(serial, names, strict=True)
    ]
    return pd.DataFrame(columns | more)


def image(shade: int, size: tuple[int, int] = (12, 16), mode: str = "RGB") -> bytes:
    stream = io.BytesIO()
    Image.new("L", size, shade).convert(mode).save(stream, "PNG")
    return stream.getvalue()


def written(folder: Path, frame: pd.DataFrame) -> Path:
    """Write *frame*, and for each row a frame whose shade tells the row."""
    (folder / "Sensors").mkdir(parents=True)
    frame.to_csv(folder / "Sensors" / "readings.csv", index=False)
    for row, (label, name) in enumerate(zip(frame["Gas"], frame.iloc[:, -1], strict=True)):
        path = folder / "Thermal" / str(label) / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(image(SHADE * row))
    return folder


@pytest.fixture
def folder(tmp_path):
    return written(tmp_path / "lab", table())


def packed(folder: Path) -> Path:
    return Path(shutil.make_archive(str(folder), "zip", folder))


def whats(recording: gas.GasRecording) -> str:
    return "\n".join(finding.what for finding in recording.findings)


def shades(recording: gas.GasRecording) -> list[int]:
    frames = recording.frames
    return frames.take(np.arange(len(recording)), None)[:, 0, 0, 0].tolist()


def test_rows_find_their_frames_by_name(folder):
    recording = gas.open_recording(folder)
    assert recording.classes == CLASSES
    assert recording.codes.tolist() == [0] * ROWS + [1] * ROWS + [2] * ROWS
    assert list(recording.sessions) == list(CLASSES)
    assert recording.channels == ("MQ2", "MQ3")
    np.testing.assert_array_equal(recording.values, table()[["MQ2", "MQ3"]])
    assert shades(recording) == [SHADE * row for row in range(3 * ROWS)]
    assert recording.frames.camera.crop == (0, 0, 12, 16)
    assert recording.seconds_a_row == 2.0
    assert not recording.simulated
    assert recording.labels.tolist() == [False] * ROWS + [True] * 2 * ROWS


def test_the_order_of_the_rows_does_not_matter_for_the_pairing(tmp_path):
    mixed = table(Session="one").sample(frac=1, random_state=2)
    folder = written(
        tmp_path / "lab", mixed[[*table().columns[:-1], "Session", table().columns[-1]]]
    )
    assert shades(gas.open_recording(folder)) == [SHADE * row for row in range(3 * ROWS)]


def test_a_zip_is_the_same_recording(folder):
    one, other = gas.open_recording(folder), gas.open_recording(packed(folder))
    assert one.fingerprint == other.fingerprint
    assert shades(one) == shades(other)
    assert gas.open_recording(one.source).fingerprint == one.fingerprint


def test_a_recording_is_copied_with_its_frames_as_for_another_process(folder):
    recording = gas.open_recording(packed(folder))
    assert shades(recording) == shades(copy.deepcopy(recording))


def test_the_table_is_a_recording_for_the_other_tasks(folder):
    data = open_dataset(folder)
    assert data.channels == ("MQ2", "MQ3")
    assert open_dataset(str(packed(folder))).fingerprint == data.fingerprint
    assert open_recording(str(folder), data.roles).channels == data.channels


def test_a_table_alone_has_no_camera(folder):
    alone = gas.open_recording(folder / "Sensors" / "readings.csv")
    assert alone.frames is None
    assert alone.fingerprint != gas.open_recording(folder).fingerprint


def test_the_fingerprint_covers_the_frames(folder):
    before = gas.open_recording(folder).fingerprint
    (folder / "Thermal" / "Smoke" / "2_Smoke.png").write_bytes(image(3))
    assert gas.open_recording(folder).fingerprint != before


def test_names_may_have_endings_and_folders(tmp_path):
    frame = table()
    folder = written(tmp_path / "lab", frame)
    name = frame.columns[-1]
    frame[name] = "Thermal/" + frame["Gas"] + "/" + frame[name] + ".PNG"
    frame.to_csv(folder / "Sensors" / "readings.csv", index=False)
    assert shades(gas.open_recording(folder)) == [SHADE * row for row in range(3 * ROWS)]


def test_frames_of_one_name_are_told_apart_by_the_folder_of_the_class(folder, tmp_path):
    frame = table()
    frame[frame.columns[-1]] = frame["Serial Number"]
    same = written(tmp_path / "same", frame)
    assert shades(gas.open_recording(same)) == [SHADE * row for row in range(3 * ROWS)]


def test_names_may_differ_in_capitals_and_in_how_an_accent_is_stored(tmp_path):
    frame = table().replace("Perfume", "Räucherwerk")
    frame[frame.columns[-1]] = "Bild " + frame["Serial Number"].astype(str) + " " + frame["Gas"]
    folder = written(tmp_path / "lab", frame)
    for path in list((folder / "Thermal").rglob("*.png")):
        path.rename(path.with_name(unicodedata.normalize("NFD", path.name.lower())))
    assert shades(gas.open_recording(folder)) == [SHADE * row for row in range(3 * ROWS)]


def test_files_of_one_name_that_nobody_can_tell_apart_are_a_finding(folder):
    shutil.copytree(folder / "Thermal", folder / "Copy")
    frame = table()
    frame.iloc[0, -1] = ""
    frame.to_csv(folder / "Sensors" / "readings.csv", index=False)
    said = whats(gas.open_recording(folder))
    assert "1 row for which the table names no frame." in said
    assert "35 rows whose frame may be one of several files of that name, such as '1_N" in said
    assert "without a frame, such" not in said


def test_columns_with_unusual_names_are_found_by_what_they_hold(tmp_path):
    folder = written(tmp_path / "lab", table())
    names = {"Gas": "Klasse", "Corresponding Image Name": "Bild"}
    path = folder / "Sensors" / "readings.csv"
    table().rename(columns=names).to_csv(path, index=False, sep=";", decimal=",")
    recording = gas.open_recording(folder)
    assert recording.codes.tolist() == [0] * ROWS + [1] * ROWS + [2] * ROWS
    assert shades(recording) == [SHADE * row for row in range(3 * ROWS)]
    assert {f.column: f.what for f in recording.findings if f.column} == {
        "Bild": "Holds the names of frames.",
        "Klasse": "Holds the class of each row.",
    }
    twice = table().rename(columns=names).assign(Other=table()["Gas"])
    twice.to_csv(path, index=False)
    assert gas.open_recording(folder).classes == (), "nobody can say which of the two it is"


def test_images_that_nobody_looks_at_are_findings(tmp_path):
    folder = written(tmp_path / "lab", table())
    (folder / "0_NoGas.tif").write_bytes(b"II")
    path = folder / "Sensors" / "readings.csv"
    table().drop(columns="Corresponding Image Name").to_csv(path, index=False)
    said = whats(gas.open_recording(folder))
    assert "36 images, and no column of the table names them: Thermal/NoGas/0_NoGas.png" in said
    assert "1 image of a kind that is not read: 0_NoGas.tif." in said


@pytest.mark.parametrize("zipped", [False, True])
def test_bad_frames_are_findings_and_their_rows_stay(folder, zipped):
    thermal = folder / "Thermal"
    (thermal / "NoGas" / "0_NoGas.png").unlink()
    whole = (thermal / "NoGas" / "1_NoGas.png").read_bytes()
    (thermal / "NoGas" / "1_NoGas.png").write_bytes(whole[: len(whole) // 2])
    (thermal / "NoGas" / "2_NoGas.png").write_bytes(b"no image")
    (thermal / "NoGas" / "3_NoGas.png").write_bytes(image(30, (24, 32)))
    (thermal / "NoGas" / "4_NoGas.png").write_bytes(image(40, mode="L"))
    (thermal / "Smoke" / "99_Smoke.png").write_bytes(image(1))
    recording = gas.open_recording(packed(folder) if zipped else folder)
    said = whats(recording)
    assert "1 row without a frame, such as '0_NoGas'" in said
    assert "2 rows with a frame that cannot be used" in said
    assert "2 frames unreadable or cut off: Thermal/NoGas/1_NoGas.png, Thermal/NoGas/2" in said
    assert "1 frame of another size (24 x 32) than the usual 12 x 16" in said
    assert "1 frame of another mode (L) than the usual RGB" in said
    assert "1 frame without a row: Thermal/Smoke/99_Smoke.png" in said
    assert recording.frames.present.tolist() == [False] * 3 + [True] * (3 * ROWS - 3)
    assert shades(recording)[:6] == [0, 0, 0, 30, 40, 25]


def test_frames_without_colours_are_read_by_a_grey_palette(folder):
    for row, label in enumerate(CLASSES):
        for serial in range(ROWS):
            path = folder / "Thermal" / label / f"{serial}_{label}.png"
            path.write_bytes(image(SHADE * (row * ROWS + serial), mode="L"))
    frames = gas.open_recording(folder).frames
    assert frames.camera.palette == frames.seen_by("plain").camera.palette == "grey"
    assert frames.seen_by("2,3,10,12,spectra").camera.palette == "spectra"
    scenes = frames.take(np.arange(3 * ROWS), None)
    shown = gas.temperature(scenes, frames.camera.palette)[:, 0, 0]
    np.testing.assert_allclose(shown, SHADE * np.arange(3 * ROWS) / 255, atol=1e-6)


def test_an_enormous_frame_is_not_decoded(folder):
    bomb = io.BytesIO()
    Image.new("1", (6_000, 5_000)).save(bomb, "PNG")
    (folder / "Thermal" / "NoGas" / "0_NoGas.png").write_bytes(bomb.getvalue())
    recording = gas.open_recording(folder)
    assert "1 frame of more pixels than any camera has" in whats(recording)
    assert not recording.frames.present[0]


def test_a_zip_that_names_files_outside_of_itself_is_refused(folder, tmp_path):
    path = packed(folder)
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("../outside.png", b"x")
    with pytest.raises(UnreadableFile, match="names a file outside of itself"):
        gas.open_recording(path)


def test_a_zip_that_unfolds_beyond_the_limit_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("FUSIONSCOPE_UPLOAD_LIMIT_MB", "1")
    settings.cache_clear()
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("readings.csv", b"0" * 3_000_000)
    assert path.stat().st_size < 10_000
    with pytest.raises(UnreadableFile, match="unfolds to 3 MB, at most 1 MB"):
        gas.open_recording(path)


def test_names_that_a_mac_has_packed_are_read(folder, monkeypatch):
    (folder / "Thermal").rename(folder / "Wärme")
    # UTF-8 without the bit that says so.
    plain = lambda self: (self.filename.encode(), self.flag_bits)  # noqa: E731
    monkeypatch.setattr(zipfile.ZipInfo, "_encodeFilenameFlags", plain)
    path = packed(folder)
    with zipfile.ZipFile(path) as file:
        assert not any("Wärme" in name for name in file.namelist())
    recording = gas.open_recording(path)
    assert recording.frames.names[0].startswith("Wärme")
    assert shades(recording) == [SHADE * row for row in range(3 * ROWS)]


@pytest.mark.parametrize("tables", [0, 2])
def test_a_folder_has_one_table(tmp_path, tables):
    for number in range(tables):
        (tmp_path / f"{number}.csv").write_text("a\n1\n")
    with pytest.raises(UnreadableFile, match=f"holds {tables or 'no'} tables.*expected one"):
        gas.open_recording(tmp_path)


def test_a_truncated_zip_says_so(folder):
    path = packed(folder)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(UnreadableFile, match="no zip file, or it is cut off"):
        gas.open_recording(path)
    for data in (path.read_bytes(), b"<html>not found</html>"):
        with pytest.raises(DataError, match=r"^The file is no zip file, or it is cut off"):
            catalog.add_upload(data, "my.zip")
    path.write_bytes(b"MQ2,MQ3")
    with pytest.raises(UnreadableFile, match="no zip file, or it is cut off"):
        gas.open_recording(path)


def test_a_table_without_sensors_says_what_is_expected(tmp_path):
    path = tmp_path / "x.csv"
    table()[["Serial Number", "Gas"]].to_csv(path, index=False)
    with pytest.raises(RolesError, match=r"No column holds the readings.*such as MQ2"):
        gas.open_recording(path)


def test_sessions_are_those_of_the_column_or_runs_of_a_class(tmp_path):
    again = pd.concat([table(), table()], ignore_index=True)
    again.to_csv(tmp_path / "runs.csv", index=False)
    runs = gas.open_recording(tmp_path / "runs.csv")
    assert list(runs.sessions) == [f"{name}-{n}" for n in (1, 2) for name in CLASSES]
    again.assign(Session=np.tile(["b", "a"], len(again) // 2)).to_csv(tmp_path / "named.csv")
    named = gas.open_recording(tmp_path / "named.csv")
    assert named.sessions == {
        "b": slice(0, len(again) // 2),
        "a": slice(len(again) // 2, len(again)),
    }
    np.testing.assert_array_equal(named.values[: len(again) // 2, 0], again["MQ2"][::2])


def test_a_recording_without_classes_can_be_opened(tmp_path):
    path = tmp_path / "unlabelled.csv"
    table().drop(columns=["Gas"]).to_csv(path, index=False)
    recording = gas.open_recording(path)
    assert recording.classes == ()
    assert (recording.codes == -1).all()
    assert recording.labels is None
    assert "No column says which gas there is" in whats(recording)


def test_one_class_and_stuck_sensors_are_findings(tmp_path):
    frame = table(MQ2=0, MQ3=np.r_[np.full(ROWS, 1023), np.arange(2 * ROWS)])
    frame["MQ5"] = np.arange(len(frame))
    frame.to_csv(tmp_path / "stuck.csv", index=False)
    said = whats(gas.open_recording(tmp_path / "stuck.csv"))
    assert said.count("Reads 0 throughout 3 of 3 sessions: no signal") == 1
    assert "Reads 1023 throughout session 'NoGas': full scale" in said
    frame[frame["Gas"] == "Smoke"].to_csv(tmp_path / "one.csv", index=False)
    assert "All rows are of one class, 'Smoke'" in whats(gas.open_recording(tmp_path / "one.csv"))


def test_missing_readings_are_filled_or_left_out_with_their_frames(folder):
    frame = table()
    frame[["MQ2", "MQ3"]] = frame[["MQ2", "MQ3"]].astype(float)
    frame.loc[2, "MQ2"] = np.nan
    frame.loc[ROWS, "MQ3"] = np.nan  # nothing before it in its session
    frame.to_csv(folder / "Sensors" / "readings.csv", index=False)
    recording = gas.open_recording(folder)
    assert recording.values[2, 0] == pytest.approx((frame.loc[1, "MQ2"] + frame.loc[3, "MQ2"]) / 2)
    assert recording.imputed.sum() == 1
    assert shades(recording) == [SHADE * row for row in range(3 * ROWS) if row != ROWS]
    assert recording.sessions["Perfume"] == slice(ROWS, 2 * ROWS - 1)


def test_a_class_that_the_model_does_not_know_becomes_unknown(folder):
    recording = gas.open_recording(folder).under(("NoGas", "Mixture", "Smoke"))
    assert recording.codes.tolist() == [0] * ROWS + [-1] * ROWS + [2] * ROWS
    assert "Class 'Perfume' is none of the model's (NoGas, Mixture, Smoke): 12 rows" in whats(
        recording
    )


def test_uploads_in_the_published_layout_are_in_the_catalog(folder, monkeypatch):
    data = packed(folder).read_bytes()
    entry = catalog.add_upload(data, "My lab.zip")
    assert entry.name.startswith("my-lab-")
    assert (entry.gas, entry.rows, entry.kind) == (True, 3 * ROWS, "upload")
    assert catalog.add_upload(data, "again.zip").name == entry.name
    monkeypatch.setattr(tasks, "TASKS", (*tasks.TASKS, "gas"))
    opened = tasks.opened("gas", entry.name)
    assert opened.fingerprint == gas.open_recording(folder).fingerprint
    assert open_dataset(entry.name).values.shape == (3 * ROWS, 2)
    catalog.remove(entry.name)
    assert not catalog.known(entry.name)


def test_an_upload_that_is_no_recording_leaves_nothing(home):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("readme.txt", "nothing")
    with pytest.raises(DataError, match="zip file or a workbook"):
        catalog.add_upload(stream.getvalue(), "x.zip")
    assert not list((home / "datasets").iterdir())


def test_a_home_that_cannot_be_written_says_so(folder, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FUSIONSCOPE_HOME", str(tmp_path / "file" / "home"))
    settings.cache_clear()
    with pytest.raises(StorageError, match="FUSIONSCOPE_HOME name another folder"):
        gas.open_recording(folder)


def test_published_recording(real_data, monkeypatch):
    monkeypatch.setenv("FUSIONSCOPE_DATA_DIR", str(real_data))
    settings.cache_clear()
    recording = gas.open_recording("multimodal_gas")
    assert recording.classes == ("NoGas", "Mixture", "Perfume", "Smoke")
    assert {rows.stop - rows.start for rows in recording.sessions.values()} == {1600}
    assert recording.channels == ("MQ2", "MQ3", "MQ5", "MQ6", "MQ7", "MQ8", "MQ135")
    assert recording.frames.camera == gas.CAMERAS["multimodal-gas"]
    rows = np.flatnonzero(recording.frames.present)
    assert len(rows) == 11
    assert recording.frames.take(rows[:2], None).shape == (2, 510, 404, 3)
    assert "6,389 rows without a frame" in whats(recording)
    assert "one session of each class" in whats(recording)
