"""The catalog: samples, public data sets and uploads, each by a name that stays."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError

from core.data import content, graphs, publics, simulate, uploads
from core.data.archive import Archive, is_archive
from core.data.dataset import Cleaning, Roles
from core.data.faults import KINDS
from core.data.graph import Graph, read_graph
from core.data.labs import LABS, Lab
from core.data.plants import PLANTS
from core.data.publics import ALIASES, PUBLIC, Public
from core.data.readers import Table, read_table
from core.errors import DataError, UnknownDataset
from core.settings import settings

SAMPLES = Path(__file__).resolve().parents[2] / "sample_data"


class Entry(BaseModel):
    """A data set of the catalog.

    Attributes:
        name: In links, on the command line and in `open_dataset`.
        label: As on the screen.
        kind: "sample" (simulated), "public" (fetched) or "upload" (the analyst's own).
        description: What it is, one or two sentences.
        licence: To be shown before a public set is fetched; empty for uploads.
        url: Where a public set is fetched from; else empty.
        rows: As read, before cleaning.
        available: Whether it is on this machine.
        train_rows: First rows of each entity to train on, when its authors say so.
        units: Unit by channel, as far as they are known.
        faults: Kinds of labelled fault and what happens, for samples.
        gas: Whether it is a recording of gases, with classes and perhaps frames.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    label: str
    kind: Literal["sample", "public", "upload"]
    description: str
    licence: str = ""
    url: str = ""
    rows: int = 0
    available: bool = True
    train_rows: int | None = None
    units: dict[str, str] = {}
    faults: dict[str, str] = {}
    gas: bool = False


class Recipe(BaseModel):
    """How the analyst last used a data set."""

    model_config = ConfigDict(frozen=True)

    roles: Roles | None = None
    cleaning: Cleaning | None = None


def entries() -> list[Entry]:
    """All data sets: samples, public sets, uploads."""
    return [
        *(_sample(name) for name in PLANTS),
        *(_lab(name) for name in LABS),
        *(_public(name) for name in PUBLIC),
        *(_upload(upload) for upload in uploads.everything().values()),
    ]


def known(name: str) -> bool:
    """Whether there is a data set of that name."""
    name = canonical(name)
    return name in {*PLANTS, *LABS, *PUBLIC} or name in uploads.everything()


def canonical(name: str) -> str:
    """Return the name in the catalog of what may be called *name*, too."""
    return ALIASES.get(name, name)


def entry(name: str) -> Entry:
    """Return one data set.

    Raises:
        UnknownDataset: there is none of that name; it lists near ones.
    """
    name = canonical(name)
    if name in PLANTS:
        return _sample(name)
    if name in LABS:
        return _lab(name)
    if name in PUBLIC:
        return _public(name)
    stored = uploads.everything()
    if name in stored:
        return _upload(stored[name])
    known = [*PLANTS, *LABS, *PUBLIC, *stored]
    near = difflib.get_close_matches(name, known, n=4, cutoff=0.4) or list(PLANTS)
    raise UnknownDataset(
        f"There is no data set {name!r}, nor a file of that name.",
        f"Near ones are: {', '.join(near)}.",
    )


def read(name: str) -> Table:
    """Read a data set of the catalog; a public one is fetched when it is not here.

    Raises:
        UnknownDataset: there is none of that name, or it cannot be fetched.
        DataError: its file is damaged.
    """
    found = entry(name)
    name = found.name
    if found.kind == "upload":
        return uploads.read(uploads.everything()[name])
    public = PUBLIC.get(name)
    table = read_table(fetch(name), name, public.columns if public else ())
    table = replace(table, units={**table.units, **found.units})
    return table if public is None else _completed(table, public)


def _completed(table: Table, public: Public) -> Table:
    """Add what the authors say beside the file: the unit of all channels, and the times."""
    frame = table.frame
    units = dict.fromkeys(frame.columns, public.unit) if public.unit else {}
    table = replace(table, units={**units, **table.units})
    if public.clock is None:
        return table
    start, step = public.clock
    times = pd.date_range(start, periods=len(frame), freq=step, unit="us")
    frame = pd.concat([pd.Series(times, frame.index, name="time"), frame], axis=1)
    return replace(table, frame=frame, content=content.digest_frame(frame))


def remaining_life(name: str) -> np.ndarray | None:
    """Return the published remaining life of each entity after its last row, in steps.

    Returns:
        (entities,) in the order of the data set; None where nothing is published.

    Raises:
        UnknownDataset: there is no data set of that name, or the file cannot be fetched.
    """
    public = PUBLIC.get(entry(name).name)
    if public is None or public.truth is None:
        return None
    path = publics.fetch(f"remaining life of {name}", public.truth)
    return read_table(path, columns=public.truth.columns).frame["remaining"].to_numpy(float)


def fetch(name: str, progress: Callable[[float], None] | None = None) -> Path:
    """Bring a data set to this machine and return the path of its file.

    Args:
        name: Of a sample, public set or upload.
        progress: Told the fetched share, 0 to 1.

    Raises:
        UnknownDataset: there is none of that name, or its source is out of reach.
        StorageError: it cannot be stored.
    """
    found = entry(name)
    name = found.name
    if found.kind == "public":
        return _fetched(name, PUBLIC[name].files, progress)
    if found.kind == "upload":
        return uploads.everything()[name].path
    if name in LABS:
        return _made(LABS[name])
    path = SAMPLES / f"{name}.csv"
    if not path.is_file():
        # Installed without the project's folder: make them again.
        path = settings().home / "samples" / path.name
        if not path.is_file():
            simulate.write_samples(path.parent)
    return path


def _made(lab: Lab) -> Path:
    """Return the path of a sample that is not made here, but by the task that it is for.

    Raises:
        UnknownDataset: it has not been made on this machine.
    """
    folders = (SAMPLES, settings().home / "samples")
    path = next((path for one in folders if (path := one / lab.file).is_file()), None)
    if path is None:
        raise UnknownDataset(
            f"The sample {lab.file} is not installed.",
            f"Make it with: fusionscope simulate --out {folders[1]}",
        )
    return path


def archive(name: str) -> Archive | None:
    """Return the files that belong to a data set beside its table, such as frames, or None.

    Raises:
        UnknownDataset: there is no data set of that name, or it cannot be fetched.
    """
    found = entry(name)
    path = fetch(found.name)
    public = PUBLIC.get(found.name)
    if public is not None:
        return Archive(path.parent) if public.frames else None
    return Archive(path) if is_archive(path) else None


def _fetched(name: str, files: list[Public], progress: Callable[[float], None] | None) -> Path:
    """Fetch *files* one after another and return the path of the first."""
    paths = []
    for done, file in enumerate(files):
        part = None if progress is None else partial(_part, progress, done, len(files))
        paths.append(publics.fetch(name, file, part))
    return paths[0]


def _part(progress: Callable[[float], None], done: int, files: int, share: float) -> None:
    progress((done + share) / files)


def graph(
    name: str, channels: Sequence[str], entities: Sequence[str] = (), every: Sequence[str] = ()
) -> Graph | None:
    """Return the graph of a data set: what the analyst attached, else what its authors publish.

    Args:
        name: Of the data set.
        channels: Its channels, of which the graph may be.
        entities: Its entities, of which it may be otherwise.
        every: All columns that could be channels, in the order of the file.

    Returns:
        The graph, of more nodes than these perhaps, or None where there is none.

    Raises:
        DataError: it does not fit.
        UnknownDataset: there is no data set of that name, or the graph cannot be fetched.
    """
    name = entry(name).name
    stored = graphs.attached(name)
    if stored is not None:
        graphs.fitted(stored.of, channels, entities, every)  # does it fit?
        return stored
    return _published_graph(name, channels, entities, every)


def _published_graph(
    name: str, channels: Sequence[str], entities: Sequence[str], every: Sequence[str]
) -> Graph | None:
    public = PUBLIC.get(name)
    if public is None:
        return None
    found = None
    if public.stations:
        places = np.array(list(public.stations.values()))
        found = Graph(tuple(public.stations), None, places)
        graphs.fitted(found.of, channels, entities, every)
    for file in (public.places, public.graph):
        if file is not None:
            read = partial(read_graph, publics.fetch(f"graph of {name}", file))
            found = graphs.together(graphs.fitted(read, channels, entities, every), found)
    return found


def save_graph(
    name: str,
    data: bytes,
    channels: Sequence[str],
    entities: Sequence[str] = (),
    every: Sequence[str] = (),
) -> Graph:
    """Keep an adjacency, or places, for a data set; what it had of the other stays with it.

    Args:
        name: Of the data set.
        data: CSV or Parquet, as `read_graph` takes it.
        channels: Its channels, of which the graph may be.
        entities: Its entities, of which it may be otherwise.
        every: All columns that could be channels, in the order of the file.

    Raises:
        DataError: the graph fits neither channels nor entities; it says how.
        UnknownDataset: there is no data set of that name.
        StorageError: it cannot be stored.
    """
    name = entry(name).name
    new = graphs.fitted(partial(read_graph, data), channels, entities, every)
    try:
        before = graph(name, channels, entities, every)
    except DataError:
        before = None  # what does not fit is replaced
    new = graphs.together(new, before)
    graphs.attach(name, new)
    return new


def remove_graph(name: str) -> None:
    """Forget what the analyst attached to a data set; what its authors publish counts again.

    Raises:
        UnknownDataset: there is no data set of that name.
        StorageError: it cannot be deleted.
    """
    graphs.remove(entry(name).name)


def add_upload(source: Path | bytes, filename: str) -> Entry:
    """Store a recording of the analyst; the same content is stored once.

    Raises:
        UnreadableFile: it is no table.
        StorageError: it cannot be stored; nothing is lost.
    """
    return _upload(uploads.add(source, filename))


def remove(name: str) -> None:
    """Delete an upload, or the fetched copy of a public set, its recipe and attached graph.

    Raises:
        UnknownDataset: there is none of that name, or it is a sample, which cannot be deleted.
    """
    found = entry(name)
    name = found.name
    if found.kind == "sample":
        raise UnknownDataset(f"{name!r} is a sample and stays.", "Only uploads can be deleted.")
    if found.kind == "upload":
        uploads.remove(uploads.everything()[name])
    else:
        for file in PUBLIC[name].files:
            (publics.downloads() / file.path).unlink(missing_ok=True)
    graphs.remove(name)
    _recipe_path(name).unlink(missing_ok=True)


def recipe(name: str) -> tuple[Roles | None, Cleaning | None]:
    """Return the roles and the cleaning that were saved for a data set; None where none were."""
    try:
        saved = Recipe.model_validate_json(_recipe_path(name).read_bytes())
    except (OSError, ValidationError):
        return None, None
    return saved.roles, saved.cleaning


def save_recipe(name: str, roles: Roles | None, cleaning: Cleaning | None) -> None:
    """Keep roles and cleaning for the next time that the data set is opened.

    Raises:
        UnknownDataset: there is no data set of that name.
        StorageError: it cannot be stored.
    """
    entry(name)
    text = Recipe(roles=roles, cleaning=cleaning).model_dump_json(indent=1)
    uploads.write_text(_recipe_path(name), text)


def _recipe_path(name: str) -> Path:
    return settings().home / "recipes" / f"{quote(canonical(name), safe='')}.json"


def _sample(name: str) -> Entry:
    plant = PLANTS[name]
    return Entry(
        name=name,
        label=plant.label,
        kind="sample",
        description=plant.help,
        licence="CC0 1.0",
        rows=plant.rows * len(plant.entities),
        train_rows=plant.train_rows,
        units={channel: about.unit for channel, about in plant.channels.items()},
        faults={kind: about.help for kind, about in KINDS.items()},
    )


def _lab(name: str) -> Entry:
    lab = LABS[name]
    return Entry(
        name=name,
        label=lab.label,
        kind="sample",
        description=lab.help,
        licence="CC0 1.0",
        rows=lab.rows,
        gas=True,
    )


def _public(name: str) -> Entry:
    public = PUBLIC[name]
    return Entry(
        name=name,
        label=public.label,
        kind="public",
        description=public.help,
        licence=public.licence,
        url=public.url,
        rows=public.rows,
        available=all(publics.local_path(file) is not None for file in public.files),
        train_rows=public.train_rows,
        units=public.units,
        gas=public.frames,
    )


def _upload(upload: uploads.Upload) -> Entry:
    return Entry(
        name=upload.name,
        label=upload.filename,
        kind="upload",
        description=f"Uploaded {upload.added:%Y-%m-%d %H:%M} UTC, {upload.channels} channels.",
        rows=upload.rows,
        available=upload.path.is_file(),
        units=upload.units,
        gas=upload.packed,
    )
