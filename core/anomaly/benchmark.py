"""The detectors over folders of labelled recordings: one row an entity, variant and seed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.anomaly.config import Config
from core.anomaly.decide import decide
from core.anomaly.metrics import measure
from core.anomaly.result import Result, read_result
from core.anomaly.suites import Cause, Entity, Recording
from core.anomaly.task import fit, predict
from core.anomaly.thorough import thorough
from core.anomaly.thresholds import Decision
from core.anomaly.variants import VARIANTS
from core.errors import FusionscopeError
from core.tables import read_rows, replace_csv

Row = dict[str, Any]
KEY = ["set", "entity", "variant", "version", "seed", "threshold"]
SECONDS = "seconds.json"
HITS = (100, 150)  # HitRate@P %: among so many percent of the number of true causes


@dataclass(frozen=True)
class Plan:
    """What is run over every entity.

    Attributes:
        variants: Names of detectors.
        seeds: How many seeds each detector gets that draws random numbers; the others get one.
        decisions: Thresholds and event rules of the metrics at a cut: one row each.
        keep: Folder where scored results are kept and found again, so that another threshold costs
            no training; None keeps nothing.
    """

    variants: tuple[str, ...]
    seeds: int
    decisions: tuple[Decision, ...]
    keep: Path | None = None

    def cases(self) -> list[tuple[str, int]]:
        """Return variants and seeds."""
        return [
            (name, seed)
            for name in self.variants
            for seed in range(self.seeds if "seed" in VARIANTS[name].reads else 1)
        ]


def run(
    entities: Iterable[Entity], plan: Plan, path: Path, tell: Callable[[str], None]
) -> dict[str, str]:
    """Run *plan* over *entities* and keep *path* up to date; rows that it has are not made again.

    Args:
        entities: What to run over.
        plan: What to run.
        path: CSV file of results; read first when it is there.
        tell: Told of every row.

    Returns:
        What went wrong, by the name of the entity: the rest went on.
    """
    rows = read_rows(path, KEY)
    done = {tuple(str(row[name]) for name in KEY) for row in rows}
    broken: dict[str, str] = {}
    for entity in entities:
        missing = [
            (variant, seed)
            for variant, seed in plan.cases()
            if any(_key(entity, variant, seed, rule) not in done for rule in plan.decisions)
        ]
        try:
            recording = entity.open() if missing else None
        except FusionscopeError as error:
            broken[f"{entity.suite}/{entity.name}"] = str(error)
            continue
        for variant, seed in missing:
            assert recording is not None
            name = f"{entity.suite}/{entity.name} {variant}"
            try:
                made = _rows(entity, recording, variant, seed, plan)
            except FusionscopeError as error:
                broken[name] = str(error)
                continue
            rows += [row for row in made if tuple(str(row[part]) for part in KEY) not in done]
            replace_csv(rows, path)
            lead = made[0].get("vus_pr")
            seconds = made[0]["fit_seconds"] + made[0]["score_seconds"]
            shown = "no events" if lead is None else f"VUS-PR {lead:.3f}"
            tell(f"{name} seed {seed}: {shown}, {seconds:.1f} s")
    return broken


def hit_rates(result: Result, causes: Iterable[Cause]) -> dict[str, float]:
    """Return HitRate@P %, and what a ranking at random would reach on the mean.

    Su et al. 2019, "Robust Anomaly Detection for Multivariate Time Series through Stochastic
    Recurrent Neural Network", KDD (after Zhang et al. 2019): the share of an anomaly's true
    channels among the first P % times as many of the ranking. Without known causes it is empty.
    """
    shares: dict[str, list[float]] = {}
    for cause in causes:
        blame = result.blame(cause.start, cause.stop)
        # Ties are broken by chance: channels that stand first in the file are no better.
        noise = np.random.default_rng(cause.start).random(len(blame))
        order = np.lexsort((noise, -blame))
        for percent in HITS:
            count = min(len(order), int(len(cause.channels) * percent / 100))
            hits = len(np.intersect1d(order[:count], cause.channels))
            shares.setdefault(f"hit_{percent}", []).append(hits / len(cause.channels))
            shares.setdefault(f"random_hit_{percent}", []).append(count / len(order))
    return {name: float(np.mean(values)) for name, values in shares.items()}


def _rows(entity: Entity, recording: Recording, variant: str, seed: int, plan: Plan) -> list[Row]:
    """Train, score and measure one case: one row a threshold."""
    result, seconds = _scored(entity, recording, variant, seed, plan.keep)
    hits = {name: round(value, 6) for name, value in hit_rates(result, recording.causes).items()}
    rows = []
    for decision in plan.decisions:
        outcome = decide(result, decision)
        metrics = measure(outcome.result, outcome.found, outcome.level, outcome.result.truth)
        metrics |= thorough(outcome.result, outcome.found, outcome.result.truth)
        rows.append(
            {
                **dict(zip(KEY, _key(entity, variant, seed, decision), strict=True)),
                "rows": len(result),
                "test_rows": int(result.test.sum()),
                "channels": len(result.residuals.channels),
                **seconds,
                **{name: float(f"{value:.6g}") for name, value in metrics.items()},
                **hits,
            }
        )
    return rows


def _scored(
    entity: Entity, recording: Recording, variant: str, seed: int, keep: Path | None
) -> tuple[Result, dict[str, float]]:
    """Return the result of one case and the seconds that it took, from *keep* if it is there."""
    version = VARIANTS[variant].version
    name = f"{entity.suite}/{entity.name.replace('/', '~')}/{variant}-{version}-{seed}"
    folder = None if keep is None else keep / name
    if folder is not None and (folder / SECONDS).exists():
        return read_result(folder), json.loads((folder / SECONDS).read_text())
    config = Config(variant=variant, seed=seed, train_rows=recording.train_rows)
    began = time.perf_counter()
    fitted = fit(recording.dataset, config)
    trained = time.perf_counter()
    result = predict(fitted, recording.dataset)
    seconds = {
        "fit_seconds": round(trained - began, 3),
        "score_seconds": round(time.perf_counter() - trained, 3),
    }
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        result.save(folder)
        (folder / SECONDS).write_text(json.dumps(seconds))
    return result, seconds


def _key(entity: Entity, variant: str, seed: int, decision: Decision) -> tuple[str, ...]:
    version, rule = VARIANTS[variant].version, decision.threshold.kind
    return (entity.suite, entity.name, variant, str(version), str(seed), rule)
