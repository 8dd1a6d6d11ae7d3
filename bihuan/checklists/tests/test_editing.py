"""Changing a draft: pure functions over a book."""

from dataclasses import replace

import pytest

from bihuan.checklists import editing
from bihuan.checklists.comparing import compare
from bihuan.core.errors import Refused

from .books import BOOK, HOSE, LICENCE


def codes(book):
    return [item.code for _, item in book.items()]


def test_items_are_put_moved_and_taken_out():
    more = replace(LICENCE, code="GAS-OPS-02", text="从业人员持证上岗")
    book = editing.put_item(BOOK, "GAS-OPS", more)
    assert codes(book) == ["GAS-OPS-01", "GAS-OPS-02", "GAS-USE-01"]
    book = editing.move_item(book, "GAS-OPS-02", "up")
    assert codes(book) == ["GAS-OPS-02", "GAS-OPS-01", "GAS-USE-01"]
    assert editing.move_item(book, "GAS-OPS-02", "up") == book
    book = editing.remove_item(book, "GAS-OPS-01")
    assert codes(book) == ["GAS-OPS-02", "GAS-USE-01"]
    book = editing.put_item(book, "GAS-USE", replace(HOSE, text="软管不大于 2 m"))
    assert book.find("GAS-USE-01").text == "软管不大于 2 m"


def test_sections_are_put_moved_and_taken_out_when_empty():
    book = editing.put_section(BOOK, "GAS-S1", title="新的一节", link="storage")
    assert [each.code for each in book.sections] == ["GAS-OPS", "GAS-USE", "GAS-S1"]
    book = editing.move_section(book, "GAS-S1", "up")
    assert [each.code for each in book.sections] == ["GAS-OPS", "GAS-S1", "GAS-USE"]
    book = editing.put_section(book, "GAS-OPS", title="经营", link="trade")
    assert book.sections[0].title == "经营"
    with pytest.raises(Refused, match="还有 1 项"):
        editing.remove_section(book, "GAS-USE")
    assert len(editing.remove_section(book, "GAS-S1").sections) == 2


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (replace(HOSE, text=""), "检查内容是空的"),
        (replace(HOSE, code="GAS-OPS-07"), "编号须为“GAS-USE-”"),
        (replace(HOSE, criterion_code="X-1"), "X-1”不存在"),
        (replace(HOSE, method=("听",)), "听”不认识"),
        (replace(HOSE, photo="sometimes"), "拍照要求"),
    ],
)
def test_an_item_that_does_not_hold_is_refused_with_the_reason(item, message):
    with pytest.raises(Refused, match=message):
        editing.put_item(BOOK, "GAS-USE", item)


def test_codes_are_never_given_twice():
    assert editing.next_item_code("GAS-USE", ["GAS-USE-01", "GAS-USE-07", "GAS-OPS-40"]) == "GAS-USE-08"
    assert editing.next_item_code("GAS-USE", []) == "GAS-USE-01"
    assert editing.next_section_code("gas", ["GAS-S1"]) == "GAS-S2"
    assert editing.next_section_code("1", []) == "OWN-S1"


def test_a_comparison_names_what_is_new_gone_changed_and_moved():
    moved = replace(HOSE, text="软管不大于 1.5 m")
    after = editing.remove_item(BOOK, "GAS-OPS-01")
    after = editing.put_item(after, "GAS-USE", moved)
    after = editing.put_item(after, "GAS-OPS", replace(LICENCE, code="GAS-OPS-02"))
    after = editing.put_head(after, title="燃气检查表（试行）", note="只作测试")
    found = compare(BOOK, after)
    assert [(each.kind, each.code) for each in found] == [
        ("changed", ""), ("added", "GAS-OPS-02"), ("changed", "GAS-USE-01"), ("removed", "GAS-OPS-01"),
    ]  # fmt: skip
    assert [(each.label, each.before, each.after) for each in found[2].fields] == [
        ("检查内容", "连接软管长度不大于 2 m", "软管不大于 1.5 m")
    ]
    assert compare(BOOK, BOOK) == []


def test_another_order_is_named_by_its_section():
    more = editing.put_item(BOOK, "GAS-OPS", replace(LICENCE, code="GAS-OPS-02"))
    [change] = compare(more, editing.move_item(more, "GAS-OPS-02", "up"))
    assert (change.kind, change.code, change.fields[0].after) == (
        "moved",
        "GAS-OPS",
        "GAS-OPS-02、GAS-OPS-01",
    )
