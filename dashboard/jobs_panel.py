"""A training on the screen: where it stands, its loss, and what can be done about it."""

from __future__ import annotations

import hashlib

import streamlit as st

from core import format as write
from core import jobs
from core.errors import FusionscopeError, JobError
from core.jobs import Job
from dashboard.notices import explain
from dashboard.panels import losses

HEIGHT = 470  # Pixels that the panel takes in every state, so that nothing jumps.
TITLES = {
    "queued": ("hourglass_empty", "Waiting for its turn"),
    "running": ("model_training", "Training"),
    "failed": ("error", "The training failed"),
    "cancelled": ("cancel", "The training was stopped"),
    "lost": ("link_off", "The training was interrupted"),
    "done": ("check_circle", "Done"),
}


def who() -> str:
    """Return a name for this browser that stays the same when its page is loaded again."""
    agent = st.context.headers.get("User-Agent", "")
    return hashlib.sha256(f"{st.context.ip_address}{agent}".encode()).hexdigest()[:12]


def find(key: str) -> Job | None:
    """Return the job that trains the run of *key*, if anybody asked for it."""
    try:
        return jobs.get(key)
    except JobError:
        return None


def panel(job: Job) -> None:
    """Draw the panel of *job*; while it is active it asks for news once a second."""
    every = 1.0 if job.active else None
    st.fragment(_panel, run_every=every, key="job-panel")(job.id)


def _panel(identifier: str) -> None:
    job = jobs.get(identifier)
    if job.state == "done":
        st.rerun()
    icon, title = TITLES[job.state]
    with st.container(border=True, height=HEIGHT):
        head, button = st.columns([4, 1], vertical_alignment="center")
        head.subheader(f"{'Stopping' if job.stopping else title}", icon=f":material/{icon}:")
        with button:
            _button(job)
        if job.active:
            _progress(job)
        else:
            st.error(job.message or "No reason was given; the server's log may know more.")
        _curve(job)


def _progress(job: Job) -> None:
    """Say in one line and one bar how far the training is."""
    parts = [job.stage.capitalize() or "In the queue"]
    if job.epochs:
        parts.append(f"epoch {job.epoch} of {job.epochs} at most")
    if job.seconds_left is not None:
        parts.append(f"{write.duration(job.seconds_left)} left")
    if not jobs.ready():
        parts.append("the workers are starting, which takes some seconds")
    others = len(set(job.waiters) - {who()})
    if others:
        parts.append(f"{write.count(others, 'other person waits', 'others wait')} for it, too")
    st.progress(min(1.0, max(0.0, job.fraction)), text=" · ".join(parts))


def _curve(job: Job) -> None:
    """Draw the loss so far; an empty frame of the same height before the first epoch."""
    frame = jobs.curve(job.id)
    if frame.empty:
        st.caption("The loss appears here after the first epoch." if job.active else "")
        return
    losses(frame, 240)


def _button(job: Job) -> None:
    """Offer to stop an active job, or to take another one up again."""
    if job.active:
        st.button(
            "Cancel",
            icon=":material/stop_circle:",
            key="job-cancel",
            width="stretch",
            disabled=job.stopping,
            on_click=_cancel,
            args=(job.id,),
            help="Stops within a batch or two. If others wait for the same training it goes on "
            "for them.",
        )
    elif job.resumable:
        st.button(
            "Resume",
            icon=":material/play_arrow:",
            key="job-resume",
            type="primary",
            width="stretch",
            on_click=_resume,
            args=(job.id,),
            help="Goes on after the last finished epoch.",
        )


def _cancel(identifier: str) -> None:
    job = jobs.cancel(identifier, who())
    if job.active and not job.stopping:
        others = write.count(len(job.waiters), "other person", "others")
        st.toast(f"{others} still wait for this training: it goes on for them.")


def _resume(identifier: str) -> None:
    try:
        jobs.resume(identifier, who())
    except FusionscopeError as error:
        explain(error)
