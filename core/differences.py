"""How the settings of runs differ, and what a single change does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from core import task as tasks
from core.beside import Contest, against
from core.run import Run

NAMED = 4  # settings that are named in one line
EFFECTS = ("component", "run", "from", "to", "difference", "lower", "upper", "p")


def differing(found: Sequence[Run]) -> pd.DataFrame:
    """Return the settings in which runs differ: setting (its name), title, and one column a run.

    Values are as they are called on the screen. What a variant does not read is left out of its
    column, and a setting that only some of them read does not count as a difference.
    """
    fields = tasks.get(found[0].task).Config.model_fields
    values = {run.id: _settings(run) for run in found}
    rows = []
    for name in fields:
        reading = [run for run in found if name in values[run.id]]
        if len({values[run.id][name] for run in reading}) > 1:
            own = {run.name: _called(run, name) for run in reading}
            rows.append({"setting": name, "title": fields[name].title or name} | own)
    return pd.DataFrame(rows, columns=["setting", "title", *(run.name for run in found)])


def in_one_line(task: str, found: Sequence[Run], changes: pd.DataFrame) -> str:
    """Say how settings differ: "only lookback differs: 32, 64"."""
    fields, told = tasks.get(task).Config.model_fields, []
    for row in changes.to_dict("records"):
        values = [row[run.name] for run in found if isinstance(row[run.name], str)]
        told.append((called(fields, str(row["setting"])), ", ".join(dict.fromkeys(values))))
    if not told:
        return "no setting differs"
    if len(told) == 1:
        return f"only {told[0][0]} differs: {told[0][1]}"
    shown = "; ".join(f"{title}: {values}" for title, values in told[:NAMED])
    more = f"; and {len(told) - NAMED} more" if len(told) > NAMED else ""
    return f"{len(told)} settings differ: {shown}{more}"


def effects(found: Sequence[Run], made: Contest) -> tuple[pd.DataFrame, str | None]:
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
    title = tasks.get(run.task).Config.model_fields[name].title or name
    return title, _called(run, name), _called(other, name)


def _called(run: Run, name: str) -> str:
    """Return the value of the setting *name* as it is called on the screen."""
    value = run.config.get(name)
    return tasks.label(run.task, str(value)) if name == "variant" else written(value)


def called(fields: Mapping[str, Any], name: str) -> str:
    """Return the name of a setting as it is called in the middle of a sentence."""
    title = fields[name].title or name
    return title if title.isupper() else title[0].lower() + title[1:]


def written(value: Any) -> str:
    """Return the value of a setting as it stands in a sentence."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return "none" if value in (None, "") else f"{value}"
