"""Reading the ledger: filters that fit in an address, totals that come from the tally, and who must act next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import holders_by_post
from bihuan.accounts.scope import area_q, scope_of
from bihuan.audit.actions import chain_of
from bihuan.campaigns.models import Campaign, Task
from bihuan.core.dates import day_starts
from bihuan.core.paging import KeysetPage, paginate_any
from bihuan.duties.models import Duty
from bihuan.registry.models import Enterprise, EnterpriseKind
from bihuan.rules.calendar import DateOutOfRange, check_range
from bihuan.rules.clocks import limit
from bihuan.rules.regions import BadRegionCode, level_of
from bihuan.search.finding import find, narrowed
from bihuan.search.grams import terms_of
from bihuan.search.models import Kind
from bihuan.tally.queries import NotKept, totals

from . import asof, owed
from .models import Hazard, HazardQuerySet
from .workflow import OPEN, TURN, Level, Status

STATES = {
    "overdue": "逾期",
    "approaching": "临期",
    "open": "未销号",
    "closed": "已销号",
    "turn": "待企业整改",
}
# The states the cube keeps, and the lines tell of any day.
_KEPT = {"": "found", "open": "open", "closed": "closed", "overdue": "overdue"}
ORDER = ("-found_on", "-id")
_LABELS = {
    "campaign": "专项整治", "task": "任务", "region": "区划", "department": "主管部门", "kind": "对象类型",
    "level": "等级", "status": "状态", "state": "情形", "source": "来源", "found_from": "发现自",
    "found_to": "发现至", "closed_from": "销号自", "closed_to": "销号至", "entered_from": "登记自",
    "since": "计数自", "on": "截至", "enterprise": "企业", "q": "关键词",
}  # fmt: skip
_IDS = ("campaign", "task", "department", "enterprise")
_DATES = ("found_from", "found_to", "closed_from", "closed_to", "entered_from", "since", "on")
_CHOICES: dict[str, Mapping[str, str]] = {
    "level": dict(Level.choices),
    "status": dict(Status.choices),
    "state": STATES,
    "source": dict(Hazard.Source.choices),
}


@dataclass(frozen=True)
class Filters:
    """What the address asks for. `problems` says in Chinese which parts were not understood and are ignored.

    `on` asks for the ledger as it stood at the end of that day, `since` for what was counted from one day to it: both
    open exactly the rows of a figure of the past (see `asof`).
    """

    campaign: int | None = None
    task: int | None = None
    region: str = ""
    department: int | None = None
    kind: str = ""
    level: str = ""
    status: str = ""
    state: str = ""
    source: str = ""
    found_from: dt.date | None = None
    found_to: dt.date | None = None
    closed_from: dt.date | None = None
    closed_to: dt.date | None = None
    entered_from: dt.date | None = None
    since: dt.date | None = None
    on: dt.date | None = None
    enterprise: int | None = None
    q: str = ""
    problems: tuple[str, ...] = field(default=(), compare=False)

    @property
    def chosen(self) -> dict[str, Any]:
        """The filters in force, by parameter name, in the order of the contract."""
        return {
            item.name: getattr(self, item.name)
            for item in fields(self)
            if item.name != "problems" and getattr(self, item.name) not in (None, "")
        }

    @property
    def is_past(self) -> bool:
        """Whether states and grades of another day than now are asked for."""
        return self.on is not None or self.since is not None

    def counted(self, today: dt.date) -> asof.Counted:
        """The figure of a day or of days whose rows are asked for; stocks are told by their last day alone."""
        since = None if self.state in ("open", "overdue") else self.since
        return asof.Counted(self.state, self.on or today, since, self.level)

    def query(self) -> str:
        """The same as an address, canonical, without the question mark."""
        query = QueryDict(mutable=True)
        for name, value in self.chosen.items():
            query[name] = value.isoformat() if isinstance(value, dt.date) else str(value)
        return query.urlencode()


def parse_filters(query: Mapping[str, Any]) -> Filters:
    """Read the ledger's query parameters; what cannot be understood is said, not guessed."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, label in _LABELS.items():
        text = str(query.get(name) or "").strip()
        if not text:
            continue
        try:
            values[name] = _read(name, text)
        except ValueError:
            problems.append(f"{label}“{text[:30]}”无法识别，未按它筛选")
    for name, problem in _against(values):
        del values[name]
        problems.append(f"{problem}，未按它筛选")
    return Filters(**values, problems=tuple(problems))


def _against(values: dict[str, Any]) -> list[tuple[str, str]]:
    """Which of the days asked for make no sense: the day to come, a day before the other, a state only of now."""
    today, found = timezone.localdate(), []
    for name in ("since", "on"):
        day = values.get(name)
        if day is None:
            continue
        label = _LABELS[name]
        if day > today:
            found.append((name, f"{label}“{day.isoformat()}”还没有到，请填今天或以前的日期"))
        elif name == "since" and day > values.get("on", today) and values.get("on", today) <= today:
            found.append((name, f"{label}“{day.isoformat()}”晚于截至的日期"))
        elif values.get("status") or values.get("state", "") not in _KEPT:
            found.append((name, f"{label}不能和状态、临期、待企业整改同时用，这些只看现在"))
    return found


def _read(name: str, text: str) -> Any:
    if name in _IDS:
        if not text.isdecimal() or len(text) > 18:
            raise ValueError(text)
        return int(text)
    if name in _DATES:
        day = dt.date.fromisoformat(text)
        try:
            return check_range(day)
        except DateOutOfRange as error:
            raise ValueError(text) from error
    if name in _CHOICES:
        if text not in _CHOICES[name]:
            raise ValueError(text)
        return text
    if name == "region":
        try:
            level_of(text)
        except BadRegionCode as error:
            raise ValueError(text) from error
        return text
    return text[:60]


def ledger(user: User, filters: Filters | Mapping[str, Any], *, on: dt.date | None = None) -> HazardQuerySet:
    """All rows a person may see that fit the filters, newest first, for reading to the end; see the contract.

    What was found not to be a hazard is left out unless asked for by status, so that the rows behind a figure are
    exactly those it counts.
    """
    chosen = filters if isinstance(filters, Filters) else parse_filters(filters)
    rows = _fitting(Hazard.objects.visible_to(user), chosen, on or timezone.localdate())
    if chosen.q:
        pk = _numbered(chosen.q)
        if pk is not None:
            rows = rows.filter(pk=pk)
        else:
            rows = narrowed(rows, Kind.HAZARD, terms_of(chosen.q), place=_place(user, chosen))
    return rows.order_by(*ORDER)


def ledger_page(
    user: User,
    filters: Filters,
    *,
    cursor: str | None = None,
    size: int = 50,
    shape: Callable[[QuerySet[Hazard]], QuerySet[Hazard]] = lambda rows: rows,
    on: dt.date | None = None,
) -> KeysetPage[Hazard]:
    """One page of `ledger`, read so that it stays fast however many rows there are. Raises BadCursor."""
    today = on or timezone.localdate()
    branches = [_fitting(branch, filters, today) for branch in Hazard.objects.visible_branches(user)]
    if filters.q:
        pk = _numbered(filters.q)
        if pk is None:
            return find(
                branches, Kind.HAZARD, terms_of(filters.q), order=ORDER, cursor=cursor, size=size,
                place=_place(user, filters), shape=shape,
            )  # fmt: skip
        branches = [branch.filter(pk=pk) for branch in branches]
    return paginate_any(branches, order=ORDER, cursor=cursor, size=size, shape=shape)


def _fitting(rows: HazardQuerySet, chosen: Filters, today: dt.date) -> HazardQuerySet:
    """The rows that fit everything but the words."""
    exact = {
        "campaign": chosen.campaign,
        "task": chosen.task,
        "department": chosen.department,
        "enterprise": chosen.enterprise,
        "kind": chosen.kind,
        "level": "" if chosen.is_past else chosen.level,
        "status": chosen.status,
        "source": chosen.source,
        "found_on__gte": chosen.found_from,
        "found_on__lte": chosen.found_to,
        "closed_on__gte": chosen.closed_from,
        "closed_on__lte": chosen.closed_to,
        "found_at__gte": day_starts(chosen.entered_from) if chosen.entered_from else None,
    }
    rows = rows.filter(**{name: value for name, value in exact.items() if value not in (None, "")})
    if chosen.closed_to:
        # Nothing is closed before it is found: the newest rows need not be walked through.
        rows = rows.filter(found_on__lte=chosen.closed_to)
    if chosen.is_past:
        pass  # what counts on another day is told by its lines
    elif not chosen.status:
        rows = rows.exclude(status=Status.DISMISSED)
    elif chosen.status in OPEN and connection.vendor == "sqlite":
        # PostgreSQL infers this, and would be misled in its estimate; SQLite must read it to use the small index.
        rows = rows.open()
    if chosen.region:
        rows = rows.filter(area_q(chosen.region))
        if len(chosen.region) > 4:
            # The small indexes over what is rare begin with the city.
            rows = rows.filter(city=chosen.region[:4])
    if chosen.is_past:
        return asof.rows_counted(rows, chosen.counted(today))
    match chosen.state:
        case "overdue":
            rows = rows.overdue(on=today)
        case "approaching":
            rows = rows.approaching(on=today, days=limit("clock.approaching_days", today))
        case "open":
            rows = rows.open()
        case "closed":
            rows = rows.filter(status=Status.CLOSED)
        case "turn":
            rows = rows.filter(status__in=TURN)
    return rows


def _numbered(text: str) -> int | None:
    """The key a ledger number names, or None for other words."""
    year, dash, number = text.partition("-")
    is_number = dash and year.isdecimal() and number.isdecimal() and len(number) <= 18
    return int(number) if is_number else None


def _place(user: User, chosen: Filters) -> str:
    """The narrowest region all rows of the list are known to lie in, or nothing."""
    areas = scope_of(user, Permission.VIEW_HAZARDS)
    own = areas.areas if not (areas.departments or areas.enterprises or areas.participant) else ()
    known = chosen.region or (own[0] if len(own) == 1 else "")
    return known if len(known) > 2 else ""


def total(user: User, filters: Filters, *, on: dt.date | None = None) -> int | None:
    """How many rows fit, from the tally; None when the tally does not keep such a combination.

    Never a count over the ledger: at a million rows that alone would take longer than the page.
    """
    chosen = set(filters.chosen)
    if chosen - {
        "campaign",
        "task",
        "region",
        "department",
        "kind",
        "source",
        "level",
        "state",
        "since",
        "on",
    }:
        return None
    if filters.state not in _KEPT:
        return None
    region = _tallied_region(user, filters.region)
    if region is None:
        return None
    campaign = filters.campaign or 0
    if filters.task:
        # Figures of a task are kept within its campaign.
        own = Task.objects.filter(pk=filters.task).values_list("campaign", flat=True).first() or 0
        if not own or campaign not in (0, own):
            return 0
        campaign = own
    counted = filters.counted(on or timezone.localdate())
    try:
        figures = totals(
            on=counted.until,
            since=counted.since,
            region=region,
            campaign=campaign,
            task=filters.task or 0,
            department=filters.department or 0,
            kind=filters.kind,
            source=filters.source,
        )
    except NotKept:
        return None
    name = _KEPT[filters.state]
    everything, major = int(getattr(figures, name)), int(getattr(figures, f"{name}_major"))
    by_level = {Level.MAJOR.value: major, Level.GENERAL.value: everything - major}
    return by_level.get(filters.level, everything)


def _tallied_region(user: User, wanted: str) -> str | None:
    """The one region whose figures are exactly what this person sees, or None."""
    scope = scope_of(user, Permission.VIEW_HAZARDS)
    if scope.departments or scope.enterprises or scope.participant or len(scope.areas) != 1:
        return None
    own = scope.areas[0]
    if len(own) == 2:
        return wanted or own
    if not wanted:
        return own
    region = Region.objects.filter(pk=wanted).values_list("code", "parent").first()
    if region is None:
        return None
    code, parent = region
    return code if code.startswith(own) or parent == own else None


@dataclass(frozen=True)
class Chip:
    """One filter in force, in words."""

    name: str
    label: str
    value: str


def chips(user: User, filters: Filters) -> list[Chip]:
    """The filters in force as people read them; names only of records this person may see."""
    if not filters.chosen:
        return []
    named = {
        "campaign": Campaign.objects.visible_to(user),
        "task": Task.objects.filter(campaign__in=Campaign.objects.visible_to(user)),
        "department": Organization.objects.all(),
        "enterprise": Enterprise.objects.visible_to(user),
        "region": Region.objects.all(),
        "kind": EnterpriseKind.objects.all(),
    }
    found = []
    for name, value in filters.chosen.items():
        if name in _CHOICES:
            words = str(_CHOICES[name][value])
        elif name in named:
            record = named[name].filter(pk=value).first()
            words = str(getattr(record, "short_name", "") or record or value)
        else:
            words = str(value)
        found.append(Chip(name, _LABELS[name], words))
    return found


def without(filters: Filters, name: str) -> Filters:
    """The same filters with one taken away."""
    kept = {key: value for key, value in filters.chosen.items() if key != name}
    return Filters(**kept)


@dataclass(frozen=True)
class NextStep:
    """Who must do what by when: one open duty of a hazard, with the people who hold it."""

    duty: Duty
    people: list[User]

    @property
    def who(self) -> str:
        names = "、".join(person.full_name for person in self.people)
        return (
            f"{self.duty.organization.short_name}（{names}）" if names else self.duty.organization.short_name
        )

    @property
    def what(self) -> str:
        """The verb of the sentence 谁、何时前、做什么."""
        verb = owed.VERBS.get(self.duty.kind, self.duty.get_kind_display())
        return f"{owed.ON_BEHALF}，{verb}" if self.duty.title.startswith(owed.ON_BEHALF) else verb


def next_steps(hazard: Hazard) -> list[NextStep]:
    """The open duties on a hazard, soonest first, with their holders (two queries)."""
    duties = list(
        Duty.objects.open()
        .filter(subject=chain_of(hazard))
        .select_related("organization", "post")
        .order_by("due_on", "id")
    )
    holders = holders_by_post([duty.post_id for duty in duties if duty.post_id])
    return [NextStep(duty, holders.get(duty.post_id or 0, [])) for duty in duties]


def holders_of_rows(hazards: Iterable[Hazard]) -> dict[int, str]:
    """Which organization each hazard now waits for, by primary key (one query for a page of the ledger)."""
    by_chain = {chain_of(hazard): hazard.pk for hazard in hazards}
    waiting: dict[int, str] = {}
    open_ones = Duty.objects.open().filter(subject__in=by_chain).exclude(kind=Duty.Kind.EXTENSION)
    for subject, name in open_ones.order_by("id").values_list("subject", "organization__short_name"):
        waiting.setdefault(by_chain[subject], name)
    return waiting
