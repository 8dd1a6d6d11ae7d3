"""Dates, deadlines and periods."""

from datetime import date

import pytest

from bihuan.plans.dates import CHINESE_DATE, chinese_date
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
    assert chinese_date(CHINESE_DATE.match("二〇三一年三月十五日")) == date(2031, 3, 15)
