"""One row a measurement; the table is written where the README points to."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

RESULTS = Path(__file__).parent / "results"
README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"


@dataclass(frozen=True)
class Row:
    """A measured value, what it is held against, and whether it holds.

    Attributes:
        what: What was measured.
        value: The figure.
        unit: Its unit.
        target: What it has to be, in words; empty for a figure that is for information.
        holds: Whether it is; None without a target.
    """

    what: str
    value: float
    unit: str
    target: str = ""
    holds: bool | None = None


def at_most(what: str, value: float, limit: float, unit: str) -> Row:
    return Row(what, value, unit, f"<= {limit:g}", value <= limit)


def at_least(what: str, value: float, limit: float, unit: str) -> Row:
    return Row(what, value, unit, f">= {limit:g}", value >= limit)


def write(name: str, rows: list[Row]) -> Path:
    """Write *rows* to results/NAME.csv."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.csv"
    frame = pd.DataFrame([asdict(row) for row in rows])
    frame["value"] = frame["value"].map(lambda value: f"{value:.4g}")
    frame["machine"] = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    frame.to_csv(path, index=False)
    return path


def merged(name: str, rows: list[Row]) -> list[Row]:
    """Return what results/NAME.csv has, with *rows* in the place of those of the same name."""
    path = RESULTS / f"{name}.csv"
    known = pd.read_csv(path).drop(columns="machine") if path.exists() else pd.DataFrame()
    kept = {str(row["what"]): Row(**_given(row)) for row in known.to_dict("records")}
    return list((kept | {row.what: row for row in rows}).values())


def _given(row: dict[Any, Any]) -> dict[str, Any]:
    """Return the fields of a row of the table that it has."""
    return {str(name): value for name, value in row.items() if not pd.isna(value)}


def show_in_readme(rows: list[Row]) -> None:
    """Replace the table between the marks in README.md."""
    lines = ["| what | measured | target |", "|---|---|---|"]
    lines += [f"| {row.what} | {row.value:.3g} {row.unit} | {row.target} |" for row in rows]
    text = README.read_text()
    before, rest = text.split(BEGIN)
    README.write_text(f"{before}{BEGIN}\n{chr(10).join(lines)}\n{END}{rest.split(END)[1]}")


def in_process(module: str, *arguments: str) -> str:
    """Run *module* in a fresh process and return what it prints: memory must start from nothing."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{module} failed:\n{done.stderr[-2000:]}")
    return done.stdout.strip()
