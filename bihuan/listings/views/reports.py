"""The report of a listing: drafted from a candidate, put right while it may be."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from bihuan.accidents.models import Accident
from bihuan.accounts.guards import require
from bihuan.accounts.models import Organization, Region
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import office_of
from bihuan.core.dates import day_words
from bihuan.core.errors import Refused
from bihuan.core.http import Request
from bihuan.duties import clock
from bihuan.hazards.models import Hazard
from bihuan.rules import listings as rules
from bihuan.rules.hazards import criterion
from bihuan.rules.records import UnknownRule

from .. import actions, queries, stalled
from ..forms import ReportForm
from ..policies import rule_set_for
from ..standing import may_edit
from ..workflow import ListingLevel, SubjectKind
from . import listing_or_404, user_of


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_LISTINGS)
def begin(request: Request) -> HttpResponse:
    """Report a hazard, an accident or a locality to be listed; what is known stands in the form already."""
    user = user_of(request)
    chosen = queries.chosen_subject(user, request.GET)
    if chosen is None:
        raise Http404
    try:
        kind, area, known, subject = _begun(chosen)
    except Refused as error:
        messages.warning(request, str(error))
        return redirect("listings:candidates")
    levels = _levels(chosen)
    known["level"] = next((key for key, _ in levels if key == known["level"]), levels[0][0] if levels else "")
    form = ReportForm(request.POST or None, kind=kind, area=area, initial=known, levels=levels)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            given = form.cleaned_data
            try:
                ready = subject if subject is not None else _with_owner(chosen, given["owner"])
                listing = actions.begin_listing(
                    ready, level=given["level"], due_on=given["due_on"], told=given, by=user
                )
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, f"呈报稿 {listing.number} 已保存，核对以后签字呈报")
                return redirect(listing)
    context = {"form": form, "chosen": chosen, "kind": SubjectKind(kind), "known": known}
    return render(request, "listings/report.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_LISTINGS)
def edit(request: Request, pk: int) -> HttpResponse:
    """Put a report right that has not been sent up, or that came back."""
    listing, user = listing_or_404(request, pk), user_of(request)
    if not may_edit(user, listing):
        if not any(post.organization_id == listing.reporter_id for post in user.posts):
            raise PermissionDenied
        messages.warning(request, f"{listing.number}已送审，要改请先退回")
        return redirect(listing)
    known = {name: getattr(listing, name) for name in ReportForm.base_fields if hasattr(listing, name)}
    form = ReportForm(
        request.POST or None,
        kind=listing.kind,
        area=listing.organization.region_id,
        initial=known,
        fixed=True,
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.edit_listing(
                    listing, due_on=form.cleaned_data["due_on"], told=form.cleaned_data, by=user
                )
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "已保存")
                return redirect(listing)
    context = {"form": form, "listing": listing, "kind": SubjectKind(listing.kind)}
    return render(request, "listings/report.html", context, status=status)


def _levels(chosen: Hazard | Accident | Region) -> list[tuple[str, str]]:
    """Who can list it here; a locality is listed by somebody above it."""
    if isinstance(chosen, Hazard):
        return actions.levels_for(chosen.locality_id)
    if isinstance(chosen, Accident):
        return actions.levels_for(chosen.place_code)
    return actions.levels_for(chosen.code[:-1])


def _begun(
    chosen: Hazard | Accident | Region,
) -> tuple[str, str, dict[str, Any], actions.Subject | None]:
    """Kind, area, what the form knows already, and the subject as far as it is settled without an owner."""
    today = timezone.localdate()
    if isinstance(chosen, Hazard):
        subject = actions.subject_of_hazard(chosen)
        body = office_of(chosen.locality_id)
        rule_set = rule_set_for(body.region_id if body else chosen.city_id, today)
        latest = rules.latest_deadline(rule_set, today)
        known: dict[str, Any] = {
            "title": subject.title[:160],
            "place": subject.place[:160],
            "due_on": min(chosen.due_on, latest) if chosen.due_on and chosen.due_on > today else None,
            "person_name": chosen.responsible_person,
            "demand": "立即落实临时管控措施，制定治理方案，按期完成整改，整改期间确保安全。",
            "public_text": f"{chosen.enterprise.name}{chosen.description}"[:300],
            "basis": _basis(chosen),
            "level": ListingLevel.COUNTY,
            "reason": chosen.description,
        }
        return SubjectKind.HAZARD, chosen.city_id, known, subject
    if isinstance(chosen, Accident):
        level = rules.level_of_accident(chosen.grade, today)
        ready = rules.due(rules.DEFAULT, "complete", today, clock.calendar(), kind=SubjectKind.ACCIDENT)
        known = {
            "title": f"{chosen.title}查处"[:160],
            "place": chosen.place[:160],
            "level": level,
            "due_on": ready.due_on,
            "reason": "".join(
                f"{words}。"
                for words in (
                    f"{chosen.get_grade_display()}，{day_words(chosen.occurred_on)}发生，死亡{chosen.deaths}人、重伤{chosen.serious}人，尚未结案",
                    *stalled.candidates([chosen], on=today)[0].reasons,
                )
            ),
            "basis": "生产安全事故报告和调查处理条例",
            "demand": "依法组织调查，查明原因、分清责任，按期提交调查报告并落实处理和整改措施，结案后公告。",
            "public_text": f"{chosen.title}查处挂牌督办"[:300],
        }
        return SubjectKind.ACCIDENT, chosen.city_id, known, None
    ready = rules.due(rules.DEFAULT, "complete", today, clock.calendar(), kind=SubjectKind.LOCALITY)
    known = {
        "title": f"{chosen.name}隐患整改进展缓慢",
        "place": chosen.name,
        "level": ListingLevel.COUNTY if len(chosen.code) > 6 else ListingLevel.CITY,
        "due_on": ready.due_on,
        "owner": _body_of(chosen),
        "demand": "逐项查清逾期原因，集中力量整改，逐月报告进度，按期完成。",
        "public_text": f"{chosen.name}安全隐患整改进展缓慢，挂牌督办",
    }
    return SubjectKind.LOCALITY, chosen.code[:6], known, None


def _basis(hazard: Hazard) -> str:
    """What the hazard was judged by, in words."""
    words = hazard.basis
    if not words and hazard.criterion_code:
        with suppress(UnknownRule):
            words = f"重大事故隐患判定标准：{criterion(hazard.criterion_code, hazard.found_on).text}"
    return words[:300]


def _with_owner(chosen: Hazard | Accident | Region, owner: Organization) -> actions.Subject:
    if isinstance(chosen, Accident):
        return actions.subject_of_accident(chosen, owner)
    assert isinstance(chosen, Region)
    return actions.subject_of_locality(chosen, owner)


def _body_of(region: Region) -> Organization | None:
    """Who answers for a locality: its own body, a county's office."""
    rows = Organization.objects.current(on=timezone.localdate()).filter(
        region=region, kind__in=[Organization.Kind.LOCALITY, Organization.Kind.OFFICE]
    )
    return rows.order_by("kind", "pk").first()
