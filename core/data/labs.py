"""Samples of several files: recordings of gas sensors with the frames of a thermal camera."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Lab:
    """A simulated recording of gases; `core.gas` makes it.

    Attributes:
        file: In the folder of the samples.
        label: As on the screen.
        help: What it is, one or two sentences.
        rows: Of its table.
    """

    file: str
    label: str
    help: str
    rows: int


GAS_LAB = Lab(
    file="gas-lab.zip",
    label="Gas laboratory",
    help="Simulated: seven gas sensors and a thermal camera, six sessions each of clean air, "
    "perfume, smoke and both; a row and a frame every two seconds, in the layout of "
    "MultimodalGasData.",
    rows=1_200,
)
LABS = {"gas-lab": GAS_LAB}
