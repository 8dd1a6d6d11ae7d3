"""The office's own ladder: rungs changed, added, taken out, and those that draft papers taken over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.audit.actions import record
from bihuan.core.errors import Refused

from .drafting import kinds_to_draft
from .ladder import Ladders, copy_shipped_ladder, drafting_rungs
from .models import Duty, LadderStep


@transaction.atomic
def change_rung(
    step_id: int,
    *,
    offset_days: int,
    audiences: Iterable[str],
    drafts: str | None = None,
    every: int | None = None,
    by: User,
) -> LadderStep:
    """Change when a rung is due, whom it reaches, what it drafts and how often. The shipped ladder is copied first.

    `drafts` None leaves the paper and the repetition as they are. Raises PermissionDenied, Refused.
    """
    _may(by)
    copy_shipped_ladder()
    rung = LadderStep.objects.filter(pk=step_id).first()
    if rung is None:
        raise Refused("这一级阶梯不存在，请刷新页面")
    before = _as_it_is(rung)
    rung.offset_days, rung.audiences = offset_days, _chosen(audiences)
    if drafts is not None:
        rung.drafts, rung.every = _known(drafts), every
        if drafts:
            rung.instrument = LadderStep.Instrument.DRAFT
        elif rung.instrument == LadderStep.Instrument.DRAFT:
            rung.instrument = LadderStep.Instrument.URGE
    _alone(rung)
    rung.save(update_fields=["offset_days", "audiences", "drafts", "every", "instrument"])
    _set_days_anew()
    record(
        "duties.change_rung", rung, by=by, summary=f"修改催办阶梯：{rung}",
        payload={"before": before, "after": _as_it_is(rung)},
    )  # fmt: skip
    return rung


@transaction.atomic
def add_rung(
    *,
    ladder: str,
    unheld: bool,
    offset_days: int,
    label: str,
    audiences: Iterable[str],
    drafts: str = "",
    every: int | None = None,
    by: User,
) -> LadderStep:
    """Put in one more rung; the shipped ladder is copied first. Raises PermissionDenied, Refused."""
    _may(by)
    copy_shipped_ladder()
    if ladder not in LadderStep.Ladder.values:
        raise Refused("请选择阶梯")
    rung = LadderStep(
        ladder=ladder, unheld=unheld, offset_days=offset_days, label=label.strip()[:20], audiences=_chosen(audiences),
        drafts=_known(drafts), every=every, source="本地增加",
        instrument=LadderStep.Instrument.DRAFT if drafts else LadderStep.Instrument.URGE,
    )  # fmt: skip
    if not rung.label:
        raise Refused("请给这一级起个名称，例：起草督办单")
    _alone(rung)
    rung.save(force_insert=True)
    _set_days_anew()
    record("duties.add_rung", rung, by=by, summary=f"增加催办阶梯：{rung}", payload=_as_it_is(rung))
    return rung


@transaction.atomic
def remove_rung(step_id: int, *, by: User) -> None:
    """Take a rung out of the office's own ladder; what was climbed stays on record. Raises PermissionDenied, Refused."""
    _may(by)
    rung = LadderStep.objects.filter(pk=step_id).first()
    if rung is None:
        raise Refused("这一级阶梯不存在，请刷新页面")
    if LadderStep.objects.filter(ladder=rung.ladder, unheld=rung.unheld).count() == 1:
        raise Refused("阶梯至少留一级，否则逾期的事没有人催")
    record("duties.remove_rung", rung, by=by, summary=f"去掉催办阶梯：{rung}", payload=_as_it_is(rung))
    rung.delete()
    _set_days_anew()


@transaction.atomic
def adopt_drafting_rungs(*, by: User) -> int:
    """Take over the shipped rungs that draft supervision papers; returns how many are new. What is there stays."""
    _may(by)
    copy_shipped_ladder()
    taken = set(LadderStep.objects.values_list("ladder", "unheld", "offset_days"))
    new = [
        LadderStep(
            ladder=ladder, unheld=unheld, offset_days=rung.offset_days, instrument=rung.instrument, label=rung.label,
            audiences=list(rung.audiences), drafts=rung.drafts, every=rung.every, source="本系统默认口径，可由本地规则替换",
        )
        for ladder, unheld, rung in drafting_rungs()
        if (ladder, unheld, rung.offset_days) not in taken
    ]  # fmt: skip
    for rung in new:
        rung.save(force_insert=True)
        record("duties.add_rung", rung, by=by, summary=f"增加催办阶梯：{rung}", payload=_as_it_is(rung))
    _set_days_anew()
    return len(new)


def _set_days_anew() -> None:
    """Let what is open already go by the ladder as it is now, also what had climbed all there was.

    Only days to come are looked at: a rung put in below where a duty stands is not made up for, and what is due now
    stays due.
    """
    today = timezone.localdate()
    ladders = Ladders(today)
    days: dict[tuple[str, dt.date | None], dt.date | None] = {}
    changed: dict[dt.date | None, list[int]] = {}
    going = Duty.objects.open().filter(Q(next_step_on=None) | Q(next_step_on__gt=today)).exclude(due_on=None)
    for pk, ladder, due_on, next_on in going.values_list("pk", "ladder", "due_on", "next_step_on").iterator():
        key = (ladder, due_on)
        if key not in days:
            days[key] = ladders.next_step_on(ladder, due_on, after=today)
        if days[key] != next_on:
            changed.setdefault(days[key], []).append(pk)
    for day, keys in changed.items():
        for start in range(0, len(keys), 500):
            Duty.objects.open().filter(pk__in=keys[start : start + 500]).update(next_step_on=day)


def _may(by: User) -> None:
    if not by.has_perm(Permission.EDIT_CALENDAR):
        raise PermissionDenied


def _chosen(audiences: Iterable[str]) -> list[str]:
    wanted = set(audiences)
    chosen = [value for value in LadderStep.Audience.values if value in wanted]
    if not chosen:
        raise Refused("每一级至少选择一个对象")
    return chosen


def _known(drafts: str) -> str:
    if drafts and drafts not in dict(kinds_to_draft()):
        raise Refused("没有这种督办文书，请重新选择")
    return drafts


def _alone(rung: LadderStep) -> None:
    same = LadderStep.objects.filter(ladder=rung.ladder, unheld=rung.unheld, offset_days=rung.offset_days)
    if same.exclude(pk=rung.pk).exists():
        raise Refused(f"{rung.get_ladder_display()}阶梯在第 {rung.offset_days:+d} 天已有一级，请改用别的天数")


def _as_it_is(rung: LadderStep) -> dict[str, object]:
    return {
        "offset_days": rung.offset_days, "audiences": rung.audiences, "drafts": rung.drafts, "every": rung.every,
    }  # fmt: skip
