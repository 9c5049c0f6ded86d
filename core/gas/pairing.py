"""Which frame belongs to which row: by name, never by position."""

from __future__ import annotations

from collections import defaultdict
from pathlib import PurePosixPath

import numpy as np

from core.data.archive import Archive
from core.data.dataset import Finding
from core.data.rows import plural, spans
from core.gas.frames import IMAGES, Files, Frames


def paired(
    images: np.ndarray, classes: np.ndarray, archive: Archive
) -> tuple[Frames | None, list[Finding]]:
    """Return the frame of each row, and what was noticed.

    Args:
        images: (rows,) name of each row's frame as the table has it, with or without a folder and
            an ending; "" where it has none.
        classes: (rows,) class of each row: where frames of several folders have one name, the one
            in the folder called like the class is taken.
        archive: Where the frames are.

    Returns:
        The frames, None where the archive holds no image; and findings.
    """
    store = Files(archive)
    if not len(store.survey):
        return None, []
    places = defaultdict(list)
    for name in store.survey.index:
        places[_stem(name)].append(name)
    names = tuple(
        _chosen(places.get(_stem(image), []), image, label) if image else ""
        for image, label in zip(images, classes, strict=True)
    )
    frames = Frames(names, store)
    return frames, [*_missing(frames, images), *_files(frames, store)]


def _stem(name: str) -> str:
    """The name without folders and without the ending of an image."""
    last = PurePosixPath(name.replace("\\", "/"))
    return last.stem if last.suffix.lower() in IMAGES else last.name


def _chosen(names: list[str], image: str, label: str) -> str:
    """Return the file that is meant, "" where it is missing or nobody can say."""
    if len(names) < 2:
        return names[0] if names else ""
    folders = [part.lower() for part in PurePosixPath(image.replace("\\", "/")).parts[:-1]]
    wanted = {*folders, label.lower()}
    fits = [name for name in names if wanted & {part.lower() for part in name.split("/")[:-1]}]
    return fits[0] if len(fits) == 1 else ""


def _missing(frames: Frames, images: np.ndarray) -> list[Finding]:
    """Say which rows have no frame, and which have one that cannot be used."""
    named = np.array([bool(name) for name in frames.names])
    found = []
    for rows, what in (
        (~named, "without a frame"),
        (named & ~frames.present, "with a frame that cannot be used"),
    ):
        if rows.any():
            found.append(
                Finding(
                    what=f"{plural(int(rows.sum()), 'row')} {what}, such as "
                    f"{images[rows][0] or 'one without a name'!r}.",
                    rows=spans(rows),
                    count=int(rows.sum()),
                    action="Kept for the sensors; the camera counts as absent there.",
                    severity="warning",
                )
            )
    return found


def _files(frames: Frames, store: Files) -> list[Finding]:
    """Say which files are damaged, of another size or mode, or belong to no row."""
    survey = store.survey
    found = []
    for trouble, files in survey[survey["trouble"] != ""].groupby("trouble"):
        found.append(
            Finding(
                what=f"{plural(len(files), 'frame')} {trouble}: {_some(list(files.index))}.",
                count=len(files),
                action="Not read.",
                severity="warning",
            )
        )
    fine = survey[survey["trouble"] == ""]
    for column, shape in (
        ("size", fine["width"].astype(str) + " x " + fine["height"].astype(str)),
        ("mode", fine["mode"]),
    ):
        usual = shape.mode()
        other = shape[shape != usual.iloc[0]] if len(usual) else shape
        if len(other):
            found.append(
                Finding(
                    what=f"{plural(len(other), 'frame')} of another {column} "
                    f"({', '.join(sorted(other.unique())[:3])}) than the usual "
                    f"{usual.iloc[0]}: {_some(list(other.index))}.",
                    count=len(other),
                    action=f"Brought to the {column} of the camera.",
                    severity="warning",
                )
            )
    spare = sorted(set(survey.index) - set(frames.names))
    if spare:
        found.append(
            Finding(
                what=f"{plural(len(spare), 'frame')} without a row: {_some(spare)}.",
                count=len(spare),
                action="Not used: frames are paired by the name that the table gives.",
                severity="warning",
            )
        )
    return found


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (" and others" if len(names) > 3 else "")
