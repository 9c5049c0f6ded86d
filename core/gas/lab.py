"""What the simulator is told: how many sessions, how strong the gas, how poor the instruments."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, field_validator

from core.config import Config, setting
from core.gas.camera import FIFTH, PUBLISHED


def _split(value: object) -> object:
    """Let a command line write a range as "10,16"."""
    return value.split(",") if isinstance(value, str) else value


def _rising(value: tuple[float, float]) -> tuple[float, float]:
    if value[0] > value[1]:
        raise ValueError("the first end of a range is the lower one")
    return value


Span = Annotated[tuple[float, float], BeforeValidator(_split), AfterValidator(_rising)]
CLASSES = ("NoGas", "Mixture", "Perfume", "Smoke")
GASES = {"NoGas": (), "Perfume": ("perfume",), "Smoke": ("smoke",), "Mixture": ("perfume", "smoke")}
FACTORS = {1: PUBLISHED, 5: FIFTH}


class Lab(Config):
    """Parameters of the simulator; a pair is a range that a value is drawn from, evenly.

    What is not gas is drawn from one distribution for all classes: scene, warm objects, hands,
    unit, range and text of the camera, drift of the sensors. Each set-up of the scene is recorded
    once with every class, as a careful experimenter would, so that knowing the scene tells nothing.

    By the defaults most frames of a gas show it. The published recording is harder for a camera: a
    spray every 28 rows or so, of 5 to 15 rows and 0.3 to 2 degrees (`burst_every=22,34`,
    `burst_rows=5,15`, `cooling=0.3,2`). Sensors tell gases apart less with more `cross`, `ageing`
    and `drift`.
    """

    sessions: int = setting(
        5, label="Sessions", help="Of each class; as many set-ups of the scene.", ge=1, le=100
    )
    rows: int = setting(60, label="Rows", help="Of each session.", unit="rows", ge=20, le=20_000)
    seed: int = setting(1, label="Seed", help="Another one is another laboratory.", ge=0)
    factor: int = setting(
        5, label="Scale", help="Frames are 480 x 640 pixels divided by it: 1 or 5.", ge=1, le=5
    )
    seconds: float = setting(
        2.0, label="Time step", help="From row to row, as published.", unit="s", gt=0
    )
    # When gas is there.
    lead: Span = setting(
        (3, 15), label="Lead", help="Rows of clean air before the first gas.", unit="rows"
    )
    burst_every: Span = setting(
        (10, 16), label="Between sprays", help="Rows from one spray to the next.", unit="rows"
    )
    burst_rows: Span = setting(
        (10, 15), label="Evaporation", help="Rows that a spray cools what it meets.", unit="rows"
    )
    smoke_rows: Span = setting((20, 60), label="Smoke", help="Rows that it rises.", unit="rows")
    smoke_pause: Span = setting((4, 12), label="Pause", help="Rows without smoke.", unit="rows")
    strength: Span = setting((0.6, 1.5), label="Strength", help="Of an event, as a factor.")
    # Gas sensors.
    cross: float = setting(
        0.3,
        label="Cross-sensitivity",
        help="0: each sensor has its gas; 1: all answer every gas alike.",
        ge=0,
        le=1,
    )
    ageing: float = setting(
        0.1, label="Ageing", help="Spread of a sensor's gain from session to session (log).", ge=0
    )
    drift: float = setting(
        0.08, label="Drift", help="Spread of a sensor's baseline between sessions (log).", ge=0
    )
    humidity: float = setting(
        0.05, label="Humidity", help="How far the moving humidity moves all baselines (log).", ge=0
    )
    ambient: float = setting(
        0.1, label="Ambient gas", help="Traces in the air of every class, as a strength.", ge=0
    )
    noise: float = setting(1.5, label="Noise", help="Of a reading.", unit="counts", ge=0)
    # Thermal camera.
    cooling: Span = setting((1.0, 2.0), label="Cooling", help="By evaporating spray.", unit="°C")
    warming: Span = setting((1.5, 4.0), label="Warming", help="By hot smoke.", unit="°C")
    objects: Span = setting((1, 4), label="Warm objects", help="In a scene.")
    hands: float = setting(
        0.05, label="Hands", help="Share of rows with a hand in the scene.", ge=0, le=1
    )
    sway: float = setting(
        0.01,
        label="Sway",
        help="How far the camera moves from row to row, in widths of the frame: 0.01 is that of a "
        "hand-held one, a tenth of it that of one on a tripod.",
        ge=0,
        le=0.1,
    )
    white: float = setting(0.06, label="White noise", help="Of a pixel.", unit="°C", ge=0)
    line: float = setting(0.025, label="Row noise", help="Of a line of pixels.", unit="°C", ge=0)
    column: float = setting(0.015, label="Column noise", help="Of a column.", unit="°C", ge=0)

    @field_validator("factor")
    @classmethod
    def _known(cls, factor: int) -> int:
        if factor not in FACTORS:
            raise ValueError(f"frames are {' or '.join(map(str, FACTORS))} times smaller")
        return factor

    @property
    def total(self) -> int:
        """Number of sessions, all classes together."""
        return self.sessions * len(CLASSES)
