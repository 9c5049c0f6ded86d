"""Where work on frames is kept, so that it is done once."""

from __future__ import annotations

import joblib

from core.errors import StorageError
from core.settings import settings


def keeper(name: str) -> joblib.Memory:
    """Return a cache on disk; what cannot be stored later is worked out again.

    Args:
        name: Of what is kept; a folder below the home folder.

    Raises:
        StorageError: the home folder may not be written.
    """
    folder = settings().home / "cache" / name
    try:
        return joblib.Memory(folder, verbose=0)
    except OSError as error:
        raise StorageError(
            f"{folder} cannot be written: {error.strerror or error}.",
            "Free some space, or let FUSIONSCOPE_HOME name another folder.",
        ) from None
