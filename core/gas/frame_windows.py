"""What moved in the frames over the last rows, seen by trees and a linear model.

A plume is told by how it moves, over many frames, more than by any one of them. The numbers of
`core.gas.motion` are read as if they were sensors, over windows of the same lengths.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.gas.classifier import Answer, Training, answer_of
from core.gas.features import read_by
from core.gas.looks import no_frames
from core.gas.motion import SIZE, Motion
from core.gas.samples import Samples
from core.gas.windows import LONGEST, Windows, of_lengths
from core.task import Reporter

PATCHES = 8, 6  # down and across, that are hidden one after another to explain a decision
MOTION = Motion()  # of all models: to look at frames takes longer than to learn from them


class FrameWindows(Windows):
    """Trees and a multinomial regression on what moved in the frames."""

    def reading(self, samples: Samples) -> Callable[[np.ndarray], np.ndarray]:
        """Return what gives (B, T, WIDTH): what moved at the rows of each window."""
        rows, first = read_by(samples, LONGEST)
        moved = MOTION.of(samples, rows, first)
        return lambda indices: moved[np.searchsorted(rows, samples.windows(indices, LONGEST))]

    def fit(
        self, training: Training, reporter: Reporter | None, checkpoint: Path | None
    ) -> list[dict[str, float]]:
        """Grow the trees, solve the regression, on the rows that have a frame.

        Raises:
            DataError: there is no camera.
        """
        train = training.train
        shown = train.present(slice(None))[:, 1] > 0
        if not shown.any():
            raise no_frames(train)
        train = replace(train, rows=train.rows[shown], first=train.first[shown])
        return super().fit(replace(training, train=train), reporter, checkpoint)

    def predict(self, samples: Samples) -> Answer:
        """Return the mean of both; where there is no frame, no class is likelier than another."""
        shown = samples.present(slice(None))[:, 1] > 0
        if not shown.any():
            classes = self.arrays["weights"].shape[1]
            return answer_of(np.full((len(samples), classes), 1 / classes))
        gas = super().predict(samples).gas
        return answer_of(np.where(shown[:, None], gas, 1 / gas.shape[1]))

    def without(self, samples: Samples) -> np.ndarray:
        """Return (8, 6, C): what is said of a single decision while a patch of all frames is still.

        Args:
            samples: One decision whose row has a frame.
        """
        rows, first = read_by(samples, LONGEST)
        moved = MOTION.without(samples, rows, first, _patches())
        window = np.searchsorted(rows, samples.windows(slice(None), LONGEST)[0])
        return self._asked(of_lengths(moved[:, window])).reshape(*PATCHES, -1)


def _patches() -> np.ndarray:
    """Return (48, SIZE, SIZE) bool: one patch after another, from the upper left."""
    down, across = (np.arange(SIZE) * count // SIZE for count in PATCHES)
    number = down[:, None] * PATCHES[1] + across
    return number == np.arange(np.prod(PATCHES))[:, None, None]
