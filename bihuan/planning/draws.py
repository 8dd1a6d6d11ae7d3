"""Holding a draw: announced with a commitment, held by revealing the seed, replaced with a reason, published in time."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import place_of
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties import actions as duties
from bihuan.duties import clock
from bihuan.duties.models import Duty
from bihuan.inspections.kinds import conducted_by
from bihuan.inspections.queries import conductible
from bihuan.registry.models import Enterprise
from bihuan.registry.models.risks import EnterpriseGrading
from bihuan.rules import draws as rules
from bihuan.rules.visitplans import weights

from .models import Draw, DrawReplacement, PlannedVisit, Recusal

MOST_OBJECTS = 5000


@dataclass(frozen=True)
class Announcement:
    """What a draw is about, before it is held. `kinds` and `risks` empty mean all."""

    title: str
    kind: str
    count: int
    per_object: int
    inspectors: tuple[User, ...]
    window_from: dt.date
    window_to: dt.date
    kinds: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()
    region: str = ""
    public_source: str = ""


def may_plan(user: User) -> bool:
    """Whether somebody may plan visits and hold draws for the organization of a post."""
    return user.has_perm(Permission.PLAN_VISITS)


def planning_organization(user: User) -> Organization:
    """In whose name this person plans. Raises PermissionDenied for those who plan for nobody."""
    from bihuan.accounts.roles import ROLES

    for post in user.posts:
        if Permission.PLAN_VISITS in ROLES[post.role].permissions:
            return post.organization
    raise PermissionDenied


def pool(
    user: User, *, kinds: Iterable[str] = (), risks: Iterable[str] = (), region: str = ""
) -> QuerySet[Enterprise]:
    """The objects of a draw: what this person may inspect, narrowed by kind, risk and region."""
    from bihuan.accounts.scope import areas_q

    rows = conductible(user)
    chosen, colours = list(kinds), list(risks)
    if chosen:
        rows = rows.filter(kind__in=chosen)
    if colours:
        rows = rows.filter(risk__in=colours)
    if region:
        rows = rows.filter(areas_q((region,)))
    return rows.order_by("pk")


def inputs_of(given: Announcement, organization: Organization, by: User, on: dt.date) -> rules.Inputs:
    """Pool, lots and recusals as they stand now. Raises Refused for a pool too large to publish."""
    rows = list(pool(by, kinds=given.kinds, risks=given.risks, region=given.region)[: MOST_OBJECTS + 1])
    if len(rows) > MOST_OBJECTS:
        raise Refused(f"名录超过 {MOST_OBJECTS} 家，请按类型、风险或区划缩小范围，分次抽取")
    grades = dict(
        EnterpriseGrading.objects.filter(enterprise__in=rows, is_current=True).values_list(
            "enterprise", "grade"
        )
    )
    lots = weights(on)
    people = {str(user.pk) for user in given.inspectors}
    recusals = Recusal.objects.filter(is_active=True, user__in=given.inspectors, enterprise__in=rows)
    return rules.Inputs(
        objects=tuple(
            rules.Candidate(str(row.pk), row.name, lots.of(row.risk, grades.get(row.pk, ""))) for row in rows
        ),
        inspectors=tuple(rules.Candidate(str(user.pk), user.full_name) for user in given.inspectors),
        recusals=frozenset(
            (str(user), str(enterprise))
            for user, enterprise in recusals.values_list("user", "enterprise")
            if str(user) in people
        ),
        count=given.count,
        per_object=given.per_object,
    )


@transaction.atomic
def announce(given: Announcement, *, by: User) -> Draw:
    """Fix the pool, make the seed and publish its commitment. Raises PermissionDenied, Refused with what is wrong."""
    organization = planning_organization(by)
    now = timezone.now()
    if given.kind not in conducted_by(organization):
        raise Refused(f"{organization.short_name}不开展这类检查，请改选检查类别")
    if not given.title.strip():
        raise Refused("请写明这次抽取的名称")
    if given.window_from > given.window_to:
        raise Refused("检查时段的起日晚于止日，请核对")
    for user in given.inspectors:
        if organization.pk not in {post.organization_id for post in user.posts}:
            raise Refused(f"{user.full_name}不是{organization.short_name}的人员，请从名录中去掉")
    inputs = inputs_of(given, organization, by, timezone.localdate(now))
    if problems := rules.problems_of(inputs):
        raise Refused("；".join(problems[:5]))
    seed = secrets.token_hex(32)
    draw = Draw.objects.create(
        title=given.title.strip(),
        organization=organization,
        kind=given.kind,
        conditions={
            "kinds": list(given.kinds), "risks": list(given.risks), "region": given.region,
            "weights": {"risk": weights(now.date()).risk, "grade": weights(now.date()).grade},
        },
        inputs=inputs.as_json(),
        inputs_digest=inputs.digest(),
        algorithm=rules.ALGORITHM,
        seed=seed,
        commitment=rules.commitment(seed),
        public_source=given.public_source.strip(),
        window_from=given.window_from,
        window_to=given.window_to,
        announced_by=by,
        announced_at=now,
    )  # fmt: skip
    record(
        "planning.announce_draw", draw, by=by,
        summary=f"公布双随机抽取“{draw}”的承诺值，名录 {len(inputs.objects)} 家、{len(inputs.inspectors)} 人",
        payload={"commitment": draw.commitment, "inputs_digest": draw.inputs_digest},
    )  # fmt: skip
    return draw


def _own(draw: Draw, by: User) -> None:
    if not may_plan(by) or draw.organization_id not in {post.organization_id for post in by.posts}:
        raise PermissionDenied


def _move(draw: Draw, before: str, **values: Any) -> None:
    """Compare and swap: whoever comes second is told."""
    if not Draw.objects.filter(pk=draw.pk, status=before).update(**values):
        draw.refresh_from_db()
        raise IllegalMove(f"“{draw}”现为“{draw.get_status_display()}”，请刷新后再办")
    draw.refresh_from_db()


@transaction.atomic
def hold(draw: Draw, *, public_value: str = "", by: User) -> Draw:
    """Reveal the seed, draw, and put the visits into the inboxes.

    Raises PermissionDenied, IllegalMove when it was held or cancelled before, Refused without the public value that was announced.
    """
    _own(draw, by)
    value = public_value.strip()
    if draw.public_source and not value:
        raise Refused(f"公布时约定混入公开数“{draw.public_source}”，请填写后再抽取")
    if value and not draw.public_source:
        raise Refused("公布时没有约定公开数，不能在抽取时临时加入")
    now = timezone.now()
    pairs = rules.draw(rules.Inputs.from_json(draw.inputs), draw.seed, value)
    due = clock.due("draw.publish", draw.window_to)
    _move(
        draw, Draw.Status.ANNOUNCED, status=Draw.Status.HELD, public_value=value,
        result=[pair.as_json() for pair in pairs], held_by=by, held_at=now, publish_by=due.due_on,
    )  # fmt: skip
    _plan_visits(draw, by=by)
    duties.open_duty(
        kind=Duty.Kind.DISCLOSURE, subject=draw, title=f"公示双随机抽查结果：{draw}", url=draw.get_absolute_url(),
        organization=draw.organization, place=place_of(draw.organization.region), due_on=due.due_on,
        clock=due.explanation, by=by,
    )  # fmt: skip
    record(
        "planning.hold_draw", draw, by=by, summary=f"公布种子并抽取“{draw}”，抽中 {len(pairs)} 家",
        payload={"seed": draw.seed, "public_value": value},
    )  # fmt: skip
    return draw


def _plan_visits(draw: Draw, *, by: User) -> None:
    """One planned visit and one duty for every object drawn that has none yet; what is no longer drawn is cancelled."""
    wanted = {int(row["object"]): [int(pk) for pk in row["inspectors"]] for row in draw.result}
    kept = {visit.enterprise_id: visit for visit in draw.visits.exclude(status=PlannedVisit.Status.CANCELLED)}
    for pk, visit in kept.items():
        if pk not in wanted and visit.status == PlannedVisit.Status.PLANNED:
            visit.status, visit.reason = PlannedVisit.Status.CANCELLED, "抽取结果已替换"
            visit.save(update_fields=["status", "reason"])
            duties.finish_duty(visit, Duty.Kind.VISIT, by=by, cancelled=True)
    new = []
    for enterprise in Enterprise.objects.filter(pk__in=wanted.keys() - kept.keys()).order_by("pk"):
        visit = PlannedVisit.objects.create(
            enterprise=enterprise, organization=draw.organization, kind=draw.kind, source=PlannedVisit.Source.DRAW,
            city_id=enterprise.city_id, county_id=enterprise.county_id, locality_id=enterprise.locality_id,
            window_from=draw.window_from, window_to=draw.window_to, draw=draw,
        )  # fmt: skip
        kept[enterprise.pk] = visit
        new.append(
            duties.NewDuty(
                kind=Duty.Kind.VISIT,
                subject=visit,
                title=f"双随机检查：{enterprise}",
                url=draw.get_absolute_url(),
                organization=draw.organization,
                place=enterprise,
                due_on=draw.window_to,
                clock={"summary": f"抽取时定的检查时段，{draw.window_from}至{draw.window_to}"},
            )
        )
    if new:
        duties.open_duties(new, by=by)
    for pk, people in wanted.items():
        kept[pk].inspectors.set(people)


@transaction.atomic
def replace(
    draw: Draw, what: str, out: str, *, at_object: str = "", reason: str, by: User
) -> DrawReplacement:
    """Let the draw name another object or person instead of one that cannot be kept; the reason is published.

    Raises PermissionDenied, IllegalMove, ReasonRequired, Refused when nothing is left to draw from or the visit took place.
    """
    _own(draw, by)
    if draw.status != Draw.Status.HELD:
        raise IllegalMove(f"“{draw}”现为“{draw.get_status_display()}”，不能替换")
    if not reason.strip():
        raise ReasonRequired("替换")
    at = out if what == DrawReplacement.What.OBJECT else at_object
    if draw.visits.filter(enterprise=at or 0, status=PlannedVisit.Status.DONE).exists():
        raise Refused("这一家已经检查，不能再替换")
    earlier = list(draw.replacements.order_by("position"))
    line = DrawReplacement(
        draw=draw, position=len(earlier) + 1, what=what, out=out, at_object=at_object, reason=reason.strip(),
        by=by, at=timezone.now(),
    )  # fmt: skip
    try:
        pairs = rules.draw(
            rules.Inputs.from_json(draw.inputs), draw.seed, draw.public_value,
            [rules.Replacement(each.what, each.out, each.at_object) for each in (*earlier, line)],
        )  # fmt: skip
    except rules.DrawError as error:
        raise Refused(str(error)) from error
    line.save()
    _move(draw, Draw.Status.HELD, result=[pair.as_json() for pair in pairs])
    _plan_visits(draw, by=by)
    record(
        "planning.replace_drawn",
        draw,
        by=by,
        summary=f"“{draw}”替换{line.get_what_display()}：{reason.strip()}",
    )
    return line


@transaction.atomic
def publish(draw: Draw, *, by: User) -> Draw:
    """Publish what the visits found. Raises Refused while a visit is still to be made."""
    _own(draw, by)
    left = draw.visits.filter(status=PlannedVisit.Status.PLANNED).count()
    if left:
        raise Refused(f"还有 {left} 家没有检查，检查完或取消后再公示结果")
    _move(draw, Draw.Status.HELD, status=Draw.Status.PUBLISHED, published_at=timezone.now())
    duties.finish_duty(draw, Duty.Kind.DISCLOSURE, by=by)
    record("planning.publish_draw", draw, by=by, summary=f"公示“{draw}”的抽查结果")
    return draw


@transaction.atomic
def cancel(draw: Draw, reason: str, *, by: User) -> Draw:
    """Give up a draw that was not held; the page stays and says why."""
    _own(draw, by)
    if not reason.strip():
        raise ReasonRequired("取消抽取")
    _move(draw, Draw.Status.ANNOUNCED, status=Draw.Status.CANCELLED, reason=reason.strip()[:200])
    record("planning.cancel_draw", draw, by=by, summary=f"取消“{draw}”：{reason.strip()}")
    return draw


def published_file(draw: Draw) -> dict[str, Any]:
    """What anybody may download and recompute (`bihuan draw verify`). Before the draw: the promise alone."""
    promised = {
        "title": draw.title,
        "organization": draw.organization.name,
        "algorithm": draw.algorithm,
        "commitment": draw.commitment,
        "inputs_digest": draw.inputs_digest,
        "announced_at": timezone.localtime(draw.announced_at).isoformat(timespec="seconds"),
        "public_source": draw.public_source,
    }
    if not draw.is_revealed:
        return promised
    assert draw.held_at is not None
    return promised | {
        "held_at": timezone.localtime(draw.held_at).isoformat(timespec="seconds"),
        "seed": draw.seed,
        "public_value": draw.public_value,
        "inputs": draw.inputs,
        "replacements": [
            {"what": each.what, "out": each.out, "at_object": each.at_object, "reason": each.reason}
            for each in draw.replacements.order_by("position")
        ],
        "result": draw.result,
    }


def outcome(draw: Draw) -> list[dict[str, Any]]:
    """The result in names, in the order drawn, with what the visit found once it is published; also what was replaced."""
    names = {row["id"]: row["name"] for row in draw.inputs.get("objects", [])}
    people = {row["id"]: row["name"] for row in draw.inputs.get("inspectors", [])}
    visits = {
        visit.enterprise_id: visit
        for visit in draw.visits.exclude(status=PlannedVisit.Status.CANCELLED).select_related("inspection")
    }
    return [
        {
            "id": row["object"],
            "name": names.get(row["object"], row["object"]),
            "inspectors": [(pk, people.get(pk, pk)) for pk in row["inspectors"]],
            "visit": visits.get(int(row["object"])),
        }
        for row in draw.result
    ]


def reverse_public(draw: Draw) -> str:
    """The address everybody may open."""
    return reverse("planning:public_draw", args=[draw.pk])
