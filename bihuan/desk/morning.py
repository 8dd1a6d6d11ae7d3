"""The office's morning (今日要事): what came in, what is late, whom to press, what is drafted and waits for a signature."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, Q, Value, When
from django.utils import timezone

from bihuan.accidents.models import Accident
from bihuan.accounts.models import Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import area_q
from bihuan.campaigns.links import ledger_url
from bihuan.core.addresses import address
from bihuan.duties import clock
from bihuan.duties.models import Duty
from bihuan.duties.pressing import LateBody, late_bodies, late_in_area
from bihuan.exchange.models import Package
from bihuan.hazards.models import Hazard
from bihuan.hazards.queries import ledger
from bihuan.hazards.workflow import Status
from bihuan.instruments.models import Instrument, InstrumentRecipient
from bihuan.instruments.workflow import RecipientStatus
from bihuan.instruments.workflow import Status as PaperStatus
from bihuan.listings.models import Listing
from bihuan.listings.workflow import ListingStatus
from bihuan.oversight.models import Meeting
from bihuan.oversight.workflow import MeetingStatus
from bihuan.returns.models import Bulletin, Return
from bihuan.returns.workflow import FILED
from bihuan.returns.workflow import Status as ReturnStatus

PRESSED = 8
DRAFTS = 10
KINDS = 8
# What somebody must put a name under before it goes out.
TO_SIGN = (
    Duty.Kind.INSTRUMENT_SIGN, Duty.Kind.LISTING_STEP, Duty.Kind.LISTING_EXTENSION, Duty.Kind.VISIT_APPROVAL,
    Duty.Kind.EXTENSION, Duty.Kind.MAJOR_PLAN_REVIEW, Duty.Kind.SUBSIDY, Duty.Kind.LETTER,
)  # fmt: skip


@dataclass(frozen=True)
class Number:
    """A number with its words and the rows behind it."""

    label: str
    count: int
    note: str
    url: str
    tone: str = ""


@dataclass(frozen=True)
class Draft:
    """A paper somebody drafted that is not out yet."""

    title: str
    kind: str
    state: str
    url: str
    tone: str = ""


@dataclass(frozen=True)
class Morning:
    """Everything on the page."""

    since: dt.date
    arrived: list[Number]
    today: list[Number]
    late: list[Number]
    bodies: list[LateBody]
    to_sign: list[Duty]
    drafts: list[Draft]
    more_drafts: list[Number]


def last_working_day(on: dt.date) -> dt.date:
    """The working day before `on`: on a Monday that is Friday, after a holiday the day before it."""
    calendar = clock.calendar()
    day = on - dt.timedelta(days=1)
    while not calendar.is_working(day):
        day -= dt.timedelta(days=1)
    return day


def morning(user: User, region: Region, *, now: dt.datetime) -> Morning:
    """The page as of `now`; about twenty queries, however much there is."""
    today = timezone.localdate(now)
    since = last_working_day(today)
    begun = timezone.make_aware(dt.datetime.combine(since, dt.time()))
    return Morning(
        since,
        _arrived(user, region, begun),
        _today(user, region, today),
        _late(user, region, today),
        late_bodies(user, on=today, region=region.code, limit=PRESSED),
        _to_sign(user),
        *_drafts(user),
    )


def _arrived(user: User, region: Region, begun: dt.datetime) -> list[Number]:
    """What came in since the last working day began."""
    here, day = area_q(region.code), timezone.localdate(begun).isoformat()
    # Counted = not found to be none: as the ledger lists them.
    found = ledger(user, {"region": region.code, "entered_from": day})
    rows = found.order_by().aggregate(all=Count("pk"), major=Count("pk", filter=Q(level="major")))
    waiting = Hazard.objects.visible_to(user).filter(here, status=Status.REPORTED).count()
    filed = Return.objects.visible_to(user).filter(current__at__gte=begun, status__in=FILED).count()
    replies = InstrumentRecipient.objects.visible_to(user).filter(status=RecipientStatus.REPLIED).count()
    examined = Listing.objects.visible_to(user).filter(here, status=ListingStatus.EXAMINING).count()
    accidents = Accident.objects.visible_to(user).filter(here, reported_at__gte=begun).count()
    lines = [
        Number(
            "新登记隐患", rows["all"], f"其中重大 {rows['major']} 项" if rows["major"] else "没有重大隐患",
            ledger_url(region=region.code, entered_from=day), "red" if rows["major"] else "",
        ),
        Number(
            "待核实隐患", waiting, "上报后还没有核实", ledger_url(region=region.code, status=Status.REPORTED.value)
        ),
        Number("新报送", filed, "下级签字报来", f"{address('returns:list')}?whose=all&state=filed&signed_from={day}"),
        Number("回复待审", replies, "督办文书的回复", f"{address('instruments:list')}?state=replied"),
        Number("申请摘牌", examined, "等待现场审查", f"{address('listings:list')}?state=examining&region={region.code}"),
        Number(
            "事故报告", accidents, "含快报和续报", f"{address('accidents:list')}?reported_from={day}&region={region.code}", "red" if accidents else ""
        ),
    ]  # fmt: skip
    if user.has_perm(Permission.VIEW_EXCHANGE):
        arrived = (
            Package.objects.visible_to(user)
            .filter(direction=Package.Direction.IN, moved_at__gte=begun)
            .count()
        )
        lines.append(
            Number(
                "上下级来件",
                arrived,
                "交换收到的数据包",
                f"{address('exchange:packages')}?direction=in&since={day}",
            )
        )
    return lines


def _today(user: User, region: Region, today: dt.date) -> list[Number]:
    """What falls on this day."""
    due = (
        Return.objects.visible_to(user)
        .filter(area_q(region.code), due_on=today)
        .exclude(status__in=[*FILED, ReturnStatus.WAIVED])
        .count()
    )
    meetings = (
        Meeting.objects.visible_to(user)
        .filter(held_at__date=today)
        .exclude(status__in=[MeetingStatus.DRAFT, MeetingStatus.CANCELLED])
        .count()
    )
    own = Duty.objects.of(user).open().filter(due_on=today).count()
    coming = Duty.objects.visible_to(user).open().filter(area_q(region.code), due_on=today).count()
    return [
        Number(
            "今天到期的报送", due, "还没有报来", f"{address('duties:late')}?state=today&kind=return&region={region.code}"
        ),
        Number("今天的会议", meetings, "已发通知", f"{address('oversight:meetings')}?on={today.isoformat()}"),
        Number("我今天到期的事", own, "待办里最急的", f"{address('duties:inbox')}?state=today"),
        Number(
            "辖区今天到期", coming, "各单位的待办", f"{address('duties:late')}?state=today&region={region.code}"
        ),
    ]  # fmt: skip


def _late(user: User, region: Region, today: dt.date) -> list[Number]:
    """What is late in the area, by kind, most first."""
    rows = (
        late_in_area(user, on=today, region=region.code)
        .order_by()
        .values("kind")
        .annotate(count=Count("pk"))
        .order_by("-count", "kind")[:KINDS]
    )
    return [
        Number(
            str(Duty.Kind(row["kind"]).label), row["count"], "",
            f"{address('duties:late')}?kind={row['kind']}&region={region.code}#late-rows", "red",
        )
        for row in rows
    ]  # fmt: skip


def _to_sign(user: User) -> list[Duty]:
    """One's own duties that wait for a signature, soonest first."""
    return list(Duty.objects.of(user).open().filter(kind__in=TO_SIGN).order_by("due_on", "id")[:DRAFTS])


# What waits for a signature stands first, then what waits for a check, then what is still written.
_NEXT = {
    "signing": (0, "orange"),
    "checked": (0, "orange"),
    "checking": (1, "blue"),
    "confirming": (1, "blue"),
}


def _drafts(user: User) -> tuple[list[Draft], list[Number]]:
    """Papers of one's own body that are drafted and not out, those ready to sign first; and how many there are of each kind."""
    bodies = [post.organization_id for post in user.posts]
    papers = Instrument.objects.visible_to(user).filter(
        organization__in=bodies, status__in=[PaperStatus.DRAFT, PaperStatus.CHECKING, PaperStatus.SIGNING]
    )
    bulletins = Bulletin.objects.visible_to(user).filter(
        organization__in=bodies, status__in=["draft", "checked"]
    )
    minutes = Meeting.objects.visible_to(user).filter(
        organization__in=bodies, status__in=[MeetingStatus.HELD, MeetingStatus.CONFIRMING]
    )
    ready = Case(*(When(status=key, then=Value(rank)) for key, (rank, _) in _NEXT.items()), default=Value(2))
    rows: list[tuple[Any, str]] = [
        *((each, each.label) for each in papers.order_by(ready, "-id")[:DRAFTS]),
        *((each, each.get_kind_display()) for each in bulletins.order_by(ready, "-id")[:DRAFTS]),
        *((each, "会议纪要") for each in minutes.order_by(ready, "-held_at", "-id")[:DRAFTS]),
    ]
    rows.sort(key=lambda row: _NEXT.get(row[0].status, (2, ""))[0])
    drafts = [
        Draft(each.title, kind, each.get_status_display(), each.get_absolute_url(), _NEXT.get(each.status, (2, ""))[1])
        for each, kind in rows[:DRAFTS]
    ]  # fmt: skip
    counts = [
        Number("督办文书", papers.count(), "", f"{address('instruments:list')}?state=drafts"),
        Number("工作通报", bulletins.count(), "", f"{address('returns:bulletins')}?state=drafts"),
        Number("会议纪要", minutes.count(), "", f"{address('oversight:meetings')}?state=minutes"),
    ]
    return drafts, [each for each in counts if each.count]
