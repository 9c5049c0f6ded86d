"""A run or a comparison as one file that people who decide can read, print and keep."""

from core.report.render import html, pdf

__all__ = ["html", "pdf"]
