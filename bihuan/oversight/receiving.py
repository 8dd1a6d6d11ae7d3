"""What a visit from above is told: figures and rows the ledger already holds, line by line, compiled into a report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, Sum
from django.urls import reverse
from django.utils import timezone

from bihuan.accidents.models import Accident
from bihuan.accounts.models import Organization, User
from bihuan.accounts.scope import area_q
from bihuan.campaigns.models import Campaign
from bihuan.core.dates import day_words
from bihuan.hazards.models import Hazard
from bihuan.hazards.workflow import Level
from bihuan.hazards.workflow import Status as HazardStatus
from bihuan.inspections.models import Inspection
from bihuan.listings.models import Listing
from bihuan.listings.workflow import ListingStatus
from bihuan.papers import documents as d

from .comparing import Item, Pair, compare
from .models import DistrictVisit, Meeting, OversightFinding, OversightVisit, Reception, ReceptionLine
from .models.receptions import short
from .workflow import LineStatus, MeetingStatus, VisitStatus

ACCIDENTS = "事故"


@dataclass(frozen=True)
class Figure:
    """One figure the ledger holds for the report: what it counts, how many, and the page with its rows."""

    label: str
    value: str
    unit: str = ""
    url: str = ""

    @property
    def words(self) -> str:
        return f"{self.label} {self.value}{f' {self.unit}' if self.unit else ''}"


@dataclass(frozen=True)
class Period:
    """What a figure is counted over: the place, from when, until when, for whose eyes."""

    user: User
    organization: Organization
    first: dt.date
    last: dt.date


@dataclass(frozen=True)
class Material:
    """One sort of figures and the words of a list by which it is proposed."""

    key: str
    name: str
    words: tuple[str, ...]
    count: Callable[[Period], list[Figure]]


_MATERIALS: dict[str, Material] = {}


def register_material(material: Material) -> None:
    """Say what a package above can tell a visit from above; called in `AppConfig.ready`."""
    _MATERIALS[material.key] = material


def materials() -> list[Material]:
    """All that is known, in the order they were told."""
    return list(_MATERIALS.values())


def proposals(line: ReceptionLine, user: User) -> list[Figure]:
    """The figures a line of the list seems to ask for, each once."""
    text = f"{line.section}{line.text}{line.standard}"
    over = period_of(line.reception, user)
    found: dict[str, Figure] = {}
    for material in materials():
        if any(word in text for word in material.words):
            for figure in material.count(over):
                found.setdefault(figure.label, figure)
    return list(found.values())


def all_figures(reception: Reception, user: User) -> list[tuple[str, list[Figure]]]:
    """Every figure the ledger can tell about the period of the visit, by sort."""
    over = period_of(reception, user)
    return [(each.name, figures) for each in materials() if (figures := each.count(over))]


def period_of(reception: Reception, user: User) -> Period:
    """The period a visit looks at, up to today."""
    last = min(timezone.localdate(), reception.ends_on)
    return Period(user, reception.organization, min(reception.covers_from, last), last)


def sentence(figures: list[Figure], over: Period) -> str:
    """The figures as one sentence a body may go on from."""
    if not figures:
        return ""
    return f"{day_words(over.first)}至{day_words(over.last)}，{'，'.join(each.words for each in figures)}。"


def wanted(finding: OversightFinding) -> dt.date | None:
    """Until when the team wants it put right, if it said so and the day has not passed meanwhile."""
    if finding.due_on is None or finding.due_on < timezone.localdate():
        return None
    return finding.due_on


def pairs_of(reception: Reception) -> list[Pair]:
    """The list of this visit beside that of the last one."""
    if reception.previous is None:
        return []
    return compare(_items(reception), _items(reception.previous))


def _items(reception: Reception) -> list[Item]:
    return [
        Item(each.pk, each.text, each.points, each.lost, each.lost_reason)
        for each in reception.lines.counted().order_by("position")
    ]


# --- the report ----------------------------------------------------------------------------------


def report(reception: Reception, user: User, *, on: dt.date) -> dict[str, Any]:
    """汇报材料: the figures, then line by line what was done, then what is still wanting."""
    blocks: list[d.Block] = [d.recipients(reception.visitor)]
    intro = reception.intro.strip() or (
        f"按照{reception.sender}{f'（{reception.notice_number}）' if reception.notice_number else ''}要求，"
        f"现将{reception.organization.name}有关工作情况汇报如下。"
    )
    blocks += [d.text(line) for line in _lines(intro)]
    over = period_of(reception, user)
    rows = [
        [name, each.label, f"{each.value}{f' {each.unit}' if each.unit else ''}"]
        for name, figures in all_figures(reception, user)
        for each in figures
        # What did not take place is not told as work done; that there was no accident is.
        if name == ACCIDENTS or any(one.value not in {"0", "—"} for one in figures)
    ]
    if rows:
        blocks += [
            d.heading("总体情况"),
            d.table(
                ["类别", "项目", "数值"], rows, widths=[3, 6, 3],
                note=f"统计期间：{day_words(over.first)}至{day_words(over.last)}；数字取自隐患台账和各项工作台账。",
            ),
        ]  # fmt: skip
    lines = list(
        reception.lines.counted()
        .filter(status__in=[LineStatus.HANDED, LineStatus.READY])
        .exclude(material="")
        .select_related("organization")
        .order_by("position")
    )
    sections: dict[str, list[ReceptionLine]] = {}
    for line in lines:
        sections.setdefault(line.section or "工作开展情况", []).append(line)
    for section, members in sections.items():
        blocks.append(d.heading(section))
        for line in members:
            blocks.append(d.heading(line.text.rstrip("。"), 2))
            blocks += [d.text(words) for words in _lines(line.material)]
    if reception.previous is not None:
        blocks += _previous(reception)
    if reception.shortcomings.strip():
        blocks += [
            d.heading("存在的不足和下一步打算"),
            *(d.text(words) for words in _lines(reception.shortcomings)),
        ]
    blocks.append(d.closing(reception.organization.name, day_words(on)))
    return d.official(f"关于{reception.title.removeprefix('迎接')}的汇报"[:120], blocks)


def _previous(reception: Reception) -> list[d.Block]:
    last = reception.previous
    assert last is not None
    told = OversightFinding.objects.filter(reception=last).live()
    total = told.count()
    if not total:
        return []
    closed = told.closed().count()
    return [
        d.heading("上一次反馈问题整改情况"),
        d.text(
            f"{day_words(last.starts_on)}{last.visitor}反馈问题 {total} 项，已整改销号 {closed} 项，"
            f"正在整改 {total - closed} 项。"
        ),
    ]


def _lines(words: str) -> list[str]:
    return [line.strip() for line in words.splitlines() if line.strip()]


# --- what the ledger here can tell -----------------------------------------------------------


def _percent(part: int, whole: int) -> str:
    return f"{short(Decimal(part * 1000 // whole) / 10)}%" if whole else "—"


def _link(view: str, **query: object) -> str:
    return f"{reverse(view)}?{urlencode({key: str(value) for key, value in query.items()})}"


def _hazards(over: Period) -> list[Figure]:
    rows = Hazard.objects.visible_to(over.user).filter(
        area_q(over.organization.region_id), found_on__gte=over.first, found_on__lte=over.last
    )
    rows = rows.exclude(status=HazardStatus.DISMISSED)
    found, closed = rows.count(), rows.filter(status=HazardStatus.CLOSED).count()
    days = {"found_from": over.first, "found_to": over.last}
    return [
        Figure("排查隐患", str(found), "条", _link("hazards:ledger", **days)),
        Figure("整改销号", str(closed), "条", _link("hazards:ledger", status="closed", **days)),
        Figure("整改率", _percent(closed, found), "", _link("hazards:ledger", **days)),
    ]


def _majors(over: Period) -> list[Figure]:
    rows = Hazard.objects.visible_to(over.user).filter(
        area_q(over.organization.region_id),
        level=Level.MAJOR,
        found_on__gte=over.first,
        found_on__lte=over.last,
    )
    rows = rows.exclude(status=HazardStatus.DISMISSED)
    closed = rows.filter(status=HazardStatus.CLOSED).count()
    hanging = Listing.objects.visible_to(over.user).filter(
        area_q(over.organization.region_id), listed_on__gte=over.first, listed_on__lte=over.last
    )
    days = {"level": "major", "found_from": over.first, "found_to": over.last}
    return [
        Figure("发现重大隐患", str(rows.count()), "条", _link("hazards:ledger", **days)),
        Figure("重大隐患销号", str(closed), "条", _link("hazards:ledger", status="closed", **days)),
        Figure("挂牌督办", str(hanging.count()), "件", reverse("listings:list")),
        Figure(
            "其中已摘牌", str(hanging.filter(status=ListingStatus.STRUCK_OFF).count()), "件", reverse("listings:list")
        ),
    ]  # fmt: skip


def _inspections(over: Period) -> list[Figure]:
    rows = Inspection.objects.visible_to(over.user).filter(
        area_q(over.organization.region_id), inspected_on__gte=over.first, inspected_on__lte=over.last
    )
    firms = rows.values("enterprise").distinct().count()
    url = _link("inspections:list", **{"from": over.first, "to": over.last})
    return [Figure("开展检查", str(rows.count()), "次", url), Figure("检查企业和场所", str(firms), "家", url)]


def _accidents(over: Period) -> list[Figure]:
    rows = Accident.objects.visible_to(over.user).filter(
        area_q(over.organization.region_id), occurred_on__gte=over.first, occurred_on__lte=over.last
    )
    deaths = rows.aggregate(total=Sum("deaths"))["total"] or 0
    url = reverse("accidents:list")
    return [Figure("发生事故", str(rows.count()), "起", url), Figure("事故死亡", str(deaths), "人", url)]


def _rounds(over: Period) -> list[Figure]:
    visits = OversightVisit.objects.visible_to(over.user).filter(
        status=VisitStatus.DONE, visited_on__gte=over.first, visited_on__lte=over.last
    )
    found = (
        OversightFinding.objects.visible_to(over.user)
        .live()
        .filter(
            Q(visit__isnull=False) | Q(district_visit__isnull=False),
            found_on__gte=over.first,
            found_on__lte=over.last,
        )
    )
    url = reverse("oversight:findings")
    return [
        Figure("督导属地", str(visits.count()), "次", reverse("oversight:coverage")),
        Figure("督导发现问题", str(found.count()), "项", url),
        Figure("督导问题销号", str(found.closed().count()), "项", f"{url}?state=closed"),
    ]


def _leaders(over: Period) -> list[Figure]:
    walks = DistrictVisit.objects.visible_to(over.user).filter(
        visited_on__gte=over.first, visited_on__lte=over.last
    )
    return [Figure("领导包干走访", str(walks.count()), "次", reverse("oversight:districts"))]


def _meetings(over: Period) -> list[Figure]:
    done = [MeetingStatus.HELD, MeetingStatus.CONFIRMING, MeetingStatus.CONFIRMED, MeetingStatus.ISSUED]
    rows = Meeting.objects.visible_to(over.user).filter(
        organization=over.organization,
        status__in=done,
        held_at__date__gte=over.first,
        held_at__date__lte=over.last,
    )
    return [Figure("召开安委会等会议", str(rows.count()), "次", reverse("oversight:meetings"))]


def _campaigns(over: Period) -> list[Figure]:
    rows = Campaign.objects.visible_to(over.user).filter(region=over.organization.region)
    return [Figure("部署专项整治", str(rows.count()), "项", reverse("campaigns:list"))]


def register_own() -> None:
    """The figures of this package and those below; called in `AppConfig.ready`."""
    for material in (
        Material("campaigns", "方案部署", ("方案", "部署", "专项", "动员", "责任分工", "机制"), _campaigns),
        Material("hazards", "隐患排查整改", ("隐患", "排查", "整改", "销号", "闭环", "台账"), _hazards),
        Material("majors", "重大隐患", ("重大", "挂牌", "督办"), _majors),
        Material("inspections", "监督检查", ("检查", "执法", "巡查", "双随机"), _inspections),
        Material("accidents", ACCIDENTS, ("事故", "伤亡", "指标"), _accidents),
        Material("rounds", "督导检查", ("督导", "督查", "属地", "通报"), _rounds),
        Material("meetings", "会议研究", ("会议", "研究", "安委会", "学习", "党委", "责任制"), _meetings),
        Material("leaders", "领导带队", ("领导", "包干", "带队", "走访", "责任落实"), _leaders),
    ):
        register_material(material)


__all__ = [
    "Figure", "Material", "Period", "all_figures", "materials", "pairs_of", "period_of", "proposals", "register_material",
    "register_own", "report", "sentence", "wanted",
]  # fmt: skip
