"""Read a recording from CSV (plain or gzip) or Parquet: a table, or one clear error."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from core.data import content, naming, sniff, times
from core.data.archive import Archive, is_archive
from core.data.columns import typed
from core.data.dataset import Finding
from core.data.rows import plural, spans
from core.errors import UnreadableFile
from core.settings import settings

WIDE = 100
MAX_COLUMNS = 2_000
NULLS = ["", "NA", "NaN", "nan", "NULL", "null", "None", "#N/A"]
INDEX = "__index_level_"
BLOCK = 1 << 22


@dataclass(frozen=True)
class Table:
    """A file as it was read, before anyone says which column is what.

    Attributes:
        frame: Columns of numbers, time stamps (datetime64[us]) or text, rows as in the file.
        findings: What was noticed while reading.
        content: SHA-256 of the values (`content.digest_frame`), the same for CSV and Parquet.
        name: What to call it.
        units: Unit by column, where the file has a units row.
    """

    frame: pd.DataFrame
    findings: tuple[Finding, ...]
    content: str
    name: str = ""
    units: dict[str, str] = field(default_factory=dict)


def read_table(source: Path | bytes, name: str = "", columns: Sequence[str] = ()) -> Table:
    """Read a CSV file (comma, semicolon, tab or runs of blanks; also gzip) or a Parquet file.

    Args:
        source: Path of the file, or its bytes; or path of a folder or zip with one such file.
        name: What to call it; the file's name when empty.
        columns: Names of the columns of a text file without header, where somebody knows them.

    Raises:
        UnreadableFile: it is missing, empty, binary, damaged, too large or no table.
    """
    if isinstance(source, Path) and is_archive(source):
        packed, name = Archive(source), name or source.stem
        source = packed.read(packed.table)
    data = _bytes(source)
    if not name and isinstance(source, Path):
        name = source.name.removesuffix(".gz").rsplit(".", 1)[0]
    units: dict[str, str] = {}
    if data.slice(0, min(4, data.size)).to_pybytes() == b"PAR1":
        arrow, findings = _parquet(data)
        decimal = "."
    else:
        arrow, findings, units, decimal = _csv(data, columns)
    del data
    arrow = _without_blank_rows(arrow, findings)
    if arrow.num_rows == 0:
        raise UnreadableFile("The file has no rows.", "Export it again with its readings.")
    names, cells = arrow.column_names, arrow.columns
    del arrow
    frame, notes = typed(names, cells, decimal)
    pa.default_memory_pool().release_unused()
    findings += notes
    frame = times.join_clock(without_index(frame, findings), findings)
    if not any(pd.api.types.is_numeric_dtype(kind) for kind in frame.dtypes):
        raise UnreadableFile(
            f"No column holds numbers; columns are {', '.join(map(str, frame.columns[:8]))}.",
            "Expected one row a time step and one column a sensor.",
        )
    return Table(frame, tuple(findings), content.digest_frame(frame), name, units)


def _bytes(source: Path | bytes) -> pa.Buffer:
    """The file's bytes, unpacked, within the limit; a file on disk is mapped, not copied."""
    limit = settings().upload_limit_mb * 1_000_000
    try:
        data = pa.py_buffer(source) if isinstance(source, bytes) else _mapped(source)
    except OSError as error:
        raise UnreadableFile(f"{source!s} cannot be read: {error.strerror or error}.") from None
    if data.size == 0:
        raise UnreadableFile("The file is empty.", "Export it again.")
    head = data.slice(0, min(4, data.size)).to_pybytes()
    if data.size > limit:
        raise UnreadableFile(
            f"The file has {data.size / 1e6:,.0f} MB, at most {limit / 1e6:,.0f} MB are read.",
            "Set FUSIONSCOPE_UPLOAD_LIMIT_MB, or cut the recording.",
        )
    if head.startswith(b"\x1f\x8b"):
        data = _unzipped(data, limit)
    head = data.slice(0, min(4, data.size)).to_pybytes()
    if head.startswith(b"PK\x03\x04"):
        raise UnreadableFile("This is a zip file or a workbook.", "Export the sheet as CSV.")
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return pa.py_buffer(data.to_pybytes().decode("utf-16").encode())
        except UnicodeDecodeError as error:
            raise UnreadableFile(
                f"The file says that it is UTF-16 and is not ({error.reason}).",
                "Save it again as UTF-8.",
            ) from None
    return data


def _mapped(path: Path) -> pa.Buffer:
    if path.stat().st_size == 0:
        return pa.py_buffer(b"")
    return pa.memory_map(str(path)).read_buffer()


def _unzipped(data: pa.Buffer, limit: int) -> pa.Buffer:
    result = bytearray()
    try:
        with gzip.GzipFile(fileobj=pa.BufferReader(data)) as stream:
            while chunk := stream.read(1 << 22):
                result += chunk
                if len(result) > limit:
                    raise UnreadableFile(
                        f"Unpacked, the file has more than {limit / 1e6:,.0f} MB.",
                        "Set FUSIONSCOPE_UPLOAD_LIMIT_MB, or cut the recording.",
                    )
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableFile(
            f"The gzip file is damaged: {str(error).rstrip('.')}.", "Copy or export it again."
        ) from None
    if not result:
        raise UnreadableFile("The gzip file is empty inside.", "Export it again.")
    return pa.py_buffer(result)


def _check_width(columns: int, findings: list[Finding]) -> None:
    if columns > MAX_COLUMNS:
        raise UnreadableFile(
            f"The table has {columns:,} columns, at most {MAX_COLUMNS:,} are read.",
            "Choose the sensors that matter, or turn the table if time runs sideways.",
        )
    if columns > WIDE:
        findings.append(
            Finding(
                what=f"The table is wide: {columns:,} columns.",
                count=columns,
                action="All are read; fewer channels train faster and explain better.",
            )
        )


def _parquet(data: pa.Buffer) -> tuple[pa.Table, list[Finding]]:
    findings: list[Finding] = []
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        _check_width(file.metadata.num_columns, findings)
        size = file.metadata.num_rows * max(file.metadata.num_columns, 1) * 8
        if size > 4 * settings().upload_limit_mb * 1_000_000:
            raise UnreadableFile(
                f"Unpacked, the file has about {size / 1e6:,.0f} MB.",
                "Set FUSIONSCOPE_UPLOAD_LIMIT_MB, or cut the recording.",
            )
        arrow = file.read()
        arrow.validate(full=True)
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        raise UnreadableFile(
            f"The Parquet file is damaged: {_first_line(error)}.", "Copy or export it again."
        ) from None
    names = naming.unique(arrow.column_names, findings)
    # pandas writes an index without a name behind the columns.
    front = sorted(range(len(names)), key=lambda i: not names[i].startswith(INDEX))
    return arrow.rename_columns(names).select(front), findings


def _csv(
    data: pa.Buffer, columns: Sequence[str]
) -> tuple[pa.Table, list[Finding], dict[str, str], str]:
    data = sniff.aligned(data)
    layout = sniff.layout_of(data, columns)
    findings = layout.findings
    _check_width(len(layout.names), findings)
    ragged: list[int | None] = []
    arrow = _parse(data, layout, ragged, threads=True)
    if ragged:
        if len(ragged) > arrow.num_rows:
            raise UnreadableFile(
                f"{len(ragged):,} rows do not have {len(layout.names)} fields as the header says.",
                "Expected the same delimiter and number of fields in every row.",
            )
        # Only the reader with one thread knows the numbers of the rows.
        ragged.clear()
        arrow = _parse(data, layout, ragged, threads=False)
        rows = np.array([number - 1 for number in ragged if number is not None])
        findings.append(
            Finding(
                what=f"{plural(len(ragged), 'row')} with too many or too few fields.",
                rows=spans(rows),
                count=len(ragged),
                action="Left out.",
                severity="warning",
            )
        )
    if layout.decimal == ",":
        findings.append(Finding(what="Numbers have a decimal comma.", action="Read as such."))
    if layout.encoding != "utf-8":
        findings.append(Finding(what="The text is not UTF-8.", action="Read as Latin-1."))
    return arrow, findings, layout.units, layout.decimal


def _parse(
    data: pa.Buffer, layout: sniff.Layout, ragged: list[int | None], threads: bool
) -> pa.Table:
    """Parse the rows; those with a wrong number of fields are left out and noted in *ragged*."""

    def skip(row: pa_csv.InvalidRow) -> str:
        ragged.append(row.number)
        return "skip"

    body = data.slice(layout.body)
    read = pa_csv.ReadOptions(
        column_names=layout.names,
        encoding=layout.encoding,
        use_threads=threads,
        block_size=BLOCK,
    )
    parse = pa_csv.ParseOptions(
        delimiter=layout.delimiter,
        quote_char='"' if layout.quoted else False,
        invalid_row_handler=skip,
    )
    convert = pa_csv.ConvertOptions(
        decimal_point=layout.decimal, null_values=NULLS, strings_can_be_null=True
    )
    try:
        # Types that the first block shows let the reader drop each block once it is converted;
        # without them it keeps all text to the end, twice the memory.
        schema = pa_csv.open_csv(pa.BufferReader(body), read, parse, convert).schema
        convert.column_types = {f.name: f.type for f in schema if not pa.types.is_null(f.type)}
        ragged.clear()
        return pa_csv.read_csv(pa.BufferReader(body), read, parse, convert)
    except (pa.ArrowException, OSError, ValueError):
        ragged.clear()
    convert.column_types = {}
    try:
        return pa_csv.read_csv(pa.BufferReader(body), read, parse, convert)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UnreadableFile(
            f"The file cannot be read as a table: {_first_line(error)}.",
            "Look for a quotation mark that is not closed.",
        ) from None


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")[:200]


def _without_blank_rows(arrow: pa.Table, findings: list[Finding]) -> pa.Table:
    if not arrow.num_columns or not all(column.null_count for column in arrow.columns):
        return arrow
    blank = np.ones(arrow.num_rows, dtype=bool)
    for column in arrow.columns:
        blank &= pc.is_null(column).to_numpy()
        if not blank.any():
            return arrow
    findings.append(
        Finding(
            what=f"{plural(int(blank.sum()), 'row')} without any value.",
            rows=spans(blank),
            count=int(blank.sum()),
            action="Left out.",
        )
    )
    return arrow.filter(pa.array(~blank))


def without_index(frame: pd.DataFrame, findings: list[Finding]) -> pd.DataFrame:
    """Leave out a row counter in front and empty columns, when nobody gave them a name."""
    for place, name in enumerate(list(frame.columns)):
        if not name.startswith(("column_", "Unnamed:", INDEX)) and name != "index":
            continue
        values = frame[name]
        what = action = ""
        if values.isna().all():
            what, action = "Has neither a name nor values.", "Left out."
        elif place == 0 and pd.api.types.is_datetime64_any_dtype(values) and "time" not in frame:
            what, action = "Holds time stamps and has no name.", "Called 'time'."
            frame = frame.rename(columns={name: "time"})
        elif place == 0 and values.dtype == np.int64 and bool((np.diff(values) == 1).all()):
            what, action = "Counts the rows.", "Left out."
        if action == "Left out." and frame.shape[1] > 1:
            frame = frame.drop(columns=name)
        elif action == "Left out.":
            continue
        if what:
            findings.append(Finding(what=what, column=name, count=len(values), action=action))
    return frame
