"""The checklist of a task put together from its plan and the library; a person ticks every line that is taken over.

`checklists.assembly.propose` finds what belongs together; here its lines get rows to take over and go back into a version.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

from bihuan.accounts.models import User
from bihuan.checklists import assembly
from bihuan.checklists.models import Book, BookItem, BookVersion
from bihuan.checklists.storage import books_of
from bihuan.core.errors import Refused
from bihuan.registry.models import EnterpriseKind

from .actions.checklists import NewCheckItem, revise_checklist
from .models import CheckItem, Checklist, Task


@dataclass(frozen=True)
class Standing:
    """A line the task has already; ``match`` is the library item that says the same, with the reasons."""

    row: CheckItem
    match: BookItem | None
    reasons: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def pair(self) -> str:
        """How the page names this line together with its match."""
        return f"{self.row.position}:{self.match.pk}" if self.match else ""


@dataclass(frozen=True)
class Candidate:
    """A line the library has beyond the plan, with the reasons why it is proposed."""

    row: BookItem
    reasons: tuple[str, ...]
    is_specific: bool


@dataclass(frozen=True)
class Assembly:
    """Everything the page shows: what stands, and by section of each book what may be added."""

    version: int
    standing: list[Standing]
    candidates: list[tuple[BookVersion, list[tuple[str, list[Candidate]]]]]


def books_for(task: Task, on: dt.date) -> list[BookVersion]:
    """The versions in force in the campaign's region, shipped ones last: an office's own word comes first."""
    books = Book.objects.in_force_at(task.campaign.region_id)
    versions = BookVersion.objects.in_force(on).filter(book__in=books).select_related("book")
    return sorted(versions, key=lambda each: (each.book.owner_id is None, each.book.title, each.pk))


def assemble(task: Task, on: dt.date) -> Assembly:
    """Return what stands on the task's checklist and what the library proposes for its kinds of objects."""
    latest = task.checklists.order_by("-version").first()
    rows = list(latest.items.order_by("position")) if latest else []
    versions = books_for(task, on)
    items = {
        (str(item.section.version_id), item.code): item
        for item in BookItem.objects.filter(section__version__in=versions).select_related("section")
    }
    taken = {row.library_item_id for row in rows if row.library_item_id}
    codes = set(BookItem.objects.filter(pk__in=taken).values_list("code", flat=True))
    # Two books may give different things one code: the version stands for the key.
    books = [
        replace(
            book,
            key=str(version.pk),
            sections=tuple(
                replace(section, items=tuple(item for item in section.items if item.code not in codes))
                for section in book.sections
            ),
        )
        for version, book in zip(versions, books_of(versions), strict=True)
    ]
    kinds = {kind.key: kind.label for kind in EnterpriseKind.objects.filter(tasks=task)}
    planned = [assembly.PlanItem(str(row.position), row.text) for row in rows if row.library_item_id is None]
    proposals = assembly.propose(planned, books, kinds, kind_labels=kinds)
    by_row = {each.plan_key: each for each in proposals if each.plan_key}
    standing = [_standing(row, by_row.get(str(row.position)), items) for row in rows]
    return Assembly(
        latest.version if latest else 0,
        standing,
        _by_book(versions, [each for each in proposals if each.is_from_library], items, frozenset(kinds)),
    )


def _standing(
    row: CheckItem, proposal: assembly.Proposal | None, items: dict[tuple[str, str], BookItem]
) -> Standing:
    if proposal is None:
        return Standing(row, None, (), ())
    match = items.get((proposal.book, proposal.code))
    reasons = proposal.reasons[1:]
    return Standing(row, match, reasons if match else (), () if match else reasons)


def _by_book(
    versions: list[BookVersion],
    proposals: list[assembly.Proposal],
    items: dict[tuple[str, str], BookItem],
    kinds: frozenset[str],
) -> list[tuple[BookVersion, list[tuple[str, list[Candidate]]]]]:
    """Candidates by book and section, in the order of the chain; books with nothing to add are left out."""
    found: dict[str, dict[str, list[Candidate]]] = {str(version.pk): {} for version in versions}
    for proposal in proposals:
        row = items[proposal.book, proposal.code]
        specific = bool(kinds & set(row.kinds))
        candidate = Candidate(row, proposal.reasons, specific)
        found[proposal.book].setdefault(row.section.title, []).append(candidate)
    return [(version, list(found[str(version.pk)].items())) for version in versions if found[str(version.pk)]]


def confirm(
    task: Task,
    *,
    keep: Iterable[int],
    merge: dict[int, int],
    add: Iterable[int],
    version: int,
    on: dt.date,
    by: User,
) -> Checklist:
    """Put a version together from what was ticked and put it in force.

    ``keep`` are positions of lines that stay, ``merge`` gives a kept line a library item (by id) whose standard, ladder
    and guidance it takes over under its own words, ``add`` are library items in order. Raises PermissionDenied, Refused
    for an item that is not in force there, IllegalMove when somebody was quicker.
    """
    latest = task.checklists.filter(version=version).first()
    rows = {row.position: row for row in latest.items.all()} if latest else {}
    wanted = [*merge.values(), *add]
    known = {
        item.pk: item
        for item in BookItem.objects.filter(
            pk__in=wanted, section__version__in=books_for(task, on)
        ).select_related("section")
    }
    if set(wanted) - known.keys():
        raise Refused("检查表库已有变化，有的检查项不再施行，请刷新后重新勾选")
    kept = set(keep)
    lines = [
        _kept(row, known.get(merge.get(position, 0))) for position, row in rows.items() if position in kept
    ]
    lines += [NewCheckItem.from_library(known[pk]) for pk in dict.fromkeys(add) if pk not in merge.values()]
    return revise_checklist(task, lines, version=version, by=by)


def _kept(row: CheckItem, item: BookItem | None) -> NewCheckItem:
    """A line of the plan as it stands; with a library item under it, its own words and ladder stay first."""
    line = NewCheckItem.kept(row)
    if item is None:
        return line
    known = NewCheckItem.from_library(item)
    return replace(
        known,
        text=line.text,
        criterion=line.criterion or known.criterion,
        basis=line.basis or known.basis,
        dispositions=line.dispositions or known.dispositions,
        measure=line.measure or known.measure,
        major_if_failed=line.major_if_failed or known.major_if_failed,
        # What was proposed for the plan's objects asks all of them.
        kinds=line.kinds,
        when=line.when,
    )
