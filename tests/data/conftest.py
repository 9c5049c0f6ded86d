"""What the tests of the data layer share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.data import Table, build, read_table
from core.data.dataset import Cleaning, Dataset, Roles

Read = Callable[..., Table]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write text or bytes to a file and read it."""

    def run(content: str | bytes, name: str = "file.csv", encoding: str = "utf-8") -> Table:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return read_table(path)

    return run


@pytest.fixture
def make() -> Callable[..., Dataset]:
    """Build a dataset from columns."""

    def run(
        columns: dict[str, object],
        roles: Roles | None = None,
        cleaning: Cleaning | None = None,
    ) -> Dataset:
        frame = pd.DataFrame(columns)
        return build(Table(frame, (), "0" * 64, "made"), roles, cleaning)

    return run


def whats(findings: object) -> str:
    """All findings as one text."""
    return "\n".join(
        f"{f.column}|{f.what}|{f.rows}|{f.count}|{f.action}"
        for f in findings  # type: ignore[attr-defined]
    )


def minutes(rows: int, start: str = "2024-01-01") -> np.ndarray:
    """(rows,) time stamps, one a minute."""
    return np.datetime64(start, "us") + np.arange(rows) * np.timedelta64(60, "s")
