"""Affiliation: how near events come to the labelled anomalies, against where chance would put them.

Each labelled anomaly owns the zone of the points that lie nearest to it. Within a zone precision
asks how near the flagged points are to the anomaly, recall how near the anomaly's points are to
what is flagged; a distance counts as the probability that a point drawn at random from the zone
lies farther away. The probabilities are piecewise linear in time, so their integrals are summed in
closed form, all zones at once.
"""

from __future__ import annotations

import numpy as np

from core.anomaly.intervals import Intervals


def affiliation(
    found: Intervals, wanted: Intervals, spans: Intervals
) -> tuple[float | None, float]:
    """Return affiliation precision and recall (Huet et al., KDD 2022), means over the zones.

    Args:
        found: Events.
        wanted: Labelled anomalies, at least one.
        spans: Segments, in which zones end. What is flagged in a segment without a labelled anomaly
            belongs to no zone and does not count: see the false-alarm rate beside it.

    Returns:
        Precision, over the zones with an event in them, None when there are none; and recall.
    """
    zones = _zones(wanted, spans)
    pieces, zone = _split(found, zones)
    length = np.bincount(zone, pieces.stops - pieces.starts, minlength=len(wanted))
    near = _nearness(pieces.stops, zone, wanted, zones)
    near -= _nearness(pieces.starts, zone, wanted, zones)
    near = np.bincount(zone, near, minlength=len(wanted))
    some = length > 0
    recall = np.where(some, _recall(pieces, zone, wanted, zones), 0.0)
    precision = float((near[some] / length[some]).mean()) if some.any() else None
    return precision, float(recall.mean())


def _zones(wanted: Intervals, spans: Intervals) -> Intervals:
    """Return the points nearest to each of *wanted*, within its segment."""
    span = np.searchsorted(spans.starts, wanted.starts, side="right") - 1
    starts, stops = spans.starts[span].astype(float), spans.stops[span].astype(float)
    beside = np.flatnonzero(span[1:] == span[:-1])
    middle = (wanted.stops[beside] + wanted.starts[beside + 1]) / 2
    stops[beside], starts[beside + 1] = middle, middle
    return Intervals(starts, stops)


def _split(found: Intervals, zones: Intervals) -> tuple[Intervals, np.ndarray]:
    """Return the pieces of *found* inside the zones, and the zone of each."""
    first = np.searchsorted(zones.stops, found.starts, side="right")
    counts = np.searchsorted(zones.starts, found.stops) - first
    event = np.repeat(np.arange(len(found)), counts)
    within = np.arange(len(event)) - np.repeat(np.cumsum(counts) - counts, counts)
    zone = first[event] + within
    starts = np.maximum(found.starts[event], zones.starts[zone])
    return Intervals(starts, np.minimum(found.stops[event], zones.stops[zone])), zone


def _nearness(at: np.ndarray, zone: np.ndarray, wanted: Intervals, zones: Intervals) -> np.ndarray:
    """Integrate, from the start of its zone to each point, the chance to lie farther away.

    At distance d from an anomaly of length J in a zone of length E, with a and b free on its two
    sides, the chance is 1 - (J + min(d, a) + min(d, b)) / E; inside the anomaly it is 1.
    """
    start, stop = wanted.starts[zone], wanted.stops[zone]
    left, right = start - zones.starts[zone], zones.stops[zone] - stop
    length, size = stop - start, zones.stops[zone] - zones.starts[zone]

    def outside(distance: np.ndarray) -> np.ndarray:
        taken = length * distance + _capped(distance, left) + _capped(distance, right)
        return distance - taken / size

    before = outside(left) - outside(np.maximum(start - at, 0))
    return before + np.clip(at - start, 0, length) + outside(np.maximum(at - stop, 0))


def _capped(distance: np.ndarray, cap: np.ndarray) -> np.ndarray:
    """Integrate min(t, cap) from 0 to *distance*."""
    return np.minimum(distance, cap) ** 2 / 2 + cap * np.maximum(distance - cap, 0)


def _recall(pieces: Intervals, zone: np.ndarray, wanted: Intervals, zones: Intervals) -> np.ndarray:
    """Return the recall of each zone; 1 where nothing is flagged, which the caller replaces."""
    starts, stops = pieces.starts, pieces.stops
    low, high = zones.starts[zone], zones.stops[zone]
    # A point of the anomaly looks to the nearer end of the flagged pieces beside it.
    middle = (stops[:-1] + starts[1:]) / 2
    same = zone[1:] == zone[:-1]
    left, right = low.copy(), high.copy()
    left[1:][same], right[:-1][same] = middle[same], middle[same]
    begin, end = wanted.starts[zone], wanted.stops[zone]
    lost = _farther(
        starts - np.minimum(starts, end), starts - np.maximum(left, begin), starts - low
    )
    lost += _farther(np.maximum(stops, begin) - stops, np.minimum(right, end) - stops, high - stops)
    total = np.bincount(zone, lost, minlength=len(wanted))
    return 1 - total / (zones.stops - zones.starts) / (wanted.stops - wanted.starts)


def _farther(near: np.ndarray, far: np.ndarray, room: np.ndarray) -> np.ndarray:
    """Integrate, from *near* to *far* before an event, the room that lies closer than the event.

    At distance d from the event, and with *room* from the event to the end of the zone, that is
    d on the side of the event and min(d, room - d) on the other one.
    """

    def integral(distance: np.ndarray) -> np.ndarray:
        return np.where(distance <= room / 2, distance**2, room * distance - room**2 / 4)

    return np.where(far > near, integral(far) - integral(near), 0.0)
