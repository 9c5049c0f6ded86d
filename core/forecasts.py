"""Questions about stored forecast runs that need the model or scipy: a worker answers them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pandas as pd

from core import forecast, runs
from core.data import open_dataset
from core.data.dataset import Cleaning, Dataset, Roles
from core.errors import ConfigError, DataError
from core.forecast import Fitted, Result
from core.forecast.fusion import Fusion
from core.forecast.metrics import Metrics

MOST = 200  # forecasts of the test rows that an answer is computed from


def attention(name: str, origin: int) -> np.ndarray:
    """Return (2, R, heads, T) float32: where the two paths of a fusion look from one origin.

    Args:
        name: Of the run, or its id.
        origin: First row that is forecast.

    Raises:
        ConfigError: the run is no fusion by attention, or makes no forecast from there.
    """
    fitted, dataset = _opened(name)
    if not isinstance(fitted.forecaster, Fusion):
        raise ConfigError(
            "Only a fusion of two paths has attention between them.", "Choose a run of Fusion."
        )
    samples, _ = forecast.samples_of(fitted, dataset, np.array([origin]))
    if not len(samples):
        raise ConfigError(f"There is no forecast from row {origin:,}.", "Choose another moment.")
    return fitted.forecaster.attention(samples)[:, 0]


def silenced(name: str, sensor: str, most: int = MOST) -> tuple[pd.DataFrame, int]:
    """Return what the error becomes when a run does not get the readings of one sensor.

    Args:
        name: Of the run, or its id.
        sensor: A node, or a channel where entities are the nodes.
        most: Test forecasts to look at, spread evenly over all of them.

    Returns:
        One row a target, the first for all of them together (target ""): target, mae with the
        sensor, silent without it. And how many forecasts were looked at.
    """
    fitted, dataset = _opened(name)
    stored: Result = runs.get(name).result()
    origins = spread(stored.origins[stored.test], most)
    without = forecast.predict(fitted, dataset, silent=sensor, origins=origins)
    same = np.isin(stored.origins, without.origins)
    known, _, places = np.intersect1d(without.origins, stored.origins[same], return_indices=True)
    error = [
        np.abs(result.truth - said).astype(np.float64)
        for result, said in (
            (without, stored.forecasts[same][places]),
            (without, without.forecasts),
        )
    ]
    rows = [("", *(float(np.nanmean(one)) for one in error))]
    for place, target in enumerate(stored.targets):
        kept = [one[:, :, place] for one in error]
        if np.isfinite(kept[0]).any():
            rows.append((target, *(float(np.nanmean(one)) for one in kept)))
    return pd.DataFrame(rows, columns=["target", "mae", "silent"]), len(known)


def at_epoch(name: str, epoch: int | None, most: int = MOST) -> dict[str, Metrics]:
    """Return the measures of a run with the weights of one epoch, on forecasts spread evenly.

    Args:
        name: Of the run, or its id.
        epoch: Counted from 1; None for the weights that the run keeps.
        most: Forecasts of each part to look at.

    Returns:
        Measures by part, "validation" and "test".

    Raises:
        ConfigError: the epoch was not kept, or the run is not trained in epochs.
    """
    run = runs.get(name)
    stored: Result = run.result()
    chosen = {
        part: spread(stored.origins[stored.of_part(part)], most) for part in ("validation", "test")
    }
    if epoch is None:
        said = stored
    else:
        # Not the fitted one that other questions share: its weights are exchanged.
        fitted = run.fitted().at_epoch(epoch)
        said = forecast.predict(
            fitted, _dataset(run.id), origins=np.concatenate(list(chosen.values()))
        )
    return {
        part: forecast.measures(said, np.isin(said.origins, origins))
        for part, origins in chosen.items()
    }


def compare(names: Sequence[str], reference: str) -> tuple[pd.DataFrame, str | None]:
    """Return stored runs side by side, and the one that is best by more than luck.

    Args:
        names: Of the runs, or their ids, all on one recording.
        reference: The one that the others are compared with.

    Returns:
        What `core.forecast.side_by_side` and `best_of` return.
    """
    results = {name: runs.get(name).result() for name in names}
    return forecast.side_by_side(results, reference), forecast.best_of(results)


def spread(origins: np.ndarray, most: int) -> np.ndarray:
    """Return at most *most* of *origins*, evenly spread."""
    if len(origins) <= most:
        return origins
    return origins[np.linspace(0, len(origins) - 1, most).round().astype(int)]


def _opened(name: str) -> tuple[Fitted, Dataset]:
    """Return the model of a run and its recording; they stay in memory for the next question."""
    run = runs.get(name)
    return _fitted(run.id), _dataset(run.id)


@lru_cache(maxsize=2)
def _fitted(identifier: str) -> Fitted:
    fitted: Fitted = runs.get(identifier).fitted()
    return fitted


@lru_cache(maxsize=2)
def _dataset(identifier: str) -> Dataset:
    run = runs.get(identifier)
    dataset = open_dataset(run.source, roles=Roles(**run.roles), cleaning=Cleaning(**run.cleaning))
    if dataset.fingerprint != run.fingerprint:
        raise DataError("The file has changed since the run was trained.", "Train a new run.")
    return dataset
