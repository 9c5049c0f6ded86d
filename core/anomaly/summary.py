"""What a benchmark says: means per set, and differences that more than chance makes."""

from __future__ import annotations

import numpy as np
import pandas as pd

LEAD = "vus_pr"
SHOWN = (
    *(LEAD, "composite_f1", "false_alarm_rate", "delay_steps", "event_f1", "average_precision"),
    *("hit_100", "hit_150"),
)
RESAMPLES, LEVEL = 2_000, 0.95


def means(results: pd.DataFrame, metric: str = LEAD) -> pd.DataFrame:
    """Return the mean of *metric*: one row a variant, the best first.

    Seeds are averaged within an entity, entities within a set, and sets in the column "mean".
    Entities without the metric (no labelled anomaly) do not count. A variant that was not run on
    every entity of a set has no mean there.
    """
    table = _by_entity(results, metric)
    full = table.dropna(how="all")
    frame = full.groupby(level="set").mean().T
    # An entity may have been run without the metric: a delay needs an anomaly that was caught.
    runs = pd.crosstab([results["set"], results["entity"]], results["variant"]).loc[full.index]
    frame = frame.mask((runs == 0).groupby(level="set").any().T)
    frame["mean"] = frame.mean(axis=1, skipna=False)
    return frame.sort_values("mean", ascending=False, na_position="last")


def differences(
    results: pd.DataFrame, against: str, metric: str = LEAD, seed: int = 0
) -> pd.DataFrame:
    """Return how far each variant is from *against*, with an interval from a paired bootstrap.

    Entities are drawn with replacement within their sets, the same ones for both variants (Efron
    and Tibshirani 1993, "An Introduction to the Bootstrap"); the mean is over sets.

    Args:
        results: As `core.anomaly.benchmark` writes it.
        against: Variant to compare with.
        metric: Higher is better.
        seed: Of the resampling.

    Returns:
        Frame [variant, difference, low, high, better, entities]: better is "yes" or "no" where
        the interval leaves 0 out, else "".
    """
    table = _by_entity(results, metric)
    rng = np.random.default_rng(seed)
    rows = []
    for variant in table.columns.drop(against):
        gaps = (table[variant] - table[against]).dropna()
        if gaps.empty:
            continue
        sets = [part.to_numpy() for _, part in gaps.groupby(level="set")]
        drawn = np.mean(
            [part[rng.integers(len(part), size=(RESAMPLES, len(part)))].mean(1) for part in sets], 0
        )
        low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        better = "yes" if low > 0 else "no" if high < 0 else ""
        difference = float(np.mean([part.mean() for part in sets]))
        rows.append((variant, difference, float(low), float(high), better, len(gaps)))
    columns = ["variant", "difference", "low", "high", "better", "entities"]
    return pd.DataFrame(rows, columns=columns).sort_values("difference", ascending=False)


def overview(results: pd.DataFrame) -> pd.DataFrame:
    """Return the mean over sets of the leading metrics, one row a variant, the best first."""
    columns = {
        metric: means(results, metric)["mean"] for metric in SHOWN if metric in results.columns
    }
    frame = pd.DataFrame(columns)
    seconds = results.groupby("variant")[["fit_seconds", "score_seconds"]].mean().sum(axis=1)
    frame["seconds"] = seconds
    return frame.sort_values(frame.columns[0], ascending=False, na_position="last")


def _by_entity(results: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return one row an entity, one column a variant; seeds are averaged."""
    return results.pivot_table(metric, ["set", "entity"], "variant", aggfunc="mean", dropna=False)
