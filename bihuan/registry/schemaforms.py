"""The editor of a kind and of its attributes: a row of ordinary fields for each, no JSON."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseFormSet, formset_factory

from bihuan.accounts.models import Organization

from .attributes import BETWEEN, MAX_FIELDS, NAME, TEXT_LIMIT, TYPE_LABELS, Attribute
from .forms import DepartmentField
from .models import EnterpriseKind, RiskColour

PAGES = frozenset({"new", "fields"})  # pages beside those of the kinds
WORD = 20  # characters of one word plans use


class KindForm(forms.Form):
    """A kind of object: what it is called, in which field, by which words plans mention it, who usually has it."""

    label = forms.CharField(label="名称", max_length=40, help_text="例如“储能电站”")
    key = forms.CharField(
        label="代码", max_length=40, help_text="小写字母、数字、下划线，定了不能改，检查表和导入用它认类型"
    )
    sector = forms.CharField(label="领域", max_length=40, help_text="与同类放在一起，例如“城镇燃气”“消防”")
    keywords = forms.CharField(
        label="方案用词", required=False, max_length=400, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="方案和名单里怎么叫它，用顿号分隔；一个词只能指一种类型",
    )  # fmt: skip
    default_department = DepartmentField(
        Organization.objects.filter(kind=Organization.Kind.DEPARTMENT), label="通常主管部门", required=False,
        empty_label="不定",
    )  # fmt: skip
    default_risk = forms.ChoiceField(label="默认风险", choices=RiskColour.choices, initial=RiskColour.YELLOW)

    def __init__(self, *args: Any, kind: EnterpriseKind | None, **kwargs: Any) -> None:
        if kind is not None:
            kwargs["initial"] = {
                "label": kind.label, "sector": kind.sector, "keywords": "、".join(kind.keywords),
                "default_department": kind.default_department_id, "default_risk": kind.default_risk,
            }  # fmt: skip
        super().__init__(*args, **kwargs)
        if kind is not None:
            del self.fields["key"]

    def clean_key(self) -> str:
        key = str(self.cleaned_data["key"])
        if not NAME.fullmatch(key) or key in PAGES:
            raise ValidationError(
                "代码须以小写字母开头，只含小写字母、数字和下划线，不超过40位，也不能是new或fields"
            )
        return key

    def clean_keywords(self) -> list[str]:
        words = [part.strip() for part in BETWEEN.split(self.cleaned_data["keywords"]) if part.strip()]
        if long := [word for word in words if len(word) > WORD]:
            raise ValidationError(f"“{long[0][:WORD]}…”太长，方案用词每个不超过{WORD}个字")
        return list(dict.fromkeys(words))


class AttributeForm(forms.Form):
    """One attribute. What does not go together is said by `attributes.check_definition` when the draft is saved."""

    label = forms.CharField(label="名称", max_length=40, required=False, help_text="例如“气瓶存放总重量”")
    name = forms.CharField(
        label="代码", max_length=40, required=False, help_text="小写字母、数字、下划线；发布后请勿换用"
    )
    type = forms.ChoiceField(label="填法", choices=list(TYPE_LABELS.items()), initial="text")
    choices = forms.CharField(
        label="选项", required=False, max_length=1000, help_text="单选、多选才填，用顿号分隔",
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip
    unit = forms.CharField(label="单位", max_length=10, required=False, help_text="整数、数值才填，例如kg")
    minimum = forms.FloatField(label="下限", required=False)
    maximum = forms.FloatField(label="上限", required=False)
    group = forms.CharField(label="分组", max_length=20, required=False)
    help = forms.CharField(label="填写说明", max_length=TEXT_LIMIT, required=False)
    order = forms.IntegerField(label="次序", required=False, min_value=1, max_value=999)
    required = forms.BooleanField(label="必填", required=False)
    drop = forms.BooleanField(label="删去这一项", required=False)

    @property
    def is_fresh(self) -> bool:
        """Whether this row has nothing in it yet."""
        return not self["label"].value() and not self["name"].value()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("drop"):
            return data
        if bool(data.get("label")) != bool(data.get("name")):
            self.add_error("name" if data.get("label") else "label", "名称和代码须同时填写")
        return data

    def attribute(self) -> Attribute | None:
        """What the row asks for; None for an empty or dropped one."""
        data = self.cleaned_data
        if data.get("drop") or not data.get("label"):
            return None
        choices = tuple(
            dict.fromkeys(part.strip() for part in BETWEEN.split(data["choices"]) if part.strip())
        )
        words = {name: data[name].strip() for name in ("name", "label", "unit", "help", "group")}
        return Attribute(
            **words, type=data["type"], choices=choices, minimum=data["minimum"], maximum=data["maximum"],
            required=data["required"],
        )  # fmt: skip


def attribute_rows(attributes: tuple[Attribute, ...], data: Any = None, *, more: int = 1) -> BaseFormSet:
    """The rows of an editor: what is there, then empty ones."""
    factory = formset_factory(
        AttributeForm, extra=more, max_num=MAX_FIELDS + 10, absolute_max=MAX_FIELDS + 20, validate_max=True
    )
    initial = [
        {
            "name": each.name, "label": each.label, "type": each.type, "choices": "、".join(each.choices),
            "unit": each.unit, "minimum": each.minimum, "maximum": each.maximum, "group": each.group,
            "help": each.help, "order": place, "required": each.required,
        }
        for place, each in enumerate(attributes, start=1)
    ]  # fmt: skip
    made: BaseFormSet = factory(data, initial=initial, prefix="row")
    return made


def attributes_from(rows: BaseFormSet) -> tuple[Attribute, ...]:
    """What valid rows ask for, in the order given; a row without a number stays where it stands."""
    found = []
    for place, row in enumerate(rows.forms, start=1):
        if row.has_changed() or row.initial:
            attribute = row.attribute()
            if attribute is not None:
                found.append((row.cleaned_data.get("order") or place, place, attribute))
    return tuple(attribute for _, _, attribute in sorted(found, key=lambda each: each[:2]))


class NoteForm(forms.Form):
    """What a version changes, in the editor's words."""

    note = forms.CharField(label="修订说明", max_length=200, required=False)
