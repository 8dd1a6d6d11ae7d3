"""What people do with the registry. Each act checks the person, changes rows, and is recorded in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.forms import BaseInlineFormSet
from django.utils import timezone

from bihuan.accounts.models import Organization, Post, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import Role
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.rules.lifecycle import recheck_rule

from . import places, searching
from .access import edit_scope
from .changes import MIRRORED, Change, apply_values, label_of, mirror, summary_of
from .dues import drop_duties, settle_permits
from .filling import Filled, fill
from .matching import Existing, Key
from .models import Contact, Enterprise, EnterpriseChange, Permit, Premises, StatusPeriod
from .noting import note
from .periods import begin_period, enter_period
from .places import PLACE_FIELDS
from .schemas import check_values
from .workflow import SUPERVISED, EnterpriseStatus, explain_illegal, is_legal

What = EnterpriseChange.What
TAKEN = "统一社会信用代码{code}已登记，请在底册中查找后修改原记录；查不到的，说明它在其他辖区或部门名下，请联系安委办核对"
TAKEN_NAME = "本乡镇街道已登记“{name}”，请在底册中查找后修改原记录"


def save_enterprise(
    values: Mapping[str, Any],
    *,
    by: User,
    enterprise: Enterprise | None = None,
    seen_at: dt.datetime | None = None,
    parts: Sequence[BaseInlineFormSet] = (),
) -> Enterprise:
    """Register an enterprise, or change one, together with its contacts, permits and premises.

    `values` maps field names (changes.FIELDS, for a new one also status) to cleaned values; `parts` are valid
    inline formsets. `seen_at` is the record's updated_at when the person opened it. Raises PermissionDenied for
    a record outside the person's edit scope, Refused for a target outside it or a code already taken, IllegalMove
    when somebody else saved meanwhile.
    """
    try:
        with transaction.atomic():
            return _save(values, by=by, enterprise=enterprise, seen_at=seen_at, parts=parts)
    except IntegrityError as error:
        # Somebody registered the same object between our look and our write.
        raise Refused(_taken(values)) from error


def _taken(values: Mapping[str, Any]) -> str:
    code = values.get("credit_code")
    return TAKEN.format(code=code) if code else TAKEN_NAME.format(name=values.get("name", ""))


def _save(
    values: Mapping[str, Any],
    *,
    by: User,
    enterprise: Enterprise | None,
    seen_at: dt.datetime | None,
    parts: Sequence[BaseInlineFormSet],
) -> Enterprise:
    scope = edit_scope(by)
    if scope.is_empty:
        raise PermissionDenied
    is_new = enterprise is None
    if enterprise is None:
        current = Enterprise()
    else:
        current = Enterprise.objects.select_for_update().get(pk=enterprise.pk)
        if not scope.covers(current):
            raise PermissionDenied
        if seen_at is not None and current.updated_at != seen_at:
            raise IllegalMove("这条记录刚被别人修改过，您的修改没有保存，请重新打开页面核对后再改")
        if values.get("status", current.status) != current.status:
            raise IllegalMove("状态请用“变更状态”办理，并填写理由")
    place = (current.locality_id, current.department_id)
    changes = apply_values(current, values)
    if place != (current.locality_id, current.department_id):
        refusal = scope.refusal(current.locality, current.department, on=timezone.localdate())
        if refusal:
            raise Refused(refusal)
    if is_new or any(name in values for name in ("name", "credit_code", "locality")):
        key = Key(current.name, current.locality_id, current.credit_code)
        if Existing([key], without=None if is_new else current).find(key) is not None:
            raise Refused(_taken({"name": current.name, "credit_code": current.credit_code}))
    if "attributes" in values:
        check_values(current.kind, current.attributes)
    # The record's updated_at moves even when only a contact changes: it is the version people see.
    current.save()
    for formset in parts:
        formset.instance = current
        if formset.model is Permit:
            drop_duties([form.instance for form in formset.deleted_forms if form.instance.pk], by=by)
        formset.save()
        changes += _part_changes(formset)
    if _has_moved(changes, parts):
        places.moved([current.pk])
    if is_new and current.status != EnterpriseStatus.OPERATING:
        enter_period(current, by=by, on=timezone.localdate(), at=timezone.now())
    if any(formset.model is Permit and formset.has_changed() for formset in parts):
        settle_permits([current.pk], by=by)
    if not is_new and current.organization is not None and MIRRORED & set(values):
        mirror(current, current.organization)
        current.organization.save(update_fields=["name", "short_name", "region"])
    if is_new or changes:
        summary = f"登记“{current}”" if is_new else f"修改“{current}”：{summary_of(changes)}"
        note(current, What.CREATED if is_new else What.UPDATED, by=by, summary=summary, changes=changes)
        searching.index([(current, changes)])
    return current


def _has_moved(changes: list[Change], parts: Sequence[BaseInlineFormSet]) -> bool:
    """Whether the object, or one of its premises, has another place now."""
    labels = {label_of(name) for name in PLACE_FIELDS}
    return any(change[0] in labels for change in changes) or any(
        part.model is Premises and part.has_changed() for part in parts
    )


@transaction.atomic
def save_attributes(subject: Enterprise | Premises, filled: Filled | None, *, by: User, seen: str) -> None:
    """Fill in the attributes of an enterprise or of one of its premises; `seen` is the enterprise's updated_at.

    Raises PermissionDenied outside the edit scope, Refused for a kind that asks nothing or values its schema does not
    allow, IllegalMove when somebody else saved meanwhile.
    """
    owner_pk = subject.pk if isinstance(subject, Enterprise) else subject.enterprise_id
    owner = Enterprise.objects.select_for_update().get(pk=owner_pk)
    if not edit_scope(by).covers(owner):
        raise PermissionDenied
    if owner.updated_at.isoformat() != seen:
        raise IllegalMove("这条记录刚被别人修改过，您的修改没有保存，请重新打开页面核对后再改")
    if filled is None:
        raise Refused(f"“{subject.kind}”没有属性表，不用填写")
    target = owner if isinstance(subject, Enterprise) else subject
    changes = fill(target, filled)
    if check_values(target.kind, target.attributes) != filled.version:
        raise IllegalMove("属性表刚发布了新版，请重新打开页面填写")
    if not changes:
        return
    if isinstance(target, Premises):
        target.save(update_fields=["attributes", "attributes_version"])
        changes = [[f"场所“{target}”{label}", before, after] for label, before, after in changes]
    owner.save()
    note(
        owner, What.UPDATED, by=by, summary=f"填写“{owner}”的专有属性：{summary_of(changes)}", changes=changes
    )


def _part_changes(formset: BaseInlineFormSet) -> list[Change]:
    """New, changed and removed contacts, permits, premises in words; phones never."""
    assert formset.model is not None
    label = str(formset.model._meta.verbose_name)
    changes = [[label, "", str(each)] for each in formset.new_objects]
    changes += [[label, str(each), ""] for each in formset.deleted_objects]
    for each, fields in formset.changed_objects:
        form = next(form for form in formset.initial_forms if form.instance.pk == each.pk)
        names = "、".join(str(form.fields[name].label) for name in fields if name in form.fields)
        changes.append([label, str(each), f"{each}（{names}已修改）"])
    return changes


@transaction.atomic
def change_status(
    enterprise: Enterprise,
    status: str,
    *,
    by: User,
    reason: str,
    on: dt.date | None = None,
    document: str = "",
    expected_until: dt.date | None = None,
    moved_to: str = "",
    accepted: bool = False,
) -> StatusPeriod:
    """Put an enterprise into another status from the day `on` (today), with reason and document kept (R046).

    `moved_to` says where one that moved has gone; the going back is to the place it left.

    A stop, a move or a closing opens the going back against 死灰复燃. `accepted`: somebody has looked and found that
    work may begin again; only `lifecycle.record_resumption` says so. Raises PermissionDenied outside the edit scope,
    ReasonRequired, Refused for a date that cannot be, IllegalMove for a change the table does not know, for beginning
    again without acceptance, or when somebody else was quicker.
    """
    seen, target = enterprise.status, EnterpriseStatus(status)
    now = timezone.now()
    today = timezone.localdate(now)
    day = on or today
    if not edit_scope(by).covers(enterprise):
        raise PermissionDenied
    if not reason.strip():
        raise ReasonRequired(f"改为{target.label}")
    if not is_legal(seen, target):
        raise IllegalMove(explain_illegal(seen, target))
    if day > today:
        raise Refused("起始日期不能晚于今天，请核对")
    if expected_until is not None and expected_until < day:
        raise Refused("预计复产日期不能早于停产日期，请核对")
    if moved_to.strip() and target != EnterpriseStatus.MOVED:
        raise Refused("只有改为“搬迁”时填写迁往何处，请清空或改选状态")
    moved = Enterprise.objects.filter(pk=enterprise.pk, status=seen).update(status=target, updated_at=now)
    if not moved:
        raise IllegalMove(f"“{enterprise}”的状态刚被别人改过，请刷新后核对")
    rule = recheck_rule(seen, day) if target == EnterpriseStatus.OPERATING else None
    if rule is not None and rule.acceptance and not accepted:
        raise IllegalMove("恢复生产经营须先验收，请在企业页办理“复产验收”")
    enterprise.status, enterprise.updated_at = target, now
    period = begin_period(
        enterprise, before=seen, by=by, reason=reason.strip(), on=day, document=document.strip(),
        expected_until=expected_until, moved_to=moved_to.strip(), at=now,
    )  # fmt: skip
    if target not in SUPERVISED:
        drop_duties([*enterprise.permits.all(), *enterprise.equipment.all()], by=by)
    before = EnterpriseStatus(seen).label
    note(
        enterprise,
        What.STATUS,
        by=by,
        summary=f"“{enterprise}”由{before}改为{target.label}",
        changes=[["状态", before, target.label]],
        reason=reason.strip(),
    )
    return period


@transaction.atomic
def assign_department(enterprise: Enterprise, department: Organization | None, *, by: User) -> bool:
    """Give an enterprise a department in charge; None means its kind's usual one. Returns whether that changed it.

    Raises PermissionDenied outside the edit scope, Refused when the department cannot be in charge of it.
    """
    scope = edit_scope(by)
    if not scope.covers(enterprise):
        raise PermissionDenied
    chosen = department or enterprise.kind.default_department
    if chosen is None:
        raise Refused(f"{enterprise.kind}没有设定通常主管部门，请直接选一个部门")
    if refusal := scope.refusal(enterprise.locality, chosen, on=timezone.localdate()):
        raise Refused(refusal)
    changes = apply_values(enterprise, {"department": chosen})
    if changes:
        enterprise.save(update_fields=["department", "updated_at"])
        summary = f"“{enterprise}”的主管部门定为{chosen.short_name}"
        note(enterprise, What.ASSIGNED, by=by, summary=summary, changes=changes)
    return bool(changes)


@transaction.atomic
def open_account(enterprise: Enterprise, *, by: User) -> Organization:
    """Give an enterprise an organization and a post of its own, so that people can be appointed to it.

    The login itself is made by the system administrator, who appoints the person to the post: whoever supervises
    does not hand out passwords. Raises PermissionDenied outside the edit scope, IllegalMove when it has one.
    """
    if not edit_scope(by).covers(enterprise):
        raise PermissionDenied
    organization = Organization(kind=Organization.Kind.ENTERPRISE, valid_from=timezone.localdate())
    mirror(enterprise, organization)
    organization.save()
    opened = Enterprise.objects.filter(pk=enterprise.pk, organization=None).update(organization=organization)
    if not opened:
        raise IllegalMove(f"“{enterprise}”已经开通企业账号单位，不必重复开通")
    enterprise.organization = organization
    Post.objects.create(
        organization=organization, title="安全管理人", role=Role.ENTERPRISE_MANAGER, is_default=True
    )
    note(enterprise, What.ACCOUNT, by=by, summary=f"为“{enterprise}”开通企业账号单位", changes=[])
    return organization


@transaction.atomic
def reveal_phone(contact: Contact, *, by: User, reason: str) -> str:
    """The full number, for a stated reason; looking is itself recorded (R273).

    Raises PermissionDenied without the permission over this enterprise, ReasonRequired, Refused without a number.
    """
    allowed = Enterprise.objects.within_scope_of(by, Permission.REVEAL_PERSONAL)
    if not allowed.filter(pk=contact.enterprise_id).exists():
        raise PermissionDenied
    if not reason.strip():
        raise ReasonRequired("查看完整电话")
    if not contact.phone:
        raise Refused(f"{contact}没有登记电话")
    record(
        "registry.reveal_phone",
        contact.enterprise,
        by=by,
        summary=f"查看“{contact.enterprise}”{contact}的完整电话",
        payload={"contact": contact.pk, "reason": reason.strip()[:300]},
    )
    return contact.phone
