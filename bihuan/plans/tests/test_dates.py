"""Dates, deadlines and periods."""

from datetime import date

import pytest

from bihuan.plans import compile_text
from bihuan.plans.dates import signed_day
from bihuan.plans.deadlines import deadlines, last_deadline
from bihuan.plans.numerals import chinese_number
from bihuan.plans.periods import own_period, read_period


def latest(text, year=2031):
    found = last_deadline(deadlines(text, 0, len(text), year))
    return found[0] if found else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2031年6月20日前完成登记", date(2031, 6, 20)),
        ("4月底前完成，5月底前验收", date(2031, 5, 31)),
        ("年底前全部达标", date(2031, 12, 31)),
        ("2032年底前建成平台", date(2032, 12, 31)),
        ("2032年年底之前建成平台", date(2032, 12, 31)),
        ("到2033年基本建成", date(2033, 12, 31)),
        ("完成时限：2031年9月31日", date(2031, 9, 30)),
        ("完成时限：11月-12月", date(2031, 12, 31)),
        ("2月30日前上报", date(2031, 2, 28)),
        ("2031年6月上旬前完成", date(2031, 6, 10)),
        ("每月25日前报送", None),
        ("2031年修订完成制度", None),
        ("2031年7月起施行", None),
        ("清明前完成清理", None),
        ("2030年及以前发现的隐患", None),
        ("13月5日前", None),
        ("6月10日17:00前上报", date(2031, 6, 10)),
        ("6月10日下班前上报", date(2031, 6, 10)),
        ("不迟于6月10日", date(2031, 6, 10)),
        ("三季度末前完成", date(2031, 9, 30)),
        ("2032年第一季度前完成", date(2032, 3, 31)),
        ("上半年前完成", date(2031, 6, 30)),
        ("2032年前完成改造", date(2032, 12, 31)),
        ("到年底全部达标", date(2031, 12, 31)),
        ("明年3月底前完成", date(2032, 3, 31)),
        ("六月底前完成", date(2031, 6, 30)),
        ("二〇三一年六月十日前完成", date(2031, 6, 10)),
        ("2031年11月底前摸底，次年2月底前整改", date(2032, 2, 29)),
        ("2032年3月底前摸底，6月底前整改", date(2032, 6, 30)),
        ("每年6月和12月底前各检查一次", None),
        ("2000年底前建成的小区", None),
        ("2030年10月1日前取得许可的企业", None),
        ("完成时限 2031年6月", date(2031, 6, 30)),
        ("截止时间：6月25日", date(2031, 6, 25)),
        ("３月１５日前完成", date(2031, 3, 15)),
    ],
)
def test_deadline(text, expected):
    assert latest(text) == expected


def test_a_year_that_is_not_printed_is_not_guessed():
    assert latest("4月15日前报送方案", year=None) is None


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2031年3月至5月", date(2031, 3, 1), date(2031, 5, 31)),
        ("2031年11月—2032年2月", date(2031, 11, 1), date(2032, 2, 29)),
        ("2031年11月至2月", date(2031, 11, 1), date(2032, 2, 29)),
        ("3月16日-20日", date(2031, 3, 16), date(2031, 3, 20)),
        ("2031年7月起", date(2031, 7, 1), None),
        ("4月10日前", None, date(2031, 4, 10)),
        ("即日起至3月底", None, date(2031, 3, 31)),
        ("2031.3.1-2031.3.15", date(2031, 3, 1), date(2031, 3, 15)),
        ("2031年8月", date(2031, 8, 1), date(2031, 8, 31)),
    ],
)
def test_period(text, start, end):
    period = read_period(text, 0, len(text), 2031)
    assert (period.start, period.end) == (start, end)


def test_own_period_in_a_bracket_counts_but_a_span_of_years_does_not():
    text = "组织督查（2031年3月1日-2031年9月30日）。"
    assert own_period(text, 0, len(text), None).end == date(2031, 9, 30)
    text = "2031年至2033年，每年组织一次检查。"
    assert own_period(text, 0, len(text), None) is None
    text = "巩固成果。落实三年行动（2031年—2033年）要求。"
    assert own_period(text, 0, len(text), 2031) is None
    text = "吸取教训。对照事故（2029年6月21日）整改。"
    assert own_period(text, 0, len(text), 2031) is None


def test_the_year_of_a_plan():
    def due(text):
        return compile_text(text).tasks[0].due

    assert due("云溪市2032年检查方案\n一、任务\n1.3月底前完成。\n云溪市安委办\n2031年12月20日") == date(
        2032, 3, 31
    )
    assert due("一、任务\n1.3月底前完成，形成《2031年专项行动总结》。") == date(2031, 3, 31)
    assert due("一、任务\n1.3月底前完成。\n2.2031年5月底前验收。") == date(2031, 3, 31)
    assert due("一、任务\n1.3月底前完成。\n2.吸取2029年以来事故教训。") is None
    assert due("整治方案\n发布时间：2031-05-06\n一、任务\n1.3月底前完成。") is None
    assert due("整治方案\n成文日期：2031-05-06\n一、任务\n1.3月底前完成。") == date(2031, 3, 31)


def test_chinese_numerals():
    assert [chinese_number(n) for n in ("一", "十", "十二", "二十", "三十五", "百", "")] == [
        1,
        10,
        12,
        20,
        35,
        None,
        None,
    ]
    assert signed_day("二〇三一年三月十五日") == date(2031, 3, 15)


def test_a_period_may_open_the_text_behind_a_short_heading():
    text = "昼夜值守。9月20日至11月20日为重点时段，成立巡逻队。"
    assert own_period(text, 0, len(text), 2031).end == date(2031, 11, 20)
    later = "昼夜值守。成立巡逻队，9月20日至11月20日为重点时段。"
    assert own_period(later, 0, len(later), 2031) is None
