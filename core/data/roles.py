"""Which column plays which part: a guess, and a check of what the analyst says."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from pandas.api import types as kinds

from core.data import times
from core.data.dataset import Finding, Roles
from core.errors import RolesError


def _list(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# What columns are called, by role. Labels in order of preference.
TIME_WORDS = {*_list("time timestamp date datetime ts epoch unix elapsed stamp utc")}
TIME_UNITS = {*_list("s ms us ns sec second seconds msec millis t")}
ID_WORDS = {*_list("id no nr number name code index key")}
ENTITY_WORDS = {
    *_list("entity machine unit station device asset engine pump turbine motor equipment plant"),
    *_list("line site session run batch vehicle robot battery cell node location tag host server"),
}
LABEL_WORDS = (
    *_list("anomaly anomalies anomalous label labels outlier abnormal attack"),
    *_list("fault faulty failure target class exposed"),
)
FLAG_WORDS = {*_list("is flag true ground truth binary kind type")}
COUNT_WORDS = ID_WORDS | {*_list("row rows sample record serial seq sequence counter cycle")}
ROWS_AN_ENTITY = 10
FEW = 20


def guess(frame: pd.DataFrame) -> Roles:
    """Guess the roles of the columns of *frame* from names, kinds and values."""
    time = _guess_time(frame)
    entity = _guess_entity(frame, time)
    label = _guess_label(frame, {time, entity})
    taken = {time, entity, label}
    channels = tuple(
        name
        for name in frame.columns
        if name not in taken and kinds.is_numeric_dtype(frame[name]) and not _aside(frame, name)
    )
    return Roles(time=time, entity=entity, channels=channels, label=label)


def check(frame: pd.DataFrame, roles: Roles) -> None:
    """Make sure that *roles* fit *frame*.

    Raises:
        RolesError: a column is missing, has two roles, or is unfit for its role; it names the
            column and the way out.
    """
    single = {"time": roles.time, "entity": roles.entity, "label": roles.label}
    parts = [(part, name) for part, name in single.items() if name is not None]
    parts += [("channel", name) for name in roles.channels]
    seen: dict[str, str] = {}
    for part, name in parts:
        if name not in frame.columns:
            raise RolesError(
                f"There is no column {name!r} for the role {part}.",
                f"Columns are: {', '.join(map(str, frame.columns[:20]))}.",
            )
        if name in seen:
            raise RolesError(
                f"Column {name!r} is both {seen[name]} and {part}.", "Give it one role."
            )
        seen[name] = part
    if not roles.channels:
        numeric = [name for name in frame.columns if kinds.is_numeric_dtype(frame[name])]
        raise RolesError(
            "No column is a channel.", f"Choose among: {', '.join(numeric[:20]) or 'none'}."
        )
    for name in roles.channels:
        if not kinds.is_numeric_dtype(frame[name]):
            raise RolesError(
                f"Channel {name!r} holds {_kind(frame[name])}, expected numbers.",
                "Take it out of the channels.",
            )
    if roles.time is not None:
        _check_time(frame[roles.time])
    if roles.label is not None:
        _check_label(frame[roles.label])


def left_out(frame: pd.DataFrame, roles: Roles) -> list[Finding]:
    """Say which columns play no part, and why."""
    taken = {roles.time, roles.entity, roles.label, *roles.channels}
    findings = []
    for name in frame.columns:
        if name in taken:
            continue
        reason = _aside(frame, name) or (
            "Is not among the channels"
            if kinds.is_numeric_dtype(frame[name])
            else f"Holds {_kind(frame[name])}"
        )
        findings.append(
            Finding(
                what=f"{reason}.",
                column=name,
                count=len(frame),
                action="Left out; give it a role to use it.",
            )
        )
    return findings


def _words(name: str) -> set[str]:
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)
    return {part.lower() for part in parts if not part.isdigit()}


def _kind(column: pd.Series) -> str:
    return "time stamps" if kinds.is_datetime64_any_dtype(column) else "text"


def _guess_time(frame: pd.DataFrame) -> str | None:
    stamps = [name for name in frame.columns if kinds.is_datetime64_any_dtype(frame[name])]
    if stamps:
        named = [name for name in stamps if _words(name) & TIME_WORDS]
        return max(named or stamps, key=lambda name: frame[name].nunique())
    for name in frame.columns:
        words = _words(name)
        if not words or not words <= TIME_WORDS | TIME_UNITS:
            continue
        if words <= TIME_UNITS and any(sign.isdigit() for sign in name):
            continue  # s2 is the second sensor, not a count of seconds
        column = frame[name]
        if not kinds.is_numeric_dtype(column) or kinds.is_bool_dtype(column):
            continue
        if not times.number_unit(column, name) or column.max() == column.min():
            continue
        if (np.diff(column.to_numpy(float)) >= 0).mean() >= 0.5:
            return name
    return None


def _guess_entity(frame: pd.DataFrame, time: str | None) -> str | None:
    """The column with an entity's name, else text that forms blocks or tells equal stamps apart."""
    for by_name in (True, False):
        for name in frame.columns:
            column = frame[name]
            whole = kinds.is_integer_dtype(column)
            if name == time or not (whole or kinds.is_string_dtype(column.dtype)):
                continue
            words = _words(name)
            named = bool(words & ENTITY_WORDS | words & {"id"}) and words <= ENTITY_WORDS | ID_WORDS
            if by_name != named or (whole and not named):
                continue
            count = column.nunique()
            if not 1 <= count <= max(len(frame) / ROWS_AN_ENTITY, 1) or column.isna().mean() > 0.1:
                continue
            if named or (count > 1 and _tells_apart(frame, name, time, count)):
                return name
    return None


def _tells_apart(frame: pd.DataFrame, name: str, time: str | None, count: int) -> bool:
    codes = pd.factorize(frame[name])[0]
    if int((np.diff(codes) != 0).sum()) + 1 == count:
        return True
    if time is None:
        return False
    repeated = frame[time].duplicated().mean()
    return bool(repeated > 0.3 and frame.duplicated([name, time]).mean() < 0.01)


def _guess_label(frame: pd.DataFrame, taken: set[str | None]) -> str | None:
    fits = [
        name
        for name in frame.columns
        if name not in taken
        and _is_label_name(name)
        and kinds.is_numeric_dtype(frame[name])
        and _label_values(frame[name]) in ([0], [1], [0, 1])
    ]
    rank = {word: place for place, word in enumerate(LABEL_WORDS)}
    return min(
        fits, key=lambda name: min(rank[word] for word in _words(name) & rank.keys()), default=None
    )


def _is_label_name(name: str) -> bool:
    words = _words(name)
    return bool(words & set(LABEL_WORDS)) and words <= set(LABEL_WORDS) | FLAG_WORDS


def _label_values(column: pd.Series) -> list[float]:
    return sorted(float(value) for value in column.dropna().unique()[: FEW + 1])


def _aside(frame: pd.DataFrame, name: str) -> str:
    """Why a column is no channel, "" when it may be one."""
    column = frame[name]
    if column.isna().all():
        return "Has no values"
    if "changepoint" in name.lower().replace("_", "").replace(" ", ""):
        return "Marks change points, neither a reading nor the label"
    if not kinds.is_numeric_dtype(column):
        return ""
    if _is_label_name(name) and column.nunique() <= FEW:
        held = _shown(_label_values(column))
        return f"Is named like a label and holds {held}: it would give the answer away"
    words = _words(name)
    if kinds.is_integer_dtype(column) and words and words <= COUNT_WORDS:
        steps = np.diff(column.to_numpy())
        if len(steps) and (steps == 1).mean() > 0.9:
            return "Counts the rows"
    return ""


def _check_time(column: pd.Series) -> None:
    name = column.name
    if kinds.is_datetime64_any_dtype(column):
        if column.isna().all():
            raise RolesError(f"Time column {name!r} has no values.", "Choose another, or none.")
        return
    numeric = kinds.is_numeric_dtype(column) and not kinds.is_bool_dtype(column)
    if not numeric or times.number_unit(column, str(name)) is None:
        held = column.dropna().iloc[:1].tolist()
        raise RolesError(
            f"Column {name!r} cannot be read as time: it holds {held}.",
            "Expected stamps such as 2024-05-03 10:15:00 or seconds since 1970; or choose no time.",
        )


def _check_label(column: pd.Series) -> None:
    remedy = "Expected 0 (normal) and 1 (anomaly); choose another column, or no label."
    values = (
        _label_values(column)
        if kinds.is_numeric_dtype(column)
        else sorted(map(str, column.dropna().unique()[: FEW + 1]))
    )
    if not values:
        raise RolesError(f"Label column {column.name!r} has no values.", remedy)
    if not set(values) <= {0, 1}:
        raise RolesError(f"Label column {column.name!r} holds {_shown(values)}.", remedy)


def _shown(values: Sequence[float | str]) -> str:
    text = ", ".join(f"{v:g}" if isinstance(v, float) else v for v in values[:5])
    return text + (", ..." if len(values) > 5 else "")
