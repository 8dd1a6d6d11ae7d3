"""The pages: everybody's own, forms that say what is wrong, constant queries, nothing personal in public."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from bihuan.accounts.tests.world import World
from bihuan.office import actions
from bihuan.office.tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def enter(client: Client):
    def as_user(user) -> Client:
        client.force_login(user)
        return client

    return as_user


def text(answer) -> str:
    return answer.content.decode()


def test_every_page_opens_for_the_inspectorate(world: World, enter) -> None:
    with make.on(make.EARLY):
        plan = make.confirmed(world, "一", "二")
        left = make.unfinished(world, make.item(plan))
        world_matter = make.asked(world)
        promise = make.commitment(world)
        actions.publish(promise, by=world.people.qingshi_officer)
        actions.arrange_unit(world.organizations.market, from_month=make.MONTH, by=world.people.office_leader)
    with make.on(make.AFTER):
        circular = actions.draft_circular(make.MONTH, by=world.people.inspectorate)
        analysis = actions.begin_analysis(
            world.organizations.qingshi, make.MONTH, by=world.people.qingshi_officer
        )
        matter = make.served(world)
        visitor = enter(world.people.inspectorate)
        addresses = [
            reverse("office:plans") + "?month=2026-10", plan.get_absolute_url(), left.get_absolute_url(),
            reverse("office:items"), reverse("office:items") + "?state=carried&cause=staff", reverse("office:units"),
            reverse("office:circulars"), circular.get_absolute_url(),
            reverse("office:circular_rows", args=[circular.pk]) + "?cell=all", reverse("office:analyses"),
            analysis.get_absolute_url(), reverse("office:asked_list"), world_matter.get_absolute_url(),
            reverse("office:commitments"), promise.get_absolute_url(), promise.public_url, reverse("office:public_list"),
            reverse("office:conduct_list"), reverse("office:open_conduct"), matter.get_absolute_url(),
            reverse("office:catalogue"), reverse("office:plans") + "?month=9999-99",
        ]  # fmt: skip
        for address in addresses:
            answer = visitor.get(address)
            assert answer.status_code == 200, address
