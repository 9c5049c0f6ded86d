"""Studies on the fake task, and what holds of every one that has ended."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from core import runs, sweeps
from tests import fake
from tests.jobs.conftest import recording, until

SEEDS = itertools.count(1000)


def study(home: Path, kind: str = "search", space=None, planned: int = 5, more=None, **settings):
    """A study that no other test asks for."""
    config = fake.Config(seed=next(SEEDS), **settings)
    if space is None and kind == "search":
        space = {"level": sweeps.bounds("fake", "mean")["level"]}
    options = {"planned": planned} | (more or {})
    return sweeps.create("fake", recording(home), config, kind, space=space, **options)


def ended(name: str, seconds: float = 120) -> sweeps.Study:
    until(lambda: sweeps.get(name).state != "running", seconds)
    return sweeps.get(name)


def check_whole(name: str) -> list[sweeps.Trial]:
    """Every trial is there once; its run is that of its own settings."""
    known = sweeps.trials(name)
    assert [one.number for one in known] == list(range(sweeps.get(name).planned))
    for one in known:
        if one.state == "done":
            run = runs.get(one.run)
            assert run.key == one.key
            assert run.config["level"] == one.config["level"]
            assert one.value == pytest.approx(fake.far(one.config["level"]))
    return known
