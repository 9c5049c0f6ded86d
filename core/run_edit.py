"""What an analyst changes of a stored run: name, tags, champion; or takes it away."""

from __future__ import annotations

import re
import shutil

from core import tracking
from core.errors import RunError
from core.run import Run, from_entity
from core.run_save import discard, search_text, taken
from core.settings import settings
from core.tracking import PREFIX, equals, store

NAME = re.compile(r"[\w][\w .-]{0,79}")


def rename(run: Run, name: str) -> Run:
    """Give *run* another name.

    Raises:
        RunError: the name is empty, too long, has unusual characters, or another run has it.
    """
    name = name.strip()
    if not NAME.fullmatch(name):
        raise RunError(
            f"A run's name has 1 to 80 letters, digits, blanks, dots, - or _, received {name!r}.",
            "For example: quiet-otter.",
        )
    if name != run.name and taken(name):
        raise RunError(f"Another run is called {name!r}.", "Choose another name.")
    with store() as client:
        client.update_run(run.id, name=name)
    return _indexed(run.id)


def tag(run: Run, name: str, value: str = "") -> Run:
    """Note something on *run*; *value* may be empty.

    Raises:
        RunError: the name of the tag has unusual characters or is reserved.
    """
    if not NAME.fullmatch(name) or name.startswith((PREFIX, "mlflow.")):
        raise RunError(
            f"A tag has 1 to 80 letters, digits, blanks, dots, - or _, received {name!r}.",
            f"Names that begin with {PREFIX} or mlflow. are reserved.",
        )
    with store() as client:
        client.set_tag(run.id, name, value)
    return _indexed(run.id)


def untag(run: Run, name: str) -> Run:
    """Take the tag *name* off *run*."""
    if name in run.tags:
        with store() as client:
            client.delete_tag(run.id, name)
    return _indexed(run.id)


def crown(run: Run) -> Run:
    """Mark *run* as the champion of its task and recording, in place of the one before."""
    with store() as client:
        client.set_tag(run.id, f"{PREFIX}champion", "true")
        filters = [equals("champion", "true"), equals("content", run.content)]
        for entity in tracking.search(client, filters, task=run.task, limit=1000)[0]:
            if entity.info.run_id != run.id:
                client.set_tag(entity.info.run_id, f"{PREFIX}champion", "false")
        return from_entity(client.get_run(run.id))


def delete(run: Run) -> None:
    """Delete *run* and its files, whole or damaged."""
    with store() as client:
        discard(client, client.get_run(run.id))
    shutil.rmtree(settings().home / "fetched" / run.id, ignore_errors=True)


def _indexed(identifier: str) -> Run:
    """Return the run as it is now, after its text for the search was brought up to date."""
    with store() as client:
        run = from_entity(client.get_run(identifier))
        text = search_text(run.name, run.dataset, run.variant, run.tags)
        client.set_tag(identifier, f"{PREFIX}search", text)
    return run
