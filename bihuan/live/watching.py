"""What the one poller of a process reads: a handful of queries, whatever the number of people listening."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.db.models import Count, Max, Q

from bihuan.accidents.models import AccidentTransition
from bihuan.duties.models import Duty
from bihuan.hazards.models import HazardTransition
from bihuan.inspections.models import Inspection
from bihuan.jobs.models import Job
from bihuan.listings.models import ListingTransition
from bihuan.notifications.models import Message
from bihuan.returns.models import ReturnTransition

from .admission import Change, Listener, still_open

CHECK_EVERY = dt.timedelta(seconds=2)
# Counting what waits for two hundred people costs the database more than everything else here together.
COUNT_EVERY = dt.timedelta(seconds=4)
# A row committed out of order may have a lower id than one already seen.
OVERLAP = 200
AT_MOST = 2_000
# What changes the figures of open pages: the rows a change is seen by, where they say the place stands, and whether they name
# a department. The first two are looked at every time, the others as often as what waits is counted.
BUSY: tuple[tuple[type[models.Model], str, bool], ...] = (
    (HazardTransition, "hazard__", True),
    (Inspection, "", True),
)
CALM: tuple[tuple[type[models.Model], str, bool], ...] = (
    (ReturnTransition, "record__", False),
    (ListingTransition, "listing__", True),
    (AccidentTransition, "accident__", True),
)


@dataclass(frozen=True)
class Notice:
    """Something to tell one person: the event's name and its data."""

    user_id: int
    event: str
    data: dict[str, Any]


@dataclass
class Round:
    """What one look brought: notices, and sessions that are over."""

    notices: list[Notice] = field(default_factory=list)
    over: set[str] = field(default_factory=set)


class Watcher:
    """Remembers what was seen last; `look` is called about once a second, in one thread."""

    def __init__(self) -> None:
        self.counts: dict[int, tuple[int, int]] = {}
        self.jobs: dict[str, tuple[object, ...]] = {}
        self.seen: dict[type[models.Model], set[int]] = {}
        self.newest: dict[type[models.Model], int] = {}
        self.checked_at: dt.datetime | None = None
        self.counted_at: dt.datetime | None = None

    def look(self, listeners: Collection[Listener], now: dt.datetime) -> Round:
        """What changed for these people since the last look."""
        found = Round()
        if self.checked_at is None or now - self.checked_at >= CHECK_EVERY:
            keys = {listener.session_key for listener in listeners}
            found.over = keys - still_open(keys, now)
            self.checked_at = now
        watched = BUSY
        if self.counted_at is None or now - self.counted_at >= COUNT_EVERY:
            found.notices += self._inboxes(listeners)
            self.counted_at = now
            watched = BUSY + CALM
        found.notices += self._jobs({listener.user_id for listener in listeners})
        found.notices += self._figures(listeners, watched)
        return found

    def forget(self, user_id: int) -> None:
        """Nobody of that name listens any more; the first look after a return tells everything again."""
        self.counts.pop(user_id, None)

    def _inboxes(self, listeners: Collection[Listener]) -> list[Notice]:
        people = {listener.user_id: listener for listener in listeners}
        posts = {post for listener in listeners for post in listener.posts}
        led = {organization for listener in listeners for organization in listener.led}
        by_post = _counted(Duty.objects.open().filter(post__in=posts), "post")
        unheld = _counted(Duty.objects.open().filter(post=None, organization__in=led), "organization")
        unread = _counted(Message.objects.filter(recipient__in=list(people), read_at=None), "recipient")
        notices = []
        for user_id, person in people.items():
            duties = sum(by_post[post] for post in person.posts)
            duties += sum(unheld[organization] for organization in person.led)
            counts = (duties, unread[user_id])
            if self.counts.get(user_id) != counts:
                self.counts[user_id] = counts
                notices.append(Notice(user_id, "inbox", {"duties": counts[0], "messages": counts[1]}))
        return notices

    def _jobs(self, owners: set[int]) -> list[Notice]:
        rows = Job.objects.filter(owner__in=owners).filter(
            Q(state__in=[Job.State.WAITING, Job.State.RUNNING]) | Q(pk__in=list(self.jobs))
        )
        notices: list[Notice] = []
        present: dict[str, tuple[object, ...]] = {}
        for job in rows:
            stand = (job.state, job.stage, job.done, job.total, job.cancel_wanted)
            if job.is_unfinished:
                present[str(job.pk)] = stand
            if self.jobs.get(str(job.pk)) != stand:
                data = {"id": str(job.pk), "state": job.state, "done": job.done, "total": job.total}
                notices.append(Notice(job.owner_id, "job", data))
        self.jobs = present
        return notices

    def _figures(
        self, listeners: Iterable[Listener], watched: Iterable[tuple[type[models.Model], str, bool]]
    ) -> list[Notice]:
        changes = {change for each in watched for change in self._changes(*each)}
        if not changes:
            return []
        notices = []
        for listener in {each.user_id: each for each in listeners}.values():
            seen = [change for change in changes if listener.sees(change)]
            if seen:
                places = sorted({change.locality_id for change in seen if change.locality_id})[:50]
                notices.append(Notice(listener.user_id, "figures", {"regions": places}))
        return notices

    def _changes(self, model: type[models.Model], prefix: str, has_department: bool) -> set[Change]:
        rows = model._base_manager.all()
        if model not in self.newest:
            self.newest[model] = rows.aggregate(top=Max("pk"))["top"] or 0
            start = self.newest[model] - OVERLAP
            self.seen[model] = set(rows.filter(pk__gt=start).values_list("pk", flat=True))
            return set()
        start = self.newest[model] - OVERLAP
        # The keys first, from the index alone: most looks find nothing new, and that should cost next to nothing.
        keys = rows.filter(pk__gt=start).order_by("-pk").values_list("pk", flat=True)[:AT_MOST]
        fresh = [pk for pk in keys if pk not in self.seen[model]]
        if not fresh:
            return set()
        self.newest[model] = max(self.newest[model], fresh[0])
        self.seen[model].update(fresh)
        self.seen[model] = {pk for pk in self.seen[model] if pk > self.newest[model] - OVERLAP}
        names = ("city_id", "county_id", "locality_id", "department_id")[: 4 if has_department else 3]
        where = rows.filter(pk__in=fresh).values_list(*(f"{prefix}{name}" for name in names))
        return {Change(*row) for row in where}


def _counted(rows: models.QuerySet[Any], column: str) -> Counter[int]:
    return Counter(dict(rows.order_by().values_list(column).annotate(number=Count("pk"))))
