"""A key for each person's drafts, and for nobody else's."""

from __future__ import annotations

import base64

from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template
from django.test import RequestFactory, override_settings

from bihuan.core.sealing import draft_seal


def test_a_key_of_256_bits_the_same_tomorrow_and_anothers_for_another():
    assert len(base64.b64decode(draft_seal(3))) == 32
    assert draft_seal(3) == draft_seal(3)
    assert draft_seal(3) != draft_seal(4)
    with override_settings(SECRET_KEY="another"):
        other = draft_seal(3)
    assert other != draft_seal(3)


def test_nobody_who_is_not_signed_in_gets_one():
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    assert Template("{% draft_seal %}").render(Context({"request": request})) == ""
    assert Template("{% draft_seal %}").render(Context({})) == ""
