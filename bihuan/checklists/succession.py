"""When bodies merge or are dissolved, the checklists they wrote pass to whoever takes over (R275)."""

from __future__ import annotations

from bihuan.accounts.models import Organization, Post, User
from bihuan.audit.actions import record

from .models import Book


def pass_books(before: Organization, after: Organization, posts: list[Post], by: User, reason: str) -> None:
    """Give a body's books to `after` once no active post is left in it. The region they apply to stays as it was.

    Where both have written a book under one key, the one that came over carries its former owner's number in it.
    """
    if before.posts.filter(is_active=True).exists():
        return
    taken = set(Book.objects.filter(owner=after).values_list("key", flat=True))
    for book in Book.objects.filter(owner=before):
        key = book.key if book.key not in taken else f"{book.key[:30]}_{before.pk}"
        Book.objects.filter(pk=book.pk).update(owner=after, key=key)
        taken.add(key)
        record(
            "checklists.pass_book",
            book,
            by=by,
            summary=f"检查表“{book}”由{before.short_name}转给{after.short_name}：{reason}",
        )
