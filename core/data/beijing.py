"""Beijing's air at twelve stations, as published in twelve files: made one table, with places.

Zhang et al. 2017, "Cautionary tales on air-quality improvement in Beijing"; UCI 501.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

URL = "https://archive.ics.uci.edu/static/public/501/beijing+multi+site+air+quality+data.zip"
UNITS = {
    **dict.fromkeys(("PM2.5", "PM10", "SO2", "NO2", "CO", "O3"), "µg/m³"),
    "TEMP": "°C",
    "DEWP": "°C",
    "PRES": "hPa",
    "RAIN": "mm",
    "WSPM": "m/s",
}
# Latitude and longitude: stations 1001A to 1012A of the China National Environmental Monitoring
# Centre, which UCI's files name and do not place.
STATIONS = {
    "Wanshouxigong": (39.8673, 116.366),
    "Dingling": (40.2865, 116.17),
    "Dongsi": (39.9522, 116.434),
    "Tiantan": (39.8745, 116.434),
    "Nongzhanguan": (39.9716, 116.473),
    "Guanyuan": (39.9425, 116.361),
    "Wanliu": (39.9934, 116.315),
    "Shunyi": (40.1438, 116.72),
    "Huairou": (40.3937, 116.644),
    "Changping": (40.1952, 116.23),
    "Aotizhongxin": (40.0031, 116.407),
    "Gucheng": (39.9279, 116.225),
}
_CLOCK = ["year", "month", "day", "hour"]
_READINGS = ["PM2.5", "PM10", "SO2", "NO2", "CO", "O3"]
_READINGS += ["TEMP", "PRES", "DEWP", "RAIN", "wd", "WSPM"]


def merged(archive: Path) -> bytes:
    """Return the twelve files of the zip file *archive* as one CSV, station by station.

    Not a value is changed: what is "NA" there is empty here, and the time is one column.

    Raises:
        ValueError, KeyError, zipfile.BadZipFile: it is not what was published.
    """
    with zipfile.ZipFile(archive) as files:
        tables = [_one(data) for _, data in sorted(_members(files))]
    text: str = pd.concat(tables).to_csv(index=False, lineterminator="\n")
    return text.encode()


def _members(files: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each station's file; they lie in a zip file inside the zip file."""
    for name in files.namelist():
        if name.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(files.read(name))) as inner:
                yield from _members(inner)
        elif Path(name).name.startswith("PRSA_Data_") and name.endswith(".csv"):
            yield Path(name).name, files.read(name)


def _one(data: bytes) -> pd.DataFrame:
    frame = pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False)
    time = pd.to_datetime(frame[_CLOCK].astype(int)).dt.strftime("%Y-%m-%d %H:%M:%S")
    readings = frame[_READINGS].replace("NA", "")
    return pd.concat([time.rename("datetime"), frame["station"], readings], axis=1)
