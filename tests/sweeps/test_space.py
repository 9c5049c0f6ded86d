"""What a search may vary comes from the config, and stays within its bounds."""

from __future__ import annotations

import pytest

from core import sweeps
from core import task as tasks
from core.errors import ConfigError
from core.sweeps.space import Span

TASKS = ("anomaly", "life", "forecast", "gas")
VARIANTS = [(task, name) for task in TASKS for name in tasks.get(task).VARIANTS]


@pytest.mark.parametrize(("task", "variant"), VARIANTS)
def test_every_span_lies_within_the_config_and_is_read(task, variant):
    config = tasks.get(task).Config
    for name, span in sweeps.bounds(task, variant).items():
        assert name in tasks.get(task).VARIANTS[variant].reads
        assert name not in sweeps.experiments(task).asked
        ends = span.choices if span.kind == "choice" else (span.low, span.high)
        for value in ends:
            config.parse({"variant": variant, name: value})
        if span.kind != "choice":
            for beyond in (span.low - 1, span.high + 1):
                with pytest.raises(ConfigError):
                    config.parse({"variant": variant, name: beyond})


@pytest.mark.parametrize("task", TASKS)
def test_what_a_task_offers_names_its_own_fields(task):
    offered, fields = sweeps.experiments(task), tasks.get(task).Config.model_fields
    assert set(offered.tuned) <= set(fields)
    assert offered.asked <= set(fields)
    assert not offered.asked & set(offered.tuned)
    assert "seed" in offered.asked


@pytest.mark.parametrize(("task", "variant"), VARIANTS)
def test_the_usual_space_holds_the_values_that_it_begins_with(task, variant):
    config = tasks.get(task).Config(variant=variant)
    space = sweeps.usual(task, config)
    assert len(space) <= 4
    for name, span in space.items():
        assert span.holds(getattr(config, name)), span


def test_what_matters_most_comes_first_and_scales_follow_the_fields():
    spans = sweeps.bounds("forecast", "fusion")
    assert list(spans)[:3] == ["learning_rate", "units", "lookback"]
    assert spans["learning_rate"] == Span("learning_rate", "float", 1e-5, 0.1, log=True)
    assert spans["lookback"] == Span("lookback", "int", 1, 512)
    assert spans["calendar"].choices == (False, True)
    assert spans["temporal"].choices == ("lstm", "bilstm", "gru")
    assert "target" not in spans
    assert "season" not in spans  # empty has a meaning of its own
    assert sweeps.bounds("gas", "sensor-cnn")["image_size"].step == 8


def test_a_range_is_narrowed_by_text():
    spans = sweeps.bounds("forecast", "fusion")
    assert sweeps.narrowed(spans["lookback"], "8:64") == Span("lookback", "int", 8, 64)
    assert sweeps.narrowed(spans["learning_rate"], "1e-4:1e-2").log
    assert sweeps.narrowed(spans["temporal"], "gru, LSTM").choices == ("gru", "lstm")
    assert sweeps.narrowed(spans["residual"], "true,false").choices == (True, False)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("lookback", "8", "written low:high"),
        ("lookback", "a:b", "written low:high"),
        ("lookback", "8:9999", "within 1 to 512"),
        ("lookback", "64:8", "the smaller number first"),
        ("lookback", "8:8", "cannot be searched"),
        ("lookback", "1:nan", "cannot be searched"),
        ("lookback", "8.5:12", "whole numbers"),
        ("temporal", "gru,cnn", "two or more of: lstm, bilstm, gru"),
        ("temporal", "gru", "two or more"),
    ],
)
def test_a_range_that_cannot_be_is_one_clear_error(name, text, said):
    with pytest.raises(ConfigError, match=said):
        sweeps.narrowed(sweeps.bounds("forecast", "fusion")[name], text)


def test_multiples_are_kept_to():
    span = sweeps.bounds("gas", "sensor-cnn")["image_size"]
    with pytest.raises(ConfigError, match="multiples of 8"):
        sweeps.narrowed(span, "33:64")
    assert sweeps.around(span, 96).low % 8 == 0


@pytest.mark.parametrize(("task", "variant"), VARIANTS)
def test_ablations_change_one_thing_each_and_none_is_the_whole(task, variant):
    config = tasks.get(task).Config(variant=variant)
    found = sweeps.listed(task, config, "ablation")
    assert next(iter(found)) == "as it is"
    assert found.pop("as it is") == config
    effective = tasks.effective(task, config)
    for label, one in found.items():
        other = tasks.effective(task, one)
        assert other != effective, label
        if other.variant == variant:
            differ = [n for n in type(one).model_fields if getattr(other, n) != getattr(config, n)]
            assert len(differ) == 1, label


def test_window_sizes_wherever_there_is_a_lookback():
    config = tasks.get("life").Config(lookback=64)
    found = sweeps.listed("life", config, "windows")
    assert [one.lookback for one in found.values()] == [64, 32, 128, 256]
    assert next(iter(found)) == "as it is: lookback 64"
    assert "windows" in sweeps.kinds("life", config)
    none = tasks.get("gas").Config(variant="lda")
    assert sweeps.kinds("gas", none) == []
