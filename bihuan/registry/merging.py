"""Two records that are one place become one: everything that hung on the one that goes hangs on the one that stays.

Other apps hang records on enterprises without the registry knowing them. A plain reference just moves; where one place
may hold only one of a thing, the app says how two become one:

    merging.register("inspections.coverage", fold)   # in AppConfig.ready of the app that owns the model

Sealed records that move get a line in their own chain, so that the proof of the whole record stays whole.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, transaction
from django.db.models import ForeignObjectRel, Q
from django.forms import model_to_dict
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.actions import chain_of, record
from bihuan.core.errors import ReasonRequired, Refused
from bihuan.duties.actions import finish_duty
from bihuan.duties.models import Duty
from bihuan.search import actions as search
from bihuan.search.models import Kind

from . import places, searching
from .changes import MIRRORED, apply_values, mirror
from .duplicates import Status, decide, may_decide
from .models import (
    Contact,
    Diagnosis,
    DuplicatePair,
    Enterprise,
    EnterpriseChange,
    EnterpriseGrading,
    Equipment,
    MajorUnit,
    Merger,
    Permit,
    Premises,
    Responsibility,
    RiskPoint,
    RiskProfile,
    StatusPeriod,
)
from .noting import note
from .periods import cancel_rechecks
from .risks import carry_up

# Takes (kept, gone, by) before the rest of the model's rows move; returns nothing.
Fold = Callable[[Enterprise, Enterprise, User], None]
_FOLDS: dict[str, Fold] = {}
CHOOSABLE = (
    "name", "credit_code", "kind", "department", "locality", "address", "longitude", "employees", "remark",
)  # fmt: skip


def register(label: str, fold: Fold) -> None:
    """Say how rows of a model are made fit before they move; `label` is lower case, e.g. "inspections.coverage"."""
    _FOLDS[label] = fold


def differences(kept: Enterprise, gone: Enterprise) -> list[str]:
    """The fields in which two records differ and the one that goes has something to say."""
    return [
        name
        for name in CHOOSABLE
        if getattr(gone, name) not in (None, "") and getattr(gone, name) != getattr(kept, name)
    ]


def what_hangs_on(enterprise: Enterprise) -> list[tuple[str, int]]:
    """(name of the record, how many) of everything that refers to an enterprise, for the page that compares."""
    found = []
    for relation in _relations():
        count = relation.related_model._base_manager.filter(**{relation.field.name: enterprise}).count()
        if count:
            found.append((str(relation.related_model._meta.verbose_name), count))
    return found


@transaction.atomic
def merge(
    pair: DuplicatePair, kept: Enterprise, *, taken: Mapping[str, bool], reason: str, by: User
) -> Merger:
    """Make the two records of a pair one; `taken` names fields in which the record that goes was right.

    Raises PermissionDenied unless the person keeps both, ReasonRequired, IllegalMove when the pair was decided
    meanwhile, Refused when something cannot be joined: both have an account with people, or a thing only one may have.
    """
    one, other = may_decide(pair, by)
    if kept.pk not in (one.pk, other.pk):
        raise Refused("请选择保留其中一条记录")
    if not reason.strip():
        raise ReasonRequired("合并记录")
    kept, gone = (one, other) if kept.pk == one.pk else (other, one)
    decide(pair, Status.MERGED, reason=reason, by=by)
    for row in Enterprise.objects.select_for_update().filter(pk__in=[kept.pk, gone.pk]).order_by("pk"):
        kept, gone = (row, gone) if row.pk == kept.pk else (kept, row)
    before = json.loads(json.dumps(model_to_dict(gone), cls=DjangoJSONEncoder))
    _account(kept, gone)
    moved = _move_all(kept, gone, by)
    wanted = _wanted(kept, gone, taken)
    merger = Merger.objects.create(
        old_id=gone.pk, old_name=gone.name, old_code=gone.credit_code or "", record=before, into=kept, moved=moved,
        reason=reason.strip()[:300], by=by, at=timezone.now(),
    )  # fmt: skip
    words, old_id = f"编号{gone.pk}“{gone}”", gone.pk
    record(
        "registry.merged_away",
        gone,
        by=by,
        summary=f"{words}并入编号{kept.pk}“{kept}”",
        payload={"into": kept.pk},
    )
    _forget_pairs(gone)
    gone.delete()
    changes = apply_values(kept, wanted)
    _join_attributes(kept, gone, takes_kind="kind" in wanted)
    try:
        with transaction.atomic():
            kept.save()
    except IntegrityError as error:
        raise Refused("合并后的名称或代码与底册中另一条记录相同，请先核对那一条") from error
    note(
        kept, EnterpriseChange.What.MERGED, by=by, reason=reason.strip(), summary=f"{words}并入“{kept}”",
        changes=[["合并记录", words, f"随迁{sum(len(rows) for rows in moved.values())}条"], *changes],
    )  # fmt: skip
    if kept.organization is not None and MIRRORED & set(wanted):
        mirror(kept, kept.organization)
        kept.organization.save(update_fields=["name", "short_name", "region"])
    carry_up(kept, by=by)
    places.moved([kept.pk])
    search.remove(Kind.ENTERPRISE, [old_id])
    searching.index([(kept, [*changes, ["名称", gone.name, kept.name]])])
    return merger


def _wanted(kept: Enterprise, gone: Enterprise, taken: Mapping[str, bool]) -> dict[str, Any]:
    """The values taken from the record that goes; a place is taken whole, with the system it was converted from."""
    wanted = {name: getattr(gone, name) for name in differences(kept, gone) if taken.get(name)}
    if "longitude" in wanted:
        wanted |= {"latitude": gone.latitude, "source_crs": gone.source_crs}
    return wanted


def _join_attributes(kept: Enterprise, gone: Enterprise, *, takes_kind: bool) -> None:
    """A kind that is taken brings its attributes; of one kind, what the record that stays does not say is filled in."""
    if takes_kind or (gone.kind_id == kept.kind_id and not kept.attributes):
        kept.attributes, kept.attributes_version = gone.attributes, gone.attributes_version
    elif gone.kind_id == kept.kind_id and gone.attributes_version == kept.attributes_version:
        kept.attributes = {**gone.attributes, **kept.attributes}


def _relations() -> list[ForeignObjectRel]:
    return [relation for relation in Enterprise._meta.related_objects if not relation.many_to_many]


def _account(kept: Enterprise, gone: Enterprise) -> None:
    """The account of the one that goes passes on; two accounts in use are for the administrator to join first."""
    if gone.organization is None:
        return
    if kept.organization is None:
        account = gone.organization
        gone.organization = None
        gone.save(update_fields=["organization"])
        kept.organization = account
        kept.save(update_fields=["organization"])
    elif gone.organization.posts.filter(
        is_active=True, holdings__to_on=None, holdings__isnull=False
    ).exists():
        raise Refused(
            "两条记录都开通了企业账号且都有人在用，请先由系统管理员合并账号单位，或保留有账号的一条"
        )


def _move_all(kept: Enterprise, gone: Enterprise, by: User) -> dict[str, list[Any]]:
    for fold in _OWN_FOLDS:
        fold(kept, gone, by)
    moved: dict[str, list[Any]] = {}
    for relation in _relations():
        model = relation.related_model
        label = model._meta.label_lower
        if label in _FOLDS:
            _FOLDS[label](kept, gone, by)
        rows = model._base_manager.filter(**{relation.field.name: gone})
        pks = list(rows.order_by("pk").values_list("pk", flat=True))
        if not pks:
            continue
        try:
            with transaction.atomic():
                rows.update(**{relation.field.name: kept})
        except IntegrityError as error:
            name = model._meta.verbose_name
            raise Refused(f"两条记录各有“{name}”，只能保留一份，请先在其中一家办结或作废后再合并") from error
        moved[label] = pks
        if hasattr(model, "signed_content"):
            for row in model._base_manager.filter(pk__in=pks):
                record(
                    "registry.moved", row, by=by, summary=f"随企业记录合并，由编号{gone.pk}转到编号{kept.pk}",
                    payload={"from": gone.pk, "to": kept.pk},
                )  # fmt: skip
    _move_duties(kept, gone)
    return moved


def _move_duties(kept: Enterprise, gone: Enterprise) -> None:
    label = Enterprise._meta.label_lower
    Duty.objects.filter(subject=f"{label}:{gone.pk}").update(
        subject=f"{label}:{kept.pk}", url=kept.get_absolute_url()
    )


def _forget_pairs(gone: Enterprise) -> None:
    """Other pairs with the record that goes say nothing any more; the next search finds what is left to compare."""
    DuplicatePair.objects.open().filter(Q(first=gone.pk) | Q(second=gone.pk)).delete()


# --- what one place may hold once ------------------------------------------------------------------


def _fold_contacts(kept: Enterprise, gone: Enterprise, by: User) -> None:
    for contact in list(Contact.objects.filter(enterprise=gone)):
        same = Contact.objects.filter(enterprise=kept, role=contact.role, name=contact.name).first()
        if same is None:
            continue
        if not same.phone and contact.phone:
            same.phone = contact.phone
            same.save()
        contact.delete()


def _fold_permits(kept: Enterprise, gone: Enterprise, by: User) -> None:
    for permit in list(Permit.objects.filter(enterprise=gone)):
        same = Permit.objects.filter(enterprise=kept, kind=permit.kind, number=permit.number).first()
        if same is None:
            continue
        if same.valid_to is None or (permit.valid_to is not None and permit.valid_to > same.valid_to):
            same.valid_from, same.valid_to = permit.valid_from, permit.valid_to
            same.save()
        for relation in Permit._meta.related_objects:
            relation.related_model._base_manager.filter(**{relation.field.name: permit}).update(
                **{relation.field.name: same}
            )
        for duty in Duty.objects.open().filter(subject=chain_of(permit)):
            finish_duty(permit, duty.kind, by=by, cancelled=True)
        permit.delete()


def _fold_names(kept: Enterprise, gone: Enterprise, by: User) -> None:
    """Premises, units, risk points and devices keep their rows; one whose name is taken says where it came from."""
    for model in (Premises, MajorUnit, RiskPoint):
        taken = set(model._base_manager.filter(enterprise=kept).values_list("name", flat=True))
        for row in model._base_manager.filter(enterprise=gone, name__in=taken):
            row.name = f"{row.name[:60]}（原编号{gone.pk}）"
            row.save(update_fields=["name"])
    have = set(Equipment.objects.filter(enterprise=kept).values_list("kind", "number"))
    for device in Equipment.objects.filter(enterprise=gone):
        if (device.kind, device.number) in have:
            device.number = f"{device.number[:50]}（原编号{gone.pk}）"
            device.save(update_fields=["number"])


def _fold_profile(kept: Enterprise, gone: Enterprise, by: User) -> None:
    theirs = RiskProfile.objects.filter(enterprise=gone).first()
    ours = RiskProfile.objects.filter(enterprise=kept).first()
    if theirs is None or ours is None:
        return
    ours.key_chemicals |= theirs.key_chemicals
    ours.key_processes |= theirs.key_processes
    named = [*ours.processes.split("、"), *theirs.processes.split("、")]
    ours.processes = "、".join(filter(None, dict.fromkeys(named)))[:200]
    ours.scale = ours.scale or theirs.scale
    if not ours.dual_prevention:
        ours.dual_prevention, ours.dual_checked_on = theirs.dual_prevention, theirs.dual_checked_on
    if ours.standardization is None:
        ours.standardization, ours.standardized_until = theirs.standardization, theirs.standardized_until
    ours.save()
    theirs.delete()


def _fold_current(kept: Enterprise, gone: Enterprise, by: User) -> None:
    """Of what is current only that of the record that stays remains so."""
    today = timezone.localdate()
    if EnterpriseGrading.objects.filter(enterprise=kept, is_current=True).exists():
        EnterpriseGrading.objects.filter(enterprise=gone, is_current=True).update(is_current=False)
    _fold_diagnoses(kept, gone)
    has_own = StatusPeriod.objects.filter(enterprise=kept, to_on=None).exists()
    for period in StatusPeriod.objects.filter(enterprise=gone, to_on=None):
        # Nobody need go back to a place that, by the record that stays, is in another status.
        if has_own or period.status != kept.status:
            period.to_on = max(period.from_on, today)
            period.save(update_fields=["to_on"])
            cancel_rechecks(period, by=by)
    for row in Responsibility.objects.filter(enterprise=gone, to_on=None):
        if Responsibility.objects.filter(enterprise=kept, kind=row.kind, to_on=None).exists():
            row.to_on = max(row.from_on, today)
            row.save(update_fields=["to_on"])


def _fold_diagnoses(kept: Enterprise, gone: Enterprise) -> None:
    """Of two current ones the later stays so, whichever record it was made for."""
    current = Diagnosis.objects.filter(enterprise__in=[kept, gone], is_current=True).order_by("-on", "-id")
    latest = current.first()
    if latest is not None:
        current.exclude(pk=latest.pk).update(is_current=False)


_OWN_FOLDS: tuple[Fold, ...] = (
    _fold_contacts,
    _fold_permits,
    _fold_names,
    _fold_profile,
    _fold_current,
)
