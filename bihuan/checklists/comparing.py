"""What changed between two versions of a book, item by item, so that whoever publishes knows what becomes different."""

from __future__ import annotations

from dataclasses import dataclass

from bihuan.checklists.structure import (
    PHOTO_RULES,
    SEVERITIES,
    Book,
    Item,
    Section,
)

ADDED, REMOVED, CHANGED, MOVED = "added", "removed", "changed", "moved"
LABELS: dict[str, str] = {ADDED: "新增", REMOVED: "删去", CHANGED: "修改", MOVED: "移动"}


@dataclass(frozen=True)
class FieldChange:
    """One field before and after, in words; "" where there was or is nothing."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Change:
    """One item that is not as it was. ``section`` is where it stands now, for a removed one where it stood."""

    kind: str
    section: str
    code: str
    text: str
    fields: tuple[FieldChange, ...] = ()

    @property
    def label(self) -> str:
        return LABELS[self.kind]


def compare(before: Book, after: Book) -> list[Change]:
    """Return what is different in ``after``, in its order; what was removed stands at the end."""
    old = {item.code: (section, item) for section, item in before.items()}
    new = {item.code for _, item in after.items()}
    found = []
    for section, item in after.items():
        if item.code not in old:
            found.append(Change(ADDED, section.title, item.code, item.text))
            continue
        was, stood = old[item.code][1], old[item.code][0]
        if fields := _fields(was, item):
            found.append(Change(CHANGED, section.title, item.code, item.text, fields))
        elif stood.code != section.code:
            moved = FieldChange("所在节", stood.title, section.title)
            found.append(Change(MOVED, section.title, item.code, item.text, (moved,)))
    found += [
        Change(REMOVED, section.title, code, item.text)
        for code, (section, item) in old.items()
        if code not in new
    ]
    return [*_head(before, after), *found, *_orders(before, after)]


def _head(before: Book, after: Book) -> list[Change]:
    """Title, note and headings: changes of the book itself."""
    old = {section.code: section for section in before.sections}
    fields = [
        FieldChange(label, was, now)
        for label, was, now in (("标题", before.title, after.title), ("说明", before.note, after.note))
        if was != now
    ]
    fields += [
        FieldChange(f"节 {section.code}", _heading(old[section.code]), _heading(section))
        for section in after.sections
        if section.code in old and _heading(old[section.code]) != _heading(section)
    ]
    return [Change(CHANGED, "", "", after.title, tuple(fields))] if fields else []


def _orders(before: Book, after: Book) -> list[Change]:
    """Sections whose items stand in another order; what came, went or moved to another section is told by itself."""
    old = {section.code: [item.code for item in section.items] for section in before.sections}
    found = []
    for section in after.sections:
        now = [item.code for item in section.items if item.code in old.get(section.code, ())]
        was = [code for code in old.get(section.code, ()) if code in now]
        if was != now:
            order = FieldChange("次序", "、".join(was), "、".join(now))
            found.append(Change(MOVED, section.title, section.code, "检查项的次序有调整", (order,)))
    return found


def _heading(section: Section) -> str:
    return f"{section.title}（{section.link}）"


def _fields(before: Item, after: Item) -> tuple[FieldChange, ...]:
    return tuple(
        FieldChange(label, was, now)
        for (label, was), (_, now) in zip(words_of(before), words_of(after), strict=True)
        if was != now
    )


def words_of(item: Item) -> list[tuple[str, str]]:
    """Every field of an item with its label and its value in words."""
    return [
        ("检查内容", item.text),
        ("判定标准", item.criterion),
        ("数值标准", str(item.measure) if item.measure else ""),
        ("检查方法", "、".join(item.method)),
        ("依据", "；".join(map(str, item.basis))),
        ("来源", item.source),
        ("核对原文", "已核对" if item.verified else "未核对"),
        ("处置阶梯", " → ".join(map(str, item.dispositions))),
        ("处置机关", item.authority),
        ("严重程度", SEVERITIES.get(item.severity, item.severity)),
        ("重大隐患判定条款", item.criterion_code),
        ("适用类别", "、".join(item.kinds)),
        ("适用条件", item.when),
        ("整改指引", item.guidance),
        ("整改证明", item.proof),
        ("拍照要求", PHOTO_RULES.get(item.photo, item.photo)),
    ]
