"""Which frame belongs to which row: by name, never by position."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from pathlib import PurePosixPath

import numpy as np
import pandas as pd

from core.data.archive import Archive
from core.data.dataset import Finding
from core.data.rows import plural, spans
from core.gas.camera import PLAIN
from core.gas.frames import IMAGES, Files, Frames

OTHERS = (".tif", ".tiff", ".gif", ".webp", ".jp2", ".jxl", ".heic", ".ppm", ".pgm")


def paired(
    images: np.ndarray, classes: np.ndarray, archive: Archive, drawn: bool = False
) -> tuple[Frames | None, list[Finding]]:
    """Return the frame of each row, or its heat map, and what was noticed.

    Args:
        images: (rows,) name of each row's frame as the table has it, with or without a folder and
            an ending; "" where it has none.
        classes: (rows,) class of each row: where frames of several folders have one name, the one
            in the folder called like the class is taken.
        archive: Where the frames are.
        drawn: Whether heat maps are meant, see `Files`; they have no margin to be cropped.

    Returns:
        The frames, None where the archive holds no image; and findings.
    """
    store = Files(archive, drawn)
    if not len(store.survey):
        return None, []
    places = defaultdict(list)
    for name in store.survey.index:
        places[stem(name)].append(name)
    meant = [places.get(stem(image), []) if image else [] for image in images]
    names = tuple(
        _chosen(files, image, label)
        for files, image, label in zip(meant, images, classes, strict=True)
    )
    frames = Frames(names, store)
    if drawn:
        frames = frames.seen_by(PLAIN)
    what = "heat map" if drawn else "frame"
    several = np.array([len(files) > 1 for files in meant])
    return frames, [*_missing(frames, images, several, what), *_files(frames, store.survey, what)]


def stem(name: str) -> str:
    """Return a name without folders and without the ending of an image, as `_alike` has it."""
    last = PurePosixPath(name.replace("\\", "/"))
    return _alike(last.stem if last.suffix.lower() in IMAGES else last.name)


def unused(archive: Archive, column: str) -> Iterator[Finding]:
    """Say which images are looked at by nobody.

    Args:
        archive: Where they are.
        column: Of the table, with the names of images; "" where there is none.
    """
    read = [name for name in archive.files if name.lower().endswith(IMAGES)]
    if read and not column:
        yield _warning(
            f"{plural(len(read), 'image')}, and no column of the table names them: {_some(read)}.",
            len(read),
            "Not used; write the name of each row's image into a column called Image.",
        )
    others = [name for name in archive.files if name.lower().endswith(OTHERS)]
    if others:
        yield _warning(
            f"{plural(len(others), 'image')} of a kind that is not read: {_some(others)}.",
            len(others),
            f"Not used; save them as one of {', '.join(IMAGES)}.",
        )


def _alike(name: str) -> str:
    """One form of names that differ in capitals, or in how an accented letter is stored."""
    return unicodedata.normalize("NFC", name).casefold().strip()


def _chosen(names: list[str], image: str, label: str) -> str:
    """Return the file that is meant, "" where it is missing or nobody can say."""
    if len(names) < 2:
        return names[0] if names else ""
    folders = [_alike(part) for part in PurePosixPath(image.replace("\\", "/")).parts[:-1]]
    wanted = {*folders, _alike(label)}
    fits = [name for name in names if wanted & {_alike(part) for part in name.split("/")[:-1]}]
    return fits[0] if len(fits) == 1 else ""


def _missing(
    frames: Frames, images: np.ndarray, several: np.ndarray, kind: str
) -> Iterator[Finding]:
    """Say which rows have no frame, and which have one that cannot be used."""
    kept = {
        "frame": "Kept for the sensors; the camera counts as absent there.",
        "heat map": "Kept; a network that looks at heat maps sees a black one there.",
    }
    named = np.array([bool(name) for name in frames.names])
    given = images != ""
    for rows, what in (
        (~given, f"for which the table names no {kind}"),
        (given & ~named & ~several, f"without a {kind}"),
        (~named & several, f"whose {kind} may be one of several files of that name"),
        (named & ~frames.present, f"with a {kind} that cannot be used"),
    ):
        count = int(rows.sum())
        if count:
            such = f", such as {images[rows][0]!r}" if images[rows][0] else ""
            yield _warning(
                f"{plural(count, 'row')} {what}{such}.",
                count,
                kept[kind],
                spans(rows),
            )


def _files(frames: Frames, survey: pd.DataFrame, kind: str) -> Iterator[Finding]:
    """Say which files are damaged, of another size or mode, or belong to no row."""
    damaged = survey[survey["trouble"] != ""]
    for trouble, files in damaged.groupby("trouble"):
        names = list(files.index)
        yield _warning(
            f"{plural(len(names), kind)} {trouble}: {_some(names)}.", len(names), "Not read."
        )
    fine = survey[survey["trouble"] == ""]
    sizes = fine["width"].astype(str) + " x " + fine["height"].astype(str)
    for word, values in (("size", sizes), ("mode", fine["mode"])):
        usual = values.mode().iloc[:1]
        other = values[~values.isin(usual)]
        if len(other):
            yield _warning(
                f"{plural(len(other), kind)} of another {word} "
                f"({', '.join(sorted(other.unique())[:3])}) than the usual {usual.iloc[0]}: "
                f"{_some(list(other.index))}.",
                len(other),
                f"Brought to the {word} of the camera.",
            )
    spare = sorted(set(survey.index) - set(frames.names))
    if spare:
        yield _warning(
            f"{plural(len(spare), kind)} without a row: {_some(spare)}.",
            len(spare),
            f"Not used: {kind}s are paired by the name that the table gives.",
        )


def _warning(what: str, count: int, action: str, rows: str = "") -> Finding:
    return Finding(what=what, rows=rows, count=count, action=action, severity="warning")


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (" and others" if len(names) > 3 else "")
