"""What all tasks share that train a network: its settings, optimizer, and one note.

The fields of a config stand in the order of its form and of a run's key, so that each task lists
its own; what a setting means and how far it goes is written here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from core.backend import tensorflow
from core.config import Config, setting
from core.task import Reporter
from core.training import Examples, Schedule, train

WHOLE = "as it is"  # what experiments call a config of which nothing was changed
WINDOWS = (32, 64, 128, 256)
AnyConfig = TypeVar("AnyConfig", bound=Config)


def changed(config: AnyConfig, **values: object) -> AnyConfig:
    """Return *config* with other *values*, checked as those that a user gives."""
    return type(config).parse(config.model_dump() | values)


def window_sizes(config: AnyConfig) -> dict[str, AnyConfig]:
    """Return *config* with each of the lookbacks 32, 64, 128 and 256, by a name for each."""
    return {f"lookback {rows}": changed(config, lookback=rows) for rows in WINDOWS}


def lookback(default: int, help: str) -> Any:
    """Declare how many rows a window has."""
    return setting(default, label="Lookback", help=help, unit="steps", ge=2, le=512)


def epochs(default: int) -> Any:
    """Declare the number of passes over the training windows."""
    return setting(
        default,
        label="Epochs",
        help="Passes over the training windows at most; it stops earlier when nothing improves.",
        unit="epochs",
        ge=1,
        le=500,
        log=True,
    )


def layers(default: int, help: str) -> Any:
    """Declare the depth of the network."""
    return setting(default, label="Layers", help=help, unit="layers", ge=1, le=4, advanced=True)


def dropout() -> Any:
    """Declare the share of inputs that is silenced."""
    return setting(
        0.0,
        label="Dropout",
        help="Share of each layer's inputs that is silenced in training, against over-fitting.",
        ge=0.0,
        le=0.8,
        advanced=True,
    )


def learning_rate(default: float) -> Any:
    """Declare the step size of the optimizer."""
    return setting(
        default,
        label="Learning rate",
        help="Size of a training step. Lower it when the loss jumps, raise it when it creeps.",
        ge=1e-5,
        le=0.1,
        log=True,
        advanced=True,
    )


def batch_size(default: int) -> Any:
    """Declare the windows of a training step."""
    return setting(
        default,
        label="Batch size",
        help="Windows in one training step.",
        unit="windows",
        ge=1,
        le=1024,
        log=True,
        advanced=True,
    )


def patience(default: int) -> Any:
    """Declare how long to wait for a better loss."""
    return setting(
        default,
        label="Patience",
        help="Epochs without a better validation loss before training stops.",
        unit="epochs",
        ge=1,
        le=100,
        advanced=True,
    )


def validation_share(help: str) -> Any:
    """Declare how much of the training data decides when to stop."""
    return setting(0.2, label="Validation share", help=help, ge=0.05, le=0.5, advanced=True)


def seed(also: str = "") -> Any:
    """Declare the seed; *also* says what else depends on it than the network."""
    return setting(
        0,
        label="Seed",
        help=f"Start of all random numbers{also}: the same seed gives the same result.",
        ge=0,
        le=2**31 - 1,
        advanced=True,
    )


class Learning(Protocol):
    """A config as the training reads it."""

    @property
    def epochs(self) -> int:
        """Epochs at most."""

    @property
    def learning_rate(self) -> float:
        """Of the optimizer."""

    @property
    def batch_size(self) -> int:
        """Examples a step."""

    @property
    def patience(self) -> int:
        """Epochs without a better validation loss before it stops."""

    @property
    def seed(self) -> int:
        """Decides the order of the examples."""


def learn(
    model: Any,
    loss: Any,
    examples: Examples,
    validation: Examples,
    config: Learning,
    reporter: Reporter | None = None,
    checkpoint: Path | None = None,
    average: float | None = None,
    **more: Any,
) -> list[dict[str, float]]:
    """Train a Keras *model* with Adam as *config* says; return the history.

    The arguments, *more* of them too, are those of `core.training.train`, which says what may be
    raised; *loss* is as Keras takes it. With *average*, such as 0.99, the model ends with a moving
    average of its weights (Polyak and Juditsky 1992), which the last batches sway less.
    """
    tensorflow()
    import keras

    kept = {} if average is None else {"use_ema": True, "ema_momentum": average}
    model.compile(keras.optimizers.Adam(config.learning_rate, global_clipnorm=1.0, **kept), loss)
    schedule = Schedule(config.epochs, config.batch_size, config.patience, config.seed)
    return train(model, examples, validation, schedule, reporter, checkpoint, **more)


def unfinished(history: list[dict[str, float]], epochs: int) -> list[str]:
    """Return one line when the last of all *epochs* was the best one yet, else none."""
    if not len(history) == epochs > 1:
        return []
    if np.argmin([epoch["val_loss"] for epoch in history]) != epochs - 1:
        return []
    return [f"The validation loss was still falling after {epochs} epochs: raise Epochs."]
