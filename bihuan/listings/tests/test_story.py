"""A listing from the judgement to the end, and every way back."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from bihuan.audit.actions import chain_of
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties.models import Duty
from bihuan.hazards.models import Hazard
from bihuan.hazards.tests.factories import SIX_PARTS, make_hazard, make_major
from bihuan.inspections.tests.factories import ink, photo
from bihuan.listings import actions
from bihuan.listings.models import Listing, PublicNotice
from bihuan.listings.tests import factories as make
from bihuan.papers.models import Paper

pytestmark = pytest.mark.django_db


def owed(listing: Listing, kind: str) -> list[str]:
    rows = Duty.objects.open().filter(subject=chain_of(listing), kind=kind)
    return [duty.organization.short_name for duty in rows.select_related("organization")]


def test_the_whole_way_from_the_report_to_the_public_end(world):
    listing = make.struck_off(world)
    assert listing.status == "struck_off"
    assert [line.move for line in listing.transitions.order_by("pk")] == [
        "begin", "submit", "list", "file_plan", "apply", "pass", "strike_off",
    ]  # fmt: skip
    hazard = Hazard.objects.get()
    assert (hazard.status, hazard.is_supervised) == ("closed", False)
    assert [line.move for line in hazard.transitions.order_by("pk")] == [
        "record", "place_under_supervision", "report_major", "submit_plan", "approve_plan", "apply_acceptance", "accept",
        "close_major", "lift_supervision",
    ]  # fmt: skip
    kinds = set(Paper.objects.values_list("kind", flat=True))
    assert {"listing_order", "delisting"} <= kinds
    assert not Duty.objects.open().filter(subject=chain_of(listing)).exists()
    notice = listing.notices.get(purpose="delisting")
    assert notice.published_on is None
    actions.publish(notice, medium="区政府网站", published_on=make.today(), by=world.people.county_office)
    assert notice.ends_on >= make.today() + dt.timedelta(days=7)


def test_the_order_is_in_the_governments_name_and_says_how_it_ends(world):
    listing = make.listed(world)
    paper = Paper.objects.get(kind="listing_order")
    said = str(paper.content)
    assert paper.recipient == world.organizations.shop
    for words in (
        "云溪区人民政府",
        "县级挂牌督办",
        "解除方式和程序",
        "蒋好味（负责人）",
        "每3个月",
        "15个工作日",
    ):
        assert words in said, words
    assert listing.order == paper
    assert Hazard.objects.get().is_supervised


def test_every_step_is_signed_by_the_body_whose_step_it_is_and_by_no_other(world):
    listing = make.submitted(world)
    assert owed(listing, "listing_step") == ["市住建局"]
    for person in ("housing", "office_leader", "qingshi_leader", "county_office", "market"):
        with pytest.raises(PermissionDenied):
            actions.sign_step(make.running(listing), agreed=True, by=getattr(world.people, person))
    actions.sign_step(make.running(listing), agreed=True, image=ink(), by=world.people.housing_leader)
    assert owed(listing, "listing_step") == ["区安委办"]
    with pytest.raises(PermissionDenied):
        actions.sign_step(make.running(listing), agreed=True, by=world.people.county_office)
    actions.sign_step(make.running(listing), agreed=True, by=make.county_leader(world))
    lines = make.running(listing).lines.order_by("position")
    assert [(line.label, line.signer_name) for line in lines] == [
        ("经办人呈报", "李建明"), ("呈报单位负责人审核", "周为民"), ("安委办负责人审核", "沈把关"),
    ]  # fmt: skip


def test_the_government_signs_on_paper_with_name_post_day_and_scan(world):
    listing = make.submitted(world)
    actions.sign_step(make.running(listing), agreed=True, by=world.people.housing_leader)
    actions.sign_step(make.running(listing), agreed=True, by=make.county_leader(world))
    county = world.people.county_office
    for wrong, words in (
        (None, "姓名和职务"),
        (make.paper(county, name=" "), "姓名和职务"),
        (make.paper(county, scans=()), "扫描件"),
        (make.paper(county, signed_on=make.later(1)), "签批日期"),
        (make.paper(county, signed_on=make.later(-1)), "签批日期"),
    ):
        with pytest.raises(Refused, match=words):
            actions.sign_step(make.running(listing), agreed=True, paper=wrong, by=county)
    actions.sign_step(make.running(listing), agreed=True, paper=make.paper(county), by=county)
    assert make.again(listing).status == "listed"


def test_a_step_sent_back_goes_to_whoever_reported_and_begins_anew(world):
    listing = make.submitted(world)
    with pytest.raises(ReasonRequired):
        actions.sign_step(make.running(listing), agreed=False, by=world.people.housing_leader)
    actions.sign_step(make.running(listing), agreed=False, opinion="期限太宽", by=world.people.housing_leader)
    listing = make.again(listing)
    assert listing.status == "returned"
    assert owed(listing, "listing_step") == ["市住建局"]
    actions.edit_listing(listing, due_on=make.later(40), told=make.TOLD, by=world.people.housing)
    actions.submit_listing(listing, by=world.people.housing)
    assert listing.status == "approving"
    assert make.running(listing).position == 1
    with pytest.raises(IllegalMove):
        actions.edit_listing(listing, due_on=make.later(50), told=make.TOLD, by=world.people.housing)


def test_only_a_major_hazard_that_is_open_and_not_listed_yet_can_be_reported(world):
    with pytest.raises(Refused, match="不是重大隐患"):
        actions.subject_of_hazard(make_hazard(world))
    listing = make.drafted(world)
    with pytest.raises(IllegalMove, match="已经在呈报或者挂牌"):
        make.drafted(world, hazard=listing.hazard)
    actions.withdraw_listing(listing, reason="重复", by=world.people.housing)
    assert make.drafted(world, hazard=listing.hazard).status == "draft"


@pytest.mark.parametrize("missing", ["title", "reason", "demand", "public_text", "place", "person_name"])
def test_a_report_says_everything_that_will_hang_on_the_sign(world, missing):
    with pytest.raises(Refused, match="请补写"):
        make.drafted(world, **{missing: "  "})


def test_a_level_without_an_office_is_refused(world):
    with pytest.raises(Refused, match="没有能够"):
        make.drafted(world, level="province")


@pytest.mark.parametrize("part", [*SIX_PARTS, *make.ASSURED])
def test_a_plan_lacking_one_of_its_parts_or_assurances_is_refused(world, part):
    listing = make.listed(world)
    words = SIX_PARTS | make.ASSURED | {part: " "}
    with pytest.raises(Refused, match="缺一不可"):
        actions.file_plan(listing, words=words, causes="棚压管", danger="须停气", by=world.people.shop)
    assert not listing.plans.exists()


def test_the_plan_filed_is_the_plan_of_the_ledger(world):
    listing = make.listed(world)
    with pytest.raises(Refused, match="重大隐患报告"):
        actions.file_plan(listing, words=SIX_PARTS | make.ASSURED, by=world.people.shop)
    plan = actions.file_plan(
        listing, words=SIX_PARTS | make.ASSURED, causes="棚压管", danger="须停气", by=world.people.shop
    )
    assert Hazard.objects.get().status == "plan_review"
    assert plan.major_plan.goals == plan.goals
    assert owed(listing, "listing_plan") == []


def test_progress_is_owed_each_quarter_with_photos_and_restarts_from_the_receipt(world):
    with time_machine.travel(dt.datetime(2026, 3, 2, 10, tzinfo=dt.UTC)):
        listing = make.planned(world, due_on=dt.date(2026, 12, 1))
        assert listing.progress_due_on == dt.date(2026, 6, 2)
    with time_machine.travel(dt.datetime(2026, 3, 5, 10, tzinfo=dt.UTC)):
        actions.acknowledge_order(make.again(listing), by=world.people.shop)
        assert make.again(listing).progress_due_on == dt.date(2026, 6, 5)
    with time_machine.travel(dt.datetime(2026, 6, 6, 10, tzinfo=dt.UTC)):
        assert list(Listing.objects.without_progress(on=timezone.localdate())) == [listing]
        shop = world.people.shop
        with pytest.raises(Refused, match="照片"):
            actions.report_progress(make.again(listing), percent=30, text="棚已拆一半", by=shop)
        report = actions.report_progress(
            make.again(listing), percent=30, text="棚已拆一半", photos=[photo(shop)], by=shop
        )
        assert (report.period, report.due_on) == (1, dt.date(2026, 6, 5))
        listing = make.again(listing)
        # Made in the second period: that one is reported, the first stays missed.
        assert listing.progress_due_on == dt.date(2026, 12, 5)
        assert not Listing.objects.without_progress(on=timezone.localdate()).exists()


def test_more_time_is_asked_for_early_enough_decided_and_told(world):
    with time_machine.travel(dt.datetime(2026, 3, 2, 2, tzinfo=dt.UTC)):
        listing = make.planned(world, due_on=dt.date(2026, 5, 29))
        shop = world.people.shop
        ask = {"reason": "停气窗口未定", "interim_measures": "停用燃气，专人看守", "by": shop}
        for to in (dt.date(2026, 5, 29), dt.date(2027, 3, 3)):
            with pytest.raises(Refused):
                actions.request_extension(listing, to=to, **ask)
        request = actions.request_extension(listing, to=dt.date(2026, 6, 30), **ask)
        assert owed(listing, "listing_extension") == ["区安委办"]
        with pytest.raises(IllegalMove):
            actions.request_extension(listing, to=dt.date(2026, 7, 30), **ask)
        with pytest.raises(PermissionDenied):
            actions.sign_step(make.running(listing), agreed=True, by=world.people.housing_leader)
        actions.sign_step(make.running(listing), agreed=True, by=make.county_leader(world))
    request.refresh_from_db()
    listing = make.again(listing)
    assert (request.status, listing.due_on) == ("approved", dt.date(2026, 6, 30))
    assert Hazard.objects.get().due_on == dt.date(2026, 6, 30)
    assert "同意将整改期限延至2026年6月30日" in str(request.paper.content)
    duty = Duty.objects.open().get(subject=chain_of(listing), kind="listing_rectify")
    assert duty.due_on == dt.date(2026, 6, 30)


def test_too_late_to_ask_is_too_late(world):
    # By hand: fifteen working days back from 29 May 2026 are 11-15, 18-22, 25-29 May; the last day to ask is the 10th.
    with time_machine.travel(dt.datetime(2026, 3, 2, 2, tzinfo=dt.UTC)):
        listing = make.planned(world, due_on=dt.date(2026, 5, 29))
    ask = {
        "to": dt.date(2026, 6, 30), "reason": "停气窗口未定", "interim_measures": "停用燃气", "by": world.people.shop,
    }  # fmt: skip
    with (
        time_machine.travel(dt.datetime(2026, 5, 11, 2, tzinfo=dt.UTC)),
        pytest.raises(Refused, match="最迟应在"),
    ):
        actions.request_extension(make.again(listing), **ask)
    with time_machine.travel(dt.datetime(2026, 5, 10, 2, tzinfo=dt.UTC)):
        assert actions.request_extension(make.again(listing), **ask).status == "pending"


def test_an_extension_refused_leaves_the_deadline_and_says_so_in_writing(world):
    listing = make.planned(world)
    request = actions.request_extension(
        listing, to=make.later(100), reason="资金未到", interim_measures="停用", by=world.people.shop
    )
    actions.sign_step(make.running(listing), agreed=False, opinion="理由不足", by=make.county_leader(world))
    request.refresh_from_db()
    assert (request.status, make.again(listing).due_on) == ("rejected", listing.due_on)
    assert "不同意延期" in str(request.paper.content)


def test_an_application_ends_a_request_for_more_time(world):
    listing = make.planned(world)
    shop = world.people.shop
    request = actions.request_extension(
        listing, to=make.later(100), reason="资金未到", interim_measures="停用", by=shop
    )
    actions.apply_for_examination(
        make.again(listing), finished_on=make.today(), text="已完成", photos=[photo(shop)], by=shop
    )
    request.refresh_from_db()
    assert request.status == "withdrawn"
    assert owed(listing, "listing_extension") == []
    assert owed(listing, "listing_examine") == ["区安委办"]


def test_examination_needs_the_report_a_team_and_every_signature(world):
    listing = make.applied(world)
    given = {"examined_on": make.today(), "passed": True, "opinion": "合格", "by": world.people.county_office}
    with pytest.raises(Refused, match="效果评价报告"):
        actions.record_examination(listing, team=make.team(world), **given)
    actions.file_effect_report(listing, **(make.EFFECT | {"staff_informed": False}), by=world.people.shop)
    with pytest.raises(Refused, match="从业人员通报"):
        actions.record_examination(listing, team=make.team(world), **given)
    actions.file_effect_report(listing, **make.EFFECT, by=world.people.shop)
    unsigned = [make.team(world)[0], actions.Examiner(world.organizations.housing, "李建明")]
    for team in (make.team(world)[:1], unsigned):
        with pytest.raises(Refused):
            actions.record_examination(listing, team=team, **given)
    for person in ("housing", "office", "shop", "inspectorate"):
        with pytest.raises(PermissionDenied):
            actions.record_examination(
                listing, team=make.team(world), **(given | {"by": getattr(world.people, person)})
            )
    actions.record_examination(listing, team=make.team(world), **given)
    assert make.again(listing).status == "delisting"
    assert Hazard.objects.get().status == "closed"


def test_a_bad_verdict_sends_it_back_to_work_with_its_clocks(world):
    listing = make.examined(world, passed=False)
    assert listing.status == "listed"
    assert Hazard.objects.get().status == "rectifying"
    assert owed(listing, "listing_rectify") == ["好味来面馆"]
    assert owed(listing, "listing_progress") == ["好味来面馆"]
    shop = world.people.shop
    actions.apply_for_examination(
        listing, finished_on=make.today(), text="已试压", photos=[photo(shop)], by=shop
    )
    assert make.again(listing).status == "examining"


def test_the_end_may_be_sent_back_to_the_examiners(world):
    listing = make.examined(world)
    actions.sign_step(make.running(listing), agreed=False, opinion="照片不清", by=make.county_leader(world))
    listing = make.again(listing)
    assert listing.status == "examining"
    assert owed(listing, "listing_examine") == ["区安委办"]
    actions.record_examination(
        listing, examined_on=make.today(), passed=True, opinion="复核合格", team=make.team(world),
        by=world.people.county_office,
    )  # fmt: skip
    actions.sign_step(make.running(listing), agreed=True, by=make.county_leader(world))
    assert make.again(listing).status == "struck_off"


def test_a_term_that_ran_out_makes_the_examination_due_once(world):
    listing = make.planned(world, due_on=make.later(5))
    Listing.objects.filter(pk=listing.pk).update(due_on=make.later(-1))
    now = timezone.now()
    assert actions.keep_listings(now) == 1
    assert actions.keep_listings(now) == 0
    assert owed(listing, "listing_examine") == ["区安委办"]
    given = {"examined_on": make.today(), "opinion": "没有动工", "team": make.team(world)}
    with pytest.raises(IllegalMove):
        actions.record_examination(make.again(listing), passed=True, by=world.people.county_office, **given)
    actions.record_examination(make.again(listing), passed=False, by=world.people.county_office, **given)
    assert make.again(listing).status == "listed"
    assert actions.keep_listings(now) == 0


def test_a_county_takes_no_promise_from_a_bureau_of_the_city(world):
    listing = make.listed(world)
    assert listing.department == world.organizations.housing  # the city's
    assert [(row.giver_name, row.receiver_name) for row in listing.letters.all()] == [
        ("云溪区人民政府", "青石街道办事处"),
        ("青石街道办事处", "云溪区好味来面馆"),
    ]


def test_letters_are_signed_from_the_government_down_and_become_papers(world):
    listing = make.listed_by_city(world)
    letters = list(listing.letters.select_related("listing__organization__region", "giver", "receiver"))
    assert [(row.giver_name, row.receiver_name) for row in letters] == [
        ("云溪市人民政府", "云溪市住房和城乡建设局"),
        ("云溪市住房和城乡建设局", "青石街道办事处"),
        ("青石街道办事处", "云溪区好味来面馆"),
    ]
    people = world.people
    with pytest.raises(Refused, match="先签上一层"):
        actions.sign_letter(letters[1], "sign_giver", by=people.housing_leader)
    with pytest.raises(PermissionDenied):
        actions.sign_letter(letters[0], "sign_giver", by=people.qingshi_leader)
    pairs = [
        (people.office_leader, people.housing_leader),
        (people.housing_leader, people.qingshi_leader),
        (people.qingshi_leader, people.shop),
    ]
    for letter, (giver, receiver) in zip(letters, pairs, strict=True):
        actions.sign_letter(letter, "sign_receiver", image=ink(), by=receiver)
        with pytest.raises(IllegalMove):
            actions.sign_letter(letter, "sign_receiver", by=receiver)
        actions.sign_letter(letter, "sign_giver", by=giver)
        assert letter.status == "signed"
    assert Paper.objects.filter(kind="letter").count() == 3
    assert "手写签名" in str(letters[0].paper.content)
    assert not Duty.objects.open().filter(kind="letter").exists()


def test_visits_of_leaders_are_recorded_while_it_hangs(world):
    listing = make.listed(world)
    given = {
        "kind": "leader", "visited_on": make.today(), "leader_name": "何分管", "leader_title": "副区长",
        "organization": None, "found": "棚已拆除一半", "demands": "加快换管",
    }  # fmt: skip
    visit = actions.record_visit(listing, by=world.people.qingshi_officer, **given)
    assert visit.organization == world.organizations.qingshi
    with pytest.raises(Refused):
        actions.record_visit(
            listing, by=world.people.qingshi_officer, **(given | {"visited_on": make.later(1)})
        )
    for leader in (world.people.housing_leader, make.county_leader(world)):
        assert actions.record_visit(listing, by=leader, **given).organization == leader.organization
    for person in ("shop", "market", "inspectorate"):
        with pytest.raises(PermissionDenied):
            actions.record_visit(listing, by=getattr(world.people, person), **given)


def test_a_hazard_without_an_account_is_answered_for_by_its_locality(world):
    world.enterprises.shop.organization = None
    world.enterprises.shop.save()
    listing = make.listed(world)
    assert owed(listing, "listing_rectify") == ["青石街道"]
    plan = actions.file_plan(
        listing,
        words=SIX_PARTS | make.ASSURED,
        causes="棚压管",
        danger="须停气",
        by=world.people.qingshi_officer,
    )
    assert plan.on_behalf


def test_who_sees_what(world):
    listing = make.listed(world)

    def sees(name: str) -> bool:
        return Listing.objects.visible_to(getattr(world.people, name)).filter(pk=listing.pk).exists()

    for name in ("office", "county_office", "housing", "qingshi_officer", "shop", "inspectorate"):
        assert sees(name), name
    for name in ("market", "station", "baita_leader", "inspector", "expert", "sysadmin", "auditor"):
        assert not sees(name), name
    draft = make.drafted(world, hazard=make_major(world))
    assert not Listing.objects.visible_to(world.people.shop).filter(pk=draft.pk).exists()


def test_a_notice_is_public_from_the_day_it_was_published_for_its_days(world):
    listing = make.listed(world)
    notice = PublicNotice.objects.get(purpose="listing")
    notice.listing = listing
    county = world.people.county_office
    for medium, day in (("", make.today()), ("网站", make.later(1)), ("网站", make.later(-1))):
        with pytest.raises(Refused):
            actions.publish(notice, medium=medium, published_on=day, by=county)
    with pytest.raises(PermissionDenied):
        actions.publish(notice, medium="网站", published_on=make.today(), by=world.people.housing)
    actions.publish(notice, medium="网站", published_on=make.today(), by=county)
    with pytest.raises(IllegalMove):
        actions.publish(notice, medium="网站", published_on=make.today(), by=county)
    assert not Duty.objects.open().filter(subject=chain_of(notice)).exists()
