"""Files that are made when they are asked for, and what is said when they cannot be made."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.errors import DataError, FusionscopeError
from dashboard import downloads


def test_what_went_wrong_the_last_time_is_kept():
    troubles: downloads.Troubles = []
    answers = iter([DataError("No rows.", "Choose others."), b"picture"])

    def make() -> bytes:
        answer = next(answers)
        if isinstance(answer, FusionscopeError):
            raise answer
        return answer

    made = downloads.told(make, troubles)
    with pytest.raises(DataError, match="No rows"):
        made()
    assert [error.problem for error in troubles] == ["No rows."]
    assert made() == b"picture"
    assert troubles == []


def test_it_is_told_as_any_other_error_is():
    def script() -> None:
        from core.errors import DataError
        from dashboard import downloads

        downloads.explained([DataError("No rows.", "Choose others.")])

    app = AppTest.from_function(script).run()
    assert not app.exception
    assert [(box.proto.title, box.value) for box in app.error] == [("No rows.", "Choose others.")]
