"""Is there a leak, and of which gas?

Example:
    >>> from core import gas
    >>> recording = gas.open_recording("gas-lab")
    >>> recording.sessions, recording.classes, recording.frames.take([0, 1], 96).shape
    >>> fitted = gas.fit(recording, gas.Config(variant="windows"))
    >>> gas.evaluate(gas.predict(fitted, recording))["accuracy"]
"""

from core.gas import beside
from core.gas.camera import CAMERAS, Camera, camera_for, temperature
from core.gas.compare import Difference, intervals, mcnemar
from core.gas.config import Config
from core.gas.decision import Decision, alarms, chosen, spells
from core.gas.experiments import EXPERIMENTS
from core.gas.explain import Explanation, explain
from core.gas.faults import Fault
from core.gas.frames import Frames
from core.gas.inspect import inspect
from core.gas.lab import Lab
from core.gas.metrics import (
    advice,
    by_class,
    calibration,
    confusion,
    curves,
    delays,
    evaluate,
    usual,
)
from core.gas.operating import Judged, judge
from core.gas.protocol import split
from core.gas.reading import open_recording
from core.gas.recording import GasRecording
from core.gas.result import Result, answers, read_result
from core.gas.task import Fitted, Prepared, asked, fit, load, predict, prepare
from core.gas.variants import VARIANTS
from core.gas.write import write_folder, write_sample

__all__ = [
    "CAMERAS",
    "EXPERIMENTS",
    "VARIANTS",
    "Camera",
    "Config",
    "Decision",
    "Difference",
    "Explanation",
    "Fault",
    "Fitted",
    "Frames",
    "GasRecording",
    "Judged",
    "Lab",
    "Prepared",
    "Result",
    "advice",
    "alarms",
    "answers",
    "asked",
    "beside",
    "by_class",
    "calibration",
    "camera_for",
    "chosen",
    "confusion",
    "curves",
    "delays",
    "evaluate",
    "explain",
    "fit",
    "inspect",
    "intervals",
    "judge",
    "load",
    "mcnemar",
    "open_recording",
    "predict",
    "prepare",
    "read_result",
    "spells",
    "split",
    "temperature",
    "usual",
    "write_folder",
    "write_sample",
]
