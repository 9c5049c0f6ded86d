"""Several trainings at once: what is stored, what is missing, and how far the rest is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from core import format as write
from core import jobs, runs
from core import task as tasks
from core.config import Config
from core.errors import FusionscopeError
from core.jobs import Job
from dashboard import cached, jobs_panel
from dashboard.markdown import plain
from dashboard.notices import explain

EVERY = 2.0  # seconds between two looks at the trainings


@dataclass(frozen=True)
class Wanted:
    """One of the trainings.

    Attributes:
        task: Name of the task.
        source: Name of the data set.
        label: On the screen.
        config: Its settings.
        run: What came of it; None as long as nothing did.
        job: The training, when somebody asked for it and it has not become a run.
    """

    task: str
    source: str
    label: str
    config: Config
    run: runs.Run | None
    job: Job | None


def look(task: str, source: str, configs: Mapping[str, Config]) -> list[Wanted]:
    """Return how each of *configs* of *task*, by label, stands on the data set *source*.

    Raises:
        FusionscopeError: the recording is not there any more.
    """
    facts, found = cached.facts(source, task), []
    for label, config in configs.items():
        key = tasks.key_of(task, config, facts)
        run = runs.find(key)
        found.append(
            Wanted(task, source, label, config, run, None if run else jobs_panel.find(key))
        )
    return found


def offer(wanted: list[Wanted], label: str, key: str) -> None:
    """Offer to train what is missing, in one button."""
    missing = [one for one in wanted if one.run is None and not (one.job and one.job.active)]
    if st.button(
        f"{label} ({len(missing)})" if missing else label,
        key=key,
        icon=":material/model_training:",
        disabled=not missing,
        help="All are stored or on their way."
        if not missing
        else "Queued one after the other; the page stays usable and finds them again: "
        + ", ".join(one.label for one in missing[:12])
        + ".",
    ):
        try:
            for one in missing:
                dataset = cached.dataset(one.source, one.task)
                jobs.submit(one.task, dataset, one.config, jobs_panel.who())
        except FusionscopeError as error:
            explain(error)
            return
        st.rerun()


def progress(wanted: list[Wanted]) -> None:
    """Show how far the trainings are, and what went wrong; the page follows when one is done."""
    active = {one.label: one.job.id for one in wanted if one.job and one.job.active}
    failed = [one for one in wanted if one.job and not one.job.active and one.job.state != "done"]
    if active:
        done = sum(one.run is not None for one in wanted)
        st.fragment(_going_on, run_every=EVERY)(active, done, len(wanted))
    for one in failed:
        assert one.job is not None
        st.caption(
            f":red[:material/error:] {plain(one.label)}: {plain(one.job.message or one.job.state)}"
        )


def _going_on(active: dict[str, str], done: int, total: int) -> None:
    going = {label: jobs.get(identifier) for label, identifier in active.items()}
    if any(not job.active for job in going.values()):
        st.rerun()
    running = [(label, job) for label, job in going.items() if job.state == "running"]
    parts = [f"{done} of {total} stored", f"{write.count(len(going), 'training')} on the way"]
    fraction = 0.0
    if running:
        label, job = running[0]
        fraction = job.fraction
        left = "" if job.seconds_left is None else f", {write.duration(job.seconds_left)} left"
        parts.append(f"{plain(label)}: {job.stage or 'starting'}{left}")
    with st.container(horizontal=True, vertical_alignment="center"):
        whole = min(1.0, max(0.0, (done + fraction) / max(total, 1)))
        st.progress(whole, text=" · ".join(parts), width="stretch")
        st.button(
            "Cancel them",
            key="training-cancel-all",
            icon=":material/stop_circle:",
            on_click=_cancel,
            args=(list(active.values()),),
        )


def _cancel(identifiers: list[str]) -> None:
    for identifier in identifiers:
        jobs.cancel(identifier, jobs_panel.who())
