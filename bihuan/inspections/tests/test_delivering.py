"""随瓶安检: a gas company's people at the door of a user, what they may do there, and what becomes of it."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.tests.world import make_world, sign_in
from bihuan.audit.verification import verify
from bihuan.campaigns.models import Checklist
from bihuan.checklists import actions as library
from bihuan.hazards.models import Hazard
from bihuan.inspections.actions import submit_inspection
from bihuan.inspections.models import Inspection
from bihuan.inspections.submission import AnswerGiven, InspectionRefused
from bihuan.inspections.visiting import VISITS
from bihuan.papers.models import Paper
from bihuan.registry.models import Plate, Premises
from bihuan.tally.models import Delta

from .factories import deadline, fixed, ink, make_campaign, member, photo, visit
from .test_library_visits import BOOK

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


@pytest.fixture
def plate(world):
    return Plate.objects.create(
        enterprise=world.enterprises.shop, issued_at=timezone.now(), issued_by=world.people.office
    )


@pytest.fixture
def checklist(world):
    office = world.people.office
    version = library.create_book(world.organizations.office, BOOK, sector="gas", by=office)
    library.publish(version, effective_from=timezone.localdate(), seen=0, by=office)
    return Checklist.objects.get(book_version=version)


@pytest.fixture
def me(world):
    return world.people.station


def told(me, **changes):
    return deadline(me, outcome="notified", description="软管过长", **changes)


def given(world, plate, checklist, me, finding=None):
    answers = (
        AnswerGiven(1, "fail", measured="2.6 m", finding=finding)
        if finding
        else AnswerGiven(1, "pass", measured="1.5 m"),
        AnswerGiven(2, "pass"),
        AnswerGiven(4, "pass", photos=(photo(me),)),
    )
    return replace(
        visit(world, make_campaign(world), me), kind="delivery", task=None, checklist=checklist,
        answers=answers, members=(member(me),), plate=plate.token, client_id=uuid.uuid4(),
    )  # fmt: skip


def test_what_is_found_is_told_to_the_user_and_waits_for_the_authority(world, plate, checklist, me):
    inspection = submit_inspection(given(world, plate, checklist, me, told(me)), by=me)
    hazard = Hazard.objects.get()
    assert (inspection.kind, inspection.organization) == ("delivery", world.organizations.station)
    assert (hazard.source, hazard.status, hazard.due_on) == ("delivery", "reported", None)
    assert (hazard.reviewing_organization, hazard.found_organization) == (
        world.organizations.qingshi, world.organizations.station,
    )  # fmt: skip
    assert verify().is_clean


def test_it_is_no_visit_of_an_authority(world, plate, checklist, me):
    submit_inspection(given(world, plate, checklist, me), by=me)
    assert sum(Delta.objects.values_list("inspected", flat=True)) == 0
    assert not Paper.objects.exists()
    assert VISITS.last_days([world.enterprises.shop.pk]) == {}


def test_what_was_put_right_at_once_is_said_and_shown(world, plate, checklist, me):
    finding = fixed(me, description="软管过长", fix_text="换成 1.5 m 金属软管")
    submit_inspection(given(world, plate, checklist, me, finding), by=me)
    hazard = Hazard.objects.get()
    assert hazard.description == "软管过长（安检时已当场处理：换成 1.5 m 金属软管）"
    assert (hazard.status, hazard.fixed_on_spot) == ("reported", False)


@pytest.mark.parametrize("finding", [deadline, lambda me: told(me, photos=())])
def test_a_company_sets_no_deadlines_and_photographs_what_it_saw(world, plate, checklist, me, finding):
    with pytest.raises(InspectionRefused) as caught:
        submit_inspection(given(world, plate, checklist, me, finding(me)), by=me)
    assert "第 1 项" in str(caught.value)


def test_an_authority_sets_deadlines_and_tells_nobody_else(world, checklist):
    me = world.people.inspector
    visited = replace(
        visit(world, make_campaign(world), me), task=None, checklist=checklist,
        answers=(AnswerGiven(1, "fail", measured="2.6 m", finding=told(me)), AnswerGiven(2, "pass"),
                 AnswerGiven(4, "pass", photos=(photo(me),))),
    )  # fmt: skip
    with pytest.raises(InspectionRefused, match="请选“现场已改”或“限期改正”"):
        submit_inspection(visited, by=me)


def test_nobody_else_comes_in_this_way(world, plate, checklist, me):
    for by, code in [
        (world.people.shop, plate.token),  # sells no gas, and the place is its own
        (world.people.inspector, plate.token),
        (me, "no-plate-at-any-door"),
    ]:
        with pytest.raises(PermissionDenied):
            submit_inspection(replace(given(world, plate, checklist, by), plate=code), by=by)
    other = Plate.objects.create(
        enterprise=world.enterprises.station, issued_at=timezone.now(), issued_by=world.people.office
    )
    with pytest.raises(PermissionDenied):
        submit_inspection(replace(given(world, plate, checklist, me), plate=other.token), by=me)


def test_a_plate_that_was_withdrawn_lets_nobody_in(world, plate, checklist, me):
    Plate.objects.filter(pk=plate.pk).update(withdrawn_at=timezone.now(), withdrawn_by=world.people.office)
    with pytest.raises(PermissionDenied):
        submit_inspection(given(world, plate, checklist, me), by=me)


def test_it_belongs_to_no_task(world, plate, checklist, me):
    gas = make_campaign(world)
    with pytest.raises(InspectionRefused, match="随瓶安检不归入整治任务"):
        submit_inspection(
            replace(given(world, plate, checklist, me), task=gas.task, checklist=gas.checklist), by=me
        )


def test_a_company_of_another_kind_with_a_delivery_station_delivers(world, plate, checklist):
    me, shop = world.people.shop, world.enterprises.shop
    station = world.enterprises.station
    Premises.objects.create(enterprise=shop, name="配送点", kind=world.kinds.filling, locality=shop.locality)
    door = Plate.objects.create(enterprise=station, issued_at=timezone.now(), issued_by=world.people.office)
    visited = replace(given(world, door, None, me), enterprise=station, checklist=None, answers=())
    assert submit_inspection(visited, by=me).organization == world.organizations.shop


# --- the pages -----------------------------------------------------------------------------------------


def posted(me, checklist, **more):
    return {
        "client_id": str(uuid.uuid4()), "started_at": timezone.now().isoformat(), "kind": "delivery",
        "checklist": checklist.pk, "accompanying_name": "蒋好味", "accompanying_signature": ink(),
        f"m{me.pk}-signature_typed": "on", "supply": "off",
        "q1-verdict": "fail", "q1-measured": "2.6", "q1-description": "软管过长", "q1-outcome": "notified",
        "q1-before": photo(me), "q2-verdict": "pass", "q4-verdict": "pass", "q4-scene": photo(me),
    } | more  # fmt: skip


def test_the_plate_leads_a_gas_company_straight_to_the_check(world, plate, checklist, me, client):
    sign_in(client, me)
    url = reverse("inspections:delivery", args=[plate.token])
    assert client.get(plate.get_absolute_url()).url == url
    page = client.get(url)
    text = page.content.decode()
    assert page.context["walk"].checklist == checklist
    for words in ("连接软管长度不大于 2 m", "已告知用户", "危险没有消除，不供气", "用户签字"):
        assert words in text
    for words in ('value="deadline"', "执法证号", "风险", "没有账号的同行人员", "上次"):
        assert words not in text


def test_a_check_is_handed_in_and_its_notice_printed(world, plate, checklist, me, client):
    sign_in(client, me)
    url = reverse("inspections:delivery", args=[plate.token])
    inspection_url = client.post(url, posted(me, checklist)).url
    inspection = Inspection.objects.get()
    assert inspection.opinion == "危险没有消除，本次没有供气。"
    page = client.get(inspection_url).content.decode()
    assert "软管过长" in page
    assert "待核实" in page
    notice = client.get(reverse("inspections:delivery_notice", args=[inspection.pk])).content.decode()
    for words in ("用气安全隐患告知书", "截短重装。", "危险没有消除，本次没有供气。", "蒋好味"):
        assert words in notice


def test_whether_gas_is_supplied_must_be_said(world, plate, checklist, me, client):
    sign_in(client, me)
    url = reverse("inspections:delivery", args=[plate.token])
    response = client.post(url, posted(me, checklist, supply=""))
    assert response.status_code == 422
    assert "请选本次是否供气" in response.content.decode()
    assert not Inspection.objects.exists()


def test_the_user_reads_what_was_found_there_and_others_do_not(world, plate, checklist, me, client):
    inspection = submit_inspection(given(world, plate, checklist, me), by=me)
    url = reverse("inspections:delivered", args=[inspection.pk])
    for person, status in [
        (world.people.shop, 200), (me, 200), (world.people.inspector, 403), (world.people.expert, 403),
    ]:  # fmt: skip
        sign_in(client, person)
        assert client.get(url).status_code == status, person
    sign_in(client, me)
    assert client.get(inspection.get_absolute_url()).status_code == 404


def test_the_list_takes_the_address_on_a_plate(world, plate, checklist, me, client):
    sign_in(client, me)
    url = reverse("inspections:deliveries")
    assert client.get(url, {"code": f"https://yunxi.example/q/{plate.token}/"}).url == reverse(
        "inspections:delivery", args=[plate.token]
    )
    assert "不存在或已经收回" in client.get(url, {"code": "随便写的"}).content.decode()
    sign_in(client, world.people.shop)
    assert "开始安检" not in client.get(url).content.decode()
