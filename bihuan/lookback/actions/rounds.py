"""Holding a round: promise a seed, draw, hand over to others, finish."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.scope import area_q, place_of
from bihuan.audit.actions import chain_of
from bihuan.audit.moves import step, write_line
from bihuan.campaigns.models import Campaign
from bihuan.core.errors import ReasonRequired, Refused
from bihuan.duties import clock
from bihuan.duties.actions import finish_duty, open_duty
from bihuan.duties.models import Duty
from bihuan.hazards.models import Hazard
from bihuan.planning.merging import numbers_today
from bihuan.registry.models import Enterprise
from bihuan.rules import sampling

from ..models import CheckTransition, LookbackCheck, LookbackRound, LookbackStratum, RoundTransition
from ..standing import organizer, runs
from ..workflow import ROUND_RULES, CheckMove, CheckStatus, RoundMove, Target
from .planning import plan_round, with_closer


@transaction.atomic
def announce_round(
    *,
    title: str,
    region: Region,
    stratify: str,
    confidence: int,
    margin: Decimal,
    expected: Decimal,
    minimum: int,
    method: str,
    by: User,
    target: str = Target.CLOSED,
    closed_from: dt.date | None = None,
    closed_to: dt.date | None = None,
    unseen_months: int | None = None,
    campaign: Campaign | None = None,
    public_value_of: str = "",
) -> LookbackRound:
    """Fix what is drawn from and promise a seed that nobody sees before the draw. Raises PermissionDenied, Refused."""
    body = organizer(by, region)
    if body is None:
        raise PermissionDenied
    if not title.strip():
        raise Refused("请填写名称")
    is_blind = target == Target.BLIND
    chosen: dict[str, Any] = {
        "target": target, "closed_from": None if is_blind else closed_from, "closed_to": None if is_blind else closed_to,
        "unseen_months": unseen_months if is_blind else None, "stratify": stratify, "confidence": confidence,
        "margin": margin, "expected": expected, "minimum": minimum, "method": method, "campaign": campaign,
    }  # fmt: skip
    plan = plan_round(body, region, **chosen)
    inputs = sampling.Inputs.of(plan.members, plan.counts)
    seed = secrets.token_hex(32)
    where = place_of(region)
    held = LookbackRound.objects.create(
        title=title.strip()[:80], organization=body, region=region, city_id=where.city_id, county_id=where.county_id,
        locality_id=where.locality_id, **chosen, population=plan.population, size=plan.size, inputs=inputs.as_json(), inputs_digest=inputs.digest(),
        commitment=sampling.commitment(seed), seed=seed, public_value_of=public_value_of.strip()[:120],
        announced_by=by, announced_at=timezone.now(),
    )  # fmt: skip
    LookbackStratum.objects.bulk_create(
        LookbackStratum(round=held, key=key, name=name, size=size, planned=planned)
        for key, name, size, planned in plan.rows
    )
    write_line(held, RoundMove.ANNOUNCE, RoundTransition, seen="", by=by, act="lookback.announce")
    return held


@transaction.atomic
def draw_round(held: LookbackRound, *, by: User, public_value: str = "") -> int:
    """Reveal the seed and draw; returns how many are looked at. Raises PermissionDenied, Refused, IllegalMove."""
    if not runs(by, held):
        raise PermissionDenied
    if held.public_value_of and not public_value.strip():
        raise Refused(f"请填写公开随机值：{held.public_value_of}")
    inputs = sampling.Inputs.from_json(held.inputs)
    if inputs.digest() != held.inputs_digest or sampling.commitment(held.seed) != held.commitment:
        raise Refused("抽样材料和公布的摘要、承诺值不符，不能抽取，请联系系统管理员")
    now = timezone.now()
    due = clock.due("lookback.round", timezone.localdate(now))
    value = public_value.strip()[:120]
    step(
        held, RoundMove.DRAW, ROUND_RULES[RoundMove.DRAW], RoundTransition, by=by, act="lookback.draw",
        changed={"drawn_at": now, "public_value": value, "due_on": due.due_on, "clock": due.explanation},
    )  # fmt: skip
    drawn = sampling.draw(inputs, held.seed, value)
    order = {int(pk): key for key, ids in drawn.items() for pk in ids}
    LookbackRound.objects.filter(pk=held.pk).update(result=list(order))
    held.result = list(order)
    strata = {each.key: each for each in held.strata.all()}
    facts = _places(order) if held.is_blind else _hazards(order)
    LookbackCheck.objects.bulk_create(
        LookbackCheck(
            round=held,
            stratum=strata[key],
            position=position,
            organization=held.organization,
            **facts[pk],
        )
        for position, (pk, key) in enumerate(order.items(), 1)
    )
    owe(held, held.organization, by=by)
    return len(order)


def _hazards(numbers: Iterable[int]) -> dict[int, dict[str, Any]]:
    """What a check keeps of each hazard that was drawn."""
    rows = with_closer(Hazard.objects.filter(pk__in=list(numbers)))
    return {
        each.pk: {
            "enterprise_id": each.enterprise_id, "hazard": each, "hazard_round": each.round,
            "closed_by_id": getattr(each, "closer", None), "department_id": each.department_id, "city_id": each.city_id,
            "county_id": each.county_id, "locality_id": each.locality_id,
        }
        for each in rows
    }  # fmt: skip


def _places(numbers: Iterable[int]) -> dict[int, dict[str, Any]]:
    """What a check keeps of each place that was drawn; one merged into another since then is looked at as that one."""
    today = numbers_today(numbers)
    rows = Enterprise.objects.in_bulk(set(today.values()))
    return {
        drawn: {
            "enterprise": rows[number], "department_id": rows[number].department_id, "city_id": rows[number].city_id,
            "county_id": rows[number].county_id, "locality_id": rows[number].locality_id,
        }
        for drawn, number in today.items()
    }  # fmt: skip


def owe(held: LookbackRound, body: Organization, *, by: User) -> None:
    """A body owes what it was asked to look at, once a round."""
    open_ones = Duty.objects.open().filter(subject=chain_of(held), kind=Duty.Kind.LOOKBACK)
    if open_ones.filter(organization=body).exists():
        return
    open_duty(
        kind=Duty.Kind.LOOKBACK, subject=held, title=f"完成“{held}”的抽查", url=held.get_absolute_url(),
        organization=body, place=held, due_on=held.due_on, clock=held.clock, by=by,
    )  # fmt: skip


def settle(held: LookbackRound, body: Organization, *, by: User) -> None:
    """A body that has looked at everything owes nothing more of the round."""
    if not held.checks.filter(organization=body, status=CheckStatus.WAITING).exists():
        finish_duty(held, Duty.Kind.LOOKBACK, by=by, organization=body)


def bodies_to_hand(held: LookbackRound) -> list[Organization]:
    """Who may be asked to look: offices and departments under the round's region or over it, and localities for their
    own blind spots."""
    code = held.region_id
    kinds = [Organization.Kind.OFFICE, Organization.Kind.DEPARTMENT]
    if held.is_blind:
        kinds.append(Organization.Kind.LOCALITY)
    return list(
        Organization.objects.current(on=timezone.localdate())
        .filter(kind__in=kinds)
        .filter(Q(region__code__startswith=code) | Q(region__in=[code[:2], code[:4]]))
        .order_by("region_id", "pk")
    )


@transaction.atomic
def hand_checks(held: LookbackRound, body: Organization, *, locality: str = "", by: User) -> int:
    """Ask another body to look at those still waiting (of one locality, if given); returns how many.

    Raises PermissionDenied, Refused.
    """
    if not runs(by, held):
        raise PermissionDenied
    if body not in bodies_to_hand(held):
        raise Refused("只能交给本范围内的安委办或者主管部门抽查")
    rows = held.checks.filter(status=CheckStatus.WAITING).exclude(organization=body)
    if body.kind == Organization.Kind.LOCALITY:
        rows = rows.filter(area_q(body.region_id))
    if locality:
        rows = rows.filter(locality=locality)
    moved = list(rows.select_related("hazard", "enterprise", "organization"))
    if not moved:
        raise Refused("没有待抽查的可以交办")
    before = {each.organization for each in moved}
    for check in moved:
        if LookbackCheck.objects.filter(pk=check.pk, status=CheckStatus.WAITING).update(organization=body):
            check.organization = body
            write_line(
                check, CheckMove.HAND, CheckTransition, seen=CheckStatus.WAITING, by=by, act="lookback.hand"
            )
    owe(held, body, by=by)
    for each in before:
        settle(held, each, by=by)
    return len(moved)


@transaction.atomic
def hand_to_localities(held: LookbackRound, *, by: User) -> int:
    """Ask each township or street to go to its own blind spots that still wait; returns how many.

    Raises PermissionDenied, Refused for a round of hazards or when nothing waits.
    """
    if not runs(by, held):
        raise PermissionDenied
    if not held.is_blind:
        raise Refused("已销号的隐患不交给属地自己抽查，请选择安委办或者主管部门")
    waiting = set(held.checks.filter(status=CheckStatus.WAITING).values_list("locality", flat=True))
    count = 0
    for body in bodies_to_hand(held):
        if body.kind == Organization.Kind.LOCALITY and body.region_id in waiting:
            left = held.checks.filter(status=CheckStatus.WAITING, locality=body.region_id)
            if left.exclude(organization=body).exists():
                count += hand_checks(held, body, by=by)
    if not count:
        raise Refused("没有待抽查的可以交办")
    return count


@transaction.atomic
def finish_round(held: LookbackRound, *, conclusion: str, by: User) -> None:
    """Close a round of which everything was looked at. Raises PermissionDenied, Refused, IllegalMove."""
    if not runs(by, held):
        raise PermissionDenied
    left = held.checks.filter(status=CheckStatus.WAITING).count()
    if left:
        raise Refused(f"还有 {left} 条没有抽查；看不到的按“无法判断”登记并写明原因")
    if not conclusion.strip():
        raise Refused("请写明结论：问题多不多、集中在哪里、下一步怎么办")
    step(
        held, RoundMove.FINISH, ROUND_RULES[RoundMove.FINISH], RoundTransition, by=by, act="lookback.finish",
        changed={"finished_at": timezone.now(), "conclusion": conclusion.strip()},
    )  # fmt: skip


@transaction.atomic
def cancel_round(held: LookbackRound, *, reason: str, by: User) -> None:
    """Give a round up before it is drawn; it stays on record. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    if not runs(by, held):
        raise PermissionDenied
    if not reason.strip():
        raise ReasonRequired("取消")
    step(
        held, RoundMove.CANCEL, ROUND_RULES[RoundMove.CANCEL], RoundTransition, by=by, reason=reason,
        act="lookback.cancel",
    )  # fmt: skip
