"""The analyst's own recordings: stored once, as Parquet, by the hash of their content."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, ValidationError

from core.data import roles
from core.data.archive import AGAIN, ZIP
from core.data.dataset import Finding
from core.data.readers import Table, read_table
from core.errors import DataError, StorageError, UnreadableFile
from core.settings import settings


class Upload(BaseModel):
    """What is known of an uploaded recording; stored beside it as JSON.

    Attributes:
        name: In the catalog and in links, such as "pump-station-3fa2c1".
        filename: As it was uploaded.
        added: When, UTC.
        content: SHA-256 of its content, the name of its file.
        rows: As read.
        channels: Sensors, as guessed.
        units: Unit by column, from a units row.
        findings: What was noticed while reading.
        packed: Whether it is kept as the zip that it came in, since it has more than a table.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    filename: str
    added: datetime
    content: str
    rows: int
    channels: int
    units: dict[str, str] = {}
    findings: tuple[Finding, ...] = ()
    packed: bool = False

    @property
    def path(self) -> Path:
        """The stored file: Parquet, or the zip."""
        return folder() / f"{self.content}.{'zip' if self.packed else 'parquet'}"


def folder() -> Path:
    """Folder of the uploads."""
    return settings().home / "datasets"


def everything() -> dict[str, Upload]:
    """All uploads by name, oldest first; a damaged description is skipped, its data stay."""
    found = []
    for path in folder().glob("*.json"):
        try:
            found.append(Upload.model_validate_json(path.read_bytes()))
        except (ValidationError, OSError):
            continue
    return {upload.name: upload for upload in sorted(found, key=lambda upload: upload.added)}


def add(source: Path | bytes, filename: str) -> Upload:
    """Read *source* and store it; the same content is stored once, under its first name.

    A stored file that is missing or truncated is replaced.

    Raises:
        UnreadableFile: it is no table.
        StorageError: it cannot be stored; what was stored before stays as it is.
    """
    if isinstance(source, bytes):
        if source.startswith(ZIP):
            return _add_packed(source, filename)
        if filename.lower().endswith(".zip"):
            raise UnreadableFile("The file is no zip file, or it is cut off.", AGAIN)
    table = read_table(source, filename)
    upload, known = _described(table, filename, table.content)
    if known and _is_whole(upload.path):
        return upload
    arrow = pa.Table.from_pandas(table.frame, preserve_index=False)
    write_atomically(upload.path, lambda draft: pq.write_table(arrow, draft, compression="zstd"))
    write_text(upload.path.with_suffix(".json"), upload.model_dump_json(indent=1))
    return upload


def _add_packed(data: bytes, filename: str) -> Upload:
    """Store a zip of a table and other files as it is; what is no such zip leaves nothing."""
    path = folder() / f"{hashlib.sha256(data).hexdigest()}.zip"
    write_atomically(path, lambda draft: draft.write_bytes(data))
    try:
        table = read_table(path, filename)
    except DataError as error:
        path.unlink()
        problem = error.problem.replace(path.name, "the file")  # whoever uploads it names it
        raise UnreadableFile(problem[0].upper() + problem[1:], error.remedy) from None
    upload, known = _described(table, filename, path.stem, packed=True)
    if not known:
        write_text(path.with_suffix(".json"), upload.model_dump_json(indent=1))
    return upload


def _described(
    table: Table, filename: str, content: str, packed: bool = False
) -> tuple[Upload, bool]:
    """Return what is known of a recording, and whether it was stored before."""
    stored = everything()
    known = next((one for one in stored.values() if one.content == content), None)
    upload = known or Upload(
        name=_name(filename, content, set(stored)),
        filename=filename,
        added=datetime.now(UTC),
        content=content,
        rows=len(table.frame),
        channels=len(roles.guess(table.frame).channels),
        units=table.units,
        findings=table.findings,
        packed=packed,
    )
    return upload, known is not None


def _is_whole(path: Path) -> bool:
    try:
        pq.read_metadata(path)
    except (pa.ArrowException, OSError):
        return False
    return True


def read(upload: Upload) -> Table:
    """Read a stored recording back.

    Raises:
        UnreadableFile: its file is missing or damaged.
    """
    if upload.packed:
        return replace(read_table(upload.path, upload.name), units=upload.units)
    try:
        frame = pq.read_table(upload.path).to_pandas(split_blocks=True, self_destruct=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        what = "missing" if isinstance(error, FileNotFoundError) else "damaged"
        raise UnreadableFile(
            f"The stored file of {upload.name!r} is {what}.", f"Upload {upload.filename} again."
        ) from None
    return Table(frame, upload.findings, upload.content, upload.name, upload.units)


def remove(upload: Upload) -> None:
    """Delete a stored recording; runs trained on it stay."""
    try:
        upload.path.with_suffix(".json").unlink(missing_ok=True)
        upload.path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"{upload.name!r} cannot be deleted: {error.strerror or error}.", "Close what uses it."
        ) from None


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let *write* fill a draft, then put it in the place of *path* in one step.

    Raises:
        StorageError: the disk is full or may not be written; *path* is as it was.
    """
    draft: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(handle)
        draft = Path(name)
        write(draft)
        draft.replace(path)
    except OSError as error:
        raise StorageError(
            f"{path.name} cannot be written to {path.parent}: {error.strerror or error}.",
            "Free some space, or let FUSIONSCOPE_HOME name another folder; nothing was changed.",
        ) from None
    finally:
        if draft is not None:
            draft.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write *text* in one step."""
    write_atomically(path, lambda draft: draft.write_text(text, encoding="utf-8"))


def _name(filename: str, content: str, taken: set[str]) -> str:
    """A name for links: the file's name in plain letters and the start of its hash."""
    stem = re.sub(r"(\.(csv|tsv|txt|gz|parquet|pq|zip))+$", "", filename, flags=re.IGNORECASE)
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].rstrip("-") or "recording"
    digits = 6
    while (name := f"{slug}-{content[:digits]}") in taken:
        digits += 2
    return name
