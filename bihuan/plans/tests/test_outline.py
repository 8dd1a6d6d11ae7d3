"""The heading tree, with and without line breaks."""

from bihuan.plans.outline import build_outline, heading_of
from bihuan.plans.sections import kind_of


def paths(text):
    return [node.path for node in build_outline(text).walk()]


def titles(text):
    return [text[root.title.start : root.title.end] for root in build_outline(text).roots]


def test_official_ranks_nest():
    text = (
        "一、任务\n（一）排查\n1.查企业。\n（1）查证照。\n①查有效期。\n2.查场所。\n二、要求\n（一）负责到底。"
    )
    assert paths(text) == [
        "一", "一/（一）", "一/（一）/1", "一/（一）/1/（1）", "一/（一）/1/（1）/①", "一/（一）/2", "二", "二/（一）",
    ]  # fmt: skip


def test_lost_line_breaks_are_recovered_by_sequence():
    text = (
        "为消除隐患，制定本方案。一、工作目标全面消除重大隐患。二、主要任务（一）开展排查1.查证照。核对许可。2.查现场。核对设施"
        "3.查人员。核对资格。（二）开展整治。4.限期整改。三、保障措施（一）加强领导。"
    )
    assert paths(text) == [
        "一",
        "二",
        "二/（一）",
        "二/（一）/1",
        "二/（一）/2",
        "二/（一）/3",
        "二/（二）",
        "二/（二）/4",
        "三",
        "三/（一）",
    ]
    assert titles(text) == ["工作目标", "主要任务", "保障措施"]


def test_numbers_in_sentences_are_no_enumerators():
    text = "一、任务\n1.每月检查2次，软管不超过2.5米，依据第3.1条。三、四级企业优先。\n2.第一、二季度各抽查一批。"
    assert paths(text) == ["一", "一/1", "一/2"]


def test_duplicate_and_skipped_numbers_are_kept_as_printed():
    assert paths("一、任务\n1.甲事项。\n2.乙事项。\n2.丙事项。\n4.丁事项。") == [
        "一",
        "一/1",
        "一/2",
        "一/2",
        "一/4",
    ]


def test_annexes_and_forms_are_left_out():
    text = "一、任务\n1.查企业。\n二、要求\n1.按时完成。\n附件：检查表\n附件\n一、基本情况\n1.名称\n2.地址"
    assert paths(text) == ["一", "一/1", "二", "二/1"]


def test_the_plan_behind_its_notice_is_the_plan():
    notice = "关于印发方案的通知\n一、提高认识。\n二、抓好落实。\n附件：云溪市粉尘涉爆企业专项整治方案\n云溪市安委办\n2031年3月1日\n"
    plan = (
        "云溪市粉尘涉爆企业专项整治方案\n一、工作目标\n"
        + "减少粉尘爆炸风险。" * 20
        + "\n二、主要任务\n1.查除尘系统。\n2.查清扫制度。"
    )
    assert paths(notice + plan) == ["一", "二", "二/1", "二/2"]


def test_an_unnumbered_stage_is_an_item():
    text = "一、实施步骤\n第一阶段：部署（2031年3月）。\n第二阶段：整治（2031年4月）。"
    assert paths(text) == ["一", "一/", "一/"]


def test_heading_ends_at_stop_colon_semicolon_or_thirty_characters():
    text = "查燃气经营企业，核对许可。未取得许可的，关停。"
    assert heading_of(text, (0, len(text)))[0] == "查燃气经营企业，核对许可"
    assert len(heading_of("长" * 50, (0, 50))[0]) == 30


def test_kinds_of_headings():
    kinds = {
        "指导思想": "introduction",
        "总体要求": "introduction",
        "工作目标": "goals",
        "整治范围": "scope",
        "整治范围和时间": "scope",
        "整治范围及内容": "work",
        "目标任务": "work",
        "经费预算": "cost",
        "实施步骤": "phases",
        "职责分工": "duties",
        "重点任务": "work",
        "工作要求": "work",
    }
    assert {title: kind_of(title) for title in kinds} == kinds


def test_decimal_numbers_are_items_only_below_their_own_number():
    text = "1.总则\n1.1目的。为了安全。\n1.2 适用范围。全公司。\n2.任务\n2.1查设备。软管\n2.5米以内。\n2.2查人员。"
    assert paths(text) == ["1", "1/1.1", "1/1.2", "2", "2/2.1", "2/2.2"]


def test_a_list_inside_a_sentence_is_no_level():
    text = "一、任务\n1.查储罐。重点检查：（1）自动化系统；（2）紧急切断装置。\n2.查人员。"
    assert paths(text) == ["一", "一/1", "一/2"]
