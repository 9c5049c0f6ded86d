"""The four verbs of the gas task."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from core.data.dataset import Dataset
from core.data.rows import plural, spans
from core.data.scaling import places_of
from core.data.splits import Part
from core.data.windows import check_lookback
from core.errors import DataError
from core.gas.calibrate import Temperatures
from core.gas.classifier import Answer, Classifier, Training
from core.gas.config import Config
from core.gas.protocol import FOLDS, first_rows, split
from core.gas.recording import GasRecording
from core.gas.result import Result, column
from core.gas.samples import Samples
from core.gas.scale import Scale
from core.gas.variants import VARIANTS
from core.gas.warm_up import warm_up_rows
from core.learning import unfinished
from core.task import Reporter

PREPROCESSING, REFERENCE = "preprocessing.json", "reference.npy"


@dataclass(frozen=True)
class Prepared:
    """A recording that is split and scaled, ready to be learned from.

    Attributes:
        config: The settings.
        recording: Seen by the camera of the settings.
        parts: (rows,) codes of `Part`.
        training: Training and validation rows.
    """

    config: Config
    recording: GasRecording
    parts: np.ndarray
    training: Training


@dataclass
class Fitted:
    """A trained classifier with all that it needs to be used again.

    Attributes:
        scaler: Of the sensors, fitted on the training rows alone.
        classes: What it tells apart, the one without gas first.
        temperatures: Fitted on the validation rows.
        reference: (validation rows,) float32, probability that each one's class had there.
        pace: Seconds from row to row, and whether that is measured or assumed.
    """

    config: Config
    scaler: Scale
    classes: tuple[str, ...]
    classifier: Classifier
    temperatures: Temperatures
    reference: np.ndarray
    fingerprint: str
    pace: str
    history: list[dict[str, float]] = field(default_factory=list)
    notes: tuple[str, ...] = ()

    @property
    def facts(self) -> dict[str, str]:
        """What was fitted on what, for the card."""
        heats = ", ".join(
            f"{name} {heat:.3g}" for name, heat in self.temperatures._asdict().items()
        )
        own = getattr(self.classifier, "facts", {})
        return {
            "scaler": f"{self.scaler.kind}, on the training rows",
            "model": "on training rows; validation rows decide when to stop",
            "temperature": f"{heats}, on the validation rows",
            "threshold": "unless one is chosen, finds 99 % of the gas in the validation rows",
            "time": self.pace,
            **own,
        }

    def save(self, folder: Path) -> None:
        """Write `preprocessing.json`, `reference.npy` and the model's own files."""
        content = {
            "config": self.config.model_dump(),
            "scaler": json.loads(self.scaler.to_json()),
            "classes": self.classes,
            "temperatures": self.temperatures,
            "fingerprint": self.fingerprint,
            "pace": self.pace,
            "history": self.history,
            "notes": self.notes,
        }
        (folder / PREPROCESSING).write_text(json.dumps(content, indent=1))
        np.save(folder / REFERENCE, self.reference)
        self.classifier.save(folder)


def load(folder: Path) -> Fitted:
    """Read what `Fitted.save` wrote."""
    content = json.loads((folder / PREPROCESSING).read_text())
    config = Config.parse(content["config"])
    classifier: Classifier = VARIANTS[config.variant].build(config)
    classifier.load(folder)
    return Fitted(
        config,
        Scale.from_json(json.dumps(content["scaler"])),
        tuple(content["classes"]),
        classifier,
        Temperatures(*content["temperatures"]),
        np.load(folder / REFERENCE, allow_pickle=False),
        content["fingerprint"],
        content["pace"],
        content["history"],
        tuple(content["notes"]),
    )


def prepare(dataset: Dataset, config: Config) -> Prepared:
    """Split and scale; whatever is fitted is fitted on the training rows alone.

    Raises:
        DataError: it is no recording of gas; there is nothing to tell apart; or no sensor varies.
        TooShort: a session is shorter than a window, or a class than the parts need.
    """
    recording = _of_gas(dataset).seen_by(config.camera)
    if "lookback" in VARIANTS[config.variant].reads:
        check_lookback(recording, config.lookback)
    values = recording.values  # it refuses gaps
    parts = split(recording, config)
    known = values[parts == Part.TRAIN]
    if not (known.max(axis=0) > known.min(axis=0)).any():
        raise DataError(
            "Every sensor is constant in the training rows: there is nothing to learn.",
            "Choose other channels.",
        )
    scale = Scale.fit(known, recording.channels)
    first = first_rows(recording, parts, config)
    train, validation = (
        _samples(recording, np.flatnonzero(parts == part), first, scale, config)
        for part in (Part.TRAIN, Part.VALIDATION)
    )
    return Prepared(config, recording, parts, Training(train, validation))


def fit(
    source: Prepared | Dataset,
    config: Config | None = None,
    *,
    reporter: Reporter | None = None,
    checkpoint: Path | None = None,
) -> Fitted:
    """Train the variant that the config names.

    Args:
        source: What `prepare` returned; or a recording, which is prepared with *config*.
        config: The settings, for a recording alone.
        reporter: Told of progress; may cancel.
        checkpoint: File to take an interrupted training up from.
    """
    prepared = source if isinstance(source, Prepared) else prepare(source, config or Config())
    config, training = prepared.config, prepared.training
    classifier: Classifier = VARIANTS[config.variant].build(config)
    history = classifier.fit(training, reporter, checkpoint)
    labels = training.validation.labels
    said = classifier.predict(training.validation)
    return Fitted(
        config,
        training.train.scale,
        prepared.recording.classes,
        classifier,
        Temperatures.fit(said, labels),
        said.gas[np.arange(len(labels)), labels],
        prepared.recording.fingerprint,
        _pace(prepared.recording),
        history,
        (*_notes(prepared), *unfinished(history, config.epochs)),
    )


def predict(
    fitted: Fitted,
    dataset: Dataset,
    *,
    sensors_lost: bool = False,
    camera_lost: bool = False,
) -> Result:
    """Say of every row of *dataset* whether there is gas, and which.

    On the recording of the training the parts are kept; another one is all test.

    Args:
        fitted: What `fit` or `load` returned.
        dataset: A recording with the sensors that the model was trained on.
        sensors_lost: Whether to withhold the sensors from the model.
        camera_lost: Whether to withhold the frames from it.

    Raises:
        RolesError: a sensor that the model was trained on is missing.
    """
    recording, parts, samples = asked(fitted, dataset)
    samples = replace(samples, sensors_lost=sensors_lost, camera_lost=camera_lost)
    answer = fitted.temperatures.apply(fitted.classifier.predict(samples))
    return _result(recording, parts, answer)


def asked(fitted: Fitted, dataset: Dataset) -> tuple[GasRecording, np.ndarray, Samples]:
    """Return what `predict` asks about: the recording, (rows,) codes of `Part`, and all rows.

    On the recording of the training every row reads what it was allowed to read there.
    """
    recording = _of_gas(dataset)
    places_of(fitted.scaler.channels, recording.channels)  # it says which sensor is missing
    own = recording.fingerprint == fitted.fingerprint
    recording = recording.under(fitted.classes).seen_by(fitted.config.camera)
    parts = np.full(len(recording), Part.TEST, np.int8)
    first = np.empty(len(recording), np.int64)
    for session in recording.entities.values():
        first[session] = session.start
    if own:
        parts = split(recording, fitted.config)
        first = first_rows(recording, parts, fitted.config)
    rows = np.arange(len(recording))
    return recording, parts, _samples(recording, rows, first, fitted.scaler, fitted.config)


def _samples(
    recording: GasRecording, rows: np.ndarray, first: np.ndarray, scale: Scale, config: Config
) -> Samples:
    return Samples(recording, rows, first[rows], config.lookback, scale)


def _of_gas(dataset: Dataset) -> GasRecording:
    if not isinstance(dataset, GasRecording):
        raise DataError(
            f"{dataset.name!r} is no recording of gas sensors.",
            "Bring a table of sensors with a column of classes, such as Gas.",
        )
    return dataset


def _result(recording: GasRecording, parts: np.ndarray, answer: Answer) -> Result:
    names = list(recording.entities)
    columns: dict[str, object] = {
        "row": np.arange(len(recording), dtype=np.int64),
        "session": pd.Categorical.from_codes(recording.session_codes.tolist(), pd.Index(names)),
    }
    if recording.time is not None:
        columns["time"] = recording.time
    columns |= {
        "part": pd.Categorical.from_codes(
            parts.tolist(), pd.Index([part.name.lower() for part in Part])
        ),
        "leak": answer.leak,
    }
    columns |= {column(name): answer.gas[:, i] for i, name in enumerate(recording.classes)}
    columns["label"] = recording.codes
    if recording.exposed is not None:
        columns["exposed"] = recording.exposed
    return Result(
        pd.DataFrame(columns),
        recording.classes,
        recording.seconds_a_row,
        recording.step is None,
    )


def _pace(recording: GasRecording) -> str:
    measured = recording.step is not None
    return f"{recording.seconds_a_row:g} s a row, {'measured' if measured else 'assumed'}"


def _notes(prepared: Prepared) -> tuple[str, ...]:
    """Say in one line each what stands between the figures and the truth."""
    recording, config, notes = prepared.recording, prepared.config, []
    if recording.simulated:
        notes.append("The recording is simulated: its figures say nothing of a real one.")
    if config.protocol == "random":
        notes.append(
            "Rows were drawn at random, as in published figures: each test row has a neighbour "
            "that was learned from. Choose blocked under Split for what to expect."
        )
    fewest = min(
        len(np.unique(recording.session_codes[recording.codes == code]))
        for code in np.unique(recording.codes[recording.codes >= 0])
    )
    if fewest < FOLDS:
        notes.append(
            f"A class has {plural(fewest, 'session')}: what tells it apart "
            "may be that day's level, not the gas. Bring five or more sessions of each."
        )
    warming = warm_up_rows(recording)
    if warming.any():
        done = "left out" if config.warm_up == "leave out" else "kept"
        notes.append(
            f"Sensors warm up in {plural(int(warming.sum()), 'row')} ({spans(warming)}), which "
            f"are {done}: see Warm-up."
        )
    return tuple(notes)
