"""Measures over returns and accidents: on time, late, sent back; how many, how grave, against the control number."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.db.models import Q

from bihuan.accidents.models import Accident, ControlNumber
from bihuan.returns.models import Return
from bihuan.returns.workflow import Status as ReturnStatus

from .base import BODIES, PIECES, RATE, Measure, Paths, Reading, Unit, Window, day, pieces, rate, register

_BODY = Paths.body()
RETURN = "returns.return"
ACCIDENT = "accidents.accident"


def _owed(window: Window):
    return Return.objects.exclude(status=ReturnStatus.WAIVED).filter(
        due_on__gte=window.since, due_on__lt=window.lapsed
    )


def _returns(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    labels = dict(ReturnStatus.choices)
    return rate(
        _owed(window), units, good=Q(first_signed_at__isnull=False, is_late=False), paths=_BODY,
        names=("period__definition__name", "due_on", "first_signed_at", "status"),
        note=lambda name, due_on, at, status: (
            f"{name}：应在 {due_on} 前报送，{f'{day(at)} 迟报' if at else labels[status]}"
        ),
    )  # fmt: skip


def _missing(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    rows = _owed(window).filter(Q(first_signed_at=None) | Q(sent_back_count__gt=0))
    return pieces(
        rows, units, paths=_BODY, names=("period__definition__name", "due_on", "first_signed_at", "sent_back_count"),
        note=lambda name, due_on, at, back: (
            f"{name}：{f'退回 {back} 次' if back else f'应在 {due_on} 前报送，没有报'}"
        ),
    )  # fmt: skip


def _accidents(window: Window, **more: object):
    return Accident.objects.production().between(window.since, window.until).filter(**more)


_GRADES = ("occurred_on", "title", "deaths")


def _note(on: object, title: str, deaths: int) -> str:
    return f"{day(on)} {title}" + (f"，死亡 {deaths} 人" if deaths else "")


def _count(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    return pieces(_accidents(window), units, paths=Paths(), names=_GRADES, note=_note)


def _larger(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    return pieces(_accidents(window, grade="larger"), units, paths=Paths(), names=_GRADES, note=_note)


def _major(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    rows = _accidents(window, grade__in=["major", "extraordinary"])
    return pieces(rows, units, paths=Paths(), names=_GRADES, note=_note)


def _deaths_over(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    """Deaths beyond the control number of the unit's region; no number handed down: nothing to measure."""
    regions = [unit.region for unit in units]
    limits = dict(
        ControlNumber.objects.filter(
            region__in=regions, year=window.year, item=ControlNumber.Item.DEATHS, group=""
        ).values_list("region_id", "value")
    )
    limited = [unit for unit in units if unit.region in limits and unit.kind in {"locality", "office"}]
    if not limited:
        return {}
    found: dict[int, Reading] = {}
    rows = pieces(
        _accidents(window, deaths__gt=0), limited, paths=Paths(), names=("deaths", "occurred_on", "title"),
        note=lambda deaths, on, title: f"{deaths}|{day(on)} {title}",
    )  # fmt: skip
    for unit in limited:
        told = [(pk, note.partition("|")) for pk, note in rows[unit.key].rows]
        deaths = sum(int(parts[0]) for _, parts in told)
        over = max(deaths - limits[unit.region], 0)
        behind = tuple((pk, f"{parts[2]}，死亡 {parts[0]} 人") for pk, parts in told) if over else ()
        note = f"死亡 {deaths} 人，控制数 {limits[unit.region]} 人，超 {over} 人"
        found[unit.key] = Reading(Decimal(over), len(told), behind, note)
    return found


register(Measure("return.on_time", "报表按期报送率", RATE, BODIES, RETURN, "应报的报表中，在截止前签报的比例（零报告也要签报）", _returns))  # fmt: skip
register(
    Measure(
        "return.missing",
        "缺报、退回",
        PIECES,
        BODIES,
        RETURN,
        "到计分日没有报的和被退回过的报表",
        _missing,
        True,
    )
)
register(Measure("accident.count", "生产安全事故", PIECES, BODIES, ACCIDENT, "期内发生、计入统计的生产安全事故起数", _count, True))  # fmt: skip
register(
    Measure("accident.larger", "较大事故", PIECES, BODIES, ACCIDENT, "期内发生的较大事故起数", _larger, True)
)
register(
    Measure(
        "accident.major",
        "重大以上事故",
        PIECES,
        BODIES,
        ACCIDENT,
        "期内发生的重大、特别重大事故起数",
        _major,
        True,
    )
)
register(Measure("accident.deaths_over", "超过控制数的死亡人数", "人", BODIES, ACCIDENT, "期内死亡人数超过本年度控制数的部分；没有下达控制数的不计", _deaths_over, True))  # fmt: skip
