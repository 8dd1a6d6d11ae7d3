"""A task's checklist put together from its plan and the library."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.tests.world import sign_in
from bihuan.campaigns import assembling
from bihuan.campaigns.actions.checklists import NewCheckItem, revise_checklist
from bihuan.campaigns.models import Task
from bihuan.checklists import actions as library
from bihuan.checklists.models import BookItem
from bihuan.checklists.structure import Basis, Book, Disposition, Item, Measure, Section
from bihuan.core.errors import IllegalMove, Refused

pytestmark = pytest.mark.django_db

HOSE = Item(
    "GAS-USE-01", "连接软管长度不大于 2 m", measure=Measure("连接软管长度", "<=", Decimal(2), "m"),
    dispositions=(Disposition("限期改正"),), kinds=("restaurant",), basis=(Basis("城镇燃气管理条例", "", "第二十七条"),),
)  # fmt: skip
ALARM = Item(
    "GAS-USE-02",
    "安装可燃气体报警装置并正常使用",
    severity="serious",
    criterion_code="G5-1",
    kinds=("restaurant",),
)
FILL = Item("GAS-USE-03", "充装前逐瓶检查", kinds=("lpg_filling",))
BOOK = Book("gas_users", "燃气用户检查表", 1, (Section("GAS-USE", "用户", "use", (HOSE, ALARM, FILL)),))


@pytest.fixture
def task(campaign, world) -> Task:
    """A task over restaurants that looks at two things."""
    found = Task.objects.filter(campaign=campaign).order_by("position").first()
    found.kinds.set([world.kinds.restaurant])
    latest = found.checklists.order_by("-version").first()
    revise_checklist(
        found,
        [
            NewCheckItem("连接软管超过2米的", dispositions=["责令停止使用"]),
            NewCheckItem("从业人员未经培训考核上岗的"),
        ],
        version=latest.version if latest else 0,
        by=world.people.office,
    )
    return found


@pytest.fixture
def book(world):
    version = library.create_book(world.organizations.office, BOOK, sector="gas", by=world.people.office)
    return library.publish(version, effective_from=timezone.localdate(), seen=0, by=world.people.office)


def item(code: str) -> BookItem:
    return BookItem.objects.get(code=code)


def latest(task):
    return task.checklists.order_by("-version").first()


def test_what_the_plan_asks_meets_what_the_library_knows(task, book):
    found = assembling.assemble(task, timezone.localdate())
    assert [(line.row.text, line.match and line.match.code) for line in found.standing] == [
        ("连接软管超过2米的", "GAS-USE-01"), ("从业人员未经培训考核上岗的", None),
    ]  # fmt: skip
    assert "重复" in found.standing[0].reasons[0]
    [(version, [(title, candidates)])] = found.candidates
    assert (version, title, [each.row.code for each in candidates]) == (book, "用户", ["GAS-USE-02"])


def test_what_was_ticked_becomes_the_next_version(task, book, world):
    before = latest(task)
    made = assembling.confirm(
        task, keep=[1], merge={1: item("GAS-USE-01").pk}, add=[item("GAS-USE-02").pk], version=before.version,
        on=timezone.localdate(), by=world.people.office,
    )  # fmt: skip
    hose, alarm = made.items.order_by("position")
    assert (hose.text, hose.dispositions, hose.demand, hose.basis) == (
        "连接软管超过2米的", ["责令停止使用"], HOSE.measure, "《城镇燃气管理条例》第二十七条",
    )  # fmt: skip
    assert (alarm.text, alarm.major_if_failed, alarm.criterion_code) == (ALARM.text, True, "G5-1")
    assert before.items.count() == 2
    again = assembling.assemble(task, timezone.localdate())
    assert again.candidates == []
    assert [line.match for line in again.standing] == [None, None]


def test_nothing_that_is_not_in_force_is_taken_over(task, book, world):
    pk = item("GAS-USE-02").pk
    library.withdraw(book, reason="有误", by=world.people.office)
    with pytest.raises(Refused, match="不再施行"):
        assembling.confirm(
            task, keep=[1], merge={}, add=[pk], version=latest(task).version, on=timezone.localdate(),
            by=world.people.office,
        )  # fmt: skip


def test_only_the_office_assembles_and_the_second_is_told(task, book, world):
    common = {"keep": [1], "merge": {}, "add": [], "on": timezone.localdate()}
    version = latest(task).version
    with pytest.raises(PermissionDenied):
        assembling.confirm(task, version=version, by=world.people.housing, **common)
    assembling.confirm(task, version=version, by=world.people.office, **common)
    with pytest.raises(IllegalMove):
        assembling.confirm(task, version=version, by=world.people.office, **common)


def test_the_page_proposes_and_the_office_confirms(task, book, world, client):
    sign_in(client, world.people.office)
    url = reverse("campaigns:assembly", args=[task.pk])
    text = client.get(url).content.decode()
    for words in (
        "连接软管超过2米的",
        "采用检查表库 GAS-USE-01",
        "安装可燃气体报警装置并正常使用",
        "不合格即重大",
    ):
        assert words in text
    assert "充装前逐瓶检查" not in text
    version = latest(task).version
    answer = client.post(
        url,
        {
            "version": version,
            "keep": ["1", "2"],
            "merge": f"1:{item('GAS-USE-01').pk}",
            "add": item("GAS-USE-02").pk,
        },
    )
    assert answer.url == task.get_absolute_url()
    assert [each.library_item and each.library_item.code for each in latest(task).items.order_by("position")] == [
        "GAS-USE-01", None, "GAS-USE-02",
    ]  # fmt: skip
    assert client.post(url, {"version": version, "keep": "1"}).status_code == 422


def test_editing_line_by_line_keeps_what_the_library_says(task, book, world, client):
    assembling.confirm(
        task, keep=[1, 2], merge={1: item("GAS-USE-01").pk}, add=[item("GAS-USE-02").pk],
        version=latest(task).version, on=timezone.localdate(), by=world.people.office,
    )  # fmt: skip
    sign_in(client, world.people.office)
    url = reverse("campaigns:checklist", args=[task.pk])
    formset = client.get(url).context["formset"]
    data = {
        "version": latest(task).version,
        "checks-TOTAL_FORMS": formset.total_form_count(),
        "checks-INITIAL_FORMS": 3,
    }
    for form in formset:
        for name in form.fields:
            value = form[name].value()
            if isinstance(value, list):
                value = " → ".join(value)
            if value not in (None, False, ""):
                data[form.add_prefix(name)] = value
    data["checks-2-major_if_failed"] = ""
    data["checks-1-text"] = "从业人员持证上岗"
    assert client.post(url, data).status_code == 302
    hose, people, alarm = latest(task).items.order_by("position")
    assert hose.demand == HOSE.measure
    assert people.text == "从业人员持证上岗"
    assert (alarm.library_item.code, alarm.major_if_failed, alarm.criterion_code) == ("GAS-USE-02", False, "")
