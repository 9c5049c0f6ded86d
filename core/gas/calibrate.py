"""Do probabilities mean what they say?

Guo, Pleiss, Sun and Weinberger 2017, "On calibration of modern neural networks", ICML: the logits
are divided by one number, fitted on rows that the model did not learn from. No decision changes,
only how sure it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import expit, log_softmax, logit, softmax

from core.gas.classifier import Answer

LEAST = 1e-6  # no probability counts as smaller
HOTTEST = 20.0


class Temperatures(NamedTuple):
    """What logits are divided by: 1 leaves them as they are, more makes them less sure.

    Attributes:
        leak: Of detection.
        gas: Of identification.
    """

    leak: float = 1.0
    gas: float = 1.0

    @classmethod
    def fit(cls, answer: Answer, labels: np.ndarray) -> Temperatures:
        """Return those under which *labels* (W,) of rows that were not learned from are likeliest.

        Nothing is made surer than it was: a few hundred rows without a mistake would ask for
        certainty.
        """
        log_gas, leak = np.log(np.maximum(answer.gas, LEAST)), _logit(answer.leak)
        sign = np.where(labels > 0, 1.0, -1.0)

        def of_gas(heat: float) -> float:
            return -float(
                log_softmax(log_gas / heat, axis=1)[np.arange(len(labels)), labels].mean()
            )

        def of_leak(heat: float) -> float:
            return float(np.logaddexp(0, -sign * leak / heat).mean())

        return cls(*(_lowest(one) for one in (of_leak, of_gas)))

    def apply(self, answer: Answer) -> Answer:
        """Return *answer*, less sure; a leak that is all but the first class stays that."""
        gas = softmax(np.log(np.maximum(answer.gas, LEAST)) / self.gas, axis=1).astype(np.float32)
        if np.allclose(answer.leak, 1 - answer.gas[:, 0], atol=1e-5):
            return Answer(1 - gas[:, 0], gas)
        return Answer(expit(_logit(answer.leak) / self.leak).astype(np.float32), gas)


def _logit(probability: np.ndarray) -> np.ndarray:
    return logit(np.clip(probability.astype(float), LEAST, 1 - LEAST))


def _lowest(loss: Callable[[float], float]) -> float:
    """Return the temperature under which *loss* is lowest; 1 when nothing is gained."""
    from scipy.optimize import minimize_scalar

    found = float(minimize_scalar(loss, bounds=(1.0, HOTTEST)).x)
    return found if loss(found) < loss(1.0) else 1.0
