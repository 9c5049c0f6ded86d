"""Which rows are learned from, and which ones judge: as published, or apart from one another.

Rows that are drawn at random have a neighbour, two seconds away, on the other side: what is
measured then is memory. Blocked, the test is a stretch or a session that nothing near was learned
from. Whatever is known of a class with one recording is known of that recording, too.
"""

from __future__ import annotations

import numpy as np

from core.data.rows import plural
from core.data.splits import Part
from core.errors import DataError, TooShort
from core.gas.config import Config
from core.gas.recording import GasRecording
from core.gas.warm_up import warm_up_rows

FOLDS = 5
RANDOM = (0.7, 0.1)  # shares of training and validation rows that are drawn; 80/20 as published


def split(recording: GasRecording, config: Config) -> np.ndarray:
    """Return (rows,) int8 of `Part`; rows whose class nobody knows are for nothing.

    Raises:
        DataError: a single class is there, or none is without gas.
        TooShort: a class has too few rows for the parts.
    """
    codes = recording.codes
    if config.warm_up == "leave out":
        codes = np.where(warm_up_rows(recording), -1, codes)
    _check_classes(recording)
    if config.protocol == "random":
        parts = _drawn(codes, config.fold)
    else:
        parts = _dealt(recording, codes, config.fold)
    parts[codes < 0] = Part.EMBARGO
    if config.protocol == "blocked":
        parts = _apart(parts, recording, config.embargo)
    _check_parts(parts, recording, config)
    return parts


def _drawn(codes: np.ndarray, seed: int) -> np.ndarray:
    """Draw the rows of every part at random."""
    order = np.random.default_rng(seed).permutation(len(codes))
    train, validation = (round(share * len(codes)) for share in np.cumsum(RANDOM))
    parts = np.full(len(codes), Part.TEST, np.int8)
    parts[order[:train]] = Part.TRAIN
    parts[order[train:validation]] = Part.VALIDATION
    return parts


def _dealt(recording: GasRecording, codes: np.ndarray, fold: int) -> np.ndarray:
    """Deal out whole sessions where five or more have the same classes, else blocks of each class.

    The validation is the last block that is not the test, never the first one: there sensors may
    warm up, and a model would be stopped by what is no gas.
    """
    block = np.zeros(len(codes), int)
    alike: dict[tuple[int, ...], list[slice]] = {}
    for rows in recording.entities.values():
        alike.setdefault(tuple(_known(codes[rows])), []).append(rows)
    for sessions in alike.values():
        if len(sessions) >= FOLDS:
            for number, rows in enumerate(sessions):
                block[rows] = number % FOLDS
            continue
        own = np.concatenate([np.arange(rows.start, rows.stop) for rows in sessions])
        for code in _known(codes[own]):
            mine = own[codes[own] == code]
            block[mine] = np.arange(len(mine)) * FOLDS // len(mine)
    last = FOLDS - 1
    parts = np.full(len(codes), Part.TRAIN, np.int8)
    parts[block == (last if fold != last else last - 1)] = Part.VALIDATION
    parts[block == fold] = Part.TEST
    return parts


def _known(codes: np.ndarray) -> list[int]:
    """Return the classes that rows have whose class is known."""
    return np.unique(codes[codes >= 0]).tolist()


def _apart(parts: np.ndarray, recording: GasRecording, embargo: int) -> np.ndarray:
    """Set rows aside that lie within *embargo* rows of another part of their session.

    The test keeps all of its rows, the validation gives way to it, and the training to both.
    """
    kept = parts.copy()
    for session in recording.entities.values():
        own = parts[session]
        for part, others in (
            (Part.TRAIN, (Part.VALIDATION, Part.TEST)),
            (Part.VALIDATION, (Part.TEST,)),
        ):
            near = _near(np.isin(own, others), embargo)
            kept[session][(own == part) & near] = Part.EMBARGO
    return kept


def _near(marked: np.ndarray, reach: int) -> np.ndarray:
    """Return (rows,) bool: at most *reach* rows away from a marked one."""
    counts = np.r_[0, np.cumsum(marked)]
    at = np.arange(len(marked))
    stop = np.minimum(at + reach + 1, len(marked))
    return counts[stop] > counts[np.maximum(at - reach, 0)]


def first_rows(recording: GasRecording, parts: np.ndarray, config: Config) -> np.ndarray:
    """Return (rows,) int64: the earliest row that may be read to decide about each row.

    A session is not read across its start. Blocked, a training row reads training rows alone, and
    another one what lies before it up to the rows of another part, embargo included: that is known
    by then, and nothing was learned from it.
    """
    first = np.zeros(len(parts), np.int64)
    for session in recording.entities.values():
        own = parts[session]
        at = np.arange(len(own))
        first[session] = session.start
        if config.protocol == "random":
            continue
        for part in (Part.TRAIN, Part.VALIDATION, Part.TEST):
            readable = (own == part) | ((own == Part.EMBARGO) & (part != Part.TRAIN))
            # The row behind the last one that may not be read.
            start = np.maximum.accumulate(np.where(readable, 0, at + 1))
            first[session] = np.where(own == part, session.start + start, first[session])
    return first


def _check_classes(recording: GasRecording) -> None:
    known = [recording.classes[code] for code in _known(recording.codes)]
    if not known:
        raise DataError(
            "Nobody has said which rows have gas: there is nothing to learn.",
            "Bring a recording with a column of classes, such as Gas.",
        )
    if len(known) < 2:
        raise DataError(
            f"All rows have one class, {known[0]!r}: there is nothing to tell apart.",
            "Bring a recording with at least two classes, one of them without gas.",
        )
    if recording.without not in known:
        raise DataError(
            f"No class is one without gas: they are {', '.join(known)}.",
            "Bring rows of clean air as well, and call their class NoGas.",
        )


def _check_parts(parts: np.ndarray, recording: GasRecording, config: Config) -> None:
    """Make sure that every class has rows to learn from and rows that judge."""
    for code, name in enumerate(recording.classes):
        own = parts[recording.codes == code]
        for part in (Part.TRAIN, Part.VALIDATION, Part.TEST):
            if len(own) and not (own == part).any():
                raise TooShort(
                    f"Class {name!r} has {plural(len(own), 'row')}: none is left for "
                    f"{part.name.lower()} in fold {config.fold} with an embargo of "
                    f"{config.embargo}.",
                    "Choose a smaller embargo or another fold, or bring more sessions.",
                )
