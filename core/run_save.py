"""How a run is stored: its files first, then the entry that makes it visible."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from core import artifacts, tracking
from core.names import two_words
from core.run import Run, find, from_entity
from core.tracking import PREFIX, store

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as Entity


def save(key: str, card: dict[str, Any], fitted: Any, result: Any) -> Run:
    """Store a run: files first, then the entry that makes it visible."""
    with artifacts.staging() as folder, artifacts.storing("the run"):
        for part, thing in (("model", fitted), ("result", result)):
            (folder / part).mkdir()
            thing.save(folder / part)
        history = fitted.history
        pd.DataFrame(history).to_parquet(folder / "history.parquet")
        artifacts.write_json(folder / "card.json", card)
        seal = artifacts.seal(folder)
        twin = find(key)  # another process may have trained the same meanwhile
        return twin or _publish(key, card, history, seal, folder)


def _publish(
    key: str, card: dict[str, Any], history: list[dict[str, Any]], seal: str, folder: Path
) -> Run:
    """Enter a run whose files are in *folder*; it counts once its status is FINISHED."""
    from mlflow.entities import Metric, Param, RunTag

    data, made = card["data"], card["run"]
    now = datetime.now(UTC)
    stamp = int(now.timestamp() * 1000)
    name = _free_name(key)
    tags = {
        "key": key,
        "task": made["task"],
        "variant": made["variant"],
        "baseline": str(made["baseline"]).lower(),
        "config": json.dumps(made["config"]),
        "dataset": data["name"],
        "source": data["source"],
        "content": data["content"],
        "fingerprint": data["fingerprint"],
        "champion": "false",
        "seal": seal,
        "search": search_text(name, data["name"], made["variant"], {}),
    }
    metrics = [Metric(name, value, stamp, 0) for name, value in card["metrics"].items()]
    metrics.append(Metric("seconds", made["seconds"], stamp, 0))
    metrics += [
        Metric(f"history/{name}", float(row[name]), stamp, number)
        for number, row in enumerate(history[:250], start=1)
        for name in row
        if "loss" in name
    ]
    with store() as client:
        task = tracking.experiment(client, made["task"])
        entity = client.create_run(task, start_time=stamp, run_name=name)
        identifier = entity.info.run_id
        try:
            home = tracking.local_folder(entity)
            if home is None:
                client.log_artifacts(identifier, str(folder))
            else:
                home.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(folder, home)
            client.log_batch(
                identifier,
                metrics=metrics,
                params=[Param(name, str(value)) for name, value in made["config"].items()],
                tags=[RunTag(PREFIX + name, value) for name, value in tags.items()],
            )
            client.set_terminated(identifier, "FINISHED")
        except BaseException:
            discard(client, entity)
            raise
        return from_entity(client.get_run(identifier))


def discard(client: MlflowClient, entity: Entity) -> None:
    """Take a run away: its files first, so that there is room for the entry on a full disk."""
    folder = tracking.local_folder(entity)
    if folder is not None:
        shutil.rmtree(folder.parent, ignore_errors=True)
    client.delete_run(entity.info.run_id)


def search_text(name: str, dataset: str, variant: str, tags: dict[str, str]) -> str:
    """Return what a search for text looks through: one tag, since MLflow knows no "or"."""
    words = [name, dataset, variant, *(f"{key} {value}" for key, value in tags.items())]
    return " ".join(words).casefold()[:8000]


def taken(name: str) -> bool:
    """Whether a run is called *name*."""
    with store() as client:
        return bool(tracking.search(client, [f"attributes.run_name = '{name}'"], limit=1)[0])


def _free_name(key: str) -> str:
    """Return the two words of *key*, with a number when another run has them."""
    candidates = (two_words(key) + (f"-{n}" if n > 1 else "") for n in count(1))
    return next(name for name in candidates if not taken(name))
