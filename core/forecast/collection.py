"""Which recordings a benchmark runs on: data sets by name, files, and folders of files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from core.data import Graph, catalog, open_dataset
from core.data.cells import read_cells
from core.data.dataset import Cleaning, Dataset
from core.data.graph import LATITUDE, LONGITUDE
from core.errors import DataError, UnknownDataset, UnreadableFile
from core.forecast.benchmark import USUAL, Case
from core.forecast.config import Config

KINDS = (".csv", ".csv.gz", ".parquet")


def find(data: Iterable[str], pairs: Sequence[str], graph: Path | None = None) -> list[Case]:
    """Return what *data* names, with the settings *pairs* (`key=value`) over the usual ones.

    Raises:
        UnknownDataset: there is neither a data set, file, nor folder of that name.
        ConfigError: a setting is unknown or out of bounds.
    """
    chosen = Config.from_settings(pairs)
    settings = {name: getattr(chosen, name) for name in chosen.model_fields_set}
    cases = []
    for name in data:
        if catalog.known(name):
            usual = USUAL.get(name) or USUAL.get(catalog.canonical(name).split("/")[0], [{}])
            cases += [_case(name, name, {**one, **settings}, graph) for one in usual]
        else:
            found = _files(Path(name), graph)
            cases += [_case(_short(file), file, settings, edges) for file, edges in found]
    return cases


def _case(name: str, source: str | Path, settings: dict[str, Any], graph: Path | None) -> Case:
    return Case(name, partial(opened, source, graph), settings)


def opened(source: str | Path, graph: Path | None) -> Dataset:
    """Open a recording with its gaps as they are."""
    return open_dataset(source, cleaning=Cleaning(missing="keep"), graph=graph)


def _short(path: Path) -> str:
    name = path.name
    return next((name.removesuffix(kind) for kind in KINDS if name.endswith(kind)), name)


def _files(path: Path, graph: Path | None) -> list[tuple[Path, Path | None]]:
    """Return the recordings at *path*, each with the file of its graph."""
    if path.is_file():
        return [(path, graph)]
    if not path.is_dir():
        raise UnknownDataset(
            f"There is no data set {str(path)!r}, nor a file or folder of that name.",
            "fusionscope data list shows the data sets.",
        )
    files = sorted(file for file in path.rglob("*") if file.name.lower().endswith(KINDS))
    if not files:
        raise UnknownDataset(f"{path} has no CSV or Parquet file.", "Name another folder.")
    edges = [file for file in files if _describes_nodes(file)]
    rest = [file for file in files if file not in edges]
    return [(file, graph or _fitting(file, edges)) for file in rest]


def _describes_nodes(file: Path) -> bool:
    """Whether *file* is a square table of numbers, or has a column of latitudes."""
    try:
        table = read_cells(file, ())
    except UnreadableFile:
        return False  # the recording's own reader says what is wrong with it
    columns = {str(name).casefold() for name in table.columns}
    named = bool(columns & set(LATITUDE)) and bool(columns & set(LONGITUDE))
    return named or len(table) in (table.shape[1], table.shape[1] - 1)


def _fitting(recording: Path, edges: list[Path]) -> Path | None:
    """Return the first of *edges* beside *recording* that fits it; weights before places."""
    found: list[tuple[bool, Path]] = []
    for file in edges:
        if file.parent != recording.parent:
            continue
        try:
            graph = opened(recording, file).graph
        except DataError:
            continue
        assert isinstance(graph, Graph)
        found.append((graph.weights is None, file))
    return min(found)[1] if found else None
