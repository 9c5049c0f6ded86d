"""Readers, roles, cleaning, windows, splits and the catalog of data sets."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pandas as pd

from core.data import catalog, graphs
from core.data.build import build
from core.data.dataset import Cleaning, Dataset, Finding, Recording, Roles
from core.data.graph import Graph, read_graph
from core.data.ondisk import DatasetOnDisk, long_parquet, matched
from core.data.readers import Table, read_table
from core.data.scaling import Scaler
from core.data.splits import Part, blocked, chronological
from core.data.windows import Windows, check_lookback
from core.errors import DataError

__all__ = [
    "Cleaning",
    "Dataset",
    "DatasetOnDisk",
    "Finding",
    "Graph",
    "Part",
    "Recording",
    "Roles",
    "Scaler",
    "Table",
    "Windows",
    "blocked",
    "build",
    "candidates",
    "catalog",
    "check_lookback",
    "chronological",
    "open_dataset",
    "open_recording",
    "read_graph",
    "read_table",
]


def open_dataset(
    source: str | Path,
    *,
    roles: Roles | None = None,
    cleaning: Cleaning | None = None,
    graph: Path | None = None,
) -> Dataset:
    """Open a recording, ready for windows.

    Args:
        source: Name in the catalog, or path of a CSV (also .gz) or Parquet file, or of a folder
            or zip with one such file; it is read where it is. A name goes before a file that is
            called the same, a `Path` is a path.
        roles: Which column is what; as saved for the name, else guessed, when None.
        cleaning: What to do about missing values and the time step; as saved for the name, else
            the defaults, when None.
        graph: File of the adjacency, or of the places, of the channels or entities. When None, the
            one that was attached to the name, or is published with it; where that one does not
            fit, a finding says so.

    Returns:
        The dataset. `open_dataset(data.source, roles=data.roles, cleaning=data.cleaning)` gives
        one with the same fingerprint, also in another process.

    Raises:
        UnknownDataset: there is neither such a name nor such a file, or it cannot be fetched.
        DataError: the file is no table, the roles do not fit it, or *graph* does not.
        ConfigError: the time step cannot be used.
    """
    path = Path(source)
    if isinstance(source, Path) or (path.exists() and not catalog.known(source)):
        table = read_table(path)
        dataset = build(table, roles, cleaning, source=str(path.resolve()))
        return dataset if graph is None else _with_graph(dataset, table, graph)
    source = catalog.canonical(source)
    saved_roles, saved_cleaning = catalog.recipe(source)
    table = catalog.read(source)
    dataset = build(table, roles or saved_roles, cleaning or saved_cleaning, source=source)
    return _with_graph(dataset, table, graph)


def _with_graph(dataset: Dataset, table: Table, file: Path | None) -> Dataset:
    """Return *dataset* with the graph in *file*, or with that of the catalog."""
    names = dataset.channels, tuple(dataset.entities), candidates(table.frame, dataset.roles)
    if file is not None:
        return graphs.joined(dataset, graphs.fitted(partial(read_graph, file), *names))
    try:
        found = catalog.graph(dataset.source, *names)
    except DataError as error:
        return graphs.left_aside(dataset, error)
    return dataset if found is None else graphs.joined(dataset, found)


def candidates(frame: pd.DataFrame, roles: Roles) -> tuple[str, ...]:
    """Return the columns of *frame* that could be channels, in their order."""
    other = {roles.time, roles.entity, roles.label}
    numeric = pd.api.types.is_numeric_dtype
    return tuple(str(name) for name in frame if name not in other and numeric(frame[name]))


def open_recording(source: str | Path, like: Roles) -> Recording:
    """Open a recording that a trained model shall score; a Parquet file too long to be held stays.

    Args:
        source: As for `open_dataset`.
        like: Roles of the recording that the model was trained on: what a long file has of them is
            taken, what it lacks is guessed from its first rows. They do not change how a shorter
            recording is opened.

    Raises:
        RolesError: a long file lacks a channel.
        DataError, ConfigError: cleaning a long file needs all of its rows at once.
    """
    path, cleaning = Path(source), None
    if not isinstance(source, Path) and (catalog.known(source) or not path.exists()):
        if catalog.entry(source).kind != "upload":
            return open_dataset(source)  # samples and public sets are short
        path, (_, cleaning) = catalog.fetch(source), catalog.recipe(source)
    if not path.is_file() or not long_parquet(path):
        return open_dataset(source)
    return DatasetOnDisk(path, matched(path, like), cleaning)
