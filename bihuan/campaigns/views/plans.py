"""Plans come in and are checked: list, import, workbench, the checklist before publishing."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Region
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request
from bihuan.plans import PlanReadError

from .. import actions
from ..actions.publishing import titles_of
from ..forms import HeadForm, PublishForm
from ..models import PlanDocument, PlanItem, PlanUnit, seats
from ..queries.draft import missing
from ..workbench import Desk

PASTED = "粘贴的方案.txt"
ACCEPTED = ".txt,.docx,.pdf,.html,.htm"


def plan_or_404(request: Request, pk: int) -> PlanDocument:
    """The plan, for the office of its region; everybody else finds nothing."""
    plans = PlanDocument.objects.visible_to(request.user).select_related("region", "file", "uploaded_by")
    return get_object_or_404(plans, pk=pk)


@require_safe
@require(Permission.MANAGE_PLANS)
def plans(request: Request) -> HttpResponse:
    """Drafts and published plans of the own office, drafts first."""
    found = (
        PlanDocument.objects.visible_to(request.user).select_related("uploaded_by").defer("text", "compiled")
    )
    drafts = found.filter(status=PlanDocument.Status.DRAFT).prefetch_related("items", "units")
    others = found.exclude(status=PlanDocument.Status.DRAFT).select_related("campaign")
    context = {
        "drafts": [{"document": document, "progress": Desk.counts(document)} for document in drafts],
        "others": others,
    }
    return render(request, "campaigns/plans.html", context)


@require(Permission.MANAGE_PLANS)
def import_plan(request: Request) -> HttpResponse:
    """Drop a file or paste a text; what cannot be read is said here and leaves nothing behind."""
    region = Region.objects.get(pk=seats(request.user, Permission.MANAGE_PLANS)[0])
    context: dict = {"region": region, "accept": ACCEPTED, "text": ""}
    if request.method != "POST":
        return render(request, "campaigns/import_plan.html", context)
    upload, text = request.FILES.get("file"), request.POST.get("text", "").strip()
    context["text"] = text
    if not upload and not text:
        context["error"] = "请选择一个方案文件，或者把方案全文粘贴到下面的方框里"
        return render(request, "campaigns/import_plan.html", context, status=422)
    # An over-large upload is refused by its size, before its bytes are read.
    try:
        data = actions.read_upload(upload) if upload else text.encode()
        name = (upload.name if upload else PASTED) or PASTED
        earlier = actions.earlier_draft(data, region=region)
        if earlier and "again" not in request.POST:
            context |= {"earlier": earlier, "was_pasted": not upload}
            return render(request, "campaigns/import_plan.html", context, status=422)
        document = actions.import_plan(data, name, by=request.user, region=region)
    except (PlanReadError, Refused) as error:
        context["error"] = str(error)
        return render(request, "campaigns/import_plan.html", context, status=422)
    messages.success(request, f"已导入《{document.title}》，请逐项核对后发布")
    return redirect("campaigns:workbench", document.pk)


def workbench_context(request: Request, document: PlanDocument) -> dict:
    """What the right pane and the progress line need, whole page or fragment alike."""
    desk = Desk(document, on=timezone.localdate())
    only = request.GET.get("show", "")
    return {
        "document": document,
        "desk": desk,
        "cards": desk.cards(only),
        "only": only,
        "views": [
            {"key": key, "label": label, "active": key == only}
            for key, label in [
                ("", "全部"),
                ("open", "待核对"),
                ("task", "任务"),
                ("phase", "阶段"),
                ("report", "报送"),
                ("target", "目标"),
                ("body", "机构"),
                ("removed", "已移除"),
            ]
        ],
        "progress": desk.progress,
        "units": desk.unit_rows(),
        "groups": PlanUnit.Group.choices,
        "organizations": desk.bodies.choices,
        "kinds": PlanItem.Kind.choices,
    }


@require_safe
@require(Permission.MANAGE_PLANS)
def workbench(request: Request, pk: int) -> HttpResponse:
    """Source at the left, structure at the right."""
    document = plan_or_404(request, pk)
    context = workbench_context(request, document)
    if request.htmx and not request.htmx.boosted:
        return render(request, "campaigns/_structure.html", context)
    return render(request, "campaigns/workbench.html", context)


@require_POST
@require(Permission.MANAGE_PLANS)
def match_unit(request: Request, pk: int, unit_pk: int) -> HttpResponse:
    """Say what a printed name means: `meaning` is org-<id> or the key of a group, `meaning_words` either's name."""
    document = plan_or_404(request, pk)
    unit = get_object_or_404(document.units, pk=unit_pk)
    meaning = request.POST.get("meaning", "")
    desk = Desk(document, on=timezone.localdate())
    if words := request.POST.get("meaning_words", "").strip():
        groups = {str(label): key for key, label in PlanUnit.Group.choices}
        bodies = {
            name: f"org-{body.pk}" for body in desk.bodies.choices for name in (body.short_name, body.name)
        }
        meaning = groups.get(words) or bodies.get(words) or ""
        if not meaning:
            messages.warning(request, f"没有叫“{words}”的单位，请从列表中选择，或先到单位目录登记")
            return structure_or_redirect(request, document, anchor="units")
    chosen = {f"org-{body.pk}": body for body in desk.bodies.choices}.get(meaning)
    group = "" if meaning.startswith("org-") else meaning
    try:
        unit.document = document
        actions.match_unit(unit, by=request.user, organization=chosen, group=group)
        messages.success(
            request, f"“{unit.name}”已认定，以后导入的方案不再询问" if chosen else f"“{unit.name}”已认定"
        )
    except Refused as error:
        messages.warning(request, str(error))
    return structure_or_redirect(request, document, anchor="units")


def structure_or_redirect(request: Request, document: PlanDocument, *, anchor: str) -> HttpResponse:
    """The right pane anew for htmx, the page for everybody else."""
    if request.htmx:
        response = render(request, "campaigns/_structure.html", workbench_context(request, document))
        response["HX-Retarget"] = "#structure"
        response["HX-Reswap"] = "outerHTML"
        return response
    target = redirect("campaigns:workbench", document.pk)
    target["Location"] += f"#{anchor}"
    return target


@require_POST
@require(Permission.MANAGE_PLANS)
def confirm_confident(request: Request, pk: int) -> HttpResponse:
    """Confirm what the compiler is sure of."""
    document = plan_or_404(request, pk)
    try:
        count = actions.confirm_confident(document, by=request.user)
        messages.success(request, f"已确认 {count} 项" if count else "没有可以批量确认的项目，请逐项核对")
    except Refused as error:
        messages.warning(request, str(error))
    return structure_or_redirect(request, document, anchor="structure")


@require(Permission.MANAGE_PLANS)
def head(request: Request, pk: int) -> HttpResponse:
    """Correct title, number, issuer and date."""
    document = plan_or_404(request, pk)
    initial = {
        "title": document.title,
        "doc_no": document.doc_no,
        "issuer": document.issuer,
        "issued_on": document.issued_on,
    }
    form = HeadForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.edit_head(document, by=request.user, **form.cleaned_data)
            messages.success(request, "已保存方案标题与文号")
        except Refused as error:
            messages.warning(request, str(error))
        return redirect("campaigns:workbench", document.pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "campaigns/head.html", {"document": document, "form": form}, status=status)


@require_POST
@require(Permission.MANAGE_PLANS)
def discard(request: Request, pk: int) -> HttpResponse:
    """Give up a draft."""
    document = plan_or_404(request, pk)
    try:
        actions.discard_plan(document, by=request.user, reason=request.POST.get("reason", ""))
        messages.success(request, f"已作废《{document.title}》")
    except Refused as error:
        messages.warning(request, str(error))
        return redirect("campaigns:workbench", document.pk)
    return redirect("campaigns:plans")


@require(Permission.MANAGE_PLANS)
def publish(request: Request, pk: int) -> HttpResponse:
    """What is missing, what will be sent to whom, and the button."""
    document = plan_or_404(request, pk)
    if not request.user.has_perm(Permission.PUBLISH_CAMPAIGN):
        raise PermissionDenied
    title, short_title = titles_of(document)
    form = PublishForm(request.POST or None, initial={"title": title, "short_title": short_title})
    if request.method == "POST" and form.is_valid():
        try:
            campaign = actions.publish(document, by=request.user, **form.cleaned_data)
        except Refused as error:
            messages.warning(request, str(error))
            return redirect("campaigns:publish", document.pk)
        messages.success(request, f"“{campaign.title}”已发布，任务已送到各单位待办")
        return redirect(campaign)
    lines = missing(document)
    desk = Desk(document, on=timezone.localdate())
    context = {
        "document": document,
        "form": form,
        "blocking": [line for line in lines if line.is_blocking],
        "remarks": [line for line in lines if not line.is_blocking],
        "progress": desk.progress,
        "outlook": desk.outlook(),
    }
    return render(request, "campaigns/publish.html", context)
