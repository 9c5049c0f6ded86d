"""Make recordings of gas sensors and a thermal camera, for training and demonstration.

Nothing here was measured: it is simulated, and says so in every file. The same events drive the
sensors and the frames. The scene is worked out in degrees on the grid of a small thermal sensor
and only then coloured, as a camera does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from core.gas.events import Event, events, exposed
from core.gas.lab import CLASSES, Lab
from core.gas.mox import SENSORS, readings
from core.gas.picture import Style, picture
from core.gas.plume import Plume
from core.gas.scene import Scene


class Session(NamedTuple):
    """One simulated session.

    Attributes:
        name: Such as "Smoke-2".
        gas: Its class.
        counts: (rows, 7) int, what the sensors read.
        exposed: (rows,) bool, whether gas was there.
        frames: (rows, H, W) uint8, places in the palette.
    """

    name: str
    gas: str
    counts: np.ndarray
    exposed: np.ndarray
    frames: np.ndarray


def simulated(lab: Lab) -> Iterator[Session]:
    """Make the sessions of *lab*, class by class; the same lab, the same numbers."""
    for place, gas in enumerate(CLASSES):
        for number in range(lab.sessions):
            yield _session(lab, gas, place, number)


def table(sessions: list[Session]) -> pd.DataFrame:
    """Return the table of *sessions* with the columns of the published one.

    Columns Session and Exposed are added: the former cannot be seen, the latter not be known, in a
    real recording.
    """
    parts = []
    for session in sessions:
        part = pd.DataFrame(session.counts, columns=list(SENSORS))
        part["Gas"], part["Session"] = session.gas, session.name
        part["Exposed"] = session.exposed.astype(int)
        parts.append(part)
    frame = pd.concat(parts, ignore_index=True)
    serial = frame.groupby("Gas", sort=False).cumcount()
    frame.insert(0, "Serial Number", serial)
    image = serial.astype(str) + "_" + frame["Gas"]
    frame.insert(list(frame.columns).index("Gas") + 1, "Corresponding Image Name", image)
    return frame


def _session(lab: Lab, gas: str, place: int, number: int) -> Session:
    """Make session *number* of class *gas* in front of set-up *number*."""
    happening, sensing, looking, drawing, flowing = (
        np.random.default_rng([lab.seed, place, number, stream]) for stream in range(5)
    )
    setup = np.random.default_rng([lab.seed, len(CLASSES), number])
    happened = events(lab, gas, happening)
    scene = Scene(lab, setup, looking)
    style = Style.drawn(looking)
    plumes = [_plume(lab, event, scene, flowing) for event in happened]
    frames = []
    for row in range(lab.rows):
        field = scene.field(row)
        for plume in plumes:
            plume.add(field, row)
        frames.append(picture(lab, field, style, drawing))
    counts = readings(lab, happened, sensing)
    name = f"{gas}-{number + 1}"
    return Session(name, gas, counts, exposed(lab, happened), np.stack(frames))


def _plume(lab: Lab, event: Event, scene: Scene, rng: np.random.Generator) -> Plume:
    source = scene.nozzle if event.gas == "perfume" else scene.burner
    return Plume(lab, event, source, rng)
