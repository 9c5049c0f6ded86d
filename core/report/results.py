"""The results section of a report: pictures, the table with baselines, tests, curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from core import format as write
from core import task as tasks
from core.beside import Beside, Contest, Curve, against
from core.compare import Comparison
from core.report import figures
from core.report.blocks import Block, Figure, Table, Text
from core.run import Run

PICTURES = 4  # curves that are drawn
SHARES = frozenset(
    {"event_recall", "event_precision", "false_alarm_rate", "coverage", "recall", "late_share"}
)


def blocks(
    shown: Sequence[Run],
    found: Sequence[Run],
    made: Comparison | None,
    own: Beside,
    card: dict[str, Any],
) -> list[Block]:
    """Return pictures and tables; *shown* are those in the timelines, *found* all of them."""
    results = {run.name: run.result() for run in found}
    decisions = {run.name: run.decided for run in found}
    labels = {run.name: tasks.label(run.task, run.variant) for run in found}
    if len(set(labels.values())) < len(labels):
        labels = {name: f"{label} · {name}" for name, label in labels.items()}
    own_results = {run.name: results[run.name] for run in shown}
    ahead = int(shown[0].config.get("horizon", 1))
    own_decisions = {run.name: decisions[run.name] for run in shown}
    courses = own.courses(own_results, own_decisions, step=ahead)
    picture = Figure(
        figures.timelines(courses, {run.name: labels[run.name] for run in shown}),
        _caption(shown[0].task, ahead, figures.shades(courses)),
    )
    if made is None:
        tables: list[Block] = [_alone(shown[0], own.contest(results, decisions), own, card)]
    else:
        tables = _beside_one_another(shown, made, labels, card)
    return [picture, *tables, *_curves(shown, made, own, results, decisions, labels)]


def _caption(task: str, ahead: int, shaded: bool) -> str:
    if task == "forecast":
        before = write.count(ahead, "step")
        return f"Grey: readings of the test rows. Blue: what was forecast {before} before."
    if task == "life":
        return "Test units one after the other. Grey: the life that was left. Blue: what was said."
    line = "anomaly score" if task == "anomaly" else "probability of a leak"
    truth = "labelled anomalies" if task == "anomaly" else "gas in truth"
    rest = " Shaded: rows that do not count." if shaded else ""
    return f"Green: {line}. Dashes: the threshold. Vermilion: alarms. Amber: {truth}.{rest}"


def _alone(run: Run, contest: Contest, own: Beside, card: dict[str, Any]) -> Table:
    measured, others = contest.measured[run.name], card["baselines"]
    rows = [
        (
            title,
            _cell(name, measured[name]),
            *(_cell(name, other.get(name, float("nan"))) for other in others.values()),
        )
        for name, title in own.SHOWN.items()
        if name in measured
    ]
    head = [f"{tasks.label(run.task, variant)} (baseline, of the card)" for variant in others]
    return Table(
        ("Metric", tasks.label(run.task, run.variant), *head), rows, "Metrics of the test rows"
    )


def _beside_one_another(
    shown: Sequence[Run], made: Comparison, labels: dict[str, str], card: dict[str, Any]
) -> list[Block]:
    table = made.table
    head = ["Model", *made.titles.values()]
    known = made.metric in made.titles  # not without labels
    place = head.index(made.titles[made.metric]) + 1 if known else len(head)
    head[place:place] = ["95 % interval"] * known
    rows = []
    gone = _gone(card, made) if len(shown) == 1 else {}
    for name, metrics in gone.items():
        cells = [f"{name} (baseline, of the card)"]
        cells += [_cell(one, metrics.get(one, float("nan"))) for one in made.titles]
        cells[place:place] = [write.NOTHING] * known
        rows.append((*cells, write.NOTHING, write.NOTHING))
    for _, row in table.iterrows():
        cells = [labels[row["run"]] + (" (baseline)" if row["baseline"] else "")]
        cells += [_cell(name, row[name]) for name in made.titles]
        span = write.NOTHING
        if pd.notna(row["lower"]):
            span = f"{write.number(row['lower'])} to {write.number(row['upper'])}"
        cells[place:place] = [span] * known
        rows.append((*cells, write.duration(row["seconds"]), _size(row["size"])))
    own_names = {run.name for run in shown} if len(shown) == 1 else {made.best}
    strong = frozenset(n for n, name in enumerate(table["run"], len(gone)) if name in own_names)
    flags = [True] * len(gone) + table["baseline"].tolist()
    grey = frozenset(n for n, flag in enumerate(flags) if flag)
    what = "the run" if len(shown) == 1 else "the one that is better than all by more than luck"
    return [
        Table(
            (*head, "Training", "Size"),
            rows,
            f"Baselines on top; in bold {what}. Counted on {_counted(made)}",
            strong,
            grey,
        ),
        *(_pictured(table, made, labels) if known else []),
        *_pairs(shown, made, labels),
    ]


def _gone(card: dict[str, Any], made: Comparison) -> dict[str, dict[str, float]]:
    """Return the baselines that the card knows and the store has no more, by name."""
    task, there = card["run"]["task"], set(made.table["variant"])
    return {
        tasks.label(task, variant): metrics
        for variant, metrics in card["baselines"].items()
        if variant not in there
    }


def _cell(name: str, value: float) -> str:
    if name == "events":
        return write.count(value) if value == value else write.NOTHING
    return write.percent(value) if name in SHARES else write.number(value)


def _counted(made: Comparison) -> str:
    return write.count(made.rows, "test forecast" if made.task == "forecast" else "test row")


def _size(size: float) -> str:
    return f"{write.number(size / 1e6)} MB" if size >= 1e6 else f"{write.number(size / 1e3)} kB"


def _pictured(table: pd.DataFrame, made: Comparison, labels: dict[str, str]) -> list[Block]:
    """Return the picture of the main metric with its intervals."""
    title = made.titles[made.metric]
    names = [labels[name] for name in table["run"]]
    rows = table.assign(label=names, value=table[made.metric])
    drawn = figures.intervals(rows[["label", "value", "lower", "upper", "baseline"]], title)
    return [Figure(drawn, f"{title} with 95 % intervals; grey: baselines.")]


def _pairs(shown: Sequence[Run], made: Comparison, labels: dict[str, str]) -> list[Block]:
    """Return the paired tests: of the one run with each other, or of all pairs."""
    if made.pairs.empty:
        return []
    if len(shown) == 1:
        pairs = against(shown[0].name, made.pairs).assign(first=shown[0].name)
        pairs = pairs.rename(columns={"other": "second"})
    else:
        pairs = made.pairs
    rows = [
        (
            labels[row["first"]],
            labels[row["second"]],
            write.number(row["difference"]),
            f"{write.number(row['lower'])} to {write.number(row['upper'])}",
            f"{row['p']:.2g}",
        )
        for _, row in pairs.iterrows()
    ]
    head = ("Model", "against", f"Difference of {made.titles[made.metric]}", "95 % interval", "p")
    return [
        Table(head, rows, "Is it more than luck?"),
        Text(f"Test: {made.test} for the best of all; p is of each pair alone."),
    ]


def _curves(
    shown: Sequence[Run],
    made: Comparison | None,
    own: Beside,
    results: dict[str, Any],
    decisions: dict[str, Any],
    labels: dict[str, str],
) -> list[Block]:
    """Return the curves of the task: of the run and its best baseline, or of all runs."""
    names = [run.name for run in shown]
    if len(shown) == 1 and made is not None:
        others = made.table[made.table["run"] != names[0]].dropna(subset=[made.metric])
        ordered = others.sort_values(made.metric, ascending=made.better == "lower")
        names += ordered["run"].tolist()[:1]
    found: list[Curve] = own.curves(
        {name: results[name] for name in names}, {name: decisions[name] for name in names}
    )
    drawn = {name: labels[name] for name in names}
    return [
        Figure(figures.curve(one, drawn), " ".join(filter(None, [f"{one.title}.", one.note])), True)
        for one in found[:PICTURES]
    ]
