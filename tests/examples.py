"""Recordings made by hand, small enough to know their every row."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.data.dataset import Cleaning, Dataset, Roles, digest


def waves(rows: int = 400, entities: int = 2, channels: int = 3, seed: int = 0) -> Dataset:
    """Sine waves that move together; in the last fifth of each entity the first one breaks away.

    The break stays inside the range of the wave, so that only its relation to the others, or its
    course in time, gives it away.
    """
    rng = np.random.default_rng(seed)
    frames = []
    for entity in range(entities):
        phase = np.arange(rows) * 2 * np.pi / 25 + rng.uniform(0, 6)
        values = np.sin(phase[:, None] + np.arange(channels) * 0.7)
        values += rng.normal(0, 0.05, values.shape)
        label = np.zeros(rows, int)
        start = int(rows * 0.9)
        label[start : start + rows // 20] = 1
        values[label == 1, 0] = rng.uniform(-1, 1, label.sum())
        frame = pd.DataFrame(values.astype(np.float32), columns=[f"s{i}" for i in range(channels)])
        frame.insert(0, "time", pd.date_range("2024-01-01", periods=rows, freq="1min"))
        frame.insert(1, "unit", f"unit-{entity}")
        frames.append(frame.assign(label=label))
    return dataset(pd.concat(frames, ignore_index=True))


def wearing(units: int = 12, channels: int = 3, seed: int = 0) -> Dataset:
    """Units that are used until they fail, after 40 to 80 steps; one channel never moves.

    Wear grows faster and faster in the second half of a life; the second channel falls as the first
    one rises, in noise. No two units last equally long.
    """
    rng = np.random.default_rng(seed)
    frames = []
    for unit, life in enumerate(rng.permutation(np.linspace(40, 80, units).astype(int))):
        left = np.arange(life)[::-1]
        wear = np.exp(-left / 12)
        values = np.outer(wear, [1.0, -2.0, 0.0][:channels])
        values += rng.normal(0, 0.05, values.shape) * [1, 1, 0][:channels]
        frame = pd.DataFrame(values.astype(np.float32), columns=[f"s{i}" for i in range(channels)])
        frame.insert(0, "time", pd.date_range("2024-01-01", periods=life, freq="1h"))
        frame.insert(1, "unit", f"unit-{unit}")
        frames.append(frame)
    return dataset(pd.concat(frames, ignore_index=True))


def tides(rows: int = 240, entities: int = 2, channels: int = 3, seed: int = 0) -> Dataset:
    """Hourly readings with a daily season, which follow one another in a noise that lasts.

    What comes next is the season and what is left of the noise, far from the last reading.
    """
    rng = np.random.default_rng(seed)
    frames = []
    for entity in range(entities):
        phase = np.arange(rows)[:, None] * 2 * np.pi / 24 - 0.5 * np.arange(channels)
        noise = rng.normal(0, 0.1, (rows, channels))
        for row in range(1, rows):
            noise[row] += 0.6 * noise[row - 1]
        values = 10 + np.sin(phase) + noise
        frame = pd.DataFrame(values.astype(np.float32), columns=[f"s{i}" for i in range(channels)])
        frame.insert(0, "time", pd.date_range("2024-01-01", periods=rows, freq="1h"))
        frame.insert(1, "unit", f"unit-{entity}")
        frames.append(frame)
    return dataset(pd.concat(frames, ignore_index=True))


def dataset(frame: pd.DataFrame, name: str = "example") -> Dataset:
    """Make a data set of *frame*, whose columns time, unit and label have these roles."""
    known = {"time", "unit", "label"}
    channels = tuple(column for column in frame if column not in known)
    roles = Roles(
        time="time" if "time" in frame else None,
        entity="unit" if "unit" in frame else None,
        label="label" if "label" in frame else None,
        channels=channels,
    )
    content = digest([frame.to_csv()])
    return Dataset(name, frame, roles, content, Cleaning(), source=name)
