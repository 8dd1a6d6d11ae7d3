"""The parts that know no database: periods, the language of checks, comparisons, definitions as data."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.returns import forms
from bihuan.returns.comparing import change, shown
from bihuan.returns.compiling import rhythm_of
from bihuan.returns.expressions import ExpressionError, parse
from bihuan.returns.measures import terms
from bihuan.returns.periods import RECURRING, Span, label_of, last_ended, previous, span_of, year_before
from bihuan.returns.schema import SchemaError, read
from bihuan.returns.shipped import shipped

from .factories import content

DAYS = st.dates(dt.date(2001, 1, 1), dt.date(2099, 12, 31))


def lookup(**values):
    return lambda name, when: values.get(f"{when}_{name}" if when else name)


# --- periods ---------------------------------------------------------------------------------------------------


@given(st.sampled_from(RECURRING), DAYS, st.integers(1, 28))
def test_periods_tile_the_calendar(kind, day, anchor):
    anchor = min(anchor, 7) if kind == "week" else anchor if kind == "month" else 1
    span = span_of(kind, day, anchor)
    assert span.first <= day <= span.last
    before = previous(kind, span, anchor)
    assert before.last + dt.timedelta(days=1) == span.first
    assert span_of(kind, span.last, anchor) == span == span_of(kind, span.first, anchor)
    assert last_ended(kind, day, anchor) == before
    year_ago = year_before(kind, span)
    assert year_ago.last < span.first or kind == "year"
    assert label_of(kind, span)


def test_periods_by_name():
    assert span_of("quarter", dt.date(2026, 8, 15)) == Span(dt.date(2026, 7, 1), dt.date(2026, 9, 30))
    assert label_of("quarter", span_of("quarter", dt.date(2026, 8, 15))) == "2026年第三季度"
    # Due every Friday: Friday to Thursday.
    assert span_of("week", dt.date(2026, 9, 23), 5) == Span(dt.date(2026, 9, 18), dt.date(2026, 9, 24))
    # Due every 25th: from the 25th to the 24th.
    assert span_of("month", dt.date(2026, 3, 3), 25) == Span(dt.date(2026, 2, 25), dt.date(2026, 3, 24))
    assert span_of("tendays", dt.date(2026, 2, 28)) == Span(dt.date(2026, 2, 21), dt.date(2026, 2, 28))
    assert year_before("month", span_of("month", dt.date(2025, 2, 3))) == Span(
        dt.date(2024, 2, 1), dt.date(2024, 2, 29)
    )
    assert year_before("day", Span(dt.date(2024, 2, 29), dt.date(2024, 2, 29))).first == dt.date(2023, 2, 28)


# --- the language of checks ------------------------------------------------------------------------------------


def test_checks_hold_fail_or_cannot_be_told():
    check = parse("complete <= planned and planned <= major")
    assert check.is_check
    assert check.names == ("complete", "planned", "major")
    assert check.holds(lookup(complete=Decimal(1), planned=Decimal(2), major=Decimal(2))) is True
    assert check.holds(lookup(complete=Decimal(3), planned=Decimal(2), major=Decimal(2))) is False
    assert check.holds(lookup(planned=Decimal(2), major=Decimal(2))) is None
    # What is known to fail fails, whatever the rest is.
    assert check.holds(lookup(planned=Decimal(3), major=Decimal(2))) is False
    assert parse("a == prev(a) + b").holds(lookup(a=Decimal(5), prev_a=Decimal(3), b=Decimal(2))) is True
    assert (
        check.said({"complete": "达到五到位", "planned": "列入计划", "major": "重大"})
        == "达到五到位 ≤ 列入计划 且 列入计划 ≤ 重大"
    )


def test_formulas_have_the_usual_precedence_and_no_division_by_nothing():
    assert parse("1 + 2 * 3 - -4 / 2").value(lookup()) == 9
    assert parse("(1 + 2) * 3").value(lookup()) == 9
    assert parse("a / b * 100").value(lookup(a=Decimal(74775), b=Decimal(83786))).quantize(
        Decimal("0.1")
    ) == Decimal("89.2")
    assert parse("a / b").value(lookup(a=Decimal(1), b=Decimal(0))) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "空"), ("a <=", "没有写完"), ("a b", "读不通"), ("a <= b <= c", "and"), ("sum(a)", "取数方式"), ("a; b", "不能出现"),
        ("__import__('os')", "不能出现"), ("open(a)", "取数方式"), ("(a", "没有写完"), ("a and b", "比较"), ("a" * 401, "过长"), ("(" * 50 + "a" + ")" * 50, "太深"),
    ],
)  # fmt: skip
def test_what_is_no_expression_is_refused_in_words(text, words):
    with pytest.raises(ExpressionError, match=words):
        parse(text)


@given(st.text(alphabet="ab1.+-*/()<>=! andprevlastyear\n，", max_size=60))
def test_any_text_is_read_or_refused_and_never_crashes(text):
    try:
        expression = parse(text)
    except ExpressionError:
        return
    values = lookup(a=Decimal(7), b=Decimal(0), prev_a=Decimal(1))
    if expression.is_check:
        assert expression.holds(values) in (True, False, None)
    else:
        value = expression.value(values)
        assert value is None or isinstance(value, Decimal)


NUMBERS = st.integers(-1000, 1000)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_formulas_agree_with_exact_arithmetic(a, b, c):
    values = lookup(a=Decimal(a), b=Decimal(b), c=Decimal(c))
    assert parse("a + b * c - (a - b) * 2").value(values) == a + b * c - (a - b) * 2
    assert parse("a <= b").holds(values) is (a <= b)


# --- comparisons -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "before", "unit", "words"),
    [
        (3458, 6120, "起", "下降43.5%"),
        (951, 1042, "人", "下降8.7%"),
        (3, 0, "起", "增加3起"),
        (3, 1, "起", "增加2起"),
        (0, 4, "起", "减少4起"),
        (7, 7, "项", "持平"),
        (0, 0, "项", "持平"),
        (112, 100, "项", "上升12%"),
        ("89.2", "85.0", "%", "上升4.2个百分点"),
        (None, 3, "项", ""),
        (3, None, "项", ""),
    ],
)
def test_changes_in_the_words_of_reports(now, before, unit, words):
    decimal = [None if each is None else Decimal(each) for each in (now, before)]
    assert change(*decimal, unit).words == words


@given(st.decimals(-(10**9), 10**9, places=2), st.decimals(-(10**9), 10**9, places=2))
def test_a_change_says_up_for_more_and_down_for_less(now, before):
    found = change(now, before, "项")
    assert (found.direction > 0) == (now > before)
    assert (found.direction < 0) == (now < before)


def test_figures_as_printed():
    assert [shown(Decimal(text), 1) for text in ("80.55", "80.0", "0.04", "-0.04")] == [
        "80.6",
        "80",
        "0",
        "0",
    ]
    assert shown(None) == ""


# --- definitions ---------------------------------------------------------------------------------------------------


def test_every_shipped_definition_can_be_read_and_names_its_source():
    keys = [spec.key for spec in shipped()]
    assert {
        "daily.dispatch", "weekly.circular", "monthly.summary", "quarterly.summary", "campaign.final", "hazards.national.1",
        "hazards.national.2", "hazards.national.3", "gas.campaign", "accidents.monthly", "five.lists",
    } <= set(keys)  # fmt: skip
    assert len(keys) == len(set(keys))
    assert all(spec.source and spec.dated for spec in shipped())


def test_the_national_table_has_its_columns_and_its_checks():
    first, second, third = (
        next(spec for spec in shipped() if spec.key == f"hazards.national.{n}") for n in (1, 2, 3)
    )
    assert [len(spec.items) for spec in (first, second, third)] == [12, 15, 14]
    columns = {"c2": "general", "c3": "general_closed", "c5": "major", "c6": "major_closed", "c8": "planned", "c9": "complete",
               "c10": "listed", "c11": "listed_province"}  # fmt: skip
    good = {"c2": 10, "c3": 10, "c5": 6, "c6": 2, "c8": 4, "c9": 4, "c10": 3, "c11": 1}
    wrong = [
        {"c3": 11},
        {"c6": 7},
        {"c9": 5},
        {"c8": 7},
        {"c11": 4},
        {"c10": 7, "c11": 1},
        {"c8": 3, "c9": 3},
    ]

    def broken(figures):
        values = lookup(**{columns[name]: Decimal(value) for name, value in figures.items()})
        return [check for check in first.checks if check.expression.holds(values) is False]

    assert broken(good) == []
    for change_ in wrong:
        assert broken(good | change_), change_
    # 8 differs from 5 − 6: a warning that may be explained, no refusal.
    assert [check.severity for check in broken(good | {"c8": 3, "c9": 3})] == ["warning"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"items": []}, "还没有指标"), ({"owers": []}, "至少选一类"), ({"owers": ["nobody"]}, "报送单位"), ({"period": "often"}, "报送周期"),
        ({"key": "Bad Key"}, "报表代码"), ({"source": ""}, "依据"), ({"period": "day", "anchor": 8}, "不能另设"), ({"period": "week", "anchor": 8}, "周报"),
        ({"items": [{"key": "a", "label": "甲", "measure": "hazards.imagined"}]}, "不存在"),
        ({"items": [{"key": "a", "label": "甲"}, {"key": "a", "label": "乙"}]}, "前面已经用过"),
        ({"items": [{"key": "a", "label": "甲", "measure": "hazards.found", "filters": {"colour": ["red"]}}]}, "不能再按"),
        ({"items": [{"key": "a", "label": "甲", "formula": "b + 1"}]}, "没有这一项"),
        ({"items": [{"key": "a", "label": "甲", "formula": "1 <= 2"}]}, "不是比较"),
        ({"items": [{"key": "and", "label": "甲"}]}, "代码"),
        ({"checks": [{"expression": "found"}]}, "不是比较"), ({"checks": [{"expression": "found <= nothing"}]}, "没有这一项"),
        ({"rows": {"dimension": "kind", "groups": []}, "items": [{"key": "a", "label": "甲", "measure": "registry.zones"}]}, "分行"),
        ({"cutoff": {"days": 0}}, "截止天数"), ({"items": "none"}, "一列"), ({"name": 7}, "文字"),
    ],
)  # fmt: skip
def test_a_definition_that_cannot_be_used_is_refused_at_its_place(changed, words):
    with pytest.raises(SchemaError, match=words):
        read(content(**changed), terms())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from([*content(), "rows", "headings", "anchor", "notes", "words"]), JSON))
def test_any_data_is_read_or_refused_and_never_crashes(changed):
    try:
        read(content(**changed), terms())
    except SchemaError as refused:
        words = str(refused)
    else:
        words = "读懂了"
    assert words


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY", ("day", 1, 1)), ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", ("day", 1, 1)), ("FREQ=WEEKLY;BYDAY=FR", ("week", 5, 1)),
        ("FREQ=WEEKLY", ("week", 1, 1)), ("FREQ=MONTHLY;BYMONTHDAY=25", ("month", 25, 1)), ("FREQ=MONTHLY;BYMONTHDAY=-1", ("month", 1, 1)),
        ("FREQ=MONTHLY;BYMONTHDAY=10,20,-1", ("tendays", 1, 1)), ("FREQ=MONTHLY;BYMONTHDAY=15,-1", ("halfmonth", 1, 1)),
        ("FREQ=YEARLY;BYMONTH=1,4,7,10;BYMONTHDAY=5", ("quarter", 1, 5)), ("FREQ=MONTHLY;INTERVAL=3", ("quarter", 1, 5)),
    ],
)  # fmt: skip
def test_a_plans_recurrence_becomes_a_period_with_its_day(rule, expected):
    found = rhythm_of(rule, "每周五前")
    assert (found["period"], found.get("anchor", 1), found["cutoff"]["days"]) == expected


def test_what_recurs_not_at_all_is_no_rhythm():
    assert rhythm_of("", "2026年12月底前") is None
    assert rhythm_of("FREQ=HOURLY", "每小时") is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("隐患等级：重大", {"level": ["major"]}),
        (
            "隐患等级＝一般，重大；隐患来源：企业自查",
            {"level": ["general", "major"], "source": ["self_check"]},
        ),
        (
            "level=major;source=inspection, self_check",
            {"level": ["major"], "source": ["inspection", "self_check"]},
        ),
        (
            "隐患等级: 特大 ;颜色：红",
            {"level": ["特大"], "颜色": ["红"]},
        ),  # the check of the definition names them
        (" ；; ", {}),
        ("隐患等级", {"level": []}),
    ],
)
def test_conditions_are_written_in_words(said, meant) -> None:
    assert forms.filters_of(said) == meant
    assert forms.filters_of(forms.filter_words(meant)) == meant
