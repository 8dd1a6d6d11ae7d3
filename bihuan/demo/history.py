"""Sixty days of work: visits, hazards living their lives, papers, duties pressed, figures and audit, all in step."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

from django.utils import timezone

from bihuan.accounts.models import Organization
from bihuan.campaigns.models import Campaign
from bihuan.hazards.models import Hazard
from bihuan.hazards.workflow import Level, Move, Status
from bihuan.notifications.models import Message
from bihuan.registry.models import Enterprise

from .book import Book
from .case_papers import CasePapers
from .city import City
from .evidence import Evidence
from .fates import Life
from .generate import load
from .ledger import Case
from .moments import moment_in
from .owing import Owing
from .schedule import HISTORY_DAYS, Objects, Scheduler
from .shares import Shares
from .staff import Staff
from .visits import Visits

# How hazards come into the ledger other than by a visit, as shares of all of them.
TIPS, ALARMS, SELF_CHECKS, OVERSIGHT = 0.04, 0.012, 0.06, 0.018
MAJOR_SHARE = 0.03
# One major hazard for each rare turn, and one held at each station of the long path; (days ago, turns, held at).
MAJOR_FATES: list[tuple[int, frozenset[str], str]] = [
    (56, frozenset({"return_plan", "supervise", "lift"}), ""),
    (55, frozenset({"refuse", "supervise", "lift"}), ""),
    (58, frozenset({"fail"}), ""),
    (40, frozenset({"downgrade"}), ""),
    (4, frozenset(), Status.PLANNING),
    (12, frozenset(), Status.PLAN_REVIEW),
    (24, frozenset({"supervise"}), Status.RECTIFYING),
    (38, frozenset(), Status.ACCEPTING),
    (50, frozenset(), Status.EVALUATING),
    (46, frozenset({"short", "supervise"}), Status.RECTIFYING),  # overdue
]
# Of these, the ones at the plant and at the restaurant whose managers log in.
PLANT_FATES, RESTAURANT_FATES = {0, 4, 6}, {0, 6, 7, 8}
GENERAL_FATES: list[tuple[int, frozenset[str], str]] = [
    (48, frozenset({"reopen"}), ""),
    (20, frozenset({"grade"}), Status.PLANNING),
    (30, frozenset({"assign"}), ""),
    (30, frozenset({"extend"}), ""),
    (28, frozenset({"reject"}), ""),
    (26, frozenset({"withdraw"}), ""),
    (4, frozenset({"ask"}), ""),
    (9, frozenset(), Status.REINSPECTING),
    (33, frozenset(), Status.RECTIFYING),  # long overdue
]


class History:
    """Builds the past in memory and writes it once."""

    def __init__(
        self,
        city: City,
        campaigns: tuple[Campaign, ...],
        rng: random.Random,
        *,
        photos: int,
        now: dt.datetime,
    ) -> None:
        self.city, self.rng, self.now = city, rng, timezone.localtime(now)
        self.book = Book(city, rng)
        self.staff = Staff(city)
        self.owing = Owing(self.book, self.staff, self.now)
        self.evidence = Evidence(self.book, photos)
        self.papers = CasePapers(self.book, self.staff, self.evidence, self.now)
        self.shares = Shares(self.book, self.staff, self.owing, self.now)
        self.shares.follow(*campaigns)
        self.life = Life(rng, self.evidence, self.now)
        self.objects = Objects(city, campaigns)
        self.visits = Visits(
            self.book, self.staff, self.owing, self.objects, self.evidence, self.papers, self.shares
        )
        self.texts = load("hazard_texts")["hazards"]
        self.cases: list[Case] = []

    def act_out(self, *, hazards: int, inspections: int) -> None:
        """Let the sixty days happen."""
        self.shares.report_what_was_due()
        apart = len(MAJOR_FATES) + len(GENERAL_FATES)
        others = {
            Hazard.Source.TIP: round(hazards * TIPS),
            Hazard.Source.MONITORING: round(hazards * ALARMS),
            Hazard.Source.SELF_CHECK: round(hazards * SELF_CHECKS),
            Hazard.Source.OVERSIGHT: round(hazards * OVERSIGHT),
        }
        found = hazards - apart - sum(others.values()) - 3
        scheduler = Scheduler(self.city, self.staff, self.objects, self.rng, self.now)
        majors = round(hazards * MAJOR_SHARE)
        for visit in scheduler.draw(inspections, found, majors):
            for case in self.visits.write(visit):
                self._live(case)
        for source, count in others.items():
            for _ in range(count):
                self._live(self._enter(source))
        self._certain_fates()
        self.papers.issue_opinions()
        self.papers.write_sequences()
        self.shares.report_progress(max(len(self.cases) // 10, 12))
        self.owing.press_all()
        self._read_messages()

    def write(self) -> dict[str, int]:
        """Insert everything; returns how many rows of each kind."""
        counts = self.book.write()
        self.shares.save()
        self.owing.save_taken()
        return counts

    def _live(self, case: Case, **fate: Any) -> None:
        self.cases.append(case)
        self.life.live(case, **fate)

    # --- hazards nobody was sent to find --------------------------------------------------------------

    def _enter(self, source: str) -> Case:
        """A tip, an alarm, what an enterprise found itself, or what the city's office found on its rounds."""
        with_account = source == Hazard.Source.SELF_CHECK
        rng = self.rng
        enterprise = rng.choice(
            [each for each in self.city.enterprises if each.organization is not None or not with_account]
        )
        text = rng.choice([row for row in self.texts[enterprise.kind_id] if row["level"] == Level.GENERAL])
        at = self._some_moment()
        match source:
            case Hazard.Source.SELF_CHECK:
                body, move = enterprise.organization, Move.SELF_REPORT
                by = self.staff.people(body)[0]
            case Hazard.Source.OVERSIGHT:
                body, move = self.city.organizations["office"], Move.RECORD
                by = self.city.users["office.3"]
            case _:
                body, move = self.staff.local[enterprise.locality_id], Move.REPORT
                by = rng.choice(self.staff.officials(body))
        return self.visits.enter(
            enterprise, text, move=move, source=source, by=by, body=body, at=at, found_on=at.date(),
            five=move != Move.REPORT,
        )  # fmt: skip

    def _some_moment(self) -> dt.datetime:
        while True:
            day = self.city.today - dt.timedelta(days=self.rng.randrange(HISTORY_DAYS))
            at = moment_in(day, self.rng)
            if at < self.now - dt.timedelta(minutes=30):
                return at

    # --- certain fates -------------------------------------------------------------------------------

    def _certain_fates(self) -> None:
        """Lives whose course is laid down, so that every station and every turn can be seen on any day."""
        risky = [each for each in self.city.enterprises if self._majors(each)]
        managed = [each for each in risky if each.organization is not None] or risky
        for number, (ago, forced, hold) in enumerate(MAJOR_FATES):
            plant = next((each for each in managed if each.kind_id == "chemical_plant"), managed[0])
            enterprise = plant if number in PLANT_FATES else managed[number % len(managed)]
            text = self._majors(enterprise)[number % len(self._majors(enterprise))]
            self._live(self._found_by_department(enterprise, text, ago), forced=forced, hold=hold)
        places = [each for each in self.city.enterprises if each.kind_id == "restaurant"]
        for number, (ago, forced, hold) in enumerate(GENERAL_FATES):
            enterprise = places[0 if number in RESTAURANT_FATES else number % len(places)]
            texts = [row for row in self.texts[enterprise.kind_id] if row["level"] == Level.GENERAL]
            case = self._found_by_department(enterprise, texts[number % len(texts)], ago)
            self._live(case, forced=forced, hold=hold)
        for ago, forced in ((1, frozenset[str]()), (0, frozenset[str]()), (12, frozenset({"dismiss"}))):
            self._live(self._reported(places[-1], ago), forced=forced, hold="" if forced else Status.REPORTED)

    def _majors(self, enterprise: Enterprise) -> list[dict[str, Any]]:
        return [row for row in self.texts[enterprise.kind_id] if row["level"] == Level.MAJOR]

    def _found_by_department(self, enterprise: Enterprise, text: dict[str, Any], ago: int) -> Case:
        """A line department's own find: only it may judge a hazard major on the spot."""
        body: Organization = enterprise.department or self.city.organizations["office"]
        if not self.staff.graders(body):
            body = self.city.organizations["office"]
        at = moment_in(self.city.today - dt.timedelta(days=ago), self.rng)
        by = self.staff.graders(body)[0]
        return self.visits.enter(
            enterprise, text, move=Move.RECORD, source=Hazard.Source.INSPECTION, by=by, body=body,
            at=min(at, self.now - dt.timedelta(minutes=50)), found_on=at.date(),
        )  # fmt: skip

    def _reported(self, enterprise: Enterprise, ago: int) -> Case:
        text = self.texts[enterprise.kind_id][ago % 6]
        body = self.staff.local[enterprise.locality_id]
        at = self.now - dt.timedelta(days=ago, hours=1)
        by = self.staff.officials(body)[0]
        return self.visits.enter(
            enterprise, text, move=Move.REPORT, source=Hazard.Source.TIP, by=by, body=body, at=at,
            found_on=at.date(), five=False,
        )  # fmt: skip

    # --- messages ------------------------------------------------------------------------------------

    def _read_messages(self) -> None:
        """What is older than some days has been read, nearly always; of the latest, some."""
        for message in self.book.rows_of(Message):
            age = self.now - message.created_at
            share = 0.97 if age > dt.timedelta(days=5) else 0.6 if age > dt.timedelta(days=1) else 0.2
            if self.rng.random() < share:
                read = message.created_at + min(age, dt.timedelta(hours=self.rng.uniform(0.2, 20)))
                message.read_at = read
