"""Self-reports of heads of enterprises (履职自评, R124): owed by a day, filled in line by line, signed, sent back, missed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.queries import leaders_of
from bihuan.accounts.scope import place_of
from bihuan.attachments.actions import attach
from bihuan.audit.actions import chain_of, record
from bihuan.audit.moves import step
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.actions import NewDuty, finish_duty, open_duties, open_duty
from bihuan.duties.clock import due as clock_due
from bihuan.duties.models import Duty
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message
from bihuan.papers.actions import acknowledge
from bihuan.papers.models import PaperReceipt
from bihuan.rules.scoring import plain

from ..models import (
    AssessedUnit,
    Assessment,
    SelfReport,
    SelfReportLine,
    SelfReportTransition,
    SheetItem,
)
from ..standing import may_fill, may_return, represents, runs
from ..workflow import OUT, REPORT_RULES, Audience, ItemKind, ReportMove, ReportStatus, Status

UNSIGNED = (ReportStatus.OWED, ReportStatus.RETURNED)


@dataclass(frozen=True)
class LineGiven:
    """What a head says of one item."""

    text: str = ""
    claimed: Decimal | None = None
    evidence: Iterable[object] = field(default_factory=tuple)


def awaits(report: SelfReport) -> bool:
    """Whether the self-report may still come in time, so that nobody judges before it."""
    return report.status in UNSIGNED and timezone.localdate() <= report.due_on


def owe_reports(assessment: Assessment, *, by: User) -> int:
    """Every head owes a self-report by the clock `appraisal.report`; returns how many. Runs within the start."""
    due = clock_due("appraisal.report", timezone.localdate())
    assessment.report_due_on, assessment.report_clock = due.due_on, due.explanation
    assessment.save(update_fields=["report_due_on", "report_clock"])
    units = list(assessment.units.select_related("organization__region").order_by("pk"))
    reports = SelfReport.objects.bulk_create(
        SelfReport(unit=unit, due_on=due.due_on, clock=due.explanation) for unit in units
    )
    open_duties(
        [
            NewDuty(
                Duty.Kind.APPRAISAL, report, f"主要负责人履职自评：{assessment.title}", report.get_absolute_url(),
                report.unit.organization, place_of(report.unit.organization.region), None, due.due_on, due.explanation,
            )
            for report in reports
        ],
        by=by,
    )  # fmt: skip
    return len(reports)


def reported_items(unit: AssessedUnit) -> list[SheetItem]:
    """The items a head speaks of: everything that weighs something, in the order of the sheet; facts stated by others
    (plus, minus, veto) are not his to state."""
    items = unit.assessment.sheet.items.filter(kind=ItemKind.BASIC)
    return [each for each in items if each.full(unit.tier) > 0]


@transaction.atomic
def save_report(report: SelfReport, *, text: str, lines: Mapping[int, LineGiven], by: User) -> SelfReport:
    """Keep what was written so far, unsigned. Raises PermissionDenied, IllegalMove once handed in or frozen, Refused
    for an item of another sheet or more points than it has."""
    if not represents(by, report.unit):
        raise PermissionDenied
    _hold(report)
    if not may_fill(by, report):
        raise IllegalMove("自评已经提交，或者考核已经定格，不能再改")
    items = {item.pk: item for item in reported_items(report.unit)}
    kept = {line.item_id: line for line in report.lines.all()}
    for pk, given in lines.items():
        item = items.get(pk)
        if item is None:
            raise Refused("有的项目不属于这次考核，请刷新后再填")
        line = kept.get(pk) or SelfReportLine(report=report, item=item)
        line.text, line.claimed = given.text.strip()[:500], _claim(item, report.unit, given.claimed)
        line.save()
        attach(line, [str(each) for each in given.evidence], "evidence", by=by)
    report.text, report.saved_at = text.strip()[:1000], timezone.now()
    report.save(update_fields=["text", "saved_at"])
    record("assessment.save_report", report, by=by, summary=f"保存{report}")
    return report


def _claim(item: SheetItem, unit: AssessedUnit, claimed: Decimal | None) -> Decimal | None:
    """What the head claims of an item that is judged; what the ledger reckons is nobody's to claim."""
    if item.is_computed or claimed is None:
        return None
    full = item.full(unit.tier)
    if not Decimal(0) <= claimed <= full:
        raise Refused(f"“{item.name}”满分 {plain(full)} 分，自评分应在 0 到 {plain(full)} 之间")
    return claimed


def _hold(report: SelfReport) -> None:
    """Read the state anew and hold it to the end of the transaction, with the assessment's."""
    fresh = SelfReport.objects.select_for_update().get(pk=report.pk)
    report.status, report.revision = fresh.status, fresh.revision
    rows = Assessment.objects.select_for_update(no_key=True)
    report.unit.assessment.status = rows.values_list("status", flat=True).get(pk=report.unit.assessment_id)


def lacking(report: SelfReport) -> list[str]:
    """What a self-report still lacks before it can be signed: a word and a claim to every item that is judged."""
    lines = {line.item_id: line for line in report.lines.all()}
    found = []
    for item in reported_items(report.unit):
        if item.is_computed:
            continue
        line = lines.get(item.pk)
        if line is None or not line.text:
            found.append(f"“{item.name}”没有写自评情况")
        elif line.claimed is None:
            found.append(f"“{item.name}”没有填自评分")
    return found


@transaction.atomic
def submit_report(report: SelfReport, *, by: User) -> SelfReportTransition:
    """The head signs and hands it in; whoever judges it may begin.

    Raises PermissionDenied, IllegalMove when handed in already or frozen, Refused with everything that is missing.
    """
    if not represents(by, report.unit):
        raise PermissionDenied
    _hold(report)
    if report.unit.assessment.status != Status.RUNNING:
        raise IllegalMove(f"{report.unit.assessment}不在考核中，不能提交自评")
    if missing := lacking(report):
        raise Refused("；".join(missing))
    line = step(
        report, ReportMove.SUBMIT, REPORT_RULES[ReportMove.SUBMIT], SelfReportTransition, by=by,
        changed={"signed_by": by, "signed_at": timezone.now(), "revision": report.revision + 1},
        act="assessment.submit_report",
    )  # fmt: skip
    finish_duty(report, Duty.Kind.APPRAISAL, by=by)
    return line


@transaction.atomic
def return_report(report: SelfReport, *, reason: str, by: User) -> SelfReportTransition:
    """Send a self-report back for what is missing; it is owed again by the clock `appraisal.correct`.

    Raises PermissionDenied, ReasonRequired, IllegalMove.
    """
    _hold(report)
    if not may_return(by, report):
        if report.status != ReportStatus.SUBMITTED or report.unit.assessment.status != Status.RUNNING:
            raise IllegalMove("自评已不在审核中，请刷新查看")
        raise PermissionDenied
    due = clock_due("appraisal.correct", timezone.localdate())
    line = step(
        report, ReportMove.RETURN, REPORT_RULES[ReportMove.RETURN], SelfReportTransition, by=by, reason=reason,
        changed={"due_on": due.due_on, "clock": due.explanation}, act="assessment.return_report",
    )  # fmt: skip
    unit = report.unit
    open_duty(
        kind=Duty.Kind.APPRAISAL, subject=report, title=f"补正履职自评：{unit.assessment.title}",
        url=report.get_absolute_url(), organization=unit.organization, place=place_of(unit.organization.region),
        due_on=due.due_on, clock=due.explanation, by=by,
    )  # fmt: skip
    transaction.on_commit(
        partial(_tell, report.pk, "履职自评被退回补正", reason.strip()[:200], f"report:{report.pk}:{line.pk}")
    )
    return line


def _tell(pk: int, title: str, body: str, key: str) -> None:
    report = SelfReport.objects.select_related("unit__organization").get(pk=pk)
    notify(
        leaders_of(report.unit.organization), category=Message.Category.DUTY, title=title[:120], body=body,
        url=report.get_absolute_url(), key=key,
    )  # fmt: skip


@transaction.atomic
def remind_reports(assessment: Assessment, *, by: User) -> int:
    """Remind everybody who has not handed in, once a day; returns how many. Raises PermissionDenied, IllegalMove."""
    if not runs(by, assessment.organization_id):
        raise PermissionDenied
    if assessment.status != Status.RUNNING:
        raise IllegalMove(f"{assessment}不在考核中，不用催报")
    late = list(
        SelfReport.objects.filter(unit__assessment=assessment, status__in=UNSIGNED).values_list(
            "pk", "due_on"
        )
    )
    today = timezone.localdate()
    record("assessment.remind", assessment, by=by, summary=f"{assessment}：催报自评 {len(late)} 家")
    for pk, due_on in late:
        words = f"期限 {due_on}，已经逾期。" if due_on < today else f"请在 {due_on} 前签字提交。"
        transaction.on_commit(
            partial(_tell, pk, f"请提交履职自评：{assessment.title}", words, f"report:{pk}:remind:{today}")
        )
    return len(late)


def miss_reports(assessment: Assessment, *, by: User) -> int:
    """What was never handed in is noted as missed; runs within the freezing. Returns how many."""
    missed = 0
    rows = SelfReport.objects.filter(unit__assessment=assessment, status__in=UNSIGNED)
    for report in rows.select_related("unit__organization"):
        step(
            report, ReportMove.MISS, REPORT_RULES[ReportMove.MISS], SelfReportTransition, by=by,
            act="assessment.miss_report",
        )  # fmt: skip
        finish_duty(report, Duty.Kind.APPRAISAL, by=by, cancelled=True)
        missed += 1
    return missed


def drop_reports(assessment: Assessment, *, by: User) -> None:
    """Nothing more is owed of a round that was called off."""
    if assessment.audience != Audience.ENTERPRISES:
        return
    for report in SelfReport.objects.filter(unit__assessment=assessment, status__in=UNSIGNED):
        finish_duty(report, Duty.Kind.APPRAISAL, by=by, cancelled=True)


@transaction.atomic
def sign_for_result(unit: AssessedUnit, *, by: User) -> PaperReceipt:
    """The head signs for the notice of the result; objecting stays open until the day.

    Raises PermissionDenied, IllegalMove before there is a notice, Refused when signed for already.
    """
    if not represents(by, unit):
        raise PermissionDenied
    if unit.paper is None or unit.assessment.status not in OUT:
        raise IllegalMove("结果通知书还没有送达，不用签收")
    receipt = acknowledge(unit.paper, by=by)
    finish_duty(unit, Duty.Kind.APPRAISAL, by=by)
    return receipt


def owe_signing(units: Iterable[AssessedUnit], *, by: User) -> None:
    """Every head owes the signature for the notice by the clock `appraisal.sign`; runs within the publication."""
    due = clock_due("appraisal.sign", timezone.localdate())
    given = list(units)
    subjects = {chain_of(unit): unit for unit in given}
    held = set(
        Duty.objects.open()
        .filter(kind=Duty.Kind.APPRAISAL, subject__in=list(subjects))
        .values_list("subject", flat=True)
    )
    open_duties(
        [
            NewDuty(
                Duty.Kind.APPRAISAL, unit, f"签收履职考核结果：{unit.assessment.title}", unit.get_absolute_url(),
                unit.organization, place_of(unit.organization.region), None, due.due_on, due.explanation,
            )
            for chain, unit in subjects.items()
            if chain not in held
        ],
        by=by,
    )  # fmt: skip
