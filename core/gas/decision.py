"""From probabilities to alarms: threshold, hold time and hysteresis."""

from __future__ import annotations

import numpy as np

from core.config import Config, setting
from core.errors import ConfigError
from core.gas.result import Result

CANDIDATES = 200  # thresholds that are tried


class Decision(Config):
    """When there is an alarm, and when it ends."""

    threshold: float = setting(
        0.5,
        label="Alarm threshold",
        help="Probability of a leak from which on there is an alarm. Lower: fewer misses, more "
        "false alarms.",
        ge=0.0,
        le=1.0,
    )
    hold: int = setting(
        1,
        label="Hold time",
        help="Rows in a row that have to be above the threshold before there is an alarm. More: "
        "fewer false alarms, and a later one.",
        unit="steps",
        ge=1,
        le=500,
    )
    hysteresis: float = setting(
        0.0,
        label="Hysteresis",
        help="How far below the threshold the probability has to fall before an alarm ends. More: "
        "an alarm does not flicker.",
        ge=0.0,
        le=1.0,
    )


def alarms(leak: np.ndarray, decision: Decision, sessions: list[slice]) -> np.ndarray:
    """Return (rows,) bool: rows with an alarm.

    An alarm begins with the last of `hold` rows at or above the threshold and lasts until a row
    falls below the threshold less the hysteresis. None reaches from one session into the next.

    Args:
        leak: (rows,) probability of any gas.
        decision: The rule.
        sessions: Rows of each session, all of them in order.
    """
    above = leak >= decision.threshold
    below = leak < decision.threshold - decision.hysteresis
    starts = np.zeros(len(leak), bool)
    starts[[rows.start for rows in sessions]] = True
    at = np.arange(len(leak))
    # Rows above up to each row: since the last one that was not, or since the session began.
    first = np.maximum.accumulate(np.where(starts, at, 0))
    broken = np.maximum.accumulate(np.where(above, -1, at))
    begins = above & (at - np.maximum(broken, first - 1) >= decision.hold)
    # The state is what the last event made it: an alarm begins, one ends, or a session starts.
    begun = np.maximum.accumulate(np.where(begins, at, -1))
    ended = np.maximum.accumulate(np.where(below | (starts & ~begins), at, -1))
    return begun > ended


def chosen(
    result: Result,
    *,
    recall: float | None = None,
    false_alarms_an_hour: float | None = None,
    hold: int = 1,
    hysteresis: float = 0.0,
) -> Decision:
    """Return the decision whose threshold keeps a wish on the validation rows.

    These were not learned from and judge nothing: what a threshold reaches on rows that it was
    chosen on says little of others.

    Args:
        result: Of the recording that the model was trained on.
        recall: Share of the rows with gas that are to be found; the threshold is the highest
            one that finds them.
        false_alarms_an_hour: How many are borne; the threshold is the lowest one
            above which there are never more.
        hold: Of the decision.
        hysteresis: Of the decision.

    Raises:
        ConfigError: not exactly one wish was given, or the result has no validation rows with and
            without gas.
    """
    if (recall is None) == (false_alarms_an_hour is None):
        raise ConfigError(
            "A threshold is chosen for a recall or for a number of false alarms.",
            "Give one of the two.",
        )
    rows = result.of_part("validation")
    gas = rows & (result.labels > 0)
    if not gas.any() or not (rows & ~gas).any():
        raise ConfigError(
            "The result has no validation rows with and without gas to choose a threshold on.",
            "Choose on the recording that the model was trained on.",
        )
    best = Decision(threshold=1.0, hold=hold, hysteresis=hysteresis)
    for threshold in _candidates(result.leak[rows]):  # from the highest down
        decision = best.model_copy(update={"threshold": threshold})
        alarm = alarms(result.leak, decision, result.sessions)
        if recall is not None:
            best = decision
            if alarm[gas].mean() >= recall:
                break
        else:
            if false_alarms(alarm, rows & ~gas, result) > (false_alarms_an_hour or 0.0):
                break
            best = decision
    return best


def _candidates(leak: np.ndarray) -> list[float]:
    """Return thresholds between the probabilities that there are, from the highest down."""
    values = np.unique(np.quantile(leak, np.linspace(0, 1, CANDIDATES)))
    return np.unique(np.r_[0.0, (values[1:] + values[:-1]) / 2, values])[::-1].tolist()


def false_alarms(alarm: np.ndarray, clean: np.ndarray, result: Result) -> float:
    """Return how many alarms an hour there are in rows without gas; 0 without such rows.

    Args:
        alarm: (rows,) bool.
        clean: (rows,) bool: the rows without gas that count.
        result: Whose sessions and seconds these are.
    """
    hours = float(clean.sum()) * result.seconds / 3600
    return len(spells(alarm & clean, result.sessions)) / hours if hours else 0.0


def spells(marked: np.ndarray, sessions: list[slice]) -> list[slice]:
    """Return the runs of marked rows, cut where a session ends."""
    starts = np.zeros(len(marked) + 1, bool)
    starts[[rows.start for rows in sessions]] = True
    before = np.r_[False, marked[:-1]] & ~starts[:-1]
    after = np.r_[marked[1:], False] & ~starts[1:]
    first, last = np.flatnonzero(marked & ~before), np.flatnonzero(marked & ~after)
    return [slice(a, b + 1) for a, b in zip(first.tolist(), last.tolist(), strict=True)]
