"""What one act must know of a hazard, in one read: the row, its chain, its evidence, who could owe what, the ids to come."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.db import models
from django.utils import timezone

from bihuan.accounts.models import Organization, Post, User
from bihuan.accounts.queries import Chair, chairs_in, chairs_of, chairs_sql
from bihuan.audit.actions import NEW, Last, chain_of
from bihuan.audit.models import Head
from bihuan.core.statements import columns_of, instance_of, is_postgresql, next_id, rows
from bihuan.duties.terms import Terms, terms_of, terms_sql
from bihuan.registry.models import Enterprise

from .. import owed
from ..models import Extension, Hazard, HazardTransition, MajorReport, Rectification
from ..workflow import RULES, ExtensionStatus, Move, Status

_LOCAL = (
    "(SELECT o.id FROM {organizations} o WHERE o.kind = '" + Organization.Kind.LOCALITY + "' "  # noqa: S608
    "AND o.region_id = {place}.locality_id AND o.valid_to IS NULL ORDER BY o.id LIMIT 1)"
)


@dataclass(frozen=True)
class HandedIn:
    """The last rectification: its id, its round, who handed it in, and whether a message still reaches them."""

    pk: int
    round: int
    by_id: int
    is_reachable: bool


@dataclass
class Sight(owed.Bodies):
    """A hazard and its surroundings as they were at one moment; what is decided from it is written only if they still are.

    `hazard` is a row of its own, so that the caller's stays untouched when the act is refused.
    """

    hazard: Hazard
    last: Last
    handed_in: HandedIn | None
    has_pending_extension: bool
    local_authority_id: int | None
    terms: Terms
    line_id: int
    evidence_id: int | None
    today: dt.date
    _is_reported: bool | None = None
    _chairs: dict[int, list[Chair]] = field(default_factory=dict)

    def chairs(self, organization_id: int) -> list[Chair]:
        """The posts in use of an organization with their people; read now if they were not among those expected."""
        if organization_id not in self._chairs:
            self._chairs[organization_id] = chairs_in([organization_id], self.today)
        return self._chairs[organization_id]

    def people_of(self, post: Post) -> tuple[int, ...]:
        """Whom a message to the post reaches."""
        found = (chair for chair in self.chairs(post.organization_id) if chair.post_id == post.pk)
        return next((chair.people for chair in found), ())

    def is_reported(self, hazard: Hazard) -> bool:
        return super().is_reported(hazard) if self._is_reported is None else self._is_reported

    def local_authority(self, hazard: Hazard) -> Organization | None:
        if self.local_authority_id is None:
            return None
        return _body(self.local_authority_id)

    def default_post(self, organization: Organization) -> Post | None:
        chosen = (chair for chair in self.chairs(organization.pk) if chair.is_default)
        return next((_post(chair) for chair in chosen), None)

    def posts(self, organization: Organization) -> list[Post]:
        return [_post(chair) for chair in self.chairs(organization.pk)]


def _post(chair: Chair) -> Post:
    return instance_of(
        Post,
        {
            "id": chair.post_id,
            "organization_id": chair.organization_id,
            "role": chair.role,
            "is_default": chair.is_default,
        },
    )


REVIEWER, ENTERPRISE, LOCAL = "h.reviewing_organization_id", "e.organization_id", "{local}"
# Whose posts a move will ask for; the others are read when they are needed after all.
_EXPECTED: dict[str, tuple[str, ...]] = {
    Move.SUBMIT: (REVIEWER,),
    Move.CLOSE: (ENTERPRISE,),
    Move.SEND_BACK: (ENTERPRISE, LOCAL),
    Move.CONFIRM: (ENTERPRISE, LOCAL),
    Move.REOPEN: (ENTERPRISE, LOCAL),
}

_TO_PLANNING = frozenset(
    move for move, rule in RULES.items() if Status.PLANNING in (rule.target, rule.major_target)
)


def _expected(move: str) -> tuple[str, ...]:
    return _EXPECTED.get(move, (REVIEWER, ENTERPRISE, LOCAL))


def look(hazard: Hazard, move: str, evidence: type[models.Model] | None = None) -> Sight | None:
    """Read what this move of the hazard needs; `evidence` is the model of which it will add a row. None: no such hazard."""
    today = timezone.localdate()
    day = today.isoformat()
    found = rows(
        _sql(is_postgresql(), evidence, _expected(move), move in _TO_PLANNING),
        [day, day, chain_of(hazard), str(hazard.pk)],
    )
    if not found:
        return None
    _, load, width = columns_of(Hazard, "h")
    row = found[0]
    (
        name, owner, seq, link, handed_in, handed_round, handed_by, reachable, pending, reported, local, entered, chairs,
        line, new_evidence
    ) = row[width:]  # fmt: skip
    fresh = instance_of(Hazard, load(row[:width]))
    fresh.enterprise = instance_of(
        Enterprise, {"id": fresh.enterprise_id, "name": name, "organization_id": owner}
    )
    if owner is not None:
        fresh.enterprise.organization = _body(owner)
    fresh.reviewing_organization = _body(fresh.reviewing_organization_id)
    known = {REVIEWER: fresh.reviewing_organization_id, ENTERPRISE: owner, LOCAL: local}
    seated: dict[int, list[Chair]] = {
        body: [] for each in _expected(move) if (body := known[each]) is not None
    }
    for chair in chairs_of(chairs):
        seated[chair.organization_id].append(chair)
    return Sight(
        hazard=fresh,
        last=NEW if seq is None else Last(seq, link),
        handed_in=None if handed_in is None else HandedIn(handed_in, handed_round, handed_by, reachable),
        has_pending_extension=bool(pending),
        local_authority_id=local,
        terms=terms_of(entered),
        line_id=line,
        evidence_id=new_evidence,
        today=today,
        _is_reported=None if reported is None else bool(reported),
        _chairs=seated,
    )


def look_ahead(enterprise: Enterprise, reviewing_organization: Organization) -> Sight:
    """Read what entering a new hazard of this enterprise needs; the sight's `hazard` is still empty but for its id."""
    today = timezone.localdate()
    day = today.isoformat()
    local, entered, chairs, pk, line = rows(
        _sql_ahead(is_postgresql()),
        [day, day, str(reviewing_organization.pk), str(enterprise.pk)],
    )[0]
    seated: dict[int, list[Chair]] = {
        each: []
        for each in (enterprise.organization_id, reviewing_organization.pk, local)
        if each is not None
    }
    for chair in chairs_of(chairs):
        seated[chair.organization_id].append(chair)
    return Sight(
        hazard=Hazard(pk=pk), last=NEW, handed_in=None, has_pending_extension=False, local_authority_id=local,
        terms=terms_of(entered), line_id=line, evidence_id=None, today=today, _is_reported=False, _chairs=seated,
    )  # fmt: skip


@cache
def _sql_ahead(for_postgresql: bool) -> str:
    bigint = "::bigint" if for_postgresql else ""
    enterprises, organizations = Enterprise._meta.db_table, Organization._meta.db_table
    chairs = chairs_sql(f"e.organization_id, l.id, %s{bigint}")
    return f"""
        SELECT l.id, {terms_sql()}, ({chairs}), {next_id(Hazard)}, {next_id(HazardTransition)}
        FROM {enterprises} e
        LEFT JOIN {organizations} l ON l.id = {_LOCAL.format(organizations=organizations, place="e")}
        WHERE e.id = %s{bigint}
    """  # noqa: S608


def _body(pk: int) -> Organization:
    """An organization of which nothing but the id is known; the rest is read if somebody asks."""
    return instance_of(Organization, {"id": pk})


@cache
def _sql(
    for_postgresql: bool, evidence: type[models.Model] | None, bodies: tuple[str, ...], asks_for_report: bool
) -> str:
    tables: dict[str, Any] = {
        name: model._meta.db_table
        for name, model in (
            ("hazards", Hazard), ("enterprises", Enterprise), ("heads", Head), ("handed", Rectification),
            ("extensions", Extension), ("organizations", Organization), ("users", User), ("reports", MajorReport),
        )
    }  # fmt: skip
    local = _LOCAL.format(organizations=tables["organizations"], place="h")
    chairs = chairs_sql(", ".join(bodies).format(local=local))
    key = "%s::bigint" if for_postgresql else "%s"
    reported = f"EXISTS (SELECT 1 FROM {tables['reports']} x WHERE x.hazard_id = h.id)"  # noqa: S608
    # max(id + 0) reads this hazard's few rows by their index; plain max(id) may walk the whole table backwards.
    return f"""
        SELECT {columns_of(Hazard, "h")[0]},
               e.name, e.organization_id, a.seq, a.hash, r.id, r.round, r.by_id, u.is_active AND NOT u.is_service,
               EXISTS (SELECT 1 FROM {tables["extensions"]} x WHERE x.hazard_id = h.id AND x.status = '{ExtensionStatus.PENDING}'),
               {reported if asks_for_report else "NULL"}, {local}, {terms_sql()}, ({chairs}), {next_id(HazardTransition)}, {next_id(evidence) if evidence else "NULL"}
        FROM {tables["hazards"]} h
        JOIN {tables["enterprises"]} e ON e.id = h.enterprise_id
        LEFT JOIN {tables["heads"]} a ON a.chain = %s
        LEFT JOIN {tables["handed"]} r ON r.id = (SELECT max(x.id + 0) FROM {tables["handed"]} x WHERE x.hazard_id = h.id)
        LEFT JOIN {tables["users"]} u ON u.id = r.by_id
        WHERE h.id = {key}
    """  # noqa: S608
