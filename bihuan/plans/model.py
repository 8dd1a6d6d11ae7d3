"""What a compiled plan consists of. Plain frozen records; every element knows where it stands in the text."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from bihuan.plans.export import form_to_json, plan_to_json

if TYPE_CHECKING:
    from bihuan.plans.reading.extracted import Table
    from bihuan.plans.reading.mapped import Dropped, Mapped


class Span(NamedTuple):
    """Half-open range of character offsets in `SourceText.text`."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """Return the characters this span covers."""
        return text[self.start : self.end]

    def covers(self, other: Span) -> bool:
        """Say whether `other` lies wholly inside this span."""
        return self.start <= other.start and other.end <= self.end


class Flag(NamedTuple):
    """A place of the text that is damaged and was left as it is, or was recovered and should be compared (R269)."""

    span: Span
    kind: str
    message: str


@dataclass(frozen=True)
class SourceText:
    """A document as plain text: paragraphs separated by a newline, no paragraph empty.

    `kind` is one of docx, pdf, html, text, image. `notices` are Chinese sentences about what was dropped or could
    not be repaired (R269): they belong on the screen beside the text. `mapped` leads from every character back to
    the text as the file holds it; None for text that was plain from the start. The places of `tables` are offsets in
    `original`.
    """

    text: str
    kind: str
    notices: list[str] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    mapped: Mapped | None = None
    tables: list[Table] = field(default_factory=list)

    @property
    def original(self) -> str:
        """The text as the file holds it, before any repair."""
        return self.mapped.original if self.mapped else self.text

    @property
    def noise(self) -> list[Dropped]:
        """The stretches of the original that are not part of the text, each with its reason."""
        return self.mapped.dropped if self.mapped else []

    def to_original(self, span: Span) -> Span:
        """Return the range of the original a stretch of the text stands for."""
        return self.mapped.to_original(span) if self.mapped else span

    def from_original(self, span: Span) -> Span:
        """Return the stretch of the text that stands for a range of the original."""
        return self.mapped.from_original(span) if self.mapped else span


@dataclass(frozen=True)
class Field:
    """A single value of the document head (title, issuer, number, date) with its place."""

    value: str
    span: Span
    confidence: float
    rule: str


@dataclass(frozen=True)
class Section:
    """A top-level heading. `kind` is one of the words of `sections.KINDS`."""

    no: str
    title: str
    kind: str
    span: Span
    confidence: float
    rule: str


@dataclass(frozen=True)
class Heading:
    """An enumerator with what it heads, whatever its depth; `no` is the path from the section down."""

    no: str
    rank: int
    number: int
    title: str
    marker: Span
    title_span: Span
    span: Span
    is_leaf: bool


class Length(NamedTuple):
    """How long something says it lasts: as printed, and in days (a month counts 30)."""

    text: str
    days: int
    span: Span


@dataclass(frozen=True)
class Phase:
    """A stage of the campaign; an open end (自某月起) is None, so is an open start (某日前).

    `length`: the duration it states (集中10天); `relative`: a time counted from the plan itself (自印发之日起1个月内).
    """

    name: str
    start: date | None
    end: date | None
    span: Span
    confidence: float
    rule: str
    no: str = ""
    field_spans: dict[str, list[Span]] = field(default_factory=dict)
    length: Length | None = None
    relative: str = ""


@dataclass(frozen=True)
class Criterion:
    """A numeric bound (R055): `subject` compared with `value` in `unit`.

    `comparator` is one of < <= > >= = range; for a range `value` is the lower and `upper` the upper end. `unit` is the
    symbol of `criteria.UNITS` ("m", "kg", "person", "%"), `printed_unit` as the text has it, `per` the stretch a
    recurring demand is counted over (每年) or "". `is_fault`: the comparison describes the violation (超过2米的), not what
    is asked for (不超过2米).
    """

    subject: str
    comparator: str
    value: Decimal
    unit: str
    printed_unit: str
    text: str
    span: Span
    confidence: float
    rule: str
    upper: Decimal | None = None
    per: str = ""
    is_fault: bool = False


@dataclass(frozen=True)
class Fine:
    """A fine as printed, in yuan: both ends of a range, equal for a fixed sum, None for an open end."""

    low: Decimal | None
    high: Decimal | None
    text: str
    span: Span


@dataclass(frozen=True)
class DispositionStep:
    """A rung of the ladder of one check item (R054), in printed order.

    `word` and `code` are those of `dispositions.LADDER` and `CODES`; a higher `severity` is the harder consequence.
    `condition` is the clause under which this rung is reached (逾期未改正的) or "" for the item's own condition.
    """

    word: str
    code: str
    severity: int
    condition: str
    text: str
    span: Span
    is_optional: bool = False
    fine: Fine | None = None


@dataclass(frozen=True)
class CheckItem:
    """One thing to look for within a task (R052, R054, R055).

    `text`: the condition without its consequence; `criterion`: its numeric bound as printed or "";
    `dispositions`: the ladder of consequences in printed order, in the words of `checks.LADDER`.
    """

    text: str
    criterion: str
    dispositions: list[str]
    span: Span
    criteria: list[Criterion] = field(default_factory=list)
    ladder: list[DispositionStep] = field(default_factory=list)


@dataclass(frozen=True)
class Task:
    """The finest numbered item that orders work.

    `territorial` holds units charged by a blanket sentence that stands on an earlier item (R026); they are kept
    apart because the item itself does not print them.
    """

    no: str
    heading: str
    text: str
    span: Span
    confidence: float
    rule: str
    lead: list[str] = field(default_factory=list)
    support: list[str] = field(default_factory=list)
    responsible: list[str] = field(default_factory=list)
    due: date | None = None
    territorial: list[str] = field(default_factory=list)
    check_items: list[CheckItem] = field(default_factory=list)
    object_hints: list[str] = field(default_factory=list)
    unit_rule: str = ""
    field_spans: dict[str, list[Span]] = field(default_factory=dict)


@dataclass(frozen=True)
class Duty:
    """A unit charged in a division of labour; `text` is the whole charge as printed."""

    unit: str
    text: str
    span: Span
    confidence: float
    rule: str
    field_spans: dict[str, list[Span]] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """An obligation to send information by a printed time; `rrule` is RFC 5545 for recurrences, else ""."""

    who: str | None
    to: str | None
    when: str
    span: Span
    confidence: float
    rule: str
    rrule: str = ""
    field_spans: dict[str, list[Span]] = field(default_factory=dict)


@dataclass(frozen=True)
class Target:
    """A count or percentage to be reached, as printed.

    `number` is its value (百分之九十五 and 95% are 95.0), `unit` what is counted (% or 家), `comparator` one of
    ">=", "<=", "=" or "" where the text does not say.
    """

    text: str
    span: Span
    confidence: float
    rule: str
    number: float | None = None
    unit: str = ""
    comparator: str = ""


@dataclass(frozen=True)
class Body:
    """A leading group or task force with its printed composition (R022, R023); `role` is a key of `bodies.ROLES`."""

    name: str
    head: list[str]
    deputies: list[str]
    members: list[str]
    span: Span
    confidence: float
    rule: str
    field_spans: dict[str, list[Span]] = field(default_factory=dict)
    role: str = ""


@dataclass(frozen=True)
class Announced:
    """A body the plan sets up or names without saying who belongs to it."""

    name: str
    span: Span
    confidence: float
    rule: str


@dataclass(frozen=True)
class Zone:
    """An area the plan draws (R008): by roads on its sides, by named parts, or by a name alone.

    `boundary` maps 东, 南, 西, 北 (and corners) to the roads or places printed for that side; `alias` is the short name
    given by 以下简称; `exclusions` are the places taken out again.
    """

    name: str
    alias: str
    boundary: dict[str, list[str]]
    parts: list[Zone]
    exclusions: list[str]
    span: Span
    confidence: float
    rule: str


@dataclass(frozen=True)
class ObjectScope:
    """What the campaign is aimed at (R007, R009, R010): `includes` and `exclusions` as printed, `kinds` by `objects`.

    `zone` is the alias of the zone the objects lie in when the text names it.
    """

    text: str
    includes: list[str]
    exclusions: list[str]
    kinds: list[str]
    zone: str
    span: Span
    confidence: float
    rule: str


@dataclass(frozen=True)
class Citation:
    """A document the plan cites. `kind` is parent (a plan it carries out), basis (law, standard, rule) or reference.

    `relation` is the word that ties it to the plan (根据, 按照, 落实); `issuer` and `doc_no` "" unless printed;
    `published` is the plan inside a 关于印发……的通知; `short` the name given by 以下简称.
    """

    title: str
    doc_no: str
    issuer: str
    relation: str
    kind: str
    span: Span
    confidence: float
    rule: str
    published: str = ""
    short: str = ""


@dataclass(frozen=True)
class Fallback:
    """Who answers where nobody is named. `kind` is one of `fallbacks.KINDS`.

    blanket: units charged beside those of every item that follows (R026); rest: whoever takes the objects left over;
    orphan: where objects without a department in charge go (R027). `subject` is what is routed, as printed.
    """

    kind: str
    subject: str
    units: list[str]
    text: str
    span: Span
    confidence: float
    rule: str


@dataclass(frozen=True)
class BatchStep:
    """One order about a batch with its own deadline or window; `no` is the item it stands in."""

    text: str
    start: date | None
    due: date | None
    no: str
    span: Span


@dataclass(frozen=True)
class Batch:
    """A numbered batch (第一批) with its steps in printed order (R019); number 0 is the bare principle 分期分批."""

    name: str
    number: int
    steps: list[BatchStep]
    span: Span
    confidence: float
    rule: str


@dataclass(frozen=True)
class FormChoice:
    """One option of a form field: its printed code or "", and the family of options it stands in."""

    text: str
    code: str
    family: str
    span: Span


@dataclass(frozen=True)
class FormField:
    """A blank to fill. `kind` is one of text, date, number, choice, signature.

    `group` is the person or block the blank belongs to (联系电话 of 消防安全责任人); `hint` the printed explanation;
    `is_personal` marks telephone and identity numbers, to be protected (R273).
    """

    label: str
    kind: str
    span: Span
    group: str = ""
    hint: str = ""
    choices: list[FormChoice] = field(default_factory=list)
    is_personal: bool = False


@dataclass(frozen=True)
class FormTable:
    """A table to fill: its caption, its columns, and the rows the form prints beforehand."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    span: Span


@dataclass(frozen=True)
class Form:
    """A form or template annexed to the plan (R068-R072), ready to be drawn again."""

    title: str
    fields: list[FormField]
    tables: list[FormTable]
    declarations: list[str]
    span: Span
    confidence: float
    rule: str

    @property
    def choices(self) -> list[FormChoice]:
        """The options of all fields in printed order."""
        return [choice for each in self.fields for choice in each.choices]

    def to_json(self) -> dict[str, Any]:
        """Return the definition as plain JSON values."""
        return form_to_json(self)


@dataclass(frozen=True)
class Part:
    """A document, annex or form within a file; `kind` is a key of `parts.PART_KINDS`.

    `span` is its place in the text, None where the text holds only another document of the file; `place` its place
    in the original.
    """

    kind: str
    title: str
    span: Span | None
    place: Span


@dataclass(frozen=True)
class Plan:
    """The structure of one plan document. `unclassified` are the stretches no element claimed."""

    source: SourceText
    title: Field | None = None
    issuer: Field | None = None
    doc_no: Field | None = None
    issued_on: date | None = None
    issued_on_span: Span | None = None
    sections: list[Section] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    duties: list[Duty] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    bodies: list[Body] = field(default_factory=list)
    announced: list[Announced] = field(default_factory=list)
    unclassified: list[Span] = field(default_factory=list)
    criteria: list[Criterion] = field(default_factory=list)
    zones: list[Zone] = field(default_factory=list)
    objects: list[ObjectScope] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    fallbacks: list[Fallback] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)

    @property
    def parents(self) -> list[Citation]:
        """The plans this one carries out (R002)."""
        return [citation for citation in self.citations if citation.kind == "parent"]

    @property
    def basis(self) -> list[Citation]:
        """The laws, rules and standards it rests on."""
        return [citation for citation in self.citations if citation.kind == "basis"]

    def to_json(self) -> dict[str, Any]:
        """Return the plan as plain JSON values (see `bihuan.plans.export`)."""
        return plan_to_json(self)
