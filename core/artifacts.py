"""Files of a run: written beside the store first, listed with size and checksum, checked later."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import sqlite3
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil

from core.errors import RunDamaged, StorageError
from core.settings import settings

MANIFEST = "manifest.json"
_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}


@contextmanager
def storing(what: str) -> Iterator[None]:
    """Turn a full or read-only disk into a `StorageError` that names *what* could not be stored."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageError(
                f"The disk is full: {what} could not be stored.",
                f"Free some space below {settings().home}; what was stored before is untouched.",
            ) from error
        if error.errno in _FORBIDDEN:
            raise StorageError(
                f"{what[:1].upper()}{what[1:]} could not be stored: "
                f"{error.filename or settings().home} may not be written.",
                "FUSIONSCOPE_HOME names the folder of runs, uploads and jobs.",
            ) from error
        raise


@contextmanager
def exclusive(name: str, patience: float = 120.0) -> Iterator[None]:
    """Keep other processes with the same home folder out; one that is killed lets go by itself."""
    folder = settings().home
    with storing(f"the lock {name}"):
        folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(folder / f"{name}.lock", timeout=patience)) as lock:
        lock.execute("BEGIN EXCLUSIVE")
        yield


@contextmanager
def staging() -> Iterator[Path]:
    """An empty folder on the store's disk, gone afterwards unless it was moved away."""
    folder = settings().home / "staging" / f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
    with storing("the run"):
        folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep() -> None:
    """Remove what processes that were killed left in the staging folder."""
    for folder in (settings().home / "staging").glob("*-*"):
        if not psutil.pid_exists(int(folder.name.partition("-")[0])):
            shutil.rmtree(folder, ignore_errors=True)


def seal(folder: Path) -> str:
    """List every file of *folder* with size and checksum in its manifest; return its checksum."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    manifest = {
        path.relative_to(folder).as_posix(): {
            "size": path.stat().st_size,
            "sha256": _checksum(path),
        }
        for path in files
    }
    write_json(folder / MANIFEST, manifest)
    return _checksum(folder / MANIFEST)


def check(folder: Path, run: str, seal: str) -> dict[str, Any]:
    """Compare the sizes of all files with the manifest and return the manifest.

    Raises:
        RunDamaged: a file of *run* is missing or has another size, or the manifest was altered.
    """
    try:
        if _checksum(folder / MANIFEST) != seal:
            raise damaged(run, MANIFEST, "was altered")
    except FileNotFoundError:
        raise damaged(run, MANIFEST, "is missing") from None
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
    for name, entry in manifest.items():
        try:
            size = (folder / name).stat().st_size
        except FileNotFoundError:
            raise damaged(run, name, "is missing") from None
        if size != entry["size"]:
            raise damaged(run, name, f"has {size:,} bytes instead of {entry['size']:,}")
    return manifest


def check_content(folder: Path, run: str, manifest: dict[str, Any], part: str = "") -> None:
    """Compare the checksums of the files below *part* (a folder or a file) with the manifest.

    Raises:
        RunDamaged: a file of *run* was altered.
    """
    for name, entry in manifest.items():
        if name.startswith(part) and _checksum(folder / name) != entry["sha256"]:
            raise damaged(run, name, "was altered")


def damaged(run: str, file: str, what: str) -> RunDamaged:
    """Return the error that says which *file* of *run* is broken, and in what way."""
    return RunDamaged(
        f"Run {run!r} is damaged: its file {file} {what}.", "Delete the run and train it again."
    )


def pack(folder: Path, path: Path) -> None:
    """Write all files of *folder* into a zip at *path*, which appears only when it is complete."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with storing(f"the export {path}"):
            path.parent.mkdir(parents=True, exist_ok=True)
            with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                for file in sorted(folder.rglob("*")):
                    if file.is_file():
                        archive.write(file, file.relative_to(folder).as_posix())
            draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Write *value* as readable JSON."""
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False, default=str), "utf-8")


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
