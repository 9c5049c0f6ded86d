"""LSTM predictor: what the rows before did not announce is not normal (Hundman et al. 2018).

"Detecting Spacecraft Anomalies Using LSTMs and Nonparametric Dynamic Thresholding", KDD 2018,
section 3.1: an LSTM reads the rows before and says the next reading; the error is the residual.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from core.anomaly.network import Network
from core.anomaly.windowing import prediction_residuals
from core.recurrent import dense, seeds_of, stack


class LstmPredictor(Network):
    """A detector whose residual is the reading minus what was expected for it.

    Of a window of T rows the first T - 1 are read and the last is expected.
    """

    def build(self, channels: int, layer: type) -> Any:
        """Return the untrained network: (B, T - 1, N) -> (B, N)."""
        import keras

        seeds = seeds_of(self.config)
        inputs = keras.Input((self.config.lookback - 1, channels))
        code = stack(inputs, self.config, layer, seeds, last=False)  # (B, units)
        return keras.Model(inputs, dense(channels, seeds)(code))

    def cut(self, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows before, (B, T - 1, N), and the last row, (B, N)."""
        return windows[:, :-1], windows[:, -1]

    def residuals(self, values: np.ndarray, segments: list[slice]) -> np.ndarray:
        """Return (rows, N) float32 residuals of scaled *values*."""
        return prediction_residuals(values, segments, self.config.lookback - 1, self.answer())
