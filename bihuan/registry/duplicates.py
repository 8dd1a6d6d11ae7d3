"""Finding records that may be one place, remembering which are not, and the counts of a census (R050)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from bihuan.accounts.models import Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import area_q, scope_of
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, Refused
from bihuan.jobs.actions import start
from bihuan.jobs.models import Job
from bihuan.jobs.running import Kind as JobKind
from bihuan.jobs.running import Progress
from bihuan.search.finding import narrowed
from bihuan.search.grams import terms_of
from bihuan.search.models import Kind

from .access import edit_scope
from .likeness import Known, Likeness, compare, find, normal_address, normal_name
from .models import Contact, DuplicatePair, Enterprise

JOB = "registry.duplicates"
BATCH = 1000
HEAD = 3  # characters of a name that tell it from most others; clerks differ in what follows
MOST_LOOKED_AT = 60
MOST_SHOWN = 5
COLUMNS = ("total", "operating", "idle", "moved", "closed", "new")  # of the census
Status = DuplicatePair.Status


def search_in(area: str) -> list[Likeness]:
    """Every two records worth a look under a region, from their names, addresses and codes; phones join in later."""
    rows = Enterprise.objects.filter(area_q(area)).order_by("id")
    columns = ("pk", "name", "address", "credit_code", "county_id", "locality_id")
    records = (
        Known(pk, name, address, code or "", county, locality)
        for pk, name, address, code, county, locality in rows.values_list(*columns).iterator(chunk_size=5000)
    )
    return list(find(records, places_of(area)))


def places_of(area: str) -> list[str]:
    """Names that addresses and names of enterprises begin with, the longest first."""
    regions = Region.objects.filter(Q(code__startswith=area[:4]) | Q(code=area))
    names = {name for region in regions for name in (region.name, region.short_name) if len(name) > 1}
    return sorted(names, key=lambda name: (-len(name), name))


def keep(found: Iterable[Likeness], *, at: dt.datetime) -> int:
    """Put what was found into the queue; pairs known before stay as they were decided. Returns how many are new."""
    new = 0
    batch: list[Likeness] = []
    for likeness in found:
        batch.append(likeness)
        if len(batch) == BATCH:
            new += _keep(batch, at)
            batch = []
    return new + (_keep(batch, at) if batch else 0)


def _keep(batch: list[Likeness], at: dt.datetime) -> int:
    wanted = {(each.first, each.second): each for each in batch}
    firsts = {first for first, _ in wanted}
    known = set(DuplicatePair.objects.filter(first__in=firsts).values_list("first", "second"))
    rows = [
        DuplicatePair(first=first, second=second, score=each.score, reasons=each.reasons, found_at=at)
        for (first, second), each in wanted.items()
        if (first, second) not in known
    ]
    DuplicatePair.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def with_phones(pairs: Iterable[DuplicatePair]) -> dict[int, frozenset[str]]:
    """The phones of the records of these pairs, opened only for them: sealed phones are no key to search by."""
    return phones_of({pk for pair in pairs for pk in (pair.first, pair.second)})


def phones_of(pks: Iterable[int]) -> dict[int, frozenset[str]]:
    """The phones of some records, opened one by one; those without are absent."""
    phones: dict[int, set[str]] = defaultdict(set)
    for contact in Contact.objects.filter(enterprise__in=list(pks)).only("enterprise_id", "phone"):
        if contact.phone:
            phones[contact.enterprise_id].add(contact.phone)
    return {pk: frozenset(numbers) for pk, numbers in phones.items()}


def weigh_phones(pairs: list[DuplicatePair]) -> None:
    """Judge open pairs once more with their phones; the degree and the reasons follow."""
    phones = with_phones(pairs)
    records = Enterprise.objects.in_bulk({pk for pair in pairs for pk in (pair.first, pair.second)})
    changed = []
    for pair in pairs:
        one, other = records.get(pair.first), records.get(pair.second)
        if (
            one is None
            or other is None
            or not phones.get(pair.first, frozenset()) & phones.get(pair.second, frozenset())
        ):
            continue
        judged = compare(
            known_of(one, phones.get(one.pk, frozenset())), known_of(other, phones.get(other.pk, frozenset())),
            places_of(one.city_id),
        )  # fmt: skip
        if judged is not None:
            pair.score, pair.reasons = judged.score, judged.reasons
            changed.append(pair)
    DuplicatePair.objects.bulk_update(changed, ["score", "reasons"], batch_size=500)


def known_of(enterprise: Enterprise, phones: frozenset[str] = frozenset()) -> Known:
    """A record as it is compared."""
    return Known(
        enterprise.pk, enterprise.name, enterprise.address, enterprise.credit_code or "", enterprise.county_id,
        enterprise.locality_id, phones,
    )  # fmt: skip


# --- before another one is registered ---------------------------------------------------------------


def alike_to(
    name: str, address: str, code: str | None, locality: Region, phones: Iterable[str], *, by: User
) -> list[tuple[Enterprise, Likeness]]:
    """The records a person may see that may be the place they are about to register, the most alike first.

    Looked for are places of the same county whose name holds the beginning of this one, and those at the same address.
    """
    county = locality.code[:6]
    places = places_of(county)
    near = Enterprise.objects.visible_to(by).filter(area_q(county))
    core = normal_name(name, places)
    named = narrowed(near, Kind.ENTERPRISE, terms_of(core[:HEAD]), place=county)
    found = {row.pk: row for row in named.select_related("locality")[:MOST_LOOKED_AT]}
    if len(normal_address(address, places)) > HEAD:
        beside = near.filter(locality=locality, address=address).select_related("locality")
        found |= {row.pk: row for row in beside[:MOST_LOOKED_AT]}
    known = phones_of(found)
    mine = Known(0, name, address, code or "", county, locality.code, frozenset(phones))
    alike = [
        (row, likeness)
        for row in found.values()
        if (likeness := compare(mine, known_of(row, known.get(row.pk, frozenset())), places)) is not None
    ]
    return sorted(alike, key=lambda each: (-each[1].score, each[0].pk))[:MOST_SHOWN]


# --- the search as background work -----------------------------------------------------------------


def start_search(*, by: User) -> Job:
    """Look through what the person keeps. Raises PermissionDenied without a record to keep."""
    areas = edit_scope(by).areas
    if not areas:
        raise PermissionDenied
    title = "查找疑似重复的底册记录"
    return start(JOB, title=title, by=by, parameters={"areas": list(areas)}, unit="对")


def _run(progress: Progress) -> str:
    job = progress.job
    if not job.owner.has_perm(Permission.EDIT_REGISTRY):
        raise Refused("您的岗位已不能维护底册")
    areas = [area for area in job.parameters["areas"] if area in edit_scope(job.owner).areas]
    progress.begin("逐个辖区比对", total=len(areas), done=0)
    new, now = 0, timezone.now()
    for number, area in enumerate(areas, start=1):
        new += keep(search_in(area), at=now)
        progress.step(number, {"at": number})
    fresh = list(DuplicatePair.objects.open().filter(found_at=now))
    for at in range(0, len(fresh), 500):
        weigh_phones(fresh[at : at + 500])
    job.done = job.total = new
    return f"新发现 {new} 对疑似重复，请到“疑似重复”中逐对比对"


def _stopped(job: Job) -> str:
    return "已发现的疑似重复保留着；继续时重新比对，不会重复登记"


SEARCH = JobKind(JOB, "查找疑似重复", _run, _stopped, permission=Permission.EDIT_REGISTRY)


# --- deciding --------------------------------------------------------------------------------------


@transaction.atomic
def tell_apart(pair: DuplicatePair, *, reason: str, by: User) -> None:
    """Remember that two records are not one place. Raises PermissionDenied, Refused, IllegalMove when decided already."""
    may_decide(pair, by)
    if not reason.strip():
        raise Refused("请写明不是同一家的依据，例如“两家分店，经营者不同”")
    decide(pair, Status.DIFFERENT, reason=reason, by=by)
    for pk in (pair.first, pair.second):
        enterprise = Enterprise.objects.get(pk=pk)
        other = pair.second if pk == pair.first else pair.first
        record(
            "registry.different", enterprise, by=by, summary=f"“{enterprise}”与编号{other}的记录不是同一家",
            payload={"other": other, "reason": reason.strip()[:300]},
        )  # fmt: skip


def may_decide(pair: DuplicatePair, by: User) -> tuple[Enterprise, Enterprise]:
    """Both records, if the person keeps both. Raises PermissionDenied."""
    scope = edit_scope(by)
    rows = Enterprise.objects.select_related("department").in_bulk([pair.first, pair.second])
    if len(rows) != 2 or not all(scope.covers(row) for row in rows.values()):
        raise PermissionDenied
    return rows[pair.first], rows[pair.second]


def decide(pair: DuplicatePair, status: str, *, reason: str, by: User) -> None:
    """Close a pair. Raises IllegalMove when somebody else was quicker."""
    done = DuplicatePair.objects.filter(pk=pair.pk, status=Status.OPEN).update(
        status=status, decided_by=by, decided_at=timezone.now(), reason=reason.strip()[:300]
    )
    if not done:
        raise IllegalMove("这一对刚被别人比对过，请刷新后核对")


# --- census counts ---------------------------------------------------------------------------------


_CENSUS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "kind": (("kind__position", "kind_id"), ("kind_id", "kind__label", "kind__sector")),
    "place": (("locality_id",), ("locality_id", "locality__name", "locality__kind", "county__name")),
}


@dataclass(frozen=True)
class Counted:
    """One line of the census: what it counts, as the list's filter says it, and how many in which status."""

    label: str
    note: str
    query: str
    numbers: dict[str, int]


def census(user: User, by: str = "kind") -> list[Counted]:
    """What the count of objects comes to: by kind, or by township (R050); no line for what there is none of."""
    if scope_of(user, Permission.VIEW_REGISTRY).is_empty:
        return []
    this_year = timezone.localdate().year
    order, fields = _CENSUS[by]
    rows = (
        Enterprise.objects.visible_to(user)
        .order_by(*order)
        .values(*fields)
        .annotate(
            total=Count("pk"),
            operating=Count("pk", filter=Q(status="operating")),
            idle=Count("pk", filter=Q(status="idle")),
            moved=Count("pk", filter=Q(status="moved")),
            closed=Count("pk", filter=Q(status="closed")),
            new=Count("pk", filter=Q(created_at__year=this_year)),
        )
    )
    return [_counted(row, by) for row in rows]


def _counted(row: dict[str, Any], by: str) -> Counted:
    numbers = {column: row[column] for column in COLUMNS}
    if by == "kind":
        return Counted(row["kind__label"], row["kind__sector"], f"kind={row['kind_id']}", numbers)
    if row["locality__kind"] == Region.Kind.COUNTY:
        query = f"region={row['locality_id']}&settled=no"
        return Counted(row["locality__name"], "乡镇街道待定", query, numbers)
    return Counted(row["locality__name"], row["county__name"], f"region={row['locality_id']}", numbers)
