"""The page Data: bad files and bad choices end in one message, and nothing stored is lost."""

from __future__ import annotations

import errno
import gzip
import io

import numpy as np
import pandas as pd
import pytest
import streamlit as st

from core.data import catalog, open_dataset
from core.settings import settings
from dashboard import charts, data_pictures, figures
from tests.ui.app import errors, metrics, open_page, run, titles

ROWS = 120


def table(**columns) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "time": pd.date_range("2024-01-01", periods=ROWS, freq="1min"),
            "flow": rng.normal(10, 1, ROWS).round(3),
            "heat": rng.normal(50, 2, ROWS).round(3),
        }
    )
    return pd.concat(
        [frame.drop(columns=list(columns), errors="ignore"), pd.DataFrame(columns, frame.index)],
        axis=1,
    )


def csv(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False).encode()


def upload(app, name: str, content: bytes):
    app.file_uploader[0].upload(name, content)
    return run(app)


@pytest.fixture
def stored(home) -> str:
    frame = table(machine=["a"] * 70 + ["b"] * 50, label=[0] * 110 + [1] * 10)
    frame.loc[5:7, "flow"] = np.nan
    return catalog.add_upload(csv(frame), "plant.csv").name


def test_the_page_opens_on_a_sample_with_its_size_and_findings(home):
    app = open_page("data")
    assert titles(app) == ["Data"]
    assert app.selectbox(key="data").value == "pump-station"
    assert metrics(app)["Rows"] == "17,280"
    assert metrics(app)["Entities"] == "3"
    severities = app.table[0].value["Severity"].tolist()
    assert severities[0].startswith(":orange-badge")
    assert not errors(app)


def test_an_upload_is_stored_and_chosen(home):
    app = upload(open_page("data"), "plant.csv", csv(table()))
    name = app.selectbox(key="data").value
    assert name.startswith("plant-")
    assert metrics(app)["Rows"] == str(ROWS)
    assert catalog.entry(name).rows == ROWS


@pytest.mark.parametrize("name", ["plant.parquet", "plant.csv.gz"])
def test_other_kinds_of_file_are_the_same_recording(home, name):
    app = upload(open_page("data"), "plant.csv", csv(table()))
    first = app.selectbox(key="data").value
    buffer = io.BytesIO()
    if name.endswith("gz"):
        buffer.write(gzip.compress(csv(table())))
    else:
        table().to_parquet(buffer)
    app = upload(app, name, buffer.getvalue())
    assert app.selectbox(key="data").value == first
    assert not errors(app)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"time,flow,heat\n", "no rows"),
        (bytes(range(256)) * 40, ""),
        (b"name,place\nann,here\nbob,there\n", "No column holds numbers"),
    ],
    ids=["empty", "header only", "binary", "no numeric column"],
)
def test_a_bad_file_gets_one_message_and_changes_nothing(stored, content, words):
    app = upload(open_page("data", data=stored), "bad.csv", content)
    assert len(errors(app)) == 1
    assert "bad.csv" in errors(app)[0]
    assert words in errors(app)[0]
    assert app.selectbox(key="data").value == stored
    assert metrics(app)["Rows"] == str(ROWS)


def test_a_file_over_the_limit_is_refused(stored, monkeypatch):
    monkeypatch.setenv("FUSIONSCOPE_UPLOAD_LIMIT_MB", "1")
    settings.cache_clear()
    app = upload(open_page("data", data=stored), "large.csv", b"a,b\n" + b"1,2\n" * 300_000)
    assert len(errors(app)) == 1
    assert "large.csv" in errors(app)[0]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"flow": 1.0, "heat": 2.0}, "constant"),
        ({"flow": np.nan, "heat": np.nan, "extra": 1.0}, "constant"),
    ],
    ids=["all constant", "all NaN"],
)
def test_a_recording_without_anything_to_learn_is_kept_and_explained(home, columns, words):
    app = upload(open_page("data"), "flat.csv", csv(table(**columns)))
    assert len(errors(app)) == 1
    assert words in errors(app)[0]
    # The way out is on the page: other columns, or another recording.
    assert any(button.label == "Save and apply" for button in app.button)
    assert app.selectbox(key="data").value.startswith("flat-")


def test_a_full_disk_is_explained_and_nothing_is_lost(stored, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("core.data.uploads.pq.write_table", full)
    app = upload(open_page("data", data=stored), "new.csv", csv(table(flow=range(ROWS))))
    assert len(errors(app)) == 1
    assert "No space left" in errors(app)[0]
    assert app.selectbox(key="data").value == stored
    assert [entry.name for entry in catalog.entries() if entry.kind == "upload"] == [stored]


def test_five_hundred_columns_are_shown(home):
    wide = {f"sensor {n}": np.random.default_rng(n).normal(size=ROWS) for n in range(500)}
    app = upload(open_page("data"), "wide.csv", csv(table(**wide)))
    assert not errors(app)
    assert metrics(app)["Channels"] == "502"


def test_text_among_numbers_is_a_finding(home):
    flow = table()["flow"].astype(str)
    flow[[3, 9]] = "broken"
    app = upload(open_page("data"), "mixed.csv", csv(table(flow=flow)))
    assert not errors(app)
    assert any("text among numbers" in text for text in app.table[0].value["What"])


def test_a_name_with_markdown_is_shown_as_it_is(home):
    app = upload(open_page("data"), "**odd** $x$.csv", csv(table(**{"a*b": range(ROWS)})))
    assert any(r"\*\*odd\*\* \$x\$.csv" in text.value for text in app.markdown)
    assert not errors(app)


def roles(app) -> dict:
    """Return the widgets of the roles by their name."""
    named = [*app.selectbox, *app.multiselect]
    return {w.key.rsplit(".", 1)[1]: w for w in named if w.key and w.key.startswith("recipe.")}


def test_roles_are_guessed_corrected_saved_and_reset(stored):
    app = open_page("data", data=stored, **{"data.tab": "Columns and gaps"})
    assert roles(app)["label"].value == "label"
    roles(app)["label"].set_value("(none)")
    roles(app)["channels"].set_value(["heat"])
    app.button(key=submit(app, "Save and apply")).click()
    run(app)
    saved, _ = catalog.recipe(stored)
    assert saved.channels == ("heat",)
    assert saved.label is None
    assert metrics(app)["Channels"] == "1"
    assert metrics(app)["Labelled"] == "–"
    app.button(key=submit(app, "Reset to the guess")).click()
    run(app)
    assert catalog.recipe(stored) == (None, None)
    assert roles(app)["channels"].value == ["flow", "heat"]


def submit(app, label: str) -> str:
    return next(button.key for button in app.button if button.label == label)


def test_a_label_with_three_values_is_refused_and_nothing_is_saved(home):
    name = catalog.add_upload(csv(table(state=[0, 1, 2] * (ROWS // 3))), "three.csv").name
    app = open_page("data", data=name, **{"data.tab": "Columns and gaps"})
    roles(app)["label"].set_value("state")
    app.button(key=submit(app, "Save and apply")).click()
    run(app)
    assert len(errors(app)) == 1
    assert "state" in errors(app)[0]
    assert catalog.recipe(name) == (None, None)


def test_gaps_and_time_step_are_chosen(stored):
    app = open_page("data", data=stored, **{"data.tab": "Columns and gaps"})
    assert metrics(app)["Filled in"] == "3"
    roles(app)["missing"].set_value("drop")
    app.button(key=submit(app, "Save and apply")).click()
    run(app)
    assert metrics(app)["Filled in"] == "0"
    roles(app)["step"].set_value("5min")
    app.button(key=submit(app, "Save and apply")).click()
    run(app)
    assert metrics(app)["Step"] == "5 min"
    assert catalog.recipe(stored)[1].step == "5min"
    roles(app)["time"].set_value("(none)")
    app.button(key=submit(app, "Save and apply")).click()
    run(app)
    assert len(errors(app)) == 1
    assert "needs a time column" in errors(app)[0]
    assert catalog.recipe(stored)[0].time == "time"


def test_statistics_have_units_missing_and_filled_in_cells(stored):
    app = open_page("data", data=stored, **{"data.tab": "Statistics"})
    frame = app.dataframe[0].value.set_index("channel")
    assert frame.loc["flow", "missing"] == 3
    assert frame.loc["flow", "imputed"] == 3
    data = open_dataset(stored)
    assert frame.loc["heat", "mean"] == pytest.approx(data.values[:, 1].mean(), rel=5e-3)
    pump = open_page("data", data="pump-station", **{"data.tab": "Statistics"})
    assert "bar" in pump.dataframe[0].value["unit"].tolist()


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ({"data": "nowhere"}, "data set = nowhere"),
        ({"entity": "pump-9"}, "entity = pump-9"),
        ({"channels": ["flow", "smell"]}, "channels smell"),
        ({"from_": "10", "to": "999999"}, "rows 10 to 999999"),
        ({"from_": "x"}, "rows x"),
    ],
)
def test_a_wrong_link_gets_a_notice(home, link, words):
    app = open_page("data", **link)
    assert any(words in warning.value for warning in app.warning), [w.value for w in app.warning]
    assert app.selectbox(key="data").value == "pump-station"


def test_a_link_reopens_the_same_view(home):
    app = open_page("data", data="wind-park", channels=["wind_speed"], from_="100", to="300")
    assert app.selectbox(key="data").value == "wind-park"
    assert app.multiselect(key="channels").value == ["wind_speed"]
    assert any("200 rows shown" in text.value for text in app.caption)
    app.button(key="data-all").click()
    run(app)
    assert not any("rows shown" in text.value for text in app.caption)


def test_another_recording_forgets_entity_and_channels(home):
    app = open_page("data", entity="pump-2", channels=["speed"])
    app.selectbox(key="data").set_value("wind-park")
    run(app)
    assert not app.warning
    assert app.selectbox(key="entity").value in open_dataset("wind-park").entities


def test_a_public_set_shows_licence_and_source_before_it_is_fetched(home, monkeypatch):
    monkeypatch.delenv("FUSIONSCOPE_DATA_DIR", raising=False)
    settings.cache_clear()
    app = open_page("data", data="skab/valve1/0")
    facts = app.table[0].value
    assert "GPL-3.0" in facts.to_string()
    assert "githubusercontent" in facts.to_string()
    assert app.button(key="data-fetch").label == "Accept GPL-3.0 and fetch"
    assert not any(button.key == "data-detect" for button in app.button)


def test_a_fetch_that_fails_says_how_to_get_the_file(home, monkeypatch):
    monkeypatch.delenv("FUSIONSCOPE_DATA_DIR", raising=False)
    settings.cache_clear()
    app = open_page("data", data="skab/valve1/0")
    import requests

    def unreachable(*_, **__):
        raise requests.ConnectionError

    monkeypatch.setattr(requests, "get", unreachable)
    app.button(key="data-fetch").click()
    run(app)
    assert len(errors(app)) == 1
    assert "FUSIONSCOPE_DATA_DIR" in errors(app)[0]


def test_an_upload_is_deleted_after_a_question(stored):
    app = open_page("data", data=stored)
    app.button(key="data-delete").click()
    run(app)
    assert catalog.known(stored)
    app.button(key="data-delete-yes").click()
    run(app)
    assert not catalog.known(stored)
    assert app.selectbox(key="data").value == "pump-station"


def test_a_damaged_upload_is_explained_and_can_be_deleted(stored):
    st.cache_resource.clear()
    next((settings().home / "datasets").glob("*.parquet")).write_bytes(b"PAR1 gone")
    app = open_page("data", data=stored)
    assert len(errors(app)) == 1
    assert "Upload plant.csv again" in errors(app)[0]
    assert app.button(key="data-delete")


def test_the_button_leads_to_the_anomalies_of_this_recording(stored):
    app = open_page("data", data=stored)
    app.button(key="data-detect").click()
    run(app)
    assert titles(app) == ["Anomalies"]
    assert app.selectbox(key="data").value == stored


def drawn(monkeypatch, **link) -> dict[str, dict[str, pd.DataFrame]]:
    """Return the data of each chart by what the chart is called."""
    found = {}
    monkeypatch.setattr(
        data_pictures, "show", lambda _, data, *, alt, **__: found.update({alt: data})
    )
    open_page("data", **link)
    return found


def test_every_channel_is_offered_as_a_file(stored, monkeypatch):
    names = []
    monkeypatch.setattr(figures, "download", lambda *drawn: names.append(drawn[-1]))
    open_page("data", data=stored)
    assert names == [f"{stored}-{name}" for name in ("flow", "heat")]


def test_filled_in_values_are_marked_in_their_channel_alone(stored, monkeypatch):
    found = drawn(monkeypatch, data=stored)
    assert len(found["Readings of channel flow"]["imputed"]) == 3
    assert found["Readings of channel heat"]["imputed"].empty


def test_labels_are_a_band_and_an_entity_has_its_own_rows(stored, monkeypatch):
    first = drawn(monkeypatch, data=stored, entity="a")["Readings of channel heat"]
    second = drawn(monkeypatch, data=stored, entity="b")["Readings of channel heat"]
    assert first["labels"].empty
    assert len(second["labels"]) == 1
    assert [len(first["points"]), len(second["points"])] == [70, 50]
    assert first["points"]["x"].max() < second["points"]["x"].min()


def test_a_part_is_drawn_at_full_resolution(home, monkeypatch):
    whole = drawn(monkeypatch, data="pump-station", channels=["flow"])
    part = drawn(monkeypatch, data="pump-station", channels=["flow"], from_="1000", to="2000")
    points = [found["Readings of channel flow"]["points"] for found in (whole, part)]
    assert len(points[0]) < 5760
    assert len(points[1]) == 1000


def test_the_overview_can_be_brushed():
    params = data_pictures._overview_chart(charts.Axis(True, "Time"), "bar").to_dict()["params"]
    assert [param["name"] for param in params] == ["brush"]
