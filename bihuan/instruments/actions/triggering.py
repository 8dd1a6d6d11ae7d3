"""Triggers: set, tried on history, switched on by somebody, and fired: once for each matter in each period."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import service_user
from bihuan.accounts.scope import place_of
from bihuan.audit.actions import record
from bihuan.audit.moves import step, write_line
from bihuan.core.errors import IllegalMove, Refused

from ..models import Firing, Instrument, Trial, Trigger, TriggerTransition, TriggerVersion
from ..sources import Matter, source_of
from ..standing import holds, sets
from ..types import labels, type_for
from ..workflow import TRIGGER_RULES, Audience, Origin, Period, TriggerMove, TriggerStatus
from .drafting import MOST_MATTERS, Draft, MatterGiven, draft_instrument

OVERLAP = dt.timedelta(days=31)  # what is entered late for a day that was looked at already still fires


@dataclass(frozen=True)
class Setting:
    """What a version of a trigger says."""

    source: str
    parameters: Mapping[str, Any]
    region: Region
    period: str
    audience: str
    kind: str
    document: str
    effective_from: dt.date
    effective_to: dt.date | None = None
    demand: str = ""


@transaction.atomic
def create_trigger(
    name: str, setting: Setting, *, organization: Organization, key: str = "", by: User
) -> Trigger:
    """Set a condition; it does nothing until it is tried and switched on. Raises PermissionDenied, Refused."""
    if not holds(by, Permission.SET_TRIGGERS, organization.pk):
        raise PermissionDenied
    if not name.strip():
        raise Refused("请给触发条件起个名称")
    if key and Trigger.objects.filter(organization=organization, key=key).exists():
        raise Refused("这一出厂条件已经引入")
    place = place_of(organization.region)
    trigger = Trigger.objects.create(
        key=key, name=name.strip()[:80], organization=organization, city_id=place.city_id, county_id=place.county_id,
        locality_id=place.locality_id,
    )  # fmt: skip
    _version(trigger, setting, by=by)
    write_line(trigger, TriggerMove.SET, TriggerTransition, seen="", by=by, act="instruments.trigger_set")
    return trigger


@transaction.atomic
def change_trigger(trigger: Trigger, setting: Setting, *, by: User) -> TriggerVersion:
    """Write the next version. The one switched on goes on until the new one is tried and switched on in its place."""
    _may(by, trigger)
    version = _version(trigger, setting, by=by)
    step(
        trigger, TriggerMove.CHANGE, TRIGGER_RULES[TriggerMove.CHANGE], TriggerTransition, by=by,
        reason=f"第 {version.number} 版", act="instruments.trigger_change",
    )  # fmt: skip
    return version


@transaction.atomic
def switch_on(version: TriggerVersion, *, by: User) -> None:
    """Let a version work from now on, in the name of who switches it on. It must have been tried.

    Raises PermissionDenied, Refused, IllegalMove.
    """
    trigger = version.trigger
    _may(by, trigger)
    tried = Trial.objects.filter(version=version, state=Trial.State.DONE).order_by("-pk").first()
    if tried is None:
        raise Refused("这一版还没有试算过：先用历史数据试算，看清会发给谁、发多少，再启用")
    if trigger.running_id == version.pk and trigger.status == TriggerStatus.ON:
        raise IllegalMove("这一版已经启用")
    if version.effective_to and version.effective_to < timezone.localdate():
        raise Refused(f"这一版执行到 {version.effective_to} 为止，已经过期，请先修改")
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    step(
        trigger, TriggerMove.SWITCH_ON, TRIGGER_RULES[TriggerMove.SWITCH_ON], TriggerTransition, by=by,
        reason=f"第 {version.number} 版，试算 {tried.since} 至 {tried.until} 起草 {tried.papers} 份",
        changed={"running": version, "swept_to": max(yesterday, version.effective_from - dt.timedelta(days=1))},
        watched=("running",), act="instruments.trigger_on",
    )  # fmt: skip


@transaction.atomic
def switch_off(trigger: Trigger, *, reason: str, by: User) -> None:
    """Stop a trigger, with the reason on record. What it drafted stays. Raises PermissionDenied, ReasonRequired."""
    _may(by, trigger)
    step(
        trigger, TriggerMove.SWITCH_OFF, TRIGGER_RULES[TriggerMove.SWITCH_OFF], TriggerTransition, by=by, reason=reason,
        act="instruments.trigger_off",
    )  # fmt: skip


def shipped_triggers() -> list[dict[str, Any]]:
    """The conditions the sources name, as data."""
    text = resources.files("bihuan.instruments").joinpath("data", "triggers.json").read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = json.loads(text)["triggers"]
    return rows


@transaction.atomic
def adopt_shipped(organization: Organization, *, by: User) -> int:
    """Take over the shipped conditions an office has not yet, all switched off; returns how many."""
    if not holds(by, Permission.SET_TRIGGERS, organization.pk):
        raise PermissionDenied
    have = set(Trigger.objects.filter(organization=organization).values_list("key", flat=True))
    new = 0
    for row in shipped_triggers():
        try:
            source_of(row["source_key"])
        except Refused:
            continue  # the package that knows this condition is not part of this installation
        if row["key"] in have:
            continue
        setting = Setting(
            source=row["source_key"], parameters=row["parameters"], region=organization.region, period=row["period"],
            audience=row["to"], kind=row["kind"], document=f"{row['source']}（{row['doc_no']}）"[:200],
            effective_from=timezone.localdate(), demand=row["demand"],
        )  # fmt: skip
        create_trigger(row["name"], setting, organization=organization, key=row["key"], by=by)
        new += 1
    return new


def _version(trigger: Trigger, setting: Setting, *, by: User) -> TriggerVersion:
    source = source_of(setting.source)
    problems = []
    if setting.period not in Period.values:
        problems.append("请选择周期")
    if setting.audience not in Audience.values:
        problems.append("请选择收件单位")
    if setting.kind not in labels():
        problems.append("请选择文种")
    elif trigger.organization.kind not in type_for(setting.kind, trigger.organization).draft_by:
        problems.append(f"{trigger.organization}不能制发{labels()[setting.kind]}")
    if not setting.document.strip():
        problems.append("请填写依据")
    if not setting.region.code.startswith(trigger.organization.region_id):
        problems.append("范围应在本单位辖区以内")
    if setting.effective_to and setting.effective_to < setting.effective_from:
        problems.append("执行止日早于起日")
    if problems:
        raise Refused("；".join(problems))
    # The row of the trigger is taken first: two people writing at once get versions one after the other.
    Trigger.objects.filter(pk=trigger.pk).update(name=trigger.name)
    last = trigger.versions.aggregate(last=Max("number"))["last"] or 0
    version = TriggerVersion.objects.create(
        trigger=trigger, number=last + 1, source=setting.source, parameters=source.clean(setting.parameters),
        region=setting.region, period=setting.period, audience=setting.audience, kind=setting.kind,
        demand=setting.demand.strip()[:300], document=setting.document.strip()[:200],
        effective_from=setting.effective_from, effective_to=setting.effective_to, made_by=by, made_at=timezone.now(),
    )  # fmt: skip
    record("instruments.trigger_version", version, by=by, summary=f"设定{version}")
    return version


def _may(by: User, trigger: Trigger) -> None:
    if not sets(by, trigger) or not Trigger.objects.visible_to(by).filter(pk=trigger.pk).exists():
        raise PermissionDenied


# --- what a version finds, and whom it writes to -----------------------------------------------


def period_of(period: str, on: dt.date) -> str:
    """The period a day belongs to, as it is counted once: 2026-11-23, 2026-W48, 2026-11, 2026-Q4, 2026, once."""
    week = on.isocalendar()
    return {
        Period.DAY: on.isoformat(),
        Period.WEEK: f"{week.year}-W{week.week:02d}",
        Period.MONTH: f"{on:%Y-%m}",
        Period.QUARTER: f"{on.year}-Q{(on.month + 2) // 3}",
        Period.YEAR: str(on.year),
    }.get(Period(period), "once")


def found_by(version: TriggerVersion, since: dt.date, until: dt.date) -> list[tuple[str, str, Matter]]:
    """(matter, period, matter itself) of everything that met the condition between two days, each once a period."""
    first: dict[tuple[str, str], Matter] = {}
    source = source_of(version.source)
    for matter in source.find(version.parameters, version.region_id, since, until):
        key = (matter.key, period_of(version.period, matter.on))
        if key not in first or matter.on < first[key].on:
            first[key] = matter
    return sorted(((*key, matter) for key, matter in first.items()), key=lambda each: (each[2].on, each[0]))


class Addresses:
    """Whom a version writes to for a matter; bodies are read once."""

    def __init__(self, version: TriggerVersion) -> None:
        self._version = version
        self._allowed = set(type_for(version.kind, version.trigger.organization).recipients)
        self._by_key: dict[tuple[str, Any], Organization | None] = {}

    def of(self, matter: Matter) -> Organization | None:
        """The body, or None when there is none of that kind, or it may not be written to: people then choose."""
        key = self._key(matter)
        if key not in self._by_key:
            body = self._find(*key)
            unfit = (
                body is None
                or body.kind not in self._allowed
                or body.pk == self._version.trigger.organization_id
            )
            self._by_key[key] = None if unfit else body
        return self._by_key[key]

    def _key(self, matter: Matter) -> tuple[str, Any]:
        match self._version.audience:
            case Audience.LOCALITY:
                return "locality", matter.region
            case Audience.COUNTY:
                return "office", matter.region[:6]
            case Audience.DEPARTMENT:
                return "pk", matter.department_id
            case _:
                return "pk", matter.organization_id

    def _find(self, how: str, what: Any) -> Organization | None:
        bodies = Organization.objects.select_related("region")
        if how == "pk":
            return bodies.filter(pk=what).first()
        kind = Organization.Kind.LOCALITY if how == "locality" else Organization.Kind.OFFICE
        return (
            bodies.current(on=timezone.localdate()).filter(kind=kind, region_id=what).order_by("pk").first()
        )  # type: ignore[attr-defined, no-any-return]


# --- firing --------------------------------------------------------------------------------------


def run_triggers(now: dt.datetime) -> int:
    """Look through the whole days passed since the last round for every trigger that is on; returns drafts made.

    Idempotent, and safe when two rounds run at once: each firing is a row that exists once, written in the transaction
    of its draft.
    """
    yesterday = timezone.localdate(now) - dt.timedelta(days=1)
    made = 0
    on = Trigger.objects.filter(status=TriggerStatus.ON).select_related(
        "organization__region", "running__trigger__organization", "running__region"
    )
    for trigger in on.order_by("pk"):
        version = trigger.running
        if version is None:
            continue
        until = min(yesterday, version.effective_to or yesterday)
        begun = _begun(trigger, version)
        since = max(begun, (trigger.swept_to or begun) - OVERLAP)
        if since > until:
            continue
        made += fire(trigger, version, found_by(version, since, until), now=now)
        Trigger.objects.filter(pk=trigger.pk, running=version).update(swept_to=until)
    return made


def _begun(trigger: Trigger, version: TriggerVersion) -> dt.date:
    """The first day a version looks at: the day it was switched on, or that it takes effect later."""
    line = (
        TriggerTransition.objects.filter(trigger=trigger, move=TriggerMove.SWITCH_ON, running=version)
        .order_by("pk")
        .last()
    )
    day = timezone.localdate(line.at) if line else version.effective_from
    return max(day, version.effective_from)


def fire(
    trigger: Trigger, version: TriggerVersion, found: Iterable[tuple[str, str, Matter]], *, now: dt.datetime
) -> int:
    """Draft one paper for each recipient about what has not fired yet; returns how many drafts were made."""
    rows = list(found)
    keys = {each[0] for each in rows}
    known: set[tuple[str, str]] = set()
    ordered = sorted(keys)
    for position in range(0, len(ordered), 500):
        part = ordered[position : position + 500]
        known |= set(Firing.objects.filter(trigger=trigger, matter__in=part).values_list("matter", "period"))
    addresses = Addresses(version)
    groups: dict[int, tuple[Organization | None, list[tuple[str, str, Matter]]]] = {}
    for key, period, matter in rows:
        if (key, period) in known:
            continue
        body = addresses.of(matter)
        groups.setdefault(body.pk if body else 0, (body, []))[1].append((key, period, matter))
    return sum(_fire_group(trigger, version, body, new, now=now) for body, new in groups.values())


def _fire_group(
    trigger: Trigger,
    version: TriggerVersion,
    body: Organization | None,
    new: list[tuple[str, str, Matter]],
    *,
    now: dt.datetime,
) -> int:
    try:
        with transaction.atomic():
            instrument = _draft(trigger, version, body, [matter for _, _, matter in new])
            Firing.objects.bulk_create(
                Firing(
                    trigger=trigger, version=version, matter=key, period=period, on=matter.on, words=matter.words[:300],
                    url=matter.url[:200], organization=body, instrument=instrument, at=now,
                )
                for key, period, matter in new
            )  # fmt: skip
    except IntegrityError:
        # Another round fired some of these at this moment; what is left comes with the next round.
        return 0
    return 1


def _draft(
    trigger: Trigger, version: TriggerVersion, body: Organization | None, matters: list[Matter]
) -> Instrument:
    kind = type_for(version.kind, trigger.organization)
    source = source_of(version.source)
    rows = {chain: (chain, words, url) for matter in matters for chain, words, url in matter.behind()}
    listed = list(rows.values())[:MOST_MATTERS]
    days = sorted({matter.on for matter in matters})
    span = str(days[0]) if len(days) == 1 else f"{days[0]} 至 {days[-1]}"
    to = body.short_name if body else "有关单位"
    more = f"，下列为前 {len(listed)} 项" if len(rows) > len(listed) else ""
    said = (
        "\n".join(matter.words for matter in matters[:20]) if any(matter.rows for matter in matters) else ""
    )
    draft = Draft(
        kind=version.kind,
        title=f"关于{to}{trigger.name}的{kind.label}"[:120],
        situation=f"{span}，符合“{source.sentence(version.parameters)}”的事项 {len(matters)} 项{more}。"
        + (f"\n{said}" if said else ""),
        demand="\n".join(each for each in (version.demand, kind.demand) if each),
        recipients=[body] if body else [],
        basis=version.document,
        matters=[MatterGiven(chain, words, url, body) for chain, words, url in listed],
    )
    return draft_instrument(
        draft, organization=trigger.organization, origin=Origin.TRIGGER, by=service_user()
    )
