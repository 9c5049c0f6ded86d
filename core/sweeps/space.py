"""What a search may vary: the fields of a config, within the config's own bounds."""

from __future__ import annotations

import math
import typing
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from types import NoneType, UnionType
from typing import Any, Literal

from pydantic.fields import FieldInfo

from core import task as tasks
from core.config import Config
from core.errors import ConfigError

TIMES = 4  # how far from its value a range reaches when nobody narrows it


@dataclass(frozen=True)
class Span:
    """The values that a search may try for one field.

    Attributes:
        name: Of the field.
        kind: "int", "float" or "choice".
        low: Smallest number.
        high: Largest number.
        log: Whether equal factors, not equal differences, are equally likely.
        step: Between two whole numbers.
        choices: Of a choice.
    """

    name: str
    kind: Literal["int", "float", "choice"]
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    step: int = 1
    choices: tuple[Any, ...] = ()

    def holds(self, value: Any) -> bool:
        """Whether *value* is among them."""
        if self.kind == "choice":
            return value in self.choices
        whole = self.kind == "float" or (value - self.low) % self.step == 0
        return bool(self.low <= value <= self.high and whole)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for the database and for a worker."""
        return asdict(self) | {"choices": list(self.choices)}

    @staticmethod
    def read(values: Mapping[str, Any]) -> Span:
        """Read what `to_dict` returned."""
        return Span(**dict(values) | {"choices": tuple(values["choices"])})

    def __str__(self) -> str:
        if self.kind == "choice":
            return f"{self.name}: {', '.join(map(str, self.choices))}"
        return f"{self.name}: {self.low:g} to {self.high:g}{', by factors' if self.log else ''}"


def bounds(task: str, variant: str) -> dict[str, Span]:
    """Return the fields that a search may vary, each within the bounds of the config.

    Fields without effect on the variant, without bounds, or that decide what is asked are not
    among them. Those that matter most come first.
    """
    module, offered = tasks.get(task), experiments(task)
    reads = tasks.known(task)[variant].reads - offered.asked - {"variant"}
    order = [name for name in offered.tuned if name in reads]
    order += [name for name in module.Config.model_fields if name in reads and name not in order]
    spans = {name: _span(name, module.Config.model_fields[name]) for name in order}
    return {name: span for name, span in spans.items() if span is not None}


def experiments(task: str) -> tasks.Experiments:
    """Return what *task* offers.

    Raises:
        ConfigError: it offers nothing.
    """
    found = getattr(tasks.get(task), "EXPERIMENTS", None)
    if found is None:
        raise ConfigError(f"The task {task} has no experiments.", "Choose another task.")
    return typing.cast(tasks.Experiments, found)


def usual(task: str, config: Config) -> dict[str, Span]:
    """Return the few fields that matter most, in ranges around their values in *config*."""
    every = bounds(task, config.variant)  # type: ignore[attr-defined]
    chosen = [name for name in experiments(task).tuned if name in every][:4]
    return {name: around(every[name], getattr(config, name)) for name in chosen}


def around(span: Span, value: Any) -> Span:
    """Return the part of *span* that reaches from a quarter of *value* to four times it."""
    if span.kind == "choice":
        return span
    low = max(span.low, value / TIMES)
    high = min(span.high, value * TIMES) if value > span.low else (span.low + span.high) / 2
    if span.kind == "int":
        low, high = _whole(span, low), _whole(span, high)
    return replace(span, low=_round(low), high=_round(high)) if low < high else span


def _whole(span: Span, value: float) -> float:
    return span.low + span.step * round((value - span.low) / span.step)


def _round(value: float) -> float:
    return float(f"{value:.6g}")


def narrowed(span: Span, text: str) -> Span:
    """Return *span* with the range that *text* gives: "8:64", or "a,b" for a choice.

    Raises:
        ConfigError: it is no range, or reaches beyond the bounds.
    """
    if span.kind == "choice":
        return _chosen(span, [part.strip() for part in text.split(",")])
    parts = text.split(":")
    try:
        low, high = (float(part) for part in parts)
    except ValueError:
        raise ConfigError(
            f"A range of {span.name} is written low:high, received {text!r}.",
            f"For example: {span.name}={span.low:g}:{span.high:g}.",
        ) from None
    return limited(span, low, high)


def limited(span: Span, low: float, high: float) -> Span:
    """Return *span* from *low* to *high*.

    Raises:
        ConfigError: that reaches beyond the bounds, or holds a single value.
    """
    if not (math.isfinite(low) and math.isfinite(high) and span.low <= low < high <= span.high):
        raise ConfigError(
            f"{span.name} cannot be searched from {low:g} to {high:g}.",
            f"Choose a range within {span.low:g} to {span.high:g}, the smaller number first.",
        )
    if span.kind == "int" and any(not span.holds(value) for value in (low, high)):
        unit = "whole numbers" if span.step == 1 else f"multiples of {span.step}"
        raise ConfigError(f"{span.name} takes {unit}.", f"Received {low:g} to {high:g}.")
    return replace(span, low=low, high=high)


def _chosen(span: Span, texts: list[str]) -> Span:
    known = {str(choice).casefold(): choice for choice in span.choices}
    unknown = [text for text in texts if text.casefold() not in known]
    if unknown or len(texts) < 2:
        raise ConfigError(
            f"{span.name} cannot be searched among {', '.join(texts)}.",
            f"Choose two or more of: {', '.join(known)}.",
        )
    return replace(span, choices=tuple(known[text.casefold()] for text in texts))


def _span(name: str, info: FieldInfo) -> Span | None:
    """Return what a field may be; None where its type or its bounds do not say so."""
    kind = info.annotation
    if typing.get_origin(kind) in (UnionType, typing.Union):
        inner = [part for part in typing.get_args(kind) if part is not NoneType]
        if len(inner) < len(typing.get_args(kind)):
            return None  # empty has a meaning of its own
        kind = inner[0]
    if kind is bool:
        return Span(name, "choice", choices=(False, True))
    if typing.get_origin(kind) is Literal:
        return Span(name, "choice", choices=typing.get_args(kind))
    found = {
        end: getattr(part, end)
        for part in info.metadata
        for end in ("ge", "le", "multiple_of")
        if hasattr(part, end)
    }
    if kind not in (int, float) or not {"ge", "le"} <= found.keys():
        return None
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    log = bool(extra.get("log")) and found["ge"] > 0
    low, high = float(found["ge"]), float(found["le"])
    if kind is int:
        return Span(name, "int", low, high, log, int(found.get("multiple_of", 1)))
    return Span(name, "float", low, high, log)
