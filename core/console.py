"""How the command line speaks: progress, tables, and one JSON object where asked for."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from core import task as tasks

out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


def print_json(content: Mapping[str, Any]) -> None:
    """Print one JSON object; nothing else may be printed to standard output beside it."""
    sys.stdout.write(json.dumps(content, indent=2, default=str, allow_nan=False) + "\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table on a terminal, tab-separated lines otherwise."""
    texts = [[_text(cell) for cell in row] for row in rows]
    if not out.is_terminal:
        for row in [list(columns), *texts]:
            sys.stdout.write("\t".join(row) + "\n")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column)
    for row in texts:
        table.add_row(*row)
    out.print(table, markup=False)


def print_pairs(pairs: Mapping[str, Any]) -> None:
    """Print names and values under one another."""
    width = max((len(name) for name in pairs), default=0)
    for name, value in pairs.items():
        out.print(f"{name:<{width}}  {_text(value)}", markup=False)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    if not isinstance(value, float):
        return str(value)
    return f"{value:.0f}" if 999.5 <= abs(value) < 1e9 else f"{value:.3g}"


class Teller:
    """A reporter for the command line; `stop` cancels after the batch in hand."""

    def __init__(self, bar: Progress | None) -> None:
        self._bar, self._stop, self._last = bar, threading.Event(), ("", -1)
        self._line = bar.add_task("starting", total=1.0, note="") if bar else None

    def stop(self) -> None:
        """Ask the training to stop."""
        self._stop.set()

    def cancelled(self) -> bool:
        """Whether somebody asked it to stop."""
        return self._stop.is_set()

    def report(self, progress: tasks.Progress) -> None:
        """Move the bar, or print a line at each epoch and stage."""
        losses = [
            f"{name} {value:.3g}" for name, value in progress.metrics.items() if "loss" in name
        ]
        if self._bar is not None and self._line is not None:
            note = " ".join([f"epoch {progress.epoch}/{progress.epochs}", *losses])
            self._bar.update(
                self._line,
                completed=progress.fraction,
                description=progress.stage,
                note=note if progress.epochs else "",
            )
        elif (progress.stage, progress.epoch) != self._last:
            self._last = (progress.stage, progress.epoch)
            left = progress.seconds_left
            err.print(
                *([f"epoch {progress.epoch}/{progress.epochs}"] if progress.epochs else []),
                progress.stage,
                *losses,
                *([f"{left:.0f} s left"] if left else []),
                markup=False,
            )


@contextmanager
def telling() -> Iterator[Teller]:
    """A bar on a terminal, plain lines on standard error otherwise."""
    if not err.is_terminal:
        yield Teller(None)
        return
    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        TextColumn("{task.fields[note]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True) as bar:
        yield Teller(bar)


@contextmanager
def interruptible(stop: Callable[[], None]) -> Iterator[None]:
    """Let Ctrl-C stop a training after the batch in hand, so that its checkpoint is whole."""
    before = signal.signal(signal.SIGINT, lambda *_: stop())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
