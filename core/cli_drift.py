"""`fusionscope drift`: should a stored run be trusted on another recording?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.console import out, print_json, print_table
from core.data import open_dataset

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["channel", "psi", "limit", "ks", "outside", "mark"]


def drift(
    name: Annotated[str, typer.Argument(metavar="RUN", help="Name of a run.")],
    data: Annotated[str, typer.Option("--data", help="Name of a data set, or path of a file.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Compare a recording with the rows that a run was trained on, channel by channel.

    psi: population stability index, 0.1 is a change and 0.25 a large one; limit: from which psi
    the channel has moved, higher where the training rows differ among themselves; ks:
    Kolmogorov-Smirnov statistic; outside: share of rows outside the range of the training rows;
    since: from which on it has moved, when it has not come back.

    JSON keys: run, data, rows, level (trust, care or distrust), verdict, remedy, added (channels
    that the run does not read), channels (each with channel, psi, ks, outside, limit, mark, since).
    """
    from core import anomaly, runs

    run = runs.get(name)
    dataset = open_dataset(data)
    found = anomaly.drift(anomaly.read_profile(run.checked("model")), dataset)
    since = [_moment(found.course, row) for row in found.channels["since"]]
    if as_json:
        content = {"run": run.name, "data": dataset.name, "rows": found.rows, "level": found.level}
        content |= {"verdict": found.verdict, "remedy": found.remedy, "added": list(found.added)}
        rows = found.channels.drop(columns="since").to_dict("records")
        channels = [row | {"since": moment} for row, moment in zip(rows, since, strict=True)]
        print_json(content | {"channels": channels})
        return
    out.print(f"{found.verdict} {found.remedy}".strip(), markup=False)
    if found.added:
        out.print(f"Not read by the run: {', '.join(found.added)}.", markup=False)
    shown = found.channels.assign(since=["" if moment is None else moment for moment in since])
    print_table([*COLUMNS, "since"], shown[[*COLUMNS, "since"]].to_numpy())


def _moment(course: pd.DataFrame, row: Any) -> Any:
    """Return the time of the block that begins at *row*, its row without times, None for none."""
    import pandas as pd

    if pd.isna(row):
        return None
    if "start" not in course:
        return int(row)
    return str(course.loc[course["start_row"] == row, "start"].iloc[0])
