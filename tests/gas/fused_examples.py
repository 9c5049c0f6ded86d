"""A tiny recording of sensors and a camera, whose frames show a plume, and its samples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from core.data.dataset import Roles, digest
from core.gas.classifier import Training
from core.gas.frames import Arrays, Frames
from core.gas.recording import GasRecording
from core.gas.samples import Samples
from core.gas.scale import Scale

CLASSES = ("NoGas", "Perfume", "Smoke")
SENSORS = ("a", "b", "c", "d")
SESSIONS, ROWS, SIDE = 4, 30, 32


def recording(seed: int = 0, missing: int = 0, camera: bool = True) -> GasRecording:
    """Four sessions a class; a gas raises two sensors of its own and shows a warm patch.

    Args:
        seed: Of readings and frames.
        missing: How many frames are not there, the first ones.
        camera: Whether there is one at all.
    """
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(len(CLASSES)), SESSIONS * ROWS).astype(np.int8)
    sessions = np.arange(len(codes)) // ROWS
    readings = rng.normal(0, 0.5, (len(codes), len(SENSORS)))
    readings += rng.normal(0, 0.5, (sessions.max() + 1, len(SENSORS)))[sessions]
    frames = rng.integers(60, 120, (len(codes), SIDE, SIDE, 3))
    for code in (1, 2):
        readings[codes == code, code] += 2.0
        readings[codes == code, code + 1] += 1.0
        patch = frames[codes == code][:, 8:20]
        patch[..., 4 + 10 * (code - 1) : 14 + 10 * (code - 1), 0] += 90
        frames[codes == code, 8:20] = patch
    frame = pd.DataFrame(300 + 60 * readings, columns=list(SENSORS)).astype(np.float32)
    frame["session"] = [f"session {number:02}" for number in sessions]
    names = tuple("" if row < missing else f"{row}.png" for row in range(len(codes)))
    store = Arrays({f"{row}.png": one.astype(np.uint8) for row, one in enumerate(frames)})
    return GasRecording(
        "tiny",
        frame,
        Roles(entity="session", channels=SENSORS),
        content=digest([str(seed), str(missing)]),
        classes=CLASSES,
        codes=codes,
        frames=Frames(names, store) if camera else None,
    )


def training(of: GasRecording, lookback: int) -> tuple[Training, Samples]:
    """Return training samples, and those of the last session of each class, held out."""
    session = of.session_codes % SESSIONS
    starts = np.array([part.start for part in of.entities.values()])[of.session_codes]
    scale = Scale.fit(of.values[session < 2], of.channels)

    def samples(rows: np.ndarray) -> Samples:
        return Samples(of, np.flatnonzero(rows), starts[rows], lookback, scale)

    return Training(samples(session < 2), samples(session == 2)), samples(session == 3)


def altered(samples: Samples, **changes: object) -> Samples:
    """Return *samples* with some attributes changed."""
    return replace(samples, **changes)  # type: ignore[arg-type]
