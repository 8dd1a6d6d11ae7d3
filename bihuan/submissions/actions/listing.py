"""An office's own rows of the list of important matters."""

from __future__ import annotations

import datetime as dt
import hashlib

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.audit.actions import record
from bihuan.core.errors import Refused

from .. import phrases
from ..matters import LEVELS, OTHER, matter_for
from ..models import ImportantMatter
from ..standing import holds

MOST_DAYS = 365


@transaction.atomic
def set_matter(
    *,
    organization: Organization,
    name: str,
    form: str,
    days: int,
    unit: str,
    event: str,
    level: str,
    document: str,
    effective_from: dt.date,
    key: str = "",
    ask: str = "",
    answer_days: int = 0,
    effective_to: dt.date | None = None,
    is_dropped: bool = False,
    by: User,
) -> ImportantMatter:
    """Write a row: a new matter, or with `key` a new version of one that is on the list. Papers drafted before keep theirs.

    Raises PermissionDenied, Refused with all that is wrong.
    """
    if organization.kind != Organization.Kind.OFFICE or not holds(
        by, Permission.ANSWER_SUBMISSION, organization.pk
    ):
        raise PermissionDenied
    problems = []
    if not name.strip():
        problems.append("请填写事项名称")
    if form not in ImportantMatter.Way.values:
        problems.append("请选择请示还是报告")
    if unit not in ImportantMatter.Unit.values:
        problems.append("请选择按工作日还是自然日")
    if level not in ImportantMatter.Level.values and level not in LEVELS:
        problems.append("请选择报到哪一级")
    if not 0 <= days <= MOST_DAYS or not 0 <= answer_days <= MOST_DAYS:
        problems.append(f"时限应在 0 到 {MOST_DAYS} 日之间")
    if not event.strip():
        problems.append("请写明从哪天起算")
    if not document.strip():
        problems.append("请填写依据文件")
    if effective_to and effective_to < effective_from:
        problems.append("执行止日早于起日")
    if form == "situation" and (words := phrases.asking_words(ask)):
        problems.append(f"报告的写法里不能有“{words[0]}”这样请求答复的话")
    if is_dropped and (not key or key == OTHER):
        problems.append("只能把清单里已有的事项移出清单，“其他重要事项”要保留")
    if key and matter_for(key, organization, timezone.localdate()) is None:
        problems.append("清单里没有这一项，请刷新页面后重试")
    if problems:
        raise Refused("；".join(problems))
    row = ImportantMatter.objects.create(
        organization=organization, key=key or _key_of(organization, name), name=name.strip()[:60], form=form, days=days,
        unit=unit, answer_days=answer_days, event=event.strip()[:60], level=level, ask=ask.strip()[:500],
        is_dropped=is_dropped, document=document.strip()[:200], effective_from=effective_from, effective_to=effective_to,
        made_by=by, made_at=timezone.now(),
    )  # fmt: skip
    record("submissions.matter", row, by=by, summary=f"{'移出' if is_dropped else '登记'}重要事项：{row}")
    return row


def _key_of(organization: Organization, name: str) -> str:
    text = f"{organization.region_id}:{name.strip()}"
    return "own-" + hashlib.sha256(text.encode()).hexdigest()[:12]
