"""The ledger as a sheet: what is filtered, piece by piece, every cell plain text, number or date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import Max, Q
from django.http import QueryDict
from django.utils import timezone

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.campaigns.models import Campaign, Task
from bihuan.core.sheets import Column
from bihuan.jobs.exports import Export, Row
from bihuan.registry.models import EnterpriseKind

from . import asof
from .models import Hazard
from .queries import ORDER, ledger, parse_filters, total
from .workflow import RUNNING, Level, Status

KEY = "hazards"
TITLE = "隐患台账"
COLUMNS = (
    Column("编号", 14), Column("企业名称", 28), Column("统一社会信用代码", 20), Column("县区", 10),
    Column("乡镇街道", 12), Column("对象类型", 14), Column("专项整治", 20), Column("任务", 22), Column("等级", 6),
    Column("判定条款", 8), Column("状态", 12), Column("隐患描述", 40), Column("部位", 16), Column("依据条款", 20),
    Column("来源", 10), Column("发现日期", 11), Column("发现单位", 16), Column("发现人", 10),
    Column("主管部门", 16), Column("复查单位", 16), Column("整改期限", 11), Column("逾期天数", 9),
    Column("整改责任人", 12), Column("整改措施", 30), Column("整改资金（元）", 14), Column("应急预案", 20),
    Column("临时管控措施", 24), Column("轮次", 6), Column("当场整改", 9), Column("挂牌督办", 9),
    Column("销号日期", 11),
)  # fmt: skip
_READ = (
    "pk", "enterprise__name", "enterprise__credit_code", "county_id", "locality_id", "kind_id", "campaign_id",
    "task_id", "level", "criterion_code", "status", "description", "location", "basis", "source", "found_on",
    "found_organization_id", "found_by_id", "department_id", "reviewing_organization_id", "due_on",
    "responsible_person", "measures", "funds", "contingency", "interim_measures", "round", "fixed_on_spot",
    "is_supervised", "closed_on",
)  # fmt: skip
_LEVELS, _STATUSES, _SOURCES = dict(Level.choices), dict(Status.choices), dict(Hazard.Source.choices)


class LedgerSource:
    """The rows of a ledger query for one person, newest first; names of places and bodies are read once."""

    def __init__(self, user: User, query: str) -> None:
        self._user, self._filters = user, parse_filters(QueryDict(query))
        self._today = timezone.localdate()
        self._taken: set[int] = set()
        self._kinds = dict(EnterpriseKind.objects.values_list("pk", "label"))
        self._regions: dict[Any, str] = {}
        self._organizations: dict[Any, str] = {}
        self._people: dict[Any, str] = {}
        self._campaigns: dict[Any, str] = {}
        self._tasks: dict[Any, str] = {}

    def total(self) -> int:
        """From the figures where they answer the question; else 0: counting would read every row twice."""
        return total(self._user, self._filters) or 0

    def is_longer_than(self, limit: int) -> bool:
        return ledger(self._user, self._filters)[: limit + 1].count() > limit

    def begin(self) -> Any:
        """Hazards entered after this moment stay out, so that no piece moves under the reader."""
        return {"newest": Hazard.objects.aggregate(last=Max("pk"))["last"] or 0}

    def after(self, position: Any, limit: int) -> tuple[list[Row], Any]:
        rows = ledger(self._user, self._filters).filter(pk__lte=position["newest"])
        if "found_on" in position:
            day = dt.date.fromisoformat(position["found_on"])
            # The outer bound keeps it a range of the list's own index on databases that do not see through the or.
            rows = rows.filter(Q(found_on__lt=day) | Q(pk__lt=position["pk"]), found_on__lte=day)
        found = list(rows.order_by(*ORDER).values_list(*_READ)[:limit])
        if not found:
            return [], position
        self._learn(found)
        counted = self._filters.counted(self._today)
        added = asof.amounts([row[0] for row in found], counted) if counted.since else {}
        self._taken = {pk for pk, amount in added.items() if amount < 0}
        last = found[-1]
        following = {"newest": position["newest"], "found_on": last[15].isoformat(), "pk": last[0]}
        return [self._row(*values) for values in found], following

    def _learn(self, found: list[tuple[Any, ...]]) -> None:
        """Read the names that this piece is the first to need."""
        _add(self._regions, _new(self._regions, found, 3, 4), Region.objects, "short_name")
        _add(
            self._organizations,
            _new(self._organizations, found, 16, 18, 19),
            Organization.objects,
            "short_name",
        )
        _add(self._people, _new(self._people, found, 17), User.objects, "full_name")
        _add(self._campaigns, _new(self._campaigns, found, 6), Campaign.objects, "short_title")
        missing = _new(self._tasks, found, 7)
        if missing:
            self._tasks |= {task.pk: str(task) for task in Task.objects.filter(pk__in=missing)}

    def _row(
        self, pk, enterprise, code, county, locality, kind, campaign, task, level, criterion, status, description,
        location, basis, source, found_on, finder, found_by, department, reviewer, due_on, responsible, measures,
        funds, contingency, interim, round_, on_spot, supervised, closed_on,
    ) -> Row:  # fmt: skip
        is_late = due_on is not None and due_on < self._today and status in RUNNING
        name = self._organizations
        return (
            f"{found_on.year}-{pk:07d}", enterprise, code, self._regions[county], self._regions[locality],
            self._kinds.get(kind, ""), self._campaigns.get(campaign, ""), self._tasks.get(task, ""),
            _LEVELS[level], criterion, _STATUSES[status] + ("（减1）" if pk in self._taken else ""), description, location, basis, _SOURCES[source], found_on,
            name[finder], self._people[found_by], name.get(department, ""), name[reviewer], due_on,
            (self._today - due_on).days if is_late else None, responsible, measures, funds, contingency, interim,
            round_, on_spot, supervised, closed_on,
        )  # fmt: skip


def _new(known: dict[Any, str], found: list[tuple[Any, ...]], *places: int) -> set[Any]:
    return {row[place] for row in found for place in places if row[place] is not None} - known.keys()


def _add(known: dict[Any, str], missing: Iterable[Any], objects: Any, label: str) -> None:
    if missing:
        known.update(objects.filter(pk__in=missing).values_list("pk", label))


LEDGER = Export(KEY, TITLE, "hazards.export", Permission.EXPORT_HAZARDS, COLUMNS, LedgerSource)
