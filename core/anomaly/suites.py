"""Folders of labelled recordings, one entity each: what a benchmark runs over.

A set is a folder directly below the given one. Two shapes are read: `.npz` files with the arrays
`train`, `test` and `test_label`, or `ENTITY/train` and so on for many entities in one file; and
CSV files with a column of labels in SKAB's form, whose first 400 rows are for training. Which
channels caused an anomaly is read from `interpretation_label/ENTITY.txt` beside an `.npz` file
(SMD's form: `first-end:channel,channel`, rows of the test part from 0, channels from 1).
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from core.data import Dataset, Roles, build, read_table
from core.data.content import digest_frame
from core.data.readers import Table
from core.errors import DataError, UnknownDataset

TRAIN, TEST, LABEL = "train", "test", "test_label"
CSV_TRAIN_ROWS = 400
CSV_LABELS = ("anomaly", "label", "is_anomaly")
CSV_NO_CHANNELS = {"changepoint"}


@dataclass(frozen=True)
class Cause:
    """A labelled anomaly whose channels are known.

    Attributes:
        start: First row of the recording.
        stop: Row behind the last one.
        channels: (K,) indices of the channels that caused it.
    """

    start: int
    stop: int
    channels: np.ndarray


@dataclass(frozen=True, eq=False)
class Recording:
    """One entity, training rows first.

    Attributes:
        dataset: All rows, with labels.
        train_rows: How many of the first ones are for training.
        causes: Anomalies whose channels are known.
    """

    dataset: Dataset
    train_rows: int
    causes: tuple[Cause, ...] = ()


@dataclass(frozen=True)
class Entity:
    """A recording that was found and is opened when its turn comes.

    Attributes:
        suite: Name of its set.
        name: Within the set.
        path: File that it is in.
        member: Prefix of its arrays in a file of many entities.
    """

    suite: str
    name: str
    path: Path
    member: str = ""

    def open(self) -> Recording:
        """Read it.

        Raises:
            DataError: the file is broken, or an array is missing or has the wrong shape.
        """
        return _from_npz(self) if self.path.suffix == ".npz" else _from_csv(self.path)


def find(folder: Path) -> tuple[list[Entity], dict[str, str]]:
    """Return the entities below *folder*, sorted, and what could not be opened, by its name.

    CSV files without a column of labels are of some other kind and left out.

    Raises:
        UnknownDataset: there is no such folder, or no labelled recording in it.
    """
    if not folder.is_dir():
        raise UnknownDataset(f"There is no folder {folder}.", "Give a folder of recordings.")
    found: list[Entity] = []
    broken: dict[str, str] = {}
    for path in sorted([*folder.rglob("*.npz"), *folder.rglob("*.csv")], key=_natural):
        try:
            found += _entities(path, folder)
        except DataError as error:
            broken[path.relative_to(folder).as_posix()] = str(error)
    if not found and not broken:
        raise UnknownDataset(
            f"There is no labelled recording in {folder}.",
            f"Expected are .npz files with the arrays {TRAIN}, {TEST} and {LABEL}, or CSV files "
            f"with a column {CSV_LABELS[0]!r}.",
        )
    return found, broken


def _natural(path: Path) -> list[tuple[int, int | str]]:
    """Sort "9.csv" before "10.csv"."""
    parts = [*path.parts[:-1], path.stem]
    return [(0, int(part)) if part.isdigit() else (1, part) for part in parts]


def _entities(path: Path, folder: Path) -> Iterator[Entity]:
    inside = path.relative_to(folder)
    suite = inside.parts[0] if len(inside.parts) > 1 else folder.name
    name = inside.relative_to(suite) if len(inside.parts) > 1 else inside
    if path.suffix == ".csv":
        if _label_of(path) is not None:
            yield Entity(suite, name.with_suffix("").as_posix(), path)
        return
    with _arrays(path) as arrays:
        members = {key.rpartition("/")[0] for key in arrays.files if key.endswith(TRAIN)}
    if not members:
        raise DataError(f"There is no array {TRAIN!r}.", f"Arrays are {TRAIN}, {TEST}, {LABEL}.")
    for member in sorted(members):
        yield Entity(suite, member or name.with_suffix("").as_posix(), path, member)


def _arrays(path: Path) -> np.lib.npyio.NpzFile:
    try:
        return np.load(path, allow_pickle=False)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"The file is broken: {error}.", "Copy it again.") from error


def _label_of(path: Path) -> str | None:
    """Return the name of the column of labels; None when the first line names none."""
    with path.open("rb") as file:
        first = file.readline(65_536).decode("utf-8", "replace").strip()
    names = {part.strip().strip('"') for mark in ";,\t" for part in first.split(mark)}
    return next((name for name in CSV_LABELS if name in names), None)


def _from_csv(path: Path) -> Recording:
    table = read_table(path)
    label = next((name for name in CSV_LABELS if name in table.frame), None)
    if label is None:
        raise DataError("There is no column of labels.", f"Call it {CSV_LABELS[0]!r}.")
    time = next(
        (name for name in table.frame if pd.api.types.is_datetime64_any_dtype(table.frame[name])),
        None,
    )
    channels = tuple(
        str(name)
        for name in table.frame.select_dtypes("number")
        if name not in CSV_NO_CHANNELS | {label}
    )
    dataset = build(table, Roles(time=time, label=label, channels=channels))
    return Recording(dataset, CSV_TRAIN_ROWS)


def _from_npz(entity: Entity) -> Recording:
    prefix = f"{entity.member}/" if entity.member else ""
    with _arrays(entity.path) as arrays:
        try:
            train, test, label = (arrays[prefix + name] for name in (TRAIN, TEST, LABEL))
        except (KeyError, ValueError, zipfile.BadZipFile, OSError) as error:
            raise DataError(
                f"An array cannot be read: {error}.", f"Arrays are {TRAIN}, {TEST}, {LABEL}."
            ) from error
    if train.ndim != 2 or test.ndim != 2 or train.shape[1] != test.shape[1]:
        raise DataError(
            f"{TRAIN} and {TEST} have the shapes {train.shape} and {test.shape}.",
            "Expected are (rows, channels) with the same channels.",
        )
    if label.shape != (len(test),):
        raise DataError(f"{LABEL} has the shape {label.shape}.", f"Expected is ({len(test)},).")
    names = tuple(f"c{number}" for number in range(train.shape[1]))
    frame = pd.DataFrame(np.concatenate([train, test]).astype(np.float32), columns=list(names))
    frame["label"] = np.r_[np.zeros(len(train), np.int8), (label > 0).astype(np.int8)]
    name = f"{entity.suite}/{entity.name}"
    table = Table(frame, (), digest_frame(frame), name)
    dataset = build(table, Roles(label="label", channels=names))
    causes = _causes(entity.path.parent / "interpretation_label" / f"{entity.name}.txt")
    kept = [dataset.channels.index(name) if name in dataset.channels else -1 for name in names]
    moved = tuple(
        Cause(len(train) + start, len(train) + stop, np.array([kept[c] for c in channels]))
        for start, stop, channels in causes
    )
    return Recording(dataset, len(train), moved)


def _causes(path: Path) -> Iterator[tuple[int, int, list[int]]]:
    """Yield first row, end and channels, from 0, of each line."""
    if not path.is_file():
        return
    for line in path.read_text().split():
        rows, _, channels = line.partition(":")
        start, _, stop = rows.partition("-")
        yield int(start), int(stop), [int(channel) - 1 for channel in channels.split(",")]
