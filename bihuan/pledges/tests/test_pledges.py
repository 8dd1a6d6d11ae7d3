"""A promise from the first word to the verdict on each line."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from bihuan.attachments.queries import signatures_of
from bihuan.audit.models import Event
from bihuan.audit.queries import verify as verify_record
from bihuan.core.digest import matches
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties import clock
from bihuan.duties.models import Duty
from bihuan.hazards.models import Hazard
from bihuan.hazards.tests.factories import make_closed, make_hazard
from bihuan.inspections.tests.factories import ink, photo
from bihuan.papers.queries import verify
from bihuan.pledges import actions
from bihuan.pledges.forms import DraftPage
from bihuan.pledges.models import FalseClaim, Pledge, PledgeForm, PledgePerson
from bihuan.pledges.workflow import PledgeMove, PledgeStatus, is_legal
from bihuan.registry.panels import panels_for

from .factories import ID_NUMBERS, PHONES, corrected, fire_form, make_draft, make_signed, persons, uncorrected

# The moves by hand; the table is judged by this list, not the other way round.
LEGAL = {
    ("draft", "sign"), ("draft", "withdraw"), ("signed", "withdraw"), ("signed", "begin"), ("verifying", "verify"),
    ("verifying", "object"),
}  # fmt: skip


@pytest.mark.parametrize("status", PledgeStatus.values)
@pytest.mark.parametrize("move", PledgeMove.values)
def test_the_table_of_moves(status, move):
    assert is_legal(move, status) is ((status, move) in LEGAL)


def test_a_draft_is_filled_from_registry_contacts_and_ledger(world):
    shop = world.enterprises.shop
    shop.contacts.create(role="principal", name="蒋好味", phone="19900001111")
    shop.contacts.create(role="safety", name="蒋管理", phone="19900002222")
    running = make_hazard(world, description="灶台软管老化")
    closed = make_closed(world, description="通道堵塞")
    Hazard.objects.filter(pk=closed.pk).update(source="self_check")
    pledge = actions.start_draft(shop, fire_form(), by=world.people.shop)
    assert (pledge.unit_name, pledge.unit_address, pledge.use_code) == (
        "云溪区好味来面馆",
        "青石街道幸福路 1 号",
        "10",
    )
    assert pledge.receiver == world.organizations.housing
    assert [(each.label, each.name) for each in pledge.persons.all()] == [
        ("消防安全责任人", "蒋好味"), ("消防安全管理人", "蒋管理"), ("联系人", "蒋管理"),
    ]  # fmt: skip
    assert [(line.role, line.description, line.hazard_id) for line in pledge.lines.all()] == [
        ("corrected", "通道堵塞", closed.pk),
        ("uncorrected", "灶台软管老化", running.pk),
    ]
    assert actions.start_draft(shop, fire_form(), by=world.people.shop).pk == pledge.pk


def test_what_the_ledger_leaves_open_is_asked(world):
    make_hazard(world, description="灶台软管老化", location="后厨灶台")
    make_hazard(world, description="通道堵塞", location="")
    page = DraftPage(actions.start_draft(world.enterprises.shop, fire_form(), by=world.people.shop))
    rows = [row.form.fields for row in page.sheets[1].rows]
    assert [[fields[name].disabled for name in ("place", "description", "due_on")] for fields in rows] == [
        [True, True, True], [False, True, True], [False, False, False],
    ]  # fmt: skip


def test_nobody_promises_for_another_enterprise(world):
    with pytest.raises(PermissionDenied):
        actions.start_draft(world.enterprises.shop, fire_form(), by=world.people.station)
    with pytest.raises(PermissionDenied):
        actions.start_draft(world.enterprises.shop, fire_form(), by=world.people.housing)
    pledge = make_draft(world)
    with pytest.raises(PermissionDenied):
        actions.save_draft(pledge, values={}, persons={}, lines=[], by=world.people.station)
    with pytest.raises(PermissionDenied):
        actions.sign(pledge, image=ink(), seal=[], by=world.people.housing)


def test_what_is_missing_is_named_before_signing(world):
    pledge = actions.start_draft(world.enterprises.shop, fire_form(), by=world.people.shop)
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    actions.save_draft(
        pledge,
        values={"use_code": "", "answers": {}, "remarks": ""},
        persons={"responsible": {"name": "蒋好味", "phone": "", "id_number": ID_NUMBERS[0]}},
        lines=[corrected(measures=""), uncorrected(due_on=yesterday)],
        by=world.people.shop,
    )
    found = actions.problems_of(pledge)
    assert found[:2] == ["请选择使用性质", "请填写消防安全责任人的联系电话"]
    assert "消防安全管理人：请填写身份证号" in found
    assert "“经排查发现并已整改的火灾隐患”第 1 行缺整改措施落实情况" in found
    assert any("已过，请填今天以后的日期" in each for each in found)
    with pytest.raises(Refused, match="请选择使用性质"):
        actions.sign(pledge, image=ink(), seal=[photo(world.people.shop)], by=world.people.shop)
    assert Pledge.objects.get(pk=pledge.pk).status == "draft"


def test_signature_and_seal_are_needed_and_a_stranger_may_not_confirm_by_login(world):
    pledge = make_draft(world)
    with pytest.raises(Refused, match="手写签名"):
        actions.sign(pledge, seal=[photo(world.people.shop)], by=world.people.shop)
    with pytest.raises(Refused, match="印章"):
        actions.sign(pledge, image=ink(), by=world.people.shop)
    PledgePerson.objects.filter(pledge=pledge, key="responsible").update(name="别人")
    with pytest.raises(Refused, match="本人登录"):
        actions.sign(pledge, typed=True, seal=[photo(world.people.shop)], by=world.people.shop)


def test_signing_numbers_seals_and_fills_the_ledger(world):
    pledge = make_signed(world)
    today = timezone.localdate()
    assert pledge.status == "signed"
    assert pledge.number == f"（青石{world.enterprises.shop.pk}）应急承诺〔{today.year}〕1号"
    assert pledge.valid_to == today.replace(year=today.year + 1) - dt.timedelta(days=1)
    line = pledge.lines.get(role="uncorrected")
    assert line.hazard is not None
    assert (line.hazard.source, line.hazard.status, line.hazard.due_on) == (
        "self_check",
        "rectifying",
        line.due_on,
    )
    # Whoever checks the promise reviews what it speaks of: one body for both (R059, R073).
    assert line.hazard.reviewing_organization == world.organizations.housing
    done = pledge.lines.get(role="corrected").hazard
    assert done is not None
    assert (done.source, done.status, done.reviewing_organization) == (
        "self_check",
        "reinspecting",
        world.organizations.housing,
    )
    assert done.rectifications.get().text == "已清理，专人每日查看"
    duty = Duty.objects.get(kind="pledge_verify")
    assert (duty.organization, duty.due_on) == (
        world.organizations.housing,
        clock.due("pledge.verify", today).due_on,
    )
    assert verify(pledge.paper.code).is_genuine
    [signature] = signatures_of(pledge)
    assert matches(pledge.signed_content(), signature.content_hash)


def test_numbers_of_persons_never_leave_the_seal(world, client):
    """Not in the database as text, not in papers, pages, exports, nor in the record."""
    secrets = [*ID_NUMBERS, *PHONES]
    pledge = make_signed(world)
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone, id_number FROM pledges_pledgeperson")
        stored = str(cursor.fetchall())
    record = str(list(Event.objects.values_list("summary", "payload")))
    pages = [stored, record, str(pledge.paper.content)]
    for user in (world.people.shop, world.people.housing, world.people.office):
        client.force_login(user)
        for address in (
            f"/pledges/{pledge.pk}/",
            f"/pledges/{pledge.pk}/print/",
            "/pledges/",
            f"/papers/{pledge.paper_id}/",
        ):
            answer = client.get(address)
            assert answer.status_code == 200, (user, address)
            pages.append(answer.content.decode())
    client.force_login(world.people.housing)
    export = client.get("/pledges/export/")
    assert export.status_code == 200
    pages.append(b"".join(export.streaming_content).decode("latin-1"))
    for secret in secrets:
        assert not any(secret in page for page in pages), secret
    assert "199****1111" in pages[3]
    assert f"{ID_NUMBERS[0][:6]}********{ID_NUMBERS[0][-4:]}" in pages[3]


def test_seeing_a_number_takes_a_reason_and_is_recorded_without_the_number(world):
    person = make_signed(world).persons.get(key="manager")
    with pytest.raises(ReasonRequired):
        actions.reveal_person(person, by=world.people.housing, reason=" ")
    for stranger in (
        world.people.market,
        world.people.inspector,
        world.people.shop,
        world.people.inspectorate,
    ):
        with pytest.raises(PermissionDenied):
            actions.reveal_person(person, by=stranger, reason="看看")
    shown = actions.reveal_person(person, by=world.people.housing, reason="通知核查时间")
    assert (shown.phone, shown.id_number) == (PHONES[1], ID_NUMBERS[1])
    event = Event.objects.filter(act="pledges.reveal").get()
    assert event.payload["reason"] == "通知核查时间"
    assert ID_NUMBERS[1] not in str(event.payload) + event.summary


def test_every_line_true_makes_it_verified(world):
    pledge = make_signed(world)
    housing = world.people.housing
    with pytest.raises(Refused, match="还有 2 项"):
        actions.conclude(pledge, by=housing)
    for line in pledge.lines.all():
        actions.judge_line(line, "true", by=housing)
    pledge.refresh_from_db()
    assert pledge.status == "verifying"
    # One look was enough: what had been put right is closed, what had not runs on.
    assert {line.role: line.hazard.status for line in pledge.lines.all() if line.hazard} == {
        "corrected": "closed",
        "uncorrected": "rectifying",
    }
    assert not Duty.objects.open().filter(kind="hazard_review").exists()
    actions.conclude(pledge, opinion="属实", by=housing)
    assert Pledge.objects.get(pk=pledge.pk).status == "verified"
    assert Duty.objects.get(kind="pledge_verify").status == "done"
    assert verify_record(files=False).findings == []


def test_a_false_claim_is_put_back_into_the_ledger_listed_and_shown(world):
    pledge = make_signed(world)
    housing = world.people.housing
    line = pledge.lines.get(role="corrected")
    with pytest.raises(ReasonRequired):
        actions.judge_line(line, "false", photos=[photo(housing)], by=housing)
    with pytest.raises(Refused, match="现场照片"):
        actions.judge_line(line, "false", note="楼梯口仍堆满", by=housing)
    actions.judge_line(line, "false", note="楼梯口仍堆满", photos=[photo(housing)], by=housing)
    claim = FalseClaim.objects.get()
    assert claim.hazard is not None
    assert (claim.hazard.description, claim.hazard.status) == ("楼梯口堆放杂物", "rectifying")
    back = claim.hazard.reinspections.get()
    assert (back.passed, back.text) == (False, "虚报整改：楼梯口仍堆满")
    actions.judge_line(pledge.lines.get(role="uncorrected"), "true", by=housing)
    actions.conclude(Pledge.objects.get(pk=pledge.pk), by=housing)
    assert Pledge.objects.get(pk=pledge.pk).status == "objected"
    [card] = [each for each in panels_for(world.enterprises.shop, housing) if each.title == "自查与承诺"]
    assert (card.rows[0].value, card.rows[0].tone) == ("弄虚作假", "red")
    paper = actions.hand_over(claim, to=world.organizations.market, by=housing)
    assert (paper.kind, paper.recipient) == ("transfer", world.organizations.market)
    assert Duty.objects.get(kind="enforcement").organization == world.organizations.market
    with pytest.raises(IllegalMove, match="已经移送"):
        actions.hand_over(FalseClaim.objects.get(), to=world.organizations.market, by=housing)


def test_a_closed_hazard_of_a_false_claim_is_opened_again_by_who_may(world):
    closed = make_closed(world, description="通道堵塞", location="后门")
    Hazard.objects.filter(pk=closed.pk).update(source="self_check")
    world.enterprises.shop.department = None
    world.enterprises.shop.save()
    pledge = actions.start_draft(world.enterprises.shop, fire_form(), by=world.people.shop)
    assert pledge.receiver == world.organizations.county_office
    row = pledge.lines.get()
    actions.save_draft(
        pledge,
        values={"use_code": "10"},
        persons=persons(),
        lines=[{"table": "corrected", "role": "corrected", "pk": row.pk, "measures": "已清理"}],
        by=world.people.shop,
    )
    actions.sign(pledge, image=ink(), seal=[photo(world.people.shop)], by=world.people.shop)
    office = world.people.county_office
    actions.judge_line(pledge.lines.get(), "false", note="仍堵着", photos=[photo(office)], by=office)
    closed.refresh_from_db()
    assert (closed.status, closed.round) == ("rectifying", 2)
    assert FalseClaim.objects.get().hazard == closed


def test_only_the_receiver_checks(world):
    line = make_signed(world).lines.first()
    for stranger in (world.people.market, world.people.inspector, world.people.office, world.people.shop):
        with pytest.raises(PermissionDenied):
            actions.judge_line(line, "true", by=stranger)


def test_the_second_of_two_verifiers_is_refused(world):
    pledge = make_signed(world)
    mine, theirs = pledge.lines.first(), Pledge.objects.get(pk=pledge.pk).lines.first()
    actions.judge_line(mine, "true", by=world.people.housing)
    with pytest.raises(IllegalMove, match=r"已变化|已经核查"):
        actions.judge_line(theirs, "not_done", note="没改", by=world.people.housing)
    mine.refresh_from_db()
    assert mine.verdict == "true"


def test_signed_twice_from_two_windows_counts_once(world):
    pledge = make_draft(world)
    stale = Pledge.objects.get(pk=pledge.pk)
    actions.sign(pledge, image=ink(), seal=[photo(world.people.shop)], by=world.people.shop)
    with pytest.raises(IllegalMove):
        actions.sign(stale, image=ink(), seal=[photo(world.people.shop)], by=world.people.shop)
    assert Hazard.objects.filter(source="self_check").count() == 2
    assert Duty.objects.filter(kind="pledge_verify").count() == 1


def test_withdrawn_before_the_check_begins_and_not_after(world):
    pledge = make_signed(world)
    with pytest.raises(ReasonRequired):
        actions.withdraw(pledge, reason="", by=world.people.shop)
    actions.withdraw(pledge, reason="填错了表", by=world.people.shop)
    assert Duty.objects.get(kind="pledge_verify").status == "cancelled"
    assert Hazard.objects.filter(source="self_check", status="rectifying").exists()
    again = make_signed(world, lines=[corrected()])
    actions.judge_line(again.lines.get(role="corrected"), "true", by=world.people.housing)
    with pytest.raises(IllegalMove):
        actions.withdraw(Pledge.objects.get(pk=again.pk), reason="不想了", by=world.people.shop)


def test_renewed_once_with_persons_kept_sealed(world):
    pledge = make_signed(world)
    fresh = actions.start_draft(world.enterprises.shop, fire_form(), by=world.people.shop, renews=pledge)
    assert fresh.renews == pledge
    assert [each.id_number for each in fresh.persons.all()] == ID_NUMBERS
    actions.withdraw(fresh, reason="重来", by=world.people.shop)
    again = actions.start_draft(world.enterprises.shop, fire_form(), by=world.people.shop, renews=pledge)
    assert again.renews == pledge
    values = {"use_code": "10", "answers": {}, "remarks": ""}
    actions.save_draft(again, values=values, persons={}, lines=[corrected()], by=world.people.shop)
    actions.sign(again, image=ink(), seal=[photo(world.people.shop)], by=world.people.shop)
    with pytest.raises(Refused, match="已经续签"):
        actions.start_draft(world.enterprises.shop, fire_form(), by=world.people.shop, renews=pledge)


def test_an_empty_number_leaves_the_sealed_one(world):
    pledge = make_draft(world)
    blank = {"responsible": {"name": "蒋好味", "phone": "", "id_number": ""}}
    actions.save_draft(pledge, values={}, persons=blank, lines=[], by=world.people.shop)
    assert pledge.persons.get(key="responsible").id_number == ID_NUMBERS[0]


def test_an_office_makes_its_own_form_and_a_used_version_stays(world):
    data = {
        "title": "用气安全承诺书", "statement": "承诺属实。", "valid_months": 6,
        "persons": [{"key": "boss", "label": "负责人", "signs": True}],
        "fields": [{"key": "cylinders", "label": "在用气瓶数", "kind": "number", "required": True}],
        "tables": [
            {"key": "done", "title": "已改", "role": "corrected"}, {"key": "open", "title": "未改", "role": "uncorrected"},
            {"key": "stoves", "title": "灶具", "role": "plain", "columns": [{"key": "name", "label": "名称"}]},
        ],
    }  # fmt: skip
    with pytest.raises(PermissionDenied):
        actions.save_form("gas", data, by=world.people.housing)
    with pytest.raises(Refused, match="一名签字人"):
        actions.save_form("gas", data | {"persons": []}, by=world.people.office)
    first = actions.save_form("gas", data, by=world.people.office)
    second = actions.save_form("gas", data | {"title": "用气承诺书"}, by=world.people.office)
    assert (first.version, second.version) == (1, 2)
    assert list(PledgeForm.objects.filter(key="gas", is_active=True)) == [second]
    fire_form()
    with pytest.raises(Refused, match="另取代码"):
        actions.save_form("fire_self_check", data, by=world.people.office)
    pledge = actions.start_draft(world.enterprises.shop, second, by=world.people.shop)
    assert "请填写“在用气瓶数”" in actions.problems_of(pledge)
