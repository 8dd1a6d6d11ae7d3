"""Making a promise form without writing code: rows for persons, questions and tables, and the definition they say.

Works without a script: a button asks for one row more, an emptied row is no row. What is wrong in the whole is said by
`rules.pledges.read` in words that name the place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict

from bihuan.core.http import row_number
from bihuan.rules.pledges import FIELD_KINDS, MAX_COLUMNS, MAX_FIELDS, MAX_PERSONS, MAX_TABLES

SEPARATORS = str.maketrans("，,；;/|｜", "、、、、、、、")


class BasicForm(forms.Form):
    """What the form is called and what is promised."""

    title = forms.CharField(label="承诺书名称", max_length=80, required=False)
    basis = forms.CharField(label="依据", max_length=200, required=False, help_text="法律法规和条款")
    statement = forms.CharField(
        label="承诺内容", max_length=1000, required=False, widget=forms.Textarea({"rows": 4}),
        help_text="印在签名上面：填报属实、承担的责任",
    )  # fmt: skip
    valid_months = forms.IntegerField(label="有效期（月）", min_value=1, max_value=36, required=False)
    asks_use = forms.BooleanField(label="要选使用性质（22 类）", required=False)
    remarks = forms.CharField(label="说明栏名称", max_length=40, required=False)
    source = forms.CharField(
        label="依据文件", max_length=200, required=False, help_text="例：云消安〔2026〕3号"
    )


class PersonRow(forms.Form):
    """Somebody the form names."""

    key = forms.CharField(required=False, widget=forms.HiddenInput)
    label = forms.CharField(label="称谓", max_length=30, required=False)
    help = forms.CharField(label="说明", max_length=60, required=False)
    required = forms.BooleanField(label="必填", required=False)
    asks_id = forms.BooleanField(label="填身份证号", required=False)


class QuestionRow(forms.Form):
    """One further question, or one column of a table."""

    key = forms.CharField(required=False, widget=forms.HiddenInput)
    label = forms.CharField(label="名称", max_length=60, required=False)
    kind = forms.ChoiceField(label="填法", choices=list(FIELD_KINDS.items()), required=False)
    choices = forms.CharField(label="选项", max_length=600, required=False, help_text="选一项的，用顿号隔开")
    required = forms.BooleanField(label="必填", required=False)

    def said(self, key: str) -> dict[str, Any]:
        """The row as `rules.pledges.read` takes it."""
        clean = self.cleaned_data
        options = [each.strip() for each in clean["choices"].translate(SEPARATORS).split("、")]
        return {
            "key": clean["key"] or key,
            "label": clean["label"],
            "kind": clean["kind"] or "text",
            "required": clean["required"],
            "choices": [each for each in options if each],
        }


class TableRow(forms.Form):
    """One table; the two whose rows go into the ledger stand first and stay."""

    key = forms.CharField(required=False, widget=forms.HiddenInput)
    role = forms.CharField(required=False, widget=forms.HiddenInput)
    title = forms.CharField(label="表格名称", max_length=60, required=False)


@dataclass
class Sheet:
    """A table of the definition on the page, with its own columns."""

    form: TableRow
    number: int
    columns: list[QuestionRow]

    @property
    def role(self) -> str:
        return str(self.form["role"].value() or "plain")


class DefinitionPage:
    """The page: built from a definition, or bound to what was posted. `more` names what gets one row more."""

    def __init__(
        self,
        definition: Mapping[str, Any] | None = None,
        *,
        source: str = "",
        data: QueryDict | None = None,
        more: str = "",
    ) -> None:
        self.data = data
        given = dict(definition or {})
        self.basic = BasicForm(data, prefix="form", initial=given | {"source": source})
        persons, fields, tables = (list(given.get(name, ())) for name in ("persons", "fields", "tables"))
        signer = next((no for no, each in enumerate(persons) if each.get("signs")), 0)
        self.signer = data.get("signer", "") if data is not None else str(signer)
        self.persons = [
            PersonRow(self._sent("persons", no), prefix=f"person-{no}", initial=dict(each))
            for no, each in self._rows("persons", persons, MAX_PERSONS, more == "persons")
        ]
        self.fields = self._questions("fields", "field", fields, MAX_FIELDS, more)
        self.sheets = [
            Sheet(
                TableRow(self._sent("tables", no), prefix=f"table-{no}", initial=dict(each)),
                no,
                self._questions(f"columns-{no}", f"column-{no}", each.get("columns", ()), MAX_COLUMNS, more),
            )
            for no, each in self._rows("tables", tables, MAX_TABLES, more == "tables")
        ]

    def _count(self, name: str) -> int:
        return row_number(self.data.get(f"{name}-count", "0")) if self.data is not None else 0

    def _sent(self, name: str, number: int) -> QueryDict | None:
        """What was posted, for a row that was on the page; a row that is asked for only now begins empty."""
        return self.data if self.data is not None and number < self._count(name) else None

    def _rows(
        self, name: str, known: Iterable[Mapping[str, Any]], most: int, one_more: bool
    ) -> list[tuple[int, Mapping[str, Any]]]:
        rows = list(known)
        count = min(self._count(name) if self.data is not None else len(rows), most)
        count = min(count + one_more, most)
        return [(no, rows[no] if no < len(rows) else {}) for no in range(count)]

    def _questions(
        self, name: str, prefix: str, known: Iterable[Mapping[str, Any]], most: int, more: str
    ) -> list[QuestionRow]:
        return [
            QuestionRow(
                self._sent(name, no),
                prefix=f"{prefix}-{no}",
                initial=dict(each) | {"choices": "、".join(each.get("choices", ()))},
            )
            for no, each in self._rows(name, known, most, more == name)
        ]

    @property
    def _forms(self) -> list[forms.Form]:
        rows = [*self.persons, *self.fields, *(sheet.form for sheet in self.sheets)]
        columns = [row for sheet in self.sheets for row in sheet.columns]
        return [self.basic, *(row for row in [*rows, *columns] if row.is_bound)]

    def is_valid(self) -> bool:
        """Whether every field could be read; all are judged, so that all errors show at once."""
        sound = [form.is_valid() for form in self._forms]
        return all(sound)

    def said(self) -> dict[str, Any]:
        """The definition the page says; rows without a name are no rows."""
        basic = self.basic.cleaned_data
        return {
            "title": basic["title"],
            "basis": basic["basis"],
            "statement": basic["statement"],
            "valid_months": basic["valid_months"] or 12,
            "asks_use": basic["asks_use"],
            "remarks": basic["remarks"],
            "persons": [
                {
                    "key": row.cleaned_data["key"] or f"person{no}",
                    "label": row.cleaned_data["label"],
                    "help": row.cleaned_data["help"],
                    "required": row.cleaned_data["required"],
                    "asks_id": row.cleaned_data["asks_id"],
                    "signs": self.signer == str(no),
                }
                for no, row in enumerate(self.persons)
                if row.is_bound and row.cleaned_data["label"].strip()
            ],
            "fields": _said(self.fields, "field"),
            "tables": [
                {
                    "key": sheet.form.cleaned_data["key"] or f"table{sheet.number}",
                    "title": sheet.form.cleaned_data["title"],
                    "role": sheet.form.cleaned_data["role"] or "plain",
                    "columns": _said(sheet.columns, "column"),
                }
                for sheet in self.sheets
                if sheet.form.is_bound and sheet.form.cleaned_data["title"].strip()
            ],
        }


def _said(rows: Iterable[QuestionRow], name: str) -> list[dict[str, Any]]:
    """The questions that have a name. A new one gets a key that no other row of the list has."""
    found: list[dict[str, Any]] = []
    named = [row for row in rows if row.is_bound and row.cleaned_data["label"].strip()]
    taken = {row.cleaned_data["key"] for row in named}
    for no, row in enumerate(named):
        key = next(
            each for each in (f"{name}{no + extra * 100}" for extra in range(100)) if each not in taken
        )
        found.append(row.said(key))
        taken.add(key)
    return found
