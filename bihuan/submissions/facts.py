"""What a record a paper upward may be about is called, and where such records come from (R113, R256)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from bihuan.accounts.models import Organization, User
from bihuan.accounts.scope import area_q


@dataclass(frozen=True)
class Facts:
    """One record a paper may be about, and the words a draft about it begins with."""

    subject: str
    words: str
    url: str
    event_on: dt.date
    title: str
    situation: str
    opinion: str = ""
    addressee_name: str = ""


Find = Callable[[User, int], Facts | None]
Rows = Callable[[User, Organization, dt.date], "QuerySet[Any]"]


@dataclass(frozen=True)
class Source:
    """Records of one sort: one of them by number, and those of a unit that fall under the list since a day.

    `key` is what the list calls the sort (`suggests`); `label` as in audit chains. `rows` are the records that fall under
    the list, `say` their words, `pk` the column that holds the number of the record the chain names. What the list demands
    of a record that is there beyond doubt is owed; where only people can tell whether it has come to that
    (`is_possible`), it is proposed and no more.
    """

    key: str
    label: str
    name: str
    find: Find
    rows: Rows | None = None
    say: Callable[[Any], Facts] | None = None
    pk: str = "pk"
    is_possible: bool = False


def area_of(organization: Organization) -> Q:
    """What is a unit's own to report: an office's and a locality's area; a department what it oversees."""
    if organization.kind == Organization.Kind.DEPARTMENT:
        return Q(department=organization) & area_q(organization.region_id)
    return area_q(organization.region_id)


def own_hazards(organization: Organization) -> Q:
    """Hazards are asked about by whoever answers for them: an office only for those it found or reviews itself, the
    others come up to it from below."""
    if organization.kind == Organization.Kind.OFFICE:
        return Q(found_organization=organization) | Q(reviewing_organization=organization)
    return area_of(organization)
