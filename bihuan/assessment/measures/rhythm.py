"""Measures over what the rhythm brings: returns, accidents against the control number, papers of supervision, findings of
rounds, look-back samples."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.db.models import F, Q

from bihuan.accidents.models import Accident, ControlNumber
from bihuan.instruments.models import InstrumentRecipient
from bihuan.instruments.workflow import RecipientStatus
from bihuan.lookback.models import LookbackCheck
from bihuan.lookback.workflow import CheckStatus
from bihuan.oversight.models import OversightFinding
from bihuan.oversight.workflow import FindingStatus
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
        found[unit.key] = Reading(Decimal(over), len(told), behind, note, tuple(pk for pk, _ in told))
    return found


CRITICAL = ("warning", "circular_criticism", "talk", "account")


def _criticized(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    rows = InstrumentRecipient.objects.filter(
        instrument__kind__in=CRITICAL, instrument__issued_on__gte=window.since, instrument__issued_on__lte=window.until
    ).exclude(status__in=[RecipientStatus.PENDING, RecipientStatus.RELEASED])  # fmt: skip
    return pieces(
        rows, units, paths=_BODY, key="instrument_id", names=("instrument__issued_on", "instrument__title"),
        note=lambda on, title: f"{day(on)} {title}",
    )  # fmt: skip


def _findings(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    rows = OversightFinding.objects.exclude(
        status__in=[FindingStatus.WITHDRAWN, FindingStatus.IN_LEDGER]
    ).filter(due_on__gte=window.since, due_on__lt=window.lapsed)
    good = Q(replied_on__lte=F("due_on")) | Q(closed_on__lte=F("due_on"))
    return rate(
        rows, units, good=good, paths=_BODY, names=("description", "due_on"),
        note=lambda text, due_on: f"{text[:60]}：应在 {due_on} 前报整改，没有按期",
    )  # fmt: skip


def _sampled(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    rows = LookbackCheck.objects.filter(
        checked_on__gte=window.since, checked_on__lte=window.until,
        status__in=[CheckStatus.HELD, CheckStatus.REBOUNDED],
    )  # fmt: skip
    paths = Paths(enterprise="hazard__enterprise__organization_id")
    return rate(
        rows, units, good=Q(status=CheckStatus.HELD), paths=paths, key="hazard_id", names=("checked_on", "found"),
        note=lambda on, found: f"{day(on)} 回头看抽查已反弹：{found[:60]}", bad_share=True,
    )  # fmt: skip


register(Measure("instrument.criticized", "被通报批评、警示、约谈", PIECES, BODIES, "instruments.instrument", "期内收到的批评通报、警示函、约谈通知书、“说清楚”通知书（撤回、解除的不算）", _criticized, True))  # fmt: skip
register(Measure("oversight.findings", "督查问题按期整改率", RATE, BODIES, "oversight.oversightfinding", "督查反馈、期内到期的问题中，按期报整改的比例", _findings))  # fmt: skip
register(Measure("lookback.rebound", "回头看抽查反弹率", RATE, BODIES, "hazards.hazard", "回头看抽查有结论的隐患中，已反弹的比例", _sampled, True))  # fmt: skip
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
