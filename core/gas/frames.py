"""The frames of a thermal camera, one a row, read when they are asked for.

A frame is cropped to its scene before anything else: colour bar and text differ from recording to
recording, and a network would read the class from them.
"""

from __future__ import annotations

import io
import warnings
import zlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
from PIL import Image

from core.data.archive import Archive
from core.data.dataset import digest
from core.errors import UnreadableFile
from core.gas.camera import AUTO, Camera, camera_for
from core.gas.keep import keeper
from core.settings import settings

IMAGES = (".png", ".jpg", ".jpeg", ".bmp")
MODES = {"1", "L", "LA", "P", "PA", "RGB", "RGBA"}
GREY = {"1", "L", "LA"}
PIXELS = 25_000_000  # of one frame; thermal cameras have less than two million
BYTES = 64_000_000
RESAMPLING = Image.Resampling.BILINEAR


class Store(Protocol):
    """Where frames are."""

    @property
    def survey(self) -> pd.DataFrame:
        """One row a file: bytes, crc, width, height, mode, trouble ("" for none); by its name."""
        ...

    def image(self, name: str) -> Image.Image:
        """Return a frame that has no trouble.

        Raises:
            UnreadableFile: it cannot be decoded.
        """
        ...


class Files:
    """Images in a folder or a zip, any nesting.

    Args:
        archive: Where they are.
        drawn: Whether heat maps of the sensors are meant, and not what a camera saw: images in a
            folder that is called so.
    """

    def __init__(self, archive: Archive, drawn: bool = False) -> None:
        self.archive = archive
        self.drawn = drawn

    @cached_property
    def survey(self) -> pd.DataFrame:
        """What the headers say, and whether each file is whole; kept for the next time."""
        names = [
            name
            for name in self.archive.files
            if name.lower().endswith(IMAGES) and _is_drawn(name) == self.drawn
        ]
        kept = keeper("frames").cache(_survey, ignore=["archive"])
        return kept(self.archive, names, self._state(names))

    def image(self, name: str) -> Image.Image:
        """Return a frame in its own size and mode."""
        try:
            image = Image.open(io.BytesIO(self.archive.read(name, BYTES)))
            image.load()
        except (OSError, ValueError, SyntaxError) as error:
            raise UnreadableFile(
                f"{name} cannot be decoded ({error}).", "Take it out, or save it again."
            ) from None
        return image

    def _state(self, names: list[str]) -> str:
        """Hash of what tells that files have changed, without reading them."""
        path, sizes = self.archive.path.resolve(), self.archive.files
        paths = [path / name for name in names] if path.is_dir() else [path]
        changed = [str(one.stat().st_mtime_ns) for one in paths]
        return digest([str(path), *changed, *(f"{name}\t{sizes[name]}" for name in names)])


class Arrays:
    """Frames in memory, such as those of the simulator.

    Args:
        arrays: (H, W, 3) uint8 by name.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self.arrays = arrays

    @cached_property
    def survey(self) -> pd.DataFrame:
        """Size and checksum of each array."""
        return _table(
            {
                name: (array.nbytes, zlib.crc32(array.tobytes()), *_extent(array))
                for name, array in self.arrays.items()
            }
        )

    def image(self, name: str) -> Image.Image:
        """Return a frame."""
        return Image.fromarray(self.arrays[name])


class Frames:
    """The frame of each row; some rows may have none.

    Args:
        names: (rows,) name of each row's frame in *store*, "" where it is missing.
        store: Where they are.
        camera: The camera; by the size of the frames when None.

    Attributes:
        names: As given.
        camera: As given, or found.
        present: (rows,) bool, False where the frame is missing or unreadable.
    """

    def __init__(self, names: tuple[str, ...], store: Store, camera: Camera | None = None) -> None:
        self.names = names
        self.store = store
        trouble = store.survey["trouble"]
        whole = set(trouble.index[trouble == ""])
        self.present = np.array([name in whole for name in names], dtype=bool)
        self.camera = camera or camera_for(self.size, AUTO, self.grey)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) that most frames have."""
        sizes = self.survey[["width", "height"]].value_counts()
        width, height = sizes.index[0] if len(sizes) else (1, 1)
        return int(width), int(height)

    @property
    def grey(self) -> bool:
        """Whether most frames have no colours, as their headers say."""
        modes = self.survey["mode"]
        return len(modes) > 0 and modes.mode().iloc[0] in GREY

    @cached_property
    def survey(self) -> pd.DataFrame:
        """What is known of the readable frames that belong to rows, by name."""
        used = [name for name, there in zip(self.names, self.present, strict=True) if there]
        return self.store.survey.loc[sorted(set(used))]

    @cached_property
    def digest(self) -> str:
        """Hash of names, sizes and checksums, in the order of the rows."""
        known = self.store.survey
        rows = zip(known.index, known["bytes"], known["crc"], strict=True)
        facts = {name: f"{size} {crc}" for name, size, crc in rows}
        return digest(f"{Path(name).stem} {facts.get(name, '')}" for name in self.names)

    def seen_by(self, camera: Camera | str) -> Frames:
        """Return the same frames with another camera, that is another crop or palette.

        Args:
            camera: The camera, or how `camera_for` knows it.

        Raises:
            ConfigError: there is no such camera.
        """
        if isinstance(camera, str):
            camera = camera_for(self.size, camera, self.grey)
        return self if camera == self.camera else Frames(self.names, self.store, camera)

    def take(self, rows: np.ndarray, size: int | None, camera: Camera | None = None) -> np.ndarray:
        """Return the scenes of *rows*.

        Args:
            rows: (R,) row numbers.
            size: Height and width to scale each scene to; None leaves it as it was cropped.
            camera: Another one than that of the frames.

        Returns:
            (R, H, W, 3) uint8; zeros where the frame is missing.

        Raises:
            UnreadableFile: a frame cannot be decoded, though its file looked whole.
        """
        camera = camera or self.camera
        left, top, right, bottom = camera.crop
        height, width = (bottom - top, right - left) if size is None else (size, size)
        taken = np.zeros((len(rows), height, width, 3), np.uint8)

        def put(place: int) -> None:
            row = int(rows[place])
            if self.present[row]:
                scene = _scene(self.store.image(self.names[row]), camera)
                if scene.size != (width, height):
                    scene = scene.resize((width, height), RESAMPLING)
                taken[place] = np.asarray(scene)

        # Pillow decodes and scales outside of the interpreter's lock.
        with ThreadPoolExecutor(settings().threads) as pool:
            list(pool.map(put, range(len(rows))))
        return taken

    def scene(self, row: int) -> Image.Image:
        """Return the cropped frame of a row, RGB.

        Raises:
            UnreadableFile: the row has no frame, or it cannot be decoded.
        """
        return _scene(self._image(row), self.camera)

    def whole(self, row: int) -> np.ndarray:
        """Return the uncropped frame of a row, (H, W, 3) uint8, to show what the crop leaves out.

        Raises:
            UnreadableFile: the row has no frame, or it cannot be decoded.
        """
        return np.asarray(self._image(row).convert("RGB"))

    def _image(self, row: int) -> Image.Image:
        if not self.present[row]:
            raise UnreadableFile(f"Row {row + 1} has no frame.", "Choose another row.")
        return self.store.image(self.names[row])


def _is_drawn(name: str) -> bool:
    """Whether an image lies in a folder of heat maps, such as "Heat maps/Smoke"."""
    plain = ("".join(filter(str.isalnum, part)).lower() for part in name.split("/")[:-1])
    return any("heatmap" in part for part in plain)


def _scene(image: Image.Image, camera: Camera) -> Image.Image:
    """Return what the camera sees, without what it writes beside and over it."""
    image = image.convert("RGB")
    if image.size != camera.size:
        image = image.resize(camera.size, RESAMPLING)
    return image.crop(camera.crop)


def _survey(archive: Archive, names: list[str], state: str) -> pd.DataFrame:
    """Read every file once; *state* tells the cache whether they are as they were."""
    return _table({name: _looked_at(archive, name) for name in names})


def _looked_at(archive: Archive, name: str) -> tuple[int, int, int, int, str, str]:
    """Return bytes, crc, width, height, mode and trouble of an image; pixels are not decoded."""
    size = archive.files[name]
    if size > BYTES:
        return size, 0, 0, 0, "", "of more bytes than any frame has"
    try:
        data = archive.read(name, BYTES)
    except UnreadableFile:  # damaged inside of its zip
        return size, 0, 0, 0, "", "unreadable or cut off"
    crc = zlib.crc32(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # judged below
            with Image.open(io.BytesIO(data)) as image:
                (width, height), mode = image.size, image.mode
                whole = _whole(image, data)
    except Image.DecompressionBombError:
        return size, crc, 0, 0, "", "of more pixels than any camera has"
    except (OSError, ValueError, SyntaxError):
        return size, crc, 0, 0, "", "unreadable or cut off"
    trouble = ""
    if width * height > PIXELS:
        trouble = "of more pixels than any camera has"
    elif mode not in MODES:
        trouble = f"of mode {mode}, which holds no colours of a palette"
    elif not whole:
        trouble = "unreadable or cut off"
    return size, crc, width, height, mode, trouble


def _whole(image: Image.Image, data: bytes) -> bool:
    """Whether a file ends as its format wants it to; the checksums of a PNG are looked at."""
    if image.format == "JPEG":
        return data.rstrip(b"\0").endswith(b"\xff\xd9")
    if image.format == "BMP":
        return len(data) >= int.from_bytes(data[2:6], "little")
    image.verify()
    return True


def _extent(array: np.ndarray) -> tuple[int, int, str, str]:
    return array.shape[1], array.shape[0], "RGB", ""


def _table(facts: dict[str, tuple[int, int, int, int, str, str]]) -> pd.DataFrame:
    columns = ["bytes", "crc", "width", "height", "mode", "trouble"]
    return pd.DataFrame.from_dict(facts, orient="index", columns=columns)
