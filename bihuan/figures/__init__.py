"""Figures of a narrative report checked against each other: sums, parts, rates, shares, changes. Pure Python, no Django.

`check_figures(text)` is the one door. Precision comes first: what cannot be told for certain is not mentioned.
"""

from __future__ import annotations

from bihuan.figures.check import check_figures
from bihuan.figures.model import KINDS, FigureReport, Relation

__all__ = ["KINDS", "FigureReport", "Relation", "check_figures"]
