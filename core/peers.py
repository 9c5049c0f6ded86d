"""Which stored runs can stand side by side: those of one task that share data and split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from core import runs
from core import task as tasks
from core.beside import Beside
from core.config import Config
from core.differences import called, written
from core.errors import ConfigError
from core.run import Run

FEWEST, MOST = 2, 8


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


def alike(found: list[Run]) -> list[Run]:
    """Return *found* where they share data and split.

    Raises:
        ConfigError: they do not.
    """
    why = mismatch(found)
    if why is not None:
        raise ConfigError(why.message, "Choose others, or train these anew on the page Compare.")
    return found


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
    stored = runs.stored(run.task, fingerprint=run.fingerprint)
    baselines = [other for other in stored if other.baseline]
    kept = [other for other in _newest(baselines, run) if other.variant != run.variant]
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
            yield f"{called(fields, name)} {written(own)}, not {written(other)}"
