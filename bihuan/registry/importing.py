"""Enterprises from a table (invariant 6): good rows land, bad rows say why, the same table again changes nothing.

The machinery of chunks, marks and resumption is `attachments.imports`; here is what a row of this registry means.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.attachments.imports import Prepared, RowRefused, SheetRow
from bihuan.audit.actions import record
from bihuan.core.sheets import FieldSpec

from . import searching
from .access import EditScope, import_scope
from .changes import MIRRORED, Change, apply_values, label_of, mirror
from .matching import Ambiguous, Existing
from .models import Contact, Enterprise, EnterpriseChange, Permit
from .rows import FIELDS, ContactEntry, ParsedRow, PermitEntry, RowCleaner
from .workflow import explain_illegal, is_legal

ELSEWHERE = "已登记在您的管理范围之外，不能修改，请联系安委办核对"
# Every column an import may write; auto_now does not act on bulk updates.
WRITTEN = (
    "name", "credit_code", "code_unchecked", "code_unchecked_reason", "kind", "department", "locality", "city",
    "county", "address", "longitude", "latitude", "risk", "status", "employees", "remark", "updated_at",
)  # fmt: skip


class EnterpriseImporter:
    """Reads rows of the registry's table; see attachments.imports.Importer."""

    target = "registry.enterprise"
    page = "registry:batch"
    fields: Sequence[FieldSpec] = FIELDS

    def prepare(self, rows: list[SheetRow], by: User) -> Prepared:
        """Check every row against the rules, the rest of the sheet, the registry and the importer's own area."""
        scope, on = import_scope(by), timezone.localdate()
        cleaner = RowCleaner(scope, on)
        prepared = Prepared()
        parsed: list[ParsedRow] = []
        for row in rows:
            clean, issues = cleaner.clean(row.number, row.values)
            if clean is None:
                prepared.errors[row.number] = issues
            else:
                parsed.append(clean)
        existing = Existing([sound.key for sound in parsed])
        seen = _Seen()
        for sound in parsed:
            try:
                seen.take(sound, decide(sound, existing, scope))
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


def decide(row: ParsedRow, existing: Existing, scope: EditScope) -> Enterprise | None:
    """The record a row is about, None for a new one. Raises RowRefused when this person may not write it so."""
    try:
        enterprise = existing.find(row.key)
    except Ambiguous as error:
        raise RowRefused(str(error), error.field) from error
    today = timezone.localdate()
    department = row.values.get("department")
    if enterprise is None:
        refusal = scope.refusal(row.values["locality"], department, on=today)
    elif not scope.covers(enterprise):
        field = "credit_code" if row.values.get("credit_code") == enterprise.credit_code else "name"
        raise RowRefused(f"“{row.values['name']}”{ELSEWHERE}", field)
    elif enterprise.locality_id != row.values["locality"].pk or department not in (
        None,
        enterprise.department,
    ):
        refusal = scope.refusal(row.values["locality"], department or enterprise.department, on=today)
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
    return enterprise


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
        self.new: set[int] = set()

    def save(self) -> tuple[int, int, int]:
        scope = import_scope(self.by)
        existing = Existing([row.key for row in self.rows])
        for row in self.rows:
            enterprise = decide(row, existing, scope)
            if enterprise is None:
                enterprise = Enterprise(risk=row.values["kind"].default_risk)
                self.new.add(row.number)
            self.changes[row.number] += apply_values(enterprise, row.values)
            enterprise.updated_at = self.now
            self.records[row.number] = enterprise
        self._write_enterprises()
        self._write_contacts()
        self._write_permits()
        return self._note()

    def _write_enterprises(self) -> None:
        Enterprise.objects.bulk_create([self.records[number] for number in sorted(self.new)])
        known = [self.records[n] for n, changes in self.changes.items() if changes and n not in self.new]
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

    def _write_contacts(self) -> None:
        held: dict[int, list[Contact]] = defaultdict(list)
        for contact in Contact.objects.filter(enterprise__in=self._known()).order_by("id"):
            held[contact.enterprise_id].append(contact)
        fresh: list[Contact] = []
        altered: list[Contact] = []
        for row in self.rows:
            enterprise = self.records[row.number]
            for entry in row.contacts:
                contact, change = _merge_contact(enterprise, entry, held[enterprise.pk])
                if change:
                    self.changes[row.number].append(change)
                    (altered if contact.pk else fresh).append(contact)
        Contact.objects.bulk_create(fresh)
        if altered:
            Contact.objects.bulk_update(altered, ["name", "phone"])

    def _write_permits(self) -> None:
        held: dict[int, list[Permit]] = defaultdict(list)
        for permit in Permit.objects.filter(enterprise__in=self._known()):
            held[permit.enterprise_id].append(permit)
        fresh: list[Permit] = []
        altered: list[Permit] = []
        for row in self.rows:
            enterprise = self.records[row.number]
            if row.permit is not None:
                permit, change = _merge_permit(enterprise, row.permit, held[enterprise.pk])
                if change:
                    self.changes[row.number].append(change)
                    (altered if permit.pk else fresh).append(permit)
        Permit.objects.bulk_create(fresh)
        if altered:
            Permit.objects.bulk_update(altered, ["issuer", "valid_to"])

    def _known(self) -> list[int]:
        return [each.pk for number, each in self.records.items() if number not in self.new]

    def _note(self) -> tuple[int, int, int]:
        """Keep a line per changed record, and one recorded act for the chunk."""
        what = EnterpriseChange.What
        touched = [number for number in self.records if self.changes[number]]
        EnterpriseChange.objects.bulk_create(
            EnterpriseChange(
                enterprise=self.records[number],
                what=what.CREATED if number in self.new else what.IMPORTED,
                changes=self.changes[number],
                reason="批量导入",
                by=self.by,
                at=self.now,
            )
            for number in touched
        )
        searching.index((self.records[number], self.changes[number]) for number in touched)
        created, updated = len(self.new), len(touched) - len(self.new)
        if touched:
            payload: dict[str, Any] = {
                "created": [self.records[number].pk for number in sorted(self.new)],
                "updated": {str(self.records[n].pk): self.changes[n] for n in touched if n not in self.new},
            }
            summary = f"批量导入底册：新增{created}家，更新{updated}家"
            record("registry.import", self.by, by=self.by, summary=summary, payload=payload)
        return created, updated, len(self.records) - len(touched)


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
    )
    return permit, ["许可证", "", _permit_words(permit)]


def _permit_words(permit: Permit) -> str:
    end = permit.valid_to.isoformat() if permit.valid_to else "长期"
    return f"{permit} {permit.issuer}（至{end}）"
