"""What a run says of a fleet: stored, or asked of a worker, and judged where the truth is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from core import fleet as judging
from core import jobs, life, runs
from core import task as tasks
from core.data import catalog
from core.errors import FusionscopeError
from core.life import VARIANTS
from dashboard import cached
from dashboard.fleet_setup import UPLOAD, Choice

SHARE = "life.seen"
# The score of the papers is a sum over units; a sum over all steps would say nothing.
OF_UNITS, OF_STEPS = ("rmse", "phm08", "late_share"), ("rmse", "phm08_mean", "late_share")


@dataclass(frozen=True)
class Fleet:
    """What the page shows.

    Attributes:
        steps: Rows of the units as far as they have been seen; `core.life.Result.steps`.
        now: The last of these rows of each unit, with what is known of its remaining life in
            `actual` (NaN where nothing is).
        metrics: By model, of the predictions that can be judged.
        judged: What these predictions are, in words.
        tiles: Which metrics are shown as tiles.
        cap: Longest prediction, in steps.
    """

    steps: pd.DataFrame
    now: pd.DataFrame
    metrics: dict[str, dict[str, float]]
    judged: str
    tiles: tuple[str, ...]
    cap: int


def read(run: runs.Run, choice: Choice) -> Fleet:
    """Return what is shown: units in service, or those kept out of training, cut short."""
    result = _said(run, choice.fleet)
    steps = result.steps
    if choice.detector is not None:
        steps = _by_scores(steps, choice.detector, choice.fleet)
    if choice.fleet != run.source:
        truth = _truth(choice.fleet, steps)
        now = _last(steps).assign(actual=np.nan if truth is None else truth)
        metrics = _judge(run, choice, truth)
        return Fleet(steps, now, metrics, "units of this fleet", OF_UNITS, result.cap)
    part = "test" if result.test.any() else "validation"
    kept = steps[steps["part"] == part]
    share = st.slider(
        "How much of their life is seen",
        10,
        100,
        80,
        5,
        format="%d %%",
        key=SHARE,
        help="These units have failed already. The page shows them as they stood when this share "
        "of their life was over.",
    )
    life_time = kept.groupby("entity", observed=True)["age"].transform("max")
    seen = kept[kept["age"] <= np.maximum(1, life_time * share / 100)]
    metrics = {run.variant: run.metrics} | cached.card(run, run.id)["baselines"]
    known = {name: values for name, values in metrics.items() if values}
    judged = "all steps of the units kept out"
    return Fleet(seen, _last(seen), known, judged, OF_STEPS, result.cap)


def _said(run: runs.Run, source: str) -> life.Result:
    """Return what a run says of a recording as its roles and cleaning are now."""
    return _result(run, run.id, source, _state(run, source))


def _state(run: runs.Run, source: str) -> str:
    return run.fingerprint if source == run.source else cached.facts(source).fingerprint


@st.cache_resource(max_entries=8, show_spinner="Judging the fleet …")
def _result(_run: runs.Run, run_id: str, source: str, state: str) -> life.Result:
    """Return what a run says of a recording; a worker reckons what is not stored."""
    if source == _run.source:
        return _run.result()
    return jobs.ask("core.fleet:predict", run_id, source, timeout=120)


@st.cache_resource(max_entries=4, show_spinner="Reading the health from the scores …")
def _health(_run: runs.Run, run_id: str, source: str, state: str) -> np.ndarray:
    if source == _run.source:
        return judging.health(run_id, source)
    return jobs.ask("core.fleet:health", run_id, source, timeout=120)


def _by_scores(steps: pd.DataFrame, detector: runs.Run, source: str) -> pd.DataFrame:
    """Return *steps* with the health by the scores of *detector*, where these show wear."""
    try:
        return steps.assign(health=_health(detector, detector.id, source, _state(detector, source)))
    except FusionscopeError as error:
        st.warning(f"{error} The health shown is by this model's wear.", icon=":material/warning:")
        return steps


def _truth(source: str, steps: pd.DataFrame) -> np.ndarray | None:
    """Return (units,) steps: as uploaded, else as published with the data set, else None."""
    names = [str(name) for name in steps["entity"].cat.categories]
    file = st.session_state.get(UPLOAD)
    try:
        if file is not None:
            return life.read_truth(file.getvalue(), names)
        return catalog.remaining_life(source) if catalog.known(source) else None
    except FusionscopeError as error:
        st.warning(f"The remaining life cannot be read: {error}", icon=":material/warning:")
        return None


def _judge(run: runs.Run, choice: Choice, truth: np.ndarray | None) -> dict[str, dict[str, float]]:
    """Return the metrics of the run and of its baselines on the fleet; empty without a truth."""
    if truth is None:
        return {}
    config = life.Config.parse(run.config)
    names = dict.fromkeys([run.variant, *(n for n, v in VARIANTS.items() if v.companion)])
    metrics = {}
    for name in names:
        other = config.model_copy(update={"variant": name})
        # A key needs of the recording what the run remembers of it.
        known = cached.Facts(run.fingerprint, 0)
        found = run if name == run.variant else runs.find(tasks.key_of("life", other, known))
        if found is not None:
            result = _said(found, choice.fleet)
            predicted = result.fleet["remaining"].to_numpy(float)
            metrics[name] = life.judge(predicted, truth, result.cap)
    return metrics


def _last(steps: pd.DataFrame) -> pd.DataFrame:
    return steps.groupby("entity", sort=False, observed=True).tail(1).reset_index(drop=True)
