"""Promise forms: the shipped ones, and those an office makes for itself. A form in use is never rewritten."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, Refused
from bihuan.rules.pledges import BadForm, read, shipped

from ..models import PledgeForm
from ..standing import posts_with


def ensure_forms() -> int:
    """Add the shipped forms that are missing; returns how many. What an office has retired stays retired."""
    have = set(PledgeForm.objects.values_list("key", flat=True))
    missing = [
        PledgeForm(
            key=key,
            title=definition.title,
            definition=definition.to_json(),
            source=source,
            made_at=timezone.now(),
        )
        for key, (definition, source) in shipped().items()
        if key not in have
    ]
    PledgeForm.objects.bulk_create(missing)
    return len(missing)


@transaction.atomic
def save_form(key: str, data: dict[str, Any], *, source: str = "", by: User) -> PledgeForm:
    """Make a form, or the next version of one; earlier versions stay with the promises written on them.

    Raises PermissionDenied, Refused with what is wrong in the definition and how to mend it.
    """
    posts = posts_with(by, Permission.MANAGE_PLEDGE_FORMS)
    if not posts:
        raise PermissionDenied
    try:
        definition = read(data)
    except BadForm as error:
        raise Refused(str(error)) from error
    if not key or not key.isascii() or not key.replace("_", "").replace("-", "").isalnum() or len(key) > 40:
        raise Refused("式样代码应为 1 至 40 个字母、数字、下划线或连字符")
    earlier = PledgeForm.objects.filter(key=key).order_by("-version").first()
    if earlier is not None and earlier.organization_id not in {
        None,
        *(post.organization_id for post in posts),
    }:
        raise Refused(f"代码“{key}”是其他单位的式样，请换一个代码")
    if earlier is not None and earlier.organization_id is None:
        raise Refused("随系统提供的式样不能改，请另取代码做一份自己的")
    last = PledgeForm.objects.filter(key=key).aggregate(last=Max("version"))["last"] or 0
    PledgeForm.objects.filter(key=key, is_active=True).update(is_active=False)
    form = PledgeForm(
        key=key,
        version=last + 1,
        title=definition.title,
        definition=definition.to_json(),
        source=source[:200],
        organization=posts[0].organization,
        made_by=by,
        made_at=timezone.now(),
    )
    try:
        with transaction.atomic():
            form.save(force_insert=True)
    except IntegrityError as error:
        raise IllegalMove("别人刚刚保存了这份式样的新版本，请刷新后再改") from error
    record("pledges.save_form", form, by=by, summary=f"编制承诺书式样：{form}")
    return form


@transaction.atomic
def retire_form(form: PledgeForm, *, by: User) -> None:
    """Stop offering a form; promises on it go their way. Raises PermissionDenied, IllegalMove."""
    posts = posts_with(by, Permission.MANAGE_PLEDGE_FORMS)
    if not any(form.organization_id in {None, post.organization_id} for post in posts):
        raise PermissionDenied
    if not PledgeForm.objects.filter(pk=form.pk, is_active=True).update(is_active=False):
        raise IllegalMove("这份式样已经停用")
    form.is_active = False
    record("pledges.retire_form", form, by=by, summary=f"停用承诺书式样：{form}")
