"""Remaining life on C-MAPSS FD001: `python -m benchmarks.life [SEEDS]` writes results/life.csv.

The published protocol: learn from the hundred engines that ran to failure (a fifth of them decides
when to stop), predict the last cycle of the hundred engines in service, compare with RUL_FD001.txt.
`rmse` and `phm08` hold the truth to 125 cycles, as most papers do; `_uncapped` leave it as it is.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pandas as pd

from benchmarks.table import RESULTS
from core import life
from core.data import catalog, open_dataset
from core.data.dataset import Dataset

TRAIN, TEST = "cmapss-fd001", "cmapss-fd001-test"
METRICS = ("rmse", "phm08", "rmse_uncapped", "phm08_uncapped", "late_share")


def main() -> None:
    os.environ.setdefault("FUSIONSCOPE_HOME", str(Path(__file__).parent / "out" / "home"))
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    train, test = open_dataset(TRAIN), open_dataset(TEST)
    rows = []
    for variant in life.VARIANTS:
        for seed in range(seeds):
            rows.append(row(train, test, life.Config(variant=variant, seed=seed, test_share=0)))
            print(" ".join(str(value) for value in rows[-1].values()), flush=True)
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / "life.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    print(pd.DataFrame(rows).groupby("model", sort=False)[list(METRICS)].mean().round(2))
    print(f"written: {path}")


def row(train: Dataset, test: Dataset, config: life.Config) -> dict[str, object]:
    """Train and judge one model."""
    truth = catalog.remaining_life(TEST)
    assert truth is not None
    began = time.perf_counter()
    fleet = life.predict(life.fit(train, config), test).fleet
    seconds = time.perf_counter() - began
    metrics = life.judge(fleet["remaining"].to_numpy(float), truth, config.cap)
    held = truth.clip(max=config.cap)
    metrics["coverage"] = float(((fleet["lower"] <= held) & (held <= fleet["upper"])).mean())
    figures = {name: round(metrics[name], 3) for name in (*METRICS, "coverage")}
    return {"model": config.variant, "seed": config.seed, **figures, "seconds": round(seconds, 1)}


if __name__ == "__main__":
    main()
