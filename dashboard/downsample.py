"""Fewer points than a long series has, on the screen: as in reports."""

from core.downsample import POINTS, rows

__all__ = ["POINTS", "rows"]
