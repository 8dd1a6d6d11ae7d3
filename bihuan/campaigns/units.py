"""Which organizations a printed name means: one body, or a group of them expanded under the plan's region (R026, R270)."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterable
from functools import cached_property

from django.db.models import Q

from bihuan.accounts.models import Organization, OrganizationAlias, Region
from bihuan.accounts.queries import localities_under, organizations_under, resolve_unit
from bihuan.plans import is_collective, normalize_unit
from bihuan.plans.unit_names import Alias, KnownUnit, UnitNames

from .drafts import unit_names
from .models import PlanDocument, PlanItem, PlanUnit

# Collective names of the plan library and the group they are; member units of a body are departments here.
GROUPS = {
    "townships": PlanUnit.Group.TOWNSHIPS,
    "streets": PlanUnit.Group.STREETS,
    "localities": PlanUnit.Group.LOCALITIES,
    "departments": PlanUnit.Group.DEPARTMENTS,
    "members": PlanUnit.Group.DEPARTMENTS,
}
GROUP_WORDS = {
    PlanUnit.Group.TOWNSHIPS: "个乡镇",
    PlanUnit.Group.STREETS: "个街道",
    PlanUnit.Group.LOCALITIES: "个乡镇街道",
    PlanUnit.Group.DEPARTMENTS: "个部门",
}
SIMILAR = 0.62
# How sure the grammar of names must be before a duty is given by it; what is less sure is only suggested.
SETTLED = 0.85


class Bodies:
    """The organizations a plan of one region may charge on one day, loaded once."""

    def __init__(self, region_id: str, *, on: dt.date) -> None:
        self.region_id = region_id
        self.on = on

    @cached_property
    def localities(self) -> list[Organization]:
        return localities_under(self.region_id, on=self.on)

    @cached_property
    def departments(self) -> list[Organization]:
        """Departments of the region's own level: a city's plan does not command the counties' bureaus by 各部门."""
        kinds = [Organization.Kind.DEPARTMENT]
        return list(
            organizations_under(self.region_id, kinds=kinds, on=self.on)
            .filter(region=self.region_id)
            .select_related("region")
        )

    def of_group(self, group: str) -> list[Organization]:
        """The members of a group; none for a unit that gets nothing."""
        match group:
            case PlanUnit.Group.LOCALITIES:
                return self.localities
            case PlanUnit.Group.TOWNSHIPS:
                return [body for body in self.localities if body.region.name.endswith(("镇", "乡"))]
            case PlanUnit.Group.STREETS:
                return [body for body in self.localities if body.region.name.endswith("街道")]
            case PlanUnit.Group.DEPARTMENTS:
                return self.departments
            case _:
                return []

    def expand(self, unit: PlanUnit) -> list[Organization]:
        """Everybody a printed name charges."""
        if unit.group:
            return self.of_group(unit.group)
        return [unit.organization] if unit.organization else []

    @cached_property
    def choices(self) -> list[Organization]:
        """Bodies a person may choose for a name: those of the region, below it, and departments above it."""
        above = Q(
            region__in=[self.region_id[:length] for length in (2, 4, 6) if length < len(self.region_id)]
        )
        kinds = [Organization.Kind.OFFICE, Organization.Kind.DEPARTMENT, Organization.Kind.LOCALITY]
        kinds += [Organization.Kind.INSPECTORATE, Organization.Kind.EXPERTS]
        return list(
            Organization.objects.current(on=self.on)
            .filter(above | Q(region__code__startswith=self.region_id), kind__in=kinds)
            .order_by("kind", "region_id", "id")
        )

    @cached_property
    def _named(self) -> list[tuple[str, Organization]]:
        return [
            (normalize_unit(name), body)
            for body in self.choices
            for name in dict.fromkeys((body.name, body.short_name))
        ]

    @cached_property
    def names(self) -> UnitNames:
        """The names of `choices` with their aliases, those people matched before included (R270)."""
        regions = dict(
            Region.objects.filter(code__in={body.region_id for body in self.choices}).values_list(
                "code", "name"
            )
        )
        aliases: dict[int, list[Alias]] = {}
        learned = OrganizationAlias.Source.MATCHED
        for alias in OrganizationAlias.objects.filter(organization__in=self.choices):
            aliases.setdefault(alias.organization_id, []).append(
                Alias(alias.name, alias.source == learned, alias.valid_from, alias.valid_to)
            )
        known = (
            KnownUnit(
                body.pk,
                body.name,
                body.short_name,
                regions.get(body.region_id, ""),
                tuple(aliases.get(body.pk, ())),
            )
            for body in self.choices
        )
        return UnitNames(known, home=regions.get(self.region_id, ""))

    def settled(self, name: str) -> Organization | None:
        """The body a name means by the grammar of agency names, where exactly one fits; None where a person decides."""
        found = self.names.match(name, on=self.on)
        if found.unit is None or found.confidence < SETTLED:
            return None
        return next(body for body in self.choices if body.pk == found.unit.key)

    def similar_to(self, name: str) -> Organization | None:
        """The body to suggest for `name`: what an abbreviation means, or the name that reads most like it."""
        meant = self.names.match(name, on=self.on).unit
        if meant:
            return next(body for body in self.choices if body.pk == meant.key)
        best: tuple[float, Organization | None] = (SIMILAR, None)
        # The matcher prepares its second sequence once; the cheap upper bounds spare most comparisons.
        matcher = difflib.SequenceMatcher(None, "", normalize_unit(name), autojunk=False)
        for other, body in self._named:
            matcher.set_seq1(other)
            least = best[0]
            if matcher.real_quick_ratio() < least or matcher.quick_ratio() < least:
                continue
            ratio = matcher.ratio()
            if ratio > least or (best[1] is None and ratio >= least):
                best = (ratio, body)
        return best[1]


def names_in(items: Iterable[PlanItem]) -> dict[str, str]:
    """Comparison key → first printed form of every unit the tasks charge; removed tasks charge nobody."""
    found: dict[str, str] = {}
    for item in items:
        if item.kind == PlanItem.Kind.TASK and item.state != PlanItem.State.REMOVED:
            for name in unit_names(item.data):
                found.setdefault(normalize_unit(name), name)
    return found


def sync_units(document: PlanDocument, *, on: dt.date) -> None:
    """Give every unit name of the tasks its row, resolved where a name, an alias or a collective word settles it.

    Rows of names no longer used stay: what a person decided about them is still true.
    """
    tasks = document.items.filter(kind=PlanItem.Kind.TASK)
    known = set(document.units.values_list("key", flat=True))
    bodies = Bodies(document.region_id, on=on)
    fresh = []
    for key, name in names_in(tasks).items():
        if key in known:
            continue
        unit = PlanUnit(document=document, name=name[:120], key=key[:120])
        if collective := is_collective(name):
            unit.group = GROUPS[collective]
        else:
            unit.organization = resolve_unit(name, document.region_id, on) or bodies.settled(name)
        fresh.append(unit)
    PlanUnit.objects.bulk_create(fresh)
