"""Sessions, passwords and links: what a thief or a trickster tries at the door."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.tests.world import PASSWORD, World
from bihuan.notifications.models import Message

ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "///evil.example",
    "javascript:alert(1)",
    "http:///evil.example",
    "\thttps://evil.example",
    "https:evil.example",
)


def enter(client: Client, username: str, password: str = PASSWORD, **more: str) -> Any:
    return client.post(reverse("accounts:login"), {"username": username, "password": password} | more)


@pytest.fixture
def signed_in(world: World) -> User:
    """The office's officer has the password of the world."""
    return world.people.office


def test_the_key_of_the_session_changes_at_login(client, signed_in):
    client.get(reverse("accounts:login"))
    client.cookies[settings.SESSION_COOKIE_NAME] = "planted-by-somebody-else"
    assert enter(client, "office").status_code == 302
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert key != "planted-by-somebody-else"
    client.post(reverse("accounts:logout"))
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = key
    assert thief.get(reverse("desk:home")).status_code == 302


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(client, signed_in):
    enter(client, "office")
    session = client.cookies[settings.SESSION_COOKIE_NAME]
    assert session["httponly"]
    assert session["samesite"] == "Lax"
    client.get(reverse("accounts:profile"))
    assert client.cookies[settings.CSRF_COOKIE_NAME]["samesite"] == "Lax"


@pytest.mark.parametrize("target", ELSEWHERE)
def test_login_leads_to_our_own_pages_only(target, client, signed_in):
    assert enter(client, "office", next=target)["Location"] == "/"


def test_login_leads_back_to_where_one_wanted(client, signed_in):
    assert enter(client, "office", next="/hazards/?state=overdue")["Location"] == "/hazards/?state=overdue"


@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_form_sends_people_elsewhere(target, client, signed_in):
    client.force_login(signed_in)
    answers = [
        client.post(reverse("registry:assign"), {"next": target}),
        client.post(reverse("accounts:saved_view"), {"page": "nowhere", "name": "x", "next": target}),
        client.post(reverse("accounts:saved_view"), {"page": target, "name": "x"}),
        client.get(reverse("accounts:login"), {"next": target}),
    ]
    message = Message.objects.create(
        recipient=signed_in, category="duty", title="x", url=target, created_at=timezone.now()
    )
    answers.append(client.post(reverse("notifications:open", args=[message.pk])))
    for answer in answers:
        assert answer.status_code == 302
        assert answer["Location"].startswith("/")
        assert not answer["Location"].startswith(("//", "/\\"))


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(client, signed_in):
    wrong = enter(client, "office", "nonsense-2026").content.decode().replace("office", "")
    unknown = enter(client, "nobody", "nonsense-2026").content.decode().replace("nobody", "")
    assert _without_tokens(wrong) == _without_tokens(unknown)


def _without_tokens(page: str) -> list[str]:
    return [line for line in page.splitlines() if "csrf" not in line.lower()]


def test_an_unknown_name_costs_a_hash_as_well(client, signed_in, monkeypatch):
    """Otherwise the time of the answer tells which names exist."""
    hashed = []
    original = User.set_password
    monkeypatch.setattr(User, "set_password", lambda user, raw: (hashed.append(raw), original(user, raw))[1])
    enter(client, "nobody", "nonsense-2026")
    assert hashed == ["nonsense-2026"]


def test_guessing_locks_the_door_in_words(client, signed_in, settings):
    settings.AXES_ENABLED = True
    for _ in range(settings.AXES_FAILURE_LIMIT):
        answer = enter(client, "office", "nonsense-2026")
    assert answer.status_code == 429
    assert "分钟" in answer.content.decode()
    # The right password does not open it now either; another person's does.
    assert enter(client, "office").status_code == 429
    assert enter(Client(), "housing").status_code == 302


@pytest.mark.parametrize(
    "name", ["", "\x00", "长" * 5000, "office\r\nX: y", "' OR 1=1 --", "<script>alert(1)</script>"]
)
@pytest.mark.parametrize("password", ["", "\x00", "长" * 5000])
def test_nothing_typed_at_the_door_makes_it_fall_over(name, password, client, world):
    answer = enter(client, name, password)
    assert answer.status_code in {200, 400, 422}
    assert "<script>alert(1)" not in answer.content.decode()


def test_a_service_account_cannot_log_in(client, world):
    robot = world.people.robot
    robot.set_password(PASSWORD)
    robot.save()
    assert enter(client, robot.username).status_code != 302


def test_who_left_is_out_at_once(client, signed_in):
    client.force_login(signed_in)
    assert client.get(reverse("desk:home")).status_code == 200
    User.objects.filter(pk=signed_in.pk).update(is_active=False)
    assert client.get(reverse("desk:home")).status_code == 302
