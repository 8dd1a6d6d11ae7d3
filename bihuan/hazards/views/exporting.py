"""The way out of the ledger: a short list at once, a long one as background work."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request
from bihuan.jobs.exports import DIRECT_ROWS, FORMS, start_export
from bihuan.jobs.handing import hand_over

from ..exporting import KEY, LEDGER
from ..queries import chips, ledger, parse_filters
from .shared import user_of


@require(Permission.EXPORT_HAZARDS)
@require_http_methods(["GET", "POST"])
def export(request: Request) -> HttpResponseBase:
    """Exactly what is filtered as a sheet: watermarked, recorded, no cell a formula."""
    user = user_of(request)
    filters = parse_filters(request.GET)
    said = "；".join(f"{chip.label}：{chip.value}" for chip in chips(user, filters)) or "全部"
    refusal = ""
    if request.method == "POST":
        try:
            return redirect(
                start_export(
                    KEY, query=filters.query(), said=said, form=request.POST.get("form", ""), by=user
                )
            )
        except Refused as error:
            refusal = str(error)
    elif ledger(user, filters)[: DIRECT_ROWS + 1].count() <= DIRECT_ROWS:
        return hand_over(LEDGER, by=user, query=filters.query(), said=said)
    context = {
        "said": said,
        "forms": FORMS,
        "limit": DIRECT_ROWS,
        "refusal": refusal,
        "query": filters.query(),
    }
    return render(request, "hazards/export.html", context, status=422 if refusal else 200)
