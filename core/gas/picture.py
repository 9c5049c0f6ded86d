"""From degrees to the picture of a thermal camera, with all that the camera adds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.gas.camera import STEPS
from core.gas.lab import FACTORS, Lab

WITHIN = (0.5, 98.5)  # percentiles that the scale reaches at least; hot spots saturate
MARGIN = 1.5  # degrees C that the camera adds to either end at most, anew for every frame
NARROWEST = 5.0  # degrees of the unit
# Figures of 3 x 5 pixels, a row as three bits.
FIGURES = {
    "0": (7, 5, 5, 5, 7), "1": (2, 6, 2, 2, 7), "2": (7, 1, 7, 4, 7), "3": (7, 1, 7, 1, 7),
    "4": (5, 5, 7, 1, 1), "5": (7, 4, 7, 1, 7), "6": (7, 4, 7, 5, 7), "7": (7, 1, 1, 1, 1),
    "8": (7, 5, 7, 5, 7), "9": (7, 5, 7, 1, 7), "C": (7, 4, 4, 4, 7), "F": (7, 4, 7, 4, 4),
    "N": (5, 7, 7, 7, 5), "E": (7, 4, 7, 4, 7), "-": (0, 0, 7, 0, 0), " ": (0, 0, 0, 0, 0),
}  # fmt: skip


@dataclass(frozen=True)
class Style:
    """How a session's camera writes: drawn alike for all classes.

    Attributes:
        fahrenheit: Whether the scale is in °F.
        located: Text of the place, above; "" where it is not known.
    """

    fahrenheit: bool
    located: str

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Style:
        """Draw a style."""
        place = f"{rng.integers(0, 90)} {rng.integers(0, 60)} N" if rng.random() < 0.5 else ""
        return cls(bool(rng.random() < 0.5), place)


def picture(lab: Lab, field: np.ndarray, style: Style, rng: np.random.Generator) -> np.ndarray:
    """Return what the camera stores of a scene.

    Optics blur, the sensor adds noise by pixel, row and column; the scale's ends are whole degrees
    around nearly all pixels, anew for every frame; the image is enlarged by half, doubled, and
    written over, as published frames are.

    Args:
        lab: Noise, and the size of the frames.
        field: (h, w) degrees C.
        style: Unit and text.
        rng: Random numbers of the session.

    Returns:
        (H, W) uint8: places in `colours()`, which is the palette of the file.
    """
    from scipy.ndimage import gaussian_filter

    rows, columns = field.shape
    seen = gaussian_filter(field, 0.7, mode="nearest")
    seen += lab.white * rng.standard_normal((rows, columns))
    seen += lab.line * rng.standard_normal((rows, 1))
    seen += lab.column * rng.standard_normal((1, columns))
    if style.fahrenheit:
        seen = seen * 1.8 + 32
    low, high = np.percentile(seen, WITHIN) + rng.uniform(0, MARGIN, 2) * (-1, 1)
    low = np.floor(low)
    high = max(np.ceil(high), low + NARROWEST)
    width, height = FACTORS[lab.factor].size
    share = np.clip((enlarged(seen, height // 2, width // 2) - low) / (high - low), 0, 1)
    indices = np.rint(share * (STEPS - 1)).astype(np.uint8).repeat(2, axis=0).repeat(2, axis=1)
    _write_over(indices, (int(low), int(high)), style)
    return indices


def enlarged(field: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return *field* (h, w) drawn straight between its points, as (height, width)."""
    across = (np.arange(width) + 0.5) * field.shape[1] / width - 0.5
    down = (np.arange(height) + 0.5) * field.shape[0] / height - 0.5
    return _weights(down, field.shape[0]) @ field @ _weights(across, field.shape[1]).T


def _weights(places: np.ndarray, count: int) -> np.ndarray:
    """Return (places, count): how much each point counts at each place, linearly."""
    distance = np.abs(np.clip(places, 0, count - 1)[:, None] - np.arange(count))
    return np.maximum(1 - distance, 0)


def _write_over(indices: np.ndarray, ends: tuple[int, int], style: Style) -> None:
    """Draw the colour bar, the darkened strip and the text, in place."""
    height, width = indices.shape
    size = max(1, round(width / 96))
    bar, strip = round(width * 15 / 480), round(width * 72 / 480)
    indices[:, :strip] = indices[:, :strip] * 0.7
    indices[:, :bar] = np.linspace(STEPS - 1, 0, height).astype(np.uint8)[:, None]
    unit = "F" if style.fahrenheit else "C"
    low, high = ends
    _text(indices, f"{high} {unit}", bar + size, size, size)
    _text(indices, f"{low} {unit}", bar + size, height - 6 * size, size)
    place = style.located or "- -"
    _text(indices, place, width - 4 * size * (len(place) + 1), round(height * 0.09), size)


def _text(indices: np.ndarray, text: str, left: int, top: int, size: int) -> None:
    rows = np.array([FIGURES[sign] for sign in text]).T  # (5, signs)
    bits = (rows[:, :, None] >> np.array([2, 1, 0, 3]) & 1).astype(bool)  # a gap after each sign
    ink = bits.reshape(len(rows), -1).repeat(size, axis=0).repeat(size, axis=1)
    height, width = ink.shape
    indices[top : top + height, left : left + width][ink] = STEPS - 1
