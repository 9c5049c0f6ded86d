"""Tables of results that are taken up again."""

from __future__ import annotations

import pandas as pd
import pytest

from core.errors import ConfigError, StorageError
from core.tables import read_rows, replace_csv, write


def test_rows_come_back_as_they_were_without_what_is_unknown(tmp_path):
    path, key = tmp_path / "new" / "results.csv", ["set", "setting", "seed"]
    rows = [
        {"set": "ett", "setting": "", "seed": "0", "mae": 1.5},
        {"set": "ett", "setting": "horizon=2", "seed": "1", "skill": 0.25},
    ]
    assert read_rows(path, key) == []
    replace_csv(rows, path)
    assert read_rows(path, key) == rows


def test_another_table_is_refused_with_what_it_lacks(tmp_path):
    path = tmp_path / "results.csv"
    path.write_text("set,mae\nett,1.5\n")
    with pytest.raises(ConfigError, match="lacks variant, seed"):
        read_rows(path, ["set", "variant", "seed"])


def test_what_is_no_table_cannot_be_read(tmp_path):
    path = tmp_path / "results.csv"
    path.write_text("")
    with pytest.raises(StorageError, match="cannot be read"):
        read_rows(path, ["set"])


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StorageError, match=r"cannot be written: .*non-existent directory"):
        write(pd.DataFrame({"a": [1]}), tmp_path / "no" / "x.csv")
