"""The sites of a visit: drawn so that anybody can draw them again, replaced with a reason, added with a reason."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.scope import area_q
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.planning.models import Recusal
from bihuan.registry.models import Enterprise
from bihuan.rules import draws
from bihuan.rules.visitplans import weights

from ..models import OversightVisit, SitePick, TeamSeat
from ..standing import is_under_way, may_record
from ..workflow import RoundStatus

MOST_OBJECTS = 5000
MOST_ADDED = 10


def inputs_of(visit: OversightVisit) -> draws.Inputs:
    """The pot as it stands now: supervised objects of the locality, weighted by risk, less those somebody of the team
    must not meet. Raises Refused for a pot too large to publish or too small to draw from."""
    rows = list(
        Enterprise.objects.supervised().filter(area_q(visit.locality_id)).order_by("pk")[: MOST_OBJECTS + 1]
    )
    if len(rows) > MOST_OBJECTS:
        raise Refused(f"名录超过 {MOST_OBJECTS} 家，抽取材料无法公示，请用专项督导分类型抽取")
    team = TeamSeat.objects.filter(team=visit.team_id).values("user")
    barred = set(Recusal.objects.filter(is_active=True, user__in=team).values_list("enterprise", flat=True))
    lots = weights(timezone.localdate())
    objects = tuple(
        draws.Candidate(str(row.pk), row.name, lots.of(row.risk, "")) for row in rows if row.pk not in barred
    )
    if not objects:
        raise Refused(f"{visit.organization.short_name}没有可以抽查的对象，请先登记底册，或者指定点位")
    name = visit.team.name if visit.team else ""
    return draws.Inputs(
        objects=objects, inspectors=(draws.Candidate("1", name),), recusals=frozenset(),
        count=min(visit.round.sites, len(objects)), per_object=1,
    )  # fmt: skip


@transaction.atomic
def draw_sites(visit: OversightVisit, *, by: User) -> int:
    """Draw the sites of a visit, once; the seed's promise stood on the page before. Returns how many.

    Raises PermissionDenied, Refused, IllegalMove when it was drawn before.
    """
    if not may_record(by, visit):
        raise PermissionDenied
    if visit.round.status not in {RoundStatus.PLANNING, RoundStatus.RUNNING} or visit.team_id is None:
        raise Refused("先给这个属地排期，再抽取点位")
    inputs = inputs_of(visit)
    now = timezone.now()
    changed: dict[str, Any] = {
        "draw_inputs": inputs.as_json(),
        "draw_digest": inputs.digest(),
        "drawn_at": now,
        "drawn_by": by,
    }
    if not OversightVisit.objects.filter(pk=visit.pk, drawn_at=None).update(**changed):
        raise IllegalMove(f"{visit}的点位已经抽过，不能重抽；去不了的请替换")
    for name, value in changed.items():
        setattr(visit, name, value)
    pairs = draws.draw(inputs, visit.draw_seed)
    _write(visit, [int(each.object) for each in pairs])
    record(
        "oversight.draw", visit, by=by, summary=f"{visit}抽取 {len(pairs)} 个点位",
        payload={"digest": visit.draw_digest, "seed": visit.draw_seed, "result": [each.object for each in pairs]},
    )  # fmt: skip
    return len(pairs)


def _write(visit: OversightVisit, drawn: list[int]) -> None:
    """The picks as the draw says now; what was added by hand stays behind them."""
    SitePick.objects.filter(visit=visit, origin=SitePick.Origin.ADDED, enterprise__in=drawn).delete()
    kept = {
        each.enterprise_id: each
        for each in SitePick.objects.filter(visit=visit, origin=SitePick.Origin.DRAWN)
    }
    SitePick.objects.filter(pk__in=[each.pk for key, each in kept.items() if key not in drawn]).delete()
    for place, enterprise in enumerate(drawn):
        if enterprise in kept:
            if kept[enterprise].position != place:
                SitePick.objects.filter(pk=kept[enterprise].pk).update(position=place)
            continue
        SitePick.objects.create(
            visit=visit, enterprise_id=enterprise, origin=SitePick.Origin.DRAWN, position=place
        )


@transaction.atomic
def replace_site(pick: SitePick, *, reason: str, by: User) -> None:
    """Let the draw name another site instead of one that cannot be visited; the reason is part of the statement.

    Raises PermissionDenied, ReasonRequired, Refused when nothing is left in the pot, IllegalMove.
    """
    visit = pick.visit
    if not may_record(by, visit):
        raise PermissionDenied
    if not reason.strip():
        raise ReasonRequired("替换点位")
    if pick.origin != SitePick.Origin.DRAWN or pick.result:
        raise Refused("只能替换抽中而还没有查的点位")
    if visit.submitted_at is not None:
        raise IllegalMove(f"{visit}已提交，不能再替换")
    before = visit.draw_replacements
    after = [
        *before,
        {"what": "object", "out": str(pick.enterprise_id), "at_object": "", "reason": reason.strip()[:200]},
    ]
    try:
        pairs = result_of(visit, after)
    except draws.DrawError as error:
        raise Refused(str(error)) from error
    if not OversightVisit.objects.filter(pk=visit.pk, submitted_at=None, draw_replacements=before).update(
        draw_replacements=after
    ):
        raise IllegalMove(f"{visit}的点位刚刚被别人替换，请刷新后核对")
    visit.draw_replacements = after
    _write(visit, [int(each.object) for each in pairs])
    record("oversight.replace", visit, by=by, summary=f"{visit}替换点位{pick.enterprise}：{reason.strip()}")


def result_of(visit: OversightVisit, replacements: list[dict[str, Any]]) -> list[draws.Pair]:
    """What the draw of a visit gives, with its replacements."""
    return draws.draw(
        draws.Inputs.from_json(visit.draw_inputs),
        visit.draw_seed,
        "",
        [draws.Replacement(row["what"], row["out"], row["at_object"]) for row in replacements],
    )


@transaction.atomic
def add_site(visit: OversightVisit, enterprise: Enterprise, *, reason: str, by: User) -> SitePick:
    """Look at a site besides those drawn, with the reason (举报、领导指定、上次问题).

    Raises PermissionDenied, ReasonRequired, Refused for a site elsewhere or there already.
    """
    if not may_record(by, visit):
        raise PermissionDenied
    if not reason.strip():
        raise ReasonRequired("指定点位")
    if visit.submitted_at is not None or visit.round.status == RoundStatus.CANCELLED:
        raise IllegalMove(f"{visit}已提交，不能再增加点位")
    if enterprise.locality_id != visit.locality_id:
        raise Refused(f"{enterprise}不在{visit.organization.short_name}，请核对")
    team = TeamSeat.objects.filter(team=visit.team_id).values("user")
    if barring := Recusal.objects.filter(is_active=True, user__in=team, enterprise=enterprise).first():
        raise Refused(f"{barring.user.full_name}须回避{enterprise}，不能由这个组查")
    if visit.picks.filter(origin=SitePick.Origin.ADDED).count() >= MOST_ADDED:
        raise Refused(f"一个属地最多指定 {MOST_ADDED} 个点位")
    last = visit.picks.order_by("-position").values_list("position", flat=True).first()
    try:
        with transaction.atomic():
            pick = SitePick.objects.create(
                visit=visit, enterprise=enterprise, origin=SitePick.Origin.ADDED, reason=reason.strip()[:200],
                position=100 if last is None else max(last + 1, 100),
            )  # fmt: skip
    except IntegrityError as error:
        raise Refused(f"{enterprise}已在这次督导的点位里") from error
    record("oversight.add_site", visit, by=by, summary=f"{visit}指定点位{enterprise}：{reason.strip()}")
    return pick


def statement(visit: OversightVisit) -> dict[str, Any]:
    """What anybody may download and recompute (`bihuan draw verify`); before the draw the promise alone."""
    promised = {
        "title": f"{visit}抽查点位",
        "organization": visit.round.organization.name,
        "algorithm": draws.ALGORITHM,
        "commitment": visit.draw_commitment,
        "inputs_digest": visit.draw_digest,
        "public_source": "",
    }
    if visit.drawn_at is None:
        return promised
    return promised | {
        "held_at": timezone.localtime(visit.drawn_at).isoformat(timespec="seconds"),
        "seed": visit.draw_seed,
        "public_value": "",
        "inputs": visit.draw_inputs,
        "replacements": visit.draw_replacements,
        "result": [each.as_json() for each in result_of(visit, visit.draw_replacements)],
    }


def seen_by_team(visit: OversightVisit, by: User) -> None:
    """Refuse whoever may not write on a visit that is under way. Raises PermissionDenied, IllegalMove."""
    if not may_record(by, visit):
        raise PermissionDenied
    # Held until the transaction ends: nothing is added to a visit that was signed a moment ago.
    now = OversightVisit.objects.select_for_update().values_list("status", flat=True).get(pk=visit.pk)
    if now != visit.status or not is_under_way(visit):
        raise IllegalMove(f"{visit}还没有下达，或者已提交，不能再记录")
