"""`python -m benchmarks [NAME...]`: measure all, or those named, and write the table."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

from benchmarks.table import merged, show_in_readme, write

NAMES = (
    *("windows", "slider", "scale", "vus", "server", "compare"),
    *("training", "forecast", "gas"),
)


def main() -> int:
    """Return 0 when every target holds."""
    # A home folder of its own: measurements neither see nor leave runs of the user.
    os.environ["FUSIONSCOPE_HOME"] = str(Path(__file__).parent / "out" / "home")
    rows = []
    for name in sys.argv[1:] or NAMES:
        for row in importlib.import_module(f"benchmarks.{name}").run():
            rows.append(row)
            mark = "" if row.holds is None else ("holds" if row.holds else "FAILS")
            print(f"{row.what:<58} {row.value:>10.4g} {row.unit:<10} {row.target:>8} {mark}")
    table = merged("spine", rows) if sys.argv[1:] else rows
    show_in_readme(table)
    print(f"written: {write('spine', table)}")
    return int(any(row.holds is False for row in rows))


if __name__ == "__main__":
    sys.exit(main())
