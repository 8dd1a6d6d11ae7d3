"""Blind spots that were drawn: the visit that is made at last settles the check; what could not be seen says why (R099)."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.moves import step
from bihuan.core.errors import IllegalMove, Refused
from bihuan.inspections.kinds import OWN
from bihuan.inspections.models import Inspection
from bihuan.inspections.queries import official_visits

from ..models import CheckTransition, LookbackCheck
from ..standing import may_visit
from ..workflow import CHECK_RULES, CheckMove, CheckStatus, RoundStatus
from .rounds import settle


def covered(inspection: Inspection, *, by: User) -> None:
    """A visit was recorded: where the body that made it was asked to go there, its check is settled with it.

    Called by bihuan.inspections in the transaction of the submission.
    """
    if inspection.kind in OWN:
        return
    waiting = LookbackCheck.objects.filter(
        enterprise=inspection.enterprise_id,
        organization=inspection.organization_id,
        hazard=None,
        status=CheckStatus.WAITING,
        round__status=RoundStatus.CHECKING,
    ).select_related("round__organization", "organization", "enterprise")
    for check in waiting:
        if check.round.drawn_at and timezone.localdate(check.round.drawn_at) <= inspection.inspected_on:
            _settle_by(check, inspection, by=by)


def warrants(inspection: Inspection) -> bool:
    """Whether a visit was made because a round had drawn the place: no visit without a reason."""
    return LookbackCheck.objects.filter(inspection=inspection).exists()


def visits_for(check: LookbackCheck) -> QuerySet[Inspection]:
    """The visits of authorities that may settle a check: at this place, since the draw, newest first."""
    if check.round.drawn_at is None:
        return Inspection.objects.none()
    return (
        official_visits(Inspection.objects.filter(enterprise=check.enterprise_id))
        .filter(inspected_on__gte=timezone.localdate(check.round.drawn_at))
        .select_related("organization")
        .order_by("-inspected_on", "-id")
    )


@transaction.atomic
def look_at(check: LookbackCheck, inspection: Inspection, *, by: User) -> None:
    """Settle a check with a visit that another body made, or that was recorded before the place was handed over.

    Raises PermissionDenied, Refused for a visit elsewhere or of before the draw, IllegalMove.
    """
    _allowed(check, by)
    if not visits_for(check).filter(pk=inspection.pk).exists():
        raise Refused("请选择抽取之后监管单位在这家的检查记录")
    _settle_by(check, inspection, by=by)


def _settle_by(check: LookbackCheck, inspection: Inspection, *, by: User) -> None:
    status = CheckStatus.CLEAN if inspection.is_clean else CheckStatus.FOUND
    said = "检查未发现隐患" if inspection.is_clean else f"检查发现隐患 {inspection.hazard_count} 项"
    step(
        check, CheckMove.VISIT, CHECK_RULES[status], CheckTransition, by=by, reason=said, act="lookback.visit",
        changed={
            "inspection": inspection, "found": said, "checked_on": inspection.inspected_on, "judged_by": by,
            "judged_at": timezone.now(),
        },
        watched=("organization_id",),
    )  # fmt: skip
    settle(check.round, check.organization, by=by)


@transaction.atomic
def not_seen(check: LookbackCheck, *, found: str, by: User) -> None:
    """Say why a place that was drawn could not be inspected (停业、查无此户). Raises PermissionDenied, Refused, IllegalMove."""
    _allowed(check, by)
    if not found.strip():
        raise Refused("请写明为什么没有看到：停业、搬迁、查无此户等，下一步怎么办")
    step(
        check, CheckMove.JUDGE, CHECK_RULES[CheckStatus.UNCLEAR], CheckTransition, by=by, reason=found,
        act="lookback.judge",
        changed={
            "found": found.strip()[:500], "checked_on": timezone.localdate(), "judged_by": by,
            "judged_at": timezone.now(),
        },
        watched=("organization_id",),
    )  # fmt: skip
    settle(check.round, check.organization, by=by)


def _allowed(check: LookbackCheck, by: User) -> None:
    if not may_visit(by, check) or not LookbackCheck.objects.visible_to(by).filter(pk=check.pk).exists():
        raise PermissionDenied
    if check.hazard_id is not None:
        raise Refused("已销号的隐患到现场看，拍照登记")
    if check.round.status != RoundStatus.CHECKING:
        raise IllegalMove("这一轮回头看已经结束，请刷新后核对")
