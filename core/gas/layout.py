"""Which column of a gas recording is what: class, frame, session, true exposure, sensors."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.data import roles as role
from core.data.dataset import Finding, Roles
from core.errors import RolesError
from core.gas.frames import IMAGES
from core.gas.pairing import stem
from core.gas.recording import is_no_gas

# What the columns are called, in lower case and without signs; the first that is there counts.
WORDS = {
    "label": ("gas", "class", "gasclass", "label", "target"),
    "image": ("correspondingimagename", "imagename", "image", "framename", "frame", "filename"),
    "session": ("session", "recording", "run", "experiment"),
    "exposed": ("exposed", "exposure"),
}
COUNTERS = {"serialnumber", "serial", "serialno", "sno", "index", "row", "id", ""}


@dataclass(frozen=True)
class Layout:
    """Names of columns; "" for those that a table does not have.

    Attributes:
        label: The class of each row.
        image: The name of its frame.
        session: Which rows were recorded in one go.
        exposed: 1 where gas is there in truth.
        time: Time stamps.
        channels: The sensors.
        guesses: Which columns were found by what they hold, as no column has a usual name.
    """

    label: str
    image: str
    session: str
    exposed: str
    time: str
    channels: tuple[str, ...]
    guesses: tuple[Finding, ...] = ()

    @classmethod
    def of(
        cls, frame: pd.DataFrame, saved: Roles | None = None, files: Collection[str] = ()
    ) -> Layout:
        """Find the columns of *frame*; what the analyst *saved* of channels and session counts.

        Args:
            frame: The table.
            saved: The analyst's choice.
            files: Names of the files beside the table: a column that names its images is found
                by them.

        Raises:
            RolesError: no column holds readings, or a saved one is not there.
        """
        plain = {_plain(name): str(name) for name in reversed(frame.columns)}
        found = {
            part: next((plain[word] for word in words if word in plain), "")
            for part, words in WORDS.items()
        }
        if saved is not None and saved.entity is not None:
            found["session"] = saved.entity
        guesses = _guessed(frame, found, files)
        others = [
            name
            for name in frame.columns
            if name not in found.values() and _plain(name) not in COUNTERS
        ]
        roles = role.guess(frame[others])
        if saved is not None:
            own = tuple(name for name in saved.channels if name in others)
            roles = roles.model_copy(update={"time": saved.time, "channels": own})
        # What looks like an entity among the rest is none: sessions have a column of their own.
        roles = roles.model_copy(update={"entity": None, "label": None})
        if not roles.channels:
            raise RolesError(
                f"No column holds the readings of a sensor; there are {', '.join(plain.values())}.",
                "Expected one column of numbers a sensor, such as MQ2.",
            )
        role.check(frame, roles)
        return cls(**found, time=roles.time or "", channels=roles.channels, guesses=tuple(guesses))

    def sessions(self, frame: pd.DataFrame) -> np.ndarray:
        """Return (rows,) the name of each row's session.

        Without a column for it a run of rows of one class is a session, named by the class, and
        by a number where there are several of it; without classes all rows are one session.
        """
        if self.session:
            return texts(frame, self.session)
        labels = texts(frame, self.label)
        number = np.cumsum(np.r_[False, labels[1:] != labels[:-1]])
        runs = pd.Series(labels).groupby(number).first()
        nth = runs.groupby(runs).cumcount() + 1
        several = runs.map(runs.value_counts()) > 1
        names = runs.where(runs != "", "session")
        return names.where(~several, names + "-" + nth.astype(str)).to_numpy(object)[number]


def _guessed(frame: pd.DataFrame, found: dict[str, str], files: Collection[str]) -> list[Finding]:
    """Find image and class by what a column of text holds, where none has a usual name.

    *found* is filled in. Images are named by most of a column's cells; a class by one that says
    that there is no gas. Where two columns would do, nobody can say.
    """
    images = {stem(name) for name in files if name.lower().endswith(IMAGES)}

    def named(cells: set[str]) -> bool:
        return 2 * sum(stem(cell) in images for cell in cells) > len(cells)

    def classes(cells: set[str]) -> bool:
        return any(map(is_no_gas, cells))

    findings = []
    for part, what, holds in (
        ("image", "the names of frames", named),
        ("label", "the class of each row", classes),
    ):
        if found[part]:
            continue
        words = [
            str(name)
            for name in frame.columns
            if str(name) not in found.values() and pd.api.types.is_string_dtype(frame[name])
        ]
        fits = [name for name in words if holds(set(texts(frame, name)) - {""})]
        if len(fits) == 1:
            found[part] = fits[0]
            action = "Taken as such for what it holds; its name tells nothing."
            findings.append(Finding(what=f"Holds {what}.", column=fits[0], action=action))
    return findings


def texts(frame: pd.DataFrame, column: str) -> np.ndarray:
    """Return (rows,) object: a column as text, "" where it is empty or there is none."""
    if not column:
        return np.full(len(frame), "", object)
    cells = frame[column]
    if pd.api.types.is_float_dtype(cells) and (cells.dropna() % 1 == 0).all():
        cells = cells.astype("Int64")  # numbers with a gap among them
    return cells.astype("string").fillna("").str.strip().to_numpy(object)


def _plain(name: object) -> str:
    return "".join(filter(str.isalnum, str(name))).lower()
