"""The words of a return beside its figures: the check a bulletin passes, before the signature and on receipt (勾稽自检, D3)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from bihuan.figures.gate import Problem, judge
from bihuan.figures.narrative import shown
from bihuan.figures.narrative.writing import phrase

from .counting import Cells, cell_of
from .figures import ReturnFigures
from .schema import WHOLE, Spec


def named_figures(spec: Spec, cells: Cells, row: str = WHOLE) -> Mapping[str, tuple[Decimal, str]]:
    """The figures of the whole by the words a text gives them (查出隐患); two of one name are left out."""
    named: dict[str, tuple[Decimal, str]] = {}
    ambiguous: set[str] = set()
    for item in spec.items:
        value = cells.get(cell_of(row, item.key))
        if value is not None and item.unit != "%" and item.unit:
            words = phrase(item.label, value, item.unit, item.digits)
            name = words[: -len(f"{shown(value, item.digits)}{item.unit}")]
            if named.setdefault(name, (value, item.unit)) != (value, item.unit):
                ambiguous.add(name)  # two figures of one name (其中：重大隐患): which is meant cannot be told
    return {name: figure for name, figure in named.items() if name not in ambiguous}


def doubts_of(sheet: ReturnFigures) -> tuple[Problem, ...]:
    """What does not add up in the words of a return, in itself and beside its table; it is said, it stops nobody."""
    if not sheet.words.strip():
        return ()
    named = named_figures(sheet.spec, sheet.cells, sheet.rows[0].key)
    return judge([("文字说明", sheet.words)], named).problems
