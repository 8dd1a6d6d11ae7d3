"""Between the rows of a version and the `structure.Book` they mean; nothing is lost either way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Prefetch

from bihuan.checklists import structure
from bihuan.checklists.units import plain

from .models import BookItem, BookSection, BookVersion, measure_of


def book_of(version: BookVersion) -> structure.Book:
    """Return what a version says, in two queries."""
    return books_of([version])[0]


def books_of(versions: Sequence[BookVersion]) -> list[structure.Book]:
    """Return what each version says, in two queries however many there are; `version.book` should be loaded."""
    rows = BookSection.objects.filter(version__in=[version.pk for version in versions]).order_by("position")
    by_version: dict[int, list[structure.Section]] = {version.pk: [] for version in versions}
    for row in rows.prefetch_related(Prefetch("items", BookItem.objects.order_by("position"))):
        items = tuple(item_of(item) for item in row.items.all())
        by_version[row.version_id].append(structure.Section(row.code, row.title, row.link, items))
    return [
        structure.Book(
            version.book.key, version.title, version.number, tuple(by_version[version.pk]), version.note
        )
        for version in versions
    ]


def item_of(row: BookItem) -> structure.Item:
    """Return what one row says."""
    return structure.Item(
        code=row.code,
        text=row.text,
        criterion=row.criterion,
        measure=measure_of(row.measure),
        method=tuple(row.method),
        basis=tuple(structure.Basis(each["title"], each["doc_no"], each["article"]) for each in row.basis),
        source=row.source,
        verified=row.verified,
        dispositions=tuple(
            structure.Disposition(each["word"], each["condition"]) for each in row.dispositions
        ),
        severity=row.severity,
        criterion_code=row.criterion_code,
        kinds=tuple(row.kinds),
        guidance=row.guidance,
        proof=row.proof,
        photo=row.photo,
        when=row.when,
        authority=row.authority,
    )


def stored_measure(measure: structure.Measure | None) -> dict[str, str] | None:
    """A numeric demand as a row keeps it: numbers as text, so that no binary fraction comes between."""
    if measure is None:
        return None
    return {
        "label": measure.label,
        "comparator": measure.comparator,
        "number": plain(measure.number),
        "unit": measure.unit,
        "upper": "" if measure.upper is None else plain(measure.upper),
    }


def columns_of(item: structure.Item) -> dict[str, Any]:
    """The columns of the row that says `item`."""
    return {
        "code": item.code,
        "text": item.text,
        "criterion": item.criterion,
        "measure": stored_measure(item.measure),
        "method": list(item.method),
        "basis": [
            {"title": each.title, "doc_no": each.doc_no, "article": each.article} for each in item.basis
        ],
        "source": item.source,
        "verified": item.verified,
        "dispositions": [{"word": each.word, "condition": each.condition} for each in item.dispositions],
        "severity": item.severity,
        "criterion_code": item.criterion_code,
        "kinds": list(item.kinds),
        "guidance": item.guidance,
        "proof": item.proof,
        "photo": item.photo,
        "when": item.when,
        "authority": item.authority,
    }


def write(version: BookVersion, sections: Iterable[structure.Section]) -> None:
    """Give a version these sections in place of what it has. The caller holds the draft."""
    version.sections.all().delete()
    sections = list(sections)
    rows = BookSection.objects.bulk_create(
        BookSection(
            version=version, code=section.code, title=section.title, link=section.link, position=position
        )
        for position, section in enumerate(sections, start=1)
    )
    BookItem.objects.bulk_create(
        BookItem(section=row, position=position, **columns_of(item))
        for row, section in zip(rows, sections, strict=True)
        for position, item in enumerate(section.items, start=1)
    )
