"""10,000,000 rows of 8 channels: scored from disk, scored as a run, a threshold moved over them."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import big, slider
from benchmarks.table import Row, at_most, in_process
from core import anomaly, runs
from core.data import DatasetOnDisk, open_dataset, open_recording
from core.data.dataset import Roles

PIECES = 10
ROWS = PIECES * big.ROWS
SCORERS = {"pca": {}, "lstm-autoencoder": {"epochs": 1}}  # how well they learn does not matter here


def run() -> list[Row]:
    """Score with detectors trained on 200,000 rows, each in a fresh process; then move a slider."""
    size, rows = f"{ROWS:,} x {big.CHANNELS}", []
    path = big.file(PIECES)
    for variant, settings in SCORERS.items():
        name = big.stored_run(variant=variant, **settings).name
        speed, before, most = json.loads(in_process("benchmarks.scale", "score", name, str(path)))
        rows += [
            Row(f"{size} scored from Parquet, {variant}: peak memory", most, "MB"),
            Row("the same, above what the process and its detector take", most - before, "MB"),
            Row("the same, speed", speed, "rows/s"),
        ]
    rows.append(
        Row(
            f"{size} held: trained, scored and stored as a run, peak memory",
            float(in_process("benchmarks.scale", "train", str(path))),
            "MB",
        )
    )
    stored = big.stored_run(PIECES)
    p50, p95, most = json.loads(in_process("benchmarks.scale", "move", stored.name))
    return [
        *rows,
        Row(f"page of a run of {size}: peak memory", most, "MB"),
        at_most(f"threshold move over {ROWS:,} scores, p95", p95, 300, "ms"),
        Row(f"threshold move over {ROWS:,} scores, median", p50, "ms"),
    ]


def score(name: str, path: str) -> tuple[float, float, float]:
    """Return rows a second, and the peak of memory in MB before and after scoring and cutting."""
    stored = runs.get(name)
    fitted, roles = stored.fitted(), Roles.model_validate(stored.roles)
    before, began = peak(), time.perf_counter()
    recording = open_recording(Path(path), roles)
    assert isinstance(recording, DatasetOnDisk)
    result = anomaly.predict(fitted, recording)
    anomaly.event_table(anomaly.decide(result))
    return len(result) / (time.perf_counter() - began), before, peak()


def train(path: str) -> float:
    """Return the peak of memory in MB of what a run does, short of the entry in the store."""
    recording = open_dataset(Path(path))
    fitted = anomaly.fit(recording, anomaly.Config(variant="pca", train_rows=big.TRAINED))
    result = anomaly.predict(fitted, recording)
    anomaly.evaluate(result)
    with tempfile.TemporaryDirectory(dir=big.OUT) as folder:
        result.save(Path(folder))
    return peak()


def move(name: str) -> tuple[float, float, float]:
    """Return median and 95th percentile in milliseconds, and the peak of memory in MB."""
    return *slider.moves(runs.get(name)), peak()


def peak() -> float:
    """Return the most memory that this process has held so far, in MB (Linux).

    From the kernel's table: what getrusage tells begins with the memory of the parent process.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024 / 1e6


if __name__ == "__main__":
    print(json.dumps({"score": score, "train": train, "move": move}[sys.argv[1]](*sys.argv[2:])))
