"""The catalogue of ledgers and the two systems of archives (R253, R254)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import scope_of
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number
from bihuan.oversight.forms import bodies_under

from .. import actions, catalogue, forms
from ..standing import UNITS, led_unit
from . import user_of


@require_safe
@require(Permission.VIEW_OFFICE_WORK)
def index(request: Request) -> HttpResponse:
    user = user_of(request)
    units = _units(user)
    asked = row_number(request.GET.get("unit", ""))
    unit = next((each for each in units if each.pk == asked), user.organization)
    rows = catalogue.lines(user, unit)
    years, papers = catalogue.papers_by_kind(user)
    led = led_unit(user)
    names = [(each.ledger.key, each.ledger.name) for each in rows]
    context = {
        "groups": catalogue.grouped(rows),
        "number": len(rows),
        "most": catalogue.MOST,
        "unit": unit,
        "units": [(str(each.pk), each.short_name) for each in units],
        "asked": str(unit.pk) if unit else "",
        "years": years,
        "papers": papers,
        "papers_total": sum(each.total for each in papers),
        "dossiers": catalogue.dossiers(user),
        "form": forms.KeeperForm(unit=led, ledgers=names) if led is not None else None,
    }
    return render(request, "office/catalogue.html", context)


def _units(user: User) -> list[Organization]:
    """The units whose keepers a person may ask for: those of his area, or his own."""
    found = [] if user.organization is None else [user.organization]
    for code in scope_of(user, Permission.VIEW_OFFICE_WORK).areas:
        found += list(bodies_under(code, kinds=tuple(UNITS))[:400])
    return list({each.pk: each for each in found}.values())


@require_POST
@require(Permission.CHECK_OFFICE_WORK)
def name_keeper(request: Request) -> HttpResponse:
    """The leader says which post of the unit keeps a ledger."""
    user = user_of(request)
    led = led_unit(user)
    if led is None:
        messages.error(request, "本岗位不领导编制台账的单位")
        return redirect("office:catalogue")
    names = [(each.key, each.name) for each in catalogue.LEDGERS]
    form = forms.KeeperForm(request.POST, unit=led, ledgers=names)
    if not form.is_valid():
        messages.error(request, "请选择台账和本单位在用的岗位")
        return redirect("office:catalogue")
    try:
        row = actions.name_keeper(form.cleaned_data["ledger"], form.cleaned_data["post"], by=user)
        messages.success(request, f"已指定由{row.post.title}负责")
    except Refused as error:
        messages.error(request, str(error))
    return redirect("office:catalogue")
