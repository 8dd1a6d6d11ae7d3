"""What a plan draws in words is offered to whoever draws zones, until it is drawn (R008)."""

import pytest
from django.urls import reverse

from bihuan.campaigns.models import Campaign
from bihuan.inspections.tests.factories import make_campaign
from bihuan.plans import compile_plan
from bihuan.zones.kinds import ensure_zone_kinds
from bihuan.zones.models import ZoneVersion

pytestmark = pytest.mark.django_db
TEXT = """云溪市高污染燃料禁燃区整治方案
一、整治范围
东起云溪大道，南至滨河南路，西至清风路，北至环城北路（以下简称“禁燃区”）。
二、工作要求
各单位按职责分工落实。
"""
VERTICES = "103.5, 30.2\n103.6, 30.2\n103.6, 30.3\n103.5, 30.3"


@pytest.fixture
def campaign(world):
    ensure_zone_kinds()
    make_campaign(world)
    campaign = Campaign.objects.get()
    campaign.plan.text = TEXT
    campaign.plan.compiled = compile_plan(TEXT.encode(), "方案.txt").to_json()
    campaign.plan.save()
    Campaign.objects.filter(pk=campaign.pk).update(doc_no="云政办〔2026〕8号")
    return campaign


def test_a_plan_s_area_is_offered_filled_in_and_leaves_when_drawn(client, world, campaign):
    client.force_login(world.people.office)
    page = client.get(reverse("zones:list"))
    (offered,) = page.context["proposals"]
    assert offered.name == "禁燃区"
    assert offered.words == "东起云溪大道，南至滨河南路，西至清风路，北至环城北路"
    assert "燃气专项整治" in page.text
    form = client.get(offered.draw_url)
    assert "东起云溪大道" in form.text
    assert "云政办〔2026〕8号" in form.text
    assert form.context["form"]["kind"].value() == "no_burning"
    sent = {
        "kind": "no_burning", "name": "中心城区禁燃区", "region": "5397", "valid_from": "2026-01-01", "vertices": VERTICES,
        "crs": "cgcs2000", "boundary_words": offered.words,
    }  # fmt: skip
    assert client.post(reverse("zones:create"), sent).status_code == 302
    assert ZoneVersion.objects.get().boundary_words == offered.words
    assert client.get(reverse("zones:list")).context["proposals"] == []


def test_nothing_is_offered_to_those_who_draw_nothing_nor_of_what_is_over(client, world, campaign):
    client.force_login(world.people.inspector)
    assert client.get(reverse("zones:list")).context["proposals"] == []
    Campaign.objects.update(status=Campaign.Status.FINISHED)
    client.force_login(world.people.office)
    assert client.get(reverse("zones:list")).context["proposals"] == []
