"""What is here: data sets, runs, champions, and the trainings that are going on."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import streamlit as st

from core import format as write
from core import jobs, runs
from core import task as tasks
from core.data import catalog
from core.errors import FusionscopeError
from core.jobs import Job
from dashboard import routes, run_list
from dashboard.notices import explain

LATEST = 8
SHOWN = ("name", "dataset", "variant", "score", "beside", "marks", "created", "open")


@st.fragment(parallel=True)
def runs_panel() -> None:
    """Draw the counts and the latest runs; the rest of the page does not wait for the store."""
    with st.skeleton(height=420):
        try:
            latest, total = runs.table(limit=LATEST)
            champions = runs.table(champion=True, limit=1)[1]
        except FusionscopeError as error:
            explain(error)
            return
        _counts(total, champions)
        st.subheader("Latest runs", anchor=False)
        if latest.empty:
            _no_runs()
            return
        _latest(latest)


def _counts(total: int, champions: int) -> None:
    entries = catalog.entries()
    here = Counter(entry.kind for entry in entries if entry.available)
    away = sum(not entry.available for entry in entries)
    with st.grid(4, min_column_width=200):
        st.metric(
            "Data sets on this machine",
            write.count(here.total()),
            _listing(here, away),
            delta_color="off",
            delta_arrow="off",
            border=True,
            height="stretch",
        )
        st.metric(
            "Runs",
            write.count(total),
            "trained models, baselines among them",
            delta_color="off",
            delta_arrow="off",
            border=True,
            height="stretch",
        )
        st.metric(
            "Champions",
            write.count(champions),
            "the chosen run of a recording",
            delta_color="off",
            delta_arrow="off",
            border=True,
            height="stretch",
        )
        active = jobs.active()
        waiting = sum(job.state == "queued" for job in active)
        st.metric(
            "Trainings going on",
            write.count(len(active)),
            f"{waiting} of them waiting" if waiting else "they outlive this page",
            delta_color="off",
            delta_arrow="off",
            border=True,
            height="stretch",
        )


def _listing(here: Counter[str], away: int) -> str:
    parts = [write.count(here[kind], kind) for kind in ("sample", "upload")]
    parts.append(f"{here['public']} public" + (f", {away} to fetch" if away else ""))
    return ", ".join(parts)


def _no_runs() -> None:
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown(
            "**No run yet.** Take the tour, or train a detector on a recording of yours: "
            "every trained model is listed here, with its best baseline beside it.",
            text_alignment="center",
        )


def _latest(table: pd.DataFrame) -> None:
    frame = run_list.readable(table).assign(open="Open")
    button = st.column_config.ButtonColumn(
        "", key="overview-open", on_click=_open, args=(table,), width=80
    )
    st.dataframe(
        frame,
        hide_index=True,
        column_order=SHOWN,
        column_config=run_list.config(open=button),
        alt="The latest runs with their VUS-PR and that of their best baseline",
    )


def _open(table: pd.DataFrame) -> None:
    row = table.iloc[st.session_state["overview-open"].row]
    routes.to_run(row["name"], row["dataset"], row["task"])


def jobs_panel(leave_out: str | None = None) -> None:
    """List trainings that go on, and those that were interrupted; *leave_out* is shown elsewhere.

    Looks again every two seconds while something goes on.
    """
    listed = [job for job in jobs.recent(20) if job.id != leave_out]
    shown = [job.id for job in listed if job.active or job.state in ("failed", "lost")][:6]
    if shown:
        every = 2.0 if any(job.active for job in listed) else None
        st.subheader("Trainings", anchor=False)
        st.fragment(_trainings, run_every=every)(shown)


def _trainings(identifiers: list[str]) -> None:
    for identifier in identifiers:
        job = jobs.get(identifier)
        if job.state == "done":
            st.rerun()
        _training(job)


def _training(job: Job) -> None:
    name = f"**{tasks.label(job.task, job.variant)}** on {job.dataset}"
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        if job.active:
            stage = job.stage or ("in the queue" if jobs.ready() else "the workers are starting")
            left = job.seconds_left
            text = f"{stage}, {write.duration(left)} left" if left is not None else stage
            st.progress(min(1.0, max(0.0, job.fraction)), text=f"{name}: {text}", width="stretch")
        else:
            st.markdown(f":red[:material/error:] {name}: {job.message}", width="stretch")
        st.button(
            "Open",
            key=f"training-{job.id}",
            on_click=_follow,
            args=(job,),
            help="Shows its loss, and lets you cancel it or take it up again.",
        )


def _follow(job: Job) -> None:
    """Go to the page where the training was asked for, with the same settings."""
    routes.to_settings(job.dataset, job.config, job.task)
