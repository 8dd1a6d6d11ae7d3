"""The list of objects, what leaves the house as a table, and giving many a department at once."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import SavedView
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import scope_of
from bihuan.core.http import Request
from bihuan.core.paging import BadCursor, amount
from bihuan.jobs.handing import take_away
from bihuan.jobs.selections import answer, do_each

from ..exporting import REGISTRY
from ..filters import NO_DEPARTMENT, RegistryFilter
from ..forms import AssignForm
from ..models import Enterprise
from ..responsibilities import unsettled
from ..selections import ASSIGN
from . import user_of

PAGE = "registry:list"  # the key under which saved views of this list are kept
SIZE = 50
PICK_LIMIT = 200


def _listed(rows: QuerySet[Enterprise]) -> QuerySet[Enterprise]:
    return rows.select_related("kind", "department", "county", "locality").prefetch_related("permits")


@require_safe
@require(Permission.VIEW_REGISTRY)
def index(request: Request) -> HttpResponse:
    user = user_of(request)
    scope = scope_of(user, Permission.VIEW_REGISTRY)
    if scope.enterprises and not scope.areas and not scope.departments:
        own = Enterprise.objects.visible_to(user).first()
        if own is not None:
            return redirect(own)
    filters = RegistryFilter(request.GET, user)
    selects = filters.selects()
    try:
        page = filters.page(request.GET.get("cursor"), size=SIZE, shape=_listed)
    except BadCursor as error:
        messages.warning(request, str(error))
        return redirect(request.path)
    views = [
        {"label": view.name, "url": f"?{view.query}", "active": view.query == filters.address}
        for view in SavedView.objects.filter(user=user, page=PAGE)
    ]
    may_edit = user.has_perm(Permission.EDIT_REGISTRY)
    unassigned = Enterprise.objects.visible_to(user).supervised().filter(department=None)
    unknown = unsettled(Enterprise.objects.visible_to(user).supervised())
    everything = {"label": "全部", "url": request.path, "active": not filters.applied}
    return render(
        request,
        "registry/list.html",
        {
            "filters": filters,
            "selects": selects,
            "more": any(each.is_more for each in selects),
            "more_chosen": sum(bool(each.value) for each in selects if each.is_more),
            "page": page,
            "total_words": f"共 {amount(filters.queryset, '家')}",
            "unassigned": amount(unassigned, "家") if unassigned.exists() else "",
            "unsettled": amount(unknown, "家") if may_edit and unknown.exists() else "",
            "no_department": NO_DEPARTMENT,
            "views": [everything, *views],
            "view_page": PAGE,
            "may_edit": may_edit,
            "may_import": user.has_perm(Permission.IMPORT_REGISTRY),
            "may_export": user.has_perm(Permission.EXPORT_HAZARDS),
            "assign_form": AssignForm(user=user),
        },
    )


@require_http_methods(["GET", "POST"])
@require(Permission.EXPORT_HAZARDS)
@require(Permission.VIEW_REGISTRY)
def export(request: Request) -> HttpResponseBase:
    """What is filtered, as a table: watermarked, recorded, without phones."""
    filters = RegistryFilter(request.GET, user_of(request))
    return take_away(
        request, REGISTRY, query=filters.address, said=filters.words, back=reverse("registry:list")
    )


@require_POST
@require(Permission.EDIT_REGISTRY)
def assign(request: Request) -> HttpResponse:
    """Give the picked enterprises a department, one by one."""
    user = user_of(request)
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None) or not back.startswith("/"):
        back = reverse("registry:list")
    picked = {int(pk) for pk in request.POST.getlist("pick") if pk.isdecimal() and len(pk) < 18}
    form = AssignForm(request.POST, user=user)
    if not picked:
        messages.warning(request, "还没有选择企业，请先勾选再指定主管部门")
    elif len(picked) > PICK_LIMIT:
        messages.error(request, f"一次最多指定{PICK_LIMIT}家，请分批办理")
    elif not form.is_valid():
        messages.error(request, "所选部门不在可指定的范围内，请重新选择")
    else:
        department = form.cleaned_data["department"]
        wanted = {"department": department.pk if department else None}
        return answer(request, do_each(ASSIGN.key, sorted(picked), wanted, by=user, back=back))
    return redirect(back)
