"""Recordings of gas sensors made by hand, small enough to know their every row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from core.data.dataset import Roles, digest
from core.gas.frames import Arrays, Frames
from core.gas.recording import GasRecording, in_order

CLASSES = ("NoGas", "Perfume", "Smoke")


def sniffing(rows: int = 60, sessions: int = 5, seed: int = 0) -> GasRecording:
    """Three sensors in sessions of one class each, whose levels lie a little apart, in noise.

    Perfume swings with a period of 8 rows, smoke stays up: a single row does not always tell.
    """
    rng = np.random.default_rng(seed)
    frames = []
    for number in range(sessions * len(CLASSES)):
        name = CLASSES[number % len(CLASSES)]
        values = 10 + rng.normal(0, 0.3, (rows, 3)) + rng.normal(0, 0.2, 3)
        if name == "Perfume":
            values += 1.5 * np.sin(np.arange(rows)[:, None] * 2 * np.pi / 8) * [1, -1, 0.5]
        elif name == "Smoke":
            values += [1.2, 0.6, -0.6]
        frame = pd.DataFrame(values.astype(np.float32), columns=["s0", "s1", "s2"])
        frame.insert(0, "unit", f"unit-{number}")
        frames.append(frame.assign(gas=name))
    return recording(pd.concat(frames, ignore_index=True))


def recording(frame: pd.DataFrame) -> GasRecording:
    """Make a recording of *frame*: its columns unit and gas have these roles, the rest are sensors.

    Without a column unit all rows are one session, without a column gas nobody knows the class.
    A camera sees the readings, one stripe a sensor: what a row shows is decided by that row.
    """
    channels = tuple(name for name in frame if name not in ("unit", "gas"))
    classes, codes = (), None
    if "gas" in frame:
        classes = in_order(set(frame["gas"]))
        codes = frame["gas"].map(classes.index).to_numpy(np.int8)
    return GasRecording(
        "example",
        frame,
        Roles(entity="unit" if "unit" in frame else None, channels=channels),
        digest([frame.to_csv()]),
        source="example",
        classes=classes,
        codes=codes,
        frames=_shown(frame[sorted(channels)].to_numpy(float)) if len(frame) else None,
    )


def _shown(values: np.ndarray) -> Frames:
    """Return frames of 16 x 16 pixels that show *values* (rows, N) around 10 as stripes."""
    shades = np.nan_to_num(np.clip(128 + 40 * (values - 10), 0, 255)).astype(np.uint8)
    stripes = shades[:, np.arange(16) * shades.shape[1] // 16]
    pictures = np.broadcast_to(stripes[:, None, :, None], (len(values), 16, 16, 3))
    names = [f"{row}.png" for row in range(len(values))]
    return Frames(tuple(names), Arrays(dict(zip(names, pictures, strict=True))))


def published(folder: Path) -> GasRecording:
    """Return the published table, four sessions of 1,600 rows."""
    table = pd.read_csv(folder / "multimodal_gas" / "Gas_Sensors_Measurements.csv")
    sensors = list(table.columns[1:8])
    frame = table[sensors].astype(np.float32)
    return recording(frame.assign(unit=table["Gas"], gas=table["Gas"]))
