"""Who sits where on which day: the people the past is acted out by."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from functools import cache

from bihuan.accounts.models import Holding, Organization, Post, User
from bihuan.accounts.queries import LEADER_ROLES, office_of
from bihuan.accounts.roles import Role
from bihuan.duties.models import Duty, LadderStep

from .city import City


@dataclass(frozen=True)
class Seat:
    """A person in a post over a stretch of time."""

    user: User
    post: Post
    from_on: dt.date
    to_on: dt.date | None

    def on(self, day: dt.date) -> bool:
        return self.from_on <= day and (self.to_on is None or self.to_on >= day)


class Staff:
    """Holdings by body and by post. People who have left by today act in nothing: their acts would lack a post."""

    def __init__(self, city: City) -> None:
        self.city = city
        self._by_body: dict[int, list[Seat]] = defaultdict(list)
        self._by_post: dict[int, list[Seat]] = defaultdict(list)
        self._default: dict[int, Post] = {}
        for holding in Holding.objects.select_related("user", "post__organization").order_by("kind", "id"):
            seat = Seat(holding.user, holding.post, holding.from_on, holding.to_on)
            self._by_body[holding.post.organization_id].append(seat)
            self._by_post[holding.post_id].append(seat)
        for post in Post.objects.filter(is_default=True, is_active=True):
            self._default[post.organization_id] = post
        self.local: dict[str, Organization] = {
            body.region_id: body
            for body in city.organizations.values()
            if body.kind == Organization.Kind.LOCALITY
        }

    def people(self, body: Organization, *roles: str) -> list[User]:
        """Those of a body who hold one of the roles (any, if none is named) and are still there today."""
        return [
            seat.user
            for seat in self._by_body[body.pk]
            if seat.on(self.city.today) and (not roles or seat.post.role in roles)
        ]

    def default_post(self, body: Organization | None) -> Post | None:
        return self._default.get(body.pk) if body else None

    def holders(self, post: Post | None, day: dt.date) -> list[User]:
        """Who sat in a chair that day; nobody for no chair."""
        return [seat.user for seat in self._by_post[post.pk] if seat.on(day)] if post else []

    def leaders(self, body: Organization, day: dt.date) -> list[User]:
        return [
            seat.user for seat in self._by_body[body.pk] if seat.on(day) and seat.post.role in LEADER_ROLES
        ]

    def officials(self, body: Organization) -> list[User]:
        """Those who enter, confirm and review: officers and inspectors of a locality, officers of others."""
        return self.people(
            body, Role.INSPECTOR, Role.LOCALITY_OFFICER, Role.DEPARTMENT_OFFICER, Role.OFFICE_OFFICER
        )

    def deciders(self, body: Organization) -> list[User]:
        """Those who decide on more time and judge major hazards: leaders, and the officers of an office."""
        return self.people(
            body, Role.LOCALITY_LEADER, Role.DEPARTMENT_LEADER, Role.OFFICE_LEADER, Role.OFFICE_OFFICER
        )

    def graders(self, body: Organization) -> list[User]:
        """Those who may judge a hazard to be major."""
        return self.people(body, Role.DEPARTMENT_OFFICER, Role.OFFICE_OFFICER)

    @cache  # noqa: B019 - one staff per load
    def office(self, region: str) -> Organization | None:
        return office_of(region)

    def audience(
        self, name: str, *, body: Organization, post: Post | None, place: Duty, day: dt.date
    ) -> list[User]:
        """Whom a rung of the ladder reaches (the sweep's own rule)."""
        lowest = place.locality_id or place.county_id or place.city_id
        match name:
            case LadderStep.Audience.HOLDER:
                return self.holders(post, day)
            case LadderStep.Audience.LEADER:
                return self.leaders(body, day)
            case LadderStep.Audience.OFFICE:
                return self._office_people(lowest, day)
            case _:
                own = self.office(lowest)
                above = self.city.regions[own.region_id].parent_id if own else None
                return self._office_people(above or lowest, day)

    def _office_people(self, region: str, day: dt.date) -> list[User]:
        office = self.office(region)
        if office is None:
            return []
        return [*self.holders(self.default_post(office), day), *self.leaders(office, day)]
