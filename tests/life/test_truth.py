"""The file that says how long the units of a fleet lasted."""

from __future__ import annotations

import pytest

from core.errors import DataError
from core.life import read_truth

UNITS = ["1", "2", "3"]


@pytest.mark.parametrize(
    "text",
    [
        "112 \n98 \n69 \n",
        "remaining\n112\n98\n69\n",
        "unit,remaining\n3,69\n1,112\n2,98\n",
        "note;unit;remaining\na;2;98,0\nb;1;112,0\nc;3;69,0\n",
    ],
)
def test_numbers_are_read_in_the_order_of_the_units(text):
    assert read_truth(text.encode(), UNITS).tolist() == [112, 98, 69]


@pytest.mark.parametrize(
    ("text", "words"),
    [("112\n98\n", "3 units was expected, received 2"), ("112\n-1\n69\n", "received -1")],
)
def test_what_cannot_be_right_is_refused(text, words):
    with pytest.raises(DataError, match=words):
        read_truth(text.encode(), UNITS)
