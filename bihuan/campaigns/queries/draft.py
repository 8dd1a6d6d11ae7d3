"""How far a draft is: counts for the progress line, and everything still missing before it may be published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bihuan.plans import normalize_unit

from ..drafts import problem_of, unit_names
from ..models import PlanDocument, PlanFinding, PlanItem, PlanUnit
from ..units import names_in


@dataclass(frozen=True)
class Missing:
    """One line of the checklist before publishing. `items` are the elements meant, `units` the names."""

    text: str
    is_blocking: bool
    items: tuple[PlanItem, ...] = ()
    units: tuple[PlanUnit, ...] = ()


@dataclass(frozen=True)
class Progress:
    """58 项任务，3 个单位未识别，体检 4 项未答复."""

    tasks: int
    confirmed_tasks: int
    elements: int
    confirmed_elements: int
    open_units: int
    errors: int = 0
    warnings: int = 0
    advice: int = 0

    @property
    def unseen(self) -> int:
        return self.elements - self.confirmed_elements

    @property
    def findings(self) -> int:
        """What the checkup objects to and nobody has answered."""
        return self.errors + self.warnings + self.advice

    @property
    def remaining(self) -> int:
        """How many places still ask for a person."""
        return self.unseen + self.open_units + self.findings


def live(items: Sequence[PlanItem]) -> list[PlanItem]:
    """What was not removed."""
    return [item for item in items if item.state != PlanItem.State.REMOVED]


def open_units(items: Sequence[PlanItem], units: Sequence[PlanUnit]) -> list[PlanUnit]:
    """Names live tasks charge and nobody has identified."""
    used = names_in(items)
    return [unit for unit in units if not unit.is_matched and unit.key in used]


def progress(
    items: Sequence[PlanItem], units: Sequence[PlanUnit], findings: Iterable[PlanFinding] = ()
) -> Progress:
    """The counts of the progress line. Chapter headings are not elements: they ask nothing of anybody."""
    elements = [item for item in live(items) if item.kind != PlanItem.Kind.SECTION]
    tasks = [item for item in elements if item.kind == PlanItem.Kind.TASK]
    confirmed = PlanItem.State.CONFIRMED
    unanswered = Counter(finding.severity for finding in findings if finding.is_open)
    severity = PlanFinding.Severity
    return Progress(
        tasks=len(tasks),
        confirmed_tasks=sum(item.state == confirmed for item in tasks),
        elements=len(elements),
        confirmed_elements=sum(item.state == confirmed for item in elements),
        open_units=len(open_units(items, units)),
        errors=unanswered[severity.ERROR],
        warnings=unanswered[severity.WARNING],
        advice=unanswered[severity.ADVICE],
    )


def missing(document: PlanDocument) -> list[Missing]:
    """Everything that keeps the draft from being published, then what deserves a second look."""
    items, units = list(document.items.all()), list(document.units.all())
    present = live(items)
    tasks = [item for item in present if item.kind == PlanItem.Kind.TASK]
    phases = [item for item in present if item.kind == PlanItem.Kind.PHASE]
    lines: list[Missing] = []

    def line(
        text: str, found: Sequence[PlanItem] = (), *, blocking: bool, names: Sequence[PlanUnit] = ()
    ) -> None:
        lines.append(Missing(text, blocking, tuple(found), tuple(names)))

    if not tasks:
        line("方案里没有任何任务", blocking=True)
    unseen = [item for item in present if item.state == PlanItem.State.PROPOSED]
    if unseen:
        line(f"{len(unseen)} 项还没有人核对", unseen, blocking=True)
    unnamed = open_units(items, units)
    if unnamed:
        line(f"{len(unnamed)} 个单位还没有认定", names=unnamed, blocking=True)
    broken = [item for item in present if problem_of(item.kind, item.data)]
    if broken:
        line(f"{len(broken)} 项内容不完整", broken, blocking=True)
    if not phases:
        line("没有阶段：发布后不设关口，任务期限只看自身", blocking=False)
    undated = [item for item in phases if not (item.data.get("start") or item.data.get("end"))]
    if undated:
        line(f"{len(undated)} 个阶段没有日期", undated, blocking=False)
    ignored = {unit.key for unit in units if unit.group == PlanUnit.Group.IGNORED}
    ownerless = [
        item
        for item in tasks
        if not any(normalize_unit(name) not in ignored for name in unit_names(item.data))
    ]
    if ownerless:
        line(f"{len(ownerless)} 项任务没有承办单位，发布后由安委办承办", ownerless, blocking=False)
    phase_ids = {item.pk: item for item in phases}
    homeless = [item for item in tasks if item.data.get("phase") not in phase_ids]
    if homeless and phases:
        line(f"{len(homeless)} 项任务不属于任何阶段", homeless, blocking=False)
    endless = [
        item
        for item in tasks
        if not item.data.get("due")
        and not (item.data.get("phase") in phase_ids and phase_ids[item.data["phase"]].data.get("end"))
    ]
    if endless:
        line(f"{len(endless)} 项任务没有完成期限", endless, blocking=False)
    kindless = [item for item in tasks if not item.data.get("kinds")]
    if kindless:
        line(f"{len(kindless)} 项任务没有适用对象类型，不计覆盖率", kindless, blocking=False)
    listless = [item for item in tasks if item.data.get("kinds") and not item.data.get("check_items")]
    if listless:
        line(f"{len(listless)} 项有检查对象的任务没有检查事项", listless, blocking=False)
    return lines


def blocking(document: PlanDocument) -> list[Missing]:
    """The lines that forbid publishing."""
    return [line for line in missing(document) if line.is_blocking]


def unanswered_errors(document: PlanDocument) -> list[PlanFinding]:
    """The errors of the checkup nobody has answered: no bar to publishing, but it takes a reason."""
    return list(
        PlanFinding.objects.filter(
            document=document, severity=PlanFinding.Severity.ERROR, state=PlanFinding.State.OPEN
        )
    )
