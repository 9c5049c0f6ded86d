"""Several runs on one recording made one detector: the mean of their ranks or p-values.

Scores of different detectors have no common scale; their ranks and their tail probabilities have
(Aggarwal and Sathe 2017, "Outlier Ensembles"). Nothing is trained: the stored results of the runs
are joined, and their models are kept with the result, so that other recordings can be scored.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from core.anomaly.config import Config
from core.anomaly.contributions import as_residuals
from core.anomaly.profile import Profile, read_profile
from core.anomaly.residuals import ResidualsInMemory, Training
from core.anomaly.result import Result
from core.anomaly.scoring import Fit, Scoring
from core.errors import ConfigError

CONTENT, TAIL = "preprocessing.json", 0.98  # share of the training scores below the fitted tail
TINY = np.finfo(np.float32).tiny


@dataclass
class Combined:
    """The trained detectors of several runs, and how their scores are joined.

    Attributes:
        config: With the keys of the runs.
        folders: Where their models are.
        names: What the runs were called.
        fingerprint: Of the recording that all of them were trained on.
    """

    config: Config
    folders: list[Path]
    names: list[str]
    fingerprint: str
    history: list[dict[str, float]] = field(default_factory=list)
    notes: tuple[str, ...] = ()

    @property
    def profile(self) -> Profile | None:
        """What the training rows of the first member look like."""
        return read_profile(self.folders[0])

    @property
    def facts(self) -> dict[str, str]:
        """What was fitted on what, for the card."""
        by = {"rank": "ranks within the recording", "p-value": "p-values under training scores"}
        return {
            "members": ", ".join(self.names),
            "joined by": f"the mean of {by[self.config.by]}",
            "thresholds": "on the joined scores of the training rows",
        }

    def save(self, folder: Path) -> None:
        """Write `preprocessing.json`, and every member's model in a folder of its own."""
        content = {
            "config": self.config.model_dump(),
            "names": self.names,
            "fingerprint": self.fingerprint,
        }
        (folder / CONTENT).write_text(json.dumps(content, indent=1))
        for number, member in enumerate(self.folders):
            shutil.copytree(member, folder / f"member-{number}")


def load_combined(folder: Path) -> Combined:
    """Read what `Combined.save` wrote."""
    content = json.loads((folder / CONTENT).read_text())
    members = [folder / f"member-{number}" for number in range(len(content["names"]))]
    config = Config.parse(content["config"])
    return Combined(config, members, content["names"], content["fingerprint"])


def combine(results: list[Result], by: str) -> Result:
    """Return the joined result of several detectors on one recording.

    The score is the mean over the results of their terms: with "rank" the share of the
    recording's scores that lie below, with "p-value" minus the decimal logarithm of the tail
    probability under the scores of the training rows, whose tail is continued as an exponential
    one, so that it does not saturate. A channel adds its share of each result's term.

    Raises:
        ConfigError: fewer than two results, or they are not of the same rows and channels.
    """
    if len(results) < 2:
        raise ConfigError("An ensemble needs at least two runs.", "Choose another one as well.")
    first = results[0]
    for other in results[1:]:
        if len(other) != len(first) or other.residuals.channels != first.residuals.channels:
            raise ConfigError(
                "The runs are not of the same rows and channels.",
                "Choose runs on one recording with the same roles.",
            )
    terms = [_terms(result.scores, result, by) for result in results]
    parts = [result.contributions(0, len(result)) for result in results]
    contributions = _joined(terms, parts)
    known, starts = _training(results, by)
    channels = first.residuals.channels
    return Result(
        first.steps.assign(score=contributions.sum(axis=1)),
        ResidualsInMemory(channels, as_residuals(contributions)),
        first.segments,
        first.boundaries,
        known.sum(axis=1),
        Training(ResidualsInMemory(channels, as_residuals(known)), starts),
        Scoring(),
    )


def _terms(scores: np.ndarray, result: Result, by: str) -> np.ndarray:
    """Return (rows,) what *scores* of one detector add to the joined score."""
    if by == "rank":
        order = np.sort(result.scores)
        return np.searchsorted(order, scores, "left") / len(order)
    return tail_logs(scores, result.reference)


def tail_logs(scores: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Return (rows,) minus the decimal log of the share of *reference* above each score."""
    order = np.sort(reference.astype(np.float64))
    start = float(np.quantile(order, TAIL))
    above = order[order > start]
    excess = float((above - start).mean()) if len(above) else 0.0
    scale = float(np.max([excess, 1e-3 * abs(start), TINY]))
    inside = 1 - np.searchsorted(order, scores, "left") / len(order)
    beyond = np.log10(np.maximum(1 - TAIL, 1 / len(order)))
    far = beyond - (scores - start) / scale / np.log(10)
    with np.errstate(divide="ignore"):
        return -np.where(scores > start, far, np.log10(inside))


def _joined(terms: list[np.ndarray], parts: list[np.ndarray]) -> np.ndarray:
    """Return (rows, N): the mean of *terms*, each divided among the channels as its part is."""
    total = np.zeros_like(parts[0], dtype=np.float64)
    for term, part in zip(terms, parts, strict=True):
        whole = part.sum(axis=1, keepdims=True)
        even = np.full(part.shape[1], 1 / part.shape[1])
        total += term[:, None] * np.where(whole > 0, part / np.maximum(whole, TINY), even)
    return (total / len(terms)).astype(np.float32)


def _training(results: list[Result], by: str) -> tuple[np.ndarray, np.ndarray]:
    """Return (rows, N) joined contributions of the training rows, and where stretches start.

    A network has fewer training rows than a detector without epochs, which needs none for
    validation: of each stretch the first rows are taken that all of them have.
    """
    edges = [[*r.training.starts.tolist(), len(r.training.residuals)] for r in results]
    stretches = list(zip(*(list(pairwise(one)) for one in edges), strict=False))
    joined = []
    for stretch in stretches:
        rows = min(stop - start for start, stop in stretch)
        terms, parts = [], []
        for (start, _), result in zip(stretch, results, strict=True):
            terms.append(_terms(result.reference[start : start + rows], result, by))
            parts.append(_raw(result.fit, result.training, start, rows))
        joined.append(_joined(terms, parts))
    starts = np.cumsum([0, *(len(one) for one in joined[:-1])])
    return np.concatenate(joined), starts


def _raw(fit: Fit, training: Training, start: int, rows: int) -> np.ndarray:
    return fit.contributions(training.residuals.read(start, start + rows))
