"""One visit of a team: the locality's duties, the sites, what is found; signed and handed in."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.attachments import queries as files
from bihuan.core.errors import Refused
from bihuan.core.http import Request, content_disposition, row_number
from bihuan.planning.forms import named
from bihuan.registry.models import Enterprise

from .. import actions, forms
from ..models import DutyAnswer, OversightFinding, OversightVisit, SitePick
from ..standing import is_in_team, is_under_way, may_record, runs, sees_sites
from ..workflow import VisitMove
from . import Panel, events_of, photos_of, user_of
from .rounds import SEES

RELATED = ("round__organization", "round__campaign", "team", "organization", "submitted_by")


def visit_or_404(request: Request, pk: int) -> OversightVisit:
    rows = OversightVisit.objects.visible_to(user_of(request)).select_related(*RELATED)
    return get_object_or_404(rows, pk=pk)


@require_safe
@require(*SEES)
def detail(request: Request, pk: int) -> HttpResponse:
    return _show(request, visit_or_404(request, pk))


def _show(
    request: Request, visit: OversightVisit, wrong: tuple[str, django_forms.Form | str] | None = None
) -> HttpResponse:
    user, today = user_of(request), timezone.localdate()
    writes, open_now = may_record(user, visit), is_under_way(visit)
    sites_shown = sees_sites(user, visit)
    picks = list(visit.picks.select_related("enterprise").order_by("position", "pk")) if sites_shown else []
    photos = files.of_many(picks)
    findings = list(
        OversightFinding.objects.visible_to(user)
        .filter(visit=visit)
        .select_related("organization", "enterprise", "hazard", "found_by")
        .order_by("pk")
    )
    may_write = writes and open_now
    answers = (
        actions.ensure_points(visit)
        if may_write
        else list(visit.answers.order_by("position"))
        if writes or visit.submitted_at
        else []
    )
    sent = request.POST if wrong and wrong[0] == "answers" else None
    context = {
        "visit": visit,
        "row": visit.round,
        "seats": list(visit.team.seats.select_related("user", "organization")) if visit.team else [],
        "picks": [
            (pick, files.photo_items(photos.get(f"oversight.sitepick:{pick.pk}", {}).get("site", [])))
            for pick in picks
        ],
        "sites_shown": sites_shown,
        "sections": _sections(answers, sent),
        "answers": DutyAnswer.Answer.choices,
        "results": SitePick.Result.choices,
        "findings": findings,
        "writes": may_write,
        "may_draw": writes
        and visit.drawn_at is None
        and visit.team_id is not None
        and not visit.submitted_at,
        "panels": [each.told(wrong) for each in _panels(visit, picks, user, may_write)],
        "act_view": "oversight:visit_act",
        "pk": visit.pk,
        "wrong": wrong[1] if wrong and isinstance(wrong[1], str) else "",
        "signatures": files.signatures_of(visit),
        "may_sign": may_write and is_in_team(user, visit),
        "sign_form": wrong[1]
        if wrong and wrong[0] == "submit" and isinstance(wrong[1], django_forms.Form)
        else forms.SubmitForm(initial={"visited_on": today}),
        "events": events_of(visit, visit.transitions.select_related("by"), VisitMove),
        "is_late": open_now and visit.is_late(on=today),
        "today": today,
        "upload_url": reverse("attachments:upload"),
    }
    return render(request, "oversight/visit.html", context, status=422 if wrong else 200)


def _sections(answers: list[DutyAnswer], sent: Any) -> list[tuple[str, list[dict[str, Any]]]]:
    """The points by the way they are looked at; what was just sent and refused stays on the page."""
    found: dict[str, list[dict[str, Any]]] = {}
    for each in answers:
        answer, note = each.answer, each.note
        if sent is not None:
            answer = sent.get(f"a-{each.code}", "")
            note = sent.get(f"n-{each.code}", "")
        found.setdefault(each.section, []).append(
            {"row": each, "answer": answer, "note": note, "label": each.get_answer_display()}
        )
    return list(found.items())


def _panels(visit: OversightVisit, picks: list[SitePick], user: Any, may_write: bool) -> list[Panel]:
    found = []
    if may_write:
        sites = [(str(each.enterprise_id), each.enterprise.name) for each in picks]
        form = forms.FindingForm(
            code=visit.round.organization.region_id,
            sites=sites,
            initial={"organization": visit.organization_id},
        )
        found.append(Panel("finding", "登记问题", "登记", form, photos=True))
        found.append(Panel("add_site", "指定点位", "加入", AddSiteForm()))
    if runs(user, visit.round) and is_under_way(visit):
        found.append(Panel("cancel", "这次不去", "取消督导", forms.ReasonForm(), danger=True))
    return found


class AddSiteForm(django_forms.Form):
    """A site besides those drawn."""

    enterprise = django_forms.CharField(label="企业", max_length=120, help_text="名称或者统一社会信用代码")
    reason = django_forms.CharField(label="理由", max_length=200, help_text="例：群众举报、上次督导发现问题")


def _meant(visit: OversightVisit, text: str) -> Enterprise:
    """The one enterprise of the locality somebody wrote of. Raises Refused."""
    found = named(Enterprise.objects.supervised().filter(locality=visit.locality_id), text.strip())
    if len(found) != 1:
        names = "、".join(each.name for each in found[:3])
        raise Refused(
            f"“{text}”在{visit.organization.short_name}有 {len(found)} 家：{names}，请写全名" if found
            else f"{visit.organization.short_name}没有叫“{text}”的企业，请核对名称或者信用代码"
        )  # fmt: skip
    return found[0]


@require_POST
@require(*SEES)
def act(request: Request, pk: int, key: str) -> HttpResponse:
    """One button or form of the page."""
    visit, user = visit_or_404(request, pk), user_of(request)
    if key not in ACTS:
        raise Http404
    if not may_record(user, visit):
        raise PermissionDenied
    form = _form_of(request, visit, key)
    if form is not None and not form.is_valid():
        return _show(request, visit, (key, form))
    try:
        said = ACTS[key](request, visit, form.cleaned_data if form is not None else {})
    except Refused as error:
        visit = visit_or_404(request, pk)
        if form is not None:
            form.add_error(None, str(error))
            return _show(request, visit, (key, form))
        return _show(request, visit, (key, str(error)))
    messages.success(request, said)
    return redirect(visit)


def _form_of(request: Request, visit: OversightVisit, key: str) -> django_forms.Form | None:
    match key:
        case "finding":
            sites = [
                (str(each.enterprise_id), each.enterprise.name)
                for each in visit.picks.select_related("enterprise")
            ]
            return forms.FindingForm(request.POST, code=visit.round.organization.region_id, sites=sites)
        case "add_site":
            return AddSiteForm(request.POST)
        case "submit":
            return forms.SubmitForm(request.POST)
        case "cancel":
            return forms.ReasonForm(request.POST)
    return None


def _draw(request: Request, visit: OversightVisit, given: dict[str, Any]) -> str:
    count = actions.draw_sites(visit, by=user_of(request))
    return f"抽中 {count} 个点位；抽取材料可以下载复算"


def _replace(request: Request, visit: OversightVisit, given: dict[str, Any]) -> str:
    pick = get_object_or_404(
        visit.picks.select_related("enterprise", "visit__round__organization"),
        pk=row_number(request.POST.get("pick", "")),
    )
    actions.replace_site(pick, reason=request.POST.get("reason", "")[:200], by=user_of(request))
    return f"已替换{pick.enterprise}"


def _site(request: Request, visit: OversightVisit, given: dict[str, Any]) -> str:
    pick = get_object_or_404(
        visit.picks.select_related("enterprise", "visit__round__organization"),
        pk=row_number(request.POST.get("pick", "")),
    )
    actions.see_site(
        pick, result=request.POST.get("result", ""), note=request.POST.get("note", "")[:300],
        photos=photos_of(request), by=user_of(request),
    )  # fmt: skip
    return f"{pick.enterprise}：{pick.get_result_display()}"


def _answers(request: Request, visit: OversightVisit, given: dict[str, Any]) -> str:
    sent = request.POST
    told = {
        name.removeprefix("a-"): (sent.get(name, ""), sent.get(f"n-{name.removeprefix('a-')}", ""))
        for name in sent
        if name.startswith("a-")
    }
    count = actions.answer_points(visit, told, by=user_of(request))
    return f"已保存 {count} 项"


def _finding(request: Request, visit: OversightVisit, given: dict[str, Any]) -> str:
    number = row_number(given.pop("enterprise"))
    enterprise = Enterprise.objects.filter(pk=number).first() if number else None
    finding = actions.record_finding(
        visit, enterprise=enterprise, photos=photos_of(request), by=user_of(request), **given
    )
    if finding.hazard_id:
        return "已登记，并录入隐患台账"
    if finding.enterprise_id:
        return "已登记，由安委办录入隐患台账"
    return "已登记，督导提交时交办"


def _add_site(request: Request, visit: OversightVisit, given: dict[str, Any]) -> str:
    enterprise = _meant(visit, given["enterprise"])
    actions.add_site(visit, enterprise, reason=given["reason"], by=user_of(request))
    return f"已指定{enterprise}"


def _submit(request: Request, visit: OversightVisit, given: dict[str, Any]) -> str:
    image = "" if request.POST.get("signature_typed") else request.POST.get("signature", "")
    actions.submit_visit(visit, image=image, by=user_of(request), **given)
    return "已签名提交，问题已交办责任单位"


def _cancel(request: Request, visit: OversightVisit, given: dict[str, Any]) -> str:
    actions.cancel_visit(visit, by=user_of(request), **given)
    return "已取消"


ACTS = {
    "draw": _draw,
    "replace": _replace,
    "site": _site,
    "answers": _answers,
    "finding": _finding,
    "add_site": _add_site,
    "submit": _submit,
    "cancel": _cancel,
}


@require_safe
@require(*SEES)
def statement(request: Request, pk: int) -> HttpResponse:
    """The draw of a visit as a file anybody can recompute (`bihuan draw verify`)."""
    visit = visit_or_404(request, pk)
    if not sees_sites(user_of(request), visit):
        raise PermissionDenied
    answer = JsonResponse(actions.statement(visit), json_dumps_params={"ensure_ascii": False, "indent": 2})
    answer["Content-Disposition"] = content_disposition(f"{visit}抽查点位.json")
    return answer
