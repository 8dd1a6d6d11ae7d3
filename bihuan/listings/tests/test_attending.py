"""What the listing body owes besides, what readers are told, who reads what is inside, and what hangs on one sheet."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from bihuan.accidents.models import Accident
from bihuan.accidents.tests.factories import reported, under_inquiry
from bihuan.accounts.tests.world import sign_in
from bihuan.audit.actions import chain_of
from bihuan.core.errors import Refused
from bihuan.duties.models import Duty
from bihuan.hazards import actions as hazards
from bihuan.hazards.models import Hazard
from bihuan.hazards.tests.factories import SIX_PARTS, make_hazard, make_major
from bihuan.inspections.tests.factories import ink
from bihuan.listings import actions, queries, signs, stalled
from bihuan.listings.models import Listing, PublicNotice
from bihuan.listings.tests import factories as make
from bihuan.papers.models import Paper

pytestmark = pytest.mark.django_db
VISIT = {
    "visited_on": None, "leader_name": "何分管", "leader_title": "副区长", "organization": None, "found": "棚已拆一半",
}  # fmt: skip


def page(client, user, url: str) -> str:
    answer = sign_in(client, user).get(url)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def duty(listing: Listing, kind: str) -> Duty | None:
    return Duty.objects.open().filter(subject=chain_of(listing), kind=kind).first()


def test_the_office_above_is_told_within_three_working_days(world):
    # Listed on Monday 2 March 2026: Tuesday, Wednesday, Thursday.
    with time_machine.travel(dt.datetime(2026, 3, 2, 2, tzinfo=dt.UTC)):
        listing = make.listed(world, due_on=dt.date(2026, 6, 30))
        owed = duty(listing, "listing_report")
        assert (owed.organization, owed.due_on) == (
            world.organizations.county_office,
            dt.date(2026, 3, 5),
        )
        assert "报上级安委办备案" in owed.title
        actions.report_up(listing, note="云区安办〔2026〕9号", by=world.people.county_office)
        assert duty(listing, "listing_report") is None
        # Above the city there is no office here: nobody owes a report.
        city = make.listed_by_city(world, hazard=make_major(world), due_on=dt.date(2026, 6, 30))
        assert duty(city, "listing_report") is None


def test_a_leader_looks_at_the_place_within_thirty_days_and_guidance_is_no_such_look(world):
    with time_machine.travel(dt.datetime(2026, 3, 2, 2, tzinfo=dt.UTC)):
        listing = make.listed(world, due_on=dt.date(2026, 6, 30))
        assert duty(listing, "listing_visit").due_on == dt.date(2026, 4, 1)
        given = VISIT | {"visited_on": make.today(), "by": world.people.county_office}
        actions.record_visit(listing, kind="guidance", **given)
        assert duty(listing, "listing_visit") is not None
        actions.record_visit(listing, kind="leader", **given)
        assert duty(listing, "listing_visit") is None


@pytest.mark.parametrize("size", ["a4", "a3"])
def test_the_sign_is_one_sheet_however_much_it_has_to_say(world, size):
    listing = make.listed(world)
    assert len(signs.sheets(listing, size=size).pages) == 1
    longest = {
        "public_text": "险" * 300, "place": "处" * 160, "owner_name": "企" * 120, "person_name": "名" * 60,
        "person_title": "职" * 60,
    }  # fmt: skip
    Listing.objects.filter(pk=listing.pk).update(**longest)
    assert len(signs.sheets(make.again(listing), size=size).pages) == 1


def test_the_code_on_the_sign_leads_to_the_public_address_wherever_it_was_printed(world, settings):
    settings.PUBLIC_URL = "https://anwei.example"
    listing = make.listed(world)
    assert signs.public_address(listing) == f"https://anwei.example/listings/public/{listing.code}/"


def test_nobody_is_named_any_more_once_the_end_has_been_public_for_its_days(client, world):
    listing = make.struck_off(world)
    county = world.people.county_office
    for notice in listing.notices.all():
        notice.listing = listing
        actions.publish(notice, medium="区政府网站", published_on=make.today(), by=county)
    url, register = reverse("listings:public", args=[listing.code]), reverse("listings:register")
    for address in (url, register):
        assert "蒋好味" in client.get(address).content.decode()
    PublicNotice.objects.filter(listing=listing, purpose="delisting").update(
        published_on=make.later(-20), ends_on=make.later(-1)
    )
    for address in (url, register):
        text = client.get(address).content.decode()
        assert "蒋好味" not in text
        assert listing.public_text in text
        assert "公示期" in text


def test_the_public_reads_whom_to_call_and_that_more_time_was_granted(client, world):
    listing = make.planned(world)
    notice = listing.notices.get()
    notice.listing = listing
    actions.publish(notice, medium="区政府网站", published_on=make.today(), by=world.people.county_office)
    url = reverse("listings:public", args=[listing.code])
    text = client.get(url).content.decode()
    assert "12350" in text
    assert "原期限" not in text
    actions.request_extension(
        listing, to=make.later(100), reason="停气窗口未定", interim_measures="停用", by=world.people.shop
    )
    actions.sign_step(make.running(listing), agreed=True, by=make.county_leader(world))
    assert "原期限" in client.get(url).content.decode()


def test_the_governments_leader_signs_by_hand_or_the_office_as_charged_by_it(client, world):
    listing = make.listed(world)
    first, second = listing.letters.select_related("listing__organization__region", "giver", "receiver")
    head, street = make.county_leader(world), world.people.qingshi_leader
    with pytest.raises(Refused, match="姓名、职务"):
        actions.sign_letter(first, "sign_giver", signer_name="何分管", image=ink(), by=head)
    text = page(client, head, first.get_absolute_url())
    assert "政府领导本人签字的" in text
    given = {"move": "sign_giver", "signer_name": "何分管", "signer_title": "副区长", "signature": ink()}
    assert client.post(first.get_absolute_url(), given).status_code == 302
    first.refresh_from_db()
    actions.sign_letter(first, "sign_receiver", image=ink(), by=street)
    said = str(first.paper.content)
    assert "何分管" in said
    assert "委托" not in said
    # Between two others nobody signs for a government.
    assert "政府领导本人签字的" not in page(client, street, second.get_absolute_url())
    other = make.listed(world, hazard=make_major(world))
    letter = other.letters.select_related("listing__organization__region", "giver", "receiver").first()
    actions.sign_letter(letter, "sign_giver", by=head)
    actions.sign_letter(letter, "sign_receiver", by=street)
    assert "受云溪区人民政府委托" in str(letter.paper.content)


def test_a_letter_both_have_signed_is_served(world):
    listing = make.listed(world)
    letter = listing.letters.select_related("listing__organization__region", "giver", "receiver").first()
    actions.sign_letter(letter, "sign_receiver", image=ink(), by=world.people.qingshi_leader)
    actions.sign_letter(letter, "sign_giver", by=make.county_leader(world))
    assert (
        Paper.objects.get(pk=letter.paper_id).receipt.receiver_name == world.people.qingshi_leader.full_name
    )


def test_what_is_drafted_against_a_locality_is_read_there_once_it_hangs_and_never_from_inside(client, world):
    county, street = world.people.county_office, world.people.qingshi_officer
    subject = actions.subject_of_locality(world.regions.qingshi, world.organizations.qingshi)
    listing = actions.begin_listing(
        subject,
        level="county",
        due_on=make.later(60),
        told=make.TOLD | {"reason": "三次提醒没有改进"},
        by=county,
    )
    actions.submit_listing(listing, by=county)
    actions.sign_step(make.running(listing), agreed=True, opinion="从严督办", by=make.county_leader(world))
    seen = Listing.objects.filter(pk=listing.pk)
    assert not seen.visible_to(street).exists()
    assert seen.visible_to(world.people.office).exists()
    actions.sign_step(make.running(listing), agreed=True, paper=make.paper(county), by=county)
    text = page(client, street, listing.get_absolute_url())
    assert "治理方案备案" in text
    for words in ("三次提醒没有改进", "从严督办", "安委办负责人审核"):
        assert words not in text, words
    assert "从严督办" in page(client, county, listing.get_absolute_url())


def test_a_street_follows_what_it_reported_itself_to_the_county(world):
    street = world.people.qingshi_officer
    listing = make.submitted(world, by=street)
    assert Listing.objects.visible_to(street).filter(pk=listing.pk).exists()
    assert not Listing.objects.visible_to(world.people.baita_leader).filter(pk=listing.pk).exists()


def test_a_plan_sent_back_is_filed_anew_with_what_was_written(client, world):
    listing = make.listed(world)
    shop = world.people.shop
    actions.file_plan(listing, words=SIX_PARTS | make.ASSURED, causes="棚压管", danger="须停气", by=shop)
    hazard = Hazard.objects.get(pk=listing.hazard_id)
    text = page(client, world.people.county_office, listing.get_absolute_url())
    assert "治理方案在审查" in text
    assert "审查治理方案" in text
    hazards.review_major_plan(
        hazard.major_plans.get(approved=None),
        approved=False,
        opinion="没有应急措施",
        by=world.people.housing_leader,
    )
    text = page(client, shop, listing.get_absolute_url())
    assert "治理方案被退回" in text
    assert "修改后重新备案治理方案" in text
    assert SIX_PARTS["goals"] in text
    url = reverse("listings:act", args=[listing.pk, "plan"])
    given = SIX_PARTS | make.ASSURED | {"safety": "停气隔离，配备灭火器并演练"}
    assert client.post(url, given).status_code == 302
    assert listing.plans.count() == 2
    assert Hazard.objects.get(pk=hazard.pk).status == "plan_review"


def test_the_page_says_why_it_came_back_and_what_is_lacking(client, world):
    listing = make.submitted(world)
    actions.sign_step(make.running(listing), agreed=False, opinion="期限太宽", by=world.people.housing_leader)
    text = page(client, world.people.housing, listing.get_absolute_url())
    assert "退回修改。" in text
    assert "期限太宽。按意见修改后重新呈报。" in text
    actions.submit_listing(make.again(listing), by=world.people.housing)
    actions.sign_step(make.running(listing), agreed=True, by=world.people.housing_leader)
    actions.sign_step(make.running(listing), agreed=True, by=make.county_leader(world))
    county = world.people.county_office
    actions.sign_step(make.running(listing), agreed=True, paper=make.paper(county), by=county)
    text = page(client, county, listing.get_absolute_url())
    assert "通知书还没有签收" in text
    assert "登记送达" in text
    assert "登记送达" not in page(client, world.people.shop, listing.get_absolute_url())


def test_a_bad_verdict_and_a_missing_report_stand_above_the_work(client, world):
    applied = make.applied(world)
    county = world.people.county_office
    assert "还缺整改效果评价报告" in page(client, county, applied.get_absolute_url())
    actions.file_effect_report(applied, **make.EFFECT, by=world.people.shop)
    assert "还缺整改效果评价报告" not in page(client, county, applied.get_absolute_url())
    actions.record_examination(
        applied,
        examined_on=make.today(),
        passed=False,
        opinion="管道尚未试压",
        team=make.team(world),
        by=county,
    )
    text = page(client, world.people.shop, applied.get_absolute_url())
    assert "管道尚未试压。整改完成后重新申请摘牌验收。" in text


def test_an_accident_leads_to_its_listing_and_the_report_begins_there(client, world):
    accident = reported(world)
    office = world.people.office
    text = page(client, office, accident.get_absolute_url())
    assert f"{reverse('listings:begin')}?accident={accident.pk}" in text
    assert "设区的市级安委会督办" in text
    assert "呈报挂牌" not in page(client, world.people.shop, accident.get_absolute_url())
    form = page(client, office, f"{reverse('listings:begin')}?accident={accident.pk}")
    assert "市级挂牌（市安委办）" in form
    assert "省级挂牌" not in form
    subject = actions.subject_of_accident(accident, world.organizations.housing)
    listing = actions.begin_listing(subject, level="city", due_on=make.later(50), told=make.TOLD, by=office)
    text = page(client, office, accident.get_absolute_url())
    assert listing.number in text
    assert f"?accident={accident.pk}" not in text


def test_an_inquiry_that_stands_still_is_proposed_with_why_and_by_when(client, world):
    today = timezone.localdate()
    inquiry = under_inquiry(world)
    accident = inquiry.accident
    assert stalled.reasons(accident, None, on=accident.occurred_on + dt.timedelta(days=5)) == ()
    assert (
        "没有组成调查组" in stalled.reasons(accident, None, on=accident.occurred_on + dt.timedelta(days=6))[0]
    )
    assert stalled.reasons(accident, inquiry, on=today) == ()
    assert "没有提交" in stalled.reasons(accident, inquiry, on=inquiry.due_on + dt.timedelta(days=1))[0]
    text = page(client, world.people.office, reverse("listings:candidates") + "?kind=accident")
    assert "设区的市级安委会" in text
    assert "按等级应当督办" in text


@pytest.mark.parametrize(
    ("grade", "words"),
    [
        ("general", "设区的市级安委会"),
        ("larger", "省级安委会"),
        ("major", "国务院安委会"),
        ("extraordinary", "国务院安委会"),
    ],
)
def test_who_lists_an_inquiry_follows_the_grade(grade, words):
    assert stalled.listed_by(Accident(grade=grade), dt.date(2026, 3, 2)) == words


def test_the_city_sees_slow_counties_too(world):
    today = timezone.localdate()
    for _ in range(5):
        hazard = make_hazard(world)
        Hazard.objects.filter(pk=hazard.pk).update(
            found_on=today - dt.timedelta(days=40), due_on=today - dt.timedelta(days=2)
        )
    names = [each.region.name for each in queries.slow_localities(world.people.office, on=today)]
    assert sorted(names) == ["云溪区", "青石街道"]


def test_what_a_region_has_chosen_is_told_in_words(client, world):
    county, url = world.people.county_office, reverse("listings:policies")
    sign_in(client, county)
    given = {
        "what": "clocks", "rule_set": "qingdao", "document": "云区安〔2026〕2号", "effective_from": make.today().isoformat(),
    }  # fmt: skip
    assert client.post(url, given).status_code == 302
    text = client.get(url).content.decode()
    assert "时限用青岛口径" in text
    assert "：qingdao" not in text
    listing = make.listed(world)
    assert "挂牌期间原则上停产停用，直至摘牌" in page(client, county, listing.get_absolute_url())


def test_what_is_owed_leads_whoever_owes_it_to_where_it_is_done(client, world):
    listing, county, shop = make.listed(world), world.people.county_office, world.people.shop
    url = listing.get_absolute_url()
    text = page(client, shop, url)
    assert 'href="#do-plan"' in text
    assert 'id="do-plan"' in text
    assert 'href="#do-publish"' not in text
    text = page(client, county, url)
    assert 'href="#do-publish"' in text
    assert 'href="#do-plan"' not in text
    # Nothing is public yet, so nothing leads to the public page.
    assert listing.public_url not in text
    notice = listing.notices.get()
    notice.listing = listing
    actions.publish(notice, medium="区政府网站", published_on=make.today(), by=county)
    assert listing.public_url in page(client, county, url)


def test_an_examination_is_opened_from_what_is_owed_and_a_returned_report_from_its_remark(client, world):
    applied = make.applied(world)
    there = f'<a href="{reverse("listings:examination", args=[applied.pk])}">摘牌现场审查</a>'
    assert there in page(client, world.people.county_office, applied.get_absolute_url())
    assert there not in page(client, world.people.shop, applied.get_absolute_url())
    listing = make.submitted(world, hazard=make_major(world))
    text = page(client, world.people.housing, listing.get_absolute_url())
    assert "由区安委办呈签、登记" in text  # who signs after the one whose turn it is
    actions.sign_step(make.running(listing), agreed=False, opinion="期限太宽", by=world.people.housing_leader)
    edit = reverse("listings:edit", args=[listing.pk])
    remark = f'<a href="{edit}">修改呈报稿</a></div>'
    assert remark in page(client, world.people.housing, listing.get_absolute_url())
    assert edit not in page(client, world.people.county_office, listing.get_absolute_url())
