"""Fusionscope's science: data, models, runs and jobs, with no web framework in it."""

__version__ = "0.1.0"
