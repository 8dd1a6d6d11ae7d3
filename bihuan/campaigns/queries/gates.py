"""The gate of a phase: what must be true, what is, and what is missing, in words with figures (R018)."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q
from django.urls import reverse

from bihuan.tally.queries import Figures, by_task, totals

from ..links import ledger_url
from ..models import Assignment, GateCondition, Phase, Task
from ..workflow import AssignmentStatus
from .coverage import Scope, rate, scope


@dataclass(frozen=True)
class GateLine:
    """One condition: plain values only, because the line is frozen into the transition that closes the phase."""

    metric: str
    label: str
    threshold: str
    actual: str
    met: bool
    sentence: str
    url: str


def number(value: Decimal | float | None, *, unit: str = "") -> str:
    """95, 91.6, 93.1%: one decimal at most; — for None. Never rounded up to a whole it has not reached."""
    if value is None:
        return "—"
    tenths = int(Decimal(str(value)) * 10) / 10
    return f"{tenths:g}{unit}"


def still_needed(done: int, total: int, percent: Decimal | float) -> int:
    """How many more must be done until `percent` of `total` are; 0 when they are."""
    return max(0, math.ceil(total * Decimal(str(percent)) / 100) - done)


def done_tasks(phase: Phase) -> tuple[int, int]:
    """(tasks whose lead, responsible and territorial shares are all confirmed, tasks of the phase)."""
    shares = Q(
        assignments__role__in=[role for role in Assignment.Role.values if role != Assignment.Role.SUPPORT]
    ) & ~Q(assignments__status=AssignmentStatus.ENDED)
    tasks = (
        Task.objects.live()
        .filter(phase=phase)
        .annotate(
            shares=Count("assignments", filter=shares),
            confirmed=Count("assignments", filter=shares & Q(assignments__status=AssignmentStatus.CONFIRMED)),
        )
    )
    counts = list(tasks.values_list("shares", "confirmed"))
    return sum(0 < total == confirmed for total, confirmed in counts), len(counts)


def gate_report(phase: Phase, on: dt.date, *, in_scope: Scope | None = None) -> list[GateLine]:
    """Every condition of the phase as it stands at the end of `on`.

    Coverage and tasks count the phase's own tasks; hazards count for the whole campaign, because a hazard found early
    must not be left behind by moving on. `in_scope` are the campaign's denominators, when the caller has them already.
    """
    conditions = {condition.metric: condition.threshold for condition in phase.conditions.all()}
    if not conditions:
        return []
    campaign = phase.campaign
    figures = totals(on=on, region=campaign.region_id, campaign=campaign.pk)
    lines = []
    for metric, threshold in conditions.items():
        match metric:
            case GateCondition.Metric.COVERAGE:
                lines.append(_coverage(phase, threshold, on, in_scope or scope(campaign)))
            case GateCondition.Metric.RECTIFICATION:
                lines.append(_rectification(phase, threshold, figures))
            case GateCondition.Metric.TASKS_DONE:
                lines.append(_tasks_done(phase, threshold))
            case GateCondition.Metric.OVERDUE:
                url = ledger_url(campaign=campaign.pk, state="overdue")
                lines.append(_stock(metric, threshold, figures.overdue, "逾期未改隐患", url))
            case GateCondition.Metric.MAJOR_OPEN:
                url = ledger_url(campaign=campaign.pk, level="major", state="open")
                lines.append(_stock(metric, threshold, figures.open_major, "未销号重大隐患", url))
    return lines


def _line(metric: str, threshold: Decimal, actual: str, met: bool, sentence: str, url: str) -> GateLine:
    chosen = GateCondition.Metric(metric)
    unit = "" if chosen in {GateCondition.Metric.OVERDUE, GateCondition.Metric.MAJOR_OPEN} else "%"
    return GateLine(chosen.value, str(chosen.label), number(threshold, unit=unit), actual, met, sentence, url)


def _coverage(phase: Phase, threshold: Decimal, on: dt.date, in_scope: Scope) -> GateLine:
    campaign = phase.campaign
    own = set(phase.tasks.values_list("pk", flat=True))
    wanted = sum(count for task, count in in_scope.tasks.items() if task in own)
    # Figures by task are kept for cities and localities; a campaign never reaches beyond its own region anyway.
    figures = by_task(campaign.pk, on=on, region=campaign.region_id[:4])
    covered = sum(each.covered for task, each in figures.items() if task in own)
    actual = rate(covered, wanted)
    met = actual is None or actual >= threshold
    if actual is None:
        sentence = "本阶段任务没有适用对象，不计覆盖率"
    elif met:
        sentence = f"覆盖率 {number(actual, unit='%')}，达到门槛 {number(threshold, unit='%')}：应查 {wanted} 户次，已查 {covered}"
    else:
        need = still_needed(covered, wanted, threshold)
        sentence = f"覆盖率 {number(actual, unit='%')}，低于 {number(threshold, unit='%')}：应查 {wanted} 户次，已查 {covered}，还差 {need}"
    url = f"{reverse('campaigns:detail', args=[campaign.pk])}?metric=coverage#matrix"
    return _line("coverage", threshold, number(actual, unit="%"), met, sentence, url)


def _rectification(phase: Phase, threshold: Decimal, figures: Figures) -> GateLine:
    campaign, actual = phase.campaign, figures.rectification_rate
    met = actual is None or actual >= threshold
    if actual is None:
        sentence = "尚未查出隐患，不计整改率"
    elif met:
        sentence = f"整改率 {number(actual, unit='%')}，达到门槛 {number(threshold, unit='%')}"
    else:
        need = still_needed(figures.closed, figures.found, threshold)
        sentence = (
            f"整改率 {number(actual, unit='%')}，低于 {number(threshold, unit='%')}："
            f"查出 {figures.found} 项，已改 {figures.closed}，还差 {need}"
        )
    url = ledger_url(campaign=campaign.pk, state="open")
    return _line("rectification", threshold, number(actual, unit="%"), met, sentence, url)


def _tasks_done(phase: Phase, threshold: Decimal) -> GateLine:
    done, total = done_tasks(phase)
    actual = 100 * done / total if total else None
    met = actual is None or actual >= threshold
    if actual is None:
        sentence = "本阶段没有任务"
    elif met:
        sentence = f"本阶段 {total} 项任务已确认完成 {done} 项"
    else:
        need = still_needed(done, total, threshold)
        sentence = f"本阶段 {total} 项任务只确认完成 {done} 项，还差 {need}"
    url = f"{reverse('campaigns:tasks', args=[phase.campaign_id])}?phase={phase.pk}&state=open"
    return _line("tasks_done", threshold, number(actual, unit="%"), met, sentence, url)


def _stock(metric: str, threshold: Decimal, actual: int, noun: str, url: str) -> GateLine:
    met = actual <= threshold
    words = "没有" if actual == 0 else f"还有 {actual} 项"
    limit = "" if met else f"，不得多于 {number(threshold)} 项"
    return _line(metric, threshold, str(actual), met, f"{words}{noun}{limit}", url)
