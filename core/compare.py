"""Two to eight stored runs of one task side by side: which one is better, and by more than luck?

It knows no task by name: what is particular to one is in the module `beside` of its package.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pandas as pd

from core import runs
from core import task as tasks
from core.beside import Beside, Better, Contest, Courses, Curve, against, best, line, lines
from core.config import Config
from core.errors import ConfigError
from core.run import Run

FEWEST, MOST = 2, 8
KEPT = 2 * MOST  # results that stay in memory for the next question
NAMED = 4  # settings that are named in one line
EFFECTS = ("component", "run", "from", "to", "difference", "lower", "upper", "p")


@dataclass(frozen=True)
class Mismatch:
    """Why runs cannot be compared, and how that can be mended.

    Attributes:
        task: Their task.
        source: The data set that the others are on.
        fingerprint: Hash of that data set as the others have it: content, roles and cleaning.
        reasons: By name of each run that stands apart from the others: what differs, in words.
        configs: By name of those that can be trained anew on the data and the split of the
            others: with which settings.
    """

    task: str
    source: str
    fingerprint: str
    reasons: dict[str, tuple[str, ...]]
    configs: dict[str, Config]

    @property
    def odd(self) -> tuple[str, ...]:
        """Names of the runs that stand apart."""
        return tuple(self.reasons)

    @property
    def message(self) -> str:
        """What differs, in one sentence."""
        told = [f"{name} has {' and '.join(words)}" for name, words in self.reasons.items()]
        return f"The runs do not share data and split: {'; '.join(told)}."


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


def check(names: Sequence[str]) -> Mismatch | None:
    """Say whether runs can be compared: they share data, cleaning and test rows.

    Args:
        names: Names or ids of two to eight runs of one task.

    Returns:
        None when they do; else what differs. The most runs are right, or else the first one.

    Raises:
        ConfigError: they are too few or too many, or of different tasks.
        RunNotFound: one of them is not there.
    """
    return mismatch(chosen(names))


def chosen(names: Sequence[str]) -> list[Run]:
    """Return the runs called *names*, each once.

    Raises:
        ConfigError: they are too few or too many, or of different tasks.
        RunNotFound: one of them is not there.
    """
    known = runs.several(names)
    # `get` knows what to say of a name that is not there.
    found = [known.get(name) or runs.get(name) for name in names]
    return comparable(list({run.id: run for run in found}.values()))


def comparable(found: list[Run]) -> list[Run]:
    """Return *found*, which may be compared as far as their number and their tasks go.

    Raises:
        ConfigError: they are too few or too many, or of different tasks.
    """
    if len(found) > MOST:
        raise ConfigError(
            f"{len(found)} runs are too many to compare: {MOST} at most.", "Take some away."
        )
    if len(found) < FEWEST:
        raise ConfigError("A comparison needs at least two different runs.", "Name another one.")
    kinds = Counter(run.task for run in found)
    if len(kinds) > 1:
        told = ", ".join(f"{run.name} ({run.task})" for run in found)
        raise ConfigError(
            f"Only runs of one task can be compared, these are of {len(kinds)}: {told}.",
            "Choose runs of one task.",
        )
    return found


def mismatch(found: Sequence[Run]) -> Mismatch | None:
    """Say why *found*, of one task, cannot be compared; None when they can. See `check`."""
    signatures = [_signature(run) for run in found]
    votes = [sum(_same(one, other) for other in signatures) for one in signatures]
    place = max(range(len(found)), key=lambda number: (votes[number], -number))
    right = found[place]
    odd = [
        run
        for run, signature in zip(found, signatures, strict=True)
        if not _same(signature, signatures[place])
    ]
    if not odd:
        return None
    fields = tasks.get(right.task).Config.model_fields
    reasons = {run.name: tuple(_reasons(run, right, fields)) for run in odd}
    wanted = {name: right.config.get(name) for name in of(right.task).SPLIT}
    configs = {
        run.name: tasks.get(run.task).Config.parse(run.config | wanted)
        for run in odd
        if run.variant in tasks.get(run.task).VARIANTS
    }
    return Mismatch(right.task, right.source, right.fingerprint, reasons, configs)


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
    return _compared(_alike(chosen(names)))


def courses(names: Sequence[str], target: str = "", step: int = 1) -> Courses:
    """Return what runs say row by row, each with its own threshold; raises as `compare` does.

    Args:
        names: As for `compare`.
        target: Where there are several, the one to look at; "" for the first.
        step: Where the runs look ahead, how many steps.
    """
    return _courses(_alike(chosen(names)), target, step)


def opened(names: Sequence[str]) -> tuple[Comparison, Courses]:
    """Return what `compare` and `courses` do, in one go; raises as they do."""
    found = _alike(chosen(names))
    return _compared(found), _courses(found)


def curves(names: Sequence[str]) -> list[Curve]:
    """Return pictures with one line a run: the history, then those of the task.

    Raises as `compare` does.
    """
    found = _alike(chosen(names))
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
    effects, reference = _effects(found, made)
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
        changed=_in_one_line(found[0].task, found, changes),
        settings=changes,
        effects=effects,
        reference=reference,
        rows=made.rows,
        notes=made.notes,
    )


def _courses(found: list[Run], target: str = "", step: int = 1) -> Courses:
    return of(found[0].task).courses(_results(found), _decisions(found), target, step)


def variants(task: str, dataset: str) -> list[str]:
    """Return names of runs on a data set, one a variant, that can be compared with one another.

    Those that share data and split with the champion or, without one, with the newest run; of each
    variant the newest. Of more than eight the best are taken, the best baseline among them.

    Args:
        task: Name of the task.
        dataset: Name of the data set.
    """
    stored = sorted(runs.stored(task, dataset), key=lambda run: not run.champion)
    if not stored:
        return []
    own, kept = of(task), _newest(stored, stored[0])
    worst = float("inf") if own.BETTER == "lower" else float("-inf")
    ordered = sorted(
        kept,
        key=lambda run: run.metrics.get(own.METRIC, worst),
        reverse=own.BETTER == "higher",
    )
    baselines = [run for run in ordered if run.baseline]
    others = [run for run in ordered if not run.baseline]
    room = max(MOST - len(others), 1)
    return [run.name for run in [*baselines[:room], *others][:MOST]]


def rivals(run: Run) -> list[str]:
    """Return names of the newest baselines that *run* can be compared with, and its own.

    The best ones, where there are more than fit.
    """
    stored = [other for other in runs.stored(run.task, run.dataset) if other.baseline]
    kept = [other for other in _newest(stored, run) if other.variant != run.variant]
    return [*(other.name for other in kept[: MOST - 1]), run.name]


def champion(task: str, dataset: str) -> list[str]:
    """Return names of the champion on a data set and of its rivals; empty without a champion."""
    found = [run for run in runs.stored(task, dataset) if run.champion]
    return rivals(found[0]) if found else []


def of(task: str) -> Beside:
    """Return what *task* says of several results at once."""
    return cast(Beside, vars(tasks.get(task))["beside"])


def _newest(stored: Sequence[Run], like: Run) -> list[Run]:
    """Return the first of each variant in *stored* that shares data and split with *like*."""
    kept: dict[str, Run] = {}
    for run in stored:
        if run.variant not in kept and _signature(run) == _signature(like):
            kept[run.variant] = run
    return list(kept.values())


def _signature(run: Run) -> tuple[Any, ...]:
    """Return what runs have in common whose test rows are the same.

    Not by their keys: these change with versions. A variant that is made of runs has no split of
    its own; that of the rows themselves is then looked at by the task.
    """
    made = run.variant not in tasks.get(run.task).VARIANTS
    split = [None if made else run.config.get(name) for name in of(run.task).SPLIT]
    return (run.fingerprint, *split)


def _same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    made = any(all(part is None for part in each[1:]) for each in (one, other))
    return one[0] == other[0] if made else one == other


def _reasons(run: Run, right: Run, fields: Mapping[str, Any]) -> Iterator[str]:
    """Say in words how *run* differs from *right* in data and split."""
    if run.content != right.content:
        yield f"other data ({run.dataset}, not {right.dataset})"
    elif run.fingerprint != right.fingerprint:
        parts = [
            word
            for word, one, other in (
                ("cleaning", run.cleaning, right.cleaning),
                ("roles of the columns", run.roles, right.roles),
            )
            if one != other
        ]
        yield f"another {' and other '.join(parts) or 'reading of the file'}"
    if run.variant not in tasks.get(run.task).VARIANTS:
        return
    for name in of(run.task).SPLIT:
        own, other = run.config.get(name), right.config.get(name)
        if own != other:
            yield f"{_title(fields, name)} {_value(own)}, not {_value(other)}"


def _title(fields: Mapping[str, Any], name: str) -> str:
    """Return the name of a setting as it is called in the middle of a sentence."""
    title = fields[name].title or name
    return title if title.isupper() else title[0].lower() + title[1:]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "none" if value in (None, "") else f"{value}"


def _alike(found: list[Run]) -> list[Run]:
    """Return *found* where they share data and split.

    Raises:
        ConfigError: they do not.
    """
    why = mismatch(found)
    if why is not None:
        raise ConfigError(why.message, "Choose others, or train these anew on the page Compare.")
    return found


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


def differing(found: Sequence[Run]) -> pd.DataFrame:
    """Return the settings in which runs differ: setting (its name), title, and one column a run.

    What a variant does not read is left out of its column, and a setting that only some of them
    read does not count as a difference.
    """
    fields = tasks.get(found[0].task).Config.model_fields
    values = {run.id: _settings(run) for run in found}
    rows = []
    for name in fields:
        reading = [run for run in found if name in values[run.id]]
        if len({values[run.id][name] for run in reading}) > 1:
            own = {run.name: _value(run.config.get(name)) for run in reading}
            rows.append({"setting": name, "title": fields[name].title or name} | own)
    return pd.DataFrame(rows, columns=["setting", "title", *(run.name for run in found)])


def _settings(run: Run) -> dict[str, str]:
    """Return what tells the settings of *run* from others, of those that its variant reads."""
    return {
        name: repr(run.config.get(name))
        for name in tasks.get(run.task).Config.model_fields
        if _reads(run, name)
    }


def _reads(run: Run, name: str) -> bool:
    known = tasks.known(run.task)
    return name == "variant" or (run.variant in known and name in known[run.variant].reads)


def _in_one_line(task: str, found: Sequence[Run], changes: pd.DataFrame) -> str:
    """Say how settings differ: "only lookback differs: 32, 64"."""
    fields, told = tasks.get(task).Config.model_fields, []
    for row in changes.to_dict("records"):
        values = [row[run.name] for run in found if isinstance(row[run.name], str)]
        if row["setting"] == "variant":
            values = [tasks.label(task, value) for value in values]
        told.append((_title(fields, str(row["setting"])), ", ".join(dict.fromkeys(values))))
    if not told:
        return "no setting differs"
    if len(told) == 1:
        return f"only {told[0][0]} differs: {told[0][1]}"
    shown = "; ".join(f"{title}: {values}" for title, values in told[:NAMED])
    more = f"; and {len(told) - NAMED} more" if len(told) > NAMED else ""
    return f"{len(told)} settings differ: {shown}{more}"


def _effects(found: Sequence[Run], made: Contest) -> tuple[pd.DataFrame, str | None]:
    """Return what each single change of a reference does, and the reference.

    The reference is the run from which the most others differ in one setting.
    """
    values = {run.name: _settings(run) for run in found}
    single = {
        run.name: {other.name: _only(run, other, values) for other in found if other is not run}
        for run in found
    }
    count = {
        name: sum(one is not None for one in others.values()) for name, others in single.items()
    }
    reference = max(count, key=lambda name: count[name])
    if count[reference] < 1:
        return pd.DataFrame(columns=list(EFFECTS)), None
    gaps = against(reference, made.pairs).set_index("other")
    nothing = dict.fromkeys(("difference", "lower", "upper", "p"), float("nan"))
    rows = []
    for run in found:
        change = single[reference].get(run.name)
        if change is None:
            continue
        row: dict[str, Any] = {
            "component": change[0],
            "run": run.name,
            "from": change[1],
            "to": change[2],
        }
        if run.name in gaps.index:
            gap = gaps.loc[run.name]
            row |= {
                "difference": -gap["difference"],
                "lower": -gap["upper"],
                "upper": -gap["lower"],
                "p": gap["p"],
            }
        rows.append(row if "p" in row else row | nothing)
    return pd.DataFrame(rows, columns=list(EFFECTS)), reference


def _only(
    run: Run, other: Run, values: Mapping[str, Mapping[str, str]]
) -> tuple[str, str, str] | None:
    """Return the one setting in which *other* differs from *run*, before and after; else None.

    *values* are those of `_settings`, by name of the run.
    """
    here, there = values[run.name], values[other.name]
    changed = [name for name in here if name in there and here[name] != there[name]]
    if len(changed) != 1:
        return None
    (name,) = changed
    before, after = _value(run.config.get(name)), _value(other.config.get(name))
    if name == "variant":
        before, after = tasks.label(run.task, before), tasks.label(run.task, after)
    return tasks.get(run.task).Config.model_fields[name].title or name, before, after


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
