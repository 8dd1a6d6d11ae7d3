"""Open sessions: how many a person may have, how long one may idle, ending one from afar."""

from __future__ import annotations

import datetime as dt
from importlib import import_module

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from bihuan.audit.actions import record

from .http import client_ip
from .models import LoginSession, User

# The last activity is written at most this often: a page must not cost a write.
SEEN_EVERY = dt.timedelta(minutes=1)
ONLY = "only_page"
KEPT_FOR = dt.timedelta(days=7)


def _store(session_key: str | None = None) -> SessionBase:
    store: SessionBase = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    return store


def begin(request: HttpRequest, user: User) -> list[LoginSession]:
    """Note the request's session as open; the person's oldest ones beyond the limit end and are returned."""
    if not request.session.session_key:
        request.session.save()
    key = request.session.session_key
    now = timezone.now()
    LoginSession.objects.update_or_create(
        session_key=key,
        defaults={
            "user": user,
            "ip": client_ip(request),
            "user_agent": request.headers.get("User-Agent", "")[:200],
            "opened_at": now,
            "seen_at": now,
        },
    )
    drop_dead(user)
    others = list(user.login_sessions.exclude(session_key=key).order_by("-opened_at", "-id"))
    surplus = others[max(0, settings.SESSIONS_PER_USER - 1) :]
    for session in surplus:
        end(session)
    return surplus


def drop_dead(user: User) -> None:
    """Forget rows whose session expired long ago, so that they do not count against the limit."""
    oldest = timezone.now() - dt.timedelta(seconds=settings.SESSION_COOKIE_AGE)
    user.login_sessions.filter(seen_at__lt=oldest).delete()


def end(session: LoginSession) -> None:
    """End a session: whoever uses it must log in again with the next click."""
    _store().delete(session.session_key)
    session.delete()


def end_all(user: User, *, except_key: str | None = None) -> int:
    """End all sessions of a person but one; returns how many."""
    ended = 0
    for session in user.login_sessions.exclude(session_key=except_key or ""):
        end(session)
        ended += 1
    return ended


def renamed(old_key: str | None, new_key: str | None) -> None:
    """Follow a session whose key was renewed (change of password)."""
    LoginSession.objects.filter(session_key=old_key).update(session_key=new_key)


@transaction.atomic
def keep_open(request: HttpRequest, page: str) -> None:
    """Let the session of this screen show one page, by its view name, for days without anybody at work, and nothing else:
    whoever finds the screen can do nothing with it but look. Every other page asks to sign in."""
    request.session[ONLY] = page
    request.session.set_expiry(KEPT_FOR)
    session = LoginSession.objects.get(session_key=request.session.session_key)
    days = KEPT_FOR // dt.timedelta(days=1)
    record(
        "accounts.keep_open", session, by=session.user, summary=f"转为值守显示，最长 {days} 天，只能看这一页"
    )


def only_page(request: HttpRequest) -> str:
    """The one page this session shows, by its view name; "" for an ordinary session."""
    return str(request.session.get(ONLY, ""))


def is_idle(session: LoginSession, now: dt.datetime) -> bool:
    """Whether nobody used the session for longer than SESSION_IDLE_MINUTES (0 switches the limit off)."""
    minutes = settings.SESSION_IDLE_MINUTES
    return bool(minutes) and now - session.seen_at > dt.timedelta(minutes=minutes)


def touch(session: LoginSession, now: dt.datetime) -> None:
    """Note activity, at most once a minute."""
    if now - session.seen_at >= SEEN_EVERY:
        LoginSession.objects.filter(pk=session.pk).update(seen_at=now)


def live() -> QuerySet[LoginSession]:
    """Sessions somebody may still be using, newest activity first."""
    oldest = timezone.now() - dt.timedelta(seconds=settings.SESSION_COOKIE_AGE)
    if settings.SESSION_IDLE_MINUTES:
        oldest = max(oldest, timezone.now() - dt.timedelta(minutes=settings.SESSION_IDLE_MINUTES))
    return LoginSession.objects.filter(seen_at__gte=oldest).select_related("user").order_by("-seen_at")
