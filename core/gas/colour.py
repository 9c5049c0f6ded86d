"""A baseline that sees colours and no shapes: what leads on it leaks through the palette."""

from __future__ import annotations

import numpy as np

from core.gas.classifier import pieces
from core.gas.forests import Forest
from core.gas.looks import no_frames
from core.gas.samples import Samples

SIZE = 32  # pixels along an edge: a mean needs no more
CHUNK = 256  # frames that are read at once: bounds the memory


class MeanColour(Forest):
    """A random forest on the mean red, green and blue of the cropped frame."""

    def features(self, samples: Samples, indices: np.ndarray) -> np.ndarray:
        """Return (B, 3) float32.

        Raises:
            DataError: there is no camera.
        """
        if samples.recording.frames is None:
            raise no_frames(samples)
        parts = [indices[part] for part in pieces(len(indices), CHUNK)]
        return np.concatenate(
            [samples.frames(part, SIZE).mean(axis=(1, 2), dtype=np.float32) for part in parts]
        )
