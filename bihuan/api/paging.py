"""Lists come in pages held by a cursor: stable while rows are inserted, and one query however deep."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet
from ninja import Schema
from pydantic import Field

from bihuan.core.paging import KeysetPage, paginate

from .fields import PageQuery

T = TypeVar("T")
M = TypeVar("M", bound=Model)


class Page(Schema, Generic[T]):
    """一页；next、previous 为相邻两页的 cursor，到头为 null"""

    items: list[T] = Field(description="本页各条")
    next: str | None = Field(description="下一页的 cursor")
    previous: str | None = Field(description="上一页的 cursor")


def page_of(rows: QuerySet[M], query: PageQuery, *order: str) -> dict[str, Any]:
    """The page the query asks for, in the shape of `Page`. Raises BadCursor."""
    return shaped(paginate(rows, order=order, cursor=query.cursor or None, size=query.size))


def shaped(page: KeysetPage[M]) -> dict[str, Any]:
    """A page that was read elsewhere, in the shape of `Page`."""
    return {"items": page.items, "next": page.next_cursor, "previous": page.previous_cursor}
