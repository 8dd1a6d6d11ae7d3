"""Sixty days of work: visits, hazards living their lives, papers, duties pressed, figures and audit, all in step."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.utils import timezone

from bihuan.accounts.models import Organization, User
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
    (56, frozenset({"return_plan"}), ""),
    (55, frozenset({"refuse"}), ""),
    (58, frozenset({"fail"}), ""),
    (40, frozenset({"downgrade"}), ""),
    (4, frozenset(), Status.PLANNING),
    (12, frozenset(), Status.PLAN_REVIEW),
    (24, frozenset(), Status.RECTIFYING),
    (38, frozenset(), Status.ACCEPTING),
    (50, frozenset(), Status.EVALUATING),
    (46, frozenset({"short"}), Status.RECTIFYING),  # overdue
]
# Of these, the ones at the plant and at the restaurant whose managers log in.
PLANT_FATES, RESTAURANT_FATES = {0, 4, 6}, {0, 6, 7, 8}
GENERAL_FATES: list[tuple[int, frozenset[str], str]] = [
    (48, frozenset({"reopen"}), ""),
    (6, frozenset({"grade"}), Status.PLANNING),
    (30, frozenset({"assign"}), ""),
    (30, frozenset({"extend"}), ""),
    (28, frozenset({"reject"}), ""),
    (26, frozenset({"withdraw"}), ""),
    (4, frozenset({"ask"}), ""),
    (9, frozenset(), Status.REINSPECTING),
    (33, frozenset(), Status.RECTIFYING),  # long overdue
]


LATER = 9  # found afterwards: three by the cast of the last days, six as lines of promises


@dataclass(frozen=True)
class Coming:
    """Something that will happen: when, what, and what is already certain about the hazards it brings."""

    at: dt.datetime
    happen: Callable[[], list[Case]]
    hold: str = ""
    forced: frozenset[str] = frozenset()


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
        self.cases = 0

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
        found = hazards - apart - sum(others.values()) - LATER
        scheduler = Scheduler(self.city, self.staff, self.objects, self.rng, self.now)
        majors = round(hazards * MAJOR_SHARE)
        events = [
            Coming(visit.at, partial(self.visits.write, visit))
            for visit in scheduler.draw(inspections, found, majors)
        ]
        events += [self._entry(source) for source, count in others.items() for _ in range(count)]
        events += self._certain_fates()
        for event in sorted(events, key=lambda event: event.at):
            for case in event.happen():
                self.cases += 1
                self.life.live(case, hold=event.hold, forced=event.forced)
        self.papers.issue_opinions()
        self.papers.write_sequences()
        self.shares.report_progress(max(self.cases // 10, 12))
        self.owing.press_all()
        self._read_messages()

    def write(self) -> dict[str, int]:
        """Insert everything; returns how many rows of each kind."""
        counts = self.book.write()
        self.shares.save()
        self.owing.save_taken()
        return counts

    # --- hazards nobody was sent to find --------------------------------------------------------------

    def _entry(self, source: str) -> Coming:
        """A tip, an alarm, what an enterprise found itself, or what the city's office found on its rounds."""
        with_account = source == Hazard.Source.SELF_CHECK
        rng = self.rng
        enterprise = rng.choice(
            [each for each in self.city.enterprises if each.organization is not None or not with_account]
        )
        text = rng.choice([row for row in self.texts[enterprise.kind_id] if row["level"] == Level.GENERAL])
        body: Organization
        match source:
            case Hazard.Source.SELF_CHECK:
                assert enterprise.organization is not None
                body, move = enterprise.organization, Move.SELF_REPORT
                by = self.staff.people(body)[0]
            case Hazard.Source.OVERSIGHT:
                body, move = self.city.organizations["office"], Move.RECORD
                by = self.city.users["office.3"]
            case _:
                body, move = self.staff.local[enterprise.locality_id], Move.REPORT
                by = rng.choice(self.staff.officials(body))
        return self._coming(self._some_moment(), enterprise, text, move=move, source=source, by=by, body=body)

    def _some_moment(self) -> dt.datetime:
        while True:
            day = self.city.today - dt.timedelta(days=self.rng.randrange(HISTORY_DAYS))
            at = moment_in(day, self.rng)
            if at < self.now - dt.timedelta(minutes=30):
                return at

    def _coming(
        self,
        at: dt.datetime,
        enterprise: Enterprise,
        text: dict[str, Any],
        *,
        move: Move,
        source: str,
        by: User,
        body: Organization,
        hold: str = "",
        forced: frozenset[str] = frozenset(),
    ) -> Coming:
        def happen() -> list[Case]:
            return [
                self.visits.enter(
                    enterprise, text, move=move, source=source, by=by, body=body, at=at, found_on=at.date(),
                    five=move != Move.REPORT,
                )
            ]  # fmt: skip

        return Coming(at, happen, hold, forced)

    # --- certain fates -------------------------------------------------------------------------------

    def _certain_fates(self) -> list[Coming]:
        """Lives whose course is laid down, so that every station and every turn can be seen on any day."""
        risky = [each for each in self.city.enterprises if self._majors(each)]
        managed = [each for each in risky if each.organization is not None] or risky
        plant = next((each for each in managed if each.kind_id == "chemical_plant"), managed[0])
        coming = []
        for number, (ago, forced, hold) in enumerate(MAJOR_FATES):
            enterprise = plant if number in PLANT_FATES else managed[number % len(managed)]
            text = self._majors(enterprise)[number % len(self._majors(enterprise))]
            coming.append(self._found_by_department(enterprise, text, ago, forced, hold))
        places = [each for each in self.city.enterprises if each.kind_id == "restaurant"]
        for number, (ago, forced, hold) in enumerate(GENERAL_FATES):
            enterprise = places[0 if number in RESTAURANT_FATES else number % len(places)]
            texts = [row for row in self.texts[enterprise.kind_id] if row["level"] == Level.GENERAL]
            text = texts[number % len(texts)]
            coming.append(self._found_by_department(enterprise, text, ago, forced, hold))
        for ago, turn in ((1, ""), (0, ""), (12, "dismiss")):
            body = self.staff.local[places[-1].locality_id]
            coming.append(
                self._coming(
                    self.now - dt.timedelta(days=ago, hours=1),
                    places[-1],
                    self.texts["restaurant"][ago % 6],
                    move=Move.REPORT,
                    source=Hazard.Source.TIP,
                    by=self.staff.officials(body)[0],
                    body=body,
                    hold="" if turn else Status.REPORTED,
                    forced=frozenset({turn}) if turn else frozenset(),
                )
            )
        return coming

    def _majors(self, enterprise: Enterprise) -> list[dict[str, Any]]:
        return [row for row in self.texts[enterprise.kind_id] if row["level"] == Level.MAJOR]

    def _found_by_department(
        self, enterprise: Enterprise, text: dict[str, Any], ago: int, forced: frozenset[str], hold: str
    ) -> Coming:
        """A line department's own find: only it may judge a hazard major on the spot."""
        body: Organization = enterprise.department or self.city.organizations["office"]
        if not self.staff.graders(body):
            body = self.city.organizations["office"]
        at = moment_in(self.city.today - dt.timedelta(days=ago), self.rng)
        return self._coming(
            min(at, self.now - dt.timedelta(minutes=50)),
            enterprise,
            text,
            move=Move.RECORD,
            source=Hazard.Source.INSPECTION,
            by=self.staff.graders(body)[0],
            body=body,
            hold=hold,
            forced=forced,
        )

    # --- messages ------------------------------------------------------------------------------------

    def _read_messages(self) -> None:
        """What is older than some days has been read, nearly always; of the latest, some."""
        for message in self.book.rows_of(Message):
            age = self.now - message.created_at
            share = 0.97 if age > dt.timedelta(days=5) else 0.6 if age > dt.timedelta(days=1) else 0.2
            if self.rng.random() < share:
                read = message.created_at + min(age, dt.timedelta(hours=self.rng.uniform(0.2, 20)))
                message.read_at = read
