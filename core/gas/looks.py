"""What a CNN looks at: frames of the camera, or readings that are drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from core.errors import DataError
from core.gas.classifier import pieces
from core.gas.config import Config
from core.gas.images import Renderer
from core.gas.samples import Samples
from core.gas.scenes import Scenes

Modality = Literal["sensors", "camera"]
MODALITIES: tuple[Modality, ...] = ("sensors", "camera")  # in the order of `Samples.present`

GIVEN = "given"  # images of the readings that came with the recording
PIECE = 256  # rows whose images are made at once: bounds the memory
HELD = 1 << 29  # bytes of decoded frames that are kept in memory while a CNN is tuned
NOISE = 0.03  # of readings that are drawn in training, as a share of the sensor's range


@dataclass(frozen=True)
class View:
    """What a CNN looks at.

    Attributes:
        modality: "sensors", as an image of the readings, or "camera".
        backbone: Name in `core.gas.backbones.BACKBONES`.
        start: Tells CNNs of the same kind apart: each starts from weights of its own.
    """

    modality: Modality
    backbone: str
    start: int = 0

    @property
    def name(self) -> str:
        """As in file names."""
        return f"{self.modality}-{self.backbone}-{self.start}"


def steps_of(config: Config) -> int:
    """Return of how many rows an image of the readings is drawn."""
    return 1 if config.image.startswith("stripes") or config.image == GIVEN else config.lookback


def alone(view: View, config: Config) -> bool:
    """Whether what is seen at a row is that row alone, and not what was before."""
    return config.scene == "colours" if view.modality == "camera" else steps_of(config) == 1


def seen(
    view: View,
    config: Config,
    samples: Samples,
    rows: np.ndarray,
    first: np.ndarray,
    scenes: Scenes | None = None,
) -> np.ndarray:
    """Return what is looked at for some rows of a recording.

    Args:
        view: Which modality.
        config: Size and kind of the images.
        samples: Of the recording.
        rows: (R,) row numbers.
        first: (R,) the earliest row that may be read for each.
        scenes: What draws frames as changes, if it was used before and knows some of them.

    Returns:
        (R, size, size, 3) uint8 frames or given heat maps, or (R, steps, N) float32 raw readings.

    Raises:
        DataError: there is no camera, or there are no heat maps.
    """
    if view.modality == "camera":
        if samples.recording.frames is None:
            raise no_frames(samples)
        if config.scene == "change":
            return (scenes or Scenes()).draw(samples, rows, first, config.image_size)
        return samples.recording.frames.take(rows, config.image_size)
    if config.image == GIVEN:
        if samples.recording.maps is None:
            raise _no_maps(samples)
        return samples.recording.maps.take(rows, config.image_size)
    windows = np.maximum(rows[:, None] + np.arange(1 - steps_of(config), 1), first[:, None])
    return samples.scale.select(samples.recording)[windows]


def there(view: View, samples: Samples, rows: np.ndarray) -> np.ndarray:
    """Return (...) bool, where there is something to see at *rows* (...)."""
    frames = samples.recording.frames
    if view.modality == "sensors":
        return np.full(rows.shape, not samples.sensors_lost)
    if frames is None or samples.camera_lost:
        return np.zeros(rows.shape, bool)
    return frames.present[rows]


def no_frames(samples: Samples) -> DataError:
    """Return the error that says that there is nothing to see."""
    return DataError(
        f"{samples.recording.name!r} has no frames to look at.",
        "Choose a model that reads the sensors alone, or bring the frames.",
    )


def _no_maps(samples: Samples) -> DataError:
    return DataError(
        f"{samples.recording.name!r} has no heat maps of its readings.",
        "Choose another sensor image, or bring them in a folder called heatmaps.",
    )


@dataclass(frozen=True)
class Looks:
    """What a CNN is tuned on, as the training loop takes it.

    Attributes:
        held: (W, size, size, 3) uint8, frames that fit into memory; None where they are decoded
            again and again, and for readings.
    """

    view: View
    config: Config
    samples: Samples
    held: np.ndarray | None = None

    @classmethod
    def of(cls, view: View, config: Config, samples: Samples) -> Looks:
        """Leave out rows that show nothing.

        Raises:
            DataError: no row has a frame.
        """
        shown = there(view, samples, samples.rows)
        if not shown.any():
            raise no_frames(samples)
        samples = replace(samples, rows=samples.rows[shown], first=samples.first[shown])
        looks = cls(view, config, samples)
        decoded = view.modality == "camera" or config.image == GIVEN
        if not decoded or len(samples) * config.image_size**2 * 3 > HELD:
            return looks
        scenes = Scenes()
        parts = [looks.see(piece, scenes) for piece in pieces(len(samples), PIECE)]
        return replace(looks, held=np.concatenate(parts))

    def __len__(self) -> int:
        return len(self.samples)

    def see(self, indices: np.ndarray, scenes: Scenes | None = None) -> np.ndarray:
        """Return what is looked at for the decisions *indices*, see `seen`."""
        rows, first = self.samples.rows[indices], self.samples.first[indices]
        return seen(self.view, self.config, self.samples, rows, first, scenes)

    def take(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what is seen, and (B, C) float32: 1 at the class of the row, 0 elsewhere."""
        classes = np.eye(len(self.samples.recording.classes), dtype=np.float32)
        images = self.see(indices) if self.held is None else self.held[indices]
        return images, classes[self.samples.labels[indices]]


def changed(images: Any, config: Config, seeds: Iterator[int]) -> Any:
    """Return frames a little changed in training: mirrored, shifted, brighter or darker."""
    from keras import layers

    images = layers.RandomFlip("horizontal", seed=next(seeds))(images)
    images = layers.RandomTranslation(0.08, 0.08, fill_mode="nearest", seed=next(seeds))(images)
    if config.scene == "colours":  # brighter means warmer where the change is drawn
        images = layers.RandomBrightness(0.1, seed=next(seeds))(images)
    return images


def drawn(windows: Any, renderer: Renderer, size: int, noisy: bool, seed: int) -> Any:
    """Return images (B, size, size, 3), 0 to 255, of (B, T, N) raw readings.

    In training the readings are noisy, if *noisy*; sensors keep their places.
    """
    import keras
    from keras import ops

    class Drawing(keras.layers.Layer):
        def __init__(self) -> None:
            super().__init__(name="drawing")
            self.seeds = keras.random.SeedGenerator(seed)

        def call(self, windows: Any, training: bool = False) -> Any:
            if noisy and training:
                spread = np.subtract(renderer.high, renderer.low).astype(np.float32)
                noise = keras.random.normal(ops.shape(windows), seed=self.seeds)
                windows = windows + NOISE * spread * noise
            return renderer.draw(windows, size, ops)

    return Drawing()(windows)
