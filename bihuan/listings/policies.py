"""Which clocks and which chain apply to a listing: what its region has chosen, or the nearest one above, or the default."""

from __future__ import annotations

import datetime as dt

from bihuan.accounts.queries import ancestors
from bihuan.duties import clock
from bihuan.rules import listings as rules
from bihuan.rules.clocks import Due

from .models import ChainPolicy, ClockPolicy, Listing


def rule_set_for(region_code: str, on: dt.date) -> str:
    """The rule set a region counts with on a day."""
    rows = ClockPolicy.objects.filter(region__in=_codes(region_code), effective_from__lte=on)
    found = min(
        rows, key=lambda row: (-len(row.region_id), -row.effective_from.toordinal(), -row.pk), default=None
    )
    return found.rule_set if found else rules.DEFAULT


def chain_for(listing: Listing, purpose: str, on: dt.date) -> tuple[rules.Step, ...]:
    """The chain a listing's region signs on a day: its own, the nearest one above, or the shipped one."""
    rows = ChainPolicy.objects.filter(
        region__in=_codes(listing.organization.region_id),
        kind=listing.kind,
        purpose=purpose,
        effective_from__lte=on,
    )
    found = min(
        rows, key=lambda row: (-len(row.region_id), -row.effective_from.toordinal(), -row.pk), default=None
    )
    if found is not None:
        return tuple(rules.Step(each["label"], each["who"]) for each in found.steps)
    return rules.chain(listing.level, listing.kind, purpose, on)


def due(listing: Listing, key: str, start: dt.date) -> Due:
    """When a step of this listing falls due, by its rule set and the installation's calendar."""
    return rules.due(listing.rule_set, key, start, clock.calendar(), kind=listing.kind)


def term(listing: Listing, key: str, on: dt.date) -> rules.Term:
    return rules.term(listing.rule_set, key, on, kind=listing.kind)


def last_day_to_ask(listing: Listing, on: dt.date) -> dt.date:
    """The last day on which the owner may ask for more time."""
    return rules.last_day_to_ask(listing.due_on, term(listing, "extend_before", on), clock.calendar())


def _codes(region_code: str) -> list[str]:
    return [region_code, *ancestors(region_code)]
