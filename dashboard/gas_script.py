"""The Python that repeats the decisions of a gas run."""

from __future__ import annotations

from core import runs
from core.gas import Decision
from dashboard.script import arguments


def of(run: runs.Run, decision: Decision) -> str:
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
