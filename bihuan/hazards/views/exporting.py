"""The way out of the ledger: a short list at once, a long one as background work."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.http import Request
from bihuan.jobs.handing import take_away

from ..exporting import LEDGER
from ..queries import chips, parse_filters
from .shared import user_of


@require(Permission.EXPORT_HAZARDS)
@require_http_methods(["GET", "POST"])
def export(request: Request) -> HttpResponseBase:
    """Exactly what is filtered as a sheet: watermarked, recorded, no cell a formula."""
    filters = parse_filters(request.GET)
    said = "；".join(f"{chip.label}：{chip.value}" for chip in chips(user_of(request), filters)) or "全部"
    return take_away(request, LEDGER, query=filters.query(), said=said, back=reverse("hazards:ledger"))
