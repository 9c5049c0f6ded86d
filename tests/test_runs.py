from __future__ import annotations

import errno
import json
import math
import os
import sqlite3
import subprocess
import sys
import zipfile
import zlib
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from core import artifacts, run_save, runs, tracking
from core.errors import RunDamaged, RunError, RunNotFound, StorageError
from core.settings import settings
from tests import fake


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory):
    """One store for the module: making its tables takes seconds."""
    fake.install()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUSIONSCOPE_HOME", str(tmp_path_factory.mktemp("home")))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        settings.cache_clear()
        yield settings().home
    settings.cache_clear()


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """A number of the test's own, so that tests do not find one another's runs."""
    return zlib.crc32(request.node.nodeid.encode()) % 10**9


def train(seed: int, rows: int = 60, name: str = "pump", **settings):
    data = fake.dataset(rows=rows, name=name, seed=seed)
    return runs.train_or_load("fake", data, fake.Config(seed=seed, **settings))


def test_the_second_time_the_stored_run_is_returned(store, seed):
    run, cached = train(seed)
    again, cached_again = train(seed)
    assert (cached, cached_again) == (False, True)
    assert again.id == run.id
    assert run.task == "fake"
    assert run.config == {
        "variant": "mean",
        "epochs": 3,
        "pause": 0.0,
        "trouble": "",
        "seed": seed,
        "level": 0.3,
        "lookback": 16,
    }
    assert run.metrics["f1"] > 0
    assert math.isnan(run.metrics["undefined"])
    assert runs.find("0" * 32) is None


def test_another_setting_another_data_set_another_run(store, seed):
    keys = {train(seed)[0].key, train(seed, epochs=2)[0].key, train(seed, rows=61)[0].key}
    assert len(keys) == 3


def test_a_run_gives_back_all_that_was_stored(store, seed):
    run, _ = train(seed)
    data = fake.dataset(seed=seed)
    assert np.array_equal(run.fitted().mean, data.values.mean(axis=0))
    expected = fake.predict(run.fitted(), data).steps
    assert run.result().steps.equals(expected)
    assert run.history()["loss"].tolist() == [1, 1 / 2, 1 / 3]
    assert run.roles == data.roles.model_dump(mode="json")
    assert run.cleaning == data.cleaning.model_dump(mode="json")


def test_the_card_says_what_the_run_was_made_of(store, seed):
    card = train(seed)[0].card()
    assert card["data"]["content"] == f"60-{seed}"
    assert card["split"] == {"train": 30, "test": 30}
    assert card["run"]["version"] == 2
    assert card["notes"] == ["Resumed at epoch 0.", "Raise the cut."]
    assert card["fitted"] == {"mean": "on the training rows"}
    assert card["machine"]["threads"] == settings().threads
    assert {"fusionscope", "python", "numpy"} <= set(card["versions"])
    assert set(card["baselines"]) == {"zero"}
    assert card["baselines"]["zero"]["f1"] > 0


def test_baselines_are_runs_of_their_own(store, seed):
    run, _ = train(seed, name=f"data {seed}")
    frame, total = runs.table(dataset=run.dataset, baseline=True)
    assert frame["variant"].tolist() == ["zero"]
    assert total == 1
    train(seed, name=run.dataset, epochs=2)
    assert runs.table(dataset=run.dataset, baseline=True)[1] == 1


def test_a_cancelled_training_stores_nothing(store, seed):
    class Impatient(fake.Silent):
        def cancelled(self) -> bool:
            return True

    data = fake.dataset(seed=seed, name=f"data {seed}")
    config = fake.Config(seed=seed, pause=0.01)
    with pytest.raises(fake.Cancelled):
        runs.train_or_load("fake", data, config, Impatient())
    assert runs.table(dataset=data.name, baseline=False)[1] == 0


def test_a_run_is_found_by_name_id_and_key(store, seed):
    run, _ = train(seed)
    assert {runs.get(name).id for name in (run.name, run.id, run.key)} == {run.id}


@pytest.mark.parametrize("name", ["", "no such", "x' or '1' = '1", "a`b", "\n", "ü" * 500])
def test_an_unknown_name_is_one_clear_error(store, name):
    with pytest.raises(RunNotFound, match="There is no run"):
        runs.get(name)


def test_a_mistyped_name_gets_a_suggestion(store, seed):
    run = runs.rename(train(seed)[0], "pressure-drop-study")
    with pytest.raises(RunNotFound, match="pressure-drop-study"):
        runs.get("presure-drop-study")
    assert run.name == "pressure-drop-study"


def test_rename_keeps_names_apart(store, seed):
    first, second = train(seed)[0], train(seed, epochs=2)[0]
    renamed = runs.rename(first, f" Été {seed} ")
    assert runs.get(f"Été {seed}").id == renamed.id
    with pytest.raises(RunError, match="Another run"):
        runs.rename(second, f"Été {seed}")
    for name in ("", " ", "a'b", "x" * 81, "a\nb"):
        with pytest.raises(RunError, match="1 to 80"):
            runs.rename(second, name)


def test_two_runs_of_one_name_get_numbers(store, seed, monkeypatch):
    monkeypatch.setattr(run_save, "two_words", lambda key: f"same-{seed}")
    names = [train(seed, epochs=epochs)[0].name for epochs in (1, 2)]
    assert names == [f"same-{seed}-2", f"same-{seed}-3"]  # the baseline took the first


def test_tags_are_the_analysts_own(store, seed):
    run = runs.tag(train(seed)[0], "site", "north 'quoted'")
    assert run.tags == {"site": "north 'quoted'"}
    assert runs.untag(run, "site").tags == {}
    assert runs.untag(run, "never there").tags == {}
    with pytest.raises(RunError, match="reserved"):
        runs.tag(run, "fusionscope.key", "x")


def test_one_champion_a_recording_and_task(store, seed):
    first, second = train(seed)[0], train(seed, epochs=2)[0]
    other = runs.crown(train(seed, rows=50)[0])
    assert runs.crown(first).champion
    assert runs.crown(second).champion
    assert not runs.get(first.id).champion
    assert runs.get(other.id).champion


def test_the_table_filters_sorts_and_pages(store, seed):
    name = f"data {seed} O'Brien 100%"
    for epochs in range(1, 8):
        train(seed, name=name, epochs=epochs)
    runs.tag(runs.get(runs.table(dataset=name)[0]["id"][0]), "note", "Überdruck im Kessel")
    frame, total = runs.table(dataset=name, baseline=False, sort="name", descending=False, limit=3)
    assert total == 7
    assert frame["name"].tolist() == sorted(frame["name"])
    rest, total = runs.table(
        dataset=name, baseline=False, sort="name", descending=False, limit=3, offset=6
    )
    assert (len(rest), total) == (1, 7)
    assert rest["name"][0] > frame["name"][2]
    assert runs.table(dataset=name, offset=50)[1] == 8
    assert runs.table(text=f"überdruck {seed} o'brien")[1] == 1
    assert runs.table(text="überdruck nowhere")[1] == 0
    assert runs.table(dataset=name, champion=True)[1] == 0
    assert runs.table(task="fake", dataset="none such")[0].columns.tolist()[:2] == ["id", "name"]


@pytest.mark.parametrize("existing", [0, 1, 49, 50, 51, 149, 150, 151, 977])
@pytest.mark.parametrize("known", [0, 1, 40])
def test_the_count_finds_the_end(existing, known):
    known = min(known, existing)
    assert runs.tracking._count(lambda position: position < existing, known) == existing


def test_the_operating_point_has_a_history(store, seed):
    run, _ = train(seed)
    assert run.decision() is None
    run.set_decision({"threshold": {"kind": "sigma", "k": 3.0}, "min_length": 2}, who="ana")
    run.set_decision({"threshold": {"kind": "fixed", "value": 1.5}, "min_length": 2}, who="ben")
    assert run.decision()["threshold"] == {"kind": "fixed", "value": 1.5}
    assert [entry["who"] for entry in run.decisions()] == ["ana", "ben"]
    assert runs.get(run.id).tags == {}


def test_a_run_tells_the_operating_point_that_was_in_force_when_it_was_read(store, seed):
    run, _ = train(seed)
    run.set_decision({"threshold": {"kind": "sigma", "k": 3.0}})
    read = runs.get(run.id)
    run.set_decision({"threshold": {"kind": "fixed", "value": 1.5}})
    assert run.decided is None
    assert read.decided == {"threshold": {"kind": "sigma", "k": 3.0}}
    assert runs.get(run.id).decided == run.decision()


def test_the_store_is_asked_again_only_after_a_change(store, seed, monkeypatch):
    name = f"data {seed}"
    run, _ = train(seed, name=name)

    def listed() -> list[str]:
        return [one.name for one in runs.stored("fake", name)]

    before, questions, search = listed(), [], tracking.search

    def counted(*arguments, **options):
        questions.append(arguments)
        return search(*arguments, **options)

    monkeypatch.setattr(tracking, "search", counted)
    assert listed() == before
    assert set(runs.several([run.name, run.id])) == {run.name, run.id}
    assert not questions
    renamed = runs.rename(run, f"other-{seed}")
    questions.clear()
    assert listed() == [renamed.name, *before[1:]]
    assert list(runs.several([run.name, renamed.name])) == [renamed.name]
    assert len(questions) == 3  # the list; the ids and the name that is no more
    with closing(sqlite3.connect(store / "runs.db")) as other:  # as another process has one
        other.execute("UPDATE runs SET lifecycle_stage = 'deleted' WHERE run_uuid = ?", (run.id,))
        other.commit()
    assert listed() == before[1:]
    assert runs.several([run.id, renamed.name]) == {}


def test_deleting_frees_the_disk_and_the_key(store, seed):
    run, _ = train(seed)
    folder = run.folder
    runs.delete(run)
    assert not folder.exists()
    with pytest.raises(RunNotFound):
        runs.get(run.id)
    assert train(seed)[1] is False


@pytest.mark.parametrize("file", ["model/model.npz", "result/scores.parquet", "manifest.json"])
@pytest.mark.parametrize("harm", ["missing", "truncated", "altered"])
def test_a_damaged_run_is_named_and_replaceable(store, seed, file, harm):
    run, _ = train(seed)
    path = run.folder / file
    content = path.read_bytes()
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes(content[:-3] if harm == "truncated" else b"\x00" + content[1:])
    with pytest.raises(RunDamaged, match=path.name):
        run.fitted() if "model" in file else run.result()
    assert runs.table(text=run.name)[1] == 1
    runs.delete(run)
    assert train(seed)[0].fitted() is not None


def test_a_run_whose_folder_is_gone_can_be_listed_and_deleted(store, seed):
    run, _ = train(seed)
    artifacts.shutil.rmtree(run.folder.parent)
    with pytest.raises(RunDamaged, match="manifest"):
        run.card()
    assert runs.get(run.name).id == run.id
    runs.delete(run)


def test_a_full_disk_leaves_nothing_behind(store, seed, monkeypatch):
    before, _ = train(seed)

    def full(self, folder):
        (folder / "model.npz").write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(fake.Fitted, "save", full)
        with pytest.raises(StorageError, match="disk is full"):
            train(seed, epochs=2)
    assert list((settings().home / "staging").iterdir()) == []
    assert before.fitted() is not None
    assert train(seed, epochs=2)[1] is False


def test_a_failure_while_entering_leaves_no_half_run(store, seed, monkeypatch):
    name = f"data {seed}"
    folders = set((store / "artifacts").iterdir())
    with monkeypatch.context() as patch:
        patch.setattr("mlflow.MlflowClient.set_terminated", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(seed, name=name)
    assert runs.table(dataset=name)[1] == 0
    assert set((store / "artifacts").iterdir()) == folders


def _interrupted(*_):
    raise KeyboardInterrupt


def test_a_killed_training_leaves_no_half_run(store, seed):
    script = f"""
import os, signal
from tests import fake
from core import artifacts, run_save, runs, tracking
fake.install()
artifacts.seal = lambda folder: os.kill(os.getpid(), signal.SIGKILL)
runs.train_or_load("fake", fake.dataset(seed={seed}), fake.Config(seed={seed}, variant="zero"))
"""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    process = subprocess.run([sys.executable, "-c", script], env=environment, check=False)
    assert process.returncode == -9
    assert len(list((store / "staging").iterdir())) == 1
    artifacts.sweep()
    assert list((store / "staging").iterdir()) == []
    assert train(seed, variant="zero")[1] is False


def test_processes_write_at_the_same_time(store, seed):
    script = """
import sys
from tests import fake
from core import runs
fake.install()
for epochs in range(1, 6):
    config = fake.Config(seed=int(sys.argv[1]), epochs=epochs)
    runs.tag(runs.train_or_load("fake", fake.dataset(), config)[0], "who", sys.argv[1])
"""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-c", script]
    processes = [
        subprocess.Popen([*command, str(seed + number)], env=environment) for number in range(3)
    ]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert runs.table(text="who", baseline=False)[1] == 15


def test_export_is_a_complete_zip(store, seed, tmp_path):
    run, _ = train(seed)
    path = runs.export(run, tmp_path / "new" / "run.zip")
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert json.loads(archive.read("card.json")) == run.card()
        assert "model/model.npz" in archive.namelist()
    assert list(path.parent.iterdir()) == [path]


def test_a_run_that_a_server_keeps_is_fetched_once(store, seed, monkeypatch):
    monkeypatch.setattr(tracking, "local_folder", lambda entity: None)
    run, _ = train(seed)
    assert run.location is None
    assert run.fitted().mean.shape == (2,)
    assert run.folder == store / "fetched" / run.id
    stamp = (run.folder / "card.json").stat().st_mtime_ns
    assert (run.folder / "card.json").stat().st_mtime_ns == stamp
    (run.folder / "card.json").unlink()
    assert run.card()["run"]["variant"] == "mean"  # a broken copy is fetched again
    runs.delete(run)
    assert not (store / "fetched" / run.id).exists()


def test_a_server_that_does_not_answer_is_one_clear_error(home, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    settings.cache_clear()
    with pytest.raises(RunError, match=r"http://127\.0\.0\.1:9 does not answer"):
        runs.table()


def test_a_list_of_runs_that_is_no_database_is_one_clear_error(home):
    home.mkdir()
    (home / "runs.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(RunError, match=r"runs\.db cannot be opened"):
        runs.table()


def test_a_home_that_cannot_be_made_is_one_clear_error(home):
    home.parent.joinpath("home").write_text("a file")
    with pytest.raises(StorageError):
        runs.table()


def test_a_run_of_another_version_is_explained(store, seed, monkeypatch):
    run, _ = train(seed)

    def other_columns(folder):
        raise KeyError("segment")

    monkeypatch.setattr("tests.fake.read_result", other_columns)
    with pytest.raises(RunDamaged, match="another version"):
        run.result()
