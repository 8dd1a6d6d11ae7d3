"""Stopped places: what is due to be looked at again, going back, acceptance before resuming."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.attachments import queries as attachments
from bihuan.core.http import Request
from bihuan.core.paging import BadCursor, amount, paginate

from ..actforms import RecheckForm, ResumptionForm
from ..lifecycle import may_recheck, record_recheck, record_resumption
from ..lists import SHARING_PERMISSION
from ..models import Enterprise, Recheck
from ..recheckrows import STATES, in_state
from ..visiting import visits
from ..workflow import EnterpriseStatus
from . import user_of
from .acting import editable, form_page, photos_of, trail_of, visible

SIZE = 50


@require_safe
@require(Permission.VIEW_REGISTRY)
def rechecks(request: Request) -> HttpResponse:
    """Going back to stopped places: what is due, what was found."""
    today = timezone.localdate()
    seen = Enterprise.objects.visible_to(user_of(request)).values("pk")
    rows = Recheck.objects.filter(enterprise__in=seen)
    state = request.GET.get("state", "open")
    state = state if state in STATES else "open"
    rows = in_state(rows, state)
    related = rows.select_related("enterprise__locality", "period", "by")
    try:
        page = paginate(related, order=("due_on", "id"), cursor=request.GET.get("cursor"), size=SIZE)
    except BadCursor as error:
        messages.warning(request, str(error))
        return redirect(request.path)
    views = [
        {"label": label, "url": f"?state={key}", "active": key == state} for key, label in STATES.items()
    ]
    context = {
        "page": page, "views": views, "total": amount(rows, "项"), "today": today, "state": state,
        "may_share": user_of(request).has_perm(SHARING_PERMISSION),
    }  # fmt: skip
    return render(request, "registry/rechecks.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_REGISTRY)
def recheck(request: Request, pk: int) -> HttpResponse:
    """One going back: the form while it is open, then what was found."""
    row = get_object_or_404(Recheck.objects.select_related("period", "by"), pk=pk)
    user = user_of(request)
    enterprise = visible(request, row.enterprise_id)
    may = may_recheck(user, enterprise)
    if request.method == "POST" and not may:
        raise PermissionDenied
    found = visits().since(enterprise, row.period.from_on, user)
    form = RecheckForm(request.POST or None, visits=[(each.url, each.words) for each in found])

    def act() -> None:
        record_recheck(row, photos=photos_of(request), by=user, **form.cleaned_data)

    return form_page(
        request,
        form,
        act,
        title=f"第{row.months}个月复核",
        done="复核已记录",
        back=row.get_absolute_url(),
        enterprise=enterprise,
        submit="提交复核",
        photos="现场照片",
        template="registry/recheck.html",
        extra={
            "recheck": row,
            "may_report": user.has_perm(Permission.REPORT_HAZARD),
            "may_act": may and row.status == Recheck.Status.OPEN,
            "photos": attachments.photo_items(attachments.of(row, "scene")),
            "trail": trail_of(enterprise, (f"第{row.months}个月复核", "")),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_REGISTRY)
def resumption(request: Request, pk: int) -> HttpResponse:
    """Acceptance before a stopped place works again."""
    enterprise = editable(request, pk)
    user = user_of(request)
    form = ResumptionForm(request.POST or None)

    def act() -> None:
        data = form.cleaned_data
        record_resumption(
            enterprise, passed=data["passed"] == "yes", team=data["team"], opinion=data["opinion"],
            checked_on=data["checked_on"], photos=photos_of(request), by=user,
        )  # fmt: skip

    before = [
        {
            "at": each.checked_on.isoformat(),
            "what": "验收合格" if each.passed else "验收不合格",
            "who": each.by.full_name,
            "note": f"{each.opinion}（{each.team}）",
            "tone": "green" if each.passed else "orange",
            "photos": attachments.photo_items(attachments.of(each, "scene")),
        }
        for each in enterprise.resumptions.select_related("by")
    ]
    return form_page(
        request,
        form,
        act,
        title="复产验收",
        lead=f"现为“{enterprise.get_status_display()}”。合格的，状态随即改为“{EnterpriseStatus.OPERATING.label}”，未到期的复核一并取消。",
        done="验收已记录",
        back=enterprise.get_absolute_url(),
        enterprise=enterprise,
        submit="提交验收",
        photos="现场照片",
        extra={"events": before},
    )
