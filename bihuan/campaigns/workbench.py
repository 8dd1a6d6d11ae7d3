"""How a draft is laid out for checking: the source with its marks at the left, one card an element at the right."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from bihuan.accounts.models import Organization
from bihuan.plans import RULES, normalize_unit
from bihuan.plans.checks import LADDER
from bihuan.registry.models import EnterpriseKind

from .actions.publishing import shares_of
from .actions.reshaping import next_of_kind
from .drafts import ROLES, sentences, unit_names
from .models import Assignment, PlanDocument, PlanItem, PlanUnit
from .queries.draft import Progress, open_units, progress
from .units import GROUP_WORDS, Bodies

_TITLE = '<h2 data-from="{}">{}</h2>'
_PARAGRAPH = '<p data-from="{}">{}</p>'
_MEASURES = re.compile("|".join(pattern for _, pattern in LADDER))
_UNIT_FIELDS = ("lead", "support", "responsible", "units", "unit", "who")


def _percent(value: float | None) -> str:
    return "未填" if value is None else f"{value:g}%"


def _quoted(words: str) -> str:
    """Words that go between quotation marks: their own become single ones."""
    return words.translate(str.maketrans("“”", "‘’"))


@dataclass(frozen=True)
class Chip:
    """A unit on a card: the words, and whether it leads or is still to be identified."""

    text: str
    is_lead: bool = False
    is_open: bool = False
    unit_id: int = 0
    title: str = ""


@dataclass(frozen=True)
class Card:
    """One element with what a person needs to judge it."""

    item: PlanItem
    chips: tuple[Chip, ...] = ()
    badge: str = ""
    tone: str = ""
    lines: tuple[str, ...] = ()
    deadline: str = ""
    kinds: tuple[str, ...] = ()
    place: str = ""
    following: PlanItem | None = None
    sentences: tuple[str, ...] = ()

    @property
    def is_section(self) -> bool:
        return self.item.kind == PlanItem.Kind.SECTION

    @property
    def is_task(self) -> bool:
        return self.item.kind == PlanItem.Kind.TASK

    @property
    def is_open(self) -> bool:
        return self.item.state == PlanItem.State.PROPOSED

    @property
    def is_removed(self) -> bool:
        return self.item.state == PlanItem.State.REMOVED

    @property
    def no(self) -> str:
        return str(self.item.data.get("no") or "") or str(self.item.get_kind_display())

    @property
    def title(self) -> str:
        data = self.item.data
        for name in ("heading", "name", "title", "unit", "when", "text"):
            if data.get(name):
                return str(data[name])
        return "（空白）"


@dataclass(frozen=True)
class UnitRow:
    """A printed name on the list of units: what it means, in how many tasks, and whom it might mean."""

    unit: PlanUnit
    uses: int
    meaning: str = ""
    suggestion: Organization | None = None


@dataclass
class Desk:
    """Everything the workbench shows, read once: a handful of queries whatever the number of elements."""

    document: PlanDocument
    on: dt.date
    items: list[PlanItem] = field(init=False)

    def __post_init__(self) -> None:
        self.items = list(self.document.items.select_related("edited_by"))

    @cached_property
    def units(self) -> list[PlanUnit]:
        return list(self.document.units.select_related("organization__region"))

    @cached_property
    def bodies(self) -> Bodies:
        return Bodies(self.document.region_id, on=self.on)

    @cached_property
    def progress(self) -> Progress:
        return progress(self.items, self.units)

    @staticmethod
    def counts(document: PlanDocument) -> Progress:
        """The progress line alone, from items and units already prefetched."""
        return progress(list(document.items.all()), list(document.units.all()))

    def outlook(self) -> dict[str, int]:
        """What publishing will send out: tasks, shares, organizations, departments and localities among them."""
        units = {unit.key: unit for unit in self.units if unit.is_matched}
        charged: dict[int, Organization] = {}
        shares = tasks = 0
        for item in self.items:
            if item.kind != PlanItem.Kind.TASK or item.state == PlanItem.State.REMOVED:
                continue
            tasks += 1
            data = item.data | {
                role: [name for name in item.data[role] if normalize_unit(name) in units] for role in ROLES
            }
            found = shares_of(data, units, self.bodies)
            shares += len(found) or 1  # the office takes what nobody else has
            charged |= {pk: body for pk, (body, _) in found.items()}
        localities = sum(body.kind == Organization.Kind.LOCALITY for body in charged.values())
        return {
            "tasks": tasks,
            "shares": shares,
            "departments": len(charged) - localities,
            "localities": localities,
        }

    @cached_property
    def _by_key(self) -> dict[str, PlanUnit]:
        return {unit.key: unit for unit in self.units}

    @cached_property
    def _phases(self) -> dict[int, PlanItem]:
        return {
            item.pk: item
            for item in self.items
            if item.kind == PlanItem.Kind.PHASE and item.state != PlanItem.State.REMOVED
        }

    @cached_property
    def _kind_labels(self) -> dict[str, str]:
        return dict(EnterpriseKind.objects.values_list("key", "label"))

    def cards(self, only: str = "") -> list[Card]:
        """The cards of the right pane; `only` is open (to be looked at), removed or an element kind."""
        items = self.items
        if only == "removed":
            items = [item for item in items if item.state == PlanItem.State.REMOVED]
        elif only == "open":
            items = [item for item in items if self._needs_a_look(item)]
        elif only in PlanItem.Kind.values:
            items = [item for item in items if item.kind == only]
        return [self.card(item) for item in items]

    def _needs_a_look(self, item: PlanItem) -> bool:
        return item.state == PlanItem.State.PROPOSED or any(chip.is_open for chip in self._chips(item))

    def card(self, item: PlanItem) -> Card:
        """The card of one element."""
        chips = self._chips(item)
        badge, tone = self._badge(item, chips)
        data = item.data
        return Card(
            item=item,
            chips=tuple(chips),
            badge=badge,
            tone=tone,
            lines=tuple(self._lines(item)),
            deadline=self._deadline(data) if item.kind == PlanItem.Kind.TASK else "",
            kinds=tuple(self._kind_labels.get(key, key) for key in data.get("kinds", [])),
            place=self._place(item),
            following=next_of_kind(item, self.items),
            sentences=tuple(sentences(data["text"])) if item.kind == PlanItem.Kind.TASK else (),
        )

    def _chips(self, item: PlanItem) -> list[Chip]:
        if item.kind != PlanItem.Kind.TASK:
            return []
        chips: list[Chip] = []
        together: dict[int, Organization] = {}
        for role in ("lead", "responsible", "support", "territorial"):
            label = str(Assignment.Role(role).label)
            for name in item.data.get(role, []):
                unit = self._by_key.get(normalize_unit(name))
                if unit is None or not unit.is_matched:
                    chips.append(
                        Chip(f"{label} {name}：待认定", is_open=True, unit_id=unit.pk if unit else 0)
                    )
                elif unit.group == PlanUnit.Group.IGNORED:
                    chips.append(Chip(f"{label} {name}（不派发）", unit_id=unit.pk))
                elif role == "territorial":
                    together |= {body.pk: body for body in self.bodies.expand(unit)}
                elif unit.group:
                    number = len(self.bodies.expand(unit))
                    chips.append(
                        Chip(f"{label} {number} {GROUP_WORDS[PlanUnit.Group(unit.group)]}", title=name)
                    )
                else:
                    assert unit.organization is not None
                    chips.append(
                        Chip(f"{label} {unit.organization.short_name}", is_lead=role == "lead", title=name)
                    )
        if together:
            printed = "、".join(item.data["territorial"])
            chips.append(Chip(f"属地 {len(together)} 个乡镇街道", title=printed))
        return chips

    def _badge(self, item: PlanItem, chips: Iterable[Chip]) -> tuple[str, str]:
        if item.state == PlanItem.State.REMOVED:
            return "已移除", ""
        if any(chip.is_open for chip in chips):
            return "待定单位", "orange"
        if item.state == PlanItem.State.CONFIRMED:
            return "已确认", "green"
        return "待核对", "blue"

    def _lines(self, item: PlanItem) -> list[str]:
        data = item.data
        match item.kind:
            case PlanItem.Kind.PHASE:
                return [f"{data['start'] or '起始不定'} 至 {data['end'] or '长期'}"]
            case PlanItem.Kind.REPORT:
                return [f"{data['who'] or '未写明报送单位'} → {data['to'] or '未写明接收单位'}"]
            case PlanItem.Kind.TARGET:
                if data["metric"] == "manual":
                    return ["人工填报，不与台账对比"]
                word = {"coverage": "覆盖率", "rectification": "整改率"}[data["metric"]]
                return [f"对应{word}，目标值 {_percent(data['threshold'])}"]
            case PlanItem.Kind.BODY:
                parts = (("组长", data["head"]), ("副组长", data["deputies"]), ("成员", data["members"]))
                return [f"{label}：{'、'.join(names)}" for label, names in parts if names]
            case PlanItem.Kind.DUTY:
                return [data["text"]]
        return []

    def _deadline(self, data: dict) -> str:
        phase = self._phases.get(data.get("phase") or 0)
        if data.get("due"):
            return f"期限 {data['due']}（任务自身）"
        if phase is None:
            return "期限未定"
        if phase.data.get("end"):
            return f"期限 继承阶段“{phase.data['name']}” {phase.data['end']}"
        return f"阶段“{phase.data['name']}”长期有效，期限未定"

    def _place(self, item: PlanItem) -> str:
        if item.whole is None:
            return "原文中没有对应文字"
        first = self.document.text.count("\n", 0, item.whole[0]) + 1
        last = self.document.text.count("\n", 0, max(item.whole[1] - 1, 0)) + 1
        where = f"原文第 {first} 段" if first == last else f"原文第 {first}—{last} 段"
        if item.rule == "hand":
            return f"{where} · 人工添加"
        return f"{where} · 把握 {item.confidence:.0%} · 规则“{_quoted(RULES.get(item.rule, item.rule))}”"

    def unit_rows(self) -> list[UnitRow]:
        """Every unit a live task names, those to be identified first and with the most similar body as a question."""
        uses: dict[str, int] = {}
        for item in self.items:
            if item.kind == PlanItem.Kind.TASK and item.state != PlanItem.State.REMOVED:
                for name in unit_names(item.data):
                    uses[normalize_unit(name)] = uses.get(normalize_unit(name), 0) + 1
        still_open = {unit.pk for unit in open_units(self.items, self.units)}
        rows = []
        for unit in self.units:
            if unit.key not in uses:
                continue
            if unit.pk in still_open:
                rows.append(UnitRow(unit, uses[unit.key], suggestion=self.bodies.similar_to(unit.name)))
            elif unit.group and unit.group != PlanUnit.Group.IGNORED:
                number = len(self.bodies.expand(unit))
                rows.append(UnitRow(unit, uses[unit.key], f"{unit.get_group_display()}（{number} 个）"))
            else:
                meaning = unit.organization.name if unit.organization else unit.get_group_display()
                rows.append(UnitRow(unit, uses[unit.key], meaning))
        return sorted(rows, key=lambda row: (bool(row.meaning), row.unit.pk))

    def source(self) -> SafeString:
        """The source text as HTML: a paragraph each, spans that belong to an element, marks for units and measures."""
        return source_html(self.document, self.items)


def source_html(document: PlanDocument, items: Iterable[PlanItem]) -> SafeString:
    """Render the source: cut wherever an element begins or ends, so that a click lands on the narrowest of them."""
    text = document.text
    owners = [(item.whole, item) for item in items if item.whole and item.state != PlanItem.State.REMOVED]
    marks = _marks(text, [item for _, item in owners])
    title = document.compiled.get("head", {}).get("title") or {}
    title_start = (title.get("span") or [-1])[0]
    paragraphs = []
    start = 0
    for line in text.split("\n"):
        end = start + len(line)
        inside = [(whole, item) for whole, item in owners if whole[0] < end and start < whole[1]]
        cuts = sorted({start, end, *(min(max(edge, start), end) for whole, _ in inside for edge in whole)})
        pieces = []
        for left, right in itertools.pairwise(cuts):
            is_claimed = any(whole[0] <= left and right <= whole[1] for whole, _ in inside)
            inner = _marked(text, left, right, marks)
            if not is_claimed:
                pieces.append(inner)
            else:
                pieces.append(
                    format_html(
                        '<span class="span" data-span-id="s{}" data-span-start="{}" data-span-end="{}">{}</span>',
                        left, left, right, inner,
                    )
                )  # fmt: skip
        shape = _TITLE if start == title_start else _PARAGRAPH
        body = format_html_join("", "{}", ((piece,) for piece in pieces))
        paragraphs.append(format_html(shape, start, body))
        start = end + 1
    return format_html_join("", "{}", ((paragraph,) for paragraph in paragraphs))


def _marks(text: str, items: Iterable[PlanItem]) -> list[tuple[int, int, str]]:
    """(start, end, class) of unit names and consequences, in order and not overlapping: the first one wins."""
    found: list[tuple[int, int, str]] = []
    for item in items:
        for name in _UNIT_FIELDS:
            found += [(place[0], place[1], "is-unit") for place in item.spans.get(name, [])]
        if item.whole and item.spans.get("check_items"):
            found += [
                (match.start(), match.end(), "is-measure") for match in _MEASURES.finditer(text, *item.whole)
            ]
    kept: list[tuple[int, int, str]] = []
    for mark in sorted(set(found)):
        if mark[0] < mark[1] and (not kept or mark[0] >= kept[-1][1]):
            kept.append(mark)
    return kept


def _marked(text: str, left: int, right: int, marks: list[tuple[int, int, str]]) -> SafeString:
    parts: list[tuple[str, str]] = []
    cursor = left
    for start, end, kind in marks:
        if end <= left or start >= right:
            continue
        begin, stop = max(start, left), min(end, right)
        parts.append(("", text[cursor:begin]))
        parts.append((kind, text[begin:stop]))
        cursor = stop
    parts.append(("", text[cursor:right]))
    return format_html_join(
        "",
        "{}",
        (
            (format_html('<span class="span {}">{}</span>', kind, words) if kind else words,)
            for kind, words in parts
            if words
        ),
    )
