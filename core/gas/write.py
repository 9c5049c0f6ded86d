"""Write simulated recordings in the published layout: a CSV, folders of PNGs, a note.

The bytes depend on nothing but the numbers: PNGs are written here without compression, as the
bytes of deflate differ between versions of its libraries; a zip is packed by bzip2, whose do not.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from core.data.labs import GAS_LAB
from core.data.uploads import write_atomically
from core.errors import StorageError
from core.gas.camera import colours
from core.gas.lab import Lab
from core.gas.reading import SIMULATED
from core.gas.simulate import Session, simulated, table

TABLE = "Gas Sensors Measurements/Gas_Sensors_Measurements.csv"
IMAGES = "Thermal Camera Images"
README = """This recording is simulated: no sensor and no camera was there.

It has the layout of MultimodalGasData (Narkhede et al., Data 2022, 7(8), 112): one row a reading of
seven gas sensors in 10-bit counts, the class of the session, and the name of the frame that the
thermal camera took with it. Two columns are added: Session, and Exposed, which is 1 where gas was
there in truth. simulated.json holds the parameters; the same parameters make the same bytes.

Made by: fusionscope gas simulate
Licence: CC0 1.0
"""
WHEN = (2024, 1, 1, 0, 0, 0)
PAETH = 4  # the filter of every line
BLOCK = 65_535  # bytes of a block that is stored as it is
# An easy laboratory, since it is small: six sessions a class are few to learn from. Sensors of one
# day, that have hardly aged; little gas in the air that is not of the class; puffs with pauses.
SAMPLE = Lab(
    sessions=6,
    rows=50,
    lead=(2, 6),
    burst_every=(16, 24),
    burst_rows=(6, 10),
    smoke_rows=(12, 30),
    smoke_pause=(8, 20),
    cross=0.2,
    ageing=0.03,
    drift=0.02,
    humidity=0.02,
    ambient=0.05,
    hands=0.02,
)

Told = Callable[[float], None]


def write_folder(lab: Lab, folder: Path, progress: Told | None = None) -> Path:
    """Simulate *lab* into *folder*, session by session, and return the folder.

    Args:
        lab: The parameters.
        folder: New or empty.
        progress: Told the finished share, 0 to 1.

    Raises:
        StorageError: the folder holds files, may not be written, or the disk is full.
    """
    try:
        if folder.exists() and any(folder.iterdir()):
            raise StorageError(f"{folder} is not empty.", "Name a new folder.")
        for name, data in _files(lab, progress):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    except OSError as error:
        raise StorageError(
            f"{folder} cannot be written: {error.strerror or error}.",
            "Free some space or choose another folder.",
        ) from None
    return folder


def write_sample(folder: Path) -> Path:
    """Make the sample of the catalog again, byte for byte, and return its path.

    Raises:
        StorageError: the folder may not be written, or the disk is full.
    """
    path = folder / GAS_LAB.file
    write_atomically(path, lambda draft: _pack(SAMPLE, draft))
    return path


def _pack(lab: Lab, path: Path) -> None:
    # Level 1 has blocks of 100 kB, more than a frame; larger ones take time alone.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2, compresslevel=1) as packed:
        for name, data in _files(lab, None):
            member = zipfile.ZipInfo(name, WHEN)
            member.compress_type, member.create_system = zipfile.ZIP_BZIP2, 3
            member.external_attr = 0o644 << 16
            packed.writestr(member, data)


def _files(lab: Lab, progress: Told | None) -> Iterator[tuple[str, bytes]]:
    """Make the files of a recording: name and bytes; the table last, when all is known."""
    yield "README.txt", README.encode()
    yield SIMULATED, lab.model_dump_json(indent=1).encode()
    palette = colours()
    kept: list[Session] = []
    counts: dict[str, int] = {}
    for session in simulated(lab):
        for frame in session.frames:
            serial = counts.get(session.gas, 0)
            counts[session.gas] = serial + 1
            yield f"{IMAGES}/{session.gas}/{serial}_{session.gas}.png", png(frame, palette)
        kept.append(session._replace(frames=session.frames[:0]))
        if progress is not None:
            progress(len(kept) / lab.total)
    yield TABLE, table(kept).to_csv(index=False, lineterminator="\n").encode()


def png(indices: np.ndarray, palette: np.ndarray) -> bytes:
    """Return a PNG of (H, W) uint8 *indices* into *palette* (256, 3) uint8, uncompressed.

    The format is that of the PNG Specification (third edition), sections 5 and 11.
    """
    height, width = indices.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)  # 8 bits, by a palette
    lines = np.pad(_paeth(indices), ((0, 0), (1, 0)), constant_values=PAETH).tobytes()
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, data)
        for kind, data in (
            (b"IHDR", header),
            (b"PLTE", palette.tobytes()),
            (b"IDAT", _stored(lines)),
            (b"IEND", b""),
        )
    )


def _paeth(indices: np.ndarray) -> np.ndarray:
    """Return (H, W) uint8: each pixel minus the neighbour that is the most like it (section 9.4).

    Left, above, or above left: the nearest to left + above - above left; where a pixel repeats, as
    in an enlarged picture, zeros are left, which a zip packs well.
    """
    padded = np.pad(indices, ((1, 0), (1, 0))).astype(np.int16)
    left, above, corner = padded[1:, :-1], padded[:-1, 1:], padded[:-1, :-1]
    guess = left + above - corner
    away = np.abs(np.stack([guess - left, guess - above, guess - corner]))
    nearest = np.choose(away.argmin(axis=0), [left, above, corner])  # ties in this order
    return (padded[1:, 1:] - nearest).astype(np.uint8)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _stored(data: bytes) -> bytes:
    """Return *data* as a zlib stream of blocks that are stored as they are (RFC 1951, 3.2.4)."""
    parts = [b"\x78\x01"]
    for start in range(0, len(data), BLOCK):
        part = data[start : start + BLOCK]
        last = start + BLOCK >= len(data)
        parts += [struct.pack("<BHH", last, len(part), len(part) ^ 0xFFFF), part]
    return b"".join([*parts, struct.pack(">I", zlib.adler32(data))])
