"""The sample data sets: simulated, labelled, and the same to the byte whenever they are made.

They are plain CSV with rounded numbers, since the bytes of gzip and the last digits of a sine
depend on the machine and on the versions of its libraries.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from core.data.faults import KINDS
from core.data.plants import PLANTS, Plant
from core.errors import StorageError

LEAD = 200
TAIL = 30


def write_samples(folder: Path) -> list[Path]:
    """Make all samples in *folder* and return their paths.

    Raises:
        StorageError: the folder may not be written, or the disk is full.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [_write(simulate(plant), folder / f"{name}.csv") for name, plant in PLANTS.items()]
    except OSError as error:
        raise StorageError(
            f"The samples cannot be written to {folder}: {error.strerror or error}.",
            "Free some space or choose another folder.",
        ) from None


def simulate(plant: Plant) -> pd.DataFrame:
    """Return readings of *plant*: time, entity, channels, anomaly (0 or 1) and kind of fault."""
    parts = []
    step = np.timedelta64(plant.step, "s")
    for number, name in enumerate(plant.entities):
        rng = np.random.default_rng([plant.seed, number])
        readings = plant.readings(number, plant.rows, rng)
        kinds = _put_faults(plant, number, readings, rng)
        _put_gaps(plant, readings, kinds, rng)
        time = np.datetime64(plant.start, "s") + np.arange(plant.rows) * step
        part = pd.DataFrame({"time": time, plant.entity: name, **readings})
        part["anomaly"] = (kinds != "").astype(np.int8)
        part["fault"] = kinds
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _put_faults(
    plant: Plant, number: int, readings: dict[str, np.ndarray], rng: np.random.Generator
) -> np.ndarray:
    """Change *readings* in place, one fault of each kind; return the kind by row, "" for none.

    Faults are hardest to see on the last machine.
    """
    kinds = np.full(plant.rows, "", dtype=object)
    hard = number / max(len(plant.entities) - 1, 1)
    sigma = {name: float(x[: plant.train_rows].std()) for name, x in readings.items()}
    order = rng.permutation(list(KINDS))
    first = plant.train_rows + LEAD
    slots = np.linspace(first, plant.rows - TAIL, len(order) + 1).astype(int)
    for kind, low, high in zip(order.tolist(), slots[:-1], slots[1:], strict=True):
        fault = KINDS[kind]
        length = int(rng.integers(fault.rows[0], fault.rows[1] + 1))
        start = int(rng.integers(low, high - length - TAIL))
        targets = plant.targets[kind]
        channel = targets[number % len(targets)]
        size = fault.size[0] + hard * (fault.size[1] - fault.size[0])
        rows = slice(start, start + length)
        readings[channel][rows] = fault.inject(
            readings[channel], start, start + length, size, sigma[channel], rng
        )
        kinds[rows] = kind
    return kinds


def _put_gaps(
    plant: Plant, readings: dict[str, np.ndarray], kinds: np.ndarray, rng: np.random.Generator
) -> None:
    """Take out a few readings of one to six rows, away from faults."""
    names = list(plant.channels)
    for start in rng.integers(LEAD, plant.rows - LEAD, size=plant.gaps).tolist():
        rows = slice(start, start + int(rng.integers(1, 7)))
        if (kinds[rows] == "").all():
            readings[names[int(rng.integers(len(names)))]][rows] = np.nan


def _write(frame: pd.DataFrame, path: Path) -> Path:
    plant = PLANTS[path.stem]
    text = frame.copy()
    text["time"] = frame["time"].dt.strftime("%Y-%m-%d %H:%M")
    for name, channel in plant.channels.items():
        # Adding zero turns -0.0 into 0.0.
        cells = np.round(frame[name].to_numpy(), channel.digits) + 0.0
        text[name] = ["" if np.isnan(x) else f"{x:.{channel.digits}f}" for x in cells.tolist()]
    text.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
    return path
