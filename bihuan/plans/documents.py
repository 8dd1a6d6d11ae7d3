"""Whole files compiled: the document a file is about, every document of a collection, or one part of it."""

from __future__ import annotations

from dataclasses import replace

from bihuan.plans.compiler import compile_source
from bihuan.plans.model import Part, Plan, SourceText, Span
from bihuan.plans.parts import PART_KINDS, documents, excerpt, main_document, missing_pieces, separate


def compile_documents(source: SourceText) -> list[Plan]:
    """Compile every plan and every notice of a file, in printed order; the main document alone if there is none."""
    parts = separate(source)
    groups = documents(parts)
    wanted = [group for group in groups if any(part.kind in ("plan", "notice") for part in group)]
    return [compile_document(source, parts, group) for group in wanted or [main_document(groups)]]


def compile_main(source: SourceText) -> Plan:
    """Compile the document a file is about; `parts` lists whatever else the file holds."""
    parts = separate(source)
    return compile_document(source, parts, main_document(documents(parts)))


def compile_part(source: SourceText, number: int) -> Plan:
    """Compile one part alone, counted from 1 as `separate` lists them. Raises IndexError when there is none such."""
    parts = separate(source)
    if not 1 <= number <= len(parts):
        raise IndexError(number)
    return compile_document(source, parts, [parts[number - 1]])


def compile_document(source: SourceText, parts: list[Part], chosen: list[Part]) -> Plan:
    """Compile the chosen, neighbouring parts of a file; spans refer to the text of these parts alone."""
    if len(chosen) == len(parts):
        return replace(compile_source(source), parts=parts)
    span = Span(_span(chosen[0]).start, _span(chosen[-1]).end)
    own = excerpt(source, span)
    listed = [
        replace(
            part,
            span=Span(_span(part).start - span.start, min(_span(part).end - span.start, len(own.text)))
            if part in chosen
            else None,
        )
        for part in parts
    ]
    others = "；".join(f"{PART_KINDS[part.kind]}《{part.title}》" for part in parts if part not in chosen)
    notices = [f"文件中另有 {len(parts) - len(chosen)} 份材料未在此编译：{others}。"]
    missing = missing_pieces(parts)
    if missing:
        notices.append(f"文件标称 {missing[0]} 篇，实际只有 {missing[1]} 篇，其余缺失。")
    own = replace(own, notices=[*own.notices, *notices])
    return replace(compile_source(own), parts=listed)


def _span(part: Part) -> Span:
    assert part.span is not None
    return part.span
