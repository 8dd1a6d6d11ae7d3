"""Phases, duties, reports, targets, bodies, each on sentences made for it."""

from datetime import date

import pytest

from bihuan.plans import compile_text
from bihuan.plans.bodies import find_bodies
from bihuan.plans.model import Span
from bihuan.plans.recurrence import rrule_of
from bihuan.plans.reports import find_reports


def phases(text):
    return [(p.name, p.start, p.end) for p in compile_text(text).phases]


def test_phases_by_name_and_by_timetable():
    text = (
        "一、实施步骤\n（一）动员部署阶段（2031年3月）。印发方案。\n（二）自查自改（2031年4月至6月）。逐项自查。\n"
        "（三）巩固阶段（2031年7月起）。\n（四）工作要求。按时完成。"
    )
    assert phases(text) == [
        ("动员部署阶段", date(2031, 3, 1), date(2031, 3, 31)),
        ("自查自改", date(2031, 4, 1), date(2031, 6, 30)),
        ("巩固阶段", date(2031, 7, 1), None),
    ]


def test_phase_without_year_keeps_its_name():
    assert phases("一、时间安排\n（一）宣传发动（3月1日-5日）广泛宣传。") == [("宣传发动", None, None)]


def test_named_years_and_bare_stage_lines():
    text = "一、工作目标\n2031年为“排查攻坚年”，2032年为“巩固提升年”。\n二、实施步骤\n第一阶段：动员部署（2031年3月）。召开会议。"
    assert phases(text) == [
        ("排查攻坚年", date(2031, 1, 1), date(2031, 12, 31)),
        ("巩固提升年", date(2032, 1, 1), date(2032, 12, 31)),
        ("第一阶段：动员部署", date(2031, 3, 1), date(2031, 3, 31)),
    ]


def test_steps_of_a_dated_phase_are_tasks_not_phases():
    text = (
        "一、实施步骤\n（一）整治阶段（2031年5月至9月）\n1.自查（2031年6月底前）。\n2.复查（2031年8月底前）。"
    )
    plan = compile_text(text)
    assert [p.name for p in plan.phases] == ["整治阶段"]
    assert [(t.no, t.due) for t in plan.tasks] == [
        ("一/（一）/1", date(2031, 6, 30)),
        ("一/（一）/2", date(2031, 8, 31)),
    ]


def duties(text):
    return [(d.unit, d.text) for d in compile_text(text).duties]


def test_duties_of_sentences():
    text = (
        "一、部门分工\n市应急局负责综合协调。市公安局、市城管局协助开展清查；其余场所的排查由市消防支队负责。"
    )
    assert duties(text) == [
        ("市应急局", "负责综合协调"),
        ("市公安局", "协助开展清查"),
        ("市城管局", "协助开展清查"),
        ("市消防支队", "其余场所的排查由市消防支队负责"),
    ]


def test_duties_of_items_are_no_tasks():
    plan = compile_text(
        "一、职责分工\n1.市应急局：负责综合协调。\n2.市公安局：负责治安管理。\n二、工作要求\n1.按时完成任务。"
    )
    assert [(d.unit, d.text) for d in plan.duties] == [
        ("市应急局", "负责综合协调。"),
        ("市公安局", "负责治安管理。"),
    ]
    assert [t.no for t in plan.tasks] == ["二/1"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("各县区要在4月15日前将方案报送市安委办。", ("各县区", "市安委办", "4月15日前")),
        ("各成员单位每月梳理情况报市安委会办公室。", ("各成员单位", "市安委会办公室", "每月")),
        ("各乡镇于每月25日前向市应急局报送进展。", ("各乡镇", "市应急局", "每月25日前")),
        ("各部门每月28日前将进展报安全部。", ("各部门", "安全部", "每月28日前")),
        ("各单位要建立例会机制和周报制度。", ("各单位", None, "周报")),
        ("各县区每季度末5日内将总结报送市安委办。", ("各县区", "市安委办", "每季度末5日内")),
    ],
)
def test_reports(text, expected):
    (report,) = find_reports(text, [Span(0, len(text))])
    assert (report.who, report.to, report.when) == expected


@pytest.mark.parametrize(
    "text",
    [
        "各单位及时将情况报送市安委办。",
        "接到事故信息后，1小时内报告市应急局。",
        "市安委办每月通报进展，实行日调度、周通报。",
        "6月底前建立典型案例报送制度。",
        "2031年底前实现企业自查上报、督导发现的隐患全量汇总。",
        "对发现的线索移交纪检监察机关。",
    ],
)
def test_no_reports(text):
    assert find_reports(text, [Span(0, len(text))]) == []


@pytest.mark.parametrize(
    ("when", "rule"),
    [
        ("每月", "FREQ=MONTHLY"),
        ("每月25日前", "FREQ=MONTHLY;BYMONTHDAY=25"),
        ("每月底前", "FREQ=MONTHLY;BYMONTHDAY=-1"),
        ("每周五前", "FREQ=WEEKLY;BYDAY=FR"),
        ("周报", "FREQ=WEEKLY"),
        ("每日", "FREQ=DAILY"),
        ("每季度末5日内", "FREQ=YEARLY;BYMONTH=1,4,7,10;BYMONTHDAY=5"),
        ("每半年", "FREQ=MONTHLY;INTERVAL=6"),
        ("次月5日前", "FREQ=MONTHLY;BYMONTHDAY=5"),
        ("4月15日前", ""),
        ("2031年底前", ""),
    ],
)
def test_recurrence(when, rule):
    assert rrule_of(when) == rule


def test_targets():
    text = (
        "一、工作目标\n到2032年，建档率达到98%，事故起数下降15%，隐患整改率100%，培育示范企业30家。\n二、任务\n1.每个园区至少配备2名安全员。\n"
        "2.重大隐患动态清零，每月检查1次，培训不少于72学时，开展一轮评估。"
    )
    assert [t.text for t in compile_text(text).targets] == [
        "建档率达到98%",
        "事故起数下降15%",
        "隐患整改率100%",
        "培育示范企业30家",
        "每个园区至少配备2名",
    ]


def body(text):
    return [(b.name, b.head, b.deputies, b.members) for b in find_bodies(text, 0, len(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "成立由市长任组长、分管副市长任副组长，应急、公安、住建等部门负责人为成员的燃气安全领导小组，负责统筹。",
            ("燃气安全领导小组", ["市长"], ["分管副市长"], ["应急", "公安", "住建"]),
        ),
        (
            "成立云溪市燃气安全工作专班，组长由分管副市长担任，副组长由市应急局局长担任，成员由市公安局、市城管局组成。",
            ("云溪市燃气安全工作专班", ["分管副市长"], ["市应急局局长"], ["市公安局", "市城管局"]),
        ),
        (
            "成立由市政府分管领导任组长的整治行动领导小组，统筹推进。",
            ("整治行动领导小组", ["市政府分管领导"], [], []),
        ),
        (
            "云溪市整治领导小组成员名单\n组 长：王某某 市应急局局长\n副组长：李某某 市公安局副局长\n成 员：张某某 市财政局科长\n赵某某 市城管局科长",
            (
                "云溪市整治领导小组",
                ["王某某 市应急局局长"],
                ["李某某 市公安局副局长"],
                ["张某某 市财政局科长", "赵某某 市城管局科长"],
            ),
        ),
        (
            "领导小组办公室设在市应急局，办公室主任由市应急局局长兼任。",
            ("领导小组办公室", ["市应急局局长"], [], []),
        ),
    ],
)
def test_bodies(text, expected):
    assert body(text) == [expected]


def test_announced_bodies_without_composition_are_none():
    assert body("各乡镇要相应成立工作专班，制定工作方案。") == []
    assert body("成立领导小组，并召开专题会议部署。") == []


def test_a_name_list_in_an_item_is_a_body_and_no_task():
    plan = compile_text(
        "一、组织领导\n（一）领导小组\n组　长：总经理\n成　员：安全部、生产部\n（二）职责。统筹整治工作。"
    )
    assert [t.heading for t in plan.tasks] == ["职责"]
    assert [(b.name, b.head, b.members) for b in plan.bodies] == [
        ("领导小组", ["总经理"], ["安全部", "生产部"])
    ]
