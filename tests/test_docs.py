"""What the documentation says is there is there."""

from __future__ import annotations

import re

import typer.main

from core import cli
from core.settings import Settings
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text()


def test_every_setting_is_documented():
    for name, field in Settings.model_fields.items():
        variable = f"FUSIONSCOPE_{name.upper()}"
        if field.validation_alias is not None:
            variable = field.validation_alias.choices[0]
        assert f"`{variable}`" in README, variable


def test_every_link_and_picture_exists():
    for document in ROOT.glob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
            assert (ROOT / target).exists(), f"{document.name}: {target}"


def test_the_commands_of_the_readme_exist():
    root = typer.main.get_command(cli.app)
    used = set(re.findall(r"^fusionscope ((?:[a-z]+ ?){1,2})", README, re.MULTILINE))
    assert used
    for words in used:
        command = root
        for word in words.split():
            if hasattr(command, "commands") and word in command.commands:
                command = command.commands[word]
        assert not hasattr(command, "commands"), words


def test_the_python_example_runs(home):
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL).group(1)
    quick = code.replace("lookback=30", "lookback=30, epochs=1, train_rows=200")
    names: dict = {}
    exec(quick, names)
    assert {"start", "end", "peak", "channel"} <= set(names["events"].columns)
