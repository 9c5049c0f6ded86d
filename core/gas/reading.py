"""Open a recording in the published layout: one table, and folders of frames.

The layout is that of MultimodalGasData (Narkhede et al., Data 2022, 7(8), 112): a CSV with one row
a reading, the sensors, the class and the name of the frame; the frames as images below it, in
folders of any names; heat maps of the readings that were drawn elsewhere, under the names of the
frames, in folders called heatmaps. It is read from a folder or a zip, or from the CSV alone,
without a camera.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from core.data import catalog, inspect
from core.data.archive import Archive, is_archive
from core.data.build import stamps_of
from core.data.cleaning import breaks_of, complete, fill_gaps, sort_order, starts_of
from core.data.dataset import Cleaning, Finding, Roles
from core.data.readers import Table, read_table
from core.data.rows import plural, spans
from core.errors import DataError
from core.gas.layout import Layout, texts
from core.gas.pairing import paired, unused
from core.gas.recording import UNKNOWN, GasRecording, in_order

SESSION = "session"
SIMULATED = "simulated.json"  # beside the table of what the simulator made
FULL_SCALE = 1023  # of a 10-bit converter


def open_recording(source: str | Path, cleaning: Cleaning | None = None) -> GasRecording:
    """Open a recording of gas sensors, with its frames where there are any.

    Args:
        source: Name in the catalog; or path of a folder, a zip, or a CSV file (sensors alone).
        cleaning: What to do about missing readings; as saved for the name, else the defaults,
            when None. Rows are never resampled: each has its own frame.

    Raises:
        UnknownDataset: there is neither such a name nor such a file.
        DataError: it is no such recording; it says what is missing.
    """
    path = Path(source)
    if isinstance(source, Path) or (path.exists() and not catalog.known(source)):
        archive = Archive(path) if is_archive(path) else None
        return assembled(read_table(path), archive, str(path.resolve()), cleaning=cleaning)
    name = catalog.canonical(source)
    table, path = catalog.read(name), catalog.fetch(name)
    saved, kept = catalog.recipe(name)
    archive = catalog.archive(name)
    return assembled(table, archive, name, saved, cleaning or kept)


def assembled(
    table: Table,
    archive: Archive | None,
    source: str = "",
    saved: Roles | None = None,
    cleaning: Cleaning | None = None,
) -> GasRecording:
    """Put sessions, readings, classes and frames together.

    Args:
        table: As read; not changed.
        archive: Where the frames are; None without a camera.
        source: How to open it again.
        saved: The analyst's choice of sensors and session; guessed when None.
        cleaning: What to do about missing readings; the defaults when None.

    Raises:
        DataError: no column holds readings, or no row is left.
    """
    layout = Layout.of(table.frame, saved, () if archive is None else archive.files)
    cleaning = (cleaning or Cleaning()).model_copy(update={"step": None})
    findings = [*table.findings, *layout.guesses]
    stamps = stamps_of(table.frame, Roles(time=layout.time or None), [])
    time = None if stamps is None else stamps.to_numpy("datetime64[us]")
    sessions = layout.sessions(table.frame)
    order = sort_order(pd.factorize(sessions)[0], time)
    first = starts_of(sessions[order])
    findings += inspect.channels(table.frame, layout.channels, order, first)
    values, imputed = _filled(table.frame, layout, order, first, cleaning)
    keep = complete(values)
    findings += _gaps(keep, imputed, order, cleaning)
    rows = order[keep]
    labels = texts(table.frame, layout.label)[rows]
    frames = maps = None
    if archive is not None and layout.image:
        images = texts(table.frame, layout.image)[rows]
        frames, notes = paired(images, labels, archive)
        maps, others = paired(images, labels, archive, drawn=True)
        findings += [*notes, *others]
    if archive is not None:
        findings += unused(archive, layout.image)
    columns: dict[str, object] = {} if stamps is None else {layout.time: stamps.iloc[rows].array}
    columns |= {SESSION: sessions[rows]} | dict(zip(layout.channels, values[keep].T, strict=True))
    classes = in_order(set(labels) - {""})
    recording = GasRecording(
        name=table.name,
        frame=pd.DataFrame(columns),
        roles=Roles(time=layout.time or None, entity=SESSION, channels=layout.channels),
        content=table.content,
        cleaning=cleaning,
        imputed=imputed[keep] if imputed.any() else None,
        breaks=tuple(breaks_of(keep, first).tolist()),
        source=source,
        units=table.units,
        classes=classes,
        codes=_codes(labels, classes),
        frames=frames,
        maps=maps,
        exposed=table.frame[layout.exposed].to_numpy()[rows] == 1 if layout.exposed else None,
        simulated=archive is not None and any(SIMULATED in name for name in archive.files),
    )
    findings += [*_classes(recording), *_stuck(recording)]
    return replace(recording, findings=tuple(findings))


def _filled(
    frame: pd.DataFrame, layout: Layout, order: np.ndarray, first: np.ndarray, cleaning: Cleaning
) -> tuple[np.ndarray, np.ndarray]:
    """Return the readings (rows, N) float32 in *order*, short gaps filled, and what was filled."""
    values = frame[list(layout.channels)].to_numpy(np.float64)[order]
    values[~np.isfinite(values)] = np.nan
    imputed = np.zeros(values.shape, bool)
    missing = "interpolate" if cleaning.missing == "keep" else cleaning.missing
    for place, column in enumerate(values.T):
        filled = fill_gaps(column, first, missing, cleaning.max_gap)
        if filled is not None:
            imputed[filled, place] = True
    return values.astype(np.float32), imputed


def _gaps(
    keep: np.ndarray, imputed: np.ndarray, order: np.ndarray, cleaning: Cleaning
) -> Iterator[Finding]:
    """Say what was filled in and left out.

    Raises:
        DataError: no row is left.
    """
    if not keep.any():
        raise DataError(
            "No row is left: each misses at least one sensor.",
            "Fill longer gaps, or take the sensors with most missing values out.",
        )
    if imputed.any():
        yield Finding(
            what=f"{plural(int(imputed.sum()), 'value')} filled in ({cleaning.missing}).",
            count=int(imputed.sum()),
            action="Marked as imputed.",
        )
    if not keep.all():
        yield Finding(
            what=f"{plural(int((~keep).sum()), 'row')} with readings still missing.",
            rows=spans(np.sort(order[~keep])),
            count=int((~keep).sum()),
            action="Left out; no window crosses them.",
            severity="warning",
        )


def _codes(labels: np.ndarray, classes: tuple[str, ...]) -> np.ndarray:
    places = {name: place for place, name in enumerate(classes)}
    return np.array([places.get(label, UNKNOWN) for label in labels], np.int8)


def _classes(recording: GasRecording) -> Iterator[Finding]:
    """Say how many classes there are, and what cannot be learned from so few."""
    unknown = recording.codes == UNKNOWN
    if not recording.classes:
        yield Finding(
            what="No column says which gas there is: no row has a class.",
            count=len(recording),
            action="Can be classified; to learn from it, call the column with the classes Gas.",
            severity="warning",
        )
    elif unknown.any():
        yield Finding(
            what=f"{plural(int(unknown.sum()), 'row')} without a class.",
            rows=spans(unknown),
            count=int(unknown.sum()),
            action="Can be classified; nothing is learned from them.",
            severity="warning",
        )
    if len(recording.classes) == 1:
        yield Finding(
            what=f"All rows are of one class, {recording.classes[0]!r}.",
            count=len(recording),
            action="Can be classified; to learn, at least two classes are needed.",
            severity="warning",
        )
    elif recording.classes and not recording.without:
        yield Finding(
            what=f"No class is called as one without gas: {', '.join(recording.classes)}.",
            count=len(recording),
            action="Every class counts as gas; call the one without gas NoGas.",
            severity="warning",
        )
    if len(recording.sessions) == len(recording.classes) > 1:
        yield Finding(
            what="There is one session of each class.",
            count=len(recording.sessions),
            action="What a model learns may be the session; no other session can tell.",
            severity="warning",
        )


def _stuck(recording: GasRecording) -> Iterator[Finding]:
    """Say which sensor reads zero or full scale throughout a session."""
    for name, values in zip(recording.channels, recording.values.T, strict=True):
        for level, what in ((0, "no signal"), (FULL_SCALE, "full scale")):
            sessions = [
                session
                for session, rows in recording.sessions.items()
                if (values[rows] == level).all()
            ]
            if not sessions:
                continue
            marked = np.zeros(len(recording), bool)
            for session in sessions:
                marked[recording.sessions[session]] = True
            where = (
                f"session {sessions[0]!r}"
                if len(sessions) == 1
                else f"{len(sessions)} of {len(recording.sessions)} sessions"
            )
            yield Finding(
                what=f"Reads {level} throughout {where}: {what}.",
                column=name,
                rows=spans(marked),
                count=int(marked.sum()),
                action="Kept; look at the wiring, or take the sensor out.",
                severity="warning",
            )
