"""Composite LSTM: one code, from which past and future are written (Srivastava et al. 2015).

"Unsupervised Learning of Video Representations using LSTMs", ICML 2015, the composite model: a
code that only reconstructs keeps trivial detail, one that only predicts forgets the past; one that
has to do both is better than either. The decoders are unconditioned: they see the code alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from core.anomaly.network import Network
from core.recurrent import dense, seeds_of, stack

FUTURE = 4  # one row in so many of a window is not read but predicted


class LstmComposite(Network):
    """A detector whose residual is the reading minus what past and future say of it.

    Of a window of T rows the first P = T - F are read; they are reconstructed, and the last F,
    a quarter of the window, are predicted.
    """

    def build(self, channels: int, layer: type) -> Any:
        """Return the untrained network: (B, P, N) -> (B, T, N), in the order of time."""
        import keras
        from keras import layers, ops

        config, seeds = self.config, seeds_of(self.config)

        def decode(code: Any, steps: int) -> Any:
            x = layers.RepeatVector(steps)(code)
            return dense(channels, seeds)(stack(x, config, layer, seeds, last=True))

        inputs = keras.Input((config.lookback - self.future, channels))
        code = stack(inputs, config, layer, seeds, last=False)  # (B, units)
        past = decode(code, config.lookback - self.future)  # backwards, the last row first
        future = decode(code, self.future)
        return keras.Model(inputs, layers.Concatenate(axis=1)([ops.flip(past, axis=1), future]))

    @property
    def future(self) -> int:
        """F, rows at the end of a window that are predicted."""
        return max(1, self.config.lookback // FUTURE)

    def cut(self, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows that are read, (B, P, N), and the whole windows, (B, T, N)."""
        return windows[:, : -self.future], windows
