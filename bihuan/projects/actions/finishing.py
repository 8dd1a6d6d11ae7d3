"""Joint acceptance, conditions before gas is let in, handover to whoever runs it (做好工程验收移交, R240)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.attachments.actions import attach, sign
from bihuan.attachments.models import Signature
from bihuan.attachments.queries import signatures_of
from bihuan.audit.actions import record
from bihuan.audit.moves import step, write_line
from bihuan.batches.actions import TeamMember
from bihuan.batches.actions.accepting import LEAST_BODIES
from bihuan.batches.workflow import Verdict
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.actions import finish_duty, open_duty
from bihuan.duties.models import Duty
from bihuan.papers.actions import issue_paper
from bihuan.papers.models import Paper
from bihuan.registry.models import Enterprise, EnterpriseChange
from bihuan.registry.noting import note
from bihuan.rules import projects as rules

from .. import wording
from ..models import (
    GasCheck,
    GasCheckTransition,
    Handover,
    HandoverTransition,
    Project,
    ProjectAcceptance,
    ProjectAcceptanceMember,
    ProjectObject,
)
from ..standing import confirms, hands_over, manages, takes
from ..workflow import (
    GAS_CHECK_RULES,
    HANDOVER_RULES,
    GasCheckMove,
    GasCheckStatus,
    HandoverMove,
    HandoverStatus,
    ProjectMove,
    ProjectStatus,
)
from .moving import held, move_project
from .owing import fixed, owe, owe_next, settle

VERDICT_MOVES = {
    Verdict.PASSED: ProjectMove.ACCEPT,
    Verdict.CONDITIONAL: ProjectMove.CONDITION,
    Verdict.FAILED: ProjectMove.REWORK,
}
RUNNING_CHECKS = frozenset({ProjectStatus.ACCEPTED, ProjectStatus.HANDED})
OLD_NETWORK = "old_network_km"  # an attribute of gas pipeline operators (registry/data/attributes.json)


@transaction.atomic
def accept_works(
    project: Project,
    *,
    accepted_on: dt.date,
    verdict: str,
    opinion: str,
    team: Sequence[TeamMember],
    conditions: str = "",
    conditions_due_on: dt.date | None = None,
    photos: Iterable[str | uuid.UUID] = (),
    by: User,
) -> ProjectAcceptance:
    """One round of acceptance by a joint team of two bodies at least, signed by everybody (R098, R240).

    Passed: gas conditions are laid down and the handover is owed. With conditions: they are owed by their day. Failed:
    back to the works. Raises PermissionDenied, Refused with all that is missing, IllegalMove.
    """
    if not manages(by, project):
        raise PermissionDenied
    problems = _problems(project, accepted_on, verdict, opinion, team, conditions, conditions_due_on, by)
    if problems:
        raise Refused("；".join(problems))
    held(project)
    acceptance = ProjectAcceptance.objects.create(
        project=project, accepted_on=accepted_on, verdict=verdict, opinion=opinion.strip()[:500],
        conditions=conditions.strip()[:300] if verdict == Verdict.CONDITIONAL else "",
        conditions_due_on=conditions_due_on if verdict == Verdict.CONDITIONAL else None, by=by, at=timezone.now(),
    )  # fmt: skip
    ProjectAcceptanceMember.objects.bulk_create(
        ProjectAcceptanceMember(
            acceptance=acceptance, organization=each.organization, name=each.name.strip(), title=each.title.strip(),
            position=position,
        )
        for position, each in enumerate(team, start=1)
    )  # fmt: skip
    attach(acceptance, [str(each) for each in photos if each], "scene", by=by)
    record(
        "projects.acceptance", acceptance, by=by, summary=f"{acceptance}：{acceptance.get_verdict_display()}"
    )
    for each in team:
        sign(
            acceptance, role="team", signer=None if each.image else by, signer_name=each.name,
            signer_title=f"{each.organization.short_name} {each.title}".strip(),
            method=Signature.Method.DRAWN if each.image else Signature.Method.LOGIN, image=each.image or None, by=by,
        )  # fmt: skip
    _carry_out(project, acceptance, by)
    return acceptance


def _problems(
    project: Project,
    accepted_on: dt.date,
    verdict: str,
    opinion: str,
    team: Sequence[TeamMember],
    conditions: str,
    conditions_due_on: dt.date | None,
    by: User,
) -> list[str]:
    found = []
    if accepted_on > timezone.localdate():
        found.append("验收日期在今天之后，请核对")
    if project.completed_on and accepted_on < project.completed_on:
        found.append(f"验收日期早于完工日期 {project.completed_on}，请核对")
    if verdict not in Verdict.values:
        found.append("请选择验收结论")
    if not opinion.strip():
        found.append("请填写验收意见")
    if len({each.organization.pk for each in team}) < LEAST_BODIES:
        found.append(f"联合验收至少要有 {LEAST_BODIES} 个单位参加")
    for number, each in enumerate(team, start=1):
        if not each.name.strip():
            found.append(f"第 {number} 名验收组成员没有姓名")
        elif not each.image and each.name.strip() != by.full_name:
            found.append(f"验收组成员{each.name}没有签名")
    if verdict == Verdict.CONDITIONAL and not (conditions.strip() and conditions_due_on):
        found.append("附条件合格，请写明须补正的条件和期限")
    if conditions_due_on and conditions_due_on < accepted_on:
        found.append("补正期限早于验收日期，请核对")
    return found


def _carry_out(project: Project, acceptance: ProjectAcceptance, by: User) -> None:
    changed: dict[str, object] = {}
    if acceptance.verdict == Verdict.PASSED:
        changed = {"accepted_on": acceptance.accepted_on}
    elif acceptance.verdict == Verdict.FAILED:
        changed = {"completed_on": None, "progress": min(project.progress, 99)}
    reason = acceptance.conditions or acceptance.opinion
    move_project(
        project, VERDICT_MOVES[Verdict(acceptance.verdict)], by=by, reason=reason, changed=changed,
        watched=("completed_on",),
    )  # fmt: skip
    if acceptance.verdict == Verdict.PASSED:
        if project.lets_gas_in:
            _lay_down_checks(project, acceptance.accepted_on, by)
        owe_next(project, by=by)
    elif acceptance.verdict == Verdict.CONDITIONAL and acceptance.conditions_due_on:
        due = fixed(
            acceptance.conditions_due_on, f"联合验收定的补正期限 {acceptance.conditions_due_on}", f"{acceptance.accepted_on} 联合验收意见"
        )  # fmt: skip
        owe(project, "补正后再次验收", project.department, due=due, by=by)
    else:
        owe_next(project, by=by)


def _lay_down_checks(project: Project, on: dt.date, by: User) -> None:
    """What must hold before gas is let in, as the rules have it on the day of acceptance."""
    for row in rules.in_force_on("checks", on):
        check, made = GasCheck.objects.get_or_create(
            project=project, key=row.key,
            defaults={"name": row.label, "asks": row.asks, "source": f"{row.source} {row.doc_no}", "verified": row.verified},
        )  # fmt: skip
        if made:
            write_line(
                check, GasCheckMove.ASK, GasCheckTransition, seen="", by=by, act="projects.gas_check_ask"
            )


# --- gas conditions ------------------------------------------------------------------------------------


@transaction.atomic
def meet_check(
    check: GasCheck,
    *,
    checked_on: dt.date,
    found: str,
    photos: Iterable[str | uuid.UUID] = (),
    signature: str = "",
    by: User,
) -> None:
    """Sign that one gas condition holds. Raises PermissionDenied, Refused, IllegalMove."""
    project = check.project
    if not confirms(by, project) or not Project.objects.visible_to(by).filter(pk=project.pk).exists():
        raise PermissionDenied
    now = held(project, RUNNING_CHECKS)
    if not found.strip():
        raise Refused("请写明怎么确认的：数据、人员、记录编号")
    if not (now.accepted_on or checked_on) <= checked_on <= timezone.localdate():
        raise Refused(f"确认日期应在验收合格 {now.accepted_on} 之后、今天之前，请核对")
    kept = [str(each) for each in photos if each]
    line = step(
        check, GasCheckMove.MEET, GAS_CHECK_RULES[GasCheckMove.MEET], GasCheckTransition, by=by, reason=found,
        changed={"checked_on": checked_on, "found": found.strip()[:300], "checked_by": by},
        act="projects.gas_check_meet",
    )  # fmt: skip
    attach(line, kept, "scene", by=by)
    sign(
        check, role="checker", signer=by, signer_name=by.full_name,
        method=Signature.Method.DRAWN if signature else Signature.Method.LOGIN, image=signature or None, by=by,
    )  # fmt: skip
    Project.objects.filter(pk=project.pk).update(checks_seen=F("checks_seen") + 1)


@transaction.atomic
def reopen_check(check: GasCheck, *, reason: str, by: User) -> None:
    """A condition that was signed does not hold after all. Raises PermissionDenied, ReasonRequired, IllegalMove once gas
    is in."""
    project = check.project
    if not manages(by, project):
        raise PermissionDenied
    held(project, RUNNING_CHECKS)
    step(
        check, GasCheckMove.REOPEN, GAS_CHECK_RULES[GasCheckMove.REOPEN], GasCheckTransition, by=by, reason=reason,
        changed={"checked_on": None, "found": "", "checked_by": None}, act="projects.gas_check_reopen",
    )  # fmt: skip
    Project.objects.filter(pk=project.pk).update(checks_seen=F("checks_seen") + 1)


@transaction.atomic
def put_in_use(project: Project, *, used_on: dt.date, by: User, reason: str = "") -> None:
    """Let gas in, or begin to use (通气/投用). Impossible while one condition is open.

    Raises PermissionDenied, Refused naming what is open, IllegalMove.
    """
    if not manages(by, project):
        raise PermissionDenied
    now = held(project)
    open_ones = list(
        GasCheck.objects.filter(project=project, status=GasCheckStatus.OPEN).values_list("name", flat=True)
    )
    if now.status == ProjectStatus.HANDED and open_ones:
        raise Refused(f"还有 {len(open_ones)} 项通气条件没有确认，不能通气：{'、'.join(open_ones)}")
    if now.status == ProjectStatus.HANDED and project.lets_gas_in and not project.gas_checks.exists():
        raise Refused("通气条件还没有列出，不能通气，请联系安委办")
    if used_on > timezone.localdate() or (now.handed_on and used_on < now.handed_on):
        raise Refused(f"投用日期应在移交 {now.handed_on} 之后、今天之前，请核对")
    project.refresh_from_db(fields=["checks_seen"])
    move_project(
        project, ProjectMove.PUT_IN_USE, by=by, reason=reason, changed={"used_on": used_on}, watched=("checks_seen",)
    )  # fmt: skip
    settle(project, by=by)


# --- handover ------------------------------------------------------------------------------------------


@transaction.atomic
def prepare_handover(
    project: Project,
    *,
    taker: Enterprise,
    facilities: str,
    documents: str,
    residual: str = "",
    signature: str = "",
    photos: Iterable[str | uuid.UUID] = (),
    by: User,
) -> Handover:
    """The one who gives writes down what is handed over and signs; the one who takes is asked to sign.

    Raises PermissionDenied, Refused, IllegalMove when it is not accepted yet, or under way already.
    """
    if not hands_over(by, project):
        raise PermissionDenied
    held(project, {ProjectStatus.ACCEPTED})
    if not facilities.strip() or not documents.strip():
        raise Refused("请写明移交哪些设施、哪些资料")
    handover = Handover(
        project=project, taker=taker, facilities=facilities.strip(), documents=documents.strip(),
        residual=residual.strip()[:500], giver=project.owner_name, given_by=by, given_at=timezone.now(),
    )  # fmt: skip
    try:
        with transaction.atomic():
            handover.save(force_insert=True)
    except IntegrityError as error:
        raise IllegalMove("移交书已经送达，等接收方签收") from error
    if project.taker_id != taker.pk:
        Project.objects.filter(pk=project.pk).update(taker=taker)
        project.taker = taker
    write_line(
        handover, HandoverMove.PREPARE, HandoverTransition, seen="", by=by, act="projects.handover_prepare"
    )
    attach(handover, [str(each) for each in photos if each], "document", by=by)
    sign(
        handover, role="giver", signer=by, signer_name=by.full_name, signer_title=handover.giver,
        method=Signature.Method.DRAWN if signature else Signature.Method.LOGIN, image=signature or None, by=by,
    )  # fmt: skip
    open_duty(
        kind=Duty.Kind.PROJECT, subject=handover, title=f"签收移交书：{project.name}"[:200],
        url=project.get_absolute_url(), organization=taker.organization or project.department, place=project,
        clock_rule="project.receive", by=by,
    )  # fmt: skip
    return handover


@transaction.atomic
def sign_handover(handover: Handover, *, name: str, signature: str = "", by: User) -> Paper:
    """The one who takes signs; the paper goes out, and the registry says who runs it now.

    Raises PermissionDenied, Refused, IllegalMove.
    """
    project = handover.project
    if not takes(by, handover) or not Project.objects.visible_to(by).filter(pk=project.pk).exists():
        raise PermissionDenied
    if not name.strip():
        raise Refused("请填写接收签字人姓名")
    on_paper = handover.taker.organization_id is None
    if not signature and (on_paper or name.strip() != by.full_name):
        raise Refused("接收签字人不是登录人本人的，须当面手写签名")
    held(project, {ProjectStatus.ACCEPTED})
    step(
        handover, HandoverMove.SIGN, HANDOVER_RULES[HandoverMove.SIGN], HandoverTransition, by=by,
        changed={"taker_name": name.strip()[:60], "taken_at": timezone.now()}, act="projects.handover_sign",
    )  # fmt: skip
    sign(
        handover, role="taker", signer=None if on_paper else by, signer_name=name, signer_title=handover.taker.name,
        method=Signature.Method.DRAWN if signature else Signature.Method.LOGIN, image=signature or None, by=by,
    )  # fmt: skip
    paper = issue_paper(
        Paper.Kind.PROJECT_HANDOVER, subject=project, organization=project.department,
        recipient=handover.taker.organization, recipient_name=handover.taker.name, department=project.department,
        place=project, content=wording.handover_paper(handover, signatures_of(handover)),
        permission=Permission.MANAGE_PROJECTS if on_paper else Permission.APPLY_PROJECT, by=by,
    )  # fmt: skip
    Handover.objects.filter(pk=handover.pk).update(paper=paper)
    handover.paper = paper
    finish_duty(handover, Duty.Kind.PROJECT, by=by)
    move_project(
        project, ProjectMove.HAND_OVER, by=by, reason=f"移交书 {paper.number}", changed={"handed_on": timezone.localdate()},
        checked=True,
    )  # fmt: skip
    _enter_registry(project, handover, paper, by)
    owe_next(project, by=by)
    return paper


def _enter_registry(project: Project, handover: Handover, paper: Paper, by: User) -> None:
    """The operator's record says what it took over; old pipe that was renewed is taken off its old pipe."""
    taker = Enterprise.objects.select_for_update().get(pk=handover.taker_id)
    ProjectObject.objects.get_or_create(
        project=project, enterprise=taker, defaults={"by": by, "at": timezone.now()}
    )
    what = f"{project.name}（{paper.number}）"
    changes = [["接收工程", "", what]]
    old = taker.attributes.get(OLD_NETWORK)
    if project.kind == "pipeline" and project.kilometres_done and isinstance(old, int | float):
        left = max(Decimal(str(old)) - project.kilometres_done, Decimal(0))
        taker.attributes[OLD_NETWORK] = float(left)
        Enterprise.objects.filter(pk=taker.pk).update(attributes=taker.attributes)
        changes.append(["老旧管道长度", f"{old}", f"{left.normalize():f}"])
    note(
        taker, EnterpriseChange.What.UPDATED, by=by, summary=f"“{taker}”接收工程：{what}", changes=changes
    )  # fmt: skip


@transaction.atomic
def return_handover(handover: Handover, *, reason: str, by: User) -> None:
    """The one who takes refuses for now, and says what is missing. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    if not takes(by, handover):
        raise PermissionDenied
    step(
        handover, HandoverMove.RETURN, HANDOVER_RULES[HandoverMove.RETURN], HandoverTransition, by=by, reason=reason,
        act="projects.handover_return",
    )  # fmt: skip
    finish_duty(handover, Duty.Kind.PROJECT, by=by, cancelled=True)


def waiting_handover(project: Project) -> Handover | None:
    """The handover that waits for a signature or has both."""
    return (
        Handover.objects.filter(project=project)
        .exclude(status=HandoverStatus.RETURNED)
        .select_related("taker__organization", "given_by", "paper", "project__owner", "project__department")
        .first()
    )
