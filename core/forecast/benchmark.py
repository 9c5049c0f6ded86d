"""Every variant on recordings: one row a recording, setting, variant and seed, with its losses."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.data.dataset import Dataset
from core.errors import FusionscopeError, StorageError
from core.forecast.compare import losses, test_of
from core.forecast.config import Config
from core.forecast.metrics import by_step, measures
from core.forecast.task import fit, predict
from core.forecast.variants import VARIANTS
from core.tables import read_rows, replace_csv

Row = dict[str, Any]
KEY = ["set", "setting", "variant", "version", "seed"]
STEPS = (1, 3, 6, 12, 24, 48, 96)  # steps ahead whose error has a column of its own
REFERENCE = "fusion"  # the one that the others are compared with
AOTIZHONGXIN = {"entity": "Aotizhongxin", "lookback": 5, "horizon": 1}
USUAL: dict[str, list[dict[str, Any]]] = {
    "los_loop": [{"lookback": 12, "horizon": 12}],
    "beijing_air": [
        {"target": "PM2.5", "lookback": 24, "horizon": 24},
        {"target": "PM2.5", **AOTIZHONGXIN},
        {"target": "CO", **AOTIZHONGXIN},
    ],
    "ett": [
        {"lookback": 96, "horizon": 24},
        {"lookback": 96, "horizon": 96},
        {"target": "OT", "lookback": 5, "horizon": 1},
    ],
}


@dataclass(frozen=True)
class Case:
    """A recording and what is forecast of it.

    Attributes:
        name: Of the recording.
        open: Opens it.
        settings: By name, those that differ from the defaults.
    """

    name: str
    open: Callable[[], Dataset]
    settings: dict[str, Any]

    @property
    def setting(self) -> str:
        """The settings as text, such as "lookback=12 horizon=12"."""
        return " ".join(f"{name}={value}" for name, value in self.settings.items())


@dataclass(frozen=True)
class Plan:
    """What is run on every recording.

    Attributes:
        variants: Names.
        seeds: How many seeds each variant gets that draws random numbers; the others get one.
    """

    variants: tuple[str, ...]
    seeds: int

    def runs(self) -> list[tuple[str, int]]:
        """Return variants and seeds."""
        return [
            (name, seed)
            for name in self.variants
            for seed in range(self.seeds if "seed" in VARIANTS[name].reads else 1)
        ]


def run(
    cases: Iterable[Case], plan: Plan, path: Path, tell: Callable[[str], None]
) -> dict[str, str]:
    """Run *plan* on *cases* and keep *path* up to date; rows that it has are not made again.

    Beside *path*, in a folder `.losses`, the errors of every forecast are kept: what the tests of
    Diebold and Mariano compare.

    Returns:
        What went wrong, by name: the rest went on.
    """
    rows = read_rows(path, KEY)
    broken: dict[str, str] = {}
    for case in cases:
        done = {tuple(str(row[k]) for k in KEY) for row in rows}
        missing = [one for one in plan.runs() if _key(case, *one) not in done]
        dataset = None
        for variant, seed in missing:
            name = f"{case.name} {case.setting} {variant}"
            try:
                dataset = dataset or case.open()
                row = _row(case, dataset, variant, seed, path)
            except FusionscopeError as error:
                broken[name] = str(error)
                continue
            rows.append(row)
            replace_csv(_compared(rows, case, path), path)
            took = row["fit_seconds"]
            tell(f"{name} seed {seed}: MAE {row['mae']:.4g}, {took:.0f} s")
    return broken


def _row(case: Case, dataset: Dataset, variant: str, seed: int, path: Path) -> Row:
    """Train, forecast and measure one run."""
    config = Config.parse({**case.settings, "variant": variant, "seed": seed})
    began = time.perf_counter()
    fitted = fit(dataset, config)
    trained = time.perf_counter()
    result = predict(fitted, dataset)
    done = time.perf_counter()
    series = {name: losses(result, result.test, name) for name in ("absolute", "squared")}
    file = _losses(path, case, variant, seed)
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez(file, allow_pickle=False, horizon=result.horizon, **series)
    found = measures(result)
    validation = measures(result, result.of_part("validation"))
    steps = by_step(result).set_index("step")["mae"]
    row: Row = {
        "set": case.name,
        "setting": case.setting,
        "variant": variant,
        "version": VARIANTS[variant].version,
        "seed": seed,
    }
    row |= {name: round(value, 6) for name, value in found.items()}
    row |= {f"mae_{step}": round(float(steps[step]), 6) for step in STEPS if step in steps.index}
    row |= {
        "validation_mae": round(validation.get("mae", np.nan), 6),
        "epochs": len(fitted.history),
        "fit_seconds": round(trained - began, 2),
        "predict_seconds": round(done - trained, 2),
    }
    return row


def _compared(rows: list[Row], case: Case, path: Path) -> list[Row]:
    """Add how much more each variant is off than the reference on *case*, the mean over seeds.

    Columns: gap, gap_lower, gap_upper (95 %), p, of absolute errors; p_squared, of squared ones.
    """
    frame = pd.DataFrame(rows)
    group = frame[(frame["set"] == case.name) & (frame["setting"] == case.setting)]
    known = {str(name): _series(path, part) for name, part in group.groupby("variant", sort=False)}
    for name in known.keys() - {REFERENCE} if REFERENCE in known else ():
        found = _tested(known[name], known[REFERENCE])
        for index in group.index[group["variant"] == name]:
            rows[index] = rows[index] | found
    return rows


def _tested(own: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> Row:
    """Return the tests of two mean losses."""
    if own["absolute"].shape != other["absolute"].shape:
        return {}
    found: Row = {}
    for loss, names in (("absolute", ("gap", "gap_lower", "gap_upper", "p")), ("squared", ())):
        gap = own[loss] - other[loss]
        test = test_of(gap[np.isfinite(gap)], int(own["horizon"]))
        if names:
            values = (test.mean, test.lower, test.upper, test.p)
            found |= {k: round(v, 6) for k, v in zip(names, values, strict=True)}
        else:
            found["p_squared"] = round(test.p, 6)
            found["squared_gap"] = round(test.mean, 6)
    return found


def _series(path: Path, part: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the losses of one variant, the mean over its seeds."""
    files = [_file(path, *(row[k] for k in KEY)) for row in part.to_dict("records")]
    arrays = []
    for file in files:
        try:
            with np.load(file, allow_pickle=False) as stored:
                arrays.append({name: stored[name] for name in stored.files})
        except OSError:
            raise StorageError(
                f"The losses behind {path.name} are gone: {file.name}.",
                "Delete the table to make it anew, or bring the folder back.",
            ) from None
    return {name: np.mean([one[name] for one in arrays], axis=0) for name in arrays[0]}


def _losses(path: Path, case: Case, variant: str, seed: int) -> Path:
    return _file(path, case.name, case.setting, variant, VARIANTS[variant].version, seed)


def _file(path: Path, *parts: object) -> Path:
    name = "-".join("".join(c if c.isalnum() else "_" for c in str(part)) for part in parts)
    return path.with_name(f"{path.name}.losses") / f"{name}.npz"


def _key(case: Case, variant: str, seed: int) -> tuple[str, ...]:
    parts = (case.name, case.setting, variant, VARIANTS[variant].version, seed)
    return tuple(str(part) for part in parts)


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row a set, setting and variant: means over seeds, best MAE first in each set."""
    wanted = ["mae", "rmse", "skill", "mase", "coverage", "gap", "p", "fit_seconds"]
    names = [name for name in wanted if name in rows]
    means = rows.groupby(["set", "setting", "variant"], sort=False)[names].mean()
    return means.reset_index().sort_values(["set", "setting", "mae"], ignore_index=True)
