"""Enterprises from a table (invariant 6): good rows land, bad rows say why, the same table again changes nothing.

The machinery of chunks, marks and resumption is `attachments.imports`; here is what a row of this registry means.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from json.encoder import encode_basestring as quoted
from typing import Any

from django.db import IntegrityError
from django.utils import timezone

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.scope import place_of
from bihuan.attachments.imports import Prepared, RowRefused, SheetRows
from bihuan.audit.actions import record
from bihuan.core.bulk import Encoded, insert, insert_columns, reserve
from bihuan.core.sheets import FieldSpec

from . import places, searching
from .access import EditScope, import_scope
from .attributes import Attribute
from .changes import FIELDS as FILLED_IN
from .changes import MIRRORED, Change, apply_values, label_of, mirror, words_of
from .dues import settle_permits
from .filling import Filled, column_specs
from .matching import Ambiguous, Existing
from .models import Contact, Enterprise, EnterpriseChange, IssuingLevel, Permit
from .periods import needs_acceptance
from .places import PLACE_FIELDS
from .rows import FIELDS, ContactEntry, ParsedRow, PermitEntry, RowCleaner
from .workflow import EnterpriseStatus, explain_illegal, is_legal

What = EnterpriseChange.What
REASON = "批量导入"
FREE = frozenset(
    {"name", "credit_code", "code_unchecked_reason", "address", "remark"}
)  # said in their own words
RELATED = frozenset({"kind", "department", "locality"})
STANDING = {"status": EnterpriseStatus.OPERATING, "code_unchecked": False}  # what an empty record has
ELSEWHERE = "已登记在您的管理范围之外，不能修改，请联系安委办核对"
# Every column an import may write; auto_now does not act on bulk updates.
WRITTEN = (
    "name", "credit_code", "code_unchecked", "code_unchecked_reason", "kind", "department", "locality", "city",
    "county", "address", "longitude", "latitude", "source_crs", "risk", "status", "employees", "remark",
    "attributes", "attributes_version", "updated_at",
)  # fmt: skip


class EnterpriseImporter:
    """Reads rows of the registry's table; see attachments.imports.Importer."""

    target = "registry.enterprise"
    page = "registry:batch"

    @property
    def fields(self) -> Sequence[FieldSpec]:
        """The registry's own columns, then those of the kinds' attributes."""
        return (*FIELDS, *column_specs())

    def prepare(self, rows: SheetRows, by: User) -> Prepared:
        """Check every row against the rules, the rest of the sheet, the registry and the importer's own area."""
        scope, on = import_scope(by), timezone.localdate()
        cleaner = RowCleaner(scope, on)
        prepared = Prepared()
        parsed: list[ParsedRow] = []
        for piece in rows.pieces():
            for number, clean, issues in cleaner.clean_all(piece.numbers, piece.columns):
                if clean is None:
                    prepared.errors[number] = issues
                else:
                    parsed.append(clean)
        existing = Existing([sound.key for sound in parsed])
        judge = Judge(existing, scope, on)
        seen = _Seen()
        for sound in parsed:
            try:
                seen.take(sound, judge.decide(sound))
            except RowRefused as refusal:
                prepared.errors[sound.number] = [(refusal.field, str(refusal))]
            else:
                prepared.rows.append((sound.number, sound))
        return prepared

    def save_rows(self, rows: list[ParsedRow], by: User) -> tuple[int, int, int]:
        """Save sound rows with a fixed number of queries; (created, updated, unchanged). Raises RowRefused."""
        try:
            return _Chunk(rows, by).save()
        except IntegrityError as error:
            raise RowRefused("保存时有人刚登记了同一对象，请重新导入一次") from error


class Judge:
    """Which record each row is about, and whether this person may write it so."""

    def __init__(self, existing: Existing, scope: EditScope, on: dt.date) -> None:
        self._existing, self._scope, self._on = existing, scope, on
        self._refusals: dict[tuple[str, int | None], str | None] = {}

    def decide(self, row: ParsedRow) -> Enterprise | None:
        """The record a row is about, None for a new one. Raises RowRefused when this person may not write it so."""
        try:
            enterprise = self._existing.find(row.key)
        except Ambiguous as error:
            raise RowRefused(str(error), error.field) from error
        department = row.values.get("department")
        if enterprise is not None and enterprise.locality_id.startswith(row.values["locality"].pk):
            # A row that knows only the county leaves the township alone that is known.
            row.values["locality"] = enterprise.locality
        if enterprise is None:
            refusal = self._refusal(row.values["locality"], department)
        elif not self._scope.covers(enterprise):
            field = "credit_code" if row.values.get("credit_code") == enterprise.credit_code else "name"
            raise RowRefused(f"“{row.values['name']}”{ELSEWHERE}", field)
        elif enterprise.locality_id != row.values["locality"].pk or department not in (
            None,
            enterprise.department,
        ):
            refusal = self._refusal(row.values["locality"], department or enterprise.department)
        else:
            refusal = None
        if refusal:
            raise RowRefused(refusal, "department" if "部门" in refusal else "locality")
        status = row.values.get("status")
        if (
            enterprise is not None
            and status not in (None, enterprise.status)
            and not is_legal(enterprise.status, status)
        ):
            raise RowRefused(explain_illegal(enterprise.status, status), "status")
        if (
            enterprise is not None
            and status == EnterpriseStatus.OPERATING
            and enterprise.status != status
            and needs_acceptance(enterprise.status)
        ):
            raise RowRefused(
                "底册登记为停产、搬迁或关闭，恢复须先在企业页办理“复产验收”，不能用表改", "status"
            )
        return enterprise

    def _refusal(self, locality: Region, department: Organization | None) -> str | None:
        place = (locality.pk, department.pk if department else None)
        if place not in self._refusals:
            self._refusals[place] = self._scope.refusal(locality, department, on=self._on)
        return self._refusals[place]


class _Seen:
    """What earlier sound rows of the same sheet are about."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}
        self.places: dict[tuple[str, str], int] = {}
        self.records: dict[int, int] = {}

    def take(self, row: ParsedRow, enterprise: Enterprise | None) -> None:
        key = row.key
        place = (key.name, key.locality_id)
        if key.credit_code and key.credit_code in self.codes:
            self._refuse(row, self.codes[key.credit_code], "credit_code", "统一社会信用代码相同")
        if place in self.places:
            self._refuse(row, self.places[place], "name", "名称和乡镇街道都相同")
        if enterprise is not None and enterprise.pk in self.records:
            self._refuse(row, self.records[enterprise.pk], "name", "是底册中的同一家")
        if key.credit_code:
            self.codes[key.credit_code] = row.number
        self.places[place] = row.number
        if enterprise is not None:
            self.records[enterprise.pk] = row.number

    @staticmethod
    def _refuse(row: ParsedRow, earlier: int, field: str, why: str) -> None:
        raise RowRefused(f"与第{earlier}行重复（{why}），只导入了第{earlier}行，请删去或改正其中一行", field)


class _Chunk:
    """One chunk of rows on its way into the database."""

    def __init__(self, rows: list[ParsedRow], by: User) -> None:
        self.rows, self.by, self.now = rows, by, timezone.now()
        self.changes: dict[int, list[Change]] = defaultdict(list)  # by row number
        self.records: dict[int, Enterprise] = {}
        self.renewed: list[int] = []  # enterprises with another permit than before

    def save(self) -> tuple[int, int, int]:
        judge = Judge(Existing([row.key for row in self.rows]), import_scope(self.by), timezone.localdate())
        known: list[ParsedRow] = []
        fresh: list[ParsedRow] = []
        for row in self.rows:
            enterprise = judge.decide(row)
            if enterprise is None:
                fresh.append(row)
                continue
            known.append(row)
            self.changes[row.number] += apply_values(enterprise, row.values)
            enterprise.updated_at = self.now
            self.records[row.number] = enterprise
        created = self._register(fresh) if fresh else []
        if known:
            self._write_enterprises()
            self._write_contacts(known)
            self._write_permits(known)
            if self.renewed:
                settle_permits(self.renewed, by=self.by)
        self._say_moved(fresh, created)
        return self._note(created)

    def _say_moved(self, fresh: list[ParsedRow], created: list[int]) -> None:
        """Let those who keep account of places know which records have another one now."""
        labels = {label_of(name) for name in PLACE_FIELDS}
        moved = [
            pk for pk, row in zip(created, fresh, strict=True) if row.values.get("longitude") is not None
        ]
        moved += [
            self.records[number].pk
            for number, changes in self.changes.items()
            if number in self.records and any(change[0] in labels for change in changes)
        ]
        places.moved(moved)

    def _register(self, rows: list[ParsedRow]) -> list[int]:
        """Enter records nobody has yet, with all that hangs on them; returns their keys in row order."""
        keys = list(reserve(Enterprise, len(rows)))
        said = [row.values for row in rows]
        place = cache(places_of)
        lying = [place(values["locality"]) for values in said]
        cities, counties, localities = zip(*lying, strict=True)
        departments = (values.get("department") for values in said)
        filled = [values.get("attributes") for values in said]
        insert_columns(
            Enterprise,
            {
                "id": keys,
                "kind_id": [values["kind"].pk for values in said],
                "department_id": [department.pk if department else None for department in departments],
                "city_id": cities,
                "county_id": counties,
                "locality_id": localities,
                "risk": [
                    values["risk"] if "risk" in values else values["kind"].default_risk for values in said
                ],
                **{name: [values.get(name, blank) for values in said] for name, blank in _AS_SAID.items()},
                "attributes": _attribute_texts(filled),
                "attributes_version": [each.version if each else None for each in filled],
            },
            {"created_at": self.now, "updated_at": self.now},
        )
        self._insert_related(keys, rows)
        searching.enter(
            (pk, where, values["name"], values.get("address", ""), values.get("credit_code", ""))
            for pk, where, values in zip(keys, lying, said, strict=True)
        )
        return keys

    def _insert_related(self, keys: list[int], rows: list[ParsedRow]) -> None:
        insert(
            Contact,
            ("enterprise_id", *ContactEntry._fields),
            ((pk, *entry) for pk, row in zip(keys, rows, strict=True) for entry in row.contacts),
        )
        insert(
            Permit,
            ("enterprise_id", "kind", "number", "issuer", "valid_to", "valid_from", "issuing_level"),
            (
                (pk, *row.permit[:4], *row.permit[5:])
                for pk, row in zip(keys, rows, strict=True)
                if row.permit is not None
            ),
        )
        words = _Words()
        insert(
            EnterpriseChange,
            ("enterprise_id", "changes"),
            ((pk, words.of(row)) for pk, row in zip(keys, rows, strict=True)),
            {"what": What.CREATED, "reason": REASON, "by_id": self.by.pk, "at": self.now},
        )

    def _write_enterprises(self) -> None:
        known = [self.records[number] for number, changes in self.changes.items() if changes]
        if known:
            Enterprise.objects.bulk_update(known, WRITTEN)
        labels = {label_of(name) for name in MIRRORED}
        renamed = {
            enterprise.organization_id: enterprise
            for number, enterprise in self.records.items()
            if enterprise.organization_id and labels & {change[0] for change in self.changes[number]}
        }
        if renamed:
            organizations = list(Organization.objects.filter(pk__in=renamed))
            for organization in organizations:
                mirror(renamed[organization.pk], organization)
            Organization.objects.bulk_update(organizations, ["name", "short_name", "region"])

    def _write_contacts(self, rows: list[ParsedRow]) -> None:
        held: dict[int, list[Contact]] = defaultdict(list)
        for contact in Contact.objects.filter(enterprise__in=self._known()).order_by("id"):
            held[contact.enterprise_id].append(contact)
        fresh: list[Contact] = []
        altered: list[Contact] = []
        for row in rows:
            enterprise = self.records[row.number]
            for entry in row.contacts:
                contact, change = _merge_contact(enterprise, entry, held[enterprise.pk])
                if change:
                    self.changes[row.number].append(change)
                    (altered if contact.pk else fresh).append(contact)
        Contact.objects.bulk_create(fresh)
        if altered:
            Contact.objects.bulk_update(altered, ["name", "phone"])

    def _write_permits(self, rows: list[ParsedRow]) -> None:
        held: dict[int, list[Permit]] = defaultdict(list)
        for permit in Permit.objects.filter(enterprise__in=self._known()):
            held[permit.enterprise_id].append(permit)
        fresh: list[Permit] = []
        altered: list[Permit] = []
        for row in rows:
            enterprise = self.records[row.number]
            if row.permit is not None:
                permit, change = _merge_permit(enterprise, row.permit, held[enterprise.pk])
                if change:
                    self.renewed.append(enterprise.pk)
                    self.changes[row.number].append(change)
                    (altered if permit.pk else fresh).append(permit)
        Permit.objects.bulk_create(fresh)
        if altered:
            Permit.objects.bulk_update(altered, ["issuer", "valid_to", "valid_from", "issuing_level"])

    def _known(self) -> list[int]:
        return [each.pk for each in self.records.values()]

    def _note(self, created: list[int]) -> tuple[int, int, int]:
        """Keep a line per changed record, and one recorded act for the chunk."""
        touched = [number for number in self.records if self.changes[number]]
        EnterpriseChange.objects.bulk_create(
            EnterpriseChange(
                enterprise=self.records[number], what=What.IMPORTED, changes=self.changes[number], reason=REASON,
                by=self.by, at=self.now,
            )
            for number in touched
        )  # fmt: skip
        searching.index((self.records[number], self.changes[number]) for number in touched)
        if touched or created:
            payload: dict[str, Any] = {
                "created": created,
                "updated": {str(self.records[n].pk): self.changes[n] for n in touched},
            }
            summary = f"批量导入底册：新增{len(created)}家，更新{len(touched)}家"
            record("registry.import", self.by, by=self.by, summary=summary, payload=payload)
        return len(created), len(touched), len(self.records) - len(touched)


_LEVELS = {value: f"（{label}）" for value, label in IssuingLevel.choices}
# What a new record has of its row as it is, and what it has where the row says nothing.
_AS_SAID: dict[str, Any] = {
    "name": None, "credit_code": None, "code_unchecked": False, "code_unchecked_reason": "", "address": "",
    "longitude": None, "latitude": None, "source_crs": "", "status": EnterpriseStatus.OPERATING, "employees": None, "remark": "",
}  # fmt: skip


def places_of(locality: Region) -> tuple[str, str, str]:
    """City, county and locality of a record that lies there, as `changes.apply_values` sets them."""
    place = place_of(locality)
    return place.city_id, place.county_id or locality.code, locality.code


def _attribute_texts(filled: Sequence[Filled | None]) -> list[Encoded]:
    """What records keep of their attributes, as JSON; every different value is put into words once."""
    known: dict[tuple[Any, ...], str] = {}

    def text(name: str, value: Any) -> str:
        key = (name, *value) if isinstance(value, list) else (name, type(value), value)
        found = known.get(key)
        if found is None:
            found = known[key] = f"{quoted(name)}: {json.dumps(value, ensure_ascii=False)}"
        return found

    blank = Encoded("{}")
    return [
        Encoded(f"{{{', '.join([text(name, value) for name, value in each.stored().items()])}}}")
        if each
        else blank
        for each in filled
    ]


class _Words:
    """The line that says what new records were registered with, as JSON; what repeats is put into words once."""

    def __init__(self) -> None:
        self._blank = Enterprise()
        self._labels = {name: label_of(name) for name in (*FILLED_IN, "status")}
        self._free = {name: f'[{quoted(self._labels[name])}, "", ' for name in FREE}
        self._roles: dict[str, str] = {role: f'[{quoted(role.label)}, "", ' for role in Contact.Role}
        self._known: dict[tuple[str, Any, Any], str] = {}  # for one chunk: its rows keep the objects alive

    def of(self, row: ParsedRow) -> Encoded:
        """The same as `changes.apply_values` says of an empty record, then contacts and permit."""
        said = row.values
        parts = []
        for name in self._labels:
            after = said.get(name)
            if after is None or after == "":
                continue
            if name in FREE:
                parts.append(f"{self._free[name]}{quoted(after)}]")
                continue
            before = said["kind"].default_risk if name == "risk" else STANDING.get(name)
            # A kind or a place is one object for all its rows, and asking a model for its key costs more.
            key = (name, before, id(after) if name in RELATED else after)
            text = self._known.get(key)
            if text is None:
                text = self._known[key] = "" if after == before else self._say(name, before, after)
            if text:
                parts.append(text)
        if (filled := said.get("attributes")) is not None:
            values = filled.values
            parts += [
                self._filled(each, values[each.name]) for each in filled.attributes if each.name in values
            ]
            parts.append(f'["属性表版本", "", "{filled.version}"]')
        parts += [f"{self._roles[entry.role]}{quoted(entry.name)}]" for entry in row.contacts]
        if row.permit is not None:
            parts.append(f'["许可证", "", {quoted(_permit_words(row.permit))}]')
        return Encoded(f"[{', '.join(parts)}]")

    def _filled(self, attribute: Attribute, value: Any) -> str:
        # The rows of a chunk keep their attributes alive, so one is known by what it is.
        key = ("", id(attribute), tuple(value) if isinstance(value, list) else value)
        text = self._known.get(key)
        if text is None:
            words = (attribute.label, "", attribute.words(value))
            text = self._known[key] = f"[{', '.join(map(quoted, words))}]"
        return text

    def _say(self, name: str, before: Any, after: Any) -> str:
        words = (words_of(self._blank, name, value) for value in (before, after))
        return f"[{', '.join(map(quoted, (self._labels[name], *words)))}]"


def _merge_contact(
    enterprise: Enterprise, entry: ContactEntry, held: list[Contact]
) -> tuple[Contact, Change | None]:
    """The contact an entry is about and what it changes; a successor in a role does not inherit the phone."""
    label = Contact.Role(entry.role).label
    in_role = [contact for contact in held if contact.role == entry.role]
    same = next((contact for contact in in_role if contact.name == entry.name), None)
    if same is not None:
        if not entry.phone or same.phone == entry.phone:
            return same, None
        same.phone = entry.phone
        return same, [label, entry.name, f"{entry.name}（电话已修改）"]
    if len(in_role) == 1:
        before, contact = in_role[0].name, in_role[0]
        contact.name, contact.phone = entry.name, entry.phone
        return contact, [label, before, entry.name]
    contact = Contact(enterprise=enterprise, role=entry.role, name=entry.name, phone=entry.phone)
    return contact, [label, "", entry.name]


def _merge_permit(
    enterprise: Enterprise, entry: PermitEntry, held: list[Permit]
) -> tuple[Permit, Change | None]:
    """The permit an entry is about and what it changes."""
    for permit in held:
        if (permit.kind, permit.number) != (entry.kind, entry.number):
            continue
        before = _permit_words(permit)
        permit.issuer = entry.issuer or permit.issuer
        permit.valid_to = entry.valid_to if entry.says_end else permit.valid_to
        permit.valid_from = entry.valid_from or permit.valid_from
        permit.issuing_level = entry.issuing_level or permit.issuing_level
        if permit.valid_from and permit.valid_to and permit.valid_to < permit.valid_from:
            raise RowRefused("有效期至早于已登记的有效期起，请核对", "permit_valid_to")
        after = _permit_words(permit)
        return permit, None if before == after else ["许可证", before, after]
    permit = Permit(
        enterprise=enterprise,
        kind=entry.kind,
        number=entry.number,
        issuer=entry.issuer,
        valid_to=entry.valid_to,
        valid_from=entry.valid_from,
        issuing_level=entry.issuing_level,
    )
    return permit, ["许可证", "", _permit_words(permit)]


def _permit_words(permit: Permit | PermitEntry) -> str:
    """A permit in the line of a change; what the row does not say is left out."""
    begin = f"{permit.valid_from}" if permit.valid_from else ""
    end = permit.valid_to.isoformat() if permit.valid_to else "长期"
    issued = f"{permit.issuer}{_LEVELS[permit.issuing_level] if permit.issuing_level else ''}"
    return f"{permit.kind} {permit.number} {issued}（{begin}至{end}）"
