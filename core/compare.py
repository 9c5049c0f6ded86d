"""Two to eight stored runs of one task side by side: which one is better, and by more than luck?

It knows no task by name: what is particular to one is in the module `beside` of its package.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from core import task as tasks
from core.beside import Beside, Better, Contest, Courses, Curve, best, line, lines
from core.differences import differing, effects, in_one_line
from core.peers import MOST, alike, chosen, of
from core.run import Run

KEPT = 2 * MOST  # results that stay in memory for the next question


@dataclass(frozen=True, eq=False)
class Comparison:
    """Runs side by side.

    Attributes:
        task: Their task.
        dataset: Name of the data set that all are on.
        table: One row a run, baselines on top, then by the main metric: run, label, variant,
            baseline, champion, the metrics in `titles`, lower and upper (95 % interval of the main
            metric), seconds (training and scoring), size (bytes of the model), best (bool: only
            where the paired test says so).
        metric: Name of the main metric.
        titles: Metrics of the table, and what they are called on the screen.
        better: Whether less or more of the main metric is better.
        test: The paired test and its correction, in words.
        pairs: One row a pair: first, second, difference (of the main metric, first less second),
            lower, upper, p (of the pair alone, without correction).
        best: Name of the run that is better than every other one by more than luck.
        changed: How the settings differ, in one line: "only lookback differs: 32, 64".
        settings: Settings that differ: setting, title, and one column a run with its value as text.
        effects: The runs that differ from one of them, the reference, by one component: component,
            run, from, to, difference (of the main metric, the run less the reference), lower,
            upper, p. Empty where there is no such reference.
        reference: Name of that run.
        rows: Test rows, or forecasts, that were counted.
        notes: What to know of it, one line each.
    """

    task: str
    dataset: str
    table: pd.DataFrame
    metric: str
    titles: dict[str, str]
    better: Better
    test: str
    pairs: pd.DataFrame
    best: str | None
    changed: str
    settings: pd.DataFrame
    effects: pd.DataFrame
    reference: str | None
    rows: int
    notes: tuple[str, ...] = field(default=())


def compare(names: Sequence[str]) -> Comparison:
    """Put stored runs side by side.

    Args:
        names: Names or ids of two to eight runs of one task, on the same data and split.

    Raises:
        ConfigError: they are too few or too many, of different tasks, or do not share data and
            split (`check` says how to mend that).
        RunNotFound: one of them is not there.
        RunDamaged: a file of one of them is missing or altered.
    """
    return _compared(alike(chosen(names)))


def courses(names: Sequence[str], target: str = "", step: int = 1) -> Courses:
    """Return what runs say row by row, each with its own threshold; raises as `compare` does.

    Args:
        names: As for `compare`.
        target: Where there are several, the one to look at; "" for the first.
        step: Where the runs look ahead, how many steps.
    """
    return _courses(alike(chosen(names)), target, step)


def opened(names: Sequence[str]) -> tuple[Comparison, Courses]:
    """Return what `compare` and `courses` do, in one go; raises as they do."""
    found = alike(chosen(names))
    return _compared(found), _courses(found)


def curves(names: Sequence[str]) -> list[Curve]:
    """Return pictures with one line a run: the history, then those of the task.

    Raises as `compare` does.
    """
    found = alike(chosen(names))
    own = of(found[0].task).curves(_results(found), _decisions(found))
    return [*_history(found), *own]


def _compared(found: list[Run]) -> Comparison:
    own = of(found[0].task)
    made = own.contest(_results(found), _decisions(found))
    values = {
        name: metrics.get(own.METRIC, float("nan")) for name, metrics in made.measured.items()
    }
    winner = best(values, own.BETTER, made.pairs)
    changes = differing(found)
    changed, reference = effects(found, made)
    return Comparison(
        task=found[0].task,
        dataset=found[0].dataset,
        table=_table(found, own, made, winner),
        metric=own.METRIC,
        titles={
            name: title
            for name, title in own.SHOWN.items()
            if any(name in metrics for metrics in made.measured.values())
        },
        better=own.BETTER,
        test=f"{own.TEST}; Holm's correction, 5 %",
        pairs=made.pairs,
        best=winner,
        changed=in_one_line(found[0].task, found, changes),
        settings=changes,
        effects=changed,
        reference=reference,
        rows=made.rows,
        notes=made.notes,
    )


def _courses(found: list[Run], target: str = "", step: int = 1) -> Courses:
    return of(found[0].task).courses(_results(found), _decisions(found), target, step)


def _results(found: Sequence[Run]) -> dict[str, Any]:
    """Return the stored results of runs by name; they stay in memory for the next question."""
    for run in found:
        if run.id not in _kept:
            _kept[run.id] = run.result()
    while len(_kept) > KEPT:
        _kept.pop(next(one for one in _kept if one not in {run.id for run in found}))
    return {run.name: _kept[run.id] for run in found}


_kept: dict[str, Any] = {}  # stored results by run id, which never change


def _decisions(found: Sequence[Run]) -> dict[str, dict[str, Any] | None]:
    return {run.name: run.decided for run in found}


def _table(found: Sequence[Run], own: Beside, made: Contest, winner: str | None) -> pd.DataFrame:
    rows = []
    for run in found:
        metrics = made.measured[run.name]
        lower, upper = made.spans.get(run.name, (float("nan"), float("nan")))
        rows.append(
            {
                "run": run.name,
                "label": tasks.label(run.task, run.variant),
                "variant": run.variant,
                "baseline": run.baseline,
                "champion": run.champion,
                **{name: metrics.get(name, float("nan")) for name in own.SHOWN},
                "lower": lower,
                "upper": upper,
                "seconds": run.seconds,
                "size": _size(run),
                "best": run.name == winner,
            }
        )
    table = pd.DataFrame(rows)
    unknown = [name for name in own.SHOWN if table[name].isna().all() and name != own.METRIC]
    return table.drop(columns=unknown).sort_values(
        ["baseline", own.METRIC], ascending=[False, own.BETTER == "lower"], ignore_index=True
    )


def _size(run: Run) -> int:
    """Return how many bytes the files of the model take."""
    return sum(path.stat().st_size for path in (run.folder / "model").rglob("*") if path.is_file())


def _history(found: Sequence[Run]) -> list[Curve]:
    """Return the loss by epoch of the runs that are trained in epochs."""
    points = []
    for run in found:
        history = run.history()
        name = "val_loss" if "val_loss" in history else "loss"
        if name in history and len(history):
            epochs = history["epoch"] if "epoch" in history else range(1, len(history) + 1)
            points.append(line(run.name, epochs, history[name]))
    if not points:
        return []
    note = (
        "Of validation rows where there are some. Models that learn by another loss do not compare."
    )
    return [Curve("history", "Training history", "Epoch", "Loss", lines(points), note=note)]
