"""An old ledger from a sheet: good rows land with their own dates, bad rows say why, twice changes nothing.

A row is known by enterprise, description and day found. What is already in the ledger belongs to the closed loop
and is never overwritten by a sheet.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cache, partial
from operator import itemgetter
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import resolve_unit
from bihuan.attachments.imports import Issues, Prepared, RowRefused, SheetRow, SheetRows
from bihuan.audit.bulk import record_new
from bihuan.core.bulk import insert, reserve
from bihuan.core.errors import Refused
from bihuan.core.sheets import FieldSpec
from bihuan.duties.actions import open_duties
from bihuan.duties.clock import calendar, due
from bihuan.registry.cleaning import clean_date, fold, is_unknown
from bihuan.registry.models import Enterprise
from bihuan.registry.rows import remembered
from bihuan.rules.calendar import DateOutOfRange, check_range
from bihuan.rules.clocks import Due
from bihuan.rules.codes import normalize_code
from bihuan.tally.models import Delta

from . import owed, searching
from .deadlines import CLOCKS, fixed
from .deltas import State, delta_rows
from .models import Hazard, HazardTransition
from .standing import seats
from .workflow import Level, Move, Status

TARGET = "hazards.hazard"
FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec("name", "企业名称", ("单位名称", "被检查单位", "企业（单位）名称", "场所名称", "受检单位", "生产经营单位")),
    FieldSpec("credit_code", "统一社会信用代码", ("信用代码", "社会信用代码", "统一信用代码")),
    FieldSpec("description", "隐患描述", ("隐患内容", "存在问题", "问题描述", "隐患情况", "主要问题", "问题隐患"), True),
    FieldSpec("found_on", "发现日期", ("检查日期", "排查日期", "检查时间", "排查时间", "发现时间"), True),
    FieldSpec("level", "等级", ("隐患等级", "隐患级别", "隐患类别", "一般/重大")),
    FieldSpec("location", "部位", ("隐患部位", "具体位置", "地点")),
    FieldSpec("basis", "依据条款", ("检查依据", "违反条款", "依据")),
    FieldSpec("due_on", "整改期限", ("整改时限", "限期", "要求完成时间", "计划完成时间")),
    FieldSpec("status", "状态", ("整改状态", "整改情况", "是否整改", "是否完成整改", "销号情况")),
    FieldSpec("closed_on", "销号日期", ("完成日期", "整改完成日期", "销号时间", "完成时间", "整改完成时间")),
    FieldSpec("responsible_person", "整改责任人", ("责任人", "责任人员")),
    FieldSpec("measures", "整改措施", ("措施", "整改要求")),
    FieldSpec("funds", "整改资金（元）", ("整改资金", "资金", "投入资金")),
    FieldSpec("contingency", "应急预案", ("预案",)),
    FieldSpec("interim_measures", "临时管控措施", ("管控措施", "防控措施")),
    FieldSpec("found_organization", "发现单位", ("检查单位", "检查部门", "排查单位")),
    FieldSpec("reviewing_organization", "复查单位", ("复查部门", "督促单位")),
)  # fmt: skip
_LEVELS = {"": Level.GENERAL, "一般": Level.GENERAL, "一般隐患": Level.GENERAL, "一般事故隐患": Level.GENERAL,
           "重大": Level.MAJOR, "重大隐患": Level.MAJOR, "重大事故隐患": Level.MAJOR}  # fmt: skip
_CLOSED = frozenset({"已销号", "销号", "已整改", "已整改完成", "整改完成", "已完成", "完成", "已闭环", "是"})
_WAITING = frozenset({"待复查", "已整改待复查", "待验收"})
_OPEN = frozenset({"整改中", "正在整改", "未整改", "未完成", "待整改", "未销号", "否"})
_LENGTHS = {
    "description": 500, "location": 120, "basis": 200, "responsible_person": 60, "measures": 500, "contingency": 300,
    "interim_measures": 300,
}  # fmt: skip
AT_ONCE = 2000  # names or codes per query
Key = tuple[int, str, dt.date]


@dataclass(frozen=True)
class OldHazard:
    """One sound row."""

    number: int
    enterprise: Enterprise
    found_on: dt.date
    level: str
    status: str
    deadline: Due
    closed_on: dt.date | None
    funds: Decimal | None
    found_organization: Organization
    reviewing_organization: Organization
    words: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        return self.enterprise.pk, self.words["description"], self.found_on


class HazardImporter:
    """Reads rows of an old ledger; see attachments.imports.Importer."""

    target = TARGET
    page = "hazards:batch"
    fields: Sequence[FieldSpec] = FIELDS

    def prepare(self, rows: SheetRows, by: User) -> Prepared:
        """Check every row; the same hazard twice in one sheet is an error on the second."""
        reader = _Reader(rows, by)
        prepared = Prepared()
        seen: dict[Key, int] = {}
        for row in rows:
            parsed, issues = reader.read(row)
            if parsed is None:
                prepared.errors[row.number] = issues
            elif parsed.key in seen:
                words = f"与第{seen[parsed.key]}行是同一条隐患（企业、描述、发现日期相同），请删去一行"
                prepared.errors[row.number] = [("description", words)]
            else:
                seen[parsed.key] = row.number
                prepared.rows.append((row.number, parsed))
        return prepared

    def save_rows(self, rows: list[OldHazard], by: User) -> tuple[int, int, int]:
        """Enter what the ledger does not have yet; (created, 0, unchanged)."""
        known = _known(rows)
        fresh = [row for row in rows if row.key not in known]
        if fresh:
            _enter(fresh, by)
        return len(fresh), 0, len(rows) - len(fresh)


class _Reader:
    """Turns cells into an OldHazard or into sentences; lists are read once."""

    def __init__(self, rows: SheetRows, by: User) -> None:
        posts = seats(by, Permission.IMPORT_HAZARDS)
        if not posts:
            raise Refused("你的岗位不能导入历史台账")
        self.own = posts[0].organization
        self.today = timezone.localdate()
        self.calendar = calendar()
        # Columns repeat themselves: each different cell is judged once.
        self.looks = {
            **{name: remembered(partial(self.words, name)) for name in _LENGTHS},
            **{
                name: remembered(partial(self.day, label=label))
                for name, label in (
                    ("found_on", "发现日期"),
                    ("due_on", "整改期限"),
                    ("closed_on", "销号日期"),
                )
            },
            "level": remembered(self.level),
            "funds": remembered(self.funds),
            **{
                name: remembered(partial(self.unit, label=label))
                for name, label in (
                    ("found_organization", "发现单位"),
                    ("reviewing_organization", "复查单位"),
                )
            },
        }
        self.deadlines = cache(self._deadline)
        self.statuses = cache(self._status)
        self.units: dict[str, Organization | None] = {}
        self.local: dict[str, Organization | None] = {}
        self.by_code: dict[str, Enterprise] = {}
        self.by_name: dict[str, list[Enterprise]] = {}
        names = {text.strip() for text in rows.columns.get("name", ())}
        codes = set(map(normalize_code, rows.columns.get("credit_code", ())))
        visible = Enterprise.objects.visible_to(by).select_related("organization", "department")
        for name, wanted in (
            ("name__among", sorted(names - {""})),
            ("credit_code__among", sorted(codes - {""})),
        ):
            for start in range(0, len(wanted), AT_ONCE):
                for enterprise in visible.filter(**{name: wanted[start : start + AT_ONCE]}):
                    self.take(enterprise)

    def take(self, enterprise: Enterprise) -> None:
        if enterprise.credit_code:
            self.by_code[enterprise.credit_code] = enterprise
        same = self.by_name.setdefault(enterprise.name, [])
        if all(other.pk != enterprise.pk for other in same):
            same.append(enterprise)

    def read(self, row: SheetRow) -> tuple[OldHazard | None, Issues]:
        """The hazard a row means, or what is wrong with it, all at once."""
        issues: Issues = []
        values = row.values

        def take(name: str) -> Any:
            value, problem = self.looks[name](values.get(name, "").strip())
            if problem:
                issues.append((name, problem))
            return value

        words = {name: take(name) or "" for name in _LENGTHS}
        if not words["description"] and not issues:
            issues.append(("description", "隐患描述为空，请补写"))
        enterprise = None
        try:
            enterprise = self.enterprise(values.get("name", "").strip(), values.get("credit_code", ""))
        except RowRefused as error:
            issues.append((error.field, str(error)))
        found_on = take("found_on")
        if found_on is None and not any(name == "found_on" for name, _ in issues):
            issues.append(("found_on", "发现日期为空，请补填"))
        due_on, closed_on, level = take("due_on"), take("closed_on"), take("level")
        status, problem = self.statuses(values.get("status", "").strip(), level, closed_on is not None)
        if problem:
            issues.append(("status", problem))
        funds, finder, reviewer = take("funds"), take("found_organization"), take("reviewing_organization")
        if found_on is not None:
            issues += self.contradictions(found_on, due_on, closed_on, status)
        if issues or enterprise is None or found_on is None or status is None:
            return None, issues
        return (
            OldHazard(
                number=row.number,
                enterprise=enterprise,
                found_on=found_on,
                level=level,
                status=status,
                deadline=self.deadlines(level, found_on, due_on),
                closed_on=closed_on if status == Status.CLOSED else None,
                funds=funds,
                found_organization=finder or self.own,
                reviewing_organization=reviewer or self.locality(enterprise) or self.own,
                words=words,
            ),
            [],
        )

    def _deadline(self, level: str, found_on: dt.date, due_on: dt.date | None) -> Due:
        derived = due(CLOCKS[Level(level)], found_on, using=self.calendar)
        return derived if due_on in (None, derived.due_on) else fixed(derived, due_on, "原台账所载期限")

    def _status(self, text: str, level: str | None, is_closed: bool) -> tuple[str | None, str]:
        try:
            return self.status(text, level, is_closed), ""
        except ValidationError as error:
            return None, "；".join(error.messages)

    @staticmethod
    def contradictions(
        found_on: dt.date, due_on: dt.date | None, closed_on: dt.date | None, status: str | None
    ) -> Issues:
        issues: Issues = []
        if due_on is not None and due_on < found_on:
            issues.append(
                ("due_on", f"整改期限{due_on.isoformat()}早于发现日期{found_on.isoformat()}，请核对")
            )
        if closed_on is not None and closed_on < found_on:
            issues.append(
                ("closed_on", f"销号日期{closed_on.isoformat()}早于发现日期{found_on.isoformat()}，请核对")
            )
        if status == Status.CLOSED and closed_on is None:
            issues.append(("closed_on", "已销号的须填销号日期"))
        if status is not None and status != Status.CLOSED and closed_on is not None:
            issues.append(("status", "填了销号日期，状态却不是已销号，请核对其中一项"))
        return issues

    @staticmethod
    def words(name: str, text: str) -> str:
        said = " ".join(text.split())
        limit = _LENGTHS[name]
        if len(said) > limit:
            raise ValidationError(f"超过 {limit} 字（现 {len(said)} 字），请缩写")
        return said

    def enterprise(self, name: str, said_code: str) -> Enterprise:
        code = normalize_code(said_code)
        if code and code in self.by_code:
            found = self.by_code[code]
            if name and name != found.name:
                raise RowRefused(f"信用代码属于“{found.name}”，与企业名称不一致，请核对", "credit_code")
            return found
        if not name and not code:
            raise RowRefused("企业名称和信用代码至少填一项", "name")
        same = self.by_name.get(name, [])
        if len(same) > 1:
            raise RowRefused(f"底册中有 {len(same)} 家“{name}”，请填写信用代码以便区分", "name")
        if not same:
            raise RowRefused(
                f"底册中没有“{name or code}”，请先在“企业与场所”中登记", "name" if name else "credit_code"
            )
        if code and same[0].credit_code:
            raise RowRefused(f"信用代码与底册中“{name}”的不一致，请核对", "credit_code")
        return same[0]

    def day(self, text: str, label: str) -> dt.date | None:
        if is_unknown(text):
            return None
        day = clean_date(text, label)
        if day is None:
            return None
        try:
            check_range(day)
        except DateOutOfRange as error:
            raise ValidationError(str(error)) from error
        if label != "整改期限" and day > self.today:
            raise ValidationError(f"{label}{day.isoformat()}在今天之后，请核对")
        return day

    @staticmethod
    def level(text: str) -> str:
        key = "" if is_unknown(text) else fold(text)
        if key not in _LEVELS:
            raise ValidationError(f"等级“{text}”无法识别，请填“一般”或“重大”")
        return _LEVELS[key]

    @staticmethod
    def status(text: str, level: str | None, is_closed: bool) -> str:
        key = "" if is_unknown(text) else fold(text)
        is_major = level == Level.MAJOR
        if key in _CLOSED or (not key and is_closed):
            return Status.CLOSED
        if key in _WAITING:
            return Status.ACCEPTING if is_major else Status.REINSPECTING
        if key in _OPEN or not key:
            return Status.PLANNING if is_major else Status.RECTIFYING
        raise ValidationError(f"状态“{text}”无法识别，请填“已销号”“待复查”或“整改中”")

    @staticmethod
    def funds(text: str) -> Decimal | None:
        if is_unknown(text):
            return None
        try:
            amount = Decimal(text.replace(",", "").replace("，", "").removesuffix("元"))
        except InvalidOperation as error:
            raise ValidationError(f"整改资金“{text}”不是数字，请以元为单位填写") from error
        if not amount.is_finite() or not 0 <= amount < Decimal(10) ** 10:
            raise ValidationError(f"整改资金“{text}”超出范围，请以元为单位填写")
        return amount.quantize(Decimal("0.01"))

    def unit(self, text: str, label: str) -> Organization | None:
        if is_unknown(text):
            return None
        if text not in self.units:
            self.units[text] = resolve_unit(text, self.own.region_id)
        if self.units[text] is None:
            raise ValidationError(f"{label}“{text}”不在单位名录中，请改用规范名称，或请管理员增加别名")
        return self.units[text]

    def locality(self, enterprise: Enterprise) -> Organization | None:
        code = enterprise.locality_id
        if code not in self.local:
            self.local[code] = Organization.objects.filter(
                kind=Organization.Kind.LOCALITY, region=code, valid_to=None
            ).first()
        return self.local[code]


def _known(rows: list[OldHazard]) -> set[Key]:
    """Keys already in the ledger."""
    return set(
        Hazard.objects.filter(
            enterprise__in={row.enterprise.pk for row in rows},
            found_on__in={row.found_on for row in rows},
            description__in={row.words["description"] for row in rows},
        ).values_list("enterprise", "description", "found_on")
    )


_HAZARD = tuple(field.attname for field in Hazard._meta.concrete_fields)
_LINE = (
    "id", "hazard_id", "move", "from_status", "to_status", "round", "reason", "by_id", "at", "level", "due_on",
    "counted_on",
)  # fmt: skip
_DELTA = tuple(field.attname for field in Delta._meta.concrete_fields if not field.primary_key)


def _enter(rows: list[OldHazard], by: User) -> None:
    """Write hazards, ledger lines, figures, duties and audit for a chunk."""
    now = timezone.now()
    today = timezone.localdate(now)
    hazards = [_hazard(row, by, now) for row in rows]
    lines = [
        HazardTransition(
            hazard=hazard, move=Move.IMPORT, from_status="", to_status=hazard.status, round=1,
            reason="由历史台账导入", by=by, at=now, level=hazard.level, due_on=hazard.due_on,
            counted_on=_counted_on(hazard, today),
        )
        for hazard in hazards
    ]  # fmt: skip
    for hazard, line, key, line_key in zip(
        hazards, lines, reserve(Hazard, len(rows)), reserve(HazardTransition, len(rows)), strict=True
    ):
        hazard.pk, line.pk, line.hazard_id = key, line_key, key
    insert(Hazard, _HAZARD, map(itemgetter(*_HAZARD), map(vars, hazards)))
    insert(HazardTransition, _LINE, map(itemgetter(*_LINE), map(vars, lines)))
    searching.index(hazards)
    deltas = (delta for hazard in hazards for delta in _history(hazard, today))
    insert(Delta, _DELTA, map(itemgetter(*_DELTA), map(vars, deltas)))
    bodies, terms = _Bodies(), _Terms()
    open_duties(
        [
            duty
            for hazard in hazards
            for duty in owed.duties_for(hazard, on=today, bodies=bodies, due_by=terms.due)
        ],
        by=by,
    )
    summaries = [f"{Move.IMPORT.label}：{hazard.number} {hazard.description}" for hazard in hazards]
    record_new("hazards.import", zip((*hazards, *lines), summaries * 2, strict=True), by=by, at=now)


class _Bodies(owed.Bodies):
    """Who can owe something, each looked up once for a chunk."""

    def __init__(self) -> None:
        self.local_authority_of = cache(self._local_authority_of)
        self.default_post = cache(super().default_post)  # type: ignore[method-assign]
        self.posts = cache(lambda organization: list(owed.Bodies.posts(self, organization)))  # type: ignore[method-assign]

    def local_authority(self, hazard: Hazard) -> Organization | None:
        return self.local_authority_of(hazard.locality_id)

    @staticmethod
    def _local_authority_of(locality: str) -> Organization | None:
        return Organization.objects.filter(
            kind=Organization.Kind.LOCALITY, region=locality, valid_to=None
        ).first()


class _Terms:
    """Deadlines of duties by rule and day; the calendar is read once for a chunk."""

    def __init__(self) -> None:
        using = calendar()
        self.due = cache(lambda rule, start: due(rule, start, using=using))


def _hazard(row: OldHazard, by: User, now: dt.datetime) -> Hazard:
    enterprise = row.enterprise
    is_closed = row.status == Status.CLOSED
    return Hazard(
        enterprise=enterprise,
        department=enterprise.department,
        city_id=enterprise.city_id,
        county_id=enterprise.county_id,
        locality_id=enterprise.locality_id,
        kind_id=enterprise.kind_id,
        source=Hazard.Source.IMPORT,
        level=row.level,
        status=row.status,
        found_on=row.found_on,
        found_at=now,
        found_by=by,
        found_organization=row.found_organization,
        reviewing_organization=row.reviewing_organization,
        due_on=row.deadline.due_on,
        clock=row.deadline.explanation,
        funds=row.funds,
        closed_on=row.closed_on,
        closed_at=now if is_closed else None,
        **row.words,
    )


def _history(hazard: Hazard, today: dt.date) -> list[Delta]:
    """The figures of an imported life: found on its day, running until closed on its day."""
    running = _running(hazard)
    opened = State(running, hazard.level, hazard.due_on, None)
    present = State(hazard.status, hazard.level, hazard.due_on, hazard.closed_on)
    found = delta_rows(hazard, None, opened, hazard.found_on)
    if hazard.status == running:
        return found
    return found + delta_rows(hazard, opened, present, _counted_on(hazard, today))


def _running(hazard: Hazard) -> Status:
    return Status.PLANNING if hazard.level == Level.MAJOR else Status.RECTIFYING


def _counted_on(hazard: Hazard, today: dt.date) -> dt.date:
    """The day from which the state it was imported in counts: until then it ran."""
    if hazard.status == _running(hazard):
        return hazard.found_on
    return hazard.closed_on or today
