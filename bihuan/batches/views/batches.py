"""Batches of a campaign: the list, one batch with its objects, putting together, notices, closing, acceptance."""

from __future__ import annotations

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
from bihuan.accounts.queries import regions_to_choose
from bihuan.attachments import queries as files
from bihuan.campaigns.models import Campaign
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number
from bihuan.core.paging import BadCursor, paginate
from bihuan.jobs.handing import take_away
from bihuan.jobs.selections import answer, do_each
from bihuan.registry.models import EnterpriseKind
from bihuan.zones.models import Zone

from .. import actions, queries, selections
from ..exporting import BATCHES
from ..forms import BatchForm, EditBatchForm, PickForm, TransferForm
from ..models import Batch, BatchObject
from ..standing import runs
from ..workflow import BatchStatus
from . import user_of

PICKED = 100
MOST_AT_ONCE = 2000
ZONES = 200


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
    rows = Batch.objects.visible_to(user).select_related("campaign", "organization")
    if campaign is not None:
        rows = rows.filter(campaign=campaign)
    try:
        page = paginate(
            rows,
            order=("number", "id") if campaign is not None else ("-id",),
            cursor=request.GET.get("cursor"),
            size=50,
        )
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    may_run = campaign is not None and actions.organizer(user, campaign) is not None
    planned = []
    if may_run and campaign is not None:
        have = set(Batch.objects.filter(campaign=campaign).values_list("number", flat=True))
        planned = [
            each
            for each in campaign.plan.compiled.get("batches", [])
            if each.get("number") and each["number"] not in have
        ]
    context = {
        "campaign": campaign,
        "page": page,
        "entries": queries.standings_of(page.items, user, on=today),
        "today": today,
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
    standing = queries.standing_of(own, on=today)
    is_run = runs(user, batch)
    acceptances = batch.acceptances.filter(verdicts__member__in=own).distinct()
    context = {
        "batch": batch,
        "page": page,
        "state": state,
        "states": queries.STATES.items(),
        "standing": standing,
        "unsupervised": own.unsupervised().count() if batch.supervised_from or batch.supervised_to else None,
        "runs": is_run,
        "may_edit": is_run and bool(actions.may_change(batch)),
        "transfer_form": TransferForm(area=batch.campaign.region_id) if is_run and standing.overdue else None,
        "notices_late": bool(
            standing.listed
            and batch.notice_by
            and batch.notice_by < today
            and batch.status != BatchStatus.CLOSED
        ),
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
def edit(request: Request, pk: int) -> HttpResponse:
    """Put a batch right; once notices are out, its window."""
    batch = run_by(request, pk)
    allowed = actions.may_change(batch)
    if not allowed:
        messages.warning(request, f"{batch}已收口，不能再改")
        return redirect(batch)
    form = EditBatchForm(request.POST or None, batch=batch, may_change=allowed)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.edit_batch(batch, by=user_of(request), **form.cleaned_data)
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "已保存")
                return redirect(batch)
    return render(request, "batches/edit.html", {"batch": batch, "form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_BATCHES)
def add(request: Request, pk: int) -> HttpResponse:
    """Choose objects by kind, place, zone and name: those ticked, or all that fit."""
    batch, user = run_by(request, pk), user_of(request)
    form = PickForm(request.POST if request.method == "POST" else None)
    chosen = {name: request.GET.get(name, "").strip() for name in ("kind", "q", "region", "zone")}
    rows = queries.to_add(batch, user, chosen)
    status = 200
    if request.method == "POST":
        status = 422
        picked = [number for each in request.POST.getlist("pick")[:PICKED] if (number := row_number(each))]
        wanted = rows[: MOST_AT_ONCE + 1] if request.POST.get("all") else rows.filter(pk__in=picked)
        enterprises = list(wanted.select_related("department"))
        if form.is_valid() and 0 < len(enterprises) <= MOST_AT_ONCE:
            try:
                count = actions.add_objects(batch, enterprises, by=user, **form.cleaned_data)
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, f"编入 {count} 家；已在本行动其他批次的不重复编入")
                return redirect(batch)
        elif len(enterprises) > MOST_AT_ONCE:
            form.add_error(None, f"一次最多编入 {MOST_AT_ONCE} 家，请按类型、乡镇街道或者区域缩小范围")
        elif not enterprises:
            form.add_error(None, "请至少勾选一家")
    context = {
        "batch": batch,
        "form": form,
        "rows": rows.select_related("kind", "locality").order_by("locality_id", "pk")[:PICKED],
        "fitting": rows.count(),
        "kinds": EnterpriseKind.objects.values_list("pk", "label"),
        "regions": [
            (region.code, region.name)
            for region in regions_to_choose([batch.campaign.region_id], chosen["region"])
        ],
        "zones": [(str(zone.pk), zone.name) for zone in Zone.objects.visible_to(user)[:ZONES]],
        "chosen": chosen,
        "limit": PICKED,
    }
    return render(request, "batches/add.html", context, status=status)


@require_POST
@require(Permission.MANAGE_BATCHES)
def notices(request: Request, pk: int) -> HttpResponse:
    """Notify everybody who waits: a few at once, many as background work."""
    batch = run_by(request, pk)
    picked = selections.waiting(batch)
    if not picked:
        messages.warning(request, "没有待通知的对象，请先编入对象")
        return redirect(batch)
    back = batch.get_absolute_url()
    return answer(request, do_each(selections.NOTICE.key, picked, {}, by=user_of(request), back=back))


@require_POST
@require(Permission.MANAGE_BATCHES)
def transfers(request: Request, pk: int) -> HttpResponse:
    """Hand everybody who is late over to the enforcing body, each with a letter of its own (R101)."""
    batch = run_by(request, pk)
    form = TransferForm(request.POST, area=batch.campaign.region_id)
    picked = selections.late(batch, on=timezone.localdate())
    if not picked:
        messages.warning(request, "没有逾期未完成的对象")
    elif not form.is_valid():
        messages.warning(request, "请选择移送给哪个单位")
    else:
        wanted = {"to": form.cleaned_data["to"].pk}
        back = batch.get_absolute_url()
        return answer(
            request, do_each(selections.TRANSFER.key, picked, wanted, by=user_of(request), back=back)
        )
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
