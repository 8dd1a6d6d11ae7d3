"""Pages of bulletins: the list, the workbench with words left and figures right, the paper, the rows behind a figure."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Overtaken, Refused
from bihuan.core.http import Request, content_disposition, row_number
from bihuan.core.paging import BadCursor, paginate
from bihuan.figures.narrative import differences
from bihuan.papers import printing
from bihuan.papers.official import docx_bytes, setting
from bihuan.papers.views import WORD

from ..figures import OTHERS
from ..models import Bulletin, BulletinVersion, Period
from . import actions, counting, drafting, queries
from .standing import available
from .workflow import PUBLISHED, BulletinMove, BulletinStatus

PAGE = 50
# Moves made by one button and one sentence: how it is asked, and what is said afterwards.
BY_REASON = {
    BulletinMove.RETURN: (actions.return_bulletin, "已退回修改"),
    BulletinMove.WITHDRAW: (actions.withdraw_bulletin, "已撤回这份通报，撤回理由随页面显示"),
    BulletinMove.DROP: (actions.drop_bulletin, "已作废这份草稿"),
}


def _user(request: Request) -> User:
    assert isinstance(request.user, User)
    return request.user


def _visible(request: Request, pk: int) -> Bulletin:
    rows = Bulletin.objects.visible_to(_user(request)).select_related(
        "organization__region", "period__version", "period__definition__campaign", "period__definition__organization",
        "paper__organization", "created_by",
    )  # fmt: skip
    return get_object_or_404(rows, pk=pk)


@require_safe
@require(Permission.VIEW_RETURNS)
def bulletin_list(request: Request) -> HttpResponse:
    """Bulletins one may see, newest first, and the periods that wait for one."""
    user = _user(request)
    kind = request.GET.get("kind", "")
    found = Bulletin.objects.visible_to(user).select_related("organization", "paper")
    if kind in Bulletin.Kind.values:
        found = found.filter(kind=kind)
    if drafts := request.GET.get("state") == "drafts":
        bodies = [post.organization_id for post in user.posts]
        found = found.filter(
            organization__in=bodies, status__in=[BulletinStatus.DRAFT, BulletinStatus.CHECKED]
        )
    try:
        page = paginate(
            found.defer("figures", "sections"), order=("-id",), cursor=request.GET.get("cursor"), size=PAGE
        )
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    context = {
        "page": page,
        "kinds": Bulletin.Kind.choices,
        "kind": kind,
        "drafts": drafts,
        "may_draft": user.has_perm(Permission.RECEIVE_RETURNS),
        "waiting": queries.waiting_periods(user, today=timezone.localdate()),
    }
    return render(request, "returns/bulletins/list.html", context)


@require_POST
@require(Permission.RECEIVE_RETURNS)
def draft(request: Request) -> HttpResponse:
    """Begin a bulletin about a period."""
    pk = row_number(request.POST.get("period", ""))
    period = get_object_or_404(Period.objects.visible_to(_user(request)).select_related("definition"), pk=pk)
    try:
        bulletin = actions.draft_bulletin(period, by=_user(request))
    except Refused as error:
        messages.warning(request, str(error))
        return redirect("returns:bulletins")
    messages.success(request, "已按台账取数并写出初稿，请修改、核校后送签发")
    return redirect(bulletin)


@require_safe
@require(Permission.VIEW_RETURNS)
def detail(request: Request, pk: int) -> HttpResponse:
    """Words left, figures right; what was issued shows as the paper stands."""
    return _workbench(request, _visible(request, pk))


def _workbench(
    request: Request,
    bulletin: Bulletin,
    *,
    given: dict[str, str] | None = None,
    error: str = "",
    problems: list[dict[str, str]] | None = None,
    reason: str = "",
    overtaken: Overtaken | None = None,
) -> HttpResponse:
    user = _user(request)
    spec, _ = counting.spec_and_filling(bulletin.period, bulletin.organization)
    may = available(user, bulletin)
    given = given or {}
    parts = [
        {
            **part,
            "text": given.get(f"text-{part['key']}", part["text"]),
            "is_edited": part["text"] != part["generated"],
            "difference": differences(part["text"], part["fresh"]) if part["fresh"] else [],
            "written": differences(part["generated"], part["text"])
            if part["text"] != part["generated"]
            else [],
            "lines": max(3, len(part["text"]) // 34 + part["text"].count("\n") + 2),
        }
        for part in bulletin.sections
    ]
    context = {
        "bulletin": bulletin,
        "parts": parts,
        "may": {str(move): True for move in may},
        "given": given or {"title": bulletin.title, "recipients": bulletin.recipients, "cc": bulletin.cc},
        "comparison": drafting.comparison_table(spec, bulletin.figures),
        "bodies": drafting.body_table(spec, bulletin.figures),
        "items": spec.items,
        "charts": [
            {"title": block["title"], "unit": block.get("unit", ""), "svg": setting.chart_svg(block)}
            for block in drafting.charts_of(spec, bulletin.figures)
        ],
        "figures": bulletin.figures,
        "events": _events(bulletin),
        "versions": bulletin.versions.select_related("by").defer("sections")[:20],
        "error": error,
        "overtaken": overtaken,
        "theirs": _differing(bulletin, given, overtaken.theirs) if overtaken else [],
        "problems": problems if problems is not None else bulletin.verdict.get("problems", []),
        "reason": reason,
        "withdrawn": _withdrawn(bulletin),
        "is_published": bulletin.status in PUBLISHED,
    }
    status = 409 if overtaken else 422 if error or problems else 200
    return render(request, "returns/bulletins/detail.html", context, status=status)


def _differing(
    bulletin: Bulletin, mine: dict[str, str], theirs: dict[str, str]
) -> list[tuple[str, list[Any]]]:
    """Where what somebody else left is not what the person typed: the part, and from mine to theirs what differs."""
    names = {"title": "标题", "recipients": "主送", "cc": "抄送"} | {
        f"text-{part['key']}": part["heading"] for part in bulletin.sections
    }
    return [
        (name, list(differences(mine[key].replace("\r\n", "\n").strip(), theirs[key])))
        for key, name in names.items()
        if key in theirs and key in mine and mine[key].replace("\r\n", "\n").strip() != theirs[key]
    ]


def _version(request: Request) -> int | None:
    """The version on the page the person acts from."""
    return row_number(request.POST["version"]) if "version" in request.POST else None


def _events(bulletin: Bulletin) -> list[dict[str, Any]]:
    return [
        {
            "at": f"{timezone.localtime(line.at):%Y-%m-%d %H:%M}",
            "what": BulletinMove(line.move).label,
            "who": line.by.full_name,
            "note": line.reason,
        }
        for line in bulletin.transitions.select_related("by").order_by("-id")[:50]
    ]


def _withdrawn(bulletin: Bulletin) -> str:
    if bulletin.status != BulletinStatus.WITHDRAWN:
        return ""
    line = bulletin.transitions.filter(move=BulletinMove.WITHDRAW).order_by("-id").first()
    return line.reason if line else ""


@require_POST
@require(Permission.RECEIVE_RETURNS)
def edit(request: Request, pk: int) -> HttpResponse:
    """Save title, addressees and words."""
    bulletin = _visible(request, pk)
    sent = {name: str(value) for name, value in request.POST.items()}
    texts = {name.removeprefix("text-"): value for name, value in sent.items() if name.startswith("text-")}
    try:
        actions.edit_bulletin(
            bulletin, version=row_number(sent.get("version", "")), title=sent.get("title", ""),
            recipients=sent.get("recipients", ""), cc=sent.get("cc", ""), texts=texts, by=_user(request),
        )  # fmt: skip
    except Overtaken as error:
        return _workbench(request, _visible(request, pk), given=sent, overtaken=error)
    except Refused as error:
        return _workbench(request, bulletin, given=sent, error=str(error))
    messages.success(request, "已保存，核校后可以送签发")
    return redirect(bulletin)


def _unseen(error: Overtaken) -> str:
    """What to say to somebody who acted upon words that are no longer the last ones."""
    return f"{error.who or '别人'}刚刚改过这份通报，没有办理：请看过最新一版再办"


@require_POST
@require(Permission.RECEIVE_RETURNS)
def choose(request: Request, pk: int) -> HttpResponse:
    """Take the fresh words of a section or keep those written by hand."""
    bulletin = _visible(request, pk)
    fresh = request.POST.get("take") == "fresh"
    try:
        actions.choose_words(
            bulletin, request.POST.get("key", ""), fresh=fresh, by=_user(request), version=_version(request)
        )
    except Overtaken as error:
        messages.warning(request, _unseen(error))
    except Refused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, "已选用新稿" if fresh else "已保留原文")
    return redirect(bulletin)


@require_POST
@require(Permission.RECEIVE_RETURNS)
def recount(request: Request, pk: int) -> HttpResponse:
    """Count again as of now."""
    bulletin = _visible(request, pk)
    bulletin = actions.recount_bulletin(bulletin, by=_user(request))
    waiting = sum(bool(part["fresh"]) for part in bulletin.sections)
    messages.success(
        request,
        f"已重新取数，{waiting}段手改过的文字有新稿，请逐段选用"
        if waiting
        else "已重新取数，文字已随数字更新",
    )
    return redirect(bulletin)


@require_POST
@require(Permission.RECEIVE_RETURNS)
def check(request: Request, pk: int) -> HttpResponse:
    """The figure check; what does not add up is shown with its place and remedy."""
    bulletin = _visible(request, pk)
    reason = request.POST.get("reason", "").strip()
    try:
        verdict = actions.check_bulletin(
            bulletin, reason=reason, by=_user(request), version=_version(request)
        )
    except Overtaken as error:
        return _workbench(request, bulletin, error=_unseen(error))
    except actions.NotSound as error:
        problems = [problem.to_json() for problem in error.verdict.problems]
        return _workbench(request, bulletin, error=str(error), problems=problems, reason=reason)
    except Refused as error:
        return _workbench(request, bulletin, error=str(error))
    said = (
        f"核对了{verdict.confirmed}处数字关系，没有不符"
        if verdict.may_leave
        else "已按说明的理由放行，理由已记录"
    )
    messages.success(request, f"{said}，请签发人审阅签发")
    return redirect(bulletin)


@require_POST
@require(Permission.VIEW_RETURNS)
def move(request: Request, pk: int) -> HttpResponse:
    """Issue, return, withdraw or drop: one button, one sentence."""
    bulletin, chosen, user = _visible(request, pk), request.POST.get("move", ""), _user(request)
    reason = request.POST.get("reason", "")
    try:
        if chosen == BulletinMove.ISSUE:
            paper = actions.issue_bulletin(bulletin, by=user, version=_version(request))
            messages.success(request, f"已印发，文号{paper.number}")
        elif chosen in BY_REASON:
            make, said = BY_REASON[BulletinMove(chosen)]
            make(bulletin, reason=reason, by=user)
            messages.success(request, said)
        else:
            raise BadRequest("没有这个动作，请从页面上的按钮办理")
    except Overtaken as error:
        return _workbench(request, bulletin, error=_unseen(error))
    except actions.NotSound as error:
        problems = [problem.to_json() for problem in error.verdict.problems]
        return _workbench(request, bulletin, error=str(error), problems=problems)
    except Refused as error:
        return _workbench(request, bulletin, error=str(error))
    return redirect(bulletin)


@require_safe
@require(Permission.VIEW_RETURNS)
def version(request: Request, pk: int, number: int) -> HttpResponse:
    """What a version changed against the one before."""
    bulletin = _visible(request, pk)
    if bulletin.status in PUBLISHED and bulletin.organization_id not in {
        post.organization_id for post in _user(request).posts
    }:
        raise PermissionDenied  # drafts are the issuer's own
    found = get_object_or_404(BulletinVersion.objects.select_related("by"), bulletin=bulletin, number=number)
    before = BulletinVersion.objects.filter(bulletin=bulletin, number=number - 1).first()
    old = {part["key"]: part["text"] for part in before.sections} if before else {}
    parts = [
        {"heading": part["heading"], "pieces": differences(old.get(part["key"], ""), part["text"])}
        for part in found.sections
    ]
    return render(
        request,
        "returns/bulletins/version.html",
        {"bulletin": bulletin, "version": found, "before": before, "parts": parts},
    )


@require_safe
@require(Permission.VIEW_RETURNS)
def print_page(request: Request, pk: int) -> HttpResponse:
    """The paper as it stands, a draft marked as one."""
    bulletin = _visible(request, pk)
    sheet = drafting.sheet_of_bulletin(bulletin)
    context = setting.context_of(sheet, lambda picture: reverse("attachments:file", args=[picture]))
    return render(request, "returns/bulletins/print.html", {"bulletin": bulletin, **context})


@require_safe
@require(Permission.VIEW_RETURNS)
def docx(request: Request, pk: int) -> HttpResponse:
    bulletin = _visible(request, pk)
    return _file(bulletin, docx_bytes(drafting.sheet_of_bulletin(bulletin)), "docx", WORD)


@require_safe
@require(Permission.VIEW_RETURNS)
def pdf(request: Request, pk: int) -> HttpResponse:
    bulletin = _visible(request, pk)
    try:
        printed = printing.pdf_of_sheet(drafting.sheet_of_bulletin(bulletin))
    except Refused as error:
        messages.warning(request, str(error))
        return redirect(bulletin)
    return _file(bulletin, printed, "pdf", printing.PDF)


def _file(bulletin: Bulletin, data: bytes, extension: str, media: str) -> HttpResponse:
    response = HttpResponse(data, content_type=media)
    draft_mark = "" if bulletin.paper_id else f"（{bulletin.get_status_display()}）"
    response["Content-Disposition"] = content_disposition(f"{bulletin.title}{draft_mark}.{extension}")
    return response


def _by_code(request: Request, code: str) -> Bulletin:
    rows = Bulletin.objects.visible_to(_user(request)).select_related(
        "organization__region", "period__version", "period__definition__campaign", "paper"
    )
    return get_object_or_404(rows, code=code)


@require_safe
@require(Permission.VIEW_RETURNS)
def figures(request: Request, code: str) -> HttpResponse:
    """Where the code on the paper leads: every figure, each with its rows as of the moment it was counted."""
    bulletin = _by_code(request, code)
    spec, _ = counting.spec_and_filling(bulletin.period, bulletin.organization)
    context = {
        "bulletin": bulletin,
        "items": spec.items,
        "comparison": drafting.comparison_table(spec, bulletin.figures),
        "bodies": drafting.body_table(spec, bulletin.figures),
        "figures": bulletin.figures,
    }
    return render(request, "returns/bulletins/figures.html", context)


@require_safe
@require(Permission.VIEW_RETURNS)
def rows(request: Request, code: str) -> HttpResponse:
    """The rows behind one figure, as of the bulletin's moment, as far as the person may see them."""
    bulletin, user = _by_code(request, code), _user(request)
    cell = request.GET.get("cell", "")
    which = request.GET.get("when", "")
    found = counting.behind(bulletin, cell, which if which in OTHERS else "")
    if found is None:
        raise Http404("这份通报没有这个数")
    page, lines, unseen = None, [], False
    if found.rows is not None:
        seen = found.rows.seen_by(user)
        try:
            page = paginate(seen, order=found.rows.order, cursor=request.GET.get("cursor"), size=PAGE)
        except BadCursor as error:
            raise BadRequest(str(error)) from error
        lines = [
            {
                "title": found.rows.title(row),
                "url": found.rows.address(row),
                "cells": [(label, say(row)) for label, say in found.rows.columns],
            }
            for row in page.items
        ]
        unseen = seen.count() < found.rows.queryset.count()
    context = {
        "bulletin": bulletin,
        "found": found,
        "text": drafting.value_text(found.value, found.item),
        "page": page,
        "lines": lines,
        "unseen": unseen,
        "query": urlencode({"cell": cell}),
        "other": OTHERS.get(which, ""),
    }
    return render(request, "returns/bulletins/rows.html", context)
