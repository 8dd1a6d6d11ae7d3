"""The promise itself: the list, one promise, writing, signing, printing, renewing."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.attachments import actions as attachments
from bihuan.attachments import queries as files
from bihuan.attachments.errors import UploadRefused
from bihuan.audit.actions import chain_of
from bihuan.campaigns.models import Campaign
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number
from bihuan.core.paging import BadCursor, paginate
from bihuan.core.qr import qr_svg
from bihuan.hazards.models import Rectification
from bihuan.hazards.remarks import remarks_on
from bihuan.jobs.handing import take_away
from bihuan.papers.rendering import verify_address
from bihuan.registry.models import Enterprise
from bihuan.rules.pledges import use
from bihuan.rules.records import UnknownRule

from .. import actions, queries, wording
from ..cards import TONES
from ..exporting import PLEDGES
from ..forms import ConcludeForm, DraftPage, ReasonForm, VerdictForm
from ..models import Pledge, PledgeForm, PledgeLine, PledgePerson
from ..standing import may_conclude, may_write, own_enterprise, verifying_post
from ..workflow import LineVerdict, PledgeMove, PledgeStatus, is_legal
from . import user_of

VERDICT_TONES = {
    LineVerdict.PENDING: "",
    LineVerdict.TRUE: "green",
    LineVerdict.NOT_DONE: "orange",
    LineVerdict.FALSE: "red",
}
RELATED = (
    "form",
    "enterprise__organization",
    "department",
    "receiver",
    "locality",
    "paper",
    "signed_by",
    "renews",
    "campaign",
)


def visible(request: Request, pk: int) -> Pledge:
    """A promise this person may see, or 404."""
    return get_object_or_404(Pledge.objects.visible_to(user_of(request)).select_related(*RELATED), pk=pk)


def written_by(request: Request, pk: int) -> Pledge:
    """The same, written by this person's own enterprise, or 403."""
    pledge = visible(request, pk)
    if not may_write(user_of(request), pledge):
        raise PermissionDenied
    return pledge


@require_safe
@require(Permission.VIEW_REGISTRY)
def index(request: Request) -> HttpResponse:
    user = user_of(request)
    filters = {name: request.GET.get(name, "").strip() for name in request.GET}
    rows = queries.listed(user, filters).select_related("form", "receiver", "locality")
    try:
        page = paginate(rows, order=("-id",), cursor=request.GET.get("cursor"), size=50)
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    own = own_enterprise(user)
    context = {
        "page": page,
        "statuses": PledgeStatus.choices,
        "status": filters.get("status", ""),
        "q": filters.get("q", ""),
        "false": filters.get("false", ""),
        "ending": filters.get("ending", ""),
        "chips": _chips(request, filters),
        "tones": TONES,
        "untrue": queries.pledges_with_false_claims(page.items),
        "own": own,
        "forms": PledgeForm.objects.usable() if own else [],
        "campaigns": queries.campaigns_covering(own) if own else [],
        "may_export": user.has_perm(Permission.EXPORT_HAZARDS),
        "may_make_forms": user.has_perm(Permission.MANAGE_PLEDGE_FORMS),
        "may_see_false": not own,
    }
    return render(request, "pledges/list.html", context)


def _chips(request: Request, filters: dict[str, str]) -> list[dict[str, str]]:
    user = user_of(request)
    named = [
        ("status", "状态", dict(PledgeStatus.choices).get(filters.get("status", ""), "")),
        ("q", "查找", filters.get("q", "")),
        ("false", "核查", "有弄虚作假" if filters.get("false") == "1" else ""),
        ("ending", "有效期", "30 天内到期或已到期" if filters.get("ending") == "1" else ""),
        ("standing", "签署", "已签署、没有撤回" if filters.get("standing") == "1" else ""),
        ("campaign", "行动", _campaign_name(user, filters.get("campaign", ""))),
        ("enterprise", "企业", _enterprise_name(user, filters.get("enterprise", ""))),
    ]
    found = []
    for name, label, value in named:
        if value:
            rest = request.GET.copy()
            rest.pop(name, None)
            rest.pop("cursor", None)
            found.append({"label": label, "value": value, "remove_url": f"?{rest.urlencode()}"})
    return found


def _campaign_name(user: Any, pk: str) -> str:
    if not row_number(pk):
        return ""
    found = Campaign.objects.visible_to(user).filter(pk=row_number(pk)).first()
    return found.short_title if found else "已选"


def _enterprise_name(user: Any, pk: str) -> str:
    if not (pk.isascii() and pk.isdecimal() and len(pk) < 19):
        return ""
    return str(Enterprise.objects.visible_to(user).filter(pk=pk).first() or "已选")


@require(Permission.EXPORT_HAZARDS)
@require_http_methods(["GET", "POST"])
def export(request: Request) -> HttpResponseBase:
    """The promises of the list as a sheet, without any number of a person."""
    said = (
        "；".join(f"{chip['label']}：{chip['value']}" for chip in _chips(request, request.GET.dict()))
        or "全部"
    )
    return take_away(request, PLEDGES, query=request.GET.urlencode(), said=said, back=reverse("pledges:list"))


@require_POST
@require(Permission.SIGN_PLEDGE)
def create(request: Request) -> HttpResponse:
    """Begin a promise on one of the forms in use."""
    user = user_of(request)
    own = own_enterprise(user)
    if own is None:
        raise PermissionDenied
    chosen = request.POST.get("form", "")
    forms = PledgeForm.objects.usable()
    form = (
        forms.filter(pk=chosen).first()
        if chosen.isascii() and chosen.isdecimal() and len(chosen) < 19
        else None
    )
    if form is None:
        messages.warning(request, "请选择一份承诺书式样")
        return redirect("pledges:list")
    wanted = row_number(request.POST.get("campaign", ""))
    campaign = next((each for each in queries.campaigns_covering(own) if each.pk == wanted), None)
    try:
        pledge = actions.start_draft(own, form, by=user, campaign=campaign)
    except Refused as error:
        messages.warning(request, str(error))
        return redirect("pledges:list")
    return redirect("pledges:edit", pledge.pk)


@require_safe
@require(Permission.VIEW_REGISTRY)
def detail(request: Request, pk: int) -> HttpResponse:
    return show(request, visible(request, pk))


def show(
    request: Request,
    pledge: Pledge,
    *,
    wrong: tuple[int, VerdictForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The promise with its lines, what was found about each, and what can be done now."""
    user = user_of(request)
    verifies = verifying_post(user, pledge) is not None and pledge.status in {
        PledgeStatus.SIGNED,
        PledgeStatus.VERIFYING,
    }
    revealing = Enterprise.objects.within_scope_of(user, Permission.REVEAL_PERSONAL)
    definition = pledge.form.read
    lines = list(
        pledge.lines.select_related("hazard__enterprise", "hazard__premises", "verified_by", "false_claim")
    )
    handed_in = queries.handed_in(lines)
    kept = files.of_many([*lines, *handed_in.values()])
    tables = []
    for table in definition.tables:
        rows = [
            {
                "line": line,
                "cells": list(zip(wording.columns_of(table), wording.cells_of(line, table), strict=True)),
                "tone": VERDICT_TONES[LineVerdict(line.verdict)],
                "photos": _after(line, handed_in, kept),
                "remarks": remarks_on(line.hazard, user)
                if verifies and line.hazard is not None and line.verdict == LineVerdict.PENDING
                else [],
                "evidence": files.photo_items(kept[chain_of(line)].get("verification", [])),
                "form": _verdict_form(line.pk, wrong)
                if verifies and line.verdict == LineVerdict.PENDING
                else None,
                "is_false": line.verdict == LineVerdict.FALSE,
            }
            for line in lines
            if line.table == table.key
        ]
        tables.append({"table": table, "rows": rows})
    writes = may_write(user, pledge)
    context = {
        "pledge": pledge,
        "definition": definition,
        "use": _use(pledge),
        "answers": [(each.label, pledge.answers.get(each.key, "")) for each in definition.fields],
        "tables": tables,
        "tone": TONES[PledgeStatus(pledge.status)],
        "persons": pledge.persons.all(),
        "signatures": files.signatures_of(pledge),
        "seal": files.photo_items(files.of(pledge, "seal")),
        "events": _events(pledge),
        "writes": writes,
        "may_withdraw": writes and is_legal(PledgeMove.WITHDRAW, pledge.status),
        "may_renew": writes
        and pledge.status not in {PledgeStatus.DRAFT}
        and not hasattr(pledge, "renewed_by"),
        "verifies": verifies,
        "may_conclude": may_conclude(user, pledge),
        "left": sum(line.verdict == LineVerdict.PENDING for line in lines),
        "may_reveal": revealing.filter(pk=pledge.enterprise_id).exists(),
        "conclude_form": ConcludeForm(),
        "withdraw_form": ReasonForm(),
        "today": timezone.localdate(),
        "upload_url": reverse("attachments:upload"),
        "newer": getattr(pledge, "renewed_by", None),
    }
    return render(request, "pledges/detail.html", context, status=status)


def _after(line: PledgeLine, handed_in: dict[int, Rectification], kept: Any) -> list[dict[str, Any]]:
    """The photos of what was put right: those of the line, else those handed in to the ledger."""
    photos = kept[chain_of(line)].get("after", [])
    done = handed_in.get(line.hazard_id or 0)
    if not photos and done is not None and line.role == PledgeLine.Role.CORRECTED:
        photos = kept[chain_of(done)].get("after", [])
    return files.photo_items(photos)


def _verdict_form(pk: int, wrong: tuple[int, VerdictForm] | None) -> VerdictForm:
    return wrong[1] if wrong is not None and wrong[0] == pk else VerdictForm(auto_id=f"id_{pk}_%s")


def _use(pledge: Pledge) -> str:
    try:
        found = use(pledge.use_code, timezone.localdate())
    except UnknownRule:
        return ""
    return f"{found.code}、{found.label}"


def _events(pledge: Pledge) -> list[dict[str, str]]:
    tones = {PledgeStatus.VERIFIED: "green", PledgeStatus.OBJECTED: "orange"}
    return [
        {
            "at": timezone.localtime(line.at).strftime("%Y-%m-%d %H:%M"),
            "what": PledgeMove(line.move).label,
            "who": line.by.full_name,
            "note": line.reason,
            "tone": tones.get(PledgeStatus(line.to_status), ""),
        }
        for line in pledge.transitions.select_related("by").order_by("-id")
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.SIGN_PLEDGE)
def edit(request: Request, pk: int) -> HttpResponse:
    """Write the draft: saved as far as it could be read; 再加一行 works without a script."""
    pledge = written_by(request, pk)
    if not pledge.is_draft:
        messages.warning(request, "这份承诺书已经签署或撤回，不能再改")
        return redirect(pledge)
    if request.method != "POST":
        return _edit_page(request, pledge, DraftPage(pledge))
    more = request.POST.get("more", "")
    page = DraftPage(pledge, request.POST, more=more)
    is_sound = page.is_valid()
    try:
        _save(request, pledge, page)
    except Refused as error:
        messages.warning(request, str(error))
        return _edit_page(request, pledge, page, status=422)
    if not is_sound:
        return _edit_page(request, pledge, page, status=422)
    if more:
        return _edit_page(request, pledge, _reopened(pledge, more))
    if request.POST.get("next") == "sign":
        return redirect("pledges:sign", pledge.pk)
    messages.success(request, "已保存")
    return redirect("pledges:edit", pledge.pk)


def _reopened(pledge: Pledge, more: str) -> DraftPage:
    """The page as it was saved, with one row more where it was asked for."""
    page = DraftPage(pledge)
    for sheet in page.sheets:
        if sheet.table.key == more:
            sheet.rows += page.empty_rows(sheet)
    return page


def _save(request: Request, pledge: Pledge, page: DraftPage) -> None:
    user = user_of(request)
    rows = page.line_rows()
    actions.save_draft(
        pledge,
        values=page.answers.values(),
        persons=page.person_values(),
        lines=[values for _, values in rows],
        by=user,
    )
    # Photos hang on lines, and lines have their numbers only now.
    saved: dict[str, list[Any]] = {}
    for line in pledge.lines.order_by("table", "position"):
        saved.setdefault(line.table, []).append(line)
    for row, values in rows:
        line = saved[values["table"]].pop(0)
        name = f"{row.prefix}-photos"
        try:
            ids = attachments.received(
                request.POST.getlist(name), request.FILES.getlist(f"{name}_files"), by=user
            )
            attachments.attach(line, ids, "after", by=user)
        except UploadRefused as error:
            raise Refused(f"第 {line.position} 行的照片没有收下：{error}") from error


def _edit_page(request: Request, pledge: Pledge, page: DraftPage, status: int = 200) -> HttpResponse:
    context = {
        "pledge": pledge,
        "page": page,
        "upload_url": reverse("attachments:upload"),
        "problems": actions.problems_of(pledge) if request.method != "POST" else [],
        "wrong": status == 422,
    }
    return render(request, "pledges/edit.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.SIGN_PLEDGE)
def sign(request: Request, pk: int) -> HttpResponse:
    """Read it once more, sign, add the seal."""
    pledge, user = written_by(request, pk), user_of(request)
    if not pledge.is_draft:
        messages.warning(request, "这份承诺书已经签署或撤回")
        return redirect(pledge)
    errors: list[str] = []
    if request.method == "POST":
        try:
            seal = attachments.received(
                request.POST.getlist("seal"), request.FILES.getlist("seal_files"), by=user
            )
            attachments.attach(pledge, seal, "seal", by=user)
            paper = actions.sign(
                pledge,
                image=request.POST.get("signature", ""),
                typed=bool(request.POST.get("signature_typed")),
                seal=seal,
                by=user,
            )
        except Refused as error:
            errors = str(error).split("；")
            pledge.refresh_from_db()
            if not pledge.is_draft:
                messages.warning(request, str(error))
                return redirect(pledge)
        else:
            messages.success(request, f"已签署{paper}，已送{pledge.receiver.short_name}核查")
            return redirect(pledge)
    definition = pledge.form.read
    context = {
        "pledge": pledge,
        "definition": definition,
        "problems": actions.problems_of(pledge),
        "errors": errors,
        "use": _use(pledge),
        "tables": [
            {
                "table": table,
                "columns": wording.columns_of(table),
                "rows": [
                    list(zip(wording.columns_of(table), wording.cells_of(line, table), strict=True))
                    for line in pledge.lines.filter(table=table.key).order_by("position")
                ],
            }
            for table in definition.tables
        ],
        "signer": pledge.persons.get(key=definition.signer.key),
        "persons": wording.persons_of(pledge),
        "statement": wording.statement_of(pledge),
        "seal": files.photo_items(files.of(pledge, "seal")),
        "upload_url": reverse("attachments:upload"),
    }
    return render(request, "pledges/sign.html", context, status=422 if errors else 200)


@require_POST
@require(Permission.SIGN_PLEDGE)
def withdraw(request: Request, pk: int) -> HttpResponse:
    pledge = written_by(request, pk)
    try:
        actions.withdraw(pledge, reason=request.POST.get("reason", ""), by=user_of(request))
    except Refused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, "已撤回；已进入台账的隐患仍要按期整改")
    return redirect("pledges:detail", pk)


@require_POST
@require(Permission.SIGN_PLEDGE)
def renew(request: Request, pk: int) -> HttpResponse:
    """Write next year's promise on the newest version of the same form."""
    pledge = written_by(request, pk)
    form = PledgeForm.objects.usable().filter(key=pledge.form.key).first()
    if form is None:
        messages.warning(request, "这种承诺书式样已停用，请在承诺书列表选别的式样")
        return redirect(pledge)
    try:
        fresh = actions.start_draft(pledge.enterprise, form, by=user_of(request), renews=pledge)
    except Refused as error:
        messages.warning(request, str(error))
        return redirect(pledge)
    return redirect("pledges:edit", fresh.pk)


@require_safe
@require(Permission.VIEW_REGISTRY)
def print_page(request: Request, pk: int) -> HttpResponse:
    """The promise in the layout of its form, numbers masked, with the code of the frozen paper.

    Its writers may print the draft as well, to read it once more and to put the seal on it.
    """
    pledge = visible(request, pk)
    if pledge.paper is None and not (pledge.is_draft and may_write(user_of(request), pledge)):
        raise Http404
    definition = pledge.form.read
    qr = ""
    if pledge.paper is not None:
        # Our own SVG over our own address: nothing a person typed is in it.
        qr = mark_safe(qr_svg(verify_address(pledge.paper), label=f"核验{pledge.number}"))  # noqa: S308
    context = {
        "pledge": pledge,
        "definition": definition,
        "persons": wording.persons_of(pledge),
        "statement": wording.statement_of(pledge),
        "families": wording.uses_ticked(
            pledge.use_code,
            timezone.localdate(pledge.signed_at) if pledge.signed_at else timezone.localdate(),
        )
        if definition.asks_use
        else [],
        "answers": [(each.label, pledge.answers.get(each.key, "")) for each in definition.fields],
        "signatures": files.signatures_of(pledge),
        "seal": files.of(pledge, "seal")[:1],
        "tables": [
            {
                "title": table.title,
                "columns": wording.columns_of(table),
                "own_columns": bool(table.columns),
                "rows": [
                    wording.cells_of(line, table)
                    for line in pledge.lines.filter(table=table.key).order_by("position")
                ],
            }
            for table in definition.tables
        ],
        "checked": pledge.lines.exclude(verdict=LineVerdict.PENDING).select_related("verified_by"),
        "qr": qr,
        "signer": definition.signer,
    }
    return render(request, "pledges/print.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.REVEAL_PERSONAL)
def reveal(request: Request, pk: int) -> HttpResponse:
    """The full numbers of one person, for a reason, on a page nobody keeps."""
    person = get_object_or_404(
        PledgePerson.objects.filter(pledge__in=Pledge.objects.visible_to(user_of(request))).select_related(
            "pledge"
        ),
        pk=pk,
    )
    form = ReasonForm(request.POST or None)
    shown = None
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                shown = actions.reveal_person(person, by=user_of(request), reason=form.cleaned_data["reason"])
                status = 200
            except Refused as error:
                form.add_error(None, str(error))
    elif (
        not Enterprise.objects.within_scope_of(user_of(request), Permission.REVEAL_PERSONAL)
        .filter(pk=person.pledge.enterprise_id)
        .exists()
    ):
        raise PermissionDenied
    response = render(
        request, "pledges/reveal.html", {"person": person, "form": form, "shown": shown}, status=status
    )
    response["Cache-Control"] = "no-store"
    return response
