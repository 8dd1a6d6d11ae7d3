"""The one door: text in, plan out. Every finder reads the same text; nothing here knows a format or a file."""

from __future__ import annotations

import re
from dataclasses import replace

from bihuan.plans.bodies import find_announced, find_bodies
from bihuan.plans.contents import without_contents
from bihuan.plans.context import with_context
from bihuan.plans.dates import year_of_body
from bihuan.plans.duties import find_duties
from bihuan.plans.grid import grids
from bihuan.plans.header import Header, own_year, read_header
from bihuan.plans.metadata import read_metadata, without_metadata
from bihuan.plans.model import Heading, Plan, Section, SourceText, Span
from bihuan.plans.outline import build_outline, close
from bihuan.plans.paragraphs import divide
from bihuan.plans.phases import find_loose_phases, find_named_years, find_phases
from bihuan.plans.reports import find_reports
from bihuan.plans.sections import kind_of
from bihuan.plans.tables import (
    merge_tasks,
    table_bodies,
    table_duties,
    table_phases,
    table_tasks,
    without_tables,
    work_tables,
)
from bihuan.plans.targets import find_targets
from bihuan.plans.tasks import find_tasks


def compile_source(source: SourceText) -> Plan:
    """Compile a document that has been read. Never raises, whatever the text is."""
    laid_out = grids(source)
    tables = work_tables(laid_out, source.text)
    at_work = {table.grid.span for table in tables}
    blank_tables = [grid for grid in laid_out if grid.span not in at_work]
    # Rows are read by their columns; the finders of running text see blanks in their place.
    text = without_contents(without_tables(source.text, tables))
    metadata = read_metadata(text)
    text = without_metadata(text, metadata)
    outline = build_outline(text)
    sections = outline.sections(text)
    nodes = list(outline.walk())
    head_end = nodes[0].start if nodes else min(len(text), 3000)
    tail_start = nodes[-1].start if nodes else 0
    header = read_header(text, head_end, tail_start, outline.body.end, metadata)
    if header.signature and nodes and tail_start < header.signature.start:
        outline.body = Span(outline.body.start, header.signature.start)
        close(outline, text)
    divide(outline, text)
    nodes = list(outline.walk())
    year = _plan_year(header, source.text, outline.body, head_end)
    body = outline.body
    phases = find_phases(outline, text, year)
    tasks = find_tasks(outline, text, year, phases)
    tasks = merge_tasks(tasks, table_tasks(tables, source.text, outline, year), tables)
    named = {phase.name.split("，")[0] for phase in phases.values()}
    other_phases = [year for year in find_named_years(text, head_end, body.end) if year.name not in named]
    loose = find_loose_phases(text, head_end, body.end, year, [p.span for p in phases.values()])
    plan = Plan(
        source=source,
        title=header.title,
        issuer=header.issuer,
        doc_no=header.doc_no,
        issued_on=header.issued_on,
        issued_on_span=header.issued_on_span,
        sections=[
            Section(
                root.label,
                text[root.title.start : root.title.end],
                kind_of(text[root.title.start : root.title.end]),
                Span(root.start, root.end),
                0.7 if root.form == "headline" else 0.95 if root.line_start else 0.8,
                "section.numbered" if root.form != "headline" else "section.unnumbered",
            )
            for root in sections
        ],
        headings=[
            Heading(
                node.path,
                node.rank,
                node.number,
                text[node.title.start : node.title.end],
                node.marker,
                node.title,
                Span(node.start, node.end),
                not node.children,
            )
            for node in nodes
        ],
        phases=sorted(
            [*phases.values(), *other_phases, *loose, *table_phases(tables, source.text, year)],
            key=lambda phase: phase.span,
        ),
        tasks=tasks,
        duties=[*find_duties(outline, text), *table_duties(tables, source.text)],
        reports=find_reports(text, [Span(0, head_end), *(node.own for node in nodes)]),
        targets=find_targets(outline, text),
        bodies=[*find_bodies(text, 0, body.end), *table_bodies(tables, source.text)],
    )
    plan = with_context(plan, outline, text, year, blank_tables)
    headings = [Span(node.start, node.title.end) for node in nodes if node.children or node.is_section]
    plan = replace(plan, announced=find_announced(text, 0, body.end, plan.bodies))
    return replace(plan, unclassified=unclaimed(plan, source.text, headings))


def _plan_year(header: Header, text: str, body: Span, first: int) -> int | None:
    """Return the year dates without one are read in: the document's own, else the body's.

    A plan for the coming year that is signed in the last months of the old one belongs to the year in its title.
    """
    signed_by = header.issuer.rule if header.issuer else ""
    at = header.issued_on_span.start if header.issued_on_span else 0
    official = re.search(r"(?:成文|印发|发文|签发|制发|颁发|颁布)(?:日期|时间)?", text[max(0, at - 10) : at])
    # Below a first sentence stands a signature whose name was not understood.
    below = "。" in text[:at]
    if header.issued_on and not (header.signature or signed_by == "head.signature" or official or below):
        # The date of a web page is when it was put there, not the year of the plan.
        header = replace(header, issued_on=None)
    year = own_year(text, header)
    titled = set(re.findall(r"(?:19|20)\d\d", header.title.value)) if header.title else set()
    signed = header.issued_on
    if signed and signed.month >= 10 and titled == {str(signed.year + 1)}:
        return signed.year + 1
    return year or year_of_body(text, body, first)


def claimed_spans(plan: Plan) -> list[Span]:
    """Return every stretch an element claims; a phase claims its name and period only."""
    spans = [
        element.span
        for group in (plan.tasks, plan.duties, plan.reports, plan.targets, plan.bodies)
        for element in group
    ]
    spans += [f.span for f in (plan.title, plan.issuer, plan.doc_no) if f]
    if plan.issued_on_span:
        spans.append(plan.issued_on_span)
    for phase in plan.phases:
        fields = [s for group in phase.field_spans.values() for s in group]
        spans += fields or [phase.span]
    return spans


def unclaimed(plan: Plan, text: str, headings: list[Span]) -> list[Span]:
    """Return the paragraphs or parts of them that no element or heading claims, blanks and bare punctuation left out."""
    found: list[Span] = []
    cursor = 0
    gaps: list[Span] = []
    for span in sorted([*claimed_spans(plan), *headings]):
        if span.start > cursor:
            gaps.append(Span(cursor, span.start))
        cursor = max(cursor, span.end)
    if cursor < len(text):
        gaps.append(Span(cursor, len(text)))
    for gap in gaps:
        start = gap.start
        while start < gap.end:
            stop = text.find("\n", start, gap.end)
            stop = gap.end if stop < 0 else stop
            piece = text[start:stop]
            bare = piece.strip(" \t\u3000。；;，,：:、.（()）*#")
            if bare:
                left = start + piece.index(bare)
                found.append(Span(left, left + len(bare)))
            start = stop + 1
    return found
