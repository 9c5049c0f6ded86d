"""The ensemble: neighbours, principal components and rolling statistics, joined.

Without a network, and stronger on the mean of the public sets than an LSTM autoencoder, for its
parts miss different anomalies (Aggarwal and Sathe 2017, "Outlier Ensembles", chapter 3).
"""

from __future__ import annotations

from core.anomaly.config import Config
from core.anomaly.joined import Joined
from core.anomaly.neighbours import WindowNeighbours
from core.anomaly.rolling import Rolling
from core.anomaly.windowed_pca import WindowPca

# Chosen on one half of the entities of three public sets, reported on the other: rolling
# statistics are the strongest part, and twice or three times their weight is level there.
WEIGHTS = {"rolling": 2.0}


class Ensemble(Joined):
    """Three methods that stand alone as well."""

    def __init__(self, config: Config) -> None:
        parts = {
            "neighbours": WindowNeighbours(config),
            "pca": WindowPca(config),
            "rolling": Rolling(config),
        }
        super().__init__(config, parts, WEIGHTS)
