"""The verbs of the forecast task: training, epochs, what-if, other recordings, runs."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core import forecast, runs
from core.data.graph import Graph
from core.data.splits import Part
from core.errors import Cancelled, ConfigError, DataError, RolesError
from core.forecast.fusion import Fusion
from core.forecast.samples import origins_of
from core.settings import settings
from core.task import Progress, Silent, key_of
from tests.forecast.examples import config, prepared, recording, stations, table


class Until(Silent):
    """A reporter that stops the training behind an epoch."""

    def __init__(self, epoch: int) -> None:
        self.last, self.now = epoch, 0

    def report(self, progress: Progress) -> None:
        self.now = progress.epoch

    def cancelled(self) -> bool:
        return self.now >= self.last


@pytest.fixture(scope="module")
def data():
    return recording()


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    """A network after four epochs, and the checkpoint beside which they are kept."""
    checkpoint = tmp_path_factory.mktemp("four") / "now.npz"
    ready = prepared(data, variant="gru", epochs=4)
    return forecast.fit(ready, checkpoint=checkpoint)


def said(fitted, data) -> np.ndarray:
    """Return all forecasts of *data*."""
    return forecast.predict(fitted, data).forecasts


def test_the_history_tells_loss_and_measures_of_both_parts(trained):
    names = {"epoch", "seconds"} | {
        f"{part}{name}" for part in ("", "val_") for name in ("loss", "mae", "mse")
    }
    assert [set(epoch) for epoch in trained.history] == [names] * 4
    for epoch in trained.history:
        assert epoch["mae"] == pytest.approx(epoch["loss"], rel=1e-5)


def test_the_measures_of_the_best_epoch_are_those_of_the_model(trained, data):
    """In scaled units, on the validation windows."""
    ready = prepared(data, variant="gru", epochs=4)
    samples = ready.training.validation
    truth = samples.targets(np.arange(len(samples)))
    best = min(epoch["val_mae"] for epoch in trained.history)
    error = np.abs(trained.forecaster.forecast(samples) - truth).mean()
    assert error == pytest.approx(best, rel=1e-4)


def test_measures_of_an_epoch_leave_out_what_was_not_measured():
    """With most targets missing, too, they are the mean over the others."""
    frame = table(400)
    rng = np.random.default_rng(0)
    frame.loc[rng.random(400) < 0.6, ["s0", "s1", "s2"]] = np.nan
    holes = recording(frame)
    ready = prepared(holes, variant="gru", epochs=1)
    fitted = forecast.fit(ready)
    samples = ready.training.validation
    truth = samples.targets(np.arange(len(samples)))
    error = np.abs(fitted.at_epoch(1).forecaster.forecast(samples) - truth)
    assert fitted.history[0]["val_mae"] == pytest.approx(np.nanmean(error), rel=1e-3)
    assert np.isfinite(said(fitted, holes)).all()


def test_any_epoch_can_be_loaded_and_is_that_of_a_training_stopped_there(trained, data, tmp_path):
    assert trained.epochs == [1, 2, 3, 4]
    best = said(trained, data)
    trained.save(tmp_path)
    loaded = forecast.load(tmp_path)
    np.testing.assert_array_equal(said(loaded, data), best)
    assert loaded.epochs == [1, 2, 3, 4]
    two = forecast.fit(prepared(data, variant="gru", epochs=2))
    second = said(two.at_epoch(2), data)
    np.testing.assert_array_equal(said(loaded.at_epoch(2), data), second)
    assert np.abs(said(loaded.at_epoch(4), data) - second).max() > 0
    np.testing.assert_array_equal(said(forecast.load(tmp_path), data), best)


def test_an_epoch_that_was_not_kept_is_an_error(trained, data):
    with pytest.raises(ConfigError, match=r"no epoch 9\. Epochs are: 1, 2, 3, 4"):
        trained.at_epoch(9)
    linear = forecast.fit(prepared(data, variant="ridge"))
    assert linear.epochs == []
    with pytest.raises(ConfigError, match="Ridge regression is not trained in epochs"):
        linear.at_epoch(1)


def test_a_resumed_training_keeps_the_epochs_before(trained, data, tmp_path):
    checkpoint = tmp_path / "now.npz"
    ready = prepared(data, variant="gru", epochs=4)
    with pytest.raises(Cancelled):
        forecast.fit(ready, reporter=Until(2), checkpoint=checkpoint)
    resumed = forecast.fit(ready, checkpoint=checkpoint)
    assert resumed.epochs == [1, 2, 3, 4]
    np.testing.assert_array_equal(said(resumed, data), said(trained, data))
    np.testing.assert_array_equal(said(resumed.at_epoch(1), data), said(trained.at_epoch(1), data))


def test_a_silenced_sensor_reads_its_mean(data):
    fitted = forecast.fit(prepared(data, variant="ridge", target="s0"))
    mean = np.float32(fitted.scale.center[1, 0])
    frame = data.frame.assign(s1=mean)
    expected = said(fitted, replace(data, frame=frame))
    result = forecast.predict(fitted, data, silent="s1")
    np.testing.assert_allclose(result.forecasts, expected, atol=1e-4)
    assert np.abs(result.forecasts - said(fitted, data)).max() > 0.01
    # Persistence of the silenced target itself is its mean; what really was stays to compare with.
    other = forecast.predict(fitted, data, silent="s0")
    np.testing.assert_array_equal(other.actual, result.actual)
    with pytest.raises(DataError, match="no sensor 's9' to silence"):
        forecast.predict(fitted, data, silent="s9")


def test_a_channel_of_all_stations_may_be_silenced():
    data = stations()
    fitted = forecast.fit(prepared(data, variant="ridge", target="s1"))
    usual = said(fitted, data)
    for name in ("s0", "c"):
        assert np.abs(forecast.predict(fitted, data, silent=name).forecasts - usual).max() > 0


def test_on_its_own_recording_validation_and_test_are_forecast(data):
    fitted = forecast.fit(prepared(data, variant="persistence"))
    result = forecast.predict(fitted, data)
    assert result.steps["part"].value_counts().to_dict() == {
        "train": 168,
        "validation": 24,
        "test": 48,
        "embargo": 0,
    }
    known = forecast.split(data, config()) != Part.TRAIN
    assert result.origins[0] == 168
    assert set(result.origins[result.test]) == set(range(192, 238))
    assert known[result.origins[:-1]].all()
    assert result.of_part("validation").sum() == 22


def test_another_recording_is_all_test_and_ends_with_what_is_to_come(data):
    fitted = forecast.fit(prepared(data, variant="ridge"))
    other = recording(seed=5, rows=50)
    result = forecast.predict(fitted, other)
    assert set(result.steps["part"]) == {"test"}
    assert result.origins.tolist() == [*range(6, 48), 50]
    assert result.test.sum() == 42
    # As long as one window: nothing but what is to come.
    short = forecast.predict(fitted, recording(seed=5, rows=6))
    assert short.origins.tolist() == [6]
    assert forecast.measures(short) == {"readings": 0}
    cut = recording(table(50, seed=5).iloc[:30])
    np.testing.assert_allclose(
        forecast.predict(fitted, cut).forecasts[-1],
        result.forecasts[result.origins == 30][0],
        rtol=1e-5,
    )


def test_the_order_of_channels_does_not_matter_and_a_missing_one_is_named(data):
    fitted = forecast.fit(prepared(data, variant="ridge"))
    frame = table(60, seed=3)
    turned = recording(frame[["time", "s2", "s0", "s1"]])
    first, second = (forecast.predict(fitted, d) for d in (recording(frame), turned))
    assert first.targets == second.targets
    np.testing.assert_array_equal(first.forecasts, second.forecasts)
    np.testing.assert_array_equal(first.actual, second.actual)
    with pytest.raises(RolesError, match="'s1'"):
        forecast.predict(fitted, recording(frame.drop(columns="s1")))
    nodes = forecast.fit(prepared(stations(), variant="ridge"))
    with pytest.raises(RolesError, match="'b'"):
        forecast.predict(nodes, stations(names="ac"))


def test_without_times_rows_are_numbered(data):
    bare = recording(table().drop(columns="time"))
    result = forecast.predict(forecast.fit(prepared(bare, variant="seasonal-naive")), bare)
    assert list(result.steps) == ["part"]
    assert result.frame(np.array([0]))["time"].tolist() == [168] * 3 + [169] * 3 + [170] * 3
    assert forecast.by_hour(result).empty
    timed = forecast.predict(forecast.fit(prepared(data, variant="seasonal-naive")), data)
    np.testing.assert_array_equal(result.forecasts, timed.forecasts)


def test_the_mean_change_skips_gaps_and_borders():
    """It is the unit of MASE: between rows of one entity that were both measured, in training."""
    frame = stations(names="ac").frame
    frame.loc[5:9, "s0"] = np.nan
    ready = prepared(recording(frame), variant="persistence", nodes="channels")
    changes = np.concatenate(
        [
            rows["s0"].astype(float).diff().iloc[: round(190 * 0.7)].dropna().abs()
            for _, rows in frame.groupby("unit")
        ]
    )
    assert ready.naive[0] == pytest.approx(changes.mean(), rel=1e-5)


def test_the_graph_is_in_the_key_of_what_reads_it_alone(data):
    graph = Graph(("s0", "s1", "s2"), np.ones((3, 3), np.float32))
    drawn = replace(data, graph=graph)
    for variant, reads in (("stgcn", True), ("fusion", True), ("gru", False), ("ridge", False)):
        keys = {key_of("forecast", config(variant=variant), d) for d in (data, drawn)}
        assert (len(keys) == 2) == reads, variant
    assert prepared(drawn, variant="stgcn").graph_source == "given with the data"


@pytest.mark.parametrize("settings", [{}, {"spatial": "conv-st", "fusion": "concat"}])
@pytest.mark.parametrize("nodes", ["one", "one of three", "stations"])
def test_the_fusion_is_trained_saved_and_loaded(nodes, settings, tmp_path):
    data = {
        "one": recording(channels=1),
        "one of three": recording(),
        "stations": stations(),
    }[nodes]
    target = {"one": None, "one of three": "s1", "stations": "s1"}[nodes]
    ready = prepared(data, variant="fusion", target=target, epochs=1, **settings)
    fitted = forecast.fit(ready)
    before = said(fitted, data)
    assert before.shape[2] == (3 if nodes == "stations" else 1)
    assert np.isfinite(before).all()
    fitted.save(tmp_path)
    np.testing.assert_array_equal(said(forecast.load(tmp_path), data), before)
    if settings:
        with pytest.raises(ConfigError, match="joined by concatenation"):
            fitted.forecaster.attention(ready.training.validation)
    else:
        looks = fitted.forecaster.attention(ready.training.validation)
        assert looks.shape[0] == 2
        assert looks.shape[3:] == (2, 6)
        np.testing.assert_allclose(looks.sum(axis=-1), 1, atol=1e-5)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"variant": "fusion"}, True),
        ({"variant": "fusion", "graph": "correlation"}, False),
        ({"variant": "fusion", "graph": "learned"}, False),
        ({"variant": "fusion", "spatial": "conv-st"}, False),
        ({"variant": "ridge"}, False),
    ],
)
def test_a_graph_in_parts_is_noted_by_the_models_that_read_it(data, settings, said, monkeypatch):
    weights = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0]], np.float32)
    graph = Graph(("s0", "s1", "s2"), weights)
    monkeypatch.setattr(Fusion, "fit", lambda self, *_: [])
    nothing = np.zeros((1, 1, 3), np.float32)
    monkeypatch.setattr(Fusion, "forecast", lambda self, samples: nothing)
    notes = forecast.fit(prepared(replace(data, graph=graph), **settings)).notes
    assert any("2 parts that no edge joins; 1 node" in note for note in notes) == said


def test_what_is_known_ahead_makes_a_forecast_better():
    """The target is a switch's doing: known ahead it is certain, else a guess."""
    rng = np.random.default_rng(0)
    switch = rng.integers(0, 2, 400).astype(np.float32)
    frame = pd.DataFrame({"switch": switch, "level": 3 * switch + rng.normal(0, 0.1, 400)})
    data = recording(frame.astype(np.float32))
    patient = {"epochs": 40, "learning_rate": 0.02, "batch_size": 32, "patience": 40}
    errors = [
        forecast.evaluate(
            forecast.predict(
                forecast.fit(prepared(data, variant=variant, target="level", **patient, **more)),
                data,
            )
        )["mae"]
        for variant in ("ridge", "gru")
        for more in ({}, {"future": "switch"})
    ]
    assert errors[1] < 0.2 * errors[0]
    assert errors[3] < 0.3 * errors[2]


def test_a_long_recording_is_forecast_without_all_its_windows_at_once(monkeypatch):
    import tracemalloc

    rows, lookback = 60_000, 96
    data = recording(table(rows, 2).drop(columns="time"))
    fitted = forecast.fit(
        prepared(recording(table(400, 2)), variant="ridge", lookback=lookback, horizon=1)
    )
    tracemalloc.start()
    forecast.predict(fitted, data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < rows * lookback * 2 * 4 / 2, "half of a copy of every window"


def test_origins_of_every_part_together_are_those_that_cross_no_border(data):
    ready = prepared(data, variant="persistence")
    whole = origins_of(ready.panel, 6, 3, np.ones(len(data), bool))
    parts = [origins_of(ready.panel, 6, 3, ready.parts == part) for part in Part]
    assert len(whole) - sum(map(len, parts)) == 2 * (3 - 1)


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("FUSIONSCOPE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    settings.cache_clear()
    yield settings().home
    settings.cache_clear()


def test_a_run_is_stored_with_its_card_epochs_and_baselines(store, data):
    chosen = config(variant="gru", target="s0", epochs=3)
    checkpoint = store / "checkpoints" / "one.npz"
    run, cached = runs.train_or_load("forecast", data, chosen, checkpoint=checkpoint)
    again, cached_again = runs.train_or_load("forecast", data, chosen)
    assert (cached, cached_again, again.id) == (False, True, run.id)
    card = json.loads(json.dumps(run.card()))
    assert set(card["baselines"]) == {"ridge", "seasonal-naive", "persistence"}
    assert card["baselines"]["persistence"]["skill"] == pytest.approx(0, abs=1e-6)
    assert card["split"] == {"train": 168, "validation": 24, "test": 48}
    assert card["fitted"]["season"] == "24 rows"
    assert card["metrics"]["mae"] == pytest.approx(run.metrics["mae"])
    assert {"val_loss", "val_mae", "mae"} <= set(run.history())
    assert run.fitted().epochs == [1, 2, 3]
    assert not checkpoint.exists()
    assert not list(checkpoint.parent.glob("*"))
    stored = run.result()
    assert forecast.measures(stored)["mae"] == pytest.approx(run.metrics["mae"])
    np.testing.assert_array_equal(said(run.fitted(), data), stored.forecasts)
