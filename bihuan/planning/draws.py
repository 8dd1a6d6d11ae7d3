"""Holding a draw: announced with a commitment, held by revealing the seed, replaced with a reason, published in time."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES
from bihuan.accounts.scope import areas_q, place_of
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties import actions as duties
from bihuan.duties import clock
from bihuan.duties.models import Duty
from bihuan.inspections.burden import at_cap
from bihuan.inspections.kinds import conducted_by
from bihuan.inspections.queries import conductible
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message
from bihuan.registry.models import Enterprise
from bihuan.registry.models.risks import EnterpriseGrading
from bihuan.rules import draws as rules
from bihuan.rules.visitplans import weights

from .merging import numbers_today
from .models import Draw, DrawReplacement, PlannedVisit, Recusal

MOST_OBJECTS = 5000
REPLACED = "抽取结果已替换"


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
    for post in user.posts:
        if Permission.PLAN_VISITS in ROLES[post.role].permissions:
            return post.organization
    raise PermissionDenied


def inspecting_body(user: User) -> Organization:
    """In whose name this person inspects. Raises PermissionDenied for those who inspect for nobody."""
    for post in user.posts:
        if (
            Permission.CONDUCT_INSPECTION in ROLES[post.role].permissions
            and post.organization.kind != Organization.Kind.ENTERPRISE
        ):
            return post.organization
    raise PermissionDenied


@transaction.atomic
def recuse(
    organization: Organization, person: User, enterprise: Enterprise, reason: str, *, by: User
) -> bool:
    """Keep a person away from an enterprise in every draw of the body to come; False when that is so already.

    Everybody may say so of themselves, whoever plans for the body of its people. Raises PermissionDenied for others.
    """
    plans = may_plan(by) and organization.pk in {post.organization_id for post in by.posts}
    if by.pk != person.pk and not plans:
        raise PermissionDenied
    row, is_new = Recusal.objects.get_or_create(
        organization=organization, user=person, enterprise=enterprise, is_active=True,
        defaults={"reason": reason, "by": by, "at": timezone.now()},
    )  # fmt: skip
    if is_new:
        record("planning.recuse", row, by=by, summary=f"登记回避：{row}")
    return is_new


def pool(
    user: User, *, kinds: Iterable[str] = (), risks: Iterable[str] = (), region: str = ""
) -> QuerySet[Enterprise]:
    """The objects of a draw: what this person may inspect, narrowed by kind, risk and region."""
    rows = conductible(user)
    chosen, colours = list(kinds), list(risks)
    if chosen:
        rows = rows.filter(kind__in=chosen)
    if colours:
        rows = rows.filter(risk__in=colours)
    if region:
        rows = rows.filter(areas_q((region,)))
    return rows.order_by("pk")


def inputs_of(given: Announcement, by: User, on: dt.date) -> tuple[rules.Inputs, int]:
    """Pool, lots and recusals as they stand now, and how many objects the limit of the year leaves out.

    Raises Refused for a pool too large to publish.
    """
    rows = list(pool(by, kinds=given.kinds, risks=given.risks, region=given.region)[: MOST_OBJECTS + 1])
    if len(rows) > MOST_OBJECTS:
        raise Refused(f"名录超过 {MOST_OBJECTS} 家，请按类型、风险或区划缩小范围，分次抽取")
    # Whoever has had as many visits of this kind as a year allows is not drawn for another (国办发〔2024〕54号).
    full = at_cap((row.pk for row in rows), given.kind, on)
    rows = [row for row in rows if row.pk not in full]
    grades = dict(
        EnterpriseGrading.objects.filter(enterprise__in=rows, is_current=True).values_list(
            "enterprise", "grade"
        )
    )
    lots = weights(on)
    people = {str(user.pk) for user in given.inspectors}
    recusals = Recusal.objects.filter(is_active=True, user__in=given.inspectors, enterprise__in=rows)
    inputs = rules.Inputs(
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
    return inputs, len(full)


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
    inputs, full = inputs_of(given, by, timezone.localdate(now))
    if problems := rules.problems_of(inputs):
        if full:
            problems.append(f"另有 {full} 家今年的检查次数已到上限，没有列入")
        raise Refused("；".join(problems[:5]))
    seed = secrets.token_hex(32)
    draw = Draw.objects.create(
        title=given.title.strip(),
        organization=organization,
        kind=given.kind,
        conditions={
            "kinds": list(given.kinds), "risks": list(given.risks), "region": given.region, "at_cap": full,
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
    today = numbers_today(int(row["object"]) for row in draw.result)
    wanted = {today[int(row["object"])]: [int(pk) for pk in row["inspectors"]] for row in draw.result}
    planned = draw.visits.exclude(status=PlannedVisit.Status.CANCELLED).select_related("enterprise")
    kept = {visit.enterprise_id: visit for visit in planned}
    for pk, visit in kept.items():
        if pk not in wanted and visit.status == PlannedVisit.Status.PLANNED:
            visit.status, visit.reason = PlannedVisit.Status.CANCELLED, REPLACED
            visit.save(update_fields=["status", "reason"])
            duties.finish_duty(visit, Duty.Kind.VISIT, by=by, cancelled=True)
    new = []
    # What was given up with a reason of its own stays so, whatever else is replaced.
    given_up = set(
        draw.visits.filter(status=PlannedVisit.Status.CANCELLED)
        .exclude(reason=REPLACED)
        .values_list("enterprise", flat=True)
    )
    missing = wanted.keys() - kept.keys() - given_up
    for enterprise in Enterprise.objects.filter(pk__in=missing).order_by("pk"):
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
    called: dict[int, list[str]] = {}
    for pk, people in wanted.items():
        if pk not in kept:
            continue
        before = set(kept[pk].inspectors.values_list("pk", flat=True))
        kept[pk].inspectors.set(people)
        for person in set(people) - before:
            called.setdefault(person, []).append(str(kept[pk].enterprise))
    transaction.on_commit(partial(_tell, draw.pk, called))


def _tell(draw_id: int, called: dict[int, list[str]]) -> None:
    """Each inspector learns of the enterprises newly drawn for them."""
    draw = Draw.objects.get(pk=draw_id)
    people = User.objects.in_bulk(called)
    for pk, names in called.items():
        notify(
            [people[pk]], category=Message.Category.DUTY, title=f"双随机抽中您：{draw}",
            body=f"{draw.window_from} 至 {draw.window_to} 检查{'、'.join(sorted(names))}；须回避的，请马上告诉经办人",
            url=f"{reverse('planning:visits')}?mine=1",
        )  # fmt: skip


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
    place = numbers_today([int(at)])[int(at)] if at.isascii() and at.isdecimal() else 0
    if draw.visits.filter(enterprise=place, status=PlannedVisit.Status.DONE).exists():
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
    """What anybody may download and recompute (`bihuan draw verify`). Before it is public: the promise alone."""
    promised = {
        "title": draw.title,
        "organization": draw.organization.name,
        "algorithm": draw.algorithm,
        "commitment": draw.commitment,
        "inputs_digest": draw.inputs_digest,
        "announced_at": timezone.localtime(draw.announced_at).isoformat(timespec="seconds"),
        "public_source": draw.public_source,
    }
    if not draw.is_public:
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
    today = numbers_today(int(row["object"]) for row in draw.result)
    people = {row["id"]: row["name"] for row in draw.inputs.get("inspectors", [])}
    made = draw.visits.exclude(status=PlannedVisit.Status.CANCELLED, reason=REPLACED)
    visits = {
        visit.enterprise_id: visit
        for visit in made.select_related("inspection").prefetch_related("inspection__members")
    }
    return [
        {
            "id": row["object"],
            "enterprise": today[int(row["object"])],
            "name": names.get(row["object"], row["object"]),
            "inspectors": [(pk, people.get(pk, pk)) for pk in row["inspectors"]],
            "visit": visits.get(today[int(row["object"])]),
        }
        for row in draw.result
    ]
