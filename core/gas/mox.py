"""Seven metal-oxide sensors: what they read of the gases around them.

A sensor's resistance falls with the gas as a power law, R = R0 (1 + sum of a c) ** -b, as in the
data sheets of the MQ series; it follows the gas in 5 to 10 rows and lets it go in 30 to 60. The
converter reads the divider's voltage in 10 bits.
"""

from __future__ import annotations

import numpy as np

from core.gas.events import Event
from core.gas.lab import Lab

FULL_SCALE = 1023
# Counts in clean air, and the answer to perfume (alcohols) and smoke (CO, hydrogen, particles).
SENSORS = {
    "MQ2": (560, 2.0, 3.0),
    "MQ3": (500, 4.5, 1.0),
    "MQ5": (370, 1.2, 1.6),
    "MQ6": (350, 1.4, 1.2),
    "MQ7": (560, 0.8, 4.0),
    "MQ8": (470, 1.6, 2.4),
    "MQ135": (390, 3.0, 2.2),
}
GASES = ("perfume", "smoke")
EXPONENT = 0.35
RISE, DECAY = (5.0, 10.0), (30.0, 60.0)  # rows
WANDER = 25.0  # rows over which humidity and traces keep their direction


def readings(lab: Lab, happened: list[Event], rng: np.random.Generator) -> np.ndarray:
    """Return (rows, 7) int: what the sensors read in one session.

    Args:
        lab: How strong cross-sensitivity, ageing, drift, humidity, traces and noise are.
        happened: The releases of gas.
        rng: Random numbers of this session.
    """
    base, *answers = np.array(list(SENSORS.values())).T
    count = len(SENSORS)
    own = np.stack(answers)  # (gases, sensors)
    mixed = (1 - lab.cross) * own + lab.cross * own.mean(axis=0)
    gain = mixed * np.exp(lab.ageing * rng.standard_normal(count))
    drift = lab.drift * rng.standard_normal(count)
    air = np.stack([_air(lab, gas, happened, rng) for gas in GASES], axis=1)
    rise, decay = rng.uniform(*RISE, count), rng.uniform(*DECAY, count)
    seen = _followed(air @ gain, rise, decay)
    damp = lab.humidity * _walk(lab.rows, rng)[:, None] * rng.uniform(0.5, 1.5, count)
    resistance = (FULL_SCALE / base - 1) * np.exp(drift + damp) * (1 + seen) ** -EXPONENT
    counts = FULL_SCALE / (1 + resistance) + lab.noise * rng.standard_normal(seen.shape)
    return np.clip(np.rint(counts), 0, FULL_SCALE).astype(np.int64)


def _air(lab: Lab, gas: str, happened: list[Event], rng: np.random.Generator) -> np.ndarray:
    """Return (rows,) how much of *gas* reaches the sensors, traces among it."""
    traces = lab.ambient * np.abs(_walk(lab.rows, rng))
    return traces + sum(
        (event.course(lab.rows) for event in happened if event.gas == gas), np.zeros(lab.rows)
    )


def _followed(air: np.ndarray, rise: np.ndarray, decay: np.ndarray) -> np.ndarray:
    """Return (rows, sensors) *air* as slow sensors see it: first order, slower down than up."""
    seen = np.empty_like(air)
    now = air[0]
    for row, target in enumerate(air):
        now = now + (target - now) / np.where(target > now, rise, decay)
        seen[row] = now
    return seen


def _walk(rows: int, rng: np.random.Generator) -> np.ndarray:
    """Return (rows,) a course of mean 0 and spread about 1 that keeps its direction a while."""
    from scipy.signal import lfilter

    keep = np.exp(-1 / WANDER)
    start = rng.standard_normal()
    steps = np.sqrt(1 - keep**2) * rng.standard_normal(rows)
    return lfilter([1.0], [1.0, -keep], steps, zi=[keep * start])[0]
