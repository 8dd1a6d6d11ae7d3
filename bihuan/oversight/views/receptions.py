"""Visits from above: the list, one visit's whole story, its report, its score, and the last visit beside it (R110)."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.attachments import actions as attachments
from bihuan.attachments import queries as files
from bihuan.core.errors import Refused
from bihuan.core.http import Request
from bihuan.jobs.handing import take_away

from .. import actions, receiving
from .. import receptionforms as forms
from ..exporting import RECEPTION_LINES
from ..models import OversightFinding, Reception
from ..queries import receptions as rows_of
from ..standing import may_move_reception, own_office, reception_moves
from ..workflow import ReceptionMove, ReceptionStatus
from . import Panel, events_of, page_of, user_of
from .districts import _meant

RELATED = ("organization__region", "previous", "paper", "created_by")


def reception_or_404(request: Request, pk: int) -> Reception:
    rows = Reception.objects.visible_to(user_of(request)).select_related(*RELATED)
    return get_object_or_404(rows, pk=pk)


def managed(request: Request, pk: int, move: str = ReceptionMove.CHANGE) -> Reception:
    """A visit the person may make a move of, or 403."""
    row = reception_or_404(request, pk)
    if not may_move_reception(user_of(request), move, row):
        raise PermissionDenied
    return row


def documents_of(request: Request) -> list[str]:
    """Files a form brought, of any kind."""
    found = attachments.received([], request.FILES.getlist("documents"), by=user_of(request), kind=None)
    return [str(each) for each in found]


@require_safe
@require(Permission.VIEW_OVERSIGHT)
def index(request: Request) -> HttpResponse:
    """Every visit one may see, the latest first, with what is ready and what is put right."""
    user, today = user_of(request), timezone.localdate()
    page = page_of(
        request,
        Reception.objects.visible_to(user).select_related("organization"),
        ("-starts_on", "-id"),
        size=30,
    )
    context = {
        "page": page,
        "rows": rows_of.figures(page.items, user, on=today),
        "owed": rows_of.owed_lines(user),
        "office": own_office(user),
        "today": today,
    }
    return render(request, "oversight/receptions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_OVERSIGHT)
def create(request: Request) -> HttpResponse:
    """Register a visit by its notice."""
    user, today = user_of(request), timezone.localdate()
    office = own_office(user)
    if office is None:
        raise PermissionDenied
    last = Reception.objects.filter(organization=office).live().order_by("-starts_on", "-id").first()
    initial = {
        "notice_on": today, "covers_from": today.replace(month=1, day=1), "level": "province",
        "previous": last.pk if last else None,
    }  # fmt: skip
    form = forms.NoticeForm(request.POST or None, office=office, initial=initial)
    return _notice_page(request, form, None, user)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_OVERSIGHT)
def edit(request: Request, pk: int) -> HttpResponse:
    """The notice as it was changed."""
    row = managed(request, pk)
    initial = {name: getattr(row, name) for name in forms.NoticeForm.base_fields if name != "previous"}
    initial["previous"] = row.previous_id
    form = forms.NoticeForm(request.POST or None, office=row.organization, own=row.pk, initial=initial)
    return _notice_page(request, form, row, user_of(request))


def _notice_page(request: Request, form: forms.NoticeForm, row: Reception | None, user: User) -> HttpResponse:
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                notice = actions.Notice(**form.cleaned_data)
                found = documents_of(request)
                if row is None:
                    row = actions.register_reception(notice, files=found, by=user)
                else:
                    actions.change_reception(row, notice, files=found, by=user)
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "已登记，下一步录入或导入检查清单")
                return redirect(row)
    return render(request, "oversight/reception_form.html", {"form": form, "row": row}, status=status)


@require_safe
@require(Permission.VIEW_OVERSIGHT)
def detail(request: Request, pk: int) -> HttpResponse:
    return show(request, reception_or_404(request, pk))


def show(
    request: Request, row: Reception, wrong: tuple[str, django_forms.Form | str] | None = None
) -> HttpResponse:
    """The whole story of a visit; `wrong` is (which form, the form or the words)."""
    user, today = user_of(request), timezone.localdate()
    moves = reception_moves(user, row)
    findings = OversightFinding.objects.visible_to(user).filter(reception=row).live()
    pairs = receiving.pairs_of(row)
    context = {
        "row": row,
        "moves": moves,
        "runs": may_move_reception(user, ReceptionMove.CHANGE, row),
        "sections": rows_of.sections(row),
        "standing": rows_of.standing(row),
        "assign": _assign_form(row, moves, wrong),
        "assign_open": wrong is not None and wrong[0] == "assign",
        "panels": [each.told(wrong) for each in _panels(row, moves, today)],
        "act_view": "oversight:reception_act",
        "pk": row.pk,
        "upload_url": reverse("attachments:upload"),
        "notice_files": files.of(row, "notice"),
        "findings": list(
            findings.select_related("organization", "enterprise", "hazard", "locality").order_by("pk")[:100]
        ),
        "finding_urls": {
            "all": rows_of.findings_url(row),
            "closed": rows_of.findings_url(row, state="closed"),
            "overdue": rows_of.findings_url(row, state="overdue"),
        },
        "finding_counts": rows_of.finding_counts(findings, on=today),
        "lost_again": [each for each in pairs if each.lost_again],
        "mended": [each for each in pairs if each.mended],
        "following": list(row.following.all()[:3]),
        "papers": rows_of.papers_of(row, user),
        "events": events_of(row, row.transitions.select_related("by"), ReceptionMove),
        "today": today,
        "prepares": row.status in {ReceptionStatus.PREPARING, ReceptionStatus.VISITING},
    }
    return render(request, "oversight/reception.html", context, status=422 if wrong else 200)


def _assign_form(row: Reception, moves: list[str], wrong: Any) -> forms.AssignForm | None:
    if ReceptionMove.CHANGE not in moves:
        return None
    if wrong is not None and wrong[0] == "assign" and isinstance(wrong[1], forms.AssignForm):
        return wrong[1]
    return forms.AssignForm(reception=row)


def _panels(row: Reception, moves: list[str], today: Any) -> list[Panel]:
    found = []
    if ReceptionMove.BEGIN in moves:
        found.append(Panel("begin", "检查组进驻", "登记进驻", is_open=row.starts_on <= today))
    if ReceptionMove.TELL in moves:
        form = forms.ToldForm(code=row.organization.region_id)
        found.append(Panel("told", "登记检查组指出的问题", "登记问题", form, photos=True))
    if ReceptionMove.FEED_BACK in moves:
        found.append(
            Panel(
                "feed_back", "收到反馈意见，交办问题", "登记反馈", forms.FeedbackForm(initial={"on": today})
            )
        )
    if ReceptionMove.CLOSE in moves:
        found.append(Panel("close", "反馈问题全部销号，办结", "办结"))
    if ReceptionMove.CANCEL in moves:
        found.append(Panel("cancel", "这次检查取消", "取消", forms.ReasonForm(), danger=True))
    return found


_MOVES = {
    "begin": ReceptionMove.BEGIN, "told": ReceptionMove.TELL, "feed_back": ReceptionMove.FEED_BACK,
    "close": ReceptionMove.CLOSE, "cancel": ReceptionMove.CANCEL, "assign": ReceptionMove.CHANGE,
}  # fmt: skip


def _form(key: str, row: Reception, data: Any) -> django_forms.Form | None:
    match key:
        case "told":
            return forms.ToldForm(data, code=row.organization.region_id)
        case "feed_back":
            return forms.FeedbackForm(data)
        case "cancel":
            return forms.ReasonForm(data)
        case "assign":
            return forms.AssignForm(data, reception=row)
        case _:
            return None


@require_POST
@require(Permission.VIEW_OVERSIGHT)
def act(request: Request, pk: int, key: str) -> HttpResponse:
    """One form of the page."""
    row, user = reception_or_404(request, pk), user_of(request)
    if key not in _MOVES:
        raise Http404
    if not may_move_reception(user, _MOVES[key], row):
        raise PermissionDenied
    form = _form(key, row, request.POST)
    if form is not None and not form.is_valid():
        return show(request, row, (key, form))
    try:
        said = _carry_out(request, row, key, dict(form.cleaned_data) if form else {}, user)
    except Refused as error:
        if form is None:
            return show(request, reception_or_404(request, pk), (key, str(error)))
        form.add_error(None, str(error))
        return show(request, reception_or_404(request, pk), (key, form))
    messages.success(request, said)
    return redirect(row)


def _carry_out(request: Request, row: Reception, key: str, given: dict[str, Any], user: User) -> str:
    match key:
        case "begin":
            actions.begin_reception(row, by=user)
            return "检查组已进驻，指出的问题随时登记"
        case "told":
            firm = given.pop("enterprise").strip()
            enterprise = _meant(firm, user) if firm else None
            photos = attachments.received(
                request.POST.getlist("photos"), request.FILES.getlist("photos_files"), by=user
            )
            actions.record_told(row, enterprise=enterprise, photos=photos, by=user, **given)
            return "已登记问题"
        case "feed_back":
            count = actions.feed_back(row, by=user, **given)
            return f"已登记反馈，{count} 项问题交办到责任单位"
        case "close":
            actions.close_reception(row, by=user)
            return "已办结"
        case "assign":
            lines = list(given.pop("lines"))
            count = actions.assign_lines(row, lines, by=user, **given)
            return f"已把 {count} 项分派给{given['organization'].short_name}"
        case _:
            actions.cancel_reception(row, by=user, **given)
            return "已取消，记录保留"


# --- the report ----------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_OVERSIGHT)
def report(request: Request, pk: int) -> HttpResponse:
    """汇报材料 as it is compiled now: what stands before and after is written here, the leader signs it."""
    row, user, today = reception_or_404(request, pk), user_of(request), timezone.localdate()
    moves = reception_moves(user, row)
    form = forms.ReportForm(initial={"intro": row.intro, "shortcomings": row.shortcomings})
    problem, status = "", 200
    if request.method == "POST":
        signs = "issue" in request.POST
        if not may_move_reception(user, ReceptionMove.ISSUE if signs else ReceptionMove.CHANGE, row):
            raise PermissionDenied
        try:
            if signs:
                paper = actions.issue_report(row, image=request.POST.get("signature", ""), by=user)
                messages.success(request, f"已印发，文号 {paper.number}")
                return redirect(row)
            form = forms.ReportForm(request.POST)
            if form.is_valid():
                actions.write_report(row, by=user, **form.cleaned_data)
                messages.success(request, "已保存")
                return redirect("oversight:reception_report", row.pk)
            status = 422
        except Refused as error:
            problem, status = str(error), 422
    context = {
        "row": row,
        "form": form if ReceptionMove.CHANGE in moves else None,
        "may_issue": ReceptionMove.ISSUE in moves,
        "problem": problem,
        "preview": receiving.report(row, user, on=today),
        "figures": receiving.all_figures(row, user),
        "over": receiving.period_of(row, user),
        "left": row.lines.unready().count(),
    }
    return render(request, "oversight/reception_report.html", context, status=status)


# --- scores and the last visit -------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_OVERSIGHT)
def score(request: Request, pk: int) -> HttpResponse:
    """The score as announced, whole and line by line."""
    row, user = managed(request, pk, ReceptionMove.SCORE), user_of(request)
    lines = list(row.lines.counted().order_by("position"))
    full = sum((each.points for each in lines if each.points is not None), 0) or None
    sent = request.POST if request.method == "POST" else None
    form = forms.ScoreForm(sent, initial={"full": row.full or full, "score": row.score, "grade": row.grade})
    rows = [
        (
            each,
            forms.LostForm(
                sent, prefix=f"line{each.pk}", initial={"lost": each.lost, "lost_reason": each.lost_reason}
            ),
        )
        for each in lines
    ]
    status = 200
    if sent is not None:
        status = 422
        good = [one.is_valid() for one in (form, *(each for _, each in rows))]
        if all(good):
            given = {
                line.pk: (one.cleaned_data["lost"], one.cleaned_data["lost_reason"]) for line, one in rows
            }
            try:
                actions.score_reception(row, lines=given, by=user, **form.cleaned_data)
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "已登记得分")
                return redirect(row)
    context = {"row": row, "form": form, "rows": rows}
    return render(request, "oversight/reception_score.html", context, status=status)


@require_safe
@require(Permission.VIEW_OVERSIGHT)
def comparison(request: Request, pk: int) -> HttpResponse:
    """This visit's list beside the last one's: what lost points again, what was mended, what is new."""
    row = reception_or_404(request, pk)
    pairs = receiving.pairs_of(row)
    context = {
        "row": row,
        "pairs": pairs,
        "again": sum(each.lost_again for each in pairs),
        "mended": sum(each.mended for each in pairs),
        "fresh": sum(each.before is None for each in pairs),
        "gone": sum(each.now is None for each in pairs),
    }
    return render(request, "oversight/reception_comparison.html", context)


@require(Permission.VIEW_OVERSIGHT)
@require_http_methods(["GET", "POST"])
def export(request: Request, pk: int) -> HttpResponseBase:
    """The list of a visit as a sheet."""
    row = reception_or_404(request, pk)
    return take_away(
        request, RECEPTION_LINES, query=f"reception={row.pk}", said=row.title, back=row.get_absolute_url()
    )
