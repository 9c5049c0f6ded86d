"""The Python that repeats a run, as the pages show it and reports print it."""

from __future__ import annotations

from typing import Any

from core import anomaly as detection
from core import gas as leaks
from core import runs


def anomaly(run: runs.Run, decision: detection.Decision) -> str:
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


def forecast(run: runs.Run, target: str) -> str:
    """Return a script that trains *run* again and prints its errors and last forecast; it runs."""
    return f"""\
from core import forecast
{_opening(run)}
config = forecast.Config(
    {arguments(run.config, lines=True)}
)
fitted = forecast.fit(data, config)
result = forecast.predict(fitted, data)
print(forecast.measures(result))
print(forecast.by_step(result.only({target!r})).to_string(index=False))
print(result.only({target!r}).frame(-1).to_string(index=False))
"""


def gas(run: runs.Run, decision: leaks.Decision) -> str:
    """Return a script that trains *run* again and judges it by *decision*; it runs."""
    return f"""\
from core import gas
from core.data import Cleaning

recording = gas.open_recording({run.source!r}, Cleaning({arguments(run.cleaning)}))
config = gas.Config(
    {arguments(run.config, lines=True)}
)
fitted = gas.fit(recording, config)
result = gas.predict(fitted, recording)
decision = gas.Decision({arguments(decision.model_dump())})
judged = gas.judge(result, decision)
print(judged.metrics)
print(judged.confusion.to_string())
print(gas.evaluate(result))
"""


def life(run: runs.Run) -> str:
    """Return a script that trains *run* again and prints what is left of each unit; it runs."""
    return f"""\
from core import life
{_opening(run)}
config = life.Config(
    {arguments(run.config, lines=True)}
)
fitted = life.fit(data, config)
result = life.predict(fitted, data)
print(life.evaluate(result))
print(result.fleet.to_string(index=False))
"""


def _opening(run: runs.Run) -> str:
    """Return the lines that open the recording of *run* as it was."""
    roles = {name: value for name, value in run.roles.items() if value}
    return f"""\
from core.data import Cleaning, Roles, open_dataset

data = open_dataset(
    {run.source!r},
    roles=Roles({arguments(roles)}),
    cleaning=Cleaning({arguments(run.cleaning)}),
)"""


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
    return f"""\
from core import anomaly
{_opening(run)}
config = anomaly.Config(
    {arguments(run.config, lines=True)}
)
fitted = anomaly.fit(data, config)
result = anomaly.predict(fitted, data)
"""


def _scoring(decision: detection.Decision) -> str:
    if decision.scoring is None:
        return "None"
    return f"anomaly.Scoring({arguments(decision.scoring.model_dump())})"


def arguments(values: dict[str, Any], lines: bool = False) -> str:
    """Return *values* as the arguments of a call; with *lines* one a line."""
    pairs = [f"{name}={value!r}" for name, value in values.items()]
    return (",\n    " if lines else ", ").join(pairs) + ("," if lines else "")
