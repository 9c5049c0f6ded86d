"""What the command line prints, and how it writes numbers."""

from __future__ import annotations

import pytest

from core.console import print_table


def test_counts_are_written_out_and_measures_with_three_digits(capsys):
    cells = ["x", 15_809.0, -1_216.4, 999.6, 0.79812, 2.5e12, True, False, 7]
    print_table([str(n) for n in range(len(cells))], [cells])
    line = capsys.readouterr().out.splitlines()[1]
    assert line.split("\t") == ["x", "15809", "-1216", "1000", "0.798", "2.5e+12", "yes", "", "7"]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_printed_as_such(capsys, value):
    print_table(["a"], [[value]])
    assert capsys.readouterr().out.splitlines() == ["a", str(value)]
