"""Which gas is there, by gas sensors and a thermal camera?

Example:
    >>> from core import gas
    >>> recording = gas.open_recording("multimodal_gas")
    >>> recording.sessions, recording.classes, recording.frames.present.sum()
"""

from core.gas.camera import CAMERAS, Camera, camera_for, temperature
from core.gas.frames import Frames
from core.gas.reading import open_recording
from core.gas.recording import GasRecording

__all__ = [
    "CAMERAS",
    "Camera",
    "Frames",
    "GasRecording",
    "camera_for",
    "open_recording",
    "temperature",
]
