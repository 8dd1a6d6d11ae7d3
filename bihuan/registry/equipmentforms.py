"""The form of one piece of equipment, and the words of its list's filters."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from bihuan.rules.equipment import equipment_kinds, equipment_rule

from . import cleaning
from .models import Enterprise, Equipment

DAYS = ("made_on", "installed_on", "last_inspected_on", "next_inspection_on")
DUE = {"overdue": "已超期", "soon": "30天内到期", "unknown": "下次检验未知"}


class EquipmentForm(forms.ModelForm):
    """One piece of equipment of an enterprise."""

    kind = forms.ChoiceField(label="设备种类")

    class Meta:
        model = Equipment
        fields = (
            "kind", "number", "name", "premises", "maker", "made_on", "installed_on", "last_inspected_on",
            "next_is_given", "next_inspection_on", "state",
        )  # fmt: skip
        widgets = {name: forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d") for name in DAYS}
        help_texts = {
            "number": "使用登记证号，没有的填出厂编号",
            "next_inspection_on": "勾选“以报告为准”才按所填日期，否则由系统推算",
        }

    def __init__(self, *args: Any, enterprise: Enterprise, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind, premises = self.fields["kind"], self.fields["premises"]
        assert isinstance(kind, forms.ChoiceField)
        assert isinstance(premises, forms.ModelChoiceField)
        kind.choices = [("", "—"), *equipment_kinds().items()]
        premises.queryset = enterprise.premises.all()

    def clean_number(self) -> str:
        return cleaning.clean_words(self.cleaned_data["number"], "设备编号", 80)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for name, sentence in problems_of(data, on=timezone.localdate()):
            self.add_error(name, sentence)
        return data

    def _post_clean(self) -> None:
        """Saving is the action's work."""


def problems_of(values: Any, *, on: dt.date) -> list[tuple[str, str]]:
    """What cannot be among the days of one piece of equipment, as (field, sentence)."""
    found = []
    labels = {"made_on": "制造日期", "installed_on": "投用日期", "last_inspected_on": "上次检验"}
    for name, label in labels.items():
        day = values.get(name)
        try:
            if day and cleaning.check_date(day, label) > on:
                found.append((name, f"{label}晚于今天，请核对"))
        except ValidationError as error:
            found.append((name, "；".join(error.messages)))
    made, installed, last = (values.get(name) for name in labels)
    if made and installed and installed < made:
        found.append(("installed_on", "投用日期早于制造日期，请核对"))
    if last and (start := installed or made) and last < start:
        found.append(("last_inspected_on", "上次检验早于投用或制造日期，请核对"))
    following = values.get("next_inspection_on")
    if values.get("next_is_given") and not following:
        found.append(("next_inspection_on", "勾选了以报告为准，请填写报告上的下次检验日期"))
    if values.get("next_is_given") and following and last and following <= last:
        found.append(("next_inspection_on", "下次检验不晚于上次检验，请核对"))
    return found


def rule_words(kind: str, on: dt.date) -> str:
    """How often a kind is inspected, and by which document."""
    rule = equipment_rule(kind, on)
    doubt = "" if rule.verified else "，待核对原文"
    first = f"首次在投用后{rule.first_months}个月内，其后" if rule.first_months != rule.months else ""
    return f"{first}每{rule.months}个月一次（{rule.source}，{rule.doc_no}{doubt}）"
