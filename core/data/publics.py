"""Public data sets: where they are, under which licence, and how to get them, checked."""

from __future__ import annotations

import gzip
import hashlib
import logging
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from core.data import beijing
from core.data.uploads import write_atomically
from core.errors import StorageError, UnknownDataset, UnreadableFile
from core.settings import settings

TIMEOUT = 20


@dataclass(frozen=True)
class Public:
    """A file of a public data set.

    Attributes:
        path: Below `FUSIONSCOPE_DATA_DIR` and below the downloads.
        url: Where it is served, at a fixed revision.
        sha256: Of its bytes, unpacked where the file is a .gz.
        rows: Rows below the header.
        label: As on the screen.
        help: What it is, one or two sentences.
        licence: Its licence, to be shown before it is fetched.
        home: The page of the data set.
        train_rows: First rows that its authors use for training.
        units: Unit by channel, as far as the authors state them.
        columns: Names of the columns of a file without header.
        truth: File of the remaining life of each entity after its last row, where there is one.
        unit: Of all channels, where they have one unit.
        clock: First time and step of a file without times; they become a column "time".
        graph: File of the adjacency of its channels or entities, where there is one.
        places: File of their places, where there is one.
        stations: Latitude and longitude by node, where no file has them.
        merge: Makes the file from the archive that the address serves, where it serves one.
        frames: Whether the frames of a thermal camera belong to it; they count where they lie in
            folders beside the file, and are not fetched.
    """

    path: str
    url: str
    sha256: str
    rows: int
    label: str
    help: str
    licence: str
    home: str
    train_rows: int | None = None
    units: dict[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    truth: Public | None = None
    unit: str = ""
    clock: tuple[str, str] | None = None
    graph: Public | None = None
    places: Public | None = None
    stations: dict[str, tuple[float, float]] = field(default_factory=dict)
    merge: Callable[[Path], bytes] | None = None
    frames: bool = False

    @property
    def files(self) -> list[Public]:
        """The file itself and those that are opened with it."""
        return [self, *(file for file in (self.graph, self.places) if file is not None)]


SKAB_UNITS = {
    "Accelerometer1RMS": "g",
    "Accelerometer2RMS": "g",
    "Current": "A",
    "Pressure": "bar",
    "Temperature": "°C",
    "Thermocouple": "°C",
    "Voltage": "V",
    "Volume Flow RateRMS": "L/min",
}
SKAB_FILES = {
    "anomaly-free/anomaly-free": (
        9405,
        "7641a8742957100ef424dd97adfb3eeab27d4d180645fe2b3c49b7f7146ae9a6",
    ),
    "valve1/0": (1147, "16af3f71313a23dd33d9b7b8065d836d05c3f9257588881cc7fbe07c076d9dc8"),
    "valve1/1": (1145, "fe4493bf805baef4e6dfb864094275d8cc2ea80a16b3735e2752b18b6aefd812"),
    "valve1/2": (1075, "90492413469261886c8896c327241448df5da73fd7739cabfec8dd82de3c0ce4"),
    "valve1/3": (1148, "cb6afea108eddfd8447307e405f86bbb764b8d8e9130d7849a46e1303e19b8b2"),
    "valve1/4": (1095, "983aed9dc09991a57911091373c580e1b86d06aa983cd51678f108fd8d709654"),
    "valve1/5": (1154, "78974991ec87b7f9b9b6b2944f4b525468a9beb36c59b06cd7650d9a15eca14a"),
    "valve1/6": (1154, "97469c0e0c9c0e0ee5d30794f1f36c6785df5816a112a8b16c59637e8c894685"),
    "valve1/7": (1094, "ca2c9c6d6fa302c642acec6fbedac495bd12fececeee0a755d45a54e340e0f30"),
    "valve1/8": (1144, "0c4afb92248b5b35b4c9d734a91ed8318346901f04579074903730569e60416c"),
    "valve1/9": (1148, "2aa1ae1b2ff505caecda24802b877dc686924bbbeeb7e7db4faa261efb5ed5bd"),
    "valve1/10": (1146, "ee16be8e4b870c779491e3d1dc9e0ecbfaf29eb013e032abff7a33f2cbbfe2ad"),
    "valve1/11": (1141, "89660fae4ed5c918db014409bbbc29f498fd99c7e956fab2620d18dea700a973"),
    "valve1/12": (1140, "90adfa9bc86d4556e6a4ce734436fd5685af79c189cd9828f8df75a7f468ce07"),
    "valve1/13": (1140, "d6cb6a97437215d3066a87e1fcc5fa4e68017629c043c5315920e3cf1060841c"),
    "valve1/14": (1139, "5f0bb9bc33c5e6c259263e32e25915c4d24c82b0a94554d48808626da05c1d71"),
    "valve1/15": (1150, "75cc86ab25d7091eee024739fa06d048753480d5d7d1507077231cab4f1b7a7e"),
}
RAW = "https://raw.githubusercontent.com"
SKAB_URL = f"{RAW}/waico/SKAB/b2c0d46c2971dcbfe71e26087b6d231998bb91c2/data"
ETT_URL = f"{RAW}/zhouhaoyi/ETDataset/1d16c8f4f943005d613b5bc962e9eeb06058cf07/ETT-small"
LOOP_URL = f"{RAW}/martinwhl/T-GCN-PyTorch/cc0178972788d2ce9d2f7323dea46588934ea205/data"
GAS = "kushagragupta04/Multi-Class-Multimodal-Gas-Detection-using-ML"
GAS_URL = (
    f"{RAW}/{GAS}/46570b0ce0f0f843a6e89c6adce15b1f4ca7a38b/"
    "Multimodal%20Gas%20Detection%20%26%20Classification%20Dataset/Gas%20Sensors%20Measurements"
)
DCRNN_URL = f"{RAW}/liyaguang/DCRNN/602afd9d767d3aa1c9b3eac51710d6aeee12c227/data/sensor_graph"
CMAPSS = "rajarshiroydev/industry_4.0/b4fd25621133c3d1a38ca2be06152e018f70b4ca"
CMAPSS_URL = f"{RAW}/{CMAPSS}/CMAPSSData"
# The 21 sensors of C-MAPSS in the order of the file: symbol and unit as published.
CMAPSS_SENSORS = (
    *(("T2", "°R"), ("T24", "°R"), ("T30", "°R"), ("T50", "°R"), ("P2", "psia"), ("P15", "psia")),
    *(("P30", "psia"), ("Nf", "rpm"), ("Nc", "rpm"), ("epr", ""), ("Ps30", "psia")),
    *(("phi", "pps/psi"), ("NRf", "rpm"), ("NRc", "rpm"), ("BPR", ""), ("farB", "")),
    *(("htBleed", ""), ("Nf_dmd", "rpm"), ("PCNfR_dmd", "rpm"), ("W31", "lbm/s"), ("W32", "lbm/s")),
)
CMAPSS_COLUMNS = (
    *("unit", "cycle", "setting1", "setting2", "setting3"),
    *(f"s{number}" for number in range(1, 22)),
)


def _loop(file: str, url: str, sha256: str, rows: int, what: str, **more: Any) -> Public:
    return Public(
        path=f"los_loop/{file}.csv",
        url=f"{url}/{file}.csv",
        sha256=sha256,
        rows=rows,
        label=f"Los-loop, {what}",
        help="METR-LA, 1 to 7 March 2012: speeds at 207 loop detectors on the highways of Los "
        "Angeles, every five minutes, with the distance graph of the detectors and their places "
        "(Li et al. 2018; this week as in Zhao et al. 2019).",
        licence="MIT",
        home="https://github.com/lehaifeng/T-GCN",
        **more,
    )


def _cmapss(file: str, sha256: str, rows: int, **more: Any) -> Public:
    return Public(
        path=f"cmapss_fd001/{file}.txt",
        url=f"{CMAPSS_URL}/{file}.txt",
        sha256=sha256,
        rows=rows,
        licence="US government work",
        home="https://www.nasa.gov/intelligent-systems-division/discovery-and-systems-health/"
        "pcoe/pcoe-data-set-repository/",
        **more,
    )


def _engines(file: str, sha256: str, rows: int, label: str, what: str, **more: Any) -> Public:
    symbols = ", ".join(symbol for symbol, _ in CMAPSS_SENSORS)
    return _cmapss(
        file,
        sha256,
        rows,
        label=f"C-MAPSS FD001, {label}",
        help=f"Simulated turbofan engines, one row a flight (Saxena et al. 2008): {what}. "
        f"Settings are altitude, Mach number and throttle; sensors s1 to s21 are {symbols}.",
        units={
            f"s{place}": unit for place, (_, unit) in enumerate(CMAPSS_SENSORS, start=1) if unit
        },
        columns=CMAPSS_COLUMNS,
        **more,
    )


def _skab(file: str) -> Public:
    rows, sha256 = SKAB_FILES[file]
    free = file.startswith("anomaly-free")
    return Public(
        path=f"skab/{file}.csv",
        url=f"{SKAB_URL}/{file}.csv",
        sha256=sha256,
        rows=rows,
        label="SKAB, normal operation" if free else f"SKAB, valve 1, experiment {file[7:]}",
        help="Skoltech Anomaly Benchmark: a water circulation testbed, eight sensors, one reading "
        "a second. " + ("Normal operation alone." if free else "A valve is closed for a while."),
        licence="GPL-3.0",
        home="https://github.com/waico/SKAB",
        train_rows=None if free else 400,
        units=SKAB_UNITS,
    )


PUBLIC: dict[str, Public] = {
    **{f"skab/{file.removeprefix('anomaly-free/')}": _skab(file) for file in SKAB_FILES},
    "ett/ETTh1": Public(
        path="ett/ETTh1.csv",
        url=f"{ETT_URL}/ETTh1.csv",
        sha256="f18de3ad269cef59bb07b5438d79bb3042d3be49bdeecf01c1cd6d29695ee066",
        rows=17_420,
        label="ETTh1, electricity transformer",
        help="Electricity Transformer Temperature: six loads and the oil temperature (OT) of a "
        "transformer, hourly over two years. No labels. Also called ett.",
        licence="CC BY-ND 4.0",
        home="https://github.com/zhouhaoyi/ETDataset",
    ),
    "los_loop": _loop(
        "los_speed",
        LOOP_URL,
        "7b732d86ae32b2930595becba28aff39dacbfb2197e250fc0332e1744ce2cbf4",
        2_016,
        "speeds on highways",
        unit="mph",
        clock=("2012-03-01 00:00", "5min"),
        graph=_loop(
            "los_adj",
            LOOP_URL,
            "7a6eb41e10677992b5af50f5ab187c6c05c5c3a92cb973950cfddbf857361e76",
            207,
            "graph",
        ),
        places=_loop(
            "graph_sensor_locations",
            DCRNN_URL,
            "eb8ea96e07358b45d0e4ba3b89c2673fa20c54af50150249e627389e749ade6f",
            207,
            "places",
        ),
    ),
    "beijing_air": Public(
        path="beijing_air/prsa_12_stations.csv.gz",
        url=beijing.URL,
        sha256="1994330f831050d368ee1df9c7a416361a6f3d43d0ceef884c31f2c020366711",
        rows=420_768,
        label="Beijing air, twelve stations",
        help="Beijing Multi-Site Air Quality: six pollutants and the weather at twelve stations, "
        "hourly from March 2013 to February 2017, with real gaps (Zhang et al. 2017).",
        licence="CC BY 4.0",
        home="https://archive.ics.uci.edu/dataset/501",
        units=beijing.UNITS,
        stations=beijing.STATIONS,
        merge=beijing.merged,
    ),
    "multimodal_gas": Public(
        path="multimodal_gas/Gas_Sensors_Measurements.csv",
        url=f"{GAS_URL}/Gas_Sensors_Measurements.csv",
        sha256="58e24a37532cbda7a67208c5da0421a1eebb047a0ba89ebfc8d448299125442a",
        rows=6_400,
        label="MultimodalGasData, gas sensors",
        help="Seven MQ gas sensors in 10-bit counts, about a row every two seconds: clean air, "
        "perfume, smoke and both, one recording each (Narkhede et al. 2022). The frames of its "
        "thermal camera count where they lie beside the file.",
        licence="CC BY 4.0",
        home="https://data.mendeley.com/datasets/zkwgkjkjn9/2",
        frames=True,
    ),
    "cmapss-fd001": _engines(
        "train_FD001",
        "1c7a8ced36818e598026aef702f823950696449f0db46427a9a2d6fbaf213c16",
        20_631,
        "run to failure",
        "a hundred of them until they fail",
    ),
    "cmapss-fd001-test": _engines(
        "test_FD001",
        "3cda7109ce17bafb5443f2ac926cfcf88154b941b8c4cf95eb55d1ddd6f52851",
        13_096,
        "fleet in service",
        "another hundred, which end some time before they fail",
        truth=_cmapss(
            "RUL_FD001",
            "a19c8ec94931949d0485bdc35118206e9c81c4547b422efb9cf86f4ceddbceca",
            100,
            label="C-MAPSS FD001, remaining life",
            help="Flights that each engine in service had left after its last row.",
            columns=("remaining",),
        ),
    ),
}

# Other names of the same set.
ALIASES = {"ett": "ett/ETTh1"}


def local_path(public: Public) -> Path | None:
    """Return where the file is on this machine, None when it has to be fetched."""
    folders = [settings().data_dir, downloads()]
    paths = (folder / public.path for folder in folders if folder is not None)
    return next((path for path in paths if path.is_file()), None)


def downloads() -> Path:
    """Folder of what was fetched."""
    return settings().home / "downloads"


def fetch(name: str, public: Public, progress: Callable[[float], None] | None = None) -> Path:
    """Return the path of the file, checked; fetch it when it is not on this machine.

    Args:
        name: Its name in the catalog.
        public: The file.
        progress: Told the fetched share, 0 to 1.

    Raises:
        UnknownDataset: it is not here and cannot be fetched; it says how to get it.
        UnreadableFile: the file here is not the published one.
        StorageError: it cannot be stored.
    """
    path = local_path(public)
    if path is None:
        path = _download(name, public, progress)
    stat = path.stat()
    if _sha256(path, stat.st_mtime_ns, stat.st_size) != public.sha256:
        raise UnreadableFile(
            f"{path} is not the published file of {name!r}: its checksum differs.",
            f"Delete it, and get it again from {public.url}.",
        )
    if progress is not None:
        progress(1.0)
    return path


@cache
def _sha256(path: Path, changed: int, size: int) -> str:
    """Checksum of a file; computed again only when the file has changed."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Bar:
    """What pooch takes for a progress bar."""

    def __init__(self, report: Callable[[float], None]) -> None:
        self.report, self.total, self.done = report, 0, 0

    def update(self, size: int) -> None:
        self.done += size
        if self.total:
            self.report(min(self.done / self.total, 1.0))

    def reset(self) -> None:
        self.done = 0

    def close(self) -> None:
        """Nothing is open."""


def _download(name: str, public: Public, progress: Callable[[float], None] | None) -> Path:
    target = downloads() / public.path
    if public.merge is None:
        return _retrieve(name, public, target, f"sha256:{public.sha256}", progress)
    archive = _retrieve(name, public, target.with_name(f"{target.name}.zip"), None, progress)
    try:
        data = public.merge(archive)
    except (ValueError, KeyError, zipfile.BadZipFile):
        data = b""  # whose checksum is another one
    finally:
        archive.unlink(missing_ok=True)
    if hashlib.sha256(data).hexdigest() != public.sha256:
        raise _not_published(name, public)
    write_atomically(target, lambda draft: draft.write_bytes(gzip.compress(data)))
    return target


def _retrieve(
    name: str,
    public: Public,
    target: Path,
    known: str | None,
    progress: Callable[[float], None] | None,
) -> Path:
    """Fetch what the address serves to *target*; *known* is its hash, as pooch writes it."""
    import pooch
    import requests

    pooch.get_logger().setLevel(logging.WARNING)
    bar = _Bar(progress) if progress is not None else False
    try:
        fetched = pooch.retrieve(
            public.url,
            known_hash=known,
            fname=target.name,
            path=target.parent,
            downloader=pooch.HTTPDownloader(progressbar=bar, timeout=TIMEOUT),
        )
    except requests.RequestException as error:
        raise UnknownDataset(
            f"{name!r} cannot be fetched from {public.url} ({type(error).__name__}).",
            f"Save that file as {target}, or as {public.path} below the folder that "
            "FUSIONSCOPE_DATA_DIR names.",
        ) from None
    except ValueError:
        raise _not_published(name, public) from None
    except OSError as error:
        raise StorageError(
            f"{name!r} cannot be stored in {target.parent}: {error.strerror or error}.",
            "Free some space, or let FUSIONSCOPE_HOME name another folder.",
        ) from None
    return Path(fetched)


def _not_published(name: str, public: Public) -> UnknownDataset:
    return UnknownDataset(
        f"What {public.url} serves is not the published file of {name!r}: its checksum differs.",
        "Try again later; nothing was stored.",
    )
