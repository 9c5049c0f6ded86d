"""The dashboard as one ASGI app: `streamlit run dashboard/app.py`."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st

from core.errors import FusionscopeError
from dashboard.notices import explain

logger = logging.getLogger("fusionscope")


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """Start the workers and load the store of runs while the first page is already served."""
    threading.Thread(target=_warm, name="warm-up", daemon=True).start()
    yield
    await asyncio.to_thread(_stop)


def _warm() -> None:
    """Load what takes seconds; a page that needs it earlier waits for the same import."""
    from core import jobs, runs, sweeps

    try:
        runs.warm()  # first: the Overview waits for it, and the workers would take its cores
        jobs.start()
        sweeps.start()
    except FusionscopeError as error:
        logger.error("%s", error)


def _stop() -> None:
    """End the workers; trainings can be resumed at their last epoch, and studies go on."""
    from core import jobs, sweeps

    sweeps.stop_all()
    jobs.stop()


def on_script_error(error: Exception) -> bool:
    """Say that a page failed, in words; a traceback goes to the log alone."""
    if isinstance(error, FusionscopeError):
        explain(error)
        return True
    logger.error("A page failed.", exc_info=error)
    st.error(
        "Nothing stored is lost. Reload the page; if it fails again, the server's log says why.",
        title="This page met an error that it did not expect",
        icon=":material/error:",
    )
    return True


app = st.App(
    Path(__file__).with_name("main.py"), lifespan=lifespan, on_script_error=on_script_error
)

if __name__ == "__main__":
    app.run()
