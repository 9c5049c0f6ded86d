"""Tables of results for other programs, or for a benchmark that is taken up again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from core.errors import ConfigError, StorageError

ROOM = "Choose another folder, or free space."


def write(frame: pd.DataFrame, path: Path) -> None:
    """Write *frame* as the suffix of *path* says.

    Raises:
        StorageError: it is neither .csv nor .parquet, or cannot be written.
    """
    writers = {
        ".csv": lambda: frame.to_csv(path, index=False),
        ".parquet": lambda: frame.to_parquet(path, index=False),
    }
    if path.suffix not in writers:
        raise StorageError(
            f"A file is written as .csv or .parquet, received {path.name!r}.", "Change its ending."
        )
    try:
        writers[path.suffix]()
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror or error}.", ROOM) from error


def replace_csv(rows: list[dict[str, Any]], path: Path) -> None:
    """Replace the CSV file at *path* in one step, so that a kill never leaves half of one.

    Raises:
        StorageError: it cannot be written.
    """
    draft = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        pd.DataFrame(rows).to_csv(draft, index=False)
        draft.replace(path)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror or error}.", ROOM) from error


def read_rows(path: Path, key: list[str]) -> list[dict[str, Any]]:
    """Return the rows that `replace_csv` wrote to *path*, without what is unknown; none without it.

    Args:
        path: CSV file.
        key: Columns that a row is found by; they are read as text.

    Raises:
        StorageError: it cannot be read.
        ConfigError: it lacks a column of *key*.
    """
    if not path.exists():
        return []
    try:
        frame = pd.read_csv(path, dtype=dict.fromkeys(key, str))
    except (OSError, ValueError) as error:
        raise StorageError(
            f"{path} cannot be read: {error}.", "Delete it, or name another."
        ) from None
    if missing := [name for name in key if name not in frame]:
        raise ConfigError(
            f"{path} is no table of this benchmark: it lacks {', '.join(missing)}.",
            "Name another file.",
        )
    frame[key] = frame[key].fillna("")
    return [
        {str(k): v for k, v in row.items() if not pd.isna(v)} for row in frame.to_dict("records")
    ]
