"""Appeals against a published result: one for each item, with evidence, answered with reasons by a day."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import partial

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from bihuan.accounts.models import Post, User
from bihuan.accounts.queries import leaders_of
from bihuan.accounts.roles import Role
from bihuan.accounts.scope import place_of
from bihuan.attachments.actions import attach
from bihuan.audit.actions import record
from bihuan.audit.moves import step
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.actions import finish_duty, open_duty
from bihuan.duties.clock import due as clock_due
from bihuan.duties.models import Duty
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message
from bihuan.rules import scoring

from ..models import Appeal, AppealTransition, AssessedUnit, Assessment, ItemScore, ScoreChange, SheetItem
from ..standing import adopts, may_appeal, represents
from ..workflow import APPEAL_RULES, AppealMove, ItemKind, Status
from .freezing import final_snapshot, settle_result


def score_of(unit: AssessedUnit, item: SheetItem) -> ItemScore:
    """The frozen score an appeal is about. Raises Refused when the item is none of this assessment's."""
    snapshot = final_snapshot(unit.assessment)
    row = (
        ItemScore.objects.filter(unit_score__snapshot=snapshot, unit_score__unit=unit, item=item)
        .select_related("item")
        .first()
    )
    if snapshot is None or row is None:
        raise Refused("这个项目没有定格的得分，不能申辩")
    return row


def lost_of(row: ItemScore) -> bool:
    """Whether an item cost the unit anything, so that there is something to appeal against."""
    if row.item.kind in {ItemKind.VETO, ItemKind.MINUS}:
        return row.got > 0
    if row.item.kind == ItemKind.PLUS:
        return True
    return row.got < row.full


@transaction.atomic
def appeal(
    unit: AssessedUnit,
    item: SheetItem,
    *,
    text: str,
    asked: Decimal,
    evidence: Iterable[object] = (),
    by: User,
) -> Appeal:
    """Appeal against one item's score, or a veto (`asked` 0: it shall not stand).

    Raises PermissionDenied, IllegalMove before publication or after the day, Refused without reason, for an item that
    lost nothing, or for points out of bounds.
    """
    if not represents(by, unit):
        raise PermissionDenied
    assessment = unit.assessment
    today = timezone.localdate()
    if not may_appeal(by, unit):
        raise IllegalMove(f"{assessment}不在公布申辩期，不能申辩")
    if assessment.appeal_by is not None and today > assessment.appeal_by:
        raise IllegalMove(f"申辩截止日是 {assessment.appeal_by}，已经过期，不再受理")
    if not text.strip():
        raise Refused("请写明申辩理由和所据事实")
    row = score_of(unit, item)
    if not lost_of(row):
        raise Refused(f"“{item.name}”没有失分，不需要申辩")
    _check_points(row, asked)
    due = clock_due("assessment.appeal_decide", today)
    made = Appeal(
        unit=unit, item=item, text=text.strip()[:1000], asked=asked, by=by, at=timezone.now(), due_on=due.due_on,
        clock=due.explanation,
    )  # fmt: skip
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as error:
        raise Refused(f"“{item.name}”已经申辩过，一项只能申辩一次") from error
    attach(made, [str(each) for each in evidence], "evidence", by=by)
    record("assessment.appeal", made, by=by, summary=f"{made}，请求改为 {scoring.plain(asked)} 分")
    leader = (
        Post.objects.filter(organization=assessment.organization, role=Role.OFFICE_LEADER, is_active=True)
        .order_by("pk")
        .first()
    )
    open_duty(
        kind=Duty.Kind.ASSESSMENT_APPEAL, subject=made, title=f"考核申辩：{unit}“{item.name}”", url=made.get_absolute_url(),
        organization=assessment.organization, place=place_of(assessment.organization.region), post=leader,
        due_on=due.due_on, clock=due.explanation, by=by,
    )  # fmt: skip
    return made


def _check_points(row: ItemScore, points: Decimal) -> None:
    """Raise Refused for points the item cannot have."""
    item = row.item
    if item.kind == ItemKind.VETO:
        if points not in {Decimal(0), Decimal(1)}:
            raise Refused("一票否决只有成立（1）和不成立（0）")
        return
    most = row.full if item.kind == ItemKind.BASIC or row.full else Decimal(100)
    if not Decimal(0) <= points <= most:
        raise Refused(f"“{item.name}”的分值应在 0 到 {scoring.plain(most)} 之间")


@transaction.atomic
def uphold(row: Appeal, *, granted: Decimal, answer: str, by: User) -> ScoreChange:
    """Grant an appeal: the score changes by a line of its own, and everybody's rank is reckoned anew.

    Raises PermissionDenied, ReasonRequired, IllegalMove when somebody was quicker, Refused for points out of bounds.
    """
    unit, item = row.unit, row.item
    assessment = unit.assessment
    _check_decider(row, by)
    score = score_of(unit, item)
    _check_points(score, granted)
    if granted == score.got:
        raise Refused("改后的分数和原来一样；维持原分请选择不予采纳")
    today = timezone.localdate()
    step(
        row, AppealMove.UPHOLD, APPEAL_RULES[AppealMove.UPHOLD], AppealTransition, by=by, reason=answer,
        changed={
            "answer": answer.strip()[:1000], "granted": scoring.points(granted), "decided_by": by, "decided_on": today,
        },
        act="assessment.uphold_appeal",
    )  # fmt: skip
    seen = Assessment.objects.filter(pk=assessment.pk).values_list("revision", flat=True).get()
    turned = Assessment.objects.filter(pk=assessment.pk, status=Status.PUBLISHED, revision=seen).update(
        revision=F("revision") + 1
    )
    if not turned:
        raise IllegalMove(f"{assessment}的结果刚被改过，请刷新后重试")
    change = ScoreChange.objects.create(
        unit=unit, item=item, appeal=row, old=score.got, new=scoring.points(granted), reason=answer.strip()[:1000], by=by,
        at=timezone.now(),
    )  # fmt: skip
    record(
        "assessment.change", change, by=by,
        summary=f"{unit}“{item.name}”由 {scoring.plain(change.old)} 改为 {scoring.plain(change.new)}",
    )  # fmt: skip
    settle_result(assessment, by=by)
    _close(row, by)
    return change


@transaction.atomic
def reject(row: Appeal, *, answer: str, by: User) -> AppealTransition:
    """Let the score stand, with reasons. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    _check_decider(row, by)
    line = step(
        row, AppealMove.REJECT, APPEAL_RULES[AppealMove.REJECT], AppealTransition, by=by, reason=answer,
        changed={"answer": answer.strip()[:1000], "decided_by": by, "decided_on": timezone.localdate()},
        act="assessment.reject_appeal",
    )  # fmt: skip
    _close(row, by)
    return line


def _check_decider(row: Appeal, by: User) -> None:
    if not adopts(by, row.unit.assessment.organization_id) or row.by_id == by.pk:
        raise PermissionDenied


@transaction.atomic
def withdraw(row: Appeal, *, by: User) -> AppealTransition:
    """Take an appeal back while it waits; the item may be appealed again until the day."""
    if not represents(by, row.unit):
        raise PermissionDenied
    line = step(
        row, AppealMove.WITHDRAW, APPEAL_RULES[AppealMove.WITHDRAW], AppealTransition, by=by,
        changed={"decided_by": by, "decided_on": timezone.localdate()}, act="assessment.withdraw_appeal",
    )  # fmt: skip
    finish_duty(row, Duty.Kind.ASSESSMENT_APPEAL, by=by, cancelled=True)
    return line


def _close(row: Appeal, by: User) -> None:
    finish_duty(row, Duty.Kind.ASSESSMENT_APPEAL, by=by)
    transaction.on_commit(partial(_tell, row.pk))


def _tell(pk: int) -> None:
    row = Appeal.objects.select_related("unit__organization", "item", "by").get(pk=pk)
    notify(
        [row.by, *leaders_of(row.unit.organization)], category=Message.Category.DUTY,
        title=f"申辩已答复：“{row.item.name}”{row.get_status_display()}"[:120], body=row.answer[:200],
        url=row.get_absolute_url(), key=f"appeal:{row.pk}:{row.status}",
    )  # fmt: skip
