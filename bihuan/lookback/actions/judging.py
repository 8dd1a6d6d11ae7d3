"""Looking at a closed hazard again, signed; what came back is opened again (改后反弹)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.attachments.actions import attach, sign
from bihuan.attachments.models import Signature
from bihuan.audit.actions import record
from bihuan.audit.moves import step
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.actions import finish_duty, open_duty
from bihuan.duties.models import Duty
from bihuan.hazards.actions import reopen
from bihuan.hazards.models import Hazard
from bihuan.hazards.workflow import Status

from ..models import CheckTransition, LookbackCheck
from ..standing import may_judge
from ..workflow import CHECK_RULES, VERDICTS, CheckMove, CheckStatus, Target
from .rounds import settle


@transaction.atomic
def judge(
    check: LookbackCheck,
    status: str,
    *,
    found: str,
    checked_on: dt.date,
    by: User,
    photos: Iterable[str | uuid.UUID] = (),
    signature: str = "",
) -> None:
    """Say what was found of a closed hazard: it holds, it came back, or one cannot tell. One that came back needs a
    photo and is opened again, by whoever has the power to.

    Raises PermissionDenied for another body or whoever closed it, Refused, IllegalMove.
    """
    if check.hazard_id is None:
        raise Refused("监管盲区按检查记录登记；没有看到的写明原因")
    if not may_judge(by, check) or not LookbackCheck.objects.visible_to(by).filter(pk=check.pk).exists():
        raise PermissionDenied
    if status not in VERDICTS[Target.CLOSED]:
        raise Refused("请选择抽查结论")
    if not found.strip():
        raise Refused("请写明现场情况；无法判断的写明原因")
    kept = [str(each) for each in photos if each]
    if status == CheckStatus.REBOUNDED and not kept:
        raise Refused("认定反弹须附现场照片")
    today = timezone.localdate()
    drawn = timezone.localdate(check.round.drawn_at) if check.round.drawn_at else today
    if not drawn <= checked_on <= today:
        raise Refused(f"抽查日期应在 {drawn} 至今天之间，请核对")
    line = step(
        check, CheckMove.JUDGE, CHECK_RULES[status], CheckTransition, by=by, reason=found, act="lookback.judge",
        changed={"found": found.strip()[:500], "checked_on": checked_on, "judged_by": by, "judged_at": timezone.now()},
        watched=("organization_id",),
    )  # fmt: skip
    attach(line, kept, "scene", by=by)
    method = Signature.Method.DRAWN if signature else Signature.Method.LOGIN
    sign(
        check,
        role="reviewer",
        signer=by,
        signer_name=by.full_name,
        method=method,
        image=signature or None,
        by=by,
    )
    if status == CheckStatus.REBOUNDED:
        sees = Hazard.objects.visible_to(by).filter(pk=check.hazard_id).exists()
        if by.has_perm(Permission.REOPEN_HAZARD) and sees:
            _reopen(check, by=by)
        else:
            open_duty(
                kind=Duty.Kind.LOOKBACK, subject=check, title=f"重开反弹的隐患：{check.hazard}"[:200],
                url=check.get_absolute_url(), organization=check.round.organization, place=check,
                clock_rule="lookback.reopen", by=by,
            )  # fmt: skip
    settle(check.round, check.organization, by=by)


def _reopen(check: LookbackCheck, *, by: User) -> None:
    now = timezone.now()
    if not LookbackCheck.objects.filter(pk=check.pk, reopened_at=None).update(reopened_at=now):
        raise IllegalMove("这条反弹的隐患已经重开，请刷新后核对")
    check.reopened_at = now
    assert check.hazard_id is not None  # only what was a hazard is found again
    hazard = Hazard.objects.select_related("enterprise").get(pk=check.hazard_id)
    if hazard.status == Status.CLOSED and hazard.round == check.hazard_round:
        reopen(hazard, reason=f"{check.round}抽查发现反弹：{check.found}"[:500], by=by)
    record("lookback.reopen", check, by=by, summary=f"重开反弹的隐患：{hazard}")
    finish_duty(check, Duty.Kind.LOOKBACK, by=by)


@transaction.atomic
def reopen_found(check: LookbackCheck, *, by: User) -> None:
    """Open a hazard again that somebody without that power found again. Raises PermissionDenied, IllegalMove."""
    if not by.has_perm(Permission.REOPEN_HAZARD):
        raise PermissionDenied
    if not LookbackCheck.objects.visible_to(by).filter(pk=check.pk).exists():
        raise PermissionDenied
    if check.status != CheckStatus.REBOUNDED or check.reopened_at is not None:
        raise IllegalMove("这条抽查没有待重开的隐患，请刷新后核对")
    _reopen(check, by=by)
