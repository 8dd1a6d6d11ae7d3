"""Deadlines, phases and reporting days as an iCalendar file (RFC 5545), for one unit or for all.

Deadlines and phases are whole days and belong to no time zone; a reporting hour is Asia/Shanghai, its zone written into
the file. UIDs follow the record, so that importing a newer file moves an event instead of doubling it.
"""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from django.conf import settings
from icalendar import Alarm, Calendar, Event, Timezone, vRecur

from .content import Content, Job, Reporting, Unit

ZONE = ZoneInfo("Asia/Shanghai")
MORNING_BEFORE = dt.timedelta(hours=-15)  # of a whole day: 9 o'clock the day before
DAY_BEFORE = dt.timedelta(days=-1)
_HOUR = re.compile(r"(\d{1,2})\s*(?:时|点|[:：])\s*(\d{2})?")
_DAY = re.compile(r"(?:(\d{4})年)?(\d{1,2})月(\d{1,2})日")


def calendar_ics(content: Content, *, now: dt.datetime, unit: Unit | None = None, address: str = "") -> bytes:
    """The calendar file; `unit` leaves what that unit owes, `address` is the page an event leads to."""
    calendar = Calendar()
    calendar.add("prodid", "-//Bihuan//campaigns//ZH")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", f"{content.short_title}{f'（{unit.short}）' if unit else ''}")
    calendar.add("x-wr-timezone", "Asia/Shanghai")
    events = [
        _phase(content, at) for at, span in enumerate(content.phases) if span.starts_on and span.ends_on
    ]
    jobs = content.of_unit(unit) if unit else content.jobs
    events += [_deadline(content, job, unit) for job in jobs if job.due_on]
    reports = content.reports_of(unit) if unit else content.reports
    events += [event for report in reports if (event := _report(content, report))]
    if any(isinstance(event.decoded("dtstart"), dt.datetime) for event in events):
        calendar.add_component(Timezone.from_tzinfo(ZONE))
    for event in events:
        event.add("dtstamp", now.astimezone(dt.UTC))
        event.add("sequence", content.version - 1)
        event.add("transp", "TRANSPARENT")
        if address:
            event.add("url", address)
        calendar.add_component(event)
    return calendar.to_ical()


def _uid(content: Content, name: str) -> str:
    return f"{content.uid}-{name}@{urlsplit(settings.PUBLIC_URL).hostname or 'bihuan'}"


def _alarm(words: str, before: dt.timedelta) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", words)
    alarm.add("trigger", before)
    return alarm


def _phase(content: Content, at: int) -> Event:
    span, event = content.phases[at], Event()
    assert span.starts_on
    assert span.ends_on
    event.add("uid", _uid(content, f"phase-{at + 1}"))
    event.add("summary", f"{content.short_title}：{span.name}")
    event.add("dtstart", span.starts_on)
    event.add("dtend", span.ends_on + dt.timedelta(days=1))  # the end of a whole-day event is the day after
    event.add("categories", ["阶段"])
    return event


def _deadline(content: Content, job: Job, unit: Unit | None) -> Event:
    event = Event()
    assert job.due_on
    role = f"{job.shares[unit].label}：" if unit else ""
    words = f"{role}{job.heading}（截止）"
    event.add("uid", _uid(content, job.uid))
    event.add("summary", words)
    event.add("dtstart", job.due_on)
    event.add("dtend", job.due_on + dt.timedelta(days=1))
    who = "\n".join(
        f"{label}：{names}"
        for key, label in (
            ("lead", "牵头"),
            ("responsible", "责任"),
            ("support", "配合"),
            ("territorial", "属地"),
        )
        if (names := job.names(key, most=6))
    )
    event.add(
        "description",
        f"{job.no} {job.text}\n{who}\n期限来源：{job.due_source}\n{content.title} {content.doc_no}".strip(),
    )
    event.add("categories", ["任务期限"])
    event.add_component(_alarm(words, MORNING_BEFORE))
    return event


def _report(content: Content, report: Reporting) -> Event | None:
    """A reporting day: repeated by its rule, or once when the words name one day; None when they name neither."""
    start = content.starts_on or content.ends_on
    hour = _HOUR.search(report.when)
    at = dt.time(min(int(hour[1]), 23), int(hour[2] or 0) % 60) if hour else None
    event, words = Event(), f"报送：{report.when}"
    event.add("uid", _uid(content, report.uid))
    if report.rrule and start:
        first = first_day(report.rrule, start)
        if first is None:
            return None
        recurrence = vRecur.from_ical(report.rrule)
        if content.ends_on and "UNTIL" not in recurrence and "COUNT" not in recurrence:
            recurrence["UNTIL"] = [_until(content.ends_on, at)]
        event.add("rrule", recurrence)
    else:
        named = _DAY.search(report.when)
        year = int(named[1]) if named and named[1] else (start.year if start else 0)
        if not named or not year:
            return None
        try:
            first = dt.date(year, int(named[2]), int(named[3]))
        except ValueError:  # 9月31日: no such day, no event
            return None
    if at:
        event.add("dtstart", dt.datetime.combine(first, at, ZONE))
        event.add("duration", dt.timedelta(minutes=30))
        event.add_component(_alarm(words, DAY_BEFORE))
    else:
        event.add("dtstart", first)
        event.add("dtend", first + dt.timedelta(days=1))
        event.add_component(_alarm(words, MORNING_BEFORE))
    event.add("summary", words)
    event.add(
        "description", f"{report.who or '未写明报送单位'} → {report.to or '未写明接收单位'}：{report.when}"
    )
    event.add("categories", ["报送"])
    return event


def first_day(rule: str, start: dt.date) -> dt.date | None:
    """The first day of a recurrence on or after `start`; None for a rule that cannot be read or never comes."""
    try:
        found = rrulestr(rule, dtstart=dt.datetime.combine(start, dt.time()))
        first = found.after(dt.datetime.combine(start, dt.time()), inc=True)
    except (ValueError, TypeError, KeyError):
        return None
    return first.date() if first else None


def _until(day: dt.date, at: dt.time | None) -> dt.date | dt.datetime:
    """RFC 5545: UNTIL is a day for whole-day events, and UTC for those with an hour."""
    return dt.datetime.combine(day, dt.time(23, 59, 59), ZONE).astimezone(dt.UTC) if at else day
