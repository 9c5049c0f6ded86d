"""Which gas is there, by gas sensors and a thermal camera?"""

from core.gas.camera import CAMERAS, Camera, camera_for, temperature
from core.gas.frames import Frames
from core.gas.recording import GasRecording

__all__ = ["CAMERAS", "Camera", "Frames", "GasRecording", "camera_for", "temperature"]
