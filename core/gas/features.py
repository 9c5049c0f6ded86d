"""Features of the rows of a recording by a CNN, kept by content.

Those of a whole recording are kept on disk, so that every network over the same features finds
them there; those of a few rows in memory, since a stream asks for the same rows again and again,
of a recording that grows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.data.dataset import digest
from core.errors import Cancelled
from core.gas.classifier import pieces
from core.gas.cnn import BATCH, Cnn, memory
from core.gas.looks import seen, steps_of
from core.gas.samples import Samples
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

    def of(self, samples: Samples, reporter: Reporter | None = None) -> Table:
        """Return the features of all rows that the windows of *samples* read.

        Raises:
            Cancelled: the reporter asked to stop.
        """
        windows = samples.windows(np.arange(len(samples)))
        rows, at = np.unique(windows, return_index=True)
        first = np.repeat(samples.first, samples.lookback)[at]
        if len(rows) <= FEW:
            return Table(rows, self._few(samples, rows, first))
        if self.cnn.view.modality == "sensors" and steps_of(self.cnn.config) > 1:
            return Table(rows, self._kept(samples, rows, first, reporter))
        # What is seen at a row does not depend on who asks: once for all rows.
        every = np.arange(len(samples.recording))
        return Table(None, self._kept(samples, every, every, reporter))

    def _kept(
        self, samples: Samples, rows: np.ndarray, first: np.ndarray, reporter: Reporter | None
    ) -> np.ndarray:
        """Return the features of *rows* (R,), (R, D), from disk where they are there."""
        recording = samples.recording
        camera = None if recording.frames is None else recording.frames.camera
        asked = np.r_[rows, first].tobytes().hex()
        key = digest([self.cnn.digest, recording.fingerprint, str(camera), asked])
        kept = memory("r").cache(_extracted, ignore=["cnn", "samples", "rows", "first", "reporter"])
        values = kept(key, self.cnn, samples, rows, first, reporter)
        memory().reduce_size(bytes_limit=STORED)
        return values

    def _few(self, samples: Samples, rows: np.ndarray, first: np.ndarray) -> np.ndarray:
        """Return the features of *rows*; those of the last time are still known."""
        cnn, keys = self.cnn, self._contents(samples, rows, first)
        known = {key: self._known[key] for key in keys if key in self._known}
        new = np.array([place for place, key in enumerate(keys) if key not in known], int)
        if len(new):
            values = cnn(seen(cnn.view, cnn.config, samples, rows[new], first[new]))
            known |= {keys[place]: value for place, value in zip(new, values, strict=True)}
        self._known = known
        return np.stack([known[key] for key in keys])

    def _contents(self, samples: Samples, rows: np.ndarray, first: np.ndarray) -> list[str]:
        """Return what tells apart what is seen at *rows*, without decoding frames."""
        cnn, frames = self.cnn, samples.recording.frames
        if cnn.view.modality == "camera" and frames is not None:
            crc = frames.store.survey["crc"]
            names = [frames.names[row] if frames.present[row] else "" for row in rows]
            return [f"{name} {crc.get(name)} {frames.camera}" for name in names]
        windows = seen(cnn.view, cnn.config, samples, rows, first)
        return [window.tobytes().hex() for window in windows]


def extract(
    cnn: Cnn, samples: Samples, rows: np.ndarray, first: np.ndarray, reporter: Reporter | None
) -> np.ndarray:
    """Return the features of *rows* (R,), (R, D) float32, piece by piece.

    Raises:
        Cancelled: the reporter asked to stop.
    """
    values = np.empty((len(rows), cnn.model.output_shape[-1]), np.float32)
    for piece in pieces(len(rows), 8 * BATCH):
        if reporter is not None:
            if reporter.cancelled():
                raise Cancelled("The training was stopped.")
            stage = f"features of the {cnn.view.modality}"
            reporter.report(Progress(0, 0, float(piece[0] / len(rows)), None, {}, stage))
        values[piece] = cnn(seen(cnn.view, cnn.config, samples, rows[piece], first[piece]))
    return values


def _extracted(
    key: str,
    cnn: Cnn,
    samples: Samples,
    rows: np.ndarray,
    first: np.ndarray,
    reporter: Reporter | None,
) -> np.ndarray:
    """Extract features; kept by *key*."""
    return extract(cnn, samples, rows, first, reporter)
