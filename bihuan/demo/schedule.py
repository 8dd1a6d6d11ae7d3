"""Who was visited when: a plan of visits over the last sixty days, before anything is written."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from bihuan.accounts.models import Organization, User
from bihuan.campaigns.models import Campaign, CheckItem, Checklist, Task
from bihuan.duties.clock import calendar
from bihuan.inspections.asking import offers
from bihuan.inspections.models import Inspection
from bihuan.registry.models import Enterprise

from .city import LEFT, City
from .generate import load
from .moments import moment_in
from .staff import Staff

HISTORY_DAYS = 60
REST_DAY_SHARE = 0.06  # of a working day's visits: shops are open when offices are not
ROUTINE_SHARE = 0.14
DEPARTMENT_SHARE = 0.16
EXPERT_SHARE = 0.2  # of a department's visits are made together with an expert
COVERED = (0.78, 1.0)  # of a locality's objects of a task, from the slowest locality to the best
SLOW = 0.58  # where the officer's post stands empty
COUNTS = ((1, 0.62), (2, 0.28), (3, 0.10))  # hazards of a visit that found any
REPEAT_AFTER = dt.timedelta(days=20)  # the same words are not found at the same place again before


@dataclass
class Visit:
    """One visit to be: where, by whom, under which task, and which texts of hazards it finds."""

    at: dt.datetime
    enterprise: Enterprise
    task: Task | None
    body: Organization
    members: list[User]
    kind: str
    findings: list[dict[str, Any]] = field(default_factory=list)


class Objects:
    """Tasks with their current checklists, the enterprises each covers, and the list of the library for each kind."""

    def __init__(self, city: City, campaigns: tuple[Campaign, ...]) -> None:
        self.items: dict[int, list[CheckItem]] = {}
        self.checklists: dict[int, Checklist] = {}
        self.tasks: list[Task] = []
        self.covered: dict[int, list[Enterprise]] = {}
        self.library = _library(city)
        by_id = {enterprise.pk: enterprise for enterprise in city.enterprises}
        for campaign in campaigns:
            for task in campaign.tasks.order_by("position"):
                latest = task.checklists.order_by("-version").first()
                pks = list(task.covered_enterprises().order_by("pk").values_list("pk", flat=True))
                if latest is None or not pks:
                    continue
                task.campaign = campaign
                self.tasks.append(task)
                self.checklists[task.pk] = latest
                self.items[task.pk] = list(latest.items.order_by("position"))
                self.covered[task.pk] = [by_id[pk] for pk in pks]

    def checklist_of(self, visit: Visit) -> Checklist | None:
        """What a visit walks: its task's list, or on a routine visit the one made for that kind of place."""
        if visit.task is not None:
            return self.checklists[visit.task.pk]
        found = self.library.get(visit.enterprise.kind_id)
        return found[0] if found else None

    def items_of(self, visit: Visit) -> list[CheckItem]:
        """What a visit is asked."""
        if visit.task is not None:
            return self.items[visit.task.pk]
        found = self.library.get(visit.enterprise.kind_id)
        return found[1] if found else []


def _library(city: City) -> dict[str, tuple[Checklist, list[CheckItem]]]:
    """The list of the library with most items for each kind of place, and what it asks there."""
    found: dict[str, tuple[Checklist, list[CheckItem]]] = {}
    for enterprise in city.enterprises:
        kind = enterprise.kind_id
        if kind in found:
            continue
        fitting = [each for each in offers(enterprise, city.today) if each.specific]
        if fitting:
            checklist = fitting[0].checklist
            found[kind] = (
                checklist,
                [each for each in checklist.items.order_by("position") if each.concerns(frozenset({kind}))],
            )
    return found


class Scheduler:
    """Draws the visits: first ones for coverage, then repeats and routine visits, up to the number wanted."""

    def __init__(
        self, city: City, staff: Staff, objects: Objects, rng: random.Random, now: dt.datetime
    ) -> None:
        self.city, self.staff, self.objects, self.rng, self.now = city, staff, objects, rng, now
        self.texts = load("hazard_texts")["hazards"]
        self.days, self.weights = self._days()
        self.pace = self._paces()

    def draw(self, visits: int, hazards: int, majors: int) -> list[Visit]:
        """The visits in order of time; together they find `hazards` hazards, about `majors` of them major."""
        planned = self._first_visits(visits)
        pairs = [(visit.enterprise, visit.task) for visit in planned]
        everyone = [each for each in self.city.enterprises if each.status in ("operating", "idle")]
        while len(planned) < visits:
            if not pairs or self.rng.random() < ROUTINE_SHARE:
                enterprise, task = self.rng.choice(everyone), None
            else:
                enterprise, task = self.rng.choice(pairs)
            if (visit := self._visit(enterprise, task)) is not None:
                if (
                    task is not None
                    and visit.kind in (Inspection.Kind.TOWNSHIP, Inspection.Kind.DEPARTMENT)
                    and self.rng.random() < 0.12
                ):
                    visit.kind = Inspection.Kind.LOOK_BACK
                planned.append(visit)
        planned = sorted(planned, key=lambda visit: visit.at)[:visits]
        self._find(planned, hazards, majors)
        return planned

    def _days(self) -> tuple[list[dt.date], list[float]]:
        """The days of the history with their weights: working days, busier towards the end."""
        years = calendar()
        days = [self.city.today - dt.timedelta(days=back) for back in range(HISTORY_DAYS - 1, -1, -1)]
        weights = [
            (0.75 + 0.5 * number / HISTORY_DAYS) * (1.0 if years.is_working(day) else REST_DAY_SHARE)
            for number, day in enumerate(days)
        ]
        return days, weights

    def _paces(self) -> dict[str, float]:
        """How much of its objects each locality has reached by today."""
        left = {login.removeprefix("x").partition(".")[0] for login in LEFT}
        codes = sorted(self.staff.local)
        spread = [
            COVERED[0] + (COVERED[1] - COVERED[0]) * rank / (len(codes) - 1) for rank in range(len(codes))
        ]
        self.rng.shuffle(spread)
        return {code: SLOW if code in left else pace for code, pace in zip(codes, spread, strict=True)}

    def _moment(self, since: dt.date) -> dt.datetime | None:
        for _ in range(30):
            at = moment_in(self.rng.choices(self.days, self.weights)[0], self.rng)
            if at.date() >= since and at < self.now - dt.timedelta(hours=1):
                return at
        return None

    def _first_visits(self, most: int) -> list[Visit]:
        pairs = [
            (enterprise, task)
            for task in self.objects.tasks
            for enterprise in self.objects.covered[task.pk]
            if self.rng.random() < self.pace[enterprise.locality_id]
        ]
        self.rng.shuffle(pairs)
        found = [self._visit(enterprise, task) for enterprise, task in pairs[: round(most * 0.6)]]
        return [visit for visit in found if visit is not None]

    def _visit(self, enterprise: Enterprise, task: Task | None) -> Visit | None:
        since = self.days[0]
        if task is not None:
            since = max(since, task.campaign.published_at.date() + dt.timedelta(days=2))
        at = self._moment(since)
        if at is None:
            return None
        rng = self.rng
        share = 0.5 if self._has_majors(enterprise) else DEPARTMENT_SHARE
        department = enterprise.department
        if department is not None and rng.random() < share and self.staff.officials(department):
            people = self.staff.officials(department)
            members = [rng.choice(people)]
            if len(people) > 1:
                members += [each for each in people if each.pk != members[0].pk][:1]
            kind = (
                Inspection.Kind.UNANNOUNCED
                if self.city.turns[enterprise.pk] % 9 == 0
                else Inspection.Kind.DEPARTMENT
            )
            if rng.random() < EXPERT_SHARE:
                members.append(rng.choice(self.staff.people(self.city.organizations["experts"])))
                kind = Inspection.Kind.EXPERT
            return Visit(at, enterprise, task, department, members, kind)
        body = self.staff.local[enterprise.locality_id]
        people = self.staff.people(body, "inspector")
        members = rng.sample(people, min(2, len(people)))
        kind = (
            Inspection.Kind.UNANNOUNCED
            if self.city.turns[enterprise.pk] % 13 == 0
            else Inspection.Kind.TOWNSHIP
        )
        if rng.random() < 0.06:
            kind = Inspection.Kind.ENFORCEMENT
        return Visit(at, enterprise, task, body, members, kind)

    def _has_majors(self, enterprise: Enterprise) -> bool:
        return any(text["level"] == "major" for text in self.texts[enterprise.kind_id])

    def _find(self, visits: list[Visit], hazards: int, majors: int) -> None:
        """Give visits their findings until there are enough; the rest are clean."""
        order = list(visits)
        self.rng.shuffle(order)
        used: dict[int, list[tuple[dt.datetime, str]]] = defaultdict(list)
        left, majors_left = hazards, majors
        for _ in range(3):  # three rounds: later ones add to visits that found something already
            for visit in order:
                if left <= 0:
                    return
                if len(visit.findings) >= 4:
                    continue
                count = self.rng.choices([count for count, _ in COUNTS], [share for _, share in COUNTS])[0]
                for text in self._texts(visit, used, majors_left)[: min(count, left)]:
                    visit.findings.append(text)
                    used[visit.enterprise.pk].append((visit.at, text["text"]))
                    left -= 1
                    majors_left -= text["level"] == "major"

    def _texts(
        self, visit: Visit, used: dict[int, list[tuple[dt.datetime, str]]], majors_left: int
    ) -> list[dict[str, Any]]:
        """Texts of its kind not found there lately. Only a department may judge a hazard major on the spot."""
        may_grade = visit.body.kind == Organization.Kind.DEPARTMENT and majors_left > 0
        lately = {text for at, text in used[visit.enterprise.pk] if abs(at - visit.at) < REPEAT_AFTER}
        found = [
            text
            for text in self.texts[visit.enterprise.kind_id]
            if text["text"] not in lately
            and (text["level"] == "general" or (may_grade and self.rng.random() < 0.3))
        ]
        self.rng.shuffle(found)
        return found
