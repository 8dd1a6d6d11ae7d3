"""Changing a draft: each function returns the book as it becomes, or says in Chinese why not. Values only."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from bihuan.checklists.structure import Book, InvalidBook, Item, Section, problems
from bihuan.core.errors import Refused

UP, DOWN = "up", "down"
T = TypeVar("T")


def put_head(book: Book, *, title: str, note: str) -> Book:
    """Give the book another title and note."""
    return replace(book, title=title, note=note)


def put_section(book: Book, code: str, *, title: str, link: str) -> Book:
    """Change the section ``code``, or add it at the end."""
    known = find_section(book, code)
    if known is None:
        return replace(book, sections=(*book.sections, Section(code, title, link, ())))
    return _with(book, replace(known, title=title, link=link))


def remove_section(book: Book, code: str) -> Book:
    """Take out an empty section."""
    section = section_of(book, code)
    if section.items:
        raise Refused(f"“{section.title}”里还有 {len(section.items)} 项，请先删去或移到别的节")
    return replace(book, sections=tuple(each for each in book.sections if each.code != code))


def move_section(book: Book, code: str, way: str) -> Book:
    """Move a section one place up or down; at the end of the book it stays."""
    return replace(book, sections=_moved(book.sections, section_of(book, code), way))


def put_item(book: Book, section: str, item: Item) -> Book:
    """Change the item of that code where it stands, or add it at the end of ``section``.

    Raises Refused with everything that is wrong with the item.
    """
    target = section_of(book, section)
    check_item(target, item)
    at = next((each for each in book.sections for known in each.items if known.code == item.code), None)
    if at is None:
        return _with(book, replace(target, items=(*target.items, item)))
    if at.code != target.code:
        raise Refused(f"{item.code} 属于“{at.title}”；要换一节请先删去，再在“{target.title}”里新增")
    items = tuple(item if known.code == item.code else known for known in at.items)
    return _with(book, replace(at, items=items))


def check_item(section: Section, item: Item) -> None:
    """Raise Refused unless the item could stand in the section."""
    alone = Book("book", "检查表", 1, (replace(section, items=(item,)),))
    if found := [each.text for each in problems(alone) if each.item]:
        raise Refused("；".join(found))


def remove_item(book: Book, code: str) -> Book:
    """Take an item out. Its code is not given to another one."""
    section = _home(book, code)
    return _with(book, replace(section, items=tuple(each for each in section.items if each.code != code)))


def move_item(book: Book, code: str, way: str) -> Book:
    """Move an item one place up or down within its section."""
    section = _home(book, code)
    item = next(each for each in section.items if each.code == code)
    return _with(book, replace(section, items=_moved(section.items, item, way)))


def next_item_code(section: str, used: Iterable[str]) -> str:
    """Return the first number after those used in any version: a code never means two things."""
    numbers = [
        int(code.rpartition("-")[2])
        for code in used
        if code.rpartition("-")[0] == section and code.rpartition("-")[2].isdigit()
    ]
    return f"{section}-{max(numbers, default=0) + 1:02d}"


def next_section_code(key: str, used: Iterable[str]) -> str:
    """Return a section code nobody has used: GAS-S1, GAS-S2, …"""
    prefix = re.sub(r"[^A-Z0-9]", "", key.upper())[:8]
    prefix = prefix if len(prefix) > 1 and prefix[0].isalpha() else "OWN"
    taken, number = set(used), 1
    while f"{prefix}-S{number}" in taken:
        number += 1
    return f"{prefix}-S{number}"


def find_section(book: Book, code: str) -> Section | None:
    """Return the section ``code``, or None."""
    return next((each for each in book.sections if each.code == code), None)


def section_of(book: Book, code: str) -> Section:
    """Return the section ``code``. Raises Refused when somebody has taken it out."""
    section = find_section(book, code)
    if section is None:
        raise Refused(f"没有节号为“{code}”的一节，请刷新后重试")
    return section


def whole(book: Book) -> Book:
    """Return the book if it can be published. Raises Refused with the first faults and their places."""
    found = problems(book)
    if found:
        raise Refused(str(InvalidBook(found[:5])))
    return book


def _home(book: Book, code: str) -> Section:
    for section in book.sections:
        if any(each.code == code for each in section.items):
            return section
    raise Refused(f"没有编号为“{code}”的检查项，请刷新后重试")


def _with(book: Book, section: Section) -> Book:
    return replace(
        book, sections=tuple(section if each.code == section.code else each for each in book.sections)
    )


def _moved(row: tuple[T, ...], one: T, way: str) -> tuple[T, ...]:
    if way not in (UP, DOWN):
        raise Refused("只能上移或下移一位")
    at = row.index(one)
    to = at - 1 if way == UP else at + 1
    if not 0 <= to < len(row):
        return row
    found = list(row)
    found[at], found[to] = found[to], found[at]
    return tuple(found)
