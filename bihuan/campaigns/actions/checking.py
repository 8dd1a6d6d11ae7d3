"""The checkup of a draft: examine it again after every change, and answer what it finds."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.core.errors import IllegalMove, ReasonRequired
from bihuan.plans.lint import Finding

from ..checkup import examine
from ..models import PlanDocument, PlanFinding
from .steps import Step

GONE, OPEN = PlanFinding.State.GONE, PlanFinding.State.OPEN


def recheck(document: PlanDocument) -> None:
    """Examine the draft as it stands and bring the stored findings up to date.

    What is found no more is gone; what comes back after that is open again; answers given stay. Nobody's step: the
    findings follow from what people did. Runs outside their transaction, because examining takes a moment.
    """
    found = examine(document, document.items.all(), on=timezone.localdate())
    with transaction.atomic():
        # The lock of a step, so that two rechecks do not create the same finding twice.
        row = PlanDocument.objects.select_for_update().only("revision").get(pk=document.pk)
        if store_findings(document, found, revision=row.revision + 1):
            PlanDocument.objects.filter(pk=document.pk).update(revision=row.revision + 1)


def store_findings(document: PlanDocument, found: list[Finding], *, revision: int) -> bool:
    """Write what the checkup found beside what it found before; whether anything is different now."""
    known = {row.key: row for row in PlanFinding.objects.filter(document=document)}
    fresh, changed = [], []
    for finding in found:
        key = finding.key[:160]
        row = known.pop(key, None)
        says = {
            "severity": finding.severity,
            "start": finding.span.start,
            "end": finding.span.end,
            "message": finding.message,
            "why": finding.why,
            "proposal": finding.proposal or "",
        }
        if row is None:
            fresh.append(
                PlanFinding(document=document, key=key, code=finding.code[:60], touched=revision, **says)
            )
            continue
        if row.state == GONE:
            says["state"] = OPEN
        if any(getattr(row, name) != value for name, value in says.items()):
            for name, value in says.items():
                setattr(row, name, value)
            changed.append(row)
    for row in known.values():
        if row.state == OPEN:
            row.state = GONE
            changed.append(row)
    for row in changed:
        row.touched, row.version = revision, row.version + 1
    PlanFinding.objects.bulk_create(fresh, ignore_conflicts=True)
    PlanFinding.objects.bulk_update(
        changed,
        ["severity", "start", "end", "message", "why", "proposal", "state", "touched", "version"],
    )
    return bool(fresh or changed)


@transaction.atomic
def accept_finding(finding: PlanFinding, *, version: int, by: User) -> None:
    """采纳: the wording is to be changed in the document; recorded with who and when."""
    _answer(finding, PlanFinding.State.ACCEPTED, version=version, by=by)


@transaction.atomic
def waive_finding(finding: PlanFinding, *, version: int, by: User, reason: str) -> None:
    """不采纳: the document stays as it is, and the reason is on record. Raises ReasonRequired without one."""
    if not reason.strip():
        raise ReasonRequired("不采纳体检意见")
    _answer(finding, PlanFinding.State.WAIVED, version=version, by=by, reason=reason.strip()[:300])


@transaction.atomic
def reopen_finding(finding: PlanFinding, *, version: int, by: User) -> None:
    """Take an answer back."""
    if finding.is_open or finding.state == GONE:
        raise IllegalMove("这条体检意见还没有答复，无须重新打开")
    _answer(finding, OPEN, version=version, by=by)


def _answer(finding: PlanFinding, state: str, *, version: int, by: User, reason: str = "") -> None:
    step = Step(finding.document, by=by)
    if state != OPEN and not finding.is_open:
        raise IllegalMove(f"这条体检意见{finding.get_state_display()}，请先重新打开再改")
    step.write_row(
        finding,
        version=version,
        state=state,
        reason=reason,
        decided_by=by if state != OPEN else None,
        decided_at=step.at if state != OPEN else None,
    )
    words = {OPEN: "重新打开体检意见"}.get(
        PlanFinding.State(state), f"体检意见{PlanFinding.State(state).label}"
    )
    because = f"（理由：{reason}）" if reason else ""
    step.finish("answer_finding", f"{words}：{finding.message}{because}", finding=finding.pk, reason=reason)
