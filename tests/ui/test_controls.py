"""Widgets follow the config, and a link that asks for the impossible gets a notice."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.anomaly import Config, Quantile, Sigma
from core.anomaly.variants import VARIANTS
from core.data import Cleaning
from dashboard.controls import control, controls

FORM = """
import streamlit as st
from core.anomaly import Config
from core.anomaly.variants import VARIANTS
from dashboard import controls, link

names = {name: variant.label for name, variant in VARIANTS.items()}
link.unknown({"t." + name for name in Config.model_fields}, "t.")
values = controls.form(Config, {"variant"}, "t.", choices={"variant": names})
values |= controls.form(
    Config, VARIANTS[values["variant"]].reads, "t.", limits={"train_rows": 1000}
)
link.notices()
st.session_state["config"] = Config.parse(values)
"""


def form(**link: str) -> AppTest:
    app = AppTest.from_string(FORM, default_timeout=20)
    for name, value in link.items():
        app.query_params[f"t.{name}"] = value
    app.run()
    assert not app.exception
    return app


def config(app: AppTest) -> Config:
    return app.session_state["config"]


def test_an_untouched_form_is_the_default_config():
    app = form()
    assert config(app) == Config()
    assert not app.warning


def test_basic_fields_come_before_advanced_ones():
    made = controls(Config)
    advanced = [bool(item.extra.get("advanced")) for item in made]
    assert advanced == sorted(advanced)


def test_only_what_the_variant_reads_is_asked_for():
    app = form(variant="pca")
    keys = {widget.key for widget in [*app.number_input, *app.slider, *app.selectbox]}
    assert keys == {f"t.{name}" for name in {"variant"} | VARIANTS["pca"].reads}
    assert config(app).variant == "pca"


def test_a_link_opens_the_same_settings():
    app = form(lookback="40", learning_rate="0.01", train_rows="400", variant="LSTM autoencoder")
    assert not app.warning
    assert config(app) == Config(lookback=40, learning_rate=0.01, train_rows=400)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("lookback", "9999", "Lookback = 9999; allowed are 2 to 512, so 30 is used"),
        ("lookback", "many", "Lookback = many"),
        ("lookback", "30.5", "Lookback = 30.5"),
        ("learning_rate", "-1", "Learning rate = -1; allowed are 1e-05 to 0.1, so 0.003 is used"),
        ("train_rows", "5000", "Training rows = 5000; allowed are 20 to 1000, so nothing is used"),
        ("variant", "oracle", f"Detector = oracle; allowed are {', '.join(VARIANTS)},"),
        ("lookbak", "30", "asks for lookbak, and there is no such setting"),
    ],
)
def test_a_wrong_link_gets_a_notice_that_names_it_and_defaults(name, value, words):
    app = form(**{name: value})
    assert len(app.warning) == 1
    assert words in app.warning[0].value
    assert config(app) == Config()


def test_the_notice_stays_until_somebody_chooses():
    app = form(lookback="9999")
    app.run()
    assert app.warning
    app.number_input(key="t.lookback").set_value(31).run()
    assert not app.warning
    assert config(app).lookback == 31


def test_bounds_and_choices_come_from_the_field():
    share = control("train_share", Config.model_fields["train_share"])
    assert (share.kind, share.low, share.high) == ("real", 0.05, 0.9)
    rows = control("train_rows", Config.model_fields["train_rows"])
    assert (rows.kind, rows.low, rows.optional) == ("whole", 20, True)
    missing = control("missing", Cleaning.model_fields["missing"])
    assert missing.options == ("interpolate", "forward-fill", "drop", "keep")
    step = control("step", Cleaning.model_fields["step"])
    assert (step.kind, step.optional) == ("text", True)


def test_every_field_of_every_config_has_a_label_and_a_help():
    for kind in (Config, Cleaning, Sigma, Quantile):
        for item in controls(kind, set(kind.model_fields) - {"kind"}):
            assert item.info.title and item.info.description, item.name


def test_a_unit_is_written_once():
    labels = [item.label for item in controls(Config)]
    assert "Lookback (steps)" in labels
    assert "Epochs" in labels
