"""Which gas is there, by gas sensors and a thermal camera?

Example:
    >>> from core import gas
    >>> recording = gas.open_recording("gas-lab")
    >>> recording.sessions, recording.classes, recording.frames.take([0, 1], 96).shape
"""

from core.gas.camera import CAMERAS, Camera, camera_for, temperature
from core.gas.frames import Frames
from core.gas.inspect import inspect
from core.gas.lab import Lab
from core.gas.reading import open_recording
from core.gas.recording import GasRecording
from core.gas.write import write_folder, write_sample

__all__ = [
    "CAMERAS",
    "Camera",
    "Frames",
    "GasRecording",
    "Lab",
    "camera_for",
    "inspect",
    "open_recording",
    "temperature",
    "write_folder",
    "write_sample",
]
