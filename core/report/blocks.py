"""What a report is made of; `template.html` says how each of it looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from markupsafe import Markup


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    kind: ClassVar[str] = "text"
    text: str


@dataclass(frozen=True)
class Points:
    """A list, one sentence a line."""

    kind: ClassVar[str] = "points"
    lines: Sequence[str]
    title: str = ""


@dataclass(frozen=True)
class Pairs:
    """Names and what they are."""

    kind: ClassVar[str] = "pairs"
    pairs: dict[str, str]
    title: str = ""


@dataclass(frozen=True)
class Table:
    """Rows under a head.

    Attributes:
        head: Title of each column.
        rows: Cells as text.
        title: Above the table.
        strong: Places of the rows that are set in bold.
        grey: Places of the rows of baselines.
    """

    kind: ClassVar[str] = "table"
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    title: str = ""
    strong: frozenset[int] = frozenset()
    grey: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Figure:
    """A picture.

    Attributes:
        svg: Drawn by `core.report.figures`, names in it escaped.
        text: What it shows, below it.
        half: Whether two of them stand side by side.
    """

    kind: ClassVar[str] = "figure"
    svg: Markup
    text: str
    half: bool = False


@dataclass(frozen=True)
class Code:
    """Something to be typed or run."""

    kind: ClassVar[str] = "code"
    text: str
    title: str = ""


Block = Text | Points | Pairs | Table | Figure | Code


@dataclass(frozen=True)
class Section:
    """A part of a report under a title of its own."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Report:
    """All that a report says.

    Attributes:
        title: Its first line.
        lines: Below it: which runs, of when.
        short: What it comes to, for those who read no further.
        sections: The rest.
    """

    title: str
    lines: Sequence[str]
    short: Sequence[str]
    sections: Sequence[Section]
