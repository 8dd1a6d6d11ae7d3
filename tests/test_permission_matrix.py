"""Every page and every operation of the API × every role × inside, beside and outside its area (tables: tests/matrix).

A page or operation without a line fails, and so does a line without one. Each cell acts on an untouched stage: what
a request changes is rolled back before the next.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from bihuan.accounts.models import User
from bihuan.accounts.roles import Role
from bihuan.api.api import api
from bihuan.hazards.panels import SPECS
from bihuan.inspections.tests.factories import ink, picture
from tests.matrix import operations, pages
from tests.matrix.stage import ROLES, Stage, make_stage

ADMINISTRATORS = ("SY", "SE", "AU")
GROUPS = ("inside", "near", "far")
LET_IN = frozenset({200, 201, 302, 409, 422})
# Pages one may always reach on the way in and out, even before the second factor.
BEFORE_SECOND_FACTOR = frozenset({"accounts:second_factor", "accounts:logout"})


@dataclass(frozen=True)
class Line:
    """One line of the table of pages."""

    name: str
    variant: str
    methods: tuple[str, ...]
    reach: str
    let_in: frozenset[str]
    unseen: frozenset[str]

    @property
    def key(self) -> str:
        return f"{self.name} {self.variant}".strip()

    @property
    def is_public(self) -> bool:
        return "public" in self.let_in

    def expected(self, role: str, group: str) -> frozenset[int]:
        """The answers that are right for a role inside, near or far."""
        if self.is_public:
            return LET_IN
        if role not in self.let_in:
            refusal = frozenset({404 if role in self.unseen else 403})
            # Somebody who may neither see nor do it may be told either.
            return refusal if group == "inside" else refusal | {403, 404}
        near_and_far = {
            "list": (LET_IN, LET_IN),
            "street": ({404}, {404}),
            "county": (LET_IN, {404}),
            "share": ({403}, {404}),
            "directory": ({403}, {403}),
            "own": ({404}, {404}),
        }[self.reach]
        if group == "inside" or role in ADMINISTRATORS:
            return LET_IN
        return frozenset(near_and_far[0] if group == "near" else near_and_far[1])


def people(words: str) -> frozenset[str]:
    """The roles a cell of the table names."""
    named: list[str] = []
    for word in words.split():
        named += pages.GROUPS.get(word, word).split()
    assert set(named) <= {*ROLES, "public"}, words
    return frozenset(named)


def lines() -> list[Line]:
    read = []
    for text in filter(None, (row.strip() for row in pages.PAGES.splitlines())):
        name, methods, reach, let_in, unseen = (cell.strip() for cell in text.split("|"))
        name, _, variant = name.partition(" ")
        read.append(Line(name, variant, tuple(methods.split()), reach, people(let_in), people(unseen)))
    return read


LINES = lines()


def url_names(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[str]:
    """The names of all pages of the site."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            yield f"{prefix}{entry.name or ''}"
        else:
            yield from url_names(entry, f"{prefix}{entry.namespace}:" if entry.namespace else prefix)


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


@pytest.fixture(scope="module")
def unverified(stage: Stage) -> Visitor:
    """The administrators after their password, before their code."""
    visitor = Visitor()
    for role in ADMINISTRATORS:
        visitor.sign_in(stage.inside[role], verified=False)
    return visitor


def address(line: Line, stage: Stage) -> str:
    named = pages.ADDRESSES.get(line.name, {})
    arguments = {name: line.variant if key == "=" else stage.ids[key] for name, key in named.items()}
    query = pages.QUERIES.get(line.name, {})
    url = reverse(line.name, kwargs=arguments)
    return url + ("?" + "&".join(f"{name}={stage.ids[key]}" for name, key in query.items()) if query else "")


def body(line: Line, stage: Stage) -> dict[str, Any]:
    given = pages.BODIES.get(line.key, {})
    return {
        name: value[1:] if value[0] == "=" else stage.ids.get(value, value) for name, value in given.items()
    }


def is_sent_away(response: Any) -> bool:
    """Whether the answer leads to the login, or to the code that must come first."""
    target = response.get("Location", "")
    return target.startswith(f"{reverse('accounts:login')}?next=") or target == reverse(
        "accounts:second_factor"
    )


# --- pages ---------------------------------------------------------------------------------------------


def test_every_page_has_a_line_and_every_line_a_page():
    operations_of_the_api = {name for name in url_names() if name.startswith("api:")} - {
        "api:openapi-json",
        "api:docs",
    }
    assert {line.name for line in LINES} == set(url_names()) - operations_of_the_api
    assert len({line.key for line in LINES}) == len(LINES)
    for name in pages.BODIES:
        assert name in {line.key for line in LINES}


def test_every_form_of_a_hazard_has_a_line():
    assert {line.variant for line in LINES if line.name == "hazards:act"} == set(SPECS)


def test_every_role_is_played(stage):
    assert set(ROLES.values()) == set(Role)
    for group in GROUPS:
        for role, user in getattr(stage, group).items():
            assert [post.role for post in user.posts] == [ROLES[role]]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.key)
def test_who_gets_in(line, stage, visitor):
    url, data, wrong = address(line, stage), body(line, stage), []
    # A page about no single record looks the same from the next town as from the far county: one of them is enough.
    groups = ("inside", "far") if line.reach == "list" else GROUPS
    for method in line.methods:
        for group in groups:
            for role, user in getattr(stage, group).items():
                answer = visitor.ask(method, url, user, data if method == "POST" else None)
                right = line.expected(role, group)
                got_in = answer.status_code in LET_IN and right == LET_IN
                led_away = got_in and is_sent_away(answer) and line.name != "accounts:recovery_codes"
                if answer.status_code not in right or led_away:
                    wrong.append(
                        f"{method} {role} {group}: {answer.status_code} {answer.get('Location', '')}, not {sorted(right)}"
                    )
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.key)
def test_who_is_a_stranger(line, stage, visitor, unverified):
    """Nobody comes in without signing in, and no administrator without the second factor."""
    url = address(line, stage)
    for method in line.methods:
        answer = visitor.ask(method, url, None)
        assert is_sent_away(answer) != line.is_public
        if line.is_public:
            assert answer.status_code in LET_IN
            continue
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("accounts:login"))
        if line.name in BEFORE_SECOND_FACTOR:
            continue
        for role in ADMINISTRATORS:
            answer = unverified.ask(method, url, stage.inside[role])
            assert (answer.status_code, answer["Location"]) == (302, reverse("accounts:second_factor"))


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.key)
def test_other_methods_are_refused(line, stage, visitor):
    role = next((role for role in ROLES if role in line.let_in), None)
    for method in {"GET", "POST"} - set(line.methods):
        answer = visitor.ask(method, address(line, stage), stage.inside[role] if role else None)
        assert answer.status_code == 405


@pytest.mark.parametrize("name", pages.MARKS)
def test_lists_show_only_ones_own_part(name, stage, visitor):
    line = next(each for each in LINES if each.name == name)
    wrong = []
    for group in GROUPS:
        for role in sorted(line.let_in):
            user = getattr(stage, group).get(role)
            # The expert sees the visits taken part in; hazards are reported by the inspectors.
            if user is None or (role == "EX" and name == "hazards:ledger"):
                continue
            # The manager of an enterprise is led from the list to the own enterprise.
            visitor.client.cookies = SimpleCookie({settings.SESSION_COOKIE_NAME: visitor.keys[user.pk]})
            text = visitor.client.get(reverse(name), follow=True).content.decode()
            if (pages.MARKS[name] in text) != (group == "inside"):
                wrong.append(f"{role} {group}")
    assert not wrong


def test_search_finds_only_ones_own_part(stage, visitor):
    finders = set()
    for group in GROUPS:
        for role, user in getattr(stage, group).items():
            visitor.client.cookies = SimpleCookie({settings.SESSION_COOKIE_NAME: visitor.keys[user.pk]})
            text = visitor.client.get(reverse("desk:search"), {"q": "好味来"}).content.decode()
            if reverse("registry:detail", args=[stage.ids["shop"]]) in text:
                finders.add((role, group))
    assert finders == {(role, "inside") for role in ("OL", "OO", "DL", "DO", "LL", "LO", "IN", "EM", "IS")}


# --- the API -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Call:
    """One line of the table of operations."""

    operation: str
    variant: str
    reach: str
    let_in: frozenset[str]

    @property
    def key(self) -> str:
        return f"{self.operation} {self.variant}".strip()

    def expected(self, role: str, group: str) -> frozenset[int]:
        if role not in pages.GROUPS["field"].split():
            return frozenset({403})
        if role not in self.let_in:
            # A duty of the street is not the department's: it finds nothing there.
            return frozenset({404 if self.operation == "getDuty" or group != "inside" else 403})
        seen = group == "inside" or self.reach == "list" or (self.reach == "county" and group == "near")
        seen |= self.reach == "line" and group == "near" and role == "DO"
        return frozenset({200, 201, 409, 422}) if seen else frozenset({404})


def calls() -> list[Call]:
    read = []
    for text in filter(None, (row.strip() for row in operations.OPERATIONS.splitlines())):
        name, reach, let_in = (cell.strip() for cell in text.split("|"))
        operation, _, variant = name.partition(" ")
        read.append(Call(operation, variant, reach, frozenset(let_in.split())))
    return read


CALLS = calls()


@pytest.fixture(scope="module")
def schema() -> dict[str, tuple[str, str]]:
    """Operation → (method, path)."""
    paths = api.get_openapi_schema()["paths"]
    return {
        told["operationId"]: (method, path)
        for path, methods in paths.items()
        for method, told in methods.items()
    }


def test_every_operation_has_a_line_and_every_line_an_operation(schema):
    assert {call.operation for call in CALLS} == set(schema)


def json_body(call: Call, stage: Stage) -> Any:
    given = operations.BODIES.get(call.key)
    if given is None:
        return {}
    now = timezone.now()
    special: dict[str, Any] = {
        "yes": True,
        "today": timezone.localdate().isoformat(),
        "now": (now - dt.timedelta(minutes=20)).isoformat(),
        "uuid": "00000000-0000-4000-8000-000000000007",
        "photos": [],
        "members": [{"username": "inspector", "signature": {"method": "login"}}],
        "answers": [{"position": position, "verdict": "pass"} for position in (1, 2, 3, 4)],
        "login": {"method": "drawn", "image": ink()},
    }
    return {
        name: value[1:] if value[0] == "=" else special.get(value, stage.ids.get(value))
        for name, value in given.items()
    }


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.key)
def test_who_may_call(call, stage, schema):
    method, path = schema[call.operation]
    for name, key in (operations.PATHS | operations.RECORDS.get(call.operation, {})).items():
        path = path.replace("{" + name + "}", str(stage.ids[key]))
    if query := operations.QUERIES.get(call.operation):
        path += f"?{query}"
    visitor = Visitor()
    sent = json_body(call, stage)

    def ask(token: str) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if method == "get":
            return visitor.ask(method, path, None, headers=headers)
        if call.operation == "uploadAttachment":
            file = SimpleUploadedFile("现场.jpg", picture(7), "image/jpeg")
            return visitor.ask(method, path, None, {"file": file}, headers=headers)
        return visitor.ask(method, path, None, sent, content_type="application/json", headers=headers)

    assert ask("").status_code == 401
    assert ask("bh_nobody").status_code == 401
    wrong = []
    for group in GROUPS:
        for role, user in getattr(stage, group).items():
            answer = ask(stage.token_of(user))
            right = call.expected(role, group)
            if answer.status_code not in right:
                wrong.append(
                    f"{role} {group}: {answer.status_code}, not {sorted(right)} {answer.content[:200].decode()}"
                )
    assert not wrong, "\n".join(wrong)
