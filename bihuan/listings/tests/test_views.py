"""Pages of listings: what they show to whom, what the public sees, and forms that come back whole."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.actions.security import create_token
from bihuan.accounts.tests.world import sign_in
from bihuan.core.errors import Refused
from bihuan.hazards import actions as hazard_actions
from bihuan.hazards.models import Hazard
from bihuan.hazards.tests.factories import make_hazard, make_major
from bihuan.inspections.tests.factories import ink
from bihuan.listings import actions, queries
from bihuan.listings.models import Listing
from bihuan.listings.tests import factories as make

pytestmark = pytest.mark.django_db


def page(client, user, url: str) -> str:
    answer = sign_in(client, user).get(url)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


@pytest.mark.parametrize(
    "stage", ["drafted", "submitted", "listed", "planned", "applied", "evaluated", "examined", "struck_off"]
)
def test_the_page_says_first_who_must_do_what_by_when(client, world, stage):
    listing = getattr(make, stage)(world)
    text = page(client, world.people.county_office, listing.get_absolute_url())
    assert text.index("谁、要做什么、什么时候") < text.index("督办事项</h2>")
    assert "listing_" not in text.replace("/listings/", "")


def test_the_report_begins_from_a_major_hazard_with_what_is_known(client, world):
    hazard, _ = make_major(world), make_hazard(world)
    housing = world.people.housing
    text = page(client, housing, reverse("listings:candidates"))
    assert hazard.number in text
    assert text.count("?hazard=") == 1
    url = f"{reverse('listings:begin')}?hazard={hazard.pk}"
    assert "云溪区好味来面馆气瓶间与厨房连通" in page(client, housing, url)
    wrong = client.post(url, make.TOLD | {"level": "county", "due_on": make.later(-1).isoformat()})
    assert wrong.status_code == 422
    assert "整改期限应在" in wrong.content.decode()
    answer = client.post(url, make.TOLD | {"level": "county", "due_on": make.later(60).isoformat()})
    assert answer.status_code == 302
    assert "?hazard=" not in page(client, housing, reverse("listings:candidates"))


def test_a_general_hazard_cannot_be_reported(client, world):
    hazard = make_hazard(world)
    answer = sign_in(client, world.people.housing).get(
        f"{reverse('listings:begin')}?hazard={hazard.pk}", follow=True
    )
    assert "不是重大隐患" in answer.content.decode()


def test_pressed_twice_the_page_signs_one_step_of_two(client, world):
    listing = make.submitted(world)
    approval = make.running(listing)
    approval.steps[2] = approval.steps[1] | {"label": "再签"}
    approval.save(update_fields=["steps"])
    shown = page(client, world.people.housing_leader, listing.get_absolute_url())
    step = re.search(r'name="step" value="([^"]+)"', shown)
    url = reverse("listings:act", args=[listing.pk, "sign"])
    given = {"agreed": "yes", "signature": ink(), "step": step[1]}
    assert client.post(url, given).status_code == 302
    again = client.post(url, given)
    assert again.status_code == 422
    assert "这一步刚刚签过" in again.content.decode()
    assert make.running(listing).position == 2


def test_a_step_is_signed_on_the_page(client, world):
    listing = make.submitted(world)
    url = reverse("listings:act", args=[listing.pk, "sign"])
    sign_in(client, world.people.housing_leader)
    refused = client.post(url, {"agreed": "no", "opinion": ""})
    assert refused.status_code == 422
    assert "须填写理由" in refused.content.decode()
    assert client.post(url, {"agreed": "yes", "signature": ink()}).status_code == 302
    # The next step is another body's.
    assert client.post(url, {"agreed": "yes"}).status_code == 403
    assert sign_in(client, world.people.shop).post(url, {"agreed": "yes"}).status_code == 404


def test_the_owner_sees_its_own_listing_and_what_to_file_next(client, world):
    listing = make.listed(world)
    text = page(client, world.people.shop, listing.get_absolute_url())
    for words in ("签收挂牌督办通知书", "治理方案备案", "报告进展", "六项内容和五落实缺一不可"):
        assert words in text
    for words in ("现场审查</a>", "公布挂牌公告", "登记领导督办"):
        assert words not in text
    # What the house writes to itself is not the enterprise's to read.
    for words in (listing.reason, "经办人呈报", "政府领导签批", "呈报挂牌"):
        assert words not in text, words
    listed = page(client, world.people.shop, reverse("listings:list"))
    assert listing.title in listed
    assert "呈报挂牌" not in listed


def test_the_public_sees_only_what_was_published_and_nothing_personal(client, world):
    listing = make.listed(world)
    url = reverse("listings:public", args=[listing.code])
    assert client.get(url).status_code == 404
    assert listing.public_text not in client.get(reverse("listings:register")).content.decode()
    notice = listing.notices.get()
    actions.publish(notice, medium="区政府网站", published_on=make.today(), by=world.people.county_office)
    text = client.get(url).content.decode()
    for words in (listing.public_text, "蒋好味（负责人）", "云溪区人民政府", "区政府网站"):
        assert words in text
    for words in (listing.reason, listing.demand, "李建明", "周为民", "换管", listing.get_absolute_url()):
        assert words not in text, words
    assert listing.public_text in client.get(reverse("listings:register")).content.decode()
    assert "没有已公布" in client.get(reverse("listings:register") + "?region=539721").content.decode()


def test_the_sign_carries_place_deadline_person_and_code_on_both_sizes(client, world):
    listing = make.listed(world)
    for size in ("a4", "a3"):
        text = page(client, world.people.county_office, f"/listings/{listing.pk}/board/?size={size}")
        for words in (listing.place, "蒋好味", "云溪区人民政府", "<svg", f"is-{size}"):
            assert words in text
        answer = client.get(f"/listings/{listing.pk}/board.pdf?size={size}")
        assert answer["Content-Type"] == "application/pdf"
        assert answer.content.startswith(b"%PDF")
    draft = make.drafted(world, hazard=make_major(world))
    assert "不得悬挂" in page(client, world.people.housing, f"/listings/{draft.pk}/board/")


def test_the_list_counts_filters_and_leaves(client, world, django_assert_max_num_queries):
    listing = make.listed(world)
    make.drafted(world, hazard=make_major(world), title="另一件")
    Listing.objects.filter(pk=listing.pk).update(due_on=make.later(-1), progress_due_on=make.later(-1))
    office = sign_in(client, world.people.office)
    for query, found in (
        ("state=overdue", True), ("state=no_progress", True), ("state=hanging", True), ("state=draft", False),
        ("level=city", False), ("kind=hazard", True), ("q=占压", True), ("region=539702001", True),
        ("region=539721", False),
    ):  # fmt: skip
        text = office.get(f"/listings/?{query}").content.decode()
        assert (listing.title in text) == found, query
    text = office.get(listing.get_absolute_url()).content.decode()
    assert "逾期未摘牌" in text
    assert "缺报进展" in text
    assert office.get("/listings/export/?state=overdue").status_code in (200, 302)


def test_the_list_asks_as_often_for_many_as_for_one(client, world):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    make.drafted(world)
    office = sign_in(client, world.people.office)
    office.get("/listings/")
    with CaptureQueriesContext(
        connection,
    ) as one:
        office.get("/listings/")
    for number in range(3):
        make.drafted(world, hazard=make_major(world), title=f"第 {number} 件")
    with CaptureQueriesContext(connection) as many:
        office.get("/listings/")
    assert len(many) == len(one)


def test_an_office_chooses_its_clocks_and_its_chain(client, world):
    county = world.people.county_office
    url = reverse("listings:policies")
    text = page(client, county, url)
    for words in ("宁波口径", "青岛口径", "湖北口径", "20 个工作日", "待核对"):
        assert words in text
    given = {"what": "clocks", "rule_set": "qingdao", "document": "云区安〔2026〕2号"}
    assert client.post(url, given | {"effective_from": make.later(-1).isoformat()}).status_code == 422
    assert client.post(url, given | {"effective_from": make.today().isoformat()}).status_code == 302
    chain = {
        "what": "chain", "kind": "hazard", "purpose": "list", "document": "云区安〔2026〕2号",
        "effective_from": make.today().isoformat(), "step1-label": "主管部门会签", "step1-who": "department_leader",
        "step2-label": "办公室签发", "step2-who": "office_leader",
    }  # fmt: skip
    assert client.post(url, chain | {"step2-who": "office_officer"}).status_code == 422
    assert client.post(url, chain).status_code == 302
    listing = make.submitted(world)
    assert listing.rule_set == "qingdao"
    assert [step["label"] for step in make.running(listing).steps] == ["主管部门会签", "办公室签发"]
    # The city's own listings keep the city's rules.
    city = make.drafted(world, hazard=make_major(world), level="city")
    assert city.rule_set == "national"


def test_a_slow_locality_is_proposed_and_listed_by_the_one_above(client, world):
    today = timezone.localdate()
    for _ in range(5):
        hazard = make_hazard(world)
        Hazard.objects.filter(pk=hazard.pk).update(
            found_on=today - dt.timedelta(days=40), due_on=today - dt.timedelta(days=2)
        )
    county = world.people.county_office
    slow = queries.slow_localities(county, on=today)
    assert [each.region.name for each in slow] == ["青石街道"]
    assert queries.slow_localities(world.people.housing, on=today) == []
    sign_in(client, county)
    url = f"{reverse('listings:begin')}?region=539702001"
    given = make.TOLD | {
        "level": "county", "due_on": make.later(60).isoformat(), "owner": world.organizations.qingshi.pk,
    }  # fmt: skip
    assert "青石街道隐患整改进展缓慢" in client.get(url).content.decode()
    assert client.post(url, given).status_code == 302
    listing = Listing.objects.get()
    assert (listing.kind, listing.owner) == ("locality", world.organizations.qingshi)
    assert queries.slow_localities(county, on=today) == []
    actions.submit_listing(listing, by=county)
    actions.sign_step(make.running(listing), agreed=True, by=make.county_leader(world))
    actions.sign_step(make.running(listing), agreed=True, paper=make.paper(county), by=county)
    text = page(client, world.people.qingshi_officer, listing.get_absolute_url())
    assert "治理方案备案" in text
    assert "推进措施" in text


def test_another_system_reads_listings_through_the_interface(client, world):
    listing = make.listed(world)
    Listing.objects.filter(pk=listing.pk).update(due_on=make.later(-1))
    _, token = create_token(world.people.office, name="上级平台", expires_on=make.later(30))
    read = {"headers": {"Authorization": f"Bearer {token}"}}
    rows = client.get("/api/v1/listings?overdue=true", **read).json()["items"]
    assert [(row["id"], row["is_overdue"], row["order_number"]) for row in rows] == [
        (listing.pk, True, listing.order.number)
    ]
    assert client.get("/api/v1/listings?level=city", **read).json()["items"] == []
    assert client.get(f"/api/v1/listings/{listing.pk}", **read).json()["progress_reports"] == []


def test_the_page_of_a_hazard_leads_to_its_listing_and_takes_no_mark_off_behind_its_back(client, world):
    listing = make.listed(world)
    hazard = listing.hazard
    text = page(client, world.people.county_office, hazard.get_absolute_url())
    assert f'href="{listing.get_absolute_url()}">查看挂牌</a>' in text
    assert "挂牌呈报" not in text
    # Closed in the ledger while the listing still hangs: only its own chain ends it.
    type(hazard).objects.filter(pk=hazard.pk).update(
        status="closed", closed_on=hazard.found_on, closed_at=timezone.now()
    )
    hazard.refresh_from_db()
    assert "撤下标记" not in page(client, world.people.county_office, hazard.get_absolute_url())
    with pytest.raises(Refused, match="挂牌督办程序"):
        hazard_actions.lift_old_mark(hazard, reason="直接摘", by=world.people.county_office)
    hazard.refresh_from_db()
    assert hazard.is_supervised


def test_the_report_of_a_listing_begins_on_the_page_of_a_major_hazard(client, world):
    hazard = make_major(world)
    text = page(client, world.people.housing, hazard.get_absolute_url())
    assert f'href="{reverse("listings:begin")}?hazard={hazard.pk}">挂牌呈报</a>' in text
    assert "挂牌呈报" not in page(client, world.people.shop, hazard.get_absolute_url())


def test_the_list_of_a_year_holds_what_was_listed_in_it(client, world):
    """R091: 年度挂牌清单."""
    listing = make.listed(world)
    year = listing.listed_on.year
    user = world.people.county_office
    assert listing.get_absolute_url() in page(client, user, f"{reverse('listings:list')}?year={year}")
    before = page(client, user, f"{reverse('listings:list')}?year={year - 1}")
    assert listing.get_absolute_url() not in before
    assert "挂牌年度" in before
    assert listing.get_absolute_url() in page(client, user, f"{reverse('listings:list')}?year=99999")
