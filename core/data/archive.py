"""A recording of several files, in a folder or in a zip, read where it is.

Nothing is extracted, so no name of a member can lead out of a folder; a zip with such names is
refused all the same, as are members that unfold beyond the limit.
"""

from __future__ import annotations

import zipfile
import zlib
from functools import cached_property
from pathlib import Path, PurePosixPath

from core.errors import UnreadableFile
from core.settings import settings

TABLES = (".csv", ".csv.gz", ".tsv", ".parquet", ".pq")
AGAIN = "Pack or copy it again."
UTF_8 = 0x800  # the bit of a member that says how its name is written
ZIP = b"PK\x03\x04"


class Archive:
    """Files by their relative names; those that begin with a dot are left out.

    Args:
        path: A folder, or a zip file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path  # a zip stays open as long as this does

    def __reduce__(self) -> tuple[type[Archive], tuple[Path]]:
        return Archive, (self.path,)

    @cached_property
    def files(self) -> dict[str, int]:
        """Bytes, unpacked, of each file by its name, sorted.

        Raises:
            UnreadableFile: the folder or zip cannot be read, or is made to do harm.
        """
        try:
            found = self._folder() if self.path.is_dir() else self._members()
        except OSError as error:
            raise UnreadableFile(
                f"{self.path} cannot be read: {error.strerror or error}."
            ) from None
        return {name: found[name] for name in sorted(found) if not _hidden(name)}

    @property
    def table(self) -> str:
        """Name of the one table.

        Raises:
            UnreadableFile: there is none, or there are several.
        """
        tables = [name for name in self.files if name.lower().endswith(TABLES)]
        if len(tables) == 1:
            return tables[0]
        listed = f": {', '.join(tables[:4])}" if tables else ""
        raise UnreadableFile(
            f"{self.path.name} holds {len(tables) or 'no'} tables{listed}; expected one.",
            "Put the one CSV file of the recording into it, beside its folders of images.",
        )

    def read(self, name: str, limit: int | None = None) -> bytes:
        """Return the bytes of a file.

        Args:
            name: As in `files`.
            limit: Bytes at most; as for uploads when None.

        Raises:
            UnreadableFile: it is damaged, encrypted, or larger than *limit*.
        """
        limit = limit or settings().upload_limit_mb * 1_000_000
        if self.files[name] > limit:
            raise UnreadableFile(
                f"{name} unfolds to {self.files[name] / 1e6:,.0f} MB, at most {limit / 1e6:,.0f} "
                "MB are read.",
                "Set FUSIONSCOPE_UPLOAD_LIMIT_MB, or take it out.",
            )
        try:
            if self.path.is_dir():
                return (self.path / name).read_bytes()
            return self._zip.read(self._packed[name])
        except (OSError, zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise UnreadableFile(f"{name} in {self.path.name} is damaged ({error}).") from None
        except (RuntimeError, NotImplementedError) as error:  # encrypted, or packed unusually
            raise UnreadableFile(
                f"{name} in {self.path.name} cannot be unpacked ({error}).",
                "Pack it again without a password.",
            ) from None

    @cached_property
    def _zip(self) -> zipfile.ZipFile:
        try:
            return zipfile.ZipFile(self.path)
        except zipfile.BadZipFile:
            raise UnreadableFile(
                f"{self.path.name} is no zip file, or it is cut off.", AGAIN
            ) from None

    def _folder(self) -> dict[str, int]:
        return {
            file.relative_to(self.path).as_posix(): file.stat().st_size
            for file in self.path.rglob("*")
            if file.is_file()
        }

    @cached_property
    def _packed(self) -> dict[str, zipfile.ZipInfo]:
        members = [member for member in self._zip.infolist() if not member.is_dir()]
        return {_called(member): member for member in members}

    def _members(self) -> dict[str, int]:
        for name, member in self._packed.items():
            place = PurePosixPath(name.replace("\\", "/"))
            if place.is_absolute() or ".." in place.parts or ":" in place.parts[0]:
                raise UnreadableFile(
                    f"{self.path.name} names a file outside of itself: {member.filename!r}.",
                    "Nothing was read; do not trust where it comes from.",
                )
        return {name: member.file_size for name, member in self._packed.items()}


def is_archive(path: Path) -> bool:
    """Whether *path* is a folder, or a zip that holds a table.

    Raises:
        UnreadableFile: it is called a zip and is damaged, or made to do harm.
    """
    if path.is_dir():
        return True
    try:
        with path.open("rb") as file:
            packed = file.read(4) == ZIP
    except OSError:
        return False
    if not packed and path.suffix.lower() == ".zip":
        raise UnreadableFile(f"{path.name} is no zip file, or it is cut off.", AGAIN)
    try:
        return packed and any(name.lower().endswith(TABLES) for name in Archive(path).files)
    except UnreadableFile:
        if path.suffix.lower() == ".zip":
            raise
        return False  # what it is instead, its reader says


def _called(member: zipfile.ZipInfo) -> str:
    """Return the name of a member; zips made on a Mac hold UTF-8 and do not say so."""
    if not member.flag_bits & UTF_8:
        try:
            return member.filename.encode("cp437").decode()
        except UnicodeError:
            return member.filename
    return member.filename


def _hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in name.split("/"))
