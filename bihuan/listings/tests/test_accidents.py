"""The investigation of an accident, listed by the level its grade says (R095)."""

from __future__ import annotations

import pytest

from bihuan.accidents.models import Accident
from bihuan.accidents.tests.factories import reported
from bihuan.core.errors import Refused
from bihuan.inspections.tests.factories import photo
from bihuan.listings import actions, queries
from bihuan.listings.tests import factories as make

pytestmark = pytest.mark.django_db


def test_an_investigation_is_listed_and_ends_only_when_it_is_closed(world):
    accident = reported(world)
    office = world.people.office
    assert list(queries.accidents_to_list(office, on=make.today())) == [accident]
    subject = actions.subject_of_accident(accident, world.organizations.housing)
    listing = actions.begin_listing(subject, level="city", due_on=make.later(50), told=make.TOLD, by=office)
    assert not queries.accidents_to_list(office, on=make.today()).exists()
    actions.submit_listing(listing, by=office)
    actions.sign_step(make.running(listing), agreed=True, by=world.people.office_leader)
    actions.sign_step(make.running(listing), agreed=True, paper=make.paper(office), by=office)
    listing = make.again(listing)
    assert listing.status == "listed"
    housing = world.people.housing
    words = dict.fromkeys(
        [*make.ASSURED, "goals", "methods", "funding", "staffing", "schedule", "safety"], "已安排"
    )
    actions.file_plan(listing, words=words, by=housing)
    actions.apply_for_examination(
        make.again(listing),
        finished_on=make.today(),
        text="调查报告已批复",
        photos=[photo(housing)],
        by=housing,
    )
    given = {
        "examined_on": make.today(), "passed": True, "opinion": "已结案", "by": office,
        "team": [
            actions.Examiner(world.organizations.office, "赵安和"),
            actions.Examiner(world.organizations.market, "吴正规", "", make.ink()),
        ],
    }  # fmt: skip
    with pytest.raises(Refused, match="结案以后"):
        actions.record_examination(make.again(listing), **given)
    Accident.objects.filter(pk=accident.pk).update(status="settled")
    actions.record_examination(make.again(listing), **given)
    assert make.again(listing).status == "delisting"
