"""A CNN of one modality: what it sees, what tuning leaves, and features kept by content."""

import dataclasses
import os
import tracemalloc

import numpy as np
import pandas as pd
import pytest

from core.backend import tensorflow
from core.errors import Cancelled, ConfigError, DataError
from core.gas import backbones
from core.gas.cnn import Cnn
from core.gas.config import Config
from core.gas.features import FEW, Features, extract
from core.gas.frames import Frames
from core.gas.images import Renderer
from core.gas.looks import Looks, View, changed, drawn, seen
from core.gas.samples import Samples
from tests.gas.fused_examples import SENSORS, altered, recording, training

LOOKBACK = 3
CAMERA, NOSE = View("camera", "light"), View("sensors", "light")


def _config(**settings):
    return Config(
        **{
            "lookback": LOOKBACK,
            "image_size": 32,
            "tuning_epochs": 1,
            "variant": "bilstm",
            "scene": "colours",
        }
        | settings
    )


def _all(tr) -> Samples:
    """Return every row of the recording."""
    of = tr.train.recording
    starts = np.array([part.start for part in of.entities.values()])[of.session_codes]
    return altered(tr.train, rows=np.arange(len(of)), first=starts)


def _untuned(view, tr, **settings):
    """Return a CNN that was not trained, which takes seconds."""
    cnn, scale = Cnn(view, _config(**settings)), tr.train.scale
    cnn.note, cnn.renderer = "as drawn", Renderer(cnn.config.image, scale.low, scale.high)
    cnn.model = cnn._build(None)
    return cnn


@pytest.fixture(scope="module")
def tr():
    return training(recording(), LOOKBACK)[0]


@pytest.fixture
def counted(monkeypatch):
    """How many images CNNs were asked for, and how often one was tuned."""
    counts = {"images": 0, "tuned": 0}
    call, tune = Cnn.__call__, Cnn.tune

    def counting(self, images):
        counts["images"] += len(images)
        return call(self, images)

    def tuning(self, *arguments):
        counts["tuned"] += 1
        return tune(self, *arguments)

    monkeypatch.setattr(Cnn, "__call__", counting)
    monkeypatch.setattr(Cnn, "tune", tuning)
    return counts


def test_what_is_seen_is_the_frame_or_the_raw_readings_of_the_session(tr):
    samples, rows = _all(tr), np.array([0, 31, 45])
    frames = seen(CAMERA, _config(), samples, rows, samples.first[rows])
    np.testing.assert_array_equal(frames, tr.train.recording.frames.take(rows, 32))
    assert frames.dtype == np.uint8
    one = seen(NOSE, _config(), samples, rows, samples.first[rows])
    np.testing.assert_array_equal(one[:, 0], samples.recording.values[rows])
    windows = seen(NOSE, _config(image="gaf"), samples, rows, samples.first[rows])
    wanted = [[0, 0, 0], [30, 30, 31], [43, 44, 45]]  # row 30 starts a session
    np.testing.assert_array_equal(windows, samples.recording.values[np.array(wanted)])


def test_rows_without_a_frame_are_not_learned_from():
    some = training(recording(missing=10), LOOKBACK)[0]
    looks = Looks.of(CAMERA, _config(), some.train)
    assert len(looks) == len(some.train) - 10
    images, targets = looks.take(np.arange(5))
    np.testing.assert_array_equal(images, some.train.recording.frames.take(np.arange(10, 15), 32))
    np.testing.assert_array_equal(targets.argmax(axis=1), some.train.labels[10:15])
    for none in (recording(camera=False), recording(missing=10_000)):
        with pytest.raises(DataError, match="no frames"):
            Looks.of(CAMERA, _config(), training(none, LOOKBACK)[0].train)


def test_an_equal_tuning_is_done_once_and_gives_the_same_features(home, tr, counted):
    first, again = Cnn(CAMERA, _config()), Cnn(CAMERA, _config(units=99, epochs=3))
    history = first.fit(tr, None, None)
    assert [set(epoch) for epoch in history] == [{"epoch", "loss", "val_loss", "seconds"}]
    assert again.fit(tr, None, None) == history
    assert counted["tuned"] == 1
    frames = tr.train.recording.frames.take(np.arange(3), 32)
    np.testing.assert_array_equal(first(frames), again(frames))
    assert first.digest == again.digest
    assert first.note == "Light CNN, from scratch"
    same = first._key(tr, None)
    assert again._key(tr, None) == same
    others = [
        {"seed": 1},
        {"image_size": 40},
        {"augment": False},
        {"scene": "change"},
        {"tuning_epochs": 2},
    ]
    keys = {_untuned(CAMERA, tr, **other)._key(tr, None) for other in others}
    assert len(keys - {same}) == len(others)


def test_features_are_those_of_keras_and_taken_once_by_content(home, tr, counted):
    cnn = _untuned(CAMERA, tr)
    everything = _all(tr)
    assert len(everything) <= FEW  # so that the store is asked for on purpose
    table = Features(cnn)._kept(everything, everything.rows, everything.first, None)
    frames = everything.recording.frames.take(everything.rows, 32)
    np.testing.assert_allclose(table, cnn.model.predict(frames, verbose=0), atol=1e-4)
    assert counted["images"] == len(everything)
    again = _untuned(CAMERA, tr)
    kept = Features(again)._kept(everything, everything.rows, everything.first, None)
    np.testing.assert_array_equal(kept, table)
    assert counted["images"] == len(everything)
    changed_frames = _all(training(recording(seed=1), LOOKBACK)[0])
    Features(again)._kept(changed_frames, everything.rows, everything.first, None)
    assert counted["images"] == 2 * len(everything)


@pytest.mark.parametrize(("view", "kind"), [(CAMERA, "colours"), (CAMERA, "change"), (NOSE, "gaf")])
def test_a_stream_computes_only_what_is_new(home, tr, counted, view, kind):
    drawn_as = {"scene": kind} if view is CAMERA else {"image": kind}
    cnn, samples = _untuned(view, tr, **drawn_as), _all(tr)
    features, whole = Features(cnn), np.empty((len(samples), 128), np.float32)
    extract(cnn, samples, samples.rows, samples.first, whole)
    counted["images"] = 0
    for row in range(40, 45):
        one = altered(samples, rows=samples.rows[row : row + 1], first=samples.first[row : row + 1])
        table = features.of(one)
        rows = np.arange(row - LOOKBACK + 1, row + 1)
        np.testing.assert_allclose(table.take(rows), whole[rows], atol=1e-5)
        assert counted["images"] == LOOKBACK + row - 40


def test_a_saved_cnn_has_the_same_features(home, tr, tmp_path):
    cnn = _untuned(NOSE, tr)
    cnn.save(tmp_path)
    again = Cnn(NOSE, _config())
    again.load(tmp_path)
    readings = tr.train.recording.values[:6, None]
    np.testing.assert_array_equal(cnn(readings), again(readings))
    assert (again.note, again.renderer, again.digest) == (cnn.note, cnn.renderer, cnn.digest)


def test_a_frozen_start_from_scratch_is_refused_before_anything_is_read(home, tr):
    with pytest.raises(ConfigError, match="know nothing"):
        Cnn(CAMERA, _config(tuning="frozen")).fit(tr, None, None)


def test_frozen_weights_are_imagenets(home, tr, real_data, monkeypatch):
    weights = real_data.parent / "weights" / "models" / backbones.BACKBONES["mobilenet"].file
    if not weights.is_file():
        pytest.skip(f"no ImageNet weights in {weights.parent}")
    monkeypatch.setattr(backbones, "pretrained", lambda name, kind: weights)
    cnn = Cnn(View("camera", "mobilenet"), _config(tuning="frozen", augment=False))
    assert cnn.fit(tr, None, None) == []
    assert cnn.note == "MobileNet, pretrained on ImageNet"
    tensorflow()
    import keras

    plain = keras.applications.MobileNet(
        input_shape=(32, 32, 3), include_top=False, weights=None, pooling="avg"
    )
    plain.load_weights(weights)
    frames = tr.train.recording.frames.take(np.arange(4), 32)
    wanted = plain(keras.applications.mobilenet.preprocess_input(frames.astype(np.float32)))
    np.testing.assert_allclose(cnn(frames), wanted, atol=1e-4)


def test_a_training_can_be_stopped_while_it_takes_features(home, tr):
    class Stop:
        def report(self, progress):
            pass

        def cancelled(self):
            return True

    samples = _all(tr)
    with pytest.raises(Cancelled):
        values = np.empty((len(samples), 128), np.float32)
        extract(_untuned(CAMERA, tr), samples, samples.rows, samples.first, values, Stop())


def test_images_change_in_training_alone_and_sensors_keep_their_places():
    tf = tensorflow()
    import keras

    inputs = keras.Input((32, 32, 3))
    frames = tf.constant(np.random.default_rng(0).uniform(0, 255, (4, 32, 32, 3)), tf.float32)
    model = keras.Model(inputs, changed(inputs, _config(), iter(range(9))))
    np.testing.assert_array_equal(model(frames, training=False), frames)
    assert np.abs(model(frames, training=True) - frames).max() > 1
    low, high = (0.0,) * len(SENSORS), (1.0,) * len(SENSORS)
    renderer = Renderer("stripes", low, high)
    readings = keras.Input((1, len(SENSORS)))
    model = keras.Model(readings, drawn(readings, renderer, 8, True, 0))
    shares = tf.constant([[[0.1, 0.3, 0.6, 0.9]]])
    plain = renderer.draw(shares.numpy(), 8)
    np.testing.assert_allclose(model(shares, training=False), plain, atol=1e-3)
    noisy = model(shares, training=True).numpy()
    assert 1 < np.abs(noisy - plain).max() < 255 * 4 * 5 * 0.03  # five deviations, jet's slope


def test_features_of_a_long_recording_are_never_held_in_memory(home, tr, monkeypatch):
    rows = 60_000
    few = tr.train.recording
    frame = pd.concat([few.frame.iloc[:1]] * rows, ignore_index=True)
    frames = Frames(("0.png",) * rows, few.frames.store)
    long = dataclasses.replace(few, frame=frame, frames=frames, codes=np.zeros(rows, np.int8))
    samples = altered(tr.train, recording=long, rows=np.arange(rows), first=np.zeros(rows, int))
    cnn = _untuned(CAMERA, tr)
    monkeypatch.setattr(Cnn, "__call__", lambda self, images: np.ones((len(images), 128)))
    monkeypatch.setattr(Frames, "take", lambda self, rows, size: np.zeros((len(rows), 1)))
    _ = long.fingerprint, cnn.digest
    tracemalloc.start()
    table = Features(cnn).of(samples)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert table.values.shape == (rows, 128)
    assert (table.values[::1000] == 1).all()
    assert peak < table.values.nbytes / 4


def test_the_store_forgets_what_was_not_used_for_longest(home, tr, monkeypatch):
    cnn, samples = _untuned(CAMERA, tr), _all(tr)
    features = Features(cnn)
    size = 10 * 128 * 4 + 128  # a file of ten rows
    monkeypatch.setattr("core.gas.features.STORED", 2 * size)
    for start in (0, 10, 0, 20):  # the first ones are asked for again
        features._kept(samples, samples.rows[start : start + 10], samples.first[:10], None)
        os.utime(max((home / "cache" / "features").iterdir(), key=lambda p: p.stat().st_mtime_ns))
    left = {p.name for p in (home / "cache" / "features").iterdir()}
    assert len(left) == 2
    monkeypatch.setattr(Cnn, "__call__", None)  # nothing is computed again
    features._kept(samples, samples.rows[:10], samples.first[:10], None)
