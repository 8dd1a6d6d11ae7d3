"""Paragraphs of a bulletin written from its numbers, in the sober tone of such papers. Pure Python, no Django.

`narrate(report)` is the one door: the same numbers give the same words. People edit them; `differences` shows what a
second writing would change against the edited text.
"""

from __future__ import annotations

from bihuan.figures.narrative.changes import Change, change, shown
from bihuan.figures.narrative.differences import Piece, differences
from bihuan.figures.narrative.model import Measure, Overdue, Report, Section, Unit
from bihuan.figures.narrative.writing import narrate

__all__ = [
    "Change",
    "Measure",
    "Overdue",
    "Piece",
    "Report",
    "Section",
    "Unit",
    "change",
    "differences",
    "narrate",
    "shown",
]
