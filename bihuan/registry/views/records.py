"""One enterprise: its page, its form, and what can be done with it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.forms import BaseInlineFormSet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.attachments.actions import attach
from bihuan.core.errors import Refused
from bihuan.core.http import Request
from bihuan.rules.coordinates import Crs

from ..access import edit_scope
from ..actions import change_status, open_account, reveal_phone, save_enterprise
from ..duplicates import alike_to
from ..forms import EnterpriseForm, RevealForm, StatusForm, part_formsets
from ..models import Contact, Enterprise, Merger
from ..panels import panels_for
from ..periods import needs_acceptance
from ..responsibilities import UNSETTLED, pilot_of
from ..schemas import attributes_kept, needed_upgrade
from . import user_of
from .acting import photos_of

RELATED = ("kind", "department", "city", "county", "locality", "organization")
CHANGES_SHOWN = 30
NOT_THESE = "not_these"  # the box that says: none of the records shown is this place
OWN_CRS = frozenset({"", Crs.CGCS2000.value})


def _visible_or_404(request: Request, pk: int) -> Enterprise:
    visible = Enterprise.objects.visible_to(user_of(request)).select_related(*RELATED)
    return get_object_or_404(visible, pk=pk)


def _editable(request: Request, pk: int) -> Enterprise:
    """404 for what the person may not see, 403 for what they may see but not change."""
    enterprise = _visible_or_404(request, pk)
    if not edit_scope(user_of(request)).covers(enterprise):
        raise PermissionDenied
    return enterprise


@require_safe
@require(Permission.VIEW_REGISTRY)
def detail(request: Request, pk: int) -> HttpResponse:
    """The page of a record; the number of one that became one with another leads there."""
    if merger := Merger.objects.filter(old_id=pk).select_related("into").first():
        return redirect(_visible_or_404(request, merger.into_id), permanent=True)
    return _detail(request, _visible_or_404(request, pk))


def _detail(request: Request, enterprise: Enterprise, form: StatusForm | None = None) -> HttpResponse:
    user = user_of(request)
    revealing = Enterprise.objects.within_scope_of(user, Permission.REVEAL_PERSONAL)
    return render(
        request,
        "registry/detail.html",
        {
            "enterprise": enterprise,
            "facts": _facts(enterprise),
            "risk_words": f"{enterprise.get_risk_display()}色风险",
            "contacts": enterprise.contacts.all(),
            "permits": enterprise.permits.all(),
            "premises": enterprise.premises.select_related("kind", "locality"),
            "changes": _timeline(enterprise),
            **_attributes(enterprise, may_edit=edit_scope(user).covers(enterprise)),
            "panels": panels_for(enterprise, user),
            "may_edit": edit_scope(user).covers(enterprise),
            "may_reveal": revealing.filter(pk=enterprise.pk).exists(),
            "status_form": form or StatusForm(enterprise=enterprise),
            "may_resume": needs_acceptance(enterprise.status),
            "trail": [{"label": "企业与场所", "url": reverse("registry:list")}, {"label": enterprise.name}],
        },
        status=422 if form is not None else 200,
    )


def _facts(enterprise: Enterprise) -> list[dict[str, Any]]:
    code = enterprise.credit_code or "未登记"
    if enterprise.code_unchecked:
        code += f"（校验人工放行：{enterprise.code_unchecked_reason or '未写理由'}）"
    place = "、".join(dict.fromkeys([enterprise.county.name, enterprise.locality.name]))
    where: dict[str, Any] = {"label": "所在地", "value": place}
    if not enterprise.locality.is_locality:
        where = {"label": "所在地", "value": f"{place}（{UNSETTLED}）", "badge_tone": "red"}
    facts: list[dict[str, Any]] = [
        {"label": "信用代码", "value": code},
        {"label": "类型", "value": f"{enterprise.kind.label}（{enterprise.kind.sector}）"},
        where,
        {"label": "地址", "value": enterprise.address},
    ]
    if enterprise.department:
        facts.append({"label": "主管部门", "value": enterprise.department.name})
    elif (pilot := pilot_of(enterprise, on=timezone.localdate())) is not None:
        facts.append({"label": "主管部门", "value": f"没有部门主管，由{pilot.organization.name}试点监管"})
    else:
        facts.append({"label": "主管部门", "value": "未指定", "badge_tone": "red"})
    if enterprise.longitude is not None:
        source = (
            f"，由{enterprise.get_source_crs_display()}换算" if enterprise.source_crs not in OWN_CRS else ""
        )
        place = f"{enterprise.longitude:.6f}，{enterprise.latitude:.6f}（CGCS2000{source}）"
        facts.append({"label": "坐标", "value": place})
    people = "" if enterprise.employees is None else f"{enterprise.employees}人"
    facts += [{"label": "从业人数", "value": people}, {"label": "备注", "value": enterprise.remark}]
    return facts


def _attributes(enterprise: Enterprise, *, may_edit: bool) -> dict[str, Any]:
    """What is known beyond the common facts, by the version it was filled in with, and what that lacks today."""
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for attribute in attributes_kept(enterprise):
        if words := attribute.words(enterprise.attributes.get(attribute.name)):
            groups[attribute.group].append({"label": attribute.label, "value": words})
    return {
        "attribute_groups": list(groups.items()),
        "upgrade": needed_upgrade(enterprise),
        "attributes_note": "填写" if may_edit else "",
        "attributes_url": reverse("registry:attributes", args=[enterprise.pk]) if may_edit else "",
    }


def _timeline(enterprise: Enterprise) -> list[dict[str, str]]:
    events = []
    for change in enterprise.changes.select_related("by")[:CHANGES_SHOWN]:
        lines = [
            f"{label}：{before or '空'} → {after or '空'}"
            for label, before, after in change.changes
            if change.what != "created"
        ]
        if change.reason:
            lines.append(f"理由：{change.reason}")
        events.append(
            {
                "at": timezone.localtime(change.at).strftime("%Y-%m-%d %H:%M"),
                "what": change.get_what_display(),
                "who": change.by.full_name,
                "note": "；".join(lines),
                "tone": "orange" if change.what == "status" else "",
            }
        )
    return events


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.EDIT_REGISTRY)
def create(request: Request) -> HttpResponse:
    return _form(request, Enterprise(), title="登记企业")


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_REGISTRY)
def edit(request: Request, pk: int) -> HttpResponse:
    enterprise = _editable(request, pk)
    return _form(request, enterprise, title=f"修改“{enterprise}”")


def _form(request: Request, enterprise: Enterprise, *, title: str) -> HttpResponse:
    """The whole record on one page; 再加一行 works without a script: the page comes back with another row."""
    user = user_of(request)
    more = request.POST.get("more", "")
    sent = request.POST if request.method == "POST" else None
    form = EnterpriseForm(sent, instance=enterprise, user=user)
    parts = part_formsets(enterprise, sent, more=more)
    if more == "kind":
        form.hold_back_errors()
    status = 200
    alike: list[Any] = []
    if sent is not None and not more:
        # Every part is checked, so that all errors show at once.
        sound = [form.is_valid(), *(formset.is_valid() for formset in parts.values())]
        if all(sound) and not enterprise.pk and NOT_THESE not in sent:
            alike = _alike(form, parts["contacts"], user)
        if all(sound) and not alike:
            try:
                saved = save_enterprise(
                    form.values(),
                    by=user,
                    enterprise=enterprise if enterprise.pk else None,
                    seen_at=form.cleaned_data["seen_at"],
                    parts=list(parts.values()),
                )
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, f"“{saved}”已保存")
                return redirect(saved)
        status = 422
    return render(
        request,
        "registry/form.html",
        {
            "form": form,
            "parts": parts,
            "wrong_parts": status == 422 and any(formset.total_error_count() for formset in parts.values()),
            "enterprise": enterprise,
            "alike": alike,
            "not_these": NOT_THESE,
            "page_title": title,
            "back_url": enterprise.get_absolute_url() if enterprise.pk else reverse("registry:list"),
        },
        status=status,
    )


def _alike(form: EnterpriseForm, contacts: BaseInlineFormSet, user: User) -> list[dict[str, Any]]:
    """Records that may be the place about to be registered: whoever brings it looks at them first."""
    data = form.cleaned_data
    phones = {row.get("phone") for row in contacts.cleaned_data if row and not row.get("DELETE")}
    found = alike_to(
        data["name"], data["address"], data["credit_code"], data["locality"], filter(None, phones), by=user
    )
    return [{"enterprise": row, "likeness": likeness} for row, likeness in found]


@require_POST
@require(Permission.VIEW_REGISTRY)
def status(request: Request, pk: int) -> HttpResponse:
    enterprise = _editable(request, pk)
    form = StatusForm(request.POST, enterprise=enterprise)
    if not form.is_valid():
        return _detail(request, enterprise, form)
    try:
        with transaction.atomic():
            period = change_status(
                enterprise, form.cleaned_data.pop("status"), by=user_of(request), **form.cleaned_data
            )
            attach(period, photos_of(request), "document", by=user_of(request))
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"状态已改为“{enterprise.get_status_display()}”")
    return redirect(enterprise)


@require_POST
@require(Permission.VIEW_REGISTRY)
def account(request: Request, pk: int) -> HttpResponse:
    enterprise = _editable(request, pk)
    try:
        open_account(enterprise, by=user_of(request))
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request, "企业账号单位和“安全管理人”岗位已建好，请系统管理员为企业人员建立登录账号并任职"
        )
    return redirect(enterprise)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_REGISTRY)
def reveal(request: Request, pk: int) -> HttpResponse:
    """Ask for a reason, then show one number once; never kept in a page that can be gone back to."""
    contact = get_object_or_404(Contact.objects.select_related("enterprise"), pk=pk)
    user = user_of(request)
    if not Enterprise.objects.visible_to(user).filter(pk=contact.enterprise_id).exists():
        raise Http404
    if not user.has_perm(Permission.REVEAL_PERSONAL):
        raise PermissionDenied
    form = RevealForm(request.POST or None)
    phone = ""
    if request.method == "POST" and form.is_valid():
        try:
            phone = reveal_phone(contact, by=user, reason=form.cleaned_data["reason"])
        except Refused as error:
            form.add_error(None, str(error))
    response = render(
        request,
        "registry/reveal.html",
        {"contact": contact, "enterprise": contact.enterprise, "form": form, "phone": phone},
        status=422 if form.errors else 200,
    )
    response["Cache-Control"] = "no-store"
    return response
