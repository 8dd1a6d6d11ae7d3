"""Shared lists: what may be listed, with which columns, and reading one for one person (R040, R041, R045).

Other apps add what they keep without the registry knowing it:

    lists.register(ListSource(...))   # in AppConfig.ready

A list is a filter and a choice of columns. Its rows are read anew for each reader, who sees only what is theirs to see.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import QueryDict

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.audit.actions import record
from bihuan.core.errors import Refused
from bihuan.core.http import row_number
from bihuan.core.sheets import Column
from bihuan.jobs.exports import Export, Row

from .models import SharedList

Cells = list[Any]
PRINTED = 2000  # rows of one list on paper; beyond that it is taken away as a table
SHARING_PERMISSION = Permission.EXPORT_HAZARDS  # whoever may take tables away may share a list


@dataclass(frozen=True)
class ListColumn:
    """A column people may choose; `width` as in sheets."""

    key: str
    label: str
    width: int = 14


@dataclass(frozen=True)
class Reading:
    """The rows of a list for one person: `rows` in the order of the list, `words` the filter as people say it."""

    rows: QuerySet[Any]
    words: str


@dataclass(frozen=True)
class ListSource:
    """One kind of rows. `read(user, query)` narrows; `cells(rows, columns)` turns rows into values, one list each.

    `url_of(row)` opens a row; `page` is the name of the list's own page, where its filters are chosen. `orders` says
    how a list may be laid out on the page and on paper: {key: (words, names or expressions to order by)}; without a
    choice the latest stand first, as in a table taken away.
    """

    key: str
    title: str
    unit: str
    permission: str
    page: str
    columns: tuple[ListColumn, ...]
    usual: tuple[str, ...]
    read: Callable[[User, QueryDict], Reading]
    cells: Callable[[Sequence[Any], Sequence[str]], list[Cells]]
    url_of: Callable[[Any], str]
    orders: Mapping[str, tuple[str, tuple[Any, ...]]] = field(default_factory=dict)

    def laid_out(self, rows: QuerySet[Any], order: str) -> QuerySet[Any]:
        """The rows in the order of that key; an unknown one changes nothing."""
        chosen = self.orders.get(order)
        return rows.order_by(*chosen[1], "-pk") if chosen else rows

    def chosen(self, keys: Sequence[str]) -> list[ListColumn]:
        """The columns of these keys in the source's order; the usual ones where none is known."""
        wanted = set(keys) & {column.key for column in self.columns} or set(self.usual)
        return [column for column in self.columns if column.key in wanted]


_SOURCES: dict[str, ListSource] = {}


def register(source: ListSource) -> None:
    """Make a kind of rows known; registering a key again replaces it."""
    _SOURCES[source.key] = source


def sources_for(user: User) -> list[ListSource]:
    """What this person may list."""
    return [source for source in _SOURCES.values() if user.has_perm(source.permission)]


def source_of(shared: SharedList) -> ListSource | None:
    """What a list holds; None when the app that kept it is not installed."""
    return _SOURCES.get(shared.source)


def lists_for(user: User) -> list[SharedList]:
    """The lists a person sees whose rows they may read at all."""
    open_to = [source.key for source in sources_for(user)]
    rows = SharedList.objects.visible_to(user).filter(source__in=open_to)
    order = {key: number for number, key in enumerate(SharedList.Standard.values)}
    found = rows.select_related("owner", "organization", "region")
    return sorted(found, key=lambda row: (order[row.standard], row.pk))


def read(shared: SharedList, user: User) -> tuple[ListSource, Reading]:
    """The rows of a list as this person may see them. Raises PermissionDenied, Refused without its source."""
    source = source_of(shared)
    if source is None:
        raise Refused(f"清单“{shared}”的内容在本系统中没有启用")
    if not user.has_perm(source.permission):
        raise PermissionDenied
    return source, source.read(user, QueryDict(shared.query))


@transaction.atomic
def share(
    *,
    by: User,
    name: str,
    source: str,
    query: str,
    columns: Sequence[str],
    sharing: str,
    standard: str = SharedList.Standard.OTHER,
    order: str = "",
    remark: str = "",
    shared: SharedList | None = None,
) -> SharedList:
    """Keep a list, or change one of one's own. Raises PermissionDenied, Refused for a name the body uses already."""
    kept = _SOURCES.get(source)
    if kept is None or not by.has_perm(kept.permission) or not by.has_perm(SHARING_PERMISSION):
        raise PermissionDenied
    if shared is not None and not may_change(shared, by):
        raise PermissionDenied
    post = by.main_post
    if post is None:
        raise PermissionDenied
    row = shared or SharedList(owner=by, organization=post.organization, region=post.organization.region)
    row.name, row.source, row.query, row.note = name.strip()[:60], source, query[:500], remark.strip()[:300]
    row.columns = [column.key for column in kept.chosen(columns)]
    row.sharing, row.standard = sharing, standard
    row.order = order if order in kept.orders else ""
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Refused(f"本单位已有名为“{row.name}”的清单，请换一个名称") from error
    record(
        "registry.list", row, by=by, summary=f"{'修改' if shared else '建立'}清单“{row}”（{row.get_sharing_display()}）",
        payload={"source": source, "query": row.query, "sharing": sharing},
    )  # fmt: skip
    return row


@transaction.atomic
def refilter(shared: SharedList, query: str, *, by: User) -> None:
    """Let an existing list hold other rows: its name, columns and sharing stay. Raises PermissionDenied, Refused."""
    source = source_of(shared)
    if source is None:
        raise Refused(f"清单“{shared}”的内容在本系统中没有启用")
    if (
        not may_change(shared, by)
        or not by.has_perm(SHARING_PERMISSION)
        or not by.has_perm(source.permission)
    ):
        raise PermissionDenied
    before, shared.query = shared.query, query[:500]
    if shared.query == before:
        raise Refused(f"清单“{shared}”已经是这些条件")
    shared.save(update_fields=["query"])
    words = source.read(by, QueryDict(shared.query)).words
    record(
        "registry.list", shared, by=by, summary=f"清单“{shared}”的条件改为：{words}"[:300],
        payload={"source": shared.source, "before": before, "query": shared.query},
    )  # fmt: skip


def changeable(user: User, source: str) -> list[SharedList]:
    """The lists of one kind of rows that this person may change."""
    rows = SharedList.objects.visible_to(user).filter(source=source).select_related("organization")
    return [row for row in rows if may_change(row, user)]


def may_change(shared: SharedList, user: User) -> bool:
    """The one who made a list, and people of the same body once it is shared with them."""
    if shared.owner_id == user.pk:
        return True
    return shared.sharing != SharedList.Sharing.OWN and any(
        post.organization_id == shared.organization_id for post in user.posts
    )


@transaction.atomic
def drop(shared: SharedList, *, by: User) -> None:
    """Take a list out of use; its rows are untouched. Raises PermissionDenied."""
    if not may_change(shared, by):
        raise PermissionDenied
    shared.is_active = False
    shared.save(update_fields=["is_active"])
    record("registry.list_dropped", shared, by=by, summary=f"停用清单“{shared}”")


# --- taking a list away ----------------------------------------------------------------------------


class ListRows:
    """The rows of a list in pieces, each after the last row of the one before: what is entered meanwhile stays out.

    `query` is the number of the list; one the person does not see is empty.
    """

    def __init__(self, user: User, query: str) -> None:
        self.columns: list[Column] = []
        self._rows: QuerySet[Any] | None = None
        shared = SharedList.objects.visible_to(user).filter(pk=row_number(query)).first()
        if shared is not None:
            self._source, reading = read(shared, user)
            self._rows, chosen = reading.rows, self._source.chosen(shared.columns)
            self._keys = [column.key for column in chosen]
            self.columns = [Column(column.label, column.width) for column in chosen]

    def total(self) -> int:
        return self._rows.count() if self._rows is not None else 0

    def is_longer_than(self, limit: int) -> bool:
        return self._rows is not None and self._rows[: limit + 1].count() > limit

    def begin(self) -> Any:
        return None

    def after(self, position: Any, limit: int) -> tuple[list[Row], Any]:
        if self._rows is None:
            return [], position
        rows = self._rows.order_by("-pk")
        if position is not None:
            rows = rows.filter(pk__lt=position)
        found = list(rows[:limit])
        if not found:
            return [], position
        return list(self._source.cells(found, self._keys)), found[-1].pk


SHARED = Export("registry.list", "清单", "registry.export", SHARING_PERMISSION, (Column("清单"),), ListRows)
