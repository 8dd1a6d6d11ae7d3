"""Batches of a campaign: the list, one batch with its objects, putting together, notices, closing, acceptance."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import area_q
from bihuan.attachments import queries as files
from bihuan.campaigns.models import Campaign
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number
from bihuan.core.paging import BadCursor, paginate
from bihuan.jobs.handing import take_away
from bihuan.registry.models import Enterprise, EnterpriseKind
from bihuan.rules.calendar import check_range

from .. import actions, queries
from ..exporting import BATCHES
from ..forms import TEAM_ROWS, AcceptanceForm, BatchForm, PickForm, bodies_of
from ..models import Batch, BatchObject
from ..standing import runs
from ..workflow import BatchStatus, ObjectStatus, Verdict
from . import user_of

PICKED = 100


def campaign_of(request: Request) -> Campaign:
    """The campaign in the address, as far as the person may see it."""
    pk = row_number(request.GET.get("campaign", ""))
    return get_object_or_404(
        Campaign.objects.visible_to(user_of(request)).select_related("region", "plan"), pk=pk
    )


def batch_or_404(request: Request, pk: int) -> Batch:
    rows = Batch.objects.visible_to(user_of(request)).select_related(
        "campaign__region", "organization", "created_by"
    )
    return get_object_or_404(rows, pk=pk)


def run_by(request: Request, pk: int) -> Batch:
    """A batch the person runs, or 403."""
    batch = batch_or_404(request, pk)
    if not runs(user_of(request), batch):
        raise PermissionDenied
    return batch


@require_safe
@require(Permission.VIEW_CAMPAIGNS)
def index(request: Request) -> HttpResponse:
    """Every batch of a campaign, or of all one may see, with how far it is."""
    user, today = user_of(request), timezone.localdate()
    campaign = campaign_of(request) if request.GET.get("campaign") else None
    rows = (
        Batch.objects.visible_to(user)
        .select_related("campaign", "organization")
        .order_by("-campaign_id", "number")
    )
    if campaign is not None:
        rows = rows.filter(campaign=campaign)
    entries = [
        (batch, queries.standing_of(BatchObject.objects.visible_to(user).filter(batch=batch), on=today))
        for batch in rows[:100]
    ]
    may_run = campaign is not None and actions.organizer(user, campaign) is not None
    planned = []
    if may_run and campaign is not None:
        have = {batch.number for batch, _ in entries}
        planned = [
            each
            for each in campaign.plan.compiled.get("batches", [])
            if each.get("number") and each["number"] not in have
        ]
    context = {
        "campaign": campaign,
        "entries": entries,
        "may_run": may_run,
        "planned": planned,
        "may_export": user.has_perm(Permission.EXPORT_HAZARDS),
    }
    return render(request, "batches/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_BATCHES)
def create(request: Request) -> HttpResponse:
    campaign, user = campaign_of(request), user_of(request)
    if actions.organizer(user, campaign) is None:
        raise PermissionDenied
    form = BatchForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                batch = actions.create_batch(campaign, by=user, **form.cleaned_data)
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, f"已编排{batch}，请编入对象")
                return redirect("batches:add", batch.pk)
    return render(request, "batches/create.html", {"campaign": campaign, "form": form}, status=status)


@require_POST
@require(Permission.MANAGE_BATCHES)
def propose(request: Request) -> HttpResponse:
    """The batches the plan speaks of."""
    campaign = campaign_of(request)
    try:
        made = actions.propose_batches(campaign, by=user_of(request))
    except Refused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"按方案编排了 {len(made)} 批") if made else messages.warning(
            request, "方案写明的批次都已编排，或者没有写明完成期限"
        )
    return redirect(f"{reverse('batches:list')}?{urlencode({'campaign': campaign.pk})}")


@require_safe
@require(Permission.VIEW_CAMPAIGNS)
def detail(request: Request, pk: int) -> HttpResponse:
    batch, user, today = batch_or_404(request, pk), user_of(request), timezone.localdate()
    state = request.GET.get("state", "")
    rows = queries.members_of(batch, user, state=state, on=today).select_related(
        "enterprise", "locality", "notice"
    )
    try:
        page = paginate(rows, order=("id",), cursor=request.GET.get("cursor"), size=50)
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    own = BatchObject.objects.visible_to(user).filter(batch=batch)
    acceptances = batch.acceptances.filter(verdicts__member__in=own).distinct()
    context = {
        "batch": batch,
        "page": page,
        "state": state,
        "states": queries.STATES.items(),
        "standing": queries.standing_of(own, on=today),
        "runs": runs(user, batch),
        "today": today,
        "acceptances": [
            (each, list(each.team.select_related("organization")), files.signatures_of(each))
            for each in acceptances[:20]
        ],
        "may_export": user.has_perm(Permission.EXPORT_HAZARDS),
        "is_open": batch.status != BatchStatus.CLOSED,
    }
    return render(request, "batches/detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_BATCHES)
def add(request: Request, pk: int) -> HttpResponse:
    """Choose objects: by kind, place, name; up to a hundred at a time."""
    batch, user = run_by(request, pk), user_of(request)
    form = PickForm(request.POST or None)
    status = 200
    if request.method == "POST":
        picked = [number for each in request.POST.getlist("pick")[:PICKED] if (number := row_number(each))]
        status = 422
        if form.is_valid() and picked:
            chosen = Enterprise.objects.visible_to(user).filter(pk__in=picked).select_related("department")
            try:
                count = actions.add_objects(batch, chosen, by=user, **form.cleaned_data)
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, f"编入 {count} 家；已在本行动其他批次的不重复编入")
                return redirect(batch)
        elif not picked:
            form.add_error(None, "请至少勾选一家")
    kind, q, region = (request.GET.get(name, "").strip() for name in ("kind", "q", "region"))
    rows = Enterprise.objects.visible_to(user).supervised().filter(area_q(batch.campaign.region_id))
    if kind:
        rows = rows.filter(kind=kind)
    taken = BatchObject.objects.filter(campaign=batch.campaign).exclude(status=ObjectStatus.REMOVED)
    rows = rows.exclude(pk__in=taken.values("enterprise"))
    if q:
        rows = rows.filter(name__contains=q)
    if region:
        rows = rows.filter(locality=region)
    context = {
        "batch": batch,
        "form": form,
        "rows": rows.select_related("kind", "locality").order_by("locality_id", "pk")[:PICKED],
        "kinds": EnterpriseKind.objects.values_list("pk", "label"),
        "kind": kind,
        "q": q,
        "limit": PICKED,
    }
    return render(request, "batches/add.html", context, status=status)


@require_POST
@require(Permission.MANAGE_BATCHES)
def notices(request: Request, pk: int) -> HttpResponse:
    batch = run_by(request, pk)
    try:
        issued, left = actions.issue_notices(batch, by=user_of(request))
    except Refused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"已下发 {issued} 份通知书" + (f"，{left} 家别人刚下发过" if left else ""))
    return redirect(batch)


@require_POST
@require(Permission.MANAGE_BATCHES)
def close(request: Request, pk: int) -> HttpResponse:
    batch = run_by(request, pk)
    try:
        actions.close_batch(batch, by=user_of(request))
    except Refused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"{batch}已收口")
    return redirect(batch)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_BATCHES)
def acceptance(request: Request, pk: int) -> HttpResponse:
    """The joint team on the spot: everybody signs on this phone, every object gets its verdict."""
    batch, user = run_by(request, pk), user_of(request)
    members = list(
        batch.members.filter(status=ObjectStatus.APPLIED).select_related(
            "batch__campaign", "batch__organization", "enterprise__organization", "notice"
        )[:30]
    )
    bodies = list(bodies_of(batch.campaign.region_id))
    sent = request.POST if request.method == "POST" else None
    form = AcceptanceForm(sent, batch=batch)
    errors: list[str] = []
    if sent is not None and form.is_valid():
        by_pk = {str(each.pk): each for each in bodies}
        team = [
            actions.TeamMember(
                by_pk[sent.get(f"team{no}-organization", "")],
                sent.get(f"team{no}-name", "")[:60],
                sent.get(f"team{no}-title", "")[:60],
                sent.get(f"team{no}-signature", ""),
            )
            for no in range(1, TEAM_ROWS + 1)
            if sent.get(f"team{no}-organization", "") in by_pk
        ]
        verdicts = [
            actions.VerdictGiven(
                member,
                sent.get(f"v{member.pk}-verdict", ""),
                sent.get(f"v{member.pk}-conditions", ""),
                _day(sent.get(f"v{member.pk}-due", "")),
                sent.get(f"v{member.pk}-note", ""),
            )
            for member in members
            if sent.get(f"v{member.pk}-verdict")
        ]
        try:
            actions.record_acceptance(batch, team=team, verdicts=verdicts, by=user, **form.cleaned_data)
        except Refused as error:
            errors = str(error).split("；")
        else:
            messages.success(request, f"已记录联合验收，{len(verdicts)} 家，意见书已制发")
            return redirect(batch)
    elif sent is not None:
        errors = ["请填写验收日期"]
    given = sent or {}
    context = {
        "batch": batch,
        "form": form,
        "errors": errors,
        "verdicts": Verdict.choices,
        "members": [
            {
                "row": member,
                "verdict": given.get(f"v{member.pk}-verdict", ""),
                "conditions": given.get(f"v{member.pk}-conditions", ""),
                "due": given.get(f"v{member.pk}-due", ""),
                "note": given.get(f"v{member.pk}-note", ""),
            }
            for member in members
        ],
        "team": [
            {
                "no": no,
                "organization": given.get(f"team{no}-organization", "")
                or (str(batch.organization_id) if no == 1 else ""),
                "name": given.get(f"team{no}-name", "") or (user.full_name if no == 1 else ""),
                "title": given.get(f"team{no}-title", ""),
            }
            for no in range(1, TEAM_ROWS + 1)
        ],
        "bodies": [(str(each.pk), each.short_name) for each in bodies],
    }
    return render(request, "batches/acceptance.html", context, status=422 if errors else 200)


def _day(text: str) -> dt.date | None:
    try:
        return check_range(dt.date.fromisoformat(text))
    except ValueError:  # DateOutOfRange is one
        return None


@require(Permission.EXPORT_HAZARDS)
@require_http_methods(["GET", "POST"])
def export(request: Request) -> HttpResponseBase:
    """Objects with their subsidies as a sheet."""
    user = user_of(request)
    said = "全部"
    if pk := row_number(request.GET.get("batch", "")):
        batch = Batch.objects.visible_to(user).filter(pk=pk).first()
        if batch is None:
            raise Http404
        said = f"{batch.campaign}{batch}"
    elif request.GET.get("campaign"):
        said = str(campaign_of(request))
    return take_away(request, BATCHES, query=request.GET.urlencode(), said=said, back=reverse("batches:list"))
