"""Pages of the ledger."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from .models import Hazard


def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One hazard."""
    hazard = get_object_or_404(Hazard.objects.visible_to(request.user), pk=pk)
    return HttpResponse(str(hazard))
