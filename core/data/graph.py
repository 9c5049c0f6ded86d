"""Which sensors are neighbours: a weighted graph over named nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from core.data.cells import is_number, read_cells
from core.data.dataset import Finding, digest
from core.data.rows import plural
from core.errors import DataError

EARTH = 6_371.0  # km, mean radius
WEAK = 0.1  # edges that are weaker are left out (Li et al. 2018, DCRNN)
LATITUDE, LONGITUDE = ("latitude", "lat"), ("longitude", "lon", "lng", "long")
SHOWN = 5  # names in a message


@dataclass(frozen=True, eq=False)
class Graph:
    """Edges between nodes, places of nodes, or both.

    Attributes:
        nodes: Names of the N nodes.
        weights: (N, N) float32, row to column, not negative, or None where only places are known.
        places: (N, 2) float64, latitude and longitude in degrees, or None.
    """

    nodes: tuple[str, ...]
    weights: np.ndarray | None = None
    places: np.ndarray | None = None

    @cached_property
    def digest(self) -> str:
        """Hash of the content: the same graph, the same hash."""
        arrays = [
            "" if self.weights is None else np.asarray(self.weights, "<f4").tobytes().hex(),
            "" if self.places is None else np.asarray(self.places, "<f8").tobytes().hex(),
        ]
        return digest([*self.nodes, *arrays])

    def of(self, nodes: Sequence[str]) -> Graph:
        """Return the graph of *nodes* alone, in their order.

        Raises:
            DataError: one of them is not in it; it says which.
        """
        at = {name: place for place, name in enumerate(self.nodes)}
        missing = [name for name in nodes if name not in at]
        if missing:
            raise DataError(
                f"The graph has no node {_some(missing, quoted=True)}; its nodes are: "
                f"{_some(self.nodes)}.",
                "Name its nodes as the recording does.",
            )
        order = [at[name] for name in nodes]
        weights = None if self.weights is None else self.weights[np.ix_(order, order)]
        return Graph(tuple(nodes), weights, None if self.places is None else self.places[order])

    @cached_property
    def symmetric(self) -> np.ndarray:
        """(N, N) float32: the stronger of both directions, without loops.

        Raises:
            DataError: only places are known; `from_places` makes edges of them.
        """
        if self.weights is None:
            raise DataError(
                "The graph has places and no edges.", "Make edges by distance, or give weights."
            )
        weights = np.maximum(self.weights, self.weights.T)
        np.fill_diagonal(weights, 0.0)
        return weights

    @property
    def edges(self) -> int:
        """Number of pairs of nodes with an edge, in either direction."""
        return int(np.count_nonzero(np.triu(self.symmetric)))

    @cached_property
    def parts(self) -> int:
        """Number of parts that no edge joins; a single node is a part."""
        from scipy.sparse.csgraph import connected_components

        return int(connected_components(self.symmetric, directed=False)[0])

    def findings(self) -> list[Finding]:
        """Return what the analyst should know of the edges; nothing where there are none."""
        if self.weights is None or self.parts <= 1:
            return []
        alone = int((self.symmetric.sum(axis=0) == 0).sum())
        return [
            Finding(
                what=f"The graph is in {self.parts} parts that no edge joins"
                + (f"; {plural(alone, 'node')} without an edge." if alone else "."),
                count=self.parts,
                action="Kept; nothing passes from one part to another.",
                severity="warning",
            )
        ]


def from_places(nodes: Sequence[str], places: np.ndarray) -> Graph:
    """Return a graph with edges by distance: a Gaussian kernel, weak edges left out.

    Shuman et al. 2013, "The emerging field of signal processing on graphs", equation 1: exp of the
    negative squared distance over the squared spread of all distances.

    Args:
        nodes: Names of the N nodes.
        places: (N, 2), latitude and longitude in degrees.
    """
    distance = distances(places)
    spread = distance[~np.eye(len(places), dtype=bool)].std() if len(places) > 1 else 0.0
    weights = np.exp(-np.square(distance / spread)) if spread > 0 else np.ones_like(distance)
    weights[weights < WEAK] = 0.0
    np.fill_diagonal(weights, 0.0)
    return Graph(tuple(nodes), weights.astype(np.float32), np.asarray(places, np.float64))


def distances(places: np.ndarray) -> np.ndarray:
    """Return (N, N) kilometres between *places* (N, 2) in degrees, on a sphere (haversine)."""
    latitude, longitude = np.radians(np.asarray(places, np.float64)).T
    half = np.sin((latitude[:, None] - latitude) / 2) ** 2
    across = np.sin((longitude[:, None] - longitude) / 2) ** 2
    half += np.cos(latitude[:, None]) * np.cos(latitude) * across
    return np.asarray(2 * EARTH * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0))))


def from_correlation(nodes: Sequence[str], values: np.ndarray, neighbours: int = 8) -> Graph:
    """Return a graph with edges between nodes that vary together, weighted by |r|.

    Args:
        nodes: Names of the N nodes.
        values: (rows, N) without gaps, training rows alone.
        neighbours: Edges of each node, to those that it is correlated with most, either way.
    """
    values = np.asarray(values, np.float64)
    spread = values.std(axis=0)
    clean = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    weights = np.abs(clean.T @ clean / len(clean))
    np.fill_diagonal(weights, 0.0)
    if len(weights) - 1 > neighbours:
        least = np.sort(weights, axis=1)[:, -neighbours][:, None]
        weights = np.where(weights >= least, weights, 0.0)
        weights = np.maximum(weights, weights.T)
    return Graph(tuple(nodes), weights.astype(np.float32))


def read_graph(source: Path | bytes, nodes: Sequence[str]) -> Graph:
    """Read an adjacency, or the places of the nodes, from CSV or Parquet.

    Args:
        source: Path or bytes. A table with latitude and longitude gives places; any other one is
            taken for weights, with or without names.
        nodes: Names of the channels or entities.

    Raises:
        DataError: it does not fit *nodes*; it says how.
    """
    table = read_cells(source, nodes)
    columns = {str(name).casefold() for name in table.columns}
    if columns & set(LATITUDE) and columns & set(LONGITUDE):
        return coordinates(table, nodes)
    return adjacency(table, nodes)


def adjacency(table: pd.DataFrame, nodes: Sequence[str]) -> Graph:
    """Return the graph of a table of weights.

    Args:
        table: One row and one column a node, besides a first column of names where there is one.
            The names, of the columns or in that first column, say which node is which; columns
            without names (numbers from 0 or 1 on) are in the order of *nodes*.
        nodes: Names of the channels or entities.

    Raises:
        DataError: it is not square, has another size or other names than *nodes*, or negative
            or missing weights.
    """
    names, cells = _names_of(table, nodes)
    weights = _weights(cells)
    if names is None:
        if len(weights) != len(nodes):
            raise DataError(
                f"The recording has {plural(len(nodes), 'node')}, the adjacency "
                f"{len(weights):,} rows and columns.",
                "Expected one row and one column a node, in the order of the recording, or names.",
            )
        names = list(nodes)
    return Graph(tuple(names), weights).of(nodes)


def coordinates(table: pd.DataFrame, nodes: Sequence[str]) -> Graph:
    """Return the places of *nodes* from a table with a column of names, latitude and longitude.

    Raises:
        DataError: a column or a node is missing, or a place is none.
    """
    found = [_column(table, names) for names in (LATITUDE, LONGITUDE)]
    if found[0] is None or found[1] is None:
        raise DataError(
            "Places need columns latitude and longitude, received "
            f"{_some([str(name) for name in table.columns])}.",
            "Name them latitude and longitude, in degrees.",
        )
    wanted = set(nodes)
    texts = {name: table[name].map(_name) for name in table.columns if name not in found}
    shared = {name: len(wanted & set(column)) for name, column in texts.items()}
    best = max(shared, key=lambda name: shared[name], default=None)
    if best is None or not shared[best]:
        raise DataError(
            f"No column of the places names the nodes: {_some(list(nodes))}.",
            "Add a column with the names of the channels or entities.",
        )
    names = list(texts[best])
    _check_once(names, "The places name")
    graph = Graph(tuple(names), None, _places(table[found], names))
    return graph.of(nodes)


def _places(table: pd.DataFrame, names: list[str]) -> np.ndarray:
    """Return (rows, 2) degrees of the cells of *table*."""
    places = table.apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    bad = np.flatnonzero(~(np.abs(places) <= [90.0, 180.0]).all(axis=1))
    if bad.size:
        latitude, longitude = table.iloc[bad[0]]
        raise DataError(
            f"The place of {names[bad[0]]!r} is latitude {latitude}, longitude {longitude}.",
            "A latitude is -90 to 90, a longitude -180 to 180 degrees.",
        )
    return places


def _names_of(table: pd.DataFrame, nodes: Sequence[str]) -> tuple[list[str] | None, pd.DataFrame]:
    """Return the names of the nodes, None where there are none, and the cells of weights.

    The rows come in the order of the columns.
    """
    rows: list[str] | None = None
    if _first_names(table, nodes):
        rows, table = [_name(cell) for cell in table.iloc[:, 0]], table.iloc[:, 1:]
    if table.shape[0] != table.shape[1]:
        raise DataError(
            f"An adjacency is square; received {plural(table.shape[0], 'row')} and "
            f"{plural(table.shape[1], 'column')}.",
            "Expected one row and one column a node, and at most one more column with names.",
        )
    columns: list[str] | None = None
    if not isinstance(table.columns, pd.RangeIndex):  # there is a header
        columns = _unless_counted([_name(name) for name in table.columns], nodes)
    rows = None if rows is None else _unless_counted(rows, nodes)
    for names in (rows, columns):
        _check_once(names or [], "The adjacency names")
    if rows is None or columns is None:
        return columns or rows, table
    if set(rows) != set(columns):
        odd = sorted(set(rows) ^ set(columns))
        raise DataError(
            f"Rows and columns of the adjacency name different nodes: {_some(odd)}.",
            "Name both alike.",
        )
    return columns, table.iloc[[rows.index(name) for name in columns]]


def _first_names(table: pd.DataFrame, nodes: Sequence[str]) -> bool:
    """Whether the first column of *table* stands beside a square and names its rows."""
    if table.shape[1] != table.shape[0] + 1:
        return False
    first = [_name(cell) for cell in table.iloc[:, 0]]
    text = not all(is_number(cell) for cell in first)
    return text or bool(set(first) & set(nodes)) or _counted(first, nodes)


def _weights(cells: pd.DataFrame) -> np.ndarray:
    """Return (N, N) float32, after a look at every cell."""
    weights = cells.apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    bad = ~np.isfinite(weights) | (weights > np.finfo(np.float32).max)
    for wrong, what, remedy in (
        (bad, "is no number", "Write 0 where there is no edge."),
        (weights < 0, "is negative", "Weights say how near nodes are: 0 for no edge."),
    ):
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            count = int(wrong.sum())
            raise DataError(
                f"The weight in row {row + 1}, column {column + 1} of the adjacency {what}: "
                f"{cells.iloc[row, column]!s}" + (f" ({count:,} are such)." if count > 1 else "."),
                remedy,
            )
    return weights.astype(np.float32)


def _unless_counted(names: list[str], nodes: Sequence[str]) -> list[str] | None:
    return None if _counted(names, nodes) else names


def _counted(names: list[str], nodes: Sequence[str]) -> bool:
    """Whether *names* are no names: numbers in order that a program has written."""
    if set(names) & set(nodes):
        return False
    return any(names == [str(n + start) for n in range(len(names))] for start in (0, 1))


def _check_once(names: list[str], who: str) -> None:
    again = [name for name, count in Counter(names).items() if count > 1]
    if again:
        raise DataError(f"{who} {_some(again, quoted=True)} more than once.", "Name each once.")


def _column(table: pd.DataFrame, names: Sequence[str]) -> str | None:
    lower = {str(name).casefold(): name for name in table.columns}
    return next((lower[name] for name in names if name in lower), None)


def _name(cell: object) -> str:
    """Return the name in a cell; a whole number without a point, as entities are called."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _some(names: Sequence[str], quoted: bool = False) -> str:
    """Return the first few of *names* and how many more there are."""
    shown = ", ".join(repr(name) if quoted else name for name in names[:SHOWN])
    more = len(names) - SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown
