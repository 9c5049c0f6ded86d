"""The Python that repeats a forecast."""

from __future__ import annotations

from core import runs
from dashboard.script import arguments


def of(run: runs.Run, target: str) -> str:
    """Return a script that trains *run* again and prints its errors and last forecast; it runs."""
    roles = {name: value for name, value in run.roles.items() if value}
    return f"""\
from core import forecast
from core.data import Cleaning, Roles, open_dataset

data = open_dataset(
    {run.source!r},
    roles=Roles({arguments(roles)}),
    cleaning=Cleaning({arguments(run.cleaning)}),
)
config = forecast.Config(
    {arguments(run.config, lines=True)}
)
fitted = forecast.fit(data, config)
result = forecast.predict(fitted, data)
print(forecast.measures(result))
print(forecast.by_step(result.only({target!r})).to_string(index=False))
print(result.only({target!r}).frame(-1).to_string(index=False))
"""
