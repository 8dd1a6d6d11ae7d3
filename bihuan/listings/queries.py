"""What pages ask about listings: the list with its totals, what is owed next, what came to pass, candidates, the register."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, DecimalField, Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from bihuan.accidents.models import Accident
from bihuan.accounts.models import Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.audit.actions import chain_of
from bihuan.core.http import row_number
from bihuan.duties.models import Duty, DutyStep
from bihuan.hazards.models import Hazard, HazardQuerySet
from bihuan.hazards.workflow import RULES, RUNNING, Level, Move
from bihuan.rules import listings as rules

from .models import Application, Listing, ListingQuerySet, ProgressReport, PublicNotice
from .workflow import HANGING, ListingLevel, ListingStatus, NoticePurpose, SubjectKind

COUNTY_DIGITS = 6
STATES = {
    "hanging": "挂牌中",
    "overdue": "逾期",
    "no_progress": "缺报进展",
    "no_plan": "方案逾期未备案",
    "exposed": "已媒体曝光",
    "funded": "填报了投入",
    **dict(ListingStatus.choices),
}

# An accident whose case is not closed.
UNSETTLED = ("reported", "verified", "inquiry")
_OF_OFFICES = (Duty.Kind.LISTING_STEP, Duty.Kind.LISTING_REPORT, Duty.Kind.LISTING_VISIT)
_OF_HAZARD = (Duty.Kind.MAJOR_PLAN, Duty.Kind.MAJOR_PLAN_REVIEW)
_TELL_MONEY = (Application, ProgressReport)  # the later word first


def narrowed(rows: ListingQuerySet, given: Mapping[str, str], *, on: dt.date) -> ListingQuerySet:
    """Listings by what the address asks for: state, level, kind, region, year of listing and words."""
    rows = of_state(rows, given.get("state", ""), on=on)
    if given.get("level") in ListingLevel.values:
        rows = rows.filter(level=given["level"])
    if given.get("kind") in SubjectKind.values:
        rows = rows.filter(kind=given["kind"])
    if given.get("region", "").isdecimal():
        rows = rows.filter(areas_q((given["region"],)))
    if (year := row_number(given.get("year", ""))) and 2000 <= year <= 2100:
        rows = rows.filter(listed_on__range=(dt.date(year, 1, 1), dt.date(year, 12, 31)))
    if words := given.get("q", "").strip()[:60]:
        rows = rows.filter(
            Q(title__contains=words) | Q(owner_name__contains=words) | Q(place__contains=words)
        )
    return rows


def of_state(rows: ListingQuerySet, state: str, *, on: dt.date) -> ListingQuerySet:
    match state:
        case "hanging":
            return rows.hanging()
        case "overdue":
            return rows.overdue(on=on)
        case "no_progress":
            return rows.without_progress(on=on)
        case "no_plan":
            return rows.without_plan(on=on)
        case "exposed":
            notices = PublicNotice.objects.filter(purpose=NoticePurpose.EXPOSURE, published_on__isnull=False)
            return rows.filter(Exists(notices.filter(listing=OuterRef("pk"))))
        case "funded":
            told = [
                model.objects.filter(listing=OuterRef("pk"), funds_spent__isnull=False)
                for model in _TELL_MONEY
            ]
            return rows.filter(Q(Exists(told[0])) | Q(Exists(told[1])))
        case value if value in ListingStatus.values:
            return rows.filter(status=value)
    return rows


def money_of(rows: ListingQuerySet) -> tuple[int, Decimal]:
    """How many listings say what was put in, and how much together (R092): what the application says at the end, before
    that the last report of progress."""
    told = [
        Subquery(
            model.objects.filter(listing=OuterRef("pk"), funds_spent__isnull=False)
            .order_by("-pk")
            .values("funds_spent")[:1]
        )
        for model in _TELL_MONEY
    ]
    spent = Coalesce(*told, output_field=DecimalField(max_digits=14, decimal_places=2))
    found = rows.order_by().annotate(spent=spent).aggregate(count=Count("spent"), total=Sum("spent"))
    return found["count"], found["total"] or Decimal(0)


@dataclass(frozen=True)
class Totals:
    """How the listings stand that a person sees, in one query."""

    hanging: int
    county: int
    city: int
    province: int
    approving: int
    overdue: int
    no_progress: int
    examining: int
    struck_off: int


def totals(rows: ListingQuerySet, *, on: dt.date) -> Totals:
    hanging, listed = Q(status__in=HANGING), Q(status=ListingStatus.LISTED)
    return Totals(
        **rows.order_by().aggregate(
            hanging=Count("pk", filter=hanging),
            **{level.value: Count("pk", filter=hanging & Q(level=level)) for level in ListingLevel},
            approving=Count("pk", filter=Q(status__in=[ListingStatus.APPROVING, ListingStatus.DELISTING])),
            overdue=Count("pk", filter=listed & Q(due_on__lt=on)),
            no_progress=Count("pk", filter=listed & Q(progress_due_on__lt=on)),
            examining=Count("pk", filter=Q(status=ListingStatus.EXAMINING)),
            struck_off=Count("pk", filter=Q(status=ListingStatus.STRUCK_OFF)),
        )
    )


def subjects_of(listing: Listing) -> list[str]:
    """The chains on which duties of a listing hang: itself, its public notices, its letters."""
    return [
        chain_of(listing),
        *(chain_of(each) for each in listing.notices.all()),
        *(chain_of(each) for each in listing.letters.all()),
    ]


@dataclass(frozen=True)
class Todo:
    """One duty as the page of its listing shows it: in words that do not repeat what the listing is about."""

    duty: Duty
    words: str
    url: str


def todo(listing: Listing, *, inside: bool = True) -> list[Todo]:
    """Who must do what by when: the open duties, most pressing first; with the review of the hazard's plan, which an
    application waits for. Whoever reads from outside sees its own and what it waits for, not what offices owe each
    other."""
    found = Q(subject__in=subjects_of(listing))
    if listing.hazard is not None and listing.status == ListingStatus.LISTED:
        kinds = [Duty.Kind.MAJOR_PLAN_REVIEW]
        if listing.plans.exists():  # filed once and sent back: it is owed in the ledger again
            kinds.append(Duty.Kind.MAJOR_PLAN)
        found |= Q(subject=chain_of(listing.hazard), kind__in=kinds)
    rows = Duty.objects.open().filter(found).select_related("organization", "post").order_by("due_on", "pk")
    if not inside:
        rows = rows.exclude(~Q(organization=listing.owner_id), kind__in=_OF_OFFICES)
    return [_todo(duty, listing) for duty in rows]


def _todo(duty: Duty, listing: Listing) -> Todo:
    head, _, about = duty.title.partition("：")
    own = about and (listing.title.startswith(about) or duty.kind in _OF_HAZARD)
    return Todo(duty, head if own else duty.title, "" if duty.url == listing.get_absolute_url() else duty.url)


def pressed(listing: Listing) -> list[DutyStep]:
    """What the ladder has done about it so far, newest first."""
    rows = DutyStep.objects.filter(duty__subject__in=subjects_of(listing))
    return list(rows.select_related("duty__organization").order_by("-at", "-pk")[:30])


def troubles(listing: Listing, *, on: dt.date) -> list[rules.Consequence]:
    """What is wrong with a listing today, each with what may follow."""
    events = []
    if listing.is_overdue(on=on):
        events.append("overdue")
    if listing.is_without_progress(on=on):
        events.append("no_progress")
    if (
        listing.status == ListingStatus.LISTED
        and listing.plan_due_on is not None
        and listing.plan_due_on < on
        and not listing.plans.exists()
    ):
        events.append("no_plan")
    last = listing.extensions.order_by("-pk").first()
    if listing.status == ListingStatus.LISTED and last is not None and last.status == "rejected":
        events.append("extension_refused")
    found = (rules.consequences(event, on) for event in events)
    return [each for each in found if each is not None]


# --- candidates -------------------------------------------------------------------------------


def hazards_to_list(user: User) -> HazardQuerySet:
    """Judged major, still to be put right, and listed nowhere: newest first (R088)."""
    taken = Listing.objects.open().filter(hazard=OuterRef("pk"))
    rows = Hazard.objects.visible_to(user).filter(
        ~Exists(taken), level=Level.MAJOR, status__in=RULES[Move.PLACE_UNDER_SUPERVISION].sources
    )
    return rows.select_related("enterprise", "locality", "department")


def accidents_to_list(user: User, *, on: dt.date) -> QuerySet[Accident]:
    """Accidents of the last year whose investigation is not closed and not listed (R095)."""
    taken = Listing.objects.open().filter(accident=OuterRef("pk"))
    rows = Accident.objects.visible_to(user).production()
    return rows.filter(
        ~Exists(taken), occurred_on__gte=on - dt.timedelta(days=365), status__in=UNSETTLED
    ).order_by("-occurred_at", "-pk")  # fmt: skip


@dataclass(frozen=True)
class Slow:
    """A locality as its figures stand, and why it is proposed."""

    region: Region
    open: int
    overdue: int
    late_duties: int
    reasons: tuple[str, ...]

    @property
    def share(self) -> float | None:
        return self.overdue / self.open if self.open else None


def slow_localities(user: User, *, on: dt.date) -> list[Slow]:
    """Counties and localities beyond the thresholds of the rules, the slowest first, those listed already left out (R096).

    A county counts with all that lies in it, and only for whoever stands above it.
    """
    areas = scope_of(user, Permission.VIEW_LISTINGS).areas
    if not areas:
        return []
    levels = ["locality", "county"] if any(len(area) < COUNTY_DIGITS for area in areas) else ["locality"]
    figures: dict[str, dict[str, int]] = {}
    for level in levels:
        counted = Hazard.objects.open().filter(areas_q(areas), **{f"{level}__isnull": False}).order_by()
        figures |= {
            row[level]: row
            for row in counted.values(level).annotate(
                open=Count("pk"), overdue=Count("pk", filter=Q(status__in=RUNNING, due_on__lt=on))
            )
        }
    late = dict(
        Duty.objects.overdue(on=on)
        .filter(areas_q(areas), organization__kind="locality", locality__isnull=False)
        .order_by()
        .values_list("locality")
        .annotate(Count("pk"))
    )
    taken = set(
        Listing.objects.open().filter(subject_region__isnull=False).values_list("subject_region", flat=True)
    )
    bounds = rules.thresholds(on)
    share, least, duties = (bounds[key].value for key in ("overdue_share", "overdue_least", "late_duties"))
    found = []
    for region in Region.objects.filter(pk__in={*figures, *late} - taken):
        row = figures.get(region.pk, {"open": 0, "overdue": 0})
        reasons = []
        if row["overdue"] >= least and row["overdue"] * 100 >= share * row["open"]:
            reasons.append(f"{row['open']} 项未销号隐患中 {row['overdue']} 项逾期")
        if late.get(region.pk, 0) >= duties:
            reasons.append(f"逾期待办 {late[region.pk]} 件")
        if reasons:
            within = sum(count for code, count in late.items() if code.startswith(region.pk))
            found.append(Slow(region, row["open"], row["overdue"], within, tuple(reasons)))
    return sorted(found, key=lambda each: (-each.overdue, -each.late_duties, each.region.pk))


# --- what anybody may see ---------------------------------------------------------------------


def published() -> ListingQuerySet:
    """What the register shows without login: made public, hanging, or struck off (R089). Nothing else leaves the house."""
    public = PublicNotice.objects.filter(
        listing=OuterRef("pk"), purpose=NoticePurpose.LISTING, published_on__isnull=False
    )
    return Listing.objects.filter(Exists(public), status__in=[*HANGING, ListingStatus.STRUCK_OFF])


def is_past(notices: Iterable[PublicNotice], *, on: dt.date) -> bool:
    """Whether the end of a listing has been public for its days: from then on nobody is named any more."""
    return any(
        each.purpose == NoticePurpose.DELISTING and each.ends_on is not None and each.ends_on < on
        for each in notices
    )


def register(region_code: str = "", state: str = "", *, on: dt.date | None = None) -> ListingQuerySet:
    """The public register of a region, newest first; `state` open or ended. With a day, `is_past` says as above."""
    rows = published()
    if on is not None:
        past = PublicNotice.objects.filter(
            listing=OuterRef("pk"), purpose=NoticePurpose.DELISTING, ends_on__lt=on
        )
        rows = rows.annotate(is_past=Exists(past))
    if region_code.isdecimal():
        rows = rows.filter(areas_q((region_code,)))
    if state == "open":
        rows = rows.filter(status__in=HANGING)
    elif state == "ended":
        rows = rows.filter(status=ListingStatus.STRUCK_OFF)
    return rows.select_related("organization__region", "county", "locality")


def chosen_subject(user: User, given: Mapping[str, str]) -> Hazard | Accident | Region | None:
    """What the address of the report names, as far as the person may see it."""
    if pk := row_number(given.get("hazard", "")):
        return (
            Hazard.objects.visible_to(user)
            .select_related("enterprise__organization", "department", "locality")
            .filter(pk=pk)
            .first()
        )
    if pk := row_number(given.get("accident", "")):
        return (
            Accident.objects.visible_to(user).select_related("enterprise", "department").filter(pk=pk).first()
        )
    code = given.get("region", "")
    areas = scope_of(user, Permission.VIEW_LISTINGS).areas
    if code.isdecimal() and any(code.startswith(area) for area in areas):
        return Region.objects.filter(pk=code).first()
    return None
