"""The phone flow and the desk pages: who may open them, what they say, what a plain browser form does."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bihuan.attachments.models import Attachment
from bihuan.campaigns.models import CheckItem
from bihuan.core.sealing import draft_seal
from bihuan.hazards import actions as hazards
from bihuan.hazards.models import Hazard
from bihuan.inspections.actions import issue_reinspection_opinion, submit_inspection
from bihuan.inspections.forms import words_of_failure
from bihuan.inspections.models import Answer, Inspection
from bihuan.inspections.submission import SignatureGiven
from bihuan.papers.models import Paper
from bihuan.registry.models import Enterprise

from .factories import deadline, fixed, ink, member, photo, picture, visit


def walk_url(gas, enterprise) -> str:
    return f"{reverse('inspections:walk')}?task={gas.task.pk}&enterprise={enterprise.pk}"


def posted(people, gas, **changes) -> dict:
    """What the browser sends for a clean visit."""
    me = people.inspector
    data = {
        "client_id": str(uuid.uuid4()), "started_at": "2026-03-02T10:00:00+08:00", "checklist": gas.checklist.pk,
        "kind": "township", "opinion": "", "accompanying_name": "蒋好味", "accompanying_title": "店长",
        "accompanying_signature": ink(), f"m{me.pk}-certificate": me.certificate_no, f"m{me.pk}-signature": ink(),
        **{f"q{position}-verdict": "pass" for position in range(1, 5)},
    }  # fmt: skip
    return data | changes


def failed(people, **changes) -> dict:
    """The fields of item 3 failed with a deadline."""
    data = {
        "q3-verdict": "fail", "q3-description": "未安装探测器", "q3-outcome": "deadline", "q3-level": "general",
        "q3-before": photo(people.inspector), "q3-responsible_person": "蒋好味", "q3-measures": "安装", "q3-funds": "1800",
        "q3-contingency": "关阀撤人", "q3-interim_measures": "停用燃气",
    }  # fmt: skip
    return data | changes


@pytest.fixture
def inspector(client, people):
    client.force_login(people.inspector)
    return client


def test_the_key_of_the_drafts_is_the_readers_own_and_stays_out_of_the_browsers_files(
    inspector, people, world, gas
):
    page = inspector.get(walk_url(gas, world.enterprises.shop))
    assert f'data-draft-seal="{draft_seal(people.inspector.pk)}"' in page.content.decode()
    assert "no-store" in page["Cache-Control"]


FOLLOW_UP = ("note", "description", "outcome", "before_files", "due_on", "responsible_person", "location")


def test_what_follows_a_failed_item_is_on_the_page_once_for_all_items(inspector, world, gas):
    page = inspector.get(walk_url(gas, world.enterprises.shop)).content.decode()
    for field in FOLLOW_UP:
        assert f'name="q3-{field}"' not in page
        assert f'name="q0-{field}"' in page.partition("<template data-bihuan-pattern")[2]


def test_without_script_every_item_has_its_own(inspector, world, gas):
    url = walk_url(gas, world.enterprises.shop)
    assert (
        "whole=1"
        in inspector.get(url).content.decode().partition("<noscript>")[2].partition("</noscript>")[0]
    )
    page = inspector.get(f"{url}&whole=1").content.decode()
    assert "<template data-bihuan-pattern" not in page
    for key in ("q1", "q2", "q3", "q4"):
        for field in FOLLOW_UP:
            assert f'name="{key}-{field}"' in page
    assert 'name="o1-description"' in page


def test_a_failed_item_comes_back_written_out(inspector, people, world, gas):
    page = inspector.post(
        walk_url(gas, world.enterprises.shop), posted(people, gas, **failed(people, **{"q3-measures": ""}))
    ).content.decode()
    assert 'name="q3-measures"' in page
    assert "未安装探测器" in page
    assert 'name="q2-measures"' not in page


# --- choosing -------------------------------------------------------------------------------


def test_the_chooser_offers_what_nobody_has_visited_yet(inspector, world, people, gas):
    page = inspector.get(reverse("inspections:choose")).content.decode()
    assert "云溪区好味来面馆" in page
    assert "没有检查过" in page
    assert "平安液化气" not in page
    submit_inspection(visit(world, gas, people.inspector), by=people.inspector)
    assert "都查过了" in inspector.get(reverse("inspections:choose")).content.decode()
    seen = inspector.get(reverse("inspections:choose"), {"task": gas.task.pk, "seen": "yes"}).content.decode()
    assert "云溪区好味来面馆" in seen
    assert "未发现隐患" in seen


@pytest.mark.parametrize(
    ("query", "shown"),
    [("q=好味来", True), ("q=别家", False), ("risk=yellow", True), ("risk=red", False), ("task=0", True)],
)
def test_searching_the_chooser(inspector, world, gas, query, shown):
    page = inspector.get(f"{reverse('inspections:choose')}?{query}").content.decode()
    assert ("enterprise=" in page) is shown


def test_the_chooser_costs_the_same_for_one_and_for_many(inspector, world, gas):
    url = reverse("inspections:choose")
    inspector.get(url)
    with CaptureQueriesContext(connection) as few:
        inspector.get(url)
    for no in range(6):
        Enterprise.objects.create(
            name=f"青石第{no}餐馆", kind=world.kinds.restaurant, city=world.city, county=world.regions.yunxi,
            locality=world.regions.qingshi, department=world.organizations.housing,
        )  # fmt: skip
    with CaptureQueriesContext(connection) as many:
        page = inspector.get(url).content.decode()
    assert "青石第5餐馆" in page
    assert len(many) == len(few)


@pytest.mark.parametrize("name", ["shop", "inspectorate", "qingshi_leader", "expert"])
def test_those_who_do_not_inspect_are_kept_out(client, people, world, gas, name):
    client.force_login(getattr(people, name))
    assert client.get(reverse("inspections:choose")).status_code == 403
    assert client.get(walk_url(gas, world.enterprises.shop)).status_code == 403


def test_an_enterprise_out_of_sight_is_not_there(client, people, world, gas):
    client.force_login(people.outsider)
    assert client.get(walk_url(gas, world.enterprises.shop)).status_code == 404
    assert client.post(walk_url(gas, world.enterprises.shop), {}).status_code == 404


def test_no_new_visit_begins_for_a_task_that_was_taken_out(inspector, world, gas):
    gas.task.ended_on = dt.date(2026, 1, 1)
    gas.task.save(update_fields=["ended_on"])
    assert inspector.get(walk_url(gas, world.enterprises.shop)).status_code == 404


@pytest.mark.parametrize("query", ["enterprise=x", "enterprise=999999", "task=999999", "duty=999999", ""])
def test_nonsense_in_the_address_is_not_there(inspector, world, gas, query):
    suffix = "" if query.startswith("enterprise") else f"&enterprise={world.enterprises.shop.pk}"
    url = f"{reverse('inspections:walk')}?{query}{suffix}" if query else reverse("inspections:walk")
    assert inspector.get(url).status_code == 404


# --- walking --------------------------------------------------------------------------------


def test_the_walk_shows_items_and_place(inspector, world, gas):
    page = inspector.get(walk_url(gas, world.enterprises.shop)).content.decode()
    assert "1. 用气场所不在地下或半地下" in page
    assert "未做到：连接软管不超过 2 米，无接头、不穿墙" in page
    assert "餐饮 · 青石街道" in page
    assert "不合格即按<strong>重大隐患</strong>判定" in page
    assert "style=" not in page


def test_the_walk_costs_the_same_for_a_long_list(inspector, world, gas):
    url = walk_url(gas, world.enterprises.shop)
    inspector.get(url)
    with CaptureQueriesContext(connection) as few:
        inspector.get(url)
    gas.checklist.items.model.objects.bulk_create(
        gas.checklist.items.model(checklist=gas.checklist, position=position, text=f"检查事项{position}")
        for position in range(5, 25)
    )
    with CaptureQueriesContext(connection) as many:
        inspector.get(url)
    assert len(many) == len(few)


def test_a_plain_form_records_a_clean_visit(inspector, world, people, gas):
    answer = inspector.post(walk_url(gas, world.enterprises.shop), posted(people, gas), follow=True)
    page = answer.content.decode()
    assert "未发现隐患，已留记录" in page
    assert "现场检查记录" in page
    inspection = Inspection.objects.get()
    assert inspection.task == gas.task
    assert inspection.inspected_on.isoformat() == "2026-03-02"


def test_sending_the_form_twice_records_once(inspector, world, people, gas):
    data = posted(people, gas, **failed(people))
    first = inspector.post(walk_url(gas, world.enterprises.shop), data)
    second = inspector.post(walk_url(gas, world.enterprises.shop), data)
    assert first["Location"] == second["Location"]
    assert (Inspection.objects.count(), Hazard.objects.count()) == (1, 1)


def test_photos_of_a_browser_without_script_come_with_the_form(inspector, world, people, gas):
    data = posted(people, gas, **failed(people))
    data.pop("q3-before")
    data["q3-before_files"] = SimpleUploadedFile("门口.jpg", picture(201), content_type="image/jpeg")
    inspector.post(walk_url(gas, world.enterprises.shop), data)
    assert Hazard.objects.get().description == "未安装探测器"
    assert Attachment.objects.filter(name="门口.jpg").count() == 1


def test_what_is_missing_is_named_beside_its_item_and_nothing_is_lost(inspector, world, people, gas):
    data = posted(people, gas, **failed(people, **{"q3-interim_measures": "", "q3-location": "后厨"}))
    answer = inspector.post(walk_url(gas, world.enterprises.shop), data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert page.count("第 3 项不能立即整改，缺临时管控措施，请写明整改前怎么保证安全") == 2
    assert 'href="#q3"' in page
    assert 'value="后厨"' in page
    assert data["q3-before"] in page
    assert data["client_id"] in page
    assert not Inspection.objects.exists()


def test_a_file_that_is_no_picture_is_refused_by_name(inspector, world, people, gas):
    data = posted(people, gas, **failed(people))
    data["q3-before_files"] = SimpleUploadedFile(
        "照片.jpg", b"<script>alert(1)</script>", content_type="image/jpeg"
    )
    answer = inspector.post(walk_url(gas, world.enterprises.shop), data)
    assert answer.status_code == 422
    assert "照片“照片.jpg”没有收下" in answer.content.decode()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("q3-funds", "一千八", "第 3 项的整改资金（元）"),
        ("q3-funds", "-5", "第 3 项的整改资金（元）"),
        ("q3-due_on", "9999-12-31", "第 3 项"),
        ("q3-due_on", "明天", "第 3 项的整改期限"),
        ("started_at", "昨天", "开始时间读不出来"),
        ("client_id", "1", "设备编号不正确"),
        ("kind", "self_check", "检查类别不正确"),
        ("premises", "77", "所选场所不属于这家企业"),
        ("q3-description", "字" * 501, "第 3 项的问题"),
        ("q3-criterion_code", "X1", "第 3 项的判定条款"),
    ],
)
def test_unreadable_fields_are_named(inspector, world, people, gas, field, value, message):
    answer = inspector.post(
        walk_url(gas, world.enterprises.shop), posted(people, gas, **failed(people)) | {field: value}
    )
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert not Inspection.objects.exists()


def test_somebody_elses_photo_cannot_be_used(inspector, world, people, gas):
    data = posted(people, gas, **failed(people, **{"q3-before": photo(people.outsider)}))
    answer = inspector.post(walk_url(gas, world.enterprises.shop), data)
    assert "第 3 项限期改正，缺现场照片，请补拍" in answer.content.decode()


def test_two_inspectors_sign_on_one_phone(inspector, world, people, gas):
    other = people.inspector2
    data = posted(people, gas, kind="enforcement", members=[other.pk])
    data |= {f"m{other.pk}-certificate": other.certificate_no, f"m{other.pk}-signature": ink()}
    inspector.post(walk_url(gas, world.enterprises.shop), data)
    assert Inspection.objects.get().members.count() == 2


def test_a_refusal_to_sign_is_kept_with_its_reason(inspector, world, people, gas):
    data = posted(
        people,
        gas,
        accompanying_signature="",
        accompanying_signature_typed="1",
        refusal="不愿签字，网格员在场",
    )
    inspector.post(walk_url(gas, world.enterprises.shop), data)
    page = inspector.get(Inspection.objects.get().get_absolute_url()).content.decode()
    assert "不愿签字，网格员在场" in page


def test_a_problem_off_the_list(inspector, world, people, gas):
    data = posted(people, gas) | {
        "o1-description": "疏散通道堆放杂物", "o1-outcome": "fixed", "o1-level": "general", "o1-before": photo(people.inspector),
        "o1-after": photo(people.inspector), "o1-fix_text": "当场清理",
    }  # fmt: skip
    inspector.post(walk_url(gas, world.enterprises.shop), data)
    assert Hazard.objects.get().status == "closed"


def test_a_note_and_photos_may_stand_under_any_item_and_under_the_visit(inspector, world, people, gas):
    data = posted(people, gas) | {
        "q1-note": "气瓶间在室外", "q1-scene": photo(people.inspector), "visit-scene": [photo(people.inspector), photo(people.inspector)],
        "q2-measured": "1.5 米",
    }  # fmt: skip
    inspector.post(walk_url(gas, world.enterprises.shop), data)
    page = inspector.get(Inspection.objects.get().get_absolute_url()).content.decode()
    assert "气瓶间在室外" in page
    assert "实测 1.5 米" in page
    assert page.count("<figure>") >= 3
    captions = [
        each["caption"] for block in Paper.objects.get().content["blocks"] for each in block.get("photos", [])
    ]
    assert captions == ["现场", "现场", "第1项"]


def test_script_in_every_field_stays_text(inspector, world, people, gas):
    nasty = '"><script>alert(1)</script>'
    data = posted(
        people,
        gas,
        **failed(people, **{"q3-description": nasty, "q3-measures": nasty, "q3-interim_measures": ""}),
    )
    data |= {"accompanying_name": nasty, "opinion": nasty}
    page = inspector.post(walk_url(gas, world.enterprises.shop), data).content.decode()
    assert "<script>alert" not in page
    inspector.post(walk_url(gas, world.enterprises.shop), data | {"q3-interim_measures": nasty})
    page = inspector.get(Inspection.objects.get().get_absolute_url()).content.decode()
    assert "<script>alert" not in page


# --- at the desk ----------------------------------------------------------------------------


@pytest.fixture
def inspection(world, people, gas) -> Inspection:
    """A visit with one hazard fixed and one with a deadline."""
    given = visit(
        world, gas, people.inspector, "pffp",
        findings={2: fixed(people.inspector), 3: deadline(people.inspector)},
    )  # fmt: skip
    return submit_inspection(given, by=people.inspector)


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("inspector", 200), ("qingshi_leader", 200), ("office", 200), ("county_office", 200), ("housing", 200),
        ("inspectorate", 200), ("shop", 200), ("outsider", 404), ("station", 404), ("market", 404), ("expert", 404),
    ],
)  # fmt: skip
def test_who_may_read_an_inspection(client, people, inspection, name, status):
    client.force_login(getattr(people, name))
    assert client.get(inspection.get_absolute_url()).status_code == status


def test_the_detail_shows_answers_hazards_signatures_and_papers(inspector, inspection):
    page = inspector.get(inspection.get_absolute_url()).content.decode()
    assert "灶具连接软管老化开裂" in page
    assert "整改后" in page
    assert page.count("签名与内容一致") == 2
    for paper in Paper.objects.all():
        assert paper.number in page


def test_a_changed_answer_shows_on_the_detail(inspector, inspection):
    Answer.objects.filter(inspection=inspection, position=1).update(verdict="na")
    page = inspector.get(inspection.get_absolute_url()).content.decode()
    assert "签名与内容一致" not in page
    assert page.count("内容在签名后被改动") == 2


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", True), ("clean=0", True), ("clean=1", False), ("region=539702001", True), ("region=539721100", False),
        ("kind=campaign", True), ("kind=enforcement", False), ("from=2000-01-01", True), ("to=2000-01-01", False), ("from=nonsense", True),
        ("enterprise=0", False), ("campaign=0", False), ("task=x", True),
    ],
)  # fmt: skip
def test_filters_of_the_list(inspector, inspection, query, shown):
    page = inspector.get(f"{reverse('inspections:list')}?{query}").content.decode()
    assert (inspection.get_absolute_url() in page) is shown


def test_figures_open_their_rows(inspector, inspection, gas):
    query = f"campaign={gas.campaign.pk}&task={gas.task.pk}&department={inspection.department_id}&enterprise={inspection.enterprise_id}"
    page = inspector.get(f"{reverse('inspections:list')}?{query}").content.decode()
    assert inspection.get_absolute_url() in page
    assert "专项整治：燃气专项整治" in page


def test_the_list_costs_the_same_for_one_and_for_many(inspector, world, people, gas, inspection):
    url = reverse("inspections:list")
    inspector.get(url)
    with CaptureQueriesContext(connection) as few:
        inspector.get(url)
    for _ in range(3):
        submit_inspection(visit(world, gas, people.inspector), by=people.inspector)
    with CaptureQueriesContext(connection) as many:
        inspector.get(url)
    assert len(many) == len(few)


def test_the_detail_costs_the_same_for_one_and_for_many_hazards(inspector, world, people, gas, inspection):
    three = visit(
        world, gas, people.inspector, "fffp",
        findings={1: fixed(people.inspector), 2: fixed(people.inspector), 3: deadline(people.inspector)},
    )  # fmt: skip
    other = submit_inspection(three, by=people.inspector)
    inspector.get(inspection.get_absolute_url())
    with CaptureQueriesContext(connection) as few:
        inspector.get(inspection.get_absolute_url())
    with CaptureQueriesContext(connection) as many:
        inspector.get(other.get_absolute_url())
    assert len(many) == len(few)


def test_the_enterprise_sees_its_own_photos_and_signatures(client, people, inspection):
    client.force_login(people.shop)
    for attachment in Attachment.objects.all():
        assert client.get(attachment.get_absolute_url()).status_code == 200
    client.force_login(people.station)
    for attachment in Attachment.objects.all():
        assert client.get(attachment.get_absolute_url()).status_code == 404


# --- the opinion ----------------------------------------------------------------------------


def reinspected(inspection: Inspection, people, *, passed: bool) -> Hazard:
    hazard = Hazard.objects.get(answer__inspection=inspection, fixed_on_spot=False)
    hazards.submit_rectification(
        hazard,
        text="已安装",
        finished_on=inspection.inspected_on,
        photos=[photo(people.shop)],
        by=people.shop,
    )
    hazard.refresh_from_db()
    if passed:
        hazards.reinspect(hazard, passed=True, text="安装到位", by=people.inspector)
    else:
        hazards.reinspect(
            hazard, passed=False, text="仍未联动切断阀", reason_type="not_fixed", by=people.inspector
        )
    hazard.refresh_from_db()
    return hazard


def test_an_opinion_follows_each_round_of_reinspection_once(inspector, people, inspection):
    url = reverse("inspections:opinion", args=[inspection.pk])
    assert "没有新的复查结论" in inspector.post(url, follow=True).content.decode()
    reinspected(inspection, people, passed=True)
    assert "制发复查意见书" in inspector.get(inspection.get_absolute_url()).content.decode()
    inspector.post(url)
    paper = Paper.objects.get(kind="reinspection_opinion")
    assert paper.number == f"（青石）应急复查〔{paper.case_year}〕1号"
    assert "已整改到位" in str(paper.content)
    inspector.post(url)
    assert Paper.objects.filter(kind="reinspection_opinion").count() == 1


@pytest.mark.parametrize(
    ("name", "status"), [("shop", 403), ("inspectorate", 403), ("outsider", 404), ("office", 403)]
)
def test_only_whose_case_it_is_issues_the_opinion(client, people, inspection, name, status):
    reinspected(inspection, people, passed=True)
    client.force_login(getattr(people, name))
    assert client.post(reverse("inspections:opinion", args=[inspection.pk])).status_code == status


def test_a_visit_without_order_needs_no_opinion(world, people, gas):
    inspection = submit_inspection(visit(world, gas, people.inspector), by=people.inspector)
    with pytest.raises(Exception, match="没有下达责令限期整改指令书"):
        issue_reinspection_opinion(inspection, by=people.inspector)


def test_the_inspector_may_confirm_by_login(world, people, gas):
    given = visit(
        world, gas, people.inspector, members=(member(people.inspector, signature=SignatureGiven("login")),)
    )
    assert submit_inspection(given, by=people.inspector).is_clean


def test_a_finding_begins_with_what_was_found_or_not_done():
    assert words_of_failure(CheckItem(text="软管不超过 2 米")) == "未做到：软管不超过 2 米"
    assert words_of_failure(CheckItem(text="不得有：软管穿墙")) == "发现：软管穿墙"
