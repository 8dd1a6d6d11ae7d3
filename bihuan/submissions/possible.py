"""What may have come to something that must be asked or reported; only people can tell, so it is proposed and not owed.

A major hazard still there after its deadline in a place that goes on working (停产停业), many places of one township
stopped within a week or many households about to be without gas (群体性风险), a project in the pool whose money is not
found (专项资金).
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.audit.actions import chain_of
from bihuan.core.dates import day_words
from bihuan.hazards.models import Hazard
from bihuan.hazards.workflow import OPEN, Level
from bihuan.projects.models import Project
from bihuan.projects.workflow import ProjectStatus
from bihuan.registry.models import Enterprise, StatusPeriod
from bihuan.registry.workflow import EnterpriseStatus

from .facts import Facts, Source, area_of, own_hazards

WAVE, WITHIN = 5, dt.timedelta(days=7)  # so many places stopped or closed in one township within so many days
HOUSEHOLDS, AHEAD = 200, dt.timedelta(days=7)  # so many households without gas, told of so many days before
STOPPED = (EnterpriseStatus.IDLE, EnterpriseStatus.CLOSED)
KIND = Organization.Kind

# --- a major hazard past its deadline in a place that goes on working ---------------------------------


def _stop_facts(hazard: Hazard) -> Facts:
    today = timezone.localdate()
    due = hazard.due_on or hazard.found_on
    late = max(0, (today - due).days)
    name = hazard.enterprise.name
    lines = [
        f"{name}存在重大隐患：{hazard.description.rstrip('。')}。整改期限{day_words(due)}，截至{day_words(today)}"
        f"已逾期 {late} 天，目前{hazard.get_status_display()}，企业仍在生产经营。"
    ]
    if hazard.basis:
        lines.append(f"判定依据：{hazard.basis.rstrip('。')}。")
    kept = [words for words in (hazard.interim_measures, hazard.measures) if words]
    return Facts(
        chain_of(hazard), f"{name}：重大隐患逾期 {late} 天未整改，仍在生产经营", hazard.get_absolute_url(),
        min(due + dt.timedelta(days=1), today), f"关于责令{name}停产停业整顿"[:100], "\n".join(lines),
        "\n".join(f"已采取的措施：{words.rstrip('。')}。" for words in kept),
    )  # fmt: skip


def _stop_hazard(user: User, pk: int) -> Facts | None:
    rows = Hazard.objects.visible_to(user).filter(pk=pk).select_related("enterprise")
    row = rows.first()
    return _stop_facts(row) if row else None


def _overdue_major(user: User, organization: Organization, since: dt.date) -> QuerySet[Any]:
    """Only bodies that may order a stop, departments and offices, ask whether to."""
    rows = Hazard.objects.visible_to(user).filter(
        own_hazards(organization),
        level=Level.MAJOR,
        status__in=OPEN,
        due_on__lt=timezone.localdate(),
        due_on__gte=since,
        enterprise__status=EnterpriseStatus.OPERATING,
    )
    if organization.kind not in (KIND.DEPARTMENT, KIND.OFFICE):
        rows = rows.none()
    return rows.select_related("enterprise").order_by("-due_on", "-id")


# --- many places of one township stopped within a week ------------------------------------------------


def _stopped(user: User, organization: Organization, since: dt.date) -> QuerySet[StatusPeriod]:
    seen = Enterprise.objects.visible_to(user).filter(area_of(organization))
    return StatusPeriod.objects.filter(enterprise__in=seen, status__in=STOPPED, from_on__gte=since).exclude(
        document=""
    )


def _waves(user: User, organization: Organization, since: dt.date) -> QuerySet[Any]:
    """The stop that made it a wave: the fifth within a week in one township, once until the wave is over."""
    rows = _stopped(user, organization, since).order_by("from_on", "pk")
    lately: dict[str, deque[dt.date]] = {}
    made: list[int] = []
    for pk, locality, day in rows.values_list("pk", "enterprise__locality", "from_on"):
        days = lately.setdefault(locality, deque())
        while days and day - days[0] >= WITHIN:
            days.popleft()
        days.append(day)
        if len(days) == WAVE:
            made.append(pk)
    return (
        StatusPeriod.objects.filter(pk__in=made)
        .select_related("enterprise__locality")
        .order_by("-from_on", "-pk")
    )


def _wave_facts(period: StatusPeriod) -> Facts:
    place = period.enterprise.locality
    first = period.from_on - WITHIN + dt.timedelta(days=1)
    others = (
        StatusPeriod.objects.filter(
            enterprise__locality=place, status__in=STOPPED, from_on__range=(first, period.from_on)
        )
        .exclude(document="")
        .select_related("enterprise")
        .order_by("from_on", "pk")
    )
    names = [
        f"{each.enterprise.name}（{each.get_status_display()}，{each.document}）" for each in others[:20]
    ]
    count = others.count()
    situation = (
        f"{day_words(first)}至{day_words(period.from_on)}，{place.name}有 {count} 家企业（场所）停产停业、关闭："
        f"{'、'.join(names)}。涉及从业人员安置、货款和租金结算、周边供应等，可能引发群体性风险。"
    )
    return Facts(
        chain_of(period), f"{place.name} 7 天内 {count} 家停产停业、关闭", period.enterprise.get_absolute_url(),
        period.from_on, f"关于{place.name}集中停产停业可能引发群体性风险情况"[:100], situation,
    )  # fmt: skip


def _wave(user: User, pk: int) -> Facts | None:
    seen = Enterprise.objects.visible_to(user)
    row = (
        StatusPeriod.objects.filter(pk=pk, enterprise__in=seen).select_related("enterprise__locality").first()
    )
    return _wave_facts(row) if row else None


# --- projects: households about to be without gas, money not found ------------------------------------


def _project_seen(user: User, pk: int) -> Project | None:
    return Project.objects.visible_to(user).filter(pk=pk).select_related("department", "region").first()


def _gas_facts(project: Project) -> Facts:
    today = timezone.localdate()
    day = project.gas_stop_on or today
    where = f"（{project.place}）" if project.place else ""
    return Facts(
        chain_of(project), f"{project.name}：{day_words(day)}停气，涉及 {project.households or 0} 户",
        project.get_absolute_url(), min(day - AHEAD, today),
        f"关于{project.name}施工停气可能引发群体性风险情况"[:100],
        f"{project.name}{where}施工，计划{day_words(day)}停气，涉及 {project.households or 0} 户居民、商户用气。"
        "停气时间较长或者告知不到位的，可能引发集中投诉、聚集。",
    )  # fmt: skip


def _gas(user: User, pk: int) -> Facts | None:
    row = _project_seen(user, pk)
    return _gas_facts(row) if row else None


def _gas_stops(user: User, organization: Organization, since: dt.date) -> QuerySet[Any]:
    today = timezone.localdate()
    return (
        Project.objects.visible_to(user)
        .live()
        .filter(
            department=organization, households__gte=HOUSEHOLDS, gas_stop_on__range=(today, today + AHEAD)
        )
        .select_related("department", "region")
        .order_by("gas_stop_on", "-id")
    )


def _money_facts(project: Project) -> Facts:
    since = project.approved_on or timezone.localdate(project.registered_at)
    estimate = f"{project.estimate / 10000:.2f}".rstrip("0").rstrip(".")
    approval = f"（{project.approval}）" if project.approval else ""
    return Facts(
        chain_of(project), f"{project.name}：已审定入库，资金未落实，估算 {estimate} 万元",
        project.get_absolute_url(), since, f"关于安排{project.name}资金"[:100],
        f"{project.name}（{project.kind_words}）于{day_words(since)}审定入库{approval}，估算投资 {estimate} 万元，"
        f"资金尚未落实。\n建设理由：{project.need.strip().rstrip('。')}。",
    )  # fmt: skip


def _money(user: User, pk: int) -> Facts | None:
    row = _project_seen(user, pk)
    return _money_facts(row) if row else None


def _unfunded(user: User, organization: Organization, since: dt.date) -> QuerySet[Any]:
    return (
        Project.objects.visible_to(user)
        .filter(department=organization, status=ProjectStatus.APPROVED, approved_on__gte=since)
        .select_related("department", "region")
        .order_by("-approved_on", "-id")
    )


POSSIBLE = (
    Source(
        "hazard_major_overdue", "hazards.hazard", "隐患", _stop_hazard, _overdue_major, _stop_facts,
        is_possible=True,
    ),
    Source("mass_risk", "registry.statusperiod", "停产停业", _wave, _waves, _wave_facts, is_possible=True),
    Source("mass_risk", "projects.project", "工程项目", _gas, _gas_stops, _gas_facts, is_possible=True),
    Source("project_unfunded", "projects.project", "工程项目", _money, _unfunded, _money_facts, is_possible=True),
)  # fmt: skip
