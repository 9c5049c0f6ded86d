"""How a run is made again: the command, and the Python that needs nothing else."""

from __future__ import annotations

import shlex

from core import anomaly, gas, script
from core import task as tasks
from core.gas.metrics import usual
from core.report.blocks import Block, Code, Pairs, Text
from core.run import Run

COMMANDS = ("anomaly", "forecast", "gas")  # tasks that `fusionscope train` knows


def command(run: Run) -> str | None:
    """Return the command that trains *run* again or finds it stored; None where there is none."""
    if run.variant == "combined":
        names = " ".join(shlex.quote(member) for member in run.config["members"])
        return f"fusionscope combine {names} --by {run.config['by']}"
    if run.task not in COMMANDS:
        return None
    fields = type_of(run)
    reads = tasks.known(run.task)[run.variant].reads
    parts = ["fusionscope", "train", run.task, "--data", run.source, "--variant", run.variant]
    for name, value in run.config.items():
        if name == "protocol":  # it has an option of its own
            parts += ["--protocol", str(value)]
        elif name in reads and (_changed(fields, name, value) or name == _rows(run)):
            parts += ["--set", f"{name}={value}"]
    return shlex.join(parts)


def type_of(run: Run) -> type:
    """Return the config class of the task of *run*."""
    return tasks.get(run.task).Config


def _changed(config: type, name: str, value: object) -> bool:
    return value is not None and value != config.model_fields[name].default  # type: ignore[attr-defined]


def _rows(run: Run) -> str:
    """Return the setting that says which rows a detector learns; the catalog may know another."""
    if run.task != "anomaly":
        return ""
    return "train_share" if run.config.get("train_rows") is None else "train_rows"


def python(run: Run) -> str:
    """Return the script that makes *run* again, with its roles, cleaning and operating point."""
    if run.task == "anomaly":
        return script.anomaly(run, anomaly.Decision.parse(run.decision() or {}))
    if run.task == "gas":
        stored = run.decision()
        decision = usual(run.result()) if stored is None else gas.Decision.parse(stored)
        return script.gas(run, decision)
    if run.task == "forecast":
        return script.forecast(run, run.result().targets[0])
    return script.life(run)


def blocks(found: list[Run]) -> list[Block]:
    """Return what the last section of a report says."""
    names = shlex.join(run.name for run in found)
    lines = [line for line in map(command, found) if line is not None]
    made: list[Block] = [
        Text(
            "The same settings on the same data give the same numbers on the same kind of machine. "
            "The command finds the stored run, or trains it; it opens the recording with the roles "
            "and the cleaning that are saved for it. The script states them itself."
        )
    ]
    if len(found) > 1:
        lines.append(f"fusionscope compare {names}")
    lines.append(f"fusionscope report {names} --out report.html")
    made.append(Code("\n".join(lines), "In a terminal"))
    if len(found) == 1:
        made.append(Code(python(found[0]).strip(), "In Python"))
    for run in found:
        card = run.card()
        versions = ", ".join(f"{name} {version}" for name, version in card["versions"].items())
        made.append(
            Pairs(
                {
                    "Key": run.key,
                    "Recording": run.content,
                    "Versions": versions,
                    "Machine": f"{card['machine']['system']}, {card['machine']['device']}, "
                    f"{card['machine']['threads']} threads",
                },
                run.name,
            )
        )
    return made
