"""What moves in thermal frames, as a few numbers a row.

A camera paints each frame on a scale of its own. Two frames that follow one another show nearly the
same scene, so that the scale of one is found from the other: by the line through the pixels that
changed least, which takes neither frame as the exact one (reduced major axis: Isobe, Feigelson,
Akritas and Babu 1990, ApJ 364, section II). On one scale, whatever moves stands out from the median
of the last rows (background subtraction: Piccardi 2004, IEEE SMC), and how much it does is counted
in the noise of the camera, which is the same in front of every scene. Scenes themselves leave no
trace in these numbers: a wall that was never seen before reads like those that were.
"""

from __future__ import annotations

from itertools import pairwise
from threading import Lock

import numpy as np
from scipy.ndimage import uniform_filter

from core.data.dataset import digest
from core.gas.classifier import pieces
from core.gas.looks import no_frames
from core.gas.samples import Samples
from core.gas.scenes import contents, places

BEHIND = 60  # rows up to the present one that are looked at together
SIZE = 48  # pixels along an edge: a plume has several
SMOOTH = 3  # pixels that are averaged along an edge: less noise, and a plume is wider
TRIMMED, ROUNDS = 0.6, 4  # share of the pixels that decide a scale, and how often they are chosen
WITHIN = 0.01, 0.99  # places on the palette that are no end of it, where the scale is cut off
GAINS = 0.2, 5.0  # of one frame's scale against the next: beyond that it is no scale
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

    def _piece(
        self, samples: Samples, rows: np.ndarray, first: np.ndarray, taken: np.ndarray
    ) -> None:
        """Write the numbers of *rows* into *taken*."""
        frames = samples.recording.frames
        assert frames is not None
        start = np.maximum(first, rows - BEHIND + 1)
        every = np.arange(start.min(), rows.max() + 1)
        names, low = contents(samples, every), int(every[0])
        missing, windows = [], []
        for a, b in zip(start, rows, strict=True):
            shown = np.arange(a, b + 1)[frames.present[a : b + 1]]
            windows.append((shown, digest(names[row - low] for row in shown)))
            if windows[-1][1] not in self._rows:
                missing.append(shown)
        if missing:
            self._see(samples, np.unique(np.concatenate(missing)), names, low)
        for place, (shown, key) in enumerate(windows):
            if len(shown) and key not in self._rows:
                self._rows[key] = self._numbers([names[row - low] for row in shown])
            if len(shown):
                taken[place] = self._rows[key]

    def _see(self, samples: Samples, rows: np.ndarray, names: list[str], low: int) -> None:
        """Decode the frames of *rows* that are not known; forget those of other rows."""
        frames = samples.recording.frames
        assert frames is not None
        keys = [names[row - low] for row in rows]
        self._frames = {key: self._frames[key] for key in keys if key in self._frames}
        new = np.array([key not in self._frames for key in keys], bool)
        if new.any():
            seen = places(frames.take(rows[new], SIZE), frames.camera.palette)
            seen = uniform_filter(seen, (0, SMOOTH, SMOOTH), mode="nearest")
            keys = [key for key, one in zip(keys, new, strict=True) if one]
            self._frames |= dict(zip(keys, seen, strict=True))
        held = self._frames
        self._steps = {
            pair: step for pair, step in self._steps.items() if pair[0] in held and pair[1] in held
        }

    def _numbers(self, keys: list[str]) -> np.ndarray:
        """Return (WIDTH,) of the window of frames *keys*, the last one of which is described."""
        window = np.stack([self._frames[key] for key in keys])
        steps = np.array([self._step(*pair) for pair in pairwise(keys)])
        return numbers_of(*on_one_scale(window, steps.reshape(-1, 3)))

    def _step(self, before: str, after: str) -> np.ndarray:
        if (before, after) not in self._steps:
            self._steps[before, after] = step(self._frames[before], self._frames[after])
        return self._steps[before, after]


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
    return gains[:, None, None] * window + offsets[:, None, None], max(noise, FINEST)


def numbers_of(window: np.ndarray, noise: float) -> np.ndarray:
    """Return (WIDTH,) float32 that describe the last frame of *window* against those before it.

    The median of each pixel is the background: a plume or a hand that passes does not sway it.
    Percentiles over the pixels of how far the last frame is from it; of how far the pixels went
    above it, and below it; and of the difference of the two, which tells a warm plume that comes
    and goes from a cold one. Then where that is, see `_gathered`. In noises of the camera; the
    percentiles by their inverse hyperbolic sine, which is the logarithm of what is large.

    Args:
        window: (T, h, w) on one scale.
        noise: Of the camera on this scale.
    """
    count, height, width = window.shape
    pixels = np.sort(window.reshape(count, -1).T, axis=1)
    low, middle, high = (pixels[:, int(count * share)] for share in ORDER)
    change = (window[-1].ravel() - middle) / noise
    above, below = (high - middle) / noise, (middle - low) / noise
    found = [
        np.percentile(values, ends)
        for values, ends in (
            (change, OVER),
            (above, SPREAD),
            (below, SPREAD),
            (above - below, OVER),
        )
    ]
    moving = (above - WENT, below - WENT, change - CAME, -change - CAME)
    places = [_gathered(np.maximum(one, 0).reshape(height, width)) for one in moving]
    return np.concatenate([np.arcsinh(np.concatenate(found)), *places]).astype(np.float32)


def _gathered(weights: np.ndarray) -> np.ndarray:
    """Return (4,): how wide, how high and how slanted a patch is, and how much there is of it.

    Smoke rises and a spray goes aside, wherever in the frame they are. Lengths in widths of the
    frame; near 0 where there is hardly anything.

    Args:
        weights: (h, w), not negative.
    """
    height, width = weights.shape
    y, x = np.mgrid[:height, :width] / width
    total = weights.sum()
    mean = total / weights.size
    if not total:
        return np.zeros(4)
    x, y = x - (weights * x).sum() / total, y - (weights * y).sum() / total
    spread = np.array([(weights * part).mean() for part in (x * x, y * y, x * y)])
    spread /= mean + HARDLY
    return np.array([np.sqrt(spread[0]), np.sqrt(spread[1]), spread[2], np.log1p(mean)])
