"""Who asks what to try next, hands it to the jobs, and writes down what came of it.

One coordinator at a time holds a study (`store.hold`): the server's thread, or the process of the
command line. All that it knows is in the database, so that another one can go on at any point: a
trial is written down before its job is asked for, and a job is known by the key of its run.
"""

from __future__ import annotations

import logging
import math
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from core import jobs, queue, runs
from core import task as tasks
from core.config import Config
from core.data.dataset import Cleaning, Dataset, Roles
from core.errors import FusionscopeError, JobError, StorageError
from core.sweeps import store
from core.sweeps.store import NotHeld, Study, Trial
from core.watch import KILLED

log = logging.getLogger(__name__)

TICK = 0.5  # seconds between two looks
STRIKES = 3  # trials that may fail before any succeeds
RETRIES = 3  # times that a trial is taken up again whose process had gone
PATIENCE = 120.0  # seconds for an answer, while workers may still be starting


class Coordinator:
    """Looks after studies in a thread of its own.

    Args:
        only: Name of the only study to look after; all of them without.
    """

    def __init__(self, only: str | None = None) -> None:
        self.only, self.owner = only, store.me()
        self.over, self.wake = threading.Event(), threading.Event()
        self.judged: dict[tuple[str, int], int] = {}  # epochs that the pruning has seen
        self.thread = threading.Thread(target=self.run, daemon=True, name="sweeps")

    def run(self) -> None:
        """Look after the studies until `close`; a failure is told and tried again."""
        while not self.over.is_set():
            try:
                for study in store.running():
                    if self.only in (None, study.name) and not self.over.is_set():
                        self.look(study)
            except FusionscopeError as error:
                log.warning("%s", error)
            except Exception as error:  # the thread outlives what it did not expect
                log.error("A study could not be looked after.", exc_info=error)
            self.wake.wait(TICK)
            self.wake.clear()

    def close(self) -> None:
        """Stop looking, and let others go on."""
        self.over.set()
        self.wake.set()
        if self.thread.is_alive():
            self.thread.join(timeout=10)
        store.release(self.owner)

    def look(self, study: Study) -> None:
        """Do what is to be done for *study* now; nothing while another one holds it."""
        if not store.hold(study, self.owner):
            return
        jobs.start()
        try:
            self._look(study)
            if study.message:
                store.tell(study, self.owner, "")
        except NotHeld as error:
            log.info("%s", error)
        except (JobError, StorageError) as error:
            # The workers are out of reach, were too slow, or the disk is full: tried again.
            if str(error) != study.message:
                store.tell(study, self.owner, str(error))
        except FusionscopeError as error:
            store.end(study, self.owner, "failed", str(error))
        except Exception as error:
            log.error("Study %s met an error that nobody expected.", study.name, exc_info=error)
            if not self.over.is_set():  # else the workers were ended under its feet
                what = f"{type(error).__name__}: {error}"
                why = f"Unexpected error, {what}. The log says more. Go on tries again."
                store.end(study, self.owner, "failed", why)

    def _look(self, study: Study) -> None:
        for trial in store.trials(study.name):
            if trial.state == "running":
                self._follow(study, trial)
        if study.prune and study.kind == "search":
            self._prune(study)
        if not self._ended(study):
            self._begin(study)

    def _follow(self, study: Study, trial: Trial) -> None:
        """Write down what has become of a running trial."""
        job = queue.get(trial.key)
        if job is None:
            store.note(trial, self.owner, state="waiting")
        elif job.active:
            if job.epoch > len(trial.curve):
                store.note(trial, self.owner, curve=_losses(jobs.curve(trial.key)))
        elif job.state == "done" and job.run is not None:
            seconds = 0.0
            if job.started and job.finished:
                seconds = (job.finished - job.started).total_seconds()
            self._judge(study, trial, job.run, seconds)
        elif _gone(job) and trial.retries < RETRIES:
            store.note(trial, self.owner, retries=trial.retries + 1)
            jobs.resume(trial.key, trial.who)
        else:
            why = job.message or f"The training was {job.state}."
            store.note(trial, self.owner, state="failed", message=why)

    def _judge(self, study: Study, trial: Trial, run: str, seconds: float) -> None:
        """Write down what a trial reached on the validation rows."""
        try:
            value = jobs.ask("core.sweeps.results:value", run, study.metric, timeout=PATIENCE)
            curve = _losses(runs.get(run).history())
        except JobError:
            raise
        except FusionscopeError as error:  # the run was deleted or damaged meanwhile
            store.note(trial, self.owner, state="failed", message=str(error))
            return
        if study.kind == "search" and (value is None or not math.isfinite(value)):
            why = "It has no validation rows to be judged by, and test rows may not choose a model."
            store.note(trial, self.owner, state="failed", message=why, run=run)
            return
        done = {"state": "done", "value": value, "run": run, "message": "", "curve": curve}
        store.note(trial, self.owner, **done, seconds=seconds)

    def _prune(self, study: Study) -> None:
        """Stop trials that fall behind, once they have told something new."""
        trials = store.trials(study.name)
        going = [trial for trial in trials if trial.state == "running" and trial.curve]
        seen = {(study.name, trial.number): len(trial.curve) for trial in going}
        if all(self.judged.get(key) == epochs for key, epochs in seen.items()):
            return
        request = request_of(study, trials)
        said = jobs.ask("core.sweeps.search:judge", request, timeout=PATIENCE)
        self.judged |= seen
        for trial in going:
            store.note(trial, self.owner, rungs=said["rungs"].get(trial.number, {}))
            if trial.number in said["stop"]:
                why = f"Stopped after epoch {len(trial.curve)}: others had come further by then."
                job = queue.get(trial.key)
                store.note(trial, self.owner, state="pruned", message=why, seconds=_seconds(job))
                jobs.cancel(trial.key, trial.who)

    def _ended(self, study: Study) -> bool:
        """End the study when all trials have ended, or when none can succeed."""
        trials = store.trials(study.name)
        none = not any(trial.state in ("done", "pruned") for trial in trials)
        failed = [trial for trial in trials if trial.state == "failed"]
        strikes = [trial for trial in failed if trial.number >= study.since]
        still = any(trial.state in store.OPEN for trial in trials)
        finished = len(trials) >= study.planned and not still
        if none and (len(strikes) >= STRIKES or finished):
            first = (
                "The first trial failed" if len(failed) == 1 else f"All {len(failed)} trials failed"
            )
            store.end(study, self.owner, "failed", f"{first}. The last one: {failed[-1].message}")
            cancel([trial for trial in trials if trial.state == "running"])
            return True
        if finished:
            store.end(study, self.owner, "done")
        return finished

    def _begin(self, study: Study) -> None:
        """Begin as many trials as may run at once."""
        trials = store.trials(study.name)
        going = sum(trial.state == "running" for trial in trials)
        for trial in [trial for trial in trials if trial.state == "waiting"]:
            if going >= study.at_once:
                return
            self._submit(study, trial)
            going += 1
        while going < study.at_once and len(trials) < study.planned:
            request = request_of(study, trials)
            params = jobs.ask("core.sweeps.search:suggest", request, timeout=PATIENCE)
            number = len(trials)
            store.add(study, self.owner, made(study, params) | {"number": number})
            trials = store.trials(study.name)
            self._submit(study, trials[number])
            going += 1

    def _submit(self, study: Study, trial: Trial) -> None:
        """Ask for the training of a trial that is written down.

        A job that is being stopped is waited for: who joined it would be stopped with it.
        """
        job = queue.get(trial.key)
        if job is not None and job.active and job.stopping:
            return
        config = tasks.get(study.task).Config.parse(trial.config)
        jobs.submit(study.task, _recording(study), config, trial.who)
        try:
            store.note(trial, self.owner, state="running", seconds=None)
        except NotHeld:
            jobs.cancel(trial.key, trial.who)  # stopped in this very moment
            raise


@dataclass(frozen=True)
class _Known:
    """What a key and a job need of a recording, which need not be opened for that."""

    name: str
    source: str
    roles: Roles
    cleaning: Cleaning
    fingerprint: str
    graph: Any


def _recording(study: Study) -> Dataset:
    graph = None if study.graph is None else SimpleNamespace(digest=study.graph)
    roles, cleaning = Roles(**study.roles), Cleaning(**study.cleaning)
    known = _Known(study.dataset, study.source, roles, cleaning, study.fingerprint, graph)
    return cast(Dataset, known)


def made(study: Study, params: dict[str, Any]) -> dict[str, Any]:
    """Return the trial of *study* that tries *params*, as it is stored."""
    config = tasks.get(study.task).Config.parse(study.config | params)
    return entry(study.task, config, _recording(study)) | {"params": params}


def entry(task: str, config: Config, dataset: Dataset, label: str = "") -> dict[str, Any]:
    """Return a trial of *config*, as it is stored."""
    return {
        "label": label,
        "params": {},
        "config": config.model_dump(mode="json"),
        "key": tasks.key_of(task, config, dataset),
    }


def cancel(trials: list[Trial]) -> None:
    """Withdraw from the jobs of *trials*; they stop unless somebody else waits for them."""
    for trial in trials:
        if queue.get(trial.key) is not None:
            jobs.cancel(trial.key, trial.who)


def request_of(study: Study, trials: list[Trial]) -> dict[str, Any]:
    """Return what `search` needs to know of a study, as plain values."""
    epochs = [span.high for span in study.spans if span.name == "epochs"]
    known = ("number", "state", "value", "params", "curve", "rungs")
    return {
        "name": study.name,
        "space": study.space,
        "start": study.config,
        "more": study.more,
        "seed": study.seed,
        "planned": study.planned,
        "prune": study.prune,
        "epochs": int(epochs[0] if epochs else study.config.get("epochs", 1)),
        "trials": [
            {name: getattr(trial, name) for name in known}
            | {"epochs": trial.config.get("epochs", 0)}
            for trial in trials
        ],
    }


def _losses(history: Any) -> list[float]:
    """Return the validation loss of each epoch; empty where there is none."""
    if "val_loss" not in history:
        return []
    return [float(loss) for loss in history["val_loss"]]


def _seconds(job: queue.Job | None) -> float | None:
    if job is None or job.started is None:
        return None
    return (datetime.now(UTC) - job.started).total_seconds()


def _gone(job: queue.Job) -> bool:
    """Whether a job ended because its process did, and not by its own fault."""
    return job.state == "lost" or job.message.startswith(KILLED)
