"""The walk of an enterprise over a list of the library: the same question as an inspector's."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.tests.world import make_world, sign_in
from bihuan.campaigns.models import Checklist
from bihuan.checklists import actions as library
from bihuan.core.sealing import draft_seal
from bihuan.inspections.tests.test_library_visits import BOOK

pytestmark = pytest.mark.django_db


def test_an_enterprise_measures_as_an_inspector_does(client):
    """With the line for a reason beside the number: a number that fails is passed only with one."""
    world = make_world()
    office = world.people.office
    version = library.create_book(world.organizations.office, BOOK, sector="gas", by=office)
    library.publish(version, effective_from=timezone.localdate(), seen=0, by=office)
    checklist = Checklist.objects.get(book_version=version)
    sign_in(client, world.people.shop)
    page = client.get(reverse("pledges:walk"), {"list": checklist.pk})
    text = page.content.decode()
    # The key of its drafts stays out of the browser's files.
    assert f'data-draft-seal="{draft_seal(world.people.shop.pk)}"' in text
    assert "no-store" in page["Cache-Control"]
    for words in ('data-comparator="&lt;="', 'name="q1-note"', 'name="q1-measured"', "data-alone"):
        assert words in text, words
