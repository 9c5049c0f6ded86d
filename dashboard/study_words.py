"""How kinds and states of studies and trials are called on the screen."""

from __future__ import annotations

from typing import Literal

from core import task as tasks
from core.sweeps import Study

Colour = Literal["blue", "green", "orange", "red", "gray"]

KINDS = {"search": "Search of settings", "windows": "Window sizes", "ablation": "Ablation"}
STATES: dict[str, tuple[str, str, Colour]] = {
    "running": ("running", "model_training", "blue"),
    "stopped": ("stopped", "pause_circle", "orange"),
    "done": ("done", "check_circle", "green"),
    "failed": ("failed", "error", "red"),
}
TRIALS = {
    "waiting": "waiting",
    "running": "training",
    "done": "done",
    "pruned": "stopped early",
    "failed": "failed",
}

TROUBLE = "experiments-trouble"  # where what a button met waits for the next drawing


def titles_of(study: Study) -> dict[str, str]:
    """Return the settings that a search varies, as they are called on the screen."""
    fields = tasks.get(study.task).Config.model_fields
    return {span.name: fields[span.name].title or span.name for span in study.spans}
