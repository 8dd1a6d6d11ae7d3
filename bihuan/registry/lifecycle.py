"""Going back to a stopped place, and letting it work again (R046)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from functools import partial

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import default_post, holders_of, office_of
from bihuan.attachments.actions import attach
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.actions import finish_duty
from bihuan.duties.models import Duty
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message

from .access import edit_scope
from .actions import change_status
from .models import Enterprise, Recheck, Resumption, StatusPeriod
from .periods import follow_up
from .responsibilities import answering_for
from .workflow import EnterpriseStatus

Files = Sequence[uuid.UUID | str]


def may_recheck(user: User, enterprise: Enterprise) -> bool:
    """Whoever inspects there or keeps its record."""
    return any(
        Enterprise.objects.within_scope_of(user, permission).filter(pk=enterprise.pk).exists()
        for permission in (Permission.CONDUCT_INSPECTION, Permission.EDIT_REGISTRY)
    )


@transaction.atomic
def record_recheck(
    recheck: Recheck, *, finding: str, note: str, photos: Files, by: User, on: dt.date, visit_url: str = ""
) -> None:
    """Say what was found on going back: with a photo, or with the record of a visit.

    Raises PermissionDenied, IllegalMove when it was done already, Refused without proof, for a day that cannot be,
    or for 擅自恢复生产 without words.
    """
    if not may_recheck(by, recheck.enterprise):
        raise PermissionDenied
    today = timezone.localdate()
    if not recheck.period.from_on <= on <= today:
        raise Refused(f"复核日期应在{recheck.period.from_on}至{today}之间，请核对")
    if not photos and not visit_url:
        raise Refused("请附现场照片，或选择一次检查记录作为依据")
    if finding == Recheck.Finding.REVIVED and not note.strip():
        raise Refused("发现擅自恢复生产的，请写明现场情况和已采取的措施")
    done = Recheck.objects.filter(pk=recheck.pk, status=Recheck.Status.OPEN).update(
        status=Recheck.Status.DONE, finding=finding, note=note.strip()[:300], visit_url=visit_url, done_on=on, by=by
    )  # fmt: skip
    if not done:
        raise IllegalMove("这次复核已经办过，请刷新后核对")
    recheck.refresh_from_db()
    if photos:
        attach(recheck, photos, "scene", by=by)
    finish_duty(recheck, Duty.Kind.RECHECK, by=by)
    words = recheck.get_finding_display()
    record(
        "registry.recheck", recheck.enterprise, by=by, summary=f"复核“{recheck.enterprise}”：{words}",
        payload={"recheck": recheck.pk, "finding": finding, "note": recheck.note, "visit": visit_url},
    )  # fmt: skip
    follow_up(recheck, by=by)
    if finding == Recheck.Finding.REVIVED:
        transaction.on_commit(partial(_raise_alarm, recheck.pk, by.pk))


def _raise_alarm(recheck_pk: int, by_pk: int) -> None:
    """Tell whoever is in charge of the place that it works again unasked: department, office, leader, watcher."""
    recheck = Recheck.objects.select_related("enterprise__department", "by").get(pk=recheck_pk)
    enterprise, today = recheck.enterprise, timezone.localdate()
    posts = {each.post for each in answering_for(enterprise, on=today)}
    bodies = (enterprise.department, office_of(enterprise.county_id, on=today))
    posts |= {post for body in bodies if body is not None and (post := default_post(body)) is not None}
    people = {user for post in posts for user in holders_of(post, today) if user.pk != by_pk}
    notify(
        people, category=Message.Category.ESCALATION, title=f"“{enterprise}”擅自恢复生产",
        body=f"{recheck.period.get_status_display()}期间，{recheck.by.full_name if recheck.by else ''}复核发现：{recheck.note}",
        url=recheck.get_absolute_url(), key=f"revived.{recheck.pk}",
    )  # fmt: skip


@transaction.atomic
def record_resumption(
    enterprise: Enterprise,
    *,
    passed: bool,
    team: str,
    opinion: str,
    checked_on: dt.date,
    photos: Files,
    by: User,
) -> Resumption:
    """Keep the acceptance before work begins again (复产验收); one that passed puts the place back in operation.

    Raises PermissionDenied, IllegalMove for a place that is in operation, Refused for a day that cannot be or a
    passed one without photo.
    """
    if not edit_scope(by).covers(enterprise):
        raise PermissionDenied
    if enterprise.status == EnterpriseStatus.OPERATING:
        raise IllegalMove(f"“{enterprise}”在产在营，不需要复产验收")
    period = StatusPeriod.objects.filter(enterprise=enterprise, to_on=None).first()
    today = timezone.localdate()
    if period is None:
        # Entered as stopped by a table, before periods were kept.
        period = StatusPeriod.objects.create(
            enterprise=enterprise, status=enterprise.status, from_on=min(timezone.localdate(enterprise.created_at), checked_on),
            reason="底册原登记状态", by=by, at=timezone.now(),
        )  # fmt: skip
    if not period.from_on <= checked_on <= today:
        raise Refused(f"验收日期应在{period.from_on}至{today}之间，请核对")
    if passed and not photos:
        raise Refused("验收合格须附现场照片")
    made = Resumption.objects.create(
        enterprise=enterprise, period=period, team=team.strip()[:300], passed=passed, opinion=opinion.strip()[:500],
        checked_on=checked_on, by=by, at=timezone.now(),
    )  # fmt: skip
    if photos:
        attach(made, photos, "scene", by=by)
    record(
        "registry.resumption", made, by=by, summary=f"“{enterprise}”复产验收{'合格' if passed else '不合格'}"
    )
    if passed:
        change_status(
            enterprise, EnterpriseStatus.OPERATING, by=by, reason=f"复产验收合格：{made.opinion}"[:300],
            on=checked_on, accepted=True,
        )  # fmt: skip
    return made
