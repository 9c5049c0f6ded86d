"""How a task's config is written once and shown everywhere.

A config is a frozen pydantic model whose fields are made by `setting`. The sliders, the command
line, the key of a run and, later, the search space all read the same field.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import ConfigError


def setting(
    default: Any,
    *,
    label: str,
    help: str,
    unit: str = "",
    advanced: bool = False,
    log: bool = False,
    free: bool = False,
    **bounds: Any,
) -> Any:
    """Declare one field of a config.

    Args:
        default: Its value when nobody chooses one.
        label: Its name on the screen, in the words of the field.
        help: What it does and when to change it, in plain words.
        unit: Unit of the value, such as "steps" or "epochs".
        advanced: Whether it is shown only on request.
        log: Whether equal factors, not equal differences, are equal steps of its slider.
        free: Whether a value may be typed in beside those that a page offers.
        **bounds: pydantic's bounds: ge, le, gt, lt, multiple_of.
    """
    extra: dict[str, Any] = {"unit": unit, "advanced": advanced, "log": log, "free": free}
    return Field(default, title=label, description=help, json_schema_extra=extra, **bounds)


class Config(BaseModel):
    """Base of every task's config: frozen, closed to unknown names, with readable errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    @classmethod
    def parse(cls, values: dict[str, Any]) -> Self:
        """Build a config from plain values.

        Raises:
            ConfigError: a name is unknown or a value is out of bounds; it says what is allowed.
        """
        try:
            return cls(**values)
        except ValidationError as error:
            raise ConfigError(*_explain(cls, error)) from None

    @classmethod
    def from_settings(cls, pairs: Iterable[str], **fixed: Any) -> Self:
        """Build a config from `key=value` texts, as the command line gives them."""
        values: dict[str, Any] = dict(fixed)
        for pair in pairs:
            name, equals, value = pair.partition("=")
            if not equals:
                raise ConfigError(
                    f"A setting is written key=value, received {pair!r}.",
                    "For example: --set lookback=30.",
                )
            values[name.strip()] = value.strip()
        return cls.parse(values)


def _explain(cls: type[Config], error: ValidationError) -> tuple[str, str]:
    """Return problem and remedy of the first mistake in *error*."""
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"There is no setting {name!r}.", f"Settings are: {', '.join(cls.model_fields)}."
    field = cls.model_fields.get(name)
    where = f"{name} ({field.title})" if field and field.title else name
    reason = first["msg"].removeprefix("Value error, ")
    reason = reason[0].lower() + reason[1:]
    return f"Setting {where}: {reason}, received {first['input']!r}.", ""
