"""The list's filters: from the address to a query, and to chips that say which filters are in force.

Higher apps add filters of their own (which task covers it, not yet inspected) without the registry knowing them:

    filters.register(ExtraFilter("task", "整治任务", narrow, words))   # in AppConfig.ready
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet
from django.http import QueryDict
from django.utils import timezone

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import regions_to_choose
from bihuan.accounts.scope import area_q, scope_of
from bihuan.core.http import row_number
from bihuan.core.paging import KeysetPage
from bihuan.search.finding import narrowed
from bihuan.search.grams import terms_of
from bihuan.search.models import Kind

from .filling import PREFIX, fitting, offers_of
from .models import Enterprise, EnterpriseKind, EnterpriseQuerySet, Permit, RiskColour
from .schemas import attributes_of
from .searching import page_of
from .workflow import EnterpriseStatus

EXPIRING_DAYS = 90
PERMIT_STATES = {"expired": "已过期", "expiring": f"{EXPIRING_DAYS}天内到期", "none": "没有登记许可证"}
NO_DEPARTMENT = "none"


@dataclass(frozen=True)
class ExtraFilter:
    """A filter another app adds. `narrow` returns None for a value that means nothing to this person.

    `choices(user)` lists what the filter form offers; without it the filter is reached by links only.
    """

    name: str
    label: str
    narrow: Callable[[EnterpriseQuerySet, str, User], EnterpriseQuerySet | None]
    words: Callable[[str, User], str]
    choices: Callable[[User], list[tuple[str, str]]] | None = None


_EXTRA: dict[str, ExtraFilter] = {}
# A field of one of these names hides the form's own property of that name from every script on the page.
_OF_FORMS = frozenset({
    "action", "attributes", "children", "elements", "id", "length", "method", "name", "reset", "submit", "target",
})  # fmt: skip


def register(extra: ExtraFilter) -> None:
    """Add a filter to the list; a name registered again is replaced.

    Raises ValueError for a name that a field of a form must not bear.
    """
    if extra.name in _OF_FORMS:
        raise ValueError(f"a field named {extra.name} hides what scripts ask of its form")
    _EXTRA[extra.name] = extra


def unregister(name: str) -> None:
    """Take a filter away."""
    _EXTRA.pop(name, None)


@dataclass(frozen=True)
class Chip:
    """A filter in force and the address of the list without it."""

    label: str
    value: str
    remove_url: str


@dataclass(frozen=True)
class Select:
    """A filter of the form: its choices and which is chosen. `is_more`: seldom asked, kept behind 更多筛选."""

    name: str
    label: str
    choices: list[tuple[str, str]]
    value: str
    is_more: bool = False


class RegistryFilter:
    """Reads the query, narrows what the person may see, and explains itself. Unknown values find nothing."""

    def __init__(self, query: QueryDict, user: User, *, on: dt.date | None = None) -> None:
        self.query, self.user = query, user
        self.on = on or timezone.localdate()
        self.q = query.get("q", "").replace("\x00", "").strip()[:60]
        self.kinds = {kind.key: kind.label for kind in EnterpriseKind.objects.all()}
        self._asked = attributes_of(self.only_kind)
        self.applied: list[tuple[str, str, str, str]] = []  # (parameter, value, label, words)
        self._fitting = self._narrow(Enterprise.objects.visible_to(user))

    @property
    def only_kind(self) -> str | None:
        """The kind the list is narrowed to, if it is one."""
        chosen = [value for value in self.query.getlist("kind") if value in self.kinds]
        return chosen[0] if len(chosen) == 1 else None

    @property
    def queryset(self) -> EnterpriseQuerySet:
        """Everything that fits, for counting, exporting and choosing from."""
        if not self.q:
            return self._fitting
        return narrowed(self._fitting, Kind.ENTERPRISE, terms_of(self.q), place=self._place)

    def page(
        self, cursor: str | None, *, size: int, shape: Callable[[QuerySet[Enterprise]], QuerySet[Enterprise]]
    ) -> KeysetPage[Enterprise]:
        """One page, the latest registered first. Raises BadCursor."""
        return page_of(self._fitting, self.q, cursor=cursor, size=size, place=self._place, shape=shape)

    @property
    def _place(self) -> str:
        code = self.query.get("region", "")
        return code if len(code) > 2 else ""

    def _narrow(self, objects: EnterpriseQuerySet) -> EnterpriseQuerySet:
        if self.q:
            self._note("q", self.q, "查找", self.q)
        objects = self._many(objects, "kind", "类型", self.kinds, "kind_id")
        objects = self._many(objects, "risk", "风险", dict(RiskColour.choices), "risk")
        objects = self._many(objects, "status", "状态", dict(EnterpriseStatus.choices), "status")
        objects = self._region(objects)
        objects = self._department(objects)
        objects = self._permit(objects)
        objects = self._attributes(objects)
        for extra in _EXTRA.values():
            if value := self.query.get(extra.name, ""):
                narrowed = extra.narrow(objects, value, self.user)
                words = extra.words(value, self.user) if narrowed is not None else "无此项"
                self._note(extra.name, value, extra.label, words)
                objects = objects.none() if narrowed is None else narrowed
        return objects

    def _note(self, name: str, value: str, label: str, words: str) -> None:
        self.applied.append((name, value, label, words))

    def _many(
        self, objects: EnterpriseQuerySet, name: str, label: str, words: dict[str, str], column: str
    ) -> EnterpriseQuerySet:
        values = [value for value in self.query.getlist(name) if value]
        for value in values:
            self._note(name, value, label, words.get(value, "无此项"))
        return objects.filter(**{f"{column}__in": values}) if values else objects

    def _region(self, objects: EnterpriseQuerySet) -> EnterpriseQuerySet:
        code = self.query.get("region", "")
        if not code:
            return objects
        region = Region.objects.filter(pk=code).first()
        self._note("region", code, "辖区", region.name if region else "无此项")
        return objects.filter(area_q(region.code)) if region else objects.none()

    def _department(self, objects: EnterpriseQuerySet) -> EnterpriseQuerySet:
        value = self.query.get("department", "")
        if not value:
            return objects
        if value == NO_DEPARTMENT:
            self._note("department", value, "主管部门", "未指定")
            return objects.filter(department=None)
        department = Organization.objects.filter(pk=row_number(value)).first()
        self._note("department", value, "主管部门", department.short_name if department else "无此项")
        return objects.filter(department=department) if department else objects.none()

    def _permit(self, objects: EnterpriseQuerySet) -> EnterpriseQuerySet:
        value = self.query.get("permit", "")
        if not value:
            return objects
        self._note("permit", value, "许可证", PERMIT_STATES.get(value, "无此项"))
        permits = Permit.objects.filter(enterprise=OuterRef("pk"))
        match value:
            case "expired":
                return objects.filter(Exists(permits.expired(on=self.on)))
            case "expiring":
                return objects.filter(Exists(permits.expiring(on=self.on, days=EXPIRING_DAYS)))
            case "none":
                return objects.filter(~Exists(permits))
        return objects.none()

    def _attributes(self, objects: EnterpriseQuerySet) -> EnterpriseQuerySet:
        """By what is known of the attributes of the one kind chosen; of several kinds nothing is asked."""
        for attribute in self._asked:
            name = f"{PREFIX}{attribute.name}"
            if value := self.query.get(name, ""):
                offered = dict(offers_of(attribute))
                self._note(name, value, attribute.label, offered.get(value, "无此项"))
                objects = objects.filter(fitting(attribute, value)) if value in offered else objects.none()
        return objects

    @property
    def chips(self) -> list[Chip]:
        """The filters in force, each with the address that takes it away."""
        return [Chip(label, words, self._without(name, value)) for name, value, label, words in self.applied]

    @property
    def words(self) -> str:
        """The filters in one line, for the watermark of an export."""
        return "，".join(f"{label}：{words}" for _, _, label, words in self.applied) or "全部"

    @property
    def address(self) -> str:
        """The query of this list without the position in it."""
        query = self.query.copy()
        query.pop("cursor", None)
        return query.urlencode()

    def _without(self, name: str, value: str) -> str:
        query = self.query.copy()
        query.pop("cursor", None)
        query.setlist(name, [each for each in query.getlist(name) if each != value and each.strip() != value])
        return f"?{query.urlencode()}"

    def selects(self) -> list[Select]:
        """The filter form: only what this person can meet in the list."""
        visible = Enterprise.objects.visible_to(self.user).order_by()
        # A probe of the index for each place and department, not a walk through every enterprise.
        areas = scope_of(self.user, Permission.VIEW_REGISTRY).areas
        regions = (
            regions_to_choose(areas, self._place)
            if areas
            else Region.objects.filter(
                Exists(visible.filter(locality=OuterRef("pk")))
                | Exists(visible.filter(county=OuterRef("pk")))
            )
        )
        departments = Organization.objects.filter(
            Exists(visible.filter(department=OuterRef("pk"))), kind=Organization.Kind.DEPARTMENT
        )
        choices: list[tuple[str, str, list[tuple[str, str]]]] = [
            ("kind", "类型", list(self.kinds.items())),
            ("region", "辖区", [(r.code, ("　" if len(r.code) > 6 else "") + r.name) for r in regions]),
            (
                "department",
                "主管部门",
                [(NO_DEPARTMENT, "未指定"), *((str(d.pk), d.short_name) for d in departments)],
            ),
            ("risk", "风险", [(key, str(label)) for key, label in RiskColour.choices]),
            ("status", "状态", [(key, str(label)) for key, label in EnterpriseStatus.choices]),
            ("permit", "许可证", list(PERMIT_STATES.items())),
        ]
        usual = len(choices)
        choices += [
            (f"{PREFIX}{each.name}", each.label, offers_of(each)) for each in self._asked if offers_of(each)
        ]
        choices += [
            (extra.name, extra.label, extra.choices(self.user)) for extra in _EXTRA.values() if extra.choices
        ]
        return [
            Select(name, label, offered, self.query.get(name, ""), place >= usual)
            for place, (name, label, offered) in enumerate(choices)
        ]
