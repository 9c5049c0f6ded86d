"""Every variant on recordings, as published and honestly: one row a split, variant and seed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.errors import FusionscopeError
from core.gas.compare import intervals
from core.gas.config import Config
from core.gas.metrics import evaluate
from core.gas.protocol import FOLDS
from core.gas.recording import GasRecording
from core.gas.task import fit, predict
from core.gas.variants import VARIANTS
from core.tables import read_rows, replace_csv

Row = dict[str, Any]
KEY = ["set", "protocol", "embargo", "fold", "setting", "variant", "version", "seed"]
PROTOCOLS = ("blocked", "random")
EMBARGOES = (20, 200)  # the second is as long as rows of the published table resemble each other
LOST = {"sensors": "sensors_lost", "camera": "camera_lost"}


@dataclass(frozen=True)
class Case:
    """A recording and how to open it."""

    name: str
    open: Callable[[], GasRecording]


@dataclass(frozen=True)
class Plan:
    """What is run on every recording.

    Attributes:
        variants: Names.
        seeds: How many seeds each variant gets that draws random numbers; the others get one.
        settings: Of all runs, those that differ from the defaults.
        folds: Which ones.
        protocols: "blocked", "random" or both.
    """

    variants: tuple[str, ...]
    seeds: int = 1
    settings: dict[str, Any] = field(default_factory=dict)
    folds: tuple[int, ...] = tuple(range(FOLDS))
    protocols: tuple[str, ...] = PROTOCOLS

    @property
    def setting(self) -> str:
        """The settings as text, such as "lookback=60"."""
        return " ".join(f"{name}={value}" for name, value in self.settings.items())

    def runs(self, embargoes: tuple[int, ...] = EMBARGOES) -> list[dict[str, Any]]:
        """Return the settings of every run: protocols, folds, and the embargoes of the blocked."""
        splits: list[dict[str, Any]] = [
            {"protocol": "blocked", "embargo": embargo, "fold": fold}
            for embargo in embargoes
            for fold in self.folds
        ]
        splits += [{"protocol": "random", "embargo": 0, "fold": fold} for fold in self.folds]
        return [
            {**split, **self.settings, "variant": name, "seed": seed}
            for name in self.variants
            for split in splits
            if split["protocol"] in self.protocols
            for seed in range(self.seeds if "seed" in VARIANTS[name].reads else 1)
        ]


def run(
    cases: Iterable[Case], plan: Plan, path: Path, tell: Callable[[str], None]
) -> dict[str, str]:
    """Run *plan* on *cases* and keep *path* up to date; rows that it has are not made again.

    Returns:
        What went wrong, by name: the rest went on.
    """
    rows = read_rows(path, KEY)
    broken: dict[str, str] = {}
    for case in cases:
        done = {_key(row) for row in rows}
        recording = case.open()
        for settings in plan.runs(embargoes_of(recording)):
            start = _start(case, plan, settings)
            if _key(start) in done:
                continue
            name = " ".join(str(start[k]) for k in ("set", "variant", "protocol", "embargo"))
            name += f" fold {start['fold']}"
            try:
                row = start | _measured(recording, Config.parse(settings))
            except FusionscopeError as error:
                broken[name] = str(error)
                continue
            rows.append(row)
            replace_csv(rows, path)
            tell(f"{name}: accuracy {row['accuracy']:.3f}, {row['fit_seconds']:.0f} s")
    return broken


def embargoes_of(recording: GasRecording) -> tuple[int, ...]:
    """Return the embargoes that differ: one where whole sessions are held out."""
    counts = [
        len(np.unique(recording.session_codes[recording.codes == code]))
        for code in range(len(recording.classes))
    ]
    return EMBARGOES[-1:] if min(counts, default=0) >= FOLDS else EMBARGOES


def _start(case: Case, plan: Plan, settings: dict[str, Any]) -> Row:
    """Return what a row is found by."""
    row = {"set": case.name, "setting": plan.setting, "version": 0} | settings
    return {name: row[name] for name in KEY} | {"version": VARIANTS[settings["variant"]].version}


def _measured(recording: GasRecording, config: Config) -> Row:
    """Train, ask and measure one run; where there is a camera, with either modality lost, too."""
    began = time.perf_counter()
    fitted = fit(recording, config)
    trained = time.perf_counter()
    result = predict(fitted, recording)
    done = time.perf_counter()
    row: Row = {name: round(value, 6) for name, value in evaluate(result).items()}
    ends = intervals(result).loc["accuracy"]
    row |= {"accuracy_lower": round(ends["lower"], 6), "accuracy_upper": round(ends["upper"], 6)}
    if recording.frames is not None:
        for name, switch in LOST.items():
            found = evaluate(predict(fitted, recording, **{switch: True}))
            row[f"accuracy_without_{name}"] = round(found["accuracy"], 6)
    return row | {
        "test_rows": int(result.test.sum()),
        "epochs": len(fitted.history),
        "fit_seconds": round(trained - began, 2),
        "predict_seconds": round(done - trained, 2),
    }


def _key(row: Row) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in KEY)


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row a set and variant, best first: means over folds and seeds.

    Columns: blocked_20, blocked_200 and random, the accuracy under each split; gap, how much of the
    published figure is owed to neighbours (random less blocked_200); macro_f1 and at the threshold
    chosen on validation rows recall, false_alarm_rate and false_alarms_an_hour, all of
    blocked_200; what is left without sensors and without camera; fit_seconds.
    """
    if rows.empty:
        return pd.DataFrame()
    split = np.where(
        rows["protocol"] == "random", "random", "blocked_" + rows["embargo"].astype(str)
    )
    keys = ["set", "setting", "variant"]
    rows = rows.assign(split=split, setting=rows["setting"].fillna(""))
    table = rows.pivot_table("accuracy", keys, "split", sort=False)
    hard = rows[rows["split"] == f"blocked_{EMBARGOES[-1]}"].groupby(keys)
    if {"random", f"blocked_{EMBARGOES[-1]}"} <= set(table):
        table["gap"] = table["random"] - table[f"blocked_{EMBARGOES[-1]}"]
    more = ["macro_f1", "recall", "false_alarm_rate", "false_alarms_an_hour", "fit_seconds"]
    more += [f"accuracy_without_{name}" for name in LOST]
    table = table.join(hard[[name for name in more if name in rows]].mean())
    order = [name for name in (f"blocked_{EMBARGOES[0]}", "random") if name in table]
    table = table.reset_index().sort_values(["set", *order], ascending=False, ignore_index=True)
    return table.rename_axis(columns=None)
