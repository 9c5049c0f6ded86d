"""One CNN that looks at one modality, tuned on the training rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from core.backend import tensorflow
from core.data.dataset import digest
from core.gas import backbones
from core.gas.classifier import Training, pieces
from core.gas.config import Config
from core.gas.images import Renderer
from core.gas.looks import GIVEN, Looks, View, changed, drawn, steps_of
from core.learning import learn
from core.settings import settings
from core.task import Progress, Reporter
from core.training import epochs_of

VERSION = 1  # raised when the numbers of tuning or extraction change: stored ones are made anew
BATCH = 64  # images at once: fewer are slower, more take memory
# Learning rates from scratch, of a last block, and of weights that know something already.
FRESH, BLOCK, CAREFUL = 2e-3, 1e-3, 2e-4
SMOOTHING = 0.1  # of the targets: a CNN should not be sure of what it knows by heart


@dataclass(frozen=True)
class Tuning:
    """How a CNN is tuned; see `core.learning.Learning`."""

    epochs: int
    seed: int
    learning_rate: float
    batch_size: int = 32
    patience: int = 4


class Cnn:
    """A backbone that looks at one modality.

    Attributes:
        view: What it looks at.
        note: What it started from, for the run's card.
        renderer: Draws readings; None before it is fitted or loaded.
    """

    def __init__(self, view: View, config: Config) -> None:
        self.view = view
        self.config = config
        self.note = ""
        self._model: Any = None
        self._weights: list[np.ndarray] | None = None  # of a model that is not built yet
        self.renderer: Renderer | None = None

    @property
    def model(self) -> Any:
        """From what is seen to features (B, D); None before it is fitted or loaded.

        It is built when it is asked for: where all features are known already, it never is.
        """
        if self._model is None and self._weights is not None:
            self._model = self._build(None)
            self._model.set_weights(self._weights)
        return self._model

    @model.setter
    def model(self, model: Any) -> None:
        self._model, self._weights = model, None

    @property
    def weights(self) -> list[np.ndarray]:
        """Of the model, in its order."""
        if self._model is None and self._weights is not None:
            return self._weights
        weights: list[np.ndarray] = self._model.get_weights()
        return weights

    def fit(
        self, training: Training, reporter: Reporter | None, checkpoint: Path | None
    ) -> list[dict[str, float]]:
        """Tune on the training rows, or take what an equal tuning before has left.

        Returns:
            The history of the tuning; empty when nothing is tuned.

        Raises:
            ConfigError: settings that cannot work together, or weights out of reach.
            DataError: there are no frames to look at.
        """
        view, config, scale = self.view, self.config, training.train.scale
        path = backbones.pretrained(view.backbone, config.weights)
        backbones.check(view.backbone, config.image_size, config.tuning, path)
        self.note = backbones.note_of(view.backbone, path)
        # Without readings to draw it keeps no ends, only how many sensors there are.
        self.renderer = Renderer(config.image, scale.low, scale.high)
        if config.tuning == "frozen":
            self.model = self._build(path)
            return []
        memory = joblib.Memory(settings().home / "cache" / "cnn", verbose=0)
        kept = memory.cache(_tuned, ignore=["cnn", "training", "path", "reporter", "checkpoint"])
        key = self._key(training, path)
        history, weights = kept(key, self, training, path, reporter, checkpoint)
        self._model, self._weights = None, weights
        return history

    @property
    def _sight(self) -> list[Any]:
        """What decides the images that it sees of a recording."""
        config = self.config
        drawn = config.scene if self.view.modality == "camera" else steps_of(config)
        return [self.view, self.renderer, config.image_size, drawn]

    def _key(self, training: Training, path: Path | None) -> str:
        """Hash of all that decides the tuned weights."""
        config, recording = self.config, training.train.recording
        names = ["tuning", "augment", "tuning_epochs", "seed"]
        what = [*self._sight, *(getattr(config, name) for name in names)]
        camera = None if recording.frames is None else recording.frames.camera
        start = None if path is None else path.stat().st_size
        parts = training.train, training.validation
        rows = [np.r_[part.rows, part.first].tobytes().hex() for part in parts]
        where = [recording.fingerprint, camera, start, settings().threads, VERSION]
        return digest([*map(str, [*what, *where]), *rows])

    def tune(
        self,
        training: Training,
        path: Path | None,
        reporter: Reporter | None,
        checkpoint: Path | None,
    ) -> tuple[list[dict[str, float]], list[np.ndarray]]:
        """Train behind a softmax layer; return the history, and the weights of the features."""
        tensorflow()
        import keras

        view, config = self.view, self.config
        classes = keras.layers.Dense(
            len(training.train.recording.classes),
            "softmax",
            kernel_initializer=keras.initializers.GlorotUniform(config.seed),
        )
        model = self._build(path)
        rate = FRESH if path is None else (BLOCK if config.tuning == "last-block" else CAREFUL)
        history = learn(
            keras.Model(model.inputs, classes(model.output)),
            keras.losses.CategoricalCrossentropy(label_smoothing=SMOOTHING),
            Looks.of(view, config, training.train),
            Looks.of(view, config, training.validation),
            Tuning(config.tuning_epochs, config.seed, rate),
            reporter and Stage(reporter, f"tuning the CNN of the {view.modality}"),
            checkpoint and epochs_of(checkpoint) / f"{view.name}.npz",
        )
        return history, model.get_weights()

    def _build(self, path: Path | None) -> Any:
        """Return the model from what is seen to features, (B, D)."""
        tensorflow()
        import keras

        config, view = self.config, self.view
        assert self.renderer is not None
        seeds = count(1000 * config.seed + 100_000 * (1 + view.start))
        if view.modality == "camera" or config.image == GIVEN:
            inputs = keras.Input((config.image_size, config.image_size, 3), dtype="uint8")
            images = keras.layers.Rescaling(1.0)(inputs)
            if config.augment and view.modality == "camera":  # sensors keep their places
                images = changed(images, config, seeds)
        else:
            inputs = keras.Input((steps_of(config), len(self.renderer.low)))
            images = drawn(inputs, self.renderer, config.image_size, config.augment, next(seeds))
        return backbones.build(view.backbone, inputs, images, seeds, path, config.tuning)

    @cached_property
    def _forward(self) -> Callable[[Any], Any]:
        """The compiled model."""
        tf, model, inputs = tensorflow(), self.model, self.model.inputs[0]

        @tf.function(input_signature=[tf.TensorSpec((None, *inputs.shape[1:]), inputs.dtype)])
        def forward(images: Any) -> Any:
            return model(images, training=False)

        return forward

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Return the features (B, D) float32 of what is seen."""
        tf = tensorflow()
        parts = [images[part] for part in pieces(len(images), BATCH)]
        return np.concatenate([self._forward(tf.constant(part)).numpy() for part in parts])

    @cached_property
    def digest(self) -> str:
        """Hash of all that decides its features."""
        what = [*self._sight, VERSION]
        return digest([*map(str, what), str(joblib.hash(self.weights))])

    def save(self, folder: Path) -> None:
        """Write `cnn-NAME.npz` and `cnn-NAME.json`."""
        weights = {f"w{i}": weight for i, weight in enumerate(self.weights)}
        np.savez(folder / f"cnn-{self.view.name}.npz", allow_pickle=False, **weights)
        assert self.renderer is not None
        content = {"note": self.note, "renderer": asdict(self.renderer)}
        (folder / f"cnn-{self.view.name}.json").write_text(json.dumps(content))

    def load(self, folder: Path) -> None:
        """Read what `save` wrote."""
        content = json.loads((folder / f"cnn-{self.view.name}.json").read_text())
        self.note, renderer = content["note"], content["renderer"]
        self.renderer = Renderer(renderer["kind"], tuple(renderer["low"]), tuple(renderer["high"]))
        with np.load(folder / f"cnn-{self.view.name}.npz", allow_pickle=False) as arrays:
            self._model, self._weights = None, [arrays[f"w{i}"] for i in range(len(arrays.files))]


@dataclass(frozen=True)
class Stage:
    """Tells a reporter what comes before the training, whose epochs do not count."""

    reporter: Reporter
    stage: str

    def report(self, progress: Progress) -> None:
        """Pass *progress* on."""
        self.reporter.report(replace(progress, epoch=0, epochs=0, stage=self.stage))

    def cancelled(self) -> bool:
        """As the reporter says."""
        return self.reporter.cancelled()


def _tuned(
    key: str,
    cnn: Cnn,
    training: Training,
    path: Path | None,
    reporter: Reporter | None,
    checkpoint: Path | None,
) -> tuple[list[dict[str, float]], list[np.ndarray]]:
    """Tune *cnn*; kept by *key*."""
    return cnn.tune(training, path, reporter, checkpoint)
