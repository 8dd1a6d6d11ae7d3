"""Districts with who leads them and how they keep their rhythm; gaps first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Max

from bihuan.accounts.models import User
from bihuan.accounts.queries import holders_by_post

from ..models import District, DistrictLead, DistrictVisit
from ..rhythm import Period, period_of, previous_period


@dataclass(frozen=True)
class Standing:
    """How a district stands on a day."""

    district: District
    lead: DistrictLead | None
    people: list[User]
    last: dt.date | None
    period: Period

    @property
    def is_unled(self) -> bool:
        """Nobody is named, or nobody sits in the post (invariant 8)."""
        return self.lead is None or not self.people or not self.lead.post.is_active

    @property
    def is_visited(self) -> bool:
        return self.last is not None and self.last >= self.period.first

    @property
    def is_late(self) -> bool:
        """The period before went by without a visit, and none was made since."""
        if self.is_unled or self.is_visited or self.lead is None:
            return False
        before = previous_period(self.district.rhythm, self.period)
        return self.lead.from_on <= before.first and (self.last is None or self.last < before.first)


def standings(districts: Iterable[District], *, on: dt.date) -> list[Standing]:
    """Every district with its leader and last visit, in three queries whatever their number."""
    rows = list(districts)
    leads = {
        each.district_id: each
        for each in DistrictLead.objects.in_force(on=on)
        .filter(district__in=rows)
        .select_related("post__organization")
        .order_by("from_on", "pk")
    }
    people = holders_by_post([each.post_id for each in leads.values()], on)
    last = dict(
        DistrictVisit.objects.filter(district__in=rows)
        .order_by()
        .values_list("district")
        .annotate(last=Max("visited_on"))
    )
    found = []
    for each in rows:
        lead = leads.get(each.pk)
        holders = people.get(lead.post_id, []) if lead else []
        found.append(Standing(each, lead, holders, last.get(each.pk), period_of(each.rhythm, on)))
    return found


def own_districts(user: User, *, on: dt.date) -> list[Standing]:
    """The districts the person leads today, through the posts they sit in."""
    rows = District.objects.filter(
        pk__in=DistrictLead.objects.in_force(on=on).filter(post__in=user.posts).values("district"),
        is_active=True,
    )
    return standings(rows.select_related("region", "enterprise", "zone", "organization"), on=on)
