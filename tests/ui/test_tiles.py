"""A number never stands without its baseline."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from dashboard.tiles import LABELLED, UNLABELLED, beside

BASELINES = {
    "pca": {"vus_pr": 0.7, "event_recall": 0.5, "false_alarms_per_day": 12.0},
    "random": {"vus_pr": 0.1, "event_recall": 0.9, "false_alarms_per_day": 0.0},
}


def tile(name: str):
    return next(one for one in (*LABELLED, *UNLABELLED) if one.name == name)


def test_the_best_baseline_of_each_number_is_taken():
    assert beside(tile("vus_pr"), BASELINES) == ("0.700", "PCA reconstruction")
    assert beside(tile("event_recall"), BASELINES) == ("90 %", "Random")


def test_a_baseline_that_never_alarms_is_not_best_at_false_alarms():
    assert beside(tile("false_alarms_per_day"), BASELINES) == ("12.0", "PCA reconstruction")


def test_without_baselines_nothing_is_claimed():
    assert beside(tile("composite_f1"), {}) == ("", "")


def draw(days: float) -> AppTest:
    def script(days, baselines):
        from dashboard.tiles import tiles

        metrics = {
            "vus_pr": 0.9,
            "labelled_events": 2.0,
            "test_days": days,
            "false_alarms_per_day": 80.0,
        }
        tiles(metrics, baselines, labelled=True)

    return AppTest.from_function(script, args=(days, BASELINES), default_timeout=60).run()


def test_alarms_a_day_from_less_than_a_day_are_marked_as_extrapolated():
    app = draw(0.25)
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["False/day"] == "≈ 80.0"
    assert "Extrapolated" in app.caption[0].value
    assert "6 h" in app.caption[0].value


def test_alarms_a_day_from_more_than_a_day_are_not():
    app = draw(3)
    shown = {metric.label: (metric.value, metric.delta) for metric in app.metric}
    assert shown["False/day"] == ("80.0", "baseline 12.0")
    assert not app.caption


def test_labels_without_an_anomaly_say_that_there_are_no_events():
    def script():
        from dashboard.tiles import tiles

        tiles({"events": 3.0, "labelled_events": 0.0}, {}, labelled=True)

    app = AppTest.from_function(script, default_timeout=60).run()
    assert "No events" in app.caption[0].value
    assert [metric.label for metric in app.metric] == ["Events", "Alarms/day", "Time in alarm"]
