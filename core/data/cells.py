"""Read a small table cell by cell, as a graph is written: numbers may be names."""

from __future__ import annotations

import gzip
import io
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from core.errors import UnreadableFile

DELIMITERS = (",", ";", "\t")


def read_cells(source: Path | bytes, names: Sequence[str]) -> pd.DataFrame:
    """Read CSV (comma, semicolon, tab or blanks; also gzip) or Parquet.

    A CSV's cells stay text. Its first row is a header when there are texts in it, when it is one
    row more than a square has, or when it holds all *names*, which may be numbers. Without a
    header the columns are numbered from 0.

    Args:
        source: Path or bytes.
        names: Of the nodes.

    Raises:
        UnreadableFile: it is missing, empty or no table.
    """
    try:
        data = source if isinstance(source, bytes) else source.read_bytes()
        if data[:4] == b"PAR1":
            table = pd.read_parquet(io.BytesIO(data))
            return table if isinstance(table.index, pd.RangeIndex) else table.reset_index()
        cells = _csv(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
    except (OSError, EOFError, ValueError) as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise UnreadableFile(
            f"The graph cannot be read: {reason[0][:120].rstrip('.')}.",
            "Expected a CSV or Parquet table: weights between nodes, or their places.",
        ) from None
    if not _has_header(cells, names):
        return cells.set_axis(pd.RangeIndex(cells.shape[1]), axis=1)
    header = [str(cell).strip() for cell in cells.iloc[0]]
    return cells.iloc[1:].set_axis(header, axis=1).reset_index(drop=True)


def is_number(cell: object) -> bool:
    """Whether *cell* can be read as a number; an empty one cannot."""
    try:
        float(str(cell))
    except ValueError:
        return False
    return str(cell).strip() != ""


def _csv(data: bytes) -> pd.DataFrame:
    text = data.decode("utf-8-sig")
    head = text.lstrip().partition("\n")[0]
    counts = {delimiter: head.count(delimiter) for delimiter in DELIMITERS}
    best = max(counts, key=lambda delimiter: counts[delimiter])
    return pd.read_csv(
        io.StringIO(text),
        sep=best if counts[best] else r"\s+",
        header=None,
        dtype=str,
        keep_default_na=False,
    )


def _has_header(cells: pd.DataFrame, names: Sequence[str]) -> bool:
    corner, *first = (str(cell).strip() for cell in cells.iloc[0])
    if any(cell and not is_number(cell) for cell in first):  # an empty cell is no name
        return True
    rows, columns = cells.shape
    if rows == columns:
        return not is_number(corner)
    # Numbers may be names of sensors, each once; weights are hardly that.
    different = {corner, *first}
    counted = all(cell.isdigit() for cell in different) and len(different) == columns
    return (rows == columns + 1 and counted) or different >= set(names)
