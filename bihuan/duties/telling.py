"""What a sweep says to people: few matters one by one, many of one sort in one message (an imported pile, a Monday)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache

from django.urls import reverse

from bihuan.accounts.models import Organization, Post, Region, User
from bihuan.accounts.queries import default_post, holders_of, leaders_of, office_of
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message

from .ladder import Rung
from .models import Duty, LadderStep

FEW = 5  # matters of one sort that are told a person one by one; more are told in one message
NAMED = 3  # of those told together, so many are named
_CATEGORY = {
    LadderStep.Instrument.REMIND: Message.Category.REMINDER,
    LadderStep.Instrument.URGE: Message.Category.URGE,
    LadderStep.Instrument.REPORT: Message.Category.ESCALATION,
    LadderStep.Instrument.ESCALATE: Message.Category.ESCALATION,
    LadderStep.Instrument.DRAFT: Message.Category.ESCALATION,
}


class Staff:
    """Who sits where on one day, each asked once in a sweep."""

    def __init__(self, today: dt.date) -> None:
        self.holders: Callable[[Post], list[User]] = cache(lambda post: holders_of(post, today))
        self._leaders: Callable[[Organization], list[User]] = cache(lambda body: leaders_of(body, today))
        self._office: Callable[[str], list[User]] = cache(lambda region: _office_people(region, today))
        self._superior: Callable[[str], list[User]] = cache(self._superior_office)

    def audience(self, duty: Duty, audience: str, holders: list[User]) -> list[User]:
        """The people a rung names for a duty."""
        place = duty.locality_id or duty.county_id or duty.city_id
        match audience:
            case LadderStep.Audience.HOLDER:
                return holders
            case LadderStep.Audience.LEADER:
                return self._leaders(duty.organization)
            case LadderStep.Audience.OFFICE:
                return self._office(place)
            case _:
                return self._superior(place)

    def _superior_office(self, region: str) -> list[User]:
        own = office_of(region)
        parent = (
            Region.objects.filter(pk=own.region_id).values_list("parent_id", flat=True).first()
            if own
            else None
        )
        return self._office(parent or region)


def _office_people(region_code: str, today: dt.date) -> list[User]:
    """The default post and the leaders of the nearest office at or above a region."""
    office = office_of(region_code)
    if office is None:
        return []
    post = default_post(office)
    return [*(holders_of(post, today) if post else []), *leaders_of(office, today)]


@dataclass
class _Heap:
    """What one person is told of one sort."""

    person: User
    rung: Rung
    count: int = 0
    longest: int = 0
    ids: list[int] = field(default_factory=list)
    few: list[tuple[Duty, Rung]] = field(default_factory=list)


class Told:
    """Gathers what one sweep has to say and says it at the end."""

    def __init__(self, today: dt.date) -> None:
        self._today = today
        self._heaps: dict[tuple[int, str, str], _Heap] = {}

    def add(self, duty: Duty, rung: Rung, people: Iterable[User]) -> None:
        """`people` are to hear that `duty` has climbed `rung`."""
        late = (self._today - duty.due_on).days if duty.due_on else 0
        for person in people:
            heap = self._heaps.setdefault((person.pk, rung.instrument, rung.label), _Heap(person, rung))
            heap.count += 1
            heap.longest = max(heap.longest, late)
            heap.ids = [*heap.ids[:1], duty.pk]
            if len(heap.few) < FEW:
                heap.few.append((duty, rung))

    def send(self) -> None:
        """Tell everybody; what was told before under the same key is not told again."""
        for heap in self._heaps.values():
            if heap.count <= FEW:
                for duty, rung in heap.few:
                    self._one(heap.person, duty, rung)
            else:
                self._many(heap)

    def _one(self, person: User, duty: Duty, rung: Rung) -> None:
        late = (self._today - duty.due_on).days if duty.due_on else 0
        when = f"已逾期 {late} 天" if late > 0 else ("今天到期" if late == 0 else f"还剩 {-late} 天")
        notify(
            [person],
            category=_CATEGORY[LadderStep.Instrument(rung.instrument)],
            title=f"{rung.label}：{duty.title}"[:120],
            body=f"{duty.organization}，期限 {duty.due_on}，{when}",
            url=duty.url,
            key=f"duty:{duty.pk}:{rung.instrument}:{rung.offset_days}:{self._today}",
        )

    def _many(self, heap: _Heap) -> None:
        first, last = heap.ids[0], heap.ids[-1]
        named = "；".join(
            f"{duty.organization.short_name}：{duty.title[:40]}" for duty, _ in heap.few[:NAMED]
        )
        longest = f"，最长已逾期 {heap.longest} 天" if heap.longest > 0 else ""
        notify(
            [heap.person],
            category=_CATEGORY[LadderStep.Instrument(heap.rung.instrument)],
            title=f"{heap.rung.label}：{heap.count} 件待办{longest}",
            body=f"{named}；等 {heap.count} 件，打开清单逐件查看。",
            url=_list_of(heap),
            key=f"sweep:{self._today}:{heap.rung.instrument}:{heap.rung.label}:{first}-{last}:{heap.count}",
        )


def _list_of(heap: _Heap) -> str:
    """Where these matters stand together for this person: the own inbox, the own body's, or the office's list."""
    duties = [duty for duty, _ in heap.few]
    mine = {post.pk for post in heap.person.posts}
    own = {post.organization_id for post in heap.person.posts}
    state = "?state=overdue" if heap.longest > 0 else "?state=approaching"
    if all(duty.post_id in mine for duty in duties):
        return reverse("duties:inbox") + state
    if all(duty.organization_id in own for duty in duties):
        return reverse("duties:organization") + state
    if heap.longest <= 0 or all(duty.post_id is None for duty in duties):
        return reverse("duties:unheld")
    return reverse("duties:late")
