"""The palette is one, readable, and the same in the configuration and in the charts."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from core.settings import Settings
from dashboard.theme import DARK, LIGHT, MEANINGS

CONFIG = tomllib.loads(
    (Path(__file__).resolve().parents[2] / ".streamlit" / "config.toml").read_text()
)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("kind", "palette"), [("light", LIGHT), ("dark", DARK)])
def test_the_configuration_has_the_palette_of_the_charts(kind, palette):
    assert CONFIG["theme"][kind]["chartCategoricalColors"] == [palette[m] for m in MEANINGS]


@pytest.mark.parametrize(("kind", "palette"), [("light", LIGHT), ("dark", DARK)])
def test_lines_and_text_stand_out_from_every_background(kind, palette):
    theme = CONFIG["theme"][kind]
    lines = {meaning: colour for meaning, colour in palette.items() if meaning != "label"}
    for colour in [*lines.values(), theme["textColor"], theme["linkColor"], theme["primaryColor"]]:
        assert contrast(colour, theme["backgroundColor"]) >= 4.5, colour


@pytest.mark.parametrize("kind", ["light", "dark"])
def test_text_stands_out_in_the_sidebar_and_in_boxes(kind):
    theme = CONFIG["theme"][kind]
    for ground in (theme["secondaryBackgroundColor"], theme["sidebar"]["backgroundColor"]):
        assert contrast(theme["textColor"], ground) >= 4.5


def test_nothing_is_fetched_and_nothing_is_told():
    assert CONFIG["browser"]["gatherUsageStats"] is False
    assert CONFIG["server"]["address"] == "127.0.0.1"
    assert "http" not in str(CONFIG)


def test_the_upload_limit_is_one():
    limit = Settings.model_fields["upload_limit_mb"].default
    assert CONFIG["server"]["maxUploadSize"] == limit
