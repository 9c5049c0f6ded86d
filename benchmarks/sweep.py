"""Two workers against one: `python -m benchmarks.sweep [TRIALS [EPOCHS]]`, results/sweep.csv.

The same study on a Dask scheduler by its address, with one worker and with two; each in a home
folder of its own, so that no run is found again. Once with trainings that wait ten seconds, which
other work on the machine does not disturb: what the coordination costs. Once with real ones, by
one thread each, after a study to warm up: on two cores, and only as good as these are idle; 0
epochs leave these out.
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

ROOT = Path(__file__).parents[1]
DATA, THREADS = "pump-station", "1"
REAL = {"variant": "gru", "target": "flow", "lookback": 24, "units": 32}
WAITING = {"epochs": 100, "pause": 0.1}
TIMES = 1.8  # of one worker's throughput


def main() -> None:
    given = [int(text) for text in sys.argv[1:]]
    trials, epochs = given + [6, 12][len(given) :]
    rows = []
    kinds = {"waiting": "10 s that wait"} | ({"real": f"{epochs} epochs"} if epochs else {})
    for kind, what in kinds.items():
        seconds = {workers: _in_a_process(kind, workers, trials, epochs) for workers in (1, 2)}
        rows += [
            Row(f"sweep, {trials} trainings of {what}, workers: {workers}", took, "s")
            for workers, took in seconds.items()
        ]
        ratio = seconds[1] / seconds[2]
        rows.append(at_least(f"sweep, trainings of {what}, two workers to one", ratio, TIMES, "x"))
    rows.append(Row("sweep, load of the machine meanwhile", os.getloadavg()[2], "processes"))
    for row in rows:
        print(f"{row.what}: {row.value:.3g} {row.unit} {row.target}")
    print(f"written: {write('sweep', rows)}")


def _in_a_process(kind: str, workers: int, trials: int, epochs: int) -> float:
    """Return the seconds of the study, measured by a process with a home folder of its own."""
    with tempfile.TemporaryDirectory() as home:
        threads = ("FUSIONSCOPE_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        environment = os.environ | dict.fromkeys(threads, THREADS) | {"FUSIONSCOPE_HOME": home}
        environment.pop("MLFLOW_TRACKING_URI", None)
        if kind == "waiting":  # the task of the tests, which their workers know
            folders = [str(ROOT), str(ROOT / "tests" / "jobs" / "site")]
            environment["PYTHONPATH"] = os.pathsep.join(folders)
        file = Path(home) / "scheduler.json"
        started = _cluster(file, workers, environment)
        try:
            environment["DASK_SCHEDULER_ADDRESS"] = _address(file)
            command = [sys.executable, "-m", "benchmarks.sweep", "--measure"]
            command += [kind, str(workers), str(trials), str(epochs)]
            done = subprocess.run(
                command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
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


def _measure(kind: str, workers: int, trials: int, epochs: int) -> None:
    """Print the seconds from the start of a study to its end, after a study to warm up."""
    from core import jobs, sweeps
    from core import task as tasks

    if kind == "waiting":
        from tests import fake

        fake.install()
    task, settings = ("fake", WAITING) if kind == "waiting" else ("forecast", REAL)
    data, make = tasks.opened(task, DATA), tasks.get(task).Config
    every = sweeps.bounds(task, make(**settings).variant)
    # None of these changes how long a training takes.
    space = {name: every[name] for name in ("learning_rate", "dropout", "level") if name in every}
    jobs.start()
    while not (jobs.ready() and len(jobs._watch.client.scheduler_info()["workers"]) == workers):
        time.sleep(0.2)
    sweeps.start()
    warm = {"epochs": 1}
    timed = {} if kind == "waiting" else {"epochs": epochs, "patience": epochs}
    for seed, count, more in ((1, workers, warm), (0, trials, timed)):
        asked = make(**settings | more | {"seed": seed})
        began = time.perf_counter()
        options = {"planned": count, "at_once": workers, "prune": False, "seed": seed}
        study = sweeps.create(task, data, asked, "search", space=space, **options)
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
        _measure(sys.argv[2], *map(int, sys.argv[3:]))
    else:
        main()
