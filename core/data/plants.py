"""The two simulated plants: how their sensors hang together while nothing is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Random = np.random.Generator


@dataclass(frozen=True)
class Channel:
    """A simulated sensor: unit, what it measures, digits behind the point."""

    unit: str
    help: str
    digits: int


@dataclass(frozen=True)
class Plant:
    """A sample data set.

    Attributes:
        label: As on the screen.
        help: One or two plain sentences.
        entity: Name of the entity column.
        entities: Machines.
        rows: Rows of each machine.
        train_rows: First rows of each machine, free of faults.
        start: First time stamp.
        step: Seconds from row to row.
        seed: Of everything random in it.
        gaps: Short gaps of missing readings a machine.
        channels: The sensors.
        readings: Returns (rows,) by channel of a faultless machine from (number, rows, generator).
        targets: Channels that each kind of fault may befall.
    """

    label: str
    help: str
    entity: str
    entities: tuple[str, ...]
    rows: int
    train_rows: int
    start: str
    step: int
    seed: int
    gaps: int
    channels: dict[str, Channel]
    readings: Callable[[int, int, Random], dict[str, np.ndarray]]
    targets: dict[str, tuple[str, ...]]


def _lagged(x: np.ndarray, rows: float) -> np.ndarray:
    """First-order response to *x* with a time constant of *rows*."""
    share = 1.0 - np.exp(-1.0 / rows)
    result = np.empty_like(x)
    level = float(x[0])
    for i, value in enumerate(x.tolist()):
        level += share * (value - level)
        result[i] = level
    return result


def _wander(rows: int, memory: float, rng: Random) -> np.ndarray:
    """Noise of variance 1 that forgets itself over *memory* rows."""
    keep = float(np.exp(-1.0 / memory))
    shocks = (rng.standard_normal(rows) * np.sqrt(1 - keep**2)).tolist()
    level, result = float(rng.standard_normal()), np.empty(rows)
    for i, shock in enumerate(shocks):
        level = keep * level + shock
        result[i] = level
    return result


def _daily(rows: int, rows_a_day: float, peak: float) -> np.ndarray:
    """Cosine with its top at *peak*, a share of the day."""
    return np.asarray(np.cos((np.arange(rows) / rows_a_day - peak) * 2 * np.pi))


def _pump(number: int, rows: int, rng: Random) -> dict[str, np.ndarray]:
    """A speed-controlled pump that follows the water demand of a town, one row a minute."""
    day = np.arange(rows) / 1440
    hour = (day % 1) * 24
    demand = 0.55 + 0.1 * _daily(rows, 1440, 0.6)
    demand += 0.25 * np.exp(-(((hour - 7.5) / 1.5) ** 2)) + 0.2 * np.exp(-(((hour - 19) / 2) ** 2))
    demand += 0.03 * _wander(rows, 45, rng)
    load = _lagged(np.clip(demand, 0.2, 1.2), 3) * (1 + 0.05 * (number - 1))
    ambient = 17 + 4 * _daily(rows, 1440, 0.62) + 0.8 * _wander(rows, 600, rng)
    speed = 1450 + 1450 * load
    suction = 1.9 - 0.25 * load + 0.04 * _wander(rows, 240, rng)
    flow = 210 * load * (1 + 0.01 * _wander(rows, 20, rng))
    head = 7.5 * (speed / 2900) ** 2 - 2.6 * (flow / 210) ** 2
    current = 9 + 0.0245 * flow * head + 12 * load
    heat = current / 50
    bearing = ambient + 14 + _lagged(16 * heat + 6 * (speed / 2900) ** 2, 45)
    winding = ambient + 12 + _lagged(34 * heat, 25)
    vibration = 1.1 + 0.9 * (speed / 2900) ** 2 + 0.5 * np.exp(-(((speed - 2350) / 90) ** 2))
    clean = {
        "flow": (flow, 0.8),
        "discharge_pressure": (suction + head, 0.02),
        "suction_pressure": (suction, 0.008),
        "motor_current": (current, 0.25),
        "speed": (speed, 4.0),
        "vibration": (vibration, 0.05),
        "bearing_temperature": (bearing, 0.1),
        "winding_temperature": (winding, 0.15),
    }
    return {name: x + noise * rng.standard_normal(rows) for name, (x, noise) in clean.items()}


def _turbine(number: int, rows: int, rng: Random) -> dict[str, np.ndarray]:
    """A wind turbine with pitch control, one row in ten minutes."""
    wind = 8.2 + 0.4 * number + 1.2 * _daily(rows, 144, 0.65) + 3.0 * _wander(rows, 40, rng)
    wind = np.clip(wind + 0.5 * _wander(rows, 2, rng), 0.3, 24.0)
    ambient = 11 + 5 * _daily(rows, 144, 0.62) + 2.5 * _wander(rows, 300, rng)
    share = 1 / (1 + np.exp(-(wind - 8.6) / 1.15))
    power = 2050 * np.clip(share - 0.008, 0.0, 1.0)
    rotor = 6.5 + 9.5 * np.clip((wind - 2.5) / 8.0, 0.0, 1.0)
    pitch = 1.5 + 1.9 * np.clip(wind - 11.0, 0.0, None) ** 0.85
    gearbox = ambient + 22 + _lagged(27 * power / 2050 + 8 * rotor / 16, 9)
    generator = ambient + 20 + _lagged(48 * power / 2050, 4)
    clean = {
        "wind_speed": (wind, 0.15),
        "power": (power, 14.0),
        "rotor_speed": (rotor, 0.06),
        "pitch": (pitch, 0.08),
        "gearbox_temperature": (gearbox, 0.25),
        "generator_temperature": (generator, 0.4),
        "ambient_temperature": (ambient, 0.15),
    }
    return {name: x + noise * rng.standard_normal(rows) for name, (x, noise) in clean.items()}


PUMP_STATION = Plant(
    label="Pump station (simulated)",
    help="Three speed-controlled water pumps over four days, one reading a minute, eight sensors, "
    "labelled faults of eight kinds; the first two days are free of faults.",
    entity="pump",
    entities=("pump-1", "pump-2", "pump-3"),
    rows=4 * 1440,
    train_rows=2 * 1440,
    start="2024-03-04T00:00",
    step=60,
    seed=20240304,
    gaps=6,
    channels={
        "flow": Channel("m³/h", "volume flow", 1),
        "discharge_pressure": Channel("bar", "pressure behind the pump", 3),
        "suction_pressure": Channel("bar", "pressure before the pump", 3),
        "motor_current": Channel("A", "current of the motor", 2),
        "speed": Channel("1/min", "speed of the shaft", 0),
        "vibration": Channel("mm/s", "velocity of the bearing housing, RMS", 3),
        "bearing_temperature": Channel("°C", "temperature of the bearing", 2),
        "winding_temperature": Channel("°C", "temperature of the motor's winding", 2),
    },
    readings=_pump,
    targets={
        "spike": ("flow", "discharge_pressure", "vibration"),
        "level-shift": ("discharge_pressure", "flow", "suction_pressure"),
        "drift": ("bearing_temperature", "vibration", "winding_temperature"),
        "frozen": ("flow", "motor_current", "discharge_pressure"),
        "noise-burst": ("motor_current", "speed", "bearing_temperature"),
        "lost-correlation": ("motor_current", "flow", "speed"),
        "delayed-response": ("winding_temperature", "flow", "discharge_pressure"),
        "oscillation": ("discharge_pressure", "speed", "flow"),
    },
)

WIND_PARK = Plant(
    label="Wind park (simulated)",
    help="Three wind turbines over 25 days, one reading in ten minutes, seven sensors with a "
    "curved power characteristic, labelled faults of eight kinds; the first ten days are free.",
    entity="turbine",
    entities=("turbine-1", "turbine-2", "turbine-3"),
    rows=25 * 144,
    train_rows=10 * 144,
    start="2024-05-01T00:00",
    step=600,
    seed=20240501,
    gaps=0,
    channels={
        "wind_speed": Channel("m/s", "wind at the hub", 2),
        "power": Channel("kW", "power fed to the grid", 1),
        "rotor_speed": Channel("1/min", "speed of the rotor", 2),
        "pitch": Channel("°", "angle of the blades", 2),
        "gearbox_temperature": Channel("°C", "temperature of the gear oil", 2),
        "generator_temperature": Channel("°C", "temperature of the generator", 2),
        "ambient_temperature": Channel("°C", "air at the hub", 2),
    },
    readings=_turbine,
    targets={
        "spike": ("power", "wind_speed", "rotor_speed"),
        "level-shift": ("wind_speed", "gearbox_temperature", "power"),
        "drift": ("gearbox_temperature", "generator_temperature", "wind_speed"),
        "frozen": ("rotor_speed", "wind_speed", "power"),
        "noise-burst": ("generator_temperature", "gearbox_temperature", "ambient_temperature"),
        "lost-correlation": ("wind_speed", "power", "rotor_speed"),
        "delayed-response": ("power", "rotor_speed", "generator_temperature"),
        "oscillation": ("pitch", "gearbox_temperature", "generator_temperature"),
    },
)

PLANTS: dict[str, Plant] = {"pump-station": PUMP_STATION, "wind-park": WIND_PARK}
