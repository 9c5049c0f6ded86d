"""The tabs under the pictures of the workbench; each is one function that draws one panel."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core import anomaly
from core import format as write
from core.errors import FusionscopeError
from dashboard import cached, figures, labels_panel, pictures, plots
from dashboard.bench import Bench
from dashboard.draw import show, spec
from dashboard.window import DETAIL

TABLE = "anomaly-events"
BLAMED = 100  # Events in a list that names the worst channel of each.
_EVENT, _TURN = "anomaly.event", "anomaly.events.turn"
COLUMNS = (
    *("event", "entity", "start", "duration", "peak", "severity", "channel", "share"),
    *("said", "part"),
)
# What a history may hold beside the loss, of readings whose standard deviation is 1.
MEASURES = {"loss": "Loss", "mae": "MAE (scaled)", "rmse": "RMSE (scaled)"}
PARTS = ("", "val_")


def events(bench: Bench) -> None:
    """List the events; the chosen one moves the timeline and shows its channels."""
    total = len(bench.reading.found)
    # Each channel's share is read from disk: not for the hundreds of events of a low threshold.
    few = total <= BLAMED
    table = anomaly.event_table(bench.reading.outcome) if few else bench.table
    text = f"{write.count(total, 'event')}; choose one to look at it."
    if len(table) < total:
        text = f"The {len(table)} worst of {write.count(total, 'event')}; choose one to look at it."
    if not few:
        text += f" The worst channel is named in lists of {BLAMED} events or fewer."
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(text)
        figures.download(*bench.drawn, f"{bench.run.name}-scores")
    if table.empty:
        st.info("No score lies above the threshold. Lower it to see events.")
        return
    chosen = _chosen(bench)
    key = f"{TABLE}-{st.session_state.get(_TURN, 0)}"
    st.dataframe(
        _readable(table, bench),
        key=key,
        height=248,
        hide_index=True,
        on_select=lambda: _choose(key, table, bench),
        selection_mode="single-row",
        column_config=_config(bench),
        alt="Events with start, duration, peak and worst channel",
    )
    with st.container(horizontal=True):
        _downloads(bench, table if few else None)
    if chosen is None:
        return
    labels_panel.verdict(bench, chosen)
    shares = cached.shares(bench.timeline, bench.run.id, bench.timeline.result.scoring, *chosen)
    st.markdown(f"**Channels of the chosen event**, worst first: {_ranking(shares)}")
    _readings(bench, list(shares.index))


def channels(bench: Bench) -> None:
    """Show which channels make the score of the rows on the screen."""
    shares = cached.shares(bench.timeline, bench.run.id, bench.timeline.result.scoring, *bench.rows)
    left, right = st.columns([1, 2], gap="medium")
    with left:
        st.caption("Share of the score in the rows of the detail")
        frame = shares.rename_axis("channel").reset_index(name="share")
        show(
            spec(plots.shares, len(frame)),
            {"shares": frame},
            alt=f"Share of the score by channel, most in {frame['channel'].iloc[0]}",
        )
    with right:
        _readings(bench, list(shares.index))


def history(bench: Bench) -> None:
    """Show how the training went."""
    frame = cached.history(bench.run, bench.run.id)
    if frame.empty:
        st.info("This detector is fitted in one step: there are no epochs to show.")
        return
    best = frame.loc[frame["val_loss"].idxmin()] if "val_loss" in frame else frame.iloc[-1]
    st.caption(
        f"{write.count(len(frame), 'epoch')} in {write.duration(bench.run.seconds)}; "
        f"the weights of epoch {int(best['epoch'])} are kept."
    )
    losses(frame, 240, bench.run.name)


def losses(frame: pd.DataFrame, height: int, name: str | None = None) -> None:
    """Draw training and validation over the epochs: the loss, and what is measured beside it.

    With *name*, that of a run, the pictures are offered as files.
    """
    frame = frame.assign(
        **{f"{part}rmse": np.sqrt(frame[f"{part}mse"]) for part in PARTS if f"{part}mse" in frame}
    )
    measured = {name: title for name, title in MEASURES.items() if name in frame}
    columns = st.columns(len(measured), gap="medium") if len(measured) > 1 else [st.container()]
    for column, (key, title) in zip(columns, measured.items(), strict=True):
        names = {key: "training", f"val_{key}": "validation"}
        with column:
            show(
                spec(plots.lines, "Epoch", title, height, True, False),
                {"points": plots.long(frame, "epoch", names)},
                alt=f"{title} of training and validation by epoch",
                figure=name and f"{name}-{key}",
            )


def _readings(bench: Bench, order: list[str]) -> None:
    """Draw the readings of the rows on the screen; the rest of the channels on request."""
    try:
        readings = cached.readings(bench.run, bench.run.id)
    except FusionscopeError as error:
        st.info(f"The readings cannot be drawn: {error}")
        return
    everything = len(order) <= pictures.CHANNELS or st.toggle(
        f"All {len(order)} channels", key="anomaly-all-channels"
    )
    shown = order if everything else order[: pictures.CHANNELS]
    pictures.channels(bench.timeline, readings, shown, bench.rows, bench.inside)


def _choose(key: str, table: pd.DataFrame, bench: Bench) -> None:
    """Move the timeline to the event that was chosen in the table *key*."""
    rows = st.session_state[key]["selection"]["rows"]
    if not rows:
        st.session_state.pop(_EVENT, None)
        return
    event = table.iloc[rows[0]]
    start, stop = int(event["start_row"]), int(event["stop_row"])
    around = max(2 * (stop - start), 100)
    st.session_state[_EVENT] = (bench.run.id, bench.reading.decision, (start, stop))
    DETAIL.show(bench.run.id, start - around, stop + around, len(bench.timeline))


def _chosen(bench: Bench) -> tuple[int, int] | None:
    """Return first and last row (exclusive) of the chosen event.

    It is let go, together with the tick in the table, when the list of events has changed.
    """
    run_id, decision, rows = st.session_state.get(_EVENT, (None, None, None))
    if rows is None or (run_id, decision) == (bench.run.id, bench.reading.decision):
        return rows
    del st.session_state[_EVENT]
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
    return None


def _readable(table: pd.DataFrame, bench: Bench) -> pd.DataFrame:
    timed = table["seconds"].notna().all()
    duration = table["seconds"].map(write.duration) if timed else table["steps"].map(write.count)
    frame = table.assign(duration=duration)
    said = labels_panel.said(bench, table)
    if said is not None:
        frame["said"] = said
    if "share" in frame:
        frame["share"] *= 100
    return frame[[name for name in COLUMNS if name in frame]]


def _config(bench: Bench) -> dict[str, object]:
    steps = bench.timeline.result.steps
    start = (
        st.column_config.DatetimeColumn(
            "Start", format="YYYY-MM-DD HH:mm:ss", help=write.zone(steps["time"])
        )
        if "time" in steps
        else st.column_config.NumberColumn("Start row", format="localized")
    )
    return {
        "event": st.column_config.NumberColumn("Event", width=60),
        "entity": st.column_config.TextColumn("Entity"),
        "start": start,
        "duration": st.column_config.TextColumn("Duration" if "time" in steps else "Steps"),
        "peak": st.column_config.NumberColumn("Peak score", format="%.3g"),
        "severity": st.column_config.NumberColumn(
            "Severity",
            format="%.1f ×",
            help="How many times as far from normal as the threshold its peak rises.",
        ),
        "channel": st.column_config.TextColumn("Worst channel"),
        "share": st.column_config.ProgressColumn(
            "Its share", format="%.0f%%", min_value=0, max_value=100
        ),
        "said": st.column_config.TextColumn("Label", help="What analysts said of it."),
        "part": st.column_config.TextColumn("Rows", help="Only test rows count in the metrics."),
    }


def _ranking(shares: pd.Series) -> str:
    return ", ".join(f"{name} {write.percent(share)}" for name, share in shares.head(4).items())


def _downloads(bench: Bench, ready: pd.DataFrame | None) -> None:
    """Offer events and scores as files; *ready* are all events with channels, if at hand.

    Streamlit cannot make a file on request while the page redraws, so what is ready is handed over.
    """
    name = bench.run.name

    def table() -> bytes:
        listed = anomaly.event_table(bench.reading.outcome, None) if ready is None else ready
        return listed.to_csv(index=False).encode()

    st.download_button(
        "Events as CSV",
        table if ready is None else table(),
        f"{name}-events.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        help="All events at this threshold, with start, end, peak and the ranking of channels.",
    )
    st.download_button(
        "Scores as Parquet",
        lambda: bench.timeline.result.steps.to_parquet(index=False),
        f"{name}-scores.parquet",
        "application/vnd.apache.parquet",
        icon=":material/download:",
        on_click="ignore",
        help="One row a step: time, part, label and score.",
    )
