"""Two lists beside each other: the same line is the same line however it is numbered, none is in two pairs."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bihuan.oversight.comparing import Item, compare, plain


def item(pk: int, text: str, lost: str | None = None) -> Item:
    return Item(pk, text, Decimal(10), None if lost is None else Decimal(lost))


def test_numbers_and_signs_do_not_make_another_line():
    assert plain("1．制定专项整治方案，明确责任分工。") == plain("（一）制定专项整治方案 明确责任分工")


def test_lost_again_mended_new_and_gone():
    now = [item(1, "1.制定方案并分解任务", "2"), item(2, "台账逐条登记", "0"), item(3, "双随机抽查公示")]
    before = [
        item(11, "制定方案，分解任务", "1"),
        item(12, "台账逐条登记", "3"),
        item(13, "宣传培训到位", "1"),
    ]
    pairs = compare(now, before)
    assert [(p.now and p.now.pk, p.before and p.before.pk) for p in pairs] == [
        (1, 11),
        (2, 12),
        (3, None),
        (None, 13),
    ]
    assert [p.lost_again for p in pairs] == [True, False, False, False]
    assert [p.mended for p in pairs] == [False, True, False, False]


_WORDS = st.text(alphabet="制定方案分解任务台账登记隐患整改公示", min_size=1, max_size=12)


@given(st.lists(_WORDS, max_size=8), st.lists(_WORDS, max_size=8))
def test_every_line_stands_in_exactly_one_pair(now, before):
    first = [item(number, words) for number, words in enumerate(now)]
    second = [item(100 + number, words) for number, words in enumerate(before)]
    pairs = compare(first, second)
    assert [p.now.pk for p in pairs if p.now] == [each.pk for each in first]
    assert sorted(p.before.pk for p in pairs if p.before) == [each.pk for each in second]


@given(st.lists(_WORDS, max_size=8, unique_by=plain))
def test_a_list_beside_itself_is_paired_line_by_line(texts):
    rows = [item(number, words) for number, words in enumerate(texts)]
    assert all(p.now == p.before for p in compare(rows, rows))
