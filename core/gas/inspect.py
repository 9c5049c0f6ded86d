"""Look at every frame of a recording: which cannot be decoded, and which repeat others.

And at the colours of some, whether they are those of the palette that frames are read by.

Copies matter: where they lie in training and test rows alike, a model is asked what it was told;
where one picture stands in two classes, its label is wrong in one of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

from core.data.dataset import Finding, Severity
from core.data.rows import plural, spans
from core.errors import UnreadableFile
from core.gas.camera import STOPS, strangeness
from core.gas.frames import Frames
from core.gas.keep import keeper
from core.gas.recording import GasRecording
from core.settings import settings

SIDE, KEPT = 32, 8  # pixels a side that are transformed, and coefficients a side that are kept
NEAR = 2  # bits of 63 in which near copies differ at most
CHUNK = 64
LOOKED = 24  # frames whose colours are held against the palette
STRANGE = 12.0  # of 255: as far as the colours of a palette lie from those of no other
MISSING, BROKEN = -1, -2  # instead of a checksum

Told = Callable[[float], None]


def inspect(recording: GasRecording, progress: Told | None = None) -> list[Finding]:
    """Return findings on the frames that need decoding; kept by content for the next time.

    Args:
        recording: With or without frames.
        progress: Told the finished share, 0 to 1.
    """
    frames = recording.frames
    if frames is None:
        return []
    kept = keeper("hashes")
    hashed = kept.cache(hashes, ignore=["frames", "progress"])
    exact, alike = hashed(frames, frames.digest, frames.camera, progress)
    readable = np.flatnonzero(exact >= 0)
    apart = kept.cache(apart_from_palette, ignore=["frames"])
    strange = apart(frames, frames.digest, frames.camera, readable)
    return [
        *_unreadable(exact),
        *_colours(frames, readable, strange),
        *_copies(recording, exact, alike),
    ]


def hashes(
    frames: Frames, digest: str, camera: object, progress: Told | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return a checksum and a perceptual hash of each row's scene.

    The latter is a DCT hash (Zauner, Implementation and Benchmarking of Perceptual Image Hash
    Functions, 2010, section 3.2.1): the lowest 8 x 8 cosine coefficients of the scene, 32 x 32 in
    grey, each above or below their median; the mean of the scene does not count.

    Args:
        frames: The frames; cropped before anything else.
        digest: Their hash, for the cache.
        camera: Their camera, for the cache.
        progress: Told the finished share.

    Returns:
        exact: (rows,) int64; -1 where the frame is missing, -2 where it cannot be decoded.
        alike: (rows,) uint64.
    """
    rows = np.flatnonzero(frames.present)
    exact = np.full(len(frames.names), MISSING, np.int64)
    small = np.zeros((len(frames.names), SIDE, SIDE))

    def look(row: int) -> None:
        try:
            scene = frames.scene(row)
        except UnreadableFile:
            exact[row] = BROKEN
            return
        exact[row] = _checksum(scene)
        small[row] = np.asarray(scene.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX))

    with ThreadPoolExecutor(settings().threads) as pool:
        for start in range(0, len(rows), CHUNK):
            list(pool.map(look, rows[start : start + CHUNK].tolist()))
            if progress is not None:
                progress(min(1.0, (start + CHUNK) / len(rows)))
    return exact, _hashed(small)


def _checksum(scene: Image.Image) -> int:
    """Return a number from 0 that two scenes share only when they are equal to the pixel."""
    return int.from_bytes(hashlib.blake2b(scene.tobytes(), digest_size=7).digest())


def _hashed(small: np.ndarray) -> np.ndarray:
    """Return (rows,) uint64: the signs of the lowest coefficients of (rows, 32, 32)."""
    from scipy.fft import dctn

    low = dctn(small, axes=(1, 2))[:, :KEPT, :KEPT].reshape(len(small), -1)[:, 1:]
    bits = low > np.median(low, axis=1, keepdims=True)
    return np.packbits(bits, axis=1).view(">u8").ravel().astype(np.uint64)


def _unreadable(exact: np.ndarray) -> Iterator[Finding]:
    rows = exact == BROKEN
    if rows.any():
        yield Finding(
            what=f"{plural(int(rows.sum()), 'frame')} cannot be decoded, though the files look "
            "whole.",
            rows=spans(rows),
            count=int(rows.sum()),
            action="Take them out of the folder: no model can be trained on them.",
            severity="error",
        )


def apart_from_palette(frames: Frames, digest: str, camera: object, rows: np.ndarray) -> float:
    """Return how far the colours of some frames lie from their palette: median, of 255.

    Args:
        frames: The frames; cropped before anything else.
        digest: Their hash, for the cache.
        camera: Their camera, for the cache.
        rows: (R,) rows that can be decoded; 0 where there are none.
    """
    if not len(rows):
        return 0.0
    found = []
    for row in rows[np.linspace(0, len(rows) - 1, min(LOOKED, len(rows))).astype(int)]:
        scene = frames.scene(int(row)).convert("RGB")
        small = scene.resize((SIDE, SIDE), Image.Resampling.NEAREST)  # it mixes no colours
        found.append(strangeness(np.asarray(small), frames.camera.palette))
    return float(np.median(found))


def _colours(frames: Frames, rows: np.ndarray, strange: float) -> Iterator[Finding]:
    """Say when *rows* were painted with another palette than the one that they are read by."""
    if strange > STRANGE:
        palette = frames.camera.palette
        others = ", ".join(name for name in STOPS if name != palette)
        marked = np.zeros(len(frames.names), bool)
        marked[rows] = True
        yield Finding(
            what=f"The frames are hardly painted with the palette {palette}: their colours lie "
            f"{strange:.0f} of 255 steps from it.",
            rows=spans(marked),
            count=len(rows),
            action="Kept; temperatures, and what models make of them, are wrong. Export frames in "
            f"another palette ({others}), or name theirs under Camera.",
            severity="warning",
        )


def _copies(recording: GasRecording, exact: np.ndarray, alike: np.ndarray) -> Iterator[Finding]:
    """Say which rows repeat another row's scene, to the pixel or nearly, and of which class."""
    there = np.flatnonzero(exact >= 0)
    codes = recording.codes[there]
    same, near = _twins(exact[there], alike[there], codes)
    elsewhere = "Kept; by the camera alone such rows cannot be told apart."
    inside = "Kept; a random split puts copies into training and test alike."
    kinds: tuple[tuple[np.ndarray, str, str, Severity], ...] = (
        (same[0], "repeat another of their class to the pixel", inside, "info"),
        (same[1], "repeat one of another class to the pixel", elsewhere, "warning"),
        (near[0] & ~same[0], "are nearly the same as another of their class", inside, "info"),
        (near[1] & ~same[1], "are nearly the same as one of another class", elsewhere, "warning"),
    )
    for where, what, action, severity in kinds:
        if where.any():  # two at least
            rows = np.zeros(len(exact), bool)
            rows[there[where]] = True
            yield Finding(
                what=f"{int(where.sum()):,} frames {what}.",
                rows=spans(rows),
                count=int(where.sum()),
                action=action,
                severity=severity,
            )


def _twins(
    exact: np.ndarray, alike: np.ndarray, codes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return two (2, rows) bool: has an exact, has a near copy in its own and in another class."""
    same, near = np.zeros((2, len(exact)), bool), np.zeros((2, len(exact)), bool)
    for start in range(0, len(exact), CHUNK):
        part = slice(start, start + CHUNK)
        equal = exact[part, None] == exact
        close = np.bitwise_count(alike[part, None] ^ alike) <= NEAR
        equal[np.arange(len(equal)), np.arange(start, start + len(equal))] = False
        close[np.arange(len(equal)), np.arange(start, start + len(equal))] = False
        own = codes[part, None] == codes
        for found, into in ((equal, same), (close, near)):
            into[0, part], into[1, part] = (found & own).any(axis=1), (found & ~own).any(axis=1)
    return same, near
