"""What moves in thermal frames, as a few numbers a row.

A camera paints each frame on a scale of its own. Two frames that follow one another show nearly the
same scene, so that the scale of one is found from the other: by the line through the pixels that
changed least, which takes neither frame as the exact one (reduced major axis: Isobe, Feigelson,
Akritas and Babu 1990, ApJ 364, section II). From frame to frame the errors of these lines add up,
most of all on a hot thing in front of an even wall; so every frame is then fitted once more to the
median of all, by least squares with weights that leave out what moves (iteratively reweighted,
Cauchy's weights: Holland and Welsch 1977, Communications in Statistics A6). On one scale, whatever
moves stands out from the median of the last rows (background subtraction: Piccardi 2004, IEEE SMC),
and how much it does is counted in the noise of the camera, which is the same in front of every
scene. Where something is too hot for the scales, such as a flame, nothing is known and nothing said
to have changed. Scenes themselves leave no trace in these numbers: a wall that was never seen
before reads like those that were.
"""

from __future__ import annotations

from itertools import pairwise
from threading import Lock

import numpy as np
from scipy.ndimage import maximum_filter, uniform_filter

from core.data.dataset import digest
from core.gas.camera import temperature
from core.gas.classifier import pieces
from core.gas.looks import no_frames
from core.gas.samples import Samples
from core.gas.scenes import contents

BEHIND = 60  # rows up to the present one that are looked at together
SIZE = 48  # pixels along an edge: a plume has several
SMOOTH = 3  # pixels that are averaged along an edge: less noise, and a plume is wider
TRIMMED, ROUNDS = 0.6, 4  # share of the pixels that decide a scale, and how often they are chosen
CLOSE, EVERY = 3.0, 3  # median distances at which a pixel counts half; every third one is asked
WITHIN = 0.01, 0.99  # places on the palette that are no end of it, where the scale is cut off
GAINS = 0.2, 5.0  # of one frame's scale against the next: beyond that it is no scale
TINY = 1e-9
SCALE = 0.02, 0.95  # beyond these a pixel, or one beside it, may lie off its frame's scale
OFTEN = 0.1  # share of the rows from which on a pixel off the scale tells nothing
FINEST = 1e-3  # noise that counts at least, of the whole palette
ORDER = 0.2, 0.5, 0.8  # where a pixel was less than this share of the rows
WENT, CAME = 2.0, 3.0  # noises above which a pixel counts as moving over the rows, and now
HARDLY = 0.01  # noises on average over the frame that count as nothing
SPREAD = [50.0, 90.0, 98.0, 99.5]  # percentiles over the pixels
OVER = [0.5, 2.0, 10.0, 90.0, 98.0, 99.5]
WIDTH = 2 * len(OVER) + 2 * len(SPREAD) + 4 * 4
KNOWN = 100_000  # rows whose numbers are kept in memory
PIECE = 256  # rows whose frames are held at once: bounds the memory


class Motion:
    """Takes the numbers; those of a row are still known the next time it is asked for.

    What is known goes by what the frames show, so that one may serve all models of a process.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._rows: dict[str, np.ndarray] = {}  # (WIDTH,) by what the row's window shows
        self._frames: dict[str, np.ndarray] = {}
        self._steps: dict[tuple[str, str], np.ndarray] = {}

    def of(self, samples: Samples, rows: np.ndarray, first: np.ndarray) -> np.ndarray:
        """Return (R, WIDTH) float32 of *rows*, zeros where nothing was seen yet.

        Where a row has no frame, the one before stands in for it.

        Args:
            samples: Of a recording.
            rows: (R,) row numbers, rising.
            first: (R,) the earliest row that may be read for each.

        Raises:
            DataError: there is no camera.
        """
        if samples.recording.frames is None:
            raise no_frames(samples)
        taken = np.zeros((len(rows), WIDTH), np.float32)
        with self._lock:
            if len(self._rows) > KNOWN:
                self._rows.clear()
            for piece in pieces(len(rows), PIECE):
                self._piece(samples, rows[piece], first[piece], taken[piece[0] :])
        return taken

    def without(
        self, samples: Samples, rows: np.ndarray, first: np.ndarray, patches: np.ndarray
    ) -> np.ndarray:
        """Return (M, R, WIDTH) float32 as `of`, with a patch after another shown as if still.

        Args:
            samples: Of a recording with a camera.
            rows: (R,) row numbers, rising; they are few.
            first: (R,) the earliest row that may be read for each.
            patches: (M, SIZE, SIZE) bool, the pixels that are hidden.
        """
        taken = np.zeros((len(patches), len(rows), WIDTH), np.float32)
        with self._lock:
            windows = _windows(samples, rows, first)
            self._see(samples, [shown for shown, _, _ in windows if len(shown)])
            for place, (shown, names, _) in enumerate(windows):
                if len(shown):
                    maps = self._maps(names)
                    hidden = np.where(patches[:, None], np.float32(0), maps)
                    taken[:, place] = numbers_of(hidden)
        return taken

    def _piece(
        self, samples: Samples, rows: np.ndarray, first: np.ndarray, taken: np.ndarray
    ) -> None:
        """Write the numbers of *rows* into *taken*."""
        windows = _windows(samples, rows, first)
        self._see(samples, [shown for shown, _, key in windows if key not in self._rows])
        for place, (shown, names, key) in enumerate(windows):
            if len(shown) and key not in self._rows:
                self._rows[key] = numbers_of(self._maps(names))
            if len(shown):
                taken[place] = self._rows[key]

    def _see(self, samples: Samples, windows: list[np.ndarray]) -> None:
        """Decode the frames of *windows* that are not known; forget those of other rows."""
        if not windows:
            return
        frames = samples.recording.frames
        assert frames is not None
        rows = np.unique(np.concatenate(windows))
        keys = contents(samples, rows)
        self._frames = {key: self._frames[key] for key in keys if key in self._frames}
        new = np.array([key not in self._frames for key in keys], bool)
        if new.any():
            seen = temperature(frames.take(rows[new], SIZE), frames.camera.palette)
            seen = uniform_filter(seen, (0, SMOOTH, SMOOTH), mode="nearest")
            keys = [key for key, one in zip(keys, new, strict=True) if one]
            self._frames |= dict(zip(keys, seen, strict=True))
        held = self._frames
        self._steps = {
            pair: step for pair, step in self._steps.items() if pair[0] in held and pair[1] in held
        }

    def _maps(self, keys: list[str]) -> np.ndarray:
        """Return `maps_of` the window of frames *keys*, nothing where they are off their scales."""
        window = np.stack([self._frames[key] for key in keys])
        steps = np.array([self._step(*pair) for pair in pairwise(keys)])
        aligned, noise = on_one_scale(window, steps.reshape(-1, 3))
        return np.where(off_scale(window), np.float32(0), maps_of(aligned, noise))

    def _step(self, before: str, after: str) -> np.ndarray:
        if (before, after) not in self._steps:
            self._steps[before, after] = step(self._frames[before], self._frames[after])
        return self._steps[before, after]


def _windows(
    samples: Samples, rows: np.ndarray, first: np.ndarray
) -> list[tuple[np.ndarray, list[str], str]]:
    """Return for each row the rows of its window that have a frame, what they show, and a hash."""
    frames = samples.recording.frames
    assert frames is not None
    start = np.maximum(first, rows - BEHIND + 1)
    every = np.arange(start.min(), rows.max() + 1)
    names, low = contents(samples, every), int(every[0])
    windows = []
    for a, b in zip(start, rows, strict=True):
        shown = np.arange(a, b + 1)[frames.present[a : b + 1]]
        seen = [names[row - low] for row in shown]
        windows.append((shown, seen, digest(seen)))
    return windows


def step(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return (3,): gain and offset from the scale of one frame to that of the next, and the noise.

    The noise is the median difference that is left between them, on the scale of the next.

    Args:
        before: (h, w) places on the palette, 0 to 1.
        after: (h, w) likewise.
    """
    x, y = before.ravel(), after.ravel()
    usable = (np.minimum(x, y) > WITHIN[0]) & (np.maximum(x, y) < WITHIN[1])
    if usable.sum() < len(x) / 10:  # hardly anything is on the scale: take it as it is
        usable[:] = True
    x, y = x[usable].astype(float), y[usable].astype(float)
    kept = np.ones(len(x), bool)
    for _ in range(ROUNDS):
        deviation = x[kept].std()
        gain = np.clip(y[kept].std() / deviation, *GAINS) if deviation > FINEST else 1.0
        offset = y[kept].mean() - gain * x[kept].mean()
        apart = np.abs(gain * x + offset - y)
        kept = apart <= np.quantile(apart, TRIMMED)
    return np.array([gain, offset, np.median(apart)])


def on_one_scale(window: np.ndarray, steps: np.ndarray) -> tuple[np.ndarray, float]:
    """Return (T, h, w) *window* on the scale of its last frame, and the noise on it.

    Args:
        window: (T, h, w) places on the palette.
        steps: (T - 1, 3) from each frame to the next, see `step`.
    """
    gain, offset, noises = 1.0, 0.0, []
    lines = [(gain, offset)]
    for own, shift, noise in steps[::-1]:
        noises.append(gain * noise)  # of the scale behind this step
        gain, offset = gain * own, gain * shift + offset
        lines.append((gain, offset))
    gains, offsets = np.array(lines[::-1], np.float32).T
    noise = float(np.median(noises)) if noises else FINEST
    return _settled(gains[:, None, None] * window + offsets[:, None, None]), max(noise, FINEST)


def off_scale(window: np.ndarray) -> np.ndarray:
    """Return (h, w) bool: pixels that are often beyond an end of the scale, and those beside them.

    Args:
        window: (T, h, w) places on the palette, each frame on its own scale.
    """
    beyond = (window < SCALE[0]) | (window > SCALE[1])
    return maximum_filter(beyond.mean(axis=0) > OFTEN, 3)


def _settled(window: np.ndarray) -> np.ndarray:
    """Return (T, h, w) *window*, each frame on the scale of the last, by way of their median.

    Args:
        window: (T, h, w), on one scale but for what errors of steps add up to.
    """
    seen = window[:, ::EVERY, ::EVERY].reshape(len(window), -1)
    middle = np.median(seen, axis=0)
    if middle.std() < FINEST:  # an even wall tells no scale
        return window
    level = middle - middle.mean()
    weights = np.ones_like(seen)
    for _ in range(ROUNDS):
        gains, offsets = _lines(level, seen, weights)
        apart = np.abs(seen - gains[:, None] * level - offsets[:, None])
        far = CLOSE * np.median(apart, axis=1, keepdims=True) + TINY
        weights = 1 / (1 + (apart / far) ** 2)
    gains, offsets = gains[:, None, None], offsets[:, None, None]
    return (window - offsets) * (gains[-1] / gains) + offsets[-1]


def _lines(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return gains and offsets (T,) of the lines y = gain x + offset of least weighted squares.

    Args:
        x: (P,).
        y: (T, P).
        weights: (T, P), above 0.
    """
    total = weights.sum(axis=1)
    mean, own = weights @ x / total, (weights * y).sum(axis=1) / total
    spread = weights @ (x * x) / total - mean**2
    gains = ((weights * y) @ x / total - mean * own) / np.maximum(spread, TINY)
    gains = np.clip(gains, *GAINS)
    return gains, own - gains * mean


def maps_of(window: np.ndarray, noise: float) -> np.ndarray:
    """Return (3, h, w) float32, in noises of the camera, of the last frame of *window*.

    How far it is from the background, which is the median of each pixel: a plume or a hand that
    passes does not sway it. Then how far the pixels went above that over the rows, and below it.

    Args:
        window: (T, h, w) on one scale.
        noise: Of the camera on this scale.
    """
    count, height, width = window.shape
    pixels = np.sort(window.reshape(count, -1).T, axis=1)
    low, middle, high = (pixels[:, int(count * share)] for share in ORDER)
    change, above, below = window[-1].ravel() - middle, high - middle, middle - low
    return (np.stack([change, above, below]) / noise).reshape(3, height, width).astype(np.float32)


def numbers_of(maps: np.ndarray) -> np.ndarray:
    """Return (..., WIDTH) float32 that describe *maps* (..., 3, h, w), see `maps_of`.

    Percentiles over the pixels of the change; of how far the pixels went above the background, and
    below it; and of the difference of the two, which tells a warm plume that comes and goes from a
    cold one. Then where that is, see `_gathered`. The percentiles by their inverse hyperbolic
    sine, which is the logarithm of what is large.
    """
    change, above, below = np.moveaxis(maps, -3, 0)
    found = [
        np.moveaxis(np.percentile(values, ends, axis=(-2, -1)), 0, -1)
        for values, ends in (
            (change, OVER),
            (above, SPREAD),
            (below, SPREAD),
            (above - below, OVER),
        )
    ]
    moving = (above - WENT, below - WENT, change - CAME, -change - CAME)
    places = [_gathered(np.maximum(one, 0)) for one in moving]
    numbers = np.concatenate([np.arcsinh(np.concatenate(found, axis=-1)), *places], axis=-1)
    return numbers.astype(np.float32)


def _gathered(weights: np.ndarray) -> np.ndarray:
    """Return (..., 4): how wide, how high and how slanted a patch is, and how much there is of it.

    Smoke rises and a spray goes aside, wherever in the frame they are. Lengths in widths of the
    frame; near 0 where there is hardly anything.

    Args:
        weights: (..., h, w), not negative.
    """
    height, width = weights.shape[-2:]
    grid = np.mgrid[:height, :width].reshape(2, -1) / width
    y, x = grid - grid.mean(axis=1, keepdims=True)
    flat = weights.reshape(*weights.shape[:-2], -1).astype(float)
    moments = flat @ np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=1) / flat.shape[-1]
    mean, of_x, of_y, *squares = np.moveaxis(moments, -1, 0)
    total = np.maximum(mean, TINY)
    spread = np.stack(squares) - np.stack([of_x * of_x, of_y * of_y, of_x * of_y]) / total
    wide, high, slant = spread / (mean + HARDLY)
    sides = np.sqrt(np.maximum([wide, high], 0))
    return np.stack([*sides, slant, np.log1p(mean)], axis=-1)
