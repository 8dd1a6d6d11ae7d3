"""Signing a return: the figures of one moment become a signed text that nothing overwrites (invariant 2)."""

from __future__ import annotations

import datetime as dt
import secrets

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.attachments.queries import of as files_of
from bihuan.audit import moves
from bihuan.audit.actions import record as note
from bihuan.core.digest import canonical_json, hash_bytes
from bihuan.core.errors import IllegalMove, Overtaken, ReasonRequired, Refused
from bihuan.core.snapshot import one_moment
from bihuan.duties.actions import finish_duty
from bihuan.duties.models import Duty

from ..counting import is_zero
from ..figures import ReturnFigures, evidence_role, figures_of, frozen_content, spec_of
from ..models import Filing, Restatement, Return, ReturnTransition
from ..schema import Spec
from ..standing import may_fill, may_sign
from ..workflow import RULES, Move, Status
from .receiving import reopen

_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"  # without those that are mistaken for one another
CODE_LENGTH = 10


class Incomplete(Refused):
    """What is still missing before the return can be signed; `problems` one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("；".join(problems))
        self.problems = problems


def loaded(pk: int) -> Return:
    """A return with everything its figures need, read anew."""
    return Return.objects.select_related(
        "period__version", "period__definition__campaign", "organization__region", "collector", "current__by"
    ).get(pk=pk)


def sign_return(
    record: Return, *, by: User, reason: str = "", zero: bool = False, now: dt.datetime | None = None
) -> Filing:
    """Sign the figures as they stand at this moment, with the words filled in; returns the signing.

    After a sending back, an unlocking or a withdrawal it is a correction and needs its reason; the earlier signing
    stays. With `now` (an earlier moment, for what is told of the past) the figures are those entered by then. When nothing happened the person has to say so (`zero`, 零报告). Raises PermissionDenied, IllegalMove,
    ReasonRequired, Overtaken when other words were saved since `record` was read, Incomplete with everything that is missing or does not agree.
    """
    seen, record = record.draft_revision, loaded(record.pk)
    spec = spec_of(record)
    if not may_sign(by, record, spec):
        raise PermissionDenied
    move = Move.SIGN if record.status == Status.OWED else Move.AMEND
    if record.status not in RULES[move].sources:
        raise moves.stale(record)
    if RULES[move].needs_reason and not reason.strip():
        raise ReasonRequired(move.label)
    cutoff = now or timezone.now()
    if timezone.localdate(cutoff) <= record.period.last:
        raise Refused(f"统计期到{record.period.last}24时截止，期满后才能签报")
    if record.draft_revision != seen:  # nobody signs words he has not seen
        who = record.draft_by.full_name if record.draft_by else ""
        raise Overtaken("这份报表的填报内容", who=who, when=record.draft_at, theirs=record.draft)
    with one_moment():
        sheet = figures_of(record, live=True, moment=now)
    nothing = is_zero(spec, sheet.cells)
    problems = missing(record, sheet)
    if nothing and not zero:
        problems.append("本期各项都为零，请勾选“本单位本期确为零报告”再签报")
    if problems:
        raise Incomplete(problems)
    body = canonical_json(frozen_content(sheet, cutoff)).decode()
    return _file(record, move, body, spec, by=by, reason=reason, cutoff=cutoff, nothing=nothing)


def missing(record: Return, sheet: ReturnFigures) -> list[str]:
    """What stands between the return and its signing, each with the remedy."""
    spec, problems = sheet.spec, []
    for item in spec.items:
        if not item.is_manual:
            continue
        if sheet.whole(item.key).value is None and not item.optional:
            problems.append(f"“{item.label}”还没有填，没有的请填0")
        needs_proof = item.evidence == "required" and bool(sheet.whole(item.key).value)
        if needs_proof and not files_of(record, evidence_role(spec, item)):
            problems.append(f"“{item.label}”须附佐证材料，请上传")
    for broken in sheet.broken:
        if broken.check.severity == "error":
            remedy = f"，{broken.check.remedy}" if broken.check.remedy else ""
            problems.append(f"勾稽不符：{broken.words}{remedy}")
        elif not sheet.explanations.get(broken.key):
            problems.append(f"勾稽不符须说明：{broken.words}")
    if spec.words_required and not sheet.words:
        problems.append("请填写文字说明")
    return problems


@transaction.atomic
def _file(
    record: Return,
    move: Move,
    body: str,
    spec: Spec,
    *,
    by: User,
    reason: str,
    cutoff: dt.datetime,
    nothing: bool,
    signer: str = "",
    received_from: str = "",
) -> Filing:
    today = timezone.localdate(cutoff)
    first = record.first_signed_at is None
    late = today > record.due_on if first else record.is_late
    try:
        with transaction.atomic():
            filing = Filing.objects.create(
                record=record, number=record.filings_count + 1, code=_code(), body=body, digest=hash_bytes(body.encode()),
                cutoff=cutoff, is_zero=nothing, is_late=late, reason=reason.strip()[:500], by=by,
                by_title=(signer or str(by.main_post or ""))[:120], received_from=received_from[:120], at=cutoff,
            )  # fmt: skip
    except IntegrityError as error:
        raise IllegalMove(f"“{record}”刚刚已由他人签报，请刷新后查看") from error
    changed = {
        "current": filing, "filings_count": filing.number, "is_late": late, "first_signed_at": record.first_signed_at or cutoff,
        "draft": {}, "draft_revision": record.draft_revision + 1, "is_restated": False, "checked_at": cutoff,
    }  # fmt: skip
    moves.step(
        record, move, RULES[move], ReturnTransition, by=by, reason=reason, changed=changed, watched=("filings_count", "draft_revision"),
        at=cutoff, act=f"returns.{move.value}",
    )  # fmt: skip
    note(
        "returns.file", filing, by=by, summary=f"{move.label}：{record}{'（零报告）' if nothing else ''}",
        payload={"digest": filing.digest, "cutoff": cutoff.isoformat()},
    )  # fmt: skip
    for kind in (Duty.Kind.RETURN, Duty.Kind.RETURN_CORRECTION):
        finish_duty(record, kind, by=by)
    # What the earlier signing was told differently by is answered by this one.
    Restatement.objects.filter(filing__record=record, settled_at=None).update(
        settled_at=cutoff, checked_at=cutoff
    )
    return filing


def _code() -> str:
    return "".join(secrets.choice(_SIGNS) for _ in range(CODE_LENGTH))


@transaction.atomic
def withdraw(record: Return, reason: str, *, by: User) -> Return:
    """Take back what one's own body signed, before it has been accepted; the signing stays on record.

    Raises PermissionDenied, IllegalMove, ReasonRequired.
    """
    if not may_fill(by, record):
        raise PermissionDenied
    return reopen(record, Move.WITHDRAW, reason, by=by)
