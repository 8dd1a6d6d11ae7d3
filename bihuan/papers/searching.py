"""Papers as the search finds them: by kind, number, addressee and what they find and order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.http import urlencode

from bihuan.search import actions
from bihuan.search.models import Kind
from bihuan.search.sources import Card, Source, Text

from .models import Paper

LONGEST = 4000


def body_of(content: dict[str, Any]) -> str:
    """What a paper says of its own: facts and findings. The standing phrases of the form help nobody to find it."""
    parts: list[str] = []
    for block in content.get("blocks", []):
        match block["kind"]:
            case "facts":
                parts += [str(value) for _, value in block["rows"]]
            case "items":
                for item in block["items"]:
                    parts += [item["text"], *item["notes"]]
    return " ".join(parts)[:LONGEST]


def _text(
    pk: int, kind: str, number: str, recipient: str, content: dict[str, Any], *places: str | None
) -> Text:
    texts = (Paper.Kind(kind).label, number, recipient, body_of(content))
    return Text(pk, None, tuple(dict.fromkeys(place for place in places if place)), texts)


def _read(rows: QuerySet[Paper]) -> Iterator[Text]:
    columns = ("pk", "kind", "number", "recipient_name", "content", "city_id", "county_id", "locality_id")
    for row in rows.values_list(*columns):
        yield _text(*row)


def _show(paper: Paper) -> Card:
    hint = f"{paper.organization.short_name} · 送{paper.recipient_name}"
    title = f"{paper.get_kind_display()} {paper.number}"
    return Card(title, paper.get_absolute_url(), hint, f"{paper.recipient_name} {body_of(paper.content)}")


SOURCE = Source(
    kind=Kind.PAPER,
    model=Paper,
    order=("-id",),
    read=_read,
    branches=lambda user: Paper.objects.visible_branches(user),
    related=("organization",),
    show=_show,
    url=lambda text: f"{reverse('papers:list')}?{urlencode({'q': text})}",
)


def index(paper: Paper) -> None:
    """Make a paper that was just issued findable."""
    places = (paper.city_id, paper.county_id, paper.locality_id)
    actions.add(
        Kind.PAPER,
        [_text(paper.pk, paper.kind, paper.number, paper.recipient_name, paper.content, *places)],
    )
