"""The page Runs: find a run, judge it beside its baselines, name it, crown it, delete it."""

from __future__ import annotations

import json
import zipfile

import pytest

from core import runs
from dashboard import run_filters, run_panels
from tests.ui.app import errors, open_page, run, titles

pytestmark = pytest.mark.usefixtures("stored_home")


def named(variant: str) -> runs.Run:
    table, _ = runs.table(text=variant)
    return runs.get(table["id"].iloc[0])


def listed(app) -> list[str]:
    return app.dataframe[0].value["name"].tolist() if app.dataframe else []


def test_all_runs_are_listed_with_the_number_that_counts():
    app = open_page("runs")
    assert titles(app) == ["Runs"]
    frame = app.dataframe[0].value
    assert len(frame) == 2
    assert frame["score"].str.fullmatch(r"0\.\d+ VUS-PR").all()
    assert frame["state"].tolist() == ["whole", "whole"]
    assert all("(baseline)" in text for text in frame["variant"])
    assert any("Choose one of 2 runs" in text.value for text in app.caption)


def test_filters_are_in_the_link_and_can_be_cleared():
    assert listed(open_page("runs", text="pca")) == [named("pca").name]
    app = open_page("runs", text="pca no-such-word")
    assert listed(app) == []
    assert any("No run meets these filters" in box.value for box in app.info)
    app.button(key="runs-clear").click()
    assert len(listed(run(app))) == 2


def test_baselines_are_hidden_on_request():
    app = open_page("runs")
    app.toggle(key="baselines").set_value(False)
    assert listed(run(app)) == []


def test_champions_alone_and_their_order():
    runs.crown(named("pca"))
    assert listed(open_page("runs", champions="true")) == [named("pca").name]
    names = listed(open_page("runs", sort="name"))
    assert names == sorted(names)


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ({"run": "no-such-run"}, "run = no-such-run"),
        ({"sort": "beauty"}, "order = beauty"),
        ({"task": "cooking"}, "task = cooking"),
        ({"champions": "perhaps"}, "champions only = perhaps"),
        ({"page": "0"}, "page = 0"),
        ({"page": "9"}, "no page 9"),
        ({"run": "'; drop"}, "run = '; drop"),
    ],
)
def test_a_wrong_link_gets_a_notice_and_the_list_still_works(link, words):
    app = open_page("runs", **link)
    assert any(words in warning.value for warning in app.warning), [w.value for w in app.warning]
    assert len(listed(app)) == 2
    assert not errors(app)


def test_pages_are_sorted_and_cut_by_the_store(monkeypatch):
    monkeypatch.setattr(run_filters, "SIZE", 1)
    first, second = (listed(open_page("runs", sort="name", page=page)) for page in ("1", "2"))
    assert len(first) == len(second) == 1
    assert first < second


def test_a_chosen_run_shows_its_card_and_its_history():
    name = named("pca").name
    app = open_page("runs", run=name)
    assert name in [heading.value for heading in app.subheader]
    assert any("waves" in table.value.to_string() for table in app.table)
    app = open_page("runs", run=name, **{"runs.tab": "History"})
    assert any("fitted in one step" in box.value for box in app.info)
    app = open_page("runs", run=name, **{"runs.tab": "Files"})
    assert json.loads(app.json[0].value)["run"]["variant"] == "pca"


def test_a_run_becomes_champion_in_place_of_the_one_before():
    runs.crown(named("max-z"))
    app = open_page("runs", run=named("pca").name)
    app.button(key="runs-crown").click()
    run(app)
    assert named("pca").champion
    assert not named("max-z").champion
    assert app.button(key="runs-crown").disabled


def test_a_run_is_renamed_and_stays_chosen():
    first = named("pca")
    app = open_page("runs", run=first.name)
    app.text_input(key=f"runs-name-{first.id}").set_value("summer model")
    click(app, "Rename")
    assert runs.get("summer model").id == first.id
    assert "summer model" in [heading.value for heading in app.subheader]


@pytest.mark.parametrize("name", ["", "a/b", "../../etc"])
def test_a_bad_name_is_refused_in_one_line(name):
    first = named("pca")
    app = open_page("runs", run=first.name)
    app.text_input(key=f"runs-name-{first.id}").set_value(name)
    click(app, "Rename")
    assert len(errors(app)) == 1
    assert named("pca").name == first.name


def test_tags_are_added_and_taken_off():
    first = named("pca")
    app = open_page("runs", run=first.name)
    app.text_input(key=f"runs-tag-name-{first.id}").set_value("reviewed")
    app.text_input(key=f"runs-tag-value-{first.id}").set_value("by *Ann*")
    click(app, "Add")
    assert runs.get(first.name).tags == {"reviewed": "by *Ann*"}
    assert listed(open_page("runs", text="ann")) == [first.name]
    app.button(key="runs-untag-reviewed").click()
    run(app)
    assert runs.get(first.name).tags == {}


def click(app, label: str) -> None:
    next(one for one in app.button if one.label == label and one.form_id).click()
    run(app)


def test_a_run_is_deleted_after_a_question():
    first = named("pca")
    app = open_page("runs", run=first.name)
    app.button(key="runs-delete").click()
    run(app)
    assert len(listed(app)) == 2
    app.button(key="runs-delete-yes").click()
    run(app)
    assert listed(app) == [named("max-z").name]
    assert first.name not in [heading.value for heading in app.subheader]


def test_the_export_holds_every_file_of_the_run(tmp_path):
    path = tmp_path / "run.zip"
    path.write_bytes(run_panels._packed(named("pca")))
    with zipfile.ZipFile(path) as archive:
        assert {"card.json", "history.parquet", "manifest.json"} <= set(archive.namelist())


@pytest.mark.parametrize("harm", ["deleted", "truncated"])
def test_a_damaged_run_is_explained_and_the_list_still_works(harm):
    first = named("pca")
    path = first.folder / "card.json"
    path.unlink() if harm == "deleted" else path.write_bytes(path.read_bytes()[:20])
    app = open_page("runs", run=first.name)
    assert len(errors(app)) == 1
    assert "Delete the run and train it again" in errors(app)[0]
    frame = app.dataframe[0].value.set_index("name")
    assert frame.loc[first.name, "state"] == "damaged"
    assert frame.loc[named("max-z").name, "state"] == "whole"
    app.button(key="runs-delete").click()
    run(app)
    app.button(key="runs-delete-yes").click()
    run(app)
    assert listed(app) == [named("max-z").name]
    assert not errors(app)


def test_the_button_leads_to_the_timeline():
    first = named("pca")
    app = open_page("runs", run=first.name)
    app.button(key="runs-open").click()
    run(app)
    assert titles(app) == ["Anomalies"]
    assert app.selectbox(key="run").value == first.name
