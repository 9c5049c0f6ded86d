"""What fails in the field: a camera goes dark, a sensor sticks, all of them drift."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.config import Config, setting
from core.data.dataset import digest
from core.errors import ConfigError
from core.gas.recording import GasRecording
from core.gas.samples import Samples
from core.gas.scale import Scale


class Fault(Config):
    """What is broken; by default nothing is."""

    camera_lost: bool = setting(
        False, label="Camera lost", help="No frame arrives; the model is told that there is none."
    )
    sensors_lost: bool = setting(
        False,
        label="All sensors lost",
        help="No reading arrives: the model gets the mean of the training rows, and is told.",
    )
    stuck: str = setting(
        "", label="Stuck sensor", help="It repeats the first reading of its session."
    )
    drift: float = setting(
        0.0,
        label="Sensor drift",
        help="How far the readings of all sensors have risen at the end of a session, evenly, in "
        "standard deviations of the training rows.",
        unit="σ",
        ge=0.0,
        le=3.0,
    )

    def __bool__(self) -> bool:
        return self != Fault()

    def of(self, samples: Samples) -> Samples:
        """Return *samples* as they would be with the fault.

        Raises:
            ConfigError: there is no such sensor.
        """
        return replace(
            samples,
            recording=self._read(samples.recording, samples.scale),
            sensors_lost=samples.sensors_lost or self.sensors_lost,
            camera_lost=samples.camera_lost or self.camera_lost,
        )

    def _read(self, recording: GasRecording, scale: Scale) -> GasRecording:
        """Return the recording with the readings that the broken sensors would give."""
        if not self.stuck and not self.drift:
            return recording
        values = recording.values.copy()
        if self.drift:
            places = [recording.channels.index(name) for name in scale.channels]
            rise = self.drift * np.array(scale.scale)
            for rows in recording.sessions.values():
                course = np.linspace(0, 1, rows.stop - rows.start)
                values[rows, places] += course[:, None] * rise
        if self.stuck:
            if self.stuck not in recording.channels:
                raise ConfigError(
                    f"The recording has no sensor {self.stuck!r}.",
                    f"Sensors are: {', '.join(recording.channels)}.",
                )
            place = recording.channels.index(self.stuck)
            for rows in recording.sessions.values():
                values[rows, place] = recording.values[rows.start, place]
        return with_readings(recording, values)


def with_readings(recording: GasRecording, values: np.ndarray) -> GasRecording:
    """Return *recording* with other readings, (rows, N) float32, and another content."""
    readings = dict(zip(recording.channels, values.T, strict=True))
    content = digest([recording.content, values.tobytes().hex()])
    return replace(recording, frame=recording.frame.assign(**readings), content=content)
