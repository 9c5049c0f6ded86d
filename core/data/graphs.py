"""Which graph belongs to a recording: made to fit its channels or entities, and kept."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from core.data.dataset import Dataset, Finding
from core.data.graph import Graph
from core.data.uploads import write_atomically
from core.errors import DataError, StorageError, UnreadableFile
from core.settings import settings

Nodes = Sequence[str]


def fitted(read: Callable[[Nodes], Graph], channels: Nodes, entities: Nodes, every: Nodes) -> Graph:
    """Return the graph over what it fits: all columns, else the channels, else the entities.

    Args:
        read: Gives the graph over nodes, or raises DataError.
        channels: Of the recording as it is used.
        entities: Of the recording.
        every: All columns that could be channels, in the order of the file: a graph without names
            is mostly written for these.

    Raises:
        DataError: it fits none of them; it says why.
    """
    problems = {}
    for what, nodes in (("", every), ("channels", channels), ("entities", entities)):
        if len(nodes) < 2:
            continue
        try:
            return read(nodes)
        except UnreadableFile:
            raise
        except DataError as error:
            problems[what] = error
    problems.pop("", None)
    if not problems:
        raise DataError("A graph needs at least 2 channels or entities.", "Choose more channels.")
    if len(problems) == 1:
        raise next(iter(problems.values()))
    raise DataError(
        "The graph fits neither the channels nor the entities. "
        f"Channels: {problems['channels'].problem} Entities: {problems['entities'].problem}",
        problems["entities"].remedy,
    )


def joined(dataset: Dataset, graph: Graph) -> Dataset:
    """Return *dataset* with *graph*, cut to its channels or entities, and what was found in it."""
    nodes = dataset.channels if set(dataset.channels) <= set(graph.nodes) else dataset.entities
    graph = graph.of(tuple(nodes))
    return replace(dataset, graph=graph, findings=(*dataset.findings, *graph.findings()))


def left_aside(dataset: Dataset, error: DataError) -> Dataset:
    """Return *dataset* without a graph, and the finding why its own does not fit any more."""
    finding = Finding(
        what=f"The graph does not fit: {error.problem}",
        action=f"Left aside. {error.remedy}".strip(),
        severity="warning",
    )
    return replace(dataset, findings=(*dataset.findings, finding))


def attached(name: str) -> Graph | None:
    """Return what the analyst attached to the data set *name*; None where there is nothing.

    Raises:
        UnreadableFile: its file is damaged.
    """
    try:
        with np.load(_path(name), allow_pickle=False) as stored:
            parts = [stored.get(part) for part in ("weights", "places")]
            return Graph(tuple(str(node) for node in stored["nodes"]), *parts)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        raise UnreadableFile(
            f"The stored graph of {name!r} is damaged.", "Remove it, and attach it again."
        ) from None


def changed(name: str) -> int:
    """Return when the graph of *name* was attached, as a number; 0 where none is."""
    try:
        return _path(name).stat().st_mtime_ns
    except OSError:
        return 0


def attach(name: str, graph: Graph) -> None:
    """Keep *graph* for the data set *name*, in place of what was attached before.

    Raises:
        StorageError: it cannot be stored; nothing was changed.
    """
    parts = {"weights": graph.weights, "places": graph.places}
    known: dict[str, Any] = {part: array for part, array in parts.items() if array is not None}

    def write(draft: Path) -> None:
        with draft.open("wb") as file:
            np.savez_compressed(file, nodes=np.array(graph.nodes, dtype=str), **known)

    write_atomically(_path(name), write)


def remove(name: str) -> None:
    """Forget what was attached to the data set *name*."""
    try:
        _path(name).unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"The graph of {name!r} cannot be deleted: {error.strerror or error}.",
            "Close what uses it.",
        ) from None


def together(first: Graph, second: Graph | None) -> Graph:
    """Return *first* with the weights or places that it lacks, taken from *second* if it has all.

    A graph has places in one file and weights in another one.
    """
    if second is None or not set(first.nodes) <= set(second.nodes):
        return first
    other = second.of(first.nodes)
    return Graph(
        first.nodes,
        other.weights if first.weights is None else first.weights,
        other.places if first.places is None else first.places,
    )


def _path(name: str) -> Path:
    return settings().home / "graphs" / f"{quote(name, safe='')}.npz"
