"""The discrete wavelet and cosine transforms as Keras layers that let gradients through.

Both are linear, so that a transform is the matrix that it turns the identity into: as exact as the
library that makes the matrix, and differentiable like any other product.
"""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import numpy as np
import pywt
from scipy import fft

from core.backend import tensorflow
from core.errors import ConfigError


def wavelet_matrix(
    size: int, wavelet: str, level: int, kept: int | None = None, mode: str = "symmetric"
) -> np.ndarray:
    """Return the matrix of `pywt.wavedec` over the last axis: x @ matrix are the coefficients.

    Mallat 1989, "A theory for multiresolution signal decomposition", IEEE TPAMI 11(7).

    Args:
        size: D, length of the signal.
        wavelet: Name of a discrete wavelet, such as "db1" (Haar).
        level: How often the signal is halved.
        kept: How many coefficients are kept, from coarse to fine (approximation first, then the
            details of the last level and so on); None keeps the approximation.
        mode: How pywt goes on beyond the ends.

    Returns:
        (D, K) float32.

    Raises:
        ConfigError: there is no such wavelet, or the signal cannot be halved that often.
    """
    if wavelet not in pywt.wavelist(kind="discrete"):
        raise ConfigError(
            f"There is no discrete wavelet {wavelet!r}.", "Choose db1 to db38, sym2 to sym20, ..."
        )
    most = pywt.dwt_max_level(size, wavelet)
    if level > max(1, most):
        raise ConfigError(
            f"{size} features cannot be halved {level} times with the wavelet {wavelet}.",
            f"Set the level to {max(1, most)} or less.",
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # one halving of a short signal is allowed
        bands = pywt.wavedec(np.eye(size), wavelet, mode=mode, level=level, axis=-1)
    matrix = bands[0] if kept is None else np.concatenate(bands, axis=-1)[:, :kept]
    return matrix.astype(np.float32)


def cosine_matrix(size: int, kept: int | None = None) -> np.ndarray:
    """Return the matrix of the first coefficients of `scipy.fft.dct` (type 2, orthonormal).

    Ahmed, Natarajan and Rao 1974, "Discrete cosine transform", IEEE Transactions on Computers.

    Args:
        size: D, length of the signal.
        kept: K, how many coefficients are kept, the slowest first; None keeps all.

    Returns:
        (D, K) float32.
    """
    return fft.dct(np.eye(size), type=2, norm="ortho", axis=-1)[:, :kept].astype(np.float32)


@cache
def classes() -> dict[str, type]:
    """Return the layers by name; made once, since Keras is imported here and not before."""
    tensorflow()
    import keras

    class Transform(keras.layers.Layer):
        """A fixed linear map of the last axis: (B, ..., D) -> (B, ..., K)."""

        def matrix_of(self, size: int) -> np.ndarray:
            """Return (D, K) float32."""
            raise NotImplementedError

        def build(self, shape: Any) -> None:
            self.matrix = keras.ops.convert_to_tensor(self.matrix_of(int(shape[-1])))

        def call(self, signal: Any) -> Any:
            return keras.ops.matmul(signal, self.matrix)

        def compute_output_shape(self, shape: Any) -> Any:
            return (*shape[:-1], self.matrix_of(int(shape[-1])).shape[1])

    @keras.saving.register_keras_serializable("fusionscope")
    class Wavelet(Transform):
        """The discrete wavelet transform, see `wavelet_matrix`."""

        def __init__(
            self,
            wavelet: str = "db1",
            level: int = 1,
            kept: int | None = None,
            mode: str = "symmetric",
            **more: Any,
        ) -> None:
            super().__init__(**more)
            self.wavelet, self.level, self.kept, self.mode = wavelet, level, kept, mode

        def matrix_of(self, size: int) -> np.ndarray:
            return wavelet_matrix(size, self.wavelet, self.level, self.kept, self.mode)

        def get_config(self) -> dict[str, Any]:
            own = {"wavelet": self.wavelet, "level": self.level, "kept": self.kept}
            return super().get_config() | own | {"mode": self.mode}

    @keras.saving.register_keras_serializable("fusionscope")
    class Cosine(Transform):
        """The discrete cosine transform, see `cosine_matrix`."""

        def __init__(self, kept: int | None = None, **more: Any) -> None:
            super().__init__(**more)
            self.kept = kept

        def matrix_of(self, size: int) -> np.ndarray:
            return cosine_matrix(size, self.kept)

        def get_config(self) -> dict[str, Any]:
            return super().get_config() | {"kept": self.kept}

    return {"Wavelet": Wavelet, "Cosine": Cosine}
