"""Two workers against one: `python -m benchmarks.sweep [TRIALS]` writes results/sweep.csv.

The same study of real trainings, on a Dask scheduler by its address, with one worker and with two;
each in a home folder of its own, so that no run is found again. Workers have loaded TensorFlow
before the clock starts, and train with one thread each.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.table import Row, at_least, write

DATA, SETTINGS = "pump-station", {"variant": "gru", "target": "flow", "lookback": 24, "units": 32}
EPOCHS, THREADS = 12, "1"
TIMES = 1.6  # of one worker's throughput, on a machine with two cores


def main() -> None:
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 6
    seconds = {workers: _in_a_process(workers, trials) for workers in (1, 2)}
    rows = [
        Row(f"sweep of {trials} trainings, {workers} worker{'s' * (workers > 1)}", took, "s")
        for workers, took in seconds.items()
    ]
    rows.append(at_least("sweep, two workers to one", seconds[1] / seconds[2], TIMES, "x"))
    for row in rows:
        print(f"{row.what}: {row.value:.3g} {row.unit} {row.target}")
    print(f"written: {write('sweep', rows)}")


def _in_a_process(workers: int, trials: int) -> float:
    """Return the seconds of the study, measured by a process with a home folder of its own."""
    with tempfile.TemporaryDirectory() as home:
        threads = ("FUSIONSCOPE_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        environment = os.environ | dict.fromkeys(threads, THREADS) | {"FUSIONSCOPE_HOME": home}
        environment.pop("MLFLOW_TRACKING_URI", None)
        file = Path(home) / "scheduler.json"
        started = _cluster(file, workers, environment)
        try:
            environment["DASK_SCHEDULER_ADDRESS"] = _address(file)
            command = [sys.executable, "-m", "benchmarks.sweep", "--measure"]
            command += [str(workers), str(trials)]
            done = subprocess.run(
                command, env=environment, stdout=subprocess.PIPE, text=True, check=True
            )
            return float(done.stdout.split()[-1])
        finally:
            for process in reversed(started):
                process.terminate()
                process.wait()


def _cluster(file: Path, workers: int, environment: dict[str, str]) -> list[subprocess.Popen]:
    shared = ["--scheduler-file", str(file), "--no-dashboard", "--host=127.0.0.1"]
    each = ["--nworkers=1", "--nthreads=2", "--resources", "train=1", "--preload", "core.worker"]
    each += ["--memory-limit", "0"]
    programs = [("dask_scheduler", ["--port=0"])] + workers * [("dask_worker", each)]
    return [
        subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{name}", *shared, *options],
            env=environment,
            stderr=subprocess.DEVNULL,
        )
        for name, options in programs
    ]


def _address(file: Path) -> str:
    while not (file.exists() and file.read_text().endswith("}")):
        time.sleep(0.1)
    return str(json.loads(file.read_text())["address"])


def _measure(workers: int, trials: int) -> None:
    """Print the seconds from the start of a study to its end, after a study to warm up."""
    from core import jobs, sweeps
    from core import task as tasks

    data, config = tasks.opened("forecast", DATA), tasks.get("forecast").Config
    every = sweeps.bounds("forecast", SETTINGS["variant"])
    # Neither changes how long a training takes.
    space = {name: every[name] for name in ("learning_rate", "dropout")}
    jobs.start()
    while not (jobs.ready() and len(jobs._watch.client.scheduler_info()["workers"]) == workers):
        time.sleep(0.2)
    sweeps.start()
    for seed, count, epochs in ((1, workers, 1), (0, trials, EPOCHS)):
        asked = config(**SETTINGS, epochs=epochs, patience=epochs, seed=seed)
        began = time.perf_counter()
        options = {"planned": count, "at_once": workers, "prune": False, "seed": seed}
        study = sweeps.create("forecast", data, asked, "search", space=space, **options)
        while sweeps.get(study.name).state == "running":
            time.sleep(0.1)
        took = time.perf_counter() - began
    ended = sweeps.get(study.name)
    if ended.state != "done" or sweeps.counts()[study.name] != {"done": trials}:
        raise SystemExit(f"The study ended as {ended.state}: {ended.message}")
    print(took)
    sweeps.stop_all()
    jobs.stop()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        _measure(int(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
