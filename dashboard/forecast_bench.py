"""What a panel of the page Forecast needs to draw itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from core import runs
from core.forecast import Result
from dashboard import forecast_data


@dataclass(frozen=True, eq=False)
class Bench:
    """A finished run, and what of it is looked at.

    Attributes:
        run: The run.
        card: Its card.
        result: Its forecasts.
        target: The target on the screen.
        ahead: The step ahead on the screen, 1 to H.
    """

    run: runs.Run
    card: dict[str, Any]
    result: Result
    target: str
    ahead: int

    @cached_property
    def only(self) -> Result:
        """Forecasts of the target on the screen."""
        return forecast_data.only(self.run, self.run.id, self.target)

    @cached_property
    def _by_target(self) -> dict[str, str]:
        return forecast_data.units(self.run, self.result.targets)

    @property
    def unit(self) -> str:
        """Unit of the target, as far as it is known."""
        return self._by_target[self.target]

    @property
    def units(self) -> set[str]:
        """Units of all targets; one empty one where nothing is known."""
        return set(self._by_target.values())

    @property
    def mixed(self) -> bool:
        """Whether targets are different things, whose errors cannot be added up."""
        return self._channels and len(self.units) > 1

    @property
    def unsure(self) -> bool:
        """Whether targets may be different things, for nobody has said their units."""
        return self._channels and self.units == {""}

    @cached_property
    def _channels(self) -> bool:
        """Whether several channels are forecast, not one of several entities."""
        several = len(self.result.targets) > 1
        return several and not forecast_data.entities_are_nodes(self.run, self.result)

    def titled(self, label: str, every: bool = False) -> str:
        """Return *label* with the unit of the target, or of all of them."""
        unit = self.unit if not every else "" if len(self.units) > 1 else next(iter(self.units))
        return f"{label} ({unit})" if unit else label
