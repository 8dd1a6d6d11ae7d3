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
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from bihuan.accounts.roles import Role
from bihuan.api.api import api
from bihuan.hazards.panels import SPECS
from bihuan.inspections.tests.factories import ink, picture
from tests.matrix import operations, pages
from tests.matrix import visitor as house
from tests.matrix.lines import BODIES, LET_IN, LINES, MARKS, address, body
from tests.matrix.stage import ROLES, Stage
from tests.matrix.visitor import ADMINISTRATORS, GROUPS, Visitor

# Fixtures, by the names pytest knows them by.
db, stage, visitor = house.db, house.stage, house.visitor
# Pages one may always reach on the way in and out, even before the second factor.
BEFORE_SECOND_FACTOR = frozenset({"accounts:second_factor", "accounts:logout"})


def url_names(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[str]:
    """The names of all pages of the site."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            yield f"{prefix}{entry.name or ''}"
        else:
            yield from url_names(entry, f"{prefix}{entry.namespace}:" if entry.namespace else prefix)


@pytest.fixture(scope="module")
def unverified(stage: Stage) -> Visitor:
    """The administrators after their password, before their code."""
    visitor = Visitor()
    for role in ADMINISTRATORS:
        visitor.sign_in(stage.inside[role], verified=False)
    return visitor


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
    for name in BODIES:
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
                if group == "near" and role not in line.let_in:
                    continue  # refused far away as well as inside: so here
                if role == "CO" and role not in line.let_in:
                    continue  # the same post as OO over a wider area: asked where only that will do
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
    # A page that is read by more people than may act on it has two lines.
    known = {method for each in LINES if each.name == line.name for method in each.methods}
    for method in {"GET", "POST"} - known:
        answer = visitor.ask(method, address(line, stage), stage.inside[role] if role else None)
        assert answer.status_code == 405


@pytest.mark.parametrize("name", MARKS)
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
            if (MARKS[name] in text) != (group == "inside" and role not in line.unseen):
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
    assert finders == {
        (role, "inside") for role in ("OL", "OO", "CO", "DL", "DO", "LL", "LO", "IN", "EM", "IS")
    }


# --- the API -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Call:
    """One line of the table of operations."""

    operation: str
    variant: str
    reach: str
    let_in: frozenset[str]
    unseen: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        return f"{self.operation} {self.variant}".strip()

    def expected(self, role: str, group: str) -> frozenset[int]:
        if role not in pages.GROUPS["field"].split():
            return frozenset({403})
        if role not in self.let_in:
            if role in self.unseen:
                return frozenset({404})
            # Somebody who may neither see nor do it may be told either.
            return frozenset({403} if group == "inside" else {403, 404})
        seen = group == "inside" or self.reach == "list" or (self.reach == "county" and group == "near")
        seen |= self.reach == "line" and group == "near" and role == "DO"
        return frozenset({200, 201, 409, 422}) if seen else frozenset({404})


def calls() -> list[Call]:
    read = []
    for text in filter(None, (row.strip() for row in operations.OPERATIONS.splitlines())):
        name, reach, let_in, *unseen = (cell.strip() for cell in text.split("|"))
        operation, _, variant = name.partition(" ")
        blind = frozenset(unseen[0].split()) if unseen else frozenset()
        read.append(Call(operation, variant, reach, frozenset(let_in.split()), blind))
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
            if role == "CO":
                continue
            answer = ask(stage.token_of(user))
            right = call.expected(role, group)
            if answer.status_code not in right:
                wrong.append(
                    f"{role} {group}: {answer.status_code}, not {sorted(right)} {answer.content[:200].decode()}"
                )
    assert not wrong, "\n".join(wrong)
