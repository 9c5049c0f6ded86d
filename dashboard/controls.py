"""Widgets from a config's fields; their values live in the address of the page."""

from __future__ import annotations

import math
import typing
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import NoneType, UnionType
from typing import Any, Literal

import streamlit as st
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from core.config import Config
from dashboard import link
from dashboard.choice import choice, option_of

FEW = 40  # An integer range of at most so many values is a slider; a longer one is typed in.


@dataclass(frozen=True)
class Control:
    """One field of a config as a widget needs it.

    Attributes:
        name: Of the field.
        info: The field itself.
        kind: "choice", "whole", "real", "switch" or "text".
        options: Of a choice.
        low: Smallest value, or None.
        high: Largest value, or None.
        optional: Whether it may be left empty.
        names: How the options are called on the screen; by themselves without.
    """

    name: str
    info: FieldInfo
    kind: Literal["choice", "whole", "real", "switch", "text"]
    options: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    optional: bool = False
    names: Mapping[str, str] | None = None

    @property
    def label(self) -> str:
        """Name and unit, as on the screen."""
        title, unit = self.title, str(self.extra.get("unit", ""))
        return title if not unit or unit in title.casefold() else f"{title} ({unit})"

    @property
    def title(self) -> str:
        """Name, as on the screen."""
        return self.info.title or self.name

    @property
    def extra(self) -> Mapping[str, Any]:
        """What `core.config.setting` notes besides the bounds."""
        extra = self.info.json_schema_extra
        return extra if isinstance(extra, dict) else {}

    @property
    def allowed(self) -> str:
        """What may be chosen, in words."""
        if self.options:
            return "allowed are " + ", ".join(self.options)
        if self.low is not None and self.high is not None:
            return f"allowed are {_plain(self.low)} to {_plain(self.high)}"
        if self.low is not None:
            return f"allowed is {_plain(self.low)} or more"
        return {"whole": "a whole number is allowed", "real": "a number is allowed"}.get(
            self.kind, "true or false are allowed"
        )

    def read(self, text: str) -> Any:
        """Return the value that *text* stands for.

        Raises:
            ValueError: it is not allowed.
        """
        if text == "" and self.optional:
            return None
        if self.kind == "choice" and not self.extra.get("free"):
            return option_of(text, self.names or {})
        kind: Any = self.info.annotation
        if self.info.metadata:
            kind = typing.Annotated[kind, *self.info.metadata]
        try:
            value = TypeAdapter(kind).validate_python(text)
        except ValidationError:
            raise ValueError(text) from None
        if self.high is not None and value > self.high:
            raise ValueError(text)
        return value


def _plain(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1e6 else f"{value:g}"


def control(name: str, info: FieldInfo, names: Mapping[str, str] | None = None) -> Control:
    """Return what the widget of the field *info* needs; *names* makes it a choice."""
    annotation, optional = info.annotation, False
    if typing.get_origin(annotation) in (UnionType, typing.Union):
        inner = [part for part in typing.get_args(annotation) if part is not NoneType]
        annotation, optional = inner[0], len(inner) < len(typing.get_args(annotation))
    if typing.get_origin(annotation) is Literal:
        names = names or {option: option for option in typing.get_args(annotation)}
    if names is not None:
        return Control(name, info, "choice", tuple(names), names=names)
    kinds: dict[Any, Any] = {bool: "switch", int: "whole", float: "real", str: "text"}
    bounds = {
        end: getattr(part, end)
        for part in info.metadata
        for end in ("ge", "le")
        if hasattr(part, end)
    }
    low, high = bounds.get("ge"), bounds.get("le")
    return Control(name, info, kinds[annotation], low=low, high=high, optional=optional)


def controls(
    config: type[Config],
    reads: Collection[str] | None = None,
    choices: Mapping[str, Mapping[str, str]] | None = None,
) -> list[Control]:
    """Return the controls of a config, the basic ones first; a list of values has none.

    Args:
        config: Its class.
        reads: Fields that have an effect; None for all.
        choices: Options of fields that their type does not list: by field, value -> name.
    """
    made = [
        control(name, info, (choices or {}).get(name))
        for name, info in config.model_fields.items()
        if (reads is None or name in reads) and typing.get_origin(info.annotation) is not tuple
    ]
    return sorted(made, key=lambda item: bool(item.extra.get("advanced")))


def form(
    config: type[Config],
    reads: Collection[str],
    prefix: str,
    choices: Mapping[str, Mapping[str, str]] | None = None,
    limits: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """Draw one widget a field, the advanced ones in an expander, and return their values.

    Args:
        config: Class of the config.
        reads: Fields that have an effect.
        prefix: In front of each field's name in the widget's key and in the link.
        choices: See `controls`.
        limits: Largest value of a field that depends on the data, such as the training rows.
    """
    made = [
        replace(item, high=min(item.high or math.inf, limits[item.name]))
        if item.name in (limits or {})
        else item
        for item in controls(config, reads, choices)
    ]
    basic = [item for item in made if not item.extra.get("advanced")]
    values = {item.name: widget(item, prefix) for item in basic}
    if len(basic) < len(made):
        with st.expander("Advanced settings"):
            values |= {item.name: widget(item, prefix) for item in made[len(basic) :]}
    return values


def widget(
    item: Control, prefix: str, default: Any = None, *, parts: int = 40, unit: bool = True
) -> Any:
    """Draw the widget of *item* and return its value.

    A value in the link that is not allowed is not used, and a notice says so (`link`).

    Args:
        item: The field.
        prefix: In front of its name in the key and in the link.
        default: Its value when nobody chose one; None takes the field's own.
        parts: In how many steps, at least, a slider crosses its range.
        unit: Whether the label names the unit; where there is no room the help does.
    """
    default = item.info.default if default is None else default
    key = prefix + item.name
    help = item.info.description or ""
    if item.kind == "choice":
        label = item.label if unit else item.title
        names = item.names or {}
        if default is None and "" in names:
            default = ""
        free = item.read if item.extra.get("free") else None
        return choice(key, label, names, default, help, asked=item.title, free=free)
    link.check(key, item.title, item.read, item.allowed, default)
    common: dict[str, Any] = {
        "label": item.label if unit else item.title,
        "key": key,
        "help": f"{help} Unit: {item.extra['unit']}."
        if item.extra.get("unit") and not unit
        else help,
        "bind": "query-params",
    }
    draw = {
        "switch": _switch,
        "text": _text,
        "whole": _whole,
        "real": partial(_real, parts=parts),
    }
    value = draw[item.kind](item, default, common)
    link.confirm(key, value)
    return value


def _switch(item: Control, default: bool, common: dict[str, Any]) -> bool:
    return st.toggle(value=default, **common)


def _text(item: Control, default: str | None, common: dict[str, Any]) -> str | None:
    return st.text_input(value=default or "", **common) or (None if item.optional else "")


def _whole(item: Control, default: int | None, common: dict[str, Any]) -> int | None:
    low = None if item.low is None else int(item.low)
    high = None if item.high is None or math.isinf(item.high) else int(item.high)
    if low is not None and high is not None and high - low <= FEW and not item.optional:
        return st.slider(min_value=low, max_value=high, value=default, **common)
    return st.number_input(
        min_value=low,
        max_value=high,
        value=default,
        step=1,
        placeholder="chosen from the share below" if item.optional else None,
        **common,
    )


def _real(item: Control, default: float, common: dict[str, Any], parts: int) -> float:
    if item.extra.get("log") or item.low is None or item.high is None:
        return st.number_input(
            min_value=item.low,
            max_value=item.high,
            value=default,
            step=10.0 ** math.floor(math.log10(default)) if default else 0.1,
            format="%g",
            **common,
        )
    return st.slider(
        min_value=item.low,
        max_value=item.high,
        value=default,
        step=_step(item.high - item.low, parts),
        **common,
    )


def _step(width: float, parts: int) -> float:
    """Return a round step that divides *width* into at least *parts* parts."""
    return 10.0 ** math.floor(math.log10(width / parts))
