"""Scalers: fitted on training rows alone, matched by channel names, stored as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from core.data.dataset import Dataset
from core.errors import RolesError, RunDamaged

Kind = Literal["standard", "min-max", "robust"]
CHUNK = 1 << 14


class Scaler(BaseModel):
    """Brings each channel to a common scale: (value - center) / scale.

    Attributes:
        kind: "standard" (mean, standard deviation), "min-max" (lowest, range) or "robust"
            (median, distance between the quartiles).
        channels: The channels it was fitted on, in order.
        center: One a channel, float64.
        scale: One a channel, float64, never 0: a constant channel has 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")

    kind: Kind = "standard"
    channels: tuple[str, ...]
    center: tuple[float, ...]
    scale: tuple[float, ...]

    @classmethod
    def fit(cls, values: np.ndarray, channels: Sequence[str] = (), kind: Kind = "standard") -> Self:
        """Fit on *values* (rows, N), which should be training rows and nothing else.

        Args:
            values: (rows, N) without NaN, at least one row.
            channels: Their names; "0", "1" and so on when empty.
            kind: Which center and scale.
        """
        low, high = values.min(axis=0).astype(float), values.max(axis=0).astype(float)
        if kind == "min-max":
            center, scale = low, high - low
        elif kind == "robust":
            # One column after the other: percentile works on a copy.
            quartiles = np.array([np.percentile(v, [25, 50, 75]) for v in values.T], dtype=float)
            center, scale = quartiles[:, 1], quartiles[:, 2] - quartiles[:, 0]
            # A channel that stays put most of the time has no distance between its quartiles.
            scale = np.where(scale == 0, _spread(values)[1], scale)
        else:
            center, scale = _spread(values)
        scale = np.where((high == low) | (scale == 0), 1.0, scale)
        names = tuple(channels) or tuple(map(str, range(values.shape[1])))
        return cls(
            kind=kind, channels=names, center=tuple(center.tolist()), scale=tuple(scale.tolist())
        )

    def transform(self, values: np.ndarray) -> np.ndarray:
        """Scale *values* (rows, N), channels in the order of `channels`; float32."""
        center, scale = np.array(self.center), np.array(self.scale)
        return _chunked(values, lambda part: (part - center) / scale)

    def inverse(self, values: np.ndarray) -> np.ndarray:
        """Undo `transform`; float32."""
        center, scale = np.array(self.center), np.array(self.scale)
        return _chunked(values, lambda part: part * scale + center)

    def select(self, dataset: Dataset) -> np.ndarray:
        """Return (rows, N) of *dataset*: the channels that were fitted, in their order.

        Raises:
            RolesError: a channel is missing; it says which.
        """
        if self.channels == dataset.channels:
            return dataset.values
        return dataset.values[:, self.places(dataset.channels)]

    def places(self, channels: Sequence[str]) -> list[int]:
        """Return where among *channels* those are that were fitted, in their order.

        Raises:
            RolesError: a channel is missing; it says which.
        """
        return places_of(self.channels, channels)

    def to_json(self) -> str:
        """Return JSON that `from_json` reads back to the same numbers."""
        return self.model_dump_json()

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            RunDamaged: it is something else.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise RunDamaged(
                f"The stored scaler cannot be read ({error.error_count()} problems).",
                "Train the run again.",
            ) from None


def places_of(wanted: Sequence[str], channels: Sequence[str]) -> list[int]:
    """Return where the channels *wanted* by a model are among the *channels* of a recording.

    Raises:
        RolesError: one is missing; it says which.
    """
    places = {name: i for i, name in enumerate(channels)}
    missing = [name for name in wanted if name not in places]
    if missing:
        raise RolesError(
            f"The recording has no channel {', '.join(map(repr, missing[:5]))}"
            + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
            + ", which the model was trained on.",
            f"Its channels are: {', '.join(channels[:20])}.",
        )
    return [places[name] for name in wanted]


def _spread(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each column in float64, without a float64 copy."""
    mean = values.mean(axis=0, dtype=np.float64)
    squares = np.zeros_like(mean)
    for at in range(0, len(values), CHUNK):
        squares += np.square(values[at : at + CHUNK] - mean).sum(axis=0)
    return mean, np.sqrt(squares / len(values))


def _chunked(values: np.ndarray, change) -> np.ndarray:  # type: ignore[no-untyped-def]
    result = np.empty(values.shape, dtype=np.float32)
    for at in range(0, len(values), CHUNK):
        result[at : at + CHUNK] = change(values[at : at + CHUNK].astype(np.float64))
    return result
