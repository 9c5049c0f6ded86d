"""The card of a run: all that somebody needs to judge it, or to make it again."""

from __future__ import annotations

import platform
import sys
from importlib import metadata
from typing import Any

import numpy as np

import core
from core import settings as environment
from core import task as tasks
from core.config import Config
from core.data.dataset import Dataset

# What a setting means that is empty.
NONE = {"train_rows": "chosen from the share", "target": "all", "entity": "all"}


def describe(
    task: str,
    dataset: Dataset,
    config: Config,
    fitted: Any,
    result: Any,
    metrics: dict[str, float],
    baselines: dict[str, dict[str, float]],
    seconds: float,
) -> dict[str, Any]:
    """Return the card, ready for JSON.

    Keys: run (task, variant, version, baseline, config, seconds), data (name, source, content,
    fingerprint, roles, cleaning, findings, rows, entities, imputed), split (rows by part), fitted
    (what was fitted on what), notes (what to watch, one line each), metrics, baselines (metrics by
    variant), versions, machine (threads, device, system).
    """
    variant = tasks.variant_of(task, config)
    return {
        "run": {
            "task": task,
            "variant": variant.name,
            "version": variant.version,
            "baseline": variant.baseline,
            "config": tasks.effective(task, config).model_dump(mode="json"),
            "seconds": round(seconds, 3),
        },
        "data": _data(dataset),
        "split": _split(result),
        "fitted": fitted.facts,
        "notes": [*fitted.notes, *tasks.get(task).advice(metrics)],
        "metrics": metrics,
        "baselines": baselines,
        "versions": _versions(),
        "machine": {
            "threads": environment.settings().threads,
            "device": _device(),
            "system": f"{platform.system()} {platform.machine()}",
        },
    }


def _data(dataset: Dataset) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "source": dataset.source,
        "content": dataset.content,
        "fingerprint": dataset.fingerprint,
        "roles": dataset.roles.model_dump(mode="json"),
        "cleaning": dataset.cleaning.model_dump(mode="json"),
        "findings": [finding.model_dump(mode="json") for finding in dataset.findings],
        "rows": len(dataset),
        "entities": len(dataset.entities),
        "imputed": 0 if dataset.imputed is None else int(np.count_nonzero(dataset.imputed)),
    }


def _split(result: Any) -> dict[str, int]:
    """Return the number of rows of each part of the split."""
    counts = result.steps["part"].value_counts()
    return {str(part): int(rows) for part, rows in counts.items() if rows}


def _versions() -> dict[str, str]:
    """Return the versions of what takes part in the numbers; TensorFlow's when it was used."""
    names = ["numpy", "scipy", "pandas"]
    names += [name for name in ("tensorflow", "keras", "scikit-learn") if _loaded(name)]
    versions = {name: metadata.version(name) for name in names}
    return {"fusionscope": core.__version__, "python": platform.python_version()} | versions


def _loaded(name: str) -> bool:
    return {"scikit-learn": "sklearn"}.get(name, name) in sys.modules


def _device() -> str:
    """Return "CPU", or the name of the GPU that TensorFlow uses."""
    if "tensorflow" not in sys.modules:
        return "CPU"
    import tensorflow as tf

    devices = tf.config.list_physical_devices("GPU")
    return (
        tf.config.experimental.get_device_details(devices[0])["device_name"] if devices else "CPU"
    )


def settings(task: str, config: dict[str, Any], variant: str) -> dict[str, str]:
    """Return the settings that have an effect, by the names on the screen."""
    fields, known = tasks.get(task).Config.model_fields, tasks.known(task)
    reads = known[variant].reads if variant in known else frozenset(config)
    chosen = {
        (fields[name].title if name in fields else None) or name: NONE.get(name, "from the data")
        if value is None
        else value
        if value != ""
        else "none"
        for name, value in config.items()
        if name in reads
    }
    switch = {True: "on", False: "off"}
    chosen = {
        title: switch[value] if isinstance(value, bool) else str(value)
        for title, value in chosen.items()
    }
    return {fields["variant"].title or "Variant": tasks.label(task, variant)} | chosen
