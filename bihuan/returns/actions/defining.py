"""Definitions in the hands of an office: taken over from the shipped ones, made by hand, compiled from a plan; versions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.audit.actions import record as note
from bihuan.campaigns.models import Campaign, ReportingRule
from bihuan.core.errors import IllegalMove, Overtaken, ReasonRequired, Refused

from ..compiling import compiled
from ..measures import terms
from ..models import Definition, DefinitionVersion
from ..schema import SchemaError, Spec, read
from ..shipped import shipped_by_key
from ..standing import defines, holds
from .opening import current_version


def checked(content: Mapping[str, Any]) -> Spec:
    """Read what somebody wants to publish. Raises Refused with what is wrong and where."""
    try:
        return read(content, terms())
    except SchemaError as error:
        raise Refused(str(error)) from error


def create_definition(
    content: Mapping[str, Any],
    organization: Organization,
    *,
    by: User,
    starts_on: dt.date | None = None,
    campaign: Campaign | None = None,
    origin: str = Definition.Origin.OWN,
    rule: ReportingRule | None = None,
    bodies: Iterable[Organization] = (),
    put_in_force: bool = False,
) -> Definition:
    """Make a definition with its first version. Raises PermissionDenied, Refused for content that cannot be used,
    IllegalMove when the body already has one of that key (for the same campaign)."""
    if not holds(by, Permission.DEFINE_RETURNS, organization.pk):
        raise PermissionDenied
    spec, now = checked(content), timezone.now()
    if spec.period == "campaign" and campaign is None:
        raise Refused("专项行动总结须指明是哪个专项整治，请先选择")
    try:
        with transaction.atomic():
            definition = Definition.objects.create(
                key=spec.key, name=spec.name, origin=origin, organization=organization, region=organization.region,
                campaign=campaign, reporting_rule=rule, starts_on=starts_on or timezone.localdate(now), created_by=by,
                created_at=now,
            )  # fmt: skip
            definition.bodies.set(list(bodies))
            _add_version(definition, content, "首次发布", by=by)
            if put_in_force:
                _set_state(definition, Definition.State.IN_FORCE, by=by)
    except IntegrityError as error:
        raise IllegalMove(f"本单位已经有代码为“{spec.key}”的报表，请改用原来的，或者换一个代码") from error
    return definition


def adopt(
    key: str,
    organization: Organization,
    *,
    by: User,
    starts_on: dt.date | None = None,
    campaign: Campaign | None = None,
) -> Definition:
    """Put a shipped definition into use for one's body. Raises as `create_definition`."""
    spec = shipped_by_key(key)
    if spec is None:
        raise Refused("没有这张自带报表，请从列表中选择")
    return create_definition(
        spec.raw, organization, by=by, starts_on=starts_on, campaign=campaign, origin=Definition.Origin.SHIPPED,
        put_in_force=True,
    )  # fmt: skip


@transaction.atomic
def compile_plan(campaign: Campaign, *, by: User) -> list[Definition]:
    """Definitions for the reporting rules of a published plan that have none yet, as drafts for the office to look at.

    Raises PermissionDenied for anybody but the office that runs the campaign.
    """
    if not holds(by, Permission.DEFINE_RETURNS, campaign.office_id):
        raise PermissionDenied
    made = []
    known = set(Definition.objects.filter(campaign=campaign).values_list("reporting_rule", flat=True))
    for number, rule in enumerate(campaign.reporting_rules.order_by("pk"), 1):
        if rule.pk in known:
            continue
        found = compiled(campaign, rule, number)
        if found is None:
            continue
        content, bodies = found
        made.append(
            create_definition(
                content,
                campaign.office,
                by=by,
                campaign=campaign,
                origin=Definition.Origin.PLAN,
                rule=rule,
                bodies=bodies,
                starts_on=campaign.starts_on or timezone.localdate(),
            )
        )
    return made


@transaction.atomic
def publish_version(
    definition: Definition,
    content: Mapping[str, Any],
    reason: str,
    *,
    by: User,
    bodies: Iterable[Organization] | None = None,
    seen: int | None = None,
) -> DefinitionVersion:
    """A new version, in force for the periods opened from now on; `seen` is the number of the one it was made from.

    Raises PermissionDenied, Refused, ReasonRequired, and Overtaken when somebody else published one in between.
    """
    if not defines(by, definition):
        raise PermissionDenied
    if not reason.strip():
        raise ReasonRequired("修订报表")
    last = current_version(definition)
    if seen is not None and last is not None and last.number != seen:
        raise Overtaken("这张报表的新版", who=last.by.full_name, when=last.at, theirs=last.content)
    spec = checked(content)
    if spec.key != definition.key:
        raise Refused(f"报表代码不能改（原为“{definition.key}”），需要新代码请另建一张报表")
    if bodies is not None:
        definition.bodies.set(list(bodies))
    if definition.name != spec.name:
        definition.name = spec.name
        definition.save(update_fields=["name"])
    return _add_version(definition, content, reason, by=by)


def _add_version(
    definition: Definition, content: Mapping[str, Any], reason: str, *, by: User
) -> DefinitionVersion:
    last = current_version(definition)
    try:
        with transaction.atomic():
            version = DefinitionVersion.objects.create(
                definition=definition, number=last.number + 1 if last else 1, content=dict(content),
                note=reason.strip()[:200], by=by, at=timezone.now(),
            )  # fmt: skip
    except IntegrityError as error:
        raise IllegalMove(f"“{definition.name}”刚刚已由他人修订，请刷新后重做") from error
    note(
        "returns.publish_version",
        version,
        by=by,
        summary=f"发布报表：{version}",
        payload={"note": version.note},
    )
    return version


@transaction.atomic
def start(definition: Definition, *, by: User, starts_on: dt.date | None = None) -> Definition:
    """Put a definition into force from a day on. Raises PermissionDenied."""
    if not defines(by, definition):
        raise PermissionDenied
    if starts_on is not None:
        definition.starts_on = starts_on
    if (
        definition.ends_on is not None and definition.ends_on < definition.starts_on
    ) or definition.state == Definition.State.STOPPED:
        definition.ends_on = None
    _set_state(definition, Definition.State.IN_FORCE, by=by)
    return definition


@transaction.atomic
def stop(definition: Definition, reason: str, *, by: User) -> Definition:
    """Open no more periods; what was opened stays owed. Raises PermissionDenied, ReasonRequired."""
    if not defines(by, definition):
        raise PermissionDenied
    if not reason.strip():
        raise ReasonRequired("停用报表")
    definition.ends_on = max(timezone.localdate(), definition.starts_on)
    _set_state(definition, Definition.State.STOPPED, by=by, reason=reason)
    return definition


def _set_state(definition: Definition, state: Definition.State, *, by: User, reason: str = "") -> None:
    definition.state = state
    definition.save(update_fields=["state", "starts_on", "ends_on"])
    note(
        "returns.set_state", definition, by=by, summary=f"{definition}：{state.label}",
        payload={"state": state.value, "starts_on": str(definition.starts_on), "reason": reason.strip()[:200]},
    )  # fmt: skip
