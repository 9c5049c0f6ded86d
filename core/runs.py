"""Train or load: the store of runs, on MLflow.

A run is found by its key. It appears in the store after all of its files are there, and each file
is listed with size and checksum, so that a run is either whole or says what is missing.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from threadpoolctl import threadpool_limits

from core import artifacts, memory, tracking, training
from core import task as tasks
from core.card import describe
from core.config import Config
from core.data.dataset import Dataset
from core.errors import RunNotFound
from core.run import Run, find, from_entity
from core.run_edit import NAME, crown, delete, rename, tag, untag
from core.run_save import save
from core.settings import settings
from core.task import Progress, Reporter
from core.tracking import PREFIX, equals, pattern, store

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as Entity

__all__ = [
    "Run",
    "crown",
    "delete",
    "export",
    "find",
    "get",
    "rename",
    "several",
    "stored",
    "table",
    "tag",
    "train_or_load",
    "untag",
    "warm",
]

_COLUMNS = (
    *("id", "name", "task", "variant", "baseline"),
    *("dataset", "champion", "created", "seconds", "tags"),
)
_SORTS = {"created": "attributes.start_time", "name": "attributes.run_name"} | {
    name: f"tags.`{PREFIX}{name}`" for name in ("task", "variant", "dataset", "champion")
}


def warm() -> None:
    """Load MLflow and make the store, seconds the first time; the server does so beforehand."""
    artifacts.sweep()
    with store() as client:
        for task in tasks.TASKS:
            tracking.experiment(client, task)


def get(name: str) -> Run:
    """Return the run with this name, id or key.

    Raises:
        RunNotFound: there is none; similar names are suggested.
    """
    filters = [
        f"attributes.run_name = '{name}'",
        f"attributes.run_id = '{name}'",
        equals("key", name),
    ]
    found = None
    if NAME.fullmatch(name):
        with store() as client:
            pages = (tracking.search(client, [wanted], limit=1)[0] for wanted in filters)
            found = next((page[0] for page in pages if page), None)
    if found is None:
        names = table(limit=500)[0]["name"].tolist()
        near = get_close_matches(name, names, n=3, cutoff=0.5)
        remedy = f"Similar: {', '.join(near)}." if near else "The list of runs has all names."
        raise RunNotFound(f"There is no run {name!r}.", remedy)
    return from_entity(found)


def several(names: Iterable[str]) -> dict[str, Run]:
    """Return the runs with these names or ids, by what they were asked by; others are left out."""
    known = memory.now()
    asked = [
        name for name in dict.fromkeys(names) if NAME.fullmatch(name) and name not in known.runs
    ]
    listed = ", ".join(f"'{name}'" for name in asked)
    with store() as client:
        # MLflow can look for several ids at once, and for one name.
        if asked:
            known.keep(_found(client, f"attributes.run_id IN ({listed})", len(asked)))
        for name in asked:
            if name not in known.runs:
                known.keep(_found(client, f"attributes.run_name = '{name}'", 1))
    return {name: known.runs[name] for name in names if name in known.runs}


def table(
    *,
    task: str | None = None,
    dataset: str | None = None,
    fingerprint: str | None = None,
    text: str = "",
    champion: bool | None = None,
    baseline: bool | None = None,
    sort: str = "created",
    descending: bool = True,
    limit: int = 50,
    offset: int = 0,
) -> tuple[pd.DataFrame, int]:
    """Return one page of runs, and how many there are in all. Damaged runs are in it, too.

    Args:
        task: Only runs of this task.
        dataset: Only runs on the data set of this name.
        fingerprint: Only runs on this content, roles and cleaning, whatever the data set's name.
        text: Only runs with all of these words in name, data set, variant or tags.
        champion: Only champions, or only others.
        baseline: Only baselines, or only others.
        sort: created, name, task, variant, dataset, champion, seconds or a metric's name.
        descending: Whether the largest or newest come first.
        limit: Rows of a page.
        offset: Rows before the page.

    Returns:
        Frame [id, name, task, variant, baseline, dataset, champion, created, seconds, tags, and
        one column a metric], and the number of runs that meet the filters.
    """
    filters = [
        f"tags.`{PREFIX}search` LIKE '%{pattern(word.casefold())}%'" for word in text.split()
    ]
    for name, wanted in (("dataset", dataset), ("fingerprint", fingerprint)):
        if wanted is not None:
            filters.append(equals(name, wanted))
    for name, value in (("champion", champion), ("baseline", baseline)):
        if value is not None:
            filters.append(equals(name, str(value).lower()))
    column = _SORTS.get(sort) or "metrics.`{}`".format(re.sub(r"[^\w ./:-]", "_", sort))
    order = f"{column} {'DESC' if descending else 'ASC'}"
    with store() as client:
        found, total = tracking.search(
            client, filters, task=task, order=order, limit=limit, offset=offset
        )
    rows = [_row(from_entity(entity)) for entity in found]
    metrics = sorted({name for row in rows for name in row}.difference(_COLUMNS))
    return pd.DataFrame(rows, columns=[*_COLUMNS, *metrics]), total


def stored(
    task: str | None = None,
    dataset: str | None = None,
    limit: int = 500,
    fingerprint: str | None = None,
) -> list[Run]:
    """Return the runs of *task*, newest first; None stands for any. See `table`."""
    known = memory.now()
    question = (task, dataset, limit, fingerprint)
    if question not in known.lists:
        wanted = {"dataset": dataset, "fingerprint": fingerprint}
        filters = [equals(name, value) for name, value in wanted.items() if value is not None]
        with store() as client:
            found, _ = tracking.search(client, filters, task=task, limit=limit, count=False)
        known.lists[question] = known.keep(found)
    return list(known.lists[question])


def train_or_load(
    task: str,
    dataset: Dataset,
    config: Config,
    reporter: Reporter | None = None,
    checkpoint: Path | None = None,
) -> tuple[Run, bool]:
    """Return the stored run of these inputs, or train one and store it.

    A model is stored together with its baselines, which are trained or loaded first.

    Args:
        task: Name of the task.
        dataset: The recording, ready for windows.
        config: The task's config.
        reporter: Told of progress; may cancel.
        checkpoint: File to take an interrupted training up from; removed when the run is stored.

    Returns:
        The run, and whether it was there already.

    Raises:
        Cancelled: the reporter asked to stop.
        StorageError: the disk is full; nothing of the run is left.
    """
    key = tasks.key_of(task, config, dataset)
    run = find(key)
    if run is not None:
        return run, True
    module = tasks.get(task)
    reporter = reporter or tasks.Silent()
    prepared = module.prepare(dataset, config)  # first: it refuses what cannot be trained
    baselines = {run.variant: run.metrics for run in _baselines(task, dataset, config, reporter)}
    began = time.perf_counter()
    reporter.report(Progress(0, 0, 0.0, None, {}, "preparing"))
    with threadpool_limits(settings().threads, "blas"):  # numpy's threads decide the last bits, too
        fitted = module.fit(prepared, reporter=reporter, checkpoint=checkpoint)
        reporter.report(Progress(0, 0, 1.0, None, {}, "scoring"))
        result = module.predict(fitted, dataset)
        metrics = module.evaluate(result, dataset.labels)
    seconds = time.perf_counter() - began
    made = describe(task, dataset, config, fitted, result, metrics, baselines, seconds)
    run = save(key, made, fitted, result)
    if checkpoint is not None:
        training.forget(checkpoint)
    return run, False


def _baselines(task: str, dataset: Dataset, config: Config, reporter: Reporter) -> Iterator[Run]:
    """Train or load the baselines that a model of *config* has to beat."""
    if tasks.variant_of(task, config).baseline:
        return
    names = [name for name, variant in tasks.get(task).VARIANTS.items() if variant.companion]
    for number, name in enumerate(names):
        stage = f"baseline {name}"
        reporter.report(Progress(0, 0, number / len(names), None, {}, stage))
        other = config.model_copy(update={"variant": name})
        yield train_or_load(task, dataset, other, _Quiet(reporter))[0]


class _Quiet:
    """Passes the wish to cancel on, but no progress: a baseline is a step of another training."""

    def __init__(self, reporter: Reporter) -> None:
        self.cancelled = reporter.cancelled

    def report(self, progress: Progress) -> None:
        """Tell nobody."""


def export(run: Run, path: Path) -> Path:
    """Write all files of *run* into a zip at *path*, after their checksums were compared.

    Raises:
        RunDamaged: a file is missing, truncated or altered.
        StorageError: *path* cannot be written.
    """
    artifacts.pack(run.checked(""), path)
    return path


def _found(client: MlflowClient, wanted: str, limit: int) -> list[Entity]:
    return tracking.search(client, [wanted], limit=limit, count=False)[0]


def _row(run: Run) -> dict[str, Any]:
    return {name: getattr(run, name) for name in _COLUMNS} | run.metrics
