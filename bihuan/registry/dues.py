"""What falls due at an enterprise: permits to be renewed, equipment to be inspected. One duty each, watched over.

The enterprise's own post holds it, its locality where it has no account; the department in charge is told with every
reminder. The duty climbs the common ladder and ends when the renewed permit or the inspection is entered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.queries import default_post, holders_of, service_user
from bihuan.audit.actions import chain_of
from bihuan.duties.actions import NewDuty, finish_duty, open_duties, reschedule_duty
from bihuan.duties.models import Duty
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message
from bihuan.rules.equipment import equipment_rule, equipment_rules
from bihuan.rules.permits import (
    PermitRule,
    PermitState,
    doubt_level,
    doubt_validity,
    find_permit_kind,
    permit_rule,
    permit_state,
    permits_needed,
    reminders_reached,
)
from bihuan.rules.records import UnknownRule

from .models import Enterprise, Equipment, Permit
from .periods import grassroots_of
from .workflow import SUPERVISED

HORIZON = dt.timedelta(days=400)  # renewal may have to be asked for half a year before the end
FRESH = dt.timedelta(days=7)  # a reminder the worker slept through is still sent so long after its day
BATCH = 200


def rule_of(permit: Permit, on: dt.date) -> PermitRule | None:
    """The rule of a permit's kind where the enterprise lies; None for a kind nobody has written down."""
    return _rule(permit.kind, on, permit.enterprise.locality_id)


@lru_cache(maxsize=4096)
def _rule(kind: str, on: dt.date, area: str) -> PermitRule | None:
    key = find_permit_kind(kind)
    if key is None:
        return None
    try:
        return permit_rule(key, on, area=area)
    except UnknownRule:
        return None


def state_of(permit: Permit, on: dt.date) -> PermitState:
    """How a permit stands on a day, with the sentence that explains it."""
    return permit_state(permit.valid_to, on, rule=rule_of(permit, on), applied_on=permit.applied_on)


def doubts_of(permit: Permit, on: dt.date) -> list[str]:
    """What cannot be right about a permit by the rule of its kind: runs too long, issued too far down (R161, R163)."""
    rule = rule_of(permit, on)
    if rule is None:
        return []
    doubts = (
        doubt_validity(rule, permit.valid_from, permit.valid_to),
        doubt_level(rule, permit.issuing_level),
    )
    return [doubt for doubt in doubts if doubt]


def missing_permits(enterprise: Enterprise, on: dt.date) -> list[tuple[PermitRule, str]]:
    """(rule, what is wrong) of permits the kind needs and the enterprise does not validly hold.

    A permit needed only under a condition is named with it: whoever knows the place decides.
    """
    held: dict[str, list[Permit]] = {}
    for permit in enterprise.permits.all():
        if permit.replaced_by_id is None and (key := find_permit_kind(permit.kind)):
            held.setdefault(key, []).append(permit)
    found = []
    for rule in permits_needed(enterprise.kind_id, on, area=enterprise.locality_id):
        mine = held.get(rule.key, [])
        if any(permit.valid_to is None or permit.valid_to >= on for permit in mine):
            continue
        if mine:
            found.append((rule, "已过期"))
        else:
            found.append((rule, f"未登记（{rule.condition}的须有）" if rule.condition else "未登记"))
    return found


def open_dues(now: dt.datetime) -> int:
    """Open, move and close the duties of permits and equipment as they stand today; returns how many were opened.

    Run again it does nothing: a duty is looked for under the lock of its record, a reminder is sent once by its key.
    """
    today = timezone.localdate(now)
    by = service_user()
    return _permits(today, by) + _equipment(today, by)


def _permits(today: dt.date, by: User) -> int:
    due = (
        Permit.objects.held()
        .filter(valid_to__lte=today + HORIZON, enterprise__status__in=SUPERVISED)
        .select_related("enterprise__organization", "enterprise__department")
    )
    opened = 0
    for permit, owed in _each(due, Duty.Kind.PERMIT_RENEWAL):
        rule = rule_of(permit, today)
        assert permit.valid_to is not None
        reached = reminders_reached(permit.valid_to, today, rule=rule)
        if not reached:
            continue
        state = permit_state(permit.valid_to, today, rule=rule, applied_on=permit.applied_on)
        due_on = permit.valid_to
        if state.renew_by is not None and permit.applied_on is None:
            due_on = state.renew_by
        title = f"“{permit.enterprise}”{permit.kind}续期"
        if owed != due_on:
            opened += _owe(
                Duty.Kind.PERMIT_RENEWAL,
                permit,
                permit.enterprise,
                title,
                due_on,
                state.explanation,
                today,
                by,
            )
        last = reached[-1]
        if last.on >= today - FRESH:
            words = f"{permit.kind}（{permit.number}）{state.sentence()}"
            _remind(permit.enterprise, title, words, f"permit.{permit.pk}.{last.key}", today)
    return opened


def _equipment(today: dt.date, by: User) -> int:
    furthest = max(rule.remind for rule in equipment_rules())
    due = (
        Equipment.objects.due(by_day=today + dt.timedelta(days=furthest))
        .filter(enterprise__status__in=SUPERVISED)
        .select_related("enterprise__organization", "enterprise__department")
    )
    opened = 0
    for piece, owed in _each(due, Duty.Kind.EQUIPMENT_CHECK):
        rule = equipment_rule(piece.kind, today)
        assert piece.next_inspection_on is not None
        if piece.next_inspection_on - dt.timedelta(days=rule.remind) > today:
            continue
        clock = {
            "due_on": piece.next_inspection_on.isoformat(),
            "given": piece.next_is_given,
            "source": rule.source,
            "doc_no": rule.doc_no,
        }
        title = f"“{piece.enterprise}”{piece}检验"
        due_on = piece.next_inspection_on
        if owed == due_on:
            continue
        is_new = _owe(Duty.Kind.EQUIPMENT_CHECK, piece, piece.enterprise, title, due_on, clock, today, by)
        opened += is_new
        if is_new:
            words = f"{piece}应在{due_on}前检验（{rule.source}，{rule.doc_no}）"
            _remind(piece.enterprise, title, words, f"equipment.{piece.pk}.{due_on}", today)
    return opened


def _each(rows: QuerySet[Any], kind: str) -> Iterator[tuple[Any, dt.date | None]]:
    """The rows with the day of the duty open on them, in pieces: a city's worth is never held at once."""
    last = 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk")[:BATCH]):
        subjects = [chain_of(row) for row in batch]
        days = dict(
            Duty.objects.open().filter(kind=kind, subject__in=subjects).values_list("subject", "due_on")
        )
        yield from ((row, days.get(subject)) for row, subject in zip(batch, subjects, strict=True))
        last = batch[-1].pk


@transaction.atomic
def _owe(
    kind: str, subject: Permit | Equipment, enterprise: Enterprise, title: str, due_on: dt.date,
    clock: dict[str, Any], today: dt.date, by: User,
) -> bool:  # fmt: skip
    """See to it that exactly one duty is open with this due day; whether it is a new one."""
    type(subject).objects.select_for_update().get(pk=subject.pk)
    open_one = Duty.objects.open().filter(subject=chain_of(subject), kind=kind).first()
    if open_one is not None:
        if open_one.due_on != due_on:
            reschedule_duty(subject, kind, due_on, clock, by=by)
        return False
    body = holder_of(enterprise, today)
    if body is None:
        return False
    open_duties(
        [
            NewDuty(
                kind,
                subject,
                title,
                enterprise.get_absolute_url(),
                body,
                enterprise,
                due_on=due_on,
                clock=clock,
            )
        ],
        by=by,
    )
    return True


def holder_of(enterprise: Enterprise, on: dt.date) -> Organization | None:
    """Who sees to it: the enterprise itself once it has an account, else its locality (代企业督办)."""
    own = enterprise.organization
    if own is not None and (post := default_post(own)) and holders_of(post, on):
        return own
    return grassroots_of(enterprise, on=on)


def _remind(enterprise: Enterprise, title: str, words: str, key: str, on: dt.date) -> None:
    """Tell the holders and the department in charge, each once."""
    bodies = [holder_of(enterprise, on), enterprise.department]
    people = [
        user
        for body in bodies
        if body is not None and (post := default_post(body)) is not None
        for user in holders_of(post, on)
    ]
    send = partial(
        notify, people, category=Message.Category.REMINDER, title=title, body=words,
        url=enterprise.get_absolute_url(), key=key,
    )  # fmt: skip
    transaction.on_commit(send)


@transaction.atomic
def settle_permits(enterprises: Iterable[int], *, by: User) -> None:
    """Let renewed permits replace the ones they renew, and end the duties they settle.

    A permit is renewed by another of the same kind of the same enterprise that ends later, or never.
    """
    held: dict[tuple[int, str], list[Permit]] = {}
    rows = Permit.objects.held().filter(enterprise__in=list(enterprises))
    for permit in rows.select_related("enterprise"):
        kind = find_permit_kind(permit.kind) or permit.kind
        held.setdefault((permit.enterprise_id, kind), []).append(permit)
    today = timezone.localdate()
    owed = Duty.objects.open().filter(
        kind=Duty.Kind.PERMIT_RENEWAL, subject__in=[chain_of(each) for some in held.values() for each in some]
    )
    subjects = set(owed.values_list("subject", flat=True))
    for permits in held.values():
        latest = max(permits, key=lambda each: (each.valid_to or dt.date.max, each.pk))
        for permit in permits:
            if permit is latest:
                if chain_of(permit) in subjects:
                    _settle_kept(permit, today, by)
            elif _continues(permit, latest, today):
                Permit.objects.filter(pk=permit.pk).update(replaced_by=latest)
                finish_duty(permit, Duty.Kind.PERMIT_RENEWAL, by=by)


def _continues(old: Permit, new: Permit, on: dt.date) -> bool:
    """Whether a permit takes another's place: that one is due, and this one runs longer and began no earlier.

    Two permits of a kind that both run on, as for two shops, stay two.
    """
    if old.valid_to is None or not reminders_reached(old.valid_to, on, rule=rule_of(old, on)):
        return False
    if new.valid_to is not None and new.valid_to <= old.valid_to:
        return False
    return not (old.valid_from and new.valid_from and new.valid_from < old.valid_from)


def _settle_kept(permit: Permit, today: dt.date, by: User) -> None:
    """A permit whose own end was moved is renewed as well: its duty ends, or follows the new day."""
    rule = rule_of(permit, today)
    if permit.valid_to is None or not reminders_reached(permit.valid_to, today, rule=rule):
        finish_duty(permit, Duty.Kind.PERMIT_RENEWAL, by=by)


def drop_duties(subjects: Iterable[Permit | Equipment], *, by: User) -> None:
    """Cancel what is owed for records that are gone or out of use."""
    for subject in subjects:
        for kind in (Duty.Kind.PERMIT_RENEWAL, Duty.Kind.EQUIPMENT_CHECK):
            finish_duty(subject, kind, by=by, cancelled=True)
