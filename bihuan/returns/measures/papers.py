"""Papers issued and duties that stand late: what supervision leaves behind."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from bihuan.accounts.scope import area_q
from bihuan.duties.models import Duty, DutyFormer
from bihuan.papers.models import Paper

from .base import Ask, Measure, Rows, Scope, register, register_filter
from .plain import Plain, within


def _papers(ask: Ask, scope: Scope, moment: dt.datetime) -> QuerySet[Any]:
    rows = Paper.objects.filter(area_q(scope.region), issued_at__lte=moment, **within(ask, "issued_at__date"))
    if scope.department is not None:
        rows = rows.filter(organization=scope.department)
    if chosen := ask.chosen("paper"):
        rows = rows.filter(kind__in=chosen)
    return rows


def _late_duties(ask: Ask, scope: Scope, moment: dt.datetime) -> QuerySet[Any]:
    """Duties past their day then, by the deadline they had then: put off or settled since, they were late all the same."""
    end = min(moment, timezone.make_aware(dt.datetime.combine(ask.until, dt.time.max)))
    formers = DutyFormer.objects.filter(until__gt=end)
    then = formers.filter(duty=OuterRef("pk")).order_by("until", "id").values("due_on")[:1]
    rows = (
        Duty.objects.filter(
            Q(closed_at=None) | Q(closed_at__gt=end), area_q(scope.region), opened_at__lte=end,
        )
        .exclude(status=Duty.Status.CANCELLED, closed_at__lte=moment)
        .filter(Q(due_on__lt=ask.until) | Q(pk__in=formers.filter(due_on__lt=ask.until).values("duty")))
        .annotate(then_due=Coalesce(Subquery(then), F("due_on")))
        .filter(then_due__lt=ask.until)
    )  # fmt: skip
    return rows if scope.department is None else rows.filter(organization=scope.department)


def _show_papers(rows: QuerySet[Any]) -> Rows:
    return Rows(
        rows.select_related("organization"), ("-issued_at", "-id"),
        (
            ("文种", lambda row: row.get_kind_display()), ("制发单位", lambda row: row.organization.short_name),
            ("受送达单位", lambda row: row.recipient_name), ("制发时间", lambda row: row.issued_at),
        ),
        lambda row: row.get_absolute_url(), lambda row: row.number,
    )  # fmt: skip


def _show_duties(rows: QuerySet[Any]) -> Rows:
    return Rows(
        rows.select_related("organization"), ("due_on", "id"),
        (
            ("类别", lambda row: row.get_kind_display()), ("责任单位", lambda row: row.organization.short_name),
            ("期限", lambda row: row.then_due), ("现在状态", lambda row: row.get_status_display()),
        ),
        lambda row: row.url, lambda row: row.title,
    )  # fmt: skip


register(
    Measure("papers.issued", "制发文书", "份", "时段内制发的文书份数；部门只算本部门制发的。", Plain(_papers, _show_papers, dimensions={"locality": "locality_id"}), frozenset({"paper"}), frozenset({"locality"})),
    Measure("duties.late", "逾期待办", "项", "时段末已过当时的期限、没有办结的待办；期限当日不算逾期。", Plain(_late_duties, _show_duties, dimensions={"locality": "locality_id"}), frozenset(), frozenset({"locality"}), is_stock=True),
)  # fmt: skip
register_filter("paper", "文种", lambda: Paper.Kind.choices)
