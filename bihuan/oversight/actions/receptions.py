"""A visit from above, from its notice to the last finding put right (R110): registered, prepared, received, scored, closed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import place_of
from bihuan.attachments.actions import attach, sign
from bihuan.attachments.models import Signature
from bihuan.audit.actions import record
from bihuan.audit.moves import step, write_line
from bihuan.core.errors import Refused
from bihuan.papers.actions import issue_paper
from bihuan.papers.models import Paper
from bihuan.registry.models import Enterprise

from .. import receiving
from ..models import OversightFinding, Reception, ReceptionLine, ReceptionTransition
from ..models.receptions import short
from ..standing import may_move_reception, own_office
from ..workflow import (
    RECEPTION_RULES,
    FindingStatus,
    LineStatus,
    ReceptionMove,
    ReceptionStatus,
)
from .findings import LONGEST, hand_over
from .lines import give_up
from .visiting import _record

MOST_VISIT_DAYS = 120


@dataclass(frozen=True)
class Notice:
    """What the notice of a visit says."""

    title: str
    visitor: str
    sender: str
    level: str
    notice_on: dt.date
    starts_on: dt.date
    ends_on: dt.date
    covers_from: dt.date
    notice_number: str = ""
    places: str = ""
    focus: str = ""
    previous: Reception | None = None


@transaction.atomic
def register_reception(notice: Notice, *, files: Iterable[UUID | str] = (), by: User) -> Reception:
    """Register a visit by its notice. Raises PermissionDenied, Refused with all that is wrong."""
    office = own_office(by)
    if office is None:
        raise PermissionDenied
    _check(notice, office)
    place = place_of(office.region)
    row = Reception.objects.create(
        organization=office, city_id=place.city_id, county_id=place.county_id, locality_id=place.locality_id,
        created_by=by, created_at=timezone.now(), **_columns(notice),
    )  # fmt: skip
    attach(row, files, "notice", by=by)
    write_line(
        row, ReceptionMove.REGISTER, ReceptionTransition, seen="", by=by, act="oversight.register_reception"
    )
    return row


@transaction.atomic
def change_reception(
    reception: Reception, notice: Notice, *, files: Iterable[UUID | str] = (), by: User
) -> None:
    """The notice was changed: dates, places, focus. Raises PermissionDenied, Refused, IllegalMove."""
    _allowed(by, ReceptionMove.CHANGE, reception)
    _check(notice, reception.organization, own=reception.pk)
    _step(reception, ReceptionMove.CHANGE, by=by, changed=_columns(notice))
    attach(reception, files, "notice", by=by)


@transaction.atomic
def write_report(reception: Reception, *, intro: str, shortcomings: str, by: User) -> None:
    """What stands before and after the lines in the report to the team. Raises PermissionDenied, IllegalMove."""
    _allowed(by, ReceptionMove.CHANGE, reception)
    _step(
        reception, ReceptionMove.CHANGE, by=by, reason="汇报材料的开头和结尾",
        changed={"intro": intro.strip(), "shortcomings": shortcomings.strip()},
    )  # fmt: skip


@transaction.atomic
def issue_report(reception: Reception, *, image: str = "", by: User) -> Paper:
    """The leader signs the report that was compiled; a later edition takes the place of an earlier one, both stay on record.

    Raises PermissionDenied, Refused while nothing is prepared, IllegalMove.
    """
    _allowed(by, ReceptionMove.ISSUE, reception)
    if not reception.lines.filter(status__in=[LineStatus.HANDED, LineStatus.READY]).exists():
        raise Refused("还没有一项提交了准备情况，没有可以汇报的内容")
    today = timezone.localdate()
    paper = issue_paper(
        Paper.Kind.RECEPTION_REPORT, subject=reception, organization=reception.organization,
        recipient_name=reception.visitor, place=reception, content=receiving.report(reception, by, on=today),
        permission=Permission.CONFIRM_OVERSIGHT, by=by,
    )  # fmt: skip
    sign(
        reception, role="签发人", signer=by, signer_name=by.full_name,
        signer_title=str(by.main_post.title) if by.main_post else "",
        method=Signature.Method.DRAWN if image else Signature.Method.LOGIN, image=image or None, by=by,
    )  # fmt: skip
    _step(
        reception, ReceptionMove.ISSUE, by=by, reason=paper.number, changed={"paper_id": paper.pk},
        watched=("paper_id",),
    )  # fmt: skip
    return paper


@transaction.atomic
def begin_reception(reception: Reception, *, by: User) -> None:
    """The team has come. Raises PermissionDenied, Refused before the day, IllegalMove."""
    _allowed(by, ReceptionMove.BEGIN, reception)
    if reception.starts_on > timezone.localdate():
        raise Refused(f"检查组 {reception.starts_on} 进驻，还没有到；日期有变请先修改")
    _step(reception, ReceptionMove.BEGIN, by=by)


@transaction.atomic
def cancel_reception(reception: Reception, *, reason: str, by: User) -> None:
    """The visit does not take place; what was asked of others is given up. Raises PermissionDenied, ReasonRequired,
    IllegalMove."""
    _allowed(by, ReceptionMove.CANCEL, reception)
    _step(reception, ReceptionMove.CANCEL, by=by, reason=reason)
    for line in reception.lines.unready():
        give_up(line, by=by)


@transaction.atomic
def record_told(
    reception: Reception,
    *,
    level: str,
    code: str,
    description: str,
    demand: str = "",
    organization: Organization | None = None,
    enterprise: Enterprise | None = None,
    is_major: bool = False,
    due_on: dt.date | None = None,
    photos: Iterable[UUID | str] = (),
    by: User,
) -> OversightFinding:
    """Write one finding as the team told it, into the one ledger of findings. Before the feedback is in it waits; after
    that it is handed over at once. Raises PermissionDenied, Refused, IllegalMove."""
    _allowed(by, ReceptionMove.TELL, reception)
    today = timezone.localdate()
    if due_on is not None and not today <= due_on <= today + dt.timedelta(days=LONGEST):
        raise Refused(f"整改期限应在今天之后、{LONGEST} 天以内，请核对")
    _step(reception, ReceptionMove.TELL, by=by, reason=description.strip()[:80])
    finding = _record(
        reception=reception, level=level, code=code, description=description, demand=demand, organization=organization,
        enterprise=enterprise, is_major=is_major, location="", photos=photos, by=by,
        found_organization=reception.organization, found_on=today,
    )  # fmt: skip
    if finding.status == FindingStatus.RECORDED and due_on is not None:
        OversightFinding.objects.filter(pk=finding.pk).update(due_on=due_on)
        finding.due_on = due_on
    if reception.status == ReceptionStatus.RECTIFYING and finding.organization_id is not None:
        hand_over(finding, due_on=receiving.wanted(finding), by=by)
    return finding


@transaction.atomic
def feed_back(reception: Reception, *, on: dt.date, feedback: str, by: User) -> int:
    """The team's opinion is in: every problem written down goes to the body it is about, under its clock.

    Returns how many were handed over. Raises PermissionDenied, Refused, IllegalMove.
    """
    _allowed(by, ReceptionMove.FEED_BACK, reception)
    if not reception.starts_on <= on <= timezone.localdate():
        raise Refused(f"反馈日期应在进驻日期 {reception.starts_on} 到今天之间")
    _step(
        reception, ReceptionMove.FEED_BACK, by=by, changed={"fed_back_on": on, "feedback": feedback.strip()}
    )
    waiting = reception.findings.filter(status=FindingStatus.RECORDED, enterprise=None)
    rows = list(waiting.select_related("organization", "found_organization").order_by("pk"))
    for finding in rows:
        hand_over(finding, due_on=receiving.wanted(finding), by=by)
    for line in reception.lines.unready():
        give_up(line, by=by)
    return len(rows)


@transaction.atomic
def score_reception(
    reception: Reception,
    *,
    full: Decimal | None,
    score: Decimal | None,
    grade: str = "",
    lines: Mapping[int, tuple[Decimal | None, str]] | None = None,
    by: User,
) -> None:
    """Enter the score as it was announced, whole and line by line, with what was lost and why.

    `lines` is {line: (points lost or None, reason)}. Raises PermissionDenied, Refused naming each line that is wrong,
    IllegalMove.
    """
    _allowed(by, ReceptionMove.SCORE, reception)
    rows = {each.pk: each for each in reception.lines.counted()}
    problems = []
    if (score is None) != (full is None):
        problems.append("满分和得分要一起填")
    elif score is not None and full is not None and not 0 <= score <= full:
        problems.append(f"得分应在 0 到满分 {full:f} 之间")
    given = {pk: (lost, reason.strip()[:300]) for pk, (lost, reason) in (lines or {}).items() if pk in rows}
    for pk, (lost, reason) in given.items():
        row = rows[pk]
        if lost is not None and (lost < 0 or (row.points is not None and lost > row.points)):
            problems.append(
                f"第 {row.position} 项的扣分应在 0 到 {row.points if row.points is not None else '满分'} 之间"
            )
        if lost and not reason:
            problems.append(f"第 {row.position} 项扣了分，请写明原因")
    if problems:
        raise Refused("；".join(problems))
    said = f"{score:f} 分{f'，{grade.strip()}' if grade.strip() else ''}" if score is not None else ""
    _step(
        reception, ReceptionMove.SCORE, by=by, reason=said,
        changed={"full": full, "score": score, "grade": grade.strip()[:20]},
    )  # fmt: skip
    changed = []
    for pk, (lost, reason) in given.items():
        row = rows[pk]
        if (row.lost, row.lost_reason) != (lost, reason):
            row.lost, row.lost_reason = lost, reason
            changed.append(row)
    ReceptionLine.objects.bulk_update(changed, ["lost", "lost_reason"])
    for row in changed:
        record(
            "oversight.score_line",
            row,
            by=by,
            summary=f"{row}：{'没有扣分' if not row.lost else '扣 ' + short(row.lost) + ' 分'}",
        )


@transaction.atomic
def close_reception(reception: Reception, *, by: User) -> None:
    """Everything that was fed back is put right. Raises PermissionDenied, Refused while findings are open, IllegalMove."""
    _allowed(by, ReceptionMove.CLOSE, reception)
    left = reception.findings.unfinished().count()
    if left:
        raise Refused(f"还有 {left} 项反馈问题没有销号，不能办结")
    _step(reception, ReceptionMove.CLOSE, by=by, changed={"closed_on": timezone.localdate()})


def _allowed(by: User, move: str, reception: Reception) -> None:
    seen = Reception.objects.visible_to(by).filter(pk=reception.pk).exists()
    if not seen or not may_move_reception(by, move, reception):
        raise PermissionDenied


def _step(
    reception: Reception,
    move: ReceptionMove,
    *,
    by: User,
    reason: str = "",
    changed: Mapping[str, object] | None = None,
    watched: tuple[str, ...] = (),
) -> None:
    step(
        reception, move, RECEPTION_RULES[move], ReceptionTransition, by=by, reason=reason, changed=changed,
        watched=watched, act=f"oversight.{move.value}_reception",
    )  # fmt: skip


def _columns(notice: Notice) -> dict[str, object]:
    return {
        "title": notice.title.strip()[:80], "visitor": notice.visitor.strip()[:80], "sender": notice.sender.strip()[:80],
        "level": notice.level, "notice_number": notice.notice_number.strip()[:60], "notice_on": notice.notice_on,
        "starts_on": notice.starts_on, "ends_on": notice.ends_on, "covers_from": notice.covers_from,
        "places": notice.places.strip(), "focus": notice.focus.strip(), "previous": notice.previous,
    }  # fmt: skip


def _check(notice: Notice, office: Organization, *, own: int | None = None) -> None:
    found = []
    for words, label in ((notice.title, "名称"), (notice.visitor, "检查组"), (notice.sender, "发文机关")):
        if not words.strip():
            found.append(f"请填写{label}")
    if notice.level not in Reception.Level.values:
        found.append("请选择检查组的级别")
    if notice.ends_on < notice.starts_on:
        found.append("结束日期早于进驻日期")
    elif (notice.ends_on - notice.starts_on).days > MOST_VISIT_DAYS:
        found.append(f"检查时间超过 {MOST_VISIT_DAYS} 天，请核对日期")
    if notice.notice_on > notice.starts_on:
        found.append("通知日期晚于进驻日期")
    if notice.covers_from > notice.starts_on:
        found.append("检查覆盖期间晚于进驻日期")
    if notice.previous is not None and (
        notice.previous.pk == own or notice.previous.organization_id != office.pk
    ):
        found.append("上一次检查应是本单位接受的另一次检查")
    if found:
        raise Refused("；".join(found))
