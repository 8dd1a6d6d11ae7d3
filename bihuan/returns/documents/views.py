"""A return taken away as Word or PDF."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request, content_disposition
from bihuan.papers import printing
from bihuan.papers.official import Sheet, docx_bytes
from bihuan.papers.views import WORD

from ..figures import figures_of
from ..models import Return
from .composing import return_sheet


def _sheet(request: Request, pk: int) -> Sheet:
    assert isinstance(request.user, User)
    rows = Return.objects.visible_to(request.user).select_related(
        "period__version", "period__definition__campaign", "organization__region", "collector", "current__by"
    )
    return return_sheet(figures_of(get_object_or_404(rows, pk=pk)))


@require_safe
@require(Permission.VIEW_RETURNS)
def docx(request: Request, pk: int) -> HttpResponse:
    """The return as Word."""
    sheet = _sheet(request, pk)
    return _file(sheet, docx_bytes(sheet), "docx", WORD)


@require_safe
@require(Permission.VIEW_RETURNS)
def pdf(request: Request, pk: int) -> HttpResponse:
    """The return as PDF."""
    sheet = _sheet(request, pk)
    try:
        data = printing.pdf_of_sheet(sheet)
    except Refused as error:
        messages.warning(request, str(error))
        return redirect("returns:detail", pk)
    return _file(sheet, data, "pdf", printing.PDF)


def _file(sheet: Sheet, data: bytes, extension: str, media: str) -> HttpResponse:
    response = HttpResponse(data, content_type=media)
    response["Content-Disposition"] = content_disposition(f"{sheet.issuer}{sheet.title}.{extension}")
    return response
