"""Variational LSTM autoencoder: a code with room around it (Park et al. 2018).

"A Multimodal Anomaly Detector for Robot-Assisted Feeding Using an LSTM-Based Variational
Autoencoder", IEEE Robotics and Automation Letters: the LSTM encoder says mean and variance of the
code, the decoder writes the window from a code drawn there, and a divergence keeps the codes of
normal windows close together (Kingma and Welling 2014, "Auto-Encoding Variational Bayes", ICLR).

Simpler than Park et al.: a window has one code, as in the LSTM autoencoder, with one prior; the
error is squared, so that the decoder's variance is the same everywhere.
"""

from __future__ import annotations

from typing import Any

from core.anomaly.autoencoder import LstmAutoencoder
from core.recurrent import dense, seeds_of, stack


class LstmVae(LstmAutoencoder):
    """A detector whose residual is the reading minus its reconstruction from the mean code."""

    def build(self, channels: int, layer: type) -> Any:
        """Return the untrained network: (B, T, N) -> (B, T, N), the window backwards."""
        import keras
        from keras import layers, ops

        config, seeds = self.config, seeds_of(self.config)
        inputs = keras.Input((config.lookback, channels))
        x = stack(inputs, config, layer, seeds, last=False)  # (B, units)
        code = dense(2 * config.latent, seeds, name="code")(x)
        mean, log_variance = ops.split(code, 2, axis=-1)
        # Noise of variance 1 in training, none in scoring: z = mean + deviation x noise.
        noise = layers.GaussianNoise(1.0, seed=next(seeds))(ops.zeros_like(mean))
        x = layers.RepeatVector(config.lookback)(mean + ops.exp(log_variance / 2) * noise)
        x = stack(x, config, layer, seeds, last=True)
        return keras.Model(inputs, dense(channels, seeds)(x))

    def loss(self, model: Any) -> str:
        """Add the divergence to the squared error, both per reading of a window."""
        readings = model.output_shape[1] * model.output_shape[2]
        weight = self.config.kl_weight / readings
        # Keras divides what a regularizer returns by the size of the batch.
        model.get_layer("code").activity_regularizer = lambda code: weight * divergence(code)
        return super().loss(model)


def divergence(code: Any) -> Any:
    """Return KL(N(mean, variance) || N(0, 1)) of (B, 2 L) codes, summed over all, in nats.

    Kingma and Welling 2014, appendix B.
    """
    from keras import ops

    mean, log_variance = ops.split(code, 2, axis=-1)
    return ops.sum(ops.exp(log_variance) + ops.square(mean) - 1 - log_variance) / 2
