"""What the demo city plans: recusals, a draw held and one announced, a plan of the year, requests, a joint visit, signals."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.attachments.actions import attach
from bihuan.attachments.models import AttachmentLink
from bihuan.inspections.models import Inspection
from bihuan.inspections.queries import conductible
from bihuan.inspections.signals import note
from bihuan.inspections.weighing import weigh
from bihuan.planning import draws, joint, plans

from .city import City
from .moments import as_of, at_hour

WEIGHED = 60  # of the newest visits; what came before is history


def plan(city: City) -> None:
    """Plan as the officers of the street and the housing bureau would, through the real actions."""
    street, bureau, leader, inspector, second = (
        User.objects.get(pk=city.users[login].pk)
        for login in ("jiedao_officer", "zhujian", "jiedao_leader", "jiedao", "jiedao2")
    )
    with as_of(at_hour(city.today - dt.timedelta(days=9), 10)):
        _recusal(street, second)
        held = _draw("秋季双随机抽查（一）", street, (inspector, second), count=4)
    with as_of(at_hour(city.today - dt.timedelta(days=8), 9)):
        draws.hold(held, by=street)
    with as_of(at_hour(city.today - dt.timedelta(days=7), 16)):
        gone = held.result[0]["object"]
        draws.replace(held, "object", gone, reason="门店装修停业，复业后另行检查", by=street)
    with as_of(at_hour(city.today - dt.timedelta(days=6), 9)):
        year = plans.make_plan(
            year=city.today.year + 1, kind="township", inspectors=4, team=2, days=6, visits_a_day=2, by=street
        )
        plans.adopt_plan(year, by=leader)
    with as_of(at_hour(city.today - dt.timedelta(days=2), 15)):
        _draw(
            "年末双随机抽查（二）",
            street,
            (inspector, second),
            count=6,
            public_source="次日上证指数收盘点位",
        )
        _requests(street, leader)
        _joint(street, bureau)
    with as_of(at_hour(city.today - dt.timedelta(days=1), 17)):
        _signals(street)


def _recusal(street: User, second: User) -> None:
    shop = conductible(street).order_by("pk").first()
    assert shop is not None
    assert street.organization is not None
    draws.recuse(street.organization, second, shop, "配偶在该店任职", by=second)


def _draw(
    title: str, by: User, people: tuple[User, ...], *, count: int, public_source: str = ""
) -> draws.Draw:
    today = timezone.localdate()
    given = draws.Announcement(
        title=title, kind="township", count=count, per_object=1, inspectors=people, window_from=today,
        window_to=today + dt.timedelta(days=25), public_source=public_source,
    )  # fmt: skip
    # A small city has fewer than that, and some of them were visited often enough this year.
    able = len(draws.inputs_of(given, by, today)[0].objects)
    return draws.announce(replace(given, count=min(count, able)), by=by)


def _requests(street: User, leader: User) -> None:
    today = timezone.localdate()
    rows = list(conductible(street).order_by("-pk")[:3])
    asked = [
        plans.request_visit(
            shop, kind="township", cause=cause, reason=reason, window_from=today,
            window_to=today + dt.timedelta(days=7), by=street,
        )
        for shop, (cause, reason) in zip(
            rows,
            [
                ("tip", "群众反映后门堆放气瓶"),
                ("other", "经营人变更，核对证照和用气情况"),
                ("other", "附近有集中活动，提前看一遍"),
            ],
            strict=False,
        )
    ]  # fmt: skip
    if len(asked) > 1:
        plans.decide_request(asked[1], approve=True, decision="同意，与证照核查一并进行", by=leader)


def _joint(street: User, bureau: User) -> None:
    """Street and bureau both mean to go to one shop in the same weeks."""
    today = timezone.localdate()
    until = today + dt.timedelta(days=joint.JOINT_DAYS)
    shop = (
        conductible(bureau)
        .filter(
            pk__in=conductible(street).values("pk"),
            planned_visits__status="planned",
            planned_visits__window_from__lte=until,
        )
        .order_by("pk")
        .first()
    )
    if shop is None:
        return
    plans.request_visit(
        shop, kind="department", cause="accident", reason="邻县同类场所发生泄漏，核查同型号减压阀", window_from=today,
        window_to=today + dt.timedelta(days=14), by=bureau,
    )  # fmt: skip
    proposed = joint.propose_joint(shop, by=street)
    if proposed.shares.filter(organization=bureau.organization).exists():
        joint.answer_joint(proposed, accept=True, reason="", by=bureau)


def _signals(street: User) -> None:
    """The newest visits weighed; one photo shown again, one phone with a wrong clock, one explanation."""
    newest = Inspection.objects.filter(organization=street.organization).order_by("-inspected_on", "-pk")
    rows = list(newest.select_related("enterprise", "premises")[:WEIGHED])
    others = Inspection.objects.exclude(organization=street.organization).order_by("-inspected_on", "-pk")
    if rows:
        Inspection.objects.filter(pk=rows[-1].pk).update(clock_skew=5400)
        rows[-1].refresh_from_db()
        used = AttachmentLink.objects.filter(subject__startswith="hazards.hazard:", role="before").first()
        if used is not None:
            attach(rows[-1], [used.attachment_id], "scene", by=used.attachment.uploaded_by)
    for inspection in [*rows, *others.select_related("enterprise", "premises")[:WEIGHED]]:
        found = weigh(inspection)
        if inspection in rows[-1:]:
            for signal in found[:1]:
                note(signal, "explained", "补传时选错了照片，原照片已交经办人", by=street)
