"""Visits that walk the library: which list, which items, numbers judged, major by the item's own criterion."""

from __future__ import annotations

import uuid
from dataclasses import replace
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.queries import service_user
from bihuan.accounts.tests.world import make_world, sign_in
from bihuan.audit.verification import verify
from bihuan.campaigns.models import Checklist
from bihuan.checklists import actions as library
from bihuan.checklists.structure import Book, Disposition, Item, Measure, Section
from bihuan.hazards.models import Hazard
from bihuan.inspections import asking
from bihuan.inspections.actions import submit_inspection
from bihuan.inspections.models import Answer, Inspection
from bihuan.inspections.submission import AnswerGiven, InspectionRefused
from bihuan.registry.models import Premises

from .factories import deadline, drawn, fixed, ink, make_campaign, member, photo, visit

pytestmark = pytest.mark.django_db

HOSE = Item(
    "GAS-USE-01", "连接软管长度不大于 2 m", measure=Measure("连接软管长度", "<=", Decimal(2), "m"),
    dispositions=(Disposition("限期改正"), Disposition("罚款", "逾期不改正的")), kinds=("restaurant",),
    guidance="截短重装。", proof="卷尺照片。",
)  # fmt: skip
ROOM = Item(
    "GAS-USE-02", "气瓶不在地下室使用", severity="serious", criterion_code="G5-1", kinds=("restaurant",)
)
FILL = Item("GAS-USE-03", "充装前逐瓶检查", kinds=("lpg_filling",))
DOOR = Item("GAS-USE-04", "疏散门能从里面打开", photo="always")
BOOK = Book("gas_users", "燃气用户检查表", 1, (Section("GAS-USE", "用户", "use", (HOSE, ROOM, FILL, DOOR)),))


@pytest.fixture
def world():
    return make_world()


@pytest.fixture
def checklist(world):
    """The book of the city office, in force."""
    office = world.people.office
    version = library.create_book(world.organizations.office, BOOK, sector="gas", by=office)
    library.publish(version, effective_from=timezone.localdate(), seen=0, by=office)
    return Checklist.objects.get(book_version=version)


def routine(world, checklist, by, answers):
    return replace(
        visit(world, make_campaign(world), by),
        client_id=uuid.uuid4(), task=None, checklist=checklist, answers=tuple(answers),
    )  # fmt: skip


def good(me):
    return [
        AnswerGiven(1, "pass", measured="1.5 m"),
        AnswerGiven(2, "pass"),
        AnswerGiven(4, "pass", photos=(photo(me),)),
    ]


def refusal(given, by) -> str:
    with pytest.raises(InspectionRefused) as caught:
        submit_inspection(given, by=by)
    return str(caught.value)


def test_publishing_makes_the_list_with_everything_the_library_says(checklist):
    hose, room, _, door = checklist.items.order_by("position")
    assert (hose.demand, hose.section, hose.dispositions) == (
        HOSE.measure, "用户", ["限期改正", "罚款（逾期不改正的）"],
    )  # fmt: skip
    assert (room.major_if_failed, room.criterion_code, room.severity) == (True, "G5-1", "serious")
    assert (door.photo, door.kinds, hose.kinds) == ("always", None, ["restaurant"])
    assert hose.library_item.code == "GAS-USE-01"
    assert verify().is_clean


def test_a_place_is_offered_the_lists_that_ask_it_something_its_own_first(world, checklist):
    library.ensure_packs(by=service_user())
    today = timezone.localdate()
    found = asking.offers(world.enterprises.shop, today)
    assert checklist in [each.checklist for each in found]
    own = next(each for each in found if each.checklist == checklist)
    assert (own.count, own.specific) == (3, 2)
    assert [each.specific for each in found] == sorted((each.specific for each in found), reverse=True)
    station = next(
        each for each in asking.offers(world.enterprises.station, today) if each.checklist == checklist
    )
    assert (station.count, station.specific) == (2, 1)


def test_what_is_known_of_a_place_leaves_items_out(world):
    office = world.people.office
    bottled = replace(ROOM, when="fuel = 瓶装液化石油气")
    book = replace(BOOK, sections=(Section("GAS-USE", "用户", "use", (HOSE, bottled)),))
    version = library.create_book(world.organizations.office, book, sector="gas", by=office)
    library.publish(version, effective_from=timezone.localdate(), seen=0, by=office)
    shop, items = world.enterprises.shop, list(Checklist.objects.get(book_version=version).items.all())
    assert len(asking.asked(items, shop)) == 2
    shop.attributes = {"fuel": "管道天然气"}
    assert [item.text for item in asking.asked(items, shop)] == [HOSE.text]
    assert asking.offers(shop, timezone.localdate())[0].count == 1
    shop.attributes = {"fuel": "瓶装液化石油气"}
    assert len(asking.asked(items, shop)) == 2


def test_a_place_of_another_kind_adds_its_items(world, checklist):
    shop = world.enterprises.shop
    Premises.objects.create(enterprise=shop, name="充装点", kind=world.kinds.filling, locality=shop.locality)
    assert asking.kinds_of(shop) == {"restaurant", "lpg_filling"}
    assert asking.offers(shop, timezone.localdate())[0].count == 4


def test_a_visit_answers_what_concerns_the_place_and_is_recorded(world, checklist):
    me = world.people.inspector
    inspection = submit_inspection(routine(world, checklist, me, good(me)), by=me)
    assert (inspection.checklist, inspection.task, inspection.is_clean) == (checklist, None, True)
    assert list(inspection.answers.values_list("position", flat=True)) == [1, 2, 4]
    assert verify().is_clean


def test_a_list_of_another_region_is_not_walked(world):
    county = world.people.county_office
    version = library.create_book(world.organizations.county_office, BOOK, sector="gas", by=county)
    library.publish(version, effective_from=timezone.localdate(), seen=0, by=county)
    checklist = Checklist.objects.get(book_version=version)
    assert asking.library_list(world.enterprises.shop, checklist.pk) == checklist
    elsewhere = world.enterprises.station
    elsewhere.locality_id = world.regions.heyan.code
    assert asking.library_list(elsewhere, checklist.pk) is None


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (AnswerGiven(1, "pass"), "要填连接软管长度的实测值"),
        (AnswerGiven(1, "pass", measured="很短"), "看不出数值"),
        (AnswerGiven(1, "pass", measured="3 kg"), "不能比较"),
        (
            AnswerGiven(1, "pass", measured="2.3 m"),
            "实测 2.3 m，标准 不大于 2 m，不合格；仍判合格的，请在备注里写明理由",
        ),
    ],
)
def test_a_number_is_asked_for_and_judged_again_by_the_server(world, checklist, answer, words):
    me = world.people.inspector
    assert words in refusal(routine(world, checklist, me, [answer, *good(me)[1:]]), me)


def test_a_failing_number_is_passed_only_with_a_reason_and_the_reason_is_kept(world, checklist):
    me = world.people.inspector
    answer = AnswerGiven(1, "pass", measured="230 cm", note="其中 0.4 m 为表前硬管，软管实长 1.9 m")
    inspection = submit_inspection(routine(world, checklist, me, [answer, *good(me)[1:]]), by=me)
    kept = Answer.objects.get(inspection=inspection, position=1)
    assert (kept.verdict, kept.measured, kept.note) == ("pass", "230 cm", answer.note)
    assert (
        asking.sentence(kept.check_item, kept.measured) == "实测 230 cm（即 2.3 m），标准 不大于 2 m，不合格"
    )


def test_what_cannot_be_measured_is_not_applicable(world, checklist):
    me = world.people.inspector
    answer = AnswerGiven(1, "na", note="无软管，金属管直连")
    assert submit_inspection(routine(world, checklist, me, [answer, *good(me)[1:]]), by=me).is_clean


def test_a_photo_that_is_always_owed_is_asked_for(world, checklist):
    me = world.people.inspector
    answers = [*good(me)[:2], AnswerGiven(4, "pass")]
    assert "要求每次拍照" in refusal(routine(world, checklist, me, answers), me)
    assert submit_inspection(
        routine(world, checklist, me, [*good(me)[:2], AnswerGiven(4, "na")]), by=me
    ).is_clean


def test_a_failed_item_with_a_criterion_is_major_by_it(world, checklist):
    me = world.people.inspector
    finding = deadline(me, description="气瓶放在地下室", level="general")
    answers = [good(me)[0], AnswerGiven(2, "fail", finding=finding), good(me)[2]]
    assert "按重大隐患判定" in refusal(routine(world, checklist, me, answers), me)
    finding = replace(finding, level="major", criterion_code="G9-9")
    answers[1] = AnswerGiven(2, "fail", finding=finding)
    submit_inspection(routine(world, checklist, me, answers), by=me)
    hazard = Hazard.objects.get()
    assert (hazard.level, hazard.criterion_code) == ("major", "G5-1")


def test_put_right_on_the_spot(world, checklist):
    me = world.people.inspector
    answers = [AnswerGiven(1, "fail", measured="2.6 m", finding=fixed(me)), *good(me)[1:]]
    submit_inspection(routine(world, checklist, me, answers), by=me)
    assert Hazard.objects.get().fixed_on_spot


# --- the page ------------------------------------------------------------------------------------------


def walk_url(world, **query):
    pairs = "&".join(f"{key}={value}" for key, value in query.items())
    return f"{reverse('inspections:walk')}?enterprise={world.enterprises.shop.pk}&task=0&{pairs}"


def test_the_page_walks_the_list_made_for_this_kind_and_offers_the_others(world, checklist, client):
    library.ensure_packs(by=service_user())
    sign_in(client, world.people.inspector)
    text = client.get(walk_url(world, list=checklist.pk)).content.decode()
    for words in (
        "连接软管长度不大于 2 m", 'data-comparator="&lt;="', "标准 不大于 2 m", "疏散门能从里面打开", "要拍照",
        "逾期不改正的", "截短重装。", "G5-1", "不用检查表，只记问题",
    ):  # fmt: skip
        assert words in text, words
    assert "充装前逐瓶检查" not in text
    assert "没有检查表" in client.get(walk_url(world, list=0)).content.decode()
    chosen = client.get(walk_url(world)).context["walk"].checklist
    assert chosen == asking.offers(world.enterprises.shop, timezone.localdate())[0].checklist


def posted(world, checklist, me, **more):
    return {
        "client_id": str(uuid.uuid4()), "started_at": timezone.now().isoformat(), "kind": "township",
        "checklist": checklist.pk, "accompanying_name": "蒋好味", "accompanying_signature": ink(),
        f"m{me.pk}-signature_typed": "on",
        "q1-verdict": "pass", "q1-measured": "1.8", "q2-verdict": "pass", "q4-verdict": "pass",
        "q4-scene": photo(me),
    } | more  # fmt: skip


def test_a_bare_number_is_in_the_unit_of_the_demand(world, checklist, client):
    me = world.people.inspector
    sign_in(client, me)
    response = client.post(walk_url(world), posted(world, checklist, me))
    assert response.status_code == 302
    assert Answer.objects.get(position=1).measured == "1.8 m"
    detail = client.get(Inspection.objects.get().get_absolute_url()).content.decode()
    assert "实测 1.8 m，标准 不大于 2 m，合格" in detail


def test_without_script_a_photo_of_the_mended_thing_says_that_it_was_put_right(world, checklist, client):
    me = world.people.inspector
    sign_in(client, me)
    more = {
        "q1-verdict": "fail", "q1-measured": "2.5", "q1-description": "软管过长", "q1-before": photo(me),
        "q1-after": photo(me), "q1-fix_text": "已当场截短",
    }  # fmt: skip
    assert client.post(walk_url(world), posted(world, checklist, me, **more)).status_code == 302
    assert Hazard.objects.get().fixed_on_spot


def test_a_refused_page_keeps_the_number_and_names_the_item(world, checklist, client):
    me = world.people.inspector
    sign_in(client, me)
    response = client.post(walk_url(world), posted(world, checklist, me, **{"q1-measured": "2.4"}))
    assert response.status_code == 422
    text = response.content.decode()
    assert "第 1 项实测 2.4 m，标准 不大于 2 m，不合格" in text
    assert 'value="2.4"' in text


def test_members_sign_as_before(world, checklist):
    me = world.people.inspector
    given = replace(
        routine(world, checklist, me, good(me)), members=(member(me),), accompanying_signature=drawn()
    )
    assert submit_inspection(given, by=me).members.count() == 1


# --- what the registry does not know, what a number does not settle ------------------------------------


@pytest.fixture
def crane(world):
    """A book whose second item is asked only where a crane is registered; the shop has none."""
    office = world.people.office
    two = (replace(DOOR, photo="failed"), replace(FILL, kinds=("restaurant",), when="tower_cranes > 0"))
    book = replace(BOOK, key="cranes", sections=(Section("GAS-USE", "用户", "use", two),))
    version = library.create_book(world.organizations.office, book, sector="gas", by=office)
    library.publish(version, effective_from=timezone.localdate(), seen=0, by=office)
    world.enterprises.shop.attributes = {"tower_cranes": 0}
    world.enterprises.shop.save(update_fields=["attributes"])
    return Checklist.objects.get(book_version=version)


def test_items_left_out_for_what_is_registered_are_named_and_may_be_taken_in(world, crane, client):
    sign_in(client, world.people.inspector)
    text = client.get(walk_url(world, list=crane.pk)).content.decode()
    assert "按底册登记的情况，有 1 项没有问" in text
    assert 'name="q2-verdict"' not in text
    whole = client.get(walk_url(world, list=crane.pk, all=1)).content.decode()
    assert "项没有问" not in whole
    assert 'name="q2-verdict"' in whole


def test_an_item_taken_in_is_answered_and_kept(world, crane):
    me = world.people.inspector
    answers = [AnswerGiven(1, "pass"), AnswerGiven(2, "pass")]
    submit_inspection(routine(world, crane, me, answers), by=me)
    assert Answer.objects.count() == 2
    assert "第 2 项没有回答" in refusal(
        routine(world, crane, me, [AnswerGiven(1, "pass"), AnswerGiven(2, "")]), me
    )


def test_a_good_number_is_a_good_answer_only_where_nothing_else_is_asked(world, client):
    office = world.people.office
    room = replace(HOSE, code="GAS-USE-02", text="气瓶间净高不小于 2 m，有报警器")
    book = replace(BOOK, sections=(Section("GAS-USE", "用户", "use", (HOSE, room)),))
    version = library.create_book(world.organizations.office, book, sector="gas", by=office)
    library.publish(version, effective_from=timezone.localdate(), seen=0, by=office)
    sign_in(client, world.people.inspector)
    questions = client.get(walk_url(world)).context["walk"].questions
    assert [question.is_alone for question in questions] == [True, False]


def test_the_page_has_the_criteria_once_and_only_for_those_who_grade(world, checklist, client):
    sign_in(client, world.people.inspector)
    assert 'id="criteria"' not in client.get(walk_url(world, list=checklist.pk)).content.decode()
    sign_in(client, world.people.housing)
    text = client.get(walk_url(world, list=checklist.pk)).content.decode()
    assert text.count('<option value="G5-1">') == 1
    assert text.count('list="criteria"') > 1


def test_what_follows_in_law_is_said_before_a_deadline_is_set(world, client):
    office = world.people.office
    now = replace(DOOR, dispositions=(Disposition("立即改正"), Disposition("罚款", "拒不改正的")))
    book = replace(BOOK, sections=(Section("GAS-USE", "用户", "use", (HOSE, now)),))
    version = library.create_book(world.organizations.office, book, sector="gas", by=office)
    library.publish(version, effective_from=timezone.localdate(), seen=0, by=office)
    sign_in(client, world.people.inspector)
    text = client.get(walk_url(world)).content.decode()
    assert text.count("这一项应当立即改正") == 1


def test_the_hazard_says_which_item_failed_and_what_follows(world, checklist, client):
    me = world.people.inspector
    finding = deadline(me, description="软管过长", basis="")
    answers = [AnswerGiven(1, "fail", measured="2.6 m", finding=finding), *good(me)[1:]]
    submit_inspection(routine(world, checklist, me, answers), by=me)
    sign_in(client, world.people.shop)
    text = client.get(Hazard.objects.get().get_absolute_url()).content.decode()
    for words in (
        "GAS-USE-01 连接软管长度不大于 2 m", "限期改正 → 罚款（逾期不改正的）", "截短重装。", "卷尺照片。",
    ):  # fmt: skip
        assert words in text, words


def test_a_code_without_the_grade_is_no_grade(world, checklist):
    me = world.people.inspector
    finding = fixed(me, criterion_code="G5-1")
    answers = [AnswerGiven(1, "fail", measured="2.6 m", finding=finding), *good(me)[1:]]
    submit_inspection(routine(world, checklist, me, answers), by=me)
    hazard = Hazard.objects.get()
    assert (hazard.level, hazard.criterion_code) == ("general", "")


@pytest.mark.parametrize("kind", ["township", "joint", "expert", "unannounced", "look_back"])
def test_every_kind_of_a_locality_walks_the_library(world, checklist, kind):
    me = world.people.inspector
    inspection = submit_inspection(replace(routine(world, checklist, me, good(me)), kind=kind), by=me)
    assert (inspection.kind, inspection.checklist) == (kind, checklist)


@pytest.mark.parametrize(
    ("who", "kind", "source"),
    [
        ("housing", "department", "inspection"),
        ("housing", "upper_level", "oversight"),
        ("office", "upper_level", "oversight"),
        ("office", "expert", "expert"),
        ("shop", "self_check", "self_check"),
    ],
)
def test_every_body_walks_it_and_the_hazard_says_whose_find_it_is(world, checklist, who, kind, source):
    me = getattr(world.people, who)
    answers = [AnswerGiven(1, "fail", measured="2.6 m", finding=deadline(me)), *good(me)[1:]]
    given = replace(routine(world, checklist, me, answers), kind=kind, members=(member(me),))
    if kind == "self_check":
        given = replace(given, accompanying_name="", accompanying_signature=None)
    submit_inspection(given, by=me)
    hazard = Hazard.objects.get()
    assert (hazard.source, hazard.check_item.library_item.code) == (source, "GAS-USE-01")


def test_what_fails_for_something_else_needs_no_number(world):
    office, me = world.people.office, world.people.inspector
    room = replace(HOSE, text="气瓶间净高不小于 2 m，有报警器")
    book = replace(BOOK, sections=(Section("GAS-USE", "用户", "use", (room,)),))
    version = library.create_book(world.organizations.office, book, sector="gas", by=office)
    library.publish(version, effective_from=timezone.localdate(), seen=0, by=office)
    checklist = Checklist.objects.get(book_version=version)
    assert "要填连接软管长度的实测值" in refusal(routine(world, checklist, me, [AnswerGiven(1, "pass")]), me)
    finding = fixed(me, description="没有报警器")
    submit_inspection(routine(world, checklist, me, [AnswerGiven(1, "fail", finding=finding)]), by=me)
    assert Hazard.objects.count() == 1
