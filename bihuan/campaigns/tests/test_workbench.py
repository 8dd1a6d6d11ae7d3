"""The workbench over the wire: autosave, both values of a conflict, the checkup, seldom things; with and without htmx."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bihuan.campaigns import actions
from bihuan.campaigns.models import Campaign, PlanDocument, PlanFinding

from .plans import TEXT, check_off, long_plan, make_colleague, make_draft, task
from .test_views import form_of

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def office(client, people):
    client.force_login(people.office)
    return client


def post(client, name, *args, htmx=True, **data):
    return client.post(reverse(f"campaigns:{name}", args=args), data, headers=HTMX if htmx else {})


def event(answer, name):
    return json.loads(answer["HX-Trigger"])[name]


# --- autosave ---


def test_a_field_is_saved_and_the_form_stays(office, draft):
    item = task(draft, "查充装管理")
    data = form_of(office, draft, item) | {"heading": "查充装站", "autosave": "1", "editing": item.pk}
    answer = post(office, "item", draft.pk, item.pk, **data)
    assert event(answer, "bihuan:saved") == {"item": item.pk, "version": 2, "closed": False}
    assert f'id="item-{item.pk}"' not in answer.text
    assert answer["HX-Reswap"] == "none"
    item.refresh_from_db()
    assert (item.data["heading"], item.state) == ("查充装站", "proposed")


def test_what_cannot_be_saved_is_said_beside_the_form(office, draft):
    item = task(draft, "查充装管理")
    data = form_of(office, draft, item) | {"heading": "", "due": "2026-02-30", "autosave": "1"}
    answer = post(office, "item", draft.pk, item.pk, **data)
    assert answer["HX-Trigger"] == "bihuan:unsaved"
    assert f'id="unsaved-{item.pk}" hx-swap-oob="true"' in answer.text
    assert "任务：" in answer.text
    assert "完成期限：" in answer.text
    item.refresh_from_db()
    assert item.version == 1


def test_a_conflict_shows_who_and_both_values_and_leaves_the_choice(office, draft, world):
    item = task(draft, "查充装管理")
    data = form_of(office, draft, item) | {"heading": "我的标题", "autosave": "1"}
    actions.edit_item(item, item.data | {"heading": "对方的标题"}, version=1, by=make_colleague(world))
    answer = post(office, "item", draft.pk, item.pk, **data)
    for words in ("李同行", "我的标题", "对方的标题", "用我的", "用对方的", 'data-version="2"'):
        assert words in answer.text
    item.refresh_from_db()
    assert item.data["heading"] == "对方的标题"
    answer = post(office, "item", draft.pk, item.pk, **data | {"version": 2})
    assert event(answer, "bihuan:saved")["version"] == 3


def test_a_beacon_of_a_closing_tab_is_saved_too(office, draft):
    item = task(draft, "查充装管理")
    data = form_of(office, draft, item) | {"heading": "最后一笔"}
    post(office, "item", draft.pk, item.pk, htmx=False, **data)
    item.refresh_from_db()
    assert item.data["heading"] == "最后一笔"


# --- the checkup ---


@pytest.fixture
def finding(draft) -> PlanFinding:
    return PlanFinding.objects.create(
        document=draft, key="test", code="test", severity="error", start=30, end=34, message="测试用错误",
        why="为了测试", proposal="改成别的", touched=1,
    )  # fmt: skip


def test_findings_stand_at_their_place_and_are_answered(office, draft, finding):
    page = office.get(draft.get_absolute_url()).text
    for words in ("测试用错误", "为了测试", "改成别的", f'href="#finding-{finding.pk}"'):
        assert words in page
    answer = post(office, "finding", draft.pk, finding.pk, "waive", version=1, reason="")
    assert "须填写理由" in answer.text
    answer = post(office, "finding", draft.pk, finding.pk, "waive", version=1, reason="照旧")
    finding.refresh_from_db()
    assert finding.state == "waived"
    assert "innerHTML:#source-text" in answer.text
    post(office, "finding", draft.pk, finding.pk, "reopen", version=2)
    post(office, "finding", draft.pk, finding.pk, "accept", version=3, htmx=False)
    finding.refresh_from_db()
    assert finding.state == "accepted"
    sheet = office.get(reverse("campaigns:findings", args=[draft.pk])).text
    assert "采纳，原件要改" in sheet
    assert "测试用错误" in sheet


def test_a_finding_of_another_plan_is_not_found(office, draft, finding, world):
    other = make_draft(world, TEXT + "\n另一份。", "乙.txt")
    assert post(office, "finding", other.pk, finding.pk, "accept", version=1).status_code == 404


def test_publishing_with_unanswered_errors_takes_a_reason(office, draft, finding, world):
    check_off(draft, world)
    url = reverse("campaigns:publish", args=[draft.pk])
    assert "1 条错误没有答复" in office.get(url).text
    named = {"title": "整治", "short_title": "整治"}
    office.post(url, named)
    assert not Campaign.objects.exists()
    office.post(url, named | {"reason": "先行印发"})
    assert Campaign.objects.exists()


# --- seldom things ---


def test_more_shows_the_original_and_what_can_be_done(office, draft):
    PlanDocument.objects.filter(pk=draft.pk).update(
        original=draft.text.replace("查充装管理", "查充裝管理"),
        reading={"kind": "text", "runs": [[0, 0, len(draft.text)]]},
    )
    item = task(draft, "查充装管理")
    url = reverse("campaigns:more", args=[draft.pk, item.pk])
    for answer in (office.get(url, headers=HTMX), office.get(url)):
        assert "查充裝管理" in answer.text
        assert "原件文字（整理之前）" in answer.text
        assert "其实是" in answer.text
        assert "拆成两项" in answer.text
    post(office, "move_item", draft.pk, item.pk, "retype", version=1, kind="report")
    item.refresh_from_db()
    assert item.kind == "report"


def test_a_passage_becomes_an_element_in_place(office, draft):
    start = draft.text.index("开展回头看")
    answer = post(office, "add_item", draft.pk, kind="report", passage="开展回头看", start=start)
    added = draft.items.get(rule="hand")
    assert event(answer, "bihuan:added") == {"item": added.pk}
    assert f'id="item-{added.pk}"' in answer.text
    assert added.whole == (start, start + 5)


def test_undo_and_chapters_over_the_wire(office, draft):
    chapter = draft.items.get(kind="section", data__title="三、主要任务")
    assert "确认本章其余 1 项" in office.get(draft.get_absolute_url()).text
    post(office, "confirm_section", draft.pk, chapter.pk)
    assert task(draft, "查违规安装").state == "confirmed"
    assert "已撤销：批量确认" in event(post(office, "undo", draft.pk), "bihuan:toast")
    assert task(draft, "查违规安装").state == "proposed"
    assert "没有可以撤销" in post(office, "undo", draft.pk).text


def test_facts_of_the_plan_are_shown_with_their_place(office, world):
    text = TEXT.replace(
        "为消除餐饮场所燃气安全隐患，制定本方案。",
        "根据《云溪省餐饮燃气安全专项整治实施方案》（云省安〔2026〕3号），制定本方案。",
    )
    document = make_draft(world, text)
    page = office.get(document.get_absolute_url()).text
    assert "执行的上级方案" in page
    assert "云溪省餐饮燃气安全专项整治实施方案" in page
    check_off(document, world)
    campaign = actions.publish(document, by=world.people.office)
    assert campaign.basis[0]["title"] == "云溪省餐饮燃气安全专项整治实施方案"
    assert "执行《云溪省餐饮燃气安全专项整治实施方案》" in office.get(campaign.get_absolute_url()).text


def test_the_bounds_of_a_plan_stand_on_the_checklist(world):
    document = make_draft(world)
    check = task(document, "查违规安装").data["check_items"][0]
    assert check["criteria"] == ["软管长度 ＞ 2米"] or "2米" in "".join(check["criteria"])
    check_off(document, world)
    campaign = actions.publish(document, by=world.people.office)
    item = campaign.tasks.get(heading="查违规安装").checklists.get().items.first()
    assert "2米" in item.criterion


def test_the_page_of_a_long_plan_reads_no_more_often_than_that_of_a_short_one(office, draft, world):
    def queries(document):
        office.get(document.get_absolute_url())
        with CaptureQueriesContext(connection) as captured:
            office.get(document.get_absolute_url())
        return len(captured)

    assert queries(make_draft(world, long_plan(), "长.txt")) <= queries(draft)
