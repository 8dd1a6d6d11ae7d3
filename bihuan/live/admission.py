"""Who may listen: the same session, the same conditions as a page (accounts.middleware), asked without a request."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.models import Session
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.models import Device

from bihuan.accounts import passwords, sessions
from bihuan.accounts.models import LoginSession, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import scope_of
from bihuan.duties.models import working_posts

KNOWN_FOR = dt.timedelta(minutes=1)
MOST_KNOWN = 4_000


@dataclass(frozen=True)
class Listener:
    """What the poller needs to know about a person with a page open."""

    user_id: int
    session_key: str
    posts: frozenset[int]
    led: frozenset[int]
    areas: tuple[str, ...]
    departments: frozenset[int]

    def sees(self, change: Change) -> bool:
        """Whether figures this person may look at changed."""
        return change.department_id in self.departments or any(
            len(area) == 2 or area in (change.city_id, change.county_id, change.locality_id)
            for area in self.areas
        )


@dataclass(frozen=True)
class Change:
    """Where something was counted anew."""

    city_id: str
    county_id: str | None
    locality_id: str | None
    department_id: int | None = None


class Door:
    """Lets people in, and knows them again for a minute: whoever turns pages opens a stream with each.

    The session itself is looked at every time. What a person may be told is as old as that of a stream left open.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[dt.datetime, Listener]] = {}

    def admit(self, cookies: str, now: dt.datetime) -> Listener | None:
        """As the function `admit`."""
        key = session_key_of(cookies)
        known = self._known.get(key)
        if known and now - known[0] < KNOWN_FOR and still_open([key], now):
            return known[1]
        listener = admit(cookies, now)
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        if listener is None:
            self._known.pop(key, None)
        else:
            self._known[key] = (now, listener)
        return listener


def admit(cookies: str, now: dt.datetime) -> Listener | None:
    """The person behind a Cookie header, or None for whoever would be sent to a login page instead.

    Nothing here counts as activity: an open page must not keep a forgotten session alive.
    """
    key = session_key_of(cookies)
    if not key:
        return None
    store: Any = import_module(settings.SESSION_ENGINE).SessionStore(key)
    request: Any = SimpleNamespace(session=store)
    user = get_user(request)
    if not isinstance(user, User) or not user.is_active:
        return None
    login = LoginSession.objects.filter(session_key=key, user=user).first()
    if login is None or sessions.is_idle(login, now) or passwords.is_expired(user):
        return None
    if user.needs_second_factor and not _is_verified(user, store):
        return None
    return listener_of(user, key)


def listener_of(user: User, key: str) -> Listener:
    """What a person may be told, as their posts stand today."""
    posts = working_posts(user)
    scope = scope_of(user, Permission.VIEW_HAZARDS)
    return Listener(
        user.pk,
        key,
        frozenset(post.pk for post in posts),
        frozenset(post.organization_id for post in posts if post.is_leader),
        scope.areas,
        frozenset(scope.departments),
    )


def still_open(keys: Iterable[str], now: dt.datetime) -> set[str]:
    """Those sessions that a page could still be opened with."""
    wanted = list(keys)
    known = set(
        Session.objects.filter(session_key__in=wanted, expire_date__gt=now).values_list(
            "session_key", flat=True
        )
    )
    logins = LoginSession.objects.filter(session_key__in=known, user__is_active=True)
    return {login.session_key for login in logins if not sessions.is_idle(login, now)}


def session_key_of(header: str) -> str:
    """The session key in a Cookie header, "" when there is none or the header cannot be read."""
    try:
        morsel = SimpleCookie(header).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def _is_verified(user: User, store: Any) -> bool:
    identity = store.get(DEVICE_ID_SESSION_KEY)
    device = Device.from_persistent_id(identity) if identity else None
    return device is not None and device.user_id == user.pk
