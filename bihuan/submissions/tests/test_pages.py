"""The pages: what people read and press, what is refused in words, and that a longer list costs no more questions."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bihuan.attachments.access import may_see_subject
from bihuan.hazards.tests.factories import make_major
from bihuan.submissions.models import Opinion, Submission

from .factories import (
    answered,
    condition_of,
    consulted,
    deciding,
    drafted,
    fresh,
    handling,
    outside,
    received,
    report,
    sent,
    signing,
    today,
)


def read(client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, address
    return answer.content.decode()


def press(client, name: str, pk: int, key: str, status: int = 302, **given) -> str:
    answer = client.post(reverse(f"submissions:{name}", args=[pk, key]), given)
    assert answer.status_code == status, answer.content.decode()[:2000]
    return answer.content.decode()


def form(**changes):
    return {
        "form": "request", "matter": "funds", "title": "关于安排资金的请示", "event_on": today().isoformat(),
        "situation": "需加装报警器。", "opinion": "建议补助。", "ask": "拟安排 24 万元，妥否，请批示。",
        "contact": "李建明 0871-1234567", "addressee_name": "", "skip_reason": "", "revision": "1",
    } | changes  # fmt: skip


def test_from_the_hazard_to_the_answer_through_the_pages(client, world):
    hazard = make_major(world, description="彩钢棚压在燃气管道上")
    people, bodies = world.people, world.organizations
    client.force_login(people.housing)
    assert reverse("submissions:about") in read(client, hazard.get_absolute_url())
    about = read(client, f"{reverse('submissions:about')}?subject=hazards.hazard:{hazard.pk}")
    assert "起草请示：重大隐患挂牌督办" in about
    address = f"{reverse('submissions:create')}?matter=major_listing&subject=hazards.hazard:{hazard.pk}"
    page = read(client, address)
    assert "彩钢棚压在燃气管道上" in page
    assert "妥否，请批示" in page
    given = form(
        matter="major_listing", subject=f"hazards.hazard:{hazard.pk}", addressee=str(bodies.office.pk),
        title="关于对好味来面馆重大隐患挂牌督办的请示",
    )  # fmt: skip
    answer = client.post(reverse("submissions:create"), given)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    row = Submission.objects.get()
    page = read(client, row.get_absolute_url())
    assert "送审签" in page
    assert "报出后的样子" in page
    press(client, "act", row.pk, "submit")
    client.force_login(people.housing_leader)
    assert "签发报出" in read(client, row.get_absolute_url())
    press(client, "act", row.pk, "sign", revision="1")
    client.force_login(people.office)
    assert row.title in read(client, reverse("submissions:here"))
    press(client, "act", row.pk, "receive")
    press(client, "act", row.pk, "assign", officer=str(people.office.pk), note="请核")
    press(client, "act", row.pk, "consult", bodies=[str(bodies.market.pk)], question="是否同意挂牌")
    opinion = Opinion.objects.get()
    client.force_login(people.market)
    assert "等我们回复会签意见" in read(client, reverse("submissions:here"))
    press(client, "opinion", opinion.pk, "give", stance="agree", text="同意挂牌")
    client.force_login(people.office)
    press(client, "act", row.pk, "propose", outcome="conditional", text="同意挂牌，限期整改。")
    client.force_login(people.office_leader)
    page = read(client, row.get_absolute_url())
    assert "签发批复" in page
    assert "限期整改" in page
    rows = {f"condition{number}-{name}": "" for number in range(5) for name in ("text", "due_on")}
    press(
        client, "act", row.pk, "answer",
        **(rows | {"outcome": "conditional", "text": "同意挂牌。", "condition0-text": "一个月内整改到位"}),
    )  # fmt: skip
    client.force_login(people.housing)
    page = read(client, row.get_absolute_url())
    assert "一个月内整改到位" in page
    assert "原则同意，附要求" in page
    assert "一个月内整改到位" in read(client, reverse("submissions:above"))
    condition = condition_of(fresh(row))
    press(client, "condition", condition.pk, "report", text="已整改")
    client.force_login(people.office)
    press(client, "condition", condition.pk, "confirm", note="")
    assert "已落实" in read(client, row.get_absolute_url())
    about = read(client, f"{reverse('submissions:about')}?subject=hazards.hazard:{hazard.pk}")
    assert row.title in about


def test_a_report_that_asks_is_warned_and_not_held_up(client, world):
    row = report(world, ask="请批准延期。")
    client.force_login(world.people.housing)
    page = read(client, row.get_absolute_url())
    assert "夹带请示事项" in page
    press(client, "act", row.pk, "submit")


def test_two_addressees_are_refused_in_words(client, world):
    client.force_login(world.people.housing)
    given = form(addressee="outside", addressee_name="省安委办、省住建厅")
    answer = client.post(reverse("submissions:create"), given)
    assert answer.status_code == 422
    assert "只能有一个主送机关" in answer.content.decode()
    answer = client.post(reverse("submissions:create"), form(addressee="outside"))
    assert "请写明名称" in answer.content.decode()
    assert not Submission.objects.exists()


def test_edited_on_its_page(client, world):
    row = drafted(world)
    client.force_login(world.people.housing)
    address = reverse("submissions:edit", args=[row.pk])
    assert row.situation in read(client, address)
    given = form(title="关于资金安排的请示", addressee=str(world.organizations.office.pk))
    assert client.post(address, given).status_code == 302
    assert fresh(row).title == "关于资金安排的请示"
    answer = client.post(address, given)
    assert answer.status_code == 422
    assert "状态已变化" in answer.content.decode() or "刷新" in answer.content.decode()


def test_returned_and_handed_in_anew(client, world):
    row = received(world)
    client.force_login(world.people.office)
    press(client, "act", row.pk, "return", ground="incomplete", reason="没有测算表")
    client.force_login(world.people.housing)
    page = read(client, row.get_absolute_url())
    assert "重新报送" in page
    page = read(client, f"{reverse('submissions:create')}?follows={row.pk}")
    assert row.situation in page
    given = form(follows=str(row.pk), addressee=str(world.organizations.office.pk))
    assert client.post(reverse("submissions:create"), given).status_code == 302
    assert Submission.objects.get(follows=row)


def test_an_addressee_outside_is_entered_by_hand(client, world):
    row = outside(world)
    client.force_login(world.people.office)
    page = read(client, row.get_absolute_url())
    assert "不在本系统" in page
    press(client, "act", row.pk, "tell_received", receiver="省值班室", on=today().isoformat())
    rows = {f"condition{number}-{name}": "" for number in range(5) for name in ("text", "due_on")}
    bad = press(
        client, "act", row.pk, "tell_answer", 422,
        **(rows | {"outcome": "conditional", "text": "原则同意", "number": "云岭安办〔2026〕9号", "on": today().isoformat()}),
    )  # fmt: skip
    assert "至少写一条要求" in bad
    press(
        client, "act", row.pk, "tell_answer",
        **(rows | {"outcome": "agree", "text": "同意", "number": "云岭安办〔2026〕9号", "on": today().isoformat()}),
    )  # fmt: skip
    assert "云岭安办〔2026〕9号" in read(client, row.get_absolute_url())


def test_what_was_said_inside_is_not_for_the_asker(client, world):
    opinion = consulted(world)
    row = opinion.submission
    client.force_login(world.people.housing)
    page = read(client, row.get_absolute_url())
    assert "资金从哪里列支" not in page
    client.force_login(world.people.market)
    assert "资金从哪里列支" in read(client, row.get_absolute_url())


def test_the_list_of_matters_and_an_own_row(client, world):
    client.force_login(world.people.office)
    assert "重大隐患挂牌督办" in read(client, reverse("submissions:matters"))
    given = {
        "name": "夜间施工", "form": "either", "days": "1", "unit": "natural", "event": "开工之日", "level": "upper",
        "answer_days": "", "ask": "", "document": "云安办〔2026〕3号", "effective_from": today().isoformat(), "effective_to": "",
    }  # fmt: skip
    read(client, reverse("submissions:new_matter"))
    assert client.post(reverse("submissions:new_matter"), given).status_code == 302
    assert "夜间施工" in read(client, reverse("submissions:matters"))
    assert "专项资金" in read(client, reverse("submissions:matter", args=["funds"]))
    read(client, reverse("submissions:matter", args=["nothing"]), 404)
    answer = client.post(reverse("submissions:matter", args=["funds"]), given | {"document": ""})
    assert answer.status_code == 422
    client.force_login(world.people.housing)
    read(client, reverse("submissions:new_matter"), 403)


def test_a_suggestion_is_set_aside_on_its_page(client, world):
    hazard = make_major(world)
    client.force_login(world.people.qingshi_officer)
    address = reverse("submissions:suggestions")
    assert "起草请示" in read(client, address)
    given = {"matter": "major_listing", "subject": f"hazards.hazard:{hazard.pk}", "reason": ""}
    bad = client.post(reverse("submissions:set_aside"), given)
    assert bad.status_code == 422
    assert "为什么不需要" in bad.content.decode()
    assert client.post(reverse("submissions:set_aside"), given | {"reason": "已由局里报"}).status_code == 302
    page = read(client, address)
    assert "已由局里报" in page
    assert "没有应报未报" in page


def test_bad_addresses_are_no_crash(client, world):
    row = handling(world)
    client.force_login(world.people.office)
    for query in (
        "?year=9999&from=x",
        "?state=unknown&form=letter",
        "?matter=x&q=%25",
        "?from=999999999999999999999",
    ):
        read(client, reverse("submissions:list") + query)
    read(client, f"{reverse('submissions:about')}?subject=hazards.hazard:十", 404)
    read(client, f"{reverse('submissions:about')}?subject=duties.duty:1", 404)
    assert client.post(reverse("submissions:act", args=[row.pk, "nothing"])).status_code == 404
    press(client, "act", row.pk, "assign", 422, officer="999")
    press(client, "act", row.pk, "extend", 422, due_on="9999-99-99", reason="x")
    press(client, "act", row.pk, "propose", 422, outcome="agree", text="")


def test_the_sheet_holds_one_row_a_paper(client, world):
    answered(world)
    client.force_login(world.people.office)
    from bihuan.submissions.exporting import SubmissionSource

    rows, _ = (source := SubmissionSource(world.people.office, "form=request")).after(source.begin(), 10)
    assert len(rows) == 1
    assert rows[0][0] == "请示"
    assert client.get(reverse("submissions:export")).status_code == 200


def test_files_are_seen_by_those_who_see_the_paper(world):
    opinion = consulted(world)
    chain = f"submissions.opinion:{opinion.pk}"
    assert may_see_subject(world.people.market, chain)
    assert not may_see_subject(world.people.county_office, chain)


@pytest.mark.parametrize(
    ("name", "login"),
    [
        ("list", "office"), ("above", "housing"), ("here", "office"), ("suggestions", "qingshi_officer"), ("matters", "office"),
    ],
)  # fmt: skip
def test_lists_cost_the_same_however_long(client, world, name, login):
    client.force_login(getattr(world.people, login))

    def count() -> int:
        with CaptureQueriesContext(connection) as seen:
            read(client, reverse(f"submissions:{name}"))
        return len(seen)

    received(world)
    answered(world, title="一件")
    make_major(world)
    count()
    few = count()
    for number in range(3):
        received(world, title=f"又一件 {number}")
        deciding(world, title=f"待定 {number}")
        answered(world, title=f"已定 {number}")
        signing(world, title=f"待签 {number}")
        consulted(world, title=f"会签 {number}")
        sent(world, title=f"待收 {number}")
        make_major(world)
    assert count() <= few + 1
