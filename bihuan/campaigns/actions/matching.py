"""Saying what a printed unit name means."""

from __future__ import annotations

from django.db import transaction

from bihuan.accounts.models import Organization, OrganizationAlias, User
from bihuan.core.errors import Refused
from bihuan.plans import normalize_unit

from ..drafts import unit_names
from ..models import PlanItem, PlanUnit
from .steps import Step


@transaction.atomic
def match_unit(
    unit: PlanUnit,
    *,
    by: User,
    organization: Organization | None = None,
    group: str = "",
    version: int | None = None,
) -> PlanUnit:
    """Say what a printed name means, for every task that prints it. An organization's new name is remembered, so no
    later plan asks again (R270). `version`: the one the person saw; None for the one in `unit`."""
    step = Step(unit.document, by=by)
    if bool(organization) == bool(group):
        raise Refused(f"请为“{unit.name}”选择一个单位或一类单位")
    if group and group not in PlanUnit.Group.values:
        raise Refused("没有这一类单位，请重新选择")
    if organization and organization.region_id != unit.document.region_id:
        related = organization.region_id.startswith(
            unit.document.region_id
        ) or unit.document.region_id.startswith(organization.region_id)
        if not related:
            raise Refused(f"{organization}不在本方案适用的区划内，请重新选择")
    if unit.organization_id and unit.organization_id != (organization.pk if organization else None):
        # The earlier choice was a mistake; what it taught must be unlearnt.
        OrganizationAlias.objects.filter(
            organization=unit.organization_id, key=unit.key, source=OrganizationAlias.Source.MATCHED
        ).delete()
    seen = unit.version if version is None else version
    step.write_row(unit, version=seen, organization=organization, group=group, matched_by=by)
    if organization:
        alias, is_new = OrganizationAlias.objects.get_or_create(
            organization=organization,
            key=unit.key,
            defaults={"name": unit.name, "source": OrganizationAlias.Source.MATCHED},
        )
        if is_new:
            step.changes[-1]["before"]["learnt"] = alias.pk
    tasks = unit.document.items.filter(kind=PlanItem.Kind.TASK)
    step.touch_items(
        item.pk for item in tasks if unit.key in {normalize_unit(name) for name in unit_names(item.data)}
    )
    meaning = organization.name if organization else PlanUnit.Group(group).label
    step.finish(
        "match_unit",
        f"认定“{unit.name}”＝{meaning}",
        unit=unit.pk,
        organization=organization.pk if organization else None,
        group=group,
    )
    return unit
