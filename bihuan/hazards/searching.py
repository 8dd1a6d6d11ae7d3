"""Hazards as the search finds them: by what is wrong, where, against which clause, and at whose place.

The ledger number is not written as words: it is the year and the key, and a key needs no second index.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.http import urlencode

from bihuan.search import actions
from bihuan.search.models import Kind
from bihuan.search.sources import Card, Source, Text

from .models import Hazard

COLUMNS = (
    "pk", "found_on", "city_id", "county_id", "locality_id", "description", "location", "basis", "enterprise__name"
)  # fmt: skip


def _text(pk, on, city, county, locality, *texts) -> Text:
    return Text(pk, on, (city, county, locality) if county != locality else (city, county), texts)


def _read(rows: QuerySet[Hazard]) -> Iterator[Text]:
    for row in rows.values_list(*COLUMNS):
        yield _text(*row)


def _show(hazard: Hazard) -> Card:
    hint = f"{hazard.enterprise.name} · {hazard.locality.short_name} · {hazard.get_status_display()}"
    body = " ".join(filter(None, (hazard.location, hazard.basis)))
    return Card(f"{hazard.number} {hazard.description}", hazard.get_absolute_url(), hint, body)


SOURCE = Source(
    kind=Kind.HAZARD,
    model=Hazard,
    order=("-found_on", "-id"),
    read=_read,
    branches=lambda user: Hazard.objects.visible_branches(user),
    related=("enterprise", "locality"),
    show=_show,
    url=lambda text: f"{reverse('hazards:ledger')}?{urlencode({'q': text})}",
    repeats=((Kind.ENTERPRISE, "enterprise"),),
)


def index(hazards: Sequence[Hazard]) -> None:
    """Make hazards that were just entered findable; their enterprises are read if they are not at hand."""
    actions.add(
        Kind.HAZARD,
        [
            _text(
                hazard.pk, hazard.found_on, hazard.city_id, hazard.county_id, hazard.locality_id,
                hazard.description, hazard.location, hazard.basis, hazard.enterprise.name,
            )
            for hazard in hazards
        ],
    )  # fmt: skip
