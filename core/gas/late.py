"""Late fusion: the sensors and the camera are asked each for itself, and their answers multiplied.

Two witnesses who saw different things are believed together by the product of what each says
(Kittler, Hatef, Duin and Matas 1998, "On combining classifiers", IEEE TPAMI 20(3), section 2.2:
exact where modalities are independent given the class, and classes equally likely). A witness who
is too sure would outvote the other, so each one's probabilities are made as sure as they were right
on the validation rows. Where one modality is absent the other answers alone, as well as it ever
did: nothing that one says was learned from the other.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.special import softmax

from core.gas.baselines import Stored
from core.gas.calibrate import LEAST, Temperatures
from core.gas.classifier import Answer, Training, answer_of
from core.gas.config import Config
from core.gas.frame_windows import FrameWindows
from core.gas.looks import MODALITIES
from core.gas.samples import Samples
from core.gas.windows import Windows
from core.task import Progress, Reporter

HEATS = "temperatures"


class LateFusion(Stored):
    """The product of what trees and a linear model say of the sensors, and of the frames."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.members = dict(zip(MODALITIES, (Windows(config), FrameWindows(config)), strict=True))

    def fit(
        self, training: Training, reporter: Reporter | None, checkpoint: Path | None
    ) -> list[dict[str, float]]:
        """Train each member on the training rows; the validation rows say how sure it may be.

        One whose modality does not show all classes in either is left out.
        """
        heats = np.ones(len(self.members))
        self.arrays = {}
        for place, (name, member) in enumerate(self.members.items()):
            train, validation = (
                _told(part, place) for part in (training.train, training.validation)
            )
            classes = np.unique(training.train.labels)
            if not all(np.isin(classes, part.labels).all() for part in (train, validation)):
                continue
            if reporter is not None:
                reporter.report(
                    Progress(0, 0, place / len(heats), None, {}, f"trees on the {name}")
                )
            member.fit(Training(train, validation), reporter, checkpoint)
            self.arrays |= {f"{name}-{key}": array for key, array in member.arrays.items()}
            heats[place] = Temperatures.fit(member.predict(validation), validation.labels).gas
        self.arrays[HEATS] = heats
        return []

    def predict(self, samples: Samples) -> Answer:
        """Return the product of the members whose modality is there."""
        return answer_of(softmax(self._logits(samples), axis=1))

    def without(self, samples: Samples) -> np.ndarray | None:
        """Return (8, 6, C): what is said of a single decision while a patch of all frames is still.

        None where the camera has no say in it.
        """
        camera = self.members["camera"]
        assert isinstance(camera, FrameWindows)
        if not camera.arrays or not samples.present(slice(None))[0, 1]:
            return None
        place = list(self.members).index("camera")
        said = np.log(np.maximum(camera.without(samples), LEAST)) / self.arrays[HEATS][place]
        rest = self._logits(replace(samples, camera_lost=True))
        gas: np.ndarray = softmax(rest + said, axis=-1)
        return gas

    def _logits(self, samples: Samples) -> np.ndarray:
        """Return (W, C): the sum of what the members say whose modality is there."""
        present = samples.present(slice(None))
        total = np.zeros((len(samples), len(samples.recording.classes)))
        for place, member in enumerate(self.members.values()):
            if not member.arrays or not present[:, place].any():
                continue
            said = np.log(np.maximum(member.predict(samples).gas, LEAST))
            total += present[:, [place]] * said / self.arrays[HEATS][place]
        return total

    @property
    def facts(self) -> dict[str, str]:
        """How sure each member may be, for the card."""
        heats = zip(self.members.items(), self.arrays[HEATS], strict=True)
        return {
            f"trees on the {name}": f"temperature {heat:.3g}, on the validation rows"
            for (name, member), heat in heats
            if member.arrays
        }

    def load(self, folder: Path) -> None:
        """Read `model.npz`."""
        super().load(folder)
        for name, member in self.members.items():
            start = f"{name}-"
            member.arrays = {
                key.removeprefix(start): array
                for key, array in self.arrays.items()
                if key.startswith(start)
            }


def _told(samples: Samples, place: int) -> Samples:
    """Return the *samples* of which the modality at *place* says something."""
    there = samples.present(slice(None))[:, place] > 0
    return replace(samples, rows=samples.rows[there], first=samples.first[there])
