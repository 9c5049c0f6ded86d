"""What is known of the store of runs, for as long as nobody changes it.

A question to MLflow takes a millisecond or two for each run of the answer, and a page asks the same
again at every click.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core import tracking
from core.run import Run, from_entity

if TYPE_CHECKING:
    from mlflow.entities import Run as Entity


@dataclass(frozen=True)
class Memory:
    """What is known of the store as it was at one time.

    Attributes:
        address: Of the store.
        revision: Of the store; None where nobody knows.
        runs: By name and by id.
        lists: Runs by what was asked: task, data set, how many at most, and fingerprint.
    """

    address: str = ""
    revision: int | None = None
    runs: dict[str, Run] = field(default_factory=dict)
    lists: dict[tuple[str | int | None, ...], list[Run]] = field(default_factory=dict)

    def keep(self, found: Iterable[Entity]) -> list[Run]:
        """Return *found* as runs, and remember them."""
        made = [from_entity(entity) for entity in found]
        for run in made:
            self.runs[run.id] = self.runs[run.name] = run
        return made


def now() -> Memory:
    """Return what is known of the store as it is now: nothing after a change.

    Take it before the store is asked: an answer that is newer than its memory is forgotten with it.
    """
    global _now
    address, revision = tracking.uri(), tracking.revision()
    if revision is None or (_now.address, _now.revision) != (address, revision):
        _now = Memory(address, revision)
    return _now


_now = Memory()
