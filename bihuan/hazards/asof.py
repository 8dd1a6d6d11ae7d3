"""The ledger as of a day and a moment: which hazards stood how then, and what a window of days added (invariant 4).

The state of a hazard on a day, as it had been entered by a moment, is that of its last line by both limits. A flow is
the state at the end less the state on the eve of the beginning, so a row may also take away: a hazard found in March
and found in May to be none takes one away from what May found. This is exactly what the tally cube counts, so the
rows behind any of its figures are found here again, whatever has become of them since.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from .models import Extension, Hazard, HazardQuerySet, HazardTransition, MajorPlan
from .workflow import RUNNING, ExtensionStatus, Level, Move, Status

ONE_DAY = dt.timedelta(days=1)
REGRADED = [Move.GRADE_MAJOR, Move.DOWNGRADE]


@dataclass(frozen=True)
class Counted:
    """What is counted: a state ("" for found, closed, closed_late, open, overdue) at the end of `until`; with `since`,
    what came to it or left it from that day on. `level` is the grade then. `moment`: as entered by then (else by now).

    Stocks (open, overdue) are told by `until` alone; give them no `since`, unless their change is wanted.
    """

    state: str
    until: dt.date
    since: dt.date | None = None
    level: str = ""
    moment: dt.datetime | None = None

    def entered(self, column: str) -> dict[str, dt.datetime]:
        """The limit of the moment as a condition on a column of time, if there is one."""
        return {f"{column}__lte": self.moment} if self.moment else {}


def line_of(day: dt.date, moment: dt.datetime | None = None) -> QuerySet[HazardTransition]:
    """The line that gives a hazard (the outer query's) its state on a day, as entered by a moment: the first of these."""
    lines = HazardTransition.objects.filter(hazard=OuterRef("pk"), counted_on__lte=day)
    if moment is not None:
        lines = lines.filter(at__lte=moment)
    # A supervision placed or lifted on a closed hazard is no closing, and its day not that of the closing.
    return lines.exclude(from_status=Status.CLOSED, to_status=Status.CLOSED).order_by("-id")


def regraded() -> QuerySet[HazardTransition, Any]:
    """The hazards that were ever given another grade; all others are of the grade they have."""
    return HazardTransition.objects.filter(move__in=REGRADED).values("hazard")


def rows_counted(rows: HazardQuerySet, counted: Counted) -> HazardQuerySet:
    """Of these hazards those that make up the figure, each with the `amount` (1 or −1) it adds."""
    rows = rows.filter(found_on__lte=counted.until, **counted.entered("found_at"))
    if counted.level:
        rows = rows.filter(Q(level=counted.level) | Q(pk__in=regraded()))
    still = counted.since is None and counted.state in ("open", "overdue")
    if counted.since is not None:
        eve = counted.since - ONE_DAY
        if counted.state:
            # What was closed before the window began, and has stayed closed, neither came nor left.
            rows = rows.exclude(status=Status.CLOSED, closed_on__lte=eve, **counted.entered("closed_at"))
        else:
            # It was found once; only a dismissal takes that back, or another grade.
            again = Q(status=Status.DISMISSED)
            if counted.level:
                again |= Q(pk__in=regraded())
            rows = rows.filter(Q(found_on__gte=counted.since) | again)
        amount: Any = _standing(counted, counted.until) - _standing(counted, eve)
    else:
        if still:
            rows = rows.exclude(
                status=Status.CLOSED, closed_on__lte=counted.until, **counted.entered("closed_at")
            )
        amount = _standing(counted, counted.until)
    return rows.annotate(amount=amount).exclude(amount=0)


def amounts(keys: Iterable[int], counted: Counted) -> dict[int, int]:
    """What each of these hazards adds to the figure; those that add nothing are absent (one query)."""
    rows = rows_counted(Hazard.objects.filter(pk__in=list(keys)), counted)
    found: QuerySet[Any, tuple[int, int]] = rows.order_by().values_list("pk", "amount")  # type: ignore[misc]
    return dict(found)


def _condition(counted: Counted, day: dt.date) -> Q:
    """When the state of a line counts."""
    graded = Q(level=counted.level) if counted.level else Q()
    found, closed = ~Q(to_status=Status.DISMISSED), Q(to_status=Status.CLOSED)
    match counted.state:
        case "":
            return found & graded
        case "closed":
            return closed & graded
        case "closed_late":
            return closed & Q(due_on__isnull=False, counted_on__gt=F("due_on")) & graded
        case "open":
            return found & ~closed & graded
        case "overdue":
            return Q(to_status__in=list(RUNNING), due_on__lt=day) & graded
    raise ValueError(f"nothing is counted as {counted.state}")


def _standing(counted: Counted, day: dt.date) -> Coalesce:
    """1 when the hazard counts on that day, else 0."""
    counts = Case(
        When(_condition(counted, day), then=Value(1)), default=Value(0), output_field=IntegerField()
    )
    last = line_of(day, counted.moment).annotate(counts=counts).values("counts")[:1]
    parts: list[Any] = [Subquery(last)]
    if counted.state not in ("closed", "closed_late"):
        # One taken over from an old ledger in a later state ran from the day it was found until that state's day.
        ran = imported_lines(counted.moment).filter(hazard__found_on__lte=day)
        if counted.level:
            ran = ran.filter(level=counted.level)
        if counted.state == "overdue":
            ran = ran.filter(due_on__lt=day)
        parts.append(Case(When(Q(Exists(ran)), then=Value(1)), default=Value(0)))
    return Coalesce(*parts, Value(0), output_field=IntegerField())


def imported_lines(moment: dt.datetime | None = None) -> QuerySet[HazardTransition]:
    """The line with which a hazard (the outer query's) was taken over from an old ledger in a later state than running."""
    lines = HazardTransition.objects.filter(hazard=OuterRef("pk"), move=Move.IMPORT)
    if moment is not None:
        lines = lines.filter(at__lte=moment)
    return lines.exclude(to_status__in=list(RUNNING))


# --- cohorts: hazards by the day they were found, and how they stood at the end of a window ---------------------


def still_found(
    rows: QuerySet[Hazard], until: dt.date, moment: dt.datetime | None = None
) -> QuerySet[Hazard]:
    """Of these, those that were not found to be none by the end of that day (counted = not dismissed)."""
    last = Subquery(line_of(until, moment).values("to_status")[:1])
    dismissed = rows.filter(status=Status.DISMISSED).annotate(then=last)
    later = dismissed.exclude(then=Status.DISMISSED).values("pk")
    return rows.filter(~Q(status=Status.DISMISSED) | Q(pk__in=later))


def graded(
    rows: HazardQuerySet, level: str, until: dt.date, moment: dt.datetime | None = None
) -> HazardQuerySet:
    """Of these, those of that grade at the end of the day; whoever was never graded anew is of the grade it has."""
    # A line of an imported hazard may count only later; until then it is of the grade it came with.
    then = Coalesce(
        Subquery(line_of(until, moment).values("level")[:1]),
        Subquery(imported_lines(moment).values("level")[:1]),
    )
    changed = rows.filter(pk__in=regraded()).annotate(then=then).filter(then=level).values("pk")
    return rows.filter((Q(level=level) & ~Q(pk__in=regraded())) | Q(pk__in=changed))


def closed_by(rows: QuerySet[Hazard], until: dt.date, moment: dt.datetime | None = None) -> QuerySet[Hazard]:
    """Of these, those closed at the end of the day: closed still, or reopened only afterwards (then in another round)."""
    entered = {"closed_at__lte": moment} if moment else {}
    plain = Q(status=Status.CLOSED, closed_on__lte=until, **entered)
    closed = Subquery(line_of(until, moment).values("to_status")[:1])
    again = rows.filter(~plain, round__gt=1).annotate(then=closed).filter(then=Status.CLOSED).values("pk")
    return rows.filter(plain | Q(pk__in=again))


def falling_due(
    rows: QuerySet[Hazard],
    since: dt.date | None,
    until: dt.date,
    moment: dt.datetime | None = None,
    *,
    level: str = "",
) -> QuerySet[Hazard]:
    """Of these, those whose deadline as it stood at the end of `until` lies from `since` to then (到期): an extension
    granted later does not take them away, one granted before does. What had been found to be none is left out."""
    days = {"due_on__lte": until} | ({"due_on__gte": since} if since else {})
    # A deadline that lay there was written on a line: every other hazard is out before its lines are looked at.
    named = HazardTransition.objects.filter(**days).values("hazard")
    last = line_of(until, moment)
    came = imported_lines(moment).filter(hazard__found_on__lte=until)
    told = {
        f"then_{name}": Coalesce(Subquery(last.values(column)[:1]), Subquery(came.values(column)[:1]))
        for name, column in (("due", "due_on"), ("level", "level"))
    }
    status = Coalesce(Subquery(last.values("to_status")[:1]), Value(""))
    found: QuerySet[Any] = (
        rows.filter(found_on__lte=until, pk__in=named)
        .alias(**told, then_status=status)
        .filter(**{f"then_due{name.removeprefix('due_on')}": day for name, day in days.items()})
        .exclude(then_status=Status.DISMISSED)
    )
    return found.filter(then_level=level) if level else found


def is_major_then(
    rows: HazardQuerySet, until: dt.date, moment: dt.datetime | None = None
) -> QuerySet[Hazard]:
    """Of these, those that were major hazards at the end of the day and had not been found to be none."""
    return still_found(graded(rows, Level.MAJOR, until, moment), until, moment)


def under_control(rows: HazardQuerySet, until: dt.date, moment: dt.datetime | None = None) -> HazardQuerySet:
    """Of these, those somebody had said by the end of the day how to keep safe until they are put right (管控): with the
    entry itself, which is never rewritten, with an extension that was granted, or with a plan that was approved.

    An extension ex officio over a hazard without measures says nothing new, and what was granted before a hazard came
    back does not hold for it. What was entered after `moment` is left out.
    """
    entered = {"at__lte": moment} if moment else {}
    back = HazardTransition.objects.filter(
        hazard=OuterRef("hazard"), move=Move.REOPEN, counted_on__lte=until, **entered
    )

    def by_then(name: str) -> dict[str, object]:
        return {"hazard": OuterRef("pk"), f"{name}__date__lte": until} | (
            {f"{name}__lte": moment} if moment else {}
        )

    granted = Extension.objects.filter(
        ~Exists(back.filter(at__gt=OuterRef("decided_at"))),
        **by_then("decided_at"),
        status=ExtensionStatus.APPROVED,
        ex_officio=False,
    )
    planned = MajorPlan.objects.filter(
        ~Exists(back.filter(at__gt=OuterRef("reviewed_at"))), **by_then("reviewed_at"), approved=True
    )
    return rows.filter(
        ~Q(interim_measures="")
        | Exists(granted.exclude(interim_measures=""))
        | Exists(planned.exclude(safety=""))
    )
