"""One listing: who must do what by when, what can be done now, and everything that came to pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Organization
from bihuan.accounts.permissions import Permission
from bihuan.attachments import actions as attachments
from bihuan.attachments import queries as files
from bihuan.audit.actions import chain_of
from bihuan.batches.forms import bodies_of
from bihuan.core.errors import Refused
from bihuan.core.http import Request
from bihuan.duties.models import Duty
from bihuan.rules import listings as rules

from .. import actions, forms, queries
from ..hints import hints
from ..history import timeline
from ..models import Listing
from ..panels import SPECS, Panel, panels, running
from ..policies import last_day_to_ask, term
from ..remarks import remarks_on
from ..standing import may_edit, reads_inside, runs
from ..workflow import FINISHED, ListingStatus
from . import listing_or_404, user_of

TEAM_ROWS = 5
# The terms a reader of a listing asks about.
_TERMS = (
    "file_plan", "letters", "lead_visit", "progress_months", "extend_before", "extend_decide", "max_term", "examine",
)  # fmt: skip
# Which form of the page does what is owed.
_FORM_OF = {
    Duty.Kind.LISTING_PLAN: "plan", Duty.Kind.LISTING_PROGRESS: "progress", Duty.Kind.LISTING_RECTIFY: "apply",
    Duty.Kind.LISTING_EXTENSION: "sign", Duty.Kind.LISTING_REPORT: "report-up", Duty.Kind.LISTING_VISIT: "visit",
}  # fmt: skip
# What a rule set demands besides days.
_DEMANDS = {
    "plan_by_order": "方案在通知书指定日前备案",
    "stop_use": "挂牌期间原则上停产停用，直至摘牌",
    "same_medium": "摘牌在公布挂牌的同一媒体公布",
    "report_as_basis": "整改效果评价报告可以作为验收依据",
}


@require_safe
@require(Permission.VIEW_LISTINGS)
def detail(request: Request, pk: int) -> HttpResponse:
    return show(request, listing_or_404(request, pk))


def show(request: Request, listing: Listing, wrong: tuple[str, Any] | None = None) -> HttpResponse:
    """The page, with a form that was refused as it was filled in."""
    user, today = user_of(request), timezone.localdate()
    offered = panels(listing, user)
    if wrong is not None:
        for panel in offered:
            if panel.spec.key == wrong[0]:
                panel.form, panel.is_open = wrong[1], True
    for panel in offered:  # several forms on one page ask for a day or a reason
        panel.form.auto_id = f"id_{panel.spec.key}_%s"
    inside = reads_inside(user, listing)
    approval = running(listing) if inside else None
    letters = list(listing.letters.select_related("giver", "receiver", "paper"))
    set_chosen = rules.rule_set(listing.rule_set, listing.listed_on or today)
    may_examine = runs(user, listing) and (
        listing.status == ListingStatus.EXAMINING or listing.is_overdue(on=today)
    )
    last_report = listing.progress_reports.order_by("-pk").first()
    context = {
        "listing": listing,
        "today": today,
        "panels": offered,
        "wrong": wrong[0] if wrong else "",
        "todo": _todo(listing, offered, inside=inside, may_examine=may_examine),
        "is_public": queries.published().filter(pk=listing.pk).exists(),
        "hints": hints(listing, user, on=today),
        "own_posts": {post.pk for post in user.posts},
        "pressed": queries.pressed(listing),
        "troubles": queries.troubles(listing, on=today),
        "approval": approval,
        "signed": list(approval.lines.select_related("organization")) if approval else [],
        "ahead": approval.steps[approval.position + 1 :] if approval else [],
        "letters": letters,
        "plan": listing.plans.order_by("-pk").first(),
        "parts": _plan_rows(listing),
        "last_report": last_report,
        "notices": list(listing.notices.all()),
        "events": timeline(listing, inside=inside),
        "inside": inside,
        "rule_set": set_chosen,
        "demands": [words for flag, words in _DEMANDS.items() if flag in set_chosen.flags],
        "finished": listing.applications.order_by("-pk").first() if listing.status in FINISHED else None,
        "terms": [(term(listing, key, listing.listed_on or today)) for key in _TERMS],
        "ask_until": last_day_to_ask(listing, today) if listing.status == ListingStatus.LISTED else None,
        "may_edit": may_edit(user, listing),
        "may_examine": may_examine,
        "receipt": getattr(listing.order, "receipt", None),
        "upload_url": reverse("attachments:upload"),
        "sees_subject": user.has_perm(Permission.VIEW_HAZARDS),
        "steps": _stages(listing),
    }
    return render(request, "listings/detail.html", context, status=422 if wrong else 200)


def _todo(listing: Listing, offered: list[Panel], *, inside: bool, may_examine: bool) -> list[queries.Todo]:
    """What is owed, each leading to where this person does it, if it is this person's to do."""
    keys = {each.spec.key for each in offered}
    found = []
    for each in queries.todo(listing, inside=inside):
        url, kind = each.url, each.duty.kind
        if not url and kind == Duty.Kind.LISTING_EXAMINE and may_examine:
            url = reverse("listings:examination", args=[listing.pk])
        elif not url:
            if kind != Duty.Kind.LISTING_STEP:
                key = _FORM_OF.get(Duty.Kind(kind), "")
            elif each.duty.subject == chain_of(listing):
                key = "submit" if "submit" in keys else "sign"
            else:
                key = "publish"
            url = f"#do-{key}" if key in keys else ""
        found.append(replace(each, url=url))
    return found


def _plan_rows(listing: Listing) -> list[tuple[str, str]]:
    plan = listing.plans.order_by("-pk").first()
    if plan is None:
        return []
    day = timezone.localdate(plan.at)
    parts = [*rules.plan_parts(listing.kind, day), *rules.assurances(day)]
    return [(part.label, getattr(plan, part.key)) for part in parts]


_STAGES = (
    ("呈报", (ListingStatus.DRAFT, ListingStatus.RETURNED)),
    ("审签", (ListingStatus.APPROVING,)),
    ("挂牌整改", (ListingStatus.LISTED,)),
    ("现场审查", (ListingStatus.EXAMINING,)),
    ("摘牌审签", (ListingStatus.DELISTING,)),
    ("已摘牌", (ListingStatus.STRUCK_OFF,)),
)


def _stages(listing: Listing) -> list[dict[str, str]]:
    """The way of a listing, for components/steps.html; nothing for one that was not followed up."""
    at = next((no for no, (_, states) in enumerate(_STAGES) if listing.status in states), None)
    if at is None:
        return []
    ended = listing.status == ListingStatus.STRUCK_OFF
    return [
        {"label": label, "state": "done" if no < at or ended else "current" if no == at else "next"}
        for no, (label, _) in enumerate(_STAGES)
    ]


@require_POST
@require(Permission.VIEW_LISTINGS)
def act(request: Request, pk: int, key: str) -> HttpResponse:
    """One form of the page."""
    listing, user = listing_or_404(request, pk), user_of(request)
    spec = SPECS.get(key)
    if spec is None:
        raise Http404
    if not spec.may(user, listing):
        raise PermissionDenied
    form = spec.form(listing, request.POST)
    if not form.is_valid():
        return show(request, listing, (key, form))
    try:
        brought = attachments.received(
            request.POST.getlist("photos"), request.FILES.getlist("photos_files"), by=user
        )
        given = {"photos": [str(each) for each in brought], "image": [request.POST.get("signature", "")]}
        spec.act(listing, form.cleaned_data, given, user)
    except Refused as error:
        form.add_error(None, str(error))
        return show(request, listing_or_404(request, pk), (key, form))
    messages.success(request, spec.done)
    return redirect("listings:detail", pk)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_LISTINGS)
def examination(request: Request, pk: int) -> HttpResponse:
    """The team on the spot: what it found, everybody signing on this screen."""
    listing, user = listing_or_404(request, pk), user_of(request)
    if not runs(user, listing):
        raise PermissionDenied
    bodies = list(bodies_of(listing.city_id))
    sent = request.POST if request.method == "POST" else None
    form = forms.ExaminationForm(sent)
    errors: list[str] = []
    if sent is not None and form.is_valid():
        try:
            photos = attachments.received(
                sent.getlist("photos"), request.FILES.getlist("photos_files"), by=user
            )
            actions.record_examination(
                listing, examined_on=form.cleaned_data["examined_on"], passed=form.cleaned_data["passed"] == "yes",
                opinion=form.cleaned_data["opinion"], team=_team(request, bodies), photos=photos, by=user,
            )  # fmt: skip
        except Refused as error:
            errors = str(error).split("；")
        else:
            messages.success(request, "现场审查已记录")
            return redirect(listing)
    elif sent is not None:
        errors = ["请填写审查日期、结论和意见"]
    given: Mapping[str, Any] = sent or {}
    application = listing.applications.order_by("-pk").first()
    context = {
        "listing": listing,
        "form": form,
        "errors": errors,
        "application": application,
        "remarks": remarks_on(application, user) if application else [],
        "effect": application.effect_reports.order_by("-pk").first() if application else None,
        "photos": files.photo_items(files.of(application, "after")) if application else [],
        "team": [
            {
                "no": no,
                "organization": given.get(f"team{no}-organization", "")
                or (str(listing.organization_id) if no == 1 else ""),
                "name": given.get(f"team{no}-name", "") or (user.full_name if no == 1 else ""),
                "title": given.get(f"team{no}-title", ""),
            }
            for no in range(1, TEAM_ROWS + 1)
        ],
        "bodies": [(str(each.pk), each.short_name) for each in bodies],
        "upload_url": reverse("attachments:upload"),
    }
    return render(request, "listings/examination.html", context, status=422 if errors else 200)


def _team(request: Request, bodies: list[Organization]) -> list[actions.Examiner]:
    by_pk, sent = {str(each.pk): each for each in bodies}, request.POST
    return [
        actions.Examiner(
            by_pk[sent.get(f"team{no}-organization", "")],
            sent.get(f"team{no}-name", "")[:60],
            sent.get(f"team{no}-title", "")[:60],
            sent.get(f"team{no}-signature", ""),
        )
        for no in range(1, TEAM_ROWS + 1)
        if sent.get(f"team{no}-organization", "") in by_pk
    ]
