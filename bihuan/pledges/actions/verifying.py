"""Checking a promise on the spot, line by line (R073): true, not done, or false; and what follows from each."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from functools import partial

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Post, User
from bihuan.accounts.queries import default_post, holders_of
from bihuan.attachments.actions import attach
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties.actions import finish_duty
from bihuan.duties.models import Duty
from bihuan.hazards import actions as hazards
from bihuan.hazards.models import Hazard
from bihuan.hazards.workflow import Move, is_legal
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message

from ..models import FalseClaim, Pledge, PledgeLine
from ..standing import verifying_post
from ..workflow import LineVerdict, PledgeMove, PledgeStatus
from .moving import move_pledge


@transaction.atomic
def judge_line(
    line: PledgeLine, verdict: str, *, note: str = "", photos: Iterable[str | uuid.UUID] = (), by: User
) -> PledgeLine:
    """Record what was found about one line. The first one begins the check.

    The hazard the line speaks of follows: closed, or back in the hands of the enterprise. False is listed as a false
    claim besides, and needs photos and a note. Raises PermissionDenied, ReasonRequired, Refused, IllegalMove when somebody was quicker.
    """
    pledge = line.pledge
    post = verifying_post(by, pledge)
    if post is None or not Pledge.objects.visible_to(by).filter(pk=pledge.pk).exists():
        raise PermissionDenied
    if verdict not in LineVerdict.values or verdict == LineVerdict.PENDING:
        raise Refused("请选择核查结论：属实、未整改到位或弄虚作假")
    chosen, ids = LineVerdict(verdict), [str(each) for each in photos if each]
    if chosen != LineVerdict.TRUE and not note.strip():
        raise ReasonRequired(chosen.label)
    if chosen == LineVerdict.FALSE and not ids:
        raise Refused("认定弄虚作假须附现场照片")
    now = timezone.now()
    if pledge.status == PledgeStatus.SIGNED:
        move_pledge(pledge, PledgeMove.BEGIN, by=by, at=now)
    if pledge.status != PledgeStatus.VERIFYING:
        raise IllegalMove(f"这份承诺书{pledge.get_status_display()}，不能再核查")
    fields = {
        "verdict": chosen,
        "verdict_note": note.strip()[:300],
        "verified_by": by,
        "verified_at": now,
    }
    if not PledgeLine.objects.filter(pk=line.pk, verdict=LineVerdict.PENDING).update(**fields):
        raise IllegalMove("这一项刚刚已经核查过，请刷新后核对")
    for name, value in fields.items():
        setattr(line, name, value)
    attach(line, ids, "verification", by=by)
    _settle_in_ledger(line, post, ids, by)
    record(
        "pledges.judge",
        line,
        by=by,
        summary=f"核查{pledge}：{line}，{chosen.label}",
        payload={"verdict": chosen.value, "note": line.verdict_note, "hazard": line.hazard_id},
    )
    if chosen == LineVerdict.FALSE:
        _list_false(line, by)
    return line


def _settle_in_ledger(line: PledgeLine, post: Post, photos: list[str], by: User) -> None:
    """What the verdict means for the hazard the line speaks of: one look on the spot is its review as well (R059, R073).

    A correction found true closes the hazard that waited for review; one found otherwise is sent back, opened again if
    it had been closed, or entered as newly found where the ledger has no open one. What another body reviews and this
    one may not judge stays as it is, and is linked.
    """
    hazard = line.hazard
    if line.role == PledgeLine.Role.PLAIN:
        return
    is_corrected = line.role == PledgeLine.Role.CORRECTED
    if line.verdict == LineVerdict.TRUE:
        if is_corrected and hazard is not None and _may(by, Move.CLOSE, hazard):
            text = f"承诺书 {line.pledge.number} 逐项核查属实"
            hazards.reinspect(
                hazard, passed=True, text=f"{text}：{line.verdict_note}" if line.verdict_note else text, photos=photos, by=by
            )  # fmt: skip
        return
    words = "虚报整改" if line.verdict == LineVerdict.FALSE else "承诺已整改，核查未整改到位"
    told = f"{words}：{line.verdict_note}"
    if hazard is not None and is_corrected and _may(by, Move.SEND_BACK, hazard):
        hazards.reinspect(hazard, passed=False, reason_type="not_rectified", text=told, photos=photos, by=by)
        return
    if hazard is not None and _may(by, Move.REOPEN, hazard):
        hazards.reopen(hazard, reason=told, by=by)
        return
    if hazard is not None and hazard.is_open:
        return
    found = hazards.record_hazard(
        enterprise=line.pledge.enterprise,
        source=Hazard.Source.INSPECTION,
        description=f"{line.description}（{words}）"[:500],
        location=line.place,
        basis="企业承诺书核查",
        campaign=line.pledge.campaign,
        found_on=timezone.localdate(),
        photos=photos,
        client_id=uuid.uuid5(uuid.NAMESPACE_OID, f"bihuan.pledge:{line.pledge_id}:verdict:{line.pk}"),
        found_organization=post.organization,
        by=by,
    )
    PledgeLine.objects.filter(pk=line.pk).update(hazard=found)
    line.hazard = found


def _may(by: User, move: Move, hazard: Hazard) -> bool:
    """Whether the move is both legal now and this person's."""
    return is_legal(move, hazard.status, hazard.level) and hazards.may_move(by, move, hazard)


def _list_false(line: PledgeLine, by: User) -> None:
    claim = FalseClaim.objects.create(
        line=line,
        enterprise=line.pledge.enterprise,
        hazard=line.hazard,
        note=line.verdict_note,
        found_by=by,
        found_on=timezone.localdate(),
        found_at=timezone.now(),
    )
    record("pledges.false_claim", claim, by=by, summary=f"认定弄虚作假：{line.pledge} {line}")


@transaction.atomic
def conclude(pledge: Pledge, *, opinion: str = "", by: User) -> Pledge:
    """End the check: verified when every line is true, with objections otherwise; the enterprise is told.

    A promise without lines is verified by looking. Raises PermissionDenied, Refused while a line is open, IllegalMove.
    """
    if verifying_post(by, pledge) is None or not Pledge.objects.visible_to(by).filter(pk=pledge.pk).exists():
        raise PermissionDenied
    verdicts = list(pledge.lines.values_list("verdict", flat=True))
    left = verdicts.count(LineVerdict.PENDING)
    if left:
        raise Refused(f"还有 {left} 项没有核查，请逐项核查后再办结")
    now = timezone.now()
    if pledge.status == PledgeStatus.SIGNED:
        move_pledge(pledge, PledgeMove.BEGIN, by=by, at=now)
    is_true = all(each == LineVerdict.TRUE for each in verdicts)
    move = PledgeMove.VERIFY if is_true else PledgeMove.OBJECT
    changed = {"verified_at": now, "opinion": opinion.strip()[:500]}
    move_pledge(pledge, move, by=by, at=now, reason=opinion, changed=changed)
    finish_duty(pledge, Duty.Kind.PLEDGE_VERIFY, by=by)
    transaction.on_commit(partial(_tell_enterprise, pledge.pk))
    return pledge


def _tell_enterprise(pledge_pk: int) -> None:
    pledge = Pledge.objects.select_related("enterprise__organization").get(pk=pledge_pk)
    organization = pledge.enterprise.organization
    post = default_post(organization) if organization else None
    if post is None:
        return
    notify(
        holders_of(post, timezone.localdate()),
        category=Message.Category.RESULT,
        title=f"承诺书{pledge.get_status_display()}",
        body=pledge.opinion or "请打开承诺书查看逐项核查结论。",
        url=pledge.get_absolute_url(),
        key=f"pledge:{pledge.pk}:{pledge.status}",
    )
