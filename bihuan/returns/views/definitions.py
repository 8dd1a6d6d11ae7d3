"""Definitions: taking over a shipped one, making one's own, trying it on a period, versions, layouts in and out."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Organization
from bihuan.accounts.permissions import Permission
from bihuan.campaigns.models import Campaign
from bihuan.core.errors import Overtaken, Refused
from bihuan.core.http import Request, content_disposition, row_number
from bihuan.core.paging import BadCursor, paginate
from bihuan.rules.clocks import sentence

from .. import actions, forms
from ..comparing import shown
from ..counting import Filling, ask_of, check, fill, scope_of_body
from ..figures import ReturnFigures, rows_as_lines
from ..measures import filter_choices, filter_label, measure, measures
from ..models import Definition, DefinitionVersion, Period, Return
from ..periods import last_ended, rhythm, span_of
from ..schema import OWERS, SIGNERS, WINDOWS, Spec
from ..shipped import shipped, shipped_by_key
from ..standing import defines, offices_of
from . import user_of


def definition_or_404(request: Request, pk: int) -> Definition:
    rows = Definition.objects.visible_to(user_of(request)).select_related(
        "organization__region", "campaign", "region"
    )
    return get_object_or_404(rows, pk=pk)


def defined_by(request: Request, pk: int) -> Definition:
    definition = definition_or_404(request, pk)
    if not defines(user_of(request), definition):
        raise PermissionDenied
    return definition


def office_of(request: Request) -> Organization:
    """The body in whose name the person makes definitions. Raises PermissionDenied."""
    offices = offices_of(user_of(request))
    if not offices:
        raise PermissionDenied
    return offices[0]


def said(spec: Spec) -> dict[str, Any]:
    """A definition in words, for every page that shows one."""
    items = []
    for item in spec.items:
        how = item.how
        if item.measure:
            counted = measure(item.measure)
            chosen = []
            for name, values in item.filters.items():
                labels = dict(filter_choices(name))
                chosen.append(
                    f"{filter_label(name)}：{'、'.join(labels.get(value, value) for value in values)}"
                )
            window = "" if counted.is_stock and item.window != "opening" else WINDOWS[item.window]
            how = "；".join(filter(None, (counted.label, window, *chosen)))
        elif item.formula is not None:
            how = item.formula.said(spec.labels)
        items.append((item, how, measure(item.measure).note if item.measure else item.hint))
    return {
        "spec": spec, "items": items, "rhythm": rhythm(spec.period, spec.anchor),
        "owers": "、".join(OWERS[kind] for kind in spec.owers), "signer": SIGNERS[spec.signer],
        "checks": [(each, each.expression.said(spec.labels)) for each in spec.checks],
    }  # fmt: skip


@require_safe
@require(Permission.VIEW_RETURNS)
def index(request: Request) -> HttpResponse:
    """Definitions in use and the shipped ones not taken over yet."""
    user = user_of(request)
    rows = Definition.objects.visible_to(user).select_related("organization", "campaign")
    try:
        page = paginate(rows, order=("-id",), cursor=request.GET.get("cursor"), size=50)
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    offices = offices_of(user)
    have = (
        set(Definition.objects.filter(organization=offices[0], campaign=None).values_list("key", flat=True))
        if offices
        else set()
    )
    context = {
        "page": page,
        "shipped": [
            (spec, rhythm(spec.period, spec.anchor), "、".join(OWERS[kind] for kind in spec.owers), spec.key in have)
            for spec in shipped()
        ],
        "may_define": bool(offices),
        "campaigns": Campaign.objects.visible_to(user).filter(
            office__in=offices, status=Campaign.Status.RUNNING, reporting_rules__isnull=False
        ).distinct()[:50] if offices else [],
    }  # fmt: skip
    return render(request, "returns/definitions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_RETURNS)
def shipped_one(request: Request, key: str) -> HttpResponse:
    """A shipped definition in words; on POST it is taken over."""
    spec, user = shipped_by_key(key), user_of(request)
    if spec is None:
        raise Http404
    offices, refusal = offices_of(user), ""
    form = forms.StartForm(
        request.POST if request.method == "POST" else None, initial={"starts_on": timezone.localdate()}
    )
    if request.method == "POST":
        office = office_of(request)
        campaign = None
        if pk := row_number(request.POST.get("campaign", "")):
            campaign = get_object_or_404(Campaign.objects.visible_to(user), pk=pk, office=office)
        if form.is_valid():
            try:
                definition = actions.adopt(
                    key, office, by=user, starts_on=form.cleaned_data["starts_on"], campaign=campaign
                )
            except Refused as error:
                refusal = str(error)
            else:
                messages.success(request, f"{definition}已启用，到期自动开报")
                return redirect(definition)
    context = {
        **said(spec),
        "form": form if offices else None,
        "refusal": refusal,
        "campaigns": [
            (str(pk), title) for pk, title in Campaign.objects.visible_to(user).filter(office__in=offices).values_list("pk", "short_title")[:100]
        ],
    }  # fmt: skip
    failed = bool(refusal) or (request.method == "POST" and not form.is_valid())
    return render(request, "returns/shipped.html", context, status=422 if failed else 200)


@require_safe
@require(Permission.VIEW_RETURNS)
def detail(request: Request, pk: int) -> HttpResponse:
    definition, user, today = definition_or_404(request, pk), user_of(request), timezone.localdate()
    version = actions.current_version(definition)
    if version is None:
        raise Http404
    spec = actions.spec_of_version(version)
    example = last_ended(spec.period, today, spec.anchor) if spec.recurs else None
    context = {
        **said(spec), "definition": definition, "version": version, "versions": definition.versions.select_related("by")[:20],
        "runs": defines(user, definition), "bodies": actions.owing_bodies(definition, spec, on=today)[:400],
        "due": sentence(actions.due_of(spec.cutoff, example).explanation) if example else "",
        "periods": Period.objects.visible_to(user).filter(definition=definition).select_related("definition")[:12],
        "start_form": forms.StartForm(initial={"starts_on": today}), "adhoc_form": forms.AdHocForm() if spec.period == "adhoc" else None,
    }  # fmt: skip
    return render(request, "returns/definition.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.DEFINE_RETURNS)
def create(request: Request) -> HttpResponse:
    """One's own definition, from nothing or from a shipped one."""
    office = office_of(request)
    base = shipped_by_key(request.GET.get("from", ""))
    before: dict[str, Any] = dict(base.raw) if base else {}
    return _edit(request, None, office, before)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.DEFINE_RETURNS)
def edit(request: Request, pk: int) -> HttpResponse:
    """A new version of a definition."""
    definition = defined_by(request, pk)
    version = actions.current_version(definition)
    return _edit(
        request, definition, definition.organization, dict(version.content) if version else {}, version
    )


def _edit(
    request: Request,
    definition: Definition | None,
    office: Organization,
    before: dict[str, Any],
    version: DefinitionVersion | None = None,
) -> HttpResponse:
    user, errors, status = user_of(request), list[str](), 200
    overtaken: Overtaken | None = None
    posted = request.POST if request.method == "POST" else None
    form = forms.DefinitionForm(
        posted, initial=forms.initial_of(before) if before else {"owers": ["locality"]}
    )
    if definition is not None:
        form.fields["key"].disabled = True
    if posted is not None:
        status = 422
        if form.is_valid():
            content = forms.content_of(form, posted, before)
            if _cutoff_unchanged(form, before):
                content["cutoff"] = before["cutoff"]
            try:
                if definition is None:
                    made = actions.create_definition(content, office, by=user)
                    messages.success(request, f"{made}已建立，试算无误后启用")
                    return redirect(made)
                seen = row_number(posted["version"]) if "version" in posted else None
                actions.publish_version(definition, content, form.cleaned_data["note"], by=user, seen=seen)
            except Overtaken as error:
                overtaken, status = error, 409
            except Refused as error:
                errors.append(str(error))
            else:
                messages.success(request, "新版已发布，以后开报的期次按新版；已开报的不变")
                return redirect(definition)
    lines = list(enumerate(forms.item_lines(before, posted)))
    context = {
        "definition": definition, "form": form, "errors": errors, "lines": lines, "count": len(lines),
        "version": version, "overtaken": overtaken, "theirs": _theirs(content, overtaken.theirs) if overtaken else [],
        "measures": forms.measure_choices(), "windows": forms.WINDOW_CHOICES, "filters": forms.filter_help(), "filter_example": forms.filter_words({"level": ["major"]}),
    }  # fmt: skip
    return render(request, "returns/edit.html", context, status=status)


def _theirs(mine: dict[str, Any], theirs: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Where the version somebody else published says otherwise than what the person typed: what, mine, theirs."""

    def said(content: dict[str, Any]) -> dict[str, str]:
        whole = {"名称": content["name"], "依据": content.get("source", "")}
        items = {f"指标“{each['label']}”": _in_words(each) for each in content["items"]}
        checks = {
            f"勾稽“{each.get('message', '')}”": each["expression"] for each in content.get("checks", [])
        }
        return whole | items | checks

    left, right = said(mine), said(theirs)
    return [
        (name, left.get(name, "没有"), right.get(name, "没有"))
        for name in dict.fromkeys([*left, *right])
        if left.get(name) != right.get(name)
    ]


def _in_words(item: dict[str, Any]) -> str:
    """One item of a definition in a line: how it is come by."""
    if item.get("measure"):
        counted = measures().get(item["measure"])
        chosen = []
        for name, values in item.get("filters", {}).items():
            labels = dict(filter_choices(name))
            chosen.append(f"{filter_label(name)}：{'、'.join(labels.get(value, value) for value in values)}")
        window = WINDOWS.get(item.get("window", "period"), "")
        how = "；".join(filter(None, (counted.label if counted else "取数", window, *chosen)))
    else:
        how = str(item.get("formula") or "填报")
    return "，".join(filter(None, (how, str(item.get("unit", "")), str(item.get("hint", "")))))


def _cutoff_unchanged(form: forms.DefinitionForm, before: dict[str, Any]) -> bool:
    """Whether a cut-off by a clock of the rules still says what that clock says."""
    if not before.get("cutoff", {}).get("clock"):
        return False
    shown = forms.initial_of(before)
    return all(form.cleaned_data[name] == shown[name] for name in ("days", "unit", "roll", "basis"))


@require_safe
@require(Permission.VIEW_RETURNS)
def trial(request: Request, pk: int) -> HttpResponse:
    """What a body would see for a period, without opening it: the figures, the checks, the cut-off."""
    definition, user, today = definition_or_404(request, pk), user_of(request), timezone.localdate()
    version = actions.current_version(definition)
    if version is None:
        raise Http404
    spec = actions.spec_of_version(version)
    bodies = [definition.organization, *actions.owing_bodies(definition, spec, on=today)]
    wanted = row_number(request.GET.get("body", ""))
    body = next((each for each in bodies if each.pk == wanted), bodies[0])
    if spec.recurs:
        spans = [last_ended(spec.period, today, spec.anchor), span_of(spec.period, today, spec.anchor)]
    else:
        spans = [span_of("month", today)]
    span = spans[1] if request.GET.get("span") == "running" and len(spans) > 1 else spans[0]
    campaign = definition.campaign
    filling = Filling(spec, scope_of_body(body, campaign), span, campaign.starts_on if campaign else None)
    sheet = fill(filling)
    record = _unopened(definition, version, body, spec, span, user)
    from ..figures import compared_with

    before, year_ago = compared_with(record, filling)
    figures = ReturnFigures(
        record, spec, None, filling, sheet.rows, sheet.cells, before, year_ago, "", check(spec, sheet, before.cells, year_ago.cells)
    )  # fmt: skip
    due = actions.due_of(spec.cutoff, span)
    context = {
        "definition": definition, "sheet": figures, "body": body, "span": span, "due_on": due.due_on,
        "clock": sentence(due.explanation), "bodies": [(str(each.pk), each.short_name) for each in bodies[:400]],
        "body_key": str(body.pk), "running": request.GET.get("span") == "running", "recurs": spec.recurs, "spec": spec,
        "behind": _behind(request, figures, request.GET.get("cell", "")),
    }  # fmt: skip
    return render(request, "returns/trial.html", context)


def _behind(request: Request, sheet: ReturnFigures, cell: str) -> dict[str, Any] | None:
    """What one figure of a trial stands on: its rows of now as far as the person may see them, or how it is worked out."""
    key, _, name = cell.rpartition("|")
    row = next((each for each in sheet.rows if each.key == key), None)
    item = sheet.spec.item(name)
    if not cell or row is None or item is None:
        return None
    found: dict[str, Any] = {"row": row, "item": item, "text": shown(sheet.cells.get(cell), item.digits)}
    if item.formula is not None:
        return found | {"note": f"{item.label} ＝ {item.formula.said(sheet.spec.labels)}"}
    if item.is_manual:
        return found | {"note": item.hint or "由报送单位填报，试算时没有数。"}
    counted = measure(item.measure)
    found["note"] = counted.note
    rows = counted.family.rows(ask_of(item, row, sheet.filling), sheet.filling.scope, timezone.now())
    if rows is None:
        return found
    try:
        page = paginate(
            rows.seen_by(user_of(request)), order=rows.order, cursor=request.GET.get("cursor"), size=50
        )
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    return found | {"page": page, "lines": rows_as_lines(rows, page.items)}


def _unopened(
    definition: Definition, version: Any, body: Organization, spec: Spec, span: Any, user: Any
) -> Return:
    """A return nobody has opened, never saved: something for the figures to belong to."""
    period = Period(
        version=version, definition=definition, kind=spec.period, first=span.first, last=span.last
    )
    return Return(period=period, organization=body, collector=definition.organization)


@require_POST
@require(Permission.DEFINE_RETURNS)
def start(request: Request, pk: int) -> HttpResponse:
    definition, form = defined_by(request, pk), forms.StartForm(request.POST)
    if form.is_valid():
        actions.start(definition, by=user_of(request), starts_on=form.cleaned_data["starts_on"])
        messages.success(request, f"{definition}已启用，到期自动开报")
    else:
        messages.warning(request, "请填写启用日期")
    return redirect(definition)


@require_POST
@require(Permission.DEFINE_RETURNS)
def stop(request: Request, pk: int) -> HttpResponse:
    definition = defined_by(request, pk)
    try:
        actions.stop(definition, request.POST.get("reason", ""), by=user_of(request))
    except Refused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"{definition}已停用，已开报的期次仍须报送")
    return redirect(definition)


@require_POST
@require(Permission.DEFINE_RETURNS)
def open_adhoc(request: Request, pk: int) -> HttpResponse:
    """Open an ad hoc return for the days given."""
    definition, form = defined_by(request, pk), forms.AdHocForm(request.POST)
    if not form.is_valid():
        messages.warning(request, "请填写统计起止日期和事由")
        return redirect(definition)
    try:
        period = actions.open_by_hand(definition, **form.cleaned_data, by=user_of(request))
    except Refused as error:
        messages.warning(request, str(error))
        return redirect(definition)
    messages.success(request, "已开报，应报单位已收到待办")
    return redirect(period)


@require_safe
@require(Permission.VIEW_RETURNS)
def layout(request: Request, pk: int) -> HttpResponse:
    """The definition as data, to be carried to another installation (U9)."""
    definition = definition_or_404(request, pk)
    version = actions.current_version(definition)
    if version is None:
        raise Http404
    text = json.dumps(version.content, ensure_ascii=False, indent=2)
    return HttpResponse(
        text, content_type="application/json; charset=utf-8",
        headers={"Content-Disposition": content_disposition(f"{definition.name}.json")},
    )  # fmt: skip


@require_POST
@require(Permission.DEFINE_RETURNS)
def bring(request: Request) -> HttpResponse:
    """A definition from a file."""
    office, file = office_of(request), request.FILES.get("file")
    try:
        if file is None:
            raise ValueError("请选择报表定义文件")
        content = forms.read_layout(file.read(400_001))
        definition = actions.create_definition(content, office, by=user_of(request))
    except (ValueError, Refused) as error:
        messages.warning(request, str(error))
        return redirect("returns:definitions")
    messages.success(request, f"{definition}已导入，试算无误后启用")
    return redirect(definition)


@require_POST
@require(Permission.DEFINE_RETURNS)
def compile_plan(request: Request) -> HttpResponse:
    """Definitions from the reporting rules of a plan."""
    user = user_of(request)
    pk = row_number(request.POST.get("campaign", ""))
    campaign = get_object_or_404(Campaign.objects.visible_to(user).select_related("office__region"), pk=pk)
    made = actions.compile_plan(campaign, by=user)
    if made:
        messages.success(request, f"按方案的报送要求生成了 {len(made)} 张报表，请核对后启用")
        return redirect(made[0])
    messages.warning(request, "方案的报送要求都已生成过报表，或者没有写明周期")
    return redirect(reverse("returns:definitions"))
