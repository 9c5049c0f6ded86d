"""The four verbs of the anomaly task."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from core.anomaly.blocks import residual_blocks
from core.anomaly.combined import Combined, combine, load_combined
from core.anomaly.config import Config
from core.anomaly.contributions import end_to_end
from core.anomaly.detector import Detector, TrainingRows
from core.anomaly.profile import Profile, read_profile
from core.anomaly.residuals import (
    Residuals,
    ResidualsInMemory,
    Training,
    collected,
    read_training,
)
from core.anomaly.result import Result
from core.anomaly.scoring import Fit, Scoring, fit_scorer, scores_of
from core.anomaly.variants import COMBINED, VARIANTS
from core.data.dataset import Dataset, Recording
from core.data.scaling import Scaler
from core.data.splits import Part, chronological
from core.data.windows import check_lookback
from core.errors import ConfigError, DataError, TooShort
from core.learning import unfinished
from core.task import Reporter

PREPROCESSING = "preprocessing.json"
LEAST = 10  # rows that a method without a lookback needs


@dataclass(frozen=True)
class Prepared:
    """A recording that is split and scaled, ready to be learned from.

    Attributes:
        config: The settings.
        dataset: The recording.
        parts: (rows,) codes of `Part`.
        scaler: Fitted on the training rows alone.
        training: Scaled training and validation rows, and their runs.
        notes: What the analyst should know of the split, in one line each.
    """

    config: Config
    dataset: Dataset
    parts: np.ndarray
    scaler: Scaler
    training: TrainingRows
    notes: tuple[str, ...] = ()


@dataclass
class Fitted:
    """A trained detector with its scaler and what is kept of its training rows.

    The profile says what they looked like, for `core.anomaly.drift`; a run that was stored by an
    earlier version has none.
    """

    config: Config
    scaler: Scaler
    detector: Detector
    training: Training
    fingerprint: str
    history: list[dict[str, float]] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    profile: Profile | None = None

    @property
    def scoring(self) -> Scoring:
        """How the detector turns residuals into scores when nobody chooses another way."""
        return VARIANTS[self.config.variant].scoring

    @cached_property
    def scorer(self) -> Fit:
        """Its scorer, fitted on the residuals of the training rows."""
        return fit_scorer(self.scoring, self.training.residuals, self.training.starts)

    @cached_property
    def reference(self) -> np.ndarray:
        """(training rows,) float32: their scores, which thresholds are fitted on."""
        return scores_of(self.scorer, self.training.residuals, self.training.starts)

    @property
    def facts(self) -> dict[str, str]:
        """What was fitted on what, for the card."""
        return {
            "scaler": f"{self.scaler.kind}, on the training rows",
            "detector": "on windows of the training rows; validation rows decide when to stop",
            "scorer": "on the residuals of the training rows",
            "thresholds": f"on the scores of {len(self.reference):,} training rows",
        }

    def save(self, folder: Path) -> None:
        """Write `preprocessing.json`, residuals, profile, and the detector's own file."""
        content = {
            "config": self.config.model_dump(),
            "scaler": json.loads(self.scaler.to_json()),
            "fingerprint": self.fingerprint,
            "history": self.history,
            "notes": list(self.notes),
        }
        (folder / PREPROCESSING).write_text(json.dumps(content, indent=1))
        self.training.save(folder)
        if self.profile is not None:
            self.profile.save(folder)
        self.detector.save(folder)


def load(folder: Path) -> Fitted | Combined:
    """Read what `Fitted.save` or `Combined.save` wrote."""
    content = json.loads((folder / PREPROCESSING).read_text())
    config = Config.parse(content["config"])
    if config.variant == COMBINED.name:
        return load_combined(folder)
    detector = VARIANTS[config.variant].build(config)
    detector.load(folder)
    return Fitted(
        config,
        Scaler.from_json(json.dumps(content["scaler"])),
        detector,
        read_training(folder),
        content["fingerprint"],
        content["history"],
        tuple(content["notes"]),
        read_profile(folder),
    )


def split(dataset: Dataset, config: Config) -> np.ndarray:
    """Return (rows,) codes of `Part`: training rows first, then test, a lookback apart."""
    return chronological(
        dataset,
        train_rows=config.train_rows,
        train_share=config.train_share,
        validation_share=config.validation_share if VARIANTS[config.variant].validates else 0.0,
        embargo=window_of(config),
        at_least=max(window_of(config), LEAST),
    )


def window_of(config: Config) -> int:
    """Return how many rows a window of the variant has, and the embargo beside its parts.

    A variant that does not read the lookback needs no embargo: it learns in one pass from windows
    that lie whole in the training rows, and nothing decides when it stops.
    """
    return config.lookback if "lookback" in VARIANTS[config.variant].reads else 0


def prepare(dataset: Dataset, config: Config) -> Prepared:
    """Split and scale; whatever is fitted is fitted on the training rows alone.

    Raises:
        TooShort: an entity has fewer rows than a window, or than the split needs.
        DataError: no channel varies.
    """
    if config.variant == COMBINED.name:
        raise ConfigError(
            "An ensemble of runs is not trained.", "Make it of runs: fusionscope combine RUN RUN."
        )
    check_lookback(dataset, max(window_of(config), LEAST))
    parts = split(dataset, config)
    train, validation = (
        runs_of(parts == Part.TRAIN, dataset),
        runs_of(parts == Part.VALIDATION, dataset),
    )
    checked = [("training", train)]
    if VARIANTS[config.variant].validates:
        checked.append(("validation", validation))
    for name, runs in checked:
        longest = max((run.stop - run.start for run in runs), default=0)
        if longest < max(window_of(config), LEAST):
            raise TooShort(
                f"The {name} rows hold no window: their longest run without a gap has {longest} "
                f"rows, a window needs {max(window_of(config), LEAST)} (lookback).",
                "Take more training rows, fill longer gaps, or choose a shorter lookback.",
            )
    if not _varies(dataset.values):
        raise DataError(
            "Every channel is constant: there is nothing to learn.",
            "Choose other channels, or check the recording.",
        )
    known = dataset.values[parts == Part.TRAIN]
    scaler = Scaler.fit(known, dataset.channels)
    # The rows that are learned from alone, behind one another: they may be few of very many.
    learned = np.isin(parts, (Part.TRAIN, Part.VALIDATION))
    places = np.cumsum(learned) - 1
    training = TrainingRows(
        scaler.transform(dataset.values[learned]), _moved(train, places), _moved(validation, places)
    )
    notes = _split_notes(dataset, parts)
    if not _varies(known):
        notes += (
            "Every channel is constant in the training rows: any change will look unusual. "
            "Choose training rows in which something happens.",
        )
    return Prepared(config, dataset, parts, scaler, training, notes)


def _moved(runs: list[slice], places: np.ndarray) -> list[slice]:
    """Return where *runs* of rows are when each row is at its place in (rows,) *places*."""
    return [slice(int(places[run.start]), int(places[run.stop - 1]) + 1) for run in runs]


def _varies(values: np.ndarray) -> bool:
    """Whether any channel of (rows, N) *values* changes."""
    return bool((values.max(axis=0) > values.min(axis=0)).any())


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
    detector = VARIANTS[config.variant].build(config)
    history = detector.fit(training, reporter, checkpoint)
    # Training rows alone, by themselves: nothing after them can reach a threshold.
    rows = training.rows
    segments = end_to_end(training.train)
    # A detector that stores training rows judges each of them without itself.
    own = getattr(detector, "training_residuals", None)
    residuals = detector.residuals(rows, segments) if own is None else own()
    known = ResidualsInMemory(prepared.scaler.channels, residuals.astype(np.float32, copy=False))
    starts = np.array([segment.start for segment in segments])
    return Fitted(
        config,
        prepared.scaler,
        detector,
        Training(known, starts),
        prepared.dataset.fingerprint,
        history,
        prepared.notes + _training_notes(history, config),
        _profile(prepared),
    )


def predict(fitted: Fitted | Combined, dataset: Recording) -> Result:
    """Score *dataset*, as long as it is; on the recording of the training its parts are kept.

    It is judged block by block. One that is on disk is read so, too, and all of its rows count as
    test rows. Residuals of a long recording go to disk.

    Raises:
        RolesError: a channel that the detector was trained on is missing.
    """
    if isinstance(fitted, Combined):
        results = [predict(load(folder), dataset) for folder in fitted.folders]
        return combine(results, fitted.config.by)
    residuals = residuals_of(fitted, dataset)
    if isinstance(dataset, Dataset) and dataset.fingerprint == fitted.fingerprint:
        parts = split(dataset, fitted.config)
    else:
        parts = np.full(len(dataset), Part.TEST, np.int8)
    segments = np.array([segment.start for segment in dataset.segments])
    boundaries = np.union1d(segments, np.flatnonzero(np.diff(parts)) + 1)
    return Result(
        _steps(dataset, scores_of(fitted.scorer, residuals, segments), parts),
        residuals,
        segments,
        boundaries,
        fitted.reference,
        fitted.training,
        fitted.scoring,
    )


def residuals_of(fitted: Fitted, dataset: Recording) -> Residuals:
    """Return the residuals of *dataset*, scaled and judged block by block."""
    scaler = fitted.scaler
    places, rows = scaler.places(dataset.channels), dataset.reader()
    blocks = residual_blocks(
        fitted.detector,
        lambda start, stop: scaler.transform(rows(start, stop)[:, places]),
        dataset.segments,
        window_of(fitted.config),
    )
    return collected(scaler.channels, len(dataset), blocks)


def runs_of(mask: np.ndarray, dataset: Dataset) -> list[slice]:
    """Return the runs of rows where *mask* holds, none across a segment."""
    runs = []
    for segment in dataset.segments:
        edges = np.flatnonzero(np.diff(np.r_[False, mask[segment], False])) + segment.start
        runs += [slice(int(a), int(b)) for a, b in edges.reshape(-1, 2)]
    return runs


def _profile(prepared: Prepared) -> Profile:
    """Return what the training rows look like, in the units of the recording."""
    rows = prepared.dataset.values[prepared.parts == Part.TRAIN]
    return Profile.of(rows, prepared.dataset.channels)


def _steps(dataset: Recording, scores: np.ndarray, parts: np.ndarray) -> pd.DataFrame:
    """Return the frame of a result."""
    columns: dict[str, object] = {}
    entity = dataset.entity
    if entity is not None:
        columns["entity"] = entity
    if dataset.time is not None:
        columns["time"] = dataset.time
    names = [part.name.lower() for part in Part]
    columns["part"] = pd.Categorical.from_codes(parts, pd.Index(names))
    columns["score"] = scores.astype(np.float32, copy=False)
    columns["imputed"] = dataset.imputed_rows
    if dataset.labels is not None:
        columns["label"] = dataset.labels
    return pd.DataFrame(columns)


def _split_notes(dataset: Dataset, parts: np.ndarray) -> tuple[str, ...]:
    """Say when rows that are taken as normal are labelled as anomalies."""
    if dataset.labels is None:
        return ()
    learned = np.isin(parts, (Part.TRAIN, Part.VALIDATION))
    count = int((dataset.labels & learned).sum())
    if not count:
        return ()
    return (
        f"{count:,} of the {int(learned.sum()):,} training rows are labelled as anomalies: "
        "the detector learns them as normal. Choose other training rows.",
    )


def _training_notes(history: list[dict[str, float]], config: Config) -> tuple[str, ...]:
    """Say in one line each what went wrong in training, with the setting to change."""
    if not history:
        return ()
    losses = [epoch["val_loss"] for epoch in history]
    best = int(np.argmin(losses))
    notes = unfinished(history, config.epochs)
    if losses[best] > 3 * history[best]["loss"]:
        notes.append(
            f"The validation loss is {losses[best] / history[best]['loss']:.1f} times the "
            "training loss: over-fitted, or the validation rows differ. Lower Units, raise "
            "Dropout, or take more training rows."
        )
    return tuple(notes)
