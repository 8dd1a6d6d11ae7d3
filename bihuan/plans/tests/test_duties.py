"""Division of labour: every printing of who is charged with what."""

import pytest

from bihuan.plans import compile_text


def units(text):
    return [d.unit for d in compile_text(text).duties]


@pytest.mark.parametrize(
    "title",
    [
        "部门分工",
        "职责分工",
        "工作职责",
        "责任分工",
        "部门职责",
        "成员单位职责",
        "职责任务",
        "分工与职责",
        "主要职责",
        "各部门职责",
        "任务分工",
        "组织机构及职责",
        "职责划分",
        "相关部门职责分工",
    ],
)
def test_titles_of_a_division_of_labour(title):
    assert units(f"一、{title}\n市应急局负责综合协调。\n二、工作要求\n1.按时完成。") == ["市应急局"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("1.市应急局：负责综合协调。\n2.市公安局：负责治安管理。", ["市应急局", "市公安局"]),
        ("（一）市应急局。负责综合协调。\n（二）市公安局。负责治安管理。", ["市应急局", "市公安局"]),
        ("（一）市应急局\n负责综合协调。\n（二）市公安局\n负责治安管理。", ["市应急局", "市公安局"]),
        ("1.市应急局负责综合协调。\n2.市公安局负责治安管理。", ["市应急局", "市公安局"]),
        ("市应急局：综合协调，编制清单。\n市公安局：查处违法行为。", ["市应急局", "市公安局"]),
        ("市应急局：\n负责综合协调。\n市公安局：\n负责治安管理。", ["市应急局", "市公安局"]),
        ("市应急局主要职责：综合协调。\n市公安局主要职责：查处违法行为。", ["市应急局", "市公安局"]),
        ("1.市应急局职责：综合协调。\n2.市公安局职责：查处违法行为。", ["市应急局", "市公安局"]),
        ("市应急局、市公安局：开展联合检查。", ["市应急局", "市公安局"]),
        ("（1）市应急局：综合协调。（2）市公安局：查处违法行为。", ["市应急局", "市公安局"]),
        (
            "安全环保部负责汇总情况；生产技术部负责编制方案；各车间负责组织自查。",
            ["安全环保部", "生产技术部", "各车间"],
        ),
        ("公安部门要查处违法行为，教育部门要组织学生学习。", ["公安部门"]),
        ("各乡镇（街道）：组织开展辖区排查。\n各村（居）：报告隐患。", ["各乡镇（街道）", "各村（居）"]),
        (
            "市应急局：1.综合协调。2.编制清单。\n市公安局：1.查处违法行为。2.参与检查。",
            ["市应急局", "市公安局"],
        ),
        ("● 市应急局：综合协调。\n● 市公安局：查处违法行为。", ["市应急局", "市公安局"]),
        (
            "市应急局：汇总情况。市公安局：查处违法行为。市财政局：保障经费。",
            ["市应急局", "市公安局", "市财政局"],
        ),
        ("市应急局审核清单，汇总各单位情况。市市场监管局受理举报。", ["市应急局", "市市场监管局"]),
    ],
)
def test_duties(body, expected):
    assert units(f"一、职责分工\n{body}\n二、工作要求\n1.按时完成。") == expected


def test_what_a_unit_is_charged_with_in_a_division_of_labour_is_no_task():
    plan = compile_text(
        "一、主要任务\n1.排查隐患。\n二、职责分工\n1.市应急局负责综合协调。\n2.市公安局负责治安管理。\n三、工作要求\n1.按时完成。"
    )
    assert [t.no for t in plan.tasks] == ["一/1", "三/1"]


def test_a_division_of_labour_inside_another_section():
    plan = compile_text(
        "一、组织领导\n（一）成立领导小组。统筹推进。\n（二）职责分工\n1.市应急局：负责综合协调。\n2.市公安局：负责治安管理。"
    )
    assert [d.unit for d in plan.duties] == ["市应急局", "市公安局"]
    assert [t.no for t in plan.tasks] == ["一/（一）"]


def test_a_page_that_holds_only_units_and_their_charges():
    plan = compile_text(
        "14.市卫生健康局：负责医院周边整治。\n15.市市场监管局：负责查处违法经营。\n16.市城管局：负责查处占道经营。\n六、工作措施\n（一）加强领导。"
    )
    assert [d.unit for d in plan.duties] == ["市卫生健康局", "市市场监管局", "市城管局"]
    assert [t.no for t in plan.tasks] == ["六/（一）"]


def test_an_item_about_who_does_what_charges_units_and_is_a_task():
    plan = compile_text(
        "一、组织实施\n1.落实责任分工。市教育局要参与验收。市民政局依法办理登记。\n2.加强保障。"
    )
    assert [d.unit for d in plan.duties] == ["市教育局", "市民政局"]
    assert [t.no for t in plan.tasks] == ["一/1", "一/2"]
