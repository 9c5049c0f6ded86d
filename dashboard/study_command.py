"""The command that makes a study again."""

from __future__ import annotations

import shlex

from core import task as tasks
from core.sweeps import Study


def command(study: Study) -> str:
    """Return the command that makes the same study again."""
    config = tasks.get(study.task).Config
    given = tasks.effective(study.task, config.parse(study.config)).model_dump(mode="json")
    usual = {name: info.default for name, info in config.model_fields.items()}
    parts = ["fusionscope", "sweep", study.task, "--data", study.source]
    parts += ["--variant", str(given.pop("variant"))]
    for name, value in given.items():
        if value != usual[name] and value is not None:
            parts += ["--set", f"{name}={value}"]
    if study.kind != "search":
        return shlex.join([*parts, "--kind", study.kind])
    for span in study.spans:
        ends = (
            ",".join(map(str, span.choices))
            if span.kind == "choice"
            else f"{span.low:g}:{span.high:g}"
        )
        parts += ["--vary", f"{span.name}={ends}"]
    parts += ["--metric", study.metric, "--trials", str(study.planned)]
    parts += ["--seed", str(study.seed)] if study.seed else []
    parts += ["--at-once", str(study.at_once)] if study.at_once > 1 else []
    return shlex.join(parts + ([] if study.prune else ["--no-prune"]))
