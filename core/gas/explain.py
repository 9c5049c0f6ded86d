"""What contributed to one decision: each modality, each sensor, each part of the frame.

Occlusion works for every classifier: something is taken away, and the classifier is asked again
(Zeiler and Fergus 2014, ECCV, section 4). Where it is a network, its gradients say more: integrated
gradients of the readings (Sundararajan, Taly and Yan 2017, ICML, section 3) and the class
activation of the frame (Selvaraju et al. 2017, "Grad-CAM", ICCV, section 3). Where it is trees on
what moves in the frames, one patch of the picture after another is held still.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from core.backend import tensorflow
from core.data.dataset import Dataset
from core.errors import ConfigError
from core.gas.classifier import Answer, answer_of
from core.gas.faults import Fault, with_readings
from core.gas.frame_windows import FrameWindows
from core.gas.late import LateFusion
from core.gas.looks import GIVEN, seen
from core.gas.network import Inputs, Network
from core.gas.samples import Samples
from core.gas.task import Fitted, asked

STEPS = 24  # of the path from the training mean to the readings
TINY = 1e-30
SENSORS, CAMERA = "all sensors", "camera"


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a row was called what it was called.

    Attributes:
        row: Which one.
        leak: Probability of any gas.
        gas: (C,) float32, probability of each class.
        code: The class that is explained: the likeliest one unless another was asked for.
        without: Probability of that class by what was taken away: "all sensors", "camera", and
            each sensor, which then reads its mean over the training rows; not where the classifier
            sees images of the readings that were drawn elsewhere.
        readings: (T, N) float32, what was read, raw units.
        gradients: (T, N) float32, share of each reading in the log-odds of the class, against
            the mean over the training rows; None where the classifier is no network or reads no
            sensors.
        heat: (h, w) float32 of 0 to 1, where in the frame the network finds the class; None where
            it is no network or sees no frame.
        drop: (h, w) float32, by how much the probability of the class falls while nothing moves
            in that patch of the frames; None where the classifier is a network or sees no frame.
    """

    row: int
    leak: float
    gas: np.ndarray
    code: int
    without: pd.Series
    readings: np.ndarray
    gradients: np.ndarray | None
    heat: np.ndarray | None
    drop: np.ndarray | None


def explain(fitted: Fitted, dataset: Dataset, row: int, code: int | None = None) -> Explanation:
    """Explain the decision about *row* of *dataset*.

    Args:
        fitted: The classifier.
        dataset: A recording with its sensors.
        row: Row number.
        code: Place of the class to explain; the likeliest one when None.

    Raises:
        ConfigError: there is no such row or class.
    """
    _, _, samples = asked(fitted, dataset)
    if not 0 <= row < len(samples):
        raise ConfigError(f"There is no row {row:,}.", f"Rows are 0 to {len(samples) - 1:,}.")
    one = replace(samples, rows=samples.rows[[row]], first=samples.first[[row]])
    said = _said(fitted, one)
    code = int(said.gas[0].argmax()) if code is None else code
    if not 0 <= code < len(fitted.classes):
        raise ConfigError(f"There is no class {code}.", f"They are 0 to {len(fitted.classes) - 1}.")
    without = {
        name: float(_said(fitted, occluded).gas[0, code])
        for name, occluded in _occluded(one, _reads_numbers(fitted))
    }
    network = fitted.classifier if isinstance(fitted.classifier, Network) else None
    return Explanation(
        row,
        float(said.leak[0]),
        said.gas[0],
        code,
        pd.Series(without, name="probability"),
        one.scale.select(one.recording)[one.windows(slice(None))[0]],
        None if network is None else gradients(network, one, code),
        None if network is None else heat(network, one, code),
        drop(fitted, one, code),
    )


def _said(fitted: Fitted, samples: Samples) -> Answer:
    return fitted.temperatures.apply(fitted.classifier.predict(samples))


def _reads_numbers(fitted: Fitted) -> bool:
    """Whether sensors can be taken away one by one: not from images that were drawn elsewhere."""
    network = fitted.classifier
    if not isinstance(network, Network) or network.config.image != GIVEN:
        return True
    return all(cnn.view.modality != "sensors" for cnn in _cnns(network))


def _occluded(samples: Samples, each: bool) -> Iterator[tuple[str, Samples]]:
    """Return *samples* with one thing after another taken away, by its name.

    Args:
        samples: A single decision.
        each: Whether single sensors are among them.
    """
    recording = samples.recording
    yield SENSORS, Fault(sensors_lost=True).of(samples)
    if recording.frames is not None and recording.frames.present[samples.rows].any():
        yield CAMERA, Fault(camera_lost=True).of(samples)
    if not each:
        return
    for name, mean in zip(samples.scale.channels, samples.scale.center, strict=True):
        values = recording.values.copy()
        values[:, recording.channels.index(name)] = mean
        yield name, replace(samples, recording=with_readings(recording, values))


def drop(fitted: Fitted, samples: Samples, code: int) -> np.ndarray | None:
    """Return (8, 6) float32: what the probability of a class loses with each patch of the frames.

    A patch is hidden in all frames that the decision reads, as if nothing had moved there. None
    where the classifier does not look at what moves, or the decision has no frame.

    Args:
        fitted: The classifier.
        samples: A single decision.
        code: Place of the class.
    """
    classifier = fitted.classifier
    if not isinstance(classifier, (FrameWindows, LateFusion)):
        return None
    if not samples.present(slice(None))[0, 1]:
        return None
    hidden = classifier.without(samples)
    if hidden is None:
        return None
    flat = answer_of(hidden.reshape(-1, hidden.shape[-1]))
    left = fitted.temperatures.apply(flat).gas[:, code]
    own = _said(fitted, samples).gas[0, code]
    return (own - left).reshape(hidden.shape[:2]).astype(np.float32)


def gradients(network: Network, samples: Samples, code: int, steps: int = STEPS) -> Any:
    """Return (T, N) float32: integrated gradients of the readings of one decision.

    They add up to what the log-odds of the class are, less what they would be if every sensor read
    its mean over the training rows. None where the network reads no sensors, or sees images of them
    that were drawn elsewhere.

    Args:
        network: A trained one.
        samples: A single decision.
        code: Place of the class.
        steps: Points of the path; more are more exact.
    """
    cnns = _cnns(network)
    places = [place for place, cnn in enumerate(cnns) if cnn.view.modality == "sensors"]
    inputs = network.fed(samples)
    if len(inputs) > len(cnns):  # readings go into the network themselves
        return _integrated(
            lambda readings: [
                readings,
                *(np.repeat(one, len(readings), axis=0) for one in inputs[1:]),
            ],
            network,
            np.zeros_like(inputs[0]),
            inputs[0],
            code,
            steps,
            steps,
        )
    if not places or samples.sensors_lost or network.config.image == GIVEN:
        return None
    return _drawn(network, samples, inputs, places, code, steps)


def _drawn(
    network: Any, samples: Samples, inputs: Inputs, places: list[int], code: int, steps: int
) -> Any:
    """Return the gradients of readings that CNNs see as images; each counts for its own row."""
    cnn, rows = network.cnns[places[0]], samples.windows(slice(None))[0]
    first = np.repeat(samples.first, len(rows))
    raw = seen(cnn.view, network.config, samples, rows, first).astype(np.float32)
    mean = np.broadcast_to(np.array(samples.scale.center, np.float32), raw.shape)

    def fed(images: Any) -> list[Any]:
        tensors = list(inputs)
        for place in places:
            features = network.cnns[place].model(images[0], training=False)
            tensors[place] = network.standardised(place, features)[None]
        return tensors

    return _integrated(fed, network, mean[None], raw[None], code, steps, 1).sum(axis=1)


def _integrated(
    fed: Any,
    network: Network,
    start: np.ndarray,
    end: np.ndarray,
    code: int,
    steps: int,
    at_once: int,
) -> np.ndarray:
    """Return the integral of the gradients from *start* to *end* (1, ...), without the 1."""
    tf = tensorflow()
    shares = ((np.arange(steps) + 0.5) / steps).astype(np.float32)
    total = np.zeros(end.shape[1:], np.float64)
    for part in np.split(shares, steps // at_once):
        points = tf.constant(start + part.reshape(-1, *[1] * (end.ndim - 1)) * (end - start))
        with tf.GradientTape() as tape:
            tape.watch(points)
            score = _log_odds(network, fed(points), code)
        total += tape.gradient(score, points).numpy().sum(axis=0)
    return ((end - start)[0] * total / steps).astype(np.float32)


def heat(network: Network, samples: Samples, code: int) -> Any:
    """Return (h, w) float32, 0 to 1: where in the frame of one decision the class is found.

    The frame at the row that is decided about; of several CNNs the mean. None where the network
    sees no frame.
    """
    cnns = _cnns(network)
    recording, row = samples.recording, int(samples.rows[0])
    places = [place for place, cnn in enumerate(cnns) if cnn.view.modality == "camera"]
    if not places or recording.frames is None or samples.camera_lost:
        return None
    if not recording.frames.present[row]:
        return None
    tf = tensorflow()
    inputs = [tf.constant(one) for one in network.fed(samples)]
    direct = len(inputs) > len(cnns)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        score = _log_odds(network, inputs, code)
    slopes = tape.gradient(score, inputs)
    maps = []
    for place in places:
        cnn, slope = cnns[place], slopes[place + direct].numpy()
        slope = slope[0, -1] if slope.ndim == 3 else slope[0]
        # The features are means over the map, standardised: the slope of each is its weight.
        weights = slope / network.deviation(place)  # type: ignore[attr-defined]
        image = seen(cnn.view, network.config, samples, samples.rows, samples.first)
        maps.append(np.maximum(_activations(cnn.model, image) @ weights, 0))
    mean = np.mean([one / max(one.max(), TINY) for one in maps], axis=0)
    return mean.astype(np.float32)


def _activations(model: Any, images: np.ndarray) -> np.ndarray:
    """Return (h, w, D): what the last layer before the pooling makes of an image."""
    import keras

    last = next(layer.output for layer in reversed(model.layers) if len(layer.output.shape) == 4)
    return np.asarray(keras.Model(model.inputs[0], last)(images, training=False))[0]


def _log_odds(network: Network, inputs: list[Any], code: int) -> Any:
    """Return the sum over the batch of the log-odds of a class against all others."""
    tf = tensorflow()
    assert network.shape is not None
    said = network.model([tf.convert_to_tensor(one) for one in inputs], training=False)
    said = said[:, : network.shape.classes]  # behind them there may be a head for detection
    others = np.arange(network.shape.classes) != code
    own, rest = said[:, code], tf.reduce_sum(tf.boolean_mask(said, others, axis=1), axis=1)
    return tf.reduce_sum(tf.math.log(own + TINY) - tf.math.log(rest + TINY))


def _cnns(network: Network) -> list[Any]:
    """Return the CNNs whose features the network reads, in the order of its inputs."""
    return list(getattr(network, "cnns", []))
