"""Two people at once: a step is signed once, a hazard is listed once."""

from __future__ import annotations

import pytest

from bihuan.accounts.models import User
from bihuan.core.tests.together import outcomes
from bihuan.duties.models import Duty
from bihuan.listings import actions
from bihuan.listings.models import Approval, ApprovalLine
from bihuan.listings.tests import factories as make
from bihuan.papers.models import Paper

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_who_sign_the_last_step_one_is_too_late(world):
    listing = make.submitted(world)
    actions.sign_step(make.running(listing), agreed=True, by=world.people.housing_leader)
    leader = make.county_leader(world)
    actions.sign_step(make.running(listing), agreed=True, by=leader)
    county = world.people.county_office
    papers = [make.paper(county), make.paper(county)]
    approval = make.running(listing).pk

    def sign(paper):
        def act() -> None:
            row = Approval.objects.select_related("listing__organization__region").get(pk=approval)
            actions.sign_step(row, agreed=True, paper=paper, by=User.objects.get(pk=county.pk))

        return act

    assert outcomes(sign(papers[0]), sign(papers[1])) == ["IllegalMove", "done"]
    assert Paper.objects.filter(kind="listing_order").count() == 1
    assert ApprovalLine.objects.filter(approval=approval).count() == 4
    assert Duty.objects.open().filter(kind="listing_rectify").count() == 1
    assert make.again(listing).status == "listed"


def test_agreed_and_sent_back_at_once_is_one_of_them(world):
    listing = make.submitted(world)
    approval = make.running(listing).pk
    person = world.people.housing_leader.pk

    def sign(agreed: bool):
        # Read while the step still waits: read after the other has signed, the step that waits is the next leader's,
        # and nobody else's (test_story).
        row = Approval.objects.select_related("listing__organization__region").get(pk=approval)
        by = User.objects.get(pk=person)

        def act() -> None:
            actions.sign_step(row, agreed=agreed, opinion="看法", by=by)

        return act

    assert outcomes(sign(True), sign(False)) == ["IllegalMove", "done"]
    assert ApprovalLine.objects.filter(approval=approval, position=1).count() == 1
