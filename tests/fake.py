"""A task that is fitted in milliseconds, for tests of runs and jobs; `install` registers it.

Its config steers what goes wrong: an error, a slow epoch. It keeps a checkpoint as a real one does.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

import core.task
from core.beside import Contest, paired
from core.config import Config as Base
from core.config import setting
from core.data.dataset import Dataset, Roles
from core.errors import Cancelled, ConfigError
from core.task import Progress, Reporter, Silent, Variant


class Config(Base):
    variant: str = setting("mean", label="Variant", help="")
    epochs: int = setting(3, label="Epochs", help="")
    pause: float = setting(0.0, label="Seconds an epoch", help="")
    trouble: str = setting("", label="What goes wrong", help="")
    seed: int = setting(0, label="Seed", help="")
    level: float = setting(0.3, label="Level", help="Best at 0.3.", ge=0.0, le=1.0)
    lookback: int = setting(16, label="Lookback", help="", ge=1, le=512, log=True)


@dataclass
class Result:
    steps: pd.DataFrame

    def save(self, folder: Path) -> None:
        self.steps.to_parquet(folder / "scores.parquet")


@dataclass
class Fitted:
    mean: np.ndarray
    level: float = 0.3
    history: list[dict[str, float]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=lambda: {"mean": "on the training rows"})

    def save(self, folder: Path) -> None:
        np.savez(folder / "model.npz", mean=self.mean, level=self.level)
        (folder / "scaler.json").write_text(json.dumps({"scale": 1.0}))


VARIANTS = {
    "mean": Variant(
        "mean",
        "Mean",
        "",
        Fitted,
        frozenset({"epochs", "pause", "trouble", "seed", "level", "lookback"}),
        version=2,
    ),
    "zero": Variant("zero", "Zero", "", Fitted, frozenset({"seed"}), baseline=True, companion=True),
}


def prepare(dataset: Dataset, config: Config) -> tuple[Dataset, Config]:
    if config.trouble == "config":
        raise ConfigError("The lookback is longer than entity 'a'.", "Choose 3 or less.")
    if config.lookback > len(dataset):
        raise ConfigError(f"The lookback of {config.lookback} is too long.", "Choose less.")
    return dataset, config


def fit(
    prepared: tuple[Dataset, Config],
    reporter: Reporter | None = None,
    checkpoint: Path | None = None,
) -> Fitted:
    dataset, config = prepared
    reporter = reporter or Silent()
    history: list[dict[str, float]] = []
    if config.variant == "zero":
        return Fitted(np.zeros(len(dataset.channels)))
    if config.trouble == "bug":
        raise TypeError("unsupported operand\nsecond line")
    if checkpoint is not None and checkpoint.exists():
        history = json.loads(checkpoint.read_text())
    resumed_at = len(history)
    while len(history) < config.epochs:
        end = time.monotonic() + config.pause
        while time.monotonic() < end:
            time.sleep(min(0.02, config.pause))
            if reporter.cancelled():
                raise Cancelled(f"Training was stopped after epoch {len(history)}.")
        epoch = len(history) + 1
        history.append(
            {"epoch": epoch, "loss": 1 / epoch, "val_loss": 2 / epoch + far(config.level)}
        )
        if checkpoint is not None:
            checkpoint.parent.mkdir(parents=True, exist_ok=True)
            checkpoint.write_text(json.dumps(history))
        share = epoch / config.epochs
        reporter.report(Progress(epoch, config.epochs, share, 0.0, history[-1]))
    notes = [f"Resumed at epoch {resumed_at}."]
    return Fitted(dataset.values.mean(axis=0), config.level, history, notes)


def far(level: float) -> float:
    """How much worse *level* is than the best one."""
    return (level - 0.3) ** 2


def load(folder: Path) -> Fitted:
    with np.load(folder / "model.npz", allow_pickle=False) as arrays:
        return Fitted(arrays["mean"], float(arrays["level"]))


def predict(fitted: Fitted, dataset: Dataset) -> Result:
    scores = np.abs(dataset.values - fitted.mean).max(axis=1)
    part = np.where(np.arange(len(dataset)) < len(dataset) // 2, "train", "test")
    return Result(pd.DataFrame({"part": part, "score": scores, "level": fitted.level}))


def read_result(folder: Path) -> Result:
    return Result(pd.read_parquet(folder / "scores.parquet"))


def evaluate(result: Result, truth: Any, decision: Any = None) -> dict[str, float]:
    return {"f1": float(result.steps["score"].mean()), "undefined": float("nan")}


def advice(metrics: dict[str, float]) -> list[str]:
    return ["Raise the cut."] if metrics["f1"] > 0 else []


def validation(result: Result) -> dict[str, float]:
    return {"error": far(result.steps["level"].iloc[0])}


def ablations(config: Config) -> dict[str, Config]:
    parts = {"as it is": config, "without level": config.model_copy(update={"level": 0.0})}
    return parts if config.variant == "mean" else {"as it is": config}


def contest(results: Any, decisions: Any) -> Contest:
    measured = {name: validation(one) for name, one in results.items()}
    (first, one), (second, other) = measured.items()
    gap = one["error"] - other["error"]
    pairs = paired([first, second], {(first, second): (gap, gap - 0.01, gap + 0.01, 0.01)})
    return Contest(measured, {}, pairs, rows=1)


beside = SimpleNamespace(METRIC="error", SHOWN={"error": "Error"}, contest=contest)


EXPERIMENTS = core.task.Experiments(
    validation,
    (core.task.Aim("error", "Error", False, ""), core.task.Aim("f1", "F1", True, "")),
    ("level", "lookback"),
    frozenset({"seed"}),
    ablations,
)


def dataset(rows: int = 60, name: str = "pump", seed: int = 0, source: str = "") -> Dataset:
    values = np.random.default_rng(seed).normal(size=(rows, 2)).astype(np.float32)
    return Dataset(
        name=name,
        frame=pd.DataFrame(values, columns=["a", "b"]),
        roles=Roles(channels=("a", "b")),
        content=f"{rows}-{seed}",
        source=source or name,
    )


def install() -> None:
    """Make the task known to this process as "fake"."""
    sys.modules["core.fake"] = sys.modules[__name__]
    if "fake" not in core.task.TASKS:
        core.task.TASKS = (*core.task.TASKS, "fake")
