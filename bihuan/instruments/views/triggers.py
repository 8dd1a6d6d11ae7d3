"""Triggers: the list, one with its versions, trials and firings; trying, switching on and off."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Count, Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request, row_number
from bihuan.core.paging import BadCursor, paginate

from .. import actions
from ..forms import ReasonForm, SourceForm, TrialForm, TriggerForm
from ..models import Trial, TrialFiring, Trigger, TriggerVersion
from ..sources import Source, source_of
from ..standing import sets
from ..workflow import Audience, Period
from . import user_of

# A condition fires once for each matter, not for each body: what the word in the form leaves open.
PERIODS = {
    each: "同一事项只触发一次" if each == Period.ONCE else f"同一事项{each.label.replace('一次', '最多一次')}"
    for each in Period
}


def trigger_or_404(request: Request, pk: int) -> Trigger:
    rows = Trigger.objects.visible_to(user_of(request)).select_related("organization__region", "running")
    return get_object_or_404(rows, pk=pk)


def _version(request: Request, pk: int) -> TriggerVersion:
    """A version of a trigger one may set, or 403."""
    seen = Trigger.objects.visible_to(user_of(request))
    rows = TriggerVersion.objects.filter(trigger__in=seen).select_related(
        "trigger__organization__region", "region"
    )
    version = get_object_or_404(rows, pk=pk)
    if not sets(user_of(request), version.trigger):
        raise PermissionDenied
    return version


def _said(version: TriggerVersion) -> dict[str, str]:
    """A version in words; a condition this version of the software does not know says so."""
    try:
        condition = source_of(version.source).sentence(version.parameters)
    except Refused as error:
        condition = str(error)
    return {
        "condition": condition,
        "period": PERIODS[Period(version.period)],
        "audience": Audience(version.audience).label,
    }


@require_safe
@require(Permission.VIEW_INSTRUMENTS)
def index(request: Request) -> HttpResponse:
    """Every condition one may see, with what it says and how often it fired."""
    user = user_of(request)
    rows = Trigger.objects.visible_to(user).select_related("organization", "running__region")
    try:
        page = paginate(rows, order=("id",), cursor=request.GET.get("cursor"), size=50)
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    pks = [each.pk for each in page.items]
    newest = {
        version.trigger_id: version
        for version in TriggerVersion.objects.filter(trigger__in=pks)
        .select_related("region")
        .order_by("number")
    }
    fired = dict(
        Trigger.objects.filter(pk__in=pks)
        .annotate(times=Count("firings__instrument", distinct=True))
        .values_list("pk", "times")
    )
    entries = []
    for trigger in page.items:
        version = trigger.running if trigger.status == "on" and trigger.running else newest.get(trigger.pk)
        entries.append((trigger, version, _said(version) if version else {}, fired.get(trigger.pk, 0)))
    context = {"page": page, "entries": entries, "may_set": user.has_perm(Permission.SET_TRIGGERS)}
    return render(request, "instruments/triggers.html", context)


@require_POST
@require(Permission.SET_TRIGGERS)
def shipped(request: Request) -> HttpResponse:
    """Take over the conditions the sources name, all switched off."""
    user = user_of(request)
    count = actions.adopt_shipped(actions.issuer_of(user), by=user)
    if count:
        messages.success(request, f"已引入 {count} 个出厂条件，逐个试算后启用")
    else:
        messages.info(request, "出厂条件都已引入")
    return redirect("instruments:triggers")


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.SET_TRIGGERS)
def create(request: Request) -> HttpResponse:
    """Choose a condition, then say what it does."""
    given = request.POST if request.method == "POST" else request.GET
    chosen = SourceForm(given if "source" in given else None)
    if not chosen.is_bound or not chosen.is_valid():
        status = 422 if chosen.is_bound else 200
        return render(request, "instruments/trigger_source.html", {"form": chosen}, status=status)
    return _form_page(request, source_of(chosen.cleaned_data["source"]), None)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.SET_TRIGGERS)
def edit(request: Request, pk: int) -> HttpResponse:
    """The next version of a condition."""
    trigger = trigger_or_404(request, pk)
    if not sets(user_of(request), trigger):
        raise PermissionDenied
    newest = trigger.versions.order_by("-number").first()
    if newest is None:
        raise PermissionDenied
    return _form_page(request, source_of(newest.source), trigger)


def _form_page(request: Request, source: Source, trigger: Trigger | None) -> HttpResponse:
    user = user_of(request)
    own = trigger.organization if trigger else actions.issuer_of(user)
    newest = trigger.versions.order_by("-number").first() if trigger else None
    initial: dict[str, Any] = {"effective_from": timezone.localdate(), "region": own.region_id}
    if newest is not None:
        names = ("region", "period", "audience", "kind", "demand", "document", "effective_to")
        initial |= {name: getattr(newest, name) for name in names}
        initial |= {f"p_{key}": value for key, value in newest.parameters.items()}
    form = TriggerForm(
        request.POST if request.method == "POST" else None,
        source=source, organization=own, named=trigger is None, initial=initial,
    )  # fmt: skip
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            given = form.cleaned_data
            fields = (
                "region",
                "period",
                "audience",
                "kind",
                "demand",
                "document",
                "effective_from",
                "effective_to",
            )
            setting = actions.Setting(
                source=source.key, parameters=form.parameters(), **{name: given[name] for name in fields}
            )
            try:
                if trigger is None:
                    trigger = actions.create_trigger(given["name"], setting, organization=own, by=user)
                else:
                    actions.change_trigger(trigger, setting, by=user)
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "已保存，先试算再启用")
                return redirect("instruments:trigger", trigger.pk)
    context = {"form": form, "source": source, "trigger": trigger}
    return render(request, "instruments/trigger_form.html", context, status=status)


@require_safe
@require(Permission.VIEW_INSTRUMENTS)
def detail(request: Request, pk: int) -> HttpResponse:
    """One condition: what it says, who switched it on, what trials found, what it fired."""
    trigger, user = trigger_or_404(request, pk), user_of(request)
    versions = list(trigger.versions.select_related("region", "made_by"))
    trials: dict[int, list[Trial]] = {}
    for trial_row in Trial.objects.filter(version__in=versions).select_related("by"):
        trials.setdefault(trial_row.version_id, []).append(trial_row)
    firings = trigger.firings.select_related("organization", "instrument")
    try:
        page = paginate(firings, order=("-id",), cursor=request.GET.get("cursor"), size=50)
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    may_set = sets(user, trigger)
    context = {
        "trigger": trigger,
        "versions": [
            {
                "version": each,
                "said": _said(each),
                "trials": trials.get(each.pk, [])[:5],
                "running": trigger.status == "on" and trigger.running_id == each.pk,
                "tried": any(one.state == Trial.State.DONE for one in trials.get(each.pk, [])),
            }
            for each in versions
        ],
        "page": page,
        "may_set": may_set,
        "trial_form": TrialForm(),
        "off_form": ReasonForm(),
        "events": [
            {
                "at": timezone.localtime(line.at).strftime("%Y-%m-%d %H:%M"),
                "what": {"set": "设定", "change": "修改", "switch_on": "启用", "switch_off": "停用"}[
                    line.move
                ],
                "who": line.by.full_name,
                "note": line.reason,
            }
            for line in trigger.transitions.select_related("by").order_by("-id")
        ],
    }
    return render(request, "instruments/trigger.html", context)


@require_POST
@require(Permission.SET_TRIGGERS)
def try_out(request: Request, pk: int) -> HttpResponse:
    """Try a version on history."""
    version = _version(request, pk)
    form = TrialForm(request.POST)
    if not form.is_valid():
        messages.warning(request, "试算的月数请填 1 到 36 的整数")
        return redirect("instruments:trigger", version.trigger_id)
    try:
        made = actions.start_trial(version, months=form.cleaned_data["months"], by=user_of(request))
    except Refused as error:
        messages.warning(request, str(error))
        return redirect("instruments:trigger", version.trigger_id)
    return redirect(made)


@require_POST
@require(Permission.SET_TRIGGERS)
def on(request: Request, pk: int) -> HttpResponse:
    """Switch a version on, in one's own name."""
    version = _version(request, pk)
    try:
        actions.switch_on(version, by=user_of(request))
    except Refused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"已启用{version}，从今天起按它起草文书，由人签发")
    return redirect("instruments:trigger", version.trigger_id)


@require_POST
@require(Permission.SET_TRIGGERS)
def off(request: Request, pk: int) -> HttpResponse:
    """Switch a condition off, with the reason."""
    trigger = trigger_or_404(request, pk)
    if not sets(user_of(request), trigger):
        raise PermissionDenied
    try:
        actions.switch_off(trigger, reason=request.POST.get("reason", "")[:500], by=user_of(request))
    except Refused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, "已停用")
    return redirect("instruments:trigger", pk)


@require_safe
@require(Permission.VIEW_INSTRUMENTS)
def trial(request: Request, pk: int) -> HttpResponse:
    """What a trial found: on whom, how often, when, about what."""
    seen = Trigger.objects.visible_to(user_of(request))
    rows = Trial.objects.filter(version__trigger__in=seen).select_related(
        "version__trigger__organization", "by"
    )
    found = get_object_or_404(rows, pk=pk)
    chosen = request.GET.get("body", "")
    firings = found.firings.select_related("organization")
    if chosen == "0":
        firings = firings.filter(organization=None)
    elif chosen:
        firings = firings.filter(organization=row_number(chosen))
    try:
        page = paginate(
            firings,
            order=("-on", "id"),
            cursor=request.GET.get("cursor"),
            size=50,
        )
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    bodies = (
        TrialFiring.objects.filter(trial=found)
        .order_by()
        .values("organization", "organization__name")
        .annotate(papers=Count("pk"), matters=Sum("count"))
        .order_by("-papers", "organization__name")[:60]
    )
    context = {
        "running": found.version.trigger.status == "on"
        and found.version.trigger.running_id == found.version_id,
        "body_name": next(
            (
                each["organization__name"] or "没有对应单位的"
                for each in bodies
                if chosen and str(each["organization"] or 0) == chosen
            ),
            "",
        ),
        "trial": found, "version": found.version, "trigger": found.version.trigger, "said": _said(found.version),
        "page": page, "bodies": bodies, "may_set": sets(user_of(request), found.version.trigger),
    }  # fmt: skip
    return render(request, "instruments/trial.html", context)
