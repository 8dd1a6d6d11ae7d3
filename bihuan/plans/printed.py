"""Values as the document prints them: a traditional text is understood in simplified characters, but quoted in its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bihuan.plans.model import Plan, SourceText, Span


def printed_text(source: SourceText) -> str:
    """Return the text with every Chinese character as the file holds it, of exactly the same length.

    Only a character that stands for one character of the file is taken back; repairs that moved text stay.
    """
    mapped = source.mapped
    if not mapped or len(mapped.starts) != len(source.text):
        return source.text
    original = mapped.original
    characters = [
        original[start] if end - start == 1 and _is_han(character) and _is_han(original[start]) else character
        for character, start, end in zip(source.text, mapped.starts, mapped.ends, strict=True)
    ]
    return "".join(characters)


def _is_han(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff"


def as_printed(plan: Plan, values: dict[str, Any]) -> dict[str, Any]:
    """Write the names and headings of an exported plan as its file prints them; `values` is changed and returned."""
    text, printed = plan.source.text, printed_text(plan.source)
    if printed == text:
        return values

    def back(value: str | None, *spans: Span | None) -> str | None:
        for span in spans:
            at = text.find(value, span.start, span.end) if value and span else -1
            if at >= 0 and value:
                return printed[at : at + len(value)]
        return value

    def write(rows: list[dict[str, Any]], elements: Sequence[Any], fields: Sequence[str]) -> None:
        for row, element in zip(rows, elements, strict=True):
            for name in fields:
                places = [*getattr(element, "field_spans", {}).get(name, []), element.span]
                if isinstance(row[name], list):
                    row[name] = [back(value, *places) for value in row[name]]
                else:
                    row[name] = back(row[name], *places)

    for name in ("title", "issuer", "doc_no"):
        found = getattr(plan, name)
        values[name] = back(values[name], found.span if found else None)
    values["sections"] = [back(section.title, section.span) for section in plan.sections]
    values["targets"] = [back(target.text, target.span) for target in plan.targets]
    write(values["phases"], plan.phases, ("name",))
    write(values["tasks"], plan.tasks, ("heading", "lead", "support", "responsible", "text"))
    write(values["duties"], plan.duties, ("unit", "text", "full_text"))
    write(values["reports"], plan.reports, ("who", "to", "when"))
    write(values["bodies"], plan.bodies, ("name", "head", "deputies", "members"))
    return values
