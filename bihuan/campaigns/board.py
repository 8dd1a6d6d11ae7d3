"""The campaign page as plain values: phases, five figures, matrix, map, trend, what to press. No counting here:
every number comes from the tally and the registry, every one with the address of its rows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Min, Q
from django.urls import reverse

from bihuan.accounts.models import Organization, Region, User
from bihuan.audit.actions import chains_of
from bihuan.duties.models import Duty
from bihuan.tally.queries import Figures, by_region, daily, matrix, totals

from .links import inspections_url, ledger_url, registry_url
from .models import Assignment, Campaign, GateCondition, Phase, PlanItem, Target, Task
from .queries.campaigns import own_assignments, viewpoint
from .queries.coverage import Scope, rate, scope
from .queries.gates import GateLine, gate_report, number, still_needed
from .workflow import AssignmentStatus, PhaseStatus

METRICS = {
    "rectification": "整改率",
    "coverage": "覆盖率",
    "found": "查出",
    "closed": "整改",
    "overdue": "逾期",
}
RATE_STEPS = ((95, "best"), (90, "good"), (80, "fair"), (60, "poor"))
OVERDUE_STEPS = ((0, "best"), (2, "fair"), (5, "poor"))
RATE_LEGEND = [
    {"tone": "best", "label": "95% 及以上"},
    {"tone": "good", "label": "90%—95%"},
    {"tone": "fair", "label": "80%—90%"},
    {"tone": "poor", "label": "60%—80%"},
    {"tone": "bad", "label": "不到 60%"},
    {"tone": "none", "label": "无对象或未查出"},
]
OVERDUE_LEGEND = [
    {"tone": "best", "label": "没有逾期"},
    {"tone": "fair", "label": "1—2 项"},
    {"tone": "poor", "label": "3—5 项"},
    {"tone": "bad", "label": "6 项及以上"},
]
TREND_DAYS = 60
CANVAS = (1000, 720)


@dataclass(frozen=True)
class Cell:
    """One cell of matrix or map: the printed text, its tone and where it opens."""

    text: str
    tone: str
    url: str = ""
    title: str = ""


def tone_of_rate(value: float | None) -> str:
    """The heat tone of a percentage."""
    if value is None:
        return "none"
    return next((tone for limit, tone in RATE_STEPS if value >= limit), "bad")


def whole(value: float | None) -> str:
    """A percentage in a cell: without its fraction, never rounded up to 100."""
    return "—" if value is None else str(int(value))


def signed(value: float) -> str:
    """+4.2, −31, 0: a difference with its sign."""
    text = number(abs(value))
    return "持平" if text == "0" else f"{'+' if value > 0 else '−'}{text}"


class Board:
    """A campaign as one person sees it on one day. The number of queries does not depend on the number of tasks."""

    def __init__(self, campaign: Campaign, user: User, *, on: dt.date, metric: str = "") -> None:
        self.campaign = campaign
        self.user = user
        self.on = on
        self.metric = metric if metric in METRICS else "rectification"
        self.view = viewpoint(user, campaign)

    # --- what is read ---

    @cached_property
    def _counted(self) -> dict[str, Any]:
        """Which part of the tally this person counts. A department's figures are kept for its city, and a campaign
        never reaches beyond its own region."""
        region = self.campaign.region_id[:4] if self.view.is_department else self.view.region
        return {"campaign": self.campaign.pk, "region": region, "department": self.view.department}

    @cached_property
    def figures(self) -> Figures:
        return totals(on=self.on, **self._counted)

    @cached_property
    def last_week(self) -> Figures:
        return totals(on=self.on - dt.timedelta(days=7), **self._counted)

    @cached_property
    def scope(self) -> Scope:
        return scope(self.campaign, region=self.view.region, department=self.view.department)

    @cached_property
    def tasks(self) -> list[Task]:
        return list(self.campaign.tasks.live())

    @cached_property
    def phases(self) -> list[Phase]:
        return list(self.campaign.phases.prefetch_related("conditions"))

    @cached_property
    def current(self) -> Phase | None:
        return next((phase for phase in self.phases if phase.status == PhaseStatus.OPEN), None)

    @cached_property
    def gate(self) -> list[GateLine]:
        if self.current is None:
            return []
        self.current.campaign = self.campaign
        in_scope = self.scope if self.view.is_whole(self.campaign) else None
        return gate_report(self.current, self.on, in_scope=in_scope)

    @cached_property
    def localities(self) -> list[Region]:
        kinds = [Region.Kind.TOWNSHIP, Region.Kind.ZONE]
        return list(Region.objects.filter(code__startswith=self.view.region, kind__in=kinds, valid_to=None))

    @cached_property
    def by_locality(self) -> dict[str, Figures]:
        codes = [region.pk for region in self.localities]
        return by_region(codes, on=self.on, campaign=self.campaign.pk)

    # --- links ---

    def _ledger(self, **filters: Any) -> str:
        region = "" if self.view.region == self.campaign.region_id else self.view.region
        own = {"campaign": self.campaign.pk, "region": region, "department": self.view.department}
        return ledger_url(**(own | filters))

    def _inspections(self, **filters: Any) -> str:
        region = "" if self.view.region == self.campaign.region_id else self.view.region
        own = {"campaign": self.campaign.pk, "region": region, "department": self.view.department}
        return inspections_url(**(own | filters))

    # --- what is shown ---

    @cached_property
    def extent(self) -> dict[str, int]:
        """How many tasks, departments and localities the campaign charges."""
        shares = Assignment.objects.filter(task__campaign=self.campaign).exclude(
            status=AssignmentStatus.ENDED
        )
        charged = Organization.objects.filter(assignments__in=shares)
        localities = Count("pk", filter=Q(kind=Organization.Kind.LOCALITY), distinct=True)
        counts = charged.aggregate(all=Count("pk", distinct=True), localities=localities)
        return {
            "tasks": len(self.tasks),
            "departments": counts["all"] - counts["localities"],
            "localities": counts["localities"],
        }

    def steps(self) -> list[dict[str, Any]]:
        """The phase bar; an open end is drawn as long as half a year."""
        rows: list[dict[str, Any]] = []
        states = {PhaseStatus.CLOSED: "done", PhaseStatus.OPEN: "current", PhaseStatus.PENDING: "next"}
        for phase in self.phases:
            label = f"{phase.name.removesuffix('阶段')} {span_words(phase)}"
            if phase == self.current:
                unmet = sum(not line.met for line in self.gate)
                label += f" · 关口：{f'{unmet} 项未满足' if unmet else '已满足'}"
            days = (phase.ends_on - phase.starts_on).days if phase.starts_on and phase.ends_on else 180
            rows.append(
                {
                    "label": label,
                    "state": states[PhaseStatus(phase.status)],
                    "url": phase.get_absolute_url(),
                    "weight": max(days, 30),
                }
            )
        # The running phase carries the longest words: it never gets less than a third of the bar.
        for row in rows:
            if row["state"] == "current":
                row["weight"] = max(
                    row["weight"], sum(other["weight"] for other in rows if other is not row) // 2
                )
        return rows

    def today_note(self) -> str:
        """今天 2026-11-21 · 集中攻坚还剩 9 天."""
        words = f"今天 {self.on}"
        if self.current and self.current.starts_on and self.on < self.current.starts_on:
            return f"{words} · {self.current.name}还有 {(self.current.starts_on - self.on).days} 天开始"
        if self.current is None or self.current.ends_on is None:
            return words
        left = (self.current.ends_on - self.on).days
        state = f"还剩 {left} 天" if left >= 0 else f"已超 {-left} 天"
        return f"{words} · {self.current.name}{state}"

    def rectification_target(self) -> float | None:
        """What the plan promises, else what the gate of the current phase asks, in percent."""
        promised = next((t.threshold for t in self.targets if t.metric == Target.Metric.RECTIFICATION), None)
        if promised is None and self.current:
            conditions = {c.metric: c.threshold for c in self.current.conditions.all()}
            promised = conditions.get(GateCondition.Metric.RECTIFICATION)
        return float(promised) if promised is not None else None

    @cached_property
    def targets(self) -> list[Target]:
        return list(self.campaign.targets.all())

    def stats(self) -> list[dict[str, Any]]:
        """The five figures."""
        return [self._coverage(), self._found(), self._rectification(), self._overdue(), self._major()]

    def _coverage(self) -> dict[str, Any]:
        covered, wanted = self.figures.covered, self.scope.visits
        now, before = rate(covered, wanted), rate(self.last_week.covered, wanted)
        card: dict[str, Any] = {
            "label": "覆盖率",
            "figure": number(now),
            "url": self._inspections(),
            "hint": f"应查按任务计 {wanted} 户次，已查 {covered} 户次；涉及 {self.scope.objects} 家",
        }
        if now is None:
            return card | {"note": "任务没有适用对象"}
        card |= {"unit": "%", "beside": f"{wanted:,} 户次应查"}
        if before is not None:
            change = now - before
            card |= {"note": f"较上周 {signed(change)}" + ("" if signed(change) == "持平" else " 个百分点")}
            if change > 0:
                card["note_tone"] = "up"
        return card | {"note_more": f"{self.scope.objects:,} 家"}

    def _found(self) -> dict[str, Any]:
        return {
            "label": "查出隐患",
            "figure": f"{self.figures.found:,}",
            "unit": "项",
            "note": f"其中重大 {self.figures.found_major} 项",
            "note_more": f"本周 {signed(self.figures.found - self.last_week.found)}",
            "url": self._ledger(),
        }

    def _rectification(self) -> dict[str, Any]:
        card: dict[str, Any] = {
            "label": "整改率",
            "figure": number(self.figures.rectification_rate),
            "url": self._ledger(state="closed"),
        }
        if self.figures.rectification_rate is None:
            return card | {"note": "尚未查出隐患"}
        card |= {"unit": "%", "beside": f"{self.figures.closed:,} 项已改"}
        target = self.rectification_target()
        if target is None:
            return card
        short = still_needed(self.figures.closed, self.figures.found, target)
        card["note"] = f"目标 {number(target)}%" + (f" · 差 {short:,} 项" if short > 0 else " · 已达到")
        return card

    def _overdue(self) -> dict[str, Any]:
        change = self.figures.overdue - self.last_week.overdue
        card: dict[str, Any] = {
            "label": "逾期未改",
            "figure": f"{self.figures.overdue:,}",
            "unit": "项",
            "note": f"较上周 {signed(change)}",
            "url": self._ledger(state="overdue"),
        }
        if change:
            card["note_tone"] = "down" if change > 0 else "up"
        return card | ({"tone": "red"} if self.figures.overdue else {})

    def _major(self) -> dict[str, Any]:
        card: dict[str, Any] = {
            "label": "未销号重大隐患",
            "figure": f"{self.figures.open_major:,}",
            "unit": "项",
            "note": f"共查出 {self.figures.found_major} 项",
            "url": self._ledger(level="major", state="open"),
        }
        late = self.figures.overdue_major
        return card | ({"note_more": f"{late} 项逾期", "tone": "red"} if late else {})

    # --- matrix and map ---

    def cell(self, figures: Figures, wanted: int, **where: Any) -> Cell:
        """One number of the chosen metric with its tone and the address of its rows."""
        match self.metric:
            case "coverage":
                value = rate(figures.covered, wanted)
                title = f"应查 {wanted} 户次，已查 {figures.covered}"
                return Cell(whole(value), tone_of_rate(value), self._inspections(**where), title)
            case "rectification":
                value = figures.rectification_rate
                title = f"查出 {figures.found} 项，已改 {figures.closed}"
                return Cell(whole(value), tone_of_rate(value), self._ledger(**where), title)
            case "overdue":
                value = figures.overdue
                tone = next((tone for limit, tone in OVERDUE_STEPS if value <= limit), "bad")
                if not figures.found:
                    tone = "none"
                return Cell(str(value), tone, self._ledger(state="overdue", **where), f"逾期未改 {value} 项")
            case "closed":
                url = self._ledger(state="closed", **where)
                return Cell(str(figures.closed), "none", url, f"已改 {figures.closed} 项")
            case _:
                url = self._ledger(**where)
                return Cell(str(figures.found), "none", url, f"查出 {figures.found} 项")

    def legend(self) -> list[dict[str, str]]:
        """What the tones mean for the chosen metric; plain counts have none."""
        if self.metric == "overdue":
            return OVERDUE_LEGEND
        return RATE_LEGEND if self.metric in {"coverage", "rectification"} else []

    def matrix(self) -> dict[str, Any]:
        """Task × locality; combinations without objects and findings say so with —, tasks without any are left out."""
        counted = matrix(self.campaign.pk, on=self.on, region=self.view.region)
        columns = [
            {"label": region.short_name, "title": region.name, "url": registry_url(region=region.pk)}
            for region in self.localities
        ]
        rows = []
        for task in self.tasks:
            cells = []
            for region in self.localities:
                figures = counted.get((task.pk, region.pk), Figures())
                wanted = self.scope.cells.get((task.pk, region.pk), 0)
                if not wanted and not figures.found and not figures.covered:
                    cells.append(Cell("—", "none", title="本地没有适用对象"))
                else:
                    cells.append(self.cell(figures, wanted, task=task.pk, region=region.pk))
            # Tasks that look at no object (organising, reporting) would only be a row of dashes.
            if any(cell.url for cell in cells):
                label = f"{task.position} {task.heading}"
                rows.append({"label": label, "url": task.get_absolute_url(), "cells": cells})
        return {"columns": columns, "rows": rows, "left_out": len(self.tasks) - len(rows)}

    def map(self) -> list[dict[str, Any]]:
        """Localities as polygons with the chosen metric."""
        areas = []
        for region in self.localities:
            if len(region.outline) < 3:
                continue
            figures = self.by_locality[region.pk]
            cell = self.cell(figures, self.scope.localities.get(region.pk, 0), region=region.pk)
            x, y = middle(region.outline)
            path = "M" + "L".join(f"{point[0]:g} {point[1]:g}" for point in region.outline) + "Z"
            areas.append(
                {
                    "name": region.short_name,
                    "path": path,
                    "x": x,
                    "y": y,
                    "value": cell.text,
                    "tone": cell.tone,
                    "url": cell.url,
                }
            )
        return areas

    def map_box(self) -> str:
        """The part of the canvas that holds the localities shown."""
        points = [point for region in self.localities for point in region.outline]
        if not points:
            return f"0 0 {CANVAS[0]} {CANVAS[1]}"
        left, top = min(x for x, _ in points) - 8, min(y for _, y in points) - 8
        width, height = max(x for x, _ in points) + 8 - left, max(y for _, y in points) + 8 - top
        return f"{left:g} {top:g} {width:g} {height:g}"

    # --- trend ---

    def trend(self) -> dict[str, Any]:
        """Found and closed summed up, and the stock of overdue, for the last sixty days; by week for the table."""
        since = self.on - dt.timedelta(days=TREND_DAYS - 1)
        days = daily(since=since, until=self.on, **self._counted)
        found = self.figures.found - sum(each.found for _, each in days)
        closed = self.figures.closed - sum(each.closed for _, each in days)
        series: list[tuple[dt.date, int, int, int]] = []
        for day, each in days:
            found, closed = found + each.found, closed + each.closed
            series.append((day, found, closed, each.overdue))
        weeks = series[::-7][::-1]
        return {
            "lines": trend_lines(series),
            "top": max((row[1] for row in series), default=0),
            "since": since,
            "weeks": [
                {
                    "day": day,
                    "found": found,
                    "closed": closed,
                    "overdue": overdue,
                    "found_url": self._ledger(on=day.isoformat()),
                    "closed_url": self._ledger(state="closed", on=day.isoformat()),
                    "overdue_url": self._ledger(state="overdue", on=day.isoformat()),
                }
                for day, found, closed, overdue in weeks
            ],
        }

    # --- whom to press ---

    def pressing(self, limit: int = 6) -> list[dict[str, Any]]:
        """Gate conditions not met, overdue hazards, duties of this campaign that are overdue, unheld or due soon."""
        rows: list[dict[str, Any]] = [
            {"badge": "关口未满足", "tone": "orange", "title": line.sentence, "who": self.current.name if self.current else "", "url": line.url}
            for line in self.gate
            if self.view.is_whole(self.campaign)
            and not line.met
            and line.metric != GateCondition.Metric.OVERDUE
        ]  # fmt: skip
        if self.figures.overdue:
            title = f"{self.figures.overdue} 项隐患逾期未改"
            rows.append(
                {
                    "badge": "逾期",
                    "tone": "red",
                    "title": title,
                    "who": "",
                    "url": self._ledger(state="overdue"),
                }
            )
        # One list of matters, so that their open duties are found by matter: a city has a hundred times as many.
        shares = chains_of(Assignment.objects.filter(task__campaign=self.campaign))
        matters = shares.union(chains_of(Phase.objects.filter(campaign=self.campaign)), all=True)
        duties = Duty.objects.visible_to(self.user).open().filter(subject__in=matters)
        soon = self.on + dt.timedelta(days=7)
        # One line a matter: a task forgotten by twenty townships is one thing to press, with a number.
        late = (
            duties.filter(due_on__lte=soon, paused_since=None)
            .order_by()
            .values("url")
            .annotate(
                first=Min("due_on"),
                title=Min("title"),
                organizations=Count("organization", distinct=True),
                name=Min("organization__short_name"),
            )
            .order_by("first", "url")[:limit]
        )
        for row in late:
            left = (row["first"] - self.on).days
            badge = f"逾期 {-left} 天" if left < 0 else ("今天到期" if left == 0 else f"剩 {left} 天")
            who = row["name"] if row["organizations"] == 1 else f"{row['organizations']} 个单位"
            tone = "red" if left < 0 else ("orange" if left <= 1 else "yellow")
            rows.append(
                {
                    "badge": badge,
                    "tone": tone,
                    # The role in front of it (牵头：) differs between the organizations of one task.
                    "title": row["title"].partition("：")[2] or row["title"],
                    "who": who,
                    "due": row["first"],
                    "url": row["url"],
                }
            )
        unheld = (
            duties.unheld(on=self.on)
            .order_by()
            .values("organization__short_name")
            .annotate(number=Count("pk"), first=Min("due_on"))
            .order_by("organization__short_name")[:limit]
        )
        for chair in unheld:
            rows.append(
                {
                    "badge": "无人承办",
                    "tone": "",
                    "title": f"{chair['number']} 项任务没有承办人",
                    "who": chair["organization__short_name"],
                    "due": chair["first"],
                    "url": reverse("duties:unheld"),
                }
            )
        return rows

    # --- promises, reports, bodies ---

    def promises(self) -> list[dict[str, Any]]:
        """Targets of the plan against the numbers."""
        actuals = {
            Target.Metric.COVERAGE: (rate(self.figures.covered, self.scope.visits), self._inspections()),
            Target.Metric.RECTIFICATION: (self.figures.rectification_rate, self._ledger()),
        }
        rows = []
        for target in self.targets:
            actual, url = actuals.get(Target.Metric(target.metric), (None, ""))
            is_manual = target.metric == Target.Metric.MANUAL
            met = None if actual is None or target.threshold is None else actual >= target.threshold
            rows.append(
                {
                    "text": target.text,
                    "metric": "—" if is_manual else target.get_metric_display(),
                    "threshold": number(
                        target.threshold, unit="%" if "%" in target.text or not is_manual else ""
                    ),
                    "actual": "人工填报" if is_manual else number(actual, unit="%"),
                    "met": met,
                    "url": url,
                }
            )
        return rows

    def own_shares(self) -> list[Assignment]:
        """What the person's own organization owes in this campaign."""
        return list(own_assignments(self.user).filter(task__campaign=self.campaign))

    def duties_of_units(self) -> list[dict[str, Any]]:
        """The division of labour as the plan prints it."""
        items = self.campaign.plan.items.filter(kind=PlanItem.Kind.DUTY, state=PlanItem.State.CONFIRMED)
        return [item.data for item in items]

    def switches(self) -> list[dict[str, Any]]:
        """The metrics to choose from, each with its address."""
        return [
            {"label": label, "url": f"?{urlencode({'metric': key})}#matrix", "active": key == self.metric}
            for key, label in METRICS.items()
        ]

    @property
    def metric_label(self) -> str:
        return METRICS[self.metric]


def span_words(phase: Phase) -> str:
    """8月1日—11月30日; 7月1日起 without an end, 11月30日前 without a beginning."""
    start, end = phase.starts_on, phase.ends_on
    if start and end:
        year = f"{end.year}年" if end.year != start.year else ""
        return f"{start.month}月{start.day}日—{year}{end.month}月{end.day}日"
    if start:
        return f"{start.month}月{start.day}日起"
    return f"{end.month}月{end.day}日前" if end else "日期未定"


def middle(outline: list[list[float]]) -> tuple[float, float]:
    """Where the label of a polygon stands: its centre of area (shoelace formula), or the mean of degenerate ones."""
    doubled = sum_x = sum_y = 0.0
    for (x, y), (next_x, next_y) in zip(outline, [*outline[1:], outline[0]], strict=True):
        cross = x * next_y - next_x * y
        doubled += cross
        sum_x += (x + next_x) * cross
        sum_y += (y + next_y) * cross
    if not doubled:
        return sum(p[0] for p in outline) / len(outline), sum(p[1] for p in outline) / len(outline)
    return round(sum_x / (3 * doubled), 1), round(sum_y / (3 * doubled), 1)


def trend_lines(series: list[tuple[dt.date, int, int, int]]) -> list[dict[str, str]]:
    """Three polylines on a canvas of 600 × 160, all on one scale that begins at zero."""
    top = max((row[1] for row in series), default=0) or 1
    width = 600 / max(len(series) - 1, 1)

    def line(key: str, label: str, values: list[int]) -> dict[str, str]:
        points = " ".join(
            f"{index * width:.1f},{150 - 140 * value / top:.1f}" for index, value in enumerate(values)
        )
        return {"key": key, "label": label, "points": points, "last": f"{values[-1] if values else 0:,}"}

    return [
        line("found", "累计查出", [row[1] for row in series]),
        line("closed", "累计整改", [row[2] for row in series]),
        line("overdue", "逾期未改", [row[3] for row in series]),
    ]
