"""What analysts say of events: confirmed, rejected, or drawn anew; kept per recording.

Labels are in the database under the content of the recording, so that they are there again for
every run on it and for the same readings in another file. Where a recording has time, a label is
found by its time stamps, and stays in its place when rows are left out or resampled.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from sqlalchemy import Column, DateTime, Integer, String, Table, delete, insert, select

from core.database import METADATA, transaction
from core.errors import DataError

Verdict = Literal["confirmed", "rejected", "drawn"]
COLUMNS = ["entity", "start", "end", "start_row", "stop_row", "verdict", "note", "who", "when"]

_LABELS = Table(
    "labels",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("content", String, nullable=False, index=True),
    *(Column(name, String, nullable=False) for name in ("entity", "start", "end")),
    *(Column(name, Integer, nullable=False) for name in ("start_row", "stop_row")),
    *(Column(name, String, nullable=False) for name in ("verdict", "note", "who")),
    Column("when", DateTime, nullable=False),
)


@dataclass(frozen=True)
class Label:
    """What one analyst says of some rows.

    Attributes:
        start_row: First row.
        stop_row: Row behind the last one.
        verdict: "confirmed" and "rejected" are said of an event, "drawn" where there was none.
        note: In the analyst's words.
        who: Who says so.
        entity: Of the rows; empty where there is one alone.
        start: Time stamp of the first row, ISO 8601; empty without time.
        end: Time stamp of the last row.
    """

    start_row: int
    stop_row: int
    verdict: Verdict
    note: str = ""
    who: str = ""
    entity: str = ""
    start: str = ""
    end: str = ""


def of_rows(
    steps: pd.DataFrame, start: int, stop: int, verdict: Verdict, note: str = "", who: str = ""
) -> Label:
    """Return a label for the rows *start* to before *stop* of a result's *steps*.

    Args:
        steps: Frame with the columns entity and time where the recording has them.
        start: First row.
        stop: Row behind the last one.
        verdict: What is said.
        note: In the analyst's words.
        who: Who says so.
    """
    entity = str(steps["entity"].iloc[start]) if "entity" in steps else ""
    ends = ("", "")
    if "time" in steps:
        ends = tuple(steps["time"].iloc[row].isoformat() for row in (start, stop - 1))
    return Label(start, stop, verdict, note.strip(), who, entity, *ends)


def add(content: str, labels: Iterable[Label]) -> None:
    """Store *labels* of the recording *content*; one of the same rows is replaced."""
    now = datetime.now(UTC)
    with transaction() as connection:
        for label in labels:
            same = (_LABELS.c.content == content) & (_LABELS.c.entity == label.entity)
            place = (
                (_LABELS.c.start == label.start) & (_LABELS.c.end == label.end)
                if label.start
                else (_LABELS.c.start_row == label.start_row)
                & (_LABELS.c.stop_row == label.stop_row)
            )
            connection.execute(delete(_LABELS).where(same & place))
            values = {"content": content, "when": now, **label.__dict__}
            connection.execute(insert(_LABELS).values(values))


def remove(identifiers: Iterable[int]) -> None:
    """Forget the labels with these ids."""
    with transaction() as connection:
        connection.execute(delete(_LABELS).where(_LABELS.c.id.in_(list(identifiers))))


def table(content: str) -> pd.DataFrame:
    """Return the labels of the recording *content*, in order: id and `COLUMNS`."""
    columns = [_LABELS.c.id, *(_LABELS.c[name] for name in COLUMNS)]
    wanted = select(*columns).where(_LABELS.c.content == content)
    with transaction() as connection:
        rows = connection.execute(wanted.order_by(_LABELS.c.start_row)).all()
    return pd.DataFrame([tuple(row) for row in rows], columns=["id", *COLUMNS])


def placed(labels: pd.DataFrame, steps: pd.DataFrame) -> pd.DataFrame:
    """Return *labels* with start_row and stop_row as they are in *steps*; others are left out.

    By entity and time where both have them, by row otherwise.
    """
    names = steps["entity"] if "entity" in steps and len(labels) else None
    time = _utc(steps["time"]) if "time" in steps and len(labels) else None
    rows = []
    known = zip(*(labels[name].tolist() for name in ("id", *COLUMNS[:5])), strict=True)
    for number, entity, begin, end, start, stop in known:
        first, last = 0, len(steps)
        if names is not None and entity:
            inside = np.flatnonzero((names == entity).to_numpy())
            if not len(inside):
                continue
            first, last = int(inside[0]), int(inside[-1]) + 1
        if time is not None and begin:
            ends = _utc(pd.Series(pd.to_datetime([begin, end], format="ISO8601")))
            start = first + int(np.searchsorted(time[first:last], ends[0], "left"))
            stop = first + int(np.searchsorted(time[first:last], ends[1], "right"))
        start, stop = max(start, first), min(stop, last)
        if start < stop:
            rows.append({"id": number, "start_row": start, "stop_row": stop})
    found = pd.DataFrame(rows, columns=["id", "start_row", "stop_row"])
    return labels.drop(columns=["start_row", "stop_row"]).merge(found, on="id")


def to_csv(content: str) -> bytes:
    """Return the labels of the recording *content* as CSV."""
    return table(content)[COLUMNS].to_csv(index=False).encode()


def from_csv(data: bytes, steps: pd.DataFrame, who: str = "") -> list[Label]:
    """Read labels that `to_csv` wrote, or that somebody wrote by hand.

    Needed are verdict, and start and end (times) or start_row and stop_row; the rest may be
    missing.

    Args:
        data: The file.
        steps: Of a result on the recording: a label has to lie among its rows.
        who: Says so where the file does not tell.

    Raises:
        DataError: a column is missing, or a line cannot be used; it is named.
    """
    try:
        frame = pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False)
    except (ValueError, UnicodeDecodeError) as error:
        raise DataError(
            f"The labels are no CSV file: {error}.", "Export some to see how."
        ) from None
    by_time = {"start", "end"} <= set(frame) and "time" in steps
    by_row = {"start_row", "stop_row"} <= set(frame)
    if "verdict" not in frame or not (by_time or by_row):
        raise DataError(
            "Labels need the column verdict, and start and end or start_row and stop_row.",
            f"Columns are: {', '.join(frame.columns)}.",
        )
    lines = (row for _, row in frame.iterrows())
    return [_read(line, row, steps, by_time, who) for line, row in enumerate(lines, start=2)]


def _read(line: int, row: pd.Series, steps: pd.DataFrame, by_time: bool, who: str) -> Label:
    """Return the label in one *line* of a file."""
    verdict = row["verdict"].strip().lower()
    if verdict not in get_args(Verdict):
        raise DataError(
            f"Line {line}: the verdict is {verdict!r}.",
            f"Known are: {', '.join(get_args(Verdict))}.",
        )
    known: dict[str, Any] = {name: row.get(name, "") for name in ("entity", "start", "end")}
    try:
        if by_time and row["start"]:
            for name in ("start", "end"):
                known[name] = pd.Timestamp(row[name]).isoformat()
            rows = (0, 1)
        else:
            rows = (int(row["start_row"]), int(row["stop_row"]))
    except (ValueError, KeyError):
        raise DataError(
            f"Line {line}: start and end cannot be read.", "Write times as 2024-03-01 10:00:00."
        ) from None
    frame = pd.DataFrame([{"id": 0, **known, "start_row": rows[0], "stop_row": rows[1]}])
    place = placed(frame, steps)
    if place.empty:
        raise DataError(
            f"Line {line}: these rows are not in the recording.", "Is it the right recording?"
        )
    return of_rows(
        steps,
        int(place["start_row"].iloc[0]),
        int(place["stop_row"].iloc[0]),
        verdict,
        row.get("note", ""),
        row.get("who", "") or who,
    )


def _utc(time: pd.Series) -> np.ndarray:
    """Return datetime64 in UTC; times without a zone are taken as they are."""
    return time.to_numpy("datetime64[us]")  # stamps with a zone are held in UTC
