"""What a report says of a run, or of several: everything comes from their cards and results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from core import card as cards
from core import compare, peers, runs
from core import format as write
from core import task as tasks
from core.beside import Beside, against
from core.compare import Comparison
from core.data import catalog
from core.errors import ConfigError, RunDamaged, UnknownDataset
from core.report import again, operating, results
from core.report.blocks import (
    Block,
    Pairs,
    Points,
    Report,
    Section,
    Table,
    Text,
)
from core.report.operating import Operating
from core.run import Run

QUESTIONS = {
    "anomaly": "Which moments are not normal, and which sensor says so?",
    "forecast": "What will these sensors read next, and does the model know it better than a "
    "baseline?",
    "gas": "Is there a leak, and of which gas?",
    "life": "Which units fail next, and how much life is left in each of them?",
}
WARNINGS = 12  # findings that are listed


def of(names: Sequence[str]) -> Report:
    """Return the report of one run, with its baselines, or of several side by side.

    Args:
        names: Names or ids of one to eight runs of one task.

    Raises:
        ConfigError: no run, too many, of different tasks, or not on the same data and split.
        RunNotFound: one of them is not there.
        RunDamaged: a file of one of them is missing or altered.
    """
    asked = list(dict.fromkeys(names))
    if not asked:
        raise ConfigError("A report needs a run.", "Name one, or several of one task.")
    if len(asked) == 1:
        return _single(runs.get(asked[0]))
    return _several(peers.chosen(asked))


def _single(run: Run) -> Report:
    beside = _beside(run)
    found = [runs.get(name) for name in beside]
    made = compare.compare(beside) if len(beside) > 1 else None
    own, label = peers.of(run.task), _label(run)
    card, decided = run.card(), operating.of(run)
    limits = [*card["notes"], *decided.limits, *_doubts(run, made, own), *_of_data(card)]
    short = [_standing(run, made, own), decided.sentence, _limits_in_short(limits)]
    return Report(
        title=f"{label} on {run.dataset}",
        lines=[_line(run)],
        short=[line for line in short if line],
        sections=[
            Section("The question", _question(run, card)),
            Section("Data and findings", _data(run, card)),
            Section("Protocol", [*_protocol(card), _settings(run)]),
            Section("Results", results.blocks([run], found, made, own, card)),
            Section(decided.title, _decided(decided)),
            Section("Limits", [Points(_unique(limits))] if limits else [Text("None is known.")]),
            Section("Making it again", again.blocks([run])),
        ],
    )


def _several(found: list[Run]) -> Report:
    made = compare.compare([run.name for run in found])
    own, first = peers.of(made.task), found[0]
    card = first.card()
    decided = {run.name: operating.of(run) for run in found}
    limits = {run.name: _unique([*run.card()["notes"], *decided[run.name].limits]) for run in found}
    # What holds for all of them is said once.
    every = [line for line in limits[first.name] if all(line in one for one in limits.values())]
    shared = _unique([*made.notes, *_of_data(card), *every])
    blocks: list[Block] = [Points(shared)] if shared else []
    for run in found:
        own_lines = [line for line in limits[run.name] if line not in shared]
        if own_lines:
            blocks.append(Points(own_lines, f"{run.name} ({_label(run)})"))
    return Report(
        title=f"{len(found)} models on {made.dataset}",
        lines=[_line(run) for run in found],
        short=[_verdict(made, own), f"Between the runs: {made.changed}."],
        sections=[
            Section("The question", _question(first, card)),
            Section("Data and findings", _data(first, card)),
            Section("Protocol", [*_protocol(card), *_differences(made)]),
            Section("Results", results.blocks(found, found, made, own, card)),
            Section("Thresholds and what they cost", _costs(found, decided)),
            Section("Limits", blocks or [Text("None is known.")]),
            Section("Making it again", again.blocks(found)),
        ],
    )


def _unique(lines: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(lines))


def _beside(run: Run) -> list[str]:
    """Return *run* and the stored baselines that can be compared with it and are whole."""
    names = [name for name in peers.rivals(run) if name != run.name]
    return [*(name for name in names if _whole(name)), run.name]


def _whole(name: str) -> bool:
    """Whether the files of a run are there; a report goes on without a baseline that is damaged."""
    try:
        runs.get(name).result()
    except RunDamaged:
        return False
    return True


def _label(run: Run) -> str:
    return tasks.label(run.task, run.variant)


def _line(run: Run) -> str:
    marks = [mark for mark, on in (("champion", run.champion), ("baseline", run.baseline)) if on]
    trained = f"trained {write.moment(run.created, seconds=False)} in {write.duration(run.seconds)}"
    return ", ".join([f"{run.name}: {_label(run)}", *marks, trained])


def _standing(run: Run, made: Comparison | None, own: Beside) -> str:
    """Say how good a run is beside its best baseline, and whether that is more than luck."""
    title = own.SHOWN[own.METRIC]
    if made is None:
        value = run.metrics.get(own.METRIC)
        return f"{title} {write.number(value)}; no baseline is stored beside it." if value else ""
    row = made.table[made.table["run"] == run.name].iloc[0]
    if pd.isna(row[own.METRIC]):
        return f"{title} is not known: nobody says what is right in the test rows."
    said = f"{title} {write.number(row[own.METRIC])}{_between(row)}"
    rivals = made.table[made.table["run"] != run.name].dropna(subset=[own.METRIC])
    if rivals.empty:
        return f"{said}."
    best = rivals.sort_values(own.METRIC, ascending=made.better == "lower").iloc[0]
    level = f"the best baseline, {best['label']}, has {write.number(best[own.METRIC])}"
    pairs = against(run.name, made.pairs)
    pair = pairs[pairs["other"] == best["run"]]
    if pair.empty:
        return f"{said}; {level}. The difference was not tested."
    return f"{said}; {level}. {_luck(pair.iloc[0], made.better)}"


def _between(row: pd.Series) -> str:
    if pd.isna(row["lower"]):
        return ""
    low, high = (write.number(row[end]) for end in ("lower", "upper"))
    return f" (95 % interval {low} to {high})"


def _luck(pair: pd.Series, better: str) -> str:
    ahead = pair["difference"] < 0 if better == "lower" else pair["difference"] > 0
    sure = pair["p"] < 0.05 and (pair["upper"] < 0 or pair["lower"] > 0)
    span = f"{write.number(pair['lower'])} to {write.number(pair['upper'])}"
    difference = f"difference {write.number(pair['difference'])}, {span}, p = {pair['p']:.2g}"
    if not sure:
        return f"The difference may be luck ({difference})."
    word = "better" if ahead else "worse"
    return f"It is {word} by more than luck ({difference})."


def _verdict(made: Comparison, own: Beside) -> str:
    title = own.SHOWN[own.METRIC]
    if made.best is None:
        return (
            f"No run is better than every other one by more than luck (by {title}; {made.test}): "
            "choose by what else counts, such as seconds, size and what false alarms cost."
        )
    row = made.table[made.table["run"] == made.best].iloc[0]
    return (
        f"{made.best} ({row['label']}) is better than every other one by more than luck: {title} "
        f"{write.number(row[own.METRIC])}{_between(row)} ({made.test})."
    )


def _limits_in_short(limits: Sequence[str]) -> str:
    if not limits:
        return ""
    others = f" {len(limits) - 1} more under Limits." if len(limits) > 1 else ""
    return f"Mind: {limits[0]}{others}"


def _doubts(run: Run, made: Comparison | None, own: Beside) -> list[str]:
    """Return what keeps from trusting the result of *run*."""
    lines = list(made.notes) if made is not None else []
    if made is None:
        lines.append("No other stored run can be compared with it: nothing was tested.")
    variant = tasks.known(run.task).get(run.variant)
    if variant is not None and "seed" in variant.reads and not run.baseline:
        seed = run.config.get("seed", 0)
        lines.append(f"One training, with seed {seed}: other seeds give somewhat other numbers.")
    return lines


def _of_data(card: dict[str, Any]) -> list[str]:
    """Return what the recording itself does not allow."""
    lines = []
    if (entry := _entry(card["data"]["source"])) is not None and entry.kind == "sample":
        simulated = "The recording is simulated: its figures say nothing of a real one."
        lines += [] if simulated in card["notes"] else [simulated]
    warned = sum(finding["severity"] != "info" for finding in card["data"]["findings"])
    if warned:
        lines.append(f"{write.count(warned, 'finding')} about the recording should be looked at.")
    return lines


def _entry(source: str) -> catalog.Entry | None:
    try:
        return catalog.entry(source)
    except UnknownDataset:
        return None


def _question(run: Run, card: dict[str, Any]) -> list[Block]:
    asked = QUESTIONS[run.task]
    entry = _entry(run.source)
    about = "" if entry is None else f" {entry.label}: {entry.description}"
    wanted = []
    if run.task == "forecast":
        target = run.config.get("target") or "all channels"
        ahead, back = run.config.get("horizon"), run.config.get("lookback")
        wanted.append(f"Asked are {target}, {ahead} steps ahead, from the last {back} rows.")
    return [Text(f"{asked}{about}"), *(Text(line) for line in wanted)]


def _data(run: Run, card: dict[str, Any]) -> list[Block]:
    data, roles = card["data"], card["data"]["roles"]
    entry = _entry(run.source)
    pairs = {
        "Name": data["name"],
        "Rows": f"{write.count(data['rows'])} of "
        f"{write.count(data['entities'], 'entity', 'entities')}",
        "Channels": f"{len(roles['channels'])}: {', '.join(roles['channels'])}",
        **_span_of(run),
        "Labels": roles["label"] or "none",
        "Cleaning": _cleaning(data["cleaning"]),
        "Rows with filled-in values": write.count(data["imputed"]),
    }
    if entry is not None and entry.licence:
        pairs["Licence"] = entry.licence
    order = {"error": 0, "warning": 1, "info": 2}
    findings = sorted(data["findings"], key=lambda finding: order[finding["severity"]])
    rows = [
        (found["severity"], found["column"], found["what"], found["action"])
        for found in findings[:WARNINGS]
    ]
    title = "What was found in it"
    if len(findings) > len(rows):
        title += f", the first {len(rows)} of {len(findings)}"
    if not rows:
        return [Pairs(pairs), Text("Nothing conspicuous was found in it.")]
    return [Pairs(pairs), Table(("", "Column", "Finding", "What is done"), rows, title)]


def _span_of(run: Run) -> dict[str, str]:
    steps = run.result().steps
    if "time" not in steps:
        return {"Time": "none: rows in order"}
    time = steps["time"]
    ends = f"{write.moment(time.min())} to {write.moment(time.max())}"
    return {"Time": ends if time.dt.tz is not None else f"{ends}, {write.zone(time)}"}


def _cleaning(cleaning: dict[str, Any]) -> str:
    words = {
        "interpolate": "missing values interpolated",
        "ffill": "missing values filled forward",
        "drop": "rows with missing values left out",
        "keep": "missing values kept",
    }
    said = words.get(cleaning["missing"], cleaning["missing"])
    if cleaning["missing"] not in ("keep", "drop"):
        said += f" over gaps of up to {cleaning['max_gap']} rows"
    return said if cleaning["step"] is None else f"{said}; resampled to {cleaning['step']}"


def _protocol(card: dict[str, Any]) -> list[Block]:
    total = sum(card["split"].values())
    order = ("train", "validation", "embargo", "test")
    rows = [
        (part, write.count(card["split"][part]), write.percent(card["split"][part] / total))
        for part in order
        if part in card["split"]
    ]
    fitted = {name.capitalize(): str(text) for name, text in card["fitted"].items()}
    return [
        Text(
            "Metrics count test rows alone. Whatever is fitted is fitted on the training rows; "
            "validation rows decide when to stop; rows of the embargo keep the parts apart."
        ),
        Table(("Part", "Rows", "Share"), rows, "The split"),
        Pairs(fitted, "What was fitted on what"),
    ]


def _settings(run: Run) -> Pairs:
    return Pairs(cards.settings(run.task, run.config, run.variant), "Settings")


def _differences(made: Comparison) -> list[Block]:
    if made.settings.empty:
        return [Text(f"The settings: {made.changed}.")]
    names = made.table["run"].tolist()
    texts = made.settings[["title", *names]].fillna("").astype(str)
    rows = [tuple(row) for row in texts.to_numpy()]
    return [Table(("Setting", *names), rows, "Where the settings differ")]


def _decided(decided: Operating) -> list[Block]:
    rows = [(name, text, decided.spans.get(name, "")) for name, text in decided.costs.items()]
    head = ("In the test rows", "", "95 % interval") if decided.spans else ("In the test rows", "")
    blocks: list[Block] = [
        Pairs(decided.rule),
        Table(head, [row[: len(head)] for row in rows]),
    ]
    if decided.confusion is not None:
        counts = decided.confusion
        table = [
            (str(name), *(write.count(n) for n in row))
            for name, row in zip(counts.index, counts.to_numpy(), strict=True)
        ]
        title = "Test rows of each class (left), and what they were called (top)"
        blocks.append(Table(("", *map(str, counts.columns)), table, title))
    return blocks


def _costs(found: Sequence[Run], decided: dict[str, Operating]) -> list[Block]:
    """Return the operating points of several runs beside one another."""
    names = list(dict.fromkeys(name for one in decided.values() for name in one.costs))
    rows = [
        (name, *(decided[run.name].costs.get(name, write.NOTHING) for run in found))
        for name in names
    ]
    rules = list(dict.fromkeys(name for one in decided.values() for name in one.rule))
    chosen = [
        (name, *(decided[run.name].rule.get(name, write.NOTHING) for run in found))
        for name in rules
    ]
    head = tuple(run.name for run in found)
    return [Table(("", *head), chosen), Table(("In the test rows", *head), rows)]
