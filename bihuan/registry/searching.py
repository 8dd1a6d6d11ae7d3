"""Enterprises as the search finds them: by name, former names, credit code and address."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.http import urlencode

from bihuan.core.paging import KeysetPage, paginate
from bihuan.search import actions
from bihuan.search.finding import find
from bihuan.search.grams import terms_of
from bihuan.search.models import Kind
from bihuan.search.sources import Card, Source, Text

from .changes import Change, label_of
from .models import Enterprise, EnterpriseChange, Merger

_FOUND_BY = ("name", "credit_code", "address", "locality")


def _read(rows: QuerySet[Enterprise]) -> Iterator[Text]:
    found = list(
        rows.values_list("pk", "city_id", "county_id", "locality_id", "name", "address", "credit_code")
    )
    former = former_names(pk for pk, *_ in found)
    for pk, city, county, locality, name, address, code in found:
        yield Text(
            pk, None, tuple(dict.fromkeys((city, county, locality))), (name, *former[pk], address, code or "")
        )


def former_names(pks: Iterable[int]) -> dict[int, list[str]]:
    """What enterprises were called before, from the lines of their records, and records that became one with them."""
    label, pks = label_of("name"), list(pks)
    names: dict[int, list[str]] = defaultdict(list)
    renaming = EnterpriseChange.What.UPDATED, EnterpriseChange.What.IMPORTED
    lines = EnterpriseChange.objects.filter(enterprise__in=pks, what__in=renaming).order_by("id")
    for pk, changes in lines.values_list("enterprise", "changes"):
        names[pk] += [before for changed, before, _ in changes if changed == label and before]
    for pk, name in Merger.objects.filter(into__in=pks).values_list("into", "old_name"):
        names[pk].append(name)
    return names


def _show(enterprise: Enterprise) -> Card:
    hint = f"{enterprise.kind.label} · {enterprise.locality.short_name}"
    body = " ".join(filter(None, (enterprise.address, enterprise.credit_code)))
    return Card(enterprise.name, enterprise.get_absolute_url(), hint, body)


SOURCE = Source(
    kind=Kind.ENTERPRISE,
    model=Enterprise,
    order=("-id",),
    read=_read,
    branches=lambda user: [Enterprise.objects.visible_to(user)],
    related=("kind", "locality"),
    show=_show,
    url=lambda text: f"{reverse('registry:list')}?{urlencode({'q': text})}",
)


def enter(rows: Iterable[tuple[int, tuple[str, str, str], str, str, str]]) -> None:
    """Make records that were just registered findable: (key, places, name, address, credit code) of each."""
    actions.add(
        Kind.ENTERPRISE,
        (
            Text(pk, None, tuple(dict.fromkeys(places)), (name, address, code))
            for pk, places, name, address, code in rows
        ),
    )


def index(changed: Iterable[tuple[Enterprise, Sequence[Change]]]) -> None:
    """Keep the index in step with records and with what repeats their names; called after their lines are written.

    Records of which nothing changed that they are found by are left alone.
    """
    labels = {label_of(name) for name in _FOUND_BY}
    touched = [row.pk for row, changes in changed if labels & {change[0] for change in changes}]
    actions.refresh(Kind.ENTERPRISE, touched)


def page_of(
    rows: QuerySet[Enterprise],
    q: str,
    *,
    cursor: str | None,
    size: int,
    place: str = "",
    shape: Callable[[QuerySet[Enterprise]], QuerySet[Enterprise]] = lambda rows: rows,
) -> KeysetPage[Enterprise]:
    """A page of `rows`, the latest registered first, of those that hold the words of `q` if there are any.

    `place` is a region code all rows lie under; one shorter than a city's narrows nothing. Raises BadCursor.
    """
    if not q:
        return paginate(shape(rows), order=SOURCE.order, cursor=cursor, size=size)
    place = place if len(place) > 2 else ""
    return find(
        [rows], Kind.ENTERPRISE, terms_of(q), order=SOURCE.order, cursor=cursor, size=size, place=place, shape=shape
    )  # fmt: skip
