"""One row of a table made into what will be saved, or into sentences that say why not. Rules come from `cleaning`."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError

from bihuan.accounts.models import Organization, Region
from bihuan.accounts.queries import resolve_unit
from bihuan.core.errors import Refused
from bihuan.core.sheets import FieldSpec
from bihuan.rules.codes import explain_credit_code, normalize_code
from bihuan.rules.coordinates import Crs
from bihuan.rules.regions import BadRegionCode, is_within, normalize_region_code

from . import cleaning
from .access import EditScope
from .filling import PREFIX, UNREAD, AttributeColumns
from .matching import Key
from .models import Contact, EnterpriseKind

Issues = list[tuple[str, str]]
Clean = Callable[[str], Any]
Look = Callable[[str], tuple[Any, str]]

FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec("name", "企业名称", ("单位名称", "名称", "企业（单位）名称", "场所名称", "商户名称", "字号名称", "企业全称"), True),
    FieldSpec("credit_code", "统一社会信用代码", ("信用代码", "社会信用代码", "统一信用代码", "营业执照号", "统一社会信用代码/注册号")),
    FieldSpec("code_reason", "代码放行理由", ("放行理由",)),
    FieldSpec("kind", "类型", ("企业类型", "对象类型", "行业类型", "单位类型", "类别"), True),
    FieldSpec(
        "locality", "所在乡镇（街道）",
        ("所在乡镇街道", "乡镇街道", "乡镇/街道", "所属乡镇（街道）", "所属乡镇街道", "属地", "所属镇街", "镇街", "乡镇", "街道"), True,
    ),
    FieldSpec("address", "地址", ("详细地址", "经营地址", "企业地址", "单位地址", "生产经营地址", "注册地址")),
    FieldSpec("department", "主管部门", ("行业主管部门", "监管部门", "归口部门", "归口管理部门", "行业监管部门")),
    FieldSpec("risk", "风险等级", ("风险", "风险级别", "安全风险等级", "四色等级", "风险颜色")),
    FieldSpec("status", "状态", ("经营状态", "生产状态", "企业状态", "生产经营状态")),
    FieldSpec("employees", "从业人数", ("从业人员数", "从业人员", "员工人数", "职工人数", "人数")),
    FieldSpec("legal_name", "法定代表人", ("法人", "法人代表", "法定代表人姓名", "法定代表人（负责人）")),
    FieldSpec("legal_phone", "法定代表人电话", ("法人电话", "法人联系电话", "法定代表人联系电话")),
    FieldSpec("safety_name", "安全管理人", ("安全管理人员", "安全负责人", "安全管理人姓名", "安全员", "安全管理员")),
    FieldSpec("safety_phone", "安全管理人电话", ("安全负责人电话", "安全管理人员电话", "安全员电话", "安全管理人联系电话")),
    FieldSpec("phone", "电话", ("联系电话", "手机", "手机号", "手机号码", "联系方式")),
    FieldSpec("permit_kind", "许可证种类", ("许可证名称", "许可证类型", "证照种类", "证照名称", "许可种类")),
    FieldSpec("permit_number", "许可证号", ("证号", "许可证编号", "证照编号", "证照号码", "许可证号码")),
    FieldSpec("permit_issuer", "发证机关", ("发证单位", "发证部门")),
    FieldSpec("permit_level", "发证级别", ("发证机关级别", "发证层级")),
    FieldSpec("permit_valid_from", "许可证有效期起", ("有效期起", "发证日期", "颁发日期")),
    FieldSpec("permit_valid_to", "许可证有效期至", ("有效期至", "有效期止", "证照有效期", "到期日期", "有效期")),
    FieldSpec("longitude", "经度", ("东经", "lng", "lon")),
    FieldSpec("latitude", "纬度", ("北纬", "lat")),
    FieldSpec("source_crs", "坐标系", ("坐标系统", "坐标系名称", "crs")),
    FieldSpec("remark", "备注", ("说明",)),
)  # fmt: skip
LABELS = {spec.name: spec.label for spec in FIELDS}


class ContactEntry(NamedTuple):
    """A person named in a row; an empty phone leaves the known one alone."""

    role: str
    name: str
    phone: str


class PermitEntry(NamedTuple):
    """A licence named in a row. `says_end` tells 长期 (no end) from an empty cell (not said)."""

    kind: str
    number: str
    issuer: str
    valid_to: dt.date | None
    says_end: bool
    valid_from: dt.date | None = None
    issuing_level: str = ""


@dataclass(frozen=True)
class ParsedRow:
    """A sound row. `values` holds only what the row says: an empty cell leaves a known record as it is."""

    number: int
    values: dict[str, Any]
    contacts: tuple[ContactEntry, ...] = ()
    permit: PermitEntry | None = None

    @cached_property
    def key(self) -> Key:
        """What identifies the enterprise of this row."""
        return Key(self.values["name"], self.values["locality"].pk, self.values.get("credit_code"))


@dataclass
class RowCleaner:
    """Cleans rows for one importer. Lists of kinds and localities are read once; a department's name is looked up once."""

    scope: EditScope
    on: dt.date
    kinds: dict[str, list[EnterpriseKind]] = field(init=False)
    localities: dict[str, list[Region]] = field(init=False)
    counties: dict[str, Region] = field(init=False)
    departments: dict[tuple[str, str], Organization | None] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._attributes = AttributeColumns()
        judges: dict[str, Clean] = {"name": cleaning.clean_name, "kind": self.kind, "locality": self.locality}
        self._looks = {name: remembered(clean) for name, clean in (judges | CLEANERS).items()}
        self._is_unknown = remembered(cleaning.is_unknown)
        self._departments_said: dict[tuple[str, str], tuple[Organization | None, str]] = {}
        self.kinds = defaultdict(list)
        self._keywords: dict[str, list[EnterpriseKind]] = defaultdict(list)
        for kind in EnterpriseKind.objects.all():
            for name in {cleaning.fold(kind.label), cleaning.fold(kind.key)}:
                self.kinds[name].append(kind)
            for word in {cleaning.fold(word) for word in kind.keywords}:
                self._keywords[word].append(kind)
        own = self.scope.own_department
        self.own = Organization.objects.get(pk=own) if own is not None else None
        # A county alone says that the township is not known yet; by its whole name or code, never by a short one.
        self.counties = {
            cleaning.fold(name): county
            for county in Region.objects.filter(kind=Region.Kind.COUNTY)
            for name in (county.code, county.name)
        }
        self.localities = defaultdict(list)
        places = Region.objects.filter(kind__in=[Region.Kind.TOWNSHIP, Region.Kind.ZONE]).select_related(
            "parent"
        )
        for region in places:
            if region.valid_to is not None and region.valid_to < self.on:
                continue
            above = [region.parent.name, region.parent.short_name] if region.parent else []
            names = {region.code, region.name, region.short_name}
            names |= {upper + name for upper in above for name in (region.name, region.short_name)}
            for key in {cleaning.fold(name) for name in names}:
                self.localities[key].append(region)

    def clean_all(
        self, numbers: Sequence[int], columns: Mapping[str, Sequence[str]]
    ) -> Iterator[tuple[int, ParsedRow | None, Issues]]:
        """The same as `clean` for rows that are at hand as columns by field name, in order.

        What stands in a column is judged column by column, each different text once. A row about which there is
        anything to say goes through `clean`, the one place that says it.
        """
        quiet = [None] * len(numbers)
        taken: dict[str, Sequence[Any]] = dict.fromkeys(self._looks, quiet)
        doubtful = set() if columns.keys() >= REQUIRED else set(range(len(numbers)))
        for name, texts in columns.items():
            if name in JUDGED_IN_THE_ROW or name.startswith(PREFIX):
                continue
            taken[name] = values = self._take_column(name, texts)
            doubtful |= {place for place, value in enumerate(values) if value is DOUBTFUL}
        if "code_reason" in columns:
            doubtful |= {place for place, text in enumerate(columns["code_reason"]) if text}
        kinds = taken.pop("kind")
        said = self._attributes.read_all(
            kinds, {name: texts for name, texts in columns.items() if name.startswith(PREFIX)}
        )
        doubtful |= {place for place, filled in enumerate(said) if filled is UNREAD}
        places = (
            range(len(numbers)), taken.pop("name"), kinds, taken.pop("locality"),
            self._take_codes(columns.get("credit_code"), doubtful, quiet), columns.get("department", quiet),
            zip(*(taken.pop(name) for name in ROLE_FIELDS), strict=True),
            zip(*(taken.pop(name) for name in PERMIT_FIELDS), strict=True),
            zip(*(taken[name] for name in OPTIONAL), strict=True),
        )  # fmt: skip
        for place, name, kind, locality, code, department, people, permit, optional in zip(
            *places, strict=True
        ):
            row = None
            if place not in doubtful:
                row = self._assemble(
                    numbers[place], name, kind, locality, code, department, people, permit, optional
                )
            if row is not None:
                if (filled := said[place]) is not None:
                    row.values["attributes"] = filled
                yield numbers[place], row, []
            else:
                cells = {field: texts[place] for field, texts in columns.items()}
                yield numbers[place], *self.clean(numbers[place], cells)

    def _take_column(self, name: str, texts: Sequence[str]) -> list[Any]:
        """What each text of a column means: None for nothing said, DOUBTFUL for anything to object to."""
        look, is_unknown = self._looks[name], self._is_unknown
        known: dict[str, Any] = {}
        for text in set(texts):
            if name not in REQUIRED and (not text or is_unknown(text)[0]):
                known[text] = None
                continue
            value, problem = look(text)
            if name == "permit_valid_to":
                value = (value,)  # 长期 is said and has no day
            known[text] = DOUBTFUL if problem or value is None else value
        return list(map(known.__getitem__, texts))

    def _take_codes(
        self, texts: Sequence[str] | None, doubtful: set[int], quiet: Sequence[None]
    ) -> Sequence[str | None]:
        """The credit codes that pass their check; whether another may pass depends on the reason beside it."""
        if texts is None:
            return quiet
        codes: list[str | None] = []
        for place, text in enumerate(texts):
            code = None
            if text and not cleaning.is_unknown(text):
                code = normalize_code(text)
                if explain_credit_code(code) is not None:
                    doubtful.add(place)
            codes.append(code)
        return codes

    def _assemble(
        self, number: int, name: str, kind: EnterpriseKind, locality: Region, code: str | None, department: str | None,
        people: tuple[str | None, ...], permit: tuple[Any, ...], optional: tuple[Any, ...],
    ) -> ParsedRow | None:  # fmt: skip
        """A row of sound values; None when they do not go together."""
        found: dict[str, Any] = {"name": name, "kind": kind, "locality": locality}
        if code is not None:
            found |= {"credit_code": code, "code_unchecked": False, "code_unchecked_reason": ""}
        for field_name, value in zip(OPTIONAL, optional, strict=True):
            if value is not None:
                found[field_name] = value
        longitude, latitude = found.get("longitude"), found.get("latitude")
        if (longitude is not None or latitude is not None) and not cleaning.is_place(longitude, latitude):
            return None
        _bring_home(found)
        if department and not self._is_unknown(department)[0]:
            found["department"], problem = self._department(department, locality)
            if problem:
                return None
        elif self.own is not None:
            found["department"] = self.own
        legal, legal_phone, safety, safety_phone, phone = people
        if (legal_phone and not legal) or (safety_phone and not safety) or (phone and not (legal or safety)):
            return None
        contacts = []
        if legal:
            # A bare 电话 is the number to call: the safety manager's, else the legal representative's.
            own = legal_phone or ("" if safety else phone) or ""
            contacts.append(ContactEntry(Contact.Role.LEGAL, legal, own))
        if safety:
            contacts.append(ContactEntry(Contact.Role.SAFETY, safety, safety_phone or phone or ""))
        said = any(part is not None for part in permit)
        if said and (permit[0] is None or permit[1] is None or _ends_first(permit[3], permit[4])):
            return None
        return ParsedRow(number, found, tuple(contacts), _entry(permit) if said else None)

    def clean(self, number: int, values: Mapping[str, str]) -> tuple[ParsedRow | None, Issues]:
        """The row as it will be saved, or None and every problem found in it as (field name, sentence)."""
        issues: Issues = []
        found: dict[str, Any] = {}
        looks = self._looks

        def take(name: str) -> Any:
            value, problem = looks[name](values.get(name, ""))
            if problem:
                issues.append((name, problem))
            return value

        def is_said(name: str) -> bool:
            text = values.get(name, "")
            return bool(text) and not self._is_unknown(text)[0]

        for name in ("name", "kind", "locality"):
            found[name] = take(name)
        if is_said("credit_code"):
            reason = cleaning.clean_words(values.get("code_reason", ""), "放行理由", 10_000)[:200]
            try:
                code, is_released = cleaning.clean_credit_code(values["credit_code"], reason)
            except ValidationError as error:
                issues.append(("credit_code", "；".join(error.messages)))
            else:
                if code:
                    found["credit_code"] = code
                    found["code_unchecked"] = is_released
                    found["code_unchecked_reason"] = reason if is_released else ""
        for name in OPTIONAL:
            if is_said(name):
                found[name] = take(name)
        try:
            if found.get("longitude") is not None or found.get("latitude") is not None:
                cleaning.check_place(found.get("longitude"), found.get("latitude"))
        except ValidationError as error:
            if not any(name in {"longitude", "latitude"} for name, _ in issues):
                issues.append(("longitude", "；".join(error.messages)))
        else:
            _bring_home(found)
        if found["locality"] is not None and is_said("department"):
            found["department"], problem = self._department(values["department"], found["locality"])
            if problem:
                issues.append(("department", problem))
        elif self.own is not None:
            # A department registers for itself; what it may change already belongs to it.
            found["department"] = self.own
        if found["kind"] is not None:
            cells = [(name, text) for name, text in values.items() if name.startswith(PREFIX)]
            said, problems = self._attributes.read(found["kind"], cells)
            issues += problems
            if said is not None:
                found["attributes"] = said
        contacts = self._contacts(is_said, take, issues)
        permit = self._permit(is_said, take, issues)
        if issues:
            return None, issues
        return ParsedRow(number, found, tuple(contacts), permit), []

    def _department(self, text: str, locality: Region) -> tuple[Organization | None, str]:
        place = (text, locality.code[:6])
        if place not in self._departments_said:
            try:
                self._departments_said[place] = (self.department(text, locality), "")
            except ValidationError as error:
                self._departments_said[place] = (None, "；".join(error.messages))
        return self._departments_said[place]

    def kind(self, text: str) -> EnterpriseKind:
        """The kind a word means: its label or key, else a plan word that belongs to one kind only."""
        key = cleaning.fold(text)
        if not key:
            raise ValidationError("类型为空，请填写，如：" + self._some_kinds())
        for words in (self.kinds, self._keywords):
            fitting = words.get(key, [])
            if len(fitting) == 1:
                return fitting[0]
            if fitting:
                names = "、".join(kind.label for kind in fitting)
                raise ValidationError(f"类型“{text[:20]}”可以是{names}，请改填其中一个")
        raise ValidationError(f"类型“{text[:20]}”无法识别，可填：{self._some_kinds()}")

    def _some_kinds(self) -> str:
        return "、".join(dict.fromkeys(kind.label for kinds in self.kinds.values() for kind in kinds))

    def locality(self, text: str) -> Region:
        """The township, street or zone of a name or code; a name shared by several means the one in one's own area."""
        key = cleaning.fold(text)
        if not key:
            raise ValidationError("所在乡镇（街道）为空，请填写名称或区划代码")
        if key.isdigit():
            try:
                key = normalize_region_code(key)
            except BadRegionCode as error:
                raise ValidationError(str(error)) from error
        fitting = self.localities.get(key, [])
        if not fitting and key in self.counties:
            return self.counties[key]
        if len(fitting) > 1:
            own = [r for r in fitting if any(is_within(r.code, area) for area in self.scope.areas)]
            fitting = own if len(own) == 1 else fitting
        if not fitting:
            raise ValidationError(
                f"没有名为“{text[:20]}”的乡镇街道，请填写全称或9位区划代码；确实不知道的，填县区全称，入册后再指定"
            )
        if len(fitting) > 1:
            names = "、".join(f"{r.parent.name if r.parent else ''}{r.name}" for r in fitting)
            raise ValidationError(f"“{text[:20]}”有{len(fitting)}处：{names}，请写明县区或填区划代码")
        return fitting[0]

    def department(self, text: str, locality: Region) -> Organization:
        """The line department a name means where the enterprise lies (aliases count)."""
        place = (cleaning.fold(text), locality.code[:6])
        if place not in self.departments:
            self.departments[place] = resolve_unit(text, place[1], self.on)
        department = self.departments[place]
        if department is None:
            raise ValidationError(
                f"主管部门“{text[:30]}”对不上任何在册单位，请填写单位全称，或先请系统管理员登记该别名"
            )
        if department.kind != Organization.Kind.DEPARTMENT:
            raise ValidationError(f"“{department.short_name}”不是行业主管部门，请改填部门名称")
        return department

    def _contacts(
        self, is_said: Callable[[str], bool], take: Callable[[str], Any], issues: Issues
    ) -> list[ContactEntry]:
        people: dict[str, tuple[str, str]] = {}
        for role, name_field, phone_field in NAMED:
            name = (take(name_field) or "") if is_said(name_field) else ""
            phone = take(phone_field) or ""
            if name:
                people[role] = (name, phone)
            elif phone:
                issues.append(
                    (phone_field, f"填了{LABELS[phone_field]}但没有姓名，请补填{LABELS[name_field]}")
                )
        phone = take("phone") or ""
        if phone:
            # A bare 电话 is the number to call: the safety manager's, else the legal representative's.
            called = next((r for r in (Contact.Role.SAFETY, Contact.Role.LEGAL) if r in people), None)
            if called is None:
                issues.append(("phone", "填了电话但没有姓名，请补填安全管理人或法定代表人"))
            elif not people[called][1]:
                people[called] = (people[called][0], phone)
        return [ContactEntry(role, name, phone) for role, (name, phone) in people.items()]

    def _permit(
        self, is_said: Callable[[str], bool], take: Callable[[str], Any], issues: Issues
    ) -> PermitEntry | None:
        said = {name.removeprefix("permit_"): is_said(name) for name in PERMIT_FIELDS}
        if not any(said.values()):
            return None
        for name in ("kind", "number"):
            if not said[name]:
                label = LABELS[f"permit_{name}"]
                issues.append(
                    (f"permit_{name}", f"填了许可证信息但缺少{label}，请补填，或把许可证各栏都留空")
                )
        entry = PermitEntry(
            kind=take("permit_kind") or "",
            number=take("permit_number") or "",
            issuer=(take("permit_issuer") or "") if said["issuer"] else "",
            valid_to=take("permit_valid_to"),
            says_end=said["valid_to"],
            valid_from=take("permit_valid_from"),
            issuing_level=(take("permit_level") or "") if said["level"] else "",
        )
        try:
            cleaning.check_validity(entry.valid_from, entry.valid_to)
        except ValidationError as error:
            issues.append(("permit_valid_to", "；".join(error.messages)))
        return entry


def _words(label: str, limit: int) -> Clean:
    return lambda text: cleaning.clean_words(text, label, limit)


CLEANERS: dict[str, Clean] = {
    "address": _words("地址", 200),
    "remark": _words("备注", 300),
    "risk": cleaning.clean_risk,
    "status": cleaning.clean_status,
    "employees": cleaning.clean_employees,
    "longitude": lambda text: cleaning.clean_degrees(text, "经度"),
    "latitude": lambda text: cleaning.clean_degrees(text, "纬度"),
    "source_crs": cleaning.clean_crs,
    "legal_name": lambda text: cleaning.clean_person(text, LABELS["legal_name"]),
    "safety_name": lambda text: cleaning.clean_person(text, LABELS["safety_name"]),
    "legal_phone": cleaning.clean_phone,
    "safety_phone": cleaning.clean_phone,
    "phone": cleaning.clean_phone,
    "permit_kind": _words("许可证种类", 60),
    "permit_number": _words("许可证号", 80),
    "permit_issuer": _words("发证机关", 120),
    "permit_valid_to": lambda text: cleaning.clean_end_date(text, "有效期至"),
    "permit_valid_from": lambda text: cleaning.clean_date(text, "有效期起"),
    "permit_level": cleaning.clean_level,
}
OPTIONAL = ("address", "remark", "risk", "status", "employees", "longitude", "latitude", "source_crs")
NAMED = (
    (Contact.Role.LEGAL, "legal_name", "legal_phone"),
    (Contact.Role.SAFETY, "safety_name", "safety_phone"),
)


def _entry(permit: tuple[Any, ...]) -> PermitEntry:
    """The licence of a row, its cells in the order of PERMIT_FIELDS; the end stands in a tuple, 长期 is an empty one."""
    kind, number, issuer, end, start, level = permit
    return PermitEntry(
        kind, number, issuer or "", end[0] if end else None, end is not None, start, level or ""
    )


def _ends_first(end: tuple[dt.date | None] | None, start: dt.date | None) -> bool:
    return start is not None and end is not None and end[0] is not None and end[0] < start


def _bring_home(found: dict[str, Any]) -> None:
    """Let a row's place be in CGCS2000, as the record keeps it; a table that names no system is taken to be in it."""
    crs = found.pop("source_crs", None) or Crs.CGCS2000.value
    longitude, latitude = found.get("longitude"), found.get("latitude")
    if longitude is not None and latitude is not None:
        found["longitude"], found["latitude"], found["source_crs"] = cleaning.into_record(
            longitude, latitude, crs
        )


ROLE_FIELDS = ("legal_name", "legal_phone", "safety_name", "safety_phone", "phone")
PERMIT_FIELDS = (
    "permit_kind", "permit_number", "permit_issuer", "permit_valid_to", "permit_valid_from", "permit_level",
)  # fmt: skip
REQUIRED = frozenset({"name", "kind", "locality"})
# What one of these cells means depends on other cells of its row.
JUDGED_IN_THE_ROW = frozenset({"credit_code", "code_reason", "department"})
DOUBTFUL = object()


def remembered(clean: Clean) -> Look:
    """`clean` as (value, problem), asked once for each different text: columns repeat themselves."""
    known: dict[str, tuple[Any, str]] = {}

    def look(text: str) -> tuple[Any, str]:
        found = known.get(text)
        if found is None:
            try:
                found = (clean(text), "")
            except ValidationError as error:
                found = (None, "；".join(error.messages))
            except Refused as error:
                found = (None, str(error))
            known[text] = found
        return found

    return look
