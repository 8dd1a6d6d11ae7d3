"""What an enterprise is asked: which lists of the library fit it, which items concern it, and how a number is judged."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from dataclasses import dataclass

from bihuan.campaigns.drafts import FORBIDDEN
from bihuan.campaigns.models import CheckItem, Checklist
from bihuan.checklists.judging import ImpossibleReading, Judgement, decides, judge, read
from bihuan.checklists.models import Book, BookVersion
from bihuan.checklists.structure import unit_label
from bihuan.registry.models import Enterprise
from bihuan.rules import hazards
from bihuan.rules.records import UnknownRule

_BARE_NUMBER = re.compile(r"[-+]?[\d,]+(?:\.\d+)?")


def kinds_of(enterprise: Enterprise) -> frozenset[str]:
    """What sorts of object it is: its own kind and those of its places in use."""
    places = enterprise.premises.filter(is_active=True).values_list("kind", flat=True)
    return frozenset({enterprise.kind_id, *places})


def parted(items: list[CheckItem], enterprise: Enterprise) -> tuple[list[CheckItem], list[CheckItem]]:
    """The items asked of an enterprise, and those for its kinds left out for what the registry says of it.

    The registry may be behind: on the spot somebody may take those in. A list that names neither is asked whole.
    """
    kinds = kinds_of(enterprise) if items else frozenset()
    theirs = [item for item in items if item.concerns(kinds)]
    found = [item for item in theirs if item.concerns(kinds, enterprise.attributes)]
    return found, [item for item in theirs if item not in found]


def asked(items: list[CheckItem], enterprise: Enterprise) -> list[CheckItem]:
    """The items that concern an enterprise by its kinds and what is known of it."""
    return parted(items, enterprise)[0]


@dataclass(frozen=True)
class Offer:
    """A list of the library as a routine visit may choose it: how many items are asked, how many for this very kind."""

    checklist: Checklist
    count: int
    specific: int

    @property
    def title(self) -> str:
        return self.checklist.book_version.title if self.checklist.book_version else str(self.checklist)


def offers(enterprise: Enterprise, on: dt.date) -> list[Offer]:
    """The lists in force where the enterprise lies that ask it anything, those made for its kind first."""
    kinds = kinds_of(enterprise)
    books = Book.objects.in_force_at(enterprise.locality_id)
    versions = BookVersion.objects.in_force(on).filter(book__in=books)
    lists = list(Checklist.objects.filter(book_version__in=versions).select_related("book_version__book"))
    counted: Counter[int] = Counter()
    specific: Counter[int] = Counter()
    rows = CheckItem.objects.filter(checklist__in=[each.pk for each in lists])
    for item in rows.only("checklist", "kinds", "when"):
        if item.concerns(kinds, enterprise.attributes):
            counted[item.checklist_id] += 1
            specific[item.checklist_id] += bool(item.kinds)
    found = [Offer(each, counted[each.pk], specific[each.pk]) for each in lists if counted[each.pk]]
    return sorted(found, key=lambda each: (-each.specific, -each.count, each.checklist.pk))


def library_list(enterprise: Enterprise, pk: int) -> Checklist | None:
    """A list of the library that may be walked there: also one meanwhile replaced or withdrawn, if walked before."""
    books = Book.objects.in_force_at(enterprise.locality_id).values("pk")
    rows = Checklist.objects.filter(pk=pk).exclude(book_version=None).select_related("book_version__book")
    found = rows.first()
    if found is None or found.book_version is None:
        return None
    book = found.book_version.book
    return found if book.owner_id is None or books.filter(pk=book.pk).exists() else None


def is_major(item: CheckItem, on: dt.date) -> bool:
    """Whether failing the item on a day is a major hazard; a criterion that is not in force then makes none."""
    if not item.major_if_failed or not item.criterion_code:
        return item.major_if_failed
    try:
        hazards.criterion(item.criterion_code, on)
    except UnknownRule:
        return False
    return True


def with_unit(item: CheckItem, typed: str) -> str:
    """What was typed as a reading: a bare number is in the unit of the demand."""
    demand = item.demand
    if demand is None or not _BARE_NUMBER.fullmatch(typed.strip()):
        return typed
    return f"{typed.strip()} {unit_label(demand)}"


def is_alone(item: CheckItem) -> bool:
    """Whether the item asks for nothing but its number: then the number is the answer, whichever it is."""
    return decides(item.text.removeprefix(FORBIDDEN))


def judged(item: CheckItem | None, measured: str) -> Judgement | None:
    """How what was measured stands to what the item demands; None where nothing was, or nothing is demanded.

    Raises ImpossibleReading for a reading that no instrument gives.
    """
    if item is None or not measured.strip():
        return None
    demand = item.demand
    return judge(demand, read(measured)) if demand is not None else None


def sentence(item: CheckItem | None, measured: str) -> str:
    """The judgement in words for a record, "" where there is none."""
    try:
        found = judged(item, measured)
    except ImpossibleReading:
        return ""
    return found.explanation if found else ""
