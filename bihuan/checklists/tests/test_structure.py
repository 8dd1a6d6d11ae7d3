"""A book says what is wrong with it: which book, which section, which item, what to do."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bihuan.checklists.structure import (
    Basis,
    Book,
    Disposition,
    InvalidBook,
    Measure,
    Section,
    advice,
    check,
    problems,
)
from bihuan.checklists.tests.books import BOOK, HOSE, LICENCE, with_hose


def said(book):
    return [str(problem) for problem in problems(book)]


def test_a_good_book_passes():
    assert problems(BOOK) == ()
    assert check(BOOK) is BOOK


def test_a_problem_names_book_section_and_item():
    assert said(with_hose(source="网上")) == [
        "检查表“燃气检查表”，“用户”一节，检查项 GAS-USE-01：来源“网上”不认识，"
        "可用：法律、行政法规、部门规章、规范性文件、国家标准、行业标准、地方要求、通行做法、导入"
    ]


def test_everything_wrong_is_told_at_once():
    book = with_hose(text="", severity="bad", method=("看", "闻"))
    with pytest.raises(InvalidBook) as caught:
        check(book)
    assert len(caught.value.problems) == 3
    assert str(caught.value).count("检查项 GAS-USE-01：") == 3


@pytest.mark.parametrize(
    ("measure", "why"),
    [
        (Measure("", "<=", Decimal(2), "m"), "数值标准须写明量的是什么，不超过60字"),
        (Measure("长度", "≤", Decimal(2), "m"), "比较符“≤”不认识，可用：<=、>=、<、>、=、between"),
        (Measure("长度", "<=", Decimal(2), "尺"), "单位“尺”不认识，请用单位表里的符号，如 m、kg、person"),
        (Measure("长度", "<=", Decimal(-2), "m"), "标准值 -2 是负数"),
        (Measure("长度", "<=", Decimal("NaN"), "m"), "标准值 NaN 不是一个数"),
        (Measure("温度", ">=", Decimal(-300), "Cel"), "标准值 -300 低于绝对零度"),
        (Measure("覆盖率", ">=", Decimal(101), "%"), "标准值 101 大于100"),
        (Measure("人数", ">=", Decimal("1.5"), "person"), "标准值 1.5 不是整数，而“人”只能一个一个数"),
        (Measure("长度", "between", Decimal(2), "m"), "“介于”要有上下两个数，其他比较只有一个数"),
        (Measure("长度", "<=", Decimal(2), "m", Decimal(3)), "“介于”要有上下两个数，其他比较只有一个数"),
        (Measure("长度", "between", Decimal(3), "m", Decimal(3)), "“介于”的上限须大于下限"),
        (Measure("长度", "between", Decimal(0), "m", Decimal(3)), "下限为0等于没有下限，请改用“不大于”"),
        (Measure("长度", ">=", Decimal(0), "m"), "下限为0等于没有下限"),
        (
            Measure("长度", "<=", Decimal("0.1234567"), "m"),
            "标准值 0.1234567 过长，整数不超过12位，小数不超过6位",
        ),
    ],
)
def test_a_measure_that_cannot_judge_is_refused(measure, why):
    assert said(with_hose(measure=measure)) == [f"检查表“燃气检查表”，“用户”一节，检查项 GAS-USE-01：{why}"]


def test_temperatures_may_lie_below_zero():
    assert said(with_hose(measure=Measure("库温", "between", Decimal(-18), "Cel", Decimal(0)))) == []


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"code": "GAS-OPS-01"}, "编号须为“GAS-USE-”加两三位数字，如 GAS-USE-01"),
        ({"criterion_code": "G99"}, "重大隐患判定条款“G99”不存在，请从判定标准列表中选择"),
        ({"kinds": ("餐饮",)}, "适用类别“餐饮”不是类别的标识"),
        ({"method": ("看", "看")}, "检查方法重复"),
        ({"criterion": "方法：看"}, "判定标准里不要写“方法：”，检查方法另填"),
        (
            {"text": "软管\n合格"},
            "检查内容“软管\n合格”首尾不能有空格，中间不能换行，不能以单引号开头，不能含“${”",
        ),
        (
            {"text": "软_x0041_管"},
            "检查内容“软_x0041_管”首尾不能有空格，中间不能换行，不能以单引号开头，不能含“${”",
        ),
        ({"guidance": "软" * 501}, "整改指引有501字，超过500字"),
        ({"basis": (Basis(""),)}, "依据缺少文件名称"),
        ({"basis": (Basis("甲|乙"),)}, "依据“《甲|乙》”含有不能用的符号（竖线、分号、换行、“${”）"),
    ],
)
def test_an_item_that_does_not_hold_is_refused(changes, why):
    assert said(with_hose(**changes))[0].partition("：")[2] == why


def test_dispositions_are_words_of_the_ladder():
    assert "处置“罚钱”不在处置阶梯里" in said(with_hose(dispositions=(Disposition("罚钱"),)))[0]
    assert (
        "处置条件“逾期；再犯”含有不能用的符号"
        in said(with_hose(dispositions=(Disposition("罚款", "逾期；再犯"),)))[0]
    )
    assert Disposition("罚款").code == "fine"


def test_codes_are_unique_in_the_whole_book():
    book = replace(BOOK, sections=(*BOOK.sections, replace(BOOK.sections[1], code="GAS-USF", items=(HOSE,))))
    assert (
        "检查表“燃气检查表”，“用户”一节，检查项 GAS-USE-01：编号重复，检查项的编号在整张表里只能用一次"
        in said(book)
    )


def test_book_and_section_need_their_fields():
    book = Book("Gas", "", 0, (Section("GAS", "节", "elsewhere", ()),))
    assert said(book) == [
        "检查表“Gas”：标识“Gas”须以小写字母开头，只含小写字母、数字和下划线，不超过40个字符",
        "检查表“Gas”：版本号是0，须为从1开始的整数",
        "检查表“Gas”：标题是空的",
        "检查表“Gas”，“节”一节：节号“GAS”须像 GAS-USE 这样，两段大写字母或数字用短横连接",
        "检查表“Gas”，“节”一节：环节“elsewhere”不在链条中，可用：trade、filling、production、storage、circulation、"
        "transport、testing、use、work、supervision",
        "检查表“Gas”，“节”一节：没有检查项，请补充或删去这一节",
    ]


def test_advice_is_about_wording_and_grounds():
    texts = [problem.text for problem in advice(with_hose(text="未安装报警器", criterion="", basis=()))]
    assert texts == [
        "检查内容写的是毛病，请改成应当做到的样子，使“合格”就是做到了",
        "没有写依据",
        "文字里找不到数值标准“不大于 2 m”，请让文字与数值一致",
    ]
    assert advice(with_hose()) == ()


def test_a_major_criterion_makes_an_item_serious():
    texts = [problem.text for problem in advice(with_hose(criterion_code="G5-1", severity="ordinary"))]
    assert texts == ["不合格即为重大隐患的检查项，严重程度应为“严重”"]


def test_items_are_chosen_by_kind():
    assert [item.code for _, item in BOOK.for_kinds(frozenset({"school"}))] == ["GAS-OPS-01"]
    assert [item.code for _, item in BOOK.for_kinds(frozenset({"restaurant"}))] == [
        "GAS-OPS-01",
        "GAS-USE-01",
    ]
    assert BOOK.find("GAS-OPS-01") == LICENCE
    assert BOOK.find("GAS-OPS-09") is None


def test_what_pages_show():
    assert str(HOSE.measure) == "连接软管长度 不大于 2 m"
    assert Measure("氧含量", "between", Decimal("19.5"), "%", Decimal("23.5")).demand == "19.5% 至 23.5%"
    assert str(HOSE.basis[0]) == "《城镇燃气管理条例》（国务院令第583号）第二十七条"
    assert [str(step) for step in HOSE.dispositions] == ["限期改正", "责令停止使用（逾期不改正的）"]
