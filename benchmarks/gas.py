"""Gas: how fast features are taken, heads are trained and decisions made; what fusion is worth."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.table import Row, at_least, at_most, in_process
from core import gas
from core.backend import tensorflow
from core.data.dataset import Roles
from core.data.splits import Part
from core.gas.cnn import Cnn
from core.gas.config import Config
from core.gas.frames import Arrays, Frames
from core.gas.images import Renderer
from core.gas.looks import View
from core.gas.protocol import FOLDS
from core.gas.recording import GasRecording
from core.gas.samples import Samples

ROUNDS = 3
IMAGES, SIZE = 512, 96
BATCHES = (8, 16, 32, 64, 128, 256)
CALLS = 30
HEADS = {"sessions": 10, "rows": 120}  # of the simulated recording that heads are trained on
NAMES = {
    "mean colour": "mean-colour",
    "sensors alone": "windows",
    "frames alone": "thermal-windows",
    "late fusion": "late",
}
LOST = {"no camera": "camera_lost", "no sensors": "sensors_lost"}
# The simulated recording that fusion is judged on: a camera on a tripod, strong releases of gas in
# clean air, sensors of one season.
LAB = {
    "sessions": 24,
    "rows": 120,
    "seed": 15,
    "lead": (2, 8),
    "sway": 0.001,
    "objects": (4, 8),
    "strength": (1, 1.5),
    "cooling": (1.5, 2),
    "warming": (2, 4),
    "ambient": 0.05,
    "drift": 0.05,
    "ageing": 0.05,
}


def run() -> list[Row]:
    """Time each way in a process of its own; a busy machine is slow for all alike."""
    speeds: dict[str, list[float]] = {"ours": [], "plain": []}
    for _ in range(ROUNDS):
        for name, measured in speeds.items():
            measured.append(float(in_process("benchmarks.gas", name)))
    ours, plain = (float(np.median(measured)) for measured in speeds.values())
    first, second = map(float, in_process("benchmarks.gas", "heads").split())
    return [
        Row("features by the light CNN, ours", ours, "images/s"),
        Row("features by model.predict, best batch", plain, "images/s"),
        at_least("features, ours to model.predict", ours / plain, 1.0, "x"),
        Row("first training of a wavelet fusion", first, "s"),
        at_least("the second one, over kept features", first / second, 20.0, "x"),
        at_most("decision on one core, light CNN", _soonest("latency-light"), 60.0, "ms"),
        at_most(
            "decision on one core, MobileNet at 224", _soonest("latency-mobilenet"), 150.0, "ms"
        ),
        at_most("decision on one core, late fusion", _soonest("latency-late"), 60.0, "ms"),
        *_quality(),
    ]


def _soonest(way: str) -> float:
    """Return the best of several processes: what else the machine does is no part of a decision."""
    return min(float(in_process("benchmarks.gas", way)) for _ in range(ROUNDS))


def _quality() -> list[Row]:
    """Say how often each is right on sessions that it never saw, and what a lost modality costs."""
    shares = dict(line.split(",") for line in in_process("benchmarks.gas", "quality").splitlines())
    right = {name: 100 * float(share) for name, share in shares.items()}
    alone = max(right["sensors alone"], right["frames alone"])
    fused = right["late fusion"]
    return [
        *(Row(f"simulated, right: {name}", share, "%") for name, share in right.items()),
        at_most("simulated, right by the mean colour", right["mean colour"], 36.0, "%"),
        at_least("simulated, fused minus the better one alone", fused - alone, 0.0, "points"),
        at_most("lost without the camera", fused - right["no camera"], 3.0, "points"),
        at_most("lost without the sensors", fused - right["no sensors"], 3.0, "points"),
    ]


def _cnn(backbone: str = "light", size: int = SIZE) -> Cnn:
    """Return an untrained CNN of the camera: its speed does not depend on its weights."""
    cnn = Cnn(View("camera", backbone), Config(image_size=size, augment=False))
    cnn.renderer = Renderer("stripes", (0.0,), (1.0,))
    cnn.model = cnn._build(None)
    return cnn


def _frames(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, SIZE, SIZE, 3)).astype(np.uint8)


def _fastest(work: Callable[[], object]) -> float:
    """Return the seconds of the fastest run after one that warms up."""
    work()
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def _ours() -> float:
    """Images a second of the compiled network."""
    cnn, frames = _cnn(), _frames(IMAGES)
    return IMAGES / _fastest(lambda: cnn(frames))


def _plain() -> float:
    """Images a second of `model.predict` at its best batch size."""
    model, frames = _cnn().model, _frames(IMAGES)

    def predict(size: int) -> float:
        return _fastest(lambda: model.predict(frames, batch_size=size, verbose=0))

    return IMAGES / min(map(predict, BATCHES))


def _recording(**lab: object) -> GasRecording:
    """Return a simulated recording."""
    folder = Path(tempfile.mkdtemp(prefix="fusionscope-gas-")) / "lab"
    gas.write_folder(gas.Lab.parse(lab), folder)
    return gas.open_recording(folder)


def _heads() -> str:
    """Seconds of a wavelet fusion from nothing, and of another head over the same features."""
    recording = _recording(**HEADS)
    config = Config(variant="dwt", epochs=10, patience=10)
    seconds = []
    for units in (32, 16):
        prepared = gas.prepare(recording, config.model_copy(update={"units": units}))
        began = time.perf_counter()
        gas.fit(prepared)
        seconds.append(time.perf_counter() - began)
    return " ".join(map(str, seconds))


def _latency(variant: str, backbone: str = "light", size: int = SIZE) -> float:
    """Milliseconds of one decision of a fusion, as a stream asks: frame in, class out."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    tensorflow()
    recording = _walking(CALLS + 70)
    config = Config(variant=variant, backbone=backbone, image_size=size, epochs=1)
    classifier = gas.VARIANTS[variant].build(config)
    Cnn.tune = lambda self, *_: ([], self._build(None).get_weights())  # type: ignore[method-assign]
    rows = np.arange(40, 60)
    scale = gas.task.Scale.fit(recording.values, recording.channels)
    samples = Samples(recording, rows, np.zeros_like(rows), config.lookback, scale)
    classifier.fit(gas.task.Training(samples, samples), None, None)
    seconds = []
    for row in range(60, len(recording)):
        one = replace(samples, rows=np.array([row]), first=np.array([0]))
        began = time.perf_counter()
        classifier.predict(one)
        seconds.append(time.perf_counter() - began)
    return 1_000 * float(np.median(seconds[5:]))


def _walking(rows: int) -> GasRecording:
    """Return readings that walk at random, and frames of noise in the published size."""
    rng = np.random.default_rng(0)
    names = [f"MQ{number}" for number in range(7)]
    frame = pd.DataFrame(rng.normal(size=(rows, 7)).cumsum(axis=0), columns=names)
    frame = frame.astype(np.float32).assign(session="one")
    pictures = {f"{row}.png": _scene(rng) for row in range(rows)}
    return GasRecording(
        "walk",
        frame,
        Roles(entity="session", channels=tuple(names)),
        content="walk",
        classes=("NoGas", "Smoke"),
        codes=(np.arange(rows) % 2).astype(np.int8),
        frames=Frames(tuple(pictures), Arrays(pictures)),
    )


def _scene(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 256, (640, 480, 3)).astype(np.uint8)


def _judged() -> str:
    """Mean shares over the folds of test rows that are named right, one line each: name, share."""
    recording = _recording(**LAB)
    shares: dict[str, list[float]] = {}
    for fold in range(FOLDS):
        for name, variant in NAMES.items():
            fitted = gas.fit(recording, Config(variant=variant, fold=fold))
            shares.setdefault(name, []).append(_right(gas.predict(fitted, recording)))
        for name, lost in LOST.items():  # of the last one, the late fusion
            result = gas.predict(fitted, recording, **{lost: True})
            shares.setdefault(name, []).append(_right(result))
    return "\n".join(f"{name},{np.mean(share)}" for name, share in shares.items())


def _right(result: gas.Result) -> float:
    steps = result.steps
    shares = steps[[gas.result.column(name) for name in result.classes]].to_numpy()
    test = (steps["part"] == Part.TEST.name.lower()).to_numpy()
    return float((shares.argmax(axis=1) == steps["label"].to_numpy())[test].mean())


WAYS: dict[str, Callable[[], object]] = {
    "ours": _ours,
    "plain": _plain,
    "heads": _heads,
    "latency-light": lambda: _latency("attention"),
    "latency-mobilenet": lambda: _latency("attention", "mobilenet", 224),
    "latency-late": lambda: _latency("late"),
    "quality": _judged,
}

if __name__ == "__main__":
    if sys.argv[1].startswith("latency"):
        os.environ["FUSIONSCOPE_THREADS"] = "1"
    if sys.argv[1] == "heads":
        os.environ["FUSIONSCOPE_HOME"] = tempfile.mkdtemp(prefix="fusionscope-gas-")
    print(WAYS[sys.argv[1]]())
