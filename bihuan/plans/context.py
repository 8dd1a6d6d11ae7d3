"""What surrounds the tasks: bounds, zones, objects, cited plans, fallback duties, batches, forms."""

from __future__ import annotations

from dataclasses import replace

from bihuan.plans.batches import find_batches
from bihuan.plans.citations import find_citations
from bihuan.plans.criteria import find_criteria
from bihuan.plans.fallbacks import find_fallbacks
from bihuan.plans.forms import find_forms
from bihuan.plans.grid import Grid
from bihuan.plans.model import Plan
from bihuan.plans.outline import Outline
from bihuan.plans.scope import find_objects
from bihuan.plans.zones import find_zones


def with_context(
    plan: Plan, outline: Outline, text: str, own_year: int | None, blank_tables: list[Grid]
) -> Plan:
    """Return the plan with everything found around its tasks.

    `text` is what the outline was built on, `blank_tables` are the printed tables that order no work: forms to be filled.
    """
    end = outline.body.end or len(text)
    zones = find_zones(outline, text)
    in_items = [c for task in plan.tasks for item in task.check_items for c in item.criteria]
    known = {criterion.span for criterion in in_items}
    criteria = [c for c in find_criteria(text, 0, end) if c.span not in known] + in_items
    return replace(
        plan,
        criteria=sorted(criteria, key=lambda criterion: criterion.span),
        zones=zones,
        objects=find_objects(outline, text, zones),
        citations=find_citations(outline, text, [plan.title.value] if plan.title else []),
        fallbacks=find_fallbacks(text, 0, end),
        batches=find_batches(outline, text, own_year),
        forms=find_forms(
            plan.source.text,
            end,
            len(plan.source.text),
            [heading.title for heading in plan.headings],
            blank_tables,
        ),
    )
