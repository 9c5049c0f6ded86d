"""The Python that repeats what is on the screen."""

from __future__ import annotations

from typing import Any

from core import runs
from core.anomaly import Decision


def of(run: runs.Run, decision: Decision) -> str:
    """Return a script that trains *run* again and lists the events of *decision*; it runs."""
    rule = decision.threshold
    values = {name: value for name, value in rule.model_dump().items() if name != "kind"}
    return f"""\
{_result_of(run)}
decision = anomaly.Decision(
    scoring={_scoring(decision)},
    threshold=anomaly.{type(rule).__name__}({arguments(values)}),
    min_length={decision.min_length},
    merge_gap={decision.merge_gap},
    cool_down={decision.cool_down},
)
events = anomaly.events(result, decision)
print(events.drop(columns="ranking").to_string(index=False))
print(anomaly.evaluate(result, decision=decision))
"""


def _result_of(run: runs.Run) -> str:
    """Return the lines that make the result of *run* again."""
    if run.variant == "combined":
        members = [runs.get(key).name for key in run.config["members"]]
        return f"""\
from core import anomaly
from core.combine import combine

run, _ = combine({members!r}, by={run.config["by"]!r})
result = run.result()
"""
    roles = {name: value for name, value in run.roles.items() if value}
    return f"""\
from core import anomaly
from core.data import Cleaning, Roles, open_dataset

data = open_dataset(
    {run.source!r},
    roles=Roles({arguments(roles)}),
    cleaning=Cleaning({arguments(run.cleaning)}),
)
config = anomaly.Config(
    {arguments(run.config, lines=True)}
)
fitted = anomaly.fit(data, config)
result = anomaly.predict(fitted, data)
"""


def _scoring(decision: Decision) -> str:
    if decision.scoring is None:
        return "None"
    return f"anomaly.Scoring({arguments(decision.scoring.model_dump())})"


def arguments(values: dict[str, Any], lines: bool = False) -> str:
    """Return *values* as the arguments of a call; with *lines* one a line."""
    pairs = [f"{name}={value!r}" for name, value in values.items()]
    return (",\n    " if lines else ", ").join(pairs) + ("," if lines else "")
