from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.data import roles
from core.data.dataset import Roles
from core.errors import RolesError
from tests.data.conftest import minutes, whats

N = 60
NUMBERS = np.random.default_rng(0).normal(size=N)


def frame(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"time": minutes(N), "a": NUMBERS, "b": -NUMBERS, **columns})


def test_time_and_channels() -> None:
    assert roles.guess(frame()) == Roles(time="time", channels=("a", "b"))


def test_without_time() -> None:
    assert roles.guess(frame().drop(columns="time")) == Roles(channels=("a", "b"))


@pytest.mark.parametrize("name", ["anomaly", "is_anomaly", "Label", "fault", "outlier", "target"])
@pytest.mark.parametrize("values", [[0, 1], [0.0, 1.0], [False, True], [0.0, np.nan, 1.0], [0]])
def test_label(name: str, values: list[float]) -> None:
    guessed = roles.guess(frame(**{name: np.resize(np.array(values), N)}))
    assert guessed.label == name
    assert guessed.channels == ("a", "b")


def test_binary_channel_is_no_label() -> None:
    guessed = roles.guess(frame(valve_open=np.arange(N) % 2))
    assert guessed.label is None
    assert "valve_open" in guessed.channels


def test_label_with_three_values_is_left_out_and_told() -> None:
    data = frame(anomaly=np.arange(N) % 3)
    guessed = roles.guess(data)
    assert guessed.label is None
    assert guessed.channels == ("a", "b")
    assert "holds 0, 1, 2" in whats(roles.left_out(data, guessed))


def test_second_label_is_no_channel() -> None:
    data = frame(anomaly=np.arange(N) % 2, fault=np.arange(N) // 40)
    guessed = roles.guess(data)
    assert guessed.label == "anomaly"
    assert guessed.channels == ("a", "b")


@pytest.mark.parametrize("name", ["changepoint", "change_point", "ChangePoint"])
def test_changepoint_is_neither(name: str) -> None:
    data = frame(**{name: np.arange(N) % 2, "anomaly": np.arange(N) % 2})
    guessed = roles.guess(data)
    assert guessed == Roles(time="time", channels=("a", "b"), label="anomaly")
    assert "change points" in whats(roles.left_out(data, guessed))


@pytest.mark.parametrize("name", ["machine", "unit_id", "Station", "machineId", "id", "pump"])
@pytest.mark.parametrize("kind", ["number", "text"])
def test_entity_by_name(name: str, kind: str) -> None:
    names = np.repeat([3, 7], N // 2)
    column = names if kind == "number" else [f"m{n}" for n in names]
    guessed = roles.guess(frame(**{name: column}))
    assert guessed.entity == name
    assert guessed.channels == ("a", "b")


def test_entity_by_blocks_of_text() -> None:
    assert roles.guess(frame(who=np.repeat(["x", "y", "z"], N // 3))).entity == "who"


def test_entity_by_repeated_stamps() -> None:
    data = pd.DataFrame({"time": np.repeat(minutes(30), 2), "where": ["x", "y"] * 30, "a": NUMBERS})
    assert roles.guess(data).entity == "where"


def test_text_that_changes_to_and_fro_is_no_entity() -> None:
    assert roles.guess(frame(wind=np.resize(["N", "S", "W"], N))).entity is None


def test_unique_text_is_no_entity() -> None:
    assert roles.guess(frame(image=[f"{i}.png" for i in range(N)])).entity is None


def test_integer_sensor_named_after_a_machine_is_a_channel() -> None:
    guessed = roles.guess(frame(engine_speed=np.arange(N) % 4 + 1000))
    assert guessed.entity is None
    assert "engine_speed" in guessed.channels


def test_counter_and_empty_columns_are_left_out() -> None:
    data = frame(**{"Serial Number": np.arange(N), "void": np.full(N, np.nan)})
    guessed = roles.guess(data)
    assert guessed.channels == ("a", "b")
    told = whats(roles.left_out(data, guessed))
    assert "Counts the rows" in told
    assert "Has no values" in told


def test_response_time_is_a_channel() -> None:
    guessed = roles.guess(frame(response_time=np.abs(NUMBERS)).drop(columns="time"))
    assert guessed.time is None
    assert "response_time" in guessed.channels


def good() -> tuple[pd.DataFrame, Roles]:
    data = frame(machine=np.repeat(["x", "y"], N // 2), anomaly=np.arange(N) % 2, note="text")
    return data, Roles(time="time", entity="machine", channels=("a", "b"), label="anomaly")


def test_good_roles_pass() -> None:
    roles.check(*good())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"time": "when"}, "no column 'when' for the role time"),
        ({"channels": ("a", "zz")}, "no column 'zz' for the role channel"),
        ({"channels": ()}, "No column is a channel"),
        ({"channels": ("a", "note")}, "Channel 'note' holds text"),
        ({"channels": ("a", "time"), "time": None}, "Channel 'time' holds time stamps"),
        ({"channels": ("a", "anomaly")}, "'anomaly' is both label and channel"),
        ({"channels": ("a", "a")}, "'a' is both channel and channel"),
        ({"entity": "time"}, "'time' is both time and entity"),
        ({"time": "note"}, "'note' cannot be read as time"),
        ({"time": "a", "channels": ("b",)}, "'a' cannot be read as time"),
        ({"label": "note"}, "Label column 'note' holds text"),
        ({"label": "b", "channels": ("a",)}, "Label column 'b' holds"),
    ],
)
def test_bad_roles(change: dict[str, object], says: str) -> None:
    data, fine = good()
    with pytest.raises(RolesError, match=says):
        roles.check(data, fine.model_copy(update=change))


def test_label_with_three_values_is_refused() -> None:
    data = frame(state=np.arange(N) % 3)
    with pytest.raises(RolesError, match="'state' holds 0, 1, 2"):
        roles.check(data, Roles(channels=("a",), label="state"))


def test_a_numbered_sensor_is_no_count_of_seconds() -> None:
    frame = pd.DataFrame({"s1": np.arange(50.0), "s2": np.arange(50.0) ** 2})
    assert roles.guess(frame).time is None
    assert roles.guess(frame.rename(columns={"s1": "s"})).time == "s"
