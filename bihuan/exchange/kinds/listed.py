"""What a level has listed for supervision: the whole register each time, so that nothing can be lost between two packages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Annotated

from django.utils import timezone
from pydantic import Field

from bihuan.core.errors import Refused
from bihuan.listings.models import Listing, ProgressReport
from bihuan.listings.workflow import HANGING, ListingStatus

from ..actions.identity import needed_instance
from ..models import ListedElsewhere, Package, Peer
from ..relations import UP, is_within
from ..wire.manifest import Code, Strict
from . import Arrival, Kind, Outcome, Ready, Table

MOST = 2000
KEPT = dt.timedelta(days=400)  # how long a listing is still told of after it was struck off
SUBJECT = "exchange.register"


class Row(Strict):
    """One listing."""

    remote: Annotated[str, Field(min_length=1, max_length=60)]
    number: Annotated[str, Field(max_length=60)]
    title: Annotated[str, Field(min_length=1, max_length=200)]
    place: Annotated[str, Field(max_length=200)] = ""
    region: Code
    region_name: Annotated[str, Field(max_length=60)] = ""
    level: Annotated[str, Field(max_length=20)] = ""
    state: Annotated[str, Field(max_length=30)]
    is_open: bool
    responsible: Annotated[str, Field(max_length=200)] = ""
    progress: Annotated[str, Field(max_length=500)] = ""
    listed_on: dt.date | None = None
    due_on: dt.date | None = None
    closed_on: dt.date | None = None


class Register(Strict):
    """Everything that hangs, and what was struck off lately."""

    rows: Annotated[list[Row], Field(max_length=MOST)]


def _due(peer: Peer) -> Iterable[Ready]:
    own = needed_instance()
    rows = [*_own_rows(), *_rows_from_below(peer)][:MOST]
    told = Package.objects.filter(peer=peer, direction="out", kind=REGISTER.key).exists()
    if rows or told:
        yield Ready(
            f"挂牌督办清单 {sum(1 for row in rows if row['is_open'])} 件在挂",
            own.region_id,
            {"rows": rows},
            subject=SUBJECT,
        )


def _own_rows() -> list[dict[str, object]]:
    since = timezone.localdate() - KEPT
    hanging = Listing.objects.filter(status__in=HANGING)
    gone = Listing.objects.filter(status=ListingStatus.STRUCK_OFF, struck_off_on__gte=since)
    found = list(
        (hanging | gone).select_related("city", "county", "locality", "organization").order_by("-id")[:MOST]
    )
    latest: dict[int, ProgressReport] = {}
    for report in ProgressReport.objects.filter(listing__in=found).order_by("id"):
        latest[report.listing_id] = report
    own = needed_instance()
    rows = []
    for each in found:
        region = each.locality or each.county or each.city
        if not is_within(region.pk, own.region_id):
            continue
        told = latest.get(each.pk)
        rows.append(
            {
                "remote": str(each.pk), "number": each.number, "title": each.title, "place": f"{each.owner_name} {each.place}"[:200],
                "region": region.pk, "region_name": region.name, "level": each.get_level_display(),
                "state": each.get_status_display(), "is_open": each.status in HANGING, "responsible": each.organization.name,
                "progress": f"{told.percent}% {told.text}"[:500] if told else "",
                "listed_on": _day(each.listed_on), "due_on": _day(each.due_on), "closed_on": _day(each.struck_off_on),
            }
        )  # fmt: skip
    return rows


def _rows_from_below(peer: Peer) -> list[dict[str, object]]:
    """What lower levels told us goes up with ours: a province sees the township's through the city."""
    rows = ListedElsewhere.objects.filter(is_open=True).exclude(peer=peer).select_related("peer")
    return [
        {
            "remote": f"{each.peer_id}/{each.remote}"[:60], "number": each.number, "title": each.title, "place": each.place,
            "region": each.region_code, "region_name": each.region_name, "level": each.level, "state": each.state, "is_open": True,
            "responsible": each.responsible, "progress": each.progress, "listed_on": _day(each.listed_on),
            "due_on": _day(each.due_on), "closed_on": None,
        }
        for each in rows.order_by("id")[:MOST]
    ]  # fmt: skip


def _day(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None


def _unpack(arrival: Arrival) -> Outcome:
    peer, told_at = arrival.peer, arrival.package.created_at
    given: list[Row] = arrival.content.rows
    if outside := [row for row in given if not is_within(row.region, peer.region_code)]:
        raise Refused(f"第 {given.index(outside[0]) + 1} 件挂牌所在区划 {outside[0].region} 不在对方区划以内")
    if len({row.remote for row in given}) != len(given):
        raise Refused("挂牌清单里有重复的编号")
    known = {each.remote: each for each in ListedElsewhere.objects.filter(peer=peer)}
    for row in given:
        fields = {
            "number": row.number, "title": row.title, "place": row.place, "region_code": row.region,
            "region_name": row.region_name, "level": row.level, "state": row.state, "is_open": row.is_open,
            "responsible": row.responsible, "progress": row.progress, "listed_on": row.listed_on, "due_on": row.due_on,
            "closed_on": row.closed_on, "package": arrival.package, "told_at": told_at,
        }  # fmt: skip
        ListedElsewhere.objects.update_or_create(peer=peer, remote=row.remote, defaults=fields)
    left = [
        each.pk
        for remote, each in known.items()
        if each.is_open and remote not in {row.remote for row in given}
    ]
    ListedElsewhere.objects.filter(pk__in=left).update(
        is_open=False, state="对方不再列出", told_at=told_at, package=arrival.package
    )
    open_now = sum(1 for row in given if row.is_open)
    return Outcome(f"在挂 {open_now} 件", url="/exchange/listed/")


def _tell(register: Register) -> list[Table]:
    rows = [
        (
            row.number,
            row.title,
            row.region_name or row.region,
            row.state,
            row.due_on.isoformat() if row.due_on else "—",
            row.progress or "—",
        )
        for row in register.rows
    ]
    return [
        Table("挂牌督办清单", headings=("编号", "事项", "区划", "状态", "整改期限", "最近进展"), rows=rows)
    ]


REGISTER = Kind("register", "挂牌清单", UP, Register, _unpack, _tell, due=_due)
