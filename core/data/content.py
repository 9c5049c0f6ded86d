"""The content hash: what a recording says, not how its file is written.

The hash is taken over the parsed columns, not over the file's bytes: the same readings as CSV, as
gzip or as Parquet are then one recording, are stored once and share their runs.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd

EXACT = 2**53


def digest_frame(frame: pd.DataFrame) -> str:
    """Return SHA-256, hex, over names, kinds and values of the columns of *frame*, in order."""
    total = hashlib.sha256(str(len(frame)).encode())
    for name in frame.columns:
        total.update(f"\x1f{name}\x1f".encode())
        _update(total, frame[name])
    return total.hexdigest()


def _update(total: hashlib._Hash, column: pd.Series) -> None:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        total.update(b"utc")
        total.update(column.dt.tz_convert(None).to_numpy("datetime64[us]").view(np.uint8).data)
    elif pd.api.types.is_datetime64_dtype(column.dtype):
        total.update(b"time")
        total.update(column.to_numpy("datetime64[us]").view(np.uint8).data)
    elif pd.api.types.is_numeric_dtype(column.dtype):
        values = column.to_numpy()
        if values.dtype == np.int64 and len(values) and np.abs(values).max() > EXACT:
            total.update(b"whole")
        else:
            total.update(b"number")
            # Adding zero makes -0.0 and 0.0 one; every NaN gets the same bits.
            values = values.astype(np.float64) + 0.0
            values[np.isnan(values)] = np.nan
        total.update(np.ascontiguousarray(values).view(np.uint8).data)
    else:
        codes, words = pd.factorize(column)
        total.update(b"text")
        total.update(codes.astype(np.int32).view(np.uint8).data)
        total.update("\x1f".join(map(str, words)).encode("utf-8", "surrogatepass"))
