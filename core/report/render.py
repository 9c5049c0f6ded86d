"""From a report to a file: HTML that stands alone, and PDF."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import core
from core import format as write
from core.errors import ConfigError
from core.report import content

_TEMPLATE = "template.html"


def html(names: Sequence[str]) -> str:
    """Return the report of runs as one HTML page that asks for nothing from elsewhere.

    Every name is escaped. See `core.report.content.of` for *names* and errors.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made = write.moment(datetime.now(UTC), seconds=False)
    report = content.of(names)
    return environment.get_template(_TEMPLATE).render(
        report=report, made=made, version=core.__version__
    )


def pdf(names: Sequence[str]) -> bytes:
    """Return the report of runs as PDF, on A4.

    Raises:
        ConfigError: the library for it is not there.
    """
    try:
        from weasyprint import HTML
    except (ImportError, OSError) as error:  # OSError: the libraries of the system that it needs
        raise ConfigError(
            "A PDF needs WeasyPrint, which is not installed here.",
            "Install it with: pip install 'fusionscope[pdf]'; or print the HTML from a browser.",
        ) from error
    return bytes(HTML(string=html(names), url_fetcher=_refuse).write_pdf())


def _refuse(url: str, *_: Any, **__: Any) -> NoReturn:
    """Fetch nothing: a report has all that it shows."""
    raise ValueError(f"A report asked for {url}.")
