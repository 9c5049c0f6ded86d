"""Write tables of results for other programs, or for a run that is taken up again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from core.errors import StorageError

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
        raise StorageError(f"{path} cannot be written: {error.strerror}.", ROOM) from error


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
        raise StorageError(f"{path} cannot be written: {error.strerror}.", ROOM) from error
