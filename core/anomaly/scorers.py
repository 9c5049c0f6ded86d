"""The scorers: what each channel adds to the score of a row, and how these are joined.

Each learns from the residuals of the training rows alone. What a channel adds is never below 0,
so that an event's channels can be ranked whatever the scorer is.
"""

from __future__ import annotations

from typing import ClassVar, Protocol

import numpy as np
from scipy import special

TINY = np.finfo(np.float32).tiny
LEAST = 1e-4  # standard deviation of a channel that the detector knows by heart


class Scorer(Protocol):
    """From residuals to scores.

    Attributes:
        label: Its name on the screen.
        learns: Whether it has to see training residuals.
        reach: Rows before a row that its contributions depend on.
    """

    label: ClassVar[str]
    learns: ClassVar[bool]
    reach: ClassVar[int]

    def fit(self, training: np.ndarray) -> None:
        """Learn from residuals of the training rows, (rows, N)."""

    def contributions(self, residuals: np.ndarray) -> np.ndarray:
        """(rows, N) residuals of rows that follow one another -> (rows, N), none below 0."""
        ...

    def join(self, contributions: np.ndarray) -> np.ndarray:
        """(rows, N) -> (rows,) scores."""
        ...


class MeanSquare:
    """The mean of the squared residuals over the channels."""

    label: ClassVar[str] = "Mean square"
    learns: ClassVar[bool] = False
    reach: ClassVar[int] = 0

    def fit(self, training: np.ndarray) -> None:
        """Nothing to learn."""

    def contributions(self, residuals: np.ndarray) -> np.ndarray:
        """Return the squares, over N."""
        return np.square(residuals) / np.float32(residuals.shape[1])

    def join(self, contributions: np.ndarray) -> np.ndarray:
        """Return the sum."""
        return contributions.sum(axis=1)


class Largest(MeanSquare):
    """The largest absolute residual of any channel."""

    label: ClassVar[str] = "Largest channel"

    def contributions(self, residuals: np.ndarray) -> np.ndarray:
        """Return the absolute residuals."""
        return np.abs(residuals)

    def join(self, contributions: np.ndarray) -> np.ndarray:
        """Return the largest."""
        return contributions.max(axis=1)


class Mahalanobis(MeanSquare):
    """The Mahalanobis distance of the residuals from those in training, squared, over N.

    Malhotra et al. 2016 score an encoder-decoder so. Residuals are whitened by the symmetric root
    of the inverse covariance, whose entries still belong to one channel each (Kessy et al. 2018,
    "Optimal whitening and decorrelation").
    """

    label: ClassVar[str] = "Mahalanobis"
    learns: ClassVar[bool] = True

    def fit(self, training: np.ndarray) -> None:
        """Learn mean and covariance; directions that hardly vary count as if they did a little."""
        values = training.astype(np.float64)
        self.center = values.mean(axis=0)
        covariance = np.atleast_2d(np.cov(values, rowvar=False, ddof=0))
        powers, vectors = np.linalg.eigh(covariance)
        powers = np.maximum(powers, max(1e-3 * powers[-1], LEAST**2))
        self.whitening = (vectors / np.sqrt(powers)) @ vectors.T

    def contributions(self, residuals: np.ndarray) -> np.ndarray:
        """Return the squares of the whitened residuals, over N."""
        white = (residuals - self.center) @ self.whitening
        return np.square(white, out=white) / residuals.shape[1]


class Rolling(MeanSquare):
    """How unlikely a residual is after those of the last rows: its mean and variance follow.

    The dynamic Gaussian scorer of Garg et al. 2021 (Gauss-D): minus the logarithm of the tail
    beyond the absolute residual, under a Gaussian with mean and variance of the last `WINDOW`
    rows. Rows before the first are thought to be like training.
    """

    label: ClassVar[str] = "Rolling Gaussian"
    learns: ClassVar[bool] = True
    WINDOW = 300
    reach: ClassVar[int] = WINDOW

    def fit(self, training: np.ndarray) -> None:
        """Learn mean and mean square of the absolute residuals, to begin with."""
        size = np.abs(training).astype(np.float64)
        self.mean, self.power = size.mean(axis=0), np.square(size).mean(axis=0)

    def contributions(self, residuals: np.ndarray) -> np.ndarray:
        """Return minus the log of the tails, over N."""
        size = np.abs(residuals).astype(np.float64)
        mean = self._before(size, self.mean)
        power = self._before(np.square(size), self.power)
        spread = np.sqrt(np.maximum(power - mean**2, LEAST**2))
        return -special.log_ndtr((mean - size) / spread) / residuals.shape[1]

    def _before(self, values: np.ndarray, usual: np.ndarray) -> np.ndarray:
        """Return (rows, N) means of the `WINDOW` rows before each row, *usual* for missing ones."""
        total = np.zeros((len(values) + 1, values.shape[1]))
        np.cumsum(values, axis=0, out=total[1:])
        rows = np.arange(len(values))
        first = np.maximum(rows - self.WINDOW, 0)
        missing = (self.WINDOW - (rows - first))[:, None]
        return (total[rows] - total[first] + missing * usual) / self.WINDOW


class Mixture(MeanSquare):
    """Per-channel Gaussian mixtures, joined by Fisher's method, on a Gamma scale.

    The recipe of M2AD (Alnegheimish et al. 2025, "M2AD: Multi-Sensor Multi-System Anomaly
    Detection through Global Scoring and Calibrated Thresholding"): a mixture fitted to each
    channel's residuals gives the tail probability of a residual; twice the negative logs are
    summed over the channels (Fisher 1932); a Gamma distribution fitted to the sums in training
    stands in for the chi-squared one, which would ask for independent channels. The score is minus
    the decimal logarithm of the tail under it: 3 means one row in a thousand.
    """

    label: ClassVar[str] = "Mixture and Fisher"
    learns: ClassVar[bool] = True
    PARTS, ROUNDS, FITTED = 3, 60, 20_000

    def fit(self, training: np.ndarray) -> None:
        """Fit the mixtures by expectation and maximisation, then the Gamma by its moments."""
        every = max(1, len(training) // self.FITTED)
        values = training[::every].astype(np.float64)
        spread = np.maximum(values.std(axis=0), LEAST)
        quantiles = (np.arange(self.PARTS) + 0.5) / self.PARTS
        self.means = np.quantile(values, quantiles, axis=0)  # (K, N)
        self.spreads = np.broadcast_to(spread, self.means.shape).copy()
        self.weights = np.full(self.means.shape, 1 / self.PARTS)
        for _ in range(self.ROUNDS):
            share = special.softmax(self._log_parts(values), axis=0)  # (K, rows, N)
            mass: np.ndarray = share.sum(axis=1) + TINY
            self.weights = mass / mass.sum(axis=0)
            self.means = (share * values).sum(axis=1) / mass
            apart = np.square(values - self.means[:, None])
            self.spreads = np.sqrt((share * apart).sum(axis=1) / mass)
            self.spreads = np.maximum(self.spreads, 1e-2 * spread)
        sums = self._tails(values).sum(axis=1)
        mean, variance = max(float(sums.mean()), 1e-6), max(float(sums.var()), 1e-6)
        self.scale, self.shape = variance / mean, mean**2 / variance

    def contributions(self, residuals: np.ndarray) -> np.ndarray:
        """Return each channel's part of the score, as its part of Fisher's sum."""
        tails = self._tails(residuals.astype(np.float64))
        total = tails.sum(axis=1, keepdims=True)
        return tails * (self._calibrated(total) / np.maximum(total, TINY))

    def _calibrated(self, sums: np.ndarray) -> np.ndarray:
        """Return minus the decimal logarithm of the Gamma's tail beyond *sums*."""
        at = sums / self.scale
        tail = special.gammaincc(self.shape, at)
        # Far out the tail is 0 in floats; there it falls like exp(-x) x^(a - 1).
        far = at - (self.shape - 1) * np.log(np.maximum(at, TINY)) + special.gammaln(self.shape)
        with np.errstate(divide="ignore"):
            return np.where(tail > 1e-200, -np.log(tail), far) / np.log(10)

    def _log_parts(self, values: np.ndarray) -> np.ndarray:
        """(rows, N) -> (K, rows, N): log of each component's density, short of a constant."""
        z = (values - self.means[:, None]) / self.spreads[:, None]
        return (np.log(self.weights) - np.log(self.spreads))[:, None] - z**2 / 2

    def _tails(self, values: np.ndarray) -> np.ndarray:
        """(rows, N) -> (rows, N): minus twice the log of the two-sided tail probability."""
        z = (values - self.means[:, None]) / self.spreads[:, None]
        weights = np.log(self.weights)[:, None]
        below = special.logsumexp(weights + special.log_ndtr(z), axis=0)
        above = special.logsumexp(weights + special.log_ndtr(-z), axis=0)
        return np.maximum(-2 * (np.minimum(below, above) + np.log(2)), 0.0)


SCORERS: dict[str, type[Scorer]] = {
    "mean-square": MeanSquare,
    "largest": Largest,
    "mahalanobis": Mahalanobis,
    "rolling": Rolling,
    "mixture": Mixture,
}
