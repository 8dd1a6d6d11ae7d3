"""Promise forms an office makes for itself."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number

from .. import actions
from ..definitionforms import DefinitionPage
from ..models import PledgeForm
from . import user_of

# What a new form begins with: short, complete, and easy to change.
SAMPLE = {
    "title": "瓶装液化气安全使用承诺书",
    "basis": "《城镇燃气管理条例》",
    "statement": "本单位承诺所填内容真实，按要求使用瓶装液化气；如有隐瞒或者弄虚作假，愿承担相应的法律责任。",
    "asks_use": False,
    "valid_months": 12,
    "persons": [{"key": "responsible", "label": "负责人", "required": True, "asks_id": False, "signs": True}],
    "fields": [{"key": "cylinders", "label": "在用气瓶数（只）", "kind": "number", "required": True}],
    "tables": [
        {"key": "corrected", "title": "已整改的问题", "role": "corrected"},
        {"key": "uncorrected", "title": "未整改的问题", "role": "uncorrected"},
        {"key": "stoves", "title": "用气设备", "role": "plain", "columns": [
            {"key": "name", "label": "设备", "required": True}, {"key": "number", "label": "数量", "kind": "number"},
        ]},
    ],
    "remarks": "需要说明的情况",
}  # fmt: skip


@require_safe
@require(Permission.MANAGE_PLEDGE_FORMS)
def index(request: Request) -> HttpResponse:
    """Every form with its versions; the ones in use first."""
    forms = PledgeForm.objects.select_related("organization", "made_by").order_by(
        "-is_active", "key", "-version"
    )
    return render(request, "pledges/forms.html", {"forms": forms})


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_PLEDGE_FORMS)
def create(request: Request) -> HttpResponse:
    """Make a form, or the next version of one of one's own (`?from=`); a shipped one is copied."""
    base = PledgeForm.objects.filter(pk=row_number(request.GET.get("from", ""))).first()
    own = base if base is not None and base.organization_id else None
    if request.method != "POST":
        definition = base.definition if base else SAMPLE
        page = DefinitionPage(definition, source=base.source if base else "")
        return _page(request, page, own)
    more = request.POST.get("more", "")
    page = DefinitionPage(data=request.POST, more=more)
    is_sound = page.is_valid()
    if more or not is_sound:
        return _page(request, page, own, status=200 if is_sound else 422)
    key = own.key if own else f"own-{uuid.uuid4().hex[:10]}"
    try:
        made = actions.save_form(
            key, page.said(), source=page.basic.cleaned_data["source"], by=user_of(request)
        )
    except Refused as error:
        return _page(request, page, own, problem=str(error), status=422)
    messages.success(request, f"已保存{made}")
    return redirect("pledges:forms")


def _page(
    request: Request, page: DefinitionPage, own: PledgeForm | None, *, problem: str = "", status: int = 200
) -> HttpResponse:
    context = {"page": page, "own": own, "problem": problem, "wrong": status == 422}
    return render(request, "pledges/form_edit.html", context, status=status)


@require_POST
@require(Permission.MANAGE_PLEDGE_FORMS)
def retire(request: Request, pk: int) -> HttpResponse:
    form = get_object_or_404(PledgeForm, pk=pk)
    try:
        actions.retire_form(form, by=user_of(request))
    except Refused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"已停用{form}，已签的不受影响")
    return redirect("pledges:forms")
