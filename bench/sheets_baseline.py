"""The obvious import, done competently: openpyxl, the cleaners row by row, bulk_create in chunks; same rows, same words."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import openpyxl
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.actions import record
from bihuan.core.sheets.reading import clean_text
from bihuan.registry import cleaning, searching
from bihuan.registry.access import import_scope
from bihuan.registry.changes import apply_values
from bihuan.registry.filling import PREFIX, Filled, _meaning
from bihuan.registry.importing import Judge, _merge_contact, _merge_permit, places_of
from bihuan.registry.matching import Existing
from bihuan.registry.models import Contact, Enterprise, EnterpriseChange, EnterpriseKind, Permit
from bihuan.registry.rows import (
    LABELS,
    PERMIT_FIELDS,
    ContactEntry,
    Issues,
    ParsedRow,
    PermitEntry,
    RowCleaner,
    _bring_home,
)

T = TypeVar("T")
CHUNK = 2000


class PlainCleaner(RowCleaner):
    """Every cell of every row through its cleaner."""

    def clean(self, number: int, values: Mapping[str, str]) -> tuple[ParsedRow | None, Issues]:
        """The row as it will be saved, or None and every problem found in it as (field name, sentence)."""
        issues: Issues = []

        def said(name: str) -> str:
            return values.get(name, "")

        def take(name: str, clean: Callable[[str], T]) -> T | None:
            try:
                return clean(said(name))
            except ValidationError as error:
                issues.append((name, "；".join(error.messages)))
                return None

        found: dict[str, Any] = {
            "name": take("name", cleaning.clean_name),
            "kind": take("kind", self.kind),
            "locality": take("locality", self.locality),
        }
        code = None
        if not cleaning.is_unknown(said("credit_code")):
            reason = cleaning.clean_words(said("code_reason"), "放行理由", 10_000)[:200]
            code = take("credit_code", lambda text: cleaning.clean_credit_code(text, reason))
        if code is not None and code[0]:
            found |= {
                "credit_code": code[0],
                "code_unchecked": code[1],
                "code_unchecked_reason": reason if code[1] else "",
            }
        optional: dict[str, Callable[[str], Any]] = {
            "address": lambda text: cleaning.clean_words(text, "地址", 200),
            "remark": lambda text: cleaning.clean_words(text, "备注", 300),
            "risk": cleaning.clean_risk,
            "status": cleaning.clean_status,
            "employees": cleaning.clean_employees,
            "longitude": lambda text: cleaning.clean_degrees(text, "经度"),
            "latitude": lambda text: cleaning.clean_degrees(text, "纬度"),
            "source_crs": cleaning.clean_crs,
        }
        for name, clean in optional.items():
            if not cleaning.is_unknown(said(name)):
                found[name] = take(name, clean)
        try:
            if found.get("longitude") is not None or found.get("latitude") is not None:
                cleaning.check_place(found.get("longitude"), found.get("latitude"))
        except ValidationError as error:
            if not any(name in {"longitude", "latitude"} for name, _ in issues):
                issues.append(("longitude", "；".join(error.messages)))
        else:
            _bring_home(found)
        if found["locality"] is not None and not cleaning.is_unknown(said("department")):
            found["department"] = take("department", lambda text: self.department(text, found["locality"]))
        elif self.own is not None:
            # A department registers for itself; what it may change already belongs to it.
            found["department"] = self.own
        if found["kind"] is not None:
            filled, problems = self._read_attributes(found["kind"], values)
            issues += problems
            if filled is not None:
                found["attributes"] = filled
        contacts = self._contacts(said, take, issues)
        permit = self._permit(said, take, issues)
        if issues:
            return None, issues
        return ParsedRow(number, found, tuple(contacts), permit), []

    def _read_attributes(
        self, kind: EnterpriseKind, values: Mapping[str, str]
    ) -> tuple[Filled | None, Issues]:
        """Every cell of a kind's attributes through the attribute's own rule."""
        version, attributes, columns = self._attributes._asked.get(kind.pk, (0, (), {}))
        issues: Issues = []
        filled: dict[str, Any] = {}
        for name, text in values.items():
            if name.startswith(PREFIX):
                value, problem = _meaning(kind, name, text, columns.get(name))
                if problem:
                    issues.append((name, problem))
                elif value is not None:
                    filled[columns[name].name] = value
        return (Filled(version, attributes, filled) if filled and not issues else None), issues

    def _contacts(
        self, said: Callable[[str], str], take: Callable[..., Any], issues: Issues
    ) -> list[ContactEntry]:
        people: dict[str, tuple[str, str]] = {}
        for role, prefix in ((Contact.Role.LEGAL, "legal"), (Contact.Role.SAFETY, "safety")):
            name_field, phone_field = f"{prefix}_name", f"{prefix}_phone"
            name = ""
            if not cleaning.is_unknown(said(name_field)):
                name = (
                    take(name_field, lambda text, f=name_field: cleaning.clean_person(text, LABELS[f])) or ""
                )
            phone = take(phone_field, cleaning.clean_phone) or ""
            if name:
                people[role] = (name, phone)
            elif phone:
                issues.append(
                    (phone_field, f"填了{LABELS[phone_field]}但没有姓名，请补填{LABELS[name_field]}")
                )
        phone = take("phone", cleaning.clean_phone) or ""
        if phone:
            # A bare 电话 is the number to call: the safety manager's, else the legal representative's.
            called = next((r for r in (Contact.Role.SAFETY, Contact.Role.LEGAL) if r in people), None)
            if called is None:
                issues.append(("phone", "填了电话但没有姓名，请补填安全管理人或法定代表人"))
            elif not people[called][1]:
                people[called] = (people[called][0], phone)
        return [ContactEntry(role, name, phone) for role, (name, phone) in people.items()]

    def _permit(
        self, said: Callable[[str], str], take: Callable[..., Any], issues: Issues
    ) -> PermitEntry | None:
        texts = {name.removeprefix("permit_"): said(name) for name in PERMIT_FIELDS}
        if all(cleaning.is_unknown(text) for text in texts.values()):
            return None
        for name in ("kind", "number"):
            if cleaning.is_unknown(texts[name]):
                label = LABELS[f"permit_{name}"]
                issues.append(
                    (f"permit_{name}", f"填了许可证信息但缺少{label}，请补填，或把许可证各栏都留空")
                )
        says_end = not cleaning.is_unknown(texts["valid_to"])
        entry = PermitEntry(
            kind=take("permit_kind", lambda text: cleaning.clean_words(text, "许可证种类", 60)) or "",
            number=take("permit_number", lambda text: cleaning.clean_words(text, "许可证号", 80)) or "",
            issuer=""
            if cleaning.is_unknown(texts["issuer"])
            else take("permit_issuer", lambda text: cleaning.clean_words(text, "发证机关", 120)) or "",
            valid_to=take("permit_valid_to", lambda text: cleaning.clean_end_date(text, "有效期至")),
            says_end=says_end,
            valid_from=take("permit_valid_from", lambda text: cleaning.clean_date(text, "有效期起")),
            issuing_level=""
            if cleaning.is_unknown(texts["level"])
            else take("permit_level", cleaning.clean_level) or "",
        )
        try:
            cleaning.check_validity(entry.valid_from, entry.valid_to)
        except ValidationError as error:
            issues.append(("permit_valid_to", "；".join(error.messages)))
        return entry


def read(data: bytes, mapping: Mapping[str, str]) -> list[tuple[int, dict[str, str]]]:
    """The rows of the first sheet as (row number, text by field)."""
    page = openpyxl.load_workbook(io.BytesIO(data), read_only=True).worksheets[0]
    rows = page.iter_rows(values_only=True)
    headers = [clean_text(cell) for cell in next(rows)]
    places = {name: headers.index(heading) for name, heading in mapping.items()}
    return [
        (number, {name: clean_text(row[place]) for name, place in places.items()})
        for number, row in enumerate(rows, start=2)
    ]


def run(data: bytes, mapping: Mapping[str, str], *, by: User) -> dict[int, Issues]:
    """Read, check and save; returns what is wrong with which row. Knows nothing of stopping or going on."""
    scope, on = import_scope(by), timezone.localdate()
    cleaner = PlainCleaner(scope, on)
    errors: dict[int, Issues] = {}
    sound: list[ParsedRow] = []
    for number, values in read(data, mapping):
        row, issues = cleaner.clean(number, values)
        if row is None:
            errors[number] = issues
        else:
            sound.append(row)
    judge = Judge(Existing([row.key for row in sound]), scope, on)
    for row in sound:
        assert judge.decide(row) is None, "the table holds new enterprises only"
    for start in range(0, len(sound), CHUNK):
        with transaction.atomic():
            _save(sound[start : start + CHUNK], by)
    return errors


def _save(rows: list[ParsedRow], by: User) -> None:
    now = timezone.now()
    made, changes = [], []
    for row in rows:
        enterprise = Enterprise(risk=row.values["kind"].default_risk)
        changes.append(apply_values(enterprise, row.values))
        enterprise.updated_at = now
        made.append(enterprise)
    Enterprise.objects.bulk_create(made)
    contacts, permits = [], []
    for row, enterprise, line in zip(rows, made, changes, strict=True):
        for entry in row.contacts:
            contact, change = _merge_contact(enterprise, entry, [])
            contacts.append(contact)
            line.append(change)
        if row.permit is not None:
            permit, change = _merge_permit(enterprise, row.permit, [])
            permits.append(permit)
            line.append(change)
    Contact.objects.bulk_create(contacts)
    Permit.objects.bulk_create(permits)
    EnterpriseChange.objects.bulk_create(
        EnterpriseChange(
            enterprise=enterprise, what="created", changes=line, reason="批量导入", by=by, at=now
        )
        for enterprise, line in zip(made, changes, strict=True)
    )
    searching.enter(
        (each.pk, places_of(each.locality), each.name, each.address, each.credit_code or "") for each in made
    )
    payload: dict[str, Any] = {"created": [each.pk for each in made], "updated": {}}
    record("registry.import", by, by=by, summary=f"批量导入底册：新增{len(made)}家，更新0家", payload=payload)
