"""Opening a period for everybody who owes the return: a duty, a clock and a line for each (invariant 8, R104-R106)."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.queries import localities_under, organizations_under, service_user
from bihuan.accounts.scope import place_of
from bihuan.audit import moves
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.actions import NewDuty, open_duties
from bihuan.duties.clock import calendar
from bihuan.duties.models import Duty
from bihuan.rules.clocks import OWN_RULE, ClockRule, Due, due, rule_for

from ..measures import terms
from ..models import Definition, DefinitionVersion, Period, Return, ReturnTransition
from ..periods import ONE_DAY, Span, last_ended, span_of
from ..schema import Cutoff, Spec, read
from ..standing import defines
from ..workflow import Move, Status

CATCH_UP = (
    40  # a worker that stood still opens what it missed, but no history from before the definition was made
)
_BEGINNING = dt.date(2000, 1, 1)


def current_version(definition: Definition) -> DefinitionVersion | None:
    """What the definition says now."""
    return definition.versions.order_by("-number").first()


def spec_of_version(version: DefinitionVersion) -> Spec:
    return read(version.content, terms())


def due_of(cutoff: Cutoff, span: Span) -> Due:
    """When a period has to be reported, with how that came about; raises UnknownRule for a clock that is not there."""
    if cutoff.clock:
        rule = rule_for(cutoff.clock, span.last)
    else:
        rule = ClockRule(
            key="return.own", name="报送截止", days=cutoff.days, unit="working" if cutoff.unit == "working" else "natural",
            roll=cutoff.roll, event="统计期截止", source=cutoff.basis or "收报单位规定", doc_no=OWN_RULE,
            effective_from=_BEGINNING, effective_to=None, verified=True,
        )  # fmt: skip
    return due(rule, span.last, calendar())


def owing_bodies(definition: Definition, spec: Spec, *, on: dt.date) -> list[Organization]:
    """Who owes the return on that day, down the tree: those named, or every body of the kinds it falls to."""
    kind = Organization.Kind
    named = {body.pk for body in definition.bodies.all()}
    found: dict[int, Organization] = {}
    region = definition.region_id
    if "self" in spec.owers:
        found[definition.organization_id] = definition.organization
    if "office" in spec.owers:
        for body in organizations_under(region, kinds=[kind.OFFICE], on=on).select_related("region"):
            if body.pk != definition.organization_id:
                found[body.pk] = body
    if "locality" in spec.owers:
        found |= {body.pk: body for body in localities_under(region, on=on)}
    if "department" in spec.owers:
        own = organizations_under(region, kinds=[kind.DEPARTMENT], on=on).filter(region=region)
        found |= {body.pk: body for body in own.select_related("region")}
    if named:
        found = {pk: body for pk, body in found.items() if pk in named}
    return list(found.values())


def open_period(
    definition: Definition, span: Span, *, by: User, at: dt.datetime | None = None, title: str = ""
) -> Period:
    """Open a period for everybody who owes it. Raises IllegalMove when it is open already, Refused when nobody owes it."""
    now = at or timezone.now()
    version = current_version(definition)
    if version is None:
        raise Refused(f"“{definition.name}”还没有发布，请先发布")
    spec = spec_of_version(version)
    derived = due_of(spec.cutoff, span)
    bodies = owing_bodies(definition, spec, on=span.last)
    if not bodies:
        raise Refused(f"“{definition.name}”的报送范围内没有应报单位，请核对报送单位和范围")
    try:
        with transaction.atomic():
            period = Period.objects.create(
                version=version, definition=definition, kind=spec.period, first=span.first, last=span.last,
                due_on=derived.due_on, clock=derived.explanation, opened_at=now, title=title.strip()[:80],
            )  # fmt: skip
            _owe(period, bodies, derived, by=by, at=now)
    except IntegrityError as error:
        raise IllegalMove(f"“{definition.name}”这一期已经开报，请刷新后查看") from error
    return period


def _owe(period: Period, bodies: list[Organization], derived: Due, *, by: User, at: dt.datetime) -> None:
    """A return, a line and a duty for each body."""
    returns = []
    for body in bodies:
        place = place_of(body.region)
        returns.append(
            Return(
                period=period, organization=body, collector=period.definition.organization, city_id=place.city_id,
                county_id=place.county_id, locality_id=place.locality_id, status=Status.OWED, due_on=derived.due_on,
                clock=derived.explanation,
            )
        )  # fmt: skip
    made = Return.objects.bulk_create(returns)
    for record in made:
        moves.write_line(record, Move.OPEN, ReturnTransition, seen="", by=by, at=at, act="returns.open")
    open_duties([_duty(record, derived) for record in made], by=by)


def _duty(record: Return, derived: Due) -> NewDuty:
    return NewDuty(
        kind=Duty.Kind.RETURN, subject=record, title=f"报送：{record.period}", url=record.get_absolute_url(),
        organization=record.organization, place=place_of(record.organization.region), due_on=derived.due_on,
        clock=derived.explanation,
    )  # fmt: skip


def open_due(now: dt.datetime) -> int:
    """Open every period that has ended and is not open yet: a round of the worker. Returns how many were opened."""
    today, opened = timezone.localdate(now), 0
    definitions = Definition.objects.filter(state=Definition.State.IN_FORCE).select_related(
        "organization__region", "campaign"
    )
    robot: User | None = None
    for definition in definitions:
        version = current_version(definition)
        if version is None:
            continue
        for span in due_spans(definition, spec_of_version(version), today):
            robot = robot or service_user()
            try:
                open_period(definition, span, by=robot, at=now)
            except Refused:
                continue  # opened by somebody else meanwhile, or nobody owes it
            opened += 1
    return opened


def due_spans(definition: Definition, spec: Spec, today: dt.date) -> list[Span]:
    """The periods that are over and not open yet, oldest first."""
    open_ones = set(definition.periods.order_by("-last").values_list("first", "last")[: CATCH_UP * 2])
    if spec.period == "campaign":
        campaign = definition.campaign
        if campaign is None or campaign.starts_on is None or campaign.ends_on is None:
            return []
        span = Span(campaign.starts_on, campaign.ends_on)
        is_due = campaign.ends_on < today and definition.in_force(span.last)
        return [span] if is_due and (span.first, span.last) not in open_ones else []
    if not spec.recurs:
        return []
    found: list[Span] = []
    span = last_ended(spec.period, today, spec.anchor)
    campaign = definition.campaign
    ended = campaign.ends_on if campaign is not None else None
    # The period the definition began in counts; a campaign that is over is reported up to its last period.
    while definition.in_force(span.last) and len(found) < CATCH_UP:
        if (span.first, span.last) not in open_ones and (ended is None or span.first <= ended):
            found.append(span)
        span = span_of(spec.period, span.first - ONE_DAY, spec.anchor)
    return found[::-1]


def open_by_hand(definition: Definition, first: dt.date, last: dt.date, title: str, *, by: User) -> Period:
    """An ad hoc return for the days given (临时报送). Raises PermissionDenied, Refused, IllegalMove."""
    if not defines(by, definition):
        raise PermissionDenied
    if definition.state != Definition.State.IN_FORCE:
        raise IllegalMove(f"“{definition.name}”没有启用，不能开报")
    if last < first:
        raise Refused("止期早于起期，请核对")
    if last > timezone.localdate():
        raise Refused("统计期还没有结束，止期最晚填今天")
    version = current_version(definition)
    if version is not None and spec_of_version(version).recurs:
        raise Refused("有固定周期的报表到期自动开报，不用手工开报")
    return open_period(definition, Span(first, last), by=by, title=title)
