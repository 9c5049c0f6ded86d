from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.data import catalog, open_dataset, simulate
from core.data.faults import KINDS
from core.data.plants import PLANTS
from core.errors import StorageError
from tests.conftest import ROOT

FOLDER = ROOT / "sample_data"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return simulate.write_samples(tmp_path_factory.mktemp("samples"))


def test_equal_to_the_byte(made: list[Path]) -> None:
    assert {path.name for path in made} == {path.name for path in FOLDER.glob("*.csv")}
    for path in made:
        assert path.read_bytes() == (FOLDER / path.name).read_bytes(), path.name


def test_small(made: list[Path]) -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 6_500_000


@pytest.mark.parametrize("name", PLANTS)
def test_every_machine_has_every_fault_and_a_free_start(name: str) -> None:
    plant = PLANTS[name]
    frame = pd.read_csv(FOLDER / f"{name}.csv", keep_default_na=True)
    assert len(KINDS) >= 6
    np.testing.assert_array_equal(frame["anomaly"] == 1, frame["fault"].notna())
    for machine, part in frame.groupby(plant.entity):
        assert machine in plant.entities
        assert len(part) == plant.rows
        assert not part["anomaly"].iloc[: plant.train_rows].any()
        assert set(part["fault"].dropna()) == set(KINDS)
        starts = ((part["anomaly"].diff() == 1) & (part["anomaly"] == 1)).sum()
        assert starts == len(KINDS)


@pytest.mark.parametrize("name", PLANTS)
def test_roles_are_guessed(name: str) -> None:
    plant = PLANTS[name]
    data = open_dataset(FOLDER / f"{name}.csv")
    assert data.roles.time == "time"
    assert data.roles.entity == plant.entity
    assert data.roles.label == "anomaly"
    assert data.channels == tuple(plant.channels)
    assert data.step == pd.Timedelta(plant.step, "s")
    assert list(data.entities) == list(plant.entities)


@pytest.mark.parametrize("name", PLANTS)
def test_documented(name: str) -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    section = re.split(r"^## ", text, flags=re.MULTILINE)
    about = next(part for part in section if part.startswith(f"{name}.csv"))
    for channel, facts in PLANTS[name].channels.items():
        assert f"| `{channel}` | {facts.unit} | {facts.help} |" in about
    for kind, fault in KINDS.items():
        assert f"| `{kind}` | {fault.help} |" in text
    assert "CC0" in text
    assert catalog.entry(name).faults == {kind: fault.help for kind, fault in KINDS.items()}


@pytest.mark.parametrize("name", PLANTS)
def test_worth_more_than_a_look_at_single_sensors(name: str) -> None:
    """What each sensor shows alone finds few faults, their relation finds clearly more."""
    plant = PLANTS[name]
    data = open_dataset(FOLDER / f"{name}.csv")
    assert data.labels is not None
    alone, together = [], []
    for rows in data.entities.values():
        x, label = data.values[rows].astype(float), data.labels[rows]
        train = x[: plant.train_rows]
        z = (x - train.mean(axis=0)) / train.std(axis=0)
        axes = np.linalg.svd(z[: plant.train_rows], full_matrices=False)[2][:4]
        rest = z - z @ axes.T @ axes
        for scores, found in ((np.abs(z).max(axis=1), alone), ((rest**2).sum(axis=1), together)):
            cut = np.quantile(scores[: plant.train_rows], 0.995)
            found.append((scores > cut)[label].mean())
    assert np.mean(alone) < 0.25
    assert np.mean(together) > 1.8 * np.mean(alone)
    assert np.mean(together) < 0.9


def test_folder_that_may_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="samples cannot be written"):
        simulate.write_samples(tmp_path / "file" / "samples")
