"""Sub-plans: asked for by a day, drawn up against the parent's tasks, filed, returned, accepted (R002-R005)."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from bihuan.accounts.tests.world import sign_in
from bihuan.audit.queries import verify
from bihuan.campaigns import actions
from bihuan.campaigns.models import Campaign, Subplan, SubplanTransition
from bihuan.campaigns.subplans import candidates, coverage, deadlines_in, standings, subplan_moves
from bihuan.campaigns.workflow import SUBPLAN_RULES, SubplanMove, SubplanStatus
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties.models import Duty
from bihuan.notifications.models import Message

pytestmark = pytest.mark.django_db

DUE = dt.date(2026, 8, 31)
OWN = """青石街道餐饮燃气安全专项整治实施方案
一、主要任务
1.查违规安装。餐饮企业连接软管长度超过2米的，责令限期改正，2026年9月30日前查完。（应急办负责）
2.开展夜市宣传。每晚在夜市发放宣传单。（社区负责）
青石街道办事处
2026年8月20日
"""


def asked(campaign: Campaign, world, *names: str) -> list[Subplan]:
    bodies = [getattr(world.organizations, name) for name in names]
    return actions.require_subplans(
        campaign, bodies, due_on=DUE, due_source="方案：8月31日前报送实施方案", by=world.people.office
    )


@pytest.fixture
def street(campaign, world):
    return asked(campaign, world, "qingshi")[0]


def fresh(subplan: Subplan) -> Subplan:
    return Subplan.objects.select_related("campaign", "organization").get(pk=subplan.pk)


def filled(subplan: Subplan, by) -> Subplan:
    actions.start_from_parent(subplan, by=by)
    head = {"title": "青石街道实施方案", "doc_no": "青石办〔2026〕3号", "responsible": "王同心"}
    actions.save_subplan(subplan, by=by, head=head, rows={}, answered={})
    return fresh(subplan)


def filed(subplan: Subplan, by) -> Subplan:
    actions.move_subplan(filled(subplan, by), "file", by=by)
    return fresh(subplan)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("各县区要在4月15日前，将本地实施方案报送市安委办。", [dt.date(2026, 4, 15)]),
        ("请于2027年1月10日前上报工作方案；每月25日前报送进展。", [dt.date(2027, 1, 10)]),
        ("按照上级实施方案要求，4月15日前完成整改。", []),
        ("2月30日前报送实施方案。", []),
    ],
)
def test_the_deadline_the_plan_itself_states(text, found):
    assert [each.due_on for each in deadlines_in(text, year=2026)] == found


def test_counties_departments_and_localities_may_be_asked(campaign, world):
    found = candidates(campaign)
    assert [body.short_name for body in found.counties] == ["区安委办"]
    assert [body.short_name for body in found.departments] == ["市住建局", "市市场监管局"]
    assert [body.short_name for body in found.localities] == ["青石街道", "白塔镇", "河沿镇"]
    asked(campaign, world, "qingshi", "housing")
    assert [body.short_name for body in candidates(campaign).localities] == ["白塔镇", "河沿镇"]


def test_everybody_asked_gets_a_duty_by_that_day(campaign, world):
    asked(campaign, world, "qingshi", "housing", "county_office")
    duties = Duty.objects.open().filter(kind="report")
    assert {duty.organization.short_name for duty in duties} == {"青石街道", "市住建局", "区安委办"}
    assert {duty.due_on for duty in duties} == {DUE}
    assert "8月31日前报送实施方案" in duties.first().clock["summary"]
    assert duties.get(organization=world.organizations.qingshi).post == world.posts["qingshi_officer"]


def test_nobody_is_asked_twice_and_only_the_office_asks(campaign, world, street):
    with pytest.raises(IllegalMove):
        asked(campaign, world, "qingshi", "baita")
    assert Subplan.objects.count() == 1
    for person in (world.people.county_office, world.people.housing, world.people.office_leader):
        with pytest.raises(PermissionDenied):
            actions.require_subplans(
                campaign, [world.organizations.baita], due_on=DUE, due_source="会议", by=person
            )
    with pytest.raises(Refused):
        actions.require_subplans(campaign, [], due_on=DUE, due_source="会议", by=world.people.office)


def test_a_street_answers_the_tasks_it_has_a_share_of(street):
    assert [answer.task.heading for answer in coverage(street).answers] == ["查违规安装", "查充装管理"]


def test_a_county_answers_what_its_bodies_have_a_share_of(campaign, world):
    county = asked(campaign, world, "county_office")[0]
    assert [answer.task.heading for answer in coverage(county).answers] == ["查违规安装", "查充装管理"]


def test_its_own_document_is_read_and_matched(street, world):
    actions.import_subplan(
        street, actions.read_plan(OWN.encode(), "青石.txt"), by=world.people.qingshi_officer
    )
    found, own = coverage(fresh(street)), fresh(street)
    assert own.title == "青石街道餐饮燃气安全专项整治实施方案"
    answers = {answer.task.heading: answer for answer in found.answers}
    assert answers["查违规安装"].cover.own.heading == "查违规安装"
    assert answers["查违规安装"].cover.why.startswith("标题相同")
    assert answers["查违规安装"].cover.own.due_on == dt.date(2026, 9, 30)
    assert [answer.task.heading for answer in found.missing] == ["查充装管理"]
    assert [row.heading for row in found.beyond] == ["开展夜市宣传"]
    assert found.words == "1/2 项对应，1 项没有对应"


def test_it_is_not_filed_before_every_parent_task_is_answered(street, world):
    officer = world.people.qingshi_officer
    actions.import_subplan(street, actions.read_plan(OWN.encode(), "青石.txt"), by=officer)
    head = {"title": "实施方案", "responsible": ""}
    actions.save_subplan(street, by=officer, head=head, rows={}, answered={})
    with pytest.raises(Refused, match="责任人"):
        actions.move_subplan(fresh(street), "file", by=officer)
    actions.save_subplan(street, by=officer, head=head | {"responsible": "王同心"}, rows={}, answered={})
    with pytest.raises(Refused, match="还有 1 项上级任务没有对应，如“查充装管理”"):
        actions.move_subplan(fresh(street), "file", by=officer)
    filling = next(each.task for each in coverage(fresh(street)).missing)
    actions.save_subplan(
        street,
        by=officer,
        head=head | {"responsible": "王同心"},
        rows={},
        answered={filling.pk: (0, "辖区没有充装企业")},
    )
    transition = actions.move_subplan(fresh(street), "file", by=officer)
    assert fresh(street).status == "filed"
    assert transition.content["answers"][1] == [filling.pk, None, "辖区没有充装企业"]
    assert Duty.objects.get(kind="report", organization=world.organizations.qingshi).status == "done"


def test_both_answers_at_once_are_refused(street, world):
    officer = world.people.qingshi_officer
    actions.start_from_parent(street, by=officer)
    own, task = street.tasks.first(), coverage(fresh(street)).answers[0].task
    with pytest.raises(Refused, match="不要再写"):
        actions.save_subplan(street, by=officer, head={}, rows={}, answered={task.pk: (own.pk, "不适用")})


def test_from_the_parents_tasks_only_what_is_missing_is_taken(street, world):
    officer = world.people.qingshi_officer
    actions.import_subplan(street, actions.read_plan(OWN.encode(), "青石.txt"), by=officer)
    assert actions.start_from_parent(street, by=officer) == 1
    assert coverage(fresh(street)).missing == []
    assert street.tasks.count() == 3
    late = next(answer for answer in coverage(fresh(street)).answers if answer.task.heading == "查充装管理")
    assert late.is_late is False
    row = late.cover.own
    actions.save_subplan(
        street, by=officer, head={}, rows={row.pk: ("应急办", dt.date(2027, 1, 1))}, answered={}
    )
    assert next(each for each in coverage(fresh(street)).answers if each.task == late.task).is_late


def test_own_tasks_are_added_and_taken_out_with_their_answers(street, world):
    officer = world.people.qingshi_officer
    actions.start_from_parent(street, by=officer)
    added = actions.add_subplan_task(street, by=officer, heading="夜市宣传", text="每晚宣传。")
    assert added.position == 3
    actions.remove_subplan_task(street, street.tasks.first().pk, by=officer)
    assert len(coverage(fresh(street)).missing) == 1
    with pytest.raises(Refused):
        actions.add_subplan_task(street, by=officer, heading="", text="")


def test_the_office_returns_it_with_a_reason_and_a_new_day(street, world):
    office, officer = world.people.office, world.people.qingshi_officer
    done = filed(street, officer)
    with pytest.raises(ReasonRequired):
        actions.move_subplan(done, "return", by=office)
    later = dt.date.today() + dt.timedelta(days=7)
    actions.move_subplan(done, "return", by=office, reason="没有时间表", due_on=later)
    back = fresh(street)
    assert (back.status, back.due_on) == ("returned", later)
    assert Duty.objects.open().get(kind="report", organization=world.organizations.qingshi).due_on == later
    actions.move_subplan(back, "file", by=officer)
    actions.move_subplan(fresh(street), "accept", by=office)
    assert fresh(street).status == "accepted"
    assert list(SubplanTransition.objects.values_list("move", flat=True)) == [
        "file",
        "return",
        "file",
        "accept",
    ]
    assert verify(files=True).findings == []


# Every legal move, by hand: whoever stands in neither column may not.
LEGAL = {
    ("owed", "file"): "filed",
    ("owed", "cancel"): "cancelled",
    ("filed", "return"): "returned",
    ("filed", "accept"): "accepted",
    ("returned", "file"): "filed",
    ("returned", "cancel"): "cancelled",
    ("accepted", "return"): "returned",
}


@pytest.mark.parametrize("status", SubplanStatus.values)
@pytest.mark.parametrize("move", SubplanMove.values)
def test_every_move_from_every_state(status, move, street, world):
    office, officer = world.people.office, world.people.qingshi_officer
    ready = filled(street, officer)
    Subplan.objects.filter(pk=ready.pk).update(status=status, filed_at="2026-08-25T09:00:00Z")
    Duty.objects.filter(kind="report").update(status="done", closed_at="2026-08-25T09:00:00Z")
    by = officer if move == "file" else office
    ready = fresh(street)
    assert (move in subplan_moves(ready, by=by)) == ((status, move) in LEGAL)
    if (status, move) in LEGAL:
        actions.move_subplan(ready, move, by=by, reason="因为")
        assert fresh(street).status == LEGAL[status, move]
    else:
        with pytest.raises(IllegalMove):
            actions.move_subplan(ready, move, by=by, reason="因为")
        assert fresh(street).status == status


def test_the_table_is_the_one_by_hand():
    table = {
        (str(source), str(move)): str(rule.target)
        for move, rule in SUBPLAN_RULES.items()
        for source in rule.sources
    }
    assert table == LEGAL


def test_who_may_do_what(street, world):
    people = world.people
    ready = filled(street, people.qingshi_officer)
    for person in (people.office, people.baita_leader, people.inspector, people.county_office):
        with pytest.raises(PermissionDenied):
            actions.move_subplan(ready, "file", by=person)
        with pytest.raises(PermissionDenied):
            actions.start_from_parent(ready, by=person)
    actions.move_subplan(ready, "file", by=people.qingshi_leader)
    for person in (people.qingshi_officer, people.county_office, people.office_leader):
        with pytest.raises(PermissionDenied):
            actions.move_subplan(fresh(street), "accept", by=person)


def test_of_two_at_the_same_page_the_second_is_told(street, world):
    officer = world.people.qingshi_officer
    mine, theirs = filled(street, officer), fresh(street)
    actions.move_subplan(mine, "file", by=officer)
    with pytest.raises(IllegalMove):
        actions.move_subplan(theirs, "file", by=officer)
    with pytest.raises(IllegalMove):
        actions.start_from_parent(theirs, by=officer)


def test_the_parents_list_puts_arrears_first(campaign, world):
    street, *_ = asked(campaign, world, "qingshi", "housing", "county_office")
    filed(street, world.people.qingshi_officer)
    Subplan.objects.filter(pk=street.pk).update(filed_at="2026-08-20T09:00:00Z")
    lines = standings(campaign, world.people.office, on=dt.date(2026, 9, 5))
    assert [(line.subplan.organization.short_name, line.late) for line in lines] == [
        ("市住建局", 5),
        ("区安委办", 5),
        ("青石街道", 0),
    ]
    assert [line.coverage.words for line in lines] == [
        "0/3 项对应，3 项没有对应",
        "0/2 项对应，2 项没有对应",
        "2/2 项对应",
    ]
    seen = standings(campaign, world.people.county_office, on=dt.date(2026, 9, 5))
    assert {line.subplan.organization.short_name for line in seen} == {"区安委办", "青石街道"}
    own = standings(campaign, world.people.housing, on=dt.date(2026, 9, 5))
    assert {line.subplan.organization.short_name for line in own} == {"市住建局"}


def test_the_list_takes_the_same_queries_for_one_as_for_many(campaign, world, django_assert_num_queries):
    asked(campaign, world, "qingshi")
    with django_assert_num_queries(5):
        standings(campaign, world.people.office, on=DUE)
    asked(campaign, world, "housing", "market", "baita", "heyan", "county_office")
    with django_assert_num_queries(5):
        standings(campaign, world.people.office, on=DUE)


def draft_child(subplan, *, by):
    return actions.draft_child(subplan, actions.read_plan(*actions.child_file(subplan, by=by)), by=by)


def test_a_countys_sub_plan_becomes_a_campaign_that_cites_its_parent(campaign, world):
    by = world.people.county_office
    county = asked(campaign, world, "county_office")[0]
    text = OWN.replace("青石街道办事处", "云溪区安全生产委员会").replace("青石街道", "云溪区")
    actions.import_subplan(county, actions.read_plan(text.encode(), "区.txt"), by=by)
    document = draft_child(fresh(county), by=by)
    assert document.region == world.regions.yunxi
    for unit in document.units.filter(organization=None, group=""):
        actions.match_unit(unit, by=by, group="ignored")
    for item in document.items.filter(state="proposed"):
        actions.confirm_item(item, version=item.version, by=by)
    child = actions.publish(document, by=by)
    assert child.parent == campaign
    assert list(campaign.children.all()) == [child]
    with pytest.raises(IllegalMove):
        draft_child(fresh(county), by=by)
    with pytest.raises(PermissionDenied):
        draft_child(fresh(county), by=world.people.office)


def test_a_plan_of_tasks_alone_is_written_out(campaign, world):
    by = world.people.county_office
    county = asked(campaign, world, "county_office")[0]
    with pytest.raises(Refused, match="还没有任务"):
        draft_child(county, by=by)
    actions.start_from_parent(county, by=by)
    document = draft_child(fresh(county), by=by)
    headings = [item.data["heading"] for item in document.items.filter(kind="task")]
    assert headings == ["查违规安装", "查充装管理"]


def test_an_amended_parent_shows_what_is_newly_missing(campaign, street, world):
    from .test_amending import revise

    filed(street, world.people.qingshi_officer)
    office = world.people.office
    amendment = revise(campaign, office)
    actions.decide_rest(amendment, by=office)
    actions.apply_amendment(amendment, by=office, reason="延长")
    assert [answer.task.heading for answer in coverage(fresh(street)).answers] == ["查充装管理"]


def test_both_sides_are_told(street, world, django_capture_on_commit_callbacks):
    ready = filled(street, world.people.qingshi_officer)
    with django_capture_on_commit_callbacks(execute=True):
        actions.move_subplan(ready, "file", by=world.people.qingshi_officer)
        actions.move_subplan(fresh(street), "return", by=world.people.office, reason="缺时间表")
    assert Message.objects.filter(
        recipient=world.people.office, title__startswith="青石街道子方案报送"
    ).exists()
    assert Message.objects.filter(recipient=world.people.qingshi_officer, body="缺时间表").exists()


# --- the pages ---


def url(name, *args):
    return reverse(f"campaigns:{name}", args=args)


def test_the_office_asks_and_the_street_files_through_the_pages(client, campaign, world):
    office = sign_in(client, world.people.office)
    assert "要求报送子方案" in office.get(url("subplans", campaign.pk)).content.decode()
    answer = office.post(
        url("require_subplans", campaign.pk),
        {"organizations": [world.organizations.qingshi.pk], "due_on": "2026-08-31", "due_source": "会议"},
        follow=True,
    )
    assert "已要求 1 个单位" in answer.content.decode()
    bad = office.post(url("require_subplans", campaign.pk), {"organizations": ["x"], "due_on": ""})
    assert bad.status_code == 422
    subplan = Subplan.objects.get()

    street = sign_in(client, world.people.qingshi_officer)
    page = url("subplan", subplan.pk)
    assert "从上级任务起草" in street.get(page).content.decode()
    street.post(url("start_subplan", subplan.pk))
    form = {"title": "青石街道实施方案", "responsible": "王同心", "doc_no": ""}
    for answer in coverage(fresh(subplan)).answers:
        form |= {f"own-{answer.task.pk}": answer.cover.own_id, f"reason-{answer.task.pk}": ""}
        form |= {f"owner-{answer.cover.own_id}": "应急办", f"due-{answer.cover.own_id}": "2026-10-01"}
    bad = street.post(
        url("save_subplan", subplan.pk), form | {f"due-{answer.cover.own_id}": "x"}, follow=True
    )
    assert "没有保存" in bad.content.decode()
    done = street.post(url("save_subplan", subplan.pk), form | {"file": "1"}, follow=True).content.decode()
    assert "已报送市安委办" in done
    assert "应急办" in done
    assert fresh(subplan).status == "filed"

    office = sign_in(client, world.people.office)
    done = office.post(url("move_subplan", subplan.pk, "accept"), follow=True).content.decode()
    assert "已接受" in done
    assert office.post(url("move_subplan", subplan.pk, "x")).status_code == 404


def test_the_document_comes_through_the_page(client, street, world):
    from django.core.files.uploadedfile import SimpleUploadedFile

    officer = sign_in(client, world.people.qingshi_officer)
    upload = SimpleUploadedFile("青石.txt", OWN.encode())
    page = officer.post(url("import_subplan", street.pk), {"file": upload}, follow=True).content.decode()
    assert "开展夜市宣传" in page
    assert "1 项没有对应" in page
    assert "请选择" in officer.post(url("import_subplan", street.pk), follow=True).content.decode()
    file = fresh(street).file
    assert officer.get(reverse("attachments:file", args=[file.pk])).status_code == 200
    baita = sign_in(client, world.people.baita_leader)
    assert baita.get(reverse("attachments:file", args=[file.pk])).status_code == 404
    assert baita.get(url("subplan", street.pk)).status_code == 404
    assert baita.post(url("start_subplan", street.pk)).status_code == 404
