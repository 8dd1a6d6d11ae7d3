"""Late again and again: a condition 督办文书 may be triggered by, told exactly as of each day (迟报、缺报点名, R104)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Max
from django.utils import timezone

from bihuan.accounts.scope import area_q
from bihuan.instruments.sources import Matter, Parameter, register_source

from .models import Return, ReturnTransition
from .workflow import Move


def was_late(record: Return, waived_on: dt.date | None) -> bool:
    """Whether nothing was signed when the day of the cut-off ended, and nobody had excused it by then."""
    if waived_on is not None and waived_on <= record.due_on:
        return False
    signed = record.first_signed_at
    return signed is None or timezone.localdate(signed) > record.due_on


def late_repeatedly(
    parameters: Mapping[str, Any], region: str, since: dt.date, until: dt.date
) -> Iterator[Matter]:
    """Bodies late `count` times in a row with the same return, on the morning after the last of these cut-offs."""
    wanted = int(parameters["count"])
    rows = (
        Return.objects.filter(area_q(region), due_on__lt=until)
        .select_related("organization", "period__definition")
        .order_by("organization_id", "period__definition_id", "period__last", "pk")
    )  # fmt: skip
    # No more of the past than the longest run that could end within the days asked for.
    rows = rows.filter(due_on__gte=since - dt.timedelta(days=370 * wanted))
    waived = dict(
        ReturnTransition.objects.filter(move=Move.WAIVE, record__in=rows.order_by().values("pk"))
        .values_list("record").annotate(at=Max("at"))
    )  # fmt: skip
    runs: dict[tuple[int, int], list[Return]] = defaultdict(list)
    for record in rows:
        run = runs[record.organization_id, record.period.definition_id]
        moment = waived.get(record.pk)
        if not was_late(record, timezone.localdate(moment) if moment else None):
            run.clear()
            continue
        run.append(record)
        on = record.due_on + dt.timedelta(days=1)
        if len(run) % wanted == 0 and since <= on <= until:
            behind = run[-wanted:]
            yield Matter(
                f"returns.return:{record.pk}", on,
                f"{record.organization.short_name}连续{wanted}次没有按时报送{record.period.definition.name}",
                record.organization.region_id, record.get_absolute_url(), record.organization_id,
                rows=tuple((f"returns.return:{each.pk}", f"{each.period} {_said(each)}", each.get_absolute_url()) for each in behind),
            )  # fmt: skip


def _said(record: Return) -> str:
    signed = record.first_signed_at
    if signed is None:
        return f"截止{record.due_on}，没有报送"
    return f"截止{record.due_on}，{timezone.localdate(signed)}才报"


def register() -> None:
    """Offer the condition; called when the application is ready."""
    register_source(
        "returns.late_twice",
        "连续迟报、缺报",
        late_repeatedly,
        (Parameter("count", "次数", 2, minimum=2, maximum=12),),
    )
