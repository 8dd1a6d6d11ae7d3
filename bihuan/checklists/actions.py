"""What people do with the library: write a draft, publish it, withdraw it, copy a shipped book. One draft at a time.

Whoever changes a draft says which state of it was seen (`edits`); the conditional update is the lock, so that a change
and a publication, or two changes, never pass each other unnoticed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.audit.actions import record
from bihuan.checklists import structure
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused

from . import editing, hooks, packs
from .models import Book, BookVersion, seats
from .storage import book_of, write

Change = Callable[[structure.Book], structure.Book]
STALE = "这份草稿已有新的改动或已发布，您的修改没有保存，请刷新后重试"


def may_manage(user: User, book: Book) -> bool:
    """Whether this person writes for the organization the book belongs to; shipped books belong to nobody here."""
    return book.owner_id in {body.pk for body in seats(user, Permission.MANAGE_CHECKLISTS)}


def _require_owner(book: Book, by: User) -> None:
    if not may_manage(by, book):
        raise PermissionDenied


def _require_seat(owner: Organization, by: User) -> None:
    if owner.pk not in {body.pk for body in seats(by, Permission.MANAGE_CHECKLISTS)}:
        raise PermissionDenied


# --- beginning -------------------------------------------------------------------------------------


@transaction.atomic
def create_book(
    owner: Organization, content: structure.Book, *, sector: str, by: User, origin: BookVersion | None = None
) -> BookVersion:
    """Begin a book of one's own with a first draft. Raises PermissionDenied, Refused when the key is taken."""
    _require_seat(owner, by)
    _check_head(content)
    if Book.objects.filter(owner=owner, key=content.key).exists():
        raise Refused(f"本单位已有标识为“{content.key}”的检查表，请换一个标识，或在那张表里改")
    book = Book.objects.create(
        key=content.key,
        title=content.title,
        sector=sector if sector in Book.Sector.values else Book.Sector.OTHER,
        owner=owner,
        region=owner.region,
        origin=origin,
    )
    version = _draft(book, content, number=1, by=by)
    of = f"，复制自{origin}" if origin else ""
    record("checklists.create_book", book, by=by, summary=f"新建检查表“{book}”{of}")
    return version


def _check_head(content: structure.Book) -> None:
    if found := structure.head_problems(content):
        raise Refused("；".join(found))


def copy_book(version: BookVersion, owner: Organization, *, by: User) -> BookVersion:
    """Copy a published version into one's own organization, where it may be changed. The codes stay.

    The copy takes the place of a shipped original in the owner's region once it is published.
    """
    _require_seat(owner, by)
    if not BookVersion.objects.visible_to(by).filter(pk=version.pk).exists():
        raise PermissionDenied
    if version.is_draft:
        raise Refused("只能复制已发布的版本")
    return create_book(owner, book_of(version), sector=version.book.sector, by=by, origin=version)


@transaction.atomic
def start_draft(book: Book, *, by: User) -> BookVersion:
    """Begin the next version from the latest one. Raises IllegalMove when a draft is being written."""
    _require_owner(book, by)
    latest = book.versions.order_by("-number").first()
    content = book_of(latest) if latest else structure.Book(book.key, book.title, 1, ())
    try:
        with transaction.atomic():
            version = _draft(book, content, number=latest.number + 1 if latest else 1, by=by)
    except IntegrityError as error:
        raise IllegalMove(f"“{book}”已有一份草稿，请在那份草稿上改") from error
    record("checklists.start_draft", book, by=by, summary=f"起草“{book}”第 {version.number} 版")
    return version


def _draft(book: Book, content: structure.Book, *, number: int, by: User) -> BookVersion:
    version = BookVersion.objects.create(
        book=book,
        number=number,
        title=content.title,
        note=content.note,
        created_by=by,
        created_at=timezone.now(),
    )
    write(version, content.sections)
    return version


@transaction.atomic
def discard_draft(version: BookVersion, *, seen: int, by: User) -> None:
    """Give a draft up; nothing that was published changes."""
    hold(version, seen=seen, by=by)
    record(
        "checklists.discard_draft",
        version.book,
        by=by,
        summary=f"放弃“{version.book}”第 {version.number} 版草稿",
    )
    version.sections.all().delete()
    version.delete()


# --- writing ---------------------------------------------------------------------------------------


def hold(version: BookVersion, *, seen: int, by: User) -> None:
    """Take hold of the draft for one change; must stand in a transaction. Raises IllegalMove when it has moved on."""
    _require_owner(version.book, by)
    held = BookVersion.objects.filter(pk=version.pk, status=BookVersion.Status.DRAFT, edits=seen).update(
        edits=F("edits") + 1
    )
    if not held:
        raise IllegalMove(STALE)


@transaction.atomic
def edit_draft(version: BookVersion, change: Change, *, seen: int, by: User) -> BookVersion:
    """Apply one change of `editing` to a draft. Raises PermissionDenied, IllegalMove, Refused with the remedy."""
    hold(version, seen=seen, by=by)
    content = change(book_of(version))
    _check_head(content)
    BookVersion.objects.filter(pk=version.pk).update(title=content.title, note=content.note)
    write(version, content.sections)
    version.refresh_from_db()
    return version


def replace_content(version: BookVersion, content: structure.Book, *, seen: int, by: User) -> BookVersion:
    """Put the whole content of a form in place of the draft's; key and number stay the book's own."""
    return edit_draft(
        version,
        lambda book: replace(content, key=book.key, version=book.version),
        seen=seen,
        by=by,
    )


# --- putting in force ------------------------------------------------------------------------------


@transaction.atomic
def publish(version: BookVersion, *, effective_from: dt.date, seen: int, by: User) -> BookVersion:
    """Put a draft in force from a day on; from now on it never changes.

    Raises PermissionDenied, IllegalMove when the draft has moved on, Refused for a book that does not hold or a day
    before today or before the version in force.
    """
    _require_owner(version.book, by)
    if effective_from < timezone.localdate():
        raise Refused("施行日期不能早于今天，请改成今天或以后的日期")
    last = version.book.versions.filter(status=BookVersion.Status.PUBLISHED).aggregate(
        day=Max("effective_from")
    )["day"]
    if last and effective_from < last:
        raise Refused(f"上一版自 {last} 施行，新版的施行日期不能比它早")
    return _put_in_force(version, effective_from=effective_from, seen=seen, by=by)


def _put_in_force(version: BookVersion, *, effective_from: dt.date, seen: int, by: User) -> BookVersion:
    moved = BookVersion.objects.filter(pk=version.pk, status=BookVersion.Status.DRAFT, edits=seen).update(
        status=BookVersion.Status.PUBLISHED,
        effective_from=effective_from,
        published_by=by,
        published_at=timezone.now(),
    )
    if not moved:
        raise IllegalMove(STALE)
    version.refresh_from_db()
    content = editing.whole(book_of(version))
    Book.objects.filter(pk=version.book_id).update(title=version.title)
    count = sum(1 for _ in content.items())
    record(
        "checklists.publish",
        version,
        by=by,
        summary=f"发布“{version}”，{count} 项，自 {effective_from} 施行",
    )
    hooks.published(version, by=by)
    return version


@transaction.atomic
def withdraw(version: BookVersion, *, reason: str, by: User) -> BookVersion:
    """Take a published version out of force; the one before it, if still published, is in force again."""
    _require_owner(version.book, by)
    reason = reason.strip()
    if not reason:
        raise ReasonRequired("撤回检查表")
    if len(reason) > 300:
        raise Refused("撤回理由不超过300字，请删减")
    moved = BookVersion.objects.filter(pk=version.pk, status=BookVersion.Status.PUBLISHED).update(
        status=BookVersion.Status.WITHDRAWN,
        withdrawn_by=by,
        withdrawn_at=timezone.now(),
        withdrawal_reason=reason,
    )
    if not moved:
        raise IllegalMove(f"“{version}”不在已发布状态，不能撤回，请刷新后核对")
    version.refresh_from_db()
    record("checklists.withdraw", version, by=by, summary=f"撤回“{version}”：{reason}")
    return version


# --- shipped books ---------------------------------------------------------------------------------


def ensure_packs(*, by: User, on: dt.date | None = None) -> int:
    """Install the shipped packs that are missing and newer versions of known ones; returns how many versions.

    Doing it again changes nothing. What an office has copied and changed is a book of its own and stays as it is.
    """
    return sum(_ensure(pack, by=by, on=on or timezone.localdate()) for pack in packs.load_all())


def _ensure(pack: structure.Book, *, by: User, on: dt.date) -> int:
    known = BookVersion.objects.filter(book__owner=None, book__key=pack.key, number__gte=pack.version)
    if known.exists():
        return 0
    try:
        with transaction.atomic():
            book, _ = Book.objects.get_or_create(
                key=pack.key, owner=None, defaults={"title": pack.title, "sector": pack.key}
            )
            version = _draft(book, pack, number=pack.version, by=by)
            _put_in_force(version, effective_from=on, seen=0, by=by)
    except IntegrityError:
        # Another process installed the same pack at this moment.
        if known.exists():
            return 0
        raise
    return 1
