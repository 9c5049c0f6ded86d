"""How a text file is laid out: encoding, delimiter, decimal sign, header, units row."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from core.data import naming, times
from core.data.dataset import Finding
from core.data.rows import plural
from core.errors import UnreadableFile

DELIMITERS = (",", ";", "\t")
SAMPLE = 256 * 1024
SAMPLE_LINES = 400
CHUNK = 1 << 22
NEWLINE = re.compile(rb"\r\n|\n|\r")
SPACES = "\u0020\u00a0\u2009\u202f'"
POINT, COMMA = (
    re.compile(
        rf"[+-]?((\d+|\d{{1,3}}([{other}{SPACES}]\d{{3}})+)({sign}\d*)?|{sign}\d+)([eE][+-]?\d+)?"
    )
    for sign, other in (("[.]", ","), (",", "."))
)
THOUSANDS = re.compile(r"[+-]?\d{1,3}([.,])\d{3}")
MISSING = frozenset({"", "na", "nan", "null", "none", "n/a", "-", "--", "?", "#n/a", "inf", "-inf"})


@dataclass
class Layout:
    """How to read the body of a text file.

    Attributes:
        encoding: "utf-8" or "latin-1".
        delimiter: Between two fields.
        decimal: "." or ",".
        quoted: Whether quotation marks enclose fields; not when one of them is never closed.
        names: One a field, unique and not empty.
        body: Byte at which the rows start.
        units: Unit by column, from a units row.
        findings: What was noticed.
    """

    encoding: str
    delimiter: str
    decimal: str
    names: list[str]
    body: int
    quoted: bool = True
    units: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def aligned(data: pa.Buffer) -> pa.Buffer:
    """Return *data* with tabs for runs of blanks when these separate its columns of numbers.

    Files of simulators and of older tools are written so; they have no header.
    """
    sample = data.slice(0, min(SAMPLE, data.size)).to_pybytes().splitlines()[:SAMPLE_LINES]
    lines = [text for line in sample[:-1] or sample if (text := line.decode("latin-1").strip())]
    widths = {len(line.split()) for line in lines}
    # A row that is one number by itself has blanks for thousands.
    columns = len(widths) == 1 and max(widths) > 1 and not all(map(is_number, lines))
    if not columns or not all(POINT.fullmatch(cell) for line in lines for cell in line.split()):
        return data
    rows = (b"\t".join(line.split()) for line in data.to_pybytes().splitlines())
    return pa.py_buffer(b"\n".join(rows) + b"\n")


def layout_of(data: pa.Buffer, columns: Sequence[str] = ()) -> Layout:
    """Find out how the text in *data* is laid out.

    Args:
        data: The bytes of the file.
        columns: Names of the columns of a file without header; empty when nobody knows them.

    Raises:
        UnreadableFile: it is not text, or has a header and no rows.
    """
    encoding, start = _encoding(data)
    lines, offsets = _lines(data, start, encoding)
    if not lines:
        raise UnreadableFile("The file holds no text, only blank lines.", "Export it again.")
    delimiter = max(DELIMITERS, key=lambda sign: _fitness(lines, sign))
    rows = _split(lines, delimiter)
    width = _width(rows)
    layout = Layout(encoding, delimiter, _decimal(rows, delimiter), [], 0, _all_closed(data))
    first = _top(rows, width)
    named = not columns and _is_header(rows[first], rows[first + 1 :])
    header = rows[first] if named else list(columns) or None
    below = first + named
    body = rows[below:]
    layout.names = naming.names_of(header, body, width, layout.findings)
    if named and _is_units(body):
        units = {
            name: unit.strip(" []()") for name, unit in zip(layout.names, body[0], strict=False)
        }
        layout.units = {name: unit for name, unit in units.items() if unit}
        below += 1
        layout.findings.append(
            Finding(what="The row below the header holds units.", rows="1", count=1, action="Kept.")
        )
    if first:
        above = f"{plural(first, 'line')} above the table."
        action = f"Left out: {lines[0][:60]!r}."
        layout.findings.append(Finding(what=above, count=first, action=action))
    if not layout.quoted:
        open_mark = "A quotation mark is not closed."
        action = "Quotation marks are read as text."
        layout.findings.append(Finding(what=open_mark, action=action, severity="warning"))
    if below >= len(lines) and offsets[-1] >= data.size:
        raise UnreadableFile(
            "The file has a header and no rows.", "Export it again with its readings."
        )
    layout.body = offsets[below]
    return layout


def _encoding(data: pa.Buffer) -> tuple[str, int]:
    """Return encoding and length of the byte order mark; refuse what is not text."""
    head = data.slice(0, min(SAMPLE, data.size)).to_pybytes()
    controls = sum(head.count(bytes([code])) for code in range(32) if code not in (9, 10, 12, 13))
    if b"\0" in head or controls > 0.01 * len(head):
        raise UnreadableFile(
            "The file is binary, not a table.",
            "Expected CSV (also .gz) or Parquet; a workbook is exported as CSV first.",
        )
    marked = head.startswith(codecs.BOM_UTF8)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, data.size, CHUNK):
            decoder.decode(data.slice(at, min(CHUNK, data.size - at)).to_pybytes())
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        if marked:
            raise UnreadableFile(
                f"The file says that it is UTF-8 and is not ({error.reason}).",
                "Save it again as UTF-8.",
            ) from None
        return "latin-1", 0
    return "utf-8", 3 if marked else 0


def _all_closed(data: pa.Buffer) -> bool:
    """Whether the number of quotation marks is even."""
    steps = range(0, data.size, CHUNK)
    marks = (data.slice(at, min(CHUNK, data.size - at)).to_pybytes().count(b'"') for at in steps)
    return sum(marks) % 2 == 0


def _lines(data: pa.Buffer, start: int, encoding: str) -> tuple[list[str], list[int]]:
    """Return the first lines that are not blank, where each starts, and where the next would."""
    sample = data.slice(start, min(SAMPLE, data.size - start)).to_pybytes()
    lines: list[str] = []
    offsets: list[int] = []
    at = 0
    ends = [(match.start(), match.end()) for match in NEWLINE.finditer(sample)]
    if start + len(sample) == data.size:
        ends.append((len(sample), len(sample)))
    for stop, following in ends:
        text = sample[at:stop].decode(encoding, errors="replace")
        # A spreadsheet's hint such as "sep=;" is no row.
        if text.strip() and not text.lower().startswith("sep="):
            lines.append(text)
            offsets.append(start + at)
        at = following
        if len(lines) == SAMPLE_LINES:
            break
    if not ends:
        raise UnreadableFile(
            f"The first line is longer than {SAMPLE // 1024} kB.", "Expected one row a line."
        )
    return lines, [*offsets, start + at]


def _split(lines: list[str], delimiter: str) -> list[list[str]]:
    rows = []
    for line in lines:
        try:
            rows.append(next(csv.reader([line], delimiter=delimiter), []))
        except csv.Error:
            rows.append([line])
    return rows


def _width(rows: list[list[str]]) -> int:
    """The number of fields that most rows have."""
    return Counter(len(row) for row in rows).most_common(1)[0][0]


def _top(rows: list[list[str]], width: int) -> int:
    """The first row of the table: as wide as the others, or a header one field off above it."""
    first = next(i for i, row in enumerate(rows) if len(row) == width)
    above = rows[first - 1] if first > 0 else []
    near = len(above) == width - 1 or (len(above) == width + 1 and not above[-1].strip())
    return first - 1 if near and above and _is_header(above, rows[first:]) else first


def is_number(cell: str) -> bool:
    """Whether *cell* is a number, with either decimal sign and thousands separators."""
    cell = cell.strip()
    return bool(POINT.fullmatch(cell) or COMMA.fullmatch(cell))


def _is_reading(cell: str) -> bool:
    cell = cell.strip()
    return is_number(cell) or cell.lower() in MISSING or bool(times.ISO.fullmatch(cell))


def _fitness(lines: list[str], delimiter: str) -> float:
    """How well *delimiter* explains *lines*: equal widths, cells that are readings."""
    rows = _split(lines, delimiter)
    body = rows[1:] or rows
    width = _width(body)
    even = [row for row in body if len(row) == width]
    cells = [cell for row in even[:100] for cell in row]
    readings = sum(map(_is_reading, cells)) / max(len(cells), 1)
    fit = (0.1 + readings) * len(even) / len(body)
    fit *= 1.0 if len(rows[0]) == width else 0.7
    if width > 1:
        return fit * 1.1
    # Names with delimiters between them speak against a single column, as in "a,b" above "1,5".
    several = not is_number(lines[0]) and any(sign in lines[0] for sign in DELIMITERS)
    return fit * 0.5 if several else fit


def _decimal(rows: list[list[str]], delimiter: str) -> str:
    """Return the decimal sign that most cells speak for."""
    votes = Counter[str]()
    for row in rows:
        for raw in row:
            cell = raw.strip()
            if not is_number(cell) or THOUSANDS.fullmatch(cell):
                continue
            if "." in cell and POINT.fullmatch(cell):
                votes["."] += 1
            elif "," in cell and COMMA.fullmatch(cell):
                votes[","] += 1
    if votes["."] == votes[","] == 0 and delimiter != ",":
        # Nothing but cells like 1,234: beside semicolons or tabs the comma is a decimal sign.
        commas = any("," in cell and is_number(cell) for row in rows for cell in row)
        return "," if commas else "."
    return "," if votes[","] > votes["."] else "."


def _is_header(first: list[str], rest: list[list[str]]) -> bool:
    """Whether *first* names columns: text, or whole numbers as names above other readings."""
    cells = [cell.strip() for cell in first]
    if any(times.ISO.fullmatch(cell) for cell in cells):
        return False
    numbers = [cell for cell in cells if is_number(cell)]
    if not numbers:
        return any(cell.lower() not in MISSING for cell in cells)
    if len(set(numbers)) < len(numbers) or not all(cell.isdigit() for cell in numbers):
        return False
    counting = [int(cell) for cell in numbers] in (
        list(range(len(numbers))),
        list(range(1, len(numbers) + 1)),
    )
    decimals = any(
        "." in cell or "," in cell for row in rest[:20] for cell in row if is_number(cell)
    )
    return bool(rest) and len(cells) > 1 and (counting or decimals)


def _is_units(body: list[list[str]]) -> bool:
    """Whether the first row below the header is text above columns of numbers."""
    if len(body) < 3:
        return False
    below = body[1:20]
    numeric = [
        i
        for i in range(len(body[0]))
        if sum(i < len(row) and is_number(row[i]) for row in below) > len(below) / 2
    ]
    texts = [body[0][i].strip() for i in numeric]
    named = [text for text in texts if text and not is_number(text) and len(text) <= 16]
    return (
        len(named) == sum(bool(text) for text in texts)
        and len(named) * 2 >= max(len(numeric), 1)
        and any(text.lower() not in MISSING for text in named)
    )
