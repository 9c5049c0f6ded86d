"""Trend and remainder of every window, each with a linear map of its own.

Zeng, Chen, Zhang and Xu 2023, "Are transformers effective for time series forecasting?", AAAI.
"""

from __future__ import annotations

from typing import Any

from core.forecast.network import Network, Shape

KERNEL = 25  # rows of the moving average (the authors' code)


class DLinear(Network):
    """Decomposition and two linear maps that all nodes share: (B, T, N, F) -> (B, H, M)."""

    loss = "mse"

    def build(self, shape: Shape) -> Any:
        """Return the untrained model."""
        import keras
        from keras import layers, ops

        past = keras.Input((shape.lookback, shape.nodes, shape.features), name="past")
        inputs = [past, keras.Input((2,), dtype="int32", name="when")]
        if shape.ahead:
            inputs.append(keras.Input((shape.horizon, shape.ahead), name="future"))
        course = ops.take(past[..., 0], list(shape.targets), axis=2)
        kernel = min(KERNEL, 2 * shape.lookback - 1)
        front, back = (kernel - 1) // 2, kernel // 2
        padded = ops.concatenate(
            [ops.repeat(course[:, :1], front, 1), course, ops.repeat(course[:, -1:], back, 1)], 1
        )
        trend = layers.AveragePooling1D(kernel, strides=1)(padded)
        parts = [ops.transpose(part, (0, 2, 1)) for part in (course - trend, trend)]
        start = keras.initializers.Constant(1 / shape.lookback)  # the authors' code: the mean
        said = [layers.Dense(shape.horizon, kernel_initializer=start)(part) for part in parts]
        return keras.Model(inputs, ops.transpose(said[0] + said[1], (0, 2, 1)))
