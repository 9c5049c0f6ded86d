"""A run as the pages see it; its files are compared with their list before they are used."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from core import artifacts, tracking
from core import task as tasks
from core.errors import RunDamaged
from core.settings import settings
from core.tracking import PREFIX, equals, store

if TYPE_CHECKING:
    from mlflow.entities import Run as Entity


@dataclass(frozen=True)
class Run:
    """A trained variant: what it was made of, how good it is, and where its files are.

    Attributes:
        id: Identifier in the store.
        name: Two words that are easy to say, such as "quiet-otter"; may be changed.
        key: Hash of all that decides its numbers.
        task: Name of the task, such as "anomaly".
        variant: Name of the variant.
        baseline: Whether the variant is a baseline.
        config: Settings that the variant reads, by name.
        dataset: Name of the data set.
        source: How to open the data set again.
        content: SHA-256 of the recording before cleaning; champions are per recording.
        fingerprint: Hash of content, roles and cleaning.
        metrics: By name, of the test rows.
        tags: The analyst's own notes.
        champion: Whether it is the chosen run of its task and recording.
        decided: The operating point that was in force when the run was read; `decision` asks anew.
        created: When it was stored, UTC.
        seconds: How long training and scoring took.
        seal: Checksum of its list of files.
        location: Folder of its files; None when a server keeps them.
    """

    id: str
    name: str
    key: str
    task: str
    variant: str
    baseline: bool
    config: dict[str, Any]
    dataset: str
    source: str
    content: str
    fingerprint: str
    metrics: dict[str, float]
    tags: dict[str, str]
    champion: bool
    decided: dict[str, Any] | None
    created: datetime
    seconds: float
    seal: str
    location: Path | None

    @property
    def folder(self) -> Path:
        """Folder of its files on this machine, fetched when a server keeps them.

        Raises:
            RunDamaged: a file is missing or truncated.
        """
        return self.checked(None)

    def card(self) -> dict[str, Any]:
        """Return what is known of it: data, split, versions, baselines; see `core.card`."""
        return cast(dict[str, Any], json.loads((self.checked("card.json")).read_text("utf-8")))

    @property
    def roles(self) -> dict[str, Any]:
        """Roles of its data set's columns, to open the data set as it was."""
        return cast(dict[str, Any], self.card()["data"]["roles"])

    @property
    def cleaning(self) -> dict[str, Any]:
        """Cleaning recipe of its data set, to open the data set as it was."""
        return cast(dict[str, Any], self.card()["data"]["cleaning"])

    def history(self) -> pd.DataFrame:
        """Return one row an epoch; empty for a variant that is not trained in epochs."""
        return pd.read_parquet(self.checked("history.parquet"))

    def result(self) -> Any:
        """Return the stored result of its task; large parts are read when they are asked for."""
        folder = self.checked("result")
        with self._of_this_version():
            return tasks.get(self.task).read_result(folder)

    def fitted(self) -> Any:
        """Load the trained variant; checksums first, since a model is more than numbers."""
        folder = self.checked("model")
        with self._of_this_version():
            return tasks.get(self.task).load(folder)

    @contextmanager
    def _of_this_version(self) -> Iterator[None]:
        """Explain files that are whole, but not as this version writes them."""
        try:
            yield
        except (KeyError, FileNotFoundError) as error:
            raise RunDamaged(
                f"Run {self.name!r} was stored by another version of Fusionscope.",
                "Delete the run and train it again.",
            ) from error

    def decision(self) -> dict[str, Any] | None:
        """Return the operating point in force, as the task's rule; None before one is chosen."""
        history = self.decisions()
        return history[-1]["decision"] if history else None

    def decisions(self) -> list[dict[str, Any]]:
        """Return all operating points, oldest first: decision, who, when (ISO 8601, UTC)."""
        with store() as client:
            return _decisions(client.get_run(self.id).data.tags)

    def set_decision(self, decision: dict[str, Any], who: str = "") -> None:
        """Use *decision* from now on; earlier ones stay in the history."""
        when = datetime.now(UTC)
        text = json.dumps({"decision": decision, "who": who, "when": when.isoformat()})
        with store() as client:
            # One tag each: two writers at once cannot overwrite each other's entry.
            client.set_tag(self.id, f"{PREFIX}decision.{when:%Y%m%dT%H%M%S.%f}", text)

    def checked(self, part: str | None) -> Path:
        """Return the path of *part* ("" is all of it) after sizes and its checksums were compared.

        Raises:
            RunDamaged: a file is missing, truncated or altered; None compares the sizes alone.
        """
        folder = self.location or self._fetched()
        manifest = artifacts.check(folder, self.name, self.seal)
        if part is not None:
            artifacts.check_content(folder, self.name, manifest, part)
        return folder / (part or "")

    def _fetched(self) -> Path:
        """Return its folder in the cache of runs that a server keeps; fetch it when need be."""
        folder = settings().home / "fetched" / self.id
        try:
            artifacts.check(folder, self.name, self.seal)
        except RunDamaged:
            with artifacts.staging() as draft, store() as client, artifacts.storing("the run"):
                client.download_artifacts(self.id, "", str(draft))
                shutil.rmtree(folder, ignore_errors=True)
                folder.parent.mkdir(parents=True, exist_ok=True)
                draft.rename(folder)
        return folder


def find(key: str) -> Run | None:
    """Return the finished run of *key*, the oldest if two processes trained it at once."""
    with store() as client:
        found, _ = tracking.search(
            client, [equals("key", key)], order="attributes.start_time ASC", limit=1
        )
    return from_entity(found[0]) if found else None


def _decisions(tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the operating points that the tags of a run tell, oldest first."""
    keys = sorted(key for key in tags if key.startswith(f"{PREFIX}decision."))
    return [json.loads(tags[key]) for key in keys]


def from_entity(entity: Entity) -> Run:
    """Return the run that MLflow knows as *entity*."""
    tags, info = entity.data.tags, entity.info
    metrics = {k: v for k, v in entity.data.metrics.items() if not k.startswith("history/")}
    own = {k.removeprefix(PREFIX): v for k, v in tags.items() if k.startswith(PREFIX)}
    decisions = _decisions(tags)
    return Run(
        id=info.run_id,
        name=info.run_name,
        key=own["key"],
        task=own["task"],
        variant=own["variant"],
        baseline=own["baseline"] == "true",
        config=json.loads(own["config"]),
        dataset=own["dataset"],
        source=own["source"],
        content=own["content"],
        fingerprint=own["fingerprint"],
        seconds=metrics.pop("seconds"),
        metrics=metrics,
        tags={k: v for k, v in tags.items() if not k.startswith((PREFIX, "mlflow."))},
        champion=own["champion"] == "true",
        decided=decisions[-1]["decision"] if decisions else None,
        created=datetime.fromtimestamp(info.start_time / 1000, UTC),
        seal=own["seal"],
        location=tracking.local_folder(entity),
    )
