"""What pages, returns and papers ask of the register: lists and figures as of any moment, comparison, control numbers."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q, Sum
from django.db.models.functions import ExtractMonth
from django.utils import timezone

from bihuan.accounts.models import Region, User
from bihuan.accounts.scope import areas_q
from bihuan.core.dates import day_in, day_starts
from bihuan.core.http import row_number
from bihuan.hazards.models import Hazard
from bihuan.papers.models import Paper
from bihuan.rules import accidents as rules
from bihuan.rules.calendar import check_range
from bihuan.rules.clocks import limit

from .models import (
    Accident,
    AccidentFigure,
    BaseQuantity,
    CampaignEscalation,
    ControlNumber,
    Escalation,
)
from .models.register import FigureQuerySet
from .workflow import AccidentStatus, Grade, Kind

LARGER = [each for each in Grade.values if rules.rank(each) >= rules.rank(Grade.LARGER)]


@dataclass(frozen=True)
class Sum4:
    """The four indicators (起数、死亡、重伤、直接经济损失), and how many were larger accidents or worse."""

    accidents: int = 0
    deaths: int = 0
    serious: int = 0
    loss: Decimal = Decimal(0)
    larger: int = 0
    larger_deaths: int = 0


@dataclass(frozen=True)
class Compared:
    """A row of a comparison: this period, the same period of last year, and the change in words (同比)."""

    key: str
    name: str
    now: Sum4
    before: Sum4

    @property
    def changes(self) -> dict[str, str]:
        return {
            "accidents": rules.change(self.now.accidents, self.before.accidents, "起"),
            "deaths": rules.change(self.now.deaths, self.before.deaths, "人"),
            "serious": rules.change(self.now.serious, self.before.serious, "人"),
            "loss": rules.change(self.now.loss, self.before.loss, "万元"),
            "larger": rules.change(self.now.larger, self.before.larger, "起"),
        }


# Under names of their own: an aggregate called as its column could not be used by the next one.
_SUMS: dict[str, Any] = {
    "n_accidents": Count("pk"),
    "n_deaths": Sum("deaths", default=0),
    "n_serious": Sum("serious", default=0),
    "n_loss": Sum("loss", default=Decimal(0)),
    "n_larger": Count("pk", filter=Q(grade__in=LARGER)),
    "n_larger_deaths": Sum("deaths", filter=Q(grade__in=LARGER), default=0),
}


def _sum4(row: Mapping[str, Any]) -> Sum4:
    return Sum4(**{name.removeprefix("n_"): row[name] for name in _SUMS})


def figures(user: User, *, at: dt.datetime | None = None) -> FigureQuerySet:
    """What every accident one may see counted as at a moment (now, if none is given), one line each."""
    return AccidentFigure.objects.visible_to(user).as_of(at)


def total(lines: FigureQuerySet) -> Sum4:
    """The four indicators of some lines, in one query."""
    return _sum4(lines.aggregate(**_SUMS))


def by(lines: FigureQuerySet, column: str) -> dict[Any, Sum4]:
    """The four indicators by one column (`kind`, `grade`, `county_id`, `locality_id`, `department_id`)."""
    rows = lines.order_by().values(column).annotate(**_SUMS)
    return {row[column]: _sum4(row) for row in rows}


def add(sums: Iterable[Sum4]) -> Sum4:
    """Several rows together."""
    found = list(sums)
    return Sum4(
        sum(each.accidents for each in found), sum(each.deaths for each in found),
        sum(each.serious for each in found), sum((each.loss for each in found), Decimal(0)),
        sum(each.larger for each in found), sum(each.larger_deaths for each in found),
    )  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """What a list or a statistics page is narrowed to."""

    start: dt.date | None = None
    end: dt.date | None = None
    region: str = ""
    department: int = 0
    group: str = ""
    kind: str = ""
    grade: str = ""
    status: str = ""
    count: str = "1"
    scope: str = ""
    q: str = ""
    enterprise: int = 0
    campaign: int = 0
    reported: dt.date | None = None
    tracked: bool = False
    at: dt.datetime | None = None


def day_of(text: str) -> dt.date | None:
    """A day written 2026-03-01; anything else is none."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def moment_of(text: str) -> dt.datetime | None:
    """The end of a day, or an exact moment as links carry it; anything else, and what no calendar reaches, is none."""
    try:
        found = dt.datetime.fromisoformat(text)
        check_range(found.date())
    except ValueError:
        return None
    if len(text) == 10:
        found = found + dt.timedelta(days=1, microseconds=-1)
    return found if timezone.is_aware(found) else timezone.make_aware(found)


def wanted(given: Mapping[str, str]) -> Wanted:
    """What an address asks for; what is not understood is left out."""
    kind, grade, status = given.get("kind", ""), given.get("grade", ""), given.get("status", "")
    group = given.get("group", "")
    region = given.get("region", "")
    return Wanted(
        start=day_of(given.get("from", "")),
        end=day_of(given.get("to", "")),
        region=region if region.isdigit() and len(region) <= 12 else "",
        department=row_number(given.get("department", "")),
        group=group if group in rules.groups() else "",
        kind=kind if kind in Kind.values else "",
        grade=grade if grade in {*Grade.values, "larger_up"} else "",
        status=status if status in AccidentStatus.values else "",
        count=given.get("count", ""),
        scope=given.get("scope", ""),
        q=given.get("q", "").strip()[:60],
        enterprise=row_number(given.get("enterprise", "")),
        campaign=row_number(given.get("campaign", "")),
        tracked=given.get("tracked", "") == "1",
        reported=day_in(given.get("reported_from", "")),
        at=moment_of(given.get("at", "")),
    )


def matching(lines: FigureQuerySet, ask: Wanted) -> FigureQuerySet:
    """The lines that fit."""
    if ask.start:
        lines = lines.filter(occurred_on__gte=ask.start)
    if ask.end:
        lines = lines.filter(occurred_on__lte=ask.end)
    if ask.region:
        lines = lines.filter(areas_q((ask.region,)))
    if ask.department:
        lines = lines.filter(department=ask.department)
    if ask.group:
        lines = lines.of_group(ask.group)
    if ask.kind:
        lines = lines.filter(kind=ask.kind)
    if ask.grade == "larger_up":
        lines = lines.filter(grade__in=LARGER)
    elif ask.grade:
        lines = lines.filter(grade=ask.grade)
    if ask.status:
        lines = lines.filter(accident__status=ask.status)
    if ask.count == "1":
        lines = lines.filter(counts=True)
    elif ask.count == "0":
        lines = lines.filter(counts=False)
    if ask.scope == "production":
        lines = lines.filter(is_production=True)
    if ask.q:
        lines = lines.filter(
            Q(accident__title__contains=ask.q)
            | Q(accident__unit_name__contains=ask.q)
            | Q(accident__enterprise__name__contains=ask.q)
        )
    if ask.enterprise:
        lines = lines.filter(accident__enterprise=ask.enterprise)
    if ask.tracked:
        lines = lines.filter(
            deaths__gt=0, accident__enterprise__isnull=False, occurred_on__gte=tracked_since()
        )
    if ask.reported:
        lines = lines.filter(accident__reported_at__gte=day_starts(ask.reported))
    if ask.campaign:
        lines = lines.filter(accident__campaign=ask.campaign)
    return lines


@dataclass(frozen=True)
class Statistics:
    """Everything the statistics page shows of a period."""

    start: dt.date
    end: dt.date
    before: tuple[dt.date, dt.date]
    whole: Compared
    production: Compared
    groups: list[Compared]
    kinds: list[Compared]
    grades: list[Compared]
    regions: list[Compared]
    departments: list[Compared]
    months: list[tuple[int, int, int]]
    larger_last_year: Sum4


def statistics(lines: FigureQuerySet, start: dt.date, end: dt.date, *, region: str) -> Statistics:
    """The indicators of a period by group, kind, grade, place and department, against the same days of last year.

    `lines` are those as of the moment asked for; `region` says what the places are (below it).
    """
    lines = lines.counted()
    first, last = rules.same_period(start, end)
    now, before = lines.between(start, end), lines.between(first, last)
    kinds_now, kinds_before = by(now, "kind"), by(before, "kind")
    whole = Compared("", "各类事故", add(kinds_now.values()), add(kinds_before.values()))
    groups, kinds = [], []
    for key, name in rules.groups().items():
        mine = [(kind, kind_name) for kind, kind_name in Kind.choices if rules.kinds()[kind].group == key]
        rows = [
            Compared(kind, str(kind_name), kinds_now.get(kind, Sum4()), kinds_before.get(kind, Sum4()))
            for kind, kind_name in mine
        ]
        together = Compared(key, name, add(row.now for row in rows), add(row.before for row in rows))
        groups.append(together)
        kinds += [row for row in rows if len(rows) > 1 and (row.now.accidents or row.before.accidents)]
    grades_now, grades_before = by(now, "grade"), by(before, "grade")
    return Statistics(
        start=start, end=end, before=(first, last), whole=whole,
        production=Compared("production", "生产安全事故", total(now.production()), total(before.production())),
        groups=groups, kinds=kinds,
        grades=[
            Compared(key, str(name), grades_now.get(key, Sum4()), grades_before.get(key, Sum4()))
            for key, name in Grade.choices
        ],
        regions=_by_region(now, before, region), departments=_by_department(now, before),
        months=_by_month(now),
        larger_last_year=total(lines.between(dt.date(start.year - 1, 1, 1), dt.date(start.year - 1, 12, 31)).filter(grade__in=LARGER)),
    )  # fmt: skip


def _by_region(now: FigureQuerySet, before: FigureQuerySet, region: str) -> list[Compared]:
    column = {2: "city_id", 4: "county_id"}.get(len(region), "locality_id")
    found, earlier = by(now, column), by(before, column)
    below = Region.objects.filter(parent=region).order_by("code") if region else Region.objects.none()
    names = {each.code: each.short_name for each in below}
    others = (set(found) | set(earlier)) - set(names) - {None}
    names |= dict(Region.objects.filter(code__in=others).values_list("code", "short_name"))
    rows = [
        Compared(code, name, found.get(code, Sum4()), earlier.get(code, Sum4()))
        for code, name in names.items()
    ]
    if None in found or None in earlier:
        rows.append(Compared("", "未定到下级", found.get(None, Sum4()), earlier.get(None, Sum4())))
    return rows


def _by_department(now: FigureQuerySet, before: FigureQuerySet) -> list[Compared]:
    found, earlier = by(now, "department_id"), by(before, "department_id")
    lines = now.model.objects.filter(department__in={*found, *earlier} - {None})
    names = dict(lines.order_by().values_list("department_id", "department__short_name").distinct())
    rows = [
        Compared(str(pk), name, found.get(pk, Sum4()), earlier.get(pk, Sum4()))
        for pk, name in sorted(names.items(), key=lambda each: each[1])
    ]
    if None in found or None in earlier:
        rows.append(Compared("", "没有主管部门", found.get(None, Sum4()), earlier.get(None, Sum4())))
    return rows


def _by_month(now: FigureQuerySet) -> list[tuple[int, int, int]]:
    rows = (
        now.order_by()
        .annotate(month=ExtractMonth("occurred_on"))
        .values("month")
        .annotate(accidents=Count("pk"), deaths_sum=Sum("deaths", default=0))
    )
    found = {row["month"]: (row["accidents"], row["deaths_sum"]) for row in rows}
    return [(month, *found.get(month, (0, 0))) for month in range(1, 13)]


@dataclass(frozen=True)
class ControlRow:
    """A control number with how much of it is used; `query` asks the register for exactly the accidents that count."""

    number: ControlNumber
    group_name: str
    progress: rules.Progress
    over: bool
    query: str


def control_progress(
    lines: FigureQuerySet, numbers: Iterable[ControlNumber], *, year: int, until: dt.date
) -> list[ControlRow]:
    """How far the regions are with their control numbers of a year (R179), up to a day of it.

    Of `lines` only the regions' own are counted; a question a number, and there are few.
    """
    month = 12 if until.year > year else until.month
    first, last = dt.date(year, 1, 1), min(until, dt.date(year, 12, 31))
    lines = lines.counted().between(first, last)
    rows = []
    for number in numbers:
        mine = lines.filter(areas_q((number.region_id,)))
        mine = mine.of_group(number.group) if number.group else mine.production()
        sums = total(mine)
        used = {"deaths": sums.deaths, "accidents": sums.accidents, "larger": sums.larger}[number.item]
        progress = rules.progress(used, number.value, month)
        name = rules.groups()[number.group] if number.group else "生产安全事故"
        asked = {
            "region": number.region_id, "from": first.isoformat(), "to": last.isoformat(), "count": "1",
            **({"group": number.group} if number.group else {"scope": "production"}),
            **({"grade": "larger_up"} if number.item == ControlNumber.Item.LARGER else {}),
        }  # fmt: skip
        rows.append(ControlRow(number, name, progress, used > number.value, urlencode(asked)))
    return rows


def rates(
    lines: FigureQuerySet, bases: Iterable[BaseQuantity], *, year: int
) -> list[tuple[BaseQuantity, rules.RateRule, int, Decimal | None]]:
    """The relative indicators of a year, where their base quantity is known: base, rule, deaths, rate."""
    known = {rule.key: rule for rule in rules.rate_rules()}
    lines = lines.production().between(dt.date(year, 1, 1), dt.date(year, 12, 31))
    rows = []
    for base in bases:
        rule = known.get(base.indicator)
        if rule is None:
            continue
        mine = lines.filter(areas_q((base.region_id,)))
        if rule.group == Kind.COAL:
            mine = mine.filter(kind=Kind.COAL)
        elif rule.group:
            mine = mine.of_group(rule.group)
        deaths = total(mine).deaths
        rows.append((base, rule, deaths, rules.rate(deaths, base.value, rule)))
    return rows


def circumstances(accident: Accident, *, asked: bool = True) -> rules.Circumstances:
    """What the escalation rules ask of an accident, from the register, the ledger and the papers."""
    switch = CampaignEscalation.objects.filter(campaign=accident.campaign_id, is_on=True)
    earlier: list[dt.date] = []
    listed = False
    warned = Q(recipient__region__in=[code for code in (accident.county_id, accident.locality_id) if code])
    if accident.enterprise_id:
        earlier = list(
            Accident.objects.counted()
            .filter(enterprise=accident.enterprise_id, occurred_at__lt=accident.occurred_at, grade__in=LARGER)
            .values_list("occurred_on", flat=True)
        )
        listed = (
            Hazard.objects.filter(
                enterprise=accident.enterprise_id, is_supervised=True, found_at__lte=accident.occurred_at
            )
            .filter(Q(closed_at=None) | Q(closed_at__gt=accident.occurred_at))
            .exists()
        )
        if accident.enterprise and accident.enterprise.organization_id:
            warned |= Q(recipient=accident.enterprise.organization_id)
    papers = Paper.objects.filter(
        warned,
        kind__in=[Paper.Kind.WARNING, Paper.Kind.TALK, Paper.Kind.CIRCULAR],
        issued_at__lt=accident.occurred_at,
    )
    return rules.Circumstances(
        grade=accident.grade, kind=accident.kind, deaths=accident.deaths, asked=asked,
        regraded=rules.rank(accident.grade) > rules.rank(accident.first_grade),
        campaign_escalates=bool(accident.campaign_id) and switch.exists(), concealed=accident.concealed,
        complex=accident.complex, listed_hazard=listed, earlier_larger=tuple(earlier),
        warned=tuple(timezone.localdate(at) for at in papers.values_list("issued_at", flat=True)[:50]),
    )  # fmt: skip


def escalations_open(accident: Accident) -> list[tuple[rules.EscalationRule, str]]:
    """The rules by which the inquiry would go up and that nobody has decided yet; none for one that does not count."""
    if accident.status not in {AccidentStatus.VERIFIED, AccidentStatus.INQUIRY}:
        return []
    decided = set(Escalation.objects.filter(accident=accident).values_list("rule", flat=True))
    found = rules.escalations_of(circumstances(accident), accident.occurred_on)
    return [(rule, why) for rule, why in found if rule.key not in decided]


def tracked_until(accident: Accident) -> dt.date | None:
    """Until when a unit with a fatal accident is followed (R102): at least a year; none without deaths."""
    if not accident.deaths or accident.enterprise_id is None:
        return None
    months = limit("accident.tracking", accident.occurred_on)
    year, month = divmod(accident.occurred_on.year * 12 + accident.occurred_on.month - 1 + months, 12)
    return dt.date(year, month + 1, min(accident.occurred_on.day, calendar.monthrange(year, month + 1)[1]))


def tracked_since() -> dt.date:
    """From when on a fatal accident's unit is still followed today (R102)."""
    today = timezone.localdate()
    months = limit("accident.tracking", today)
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    return dt.date(year, month + 1, min(today.day, calendar.monthrange(year, month + 1)[1]))
