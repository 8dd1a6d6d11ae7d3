"""A revised plan: compared task by task, decided, applied whole without losing progress."""

import datetime as dt
import threading

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from bihuan.accounts.models import User
from bihuan.accounts.tests.world import make_world
from bihuan.audit.queries import verify
from bihuan.campaigns import actions
from bihuan.campaigns.actions import revising
from bihuan.campaigns.actions.amending import count_kinds
from bihuan.campaigns.models import Amendment, Assignment, Campaign, PlanDocument
from bihuan.campaigns.queries import tasks_for
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties.models import Duty
from bihuan.notifications.models import Message

from .plans import TEXT, make_campaign

pytestmark = pytest.mark.django_db

# 摸清底数 later, lead and support change places; 巩固提升阶段 without 市市场监管局; 查充装管理 renumbered; 查违规安装 gone; 查配送服务 new; the first phase longer.
REVISED = """云溪市餐饮燃气安全专项整治工作实施方案（修订）
为消除餐饮场所燃气安全隐患，制定本方案。
一、工作目标
到2026年12月底，餐饮企业检查覆盖率达到100%，一般隐患整改率达到95%以上。
二、工作安排
（一）集中攻坚阶段（2026年8月1日至12月15日）。全面排查。
1.摸清底数。逐户登记餐饮企业，2026年9月10日前形成台账。（市市场监管局牵头，市住房和城乡建设局按职责分工负责）
（二）巩固提升阶段（2026年12月16日至2027年6月30日）。开展回头看，对反弹的重新立项。（市住房和城乡建设局负责）
三、主要任务
（一）排查整治用气环境
1.查充装管理。对充装超期未检气瓶的，责令限期改正；情节严重的，吊销充装许可证。（市市场监管局牵头，市燃气协会按职责分工负责，乡镇人民政府、街道办事处按职责分工负责）
2.查配送服务。送气人员未经培训上岗的，责令立即改正。（市住房和城乡建设局负责）
四、信息报送
各乡镇人民政府、街道办事处每周五17时前报送检查和整改数据。
云溪市安全生产委员会
2026年9月1日
"""


def revise(campaign: Campaign, by, text: str = REVISED) -> Amendment:
    return actions.import_amendment(campaign, actions.read_plan(text.encode(), "修订.txt"), by=by)


def change(amendment: Amendment, words: str, subject: str = "task"):
    return next(each for each in amendment.changes.filter(subject=subject) if words in each.title)


def labels(found) -> dict[str, tuple[str, str]]:
    return {field["label"]: (field["before"], field["after"]) for field in found.fields}


def share(campaign: Campaign, heading: str, name: str) -> Assignment:
    return Assignment.objects.get(
        task__campaign=campaign, task__heading=heading, organization__short_name=name
    )


@pytest.fixture
def amendment(campaign, world):
    return revise(campaign, world.people.office)


def test_every_task_is_paired_new_or_gone(amendment):
    kinds = {each.title: each.kind for each in amendment.changes.filter(subject="task")}
    assert kinds == {
        "二/（一）/1 摸清底数": "changed",
        "二/（二） 巩固提升阶段": "changed",
        "三/（一）/1 查充装管理": "changed",
        "三/（一）/2 查配送服务": "added",
        "四 信息报送": "changed",
        "三/（一）/1 查违规安装": "removed",
    }
    assert count_kinds(amendment) == {"unchanged": 0, "changed": 4, "added": 1, "removed": 1, "others": 2}


def test_what_differs_is_shown_field_by_field(amendment):
    first = change(amendment, "摸清底数")
    found = labels(first)
    assert found.pop("内容")[1].startswith("摸清底数。逐户登记餐饮企业，2026年9月10日前形成台账。")
    parts = next(each["parts"] for each in first.fields if each["name"] == "text")
    assert ["gone", "8"] in parts
    assert ["new", "9"] in parts
    assert found == {
        "期限": ("2026-08-20（任务自身）", "2026-09-10（任务自身）"),
        "分工": ("牵头：市住建局；配合：市市场监管局", "牵头：市市场监管局；配合：市住建局"),
    }
    moved = labels(change(amendment, "查充装管理"))
    assert moved["编号"] == ("三/（一）/2", "三/（一）/1")
    assert change(amendment, "查充装管理").why.startswith("标题相同，文字相同")
    assert labels(change(amendment, "集中攻坚", "phase")) == {"结束": ("2026-11-30", "2026-12-15")}


def test_what_the_office_decided_for_the_plan_holds_for_its_revision(amendment):
    assert amendment.document.units.get(name="市燃气协会").group == "ignored"
    task = change(amendment, "查充装管理")
    assert task.item.data["phase"] == amendment.document.items.get(kind="phase", data__name="集中攻坚阶段").pk


def test_applying_moves_duties_and_keeps_progress(amendment, campaign, world):
    office, kept = world.people.office, share(campaign, "摸清底数", "市住建局")
    actions.move_assignment(kept, "progress", by=world.people.housing, note="已登记 30 户")
    done = share(campaign, "查充装管理", "青石街道")
    actions.move_assignment(done, "report", by=world.people.qingshi_officer, note="已查完")
    visited = campaign.tasks.get(heading="查违规安装")
    actions.decide_rest(amendment, by=office)
    actions.apply_amendment(amendment, by=office, reason="市政府常务会议要求延长攻坚阶段")

    kept.refresh_from_db()
    assert (kept.status, kept.role, kept.progress) == ("working", "support", "已登记 30 户")
    duty = Duty.objects.open().get(subject=f"campaigns.assignment:{kept.pk}")
    assert (duty.due_on, duty.title) == (dt.date(2026, 9, 10), "配合：摸清底数")
    assert "方案修订" in duty.clock["summary"]
    assert "市政府常务会议要求" in kept.transitions.last().note
    assert kept.transitions.last().note.startswith("牵头改为配合，期限 2026-08-20 改为 2026-09-10")

    released = share(campaign, "巩固提升阶段", "市市场监管局")
    assert released.status == "ended"
    assert Duty.objects.get(subject=f"campaigns.assignment:{released.pk}").status == "cancelled"

    done.refresh_from_db()
    assert done.status == "reported"
    assert done.task.due_on == dt.date(2026, 12, 15)

    visited.refresh_from_db()
    assert visited.ended_on is not None
    assert set(visited.assignments.values_list("status", flat=True)) == {"ended"}
    assert not Duty.objects.open().filter(title__contains="查违规安装").exists()
    assert visited.checklists.exists()

    new = campaign.tasks.get(heading="查配送服务")
    assert [each.organization.short_name for each in new.assignments.all()] == ["市住建局"]
    assert Duty.objects.open().get(title="牵头：查配送服务").due_on == dt.date(2026, 12, 15)

    headings = list(campaign.tasks.order_by("position").values_list("heading", flat=True))
    assert headings == ["摸清底数", "巩固提升阶段", "查充装管理", "查配送服务", "信息报送", "查违规安装"]


def test_the_phase_and_the_campaign_follow(amendment, campaign, world):
    actions.decide_rest(amendment, by=world.people.office)
    actions.apply_amendment(amendment, by=world.people.office, reason="延长")
    first = campaign.phases.get(position=1)
    assert (first.status, first.ends_on) == ("open", dt.date(2026, 12, 15))
    assert Duty.objects.open().get(kind="phase").due_on == dt.date(2026, 12, 15)
    campaign.refresh_from_db()
    amendment.refresh_from_db()
    assert campaign.plan == amendment.document
    assert (amendment.number, amendment.status, amendment.document.status) == (2, "applied", "published")
    assert amendment.previous.title == "云溪市餐饮燃气安全专项整治工作实施方案"
    assert amendment.summary == {"changed": 4, "added": 1, "removed": 1, "declined": 0}
    assert verify(files=True).findings == []


def test_ended_work_asks_nobody(amendment, campaign, world):
    assert "查违规安装" in {task.heading for task in tasks_for(world.people.inspector)}
    actions.decide_rest(amendment, by=world.people.office)
    actions.apply_amendment(amendment, by=world.people.office, reason="延长")
    assert {task.heading for task in tasks_for(world.people.inspector)} == {"查充装管理"}
    with pytest.raises(IllegalMove):
        actions.move_assignment(
            share(campaign, "查违规安装", "青石街道"), "report", by=world.people.qingshi_officer, note="完成"
        )


def test_what_is_declined_stays_as_it_was(amendment, campaign, world):
    office = world.people.office
    actions.decide(change(amendment, "查违规安装"), "declined", by=office)
    actions.decide(change(amendment, "摸清底数"), "declined", by=office)
    actions.decide_rest(amendment, by=office)
    actions.apply_amendment(amendment, by=office, reason="延长")
    assert campaign.tasks.get(heading="查违规安装").ended_on is None
    assert campaign.tasks.get(heading="摸清底数").due_on == dt.date(2026, 8, 20)
    amendment.refresh_from_db()
    assert amendment.summary["declined"] == 2
    states = {item.data["heading"]: item.state for item in amendment.document.items.filter(kind="task")}
    assert (states["摸清底数"], states["查配送服务"]) == ("removed", "confirmed")


def test_pairs_are_put_right_by_hand(amendment, campaign, world):
    office = world.people.office
    old = campaign.tasks.get(heading="查违规安装")
    item = change(amendment, "查配送服务").item
    actions.pair_by_hand(amendment, old.pk, item.pk, by=office)
    paired = change(amendment, "查配送服务")
    assert (paired.kind, paired.task, paired.is_by_hand, paired.why) == ("changed", old, True, "人工对应")
    assert count_kinds(amendment)["removed"] == 0
    actions.take_apart(paired, by=office)
    assert (change(amendment, "查配送服务").kind, change(amendment, "查违规安装").kind) == (
        "added",
        "removed",
    )


def test_a_decision_lasts_as_long_as_the_line_says_the_same(amendment, campaign, world):
    office = world.people.office
    actions.decide(change(amendment, "摸清底数"), "accepted", by=office)
    actions.recompare(amendment, by=office)
    assert change(amendment, "摸清底数").decision == "accepted"
    item = change(amendment, "摸清底数").item
    actions.edit_item(item, item.data | {"due": "2026-09-20"}, version=item.version, by=office)
    with pytest.raises(Refused, match="重新比对"):
        actions.apply_amendment(amendment, by=office, reason="延长")
    actions.recompare(amendment, by=office)
    assert change(amendment, "摸清底数").decision == "pending"


def test_the_undecided_is_not_applied(amendment, campaign, world):
    with pytest.raises(Refused, match="还有 8 处变化没有决定"):
        actions.apply_amendment(amendment, by=world.people.office, reason="延长")
    amendment.refresh_from_db()
    assert (amendment.status, amendment.document.status) == ("reviewing", "draft")
    with pytest.raises(ReasonRequired):
        actions.apply_amendment(amendment, by=world.people.office, reason=" ")


def test_an_unknown_unit_is_named_before_anything_is_applied(campaign, world):
    text = REVISED.replace("（市住房和城乡建设局负责）\n四、", "（市燃气集团负责）\n四、")
    amendment = revise(campaign, world.people.office, text)
    actions.decide_rest(amendment, by=world.people.office)
    with pytest.raises(Refused, match="市燃气集团"):
        actions.apply_amendment(amendment, by=world.people.office, reason="延长")


def test_nothing_is_applied_halfway(amendment, campaign, world, monkeypatch):
    office = world.people.office
    actions.decide_rest(amendment, by=office)
    duties = list(Duty.objects.order_by("pk").values_list("pk", "status", "due_on", "title"))
    before = list(campaign.tasks.values_list("pk", "heading", "due_on", "ended_on", "position"))

    def breaks(*args, **kwargs):
        raise RuntimeError("断电")

    monkeypatch.setattr(revising.Revision, "_order_tasks", breaks)  # after every task was changed
    with pytest.raises(RuntimeError):
        actions.apply_amendment(amendment, by=office, reason="延长")
    assert list(Duty.objects.order_by("pk").values_list("pk", "status", "due_on", "title")) == duties
    assert list(campaign.tasks.values_list("pk", "heading", "due_on", "ended_on", "position")) == before
    amendment.refresh_from_db()
    assert (amendment.status, amendment.document.status) == ("reviewing", "draft")


def test_a_unit_taken_back_goes_on_where_it_stood(amendment, campaign, world):
    office = world.people.office
    market = share(campaign, "巩固提升阶段", "市市场监管局")
    actions.move_assignment(market, "progress", by=world.people.market, note="对过一遍")
    actions.decide_rest(amendment, by=office)
    actions.apply_amendment(amendment, by=office, reason="延长")
    again = revise(campaign, office, TEXT.replace("2026年7月24日", "2026年10月8日"))
    actions.decide_rest(again, by=office)
    actions.apply_amendment(again, by=office, reason="恢复原方案")
    market.refresh_from_db()
    assert (market.status, market.role) == ("working", "support")
    assert Duty.objects.open().filter(subject=f"campaigns.assignment:{market.pk}").count() == 1
    assert again.__class__.objects.get(pk=again.pk).number == 3


def test_the_affected_are_told_once(amendment, campaign, world, django_capture_on_commit_callbacks):
    actions.decide_rest(amendment, by=world.people.office)
    with django_capture_on_commit_callbacks(execute=True):
        actions.apply_amendment(amendment, by=world.people.office, reason="延长")
    told = Message.objects.filter(title__contains="方案修订", recipient=world.people.market)
    assert told.count() == 1
    assert "不再承担“巩固提升阶段”" in told.get().body


def test_only_the_office_of_the_campaign_amends(amendment, campaign, world):
    for person in (world.people.county_office, world.people.housing, world.people.office_leader):
        with pytest.raises(PermissionDenied):
            revise(campaign, person)
        with pytest.raises(PermissionDenied):
            actions.apply_amendment(amendment, by=person, reason="延长")
        with pytest.raises(PermissionDenied):
            actions.decide_rest(amendment, by=person)
        with pytest.raises(PermissionDenied):
            actions.withdraw_amendment(amendment, by=person, reason="误传")


def test_one_revision_at_a_time_and_a_withdrawn_one_makes_room(amendment, campaign, world):
    with pytest.raises(Refused, match="正在比对"):
        revise(campaign, world.people.office)
    with pytest.raises(ReasonRequired):
        actions.withdraw_amendment(amendment, by=world.people.office, reason="")
    actions.withdraw_amendment(amendment, by=world.people.office, reason="传错了文件")
    amendment.refresh_from_db()
    assert (amendment.status, amendment.document.status) == ("withdrawn", "discarded")
    with pytest.raises(IllegalMove):
        actions.apply_amendment(amendment, by=world.people.office, reason="延长")
    assert revise(campaign, world.people.office).is_open


def test_a_revision_is_not_published_as_a_campaign_of_its_own(amendment, world):
    with pytest.raises(Refused, match="修订稿"):
        actions.publish(amendment.document, by=world.people.office)


def test_the_legal_moves_of_an_amendment():
    """By hand: from 比对中 it is applied or withdrawn, from nowhere else anything."""
    from bihuan.campaigns.workflow import AMENDMENT_RULES

    legal = {(str(source), move) for move, rule in AMENDMENT_RULES.items() for source in rule.sources}
    assert legal == {("reviewing", "apply"), ("reviewing", "withdraw")}


@pytest.mark.django_db(transaction=True)
def test_of_two_who_apply_at_once_one_does():
    world = make_world()
    amendment = revise(make_campaign(world), world.people.office)
    actions.decide_rest(amendment, by=world.people.office)
    gate, results = threading.Barrier(2), [None, None]

    def run(number: int) -> None:
        try:
            mine = Amendment.objects.select_related("campaign").get(pk=amendment.pk)
            by = User.objects.get(username="office")
            gate.wait(timeout=10)
            actions.apply_amendment(mine, by=by, reason="延长")
            results[number] = "applied"
        except IllegalMove:
            results[number] = "too late"
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(map(str, results)) == ["applied", "too late"]
    assert Duty.objects.open().filter(title="牵头：查配送服务").count() == 1
    assert PlanDocument.objects.filter(status="published").count() == 2
