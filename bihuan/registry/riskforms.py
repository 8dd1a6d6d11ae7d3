"""Forms about risks: chemicals, major-hazard units, risk points, judgements, grades."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from bihuan.core.forms import CalendarDayField
from bihuan.rules import assessments
from bihuan.rules.enterprisegrades import diagnosis_rule
from bihuan.rules.keysupervised import key_processes
from bihuan.rules.majortables import factor_set, variants

from . import cleaning, policies
from .models import (
    Chemical,
    Enterprise,
    Guardian,
    MajorUnit,
    PastAccident,
    RiskAssessment,
    RiskPoint,
    RiskProfile,
)

_CAS = re.compile(r"([0-9]{2,7})-([0-9]{2})-([0-9])")


class Day(forms.DateInput):
    """A native date picker."""

    input_type = "date"

    def __init__(self, **attrs: Any) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%d")


def day_field(label: str, *, required: bool = False, help_text: str = "") -> CalendarDayField:
    """A date people pick."""
    return CalendarDayField(label=label, required=required, widget=Day(), help_text=help_text)


def check_cas(text: str) -> str:
    """A CAS number whose check digit fits; empty stays empty. Raises ValidationError."""
    text = text.strip().replace("－", "-")
    if not text:
        return ""
    found = _CAS.fullmatch(text)
    if found is None:
        raise ValidationError("CAS号应写成 7664-41-7 的样子，请核对")
    digits = found[1] + found[2]
    if sum(place * int(digit) for place, digit in enumerate(reversed(digits), start=1)) % 10 != int(found[3]):
        raise ValidationError("CAS号的校验位不符，请对照安全技术说明书核对")
    return text


class _OfEnterprise(forms.ModelForm):
    """A form about one part of an enterprise: only its own premises and units are offered."""

    def __init__(self, *args: Any, enterprise: Enterprise, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (
            ("premises", enterprise.premises.filter(is_active=True)),
            ("unit", enterprise.major_units.filter(is_active=True)),
        ):
            field = self.fields.get(name)
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = rows
                field.empty_label = "不属于哪一处" if name == "unit" else "登记地址"


class ChemicalForm(_OfEnterprise):
    categories = forms.CharField(
        label="危险性类别",
        required=False,
        max_length=60,
        help_text="安全技术说明书所列类别的符号，如 J2、W5.1，多个用空格隔开；表1列名的品种可不填",
    )

    class Meta:
        model = Chemical
        fields = ("name", "cas", "state", "categories", "design_maximum", "actual", "unit", "premises", "place", "is_key", "is_present")  # fmt: skip
        help_texts = {
            "design_maximum": "按设计最大储存量或在线量填写，不是眼下的实际量",
            "is_key": "列入国家名录的品种保存时自动标记，本地另有规定的在此勾选",
            "unit": "同一围堰内的罐区、独立库房或由切断阀隔开的装置为一个单元",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["categories"] = " ".join(self.instance.categories)

    def clean_cas(self) -> str:
        return check_cas(self.cleaned_data["cas"])

    def clean_categories(self) -> list[str]:
        given = re.split(r"[\s、，,;；]+", self.cleaned_data["categories"].strip().upper())
        symbols = list(dict.fromkeys(filter(None, given)))
        known = factor_set(timezone.localdate()).categories
        if unknown := [each for each in symbols if each not in known]:
            raise ValidationError(f"没有“{'、'.join(unknown)}”这个类别，可用：{'、'.join(known)}")
        return symbols


class UnitForm(_OfEnterprise):
    evaluated_on = day_field("安全评估日期", help_text="三年内重新评估，到期自动提醒")
    filed_on = day_field("备案日期", help_text="评估后十五日内备案")

    class Meta:
        model = MajorUnit
        fields = ("name", "kind", "premises", "population", "variant", "evaluated_on", "filed_on", "filing_no", "filed_with", "is_active")  # fmt: skip
        help_texts = {"population": "厂区边界向外扩500米范围内的常住人口，决定系数α"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(each.key, each.label) for each in variants(timezone.localdate())]
        self.fields["variant"] = forms.ChoiceField(
            label="系数取法",
            required=False,
            choices=[("", "默认"), *choices],
            help_text="各转录件不一致处按哪一种取，结果中同时列出另一种",
        )
        known = {each.role: each for each in self.instance.guardians.all()} if self.instance.pk else {}
        for role, label in Guardian.Role.choices:
            person = known.get(role)
            self.fields[f"{role}_name"] = forms.CharField(
                label=f"{label}（包保）", required=False, max_length=60, initial=person.name if person else ""
            )
            self.fields[f"{role}_title"] = forms.CharField(
                label=f"{label}的职务", required=False, max_length=60, initial=person.title if person else ""
            )
            self.fields[f"{role}_phone"] = forms.CharField(
                label=f"{label}的电话",
                required=False,
                max_length=30,
                help_text="已登记，不改请留空" if person and person.phone else "",
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for role in Guardian.Role.values:
            name = f"{role}_phone"
            if name in data:
                try:
                    data[name] = cleaning.clean_phone(data[name])
                except ValidationError as error:
                    self.add_error(name, error)
        return data

    def guardians(self) -> list[dict[str, str]]:
        """The three persons as `risks.save_unit` takes them."""
        return [
            {
                "role": role,
                **{part: self.cleaned_data[f"{role}_{part}"] for part in ("name", "title", "phone")},
            }
            for role in Guardian.Role.values
        ]

    def values(self) -> dict[str, Any]:
        """The fields of the unit itself."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


class RiskPointForm(_OfEnterprise):
    class Meta:
        model = RiskPoint
        fields = ("name", "kind", "premises", "place", "outcome", "measures", "responsible", "is_active")
        widgets = {"measures": forms.Textarea(attrs={"rows": 3})}


class AssessForm(forms.Form):
    """One judgement by either method; fields of the other method stay empty.

    Cut-offs are those that hold where the place lies; only where no office has set any may another shipped one be chosen.
    """

    danger = forms.CharField(label="危险源", max_length=120, help_text="会出什么事、因为什么，如“法兰泄漏”")
    method = forms.ChoiceField(label="评价方法", choices=RiskAssessment.Method.choices)
    on = day_field("评价日期", required=True)

    def __init__(self, *args: Any, place: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        scale = assessments.lec_scale(None, today)
        for name, label in (("likelihood", "可能性L"), ("exposure", "暴露频次E"), ("consequence", "后果C")):
            steps = [(str(step.value), f"{step.value:f} {step.label}") for step in getattr(scale, name)]
            self.fields[name] = forms.ChoiceField(
                label=f"{label}（LEC法）", choices=[("", "—"), *steps], required=False
            )
        self.fields["lec_policy"] = forms.ChoiceField(
            label="分档口径（LEC法）", choices=policies.choices("LEC", place, today), required=False
        )
        one_to_five = [("", "—"), *((str(each), str(each)) for each in range(1, 6))]
        for name, label in (("matrix_likelihood", "可能性（矩阵法）"), ("severity", "严重性（矩阵法）")):
            self.fields[name] = forms.ChoiceField(label=label, choices=one_to_five, required=False)
        self.fields["matrix_policy"] = forms.ChoiceField(
            label="切分口径（矩阵法）", choices=policies.choices("LS", place, today), required=False
        )
        self.fields["direct"] = forms.MultipleChoiceField(
            label="直接判定为重大风险的情形",
            required=False,
            widget=forms.CheckboxSelectMultiple,
            choices=[(each.key, each.text) for each in assessments.direct_major(today)],
        )
        self.fields["on"].initial = today

    @property
    def lec_fields(self) -> list[Any]:
        """What LEC asks for."""
        return [self[name] for name in ("likelihood", "exposure", "consequence", "lec_policy")]

    @property
    def matrix_fields(self) -> list[Any]:
        """What the matrix asks for."""
        return [self[name] for name in ("matrix_likelihood", "severity", "matrix_policy")]

    def wanted(self) -> dict[str, Any]:
        """What `risks.assess` takes besides point and person."""
        data = self.cleaned_data
        is_lec = data["method"] == RiskAssessment.Method.LEC
        names = {"likelihood": "likelihood", "exposure": "exposure", "consequence": "consequence"}
        if not is_lec:
            names = {"likelihood": "matrix_likelihood", "severity": "severity"}
        return {
            "danger": data["danger"],
            "method": data["method"],
            "values": {key: data[name] for key, name in names.items()},
            "policy": data["lec_policy"] if is_lec else data["matrix_policy"],
            "direct": data["direct"],
            "on": data["on"],
        }


class ProfileForm(forms.ModelForm):
    processes = forms.MultipleChoiceField(
        label="工艺名称", required=False, widget=forms.CheckboxSelectMultiple, help_text="国家两批目录共18种"
    )
    standardized_until = day_field("标准化证书有效期止")
    standardization = forms.TypedChoiceField(
        label="标准化等级",
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", "未达标"), (1, "一级"), (2, "二级"), (3, "三级")],
    )

    dual_checked_on = day_field("运行核查日期", help_text="最近一次核查双重预防机制运行质量")

    class Meta:
        model = RiskProfile
        fields = (
            "key_chemicals", "key_processes", "processes", "standardization", "standardized_until", "scale",
            "dual_prevention", "dual_checked_on",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept = self.instance.processes.split("、") if self.instance.processes else []
        listed = [each.short for each in key_processes()]
        field = self.fields["processes"]
        assert isinstance(field, forms.MultipleChoiceField)
        # What was written down before there was a list to choose from stays choosable.
        self.offered = [*listed, *(name for name in kept if name not in listed)]
        field.choices = [(each, each) for each in self.offered]
        self.initial["processes"] = kept

    def clean_dual_checked_on(self) -> dt.date | None:
        day: dt.date | None = self.cleaned_data["dual_checked_on"]
        if day is not None and day > timezone.localdate():
            raise ValidationError("运行核查日期不能晚于今天，请核对")
        return day

    def clean_processes(self) -> str:
        chosen = set(self.cleaned_data["processes"])
        words = "、".join(each for each in self.offered if each in chosen)
        if len(words) > 200:
            raise ValidationError("工艺名称合计超过200个字，请只选涉及的工艺")
        return words


class AccidentForm(forms.Form):
    kind = forms.ChoiceField(label="事故等级", choices=PastAccident.Kind.choices)
    on = day_field("发生日期", required=True)
    words = forms.CharField(label="简况", required=False, max_length=300)


class DiagnosisForm(forms.Form):
    """What experts found of an enterprise as a whole (应急〔2018〕19号)."""

    on = day_field("评估日期", required=True)
    score = forms.DecimalField(
        label="得分", min_value=0, max_value=150, max_digits=4, decimal_places=1, help_text="评估表的总分，含加减分；90、75、60分为A、B、C级的下限",
    )  # fmt: skip
    experts = forms.CharField(label="专家", max_length=200, help_text="姓名用顿号分隔")
    institution = forms.CharField(label="评估机构", required=False, max_length=120)
    conclusion = forms.CharField(
        label="主要问题和建议", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rule = diagnosis_rule(timezone.localdate())
        self.fields["direct"] = forms.MultipleChoiceField(
            label="直接判为D级的情形", required=False, widget=forms.CheckboxSelectMultiple,
            choices=list(rule.direct_d.items()),
        )  # fmt: skip


class OverrideForm(forms.Form):
    """Another grade than the reckoned one, and why."""

    grade = forms.ChoiceField(label="调整为", choices=[(each, f"{each}级") for each in "ABCD"])
    reason = forms.CharField(label="专家意见和理由", max_length=300, widget=forms.Textarea(attrs={"rows": 2}))
