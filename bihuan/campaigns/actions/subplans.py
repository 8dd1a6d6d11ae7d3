"""Sub-plans: asked for by the office, drawn up and filed by the obliged, returned or accepted (R002-R005)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import default_post, holders_of
from bihuan.attachments import storage
from bihuan.attachments.actions import attach
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties.actions import NewDuty, finish_duty, open_duties
from bihuan.duties.models import Duty
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message

from ..models import (
    Campaign,
    PlanDocument,
    Subplan,
    SubplanCover,
    SubplanTask,
    SubplanTransition,
    seats,
)
from ..pairing import Line, answers
from ..subplans import Coverage, coverage, may_file, may_move
from ..workflow import SUBPLAN_RULES, SubplanMove, SubplanStatus
from .importing import PlanFile, import_plan, keep_file
from .publishing import place_of

EDITABLE = [SubplanStatus.OWED, SubplanStatus.RETURNED]


@transaction.atomic
def require_subplans(
    campaign: Campaign, organizations: Iterable[Organization], *, due_on: dt.date, due_source: str, by: User
) -> list[Subplan]:
    """Ask these organizations for a sub-plan by a day; each gets a duty that escalates as any other.

    `due_source` is the plan's own sentence or the office's word. Raises PermissionDenied for anyone but the office of
    the campaign, Refused when the campaign is over or nobody was named, IllegalMove when one was asked before.
    """
    if campaign.region_id not in seats(by, Permission.MANAGE_PLANS):
        raise PermissionDenied
    if campaign.status != Campaign.Status.RUNNING:
        raise Refused(f"“{campaign}”已经结束，不再要求子方案")
    bodies = list(organizations)
    if not bodies:
        raise Refused("请至少选一个单位")
    if not due_source.strip():
        raise ReasonRequired("要求报送子方案")
    now = timezone.now()
    try:
        with transaction.atomic():
            rows = Subplan.objects.bulk_create(
                Subplan(
                    campaign=campaign,
                    organization=body,
                    due_on=due_on,
                    due_source=due_source.strip()[:200],
                    required_by=by,
                    required_at=now,
                )
                for body in bodies
            )
    except IntegrityError as error:
        raise IllegalMove("其中有单位已经要求过子方案，请刷新后再选") from error
    open_duties([_duty(row) for row in rows], by=by)
    for row in rows:
        record(
            "campaigns.require_subplan",
            row,
            by=by,
            summary=f"要求{row.organization.short_name}于 {due_on} 前报送子方案",
        )
    return rows


def _duty(subplan: Subplan) -> NewDuty:
    return NewDuty(
        kind=Duty.Kind.REPORT,
        subject=subplan,
        title=f"报送子方案：{subplan.campaign.short_title}",
        url=subplan.get_absolute_url(),
        organization=subplan.organization,
        place=place_of(subplan.organization.region),
        due_on=subplan.due_on,
        clock={"summary": f"期限 {subplan.due_on}：{subplan.due_source}", "source": "子方案报送要求"},
    )


def _editing(subplan: Subplan, by: User) -> Subplan:
    """The sub-plan, still the organization's to work on, held until the transaction ends."""
    if not may_file(by, subplan):
        raise PermissionDenied
    if not Subplan.objects.filter(pk=subplan.pk, status__in=EDITABLE).update(revision=F("revision") + 1):
        raise IllegalMove(f"{subplan}已报送或不再要求，不能再改")
    return Subplan.objects.select_related("campaign__plan", "campaign__office", "organization__region").get(
        pk=subplan.pk
    )


def import_subplan(subplan: Subplan, file: PlanFile, *, by: User) -> Subplan:
    """Take over the organization's own document: its tasks take the place of those before, each parent task is
    answered by the own task most like it, where one is like enough. Answers 不适用 given before stay.

    Raises PermissionDenied for anyone else, Refused when the file holds no task or is no document.
    """
    if not may_file(by, subplan):
        raise PermissionDenied
    plan = file.main
    if not plan.tasks:
        raise Refused("没有从文件里读出任务，请核对是不是方案原文，也可以从上级任务起草")
    with transaction.atomic():
        subplan = _editing(subplan, by)
        kept = keep_file(file.data, file.name, by=by)
        attach(subplan, [kept.pk], "document", by=by)
        subplan.file = kept
        subplan.title = (plan.title.value if plan.title else kept.name.rpartition(".")[0])[:200]
        subplan.doc_no = (plan.doc_no.value if plan.doc_no else "")[:60]
        subplan.save(update_fields=["file", "title", "doc_no"])
        subplan.covers.filter(own__isnull=False).delete()
        subplan.tasks.all().delete()
        own = SubplanTask.objects.bulk_create(
            SubplanTask(
                subplan=subplan,
                position=position,
                no=task.no[:40],
                heading=task.heading[:60] or task.text[:30],
                text=task.text,
                owner="、".join([*task.lead, *task.responsible])[:120],
                due_on=task.due,
            )
            for position, task in enumerate(plan.tasks, start=1)
        )
        _match(subplan, own)
        record(
            "campaigns.import_subplan",
            subplan,
            by=by,
            summary=f"导入{subplan}《{subplan.title}》，{len(own)} 项任务",
        )
    return subplan


def _match(subplan: Subplan, own: list[SubplanTask]) -> None:
    missing = coverage(subplan).missing
    parents = [Line(each.task.pk, each.task.no, each.task.heading, each.task.text) for each in missing]
    lines = [Line(row.pk, row.no, row.heading, row.text) for row in own]
    SubplanCover.objects.bulk_create(
        SubplanCover(subplan=subplan, parent_task_id=pair.old.key, own_id=pair.new.key, why=pair.why[:200])
        for pair in answers(parents, lines)
    )


@transaction.atomic
def start_from_parent(subplan: Subplan, *, by: User) -> int:
    """Take over every parent task not answered yet as an own task to be filled in; returns how many."""
    subplan = _editing(subplan, by)
    missing = coverage(subplan).missing
    at = subplan.tasks.count()
    own = SubplanTask.objects.bulk_create(
        SubplanTask(
            subplan=subplan,
            position=at + number,
            no=answer.task.no,
            heading=answer.task.heading,
            text=answer.task.text,
            due_on=answer.task.due_on,
        )
        for number, answer in enumerate(missing, start=1)
    )
    SubplanCover.objects.bulk_create(
        SubplanCover(subplan=subplan, parent_task=answer.task, own=row, why="从上级任务起草")
        for answer, row in zip(missing, own, strict=True)
    )
    if not subplan.title:
        subplan.title = f"{subplan.organization.short_name}{subplan.campaign.short_title}实施方案"[:200]
        subplan.save(update_fields=["title"])
    record("campaigns.start_subplan", subplan, by=by, summary=f"{subplan}从上级任务起草 {len(own)} 项")
    return len(own)


@transaction.atomic
def save_subplan(
    subplan: Subplan,
    *,
    by: User,
    head: Mapping[str, str],
    rows: Mapping[int, tuple[str, dt.date | None]],
    answered: Mapping[int, tuple[int, str]],
) -> Coverage:
    """Save what the organization filled in: `head` {title, doc_no, responsible}; by own task (owner, due); by parent
    task (own task or 0, why it does not apply). Raises Refused for a task of somebody else's, or both answers at once.
    """
    subplan = _editing(subplan, by)
    for name, longest in (("title", 200), ("doc_no", 60), ("responsible", 60)):
        setattr(subplan, name, head.get(name, "").strip()[:longest])
    subplan.save(update_fields=["title", "doc_no", "responsible"])
    own = {row.pk: row for row in subplan.tasks.all()}
    for pk, (owner, due) in rows.items():
        if pk in own:
            own[pk].owner, own[pk].due_on = owner.strip()[:120], due
    SubplanTask.objects.bulk_update(own.values(), ["owner", "due_on"])
    known = {answer.task.pk: answer for answer in coverage(subplan).answers}
    for task_id, (own_id, reason) in answered.items():
        if task_id not in known or (own_id and own_id not in own):
            raise Refused("所选的任务不在这份子方案里，请刷新页面")
        reason = reason.strip()[:300]
        if own_id and reason:
            raise Refused(f"“{known[task_id].task}”已经对应本单位的任务，就不要再写不适用的理由")
        _answer(subplan, known[task_id].cover, task_id, own_id, reason)
    found = coverage(subplan)
    record("campaigns.save_subplan", subplan, by=by, summary=f"保存{subplan}：{found.words}")
    return found


def _answer(subplan: Subplan, cover: SubplanCover | None, task_id: int, own_id: int, reason: str) -> None:
    if cover and (cover.own_id or 0, cover.reason) == (own_id, reason):
        return
    if not own_id and not reason:
        subplan.covers.filter(parent_task=task_id).delete()
        return
    SubplanCover.objects.update_or_create(
        subplan=subplan,
        parent_task_id=task_id,
        defaults={"own_id": own_id or None, "reason": reason, "why": "人工对应" if own_id else ""},
    )


@transaction.atomic
def add_subplan_task(subplan: Subplan, *, by: User, heading: str, text: str) -> SubplanTask:
    """One more own task, written by hand."""
    subplan = _editing(subplan, by)
    if not heading.strip() or not text.strip():
        raise Refused("请写明任务的名称和内容")
    last = subplan.tasks.order_by("-position").values_list("position", flat=True).first() or 0
    return SubplanTask.objects.create(
        subplan=subplan, position=last + 1, heading=heading.strip()[:60], text=text.strip()
    )


@transaction.atomic
def remove_subplan_task(subplan: Subplan, task_id: int, *, by: User) -> None:
    """Take an own task out; what it answered is unanswered again."""
    subplan = _editing(subplan, by)
    subplan.tasks.filter(pk=task_id).delete()


@transaction.atomic
def move_subplan(
    subplan: Subplan, move: str, *, by: User, reason: str = "", due_on: dt.date | None = None
) -> SubplanTransition:
    """File, return, accept or cancel; the one door. Filing closes the duty, returning opens it again.

    `due_on`: by when a returned one must be back; without it the day stays. Raises PermissionDenied, ReasonRequired,
    IllegalMove for a wrong or meanwhile changed state, Refused when something is missing from what is filed.
    """
    rule, seen, now = SUBPLAN_RULES[move], subplan.status, timezone.now()
    label = SubplanMove(move).label
    if not may_move(by, move, subplan):
        raise PermissionDenied
    reason = reason.strip()
    if rule.needs_note and not reason:
        raise ReasonRequired(label)
    if seen not in rule.sources:
        raise IllegalMove(f"{subplan}现在是“{subplan.get_status_display()}”，不能{label}")
    changes: dict[str, Any] = {"status": rule.target, "revision": F("revision") + 1}
    if move == SubplanMove.FILE:
        changes |= {"filed_by": by, "filed_at": now}
    if move == SubplanMove.RETURN and due_on:
        if due_on < timezone.localdate(now):
            raise Refused("重新报送的期限不能早于今天")
        changes |= {"due_on": due_on, "due_source": f"退回后重报：{reason}"[:200]}
    # Revision too: somebody saving at this moment would file what was not looked at.
    if not Subplan.objects.filter(pk=subplan.pk, status=seen, revision=subplan.revision).update(**changes):
        raise IllegalMove(f"{subplan}的内容或状态已变化，请刷新后重试")
    subplan = Subplan.objects.select_related("campaign__office", "organization__region").get(pk=subplan.pk)
    found = coverage(subplan)
    if move == SubplanMove.FILE:
        _refuse_incomplete(subplan, found)
    transition = SubplanTransition.objects.create(
        subplan=subplan, move=move, from_status=seen, to_status=rule.target, reason=reason[:300],
        content=_content(subplan, found), by=by, at=now,
    )  # fmt: skip
    if move in {SubplanMove.FILE, SubplanMove.CANCEL}:
        finish_duty(subplan, Duty.Kind.REPORT, by=by, cancelled=move == SubplanMove.CANCEL)
    if move == SubplanMove.RETURN:
        open_duties([_duty(subplan)], by=by)
    summary = f"{label}：{subplan}（{subplan.campaign.short_title}）{found.words}"
    record(f"campaigns.subplan_{move}", transition, by=by, summary=summary)
    record(f"campaigns.subplan_{move}", subplan, by=by, summary=summary)
    if move != SubplanMove.CANCEL:
        transaction.on_commit(partial(_tell_other_side, transition.pk))
    return transition


def _refuse_incomplete(subplan: Subplan, found: Coverage) -> None:
    if not subplan.title:
        raise Refused("请填写子方案的标题")
    if not subplan.responsible:
        raise Refused("请填写责任人：子方案要明确时间表、路线图和责任人")
    if missing := found.missing:
        names = "、".join(f"“{answer.task.heading}”" for answer in missing[:3])
        raise Refused(
            f"还有 {len(missing)} 项上级任务没有对应，如{names}：请对应本单位的任务，或写明为什么不适用"
        )


def _content(subplan: Subplan, found: Coverage) -> dict[str, Any]:
    """What was filed, as it stood: it can be read after the rows have gone on."""
    return {
        "title": subplan.title,
        "doc_no": subplan.doc_no,
        "responsible": subplan.responsible,
        "file": str(subplan.file_id or ""),
        "tasks": [
            [row.pk, row.no, row.heading, row.text, row.owner, row.due_on.isoformat() if row.due_on else ""]
            for row in subplan.tasks.all()
        ],
        "answers": [
            [answer.task.pk, answer.cover.own_id, answer.cover.reason]
            for answer in found.answers
            if answer.cover
        ],
    }


def _tell_other_side(transition_id: int) -> None:
    """A filed sub-plan reaches the office, its return or acceptance the organization."""
    transition = SubplanTransition.objects.select_related(
        "subplan__campaign__office", "subplan__organization"
    ).get(pk=transition_id)
    subplan = transition.subplan
    to_office = transition.move == SubplanMove.FILE
    post = default_post(subplan.campaign.office if to_office else subplan.organization)
    if post is None:
        return
    notify(
        holders_of(post),
        category=Message.Category.RESULT,
        title=f"{subplan}{SubplanMove(transition.move).label}：{subplan.campaign.short_title}",
        body=transition.reason,
        url=subplan.get_absolute_url(),
        key=f"subplan-transition:{transition.pk}",
    )


def _require_child(subplan: Subplan, by: User) -> None:
    body = subplan.organization
    if body.kind != Organization.Kind.OFFICE or body.region_id not in seats(by, Permission.MANAGE_PLANS):
        raise PermissionDenied
    if subplan.document_id:
        raise IllegalMove(f"{subplan}已经在工作台上，请直接打开")


def child_file(subplan: Subplan, *, by: User) -> tuple[bytes, str]:
    """The bytes and name of a county's sub-plan: the document filed; without one its tasks written out as a plan.

    Raises PermissionDenied for anyone but the office of that region, IllegalMove when it is on the workbench already,
    Refused when it has no task.
    """
    _require_child(subplan, by)
    if subplan.file:
        return storage.read(subplan.file.path), subplan.file.name
    return _written_out(subplan).encode(), f"{subplan.title or '子方案'}.txt"


def draft_child(subplan: Subplan, file: PlanFile, *, by: User) -> PlanDocument:
    """Bring a county's sub-plan to its own workbench: published there, it is a campaign that cites this parent (R002).

    `file` is what was read of `child_file`. Raises PermissionDenied and IllegalMove as that does.
    """
    _require_child(subplan, by)
    with transaction.atomic():
        document = import_plan(file, by=by, region=subplan.organization.region)
        won = Subplan.objects.filter(pk=subplan.pk, document=None).update(document=document)
        if not won:
            raise IllegalMove(f"{subplan}已经在工作台上，请刷新页面")
        record("campaigns.draft_child", subplan, by=by, summary=f"{subplan}进入本级工作台")
    return document


def _written_out(subplan: Subplan) -> str:
    """The tasks of a sub-plan as the text of a plan."""
    rows = list(subplan.tasks.all())
    if not rows:
        raise Refused("子方案还没有任务，请先导入方案或从上级任务起草")
    lines = [subplan.title or f"{subplan.organization.short_name}实施方案", "一、主要任务"]
    for number, row in enumerate(rows, start=1):
        text = row.text.strip()
        heading = "" if text.startswith(row.heading) else f"{row.heading}。"
        lines.append(f"{number}.{heading}{text}")
    today = timezone.localdate()
    return "\n".join([*lines, subplan.organization.name, f"{today.year}年{today.month}月{today.day}日", ""])
