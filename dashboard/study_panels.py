"""What a study has found: the best so far and what matters, or the listed settings side by side."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import format as write
from core import sweeps
from core.errors import FusionscopeError
from core.sweeps import Study, Trial
from dashboard import draw as drawing
from dashboard import forecast_charts, study_charts
from dashboard.notices import explain
from dashboard.study_words import titles_of


def searched(study: Study, trials: list[Trial]) -> None:
    """Draw what a search has reached, what matters, and the settings of every trial."""
    aim, titles = sweeps.aim_of(study), titles_of(study)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.markdown("**Best so far**")
        frame, best = study_charts.points(study, trials)
        if frame.empty:
            _empty("The first trial that is done appears here.")
        else:
            drawing.show(
                drawing.spec(study_charts.progress, aim.label, study.planned),
                {"trials": frame, "best": best},
                alt="What every trial reached, and the best so far",
            )
    with right:
        st.markdown(
            "**What matters**",
            help="How much of the difference between good trials and the others each setting "
            "explains (PED-ANOVA, Watanabe et al. 2023). With few trials it is a guess.",
        )
        _importance(study, trials, titles)
    st.markdown(
        "**Settings of every trial**",
        help="The best trial is the green line; pale ones were stopped or are still training.",
    )
    if any(trial.params for trial in trials):
        axes, lines, ends = study_charts.axes_of(study, trials, titles, aim.label)
        drawing.show(
            drawing.spec(study_charts.parallel, axes),
            {"lines": lines, "ends": ends},
            alt="Each trial as a line over its settings, ending at what it reached",
        )
    else:
        _empty("Each trial will be a line over its settings.")


def _importance(study: Study, trials: list[Trial], titles: dict[str, str]) -> None:
    done = tuple(trial.number for trial in trials if trial.state == "done")
    if len(done) < 4:
        _empty("Known after four trials that are done.")
        return
    try:
        found = _important(study, trials, study.name, done)
    except FusionscopeError as error:
        explain(error)
        return
    if not found:
        _empty("All trials reached the same.")
        return
    shares = pd.DataFrame({"field": [titles[n] for n in found], "share": list(found.values())})
    drawing.show(
        drawing.spec(study_charts.importance, len(shares)),
        {"shares": shares},
        alt="How much each setting matters",
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _important(
    _study: Study, _trials: list[Trial], name: str, done: tuple[int, ...]
) -> dict[str, float]:
    return sweeps.importance(_study, _trials)


def _empty(text: str) -> None:
    """Keep the place of a chart."""
    with st.container(border=True, height=study_charts.HEIGHT, vertical_alignment="center"):
        st.caption(text, text_alignment="center")


def compared(study: Study, trials: list[Trial]) -> None:
    """Put the listed configs beside the first one."""
    aim = sweeps.aim_of(study)
    done = [trial for trial in trials if trial.value is not None]
    if not done:
        if not any(trial.state == "done" for trial in trials):
            _empty("The first training that is done appears here.")
        else:
            st.info(
                "This model has no validation rows: look at the runs themselves, on the page Runs."
            )
        return
    best = sweeps.best(study, trials)
    frame = pd.DataFrame(
        {
            "name": [trial.label for trial in done],
            "value": [trial.value for trial in done],
            "lower": float("nan"),
            "upper": float("nan"),
            "meaning": ["score" if trial == best else "prediction" for trial in done],
        }
    )
    first = trials[0].value
    reference = [] if first is None else [first]
    drawing.show(
        drawing.spec(forecast_charts.beside, tuple(frame["name"]), aim.label),
        {"runs": frame, "reference": pd.DataFrame({"value": reference})},
        alt=f"{aim.label} of each training, on validation rows",
    )
    st.caption("Validation rows. Dashes: the settings as they are. Green: the best.")
    _paired(study, trials)


def _paired(study: Study, trials: list[Trial]) -> None:
    """Say which differences on the test rows are more than luck, where the task can."""
    what = sweeps.compared(study)
    try:
        table = _differences(
            study, trials, study.name, tuple(trial.run for trial in trials if trial.run)
        )
    except FusionscopeError as error:
        explain(error)
        return
    if table is None:
        return
    rows = table[table["name"] != trials[0].label]
    st.markdown(
        f"**Difference of {what} on the test rows, from the settings as they are**",
        help="With its 95 % interval, on the rows that both have. One that holds 0 may be luck.",
    )
    st.dataframe(
        pd.DataFrame(
            {
                "": rows["name"],
                f"Difference of {what}": rows["difference"].map(_signed),
                "95 % interval": [
                    write.NOTHING if pd.isna(low) else f"{low:+.3g} to {high:+.3g}"
                    for low, high in zip(rows["lower"], rows["upper"], strict=True)
                ],
                "p": [write.NOTHING if pd.isna(p) else f"{p:.2g}" for p in rows["p"]],
                "More than luck": [
                    write.NOTHING if pd.isna(p) else "yes" if p < 0.05 else "no" for p in rows["p"]
                ],
            }
        ),
        hide_index=True,
        alt="Differences from the settings as they are, with intervals",
    )


def _signed(value: float) -> str:
    return write.NOTHING if pd.isna(value) else f"{value:+.3g}"


@st.cache_data(max_entries=32, show_spinner="Comparing on the test rows …")
def _differences(
    _study: Study, _trials: list[Trial], name: str, found: tuple[str, ...]
) -> pd.DataFrame | None:
    return sweeps.compare(_study, _trials)
