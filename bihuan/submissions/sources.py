"""What the ledger below holds that falls under the list: the rows, with a draft written from their figures (R113, R256).

A source proposes; a person decides whether to ask, to report, or to set it aside with a reason.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.apps import apps
from django.db.models import Model, QuerySet
from django.utils import timezone

from bihuan.accidents.models import Accident
from bihuan.accidents.workflow import Grade
from bihuan.accounts.models import Organization, User
from bihuan.audit.actions import chain_of
from bihuan.campaigns.models import Amendment, Campaign, Phase
from bihuan.campaigns.workflow import AmendmentStatus, PhaseStatus
from bihuan.core.dates import day_words
from bihuan.hazards.models import Hazard
from bihuan.hazards.workflow import OPEN
from bihuan.hazards.workflow import Level as HazardLevel
from bihuan.listings.models import ExtensionRequest, Listing
from bihuan.listings.workflow import RequestStatus
from bihuan.oversight.models import OversightFinding, Reception
from bihuan.oversight.workflow import ReceptionStatus

from .facts import Facts, Source, area_of, own_hazards
from .possible import POSSIBLE

LOOKS_BACK = 120  # days; what is older is not proposed any more
MOST = 60
LONG_AGO = dt.date(2000, 1, 1)


# --- hazards -----------------------------------------------------------------------------------


def _hazard_facts(hazard: Hazard) -> Facts:
    where = f"（{hazard.location}）" if hazard.location else ""
    due = f"，整改期限{day_words(hazard.due_on)}" if hazard.due_on else ""
    lines = [
        f"{day_words(hazard.found_on)}，{hazard.found_organization.name}检查发现{hazard.enterprise.name}{where}存在"
        f"{hazard.get_level_display()}隐患：{hazard.description.rstrip('。')}。",
        f"目前该隐患{hazard.get_status_display()}{due}。",
    ]
    if hazard.basis:
        lines.append(f"判定依据：{hazard.basis.rstrip('。')}。")
    kept = [words for words in (hazard.interim_measures, hazard.measures) if words]
    return Facts(
        chain_of(hazard), f"{hazard.enterprise.name}：{hazard.description[:80]}", hazard.get_absolute_url(),
        hazard.found_on, f"关于对{hazard.enterprise.name}重大隐患挂牌督办"[:100], "\n".join(lines),
        "\n".join(f"已采取的措施：{words.rstrip('。')}。" for words in kept),
    )  # fmt: skip


_HAZARD = ("enterprise", "found_organization")


def _hazard(user: User, pk: int) -> Facts | None:
    row = Hazard.objects.visible_to(user).filter(pk=pk).select_related(*_HAZARD).first()
    return _hazard_facts(row) if row else None


def _major_hazards(user: User, organization: Organization, since: dt.date) -> QuerySet[Any]:
    return (
        Hazard.objects.visible_to(user)
        .filter(
            own_hazards(organization),
            level=HazardLevel.MAJOR,
            status__in=OPEN,
            is_supervised=False,
            found_on__gte=since,
        )
        .select_related(*_HAZARD)
        .order_by("-found_on", "-id")
    )


# --- listings ----------------------------------------------------------------------------------


def _listing_facts(listing: Listing, wanted: ExtensionRequest | None) -> Facts:
    lines = [
        f"{listing.title}于{day_words(listing.listed_on) if listing.listed_on else '近期'}由{listing.organization.name}"
        f"挂牌督办（{listing.get_level_display()}），整改单位为{listing.owner_name}，整改期限{day_words(listing.due_on)}。"
    ]
    opinion, event = "", listing.listed_on or timezone.localdate(listing.created_at)
    if wanted is not None:
        event = timezone.localdate(wanted.requested_at)
        lines.append(
            f"{day_words(event)}，整改单位申请将整改期限由{day_words(wanted.old_due_on)}延至"
            f"{day_words(wanted.requested_due_on)}，理由是：{wanted.reason.strip().rstrip('。')}。"
        )
        if wanted.interim_measures.strip():
            opinion = f"延期期间的安全措施：{wanted.interim_measures.strip().rstrip('。')}。"
    matter = "延期" if wanted else ""
    return Facts(
        chain_of(listing), listing.title, listing.get_absolute_url(), event,
        f"关于{listing.title.removeprefix('关于')}挂牌督办{matter}"[:100], "\n".join(lines), opinion,
    )  # fmt: skip


def _listing(user: User, pk: int) -> Facts | None:
    row = Listing.objects.visible_to(user).filter(pk=pk).select_related("organization").first()
    if row is None:
        return None
    return _listing_facts(row, row.extensions.filter(status=RequestStatus.PENDING).first())


def _extensions(user: User, organization: Organization, since: dt.date) -> QuerySet[Any]:
    return (
        ExtensionRequest.objects.filter(
            status=RequestStatus.PENDING, requested_at__date__gte=since,
            listing__in=Listing.objects.visible_to(user).filter(area_of(organization)),
        )
        .select_related("listing__organization")
        .order_by("-requested_at", "-id")
    )  # fmt: skip


# --- accidents ---------------------------------------------------------------------------------


def _accident_facts(accident: Accident) -> Facts:
    hurt = [
        f"{words} {count} 人"
        for words, count in (
            ("死亡", accident.deaths), ("重伤", accident.serious), ("轻伤", accident.minor), ("下落不明", accident.missing),
        )
        if count
    ]  # fmt: skip
    happened = timezone.localtime(accident.occurred_at)
    unit = accident.enterprise.name if accident.enterprise else accident.unit_name
    lines = [
        f"{day_words(accident.occurred_on)}{happened.hour}时{happened.minute:02d}分许，{accident.place}"
        f"{f'（{unit}）' if unit else ''}发生{accident.get_kind_display()}事故，"
        f"{'、'.join(hurt) if hurt else '无人员伤亡'}，初步认定为{accident.get_grade_display()}。"
    ]
    if accident.loss:
        lines.append(f"直接经济损失约 {accident.loss.normalize():f} 万元。")
    return Facts(
        chain_of(accident), f"{accident.occurred_on} {accident.title}", accident.get_absolute_url(),
        accident.occurred_on, f"关于{accident.title}有关情况"[:100], "\n".join(lines),
    )  # fmt: skip


def _accident(user: User, pk: int) -> Facts | None:
    row = Accident.objects.visible_to(user).filter(pk=pk).select_related("enterprise").first()
    return _accident_facts(row) if row else None


def _accidents(user: User, organization: Organization, since: dt.date) -> QuerySet[Any]:
    return (
        Accident.objects.visible_to(user)
        .filter(
            area_of(organization),
            occurred_on__gte=since,
            grade__in=[Grade.LARGER, Grade.MAJOR, Grade.EXTRAORDINARY],
        )
        .select_related("enterprise")
        .order_by("-occurred_on", "-id")
    )


# --- campaigns ---------------------------------------------------------------------------------


def _phase_facts(phase: Phase) -> Facts:
    campaign = phase.campaign
    last = phase.transitions.order_by("-pk").first()
    lines = [
        f"{campaign.title}“{phase.name}”阶段"
        + (
            f"（{day_words(phase.starts_on)}至{day_words(phase.ends_on)}）"
            if phase.starts_on and phase.ends_on
            else ""
        )
        + ("已按关口条件核对并关闭。" if phase.closed_at else "正在进行。")
    ]
    for each in last.report if last and isinstance(last.report, list) else []:
        if isinstance(each, dict) and each.get("label"):
            lines.append(f"{each['label']}：{each.get('value', '')}。")
    if last and last.reason:
        lines.append(f"验收意见：{last.reason.rstrip('。')}。")
    event = timezone.localdate(phase.closed_at) if phase.closed_at else timezone.localdate()
    return Facts(
        chain_of(phase), f"{campaign.short_title}“{phase.name}”阶段", phase.get_absolute_url(), event,
        f"关于{campaign.short_title}{phase.name}阶段验收情况"[:100], "\n".join(lines),
    )  # fmt: skip


def _phase(user: User, pk: int) -> Facts | None:
    seen = Campaign.objects.visible_to(user)
    row = Phase.objects.filter(pk=pk, campaign__in=seen).select_related("campaign").first()
    return _phase_facts(row) if row else None


def _closed_phases(user: User, organization: Organization, since: dt.date) -> QuerySet[Any]:
    return (
        Phase.objects.filter(
            campaign__office=organization, status=PhaseStatus.CLOSED, closed_at__date__gte=since
        )
        .select_related("campaign")
        .order_by("-closed_at", "-id")
    )


def _campaign(user: User, pk: int) -> Facts | None:
    row = Campaign.objects.visible_to(user).filter(pk=pk).first()
    if row is None:
        return None
    number = f"（{row.doc_no}）" if row.doc_no else ""
    return Facts(
        chain_of(row), row.title, row.get_absolute_url(), timezone.localdate(), f"关于调整{row.short_title}方案"[:100],
        f"《{row.title}》{number}印发以来，各项任务正在按方案推进。",
    )  # fmt: skip


def _amendment_facts(row: Amendment) -> Facts:
    campaign = row.campaign
    counted = row.summary if isinstance(row.summary, dict) else {}
    words = [
        f"{label} {counted[name]} 处"
        for name, label in (("added", "新增"), ("changed", "修改"), ("removed", "终止"))
        if isinstance(counted.get(name), int) and counted[name]
    ]
    reason = f"修订原因：{row.reason.rstrip('。')}。" if row.reason else ""
    lines = [
        f"《{campaign.title}》{f'（{campaign.doc_no}）' if campaign.doc_no else ''}经修订为第 {row.number} 版"
        f"{f'，{chr(12289).join(words)}' if words else ''}。",
        reason,
    ]
    event = timezone.localdate(row.decided_at) if row.decided_at else timezone.localdate()
    return Facts(
        chain_of(row), f"{campaign.short_title}第 {row.number} 版方案", row.get_absolute_url(), event,
        f"关于调整{campaign.short_title}方案"[:100], "\n".join(filter(None, lines)),
    )  # fmt: skip


def _amendment(user: User, pk: int) -> Facts | None:
    rows = Amendment.objects.visible_to(user).filter(pk=pk, status=AmendmentStatus.APPLIED)
    row = rows.select_related("campaign").first()
    return _amendment_facts(row) if row else None


def _amendments(user: User, organization: Organization, since: dt.date) -> QuerySet[Any]:
    return (
        Amendment.objects.filter(
            campaign__office=organization, status=AmendmentStatus.APPLIED, decided_at__date__gte=since
        )
        .select_related("campaign")
        .order_by("-decided_at", "-id")
    )


# --- visits from above ---------------------------------------------------------------------------


def _reception_facts(row: Reception, on: dt.date) -> Facts:
    findings = OversightFinding.objects.filter(reception=row).live()
    total, closed = findings.count(), findings.closed().count()
    lines = [
        f"{day_words(row.starts_on)}至{day_words(row.ends_on)}，{row.visitor}到我地开展{row.title.removeprefix('迎接')}，"
        f"反馈问题 {total} 项。"
    ]
    if row.score is not None:
        lines.append(f"得分 {row.score.normalize():f} 分{f'，等次为{row.grade}' if row.grade else ''}。")
    opinion = []
    if total:
        opinion.append(
            f"截至{day_words(on)}，反馈的 {total} 项问题已整改销号 {closed} 项，正在整改 {total - closed} 项。"
        )
    left = findings.unfinished().select_related("organization").order_by("due_on", "id")
    for number, each in enumerate(left[:20], start=1):
        until = f"，期限{day_words(each.due_on)}" if each.due_on else ""
        opinion.append(
            f"未完成的第 {number} 项：{each.description[:80].rstrip('。')}（责任单位：{each.owner_name}{until}）。"
        )
    event = row.fed_back_on or row.ends_on
    return Facts(
        chain_of(row), row.title, row.get_absolute_url(), min(event, on),
        f"关于{row.visitor}反馈问题整改情况"[:100], "\n".join(lines), "\n".join(opinion), row.sender,
    )  # fmt: skip


def _reception(user: User, pk: int) -> Facts | None:
    row = Reception.objects.visible_to(user).filter(pk=pk).first()
    return _reception_facts(row, timezone.localdate()) if row else None


def _receptions(user: User, organization: Organization, since: dt.date) -> QuerySet[Any]:
    return Reception.objects.filter(
        organization=organization, status__in=[ReceptionStatus.RECTIFYING, ReceptionStatus.CLOSED],
        fed_back_on__gte=since,
    ).order_by("-fed_back_on", "-id")  # fmt: skip


SOURCES = (
    Source("hazard_major", "hazards.hazard", "隐患", _hazard, _major_hazards, _hazard_facts),
    Source(
        "listing_extension", "listings.listing", "挂牌督办", _listing, _extensions,
        lambda each: _listing_facts(each.listing, each), "listing",
    ),
    Source("accident_larger", "accidents.accident", "事故", _accident, _accidents, _accident_facts),
    Source("phase_closed", "campaigns.phase", "阶段", _phase, _closed_phases, _phase_facts),
    Source("plan_amended", "campaigns.amendment", "方案修订", _amendment, _amendments, _amendment_facts),
    Source("", "campaigns.campaign", "专项整治", _campaign),
    Source(
        "reception_fed_back", "oversight.reception", "迎检", _reception, _receptions,
        lambda each: _reception_facts(each, timezone.localdate()),
    ),
)  # fmt: skip
_ALL = (*SOURCES, *POSSIBLE)


def source_of(chain: str, suggests: str = "") -> Source | None:
    """The sort of a record named by its chain, as a row of the list with this `suggests` means it; None for what papers
    upward are not made of."""
    label = chain.partition(":")[0]
    fitting = [each for each in _ALL if each.label == label]
    meant = [each for each in fitting if each.key and each.key == suggests]
    return next(iter(meant or fitting), None)


def suggested_by(chain: str) -> set[str]:
    """What rows of the list may be about this record (`suggests`)."""
    label = chain.partition(":")[0]
    return {each.key for each in _ALL if each.label == label and each.key}


def _number(chain: str) -> int | None:
    pk = chain.partition(":")[2]
    return int(pk) if pk.isascii() and pk.isdecimal() and len(pk) <= 18 else None


def is_certain(suggests: str) -> bool:
    """Whether rows of the list with this `suggests` are about one sort of record and no other."""
    return any(each.key == suggests and not each.is_possible for each in _ALL if suggests)


def find(chain: str, user: User, suggests: str = "") -> Facts | None:
    """The record named `chain` ("hazards.hazard:42"), as far as the person may see it, told for a row of the list."""
    source, pk = source_of(chain, suggests), _number(chain)
    return None if source is None or pk is None else source.find(user, pk)


def record_of(chain: str) -> Model | None:
    """The record a chain names, by its number alone: to name it to duties, not to read it."""
    source, pk = source_of(chain), _number(chain)
    return None if source is None or pk is None else apps.get_model(source.label)(pk=pk)


def proposed(
    key: str, user: User, organization: Organization, on: dt.date, *, certain: bool = False
) -> list[Facts]:
    """What a unit's ledger holds that falls under rows of the list with this `suggests`, the latest first; `certain` leaves
    out what only people can tell."""
    found: list[Facts] = []
    for source in _ALL:
        if source.key != key or not key or source.rows is None or source.say is None:
            continue
        if certain and source.is_possible:
            continue
        rows = source.rows(user, organization, on - dt.timedelta(days=LOOKS_BACK))
        found += [source.say(each) for each in rows[:MOST]]
    return found


def still_applies(chain: str, user: User, organization: Organization) -> bool:
    """Whether a record still falls under the list, however long ago it came about."""
    source, pk = source_of(chain), _number(chain)
    if source is None or source.rows is None or pk is None:
        return False
    return source.rows(user, organization, LONG_AGO).filter(**{source.pk: pk}).exists()
