"""What is tried with the settings of the gas task, and what validation rows say of it."""

from __future__ import annotations

import numpy as np

from core.gas.config import Config
from core.gas.metrics import scores_of
from core.gas.result import Result
from core.gas.variants import VARIANTS
from core.learning import WHOLE, changed
from core.task import Aim, Experiments

SMALLEST = 1e-6  # probability that counts for one that is 0


def validation(result: Result) -> dict[str, float]:
    """Return accuracy, macro_f1 and log_loss of the labelled validation rows."""
    rows = result.of_part("validation")
    if not rows.any():
        return {}
    labels, said = result.labels[rows], result.gas[rows]
    named = said.argmax(axis=1)
    counts = np.zeros((len(result.classes),) * 2, int)
    np.add.at(counts, (labels, named), 1)
    right = said[np.arange(len(labels)), labels].astype(np.float64)
    return {
        "accuracy": float((named == labels).mean()),
        "macro_f1": float(scores_of(counts, result.classes)["f1"].mean()),
        "log_loss": float(-np.log(np.maximum(right, SMALLEST)).mean()),
    }


def ablations(config: Config) -> dict[str, Config]:
    """Return *config* as it is, and with one of its parts taken away or exchanged, by name.

    Only what the variant reads is switched; a model of both modalities is also left with one.
    """
    reads, found = VARIANTS[config.variant].reads, {WHOLE: config}
    if config.variant == "attention":
        found |= {
            "joined early instead of attention": changed(config, variant="early"),
            "sensors alone": changed(config, variant="bilstm"),
            "frames alone": changed(config, variant="thermal-cnn"),
        }
    elif config.variant in ("dct", "dwt", "early"):
        found |= {
            "sensors alone": changed(config, variant="sensor-cnn"),
            "frames alone": changed(config, variant="thermal-cnn"),
        }
    elif config.variant == "windows":
        found["trees on one window"] = changed(config, variant="forest-windows")
    elif config.variant == "forest-windows":
        found["rows instead of windows"] = changed(config, variant="forest")
    off: dict[str, tuple[str, object]] = {
        "modality_dropout": ("without modality dropout", 0.0),
        "augment": ("without augmentation", False),
        "dropout": ("without dropout", 0.0),
        "scene": ("frames as the camera paints them", "colours"),
    }
    for name, (label, value) in off.items():
        if name in reads:
            found[label] = changed(config, **{name: value})
    return {label: one for label, one in found.items() if label == WHOLE or one != config}


EXPERIMENTS = Experiments(
    validation,
    (
        Aim("accuracy", "Accuracy", True, "Share of the rows whose likeliest class is the true."),
        Aim("macro_f1", "Macro F1", True, "Mean over classes: rare ones count as much."),
        Aim("log_loss", "Log loss", False, "How surprised the model is: confident errors cost."),
    ),
    ("learning_rate", "units", "lookback", "dropout", "modality_dropout", "batch_size"),
    frozenset({"protocol", "fold", "embargo", "warm_up", "camera", "seed"}),
    ablations,
)
