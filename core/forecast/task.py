"""The four verbs of the forecast task."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from core.data.dataset import Dataset
from core.data.graph import Graph
from core.data.rows import plural
from core.data.splits import Part
from core.errors import ConfigError, DataError, TooShort
from core.forecast.config import Config
from core.forecast.conformal import Bands
from core.forecast.edges import graph_of
from core.forecast.forecaster import Forecaster, Training, last_of
from core.forecast.network import Network
from core.forecast.panel import Panel, check_length, leaks, panel_of, untold
from core.forecast.result import Result
from core.forecast.samples import Samples, origins_of, split_of
from core.forecast.scale import Scale
from core.forecast.season import Calendar
from core.forecast.variants import VARIANTS
from core.learning import unfinished
from core.task import Reporter

PREPROCESSING, ARRAYS = "preprocessing.json", "preprocessing.npz"


@dataclass(frozen=True)
class Prepared:
    """A recording that is arranged, split and scaled, ready to be learned from.

    Attributes:
        config: The settings, with what a node is decided.
        dataset: The recording.
        panel: The recording as nodes and features.
        parts: (rows,) codes of `Part`, of the rows of the panel.
        scale: Fitted on the training rows alone.
        calendar: Its season.
        training: Training and validation windows, and the graph.
        graph_source: Where the graph comes from.
        naive: (M,) mean absolute change from row to row in the training rows.
    """

    config: Config
    dataset: Dataset
    panel: Panel
    parts: np.ndarray
    scale: Scale
    calendar: Calendar
    training: Training
    graph_source: str
    naive: np.ndarray


@dataclass
class Fitted:
    """A trained forecaster with all that it needs to be used again."""

    config: Config
    nodes: tuple[str, ...]
    features: tuple[str, ...]
    scale: Scale
    calendar: Calendar
    graph: Graph | None
    graph_source: str
    forecaster: Forecaster
    bands: Bands
    naive: np.ndarray
    fingerprint: str
    history: list[dict[str, float]] = field(default_factory=list)
    notes: tuple[str, ...] = ()

    @property
    def reference(self) -> np.ndarray:
        """(2 H M,) float32: bounds of the errors on the validation rows."""
        return np.concatenate([self.bands.lower.ravel(), self.bands.upper.ravel()])

    @property
    def scaler(self) -> Scale:
        """What was fitted first, on the training rows alone."""
        return self.scale

    @property
    def facts(self) -> dict[str, str]:
        """What was fitted on what, for the card."""
        rows = getattr(self.forecaster, "season", self.calendar.season)
        season = f"{rows} rows" if rows > 1 else "none"
        return {
            "scaler": f"standard, {self.config.scaling}, on the training rows",
            "season": season,
            "graph": self.graph_source,
            "model": "on forecasts of training rows; validation rows decide when to stop",
            "intervals": f"on errors of the validation rows, for {self.bands.coverage:.0%}",
            **self._shares(),
            "gaps": "filled with the last reading; left out of loss and metrics",
        }

    def _shares(self) -> dict[str, str]:
        """Say which part of the answer comes from which forecast, where there are several."""
        found = getattr(self.forecaster, "shares", {})
        if not found:
            return {}
        parts = ", ".join(f"{name} {share:.0%}" for name, share in found.items())
        return {"answer": f"{parts}; shares from the validation rows"}

    @property
    def epochs(self) -> list[int]:
        """Epochs whose weights are kept."""
        return self.forecaster.kept if isinstance(self.forecaster, Network) else []

    def at_epoch(self, epoch: int) -> Fitted:
        """Return this with the weights of *epoch*, counted from 1; the intervals stay.

        Raises:
            ConfigError: it was not kept.
        """
        if not isinstance(self.forecaster, Network):
            raise ConfigError(
                f"{VARIANTS[self.config.variant].label} is not trained in epochs.",
                "Choose a run of a network.",
            )
        self.forecaster.use_epoch(epoch)
        return self

    def save(self, folder: Path) -> None:
        """Write `preprocessing.json`, `preprocessing.npz` and the model's own files."""
        content = {
            "config": self.config.model_dump(),
            "nodes": self.nodes,
            "features": self.features,
            "calendar": vars(self.calendar),
            "graph_source": self.graph_source,
            "coverage": self.bands.coverage,
            "fingerprint": self.fingerprint,
            "history": self.history,
            "notes": list(self.notes),
        }
        (folder / PREPROCESSING).write_text(json.dumps(content, indent=1))
        graph = self.graph or Graph(())
        parts = {"weights": graph.weights, "places": graph.places}
        np.savez(
            folder / ARRAYS,
            allow_pickle=False,
            center=self.scale.center,
            spread=self.scale.spread,
            naive=self.naive,
            **self.bands.arrays(),
            **{name: part for name, part in parts.items() if part is not None},
        )
        self.forecaster.save(folder)


def load(folder: Path) -> Fitted:
    """Read what `Fitted.save` wrote."""
    content = json.loads((folder / PREPROCESSING).read_text())
    config, nodes = Config.parse(content["config"]), tuple(content["nodes"])
    with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
        stored = {name: arrays[name] for name in arrays.files}
    forecaster = VARIANTS[config.variant].build(config)
    forecaster.load(folder)
    return Fitted(
        config,
        nodes,
        tuple(content["features"]),
        Scale(stored["center"], stored["spread"]),
        Calendar(**content["calendar"]),
        Graph(nodes, stored.get("weights"), stored.get("places")),
        content["graph_source"],
        forecaster,
        Bands(stored["lower"], stored["upper"], content["coverage"]),
        stored["naive"],
        content["fingerprint"],
        content["history"],
        tuple(content["notes"]),
    )


def split(dataset: Dataset, config: Config) -> np.ndarray:
    """Return (rows of the panel,) codes of `Part`: first rows to learn from, last for the test."""
    return split_of(panel_of(dataset, config), config)


def prepare(dataset: Dataset, config: Config) -> Prepared:
    """Arrange, split and scale; whatever is fitted is fitted on the training rows alone.

    Raises:
        ConfigError: a setting names what is not there, or a target is said to be known ahead.
        TooShort: a part is shorter than the horizon, or the first one than a window.
        DataError: nothing was measured in a part, or the graph does not fit.
    """
    panel = panel_of(dataset, config)
    config = config.model_copy(update={"nodes": panel.kind})
    check_length(panel, config.lookback, config.horizon)
    parts = split_of(panel, config)
    train = parts == Part.TRAIN
    scale = Scale.fit(panel.values[train], panel.known[train], config.scaling == "shared")
    calendar = Calendar.fit(panel, train, config)
    whole = _windows(panel, config, scale, calendar, train)
    windows = {part: _of_rows(whole, parts == part) for part in Part if part}
    for part, samples in windows.items():
        if not len(samples):
            raise TooShort(
                f"No forecast of {plural(config.horizon, 'step')} fits into the "
                f"{part.name.lower()} part of {plural(int((parts == part).sum()), 'row')}, or "
                "nothing was measured there.",
                "Shorten horizon or lookback, or change the shares of the parts.",
            )
    samples = windows[Part.TRAIN]
    graph, source = graph_of(panel, dataset.graph, samples.scaled[train], config)
    return Prepared(
        config,
        dataset,
        panel,
        parts,
        scale,
        calendar,
        Training(samples, windows[Part.VALIDATION], graph),
        source,
        _naive(panel, train),
    )


def _windows(
    panel: Panel,
    config: Config,
    scale: Scale,
    calendar: Calendar,
    rows: np.ndarray,
    beyond: bool = False,
) -> Samples:
    """Return the windows whose forecast falls into *rows*."""
    return Samples(
        panel,
        scale.transform(panel.values),
        calendar.of(panel, config.horizon),
        scale,
        calendar,
        origins_of(panel, config.lookback, config.horizon, rows, beyond),
        config.lookback,
        config.horizon,
    )


def _of_rows(samples: Samples, rows: np.ndarray) -> Samples:
    """Return the windows of the same recording whose forecast falls into *rows* (rows,) bool."""
    origins = origins_of(samples.panel, samples.lookback, samples.horizon, rows)
    return replace(samples, origins=origins)


def _naive(panel: Panel, train: np.ndarray) -> np.ndarray:
    """Return (M,) mean absolute change from row to row in training rows; NaN where none changes."""
    actual = np.where(train[:, None], panel.actual, np.nan).astype(np.float64)
    change = np.abs(np.diff(actual, axis=0))
    change[[part.start - 1 for part in panel.segments if part.start]] = np.nan
    known = np.isfinite(change)
    total = np.nansum(change, axis=0)
    return np.where(total > 0, total / np.maximum(known.sum(axis=0), 1), np.nan)


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
    config, training, panel = prepared.config, prepared.training, prepared.panel
    forecaster: Forecaster = VARIANTS[config.variant].build(config)
    history = forecaster.fit(training, reporter, checkpoint)
    said = prepared.scale.inverse(forecaster.forecast(training.validation), panel.targets)
    truth = _truth(training.validation)
    return Fitted(
        config,
        panel.nodes,
        panel.features,
        prepared.scale,
        prepared.calendar,
        training.graph,
        prepared.graph_source,
        forecaster,
        Bands.fit(truth - said, config.coverage),
        prepared.naive,
        prepared.dataset.fingerprint,
        history,
        (
            *panel.notes,
            *leaks(panel, prepared.parts == Part.TRAIN),
            *untold(panel, config),
            *_parted(training.graph, config),
            *unfinished(history, config.epochs),
        ),
    )


def _parted(graph: Graph | None, config: Config) -> list[str]:
    """Return a line if the graph that a model reads is in parts that no edge joins."""
    read = "graph" in VARIANTS[config.variant].reads and config.spatial == "stgcn"
    return [finding.what for finding in graph.findings()] if graph is not None and read else []


def _truth(samples: Samples) -> np.ndarray:
    """Return (W, H, M) float32, raw units, NaN where nothing was measured."""
    rows = samples.origins[:, None] + np.arange(samples.horizon)
    return samples.panel.actual[rows]


def predict(
    fitted: Fitted,
    dataset: Dataset,
    *,
    silent: str | None = None,
    origins: np.ndarray | None = None,
) -> Result:
    """Forecast from every origin of *dataset*, the one behind its last reading included.

    Rows behind that, with what is known ahead and nothing else, are what that one reads of it.

    On the recording of the training the parts are kept, and validation and test are forecast;
    another recording is all test.

    Args:
        fitted: What `fit` or `load` returned.
        dataset: The recording.
        silent: A node, or a channel where entities are the nodes, whose readings the model does
            not get: it reads their mean instead.
        origins: First rows of the forecasts to make, when not all are wanted.

    Raises:
        RolesError: a node or channel that the model was trained on is missing.
        TooShort: the recording is shorter than one window.
    """
    samples, parts = samples_of(fitted, dataset, origins)
    panel = samples.panel
    if silent is not None:
        samples = _silenced(samples, silent)
    said = fitted.scale.inverse(fitted.forecaster.forecast(samples), panel.targets)
    columns: dict[str, object] = {} if panel.time is None else {"time": panel.time}
    columns["part"] = pd.Categorical.from_codes(
        parts.tolist(), pd.Index([part.name.lower() for part in Part])
    )
    return Result(
        pd.DataFrame(columns),
        tuple(panel.names),
        samples.origins,
        said,
        fitted.scale.inverse(last_of(samples), panel.targets),
        panel.actual,
        fitted.bands,
        fitted.naive,
        panel.step,
    )


def samples_of(
    fitted: Fitted, dataset: Dataset, origins: np.ndarray | None = None
) -> tuple[Samples, np.ndarray]:
    """Return the windows of *dataset* that `predict` forecasts from, and (rows,) codes of `Part`.

    Args:
        fitted: What `fit` or `load` returned.
        dataset: The recording.
        origins: Those that are wanted; all when None.
    """
    config = fitted.config
    panel = panel_of(dataset, config).arranged(fitted.nodes, fitted.features)
    own = dataset.fingerprint == fitted.fingerprint
    check_length(panel, config.lookback, config.horizon if own else 0)
    parts = split_of(panel, config) if own else np.full(len(panel), Part.TEST, np.int8)
    rows = parts != Part.TRAIN
    samples = _windows(panel, config, fitted.scale, fitted.calendar, rows, beyond=True)
    if origins is not None:
        samples = replace(samples, origins=np.intersect1d(samples.origins, origins))
    return samples, parts


def _silenced(samples: Samples, name: str) -> Samples:
    """Return *samples* in which a node or a channel always reads its mean."""
    panel, scaled = samples.panel, samples.scaled.copy()
    if name in panel.nodes:
        scaled[:, panel.nodes.index(name)] = 0.0
    elif name in panel.features:
        scaled[:, :, panel.features.index(name)] = 0.0
    else:
        raise DataError(
            f"There is no sensor {name!r} to silence.",
            f"Sensors are: {', '.join([*panel.nodes, *panel.features][:20])}.",
        )
    return replace(samples, scaled=scaled)
