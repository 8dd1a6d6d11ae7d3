"""What the bodies of the demo city report: returns taken over by the office, opened, signed, late, sent back, missing."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from bihuan.accounts.models import Organization, Post, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import service_user
from bihuan.accounts.roles import ROLES
from bihuan.core.errors import Refused
from bihuan.returns import actions
from bihuan.returns.models import Definition, Period, Return
from bihuan.returns.periods import last_ended, previous

from .city import City
from .moments import as_of, at_hour

WORDS = {
    "weekly.circular": "本周按计划开展检查，发现的问题已交办整改。下周继续排查餐饮场所和沿街商铺，盯住到期未改的隐患。",
    "monthly.summary": "本月完成辖区重点单位排查，隐患整改总体平稳。存在问题：个别单位整改进度偏慢。下月重点跟踪逾期隐患，组织一次安全培训。",
    "quarterly.city": "本季度检查和整改按部署推进，重大隐患逐项挂牌跟踪，逾期隐患比上季度减少的地方继续保持，增加的地方已约谈。",
}
# By place in the list of bodies, so that the same city is told the same story every time.
MISSING, LATE, SENT_BACK = (4, 11), (2, 8), 6


def report(city: City) -> None:
    """Take the returns over, open the last periods, and let the bodies report as bodies do."""
    office = User.objects.get(pk=city.users["admin"].pk) if "admin" in city.users else None
    office = office if office and office.has_perm(Permission.DEFINE_RETURNS) else _officer(city)
    if office is None or office.main_post is None:
        return
    body = Organization.objects.select_related("region").get(pk=office.main_post.organization_id)
    began = city.today - dt.timedelta(days=75)
    with as_of(at_hour(began, 10)):
        made = {
            key: actions.adopt(key, body, by=office, starts_on=began)
            for key in ("daily.dispatch", "weekly.circular", "monthly.summary", "quarterly.city", "hazards.national.1", "five.lists")
        }  # fmt: skip
        for key in ("daily.dispatch", "five.lists", "hazards.national.1"):
            # Looked at and tried, to be put into force from the coming period on.
            Definition.objects.filter(pk=made[key].pk).update(starts_on=city.today)
    for key, periods in (("monthly.summary", 2), ("weekly.circular", 2), ("quarterly.city", 1)):
        _tell(city, made[key], periods, office)
        # In force from the first period told: the worker opens no earlier ones that nobody would have reported in.
        told = made[key].periods.order_by("first").values_list("first", flat=True).first()
        Definition.objects.filter(pk=made[key].pk).update(starts_on=told or city.today)


def _officer(city: City) -> User | None:
    """Somebody of the city's office who makes definitions."""
    posts = Post.objects.filter(
        organization__kind=Organization.Kind.OFFICE,
        organization__region__kind="city",
        holdings__user__is_active=True,
    ).order_by("pk")
    for post in posts:
        if Permission.DEFINE_RETURNS in ROLES[post.role].permissions:
            return post.holdings.order_by("pk")[0].user
    return None


def _tell(city: City, definition: Definition, count: int, office: User) -> None:
    version = actions.current_version(definition)
    if version is None:
        return
    spec = actions.spec_of_version(version)
    span, spans = last_ended(spec.period, city.today, spec.anchor), []
    for _ in range(count):
        spans.append(span)
        span = previous(spec.period, span, spec.anchor)
    for index, each in enumerate(reversed(spans)):
        opened = at_hour(each.last + dt.timedelta(days=1), 0, 10)
        with as_of(opened):
            period = actions.open_period(definition, each, by=service_user())
        _file(period, WORDS[definition.key], office, is_last=index == count - 1, today=city.today)


def _file(period: Period, words: str, office: User, *, is_last: bool, today: dt.date) -> None:
    records = list(
        Return.objects.filter(period=period).select_related("organization").order_by("organization_id")
    )
    for number, record in enumerate(records):
        signer = _signer(record)
        if signer is None or (is_last and number in MISSING):
            continue
        day = period.last + dt.timedelta(days=1 + number % 2)
        if number in LATE and not is_last:
            day = period.due_on + dt.timedelta(days=2)
        moment = at_hour(day, 9 + number % 8, (number * 7) % 60)
        if day > today or moment > timezone.now():
            continue
        with as_of(moment):
            spec = actions.spec_of_version(period.version)
            manual = {"trained": str(20 + number * 3), "publicity": str(number % 4)}
            given = {item.key: manual.get(item.key, "0") for item in actions.manual_items(spec)}
            try:
                actions.save_draft(record, given, words, {}, by=signer)
                actions.sign_return(record, by=signer, zero=True, now=moment)
            except Refused:
                continue  # a check that asks for an explanation: this body has yet to give it
        if number == SENT_BACK and is_last:
            record.refresh_from_db()
            with as_of(moment + dt.timedelta(hours=2)):
                actions.send_back(record, "培训人次与上月报送的情况对不上，请核对后重报", {}, by=office)


def _signer(record: Return) -> User | None:
    """Who signs for a body: its leader, or an officer where the seat is empty."""
    posts = sorted(
        record.organization.posts.filter(is_active=True).order_by("pk"),
        key=lambda post: not post.is_leader,
    )
    for post in posts:
        if Permission.FILE_RETURN not in ROLES[post.role].permissions:
            continue
        holding = post.holdings.filter(to_on=None, user__is_active=True).order_by("pk").first()
        if holding is not None:
            return User.objects.get(pk=holding.user_id)
    return None
