"""Reading returns: lists, the sheet of an office's period with who is missing, late, restated, contradictory, by name."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Q
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.duties.models import Duty
from bihuan.figures.gate import Problem

from .comparing import shown
from .conflicts import Conflict, conflicts_of
from .counting import Cells, Filling, Row, cell_of, fill, scope_of_body
from .figures import figures_of, spec_of
from .models import Definition, Period, Restatement, Return
from .models.returns import ReturnQuerySet
from .proofing import doubts_of
from .schema import Item, Spec
from .workflow import FILED, OPEN, Status

STATES = {
    "due": "待报送", "overdue": "已逾期", "filed": "已报送", "sent_back": "退回重报", "late": "迟报", "restated": "与台账有出入",
    "zero": "零报告",
}  # fmt: skip
LOADED = (
    "period__version", "period__definition__campaign", "organization__region", "collector", "current__by",
)  # fmt: skip
MOST_UNITS = 600
OWN = "own"  # the row of the collecting office's own ledger, beside the sums by kind of body


def records(user: User) -> ReturnQuerySet:
    """Returns one may see, with everything their page needs."""
    return Return.objects.visible_to(user).select_related(*LOADED)


def in_state(rows: ReturnQuerySet, state: str, *, on: dt.date) -> ReturnQuerySet:
    """Narrowed to one of STATES; anything else is all."""
    match state:
        case "due":
            return rows.filter(status__in=list(OPEN))
        case "overdue":
            return rows.filter(status=Status.OWED, due_on__lt=on)
        case "filed":
            return rows.filter(status__in=list(FILED))
        case "sent_back":
            return rows.filter(status__in=[Status.SENT_BACK, Status.UNLOCKED])
        case "late":
            return rows.filter(is_late=True)
        case "restated":
            return rows.filter(is_restated=True)
        case "zero":
            return rows.filter(current__is_zero=True)
    return rows


@dataclass(frozen=True)
class Contradiction:
    """An upper body's signed figure against the sum of what those under it signed (上下级不一致)."""

    upper: Return
    label: str
    signed: Decimal
    summed: Decimal
    below: int


@dataclass(frozen=True)
class Line:
    """One body in the sheet of a period."""

    record: Return
    cells: Cells
    links: dict[str, str]  # item -> the page of its rows as of the signing
    doubts: tuple[Problem, ...]  # where the words do not fit the figures
    explained: tuple[str, ...]  # cross-checks that do not hold, each with what the signer said of it
    restated: list[Restatement]
    unheld: bool

    @property
    def is_missing(self) -> bool:
        return self.record.status in OPEN

    def is_overdue(self, on: dt.date) -> bool:
        return self.record.status == Status.OWED and self.record.due_on < on


@dataclass(frozen=True)
class Total:
    """The sum of what bodies of one kind signed, item by item; rates are worked out from the sums."""

    kind: str
    label: str
    filed: int
    owed: int
    cells: Cells


@dataclass(frozen=True)
class Gathered:
    """A period as its office sees it."""

    period: Period
    spec: Spec
    lines: list[Line]
    totals: list[Total]
    own: Cells
    contradictions: list[Contradiction]
    on: dt.date
    names: dict[str, list[Return]] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)

    @property
    def filed(self) -> int:
        return sum(1 for line in self.lines if line.record.is_filed)

    @property
    def items(self) -> tuple[Item, ...]:
        return self.spec.items

    @property
    def whole(self) -> Row:
        """The row of everything together."""
        return Row(self.spec.whole.key, self.spec.whole.label)


def gather(period: Period, user: User, *, on: dt.date | None = None) -> Gathered:
    """Sum the signed returns of a period; name who is missing, late, sent back, restated or contradicts another."""
    today = on or timezone.localdate()
    rows = list(
        Return.objects.visible_to(user).filter(period=period).select_related(*LOADED)
        .order_by("organization__kind", "organization__region_id", "organization_id")[:MOST_UNITS]
    )  # fmt: skip
    spec = spec_of(rows[0]) if rows else spec_of(Return(period=period))
    restated = defaultdict(list)
    for each in Restatement.objects.filter(filing__current_of__in=rows, settled_at=None).select_related(
        "filing"
    ):
        restated[each.filing.record_id].append(each)
    held = Duty.objects.unheld(on=today).filter(
        subject__in=[f"returns.return:{row.pk}" for row in rows],
        kind__in=[Duty.Kind.RETURN, Duty.Kind.RETURN_CORRECTION],
    )  # fmt: skip
    unheld = {int(subject.rpartition(":")[2]) for subject in held.values_list("subject", flat=True)}
    lines = [
        Line(row, *_whole_row(row, spec), restated=restated[row.pk], unheld=row.pk in unheld) for row in rows
    ]
    conflicts = conflicts_of(period, rows, user)
    names: dict[str, list[Return]] = {
        "missing": [row for row in rows if row.status == Status.OWED and row.due_on < today],
        "waiting": [row for row in rows if row.status == Status.OWED and row.due_on >= today],
        "late": [row for row in rows if row.is_late],
        "sent_back": [row for row in rows if row.status in (Status.SENT_BACK, Status.UNLOCKED)],
        "restated": [row for row in rows if restated[row.pk]],
        "doubtful": [line.record for line in lines if line.doubts],
        "conflicting": [row for row in rows if row.pk in conflicts],
        "explained": [line.record for line in lines if line.explained],
        "zero": [row for row in rows if row.current is not None and row.current.is_zero and row.is_filed],
        "waived": [row for row in rows if row.status == Status.WAIVED],
    }  # fmt: skip
    contradictions = contradictions_of(lines, spec)
    return Gathered(
        period, spec, lines, _totals(lines, spec), own_figures(period, spec), contradictions, today, names,
        [each for its in conflicts.values() for each in its],
    )  # fmt: skip


def _whole_row(
    record: Return, spec: Spec
) -> tuple[Cells, dict[str, str], tuple[Problem, ...], tuple[str, ...]]:
    """What a body signed, in the row of everything, where each figure opens, where its words do not fit them, and which
    cross-checks it explained."""
    if record.current is None or not record.is_filed:
        return {}, {}, (), ()
    sheet = figures_of(record, record.current)
    row = sheet.rows[0]
    cells: Cells = {}
    links = {}
    for item in spec.items:
        if signed := sheet.spec.item(item.key):
            cells[item.key] = _trimmed(sheet.cells.get(cell_of(row.key, item.key)))
            links[item.key] = sheet.figure(row, signed).url
    explained = tuple(
        f"{broken.words}，说明：{said}"
        for broken in sheet.broken
        if (said := sheet.explanations.get(broken.key, ""))
    )
    return cells, links, doubts_of(sheet), explained


def _trimmed(value: Decimal | None) -> Decimal | None:
    """The same number without .0, as it stands in reports (domain rules §2.3)."""
    return None if value is None else Decimal(shown(value))


def _totals(lines: Sequence[Line], spec: Spec) -> list[Total]:
    by_kind: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        by_kind[line.record.organization.kind].append(line)
    return [
        Total(
            kind, f"{Organization.Kind(kind).label}合计", sum(1 for line in group if line.record.is_filed), len(group),
            added([line.cells for line in group if line.record.is_filed], spec),
        )
        for kind, group in by_kind.items()
    ]  # fmt: skip


def added(sheets: Iterable[Cells], spec: Spec) -> Cells:
    """Sums of additive items; formulas are worked out from the sums, what cannot be added stays unknown."""
    listed = list(sheets)
    sums: Cells = {}
    for item in spec.items:
        if item.formula is None and item.additive:
            known = [value for cells in listed if (value := cells.get(item.key)) is not None]
            sums[item.key] = sum(known, Decimal(0)) if known or not listed else None
    for item in spec.items:
        if item.formula is not None:
            value = item.formula.value(lambda name, when: sums.get(name) if not when else None)
            sums[item.key] = None if value is None else Decimal(shown(value, item.digits))
    return sums


def own_figures(period: Period, spec: Spec) -> Cells:
    """What the collecting office's own ledger says of its whole area now, to hold the sums against."""
    sheet = fill(own_filling(period, spec))
    whole = sheet.rows[0].key
    return {
        item.key: _trimmed(sheet.cells.get(cell_of(whole, item.key))) for item in spec.items if item.measure
    }


def own_filling(period: Period, spec: Spec) -> Filling:
    """The collecting office's whole area in that period."""
    definition = period.definition
    scope = scope_of_body(definition.organization, definition.campaign)
    return Filling(spec, scope, period.span, definition.campaign.starts_on if definition.campaign else None)


def contradictions_of(lines: Sequence[Line], spec: Spec) -> list[Contradiction]:
    """Where an office's signed figure is not the sum of what the localities under it signed, all of them having signed."""
    kind, found = Organization.Kind, []
    localities = [line for line in lines if line.record.organization.kind == kind.LOCALITY]
    for line in lines:
        if line.record.organization.kind != kind.OFFICE or not line.record.is_filed:
            continue
        code = line.record.organization.region_id
        below = [each for each in localities if each.record.organization.region_id.startswith(code)]
        if not below or not all(each.record.is_filed for each in below):
            continue
        sums = added([each.cells for each in below], spec)
        for item in spec.items:
            signed, summed = line.cells.get(item.key), sums.get(item.key)
            if item.formula is not None or not item.additive or signed is None or summed is None:
                continue
            if signed != summed:
                found.append(Contradiction(line.record, item.label, signed, summed, len(below)))
    return found


@dataclass(frozen=True)
class Mark:
    """One body in one period of the overview."""

    record: Return | None
    words: str
    tone: str


def latest_opened(definitions: Sequence[Definition]) -> Definition | None:
    """The definition whose last period is the newest: what an office looks at first; the first one if none was opened."""
    newest = (
        Period.objects.filter(definition__in=definitions).order_by("-last", "-id").values_list("definition", flat=True).first()
    )  # fmt: skip
    return next((each for each in definitions if each.pk == newest), definitions[0] if definitions else None)


def overview(
    definition: Definition, user: User, *, on: dt.date, most: int = 8
) -> tuple[list[Period], list[tuple[Organization, list[Mark], int]]]:
    """Bodies × the last periods, the newest first, with how often each was late or missing: two queries whatever the size."""
    periods = list(definition.periods.select_related("version", "definition").order_by("-last", "-id")[:most])
    rows = (
        Return.objects.visible_to(user).filter(period__in=periods).select_related("organization", "current")
        .order_by("organization__kind", "organization__region_id", "organization_id")
    )  # fmt: skip
    by_body: dict[Organization, dict[int, Return]] = {}
    for row in rows[: MOST_UNITS * most]:
        by_body.setdefault(row.organization, {})[row.period_id] = row
    lines = []
    for body, of_body in by_body.items():
        marks = [mark_of(of_body.get(period.pk), on) for period in periods]
        bad = sum(
            1
            for each in of_body.values()
            if each.is_late or (each.status == Status.OWED and each.due_on < on)
        )
        lines.append((body, marks, bad))
    return periods, lines


def mark_of(record: Return | None, on: dt.date) -> Mark:
    """How one return stands, in a word and a tone."""
    if record is None:
        return Mark(None, "—", "none")
    words, tone = record.get_status_display(), "none"
    match record.status:
        case Status.OWED:
            words, tone = ("缺报", "bad") if record.due_on < on else ("待报", "fair")
        case Status.SENT_BACK | Status.UNLOCKED:
            tone = "poor"
        case Status.SIGNED | Status.ACCEPTED:
            zero = record.current is not None and record.current.is_zero
            words, tone = (
                ("零报告" if zero else words),
                "best" if record.status == Status.ACCEPTED else "good",
            )
            if record.is_late:
                words, tone = ("迟报·零报告" if zero else "迟报"), "fair"
            if record.is_restated:
                words = f"{words}·有出入" if record.is_late or zero else "有出入"
    return Mark(record, words, tone)


def late_twice(
    definition: Definition, *, on: dt.date, within: int = 3
) -> list[tuple[Organization, list[Return]]]:
    """Bodies late or missing at least twice in the last periods of a return: what 提醒函 and 通报 are triggered by."""
    periods = list(
        definition.periods.filter(due_on__lt=on)
        .order_by("-last", "-id")
        .values_list("pk", flat=True)[:within]
    )
    late = (
        Return.objects.filter(Q(is_late=True) | Q(status=Status.OWED), period__in=periods)
        .select_related("organization__region", "period__definition").order_by("period__last")
    )  # fmt: skip
    by_body: dict[Organization, list[Return]] = defaultdict(list)
    for row in late:
        by_body[row.organization].append(row)
    return [(body, rows) for body, rows in by_body.items() if len(rows) >= 2]
