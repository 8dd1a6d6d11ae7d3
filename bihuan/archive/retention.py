"""May a month leave the database? Whoever drops partitions or deletes old rows asks here first.

reasons = objections("acts", "2025-03")
if not reasons: drop the rows, then note_dropped("acts", "2025-03")
"""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from bihuan.core.errors import Refused
from bihuan.hazards.models import HazardTransition
from bihuan.hazards.workflow import OPEN

from . import manifest as lists
from . import sources
from .layout import LINES, STREAMS
from .writing import SETTLED, root

# Reading a month again before it goes: what was verified long ago says little of today.
FRESH = dt.timedelta(days=7)


def objections(stream: str, month: str, now: dt.datetime | None = None) -> list[str]:
    """Why the rows of a stream (lines, visits, acts) written in a month (YYYY-MM) must stay; [] when they may go.

    They may go when the month is over, everything in it is archived, the archive was verified against the database
    within a week, and, for ledger lines, no hazard with a line in it is still open.
    """
    moment = now or timezone.now()
    kind = STREAMS[stream]
    start, end = bounds(month)
    if moment < end + SETTLED:
        return [f"{month} 还没有过完，不能清理"]
    manifest = lists.load(root())
    reasons = []
    verified = manifest.verified.get(f"{stream} {month}", "")
    if not verified or timezone.localdate(moment) - dt.date.fromisoformat(verified) > FRESH:
        reasons.append(f"{kind.label} {month} 近七天没有核验，请先执行 bihuan archive verify")
    written = sources.WRITTEN[stream]
    rows = sources.MODELS[stream]._base_manager.filter(**{f"{written}__gte": start, f"{written}__lt": end})
    unread = rows.filter(pk__gt=manifest.watermarks.get(stream, 0)).count()
    if unread:
        reasons.append(f"{kind.label} {month} 还有 {unread} 条没有归档，请先执行 bihuan archive run")
    if stream == LINES.name:
        waiting = (
            HazardTransition.objects.filter(at__gte=start, at__lt=end, hazard__status__in=OPEN)
            .values("hazard")
            .distinct()
            .count()
        )
        if waiting:
            reasons.append(f"{month} 的流转中有 {waiting} 条隐患尚未销号，流转须留在台账")
    return reasons


def note_dropped(stream: str, month: str) -> None:
    """Remember that a month left the database, so that verification no longer looks for it there.

    Raises Refused when `objections` has any.
    """
    home = root()
    reasons = objections(stream, month)
    if reasons:
        raise Refused("；".join(reasons))
    with lists.only_one(home):
        manifest = lists.load(home)
        manifest.dropped[f"{stream} {month}"] = timezone.localdate().isoformat()
        lists.save(home, manifest)


def bounds(month: str) -> tuple[dt.datetime, dt.datetime]:
    """The first moment of a month and of the next, Beijing time. Raises Refused for anything but YYYY-MM."""
    try:
        first = dt.datetime.strptime(month, "%Y-%m")  # noqa: DTZ007 - made aware below
    except ValueError as error:
        raise Refused(f"月份应写作 2026-03，现为“{month}”") from error
    after = (first.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
    return timezone.make_aware(first), timezone.make_aware(after)
