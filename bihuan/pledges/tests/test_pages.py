"""Promises and self-checks as people meet them: pages, forms without script, the walk, figures that open."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from lxml import html

from bihuan.hazards.models import Hazard
from bihuan.inspections.actions import submit_inspection
from bihuan.inspections.models import Coverage, Inspection
from bihuan.inspections.submission import InspectionRefused
from bihuan.inspections.tests.factories import deadline, fixed, ink, make_campaign, photo, visit
from bihuan.papers.models import Paper
from bihuan.pledges import actions, queries
from bihuan.pledges.models import Pledge, PledgeForm
from bihuan.pledges.views.definitions import SAMPLE
from bihuan.tally.models import Delta

from .factories import ID_NUMBERS, PHONES, fire_form, make_draft, make_signed


def test_written_and_signed_in_the_browser_without_script(world, client):
    form = fire_form()
    client.force_login(world.people.shop)
    assert client.post("/pledges/new/", {"form": form.pk}).status_code == 302
    pledge = Pledge.objects.get()
    page = client.get(f"/pledges/{pledge.pk}/edit/").content.decode()
    assert "签署前还要补" in page
    assert "10、饭店、餐厅" in page
    due = (timezone.localdate() + dt.timedelta(days=9)).isoformat()
    sent = {
        "form-use_code": "10", "form-remarks": "", "corrected-count": "1", "corrected-0-pk": "",
        "corrected-0-place": "楼梯", "corrected-0-description": "堆放杂物", "corrected-0-measures": "已清理",
        "corrected-0-photos": photo(world.people.shop), "uncorrected-count": "1", "uncorrected-0-pk": "",
        "uncorrected-0-place": "后厨", "uncorrected-0-description": "没有探测器", "uncorrected-0-reason": "在途",
        "uncorrected-0-interim_measures": "停用", "uncorrected-0-due_on": due, "uncorrected-0-responsible_person": "蒋管理",
    }  # fmt: skip
    for no, key in enumerate(("responsible", "manager", "contact")):
        sent |= {
            f"person-{key}-name": f"蒋某{no}",
            f"person-{key}-phone": PHONES[no],
            f"person-{key}-id_number": ID_NUMBERS[no],
        }
    wrong = client.post(
        f"/pledges/{pledge.pk}/edit/", sent | {"person-manager-id_number": "110105194912310020"}
    )
    assert wrong.status_code == 422
    assert "校验码" in wrong.content.decode()
    assert not any(
        number in wrong.content.decode() for number in [*ID_NUMBERS, *PHONES, "110105194912310020"]
    )
    more = client.post(f"/pledges/{pledge.pk}/edit/", {**_kept(pledge, sent), "more": "corrected"})
    assert 'name="corrected-1-place"' in more.content.decode()
    answer = client.post(f"/pledges/{pledge.pk}/edit/", {**_kept(pledge, sent), "next": "sign"})
    assert answer["Location"] == f"/pledges/{pledge.pk}/signature/"
    assert pledge.lines.count() == 2
    assert pledge.persons.get(key="manager").id_number == ID_NUMBERS[1]
    empty = client.post(f"/pledges/{pledge.pk}/signature/", {})
    assert empty.status_code == 422
    assert "手写签名" in empty.content.decode()
    signed = client.post(
        f"/pledges/{pledge.pk}/signature/", {"signature": ink(), "seal": photo(world.people.shop)}
    )
    assert signed["Location"] == f"/pledges/{pledge.pk}/"
    printed = client.get(f"/pledges/{pledge.pk}/print/").content.decode()
    assert "☑10、饭店、餐厅" in printed
    assert printed.count("☐") == 21
    assert "扫码核验" in printed


def _kept(pledge: Pledge, sent: dict[str, str]) -> dict[str, str]:
    """The same form as the page comes back: rows carry the number they were saved under."""
    lines = {line.table: str(line.pk) for line in pledge.lines.all()}
    return sent | {f"{table}-0-pk": lines.get(table, "") for table in ("corrected", "uncorrected")}


def test_verified_from_the_duty_line_by_line(world, client):
    pledge = make_signed(world)
    housing = world.people.housing
    client.force_login(housing)
    assert "核查承诺书：云溪区好味来面馆" in client.get("/duties/").content.decode()
    first, second = pledge.lines.order_by("table")
    page = client.get(f"/pledges/{pledge.pk}/").content.decode()
    assert "还有 2 项没有结论" in page
    assert (
        client.post(f"/pledges/lines/{first.pk}/verdict/", {"verdict": "not_done", "note": ""}).status_code
        == 422
    )
    assert client.post(f"/pledges/lines/{first.pk}/verdict/", {"verdict": "true"}).status_code == 302
    answer = client.post(
        f"/pledges/lines/{second.pk}/verdict/",
        {"verdict": "false", "note": "没有停用燃气", "photos": photo(housing)},
    )
    assert answer.status_code == 302
    assert client.post(f"/pledges/{pledge.pk}/conclusion/", {"opinion": "一项不实"}).status_code == 302
    assert Pledge.objects.get().get_status_display() == "核查有异议"
    listed = client.get("/pledges/false-claims/").content.decode()
    assert "没有停用燃气" in listed
    assert "弄虚作假" in client.get(f"/registry/{world.enterprises.shop.pk}/").content.decode()


def test_the_full_number_stands_on_one_page_that_nobody_keeps(world, client):
    person = make_signed(world).persons.get(key="contact")
    client.force_login(world.people.housing)
    assert client.post(f"/pledges/persons/{person.pk}/reveal/", {"reason": ""}).status_code == 422
    shown = client.post(f"/pledges/persons/{person.pk}/reveal/", {"reason": "电话核实"})
    assert ID_NUMBERS[2] in shown.content.decode()
    assert shown["Cache-Control"] == "no-store"


def test_a_draft_is_nobody_elses_business(world, client):
    pledge = make_draft(world)
    for user in (world.people.housing, world.people.office, world.people.station):
        client.force_login(user)
        assert client.get(f"/pledges/{pledge.pk}/").status_code == 404


@pytest.fixture
def gas(world):
    return make_campaign(world)


def test_what_the_enterprise_finds_itself_is_marked_and_counts_as_no_visit(world, gas):
    shop = world.people.shop
    given = visit(
        world, gas, shop, "pffp", findings={2: fixed(shop), 3: deadline(shop)}, members=(), accompanying_name="",
        accompanying_signature=None,
    )  # fmt: skip
    inspection = actions.submit_self_check(given, image=ink(), by=shop)
    assert (inspection.kind, inspection.organization) == ("self_check", world.organizations.shop)
    found = {hazard.description: hazard for hazard in Hazard.objects.all()}
    assert {hazard.source for hazard in found.values()} == {"self_check"}
    assert found["灶具连接软管老化开裂"].status == "reinspecting"
    assert found["未安装可燃气体探测器和紧急切断阀"].status == "rectifying"
    assert {hazard.reviewing_organization for hazard in found.values()} == {world.organizations.qingshi}
    assert not Paper.objects.exists()
    assert not Coverage.objects.exists()
    assert not Delta.objects.filter(inspected=1).exists()
    assert queries.self_checked_enterprises(world.people.office, gas.campaign) == 1
    again = actions.submit_self_check(given, image=ink(), by=shop)
    assert again.pk == inspection.pk


def test_the_walk_brings_what_a_failed_item_asks_for(client, world, gas):
    client.force_login(world.people.shop)
    page = client.get(f"/pledges/self-check/walk/?task={gas.task.pk}").content.decode()
    for name in ("note", "finding", "other"):
        assert page.count(f'<template data-bihuan-pattern="{name}">') == 1
    assert 'name="q0-measures"' in page
    assert 'name="q2-measures"' not in page
    whole = client.get(f"/pledges/self-check/walk/?task={gas.task.pk}&whole=1").content.decode()
    assert 'name="q2-measures"' in whole


def test_nobody_checks_another_house_or_calls_a_visit_a_self_check(world, gas):
    with pytest.raises(PermissionDenied):
        actions.submit_self_check(visit(world, gas, world.people.station), by=world.people.station)
    with pytest.raises(PermissionDenied):
        actions.submit_self_check(visit(world, gas, world.people.inspector), by=world.people.inspector)
    with pytest.raises(InspectionRefused, match="类别"):
        submit_inspection(
            visit(world, gas, world.people.inspector, kind="self_check"), by=world.people.inspector
        )


def test_the_walk_on_a_phone_and_the_figure_that_opens_its_rows(world, gas, client):
    client.force_login(world.people.shop)
    assert "餐饮场所燃气" in client.get("/pledges/self-check/").content.decode()
    address = f"/pledges/self-check/walk/?task={gas.task.pk}"
    page = client.get(address)
    assert page.status_code == 200
    sent = {
        "client_id": "00000000-0000-4000-8000-00000000000a",
        "started_at": timezone.now().isoformat(),
        "checklist": gas.checklist.pk,
    }
    assert client.post(address, sent).status_code == 422
    sent |= {f"q{item.position}-verdict": "pass" for item in gas.items} | {"signature": ink()}
    answer = client.post(address, sent)
    inspection = Inspection.objects.get()
    assert answer["Location"] == f"/pledges/self-check/{inspection.pk}/done/"
    assert client.get(answer["Location"]).status_code == 200
    client.force_login(world.people.office)
    campaign = client.get(f"/campaigns/{gas.campaign.pk}/").content.decode()
    assert "开展自查的企业" in campaign
    rows = client.get(f"/pledges/self-checks/?campaign={gas.campaign.pk}").content.decode()
    assert "1 家企业开展了自查" in rows
    assert "云溪区好味来面馆" in rows


def test_the_enterprise_page_says_what_to_do_first(world, gas, client):
    make_signed(world)
    client.force_login(world.people.shop)
    home = client.get("/").content.decode()
    assert "今天先做" in home
    assert "自查：餐饮场所燃气" in home
    assert "自查自报" in home
    assert "单位火灾隐患自查整改承诺书" in home


def test_an_office_makes_a_form_row_by_row_and_is_told_what_is_wrong(world, client):
    client.force_login(world.people.office)
    page = client.get("/pledges/forms/new/").content.decode()
    assert "瓶装液化气安全使用承诺书" in page
    sent = {
        "form-title": "电动自行车充电承诺书", "form-statement": "承诺属实。", "form-valid_months": "6", "form-remarks": "",
        "persons-count": "1", "person-0-label": "负责人", "person-0-required": "on", "signer": "0",
        "fields-count": "2", "field-0-label": "充电位（个）", "field-0-kind": "number", "field-0-required": "on",
        "field-1-label": "充电方式", "field-1-kind": "choice", "field-1-choices": "集中充电，换电柜",
        "tables-count": "2", "table-0-role": "corrected", "table-0-title": "已整改的问题", "columns-0-count": "0",
        "table-1-role": "uncorrected", "table-1-title": "未整改的问题", "columns-1-count": "1",
        "column-1-0-label": "照片编号", "column-1-0-kind": "text",
    }  # fmt: skip
    more = client.post("/pledges/forms/new/", sent | {"more": "columns-0"}).content.decode()
    assert 'name="column-0-0-label"' in more
    assert "电动自行车充电承诺书" in more
    assert not PledgeForm.objects.exists()
    for changes, words in (
        ({"form-title": ""}, "请填写承诺书名称"),
        ({"signer": "3"}, "须有且只有一名签字人"),
        ({"table-1-title": ""}, "未整改的隐患"),
        ({"field-1-choices": "集中充电"}, "请至少给两个选项"),
    ):
        wrong = client.post("/pledges/forms/new/", sent | changes)
        assert wrong.status_code == 422
        assert words in wrong.content.decode()
    assert client.post("/pledges/forms/new/", sent | {"form-valid_months": "99"}).status_code == 422
    assert client.post("/pledges/forms/new/", sent).status_code == 302
    made = PledgeForm.objects.get()
    definition = made.read
    assert (definition.title, definition.valid_months, definition.signer.label) == (
        "电动自行车充电承诺书", 6, "负责人",
    )  # fmt: skip
    assert [(each.label, each.kind, each.choices) for each in definition.fields] == [
        ("充电位（个）", "number", ()),
        ("充电方式", "choice", ("集中充电", "换电柜")),
    ]
    assert [each.label for each in definition.table(definition.tables[1].key).columns] == ["照片编号"]
    edited = client.get(f"/pledges/forms/new/?from={made.pk}").content.decode()
    assert "集中充电、换电柜" in edited


def test_the_next_version_keeps_the_codes_of_what_stays(world, client):
    client.force_login(world.people.office)
    first = actions.save_form("own-gas", SAMPLE, by=world.people.office)
    form = html.fromstring(client.get(f"/pledges/forms/new/?from={first.pk}").content.decode())
    sent = dict(form.xpath("//form[contains(@class, 'pledge-definition')]")[0].form_values())
    sent |= {"fields-count": "2", "field-1-label": "灶具数", "field-1-kind": "number", "form-title": "新名称"}
    assert client.post(f"/pledges/forms/new/?from={first.pk}", sent).status_code == 302
    second = PledgeForm.objects.get(key="own-gas", version=2)
    assert second.read.title == "新名称"
    assert [each.key for each in second.read.fields] == ["cylinders", "field1"]
    assert second.read.tables == first.read.tables
    assert second.read.persons == first.read.persons
    assert not PledgeForm.objects.get(pk=first.pk).is_active
