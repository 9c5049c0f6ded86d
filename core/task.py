"""The contract that every task fulfils; pages, jobs, runs and the command line know only this.

A task is a package of core (`core.anomaly`) that offers the four verbs below as functions, its
`Config`, and its `VARIANTS`. Task packages do not import one another.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np

from core.config import Config
from core.data import catalog, open_dataset
from core.data.dataset import Cleaning, Dataset, Roles, digest
from core.errors import ConfigError
from core.settings import settings

TASKS = ("anomaly", "life", "forecast", "gas")


@dataclass(frozen=True)
class Progress:
    """Where a training stands.

    Attributes:
        epoch: Finished epochs.
        epochs: Epochs at most.
        fraction: Share of the work that is done, 0 to 1.
        seconds_left: Estimate until the last epoch; None before the first batch.
        metrics: Of the last finished epoch, such as {"loss": 0.1, "val_loss": 0.2}.
        stage: What is being done, such as "training" or "scoring".
    """

    epoch: int
    epochs: int
    fraction: float
    seconds_left: float | None
    metrics: Mapping[str, float]
    stage: str = "training"


class Reporter(Protocol):
    """Who is told of progress, and who may stop the work."""

    def report(self, progress: Progress) -> None:
        """Take note of *progress*; called at every epoch and about twice a second."""

    def cancelled(self) -> bool:
        """Whether to stop; asked after every batch, so it answers at once."""
        ...


class Silent:
    """A reporter that tells nobody and never stops."""

    def report(self, progress: Progress) -> None:
        """Tell nobody."""

    def cancelled(self) -> bool:
        """Never."""
        return False


class Fitted(Protocol):
    """A trained variant with all that it needs to be used again."""

    def save(self, folder: Path) -> None:
        """Write the model (`.keras` or npz) and the preprocessing (JSON) into *folder*."""


@dataclass(frozen=True)
class Variant:
    """A named architecture of a task.

    Attributes:
        name: As in configs and links, such as "lstm-autoencoder".
        label: As on the screen.
        help: What it does and when to choose it, one or two plain sentences with the source.
        build: Makes the untrained variant from a config.
        reads: Fields of the config that change its result; the others are left out of its key
            and of its form.
        version: Raised whenever its numbers change.
        baseline: Whether it is one of those that every model has to beat.
        companion: Whether it is trained beside every model, for its card: a baseline that takes
            no time.
    """

    name: str
    label: str
    help: str
    build: Callable[[Any], Any]
    reads: frozenset[str]
    version: int = 1
    baseline: bool = False
    companion: bool = False


@dataclass(frozen=True)
class Aim:
    """A metric of the validation rows that a search may go by.

    Attributes:
        name: As `Experiments.validation` calls it.
        label: As on the screen, with its unit.
        more: Whether more of it is better.
        help: What it means, in one plain sentence.
    """

    name: str
    label: str
    more: bool
    help: str


@dataclass(frozen=True)
class Experiments:
    """What a task offers to experiments with its settings; `core.sweeps` makes studies of it.

    Attributes:
        validation: Returns the metrics of a result on its validation rows, by name; empty where
            it has none. No metric of test rows: they may not choose a model.
        aims: What a search may go by; the usual one first.
        tuned: Fields of the config that matter most, in order; a search begins with those that
            the variant reads.
        asked: Fields that decide what is asked, or on which rows it is judged: answers to
            different questions cannot be ranked, so that a search does not vary them.
        ablations: Returns a config as it is, and with one part taken away or exchanged at a
            time, by name.
    """

    validation: Callable[[Any], dict[str, float]]
    aims: tuple[Aim, ...]
    tuned: tuple[str, ...]
    asked: frozenset[str]
    ablations: Callable[[Any], dict[str, Any]]


class Task(Protocol):
    """What a task package offers.

    Its results have `save(folder)` and, among the package's functions, `read_result(folder)`.
    """

    Config: type[Config]
    VARIANTS: dict[str, Variant]
    # A task that reads gaps as they are says so with KEEPS_GAPS = True. One with recordings of
    # its own kind, such as with frames, has a function `open_recording(source) -> Dataset`.
    # What it says of several results at once is in its module `beside` (`core.beside.Beside`).
    # One whose settings may be searched has EXPERIMENTS, an `Experiments`.

    def prepare(self, dataset: Dataset, config: Any) -> Any:
        """Split, scale and window: everything that is fitted on the training rows alone."""

    def fit(
        self,
        prepared: Any,
        *,
        reporter: Reporter | None = None,
        checkpoint: Path | None = None,
    ) -> Any:
        """Train; with *checkpoint* an interrupted training is taken up where it stopped."""

    def load(self, folder: Path) -> Any:
        """Read what `Fitted.save` wrote."""

    def predict(self, fitted: Any, dataset: Dataset) -> Any:
        """Return the result: tidy frames, one row a step of *dataset*."""

    def read_result(self, folder: Path) -> Any:
        """Read a stored result, lazily where it is large."""

    def evaluate(self, result: Any, truth: np.ndarray | None, decision: Any = None) -> Any:
        """Return metrics by name; *decision* is the task's rule from result to answer."""

    def advice(self, metrics: dict[str, float]) -> list[str]:
        """Return what *metrics* say should be changed, one line each with the setting."""


def get(name: str) -> Task:
    """Return the task called *name*; importing it loads no TensorFlow."""
    if name not in TASKS:
        raise ConfigError(f"There is no task {name!r}.", f"Tasks are: {', '.join(TASKS)}.")
    return cast(Task, importlib.import_module(f"core.{name}"))


def known(task: str) -> dict[str, Variant]:
    """Return the variants that runs of *task* may name, by name.

    A task may know variants that are not trained but made of runs.
    """
    module = get(task)
    return getattr(module, "KNOWN", module.VARIANTS)


def label(task: str, variant: str) -> str:
    """Return the name of a variant on the screen; its own where *task* knows it no more."""
    return known(task)[variant].label if variant in known(task) else variant


def variant_of(task: str, config: Config) -> Variant:
    """Return the variant that *config* names."""
    return known(task)[config.variant]  # type: ignore[attr-defined]


def effective(task: str, config: Config) -> Config:
    """Return *config* with every field that its variant does not read at its default.

    Two configs that differ in a field without effect then share one key.
    """
    reads = variant_of(task, config).reads | {"variant"}
    return type(config)(**{name: getattr(config, name) for name in reads})


def keeps_gaps(task: str) -> bool:
    """Whether *task* reads gaps as they are: a line across a gap knows what comes after it."""
    return bool(getattr(get(task), "KEEPS_GAPS", False))


def opens_otherwise(task: str) -> bool:
    """Whether *task* opens a recording in a way of its own."""
    return keeps_gaps(task) or hasattr(get(task), "open_recording")


def opened(task: str, source: str | Path, *, graph: Path | None = None) -> Dataset:
    """Open a recording for *task*, with the roles and the cleaning that were saved for it.

    A task that sets `KEEPS_GAPS` gets the gaps as they are; one with a function `open_recording`
    opens its own kind, which has no graph.

    Args:
        task: Name of the task.
        source: As for `open_dataset`.
        graph: As for `open_dataset`.
    """
    own = getattr(get(task), "open_recording", None)
    if own is not None:
        return own(source)
    if not keeps_gaps(task):
        return open_dataset(source, graph=graph)
    saved = None if isinstance(source, Path) else catalog.recipe(source)[1]
    cleaning = (saved or Cleaning()).model_copy(update={"missing": "keep"})
    return open_dataset(source, cleaning=cleaning, graph=graph)


def reopened(task: str, source: str, roles: Roles, cleaning: Cleaning) -> Dataset:
    """Open a recording for *task* as it was opened before.

    Args:
        task: Name of the task.
        source: As for `open_dataset`.
        roles: Which column was what; a task with recordings of its own kind finds them itself.
        cleaning: The recipe that was applied.
    """
    own = getattr(get(task), "open_recording", None)
    if own is not None:
        return cast(Dataset, own(source, cleaning))
    return open_dataset(source, roles=roles, cleaning=cleaning)


def key_of(task: str, config: Config, dataset: Dataset) -> str:
    """Return the key of a run: the same key, the same result, to the bit, on one machine."""
    variant = variant_of(task, config)
    parts = [
        task,
        effective(task, config).model_dump_json(),
        dataset.fingerprint,
        str(variant.version),
        str(settings().threads),
    ]
    if "graph" in variant.reads and dataset.graph is not None:
        parts.append(dataset.graph.digest)
    return digest(parts)[:32]
