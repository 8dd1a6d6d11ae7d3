"""Writing a promise: begun from what the registry and the ledger already know, changed until it is signed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.actions import record
from bihuan.campaigns.models import Campaign
from bihuan.core.errors import IllegalMove, Refused
from bihuan.hazards.models import Hazard
from bihuan.hazards.workflow import RUNNING, Status
from bihuan.registry.models import Contact, Enterprise
from bihuan.rules.pledges import Definition, Table, use_of_kind

from ..models import Pledge, PledgeForm, PledgeLine, PledgePerson
from ..queries import campaigns_covering
from ..standing import may_write, own_enterprise, receiver_of
from ..workflow import PledgeStatus

PREFILLED_LINES = 40
# Who of the registry is proposed for whom of the form, in order of preference.
PROPOSED = (
    (Contact.Role.PRINCIPAL, Contact.Role.LEGAL),
    (Contact.Role.SAFETY, Contact.Role.PRINCIPAL),
    (Contact.Role.OTHER, Contact.Role.SAFETY),
)
LINE_FIELDS = (
    "place", "description", "measures", "reason", "interim_measures", "due_on", "responsible_person", "cells",
)  # fmt: skip


@transaction.atomic
def start_draft(
    enterprise: Enterprise,
    form: PledgeForm,
    *,
    by: User,
    renews: Pledge | None = None,
    campaign: Campaign | None = None,
) -> Pledge:
    """Begin a promise, filled in from registry, contacts and ledger (R068); an open draft of the form is returned.

    `campaign` is the running one it answers, if any. Raises PermissionDenied for people of other enterprises, Refused without a body that checks it, or when `renews`
    has been renewed already.
    """
    own = own_enterprise(by)
    if own is None or own.pk != enterprise.pk:
        raise PermissionDenied
    if not form.is_active:
        raise Refused("这份式样已停用，请选在用的式样")
    known = Pledge.objects.filter(enterprise=enterprise, form=form, status=PledgeStatus.DRAFT).first()
    if known is not None:
        return known
    receiver = receiver_of(enterprise)
    if receiver is None:
        raise Refused("本企业没有主管部门，所在地也没有安委办，无处报送，请联系乡镇街道先指定主管部门")
    if renews is not None and (
        renews.enterprise_id != enterprise.pk or Pledge.objects.filter(renews=renews).exists()
    ):
        raise Refused("这份承诺书已经续签过，请打开新的一份")
    if campaign is not None and campaign not in campaigns_covering(enterprise):
        raise Refused(f"“{campaign}”没有把本企业列入整治对象，或者已经结束")
    if campaign is None and renews is not None and renews.campaign in campaigns_covering(enterprise):
        campaign = renews.campaign
    now = timezone.now()
    definition = form.read
    pledge = Pledge(
        form=form,
        enterprise=enterprise,
        campaign=campaign,
        department=enterprise.department,
        receiver=receiver,
        city_id=enterprise.city_id,
        county_id=enterprise.county_id,
        locality_id=enterprise.locality_id,
        unit_name=enterprise.name,
        unit_code=enterprise.credit_code or "",
        unit_address=enterprise.address,
        use_code=(renews.use_code if renews else "")
        or (use_of_kind(enterprise.kind_id, timezone.localdate()) if definition.asks_use else ""),
        answers=dict(renews.answers) if renews else {},
        started_by=by,
        started_at=now,
        updated_at=now,
        renews=renews,
    )
    try:
        with transaction.atomic():
            pledge.save(force_insert=True)
    except IntegrityError as error:
        raise IllegalMove("刚刚已经建好一份草稿，请刷新后继续填写") from error
    _propose_persons(pledge, definition, renews)
    _propose_lines(pledge, definition)
    record("pledges.start", pledge, by=by, summary=f"开始填写{form.title}：{enterprise}")
    return pledge


def _propose_persons(pledge: Pledge, definition: Definition, renews: Pledge | None) -> None:
    before = {each.key: each for each in renews.persons.all()} if renews else {}
    contacts = list(pledge.enterprise.contacts.all())
    rows = []
    for number, person in enumerate(definition.persons):
        known, proposed = before.get(person.key), None
        for role in PROPOSED[min(number, len(PROPOSED) - 1)]:
            proposed = proposed or next((each for each in contacts if each.role == role), None)
        rows.append(
            PledgePerson(
                pledge=pledge,
                key=person.key,
                label=person.label,
                position=number + 1,
                name=known.name if known else proposed.name if proposed else "",
                phone=known.phone if known else proposed.phone if proposed else "",
                id_number=known.id_number if known else "",
            )
        )
    PledgePerson.objects.bulk_create(rows)


def _propose_lines(pledge: Pledge, definition: Definition) -> None:
    """What the enterprise found itself and has put right stands in table 1, whatever is still running in table 2."""
    year_ago = timezone.localdate() - dt.timedelta(days=365)
    hazards = Hazard.objects.filter(enterprise=pledge.enterprise).order_by("found_on", "pk")
    done = hazards.filter(
        source=Hazard.Source.SELF_CHECK,
        status__in=[Status.REINSPECTING, Status.CLOSED],
        found_on__gte=year_ago,
    ).prefetch_related("rectifications")
    running = hazards.filter(status__in=RUNNING)
    for table in definition.tables:
        if table.role == PledgeLine.Role.CORRECTED:
            _add_lines(pledge, table, list(done[:PREFILLED_LINES]))
        elif table.role == PledgeLine.Role.UNCORRECTED:
            _add_lines(pledge, table, list(running[:PREFILLED_LINES]))


def _add_lines(pledge: Pledge, table: Table, hazards: Sequence[Hazard]) -> None:
    corrected = table.role == PledgeLine.Role.CORRECTED
    lines = []
    for position, hazard in enumerate(hazards, start=1):
        handed_in = list(hazard.rectifications.all()) if corrected else []
        lines.append(
            PledgeLine(
                pledge=pledge,
                table=table.key,
                role=table.role,
                position=position,
                place=hazard.location,
                description=hazard.description,
                measures=(handed_in[-1].text if handed_in else hazard.measures)[:500],
                interim_measures="" if corrected else hazard.interim_measures,
                due_on=None if corrected else hazard.due_on,
                responsible_person=hazard.responsible_person,
                hazard=hazard,
            )
        )
    PledgeLine.objects.bulk_create(lines)


@transaction.atomic
def save_draft(
    pledge: Pledge,
    *,
    values: Mapping[str, Any],
    persons: Mapping[str, Mapping[str, str]],
    lines: Sequence[Mapping[str, Any]],
    by: User,
) -> None:
    """Keep what was written so far; nothing has to be complete before signing.

    `values` are use_code, answers, remarks; `persons` by key: name, phone, id_number, where an empty number leaves
    the sealed one; `lines` in order, each with table, role, `pk` of the row it continues (or None) and its fields.
    Rows no longer given are taken out. Raises PermissionDenied, IllegalMove once it is signed.
    """
    if not may_write(by, pledge):
        raise PermissionDenied
    now = timezone.now()
    kept = {name: values[name] for name in ("use_code", "answers", "remarks") if name in values}
    if not Pledge.objects.filter(pk=pledge.pk, status=PledgeStatus.DRAFT).update(**kept, updated_at=now):
        raise IllegalMove("这份承诺书已经签署或撤回，不能再改")
    for name, value in kept.items():
        setattr(pledge, name, value)
    pledge.updated_at = now
    for person in pledge.persons.all():
        given = persons.get(person.key, {})
        for field in ("name", "phone", "id_number"):
            value = given.get(field, "")
            if value or (field == "name" and field in given):
                setattr(person, field, value)
        person.save()
    _save_lines(pledge, lines)


def _save_lines(pledge: Pledge, given: Sequence[Mapping[str, Any]]) -> None:
    known = {line.pk: line for line in pledge.lines.all()}
    stay = {row["pk"] for row in given if row.get("pk") in known}
    pledge.lines.exclude(pk__in=stay).delete()
    # Out of each other's way first: positions are unique and rows may have changed places.
    for number, pk in enumerate(sorted(stay), start=1):
        PledgeLine.objects.filter(pk=pk).update(position=20000 + number)
    positions: dict[str, int] = {}
    for row in given:
        position = positions[row["table"]] = positions.get(row["table"], 0) + 1
        line = known[row["pk"]] if row.get("pk") in known else PledgeLine(pledge=pledge)
        if line.pk and line.table != row["table"]:
            continue
        line.table, line.role, line.position = row["table"], row["role"], position
        for name in LINE_FIELDS:
            if name in row:
                setattr(line, name, row[name])
        line.save()
