"""A thermal camera: what of its picture is the scene, and which colour is which temperature."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.errors import ConfigError

STEPS = 256
# Where on the scale (0 to 1) each colour stands, read off the colour bar of published frames.
STOPS: dict[str, tuple[tuple[float, tuple[int, int, int]], ...]] = {
    "spectra": (
        *((0.0, (0, 0, 0)), (0.125, (0, 0, 68)), (0.19, (0, 22, 129)), (0.25, (0, 59, 207))),
        *((0.31, (0, 92, 211)), (0.375, (0, 117, 113)), (0.44, (0, 142, 12))),
        *((0.5, (61, 175, 0)), (0.56, (150, 212, 0)), (0.625, (236, 247, 0))),
        *((0.69, (250, 177, 0)), (0.75, (253, 90, 0)), (0.81, (254, 4, 0))),
        *((0.875, (251, 85, 82)), (0.94, (253, 176, 172)), (1.0, (255, 255, 255))),
    ),
    "grey": ((0.0, (0, 0, 0)), (1.0, (255, 255, 255))),
}


@dataclass(frozen=True)
class Camera:
    """What is known of a camera's pictures.

    Attributes:
        name: In configs and on the command line.
        size: (width, height) of its pictures in pixels; another one is scaled to it first.
        crop: (left, top, right, bottom) in pixels: the scene, without colour bar and text.
        palette: Name in `STOPS`.
    """

    name: str
    size: tuple[int, int]
    crop: tuple[int, int, int, int]
    palette: str = "spectra"

    def __post_init__(self) -> None:
        """Refuse a crop outside the picture, and a palette that nobody knows.

        Raises:
            ConfigError: it says what is possible.
        """
        left, top, right, bottom = self.crop
        width, height = self.size
        if not (0 <= left < right <= width and 0 <= top < bottom <= height):
            raise ConfigError(
                f"The crop {self.crop} does not lie in a frame of {width} x {height} pixels.",
                "Give left, top, right and bottom in pixels of the frame.",
            )
        if self.palette not in STOPS:
            raise ConfigError(
                f"There is no palette {self.palette!r}.", f"Palettes are: {', '.join(STOPS)}."
            )

    def cropped(self, left: int, top: int, right: int, bottom: int) -> Camera:
        """Return the same camera with another crop."""
        return replace(self, name="own", crop=(left, top, right, bottom))


# The frames of MultimodalGasData (Narkhede et al. 2022): colour bar and a darkened strip on the
# left, location above, scale and logo below. The simulator draws the same at a fifth of the size.
PUBLISHED = Camera("multimodal-gas", (480, 640), (76, 90, 480, 600))
FIFTH = Camera("multimodal-gas-fifth", (96, 128), (16, 18, 96, 120))
CAMERAS = {camera.name: camera for camera in (PUBLISHED, FIFTH)}
AUTO, PLAIN = "auto", "plain"


def camera_for(size: tuple[int, int], name: str = AUTO, grey: bool = False) -> Camera:
    """Return the camera whose pictures have *size*.

    Args:
        size: (width, height) in pixels.
        name: "auto", by the size, and the whole picture where no known camera has that size;
            "plain", the whole picture; a name in `CAMERAS`; or a crop, see `crop_of`.
        grey: Whether the pictures have no colours: their palette then is grey, unless another
            camera is named.

    Raises:
        ConfigError: there is no such camera, or the crop does not lie in the picture.
    """
    if name == AUTO:
        name = next((one.name for one in CAMERAS.values() if one.size == size), PLAIN)
    usual = "grey" if grey else "spectra"
    if name == PLAIN:
        return Camera(PLAIN, size, (0, 0, *size), usual)
    if name in CAMERAS:
        return CAMERAS[name]
    crop, palette = crop_of(name)
    return Camera("own", size, crop, palette or usual)


def crop_of(text: str) -> tuple[tuple[int, int, int, int], str]:
    """Read a crop of one's own, such as "76,90,480,600" or "0,0,320,240,grey".

    Returns:
        Left, top, right and bottom in pixels; and the palette, "" where none is named.

    Raises:
        ConfigError: it is none; it says which cameras are known, and how a crop is written.
    """
    parts = [part.strip() for part in text.split(",")]
    palette = parts.pop() if parts[-1] in STOPS else ""
    if len(parts) != 4 or not all(part.isdecimal() for part in parts):
        raise ConfigError(
            f"There is no camera {text!r}.",
            f"Cameras are: {AUTO}, {PLAIN}, {', '.join(CAMERAS)}; or give left, top, right and "
            f"bottom of the scene in pixels and the palette ({' or '.join(STOPS)}), such as "
            "76,90,480,600,spectra.",
        )
    left, top, right, bottom = map(int, parts)
    return (left, top, right, bottom), palette


def colours(palette: str = "spectra") -> np.ndarray:
    """Return (256, 3) uint8: the colours of *palette* from the coldest to the hottest."""
    places, stops = zip(*STOPS[palette], strict=True)
    scale = np.linspace(0, 1, STEPS)
    channels = [np.interp(scale, places, [stop[i] for stop in stops]) for i in range(3)]
    return np.rint(np.stack(channels, axis=1)).astype(np.uint8)


def temperature(
    frames: np.ndarray, palette: str = "spectra", low: float = 0.0, high: float = 1.0
) -> np.ndarray:
    """Return the temperatures that *frames* show: of each colour the nearest place on the scale.

    Args:
        frames: (..., 3) uint8.
        palette: Name in `STOPS`.
        low: Temperature at the lower end of the scale.
        high: Temperature at its upper end; 0 to 1 where nobody has read the ends.

    Returns:
        (...) float32, within one of 256 steps where the colour stands on the scale.
    """
    places = _nearest(frames, palette)[1] / (STEPS - 1)
    return (low + (high - low) * places).astype(np.float32)


def strangeness(frames: np.ndarray, palette: str = "spectra") -> float:
    """Return how far the colours of *frames* (..., 3) uint8 lie from *palette*: median, of 255."""
    return float(np.median(_nearest(frames, palette)[0]))


def _nearest(frames: np.ndarray, palette: str) -> tuple[np.ndarray, np.ndarray]:
    """Return how far from the nearest colour of *palette* each one of *frames* is, and which."""
    from scipy.spatial import cKDTree

    red, green, blue = np.moveaxis(frames.astype(np.int32), -1, 0)
    seen, back = np.unique(red << 16 | green << 8 | blue, return_inverse=True)
    wanted = np.stack([seen >> 16, seen >> 8 & 255, seen & 255], axis=1)
    apart, places = cKDTree(colours(palette)).query(wanted)
    shape = frames.shape[:-1]
    return apart[back].reshape(shape), places[back].reshape(shape)
