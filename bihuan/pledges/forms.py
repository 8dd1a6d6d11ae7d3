"""Writing a promise as a form. Nothing is required while drafting; what cannot be read is named beside its field.

Sealed numbers are never written back into a page: a field that holds one shows how it begins and ends, and leaving
it empty keeps it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone

from bihuan.accounts.models import Organization
from bihuan.attachments import queries as files
from bihuan.audit.actions import chain_of
from bihuan.core.forms import CalendarDayField
from bihuan.core.http import row_number
from bihuan.rules.calendar import DateOutOfRange
from bihuan.rules.certificates import (
    certificate_kinds,
    certificate_rule,
    proposed_end,
    proposed_review,
)
from bihuan.rules.codes import explain_id_card, mask_id, mask_phone, normalize_code
from bihuan.rules.pledges import Definition, Field, Person, Table, answer_problem, families, uses

from .models import Pledge, PledgeLine, PledgePerson, StaffCertificate
from .workflow import LineVerdict, Outcome

EMPTY_ROWS = 1
MOST_ROWS = 60
PHONE = re.compile(r"^[0-9+\- ]{5,20}$")
BASE_FIELDS = {
    PledgeLine.Role.CORRECTED: ("place", "description", "measures"),
    PledgeLine.Role.UNCORRECTED: (
        "place", "description", "reason", "interim_measures", "due_on", "responsible_person",
    ),
    PledgeLine.Role.PLAIN: (),
}  # fmt: skip
LEDGER_NAMES = {"place": "location", "description": "description", "due_on": "due_on"}


class SealedInput(forms.TextInput):
    """Takes a number and never shows one."""

    def format_value(self, value: Any) -> str | None:
        return None


class PersonForm(forms.Form):
    """One person of the promise."""

    name = forms.CharField(label="姓名", max_length=60, required=False)
    phone = forms.CharField(label="联系电话", max_length=20, required=False, widget=SealedInput)
    id_number = forms.CharField(label="身份证号", max_length=30, required=False, widget=SealedInput)

    def __init__(self, data: QueryDict | None, person: PledgePerson, asked: Person) -> None:
        super().__init__(data, prefix=f"person-{person.key}", initial={"name": person.name})
        self.person, self.asked = person, asked
        for name in ("name", "phone", "id_number"):
            self.fields[name].widget.attrs["autocomplete"] = "off"
        self.fields["phone"].widget.attrs["inputmode"] = "tel"
        if person.phone:
            self.fields["phone"].help_text = f"已填 {mask_phone(person.phone)}，不改请留空"
        if not asked.asks_id:
            del self.fields["id_number"]
        elif person.id_number:
            self.fields["id_number"].help_text = f"已填 {mask_id(person.id_number)}，不改请留空"
        else:
            self.fields["id_number"].help_text = "加密保存，只显示首尾几位"

    def clean_phone(self) -> str:
        phone: str = self.cleaned_data["phone"].strip()
        if phone and not PHONE.match(phone):
            raise ValidationError("电话只能有数字、加号、空格和连字符，请核对")
        return phone

    def clean_id_number(self) -> str:
        number = normalize_code(self.cleaned_data["id_number"])
        if number and (problem := explain_id_card(number, on=timezone.localdate())):
            raise ValidationError(problem)
        return number


def form_field(asked: Field) -> forms.Field:
    """The form field of a question an office made; checked as data, not by its widget, so that drafts may be rough."""
    if asked.kind in {"choice", "yes_no"}:
        options = asked.choices if asked.kind == "choice" else ("是", "否")
        return forms.ChoiceField(
            label=asked.label, required=False, choices=[("", "请选择"), *((each, each) for each in options)],
            help_text=asked.help,
        )  # fmt: skip
    widget: forms.Widget = forms.TextInput()
    if asked.kind == "long":
        widget = forms.Textarea({"rows": 2})
    elif asked.kind == "date":
        widget = forms.DateInput({"type": "date"})
    elif asked.kind == "number":
        widget = forms.TextInput({"inputmode": "decimal"})
    return forms.CharField(
        label=asked.label, required=False, max_length=500, widget=widget, help_text=asked.help
    )


class LineForm(forms.Form):
    """One row of a table."""

    pk = forms.CharField(required=False, widget=forms.HiddenInput)
    place = forms.CharField(label="部位", max_length=120, required=False)
    description = forms.CharField(
        label="隐患情况", max_length=500, required=False, widget=forms.Textarea({"rows": 2})
    )
    measures = forms.CharField(
        label="整改措施落实情况", max_length=500, required=False, widget=forms.Textarea({"rows": 2})
    )
    reason = forms.CharField(
        label="未整改原因", max_length=300, required=False, widget=forms.Textarea({"rows": 2})
    )
    interim_measures = forms.CharField(
        label="目前采取的措施", max_length=300, required=False, widget=forms.Textarea({"rows": 2})
    )
    due_on = CalendarDayField(
        label="整改期限", required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    responsible_person = forms.CharField(label="责任人", max_length=60, required=False)

    def __init__(self, data: QueryDict | None, table: Table, prefix: str, line: PledgeLine | None) -> None:
        wanted = BASE_FIELDS[PledgeLine.Role(table.role)]
        initial: dict[str, Any] = {}
        if line is not None:
            initial = {name: getattr(line, name) for name in wanted} | {"pk": line.pk}
            initial |= {f"x-{each.key}": line.cells.get(each.key, "") for each in table.columns}
        super().__init__(data, prefix=prefix, initial=initial)
        self.table, self.line = table, line
        for name in list(self.fields):
            if name not in {"pk", *wanted}:
                del self.fields[name]
        for each in table.columns:
            self.fields[f"x-{each.key}"] = form_field(each)
        if line is not None and line.hazard is not None:
            # What already stands in the ledger is described there; the promise says what was done about it, and adds
            # what the ledger leaves open.
            for name, there in LEDGER_NAMES.items():
                if name in self.fields and getattr(line.hazard, there):
                    self.fields[name].disabled = True

    @property
    def is_empty(self) -> bool:
        """Whether nothing was written; such a row is no row."""
        if self.line is not None and self.line.hazard_id:
            return False
        return not any(str(value or "").strip() for name, value in self.cleaned_data.items() if name != "pk")

    def values(self) -> dict[str, Any]:
        """What the row says now, as `save_draft` takes it; a field that could not be read keeps what it said."""
        clean = self.cleaned_data
        row: dict[str, Any] = {
            "table": self.table.key,
            "role": self.table.role,
            "pk": self.line.pk if self.line else None,
            "cells": {each.key: str(clean.get(f"x-{each.key}") or "") for each in self.table.columns},
        }
        for name in BASE_FIELDS[PledgeLine.Role(self.table.role)]:
            if name in clean:
                row[name] = clean[name]
        return row


class AnswersForm(forms.Form):
    """Type of use, further questions and remarks."""

    use_code = forms.ChoiceField(label="使用性质", required=False)
    remarks = forms.CharField(
        label="需要说明的情况", max_length=1000, required=False, widget=forms.Textarea({"rows": 3})
    )

    def __init__(self, data: QueryDict | None, pledge: Pledge, definition: Definition) -> None:
        initial = {"use_code": pledge.use_code, "remarks": pledge.remarks}
        initial |= {f"a-{key}": value for key, value in pledge.answers.items()}
        super().__init__(data, prefix="form", initial=initial)
        self.definition = definition
        today = timezone.localdate()
        if definition.asks_use:
            found = uses(today)
            groups: list[Any] = [("", "请选择使用性质")]
            groups += [
                (label, [(each.code, f"{each.code}、{each.label}") for each in found if each.family == key])
                for key, label in families(today).items()
            ]
            self.fields["use_code"].choices = groups  # type: ignore[attr-defined]
        else:
            del self.fields["use_code"]
        self.fields["remarks"].label = definition.remarks
        for each in definition.fields:
            self.fields[f"a-{each.key}"] = form_field(each)

    @property
    def questions(self) -> list[Any]:
        """The office's own questions as bound fields."""
        return [self[f"a-{each.key}"] for each in self.definition.fields]

    def clean(self) -> dict[str, Any]:
        for each in self.definition.fields:
            value = str(self.cleaned_data.get(f"a-{each.key}") or "")
            if value and (problem := answer_problem(each, value)):
                self.add_error(f"a-{each.key}", problem)
        return self.cleaned_data

    def values(self) -> dict[str, Any]:
        clean = self.cleaned_data
        found: dict[str, Any] = {"remarks": clean.get("remarks", "")}
        if "use_code" in clean:
            found["use_code"] = clean["use_code"]
        found["answers"] = {
            each.key: str(clean[f"a-{each.key}"])
            for each in self.definition.fields
            if f"a-{each.key}" in clean
        }
        return found


@dataclass
class Row:
    """One row on the page: its form and the photos it already carries."""

    form: LineForm
    prefix: str
    photos: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Sheet:
    """One table on the page."""

    table: Table
    rows: list[Row]

    @property
    def takes_photos(self) -> bool:
        return self.table.role == PledgeLine.Role.CORRECTED


class DraftPage:
    """The whole page: built from the draft, or bound to what was posted. `more` names a table that gets a row more."""

    def __init__(self, pledge: Pledge, data: QueryDict | None = None, *, more: str = "") -> None:
        self.pledge, self.data = pledge, data
        self.definition = pledge.form.read
        asked = {each.key: each for each in self.definition.persons}
        self.persons = [
            PersonForm(data, person, asked[person.key])
            for person in pledge.persons.all()
            if person.key in asked
        ]
        self.answers = AnswersForm(data, pledge, self.definition)
        lines = list(pledge.lines.select_related("hazard"))
        kept = files.of_many(lines)
        self._photos = {line.pk: files.photo_items(kept[chain_of(line)].get("after", [])) for line in lines}
        self.sheets = [self._sheet(table, lines, more == table.key) for table in self.definition.tables]

    def _sheet(self, table: Table, lines: Iterable[PledgeLine], one_more: bool) -> Sheet:
        own = [line for line in lines if line.table == table.key]
        if self.data is None:
            given: list[PledgeLine | None] = [*own]
            count = len(own) + EMPTY_ROWS
        else:
            by_pk = {str(line.pk): line for line in own}
            count = min(row_number(self.data.get(f"{table.key}-count", "0")), MOST_ROWS)
            given = [by_pk.get(self.data.get(f"{table.key}-{number}-pk", "")) for number in range(count)]
            count += one_more
        rows = []
        for number in range(count):
            line = given[number] if number < len(given) else None
            prefix = f"{table.key}-{number}"
            bound = self.data if self.data is not None and number < len(given) else None
            photos = self._photos.get(line.pk, []) if line else []
            rows.append(Row(LineForm(bound, table, prefix, line), prefix, photos))
        return Sheet(table, rows)

    def empty_rows(self, sheet: Sheet) -> list[Row]:
        """One more empty row at the end of a table."""
        prefix = f"{sheet.table.key}-{len(sheet.rows)}"
        return [Row(LineForm(None, sheet.table, prefix, None), prefix)]

    @property
    def _forms(self) -> list[forms.Form]:
        return [
            *self.persons,
            self.answers,
            *(row.form for sheet in self.sheets for row in sheet.rows if row.form.is_bound),
        ]

    def is_valid(self) -> bool:
        """Whether everything given could be read; every form is judged, so that all errors show at once."""
        sound = [form.is_valid() for form in self._forms]
        return all(sound)

    def person_values(self) -> dict[str, dict[str, str]]:
        return {
            form.person.key: {name: str(value) for name, value in form.cleaned_data.items()}
            for form in self.persons
        }

    def line_rows(self) -> list[tuple[Row, dict[str, Any]]]:
        """The rows that say something, with what they say."""
        return [
            (row, row.form.values())
            for sheet in self.sheets
            for row in sheet.rows
            if row.form.is_bound and not row.form.is_empty
        ]


class VerdictForm(forms.Form):
    """What was found about one line."""

    verdict = forms.ChoiceField(
        label="核查结论",
        choices=[(each.value, each.label) for each in LineVerdict if each != LineVerdict.PENDING],
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label="核查说明", max_length=300, required=False, widget=forms.Textarea({"rows": 2}),
        help_text="未整改到位、弄虚作假的必填",
    )  # fmt: skip


class ConcludeForm(forms.Form):
    """The end of a check."""

    opinion = forms.CharField(
        label="核查意见", max_length=500, required=False, widget=forms.Textarea({"rows": 2})
    )


class ReasonForm(forms.Form):
    """A reason on record."""

    reason = forms.CharField(label="理由", max_length=300, widget=forms.Textarea({"rows": 2}))


class HandOverForm(forms.Form):
    """Who takes a case over."""

    to = forms.ModelChoiceField(
        label="移送给", queryset=Organization.objects.none(), empty_label="请选择单位"
    )

    def __init__(self, data: QueryDict | None = None, *, area: str, on: dt.date) -> None:
        super().__init__(data)
        bodies = Organization.objects.current(on=on).filter(
            kind__in=[Organization.Kind.DEPARTMENT, Organization.Kind.OFFICE],
            region__code__startswith=area[:4],
        )
        self.fields["to"].queryset = bodies.order_by("region_id", "kind", "id")  # type: ignore[attr-defined]


class ResendForm(HandOverForm):
    """Who takes a returned case over now, and what is added to it."""

    reason = forms.CharField(
        label="补充说明", max_length=500, required=False, widget=forms.Textarea({"rows": 2})
    )


class CloseReferralForm(forms.Form):
    """What came of a case."""

    outcome = forms.ChoiceField(label="处理结果", choices=[("", "请选择处理结果"), *Outcome.choices])
    result = forms.CharField(label="查处情况", max_length=500, widget=forms.Textarea({"rows": 3}))
    document = forms.CharField(
        label="决定文书", max_length=80, required=False, help_text="文号；处罚和强制措施必填"
    )
    fine = forms.DecimalField(
        label="罚款（元）", required=False, min_value=0, max_digits=14, decimal_places=2
    )
    decided_on = CalendarDayField(
        label="决定日期", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )


class CertificateForm(forms.Form):
    """One certificate of one person. End and review are worked out from the day of issue where the rules lay them
    down, and may be typed as printed on the card."""

    person_name = forms.CharField(label="持证人", max_length=60)
    kind = forms.ChoiceField(label="证件种类")
    name = forms.CharField(
        label="作业项目", max_length=80, required=False, help_text="证上写的工种、项目，例：低压电工"
    )
    number = forms.CharField(label="证号", max_length=60, required=False, widget=SealedInput)
    issuer = forms.CharField(label="发证机关", max_length=120, required=False)
    issued_on = CalendarDayField(
        label="发证日期", required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        help_text="本次有效期的起始日；换过证的不填初次领证日期",
    )  # fmt: skip
    valid_to = CalendarDayField(
        label="有效期止", required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        help_text="不填的，按发证日期和规定的年限推算；没有年限的按长期有效",
    )  # fmt: skip
    review_by = CalendarDayField(
        label="下次复审", required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        help_text="特种作业操作证每三年复审一次；不填的，按发证日期推算",
    )  # fmt: skip
    no_review = forms.BooleanField(
        label="不用再复审", required=False, help_text="最后一次复审已经办完，或者经同意六年一审"
    )

    def __init__(self, data: QueryDict | None, certificate: StaffCertificate | None) -> None:
        initial: dict[str, Any] = {}
        if certificate is not None:
            initial = {
                name: getattr(certificate, name)
                for name in self.base_fields
                if name not in {"number", "no_review"}
            }
            initial["no_review"] = certificate.review_by is None
        super().__init__(data, initial=initial)
        self.fields["kind"].choices = [  # type: ignore[attr-defined]
            ("", "请选择证件种类"), *certificate_kinds(timezone.localdate()).items(),
        ]  # fmt: skip
        number = self.fields["number"]
        number.widget.attrs["autocomplete"] = "off"
        number.help_text = (
            f"已填 {mask_id(certificate.number)}，不改请留空"
            if certificate is not None and certificate.number
            else "加密保存，只显示首尾几位"
        )

    def clean(self) -> dict[str, Any]:
        clean = self.cleaned_data
        issued_on = clean.get("issued_on")
        no_review = clean.pop("no_review", False)
        if clean.get("kind") and issued_on:
            rule = certificate_rule(clean["kind"], timezone.localdate())
            try:
                if clean.get("valid_to") is None and "valid_to" not in self.errors:
                    clean["valid_to"] = proposed_end(rule, issued_on)
                if clean.get("review_by") is None and not no_review and "review_by" not in self.errors:
                    clean["review_by"] = proposed = proposed_review(rule, issued_on)
                    if proposed is not None and proposed < timezone.localdate():
                        self.add_error(
                            "review_by",
                            f"按发证日期应在 {proposed} 前复审：已复审的填下一次，不用再复审的请勾选",
                        )
            except DateOutOfRange as error:
                self.add_error("issued_on", str(error))
        if no_review:
            clean["review_by"] = None
        return clean
