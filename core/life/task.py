"""The four verbs of the life task."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from core.data.dataset import Dataset
from core.data.rows import plural
from core.data.scaling import Scaler
from core.data.splits import Part
from core.data.windows import who
from core.errors import DataError, TooShort
from core.learning import unfinished
from core.life.config import Config
from core.life.regressor import Regressor, TrainingUnits
from core.life.result import Result
from core.life.units import Units
from core.life.variants import VARIANTS
from core.life.wear import Wear
from core.task import Reporter

PREPROCESSING, VALIDATION = "preprocessing.json", "validation.npy"
TAILS = (0.1, 0.9)  # quantiles of the errors that an interval lies between
LEVELS = 5  # groups of predictions, short to long, that each have an interval of their own


@dataclass(frozen=True)
class Prepared:
    """Units that ran to failure, dealt out and scaled, ready to be learned from.

    Attributes:
        config: The settings.
        dataset: The recording.
        scaler: Fitted on the training units alone.
        training: The training and the validation units, scaled, and the wear of the former.
    """

    config: Config
    dataset: Dataset
    scaler: Scaler
    training: TrainingUnits


@dataclass
class Fitted:
    """A trained model of the remaining life.

    Attributes:
        validation: (rows, 2) float32: predicted and actual steps of the validation units.
    """

    config: Config
    scaler: Scaler
    wear: Wear
    regressor: Regressor
    validation: np.ndarray
    fingerprint: str
    history: list[dict[str, float]] = field(default_factory=list)
    notes: tuple[str, ...] = ()

    @property
    def reference(self) -> np.ndarray:
        """(rows,) float32: errors on the validation units, which the intervals come from."""
        return self.validation[:, 1] - self.validation[:, 0]

    @property
    def facts(self) -> dict[str, str]:
        """What was fitted on what, for the card."""
        return {
            "scaler": f"{self.scaler.kind}, on the training units",
            "model": "on the training units; validation units decide when to stop",
            "failure": "the last row of every unit is taken as its failure",
            "health": "between the wear of the first and of the last rows of the training units",
            "intervals": f"on the errors in {len(self.validation):,} rows of the validation units",
        }

    def save(self, folder: Path) -> None:
        """Write `preprocessing.json`, `validation.npy` and the model's own file."""
        content = {
            "config": self.config.model_dump(),
            "scaler": json.loads(self.scaler.to_json()),
            "wear": self.wear.to_dict(),
            "fingerprint": self.fingerprint,
            "history": self.history,
            "notes": list(self.notes),
        }
        (folder / PREPROCESSING).write_text(json.dumps(content, indent=1))
        np.save(folder / VALIDATION, self.validation)
        self.regressor.save(folder)


def load(folder: Path) -> Fitted:
    """Read what `Fitted.save` wrote."""
    content = json.loads((folder / PREPROCESSING).read_text())
    config = Config.parse(content["config"])
    regressor = VARIANTS[config.variant].build(config)
    regressor.load(folder)
    return Fitted(
        config,
        Scaler.from_json(json.dumps(content["scaler"])),
        Wear.read(content["wear"]),
        regressor,
        np.load(folder / VALIDATION, allow_pickle=False),
        content["fingerprint"],
        content["history"],
        tuple(content["notes"]),
    )


def split(dataset: Dataset, config: Config) -> np.ndarray:
    """Return (rows,) codes of `Part`: whole units, dealt out at random by the seed.

    Raises:
        DataError: there are too few units for the parts.
    """
    count = len(dataset.entities)
    validation = max(1, round(config.validation_share * count))
    test = max(1, round(config.test_share * count)) if config.test_share else 0
    train = count - validation - test
    if train < 1:
        raise DataError(
            f"The recording has {plural(count, 'unit')}: {validation} for validation and {test} "
            "for the test leave none to learn from.",
            "Bring a recording of several units that ran to failure, with an entity column.",
        )
    dealt = [Part.TRAIN] * train + [Part.VALIDATION] * validation + [Part.TEST] * test
    order = np.random.default_rng(config.seed).permutation(dealt)
    lengths = [rows.stop - rows.start for rows in dataset.entities.values()]
    return np.repeat(order, lengths).astype(np.int8)


def prepare(dataset: Dataset, config: Config) -> Prepared:
    """Split and scale; whatever is fitted is fitted on the training units alone.

    Raises:
        TooShort: a unit has a single row, so that nothing can be seen of its course.
        DataError: there are too few units, or no channel varies in the training units.
    """
    parts = split(dataset, config)
    for name, rows in dataset.entities.items():
        if rows.stop - rows.start < 2:
            raise TooShort(
                f"{who(name)} has {plural(rows.stop - rows.start, 'row')}; a course needs 2.",
                "Leave it out, or look whether the entity column is the right one.",
            )
    known = dataset.values[parts == Part.TRAIN]
    if not (known.max(axis=0) > known.min(axis=0)).any():
        raise DataError(
            "Every channel is constant in the training units: there is nothing to learn.",
            "Choose other channels.",
        )
    scaler = Scaler.fit(known, dataset.channels)
    values = scaler.transform(dataset.values)
    train, validation = (
        Units.of(dataset, values, parts == part) for part in (Part.TRAIN, Part.VALIDATION)
    )
    return Prepared(config, dataset, scaler, TrainingUnits(train, validation, Wear.fit(train)))


def fit(
    source: Prepared | Dataset,
    config: Config | None = None,
    *,
    reporter: Reporter | None = None,
    checkpoint: Path | None = None,
) -> Fitted:
    """Train the variant that the config names, on units that ran to failure.

    Args:
        source: What `prepare` returned; or a recording, which is prepared with *config*.
        config: The settings, for a recording alone.
        reporter: Told of progress; may cancel.
        checkpoint: File to take an interrupted training up from.
    """
    prepared = source if isinstance(source, Prepared) else prepare(source, config or Config())
    config, training = prepared.config, prepared.training
    regressor = VARIANTS[config.variant].build(config)
    history = regressor.fit(training, reporter, checkpoint)
    predicted = np.clip(regressor.remaining(training.validation), 0, config.cap)
    actual = np.minimum(training.validation.remaining, config.cap)
    return Fitted(
        config,
        prepared.scaler,
        training.wear,
        regressor,
        np.c_[predicted, actual].astype(np.float32),
        prepared.dataset.fingerprint,
        history,
        _notes(history, prepared),
    )


def predict(fitted: Fitted, dataset: Dataset) -> Result:
    """Predict the remaining life of every unit of *dataset* at every step.

    On the recording of the training the parts are kept, and what was left is known.

    Raises:
        RolesError: a channel that the model was trained on is missing.
    """
    units = Units.of(dataset, fitted.scaler.transform(fitted.scaler.select(dataset)))
    own = dataset.fingerprint == fitted.fingerprint
    parts = split(dataset, fitted.config) if own else np.full(len(dataset), Part.TEST, np.int8)
    remaining = np.clip(fitted.regressor.remaining(units), 0, fitted.config.cap)
    lower, upper = interval(fitted.validation, remaining, fitted.config.cap)
    columns: dict[str, object] = {"entity": _names(dataset)}
    if dataset.time is not None:
        columns["time"] = dataset.time
    columns |= {
        "part": pd.Categorical.from_codes(
            parts.tolist(), pd.Index([part.name.lower() for part in Part])
        ),
        "age": units.age,
        "remaining": remaining.astype(np.float32),
        "lower": lower.astype(np.float32),
        "upper": upper.astype(np.float32),
        "health": fitted.wear.health(units),
    }
    if own:
        columns["actual"] = units.remaining
    return Result(pd.DataFrame(columns), fitted.config.cap)


def interval(
    validation: np.ndarray, predicted: np.ndarray, cap: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds that held for four in five predictions like these on other units.

    Predictions near the failure are more certain than early ones: the errors are taken from the
    fifth of the validation rows whose predictions were the most alike.

    Args:
        validation: (rows, 2) predicted and actual steps of the validation units.
        predicted: (n,) steps.
        cap: Longest prediction.
    """
    edges = np.unique(np.quantile(validation[:, 0], np.arange(1, LEVELS) / LEVELS))
    group, own = np.digitize(validation[:, 0], edges), np.digitize(predicted, edges)
    errors = validation[:, 1] - validation[:, 0]
    # A group without rows, where predictions are all alike, takes the errors of all.
    bounds = np.array(
        [
            np.quantile(errors[group == level] if (group == level).any() else errors, TAILS)
            for level in range(len(edges) + 1)
        ]
    )
    low, high = bounds[own].T
    lower, upper = np.clip(predicted + low, 0, cap), np.clip(predicted + high, 0, cap)
    return np.minimum(lower, predicted), np.maximum(upper, predicted)


def _names(dataset: Dataset) -> pd.Series:
    """Return the name of each row's unit."""
    names = list(dataset.entities)
    lengths = [rows.stop - rows.start for rows in dataset.entities.values()]
    codes = np.repeat(np.arange(len(names)), lengths).tolist()
    return pd.Series(pd.Categorical.from_codes(codes, pd.Index(names)))


def _notes(history: list[dict[str, float]], prepared: Prepared) -> tuple[str, ...]:
    """Say in one line each what may be wrong with the units or with the training."""
    notes = []
    if len({rows.stop - rows.start for rows in prepared.dataset.entities.values()}) == 1:
        notes.append(
            "All units last equally long, as recordings do that were cut off. The last row of "
            "every unit is taken as its failure: bring units that ran to failure."
        )
    return (*notes, *unfinished(history, prepared.config.epochs))
