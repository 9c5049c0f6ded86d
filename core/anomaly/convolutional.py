"""Convolutional autoencoder: patterns in time without a memory cell.

Each layer looks at `kernel` neighbouring rows and halves the number of rows; a short code of
`latent` channels is left, from which the mirrored layers write the window again (Masci et al.
2011, "Stacked Convolutional Auto-Encoders for Hierarchical Feature Extraction", ICANN; here
along time, where theirs go over images).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.anomaly.network import Network
from core.recurrent import seeds_of


class ConvAutoencoder(Network):
    """A detector whose residual is the reading minus its reconstruction."""

    def build(self, channels: int, layer: type) -> Any:
        """Return the untrained network: (B, T, N) -> (B, T, N), for any T."""
        import keras
        from keras import layers

        config, seeds = self.config, seeds_of(self.config)
        inputs = keras.Input((config.lookback, channels))
        x, lengths = inputs, []
        for _ in range(config.layers + 1):
            lengths.append(x.shape[1])
            x = self._convolution(self._dropped(x, seeds), config.units, seeds, strides=2)
        x = self._convolution(x, config.latent, seeds, kernel=1, activation=None)  # the code
        for length in reversed(lengths):
            x = layers.UpSampling1D(2)(x)
            x = layers.Cropping1D((0, x.shape[1] - length))(x)  # an odd length was rounded up
            x = self._convolution(self._dropped(x, seeds), config.units, seeds)
        return keras.Model(inputs, self._convolution(x, channels, seeds, activation=None))

    def _convolution(
        self,
        x: Any,
        filters: int,
        seeds: Iterator[int],
        *,
        kernel: int | None = None,
        strides: int = 1,
        activation: str | None = "tanh",
    ) -> Any:
        from keras import initializers, layers

        return layers.Conv1D(
            filters,
            kernel or self.config.kernel,
            strides,
            padding="same",
            activation=activation,
            kernel_initializer=initializers.GlorotUniform(next(seeds)),
        )(x)

    def _dropped(self, x: Any, seeds: Iterator[int]) -> Any:
        from keras import layers

        share = self.config.dropout
        return layers.SpatialDropout1D(share, seed=next(seeds))(x) if share else x
