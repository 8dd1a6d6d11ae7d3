"""The boxes at the right of the wall: overdue hazards, what is listed, today's dispatch, alarms."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count, Q

from bihuan.accounts.models import Region, User
from bihuan.accounts.scope import area_q
from bihuan.campaigns.links import ledger_url
from bihuan.core.addresses import address
from bihuan.hazards.models import Hazard
from bihuan.listings.models import Listing
from bihuan.returns.models import Period, Return
from bihuan.returns.workflow import FILED, Status

from .facts import Box, Line, longest_overdue

LISTED = 4
DISPATCHED = 4
MISSING_NAMED = 12


def boxes(user: User, region: Region, *, on: dt.date) -> list[Box]:
    return [
        _overdue(user, region, on),
        _listed(user, region, on),
        _dispatch(user, region, on),
    ]


def side_boxes() -> list[Box]:
    """What stands under the trend: the place kept for monitoring alarms."""
    return [
        Box(
            "alarms",
            "监测报警",
            None,
            "",
            [],
            "尚未接入监测报警。接入后，未处置的报警列在这里。",
        ),
    ]


def _overdue(user: User, region: Region, on: dt.date) -> Box:
    rows = Hazard.objects.visible_to(user).overdue(on=on).filter(area_q(region.code))
    url = ledger_url(region=region.code, state="overdue")
    lines = longest_overdue(user, region, on=on)
    return Box("overdue", "逾期最久", rows.count(), url, lines, "没有逾期未改的隐患。")


def _listed(user: User, region: Region, on: dt.date) -> Box:
    hanging = Listing.objects.visible_to(user).hanging().filter(area_q(region.code))
    lines = [
        Line(
            each.title, f"{each.get_level_display()} · {each.owner_name}", _left(each.due_on, on),
            each.get_absolute_url(), "red" if each.due_on < on else "",
        )
        for each in hanging.order_by("due_on", "id")[:LISTED]
    ]  # fmt: skip
    url = f"{address('listings:list')}?state=hanging&region={region.code}"
    return Box("listed", "挂牌督办", hanging.count(), url, lines, "没有正在挂牌督办的事项。")


def _left(due_on: dt.date, on: dt.date) -> str:
    days = (due_on - on).days
    return f"超期 {-days} 天" if days < 0 else "今天到期" if not days else f"剩 {days} 天"


def _dispatch(user: User, region: Region, on: dt.date) -> Box:
    """Returns due today: how many bodies have signed, and who has not."""
    due = Return.objects.visible_to(user).filter(area_q(region.code), due_on=on).exclude(status=Status.WAIVED)
    counted = due.values("period").annotate(owed=Count("pk"), filed=Count("pk", filter=Q(status__in=FILED)))
    rows = {row["period"]: row for row in counted.order_by("period")[:DISPATCHED]}
    periods = Period.objects.filter(pk__in=rows).select_related("definition").order_by("pk")
    late: dict[int, list[str]] = {}
    missing = due.exclude(status__in=FILED).filter(period__in=rows).order_by("organization__short_name")
    for period, name in missing.values_list("period", "organization__short_name"):
        late.setdefault(period, []).append(name)
    lines = [
        Line(
            str(period), _missing(late.get(period.pk, [])),
            f"已报 {rows[period.pk]['filed']}/{rows[period.pk]['owed']}", period.get_absolute_url(),
            "orange" if period.pk in late else "",
        )
        for period in periods
    ]  # fmt: skip
    return Box(
        "dispatch", "今日调度", len(lines), address("returns:collecting"), lines, "今天没有到期的报送。"
    )


def _missing(names: list[str]) -> str:
    if not names:
        return "已报齐"
    shown = "、".join(names[:MISSING_NAMED])
    return f"未报：{shown}" + (f"等 {len(names)} 个单位" if len(names) > MISSING_NAMED else "")
