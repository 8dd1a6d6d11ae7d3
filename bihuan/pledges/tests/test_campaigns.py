"""Promises and self-checks of a campaign: whom it asks, who has answered, who has not."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from bihuan.campaigns.models import Campaign
from bihuan.core.errors import Refused
from bihuan.inspections.tests.factories import ink, make_campaign, photo, visit
from bihuan.pledges import actions, queries
from bihuan.pledges.models import Pledge
from bihuan.zones.models import ZoneMembership
from bihuan.zones.tests.factories import make_zone

from .factories import corrected, fire_form, make_signed, persons


@pytest.fixture
def gas(world):
    return make_campaign(world)


def sign_for(world, campaign) -> Pledge:
    shop = world.people.shop
    pledge = actions.start_draft(world.enterprises.shop, fire_form(), by=shop, campaign=campaign)
    actions.save_draft(pledge, values={"use_code": "10"}, persons=persons(), lines=[corrected()], by=shop)
    actions.sign(pledge, image=ink(), seal=[photo(shop)], by=shop)
    return Pledge.objects.get(pk=pledge.pk)


def test_a_promise_answers_a_campaign_that_covers_the_enterprise(world, gas, client):
    assert queries.campaigns_covering(world.enterprises.shop) == [gas.campaign]
    assert queries.campaigns_covering(world.enterprises.station) == []
    pledge = sign_for(world, gas.campaign)
    assert pledge.campaign == gas.campaign
    assert "云溪市城镇燃气安全专项整治方案" in str(pledge.paper.content)
    client.force_login(world.people.office)
    page = client.get(f"/campaigns/{gas.campaign.pk}/").content.decode()
    assert "签承诺书的企业" in page
    rows = client.get(f"/pledges/?campaign={gas.campaign.pk}&standing=1").content.decode()
    assert "好味来面馆" in rows
    assert "燃气专项整治" in rows
    assert queries.promised_enterprises(world.people.office, gas.campaign) == 1
    assert queries.promised_enterprises(world.people.outsider, gas.campaign) == 0


def test_a_promise_for_a_campaign_that_does_not_ask_is_refused(world, gas):
    gas.task.risks = ["red"]
    gas.task.save()
    with pytest.raises(Refused, match="没有把本企业列入"):
        actions.start_draft(world.enterprises.shop, fire_form(), by=world.people.shop, campaign=gas.campaign)


def test_a_renewal_follows_the_campaign_while_it_runs(world, gas):
    pledge = sign_for(world, gas.campaign)
    fresh = actions.start_draft(world.enterprises.shop, fire_form(), by=world.people.shop, renews=pledge)
    assert fresh.campaign == gas.campaign
    actions.withdraw(fresh, reason="稍后再签", by=world.people.shop)
    Campaign.objects.update(status="finished")
    again = actions.start_draft(world.enterprises.shop, fire_form(), by=world.people.shop, renews=pledge)
    assert again.campaign is None


def test_the_page_offers_the_campaign(world, gas, client):
    form = fire_form()
    client.force_login(world.people.shop)
    assert "按哪次行动的要求" in client.get("/pledges/").content.decode()
    client.post("/pledges/new/", {"form": form.pk, "campaign": gas.campaign.pk})
    assert Pledge.objects.get().campaign == gas.campaign


def test_a_task_of_a_zone_asks_only_what_lies_in_it(world, gas):
    zone = make_zone(world)
    gas.task.zone = zone
    gas.task.save()
    shop = world.enterprises.shop
    assert queries.walkable(shop) == []
    stay = ZoneMembership.objects.create(
        zone=zone, enterprise=shop, entered_on=timezone.localdate(), entered_by="place"
    )
    assert [each.task for each in queries.walkable(shop)] == [gas.task]
    stay.left_on, stay.left_by = timezone.localdate(), "place"
    stay.save()
    assert queries.walkable(shop) == []


def listed(client, query: str) -> set[str]:
    page = client.get(f"/registry/?{query}").content.decode()
    return {name for name in ("好味来面馆", "平安液化气") if name in page}


def test_the_list_of_enterprises_says_who_has_not_answered(world, gas, client):
    client.force_login(world.people.office)
    assert listed(client, "promise=none") == {"好味来面馆", "平安液化气"}
    assert listed(client, f"promise=none&task={gas.task.pk}") == {"好味来面馆"}
    assert listed(client, "self_check=none") == {"好味来面馆", "平安液化气"}
    actions.submit_self_check(visit(world, gas, world.people.shop, "pppp"), image=ink(), by=world.people.shop)
    pledge = sign_for(world, gas.campaign)
    assert listed(client, "promise=none") == {"平安液化气"}
    assert listed(client, "promise=standing") == {"好味来面馆"}
    assert listed(client, "promise=unverified") == {"好味来面馆"}
    assert listed(client, "self_check=none") == {"平安液化气"}
    assert listed(client, "self_check=done") == {"好味来面馆"}
    housing = world.people.housing
    actions.judge_line(pledge.lines.get(), "false", note="仍堆着", photos=[photo(housing)], by=housing)
    actions.conclude(Pledge.objects.get(pk=pledge.pk), by=housing)
    assert listed(client, "promise=false") == listed(client, "promise=objected") == {"好味来面馆"}
    assert listed(client, "promise=unverified") == set()
    Pledge.objects.update(valid_to=timezone.localdate() - dt.timedelta(days=1))
    assert listed(client, "promise=none") == {"好味来面馆", "平安液化气"}


def test_the_list_of_promises_shows_what_runs_out_and_is_not_renewed(world, client):
    pledge = make_signed(world)
    client.force_login(world.people.housing)
    assert "好味来面馆" not in client.get("/pledges/?ending=1").content.decode()
    Pledge.objects.update(valid_to=timezone.localdate() + dt.timedelta(days=30))
    assert "好味来面馆" in client.get("/pledges/?ending=1").content.decode()
    fresh = actions.start_draft(world.enterprises.shop, fire_form(), by=world.people.shop, renews=pledge)
    assert not Pledge.objects.running_out(on=timezone.localdate()).exists()
    actions.withdraw(fresh, reason="填错了", by=world.people.shop)
    assert list(Pledge.objects.running_out(on=timezone.localdate())) == [pledge]


def test_the_list_of_promises_flags_false_ones(world, client):
    pledge, housing = make_signed(world), world.people.housing
    actions.judge_line(
        pledge.lines.get(role="corrected"), "false", note="仍堆着", photos=[photo(housing)], by=housing
    )
    assert queries.pledges_with_false_claims([pledge]) == {pledge.pk: 1}
    client.force_login(housing)
    assert "有弄虚作假</span>" in client.get("/pledges/").content.decode()
    printed = client.get(f"/pledges/{pledge.pk}/print/").content.decode()
    assert "逐项核查（云溪市住房和城乡建设局）" in printed
    assert "弄虚作假" in printed
    assert printed.count("李建明") == 1


def test_a_draft_is_printed_by_its_writers_to_be_stamped(world, client):
    shop = world.people.shop
    pledge = actions.start_draft(world.enterprises.shop, fire_form(), by=shop)
    actions.save_draft(pledge, values={"use_code": "10"}, persons=persons(), lines=[corrected()], by=shop)
    client.force_login(shop)
    page = client.get(f"/pledges/{pledge.pk}/print/").content.decode()
    assert "草稿，签署并报送后生效" in page
    assert "☑10、饭店、餐厅" in page
    assert "扫码核验" not in page
    client.force_login(world.people.housing)
    assert client.get(f"/pledges/{pledge.pk}/print/").status_code == 404
    actions.withdraw(pledge, reason="重写", by=shop)
    client.force_login(shop)
    assert client.get(f"/pledges/{pledge.pk}/print/").status_code == 404
