"""How numbers, durations and times are written on the screen: as in reports."""

from core.format import (
    NOTHING,
    ago,
    count,
    duration,
    moment,
    number,
    percent,
    rough,
    zone,
)

__all__ = [
    "NOTHING",
    "ago",
    "count",
    "duration",
    "moment",
    "number",
    "percent",
    "rough",
    "zone",
]
