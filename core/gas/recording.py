"""A recording of gas sensors and a thermal camera: readings, frames and classes, row by row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from core.data.dataset import Dataset, Finding, digest
from core.data.rows import plural, spans
from core.gas.frames import Frames

SECONDS_A_ROW = 2.0  # of the published recordings, which have no times
UNKNOWN = -1
NO_GAS = frozenset({"nogas", "none", "clean", "cleanair", "air", "noleak", "normal", "background"})


@dataclass(frozen=True, eq=False)
class GasRecording(Dataset):
    """A recording of MOX sensors, and of a thermal camera where there is one.

    Rows are sorted by session, then order. A session, one uninterrupted recording, is the entity;
    without such a column it is a run of rows of one class.

    Attributes:
        classes: Sorted, the one without gas first; names as in the file. Empty without labels.
        codes: (rows,) int8, place in `classes`; -1 where nobody has said.
        frames: The frame of each row; None without a camera.
        maps: The heat map of each row's readings, where somebody has drawn them; else None.
        exposed: (rows,) bool, whether gas was there in truth; None where only the class is known.
        simulated: Whether it was made by the simulator; shown wherever the recording is.
    """

    classes: tuple[str, ...] = ()
    codes: np.ndarray = None  # type: ignore[assignment]
    frames: Frames | None = None
    maps: Frames | None = None
    exposed: np.ndarray | None = None
    simulated: bool = False

    def __post_init__(self) -> None:
        """Take every row as unlabelled where no codes are given."""
        if self.codes is None:
            object.__setattr__(self, "codes", np.full(len(self), UNKNOWN, np.int8))

    @property
    def labels(self) -> np.ndarray | None:
        """(rows,) bool: there is gas; None where a row's class is not known."""
        if not len(self.codes) or (self.codes == UNKNOWN).any():
            return None
        return self.gas

    @property
    def gas(self) -> np.ndarray:
        """(rows,) bool: the class is known and not the one without gas."""
        none = self.classes.index(self.without) if self.without else UNKNOWN
        return (self.codes != none) & (self.codes != UNKNOWN)

    @property
    def without(self) -> str:
        """Name of the class without gas; "" when the recording has none."""
        return self.classes[0] if self.classes and is_no_gas(self.classes[0]) else ""

    @property
    def sessions(self) -> dict[str, slice]:
        """Rows of each session, in order."""
        return self.entities

    @cached_property
    def session_codes(self) -> np.ndarray:
        """(rows,) int32: number of each row's session."""
        lengths = [rows.stop - rows.start for rows in self.sessions.values()]
        return np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)

    @property
    def seconds_a_row(self) -> float:
        """Seconds from row to row; those of the published recordings where there is no time."""
        return SECONDS_A_ROW if self.step is None else self.step.total_seconds()

    @cached_property
    def fingerprint(self) -> str:
        """Hash of readings, classes, frames, roles and cleaning."""
        frames = "" if self.frames is None else self.frames.digest
        codes = ",".join(self.classes), self.codes.astype(np.int8).tobytes().hex()
        maps = [] if self.maps is None else [self.maps.digest]
        return digest([super().fingerprint, *codes, frames, *maps])

    def under(self, classes: tuple[str, ...]) -> GasRecording:
        """Return the recording with its rows named by *classes*, those of a model.

        A class that the model does not know becomes unknown, with a finding; the rows stay.
        """
        places = {name: place for place, name in enumerate(classes)}
        table = np.array([*(places.get(name, UNKNOWN) for name in self.classes), UNKNOWN], np.int8)
        strange = [name for name in self.classes if name not in places]
        found = [self._strange(name, classes) for name in strange]
        return replace(
            self, classes=classes, codes=table[self.codes], findings=(*self.findings, *found)
        )

    def seen_by(self, camera: str) -> GasRecording:
        """Return the recording with its frames as a camera sees them, see `core.gas.camera_for`.

        Raises:
            ConfigError: there is no such camera.
        """
        if self.frames is None:
            return self
        return replace(self, frames=self.frames.seen_by(camera))

    def _strange(self, name: str, classes: tuple[str, ...]) -> Finding:
        rows = self.codes == self.classes.index(name)
        return Finding(
            what=f"Class {name!r} is none of the model's ({', '.join(classes)}): "
            f"{plural(int(rows.sum()), 'row')}.",
            rows=spans(rows),
            count=int(rows.sum()),
            action="Classified all the same; these rows count in no metric.",
            severity="warning",
        )


def is_no_gas(name: str) -> bool:
    """Whether a class is called as if there was no gas."""
    return "".join(filter(str.isalnum, name)).lower() in NO_GAS


def in_order(names: set[str]) -> tuple[str, ...]:
    """Return class names sorted, the one without gas first."""
    return tuple(sorted(names, key=lambda name: (not is_no_gas(name), name)))
