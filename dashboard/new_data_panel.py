"""Another recording: should the run be trusted on it, and what does it find there?"""

from __future__ import annotations

from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from core import anomaly, jobs, runs
from core import format as write
from core.anomaly import Decision, Drift
from core.anomaly.drift import MARKS
from core.data import catalog
from core.errors import FusionscopeError
from core.settings import settings
from dashboard import cached, charts, link, operating, plots, tiles
from dashboard.bench import Bench
from dashboard.choice import choice
from dashboard.draw import show, spec
from dashboard.markdown import plain
from dashboard.notices import explain
from dashboard.timeline import Timeline

KEY = "anomaly.new"
DRAWN = 12  # Channels whose course is drawn unasked, the furthest first.
SINCE = "From then to the end it has been away from the training rows."
PATIENCE = 600  # Seconds that scoring may take.
_MEANING = {MARKS[0]: "baseline", MARKS[1]: "anomaly", MARKS[2]: "anomaly"}
_OPACITY = {MARKS[0]: 0.16, MARKS[1]: 0.4, MARKS[2]: 0.95}


def panel(bench: Bench) -> None:
    """Compare the recording that is chosen here with the training rows, and score it."""
    name = _choice(bench.run)
    link.notices(only={KEY})
    if name is None:
        st.info(
            "Choose a recording with the same channels. It is compared with the rows that the "
            "run was trained on; then you can score it. Uploads are made on the page Data.",
            icon=":material/compare_arrows:",
        )
        return
    try:
        facts = cached.facts(name)
        found = cached.drift(bench.run, bench.run.id, name, facts.fingerprint)
        _verdict(found)
        _course(found)
        _table(found)
        _scores(bench.run, name, facts.fingerprint)
    except FusionscopeError as error:
        explain(error)


def _choice(run: runs.Run) -> str | None:
    """Draw the choice of the recording; those that are called like the run's own come first."""
    here = [entry for entry in catalog.entries() if entry.available and entry.name != run.source]
    here.sort(key=lambda entry: -SequenceMatcher(None, entry.name, run.source).ratio())
    labels = {entry.name: f"{entry.name} · {entry.label}" for entry in here}
    return choice(
        KEY,
        "Recording",
        labels,
        None,
        "Channels are matched by name; those that the run does not know are left out.",
        asked="recording",
        allowed="it is not on this machine",
        placeholder="Choose another recording",
    )


def _verdict(found: Drift) -> None:
    """Say in one line whether to trust the run, and what to do."""
    box, icon = {
        "trust": (st.success, ":material/verified:"),
        "care": (st.warning, ":material/error:"),
        "distrust": (st.error, ":material/gpp_bad:"),
    }[found.level]
    compared = f"{found.rows:,} rows compared with the training rows."
    box(plain(f"{found.remedy} {compared}".strip()), title=plain(found.verdict), icon=icon)
    if found.added:
        st.caption(f"Not read by the run: {plain(', '.join(found.added))}.")


def _course(found: Drift) -> None:
    """Draw when each channel was as trained, and when it was not."""
    order = found.channels["channel"].tolist()
    shown = order[:DRAWN]
    which = f"The furthest {DRAWN} over time" if len(order) > DRAWN else "Over time"
    st.caption(f"{which}. Light: moved a little; dark: moved.")
    frame = course_frame(found.course[found.course["channel"].isin(shown)])
    temporal = isinstance(frame["x"].dtype, pd.DatetimeTZDtype)
    zone = f"Time ({write.zone(found.course['start'])})" if temporal else "Row"
    show(
        spec(plots.course, charts.Axis(temporal, zone), tuple(shown)),
        {"blocks": frame},
        alt="Population stability of each channel over time, in blocks of rows",
    )


def _table(found: Drift) -> None:
    timed = "start" in found.course
    frame = found.channels.assign(outside=100 * found.channels["outside"])
    if timed:
        starts = found.course.drop_duplicates("start_row").set_index("start_row")["start"]
        times = frame["since"].map(starts, na_action="ignore")
        frame["since"] = [f"{time:%d %b %H:%M}" if pd.notna(time) else "" for time in times]
    shown = ["channel", "mark", "psi", "limit", "ks", "outside"]
    stays = found.channels["since"].notna().any()
    st.dataframe(
        frame[[*shown, "since"] if stays else shown],
        hide_index=True,
        height="content" if len(frame) <= 10 else 388,
        column_config={
            "channel": st.column_config.TextColumn("Channel"),
            "mark": st.column_config.TextColumn("Now", help=_mark_help()),
            "psi": st.column_config.NumberColumn(
                "PSI",
                format="%.3g",
                help="Population stability index over tenths of the training rows: 0.1 is a "
                "change, 0.25 a large one.",
            ),
            "limit": st.column_config.NumberColumn(
                "Its limit",
                format="%.3g",
                help="PSI from which it has moved: 0.1, or what stretches of the training rows "
                "of that length reach among themselves.",
            ),
            "ks": st.column_config.NumberColumn(
                "KS",
                format="%.2f",
                help="Kolmogorov-Smirnov statistic: the largest distance between the two "
                "distributions, 0 to 1.",
            ),
            "outside": st.column_config.NumberColumn(
                "Outside",
                format="%.3g %%",
                help="Rows below the lowest or above the highest training reading.",
            ),
            "since": st.column_config.TextColumn("Since", help=SINCE)
            if timed
            else st.column_config.NumberColumn("Since row", help=SINCE),
        },
        alt="How far each channel lies from the training rows",
    )


def _mark_help() -> str:
    return (
        "Moved a little: PSI above 0.1, KS above 0.125 or 5 % of the rows outside the range of the "
        "training rows. Moved: 0.25, 0.2 or 25 %. More is needed where the training rows differ "
        "as much among themselves. Judged over all rows and over the last quarter."
    )


def course_frame(course: pd.DataFrame) -> pd.DataFrame:
    """Return [x, x2, channel, psi, ks, mark, meaning, opacity] as `plots.course` reads them."""
    frame = course.assign(
        meaning=course["mark"].map(_MEANING).astype(str), opacity=course["mark"].map(_OPACITY)
    )
    if "start" in course:
        # As in `Timeline.at`: the browser is not to move times into its own zone.
        ends = [
            course[name].dt.tz_localize(None).dt.tz_localize("UTC") for name in ("start", "end")
        ]
        frame["x"], frame["x2"] = ends
    else:
        frame["x"], frame["x2"] = course["start_row"], course["stop_row"]
    return frame[["x", "x2", "channel", "psi", "ks", "mark", "meaning", "opacity"]]


def _scores(run: runs.Run, name: str, fingerprint: str) -> None:
    """Show what the run finds in the recording, after somebody has asked for it."""
    folder = settings().home.absolute() / "scored" / f"{run.id}-{fingerprint[:16]}"
    if not folder.is_dir():
        place = st.empty()
        if not place.button(
            "Score it with this run",
            type="primary",
            icon=":material/play_arrow:",
            key="anomaly-rescore",
            help="Every row gets a score, cut by the threshold that is in use for the run.",
        ):
            return
        with place, st.spinner("Scoring the recording …"):
            _ask(run, name, folder)
        place.empty()
    stored = run.decision()
    decision = Decision() if stored is None else Decision.model_validate(stored)
    scoring = decision.scoring and decision.scoring.model_dump_json()
    timeline = cached.rescored(str(folder), folder.stat().st_mtime_ns, scoring)
    _result(run, name, timeline, decision)


def _ask(run: runs.Run, name: str, folder: Path) -> None:
    """Have a worker score the data set *name* into *folder*."""
    dataset = cached.dataset(name)
    jobs.ask(
        "core.anomaly.rescore:rescore",
        str(run.checked("model")),
        dataset.source,
        dataset.roles.model_dump_json(),
        dataset.cleaning.model_dump_json(),
        str(folder),
        timeout=PATIENCE,
    )


def _result(run: runs.Run, name: str, timeline: Timeline, decision: Decision) -> None:
    """Draw the scores with the threshold in use, and offer the events."""
    reading = operating.read(timeline, decision)
    table = anomaly.event_table(reading.outcome, channels=False)
    total = write.count(len(reading.found), "event")
    st.caption(
        f"{total} in {write.count(len(timeline), 'row')}, at the threshold in use: "
        f"{operating.KINDS[decision.threshold.kind].lower()}, {write.number(reading.cut)}"
    )
    tiles.tiles(reading.metrics, {}, timeline.result.labels is not None)
    whole = (0, len(timeline))
    top = (timeline.top[0], max(timeline.top[1], reading.cut * 1.04))
    peaks = table["peak_row"].to_numpy(np.int64)
    show(
        spec(charts.detail, timeline.axis),
        timeline.marks(*whole)
        | {
            "frame": timeline.frame(*whole, top),
            "cut": timeline.cut(reading.outcome.cut, *whole),
            "points": timeline.points(*whole, keep=peaks),
            "events": timeline.events(table, *whole),
        },
        alt=f"Anomaly score of {name} with {total} above the threshold",
    )
    st.download_button(
        "Events as CSV",
        lambda: anomaly.event_table(reading.outcome, None).to_csv(index=False).encode(),
        f"{run.name}-{name.replace('/', '-')}-events.csv",
        "text/csv",
        key="anomaly-new-events",
        icon=":material/download:",
        on_click="ignore",
        help="All events at the threshold in use, with the ranking of channels.",
    )
