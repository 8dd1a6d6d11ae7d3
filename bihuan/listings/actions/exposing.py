"""Told in the media (R094, R096): what was listed and is still not put right, and investigations of graver accidents."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accidents.workflow import Grade
from bihuan.accounts.models import User
from bihuan.audit.actions import record
from bihuan.core.dates import day_words
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused

from ..models import Listing, PublicNotice
from ..standing import runs
from ..workflow import NoticePurpose
from .moving import sees
from .ordering import owe_notice

_GRAVER = (Grade.LARGER, Grade.MAJOR, Grade.EXTRAORDINARY)


def ground_to_expose(listing: Listing, *, on: dt.date) -> str:
    """Why a listing may be told in the media today; "" when it may not."""
    if not listing.is_hanging:
        return ""
    if listing.accident is not None and listing.accident.grade in _GRAVER:
        return f"发生{listing.accident.get_grade_display()}"
    if listing.is_overdue(on=on):
        return f"期限 {day_words(listing.due_on)} 已过，仍没有治理完成"
    if listing.is_without_progress(on=on):
        return "到期没有报告整改进展"
    return ""


@transaction.atomic
def expose(listing: Listing, *, reason: str, by: User) -> PublicNotice:
    """Decide that it is told in the media: the notice is owed within the days for publishing, once a listing.

    Raises PermissionDenied; ReasonRequired; Refused when there is no ground, or the listing itself is not public yet;
    IllegalMove when that was decided before.
    """
    if not runs(by, listing) or not sees(by, listing):
        raise PermissionDenied
    if not reason.strip():
        raise ReasonRequired("媒体曝光")
    # One at a time: two who decide at once must not find each other's notice missing.
    listing = Listing.objects.select_for_update(of=("self",)).select_related(
        "accident", "organization__region"
    ).get(pk=listing.pk)  # fmt: skip
    ground = ground_to_expose(listing, on=timezone.localdate())
    if not ground:
        raise Refused("没有逾期、没有缺报进展，也不是较大以上事故，不能媒体曝光")
    if not listing.notices.filter(purpose=NoticePurpose.LISTING).exclude(published_on=None).exists():
        raise Refused("挂牌公告还没有公布，请先公布挂牌公告")
    if listing.notices.filter(purpose=NoticePurpose.EXPOSURE).exists():
        raise IllegalMove("已经决定过媒体曝光")
    notice = owe_notice(listing, NoticePurpose.EXPOSURE, by=by)
    record(
        "listings.expose",
        notice,
        by=by,
        summary=f"{listing.number}媒体曝光：{ground}；{reason.strip()[:200]}",
    )
    return notice
