"""Features of the rows of a recording by a CNN, kept by content.

Those of a whole recording are kept on disk, so that every network over the same features finds
them there; those of a few rows in memory, since a stream asks for the same rows again and again,
of a recording that grows.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.artifacts import storing
from core.data.dataset import digest
from core.errors import Cancelled
from core.gas.classifier import pieces
from core.gas.cnn import Cnn
from core.gas.looks import PIECE, alone, seen
from core.gas.samples import Samples
from core.gas.scenes import BEHIND, Scenes, contents
from core.settings import settings
from core.task import Progress, Reporter

STORED = 1 << 32  # bytes that are kept on disk; what was not used for longest goes first
FEW = 512  # rows whose features are computed without those of all rows


@dataclass(frozen=True)
class Table:
    """Features of some rows of a recording.

    Attributes:
        rows: (R,) sorted row numbers; None for all rows.
        values: (R, D) float32.
    """

    rows: np.ndarray | None
    values: np.ndarray

    def take(self, rows: np.ndarray) -> np.ndarray:
        """Return (..., D) of *rows* (...)."""
        return self.values[rows if self.rows is None else np.searchsorted(self.rows, rows)]


class Features:
    """Takes features by a CNN."""

    def __init__(self, cnn: Cnn) -> None:
        self.cnn = cnn
        self._known: dict[str, np.ndarray] = {}
        self._scenes = Scenes()

    def of(self, samples: Samples, reporter: Reporter | None = None) -> Table:
        """Return the features of all rows that the windows of *samples* read.

        Raises:
            Cancelled: the reporter asked to stop.
        """
        if len(samples) > FEW and alone(self.cnn.view, self.cnn.config):
            # What is seen at a row does not depend on who asks: once for all rows.
            every = np.arange(len(samples.recording))
            return Table(None, self._kept(samples, every, every, reporter))
        rows, first = read_by(samples)
        if len(rows) > FEW:
            return Table(rows, self._kept(samples, rows, first, reporter))
        return Table(rows, self._few(samples, rows, first))

    def _kept(
        self, samples: Samples, rows: np.ndarray, first: np.ndarray, reporter: Reporter | None
    ) -> np.ndarray:
        """Return the features of *rows* (R,), (R, D), on disk."""
        recording = samples.recording
        camera = None if recording.frames is None else recording.frames.camera
        asked = np.r_[rows, first].tobytes().hex()
        content = recording.fingerprint
        if self.cnn.view.modality == "camera" and recording.frames is not None:
            content = recording.frames.digest  # whatever the sensors read
        key = digest([self.cnn.digest, content, str(camera), asked])
        path = settings().home / "cache" / "features" / f"{key}.npy"
        if path.is_file():
            path.touch()
            return np.load(path, mmap_mode="r")
        draft = path.with_suffix(f".{os.getpid()}")
        with storing("the features"):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                shape = len(rows), self.cnn.model.output_shape[-1]
                values = np.lib.format.open_memmap(draft, "w+", np.float32, shape)
                extract(self.cnn, samples, rows, first, values, reporter)
                values.flush()
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)
        _forget(path.parent)
        return np.load(path, mmap_mode="r")

    def _few(self, samples: Samples, rows: np.ndarray, first: np.ndarray) -> np.ndarray:
        """Return the features of *rows*; those of the last time are still known."""
        cnn, keys = self.cnn, self._contents(samples, rows, first)
        known = {key: self._known[key] for key in keys if key in self._known}
        new = np.array([place for place, key in enumerate(keys) if key not in known], int)
        if len(new):
            view, config = cnn.view, cnn.config
            values = cnn(seen(view, config, samples, rows[new], first[new], self._scenes))
            known |= {keys[place]: value for place, value in zip(new, values, strict=True)}
        self._known = known
        return np.stack([known[key] for key in keys])

    def _contents(self, samples: Samples, rows: np.ndarray, first: np.ndarray) -> list[str]:
        """Return what tells apart what is seen at *rows*, without decoding frames."""
        view, config = self.cnn.view, self.cnn.config
        if view.modality == "sensors":
            windows = seen(view, config, samples, rows, first)
            return [window.tobytes().hex() for window in windows]
        start = rows if alone(view, config) else np.maximum(first, rows - BEHIND + 1)
        every = np.arange(start.min(), rows.max() + 1)
        named = contents(samples, every)
        low = int(every[0])
        return [" ".join(named[a - low : b - low + 1]) for a, b in zip(start, rows, strict=True)]


def extract(
    cnn: Cnn,
    samples: Samples,
    rows: np.ndarray,
    first: np.ndarray,
    values: np.ndarray,
    reporter: Reporter | None = None,
) -> None:
    """Write the features of *rows* (R,) into *values* (R, D), piece by piece.

    Raises:
        Cancelled: the reporter asked to stop.
    """
    scenes = Scenes()
    for piece in pieces(len(rows), PIECE):
        if reporter is not None:
            if reporter.cancelled():
                raise Cancelled("The training was stopped.", "Train again to take it up here.")
            stage = f"features of the {cnn.view.modality}"
            reporter.report(Progress(0, 0, float(piece[0] / len(rows)), None, {}, stage))
        images = seen(cnn.view, cnn.config, samples, rows[piece], first[piece], scenes)
        values[piece] = cnn(images)


def read_by(samples: Samples, lookback: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows that the windows of *samples* read, and the earliest that each may read.

    Args:
        samples: Decisions.
        lookback: Rows of a window; as the samples say when None.
    """
    first = np.full(len(samples.recording), -1)
    for piece in pieces(len(samples), 8 * FEW):
        first[samples.windows(piece, lookback)] = samples.first[piece, None]
    rows = np.flatnonzero(first >= 0)
    return rows, first[rows]


def _forget(folder: Path) -> None:
    """Delete what was not used for longest, beyond what may be kept."""
    used = sorted(folder.glob("*.npy"), key=lambda path: -path.stat().st_mtime)
    sizes = np.cumsum([path.stat().st_size for path in used])
    for path, size in zip(used[1:], sizes[1:], strict=True):
        if size > STORED:
            path.unlink(missing_ok=True)
