"""What follows from results: proposed by rule or by hand, decided by the leader, a talk drafted (R120-R122, R125, R126)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.audit.actions import chain_of, record
from bihuan.core.dates import day_words
from bihuan.core.errors import IllegalMove, Refused
from bihuan.instruments.actions import Draft, MatterGiven, draft_instrument
from bihuan.instruments.models import Instrument
from bihuan.rules import scoring
from bihuan.rules.scoring import plain

from ..models import AssessedUnit, Assessment, Recommendation
from ..standing import adopts, holds, runs
from ..workflow import OUT, Decision

TALK = "talk"
TALKED = "约谈"


def recommend(assessment: Assessment, units: Sequence[AssessedUnit], *, on: dt.date) -> None:
    """What the results call for by the rules in force: rewards, talks, limits on honours (R120-R122, R125)."""
    sizes: dict[str, int] = {}
    for unit in units:
        if unit.rank is not None:
            sizes[unit.tier] = sizes.get(unit.tier, 0) + 1
    rows = []
    for unit in units:
        if unit.exclusion:
            continue
        for each in scoring.follow(
            grade=unit.grade,
            vetoed=unit.vetoed,
            rank=unit.rank,
            of=sizes.get(unit.tier, 0),
            on=on,
            audience=assessment.audience,
        ):
            until = None if each.months is None else months_later(on, each.months)
            rows.append(
                Recommendation(
                    unit=unit, key=each.key, label=each.label, text=each.text, source=f"{each.source}（{each.doc_no}）"[:300],
                    until=until,
                )
            )  # fmt: skip
    Recommendation.objects.bulk_create(rows)


def months_later(day: dt.date, months: int) -> dt.date:
    """The same day so many months on; the month's last where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return dt.date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise ValueError(f"no day {day} + {months}")


@transaction.atomic
def decide_recommendation(
    row: Recommendation, decision: str, *, by: User, reason: str = ""
) -> Recommendation:
    """The leader takes a recommendation up or not; declining says why. Raises PermissionDenied, IllegalMove, Refused."""
    assessment = row.unit.assessment
    if by.pk == row.unit.person_id or not adopts(by, assessment.organization_id):
        raise PermissionDenied
    if decision not in {Decision.ACCEPTED, Decision.DECLINED}:
        raise Refused("请选择采纳或者不采纳")
    if decision == Decision.DECLINED and not reason.strip():
        raise Refused("不采纳须填写理由")
    done = Recommendation.objects.filter(pk=row.pk, status=Decision.PROPOSED).update(
        status=decision, reason=reason.strip()[:300], decided_by=by, decided_at=timezone.now()
    )
    if not done:
        raise IllegalMove("这条建议已经决定过，请刷新查看")
    row.refresh_from_db()
    record(
        "assessment.recommendation", row, by=by, summary=f"{row.unit}：{row.label}{row.get_status_display()}"
    )
    return row


@transaction.atomic
def propose(
    unit: AssessedUnit, key: str, *, text: str, why: str, until: dt.date | None = None, by: User
) -> Recommendation:
    """Propose an incentive or a restraint by hand once the result is out; the leader decides as of the others.

    Raises PermissionDenied, IllegalMove before the result is out, Refused for an unknown measure, no reason or an end
    in the past.
    """
    assessment = unit.assessment
    if not runs(by, assessment.organization_id) or by.pk == unit.person_id:
        raise PermissionDenied
    status = Assessment.objects.select_for_update().values_list("status", flat=True).get(pk=assessment.pk)
    if status not in OUT:
        raise IllegalMove(f"{assessment}的结果还没有公布，不能提出结果运用建议")
    today = timezone.localdate()
    measure = next(
        (each for each in scoring.hand_measures(assessment.audience, today) if each.key == key), None
    )
    if measure is None:
        raise Refused("请选择激励或约束措施")
    if not why.strip():
        raise Refused("请写明提出的理由：依据哪一项结果、哪些事实")
    if until is not None and until < today:
        raise Refused("期限在今天之前，请核对")
    number = unit.recommendations.filter(key__startswith="own-").count() + 1
    row = Recommendation(
        unit=unit, key=f"own-{number}-{key}"[:40], label=measure.label, text=text.strip()[:300] or f"{measure.label}。",
        source=f"{measure.source}（{measure.doc_no}）"[:300], until=until, why=why.strip()[:300], proposed_by=by,
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise IllegalMove("刚刚有人提出过同样的建议，请刷新查看") from error
    record("assessment.propose", row, by=by, summary=f"{unit}：提出{row.label}")
    return row


def may_draft_talk(user: User, row: Recommendation) -> bool:
    """Whether the person may begin the paper of a talk that the leader decided on."""
    return (
        row.status == Decision.ACCEPTED
        and TALKED in row.label
        and row.instrument_id is None
        and row.unit.person_id is None
        and holds(user, Permission.DRAFT_INSTRUMENT, row.unit.assessment.organization_id)
    )


@transaction.atomic
def draft_talk(row: Recommendation, *, by: User) -> Instrument:
    """Put down the draft of the talk (约谈通知书) with the result as its matter; it goes its own way from there.

    Raises PermissionDenied, IllegalMove when it is not decided or drafted already, Refused as drafting does.
    """
    unit, assessment = row.unit, row.unit.assessment
    if not holds(by, Permission.DRAFT_INSTRUMENT, assessment.organization_id):
        raise PermissionDenied
    fresh = Recommendation.objects.select_for_update().get(pk=row.pk)
    if fresh.instrument_id is not None:
        raise IllegalMove("约谈通知书已经起草，请在督办文书里办理")
    row.status = fresh.status
    if not may_draft_talk(by, row):
        raise IllegalMove(f"“{row.label}”还没有决定采纳，不能起草约谈通知书")
    result = f"{plain(unit.score)} 分，{unit.grade}" if unit.score is not None else unit.grade
    situation = (
        f"{assessment.title}（{day_words(assessment.period_from)}至{day_words(assessment.period_to)}）结果为"
        f"{result}。{unit.words}。"
    )
    made = draft_instrument(
        Draft(
            kind=TALK, title=f"关于约谈{unit.organization.short_name}主要负责人的通知"[:120], situation=situation,
            demand="请就考核失分事项说明原因，提出整改措施、责任人和完成时限。", recipients=[unit.organization],
            basis=row.source,
            matters=[MatterGiven(chain_of(unit), f"{assessment.title}：{result}", unit.get_absolute_url(), unit.organization)],
        ),
        organization=assessment.organization, by=by,
    )  # fmt: skip
    row.instrument = made
    row.save(update_fields=["instrument"])
    record("assessment.draft_talk", row, by=by, summary=f"{unit}：起草约谈通知书")
    return made
