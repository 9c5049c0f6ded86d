"""TensorFlow, loaded once a process, always with the same number of threads."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from core.settings import settings

log = logging.getLogger(__name__)


@cache
def tensorflow() -> Any:
    """Return the tensorflow module, quiet and with the threads that the settings name.

    The number of threads is part of a run's key: sums in another order differ in the last bits.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _silent_stderr():
        import keras  # noqa: F401
        import tensorflow as tf

    threads = settings().threads
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    except RuntimeError:
        log.warning(
            "TensorFlow was in use before Fusionscope could set its %s threads: "
            "the last digits of results may differ from those of other runs.",
            threads,
        )
    return tf


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Hide what TensorFlow's C++ parts print while they load, before their log level holds."""
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
