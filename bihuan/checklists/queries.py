"""Reading the library: what the list shows, what a page says of an item, which criteria no item asks about."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from django.db.models import QuerySet

from bihuan.accounts.models import User
from bihuan.checklists import structure
from bihuan.registry.models import EnterpriseKind
from bihuan.rules import hazards as criteria_rules
from bihuan.rules.hazards import Criterion

from .models import Book, BookItem, BookVersion
from .storage import book_of


@dataclass(frozen=True)
class Shelf:
    """A book as the list shows it; without a current version only drafts or future ones exist."""

    book: Book
    current: BookVersion | None
    draft: BookVersion | None
    latest: BookVersion | None
    items: int
    major: int
    kinds: tuple[str, ...]


def shelves(
    user: User, *, on: dt.date, sector: str = "", kind: str = "", q: str = "", own: bool = False
) -> list[Shelf]:
    """Books this person sees, narrowed by sector, by kind of object and by words in title or items."""
    books = Book.objects.visible_to(user).select_related("owner", "origin__book")
    if sector in Book.Sector.values:
        books = books.filter(sector=sector)
    if own:
        books = books.exclude(owner=None)
    rows = list(books)
    versions = BookVersion.objects.visible_to(user).filter(book__in=rows)
    by_book: dict[int, list[BookVersion]] = defaultdict(list)
    for version in versions.order_by("-number"):
        by_book[version.book_id].append(version)
    current = {each.book_id: each for each in versions.in_force(on)}
    shown = {book.pk: current.get(book.pk) or next(iter(by_book[book.pk]), None) for book in rows}
    wanted = [version.pk for version in shown.values() if version]
    facts: dict[int, list[BookItem]] = defaultdict(list)
    for item in BookItem.objects.filter(section__version__in=wanted).select_related("section"):
        facts[item.section.version_id].append(item)
    labels = kind_labels()
    found = []
    for book in rows:
        on_shelf = shown[book.pk]
        items = facts[on_shelf.pk] if on_shelf else []
        if kind and not any(not each.kinds or kind in each.kinds for each in items):
            continue
        if q and q not in book.title and not any(q in each.text or q in each.criterion for each in items):
            continue
        latest = by_book[book.pk]
        found.append(
            Shelf(
                book,
                current.get(book.pk),
                next((each for each in latest if each.is_draft), None),
                latest[0] if latest else None,
                len(items),
                sum(1 for each in items if each.criterion_code),
                tuple(sorted({labels.get(key, key) for each in items for key in each.kinds})),
            )
        )
    return found


def kind_labels() -> dict[str, str]:
    """The Chinese names of kinds by key."""
    return dict(EnterpriseKind.objects.values_list("key", "label"))


@dataclass(frozen=True)
class Line:
    """An item as a page shows it, with the names of its kinds and the criterion a failure meets."""

    item: structure.Item
    kinds: tuple[str, ...]
    criterion: Criterion | None

    @property
    def severity(self) -> str:
        return structure.SEVERITIES[self.item.severity]


@dataclass(frozen=True)
class Part:
    """A section as a page shows it."""

    section: structure.Section
    link: str
    lines: tuple[Line, ...]


def parts_of(version: BookVersion, kind: str = "") -> list[Part]:
    """The sections of a version with everything a page says of their items, for one kind of object if given."""
    labels = kind_labels()
    criteria = {each.code: each for each in criteria_rules.all_criteria()}
    found = []
    for section in book_of(version).sections:
        lines = tuple(
            Line(
                item,
                tuple(labels.get(key, key) for key in item.kinds),
                criteria.get(item.criterion_code),
            )
            for item in section.items
            if not kind or not item.kinds or kind in item.kinds
        )
        if lines or not kind:
            found.append(Part(section, structure.LINKS.get(section.link, section.link), lines))
    return found


def used_codes(book: Book) -> list[str]:
    """Every code of an item or section this book has ever had, in any version."""
    items = BookItem.objects.filter(section__version__book=book).values_list("code", flat=True)
    sections = BookVersion.objects.filter(book=book).values_list("sections__code", flat=True)
    return [*set(items), *{code for code in sections if code}]


@dataclass(frozen=True)
class Covered:
    """A criterion and the items that ask about it, as (title of the book, code, pk of its version)."""

    criterion: Criterion
    items: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True)
class Domain:
    """The criteria of one document."""

    label: str
    source: str
    note: str
    rows: tuple[Covered, ...]

    @property
    def missing(self) -> int:
        return sum(1 for row in self.rows if not row.items)

    @property
    def is_unchecked(self) -> bool:
        """Whether none of the criteria has been compared with the document: said once, not at every row."""
        return bool(self.rows) and not any(row.criterion.verified for row in self.rows)


def coverage(user: User, on: dt.date) -> list[Domain]:
    """Which criteria of major hazards in force on a day have items in the books in force, and which have none."""
    versions = BookVersion.objects.visible_to(user).in_force(on)
    items: QuerySet[BookItem] = BookItem.objects.filter(section__version__in=versions).exclude(
        criterion_code=""
    )
    by_code: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
    for row in items.select_related("section__version").order_by("code"):
        version = row.section.version
        by_code[row.criterion_code].append((version.title, row.code, version.pk))
    return [
        Domain(
            standard.label,
            f"{standard.source}（{standard.doc_no}）" if standard.doc_no else standard.source,
            standard.note,
            tuple(Covered(each, tuple(by_code[each.code])) for each in standard.criteria),
        )
        for standard in criteria_rules.standards(on)
    ]
