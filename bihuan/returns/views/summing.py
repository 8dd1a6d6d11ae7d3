"""The page behind a figure of the collecting office: who signed what of a sum, or the rows of its own ledger now."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.http import Request
from bihuan.core.paging import BadCursor, paginate

from ..counting import ask_of
from ..figures import rows_as_lines
from ..measures import measure
from ..models import Period
from ..queries import OWN, Gathered, gather, own_filling
from ..schema import Item
from . import user_of
from .collecting import period_or_404


@require_safe
@require(Permission.VIEW_RETURNS)
def summed(request: Request, pk: int) -> HttpResponse:
    """One figure of the sheet of a period: `row` is a kind of bodies or the office's own ledger, `item` its column."""
    period = period_or_404(request, pk)
    gathered = gather(period, user_of(request))
    row, item = request.GET.get("row", ""), gathered.spec.item(request.GET.get("item", ""))
    total = next((each for each in gathered.totals if each.kind == row), None)
    if item is None or (total is None and row != OWN):
        raise Http404
    context: dict[str, Any] = {
        "period": period, "item": item, "row": row,
        "value": total.cells.get(item.key) if total else gathered.own.get(item.key),
        "label": total.label if total else "本辖区台账现数", "at": timezone.now(),
        "operands": [
            (other, (total.cells if total else gathered.own).get(other.key))
            for name in (item.formula.names if item.formula else ())
            if (other := gathered.spec.item(name))
        ],
    }  # fmt: skip
    if total is not None:
        context["bodies"] = [
            (line, line.cells.get(item.key), line.links.get(item.key, ""))
            for line in gathered.lines
            if line.record.organization.kind == row
        ]
    elif item.measure:
        context |= _own_rows(request, period, gathered, item)
    return render(request, "returns/summed.html", context)


def _own_rows(request: Request, period: Period, gathered: Gathered, item: Item) -> dict[str, Any]:
    """The rows of the office's own ledger, as far as the person may see them."""
    filling, counted = own_filling(period, gathered.spec), measure(item.measure)
    rows = counted.family.rows(ask_of(item, gathered.whole, filling), filling.scope, timezone.now())
    if rows is None:
        return {"note": counted.note}
    seen = rows.seen_by(user_of(request))
    try:
        page = paginate(seen, order=rows.order, cursor=request.GET.get("cursor"), size=50)
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    hidden = 0 if page.has_other_pages else rows.queryset.count() - len(page.items)
    return {
        "note": counted.note, "page": page, "hidden": hidden,
        "lines": rows_as_lines(rows, page.items),
    }  # fmt: skip
