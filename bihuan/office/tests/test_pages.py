"""The pages: everybody's own, forms that say what is wrong, constant queries, nothing personal in public."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from bihuan.accounts.tests.world import World
from bihuan.office import actions
from bihuan.office.models import AskedMatter, ConductMatter, WorkItem, WorkPlan
from bihuan.office.tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def enter(client: Client):
    def as_user(user) -> Client:
        client.force_login(user)
        return client

    return as_user


def text(answer) -> str:
    return answer.content.decode()


def test_every_page_opens_for_the_inspectorate(world: World, enter) -> None:
    with make.on(make.EARLY):
        plan = make.confirmed(world, "一", "二")
        left = make.unfinished(world, make.item(plan))
        world_matter = make.asked(world)
        promise = make.commitment(world)
        actions.publish(promise, by=world.people.qingshi_officer)
        actions.arrange_unit(world.organizations.market, from_month=make.MONTH, by=world.people.office_leader)
    with make.on(make.AFTER):
        circular = actions.draft_circular(make.MONTH, by=world.people.inspectorate)
        analysis = actions.begin_analysis(
            world.organizations.qingshi, make.MONTH, by=world.people.qingshi_officer
        )
        matter = make.served(world)
        visitor = enter(world.people.inspectorate)
        addresses = [
            reverse("office:plans") + "?month=2026-10", plan.get_absolute_url(), left.get_absolute_url(),
            reverse("office:items"), reverse("office:items") + "?state=carried&cause=staff", reverse("office:units"),
            reverse("office:circulars"), circular.get_absolute_url(),
            reverse("office:circular_rows", args=[circular.pk]) + "?cell=all", reverse("office:analyses"),
            analysis.get_absolute_url(), reverse("office:asked_list"), world_matter.get_absolute_url(),
            reverse("office:commitments"), promise.get_absolute_url(), promise.public_url, reverse("office:public_list"),
            reverse("office:conduct_list"), reverse("office:open_conduct"), matter.get_absolute_url(),
            reverse("office:catalogue"), reverse("office:plans") + "?month=9999-99",
        ]  # fmt: skip
        for address in addresses:
            answer = visitor.get(address)
            assert answer.status_code == 200, address


# --- forms -----------------------------------------------------------------------------------


def test_a_month_by_forms_alone(world: World, enter) -> None:
    people = world.people
    with make.on(make.EARLY):
        officer = enter(people.qingshi_officer)
        answer = officer.post(reverse("office:begin_plan") + "?month=2026-10")
        plan = WorkPlan.objects.get()
        assert answer.headers["Location"] == plan.get_absolute_url()
        add = reverse("office:plan_act", args=[plan.pk, "add"])
        wrong = officer.post(
            add,
            {"text": "核查", "target": "", "post": world.posts["qingshi_officer"].pk, "due_on": "2026-10-20"},
        )
        assert wrong.status_code == 422
        late = {
            "text": "核查",
            "target": "登记",
            "post": world.posts["qingshi_officer"].pk,
            "due_on": "2026-11-20",
        }
        answer = officer.post(add, late)
        assert answer.status_code == 422
        assert "完成日期应在2026年10月之内" in text(answer)
        officer.post(add, late | {"due_on": "2026-10-20"})
        empty = officer.post(reverse("office:plan_act", args=[plan.pk, "take"]))
        assert empty.status_code == 422
        assert "请勾选要列入计划的事项" in text(empty)
        leader = enter(people.qingshi_leader)
        leader.post(reverse("office:plan_act", args=[plan.pk, "confirm"]))
        again = leader.post(reverse("office:plan_act", args=[plan.pk, "confirm"]))
        assert again.status_code == 422
        assert "状态已变化" in text(again)
    row = WorkItem.objects.get()
    with make.on(make.END):
        officer = enter(people.qingshi_officer)
        answer = officer.post(reverse("office:item_act", args=[row.pk, "unfinished"]), {"cause": "staff"})
        assert answer.status_code == 422
        assert make.again(row).status == "open"
        given = {"cause": "staff", "cause_words": "借调", "remedy": "补人", "new_due_on": "2026-11-10"}
        assert officer.post(reverse("office:item_act", args=[row.pk, "unfinished"]), given).status_code == 302
        leader = enter(people.qingshi_leader)
        assert "认可原因，结转" in text(leader.get(row.get_absolute_url()))
        leader.post(reverse("office:item_act", args=[row.pk, "accept"]), {"opinion": ""})
        leader.post(reverse("office:plan_act", args=[plan.pk, "check"]), {"opinion": "下月补齐"})
    assert make.again(plan).status == "checked"
    assert WorkItem.objects.filter(carries=1).count() == 1


def test_asked_and_handed_on_in_one_form(world: World, enter) -> None:
    officer = enter(world.people.qingshi_officer)
    given = {
        "channel": "call", "subject": "咨询", "question": "怎么办", "asker_name": "胡某来", "asker_phone": "19900001234",
        "now": "hand", "to": "", "reason": "",
    }  # fmt: skip
    answer = officer.post(reverse("office:receive"), given)
    assert answer.status_code == 422
    assert "转办的，请选择单位" in text(answer)
    assert not AskedMatter.objects.exists()
    officer.post(reverse("office:receive"), given | {"to": world.organizations.housing.pk, "reason": "燃气"})
    row = AskedMatter.objects.get()
    assert row.status == "handed"
    shown = text(officer.get(row.get_absolute_url()))
    assert "胡**" in shown
    assert "胡某来" not in shown
    assert "19900001234" not in shown
    answer = officer.post(reverse("office:reveal", args=[row.pk]), {"reason": "回电"})
    assert "胡某来" in text(answer)
    assert answer.headers["Cache-Control"] == "no-store"
    assert enter(world.people.office).get(reverse("office:reveal", args=[row.pk])).status_code == 403


def test_the_public_page_says_name_and_post_and_nothing_else(world: World, client: Client) -> None:
    person = world.people.qingshi_officer
    person.phone, person.email = "19900009999", "zheng@example.com"
    person.save()
    with make.on(make.EARLY):
        row = make.commitment(world)
        assert client.get(row.public_url).status_code == 404
        actions.publish(row, by=person)
        for address in (row.public_url, reverse("office:public_list")):
            shown = text(client.get(address))
            assert person.full_name in shown
            assert "每周带队检查一次" in shown
            for secret in ("19900009999", "zheng@example.com", person.username):
                assert secret not in shown
        actions.withdraw(row, reason="调离", by=world.people.qingshi_leader)
        assert client.get(row.public_url).status_code == 404
        assert person.full_name not in text(client.get(reverse("office:public_list")))


def test_the_person_concerned_reads_what_was_served_and_no_more(world: World, enter) -> None:
    people = world.people
    row = make.inquired(world)
    mine = enter(people.qingshi_officer)
    assert mine.get(row.get_absolute_url()).status_code == 404
    actions.serve_opinion(row, finding="三次逾期属实", proposed="remind", by=people.inspectorate)
    shown = text(mine.get(row.get_absolute_url()))
    assert "三次逾期属实" in shown
    assert "提出申辩" in shown
    assert "督查发现" not in shown  # where the clue came from
    assert "本人承认没有及时办理" not in shown  # notes of the inquiry
    assert mine.get(reverse("office:conduct_list")).status_code == 403
    answer = mine.post(reverse("office:conduct_act", args=[row.pk, "defend"]), {"text": "当时在值守"})
    assert answer.status_code == 302
    assert "当时在值守" in text(enter(people.inspectorate).get(row.get_absolute_url()))


def test_a_signal_is_taken_up_with_its_rows(world: World, enter) -> None:
    people = world.people
    for _ in range(2):
        row = make.asked(world)
        actions.hand(row, to=world.organizations.housing, reason="燃气", by=people.qingshi_officer)
        actions.hand_back(row, reason="不归我们", by=people.housing)
    watch = enter(people.inspectorate)
    assert "首问事项多次退回或者逾期" in text(watch.get(reverse("office:conduct_list")))
    key = f"asked:{world.organizations.housing.pk}:"
    form = watch.get(reverse("office:open_conduct") + f"?signal={key}")
    assert "信号背后的记录" in text(form)
    given = {
        "signal": key, "organization": world.organizations.housing.pk, "person": "", "misconduct": "delay",
        "source": "系统信号", "clue": "两次退回",
    }  # fmt: skip
    assert watch.post(reverse("office:open_conduct"), given).status_code == 302
    assert len(ConductMatter.objects.get().rows) == 2


def test_a_matter_given_back_opens_a_matter_of_conduct(world: World, enter) -> None:
    people = world.people
    row = make.asked(world)
    watch = enter(people.inspectorate)
    assert "责任追究" not in text(watch.get(row.get_absolute_url()))
    actions.hand(row, to=world.organizations.housing, reason="燃气", by=people.qingshi_officer)
    actions.hand_back(row, reason="不归我们", by=people.housing)
    assert "责任追究" in text(watch.get(row.get_absolute_url()))
    address = reverse("office:open_conduct") + f"?asked={row.pk}"
    assert "退回 1 次" in text(watch.get(address))
    given = {
        "asked": row.pk, "organization": world.organizations.housing.pk, "person": "", "misconduct": "delay",
        "source": "首问事项", "clue": "没有讲清就退回",
    }  # fmt: skip
    watch.post(reverse("office:open_conduct"), given)
    assert ConductMatter.objects.get().rows[0]["url"] == row.get_absolute_url()


def test_the_catalogue_lists_what_one_may_open(world: World, enter) -> None:
    with make.on(make.EARLY):
        make.confirmed(world)
    leader = enter(world.people.qingshi_leader)
    shown = text(leader.get(reverse("office:catalogue")))
    for words in ("隐患台账", "检查台账", "月度工作计划", "文书档案", "业务档案", "一企一档"):
        assert words in shown
    assert "效能监察事项" not in shown
    answer = leader.post(
        reverse("office:name_keeper"), {"ledger": "hazards", "post": world.posts["inspector"].pk}, follow=True
    )
    assert "检查员一" in text(answer)
    other = {"ledger": "hazards", "post": world.posts["housing"].pk}
    assert "请选择台账" in text(leader.post(reverse("office:name_keeper"), other, follow=True))
    assert "效能监察事项" in text(enter(world.people.inspectorate).get(reverse("office:catalogue")))


# --- counts of queries -----------------------------------------------------------------------


def queries_of(visitor: Client, address: str, counter) -> int:
    with counter() as seen:
        assert visitor.get(address).status_code == 200
    return len(seen)


@pytest.fixture
def counting_queries(settings):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    return lambda: CaptureQueriesContext(connection)


def test_lists_cost_the_same_with_more_rows(world: World, enter, counting_queries) -> None:
    people = world.people

    def more(number: int) -> None:
        for at in range(number):
            make.add(world, plan, f"事项{at}")
            row = make.asked(world)
            if at % 2:
                actions.hand(row, to=world.organizations.housing, reason="燃气", by=people.qingshi_officer)
            actions.publish(make.commitment(world), by=people.qingshi_officer)
            make.clue(world, person=None)

    with make.on(make.EARLY):
        plan = make.plan_of(world)
        more(2)
        watch = enter(people.inspectorate)
        addresses = [
            reverse("office:plans") + "?month=2026-10", plan.get_absolute_url(), reverse("office:items"),
            reverse("office:asked_list"), reverse("office:commitments"), reverse("office:public_list"),
            reverse("office:conduct_list"), reverse("office:catalogue"),
        ]  # fmt: skip
        for address in addresses:
            watch.get(address)
        before = [queries_of(watch, address, counting_queries) for address in addresses]
        more(6)
        make.plan_of(world, "housing")
        after = [queries_of(watch, address, counting_queries) for address in addresses]
    assert dict(zip(addresses, before, strict=True)) == dict(zip(addresses, after, strict=True))


def test_a_sheet_of_matters_hides_the_people(world: World, enter) -> None:
    make.asked(world)
    from io import BytesIO

    from openpyxl import load_workbook

    officer = enter(world.people.qingshi_officer)
    for name in ("office:export_items", "office:export_asked", "office:export_commitments"):
        answer = officer.get(reverse(name))
        assert answer.status_code == 200
        book = load_workbook(BytesIO(b"".join(answer.streaming_content)))
        words = str([[cell.value for cell in row] for sheet in book for row in sheet.rows])
        assert "胡某来" not in words


def test_old_months_and_odd_addresses_do_no_harm(world: World, enter) -> None:
    visitor = enter(world.people.qingshi_officer)
    for query in ("?month=abc", "?month=1999-01", "?month=99999-01"):
        assert visitor.get(reverse("office:plans") + query).status_code == 200
    for query in ("?unit=9999999999999999999999", "?unit=-1", "?state=nothing", "?month=2026-13"):
        assert visitor.get(reverse("office:items") + query).status_code == 200
    assert visitor.get(reverse("office:items") + "?cursor=xx").status_code == 400
