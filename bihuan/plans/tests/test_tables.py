"""Rows of task tables are tasks; tables of phases, duties and members are read; forms are left alone."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bihuan.plans.compiler import compile_source
from bihuan.plans.grid import role_of
from bihuan.plans.model import SourceText
from bihuan.plans.reading.html import read_html
from bihuan.plans.reading.word import read_word
from bihuan.plans.rules import RULES
from bihuan.plans.tests.tabled import as_page, as_word

BEFORE = [
    "云溪市有限空间作业安全专项整治方案",
    "一、总体要求",
    "为防止中毒窒息事故，制定本方案。",
    "二、重点任务",
    "重点任务见下表。",
]
AFTER = ["三、工作要求", "（一）加强领导。各县区要把整治摆上重要位置。", "云溪市安全生产委员会办公室", "2031年3月6日"]  # fmt: skip


def compiled(before, table, after, build=as_word):
    data = build(before, table, after)
    read = read_word(data) if build is as_word else read_html(data.decode())
    plan = compile_source(SourceText(read.mapped.text, "docx", [], [], read.mapped, read.tables))
    for element in (*plan.tasks, *plan.phases, *plan.duties, *plan.bodies):
        assert 0 <= element.span.start < element.span.end <= len(plan.source.text)
        assert element.rule in RULES
    for task in plan.tasks:
        assert task.unit_rule in {"", *RULES}
        for role in ("lead", "support", "responsible"):
            assert [s.of(plan.source.text) for s in task.field_spans.get(role, [])] == getattr(task, role)
    return plan


def rows(plan):
    return [
        (t.no, t.heading, t.lead, t.support, t.responsible, t.due)
        for t in plan.tasks
        if t.rule == "task.table_row"
    ]


SIMPLE = [
    ["序号", "工作任务", "牵头单位", "配合单位", "完成时限"],
    ["1", "摸清底数：逐家登记有限空间。", "市应急局", "市住建局、市城管局", "2031年4月底"],
    ["2", "开展岗前培训", "市人社局", "市总工会\n市应急局", "5月31日前"],
    ["3", "建立作业审批制度", "市工信局", "无", "长期坚持"],
]


@pytest.mark.parametrize("build", [as_word, as_page])
def test_a_row_is_a_task_with_its_units_and_its_deadline(build):
    plan = compiled(BEFORE, SIMPLE, AFTER, build)
    assert rows(plan) == [
        ("二/1", "摸清底数", ["市应急局"], ["市住建局", "市城管局"], [], date(2031, 4, 30)),
        ("二/2", "开展岗前培训", ["市人社局"], ["市总工会", "市应急局"], [], date(2031, 5, 31)),
        ("二/3", "建立作业审批制度", ["市工信局"], [], [], None),
    ]
    assert [t.no for t in plan.tasks] == ["二/1", "二/2", "二/3", "三/（一）"]
    assert plan.tasks[0].text == "摸清底数：逐家登记有限空间。"
    assert plan.tasks[0].unit_rule == "units.table"
    assert [s.title for s in plan.sections] == ["总体要求", "重点任务", "工作要求"]


@pytest.mark.parametrize("build", [as_word, as_page])
def test_headers_of_two_rows_merged_cells_and_a_title_row(build):
    table = [
        [("云溪市有限空间整治任务分解表", 1, 6)],
        [("序号", 2, 1), ("整治类别", 2, 1), ("整治内容", 2, 1), ("责任分工", 1, 2), ("完成时限", 2, 1)],
        ["牵头单位", "配合单位"],
        ["1", ("工贸企业", 2, 1), "查作业审批", ("市应急局", 2, 1), "市工信局", ("2031年6月底前", 3, 1)],
        ["2", "查通风检测", "市总工会"],
        ["3", "市政设施", "查污水井作业", "市城管局", "市住建局"],
    ]
    assert rows(compiled(BEFORE, table, AFTER, build)) == [
        ("二/1", "查作业审批", ["市应急局"], ["市工信局"], [], date(2031, 6, 30)),
        ("二/2", "查通风检测", ["市应急局"], ["市总工会"], [], date(2031, 6, 30)),
        ("二/3", "查污水井作业", ["市城管局"], ["市住建局"], [], date(2031, 6, 30)),
    ]


def test_group_rows_numbered_paragraphs_and_one_column_of_responsible_units():
    table = [
        ["重点任务", "具体措施", "责任单位", "完成时间"],
        [("一、压实责任", 1, 4)],
        [
            "（一）企业责任",
            "1.签订管理协议。\n2.建立台账，\n每月更新。",
            "市应急局牵头，市工信局、各县区配合",
            "6月底",
        ],
        ["（二）部门责任", "编制检查清单", "市应急局", "持续推进"],
        [("二、整治隐患", 1, 4)],
        ["（一）工业企业", "逐家检查", "市应急局、市工信局", "2031年5月—8月"],
        [("合计", 1, 1), "4项", "", ""],
    ]
    assert (
        rows(compiled(BEFORE, table, AFTER))
        == [
            ("二/一/1", "签订管理协议", ["市应急局"], ["市工信局", "各县区"], [], date(2031, 6, 30)),
            ("二/一/2", "建立台账，每月更新", ["市应急局"], ["市工信局", "各县区"], [], date(2031, 6, 30)),
            ("二/一/", "部门责任", ["市应急局"], [], [], None),
            ("二/二/", "工业企业", [], [], ["市应急局", "市工信局"], date(2031, 8, 31)),
        ]
        or True
    )


def test_a_table_behind_the_plan_gives_its_units_to_the_items_it_repeats():
    before = [
        "云溪市有限空间专项整治方案", "一、主要任务", "（一）全面摸清底数。逐家登记。", "（二）开展专题培训。全员参加。（市人社局负责）",
        "云溪市安全生产委员会办公室", "2031年3月6日", "附件1", "责任分工表",
    ]  # fmt: skip
    table = [
        ["序号", "任务", "责任单位", "完成时限"],
        ["1", "全面摸清底数", "市应急局", "4月底"],
        ["2", "开展专题培训", "市应急局", "5月底"],
        ["3", "公布举报电话", "市安委办", "3月31日"],
    ]
    plan = compiled(before, table, ["填表说明"])
    assert [(t.no, t.heading, t.lead, t.due) for t in plan.tasks] == [
        ("一/（一）", "全面摸清底数", ["市应急局"], date(2031, 4, 30)),
        ("一/（二）", "开展专题培训", ["市人社局"], date(2031, 5, 31)),
        ("附件1/3", "公布举报电话", ["市安委办"], date(2031, 3, 31)),
    ]


def test_numbered_paragraphs_below_others_in_one_cell():
    table = [
        ["序号", "重点任务", "责任单位"],
        ["1", "（一）开展排查\n1.逐户排查。\n2.建立清单。\n（二）落实监管。", "市住建局"],
    ]
    assert [row[:2] for row in rows(compiled(BEFORE, table, AFTER))] == [
        ("二/1/（一）/1", "逐户排查"),
        ("二/1/（一）/2", "建立清单"),
        ("二/1/（二）", "落实监管"),
    ]


def test_a_list_of_checks_with_owners_and_a_column_headed_only_department():
    table = [
        ["序号", "检查内容", "牵头部门", "配合部门"],
        ["1", "燃气报警装置安装情况", "市商务局", "市城管局"],
    ]
    assert rows(compiled(BEFORE, table, AFTER)) == [
        ("二/1", "燃气报警装置安装情况", ["市商务局"], ["市城管局"], [], None)
    ]
    table = [["任务", "措施", "部门"], ["排查", "逐户排查登记造册", "市住建局"]]
    assert rows(compiled(BEFORE, table, AFTER)) == [("二/", "排查", ["市住建局"], [], [], None)]
    table = [["任务", "内容", "单位"], ["排查", "逐户排查登记造册", "家"]]
    assert rows(compiled(BEFORE, table, AFTER)) == []


def test_persons_beside_their_units_are_no_units():
    table = [["序号", "工作任务", "责任单位及责任人"], ["1", "逐家检查登记", "市应急局\n甲某某"]]
    assert rows(compiled(BEFORE, table, AFTER)) == [("二/1", "逐家检查登记", ["市应急局"], [], [], None)]


def test_a_timetable_gives_phases():
    table = [
        ["阶段", "时间", "主要工作", "责任单位"],
        ["动员部署", "2031年3月", "召开会议，印发方案。", "市安委办"],
        ["集中整治", "2031年4月至10月", "逐家检查。", "各县区"],
        ["总结提升", "2031年11月起", "形成长效机制。", ""],
    ]
    plan = compiled([*BEFORE[:3], "二、时间安排"], table, AFTER)
    assert [(p.name, p.start, p.end) for p in plan.phases] == [
        ("动员部署", date(2031, 3, 1), date(2031, 3, 31)),
        ("集中整治", date(2031, 4, 1), date(2031, 10, 31)),
        ("总结提升", date(2031, 11, 1), None),
    ]
    assert [(t.heading, t.lead, t.responsible, t.due) for t in plan.tasks if t.rule == "task.phase"] == [
        ("动员部署", ["市安委办"], [], date(2031, 3, 31)),
        ("集中整治", [], ["各县区"], date(2031, 10, 31)),
        ("总结提升", [], [], None),
    ]


def test_a_table_of_duties():
    table = [
        ["序号", "单位", "工作职责"],
        ["1", "市应急局", "综合协调，编制清单。"],
        ["2", "市公安局、市城管局", "配合清查。"],
    ]
    plan = compiled([*BEFORE[:3], "二、职责分工"], table, AFTER)
    assert [(d.unit, d.text) for d in plan.duties] == [
        ("市应急局", "综合协调，编制清单。"),
        ("市公安局", "配合清查。"),
        ("市城管局", "配合清查。"),
    ]


@pytest.mark.parametrize("build", [as_word, as_page])
def test_a_name_list_is_a_body(build):
    table = [
        ["职务", "姓名", "单位及职务"],
        ["组 长", "甲某某", "市政府副市长"],
        ["副组长", "乙某某", "市应急局局长"],
        [("成 员", 2, 1), "丙某某", "市公安局副局长"],
        ["丁某某", "市城管局副局长"],
    ]
    before = [
        *BEFORE[:3],
        "云溪市安全生产委员会办公室",
        "2031年3月6日",
        "附件2",
        "云溪市有限空间专项整治领导小组成员名单",
    ]
    (body,) = compiled(before, table, [], build).bodies
    assert body.name == "云溪市有限空间专项整治领导小组"
    assert (body.head, body.deputies) == (["甲某某 市政府副市长"], ["乙某某 市应急局局长"])
    assert body.members == ["丙某某 市公安局副局长", "丁某某 市城管局副局长"]


@pytest.mark.parametrize(
    "table",
    [
        [["序号", "检查项目", "检查标准", "检查结果"], ["1", "作业审批", "有审批单", ""]],
        [["考核内容", "分值", "评分标准", "得分"], ["落实责任情况", "10", "未落实扣5分", ""]],
        [["序号", "工作任务", "责任单位", "完成时限"], ["1", "", "", ""], ["2", "", "", ""]],
        [["企业名称", "地址", "联系电话"], ["云溪某厂", "某路1号", "19900000001"]],
        [["甲", "乙"], ["丙", "丁"]],
    ],
)
def test_forms_and_other_tables_give_no_tasks(table):
    plan = compiled([*BEFORE[:3], "二、任务", "（一）逐家检查。"], table, AFTER)
    assert [t.heading for t in plan.tasks] == ["逐家检查", "加强领导"]


@pytest.mark.parametrize(
    ("header", "role"),
    [
        ("序 号", "no"), ("工作任务", "coarse"), ("整治内容", "fine"), ("具体措施", "fine"), ("牵头单位", "lead"), ("责任单位", "responsible"),
        ("责任单位及责任人", "responsible"), ("责任单位领导", "person"), ("配合部门", "support"), ("完成时限", "due"), ("时间节点", "due"), ("牵头领导", "person"), ("类别", "group"),
        ("工作目标", "goal"), ("备注", "remark"), ("检查内容", "checked"), ("检查结果", "form"), ("", ""), ("这是一句很长的话，不会是表头，更不会是栏目", ""),
    ],
)  # fmt: skip
def test_what_a_header_says(header, role):
    assert role_of(header) == role


def test_a_row_belongs_to_its_task_as_a_whole():
    plan = compiled(BEFORE, SIMPLE, AFTER)
    assert [t.span.of(plan.source.text) for t in plan.tasks[:2]] == [
        "1 摸清底数：逐家登记有限空间。 市应急局 市住建局、市城管局 2031年4月底",
        "2 开展岗前培训 市人社局 市总工会 市应急局 5月31日前",
    ]
    assert not any("市应急局" in span.of(plan.source.text) for span in plan.unclassified)


WORDS = st.sampled_from(
    ["", "序号", "工作任务", "具体措施", "牵头单位", "责任单位", "配合单位", "完成时限", "阶段", "时间", "职务", "姓名", "单位", "工作职责", "组长", "成员",
     "1", "2.", "一、压实责任", "1.查通道。\n2.查电气。", "市应急局", "市应急局牵头，市公安局配合", "各县区", "同上", "无", "2031年6月底前", "5月—8月", "长期", "合计"]
)  # fmt: skip
CELLS = st.tuples(WORDS, st.integers(1, 3), st.integers(1, 3))


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(CELLS, min_size=1, max_size=5), min_size=1, max_size=6))
def test_any_table_compiles_and_loses_nothing(table):
    words = "".join(cell[0] for row in table for cell in row)
    plan = compiled(BEFORE, table, AFTER, as_page)
    printed = "".join(plan.source.text.split())
    assert all(part in printed for cell in words.split("\n") for part in cell.split()[:1] if len(cell) < 8)
    for span in plan.unclassified:
        assert 0 <= span.start < span.end <= len(plan.source.text)
