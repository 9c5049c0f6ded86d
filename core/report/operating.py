"""The operating point of a run, and what it finds and costs on the test rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core import anomaly, gas
from core import format as write
from core.config import Config
from core.gas.metrics import usual
from core.run import Run

FEW = 10  # labelled anomalies, fewer of which make every interval wide
DAY = 86_400.0  # seconds


@dataclass(frozen=True)
class Operating:
    """How a run decides, and what comes of it.

    Attributes:
        title: Of the section.
        rule: The rule in names and values.
        costs: What it finds and costs, by name, as text.
        spans: 95 % intervals of some of these, as text.
        sentence: The costs in one sentence; empty where nothing is known.
        limits: What to know of it, one line each.
        confusion: Rows of each true class that were called each class; None without classes.
    """

    title: str
    rule: dict[str, str]
    costs: dict[str, str]
    spans: dict[str, str]
    sentence: str
    limits: tuple[str, ...]
    confusion: Any = None


def of(run: Run) -> Operating:
    """Return the operating point of *run*, the stored one or the usual one."""
    return KINDS[run.task](run)


def _anomaly(run: Run) -> Operating:
    decision = anomaly.Decision.parse(run.decision() or {})
    outcome = anomaly.decide(run.result(), decision)
    result, rule = outcome.result, decision.threshold
    metrics = anomaly.measure(result, outcome.found, outcome.level, result.truth)
    spans = anomaly.bootstrap(result, outcome.found, result.truth)
    chosen = {
        "Threshold": f"{rule.label}: {type(rule).summary()}",
        **_fields(rule),
        "As a score": write.number(outcome.level),
        "Fitted on": rule.reads,
        "Events": f"at least {write.count(decision.min_length, 'step')} long, joined over gaps of "
        f"up to {write.count(decision.merge_gap, 'step')}",
        **_chosen_by(run, "the adaptive threshold as it is"),
    }
    known = metrics.get("labelled_events", 0.0)
    costs = {
        "Alarms in the test rows": write.count(metrics["events"]),
        "Alarms a day": write.number(metrics.get("alarms_per_day")),
    }
    if known:
        caught = round(metrics["event_recall"] * known)
        costs |= {
            "Labelled anomalies caught": f"{caught:,} of {known:,.0f}",
            "Missed": write.count(known - caught),
            "Share caught": write.percent(metrics["event_recall"]),
            "Composite F1": write.number(metrics["composite_f1"]),
            "Right alarms": write.percent(metrics.get("event_precision")),
        }
    if "false_alarms" in metrics:
        costs |= {
            "False alarms": write.count(metrics["false_alarms"]),
            "False alarms a day": write.number(metrics.get("false_alarms_per_day")),
            "Normal time in alarm": write.percent(metrics.get("false_alarm_rate")),
        }
    if known:
        costs["Delay, mean"] = _delay(metrics)
    names = {
        "Share caught": "event_recall",
        "Composite F1": "composite_f1",
        "Right alarms": "event_precision",
    }
    return Operating(
        "The threshold and what it costs",
        chosen,
        {name: text for name, text in costs.items() if text != write.NOTHING},
        {title: _span(*spans[name], title) for title, name in names.items() if name in spans},
        _anomaly_sentence(costs, bool(known)),
        tuple(_anomaly_limits(run, outcome, metrics)),
    )


def _delay(metrics: Mapping[str, float]) -> str:
    if "delay_seconds" in metrics:
        return write.duration(metrics["delay_seconds"])
    return f"{write.number(metrics['delay_steps'])} steps" if "delay_steps" in metrics else "–"


def _anomaly_sentence(costs: Mapping[str, str], known: bool) -> str:
    alarms = costs["Alarms in the test rows"]
    if not known:
        return f"At its threshold it raises {alarms} alarms in the test rows."
    a_day = costs["False alarms a day"]
    false = (
        f"{a_day} false alarms a day"
        if a_day != write.NOTHING
        else (f"{costs['False alarms']} false alarms")
    )
    delay = costs["Delay, mean"]
    late = "" if delay == write.NOTHING else f", and flags the caught ones after {delay} on average"
    return (
        f"At its threshold it catches {costs['Labelled anomalies caught']} labelled anomalies of "
        f"the test rows, raises {false}{late}."
    )


def _anomaly_limits(run: Run, outcome: anomaly.Outcome, metrics: Mapping[str, float]) -> list[str]:
    lines = list(outcome.cut.notes)
    known = metrics.get("labelled_events")
    if known is None:
        lines.append("The recording has no labels: nobody knows what was missed, or was false.")
    elif known == 0:
        lines.append("The labels name no anomaly among the test rows: nothing can be judged.")
    elif known < FEW:
        lines.append(
            f"Only {known:.0f} labelled anomalies are among the test rows: the intervals are wide."
        )
    days = metrics.get("test_days")
    if days is not None and days < 1:
        length = write.duration(days * DAY)
        lines.append(f"The test rows last {length}: what happens in a day is extrapolated.")
    if outcome.cut.chosen_on is not None:
        lines.append(
            "The threshold was chosen by labels; the rows that it was chosen on do not count."
        )
    return lines


def _gas(run: Run) -> Operating:
    result = run.result()
    stored = run.decision()
    decision = usual(result) if stored is None else gas.Decision.parse(stored)
    judged = gas.judge(result, decision)
    metrics = judged.metrics
    known = gas.intervals(result, decision)
    spans = {name: (known["lower"][name], known["upper"][name]) for name in known.index}
    costs = {
        "Gas found": write.percent(metrics.get("recall")),
        "Gas missed": write.percent(metrics.get("misses")),
        "Exposures found": write.percent(metrics.get("exposures_found")),
        "False alarms an hour": write.number(metrics.get("false_alarms_an_hour")),
        "Rows without gas in alarm": write.percent(metrics.get("false_alarm_rate")),
        "Delay, median": write.duration(metrics.get("delay_seconds")),
        "Rows called what they are": write.percent(metrics.get("accuracy")),
    }
    costs = {name: text for name, text in costs.items() if text != write.NOTHING}
    names = {"Gas found": "recall", "Rows without gas in alarm": "false_alarm_rate"}
    limits = []
    if result.assumed:
        limits.append(
            f"The recording has no times: hours and delays take {result.seconds:g} s a row."
        )
    return Operating(
        "The alarm rule and what it costs",
        {
            **_fields(decision),
            **_chosen_by(run, "the threshold that finds 99 % of the gas in the validation rows"),
        },
        costs,
        {
            title: _span(*spans[name], title)
            for title, name in names.items()
            if name in spans and title in costs
        },
        _gas_sentence(costs),
        tuple(limits),
        judged.confusion if metrics else None,
    )


def _gas_sentence(costs: Mapping[str, str]) -> str:
    parts = []
    if "Gas found" in costs:
        parts.append(f"finds {costs['Gas found']} of the test rows with gas")
    if "False alarms an hour" in costs:
        parts.append(f"raises {costs['False alarms an hour']} false alarms an hour")
    if "Delay, median" in costs:
        parts.append(f"speaks up after {costs['Delay, median']} (median)")
    return f"Under its alarm rule it {', '.join(parts)}." if parts else ""


def _forecast(run: Run) -> Operating:
    result = run.result()
    metrics = run.metrics
    made, held = result.bands.coverage, metrics.get("coverage")
    costs = {
        "Made to hold": write.percent(made),
        "Test readings that they hold": write.percent(held),
        "Mean width": write.number(metrics.get("width")),
    }
    limits = []
    if held is not None and held < made - 0.05:
        limits.append(
            f"The intervals hold {write.percent(held)} of the test readings and were made for "
            f"{write.percent(made)}: the test rows differ from the validation rows."
        )
    return Operating(
        "The intervals and what they hold",
        {"Intervals": "from the errors on the validation rows, a step ahead and target each"},
        {name: text for name, text in costs.items() if text != write.NOTHING},
        {},
        ""
        if held is None
        else f"Its intervals, made for {write.percent(made)}, hold {write.percent(held)} of the "
        "test readings.",
        tuple(limits),
    )


def _life(run: Run) -> Operating:
    metrics = run.metrics
    costs = {
        "Intervals that hold": write.percent(metrics.get("coverage")),
        "Promised too much": write.percent(metrics.get("late_share")),
        "PHM08 penalty, mean": write.number(metrics.get("phm08_mean")),
    }
    costs = {name: text for name, text in costs.items() if text != write.NOTHING}
    return Operating(
        "The intervals and what they hold",
        {"Intervals": "made to hold four times in five"},
        costs,
        {},
        "" if not costs else f"Its intervals hold for {costs['Intervals that hold']} of the steps.",
        (),
    )


KINDS: dict[str, Callable[[Run], Operating]] = {
    "anomaly": _anomaly,
    "gas": _gas,
    "forecast": _forecast,
    "life": _life,
}


def _fields(rule: Config) -> dict[str, str]:
    """Return the values of a rule by their names on the screen, without nested ones."""
    fields = type(rule).model_fields
    return {
        (fields[name].title or name): f"{value:.3g}" if isinstance(value, float) else f"{value}"
        for name, value in rule
        if name != "kind" and isinstance(value, int | float)
    }


def _chosen_by(run: Run, usual: str) -> dict[str, str]:
    history = run.decisions()
    if not history:
        return {"Chosen by": f"nobody: {usual}"}
    last = history[-1]
    when = write.moment(datetime.fromisoformat(last["when"]), seconds=False)
    return {"Chosen by": f"{last['who'] or 'somebody'}, {when}"}


def _span(low: float, high: float, title: str) -> str:
    text = write.number if title == "Composite F1" else write.percent
    return f"{text(low)} to {text(high)}"
