"""How a draft is laid out for checking: everything the page shows, read by a handful of queries."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from django.utils.safestring import SafeString

from bihuan.accounts.models import Organization
from bihuan.plans import RULES, normalize_unit
from bihuan.registry.models import EnterpriseKind

from .actions.drafting import may_confirm
from .cards import Card, Chip, SectionCount
from .drafts import ROLES, unit_names
from .models import Assignment, PlanDocument, PlanFinding, PlanItem, PlanUnit
from .queries.draft import Progress, open_units, progress
from .shares import shares_of
from .sourcepane import source_html
from .units import GROUP_WORDS, Bodies


def _percent(value: float | None) -> str:
    return "未填" if value is None else f"{value:g}%"


def _quoted(words: str) -> str:
    """Words that go between quotation marks: their own become single ones."""
    return words.translate(str.maketrans("“”", "‘’"))


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
    def findings(self) -> list[PlanFinding]:
        """What the checkup says, without what is gone; the gravest first where they begin at the same place."""
        order = list(PlanFinding.Severity.values)
        rows = PlanFinding.objects.filter(document=self.document).exclude(state=PlanFinding.State.GONE)
        return sorted(
            rows.select_related("decided_by"), key=lambda row: (row.start, order.index(row.severity), row.pk)
        )

    @cached_property
    def bodies(self) -> Bodies:
        return Bodies(self.document.region_id, on=self.on)

    @cached_property
    def progress(self) -> Progress:
        return progress(self.items, self.units, self.findings)

    @staticmethod
    def counts(document: PlanDocument) -> Progress:
        """The progress line alone, from items, units and findings already prefetched."""
        return progress(list(document.items.all()), list(document.units.all()), list(document.findings.all()))

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

    @cached_property
    def _line_ends(self) -> list[int]:
        return [at for at, sign in enumerate(self.document.text) if sign == "\n"]

    def line_of(self, at: int) -> int:
        """The number of the paragraph a character of the source stands in, counted from 1."""
        return bisect_right(self._line_ends, at - 1) + 1

    @cached_property
    def _at_items(self) -> dict[int, list[PlanFinding]]:
        """The findings of each element: the narrowest one whose place covers where the finding begins; 0 for none."""
        live = [item for item in self.items if item.whole and item.state != PlanItem.State.REMOVED]
        found: dict[int, list[PlanFinding]] = defaultdict(list)
        for row in self.findings:
            around = [item for item in live if item.whole and item.whole[0] <= row.start < item.whole[1]]
            owner = min(around, key=lambda item: item.whole[1] - item.whole[0], default=None)  # type: ignore[index]
            found[owner.pk if owner else 0].append(row)
        return found

    @cached_property
    def general_findings(self) -> list[PlanFinding]:
        """Those that belong to no element: about the document as a whole, or about words nobody claimed."""
        return [row for row in self._at_items[0] if row.is_open]

    @cached_property
    def _sections(self) -> dict[int, list[PlanItem]]:
        """The live elements under each chapter heading."""
        found: dict[int, list[PlanItem]] = {}
        current = 0
        for item in self.items:
            if item.kind == PlanItem.Kind.SECTION:
                current = item.pk
                found[current] = []
            elif current and item.state != PlanItem.State.REMOVED:
                found[current].append(item)
        return found

    def section_count(self, item: PlanItem) -> SectionCount:
        """How far the chapter is."""
        inside = self._sections.get(item.pk, [])
        done = sum(each.state == PlanItem.State.CONFIRMED for each in inside)
        open_keys = {unit.key for unit in self.units if not unit.is_matched}
        faults = [row.start for row in self.findings if row.is_open and row.severity == "error"]
        return SectionCount(done, len(inside), sum(may_confirm(each, open_keys, faults) for each in inside))

    def cards(self, only: str = "") -> list[Card]:
        """The cards of the right pane; `only` is open (to be looked at), removed or an element kind."""
        items = self.items
        if only == "removed":
            items = [item for item in items if item.state == PlanItem.State.REMOVED]
        elif only in PlanItem.Kind.values:
            items = [item for item in items if item.kind == only]
        cards = [self.card(item) for item in items]
        return [card for card in cards if card.asks or card.findings] if only == "open" else cards

    def card(self, item: PlanItem) -> Card:
        """The card of one element."""
        chips = self._chips(item)
        badge, tone = self._badge(item, chips)
        data = item.data
        found = self._at_items.get(item.pk, [])
        is_section = item.kind == PlanItem.Kind.SECTION
        return Card(
            item=item,
            chips=tuple(chips),
            badge=badge,
            tone=tone,
            lines=tuple(self._lines(item)),
            deadline=self._deadline(data) if item.kind == PlanItem.Kind.TASK else "",
            kinds=tuple(self._kind_labels.get(key, key) for key in data.get("kinds", [])),
            place=self._place(item),
            rule=_quoted(RULES.get(item.rule, "")),
            findings=tuple(row for row in found if row.is_open),
            answered=tuple(row for row in found if not row.is_open),
            section=self.section_count(item) if is_section else None,
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
                    # An open name of a removed task has no row; the words are shown all the same.
                    asked = unit or PlanUnit(document=self.document, name=name)
                    chips.append(
                        Chip(f"{label} {name}：待认定", unit=asked, suggestion=self._suggestion(name))
                    )
                elif unit.group == PlanUnit.Group.IGNORED:
                    chips.append(Chip(f"{label} {name}（不派发）"))
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

    @cached_property
    def _suggestions(self) -> dict[str, Organization | None]:
        return {}

    def _suggestion(self, name: str) -> Organization | None:
        """The body a name most reads like, looked for once a name."""
        key = normalize_unit(name)
        if key not in self._suggestions:
            self._suggestions[key] = self.bodies.similar_to(name)
        return self._suggestions[key]

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
        first = self.line_of(item.whole[0])
        last = self.line_of(max(item.whole[1] - 1, item.whole[0]))
        where = f"原文第 {first} 段" if first == last else f"原文第 {first}—{last} 段"
        if item.rule == "hand":
            return f"{where} · 人工添加"
        return f"{where} · 把握 {item.confidence:.0%}"

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
                rows.append(UnitRow(unit, uses[unit.key], suggestion=self._suggestion(unit.name)))
            elif unit.group and unit.group != PlanUnit.Group.IGNORED:
                number = len(self.bodies.expand(unit))
                rows.append(UnitRow(unit, uses[unit.key], f"{unit.get_group_display()}（{number} 个）"))
            else:
                meaning = unit.organization.name if unit.organization else unit.get_group_display()
                rows.append(UnitRow(unit, uses[unit.key], meaning))
        return sorted(rows, key=lambda row: (bool(row.meaning), row.unit.pk))

    def source(self) -> SafeString:
        """The source text as HTML, see `sourcepane`."""
        return source_html(self.document, self.items, self.findings)
