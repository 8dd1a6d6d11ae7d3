"""One accident: who must do what by when, what it counts as and counted as, reports, inquiry, what follows, timeline."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.attachments import queries as files
from bihuan.audit.actions import chain_of
from bihuan.core.http import Request
from bihuan.duties.models import Duty
from bihuan.hazards.models import Hazard
from bihuan.inspections.models import Inspection
from bihuan.rules import accidents as rules

from .. import forms, queries
from ..actions import level_wanted
from ..models import Accident, Inquiry
from ..origins import origins_of
from ..standing import acting, available, inquires, inquiry_moves
from ..workflow import FOLLOWED, AccidentMove, AccidentStatus, InquiryMove, InquiryStatus
from . import accident_or_404, user_of

Panel = tuple[str, str, str, Any]


@require_safe
@require(Permission.VIEW_ACCIDENTS)
def page(request: Request, pk: int) -> HttpResponse:
    return show(request, accident_or_404(request, pk))


def current_inquiry(accident: Accident) -> Inquiry | None:
    """The inquiry that counts now."""
    return (
        Inquiry.objects.filter(accident=accident).current().select_related("organization", "accident").first()
    )


def panels_of(user: User, accident: Accident, inquiry: Inquiry | None) -> list[Panel]:
    """What the person can do now: key, title, button and form."""
    today = timezone.localdate()
    moves = available(user, accident)
    panels: list[Panel] = []
    if AccidentMove.VERIFY in moves:
        known = {**forms.toll_of(accident), "as_of": today, "is_production": accident.is_production}
        panels.append(("verify", "核定事故", "核定", forms.VerifyForm(initial=known)))
    if AccidentMove.FILE in moves and accident.filed_at is None:
        panels.append(("file", "市安委办备案", "登记备案", forms.FileForm()))
    if AccidentMove.INQUIRE in moves and inquiry is None and inquires(user, accident, level_wanted(accident)):
        known = {"level": level_wanted(accident), "began_on": today}
        panels.append(("inquire", "成立调查组", "成立", forms.InquiryForm(initial=known)))
    if inquiry is not None:
        panels += _inquiry_panels(user, accident, inquiry)
    if AccidentMove.SETTLE in moves and inquiry is not None and inquiry.status == InquiryStatus.APPROVED:
        panels.append(("settle", "结案", "结案", forms.SettleForm()))
    if AccidentMove.ASSESS in moves:
        panels.append(
            ("assess", "评估整改落实", "完成评估", forms.AssessForm(initial={"assessed_on": today}))
        )
    if accident.status in FOLLOWED and acting(user, Permission.REPORT_ACCIDENT, accident):
        panels.append(("casualty", "登记伤亡人员", "登记", forms.CasualtyForm(initial={"changed_on": today})))
    if AccidentMove.DISMISS in moves:
        panels.append(("dismiss", "认定不计入（不是生产安全事故或者不属本地）", "认定", forms.ReasonForm()))
    if AccidentMove.REINSTATE in moves:
        panels.append(("reinstate", "恢复计入", "恢复", forms.ReasonForm()))
    return panels


def _inquiry_panels(user: User, accident: Accident, inquiry: Inquiry) -> list[Panel]:
    today = timezone.localdate()
    moves = inquiry_moves(user, accident, inquiry.status, inquiry.level)
    panels: list[Panel] = []
    if inquiry.status == InquiryStatus.RUNNING and moves:
        panels.append(("measure", "录入处理建议和整改措施", "录入", forms.MeasureForm(accident=accident)))
    paused = inquiry.paused_since is not None
    if InquiryMove.SUBMIT in moves and not paused:
        panels.append(("submit", "提交调查报告", "提交", forms.SubmitForm(initial={"submitted_on": today})))
    if InquiryMove.EXTEND in moves and not paused:
        panels.append(("extend", "延长调查期限", "延长", forms.ExtendForm()))
    if InquiryMove.PAUSE in moves and not paused:
        panels.append(("pause", "技术鉴定，暂停计时", "暂停计时", forms.PauseForm(initial={"on": today})))
    if InquiryMove.RESUME in moves and paused:
        panels.append(("resume", "鉴定结束，恢复计时", "恢复计时", forms.ResumeForm(initial={"on": today})))
    if InquiryMove.APPROVE in moves:
        panels.append(("approve", "批复调查报告", "批复", forms.ApproveForm(initial={"approved_on": today})))
    if InquiryMove.SEND_BACK in moves:
        panels.append(("send_back", "退回补充调查", "退回", forms.ReasonForm()))
    return panels


def show(request: Request, accident: Accident, wrong: tuple[str, Any] | None = None) -> HttpResponse:
    """The page, with the form that was wrong open."""
    user, today = user_of(request), timezone.localdate()
    inquiry = current_inquiry(accident)
    is_insider = acting(user, Permission.VIEW_ACCIDENTS, accident)
    is_enterprise = is_insider is not None and is_insider.kind == Organization.Kind.ENTERPRISE
    manages = acting(user, Permission.MANAGE_ACCIDENTS, accident) is not None
    panels = panels_of(user, accident, inquiry)
    if wrong is not None:
        panels = [
            (key, title, button, wrong[1] if key == wrong[0] else form) for key, title, button, form in panels
        ]
    for key, _, _, form in panels:
        form.auto_id = f"id_{key}_%s"
    reports = list(accident.reports.select_related("organization", "by").order_by("-sequence"))
    kept = files.of_many(reports)
    forwards = list(accident.forwards.select_related("organization", "to", "by"))
    figures = list(accident.figures.select_related("by").order_by("-id"))
    # An enterprise reads the inquiry into itself when it is approved, not while it runs.
    shown_inquiry = (
        inquiry if inquiry and (not is_enterprise or inquiry.status == InquiryStatus.APPROVED) else None
    )
    measures = accident.measures.visible_to(user).select_related("organization") if shown_inquiry else []  # type: ignore[attr-defined]
    names = {each["key"]: each for each in rules.no_pass()}
    proposals = queries.escalations_open(accident) if manages else []
    context = {
        "accident": accident,
        "today": today,
        "panels": panels,
        "wrong": wrong[0] if wrong else "",
        "inquiry": shown_inquiry,
        "members": list(shown_inquiry.members.select_related("organization")) if shown_inquiry else [],
        "earlier_inquiries": list(
            accident.inquiries.exclude(pk=inquiry.pk if inquiry else 0).select_related("organization")
        )
        if not is_enterprise
        else [],
        "measures": list(measures),
        "reports": [(each, files.photo_items(kept[chain_of(each)].get("scene", []))) for each in reports],
        "forwards": [
            (each, forms.SendForm(initial={"sent_at": timezone.localtime().replace(second=0, microsecond=0)}, prefix=None)
             if each.sent_at is None and any(post.organization_id == each.organization_id for post in user.posts)
             and user.has_perm(Permission.REPORT_ACCIDENT) else None)
            for each in forwards
        ],
        "figures": figures,
        "why": figures[0].why if figures else "",
        "casualties": list(accident.casualties.all()) if not is_enterprise else [],
        "no_pass": [(each, names[each.key]) for each in accident.no_pass.select_related("by")] if not is_enterprise else [],
        "meet_form": forms.MeetForm(initial={"met_on": today}) if manages else None,
        "may_meet": manages and accident.status in {AccidentStatus.VERIFIED, AccidentStatus.INQUIRY},
        "proposals": proposals,
        "escalations": list(accident.escalations.select_related("organization", "by")) if not is_enterprise else [],
        "decide_form": forms.DecideForm() if proposals else None,
        "initial_form": forms.InitialForm() if manages else None,
        "duties": list(
            Duty.objects.open()
            .visible_to(user)
            .filter(subject__in=_subjects(accident, inquiry, forwards))
            .select_related("organization", "post")
        ),
        "events": events_of(accident, with_inquiries=shown_inquiry is not None or not is_enterprise),
        "tracked_until": queries.tracked_until(accident),
        "origins": origins_of(accident, user),
        "listing_level": rules.level_name(rules.listed_by(accident.grade, accident.occurred_on)),
        "looked": _looked(accident, user) if not is_enterprise else None,
        "may_follow": accident.status in FOLLOWED and acting(user, Permission.REPORT_ACCIDENT, accident) is not None,
        "may_correct": AccidentMove.CORRECT in available(user, accident),
        "may_reveal": acting(user, Permission.REVEAL_PERSONAL, accident) is not None,
        "upload_url": reverse("attachments:upload"),
        "late_days": (timezone.localdate() - inquiry.due_on).days if inquiry else 0,
    }  # fmt: skip
    return render(request, "accidents/detail.html", context, status=422 if wrong else 200)


def _subjects(accident: Accident, inquiry: Inquiry | None, forwards: list[Any]) -> list[str]:
    rows = [
        accident,
        *([inquiry] if inquiry else []),
        *forwards,
        *accident.escalations.all(),
        *accident.measures.all(),
    ]
    return [chain_of(row) for row in rows]


def events_of(accident: Accident, *, with_inquiries: bool) -> list[dict[str, Any]]:
    """Moves of the accident and, for those who may read them, of its inquiries, newest first."""
    lines = [
        (line.at, AccidentMove(line.move).label, line.by.full_name, line.reason)
        for line in accident.transitions.select_related("by")
    ]
    for inquiry in accident.inquiries.all() if with_inquiries else ():
        lines += [
            (
                line.at,
                f"{InquiryMove(line.move).label}（{inquiry.get_level_display()}）",
                line.by.full_name,
                line.reason,
            )
            for line in inquiry.transitions.select_related("by")
        ]
    return [
        {"at": f"{timezone.localtime(at):%Y-%m-%d %H:%M}", "what": what, "who": who, "note": note}
        for at, what, who, note in sorted(lines, key=lambda line: line[0], reverse=True)
    ]


def _looked(accident: Accident, user: User) -> dict[str, Any] | None:
    """Who had looked at the unit before, and what was known there (责任倒查, R173); None without an enterprise."""
    if accident.enterprise_id is None:
        return None
    since = timezone.make_aware(
        dt.datetime.combine(rules.months_before(accident.occurred_on, 12), dt.time.min)
    )
    before = {"enterprise": accident.enterprise_id}
    visits = (
        Inspection.objects.visible_to(user)
        .filter(**before, started_at__lt=accident.occurred_at, started_at__gte=since)
        .select_related("organization", "recorded_by")
        .order_by("-started_at")[:10]
    )
    hazards = (
        Hazard.objects.visible_to(user)
        .filter(**before, found_at__lt=accident.occurred_at)
        .filter(Q(closed_at=None) | Q(closed_at__gt=accident.occurred_at))
        .order_by("-found_at")[:10]
    )
    return {"visits": list(visits), "hazards": list(hazards)}
