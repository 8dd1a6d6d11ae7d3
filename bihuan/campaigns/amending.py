"""A revised plan beside the running campaign: what is the same, what changed, what is new, what is gone.

Reads only. Lines are paired by `pairing`; a person may pair and take apart by hand (`Amendment.hand`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from bihuan.accounts.models import Organization

from .models import (
    Amendment,
    AmendmentChange,
    Assignment,
    Campaign,
    Phase,
    PlanDocument,
    PlanItem,
    PlanUnit,
    Task,
)
from .pairing import Line, Pair, pair_up, parts_of
from .queries.draft import open_units
from .shares import due_of, shares_of
from .units import Bodies
from .workflow import AssignmentStatus

Kind, Subject = AmendmentChange.Kind, AmendmentChange.Subject
Shares = dict[int, tuple[Organization, str]]
Fields = list[dict[str, Any]]


@dataclass
class Sides:
    """The campaign as it runs and the revised plan, each read once."""

    campaign: Campaign
    document: PlanDocument
    on: dt.date
    phases: list[Phase] = field(init=False)
    tasks: list[Task] = field(init=False)
    items: list[PlanItem] = field(init=False)

    def __post_init__(self) -> None:
        self.phases = list(self.campaign.phases.all())
        self.tasks = list(self.campaign.tasks.live().select_related("phase"))
        self.items = list(self.document.items.exclude(state=PlanItem.State.REMOVED))

    def of(self, kind: str) -> list[PlanItem]:
        """The elements of one kind of the revised plan, in order."""
        return [item for item in self.items if item.kind == kind]

    @cached_property
    def units(self) -> dict[str, PlanUnit]:
        return {unit.key: unit for unit in self.document.units.select_related("organization__region")}

    @cached_property
    def bodies(self) -> Bodies:
        return Bodies(self.campaign.region_id, on=self.on)

    @cached_property
    def checks(self) -> dict[int, set[str]]:
        """The texts of the checklist in force, by task."""
        found: dict[int, set[str]] = {}
        for task in self.campaign.tasks.live().prefetch_related("checklists__items"):
            latest = max(task.checklists.all(), key=lambda each: each.version, default=None)
            found[task.pk] = {item.text for item in latest.items.all()} if latest else set()
        return found

    @cached_property
    def held(self) -> dict[int, Shares]:
        """Who has which share now, by task."""
        found: dict[int, Shares] = {}
        shares = Assignment.objects.filter(task__in=[task.pk for task in self.tasks])
        for share in shares.exclude(status=AssignmentStatus.ENDED).select_related("organization__region"):
            found.setdefault(share.task_id, {})[share.organization_id] = (share.organization, share.role)
        return found

    def wanted(self, item: PlanItem) -> Shares:
        """Who gets which share by the revised plan; a task given to nobody falls to the office (R027)."""
        office = self.campaign.office
        return shares_of(item.data, self.units, self.bodies) or {
            office.pk: (office, Assignment.Role.RESPONSIBLE.value)
        }

    @cached_property
    def phase_pairs(self) -> list[Pair]:
        old = [Line(phase.pk, "", phase.name, phase.name) for phase in self.phases]
        new = [
            Line(item.pk, "", item.data["name"], item.data["name"]) for item in self.of(PlanItem.Kind.PHASE)
        ]
        return pair_up(old, new)

    def task_lines(self) -> tuple[list[Line], list[Line]]:
        """The tasks of both sides as lines to pair."""
        old = [Line(task.pk, task.no, task.heading, task.text) for task in self.tasks]
        new = [
            Line(item.pk, item.data["no"], item.data["heading"], item.data["text"])
            for item in self.of(PlanItem.Kind.TASK)
        ]
        return old, new

    @cached_property
    def phase_of_item(self) -> dict[int, Phase]:
        """The running phase each phase of the revised plan is; new ones as they would be, unsaved."""
        by_pk = {phase.pk: phase for phase in self.phases}
        paired = {pair.new.key: by_pk[pair.old.key] for pair in self.phase_pairs}
        found = {}
        for item in self.of(PlanItem.Kind.PHASE):
            known = paired.get(item.pk)
            found[item.pk] = Phase(
                pk=known.pk if known else None,
                campaign=self.campaign,
                name=item.data["name"][:60],
                starts_on=_day(item.data["start"]),
                ends_on=_day(item.data["end"]),
            )
        return found

    def open_units(self) -> list[PlanUnit]:
        """Names of the revised plan nobody has identified yet."""
        return open_units(self.items, list(self.units.values()))


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def carry_over(sides: Sides) -> None:
    """Give the revised plan what the office has put right before: objects of tasks, and phases the text does not say.

    A task in a chapter without phases gets its phase from no word of the plan; the one it has now is the better guess.
    """
    old, new = sides.task_lines()
    tasks = {task.pk: task for task in sides.tasks}
    kinds: dict[int, list[str]] = {}
    for task_id, key in Task.kinds.through.objects.filter(task__in=list(tasks)).values_list(
        "task_id", "enterprisekind_id"
    ):
        kinds.setdefault(task_id, []).append(key)
    undated = _outside_phases(sides.items)
    new_phase = {pair.old.key: pair.new.key for pair in sides.phase_pairs}
    items = {item.pk: item for item in sides.items}
    changed = []
    for pair in pair_up(old, new):
        task, item = tasks[pair.old.key], items[pair.new.key]
        before = dict(item.data)
        item.data["kinds"] = kinds.get(task.pk, [])
        if item.pk in undated:
            item.data["phase"] = new_phase.get(task.phase_id) if task.phase_id else None
        if item.data != before:
            changed.append(item)
    PlanItem.objects.bulk_update(changed, ["data"])


def _outside_phases(items: Sequence[PlanItem]) -> set[int]:
    """Tasks of chapters in which no phase stands."""
    chapters: list[list[PlanItem]] = [[]]
    for item in items:
        if item.kind == PlanItem.Kind.SECTION:
            chapters.append([])
        chapters[-1].append(item)
    return {
        item.pk
        for chapter in chapters
        if not any(each.kind == PlanItem.Kind.PHASE for each in chapter)
        for item in chapter
        if item.kind == PlanItem.Kind.TASK
    }


def compare(amendment: Amendment, *, on: dt.date) -> list[AmendmentChange]:
    """Every line of the comparison, unsaved and undecided, in the order of the revised plan; what is gone comes last."""
    sides = Sides(amendment.campaign, amendment.document, on)
    changes = [*_phases(sides), *_tasks(sides, amendment.hand), *_lists(sides)]
    for position, change in enumerate(changes, start=1):
        change.amendment, change.position = amendment, position
    return changes


def _phases(sides: Sides) -> Iterable[AmendmentChange]:
    phases = {phase.pk: phase for phase in sides.phases}
    pairs = {pair.new.key: pair for pair in sides.phase_pairs}
    for item in sides.of(PlanItem.Kind.PHASE):
        wanted = sides.phase_of_item[item.pk]
        pair = pairs.get(item.pk)
        old = phases.pop(pair.old.key) if pair else None
        rows = [
            ("name", "名称", old.name if old else "", wanted.name),
            ("starts_on", "开始", _iso(old and old.starts_on), _iso(wanted.starts_on)),
            ("ends_on", "结束", _iso(old and old.ends_on), _iso(wanted.ends_on)),
        ]
        fields = _fields(rows)
        yield AmendmentChange(
            key=f"phase:{item.pk}", subject=Subject.PHASE, phase=old, item=item, title=wanted.name,
            kind=_kind(old, fields), fields=fields, why=pair.why if pair else "",
        )  # fmt: skip
    for phase in phases.values():
        rows = [("name", "名称", phase.name, ""), ("ends_on", "结束", _iso(phase.ends_on), "")]
        yield AmendmentChange(
            key=f"gone-phase:{phase.pk}", subject=Subject.PHASE, phase=phase, title=phase.name,
            kind=Kind.REMOVED, fields=_fields(rows),
        )  # fmt: skip


def _tasks(sides: Sides, hand: dict[str, Any]) -> Iterable[AmendmentChange]:
    old, new = sides.task_lines()
    together = [(one, other) for one, other in hand.get("together", [])]
    apart = [(one, other) for one, other in hand.get("apart", [])]
    pairs = {pair.new.key: pair for pair in pair_up(old, new, together=together, apart=apart)}
    tasks = {task.pk: task for task in sides.tasks}
    for item in sides.of(PlanItem.Kind.TASK):
        pair = pairs.get(item.pk)
        task = tasks.pop(pair.old.key) if pair else None
        fields = task_fields(sides, task, item)
        yield AmendmentChange(
            key=f"task:{item.pk}", subject=Subject.TASK, task=task, item=item,
            title=f"{item.data['no']} {item.data['heading']}".strip()[:120],
            kind=_kind(task, fields), fields=fields,
            why=pair.why if pair else "", is_by_hand=bool(pair and pair.is_by_hand),
        )  # fmt: skip
    for task in tasks.values():
        fields = _fields(
            [
                ("text", "内容", task.text, ""),
                ("shares", "分工", _share_words(sides.held.get(task.pk, {})), ""),
                ("due", "期限", _iso(task.due_on), ""),
            ]
        )
        yield AmendmentChange(
            key=f"gone-task:{task.pk}", subject=Subject.TASK, task=task, title=str(task)[:120],
            kind=Kind.REMOVED, fields=fields,
        )  # fmt: skip


def task_fields(sides: Sides, task: Task | None, item: PlanItem) -> Fields:
    """What differs between a running task and its form in the revised plan, field by field."""
    phase = sides.phase_of_item.get(item.data["phase"] or 0)
    due, source = due_of(item, phase)
    held = sides.held.get(task.pk, {}) if task else {}
    rows = [
        ("no", "编号", task.no if task else "", item.data["no"][:40]),
        ("heading", "名称", task.heading if task else "", item.data["heading"][:60]),
        ("text", "内容", task.text if task else "", item.data["text"]),
        ("phase", "阶段", task.phase.name if task and task.phase else "", phase.name if phase else ""),
        ("due", "期限", _due_words(task.due_on, task.due_source) if task else "", _due_words(due, source)),
        ("shares", "分工", _share_words(held), _share_words(sides.wanted(item))),
    ]
    if task and task.phase_id and phase and phase.pk == task.phase_id:
        # The same phase under another name is a change of the phase, not of each of its tasks.
        rows = [row for row in rows if row[0] != "phase"]
        if task.due_on == due:
            rows = [row for row in rows if row[0] != "due"]
    fields = _fields(rows)
    # The words unchanged, so are the checks: what the office made of them is in its own checklist.
    is_reworded = task is None or task.text != item.data["text"]
    texts = [check["text"][:300] for check in item.data["check_items"]] if is_reworded else []
    known = sides.checks.get(task.pk, set()) if task else set()
    if fresh := [text for text in texts if text not in known]:
        fields.append({"name": "checks", "label": "检查事项", "before": "", "after": "\n".join(fresh)})
    return fields


def _due_words(due: dt.date | None, source: str) -> str:
    return f"{due}（{source}）" if due else "未定"


def _share_words(shares: Shares) -> str:
    """牵头：市住建局；配合：市商务局、市公安局, in the order of the roles."""
    words = []
    for role in Assignment.Role:
        names = sorted(
            (body for body, held in shares.values() if held == role),
            key=lambda body: (body.region_id, body.pk),
        )
        if names:
            words.append(f"{role.label}：{'、'.join(body.short_name for body in names)}")
    return "；".join(words)


def _lists(sides: Sides) -> Iterable[AmendmentChange]:
    """Reporting rules, targets and bodies: small rows nothing else hangs on."""
    campaign = sides.campaign
    reports = [
        (row.pk, [("who", "报送单位", row.who), ("to", "接收单位", row.to), ("when", "时间要求", row.when)])
        for row in campaign.reporting_rules.order_by("pk")
    ]
    new_reports = [
        (item, [("who", "报送单位", data["who"][:120]), ("to", "接收单位", data["to"][:120]), ("when", "时间要求", data["when"][:120])])
        for item in sides.of(PlanItem.Kind.REPORT)
        for data in [item.data]
    ]  # fmt: skip
    yield from _rows(Subject.REPORT, reports, new_reports)
    targets = [(row.pk, [("text", "目标", row.text)]) for row in campaign.targets.order_by("pk")]
    new_targets = [
        (item, [("text", "目标", item.data["text"][:200])]) for item in sides.of(PlanItem.Kind.TARGET)
    ]
    yield from _rows(Subject.TARGET, targets, new_targets)
    people = (("head", "组长"), ("deputies", "副组长"), ("members", "成员"))
    bodies = [
        (
            row.pk,
            [
                ("name", "名称", row.name),
                *((key, label, "、".join(getattr(row, key))) for key, label in people),
            ],
        )
        for row in campaign.bodies.order_by("pk")
    ]
    new_bodies = [
        (
            item,
            [
                ("name", "名称", item.data["name"][:120]),
                *((key, label, "、".join(item.data[key])) for key, label in people),
            ],
        )
        for item in sides.of(PlanItem.Kind.BODY)
    ]
    yield from _rows(Subject.BODY, bodies, new_bodies)


Row = list[tuple[str, str, str]]


def _rows(
    subject: str, old: list[tuple[int, Row]], new: list[tuple[PlanItem, Row]]
) -> Iterable[AmendmentChange]:
    def line(key: int, row: Row) -> Line:
        return Line(key, "", row[0][2], "\n".join(value for _, _, value in row))

    befores = dict(old)
    pairs = {
        pair.new.key: pair
        for pair in pair_up([line(pk, row) for pk, row in old], [line(item.pk, row) for item, row in new])
    }
    for item, row in new:
        pair = pairs.get(item.pk)
        before = befores.pop(pair.old.key) if pair else None
        fields = _fields(
            [
                (name, label, before[at][2] if before else "", value)
                for at, (name, label, value) in enumerate(row)
            ]
        )
        yield AmendmentChange(
            key=f"{subject}:{item.pk}", subject=subject, row=pair.old.key if pair else None, item=item,
            title=_title(row), kind=_kind(before, fields), fields=fields, why=pair.why if pair else "",
        )  # fmt: skip
    for pk, row in befores.items():
        yield AmendmentChange(
            key=f"gone-{subject}:{pk}", subject=subject, row=pk, title=_title(row), kind=Kind.REMOVED,
            fields=_fields([(name, label, value, "") for name, label, value in row]),
        )  # fmt: skip


def _title(row: Row) -> str:
    return (
        next((value for _, _, value in reversed(row) if value), "")[:120]
        if len(row) == 3
        else row[0][2][:120]
    )


def _iso(day: Any) -> str:
    return day.isoformat() if day else ""


def _kind(old: object, fields: Fields) -> str:
    if not old:
        return Kind.ADDED
    return Kind.CHANGED if fields else Kind.UNCHANGED


def _fields(rows: Iterable[tuple[str, str, str, str]]) -> Fields:
    """The rows that differ; where both sides have words, with the words that went and came."""
    found: Fields = []
    for name, label, before, after in rows:
        if before == after:
            continue
        entry: dict[str, Any] = {"name": name, "label": label, "before": before, "after": after}
        if before and after and name in {"text", "heading", "shares", "when", "members"}:
            entry["parts"] = parts_of(before, after)
        found.append(entry)
    return found
