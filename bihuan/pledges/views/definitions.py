"""Promise forms an office makes for itself."""

from __future__ import annotations

import json

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request

from .. import actions
from ..forms import DefinitionForm
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
    """Make a form, or the next version of one (`?from=`)."""
    chosen = request.GET.get("from", "")
    base = None
    if chosen.isascii() and chosen.isdecimal() and len(chosen) < 19:
        base = PledgeForm.objects.filter(pk=chosen).first()
    if request.method == "POST":
        form = DefinitionForm(request.POST)
        if form.is_valid():
            try:
                made = actions.save_form(
                    form.cleaned_data["key"],
                    form.cleaned_data["definition"],
                    source=form.cleaned_data["source"],
                    by=user_of(request),
                )
            except Refused as error:
                form.add_error("definition", str(error))
            else:
                messages.success(request, f"已保存{made}")
                return redirect("pledges:forms")
        return render(request, "pledges/form_edit.html", {"form": form}, status=422)
    written = json.dumps(base.definition if base else SAMPLE, ensure_ascii=False, indent=2)
    initial = {
        "definition": written,
        "key": base.key if base and base.organization_id else "",
        "source": base.source if base else "",
    }
    return render(request, "pledges/form_edit.html", {"form": DefinitionForm(initial=initial)})


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
