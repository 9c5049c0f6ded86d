"""What a panel of the page Gas needs to draw itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from core import runs
from core.errors import FusionscopeError
from core.gas import Decision, GasRecording, Judged, Result
from core.gas.camera import AUTO
from dashboard import gas_data
from dashboard.gas_course import Course


@dataclass(frozen=True, eq=False)
class Bench:
    """A finished run under one rule.

    Attributes:
        run: The run.
        card: Its card.
        result: Its probabilities.
        decision: The rule of the sliders.
    """

    run: runs.Run
    card: dict[str, Any]
    result: Result
    decision: Decision

    @property
    def judged(self) -> Judged:
        """What the rule makes of the run."""
        return gas_data.judged(self.run, self.run.id, self.decision.model_dump_json())

    @cached_property
    def baseline(self) -> tuple[runs.Run, Judged] | None:
        """The best stored baseline on the same rows under the same rule, if there is one."""
        identifier = gas_data.baseline(self.run, self.run.id)
        if not identifier:
            return None
        run = runs.get(identifier)
        return run, gas_data.judged(run, run.id, self.decision.model_dump_json())

    def course(self, whole: bool = False) -> Course:
        """Return the rows as they are drawn."""
        return Course(self.result, self.judged, self.decision, whole)

    @cached_property
    def recording(self) -> GasRecording | FusionscopeError:
        """The recording of the run, seen by its camera, or why it cannot be read."""
        camera = str(self.run.config.get("camera", AUTO))
        try:
            return gas_data.recording(self.run.source).seen_by(camera)
        except FusionscopeError as error:
            return error
