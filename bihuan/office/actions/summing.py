"""The circular of a month: counted, written, checked, issued with a number (R252: 由监察室汇总通报)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import partial

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import leaders_of
from bihuan.accounts.scope import place_of
from bihuan.audit.moves import stale, step, write_line
from bihuan.core.errors import Refused
from bihuan.core.snapshot import one_moment
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message
from bihuan.papers.actions import issue_paper
from bihuan.papers.models import Paper

from ..calendar import month_of, month_words
from ..counting import count
from ..models import WorkCircular, WorkCircularTransition
from ..standing import summing_body, sums
from ..wording import content_of, sections_of, verdict_of
from ..workflow import CIRCULAR_RULES, CircularMove, CircularStatus

MOST_WORDS = 4000


def draft_circular(month: dt.date, *, by: User) -> WorkCircular:
    """Count a month and write the first words. Raises PermissionDenied, Refused when one stands already."""
    body = summing_body(by)
    if body is None:
        raise PermissionDenied
    month, now = month_of(month), timezone.now()
    if month > timezone.localdate(now):
        raise Refused("这个月还没有开始")
    with one_moment():
        figures = count(body.region_id, month, timezone.localdate(now))
    if not figures["units"]:
        raise Refused(f"{month_words(month)}没有单位编制工作计划；先在“纳入单位”里安排单位编制")
    row = WorkCircular(
        organization=body, region=body.region, month=month, title=f"关于{month_words(month)}工作计划完成情况的通报",
        figures=figures, sections=[{**part, "auto": part["text"]} for part in sections_of(figures)], counted_at=now,
        drafted_by=by, **vars(place_of(body.region)),
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            write_line(
                row, CircularMove.DRAFT, WorkCircularTransition, seen="", by=by, act="office.draft_circular"
            )
    except IntegrityError as error:
        raise Refused(f"{month_words(month)}的通报已经起草，请在原稿上修改；要重来，先作废原稿") from error
    return row


@transaction.atomic
def edit_circular(row: WorkCircular, *, title: str, texts: Mapping[str, str], version: int, by: User) -> None:
    """Save what people wrote. `version` is the one they began from. Raises PermissionDenied, Refused, IllegalMove."""
    if not sums(by, row):
        raise PermissionDenied
    if row.status == CircularStatus.DRAFT and row.version != version:
        raise Refused("这份通报刚被他人修改过，您的修改没有保存：请对照最新一稿再改")
    if not title.strip():
        raise Refused("标题不能为空")
    sections = [dict(part) for part in row.sections]
    for part in sections:
        words = texts.get(part["key"], part["text"]).replace("\r\n", "\n").strip()
        if len(words) > MOST_WORDS:
            raise Refused(f"“{part['heading']}”超过 {MOST_WORDS} 字，请精简")
        part["text"] = words
    _changed(row, CircularMove.EDIT, {"title": title.strip()[:120], "sections": sections}, by=by)


@transaction.atomic
def recount_circular(row: WorkCircular, *, by: User) -> None:
    """Count again as of now; parts that people wrote keep their words, with the fresh ones beside them."""
    if not sums(by, row):
        raise PermissionDenied
    now = timezone.now()
    figures = count(row.region_id, row.month, timezone.localdate(now))
    before = {part["key"]: part for part in row.sections}
    sections = []
    for part in sections_of(figures):
        old = before.get(part["key"])
        touched = old is not None and old["text"] != old["auto"]
        sections.append(
            {**part, "auto": part["text"], "text": old["text"] if touched and old else part["text"]}
        )
    _changed(row, CircularMove.RECOUNT, {"figures": figures, "sections": sections, "counted_at": now}, by=by)


def _changed(row: WorkCircular, move: CircularMove, changed: dict[str, object], *, by: User) -> None:
    step(
        row, move, CIRCULAR_RULES[move], WorkCircularTransition, by=by,
        changed={**changed, "version": row.version + 1}, watched=("version",), act=f"office.{move.value}_circular",
    )  # fmt: skip


@transaction.atomic
def issue_circular(row: WorkCircular, *, reason: str = "", by: User) -> Paper:
    """Number and send it to the units it is about. The figure check stops what does not add up, unless a person says why
    it may leave all the same. Raises PermissionDenied, Refused, IllegalMove."""
    if not sums(by, row):
        raise PermissionDenied
    # Taken first: whoever comes second gets no second number.
    taken = WorkCircular.objects.filter(pk=row.pk, status=CircularStatus.DRAFT, version=row.version)
    if not taken.update(version=row.version):
        raise stale(row)
    verdict = verdict_of(row)
    if not verdict.may_leave and not reason.strip():
        first = verdict.problems[0]
        raise Refused(
            f"数字核校发现 {len(verdict.problems)} 处问题，请改正，或者写明理由放行。第一处：{first.place}，{first.statement}"
        )
    bodies = list(
        Organization.objects.filter(pk__in=[unit["pk"] for unit in row.figures["units"]]).exclude(
            pk=row.organization_id
        )
    )
    paper = issue_paper(
        Paper.Kind.WORK_CIRCULAR, subject=row, organization=row.organization, recipient_name="各有关单位", place=row,
        content=content_of(row, timezone.localdate()), permission=Permission.CHECK_OFFICE_WORK, addressees=bodies, by=by,
    )  # fmt: skip
    kept = {
        "confirmed": verdict.confirmed, "problems": [each.to_json() for each in verdict.problems],
        "reason": reason.strip()[:300],
    }  # fmt: skip
    step(
        row, CircularMove.ISSUE, CIRCULAR_RULES[CircularMove.ISSUE], WorkCircularTransition, by=by,
        reason=reason if not verdict.may_leave else "", changed={"paper": paper, "issued_at": timezone.now(), "verdict": kept},
        act="office.issue_circular",
    )  # fmt: skip
    transaction.on_commit(partial(_tell_units, row.pk, [body.pk for body in bodies], by.pk))
    return paper


@transaction.atomic
def drop_circular(row: WorkCircular, *, reason: str, by: User) -> None:
    """Give a draft up. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    if not sums(by, row):
        raise PermissionDenied
    step(
        row, CircularMove.DROP, CIRCULAR_RULES[CircularMove.DROP], WorkCircularTransition, by=by, reason=reason,
        act="office.drop_circular",
    )  # fmt: skip


def _tell_units(pk: int, bodies: list[int], actor: int) -> None:
    row = WorkCircular.objects.select_related("organization").get(pk=pk)
    people = [
        each
        for body in Organization.objects.filter(pk__in=bodies)
        for each in leaders_of(body)
        if each.pk != actor
    ]
    notify(
        people, category=Message.Category.RESULT, title=row.title, body=f"{row.organization.short_name}印发",
        url=row.get_absolute_url(), key=f"office:circular:{pk}",
    )  # fmt: skip
