"""How a recording becomes nodes, features, parts and windows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core import forecast
from core.data.dataset import Dataset
from core.data.splits import Part
from core.errors import ConfigError, DataError, RolesError, TooShort
from core.forecast.panel import leaks, panel_of, untold
from core.forecast.samples import origins_of, split_of
from core.forecast.scale import Scale
from tests.forecast.examples import (
    config,
    prepared,
    recording,
    stations,
    table,
    training_samples,
)


def test_channels_are_nodes_and_the_target_one_of_them():
    data = recording()
    every, one = panel_of(data, config()), panel_of(data, config(target="s1"))
    assert every.nodes == one.nodes == ("s0", "s1", "s2")
    assert (every.names, one.names) == (["s0", "s1", "s2"], ["s1"])
    np.testing.assert_array_equal(every.values[:, :, 0], data.frame[["s0", "s1", "s2"]])
    np.testing.assert_array_equal(one.actual[:, 0], data.frame["s1"])


def test_entities_that_are_recorded_together_are_nodes_on_one_grid_of_time():
    data = stations()
    panel = panel_of(data, config(target="s1"))
    assert (panel.kind, panel.nodes, panel.features) == ("entities", ("a", "b", "c"), ("s1", "s0"))
    assert panel.values.shape == (200, 3, 2)
    late = data.frame[data.frame["unit"] == "b"]
    np.testing.assert_array_equal(panel.values[10:, 1, 0], late["s1"])
    assert np.isnan(panel.values[:10, 1]).all()
    assert not panel.known[:10, 1].any()
    assert panel.known[10:, 1].all()
    # What is behind the end of the others is their last reading, and counts as not measured.
    ends = data.frame[data.frame["unit"] == "a"]["s1"].to_numpy()
    np.testing.assert_array_equal(panel.values[190:, 0, 0], np.full(10, ends[-1]))
    assert np.isnan(panel.actual[190:, 0]).all()
    assert "No target was chosen: s0" in panel_of(data, config()).notes[0]


def test_a_row_that_no_entity_has_is_a_gap_of_the_grid():
    frame = stations(names="ac").frame
    hole = frame["time"] == pd.Timestamp("2024-01-02 05:00")
    panel = panel_of(recording(frame[~hole].reset_index(drop=True)), config())
    assert len(panel) == 190
    assert panel.known.all(axis=(1, 2)).sum() == 189
    assert not panel.known[29].any()
    np.testing.assert_array_equal(panel.values[29], panel.values[28])


def test_times_without_a_step_stay_as_they_are():
    rng = np.random.default_rng(0)
    frame = stations(names="ac").frame
    jitter = pd.to_timedelta(rng.integers(0, 600, 190), "s").to_numpy()
    frame["time"] += np.tile(jitter, 2)
    panel = panel_of(recording(frame), config())
    assert len(panel) == 190
    assert panel.known.all()


@pytest.mark.parametrize("settings", [{"entity": "b"}, {"nodes": "channels"}])
def test_entities_may_be_read_one_by_one(settings):
    data = stations()
    panel = panel_of(data, config(**settings))
    assert (panel.kind, panel.nodes) == ("channels", ("s0", "s1"))
    assert len(panel) == (190 if settings.get("entity") else 570)
    assert len(panel.units) == (1 if settings.get("entity") else 3)
    if settings.get("entity"):
        rows = data.entities["b"]
        np.testing.assert_array_equal(panel.values[:, 0, 0], data.frame["s0"].iloc[rows])
        assert panel.time[0] == data.frame["time"].iloc[rows.start]


def test_entities_at_other_times_are_not_nodes_of_one_graph():
    frame = pd.concat(
        [
            table(60).assign(unit=name, time=lambda f, day=day: f["time"] + pd.Timedelta(days=day))
            for name, day in (("a", 0), ("b", 30), ("c", 60))
        ],
        ignore_index=True,
    )
    data = recording(frame)
    assert panel_of(data, config()).kind == "channels"
    with pytest.raises(DataError, match="same times"):
        panel_of(data, config(nodes="entities"))
    with pytest.raises(ConfigError, match="there is one only"):
        panel_of(recording(), config(nodes="entities"))


def test_a_gap_holds_the_last_reading_and_never_a_line_to_the_next():
    frame = table()
    frame.loc[50:59, "s0"] = np.nan
    frame.loc[0:2, "s1"] = np.nan
    panel = panel_of(recording(frame), config())
    np.testing.assert_array_equal(panel.values[50:60, 0, 0], np.full(10, frame["s0"][49]))
    assert np.isnan(panel.values[:3, 1, 0]).all()
    assert np.isnan(panel.actual[50:60, 0]).all()
    # What comes behind the gap changes nothing in it.
    frame.loc[60:, "s0"] += 5
    np.testing.assert_array_equal(
        panel_of(recording(frame), config()).values[:60], panel.values[:60]
    )


def test_rows_that_were_never_recorded_are_gaps_between_channels_too():
    frame = table()
    kept = frame.drop(index=range(51, 60))
    whole, holed = (panel_of(recording(one), config()) for one in (frame, kept))
    assert len(holed) == len(whole) == len(frame)
    assert holed.time.equals(whole.time)
    np.testing.assert_array_equal(holed.values[60:], whole.values[60:])
    np.testing.assert_array_equal(holed.values[51:60, 0, 0], np.full(9, frame["s0"][50]))
    assert not holed.known[51:60].any()


def test_no_window_leaps_over_a_longer_break():
    frame = table().drop(index=range(50, 70))
    panel = panel_of(recording(frame), config())
    assert panel.segments == [slice(0, 50), slice(50, 220)]
    np.testing.assert_array_equal(panel.values[:, 0, 0], frame["s0"])


def test_each_entity_has_a_time_grid_of_its_own_where_channels_are_nodes():
    frame = stations().frame
    later = frame["unit"] == "b"
    frame.loc[later, "time"] += pd.Timedelta("100D")
    kept = frame.drop(index=frame.index[later][20:25])
    whole, holed = (panel_of(recording(one), config(nodes="channels")) for one in (frame, kept))
    assert holed.units == whole.units
    np.testing.assert_array_equal(
        np.flatnonzero(~holed.known.all(axis=(1, 2))), np.flatnonzero(later)[20:25]
    )


def test_a_gap_does_not_reach_back_into_another_entity():
    frame = stations().frame
    frame.loc[frame.index[190:195], "s0"] = np.nan
    panel = panel_of(recording(frame), config(nodes="channels"))
    assert np.isnan(panel.values[190:195, 0, 0]).all()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"target": "x"}, "no channel 'x'"),
        ({"target": "s0", "future": "s1, y"}, "no channel 'y'"),
        ({"entity": "x"}, "no entity 'x'"),
        ({"future": "s1"}, "need a target"),
        ({"target": "s0", "future": "s1,s0"}, "cannot be known ahead"),
    ],
)
def test_settings_that_name_what_is_not_there_are_refused(settings, words):
    with pytest.raises(ConfigError, match=words):
        panel_of(recording(), config(**settings))


def test_what_is_known_ahead_is_read_at_the_rows_that_are_forecast():
    """Once, however often and with whatever blanks it is named."""
    samples = training_samples(target="s0", future=" s2,s1 ,, s2")
    assert [samples.panel.nodes[node] for node, _ in samples.panel.future] == ["s2", "s1"]
    batch = samples.inputs(np.array([4]))
    rows = samples.origins[4] + np.arange(3)
    np.testing.assert_array_equal(batch.future[0], samples.scaled[rows][:, [2, 1], 0])
    assert training_samples(target="s0").inputs(np.array([4])).future.shape == (1, 3, 0)


def test_a_panel_is_arranged_as_a_model_wants_it():
    settings = config(target="s1", future="s2")
    turned = recording(table()[["time", "s2", "s1", "s0"]])
    panel, other = panel_of(recording(), settings), panel_of(turned, settings)
    again = other.arranged(panel.nodes, panel.features)
    np.testing.assert_array_equal(again.values, panel.values)
    assert (again.names, again.future) == (["s1"], panel.future)
    with pytest.raises(RolesError, match="'s9'"):
        panel.arranged(("s0", "s9"), panel.features)
    data = stations()
    panel = panel_of(data, config(target="s1"))
    again = panel.arranged(("c", "b"), ("s0", "s1"))
    np.testing.assert_array_equal(again.values, panel.values[:, [2, 1]][:, :, [1, 0]])
    with pytest.raises(RolesError, match="'s9'"):
        panel.arranged(panel.nodes, ("s9",))


def test_a_column_that_is_the_target_of_the_next_row_is_named():
    frame = table()
    frame["early"] = frame["s0"].shift(-1).ffill()
    panel = panel_of(recording(frame), config(target="s0"))
    rows = np.ones(len(panel), bool)
    (line,) = leaks(panel, rows)
    assert line.startswith("early says one row ahead what s0 will read")
    assert leaks(panel_of(recording(), config()), rows) == []
    frame["early"] = np.nan
    assert leaks(panel_of(recording(frame), config()), rows) == []


def test_parts_are_the_first_and_the_last_rows_of_every_unit():
    data = stations()
    parts = split_of(panel_of(data, config(nodes="channels")), config(train_share=0.6))
    for rows in data.entities.values():
        assert parts[rows].tolist() == (
            [Part.TRAIN] * 114 + [Part.VALIDATION] * 19 + [Part.TEST] * 57
        )
    whole = split_of(panel_of(data, config()), config(train_share=0.6))
    assert np.bincount(whole).tolist() == [0, 120, 20, 60]
    # Shares that leave nothing for the test say so.
    with pytest.raises(TooShort, match="test part of 0 rows"):
        prepared(data, train_share=0.8, validation_share=0.5)


def test_a_forecast_lies_in_one_part_and_its_window_in_one_segment():
    data = stations()
    panel = panel_of(data, config(nodes="channels"))
    parts = split_of(panel, config())
    for part in (Part.TRAIN, Part.VALIDATION, Part.TEST):
        origins = origins_of(panel, 6, 3, parts == part)
        expected = [
            row
            for rows in data.entities.values()
            for row in range(rows.start, rows.stop)
            if row - 6 >= rows.start
            and row + 3 <= rows.stop
            and set(parts[row : row + 3]) == {part}
        ]
        assert origins.tolist() == expected


def test_an_origin_needs_one_reading_of_what_it_forecasts():
    frame = table()
    frame.loc[100:119, "s0"] = np.nan
    panel = panel_of(recording(frame), config(target="s0"))
    origins = set(origins_of(panel, 6, 3, np.ones(len(panel), bool)).tolist())
    assert {97, 98, 99, 118, 119, 120} <= origins
    assert not origins & set(range(100, 118))
    samples = training_samples(recording(frame), target="s0")
    seen = samples.targets(np.flatnonzero(samples.origins == 98))
    assert np.isfinite(seen[0, :, 0]).tolist() == [True, True, False]


def test_only_the_end_of_the_recording_has_a_forecast_beyond():
    """Behind another segment's end begins the next one: its rows are not the forecast ones."""
    panel = panel_of(stations(), config(nodes="channels"))
    origins = origins_of(panel, 6, 3, np.ones(len(panel), bool), beyond=True)
    assert origins[-1] == len(panel)
    assert len(origins) == 3 * (190 - 6 - 3 + 1) + 1


def test_the_scale_is_that_of_measured_training_rows():
    frame = table()
    frame.loc[20:40, "s0"] = np.nan
    data = recording(frame)
    own, shared = (prepared(data, scaling=scaling) for scaling in ("node", "shared"))
    train = frame.iloc[:168][["s0", "s1", "s2"]].astype(float)
    np.testing.assert_allclose(own.scale.center[:, 0], train.mean(), rtol=1e-6)
    np.testing.assert_allclose(own.scale.spread[:, 0], train.std(ddof=0), rtol=1e-6)
    np.testing.assert_allclose(shared.scale.spread[:, 0], np.nanstd(train), rtol=1e-6)
    again = Scale.read(own.scale.to_dict())
    np.testing.assert_array_equal(again.center, own.scale.center)
    scaled = own.scale.transform(own.panel.values)
    assert np.isfinite(scaled).all()
    back = own.scale.inverse(scaled[:, [2, 0], 0], np.array([2, 0]))
    np.testing.assert_allclose(back, own.panel.values[:, [2, 0], 0], rtol=1e-5)


def test_a_channel_that_never_changes_is_0_when_scaled():
    data = recording(table().assign(s1=np.float32(1e6)))
    ready = prepared(data)
    assert not ready.scale.transform(ready.panel.values)[:, 1].any()


def test_what_is_too_short_says_what_is_needed():
    with pytest.raises(
        TooShort, match="has 10 rows without a break; a lookback of 6 and a horizon"
    ):
        prepared(recording(rows=10), horizon=6)
    with pytest.raises(TooShort, match="12 steps fits into the validation part of 10 rows"):
        prepared(recording(rows=100), horizon=12)
    fitted = forecast.fit(prepared(variant="persistence"))
    with pytest.raises(TooShort, match=r"5 rows .* a lookback of 6 needs 6"):
        forecast.predict(fitted, recording(rows=5))


def with_a_plan(rows: int = 5, **more) -> Dataset:
    """Return a recording whose last *rows* say nothing but s2, which is known ahead."""
    frame = table(**more)
    frame.loc[len(frame) - rows :, ["s0", "s1"]] = np.nan
    return recording(frame)


def test_rows_of_which_only_what_is_known_ahead_is_told_are_still_to_come():
    settings = config(target="s0", future="s2")
    panel = panel_of(with_a_plan(), settings)
    assert (panel.end, len(panel)) == (235, 240)
    assert panel_of(with_a_plan(), config(target="s0")).end == 240, "nothing is known ahead there"
    origins = origins_of(panel, 6, 3, np.ones(len(panel), bool), beyond=True)
    assert origins.tolist() == [*range(6, 235), 235]
    data = with_a_plan()
    fitted = forecast.fit(data, config(target="s0", future="s2", variant="ridge"))
    last, _ = forecast.samples_of(fitted, data, np.array([235]))
    scaled = (data.frame["s2"][235:238] - fitted.scale.center[2]) / fitted.scale.spread[2]
    np.testing.assert_allclose(last.inputs(np.array([0])).future[0, :, 0], scaled, rtol=1e-5)


@pytest.mark.parametrize(("rows", "told"), [(0, "0 of 3 rows"), (2, "2 of 3 rows"), (3, None)])
def test_it_is_said_where_what_is_known_ahead_ends_too_soon(rows, told):
    settings = config(target="s0", future="s2")
    notes = untold(panel_of(with_a_plan(rows), settings), settings)
    assert [told in note and "s2" in note for note in notes] == ([True] if told else [])
    assert untold(panel_of(recording(), config()), config()) == []


def test_what_is_still_to_come_counts_nowhere():
    data = with_a_plan()
    result = forecast.predict(
        forecast.fit(data, config(target="s0", future="s2", variant="ridge")), data
    )
    assert result.goes_on
    assert result.origins[-1] == 235
    assert not result.test[-1]
    known = ~np.isnan(result.truth[:, :, 0]).all(axis=1)
    assert known[:-1].all()
    assert result.frame(-1)["time"].tolist() == data.frame["time"][235:238].tolist()
