"""What is tried with the settings of the anomaly task, and what validation rows say of it."""

from __future__ import annotations

import numpy as np

from core.anomaly.config import Config
from core.anomaly.residuals import GROUP_ROWS
from core.anomaly.result import Result
from core.anomaly.variants import VARIANTS
from core.learning import WHOLE, changed
from core.task import Aim, Experiments

SIMPLER = {
    "bilstm-autoencoder": {"one direction": "lstm-autoencoder"},
    "lstm-composite": {
        "without the prediction": "lstm-autoencoder",
        "without the reconstruction": "lstm-predictor",
    },
    "lstm-vae": {"code not drawn": "lstm-autoencoder"},
    "ensemble": {
        "neighbours alone": "knn-windows",
        "components alone": "pca-windows",
        "rolling statistics alone": "rolling",
    },
    "pca-windows": {"rows instead of windows": "pca"},
    "mahalanobis": {"channels one by one": "max-z"},
}
SWITCHES: dict[str, dict[str, object]] = {
    "layers": {"one layer": 1},
    "dropout": {"without dropout": 0.0},
    "stride": {"every window": 1},
    "kl_weight": {"without divergence": 0.0},
    "causal": {"windows around the row": False, "looking back only": True},
}


def validation(result: Result) -> dict[str, float]:
    """Return residual: its root mean square on validation rows, which are taken as normal.

    In standard deviations of the training rows; empty for a detector without validation rows.
    """
    total, count = 0.0, 0
    rows = (result.steps["part"] == "validation").to_numpy()
    for start in range(0, len(rows), GROUP_ROWS):
        wanted = rows[start : start + GROUP_ROWS]
        if wanted.any():
            part = result.residuals.read(start, start + len(wanted))[wanted]
            known = part[np.isfinite(part)]
            total += float(np.square(known, dtype=np.float64).sum())
            count += known.size
    return {"residual": float(np.sqrt(total / count))} if count else {}


def ablations(config: Config) -> dict[str, Config]:
    """Return *config* as it is, and with one of its parts taken away or exchanged, by name."""
    reads, found = VARIANTS[config.variant].reads, {WHOLE: config}
    for label, variant in SIMPLER.get(config.variant, {}).items():
        found[label] = changed(config, variant=variant)
    for name, values in SWITCHES.items():
        for label, value in values.items():
            if name in reads and getattr(config, name) != value:
                found[label] = changed(config, **{name: value})
    return found


EXPERIMENTS = Experiments(
    validation,
    (
        Aim(
            "residual",
            "Residual (std)",
            False,
            "How much of normal rows that it has not learned it cannot say, in standard "
            "deviations. The smallest is not yet the best detector: one that can say everything "
            "finds nothing unusual. Look at its events, too.",
        ),
    ),
    ("learning_rate", "units", "lookback", "dropout", "layers", "batch_size", "latent"),
    frozenset({"train_rows", "train_share", "validation_share", "seed", "members", "by"}),
    ablations,
)
