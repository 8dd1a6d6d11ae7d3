"""The world of the process tests, acted on from outside: prepare it, send a message, end a session."""

import json
import sys

import django

django.setup()

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from bihuan.accounts import sessions  # noqa: E402
from bihuan.accounts.models import LoginSession, User  # noqa: E402
from bihuan.notifications.models import Message  # noqa: E402

PEOPLE = 80


def prepare() -> None:
    call_command("migrate", verbosity=0)
    now = timezone.now()
    keys = []
    for number in range(PEOPLE):
        user = User.objects.create_user(
            f"listener{number:03d}", None, full_name=f"听众{number}", password_changed_at=now
        )
        store = SessionStore()
        store[SESSION_KEY] = str(user.pk)
        store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        store[HASH_SESSION_KEY] = user.get_session_auth_hash()
        store.create()
        LoginSession.objects.create(user=user, session_key=store.session_key, opened_at=now, seen_at=now)
        keys.append(store.session_key)
    sys.stdout.write(json.dumps(keys))


def message() -> None:
    now = timezone.now()
    Message.objects.bulk_create(
        Message(recipient=user, title="请签收", created_at=now) for user in User.objects.all()
    )


def revoke() -> None:
    sessions.end_all(User.objects.get(username="listener060"))


if __name__ == "__main__":
    {"message": message, "revoke": revoke}.get(sys.argv[-1], prepare)()
