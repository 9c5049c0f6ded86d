"""A choice opens with what the link names: the value of an option, or its name on the screen."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

NAMES = {"plain": "The plain one", "other": "Another one", "third": "A third"}
PAGE = """
import streamlit as st
from dashboard import link
from dashboard.choice import choice

names = {"plain": "The plain one", "other": "Another one", "third": "A third"}
st.session_state["chosen"] = choice("t.kind", "Kind", names, DEFAULT, "Which.", here=HERE)
link.notices()
"""


def page(default: str | None = "other", here: bool = False, **link: str) -> AppTest:
    script = PAGE.replace("DEFAULT", repr(default)).replace("HERE", repr(here))
    app = AppTest.from_string(script, default_timeout=20)
    for name, value in link.items():
        app.query_params[f"t.{name}"] = value
    app.run()
    assert not app.exception
    return app


@pytest.mark.parametrize("value", NAMES)
@pytest.mark.parametrize("default", ["plain", "other", None])
def test_a_link_may_carry_the_value_or_the_name_on_the_screen(value, default):
    for text in (value, NAMES[value]):
        app = page(default, kind=text)
        assert app.session_state["chosen"] == value
        assert not app.warning
        assert app.run().session_state["chosen"] == value


@pytest.mark.parametrize("text", ["third", "A third"])
def test_what_a_link_asked_for_stays_in_the_address(text):
    app = page(kind=text)
    assert app.query_params["t.kind"] == "A third"
    assert page(kind=app.query_params["t.kind"]).session_state["chosen"] == "third"


@pytest.mark.parametrize("default", ["plain", "other", None])
def test_a_wrong_link_gets_a_notice_and_the_default(default):
    app = page(default, kind="magic")
    assert app.session_state["chosen"] == default
    (notice,) = app.warning
    assert "Kind = magic; allowed are plain, other, third" in notice.value
    app.selectbox(key="t.kind").set_value("third").run()
    assert not app.warning


@pytest.mark.parametrize("here", [False, True])
def test_a_link_keeps_a_default_that_depends_on_the_machine(here):
    app = page(here=here, kind="Another one")
    assert app.session_state["chosen"] == "other"
    assert ("t.kind" in app.query_params) == here
