"""Score another recording with a stored model; runs in a worker, which may load TensorFlow."""

from __future__ import annotations

import shutil
from pathlib import Path

from core import artifacts
from core.anomaly.task import load, predict
from core.data import Cleaning, Roles, open_dataset

KEPT = 8  # results; the oldest go


def rescore(model: str, source: str, roles: str, cleaning: str, target: str) -> int:
    """Write the result of a recording into the folder *target*, and return its number of rows.

    The folder appears when it is complete; of all folders beside it the newest are kept.

    Args:
        model: Folder of the model, as `Fitted.save` wrote it.
        source: Name in the catalog, or path of a file.
        roles: Which column is what, as JSON.
        cleaning: The cleaning recipe, as JSON.
        target: Folder to make.

    Raises:
        RolesError: a channel that the model was trained on is missing.
        StorageError: the disk is full or may not be written.
    """
    dataset = open_dataset(
        source,
        roles=Roles.model_validate_json(roles),
        cleaning=Cleaning.model_validate_json(cleaning),
    )
    result = predict(load(Path(model)), dataset)
    folder = Path(target)
    with artifacts.staging() as draft, artifacts.storing("the scores"):
        result.save(draft)
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
    _tidy(folder.parent)
    return len(result)


def _tidy(folder: Path) -> None:
    known = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in known[KEPT:]:
        shutil.rmtree(path, ignore_errors=True)
