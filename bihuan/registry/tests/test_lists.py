"""Lists laid out as people want them, and given another filter."""

import pytest
from django.urls import reverse

from bihuan.audit.models import Event
from bihuan.registry import lists
from bihuan.registry.actions import change_status
from bihuan.registry.models import Enterprise, SharedList

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client, world):
    client.force_login(world.people.office)
    return client


def make(world, by=None, **changes):
    given = {
        "by": by or world.people.office, "name": "全部企业", "source": "registry.enterprises", "query": "", "columns": ["name", "risk"],
        "sharing": "area",
    }  # fmt: skip
    return lists.share(**given | changes)


def shown(client, shared):
    return [line["cells"][0] for line in client.get(shared.get_absolute_url()).context["lines"]]


def test_a_list_stands_in_the_order_chosen_on_the_page_and_on_paper(office, world):
    shop, station = (
        world.enterprises.shop,
        world.enterprises.station,
    )  # yellow restaurant, orange filling station
    Enterprise.objects.create(
        name="云溪宏泰化工厂",
        kind=shop.kind,
        city=shop.city,
        county=shop.county,
        locality=shop.locality,
        risk="red",
    )
    names = ["云溪宏泰化工厂", station.name, shop.name]
    latest = make(world)
    assert shown(office, latest) == names
    grave = make(world, name="按风险", order="risk")
    assert shown(office, grave) == names
    by_kind = make(world, name="按行业", order="kind")
    assert shown(office, by_kind) == [shop.name, "云溪宏泰化工厂", station.name]
    paper = office.get(reverse("registry:print_list", args=[by_kind.pk])).text
    assert paper.index(shop.name) < paper.index("云溪宏泰化工厂") < paper.index(station.name)
    assert make(world, name="乱写", order="'; drop").order == ""


def test_the_five_lists_come_laid_out(office, world):
    office.post(reverse("registry:standard_lists"))
    orders = dict(SharedList.objects.values_list("standard", "order"))
    assert orders["enterprises"] == "kind"
    assert orders["risks"] == "colour"
    assert orders["hazards"] == ""
    page = office.get(reverse("registry:edit_list", args=[SharedList.objects.get(standard="risks").pk])).text
    assert "按风险高低" in page


def test_an_old_list_is_given_another_filter(office, world):
    shared = make(world)
    page = office.get(reverse("registry:new_list") + "?source=registry.enterprises&risk=orange&cursor=x").text
    assert "换成这些条件" in page
    assert 'value="risk=orange"' in page
    sent = {"query": "risk=orange&cursor=x"}
    answer = office.post(reverse("registry:refilter_list", args=[shared.pk]), sent, follow=True)
    assert "已换成这些条件" in answer.text
    shared.refresh_from_db()
    assert (shared.query, shared.name, shared.columns) == ("risk=orange", "全部企业", ["name", "risk"])
    assert shown(office, shared) == [world.enterprises.station.name]
    event = Event.objects.filter(act="registry.list").latest("pk")
    assert "风险：橙" in event.summary
    again = office.post(reverse("registry:refilter_list", args=[shared.pk]), sent, follow=True)
    assert "已经是这些条件" in again.text


def test_whose_list_it_is_not_cannot_give_it_a_filter(client, world):
    shared = make(world)
    client.force_login(world.people.qingshi_officer)
    url = reverse("registry:refilter_list", args=[shared.pk])
    assert client.post(url, {"query": "risk=red"}).status_code == 403
    client.force_login(world.people.outsider)
    assert client.post(url, {"query": "risk=red"}).status_code == 403


@pytest.mark.parametrize(
    ("page", "link"),
    [
        ("registry:list", "source=registry.enterprises&amp;risk=red"),
        ("registry:risk_points", "source=registry.risk_points"),
        ("hazards:ledger", "source=hazards.hazards&amp;"),
        ("zones:list", "source=zones.zones"),
        ("registry:rechecks", "source=registry.rechecks&amp;state=open"),
    ],
)
def test_every_page_of_rows_can_be_kept_as_a_list(office, page, link):
    assert link in office.get(reverse(page) + "?risk=red").text


def test_what_is_to_be_gone_back_to_as_a_list(office, world):
    shop = world.enterprises.shop
    change_status(
        shop,
        "moved",
        by=world.people.office,
        reason="退城入园",
        document="云政办〔2026〕3号",
        moved_to="临江县化工园区2号",
    )
    columns = ["enterprise", "status", "moved_to", "months", "finding"]
    shared = make(
        world, name="复核", source="registry.rechecks", query="state=open", columns=columns, order="due"
    )
    page = office.get(shared.get_absolute_url())
    assert "待复核" in page.text
    assert [line["cells"] for line in page.context["lines"]] == [
        [shop.name, "搬迁", "临江县化工园区2号", months, "待复核"] for months in (1, 3, 6, 12)
    ]
    assert shown(office, make(world, name="逾期", source="registry.rechecks", query="state=overdue")) == []
