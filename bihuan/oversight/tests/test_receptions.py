"""A visit from above: its notice, its list, who prepares what, what was told, scored and put right (R110)."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import openpyxl
import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.tests.world import make_world
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.core.tests.together import at_once
from bihuan.duties.models import Duty
from bihuan.hazards.tests.factories import make_closed, make_hazard, make_major
from bihuan.oversight import actions, receiving, sheetreading
from bihuan.oversight.models import OversightFinding, Reception, ReceptionLine
from bihuan.oversight.workflow import LINE_RULES, RECEPTION_RULES, LineMove, ReceptionMove
from bihuan.papers.models import Paper

from .factories import later, today

LINES = (
    actions.LineGiven("制定专项整治方案，分解任务", "责任落实", "没有方案扣 2 分", Decimal(10)),
    actions.LineGiven("隐患台账逐条登记，整改闭环", "排查整改", "一条不全扣 1 分", Decimal(20)),
    actions.LineGiven("重大隐患挂牌督办", "排查整改", "", Decimal(10)),
)


def notice(**changes):
    values = {
        "title": "迎接省安全生产考核巡查", "visitor": "省第三考核巡查组", "sender": "云岭省安全生产委员会办公室",
        "level": "province", "notice_on": today(), "starts_on": today(), "ends_on": later(4),
        "covers_from": today().replace(month=1, day=1), "notice_number": "云岭安办〔2026〕30号",
    }  # fmt: skip
    return actions.Notice(**(values | changes))


def registered(world, **changes) -> Reception:
    return actions.register_reception(notice(**changes), by=world.people.office)


def listed(world, **changes) -> Reception:
    row = registered(world, **changes)
    actions.add_lines(row, LINES, by=world.people.office)
    return row


def line_of(row: Reception, position: int = 1) -> ReceptionLine:
    return ReceptionLine.objects.select_related("reception__organization", "organization").get(
        reception=row, position=position
    )


def assigned(world, row: Reception | None = None, body=None, position: int = 1) -> ReceptionLine:
    row = row or listed(world)
    actions.assign_lines(
        row, [line_of(row, position)], organization=body or world.organizations.housing, due_on=later(1),
        by=world.people.office,
    )  # fmt: skip
    return line_of(row, position)


def visiting(world, **changes) -> Reception:
    row = listed(world, **changes)
    actions.begin_reception(row, by=world.people.office)
    return row


def told(world, row: Reception, **changes) -> OversightFinding:
    values = {
        "level": "department", "code": "排查整改", "description": "两条到期隐患没有复查", "demand": "立即复查",
        "organization": world.organizations.housing, "due_on": later(10), "by": world.people.office,
    }  # fmt: skip
    found = actions.record_told(row, **(values | changes))
    return OversightFinding.objects.select_related("organization", "found_organization", "reception").get(
        pk=found.pk
    )


def fed_back(world) -> tuple[Reception, OversightFinding]:
    row = visiting(world)
    finding = told(world, row)
    actions.feed_back(row, on=today(), feedback="总体较好。", by=world.people.office)
    return row, OversightFinding.objects.select_related("organization", "found_organization").get(
        pk=finding.pk
    )


def owed(row, kind="reception"):
    return Duty.objects.open().filter(kind=kind, subject=f"{row._meta.label_lower}:{row.pk}")


LEGAL = {
    "change": {"preparing": "preparing", "visiting": "visiting"},
    "begin": {"preparing": "visiting"},
    "issue": {"preparing": "preparing", "visiting": "visiting"},
    "tell": {"visiting": "visiting", "rectifying": "rectifying"},
    "score": {"visiting": "visiting", "rectifying": "rectifying"},
    "feed_back": {"visiting": "rectifying"},
    "close": {"rectifying": "closed"},
    "cancel": {"preparing": "cancelled"},
}
LEGAL_LINES = {
    "assign": {"open": "owed", "owed": "owed"},
    "hand_in": {"owed": "handed"},
    "accept": {"handed": "ready"},
    "send_back": {"handed": "owed", "ready": "owed"},
    "drop": {"open": "dropped", "owed": "dropped"},
}


@pytest.mark.parametrize("move", [each for each in ReceptionMove if each != "register"])
def test_the_moves_of_a_visit(move):
    rule = RECEPTION_RULES[move]
    assert {str(each): str(rule.target or each) for each in rule.sources} == LEGAL[move]


@pytest.mark.parametrize("move", [each for each in LineMove if each != "add"])
def test_the_moves_of_a_line(move):
    rule = LINE_RULES[move]
    assert {str(each): str(rule.target or each) for each in rule.sources} == LEGAL_LINES[move]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": " "}, "名称"), ({"level": "world"}, "级别"), ({"ends_on": dt.date(2020, 1, 1)}, "早于"),
        ({"notice_on": dt.date(2099, 1, 1)}, "通知日期"), ({"covers_from": dt.date(2099, 1, 1)}, "覆盖期间"),
    ],
)  # fmt: skip
def test_what_a_notice_may_not_be(world, changes, words):
    with pytest.raises(Refused, match=words):
        registered(world, **changes)


def test_only_an_office_receives(world):
    with pytest.raises(PermissionDenied):
        actions.register_reception(notice(), by=world.people.housing)


def test_a_line_is_on_the_list_once(world):
    row = listed(world)
    assert actions.add_lines(row, [*LINES, actions.LineGiven("新的一项")], by=world.people.office) == 1
    assert row.lines.count() == 4


def test_who_prepares_what_by_when(world):
    line = assigned(world)
    duty = owed(line).get()
    assert (duty.organization, duty.due_on) == (world.organizations.housing, later(1))
    assert "云岭安办〔2026〕30号" in line.clock["source"]
    with pytest.raises(Refused, match="准备情况"):
        actions.hand_in(line, material=" ", by=world.people.housing)
    with pytest.raises(PermissionDenied):
        actions.hand_in(line, material="好", by=world.people.market)
    actions.hand_in(line, material="方案已印发，任务分解到科室。", by=world.people.housing)
    assert owed(line).get().organization == world.organizations.office
    with pytest.raises(ReasonRequired):
        actions.send_back_line(line, reason="", by=world.people.office)
    actions.send_back_line(line, reason="附文号", by=world.people.office)
    assert owed(line).get().organization == world.organizations.housing
    actions.hand_in(line, material="方案（云住建〔2026〕8号）已印发。", by=world.people.housing)
    actions.accept(line, by=world.people.office)
    assert line.status == "ready"
    assert not owed(line).exists()


def test_given_to_another_body_the_duty_goes_along(world):
    line = assigned(world)
    actions.assign_lines(
        line.reception,
        [line],
        organization=world.organizations.market,
        due_on=later(2),
        by=world.people.office,
    )
    assert owed(line).get().organization == world.organizations.market


@pytest.mark.parametrize(("days", "words"), [(-1, "早于今天"), (30, "检查结束日期")])
def test_a_day_to_prepare_lies_before_the_visit_ends(world, days, words):
    row = listed(world)
    with pytest.raises(Refused, match=words):
        actions.assign_lines(
            row,
            [line_of(row)],
            organization=world.organizations.housing,
            due_on=later(days),
            by=world.people.office,
        )


def test_the_bodies_that_prepare_see_the_visit(world):
    line = assigned(world, body=world.organizations.baita)

    def sees(user):
        return Reception.objects.visible_to(user).filter(pk=line.reception_id).exists()

    people = world.people
    assert all(map(sees, (people.office, people.office_leader, people.baita_leader, people.inspectorate)))
    assert not any(map(sees, (people.housing, people.qingshi_officer, people.county_office, people.shop)))


def test_figures_of_the_ledger_are_proposed_with_their_rows(world):
    make_hazard(world)
    make_closed(world)
    make_major(world)
    row = listed(world)
    figures = {each.label: each for each in receiving.proposals(line_of(row, 2), world.people.office)}
    assert figures["排查隐患"].value == "3"
    assert figures["整改销号"].value == "1"
    assert "found_from" in figures["排查隐患"].url
    majors = {each.label: each.value for each in receiving.proposals(line_of(row, 3), world.people.office)}
    assert majors["发现重大隐患"] == "1"
    # Whoever prepares a line sees the figures of its own part.
    own = {each.label: each.value for each in receiving.proposals(line_of(row, 2), world.people.market)}
    assert own["排查隐患"] == "0"


def test_the_report_is_compiled_and_signed_by_the_leader(world):
    line = assigned(world)
    row = line.reception
    with pytest.raises(Refused, match="没有一项"):
        actions.issue_report(row, by=world.people.office_leader)
    actions.hand_in(line, material="方案已印发。\n任务分解到科室。", by=world.people.housing)
    actions.write_report(row, intro="现汇报如下。", shortcomings="宣传不够深入。", by=world.people.office)
    with pytest.raises(PermissionDenied):
        actions.issue_report(row, by=world.people.office)
    paper = actions.issue_report(row, by=world.people.office_leader)
    assert paper.kind == Paper.Kind.RECEPTION_REPORT
    words = [block.get("text") for block in paper.content["blocks"]]
    assert {"方案已印发。", "任务分解到科室。", "宣传不够深入。"} <= set(words)
    again = actions.issue_report(row, by=world.people.office_leader)
    assert again.pk != paper.pk
    assert Reception.objects.get(pk=row.pk).paper_id == again.pk


def test_nobody_comes_before_the_day(world):
    row = listed(world, starts_on=later(2), ends_on=later(4))
    with pytest.raises(Refused, match="还没有到"):
        actions.begin_reception(row, by=world.people.office)


def test_what_is_told_waits_for_the_feedback_and_goes_into_the_one_ledger(world):
    row = visiting(world)
    finding = told(world, row)
    assert (finding.status, finding.origin_kind, finding.origin_label) == ("recorded", "upper", "上级反馈")
    assert not owed(finding, "oversight_finding").exists()
    actions.feed_back(row, on=today(), feedback="总体较好。", by=world.people.office)
    finding.refresh_from_db()
    assert (finding.status, finding.due_on) == ("rectifying", later(10))
    duty = owed(finding, "oversight_finding").get()
    assert duty.organization == world.organizations.housing
    assert duty.title.startswith("上级反馈问题整改")
    late = told(world, row, description="又补充一项", due_on=None)
    assert late.status == "rectifying"
    assert late.due_on > today()


def test_a_day_the_team_named_that_has_passed_gives_way_to_the_clock(world):
    row = visiting(world)
    finding = told(world, row, due_on=later(1))
    with time_machine.travel(timezone.now() + dt.timedelta(days=3), tick=False):
        actions.feed_back(row, on=today(), feedback="", by=world.people.office)
        finding.refresh_from_db()
        assert finding.due_on > today()


def test_a_danger_at_a_site_goes_into_the_ledger_of_hazards(world):
    row = visiting(world)
    finding = told(
        world,
        row,
        level="enterprise",
        organization=None,
        enterprise=world.enterprises.shop,
        description="软管老化",
    )
    assert finding.status == "in_ledger"
    assert finding.hazard.source == "oversight"


def test_closed_only_when_all_is_put_right(world):
    row, finding = fed_back(world)
    with pytest.raises(Refused, match="还有 1 项"):
        actions.close_reception(row, by=world.people.office)
    actions.reply(finding, text="已复查", by=world.people.housing)
    actions.verify(finding, passed=True, method="documents", opinion="属实", by=world.people.office)
    actions.close_reception(row, by=world.people.office)
    assert row.closed_on == today()
    with pytest.raises(IllegalMove):
        told(world, row)


def test_the_score_line_by_line(world):
    row = visiting(world)
    one, two = line_of(row, 1), line_of(row, 2)
    for lines, words in (
        ({one.pk: (Decimal(11), "多")}, "第 1 项的扣分"),
        ({one.pk: (Decimal(1), "")}, "写明原因"),
    ):
        with pytest.raises(Refused, match=words):
            actions.score_reception(
                row, full=Decimal(40), score=Decimal(39), lines=lines, by=world.people.office
            )
    with pytest.raises(Refused, match="0 到满分"):
        actions.score_reception(row, full=Decimal(40), score=Decimal(41), by=world.people.office)
    actions.score_reception(
        row, full=Decimal(40), score=Decimal("37.5"), grade="优秀", by=world.people.office,
        lines={one.pk: (Decimal("2.5"), "任务没有分解到人"), two.pk: (Decimal(0), "")},
    )  # fmt: skip
    assert row.score_words == "37.5 / 40 分（优秀）"
    assert line_of(row, 1).lost == Decimal("2.5")


def test_lost_again_beside_the_last_visit(world):
    last = visiting(world, title="迎接去年考核巡查")
    actions.score_reception(
        last, full=Decimal(40), score=Decimal(38), by=world.people.office,
        lines={line_of(last, 1).pk: (Decimal(2), "没有分解"), line_of(last, 2).pk: (Decimal(1), "缺照片")},
    )  # fmt: skip
    row = visiting(world, previous=last)
    actions.score_reception(
        row, full=Decimal(40), score=Decimal(39), by=world.people.office,
        lines={line_of(row, 1).pk: (Decimal(1), "仍没有分解"), line_of(row, 2).pk: (Decimal(0), "")},
    )  # fmt: skip
    pairs = receiving.pairs_of(row)
    assert [each.lost_again for each in pairs] == [True, False, False]
    assert [each.mended for each in pairs] == [False, True, False]


def test_cancelled_nothing_is_owed_of_it(world):
    line = assigned(world)
    actions.cancel_reception(line.reception, reason="检查推迟到明年", by=world.people.office)
    assert not owed(line).exists()
    with pytest.raises(IllegalMove):
        actions.hand_in(line, material="方案", by=world.people.housing)


@pytest.mark.django_db(transaction=True)
def test_fed_back_by_two_at_once_hands_over_once():
    world = make_world()
    row = visiting(world)
    finding = told(world, row)
    seen = [Reception.objects.select_related("organization").get(pk=row.pk) for _ in range(3)]
    results = at_once(
        lambda number: actions.feed_back(seen[number], on=today(), feedback="", by=world.people.office), 3
    )
    assert sorted(type(error).__name__ for _, error in results if error) == ["IllegalMove", "IllegalMove"]
    assert owed(finding, "oversight_finding").count() == 1


# --- sheets --------------------------------------------------------------------------------------


def sheet(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    for each in rows:
        book.active.append(each)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_score_sheet_with_a_merged_first_column():
    data = sheet(
        ["指标类别", "考核内容", "扣分标准", "标准分"], ["责任落实", "制定方案", "没有扣 2 分", "10分"],
        ["", "分解任务", "", 5], ["排查整改", "台账登记", "", 20.5],
    )  # fmt: skip
    found = sheetreading.read_lines(data, "评分表.xlsx")
    assert found.problems == []
    assert [(each.section, each.text, each.points) for each in found.rows] == [
        ("责任落实", "制定方案", Decimal(10)), ("责任落实", "分解任务", Decimal(5)), ("排查整改", "台账登记", Decimal("20.5")),
    ]  # fmt: skip


def test_a_sheet_that_is_wrong_is_told_row_by_row():
    data = sheet(["检查内容", "分值"], ["制定方案", "很多"], ["", 5])
    found = sheetreading.read_lines(data, "评分表.xlsx")
    assert found.rows == []
    assert "第 2 行“分值”：“很多”不是数字" in found.problems
    assert "第 3 行“检查内容”：没有检查内容" in found.problems
    assert openpyxl.load_workbook(io.BytesIO(found.marked))
    assert "检查内容" in sheetreading.read_lines(sheet(["甲", "乙"], [1, 2]), "x.xlsx").problems[0]
    assert sheetreading.read_lines(b"not a sheet", "x.xlsx").problems


def test_an_opinion_names_bodies_and_firms(world):
    data = sheet(
        ["存在问题", "责任单位", "企业名称", "整改时限", "分类"],
        ["两条隐患没有复查", "市住建局", "", "2099年3月5日", "排查整改"],
        ["软管老化", "", "云溪区好味来面馆", "", ""],
        ["方案没有分解", "青石街道", "", "", "无此类"],
    )  # fmt: skip
    found = sheetreading.read_told(data, "反馈.xlsx", user=world.people.office, code="5397", on=today())
    assert found.problems == []
    assert [(each.level, each.code) for each in found.rows] == [
        ("department", "排查整改"), ("enterprise", "其他"), ("locality", "其他"),
    ]  # fmt: skip
    bad = sheet(["问题", "责任单位", "整改期限"], ["甲", "不存在局", "明天"], ["乙", "", ""])
    found = sheetreading.read_told(bad, "反馈.xlsx", user=world.people.office, code="5397", on=today())
    assert len(found.problems) == 3


# --- pages ---------------------------------------------------------------------------------------


def read(client, name: str, *args: object, status: int = 200) -> str:
    answer = client.get(reverse(f"oversight:{name}", args=args))
    assert answer.status_code == status, name
    return answer.content.decode()


def upload(client, name: str, pk: int, data: bytes) -> object:
    given = {"sheet": SimpleUploadedFile("表.xlsx", data)}
    return client.post(reverse(f"oversight:{name}", args=[pk]), given)


def test_from_the_notice_to_the_feedback_through_the_pages(client, world):
    people, bodies = world.people, world.organizations
    client.force_login(people.office)
    assert "还没有登记过迎检" in read(client, "receptions")
    given = {
        "title": "迎接省安全生产考核巡查", "visitor": "省第三考核巡查组", "sender": "云岭省安委办", "level": "province",
        "notice_number": "云岭安办〔2026〕30号", "notice_on": today(), "starts_on": today(), "ends_on": later(3),
        "covers_from": today().replace(month=1, day=1), "previous": "", "places": "", "focus": "燃气",
    }  # fmt: skip
    read(client, "create_reception")
    answer = client.post(reverse("oversight:create_reception"), given)
    assert answer.status_code == 302, answer.content.decode()[:2000]
    row = Reception.objects.get()
    bad = upload(client, "import_lines", row.pk, sheet(["检查内容", "分值"], ["制定方案", "很多"]))
    assert bad.status_code == 422
    assert "下载标出问题的原表" in bad.content.decode()
    good = sheet(["检查内容", "分值"], ["制定方案", 10], ["隐患台账", 20])
    assert upload(client, "import_lines", row.pk, good).status_code == 302
    upload(client, "import_lines", row.pk, good)
    assert row.lines.count() == 2
    client.post(reverse("oversight:create_line", args=[row.pk]), {"text": "重大隐患", "points": "5"})
    keys = [str(each.pk) for each in row.lines.all()]
    act = reverse("oversight:reception_act", args=[row.pk, "assign"])
    bad = client.post(act, {"organization": str(bodies.housing.pk), "due_on": later(1)})
    assert bad.status_code == 422
    assert "请勾选" in bad.content.decode()
    assert (
        client.post(
            act, {"lines": keys, "organization": str(bodies.housing.pk), "due_on": later(1)}
        ).status_code
        == 302
    )
    client.force_login(people.housing)
    assert "等我们准备的材料" in read(client, "receptions")
    line = line_of(row, 2)
    page = read(client, "reception_line", line.pk)
    assert "排查隐患" in page
    done = client.post(
        reverse("oversight:reception_line_act", args=[line.pk, "hand_in"]),
        {
            "material": "已登记 120 条",
            "documents": SimpleUploadedFile("台账.csv", "编号,隐患\n1,软管\n".encode()),
        },
    )
    assert done.status_code == 302, done.content.decode()[:2000]
    assert "台账.csv" in read(client, "reception_line", line.pk)
    client.force_login(people.office)
    client.post(reverse("oversight:reception_line_act", args=[line.pk, "accept"]), {"note": "可以"})
    assert "已登记 120 条" in read(client, "reception_report", row.pk)
    client.post(
        reverse("oversight:reception_report", args=[row.pk]),
        {"intro": "汇报如下。", "shortcomings": "人手不足。"},
    )
    client.force_login(people.office_leader)
    assert (
        client.post(reverse("oversight:reception_report", args=[row.pk]), {"issue": "1"}).status_code == 302
    )
    client.force_login(people.office)
    client.post(reverse("oversight:reception_act", args=[row.pk, "begin"]))
    opinion = sheet(["问题", "责任单位"], ["两条隐患没有复查", "市住建局"])
    assert upload(client, "import_told", row.pk, opinion).status_code == 302
    upload(client, "import_told", row.pk, opinion)
    assert row.findings.count() == 1
    told_ = {
        "level": "locality",
        "code": "其他",
        "description": "没有分解",
        "organization": str(bodies.qingshi.pk),
    }
    assert client.post(reverse("oversight:reception_act", args=[row.pk, "told"]), told_).status_code == 302
    client.post(
        reverse("oversight:reception_act", args=[row.pk, "feed_back"]), {"on": today(), "feedback": "较好"}
    )
    page = read(client, "reception", row.pk)
    assert "反馈问题还有 2 项没有销号" in page
    listing = client.get(f"{reverse('oversight:findings')}?origin=upper").content.decode()
    assert "两条隐患没有复查" in listing
    assert "上级反馈" in listing
    scores = {
        f"line{line.pk}-lost": "2",
        f"line{line.pk}-lost_reason": "缺照片",
        "full": "35",
        "score": "33",
        "grade": "良好",
    }
    read(client, "reception_score", row.pk)
    assert client.post(reverse("oversight:reception_score", args=[row.pk]), scores).status_code == 302
    assert "33 / 35 分（良好）" in read(client, "reception", row.pk)
    assert "没有可以对照的" in read(client, "reception_comparison", row.pk)
    finding = row.findings.first()
    assert "省第三考核巡查组" in read(client, "finding", finding.pk)


def test_a_body_without_a_part_finds_nothing(client, world):
    row = listed(world)
    client.force_login(world.people.market)
    read(client, "reception", row.pk, status=404)
    read(client, "reception_line", line_of(row).pk, status=404)
    client.force_login(world.people.office_leader)
    read(client, "edit_reception", row.pk, status=403)


def test_the_pages_cost_the_same_however_long(client, world):
    client.force_login(world.people.office)
    row, _ = fed_back(world)

    def count(name: str, *args: object) -> int:
        with CaptureQueriesContext(connection) as seen:
            read(client, name, *args)
        return len(seen)

    count("receptions"), count("reception", row.pk)
    few = count("receptions"), count("reception", row.pk)
    for number in range(4):
        other = visiting(world, title=f"又一次 {number}")
        told(world, row, description=f"问题 {number}")
        told(world, other)
    assert count("receptions") <= few[0]
    assert count("reception", row.pk) <= few[1]
