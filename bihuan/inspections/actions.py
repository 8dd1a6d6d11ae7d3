"""Recording a visit, whole or not at all, and the papers that follow from it."""

from __future__ import annotations

import datetime as dt
import uuid
from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts import queries as accounts
from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.attachments import actions as attachments
from bihuan.audit import actions as audit
from bihuan.campaigns.models import Assignment, AssignmentTransition, CheckItem
from bihuan.campaigns.workflow import AssignmentMove, AssignmentStatus
from bihuan.core.errors import Refused
from bihuan.hazards import actions as hazards
from bihuan.hazards.models import Hazard
from bihuan.hazards.workflow import Level
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message
from bihuan.papers.actions import issue_paper
from bihuan.papers.models import Paper
from bihuan.tally import actions as tally
from bihuan.tally.models import Delta

from . import queries, records
from .asking import is_major
from .checks import is_expert, problems_of
from .following import follow
from .kinds import OWN, kind_in_force
from .models import Answer, Coverage, Inspection, InspectionMember
from .submission import Finding, InspectionRefused, Outcome, Submission, digest_of
from .weighing import weigh_inspection

# Whose find a hazard is, by the kind of visit; every other visit is the authority's own.
SOURCES: dict[str, Hazard.Source] = {
    Inspection.Kind.EXPERT: Hazard.Source.EXPERT,
    Inspection.Kind.SELF_CHECK: Hazard.Source.SELF_CHECK,
    Inspection.Kind.UPPER_LEVEL: Hazard.Source.OVERSIGHT,
    Inspection.Kind.DELIVERY: Hazard.Source.DELIVERY,
}


def submit_inspection(given: Submission, *, by: User) -> Inspection:
    """Record one visit with answers, hazards, photos, signatures and papers, in one transaction.

    The device's `client_id` makes it safe to send twice: the same content returns the same inspection, different
    content is Refused. Raises PermissionDenied for people who may not inspect this enterprise, InspectionRefused
    (with `problems`, each naming its item) when something is missing. Nothing is half-done; photos stay uploaded.
    """
    organization = _organization(given, by)
    if organization is None:
        raise PermissionDenied
    digest = digest_of(given)
    earlier = Inspection.objects.filter(client_id=given.client_id).first()
    if earlier is not None:
        return _same_again(earlier, digest, by)
    items = list(given.checklist.items.order_by("position")) if given.checklist else []
    problems = problems_of(given, items=items, organization=organization, by=by, now=timezone.now())
    if problems:
        raise InspectionRefused(problems)
    try:
        with transaction.atomic():
            return _record(given, items, organization, digest, by)
    except IntegrityError:
        # The same submission won the race for client_id; anything else that violates a constraint is our error.
        earlier = Inspection.objects.filter(client_id=given.client_id).first()
        if earlier is None:
            raise
        return _same_again(earlier, digest, by)


def _organization(given: Submission, by: User) -> Organization | None:
    """In whose name the visit is made, or None where this person may make none of that kind."""
    if given.kind == Inspection.Kind.DELIVERY:
        return queries.delivering_organization(by, given.enterprise, given.plate)
    found = queries.inspecting_organization(by, given.enterprise)
    if found is None or found.kind != Organization.Kind.ENTERPRISE:
        return found
    # An enterprise checks itself; it makes no visit of an authority.
    return found if given.kind == Inspection.Kind.SELF_CHECK else None


def _same_again(earlier: Inspection, digest: str, by: User) -> Inspection:
    if earlier.recorded_by_id != by.pk or earlier.submission_hash != digest:
        raise Refused(
            f"这份检查已于{timezone.localtime(earlier.received_at):%m月%d日 %H:%M}提交，内容与这次不同；请另开一份检查"
        )
    return earlier


def _record(
    given: Submission, items: list[CheckItem], organization: Organization, digest: str, by: User
) -> Inspection:
    enterprise, findings = given.enterprise, given.findings
    # First of all, so that a second sender of the same id waits here or fails before it has done anything.
    inspection = Inspection.objects.create(
        client_id=given.client_id,
        kind=kind_in_force(given.kind, organization),
        campaign=given.task.campaign if given.task else None,
        task=given.task,
        checklist=given.checklist,
        enterprise=enterprise,
        premises=given.premises,
        organization=organization,
        department=enterprise.department,
        city_id=enterprise.city_id,
        county_id=enterprise.county_id,
        locality_id=enterprise.locality_id,
        started_at=given.started_at,
        finished_at=given.finished_at,
        inspected_on=timezone.localdate(given.started_at),
        received_at=timezone.now(),
        longitude=given.longitude,
        latitude=given.latitude,
        accuracy=given.accuracy,
        clock_skew=given.clock_skew,
        accompanying_name=given.accompanying_name.strip(),
        accompanying_title=given.accompanying_title.strip(),
        opinion=given.opinion.strip(),
        hazard_count=len(findings),
        is_clean=not findings,
        recorded_by=by,
        submission_hash=digest,
    )
    InspectionMember.objects.bulk_create(
        InspectionMember(
            inspection=inspection,
            user=member.user,
            name=member.name.strip(),
            certificate_no=member.certificate_no.strip(),
            position=position,
        )
        for position, member in enumerate(given.members, start=1)
    )
    found = _record_answers(inspection, given, items, by)
    experts = [member.user for member in given.members if member.user and is_expert(member)]
    for hazard in found:
        hazard.experts.add(*experts)
    _sign(inspection, given, by)
    _count(inspection)
    if given.task is not None:
        _begin_work(given.task.pk, organization, by, inspection)
    outcome = f"发现隐患 {len(found)} 项" if found else "未发现隐患"
    audit.record(
        "inspections.submit",
        inspection,
        by=by,
        summary=f"检查{enterprise}，{outcome}",
        payload={"hazards": [hazard.pk for hazard in found], "task": inspection.task_id},
    )
    _issue_papers(inspection, found, by)
    follow(inspection, by=by)
    transaction.on_commit(partial(weigh_inspection.enqueue, inspection.pk))
    return inspection


def _record_answers(
    inspection: Inspection, given: Submission, items: list[CheckItem], by: User
) -> list[Hazard]:
    """Hazards first, then the answers that name them. Returns the hazards in reading order."""
    by_position = {item.position: item for item in items}
    found: list[Hazard] = []
    answers = []
    for answer in sorted(given.answers, key=lambda each: each.position):
        item = by_position[answer.position]
        hazard = None
        if answer.finding is not None:
            hazard = _record_hazard(inspection, answer.finding, item, len(found) + 1, by)
            found.append(hazard)
        answers.append(
            Answer(
                inspection=inspection,
                check_item=item,
                position=item.position,
                text=item.text,
                verdict=answer.verdict,
                measured=answer.measured.strip(),
                note=answer.note.strip(),
                hazard=hazard,
            )
        )
    for finding in given.others:
        hazard = _record_hazard(inspection, finding, None, len(found) + 1, by)
        found.append(hazard)
        # A finding off the list is an answer to a question nobody had asked: it stands after the list's items.
        position = max([each.position for each in answers], default=0) + 1
        answers.append(
            Answer(
                inspection=inspection,
                check_item=None,
                position=position,
                text=finding.description.strip()[:300],
                verdict=Answer.Verdict.FAIL,
                hazard=hazard,
            )
        )
    rows = {answer.position: answer for answer in Answer.objects.bulk_create(answers)}
    for answer in given.answers:
        attachments.attach(rows[answer.position], answer.photos, "scene", by=by)
    attachments.attach(inspection, given.photos, "scene", by=by)
    return found


def _record_hazard(
    inspection: Inspection, finding: Finding, item: CheckItem | None, no: int, by: User
) -> Hazard:
    is_deadline = finding.outcome == Outcome.DEADLINE
    hazard = hazards.record_hazard(
        enterprise=inspection.enterprise,
        premises=inspection.premises,
        source=SOURCES.get(inspection.kind, Hazard.Source.INSPECTION),
        description=_description(inspection, finding),
        location=finding.location.strip(),
        basis=finding.basis.strip() or (item.basis if item else ""),
        level=finding.level,
        criterion_code=_criterion(finding, item, inspection.inspected_on),
        campaign=inspection.campaign,
        task=inspection.task,
        check_item=item,
        department=inspection.department,
        found_on=inspection.inspected_on,
        due_on=finding.due_on if is_deadline else None,
        responsible_person=finding.responsible_person.strip() if is_deadline else "",
        measures=finding.measures.strip() if is_deadline else "",
        funds=finding.funds if is_deadline else None,
        contingency=finding.contingency.strip() if is_deadline else "",
        interim_measures=finding.interim_measures.strip() if is_deadline else "",
        photos=finding.photos,
        client_id=uuid.uuid5(inspection.client_id, f"hazard:{no}"),
        by=by,
        found_organization=inspection.organization,
    )
    if inspection.kind == Inspection.Kind.DELIVERY:
        # It waits to be confirmed, so nothing is put right yet; what shows it stays with the visit.
        attachments.attach(inspection, finding.after_photos, "scene", by=by)
    elif finding.outcome == Outcome.FIXED and inspection.kind == Inspection.Kind.SELF_CHECK:
        # Put right by whoever found it: somebody else still has to look (自查自报, R067).
        hazards.submit_rectification(
            hazard, text=finding.fix_text.strip(), photos=finding.after_photos, by=by
        )
    elif finding.outcome == Outcome.FIXED:
        hazards.fix_on_spot(
            hazard, text=finding.fix_text.strip(), before=finding.photos, after=finding.after_photos, by=by
        )
    return hazard


def _description(inspection: Inspection, finding: Finding) -> str:
    """What was found; what a gas company's people put right at once is told to whoever confirms it."""
    words = finding.description.strip()
    if inspection.kind == Inspection.Kind.DELIVERY and finding.outcome == Outcome.FIXED:
        words = f"{words}（安检时已当场处理：{finding.fix_text.strip()}）"
    return words[: Hazard._meta.get_field("description").max_length]


def _criterion(finding: Finding, item: CheckItem | None, on: dt.date) -> str:
    """A failed item is major by its own criterion, whatever else was written (R054); what is not major has none."""
    if item is not None and item.criterion_code and is_major(item, on):
        return item.criterion_code
    return finding.criterion_code if finding.level == Level.MAJOR else ""


def _sign(inspection: Inspection, given: Submission, by: User) -> None:
    """Signatures come after everything they vouch for (R061)."""
    for member in given.members:
        if member.signature is None:
            raise InspectionRefused([])
        attachments.sign(
            inspection,
            role="inspector",
            signer=member.user,
            signer_name=member.name,
            method=member.signature.method,
            image=member.signature.image or None,
            by=by,
        )
    accompanying = given.accompanying_signature
    if accompanying is not None:
        attachments.sign(
            inspection,
            role="accompanying",
            signer=None,
            signer_name=given.accompanying_name.strip() or "现场人员（未具名）",
            signer_title=given.accompanying_title,
            method=accompanying.method,
            image=accompanying.image or None,
            remark=accompanying.remark,
            by=by,
        )


def _count(inspection: Inspection) -> None:
    """One line for the figures; the first visit to an object under a task counts as covered (R062, R183).

    What an enterprise looked at itself is no visit of an authority (R014).
    """
    if inspection.kind in OWN:
        return
    is_first = False
    if inspection.task_id is not None:
        _, is_first = Coverage.objects.get_or_create(
            task_id=inspection.task_id,
            enterprise_id=inspection.enterprise_id,
            defaults={"first_inspection": inspection, "on": inspection.inspected_on},
        )
    tally.record(
        Delta(
            day=inspection.inspected_on,
            campaign_id=inspection.campaign_id or 0,
            task_id=inspection.task_id or 0,
            department_id=inspection.department_id or 0,
            city_id=inspection.city_id,
            county_id=inspection.county_id,
            locality_id=inspection.locality_id,
            subject=audit.chain_of(inspection),
            inspected=1,
            inspected_clean=int(inspection.is_clean),
            covered=int(is_first),
        )
    )


def _begin_work(task_id: int, organization: Organization, by: User, inspection: Inspection) -> None:
    """The first visit shows that the organization has begun: its share of the task moves to working."""
    share = Assignment.objects.filter(
        task=task_id, organization=organization, status=AssignmentStatus.ASSIGNED
    ).first()
    if share is None:
        return
    now = timezone.now()
    moved = Assignment.objects.filter(pk=share.pk, status=AssignmentStatus.ASSIGNED).update(
        status=AssignmentStatus.WORKING, updated_at=now
    )
    if moved:
        line = AssignmentTransition.objects.create(
            assignment=share,
            move=AssignmentMove.PROGRESS,
            from_status=AssignmentStatus.ASSIGNED,
            to_status=AssignmentStatus.WORKING,
            note=f"开始检查：{inspection.enterprise}",
            by=by,
            at=now,
        )
        audit.record("campaigns.progress", line, by=by, summary=f"{share}开始检查")


def _issue_papers(inspection: Inspection, found: list[Hazard], by: User) -> None:
    """现场检查记录 for every visit, 责令限期整改指令书 when something could not be put right at once; one case, one number."""
    if inspection.kind in OWN:
        return  # nobody serves papers on oneself
    on = timezone.localdate()
    record = _issue(
        inspection, Paper.Kind.INSPECTION_RECORD, records.inspection_record(inspection, found, on=on), by=by
    )
    pending = [hazard for hazard in found if not hazard.fixed_on_spot]
    if pending:
        order = records.rectification_order(inspection, pending, record_number=record.number, on=on)
        due_on = min((hazard.due_on for hazard in pending if hazard.due_on), default=None)
        _issue(inspection, Paper.Kind.RECTIFICATION_ORDER, order, by=by, case_of=record, due_on=due_on)


def _issue(
    inspection: Inspection,
    kind: str,
    content: dict[str, Any],
    *,
    by: User,
    case_of: Paper | None = None,
    due_on: dt.date | None = None,
) -> Paper:
    """One paper of this visit's case, announced to the enterprise if it has an account."""
    paper = issue_paper(
        kind,
        subject=inspection,
        organization=inspection.organization,
        recipient_name=inspection.enterprise.name,
        recipient=inspection.enterprise.organization,
        department=inspection.department,
        place=inspection,
        content=content,
        case_of=case_of,
        due_on=due_on,
        by=by,
    )
    if paper.recipient_id is not None:
        transaction.on_commit(partial(_tell_recipient, paper.pk))
    return paper


@transaction.atomic
def issue_reinspection_opinion(inspection: Inspection, *, by: User) -> Paper:
    """Issue 整改复查意见书 over the reinspections that no earlier opinion of this case has covered.

    Raises PermissionDenied, Refused when the visit led to no order or nothing new has been reinspected.
    """
    if (
        not by.has_perm(Permission.ISSUE_PAPER)
        or not Inspection.objects.visible_to(by).filter(pk=inspection.pk).exists()
    ):
        raise PermissionDenied
    if not queries.may_issue_for(by, inspection):
        raise PermissionDenied
    papers = list(queries.papers_of(inspection).order_by("id"))
    order = next((each for each in papers if each.kind == Paper.Kind.RECTIFICATION_ORDER), None)
    if order is None:
        raise Refused("这次检查没有下达责令限期整改指令书，不需要复查意见书")
    waiting = queries.reinspections_without_opinion(inspection, papers)
    if not waiting:
        raise Refused("没有新的复查结论：请先在隐患页面完成复查，再制发复查意见书")
    content = records.reinspection_opinion(
        inspection, waiting, order_number=order.number, on=timezone.localdate()
    )
    return _issue(inspection, Paper.Kind.REINSPECTION_OPINION, content, by=by, case_of=order)


def _tell_recipient(paper_pk: int) -> None:
    """Whoever looks after safety at the enterprise learns of a new paper; it asks to be signed for."""
    paper = Paper.objects.select_related("recipient", "organization").get(pk=paper_pk)
    if paper.recipient is None:
        return
    post = accounts.default_post(paper.recipient)
    if post is not None:
        notify(
            accounts.holders_of(post, timezone.localdate()),
            category=Message.Category.DUTY,
            title=f"收到{paper}",
            body=f"{paper.organization.name}制发，请打开查看并签收。",
            url=paper.get_absolute_url(),
            key=f"paper:{paper.pk}",
        )
