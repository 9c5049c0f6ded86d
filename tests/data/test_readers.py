from __future__ import annotations

import gzip
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.data import build, read_table, sniff
from core.data.content import digest_frame
from core.errors import UnreadableFile
from core.settings import settings
from tests.data.conftest import Read, whats

A = [0.5, 1.25, -2.0, 3.0]
B = [10, 20, 30, 40]


def parquet(frame: pd.DataFrame, **options: object) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, **options)  # type: ignore[call-overload]
    return buffer.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_layouts(read: Read, delimiter: str, encoding: str, newline: str) -> None:
    lines = [delimiter.join(["Drück", "B"])]
    lines += [delimiter.join([str(a), str(b)]) for a, b in zip(A, B, strict=True)]
    table = read(newline.join(lines) + newline, encoding=encoding)
    assert list(table.frame.columns) == ["Drück", "B"]
    assert table.frame["Drück"].tolist() == A
    assert table.frame["B"].tolist() == B


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("a;b\n1,5;2,5\n-3,25;1e3\n0,5;7\n", {"a": [1.5, -3.25, 0.5], "b": [2.5, 1000, 7]}),
        ("a,b\n1.5,2.5\n3.25,4\n", {"a": [1.5, 3.25], "b": [2.5, 4]}),
        ('a,b\n"1,5","2,5"\n"3,5","4,25"\n', {"a": [1.5, 3.5], "b": [2.5, 4.25]}),
        (
            'a,b\n"1,234.5",2\n"12,000.25",3\n7.5,4\n',
            {"a": [1234.5, 12000.25, 7.5], "b": [2, 3, 4]},
        ),
        ("a;b\n1.234,5;2\n12.000,25;3\n7,5;4\n", {"a": [1234.5, 12000.25, 7.5], "b": [2, 3, 4]}),
        ("a;b\n1 234,5;2\n12 000,25;3\n7,5;4\n", {"a": [1234.5, 12000.25, 7.5], "b": [2, 3, 4]}),
        ("a;b\n1'234.5;2\n12'000.25;3\n7.5;4\n", {"a": [1234.5, 12000.25, 7.5], "b": [2, 3, 4]}),
        ("a;b\n0,123;1,125\n0,456;1,375\n", {"a": [0.123, 0.456], "b": [1.125, 1.375]}),
        ("a\n1.5\n2.5\n3.5\n", {"a": [1.5, 2.5, 3.5]}),
        ("a\n1,5\n2,5\n3,5\n", {"a": [1.5, 2.5, 3.5]}),
        ("a,b\n1,\n,2\n3,4\n", {"a": [1, np.nan, 3], "b": [np.nan, 2, 4]}),
        ('"a, b";c\n1;2\n3;4\n', {"a, b": [1, 3], "c": [2, 4]}),
        ("E1;E2\n1e3;-.5\n+2.;4E-1\n", {"E1": [1000, 2], "E2": [-0.5, 0.4]}),
        ("sep=;\na;b\n1;2\n3;4\n", {"a": [1, 3], "b": [2, 4]}),
    ],
)
def test_numbers(read: Read, text: str, columns: dict[str, list[float]]) -> None:
    frame = read(text).frame
    assert list(frame.columns) == list(columns)
    for name, values in columns.items():
        np.testing.assert_array_equal(frame[name].to_numpy(float), values)


def test_decimal_comma_is_told(read: Read) -> None:
    assert "decimal comma" in whats(read("a;b\n1,5;2\n2,5;3\n").findings)


def test_units_row(read: Read) -> None:
    table = read("time,flow,pressure\n,[m3/h],bar\n1,2.5,3\n2,3.5,4\n3,4.5,5\n")
    assert table.units == {"flow": "m3/h", "pressure": "bar"}
    assert table.frame["flow"].tolist() == [2.5, 3.5, 4.5]
    assert "units" in whats(table.findings)
    assert build(table).units == {"flow": "m3/h", "pressure": "bar"}


def test_lines_above_the_table(read: Read) -> None:
    table = read("Logger 7\n# exported 2024\na,b,c\n1,2,3\n4,5,6\n7,8,9\n")
    assert list(table.frame.columns) == ["a", "b", "c"]
    assert "2 lines above the table" in whats(table.findings)


def test_no_header(read: Read) -> None:
    table = read("1.5,2.5\n3.5,4.5\n5.5,6.5\n")
    assert list(table.frame.columns) == ["column_1", "column_2"]
    assert len(table.frame) == 3
    assert "no header" in whats(table.findings)


def test_numbers_as_names(read: Read) -> None:
    table = read("773869,767541\n64.4,67.6\n62.7,68.6\n")
    assert list(table.frame.columns) == ["773869", "767541"]
    assert len(table.frame) == 2


def test_repeated_names(read: Read) -> None:
    table = read("a,a,a.2,a\n1.5,2,3,4\n5,6,7,8\n")
    assert list(table.frame.columns) == ["a", "a.3", "a.2", "a.4"]
    assert table.frame.iloc[0].tolist() == [1.5, 2, 3, 4]
    assert "'a' is given to more than one column" in whats(table.findings)


def test_index_without_name_is_left_out(read: Read) -> None:
    table = read(pd.DataFrame({"a": A, "b": B}).to_csv())
    assert list(table.frame.columns) == ["a", "b"]
    assert "Counts the rows" in whats(table.findings)


def test_time_index_without_name_is_kept(read: Read) -> None:
    frame = pd.DataFrame({"a": A}, index=pd.date_range("2024-01-01", periods=4, freq="h"))
    for content, name in [(frame.to_csv(), "x.csv"), (parquet(frame), "x.parquet")]:
        table = read(content, name)
        assert list(table.frame.columns) == ["time", "a"]
        assert table.frame["time"].tolist() == frame.index.tolist()


def test_trailing_delimiter_in_rows(read: Read) -> None:
    table = read("a,b\n1,2,\n3,4,\n")
    assert list(table.frame.columns) == ["a", "b"]
    assert "one delimiter more" in whats(table.findings)


def test_trailing_delimiter_everywhere(read: Read) -> None:
    table = read("a;b;\n1;2;\n3;4;\n")
    assert list(table.frame.columns) == ["a", "b"]
    table = read("a;b;\n1;2\n3;4\n")
    assert list(table.frame.columns) == ["a", "b"]
    assert table.frame["b"].tolist() == [2, 4]


def test_header_without_index_name(read: Read) -> None:
    table = read("a,b\nx,1,2\ny,3,4\nz,5,6\n")
    assert table.frame["a"].tolist() == [1, 3, 5]
    assert list(table.frame.columns) == ["index", "a", "b"]


def test_blank_lines_and_empty_rows(read: Read) -> None:
    table = read("a;b\n\n1;2\n\n;\n3;4\n;\n;\n")
    assert table.frame["a"].tolist() == [1, 3]
    finding = next(f for f in table.findings if "without any value" in f.what)
    assert finding.count == 3
    assert finding.rows == "2, 4-5"


def test_quotation_mark_that_is_not_closed(read: Read) -> None:
    table = read('a,b\n1,"2\n' + "3,4\n" * 10)
    assert len(table.frame) == 11
    assert np.isnan(table.frame["b"].iloc[0])
    assert "not closed" in whats(table.findings)


def test_ragged_rows_are_left_out(read: Read) -> None:
    table = read("a,b\n1,2\n3\n5,6\n7,8,9\n9,10\n")
    assert table.frame["a"].tolist() == [1, 5, 9]
    finding = next(f for f in table.findings if "fields" in f.what)
    assert (finding.count, finding.rows) == (2, "2, 4")


def test_text_among_numbers(read: Read) -> None:
    cells = [str(i / 2) for i in range(20)]
    cells[3], cells[4], cells[11] = "n/a", "--", "err"
    table = read("a,b\n" + "".join(f"{cell},{i}\n" for i, cell in enumerate(cells)))
    finding = next(f for f in table.findings if f.column == "a")
    assert finding.count == 3
    assert finding.rows == "4-5, 12"
    for word in ("n/a", "--", "err"):
        assert word in finding.what
    expected = [np.nan if i in (3, 4, 11) else i / 2 for i in range(20)]
    np.testing.assert_array_equal(table.frame["a"], expected)


def test_mostly_text_stays_text(read: Read) -> None:
    table = read("state,b\n" + "".join(f"{'run' if i % 4 else i},{i}\n" for i in range(40)))
    assert table.frame["state"].iloc[1] == "run"


def test_text_first_then_numbers_deep_in_the_file(read: Read) -> None:
    """The first block shows whole numbers, a later one decimals and text."""
    rows = [f"{i},{i}" for i in range(600_000)]
    rows[-2], rows[-1] = "0.5,1", "err,2"
    table = read("a,b\n" + "\n".join(rows))
    assert table.frame["a"].iloc[-2] == 0.5
    assert np.isnan(table.frame["a"].iloc[-1])
    assert table.frame["b"].dtype == np.int64


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\n\n \n", "blank"),
        (b"a,b\n", "header and no rows"),
        (b"a,b\n,\n,\n", "no rows"),
        (b"\x00\x01\x02\x03" * 50, "binary"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "binary"),
        (b"PK\x03\x04" + b"x" * 100, "workbook"),
        (b"\xef\xbb\xbfa,b\n1,\xff\xfe\n", "UTF-8"),
        (b"\xff\xfea", "UTF-16"),
        (b"name,city\nx,y\nz,w\n", "No column holds numbers"),
        (b"PAR1 and no more", "Parquet file is damaged"),
        (gzip.compress(b""), "empty"),
        (gzip.compress(b"a,b\n1,2\n" * 1000)[:-20], "gzip file is damaged"),
    ],
)
def test_unreadable(read: Read, content: bytes, says: str) -> None:
    with pytest.raises(UnreadableFile, match=says) as error:
        read(content)
    assert "\n" not in str(error.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"nowhere\.csv"):
        read_table(tmp_path / "nowhere.csv")


def test_truncated_parquet(read: Read) -> None:
    content = parquet(pd.DataFrame({"a": A}))
    with pytest.raises(UnreadableFile, match="Parquet file is damaged"):
        read(content[: len(content) // 2], "x.parquet")


@pytest.fixture
def one_megabyte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUSIONSCOPE_UPLOAD_LIMIT_MB", "1")
    settings.cache_clear()


@pytest.mark.usefixtures("home", "one_megabyte")
def test_over_the_limit(read: Read) -> None:
    with pytest.raises(UnreadableFile, match="at most 1 MB"):
        read(b"a,b\n" + b"1.5,2.5\n" * 200_000)


@pytest.mark.usefixtures("home", "one_megabyte")
def test_gzip_bomb(read: Read) -> None:
    with pytest.raises(UnreadableFile, match="more than 1 MB"):
        read(gzip.compress(b"a,b\n" + b"1,2\n" * 3_000_000))


@pytest.mark.usefixtures("home", "one_megabyte")
def test_parquet_bomb(read: Read) -> None:
    content = parquet(pd.DataFrame({"a": np.zeros(5_000_000)}))
    assert len(content) < 100_000
    with pytest.raises(UnreadableFile, match="Unpacked"):
        read(content)


@pytest.mark.parametrize("columns", [500, 2000])
def test_wide(read: Read, columns: int) -> None:
    head = ",".join(f"s{i}" for i in range(columns))
    table = read(
        head + "\n" + "\n".join(",".join(f"{i}.{j}" for i in range(columns)) for j in "12")
    )
    assert table.frame.shape == (2, columns)
    assert f"wide: {columns:,} columns" in whats(table.findings)


def test_too_wide(read: Read) -> None:
    head = ",".join(f"s{i}" for i in range(2001))
    with pytest.raises(UnreadableFile, match="2,001 columns, at most 2,000"):
        read(head + "\n" + ",".join("1" * 2001))


def test_same_values_same_content(read: Read) -> None:
    """How a recording is written does not change what it is."""
    frame = pd.DataFrame(
        {
            "time": pd.date_range("2024-01-01", periods=4, freq="s"),
            "machine": ["x", "x", "y", "y"],
            "a": [*A[:3], np.nan],
            "b": B,
        }
    )
    text = frame.to_csv(index=False)
    versions = [
        read(text),
        read(gzip.compress(text.encode()), "other.csv.gz"),
        read(frame.to_csv(index=False, sep=";", decimal=","), "german.csv"),
        read(text, "bom.csv", encoding="utf-8-sig"),
        read(parquet(frame), "x.parquet"),
        read(parquet(frame, compression=None), "y.parquet"),
    ]
    assert len({table.content for table in versions}) == 1
    assert versions[1].name == "other"


def test_other_values_other_content() -> None:
    frame = pd.DataFrame({"a": A, "b": B})
    others = [
        frame.assign(a=[0.5, 1.25, -2.0, 3.0000001]),
        frame.rename(columns={"a": "c"}),
        frame[["b", "a"]],
        frame.iloc[:3],
        frame.assign(b=["10", "20", "30", "40"]),
        frame.assign(a=[np.nan, 1.25, -2.0, 3.0]),
    ]
    hashes = {digest_frame(other) for other in [frame, *others]}
    assert len(hashes) == len(others) + 1
    assert digest_frame(frame.assign(b=[10.0, 20.0, 30.0, 40.0])) == digest_frame(frame)


def test_large_whole_numbers_keep_their_last_digit() -> None:
    big = 2**60
    first, second = pd.DataFrame({"a": [big]}), pd.DataFrame({"a": [big + 1]})
    assert digest_frame(first) != digest_frame(second)


def test_parquet_kinds(read: Read) -> None:
    arrow = pa.table(
        {
            "flag": pa.array([True, False, None]),
            "small": pa.array([1, 2, 3], pa.int8()),
            "half": pa.array([1.5, None, 2.5], pa.float32()),
            "coded": pa.array(["x", "y", "x"]).dictionary_encode(),
            "zoned": pa.array([0, 1, 2], pa.timestamp("ms", tz="Europe/Berlin")),
            "span": pa.array([1000, 2000, 3000], pa.duration("ms")),
            "list": pa.array([[1], [2], [3]]),
            "number as text": pa.array(["1,5", "2,5", None]),
        }
    )
    buffer = io.BytesIO()
    pq.write_table(arrow, buffer)
    table = read(buffer.getvalue())
    frame = table.frame
    np.testing.assert_array_equal(frame["flag"], [1.0, 0.0, np.nan])
    assert frame["small"].tolist() == [1, 2, 3]
    assert frame["span"].tolist() == [1.0, 2.0, 3.0]
    assert frame["number as text"].tolist()[:2] == [1.5, 2.5]
    assert str(frame["zoned"].dt.tz) == "UTC"
    assert frame["coded"].tolist() == ["x", "y", "x"]
    assert "list" not in frame
    assert "neither numbers nor text" in whats(table.findings)


def test_input_file_is_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n3,4\n")
    before = path.read_bytes(), path.stat().st_mtime_ns
    read_table(path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_columns_that_runs_of_blanks_separate() -> None:
    text = "".join(f"  {2 * i}   {i / 4:7.3f} -{i}e-1  \r\n" for i in range(1, 600))
    frame = read_table(text.encode(), columns=("a", "b", "c")).frame
    rows = np.arange(1, 600)
    assert list(frame.columns) == ["a", "b", "c"]
    np.testing.assert_allclose(frame, np.c_[2 * rows, rows / 4, -rows / 10])
    assert read_table(text.encode()).frame.shape == (599, 3)


@pytest.mark.parametrize("text", ["12 345\n67 890\n11 111\n", "a b\n1 2\n3 4\n", "1 2\n3\n4 5\n"])
def test_blanks_that_are_no_columns(text: str) -> None:
    """Thousands, words and ragged rows stay what they are."""
    assert sniff.aligned(pa.py_buffer(text.encode())).to_pybytes() == text.encode()
