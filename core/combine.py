"""An ensemble of any stored runs on one recording, stored as a run of its own."""

from __future__ import annotations

import time
from collections.abc import Sequence

from core import anomaly, runs
from core import task as tasks
from core.card import describe
from core.data import Cleaning, Roles, open_dataset
from core.errors import ConfigError
from core.run import Run
from core.run_save import save

TASK = "anomaly"


def combine(names: Sequence[str], by: str = "p-value") -> tuple[Run, bool]:
    """Return the ensemble of the runs *names*, and whether it was there already.

    Args:
        names: Names, ids or keys of at least two runs of detectors on one recording.
        by: "p-value" or "rank"; see `core.anomaly.combine`.

    Raises:
        RunNotFound: one of them is not there.
        ConfigError: they are too few, or not on the same recording with the same roles.
    """
    members = list({run.key: run for run in map(runs.get, names)}.values())
    _check(members)
    config = anomaly.Config.parse(
        {"variant": "combined", "members": sorted(run.key for run in members), "by": by}
    )
    first = members[0]
    dataset = open_dataset(
        first.source,
        roles=Roles.model_validate(first.roles),
        cleaning=Cleaning.model_validate(first.cleaning),
    )
    key = tasks.key_of(TASK, config, dataset)
    run = runs.find(key)
    if run is not None:
        return run, True
    began = time.perf_counter()
    fitted = anomaly.Combined(
        config,
        [run.checked("model") for run in members],
        [run.name for run in members],
        first.fingerprint,
        notes=_notes(members),
    )
    result = anomaly.combine([run.result() for run in members], by)
    metrics = anomaly.evaluate(result, dataset.labels)
    seconds = time.perf_counter() - began
    baselines = first.card()["baselines"]
    card = describe(TASK, dataset, config, fitted, result, metrics, baselines, seconds)
    return save(key, card, fitted, result), False


def _check(members: list[Run]) -> None:
    if len(members) < 2:
        raise ConfigError("An ensemble needs at least two different runs.", "Name another one.")
    for run in members:
        if run.task != TASK or run.variant == "combined":
            raise ConfigError(
                f"{run.name} cannot be part of an ensemble.", "Choose runs of anomaly detectors."
            )
        if run.fingerprint != members[0].fingerprint:
            raise ConfigError(
                f"{members[0].name} and {run.name} are not on the same data.",
                "Choose runs on one recording with the same roles and the same cleaning.",
            )


def _notes(members: list[Run]) -> tuple[str, ...]:
    """Say when the members learned from different rows: the parts of the first one hold."""
    splits = [run.card()["split"] for run in members]
    if all(split["test"] == splits[0]["test"] for split in splits):
        return ()
    return (
        "The runs have different test rows; metrics count those of the first. Choose the same "
        "training rows for all of them.",
    )
