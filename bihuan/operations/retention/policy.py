"""How long which records are kept: shipped as dated data with its basis; settings may lengthen, never shorten."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django_tasks_db.models import DBTaskResult

from bihuan.core.errors import Refused
from bihuan.notifications.models import Message

FILE = Path(__file__).resolve().parent.parent / "data" / "retention.json"
Rows = list[QuerySet]


@dataclass(frozen=True)
class Permanent:
    """A kind of record that is never cleared."""

    title: str
    basis: str
    verified: bool


@dataclass(frozen=True)
class Policy:
    """A kind of record that may be cleared after `keep_days`; the law asks for `at_least`. `put_aside`: written to a
    file that is read back before anything is deleted."""

    key: str
    title: str
    starts: dt.date
    keep_days: int
    at_least: int
    put_aside: bool
    basis: str
    verified: bool

    def cutoff(self, now: dt.datetime) -> dt.datetime:
        """Rows from before this moment may go."""
        return now - dt.timedelta(days=self.keep_days)

    def rows(self, cutoff: dt.datetime) -> Rows:
        """The rows that may go, as one queryset per table."""
        return _ROWS[self.key](cutoff)


_ROWS: dict[str, Callable[[dt.datetime], Rows]] = {
    "login_log": lambda cutoff: [
        model.objects.filter(attempt_time__lt=cutoff).order_by("pk")
        for model in (AccessLog, AccessAttempt, AccessFailureLog)
    ],
    "messages": lambda cutoff: [Message.objects.filter(read_at__lt=cutoff).order_by("pk")],
    "job_results": lambda cutoff: [
        DBTaskResult.objects.finished().filter(finished_at__lt=cutoff).order_by("pk")
    ],
    "web_sessions": lambda cutoff: [Session.objects.filter(expire_date__lt=cutoff).order_by("pk")],
}


@cache
def _shipped() -> dict[str, list[dict]]:
    data: dict[str, list[dict]] = json.loads(FILE.read_text("utf-8"))
    return data


def permanent() -> list[Permanent]:
    """What is kept for good, with the basis."""
    return [Permanent(**each) for each in _shipped()["permanent"]]


def policies(on: dt.date) -> list[Policy]:
    """The policies in force on a day, with the operator's longer periods.

    Raises Refused for a period shorter than the law's or for a name nobody knows.
    """
    chosen = dict(settings.RETENTION_DAYS)
    found = []
    for each in _shipped()["clearable"]:
        starts = dt.date.fromisoformat(each["from"])
        days = chosen.pop(each["key"], each["keep_days"])
        if days < each["at_least"]:
            raise Refused(
                f"BIHUAN_RETENTION_DAYS 中 {each['key']}={days} 短于规定的 {each['at_least']} 天，请改长"
            )
        if starts <= on:
            fields = {name: value for name, value in each.items() if name != "from"}
            found.append(Policy(**(fields | {"starts": starts, "keep_days": days})))
    if chosen:
        raise Refused(f"BIHUAN_RETENTION_DAYS 中没有这样的名称：{'、'.join(sorted(chosen))}")
    return found
