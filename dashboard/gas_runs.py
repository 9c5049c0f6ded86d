"""Runs on one recording side by side, as published and as what to expect of them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core import format as write
from core import runs
from core import task as tasks
from core.errors import FusionscopeError
from core.gas import VARIANTS
from dashboard import cached, forecast_charts, gas_data, training_queue
from dashboard.draw import show, spec
from dashboard.gas_bench import Bench
from dashboard.markdown import plain
from dashboard.notices import explain

MOST = 40  # runs that are put side by side
BEST = "★"
OTHER = {"blocked": "random", "random": "blocked"}
CAMERA = "camera"


def variants(bench: Bench) -> None:
    """Put every stored run that is judged by the same rows side by side; offer the rest."""
    stored = _stored(bench.run)
    _train(bench, stored)
    own = [name for name, settings in stored.items() if settings["protocol"] == _protocol(bench)]
    if len(own) < 2:
        st.info("There is no other run on these rows yet. Train the baselines first.")
        return
    try:
        table, reference, best = gas_data.compared(tuple(sorted(own)))
    except FusionscopeError as error:
        explain(error)
        return
    _marked(bench, stored, reference, best)
    table = _ordered(bench, table, stored)
    _picture(bench, table, reference)
    _table(bench, table, stored, reference, best)


def _protocol(bench: Bench) -> str:
    return str(bench.run.config.get("protocol", "blocked"))


def _stored(run: runs.Run) -> dict[str, dict[str, Any]]:
    """Return settings, name and accuracy of each run on the same recording, by id."""
    table, _ = runs.table(task="gas", fingerprint=run.fingerprint, limit=200)
    own, found = cached.settings_of(run.id), {}
    for row in table.itertuples():
        settings = cached.settings_of(row.id)
        if not gas_data.alike(own, settings, gas_data.ROWS):
            continue
        found[row.id] = settings | {"name": row.name, "baseline": bool(row.baseline)}
        if len(found) == MOST:
            break
    found.setdefault(run.id, own | {"name": run.name, "baseline": run.baseline})
    return found


def _train(bench: Bench, stored: dict[str, dict[str, Any]]) -> None:
    """Offer the trainings that are missing: baselines, models, and the twins of the other split."""
    frames = isinstance(bench.recording, FusionscopeError) or bench.recording.frames is not None
    names = [name for name, one in VARIANTS.items() if frames or CAMERA not in one.reads]
    groups = {
        "Train all baselines": {
            VARIANTS[name].label: gas_data.config_of(bench.run, variant=name)
            for name in names
            if VARIANTS[name].baseline
        },
        "Train all models": {
            VARIANTS[name].label: gas_data.config_of(bench.run, variant=name)
            for name in names
            if not VARIANTS[name].baseline
        },
        f"Train the same under {OTHER[_protocol(bench)]}": {
            f"{VARIANTS[one['variant']].label}, {OTHER[one['protocol']]}": gas_data.config_of(
                runs.get(identifier), protocol=OTHER[one["protocol"]]
            )
            for identifier, one in stored.items()
            if one["protocol"] == _protocol(bench) and one["variant"] in VARIANTS
        },
    }
    try:
        looked = {
            label: training_queue.look("gas", bench.run.source, configs)
            for label, configs in groups.items()
        }
    except FusionscopeError as error:
        explain(error)
        return
    with st.container(horizontal=True):
        for number, (label, wanted) in enumerate(looked.items()):
            training_queue.offer(wanted, label, f"gas-train-{number}")
    training_queue.progress([one for wanted in looked.values() for one in wanted])


def _marked(
    bench: Bench, stored: dict[str, dict[str, Any]], reference: str, best: str | None
) -> None:
    against = plain(_label(stored[reference]))
    if best is None:
        st.caption(
            f"No run is better than the best baseline, {against}, by more than luck (McNemar's "
            "test, 5 %, and an interval by blocks of rows), so none is marked."
        )
        return
    st.caption(
        f"{BEST} {plain(_label(stored[best]))} is better than the best baseline, {against}, by "
        "more than luck (McNemar's test, 5 %, and an interval by blocks of rows)."
    )


def _label(settings: dict[str, Any]) -> str:
    return f"{tasks.label('gas', settings['variant'])} · {settings['name']}"


def _ordered(bench: Bench, table: pd.DataFrame, stored: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """Return the runs with baselines on top, then by accuracy, and their twins' figures."""
    twins = {_twin(one): name for name, one in stored.items()}
    other = OTHER[_protocol(bench)]
    rows = []
    for name in table["name"]:
        twin = twins.get(_twin(stored[name] | {"protocol": other}))
        rows.append(runs.get(twin).metrics.get("accuracy") if twin else None)
    return table.assign(
        baseline=[stored[name]["baseline"] for name in table["name"]],
        label=[_label(stored[name]) for name in table["name"]],
        twin=pd.Series(rows, index=table.index, dtype=float),
    ).sort_values(["baseline", "accuracy"], ascending=[False, False], ignore_index=True)


def _twin(settings: dict[str, Any]) -> str:
    """Return what a run and its twin under the other split have in common, and the split."""
    return repr(sorted((k, v) for k, v in settings.items() if k not in ("name", "baseline")))


def _picture(bench: Bench, table: pd.DataFrame, reference: str) -> None:
    """Draw the accuracies, with the intervals of their difference from the best baseline."""
    level = float(table.loc[table["name"] == reference, "accuracy"].iloc[0])
    pictured = pd.DataFrame(
        {
            "name": table["label"],
            "value": table["accuracy"],
            # The interval of the difference may say more than any accuracy can be.
            "lower": (level + table["lower"]).clip(0, 1),
            "upper": (level + table["upper"]).clip(0, 1),
            "meaning": ["baseline" if flag else "prediction" for flag in table["baseline"]],
        }
    )
    show(
        spec(forecast_charts.beside, tuple(pictured["name"]), "Accuracy"),
        {"runs": pictured, "reference": pd.DataFrame({"value": [level]})},
        alt="Accuracy of each run, with the interval of its difference from the best baseline",
        figure=f"{bench.run.name}-variants",
    )
    st.caption(
        "Dashes: the best baseline. Bars: 95 % intervals of the difference from it; one that "
        "crosses the dashes may be luck. Grey: baselines."
    )


def _table(
    bench: Bench,
    table: pd.DataFrame,
    stored: dict[str, dict[str, Any]],
    reference: str,
    best: str | None,
) -> None:
    random = _protocol(bench) == "random"
    drawn, apart = (
        (table["accuracy"], table["twin"]) if random else (table["twin"], table["accuracy"])
    )
    shown = pd.DataFrame(
        {
            "": [BEST if name == best else "" for name in table["name"]],
            "Model and run": [
                f"{label}{' (baseline)' if flag else ''}{' ← on screen' if own else ''}"
                for label, flag, own in zip(
                    table["label"], table["baseline"], table["name"] == bench.run.id, strict=True
                )
            ],
            "Random, as published": drawn.map(write.percent),
            "Blocked": apart.map(write.percent),
            "Gap": [_gap(a, b) for a, b in zip(drawn, apart, strict=True)],
            "Macro F1": table["macro_f1"].map(write.number),
            "ROC area": table.get("roc_auc", pd.Series(index=table.index, dtype=float)).map(
                write.number
            ),
            "Against the best baseline": [
                "is it"
                if row.name == reference
                else f"{100 * row.difference:+.1f} ({100 * row.lower:+.1f} to "
                f"{100 * row.upper:+.1f}) points"
                for row in table.itertuples(name="Row")
            ],
            "p": [write.NOTHING if pd.isna(p) else f"{p:.2g}" for p in table["p"]],
        }
    )
    st.dataframe(
        shown,
        hide_index=True,
        column_config={
            "": st.column_config.TextColumn(width=30),
            "Random, as published": st.column_config.TextColumn(
                help="Accuracy when test rows are drawn at random. Each then has a neighbour that "
                "was learned from: it says little of another day."
            ),
            "Blocked": st.column_config.TextColumn(
                help="Accuracy when test rows lie apart: what to expect of the next recording."
            ),
            "Gap": st.column_config.TextColumn(help="How much of the published figure is memory."),
            "p": st.column_config.TextColumn(
                help="McNemar's test: how likely such a difference is between equally good models. "
                "It takes rows as independent, which neighbours are not: the interval is the more "
                "honest of the two."
            ),
        },
        alt="Accuracy of each run under both splits, baselines first",
    )
    st.caption(
        f"Macro F1, ROC area and what follows are of the {_protocol(bench)} split, the one of the "
        "run on the screen. Figures name the likeliest class, whatever the alarm rule is."
    )


def _gap(drawn: float, apart: float) -> str:
    if pd.isna(drawn) or pd.isna(apart):
        return write.NOTHING
    return f"{100 * (drawn - apart):+.1f} points"
