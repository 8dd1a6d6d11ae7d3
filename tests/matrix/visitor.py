"""Browsers that change persons, on a stage whose every change is undone at once; fixtures for the modules that import them."""

from __future__ import annotations

from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice

from bihuan.accounts.models import User

from .stage import Stage, make_stage

ADMINISTRATORS = ("SY", "SE", "AU")
GROUPS = ("inside", "near", "far")


@pytest.fixture(scope="module")
def db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """In place of pytest-django's own: one transaction for the whole module, never committed."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def stage(db: None) -> Stage:
    """Built once: what a cell changes is undone by `Visitor`."""
    return make_stage()


class Visitor:
    """A browser that changes persons; what it does is undone at once."""

    def __init__(self) -> None:
        self.client = Client(raise_request_exception=False)
        self.keys: dict[int, str] = {}

    def ask(self, method: str, url: str, user: User | None, data: dict[str, Any] | None = None, **more: Any):
        self.client.cookies = SimpleCookie({settings.SESSION_COOKIE_NAME: self.keys[user.pk]} if user else {})
        with transaction.atomic():
            response = getattr(self.client, method.lower())(url, data, **more)
            # Streamed answers are read here, while what they tell of still exists.
            if response.streaming:
                b"".join(response.streaming_content)
            transaction.set_rollback(True)
        return response

    def sign_in(self, user: User, *, verified: bool) -> None:
        client = Client()
        client.force_login(user)
        if verified:
            session = client.session
            device = TOTPDevice.objects.get(user=user)
            session["otp_device_id"] = device.persistent_id
            session.save()
        self.keys[user.pk] = client.cookies[settings.SESSION_COOKIE_NAME].value


@pytest.fixture(scope="module")
def visitor(stage: Stage) -> Visitor:
    """Everybody signed in, administrators with their second factor."""
    visitor = Visitor()
    for group in GROUPS:
        for role, user in getattr(stage, group).items():
            visitor.sign_in(user, verified=role in ADMINISTRATORS)
    return visitor
