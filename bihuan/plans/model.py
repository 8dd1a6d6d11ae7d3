"""What a compiled plan consists of. Plain frozen records; every element knows where it stands in the text."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from bihuan.plans.export import plan_to_json

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

    `kind` is one of docx, pdf, html, text. `notices` are Chinese sentences about what was dropped or could
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


@dataclass(frozen=True)
class Phase:
    """A stage of the campaign; an open end (自某月起) is None, so is an open start (某日前)."""

    name: str
    start: date | None
    end: date | None
    span: Span
    confidence: float
    rule: str
    no: str = ""
    field_spans: dict[str, list[Span]] = field(default_factory=dict)


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
    """A count or percentage to be reached, as printed."""

    text: str
    span: Span
    confidence: float
    rule: str


@dataclass(frozen=True)
class Body:
    """A leading group or task force with its printed composition (R022, R023)."""

    name: str
    head: list[str]
    deputies: list[str]
    members: list[str]
    span: Span
    confidence: float
    rule: str
    field_spans: dict[str, list[Span]] = field(default_factory=dict)


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
    unclassified: list[Span] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the plan as plain JSON values (see `bihuan.plans.export`)."""
        return plan_to_json(self)
