"""Hostile input: no page falls over, nothing typed becomes part of a page, every refusal is a Chinese sentence."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import reverse

from bihuan.accounts.models import User
from tests.hostile import values
from tests.hostile.forms import forms_of
from tests.matrix import pages
from tests.matrix import visitor as house
from tests.matrix.lines import LINES, Line, address, body
from tests.matrix.stage import ROLES, Stage

# Fixtures, by the names pytest knows them by.
db, stage, visitor = house.db, house.stage, house.visitor

PAGES = [line for line in LINES if "GET" in line.methods]
BUTTONS = [line for line in LINES if "POST" in line.methods]
# Reads no cookie and asks for a secret of its own: there is nothing to ride on.
WITHOUT_SESSION = {"field:token"}
# Another installation knocks, it has no session: every request is signed over act, body, sender and time, so a form of
# some other site can only send what nobody signed. What an unsigned body does is judged below and in exchange/tests.
BY_SIGNATURE = {"exchange:door_packages", "exchange:door_sync", "exchange:door_fetch"}
# Health is asked by machines.
ANSWERS = frozenset({200, 204, 302, 304, 400, 403, 404, 409, 422})


def insider(line: Line, stage: Stage) -> User | None:
    """Somebody who gets in."""
    role = next((role for role in ROLES if role in line.let_in), None)
    return stage.inside[role] if role else None


def told(answer: Any) -> str:
    """What went wrong, for the report of a failing test."""
    error = getattr(answer, "exc_info", None)
    return f"{answer.status_code} {error[0].__name__ if error else ''} {error[1] if error else ''}"[:300]


def is_chinese(answer: Any) -> bool:
    return any("一" <= sign <= "鿿" for sign in answer.content.decode())


def faults(answer: Any, what: str) -> list[str]:
    """Why an answer is not acceptable: a crash, an echo of what was sent, or a refusal nobody understands."""
    found = []
    if answer.status_code not in ANSWERS:
        found.append(f"{what}: {told(answer)}")
    elif not answer.streaming and answer.get("Content-Type", "").startswith("text/html"):
        text = answer.content.decode()
        found += [f"{what}: echoes {raw}" for raw in values.RAW if raw in text]
        if answer.status_code >= 400 and not is_chinese(answer):
            found.append(f"{what}: {answer.status_code} without a word of Chinese")
    return found


# --- addresses -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", PAGES, ids=lambda line: line.key)
def test_no_address_makes_a_page_fall_over(line, stage, visitor):
    url, user, wrong = address(line, stage), insider(line, stage), []
    for value in values.IN_ADDRESSES:
        query = dict.fromkeys(set(values.PARAMETERS) - {"cursor"}, value)
        wrong += faults(visitor.ask("GET", url.partition("?")[0], user, query), value[:40])
    for cursor in (values.SCRIPT, values.ENDLESS, "bm90aGluZw"):
        wrong += faults(visitor.ask("GET", url, user, {"cursor": cursor}), f"cursor={cursor[:30]}")
    assert not wrong, "\n".join(wrong)


FILTERED = [
    "hazards:ledger", "hazards:export", "hazards:create", "inspections:list", "inspections:choose", "registry:list",
    "papers:list", "audit:events", "accounts:users", "accounts:posts", "accounts:organizations", "duties:inbox",
]  # fmt: skip


@pytest.mark.parametrize("name", FILTERED)
def test_no_single_filter_makes_a_list_fall_over(name, stage, visitor):
    """One parameter at a time, so that the first complaint does not hide the second."""
    line, wrong = next(each for each in LINES if each.name == name), []
    for parameter in values.PARAMETERS:
        answer = visitor.ask("GET", address(line, stage), insider(line, stage), {parameter: "²"})
        wrong += faults(answer, parameter)
    assert not wrong, "\n".join(wrong)


# --- forms ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", PAGES, ids=lambda line: line.key)
def test_no_field_makes_a_form_fall_over(line, stage, visitor):
    """Every form of every page: filled in plausibly but for one field, and wholly with one bad word."""
    url, wrong, known = address(line, stage), [], set()
    for role in ("OO", "CO", "DL", "LO", "EM", "SY", "SE", "AU"):
        if role not in line.let_in:
            continue
        user = stage.inside[role]
        page = visitor.ask("GET", url, user)
        if page.streaming or not page.get("Content-Type", "").startswith("text/html"):
            return
        for form in forms_of(page.content, url):
            if form.shape in known or form.shape in SEEN:
                continue
            known.add(form.shape)
            for field in form.different:
                for value in values.IN_FIELDS[field.kind]:
                    answer = visitor.ask("POST", form.action, user, form.good | {field.name: value})
                    wrong += faults(answer, f"{form.action} {field.name}={value[:30]}")
            for value in (values.SCRIPT, values.ENDLESS, "\x00"):
                answer = visitor.ask("POST", form.action, user, dict.fromkeys(form.good, value))
                wrong += faults(answer, f"{form.action} all={value[:30]}")
    SEEN.update(known)
    assert not wrong, "\n".join(sorted(set(wrong)))


# Forms that stand on every page (logout, search) are tried once.
SEEN: set[tuple[str, ...]] = set()


# --- doors ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [line for line in BUTTONS if line.name not in WITHOUT_SESSION | BY_SIGNATURE],
    ids=lambda line: line.key,
)
def test_nothing_is_done_without_the_token_of_the_form(line, stage, visitor):
    """A forged request is refused before anything happens, whoever's session it rides on."""
    user = insider(line, stage)
    forged = Client(enforce_csrf_checks=True, raise_request_exception=False)
    if user is not None:
        forged.cookies[settings.SESSION_COOKIE_NAME] = visitor.keys[user.pk]
    with transaction.atomic():
        answer = forged.post(address(line, stage), body(line, stage))
        transaction.set_rollback(True)
    assert answer.status_code == 403
    assert "安全校验没有通过" in answer.content.decode()


@pytest.mark.parametrize(
    "line", [line for line in BUTTONS if line.name in BY_SIGNATURE], ids=lambda line: line.key
)
@pytest.mark.parametrize("role", ["OO", "SY", None])
def test_a_session_opens_no_door_that_asks_for_a_signature(line, role, stage, visitor):
    """Whoever's browser carries it there: what nobody signed is turned away and tells nothing."""
    forged = Client(enforce_csrf_checks=True, raise_request_exception=False)
    if role is not None:
        forged.cookies[settings.SESSION_COOKIE_NAME] = visitor.keys[stage.inside[role].pk]
    with transaction.atomic():
        answer = forged.post(address(line, stage), b'{"schema":1}', content_type="text/plain")
        transaction.set_rollback(True)
    assert answer.status_code == 422
    assert answer.json()["title"] == "没有受理"
    assert not answer.cookies


@pytest.mark.parametrize("line", PAGES, ids=lambda line: line.key)
def test_every_answer_carries_its_armour(line, stage, visitor):
    """No frames, no scripts from elsewhere, no guessing of types; for those who get in and for those who do not."""
    for user in (insider(line, stage), stage.inside["NO"], None):
        answer = visitor.ask("GET", address(line, stage), user)
        policy = answer["Content-Security-Policy"]
        if not policy.startswith("sandbox"):
            assert "script-src 'self';" in policy
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Referrer-Policy"] == "same-origin"


def test_no_page_holds_script_or_style_of_its_own(stage, visitor):
    """What the policy forbids is not there either."""
    own = re.compile(
        r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>|\son[a-z]+=\"|\sstyle=\"|javascript:", re.I
    )
    wrong = []
    for line in PAGES:
        answer = visitor.ask("GET", address(line, stage), insider(line, stage))
        if not answer.streaming and answer.get("Content-Type", "").startswith("text/html"):
            wrong += [f"{line.key}: {found}" for found in own.findall(answer.content.decode())]
    assert not wrong


@pytest.mark.parametrize("status", [400, 403, 404])
def test_refusals_are_whole_pages_in_chinese(status, stage, visitor):
    path = {
        400: reverse("hazards:ledger") + "?q=%00",
        403: reverse("campaigns:plans"),
        404: reverse("hazards:detail", args=[10**15]),
    }[status]
    answer = visitor.ask("GET", path, stage.inside["IN"])
    assert answer.status_code == status
    assert f">{status}<" in answer.content.decode()
    assert is_chinese(answer)


@pytest.mark.parametrize(
    "number", ["0", "9223372036854775807", "9223372036854775808", values.HUGE, values.ENDLESS, "-1", "²"]
)
def test_numbers_of_no_record_are_not_found(number, stage, visitor):
    for line in PAGES:
        key = pages.ADDRESSES.get(line.name, {}).get("pk")
        if not isinstance(stage.ids.get(key), int):
            continue
        url = address(line, stage).partition("?")[0].replace(f"/{stage.ids[key]}/", f"/{number}/", 1)
        assert visitor.ask("GET", url, insider(line, stage)).status_code == 404, line.key
