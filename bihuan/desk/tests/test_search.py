"""The search page: within view, by words, numbers and titles, best first, at a constant price."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from bihuan.campaigns.models import Campaign, PlanDocument
from bihuan.desk.searching import results
from bihuan.hazards.actions import record_hazard


@pytest.fixture
def hazard(world):
    with open("/dev/null", "w") as nowhere:
        call_command("search", "rebuild", stdout=nowhere)
    return enter(world, "连接软管超过两米")


def enter(world, description, **more):
    return record_hazard(
        enterprise=world.enterprises.shop, source="inspection", description=description, location="后厨",
        found_on=timezone.localdate() - dt.timedelta(days=3), by=world.people.inspector,
        found_organization=world.organizations.qingshi, **more,
    )  # fmt: skip


def titles(user, text) -> dict[str, list[str]]:
    return {
        section.label: ["".join(piece.text for piece in hit.title) for hit in section.hits]
        for section in results(user, text)
    }


def test_an_enterprise_is_found_by_its_name_and_so_are_its_hazards(world, hazard):
    found = titles(world.people.office, "好味来")
    assert found["企业"] == [world.enterprises.shop.name]
    assert found["隐患"] == [f"{hazard.number} 连接软管超过两米"]


@pytest.mark.parametrize("query", ["软管", "軟管", "管超", "软管 后厨", "后厨 好味"])
def test_a_hazard_is_found_by_words_anywhere_in_it(world, hazard, query):
    assert list(titles(world.people.office, query)["隐患"]) == [f"{hazard.number} 连接软管超过两米"]


def test_a_number_finds_its_hazard_first(world, hazard):
    for text in (hazard.number, f"{hazard.pk:07d}"):
        assert titles(world.people.inspector, text)["编号"] == [f"{hazard.number} 连接软管超过两米"]


@pytest.mark.parametrize("query", ["软管", "好味来", "number"])
def test_outsiders_find_nothing(world, hazard, query):
    assert results(world.people.outsider, hazard.number if query == "number" else query) == []


@pytest.mark.parametrize("query", ["", "  ", "，。", "%", "_", "'", '"', "*", "软管 不存在"])
def test_what_is_nowhere_is_not_found(client, world, hazard, query):
    client.force_login(world.people.office)
    page = client.get(reverse("desk:search"), {"q": query})
    assert page.status_code == 200
    assert page.context["sections"] == []


def test_a_campaign_is_found_by_its_title(world, hazard):
    plan = PlanDocument.objects.create(
        region=world.city,
        title="方案",
        text="正文",
        uploaded_by=world.people.office,
        uploaded_at=timezone.now(),
    )
    Campaign.objects.create(
        plan=plan, region=world.city, office=world.organizations.office, title="云溪市燃气专项整治",
        short_title="燃气", published_by=world.people.office, published_at=timezone.now(),
    )  # fmt: skip
    assert titles(world.people.office, "燃气专项")["专项整治"] == ["云溪市燃气专项整治"]


def test_a_heading_with_the_words_comes_before_a_newer_text_with_them(world, hazard):
    enter(world, "灭火器失效", basis="依据连接软管的规定")
    assert [title.split(" ")[1] for title in titles(world.people.office, "软管")["隐患"]] == [
        "连接软管超过两米",
        "灭火器失效",
    ]


def test_the_page_marks_the_words_and_leads_to_the_list(client, world, hazard):
    for number in range(8):
        enter(world, f"软管老化第{number}处")
    client.force_login(world.people.office)
    page = client.get(reverse("desk:search"), {"q": "软管"}).content.decode()
    assert "连接<mark>软管</mark>超过两米" not in page.split("第0处")[0]
    assert "<mark>软管</mark>老化第7处" in page
    assert f"{reverse('hazards:ledger')}?q=%E8%BD%AF%E7%AE%A1" in page


def test_the_page_costs_the_same_with_more_hazards(client, world, hazard, django_assert_max_num_queries):
    client.force_login(world.people.office)
    client.get(reverse("desk:search"), {"q": "软管"})
    for number in range(8):
        enter(world, f"软管老化第{number}处")
    with django_assert_max_num_queries(30):
        client.get(reverse("desk:search"), {"q": "软管"})
