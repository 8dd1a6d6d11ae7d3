"""Printings that stand apart from the usual ones: rosters in one line, page lists, wide letterheads, lists of objects."""

import datetime as dt

import pytest

from bihuan.plans import compile_text

WORK = "一、工作任务\n（一）开展排查。组织力量逐家排查。\n"


@pytest.mark.parametrize(
    ("line", "name", "head", "members"),
    [
        (
            "执法专班：牵头人 李长河；成员单位 市应急局、市公安局。",
            "执法专班",
            ["李长河"],
            ["市应急局", "市公安局"],
        ),
        ("技术专家组：组长 王明远，成员 赵小川、孙立平。", "技术专家组", ["王明远"], ["赵小川", "孙立平"]),
        (
            "成立整治专班：牵头人：李长河，成员单位：市应急局、市公安局。",
            "整治专班",
            ["李长河"],
            ["市应急局", "市公安局"],
        ),
    ],
)
def test_a_roster_in_one_line(line, name, head, members):
    plan = compile_text(
        f"云溪市专项整治方案\n{WORK}二、组织领导\n{line}\n三、工作要求\n（一）加强宣传。广泛宣传。\n"
    )
    assert [(b.name, b.head, b.members) for b in plan.bodies] == [(name, head, members)]
    assert [task.no for task in plan.tasks] == ["一/（一）", "三/（一）"]


def test_a_phone_is_no_member():
    plan = compile_text(
        f"云溪市专项整治方案\n{WORK}二、组织领导\n成立领导小组。\n组长：李长河（电话6120）\n成员：赵小川 电话6121、孙立平（19900001234）\n"
    )
    (body,) = plan.bodies
    assert (body.head, body.members) == (["李长河"], ["赵小川", "孙立平"])


def test_the_list_a_page_prints_above_a_plan_heads_nothing():
    plan = compile_text(
        "云溪市燃气专项整治方案\n• 2031年09月15日\n• 来源：云溪市应急管理局\n• 【字体：大 中\n• 【打印文本】\n为消除隐患，制定本方案。\n"
        + WORK
    )
    assert [section.title for section in plan.sections] == ["工作任务"]
    assert [task.no for task in plan.tasks] == ["一/（一）"]
    assert plan.issued_on == dt.date(2031, 9, 15)
    assert plan.issuer is None


def test_items_that_only_name_objects_order_nothing():
    plan = compile_text(
        "云溪市自建房整治方案\n一、整治重点\n（一）城乡结合部的经营性自建房；\n（二）三层以上的民宿。\n（三）未经鉴定的，严格查处。\n二、主要任务\n（一）开展排查。逐栋排查。\n"
    )
    assert [task.no for task in plan.tasks] == ["一/（三）", "二/（一）"]


@pytest.mark.parametrize("gap", [" ", "\u3000"])
def test_a_letterhead_set_wide(gap):
    wide = gap.join("技术部")
    plan = compile_text(f"{wide}\n云溪市化工厂专项整治方案\n{WORK}")
    assert plan.issuer.value == "技术部"
    assert plan.title.value == "云溪市化工厂专项整治方案"


def test_a_signature_dated_by_its_month_has_no_date():
    plan = compile_text(f"云溪市化工厂专项整治方案\n{WORK}安 全 环 保 部\n2031年3月\n")
    assert plan.issuer.value == "安全环保部"
    assert plan.issued_on is None


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("年底前建设微型消防站40个。", ["建设微型消防站40个"]),
        ("2031年底前减少隐患点50个。", ["减少隐患点50个"]),
        ("确保摸排率、鉴定率、停用率三个100%。", ["摸排率、鉴定率、停用率三个100%"]),
        ("实现三个100%，培训率100%、持证率100%。", ["培训率100%", "持证率100%"]),
        ("每个县（市、区）打造3个样板工地。", ["每个县（市、区）打造3个样板工地"]),
        ("6月底前在东溪村、西溪村各建1个收储点。", ["在东溪村、西溪村各建1个收储点"]),
        ("职工人均上报不少于1条。", ["职工人均上报不少于1条"]),
        ("完成12个重点乡镇（街道）普查。", ["完成12个重点乡镇（街道）普查"]),
        ("2031年、2032年、2033年分别完成30个、20个、15个。", ["分别完成30个、20个、15个"]),
        ("全市800辆在用校车全部安装监控终端。", ["全市800辆在用校车全部安装监控终端"]),
        ("“两牌一箱”签约机构达到60家。", ["“两牌一箱”签约机构达到60家"]),
        ("发现问题30个，上报隐患12条。", []),
    ],
)
def test_targets_printed_otherwise(sentence, expected):
    plan = compile_text(
        f"云溪市专项整治方案\n一、工作目标\n{sentence}\n二、主要任务\n（一）开展排查。逐家排查。\n"
    )
    assert [target.text for target in plan.targets] == expected


@pytest.mark.parametrize(
    ("sentence", "when", "rrule"),
    [
        ("各县区每两月报送一次进展至市安委办。", "每两月", "FREQ=MONTHLY;INTERVAL=2"),
        ("各县区每双月向市安委办报送进展。", "每双月", "FREQ=MONTHLY;INTERVAL=2"),
        ("各县区每旬末向市安委办报送台账。", "每旬末", "FREQ=MONTHLY;BYMONTHDAY=10,20,-1"),
        ("2031年11月20日前各县区提交总结。", "2031年11月20日前", ""),
    ],
)
def test_reports_printed_otherwise(sentence, when, rrule):
    plan = compile_text(f"云溪市专项整治方案\n一、工作要求\n（一）及时报送。{sentence}\n")
    assert [(r.who, r.when, r.rrule) for r in plan.reports] == [("各县区", when, rrule)]


@pytest.mark.parametrize("verb", ["抽取部分企业开展验收", "召开现场会", "选派专家上门服务", "逐家核验"])
def test_what_two_units_do_is_no_part_of_the_second_name(verb):
    plan = compile_text(f"云溪市专项整治方案\n一、工作任务\n（一）督导验收。市教育局会同市公安局{verb}。\n")
    (task,) = plan.tasks
    assert (task.lead, task.support) == (["市教育局"], ["市公安局"])


@pytest.mark.parametrize(
    "lines",
    [
        "1、市应急局  综合协调。\n2、市公安局  道路检查。",
        "【市应急局】综合协调。\n【市公安局】道路检查。",
        "市应急局\t综合协调。\n市公安局\t道路检查。",
        "市应急局——综合协调。\n市公安局——道路检查。",
    ],
)
def test_duties_behind_a_name_in_a_column_or_a_box(lines):
    plan = compile_text(
        f"云溪市专项整治方案\n{WORK}二、部门职责\n{lines}\n三、工作要求\n（一）加强宣传。广泛宣传。\n"
    )
    assert [(d.unit, d.text.strip("。")) for d in plan.duties] == [
        ("市应急局", "综合协调"),
        ("市公安局", "道路检查"),
    ]
