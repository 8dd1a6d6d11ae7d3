"""Forms of the library. Whether an item holds is judged by `structure`; here only what was typed becomes values."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from bihuan.accounts.models import Organization
from bihuan.checklists import structure
from bihuan.checklists.units import UNITS, label, plain
from bihuan.core.forms import CalendarDayField
from bihuan.registry.models import EnterpriseKind
from bihuan.rules import hazards as criteria_rules

from .models import Book

LINES = forms.Textarea({"rows": 3})


def criterion_choices(on: dt.date, kept: str = "") -> list[tuple[str, Any]]:
    """Criteria by which a failure is a major hazard, by domain, as in force on a day; `kept` stays to be chosen."""
    groups: list[tuple[str, Any]] = [("", "不合格时不直接判定为重大隐患")]
    known = set()
    for domain, words in criteria_rules.domains(on).items():
        rows = [(each.code, f"{each.code} {each.text}") for each in criteria_rules.criteria(domain, on)]
        known |= {code for code, _ in rows}
        groups.append((words, rows))
    if kept and kept not in known:
        groups.append((kept, f"{kept}（现已不施行）"))
    return groups


class BookForm(forms.Form):
    """The beginning of a book of one's own."""

    owner = forms.ChoiceField(label="编制单位")
    title = forms.CharField(label="名称", max_length=100, help_text="如：瓶装液化气用户检查表")
    key = forms.RegexField(
        r"^[a-z][a-z0-9_]{0,39}$",
        label="标识",
        help_text="小写字母开头，如 gas_users；用作表单的 form_id，以后不变",
        error_messages={"invalid": "标识须以小写字母开头，只含小写字母、数字和下划线，不超过40个字符"},
    )
    sector = forms.ChoiceField(label="领域", choices=Book.Sector.choices)

    def __init__(self, *args: Any, owners: list[Organization], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._owners = {str(each.pk): each for each in owners}
        self.fields["owner"].choices = [(pk, each.name) for pk, each in self._owners.items()]  # type: ignore[attr-defined]

    def clean_owner(self) -> Organization:
        return self._owners[self.cleaned_data["owner"]]


class UploadForm(forms.Form):
    """A form somebody made with a spreadsheet, ODK or Kobo."""

    file = forms.FileField(label="XLSForm 表单（xlsx）")


class SectionForm(forms.Form):
    """A heading and its link of the chain."""

    title = forms.CharField(label="节的标题", max_length=100)
    link = forms.ChoiceField(label="环节", choices=list(structure.LINKS.items()))


class PublishForm(forms.Form):
    """From when a version applies."""

    effective_from = CalendarDayField(
        label="施行日期", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )


class ItemForm(forms.Form):
    """One item, every field of it. `item` makes the value."""

    text = forms.CharField(
        label="检查内容", max_length=200, help_text="写应当做到的样子，60字以内，一项只问一件事"
    )
    criterion = forms.CharField(label="判定标准", max_length=300, required=False, help_text="怎样才算做到了")
    measure_label = forms.CharField(label="量什么", max_length=60, required=False)
    comparator = forms.ChoiceField(
        label="须",
        choices=[("", "没有数值标准"), *structure.COMPARATORS.items()],
        required=False,
    )
    number = forms.CharField(label="标准值", max_length=24, required=False)
    upper = forms.CharField(label="上限（只用于“介于”）", max_length=24, required=False)
    unit = forms.ChoiceField(
        label="单位",
        choices=[("", "—"), *((symbol, label(symbol)) for symbol in UNITS)],
        required=False,
    )
    method = forms.MultipleChoiceField(
        label="检查方法",
        choices=[(each, each) for each in structure.METHODS],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    basis = forms.CharField(
        label="依据",
        required=False,
        max_length=2000,
        widget=LINES,
        help_text="一行一条：名称|文号|条款，没有的留空，如：安全生产法||第三十六条",
    )
    source = forms.ChoiceField(label="来源", choices=[(each, each) for each in structure.SOURCES])
    verified = forms.BooleanField(label="已与原文逐字核对", required=False)
    dispositions = forms.CharField(
        label="处置阶梯",
        required=False,
        max_length=1000,
        widget=LINES,
        help_text="一行一级，从轻到重：处置（条件），如：罚款（逾期不改正的）",
    )
    authority = forms.CharField(
        label="处置机关",
        max_length=40,
        required=False,
        help_text="依法执行上面各级处置的机关，如：燃气管理部门",
    )
    severity = forms.ChoiceField(label="严重程度", choices=list(structure.SEVERITIES.items()))
    criterion_code = forms.ChoiceField(label="重大隐患判定条款", required=False)
    kinds = forms.MultipleChoiceField(
        label="适用对象类型",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="都不选即各类对象",
    )
    when = forms.CharField(
        label="适用条件",
        max_length=200,
        required=False,
        help_text="按登记的属性缩小范围，如：cylinder_stock > 100；fuel = 瓶装液化石油气。没有登记的照样问",
    )
    guidance = forms.CharField(
        label="整改指引", max_length=500, required=False, widget=LINES, help_text="告诉企业怎么改"
    )
    proof = forms.CharField(
        label="整改证明", max_length=300, required=False, help_text="拿什么照片或材料证明改好了"
    )
    photo = forms.ChoiceField(label="拍照要求", choices=list(structure.PHOTO_RULES.items()))

    def __init__(self, *args: Any, item: structure.Item | None = None, **kwargs: Any) -> None:
        if item is not None:
            kwargs["initial"] = initial_of(item)
        super().__init__(*args, **kwargs)
        kept = item.criterion_code if item else ""
        self.fields["criterion_code"].choices = criterion_choices(timezone.localdate(), kept)  # type: ignore[attr-defined]
        kinds = list(EnterpriseKind.objects.values_list("key", "label"))
        known = {key for key, _ in kinds}
        kinds += [(key, key) for key in (item.kinds if item else ()) if key not in known]
        self.fields["kinds"].choices = kinds  # type: ignore[attr-defined]
        for name in ("number", "upper"):
            self.fields[name].widget.attrs["inputmode"] = "decimal"

    def clean_basis(self) -> tuple[structure.Basis, ...]:
        found = []
        for line in _lines(self.cleaned_data["basis"]):
            parts = [part.strip() for part in line.replace("｜", "|").split("|")]
            if len(parts) > 3 or not parts[0]:
                raise ValidationError(f"“{line}”须写成“名称|文号|条款”，没有的留空")
            found.append(structure.Basis(*parts))
        return tuple(found)

    def clean_dispositions(self) -> tuple[structure.Disposition, ...]:
        found = []
        for line in _lines(self.cleaned_data["dispositions"]):
            word, _, rest = line.replace("(", "（").replace(")", "）").partition("（")
            found.append(structure.Disposition(word.strip(), rest.removesuffix("）").strip()))
        return tuple(found)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["measure"] = None
        given = [data.get(name) for name in ("measure_label", "comparator", "number", "unit")]
        if any(given):
            if not all(given):
                self.add_error("number", "数值标准要填全：量什么、比较、标准值、单位")
            else:
                data["measure"] = self._measure(data)
        return data

    def _measure(self, data: dict[str, Any]) -> structure.Measure | None:
        number, upper = self._number("number", data), self._number("upper", data)
        if number is None:
            return None
        return structure.Measure(
            data["measure_label"].strip(), data["comparator"], number, data["unit"], upper
        )

    def _number(self, name: str, data: dict[str, Any]) -> Decimal | None:
        text = data.get(name, "").strip().replace(",", "")
        if not text:
            return None
        try:
            value = Decimal(text)
        except InvalidOperation:
            value = None  # type: ignore[assignment]
        if value is None or not value.is_finite():
            self.add_error(name, f"“{text}”不是数，请只填数字，如 2 或 0.5")
            return None
        return value

    def item(self, code: str) -> structure.Item:
        """The item as typed, under this code. Only for a valid form."""
        data = self.cleaned_data
        names = (
            "text", "criterion", "measure", "basis", "source", "verified", "dispositions", "severity",
            "criterion_code", "guidance", "proof", "photo", "when", "authority",
        )  # fmt: skip
        values = {name: data[name] for name in names}
        for name in ("guidance",):  # an area of text may break its lines, a spreadsheet cell of ours does not
            values[name] = " ".join(values[name].split())
        return structure.Item(code=code, method=tuple(data["method"]), kinds=tuple(data["kinds"]), **values)


def initial_of(item: structure.Item) -> dict[str, Any]:
    """An item as the form shows it."""
    measure = item.measure
    return {
        "text": item.text,
        "criterion": item.criterion,
        "measure_label": measure.label if measure else "",
        "comparator": measure.comparator if measure else "",
        "number": plain(measure.number) if measure else "",
        "upper": plain(measure.upper) if measure and measure.upper is not None else "",
        "unit": measure.unit if measure else "",
        "method": list(item.method),
        "basis": "\n".join(f"{each.title}|{each.doc_no}|{each.article}" for each in item.basis),
        "source": item.source,
        "verified": item.verified,
        "dispositions": "\n".join(map(str, item.dispositions)),
        "severity": item.severity,
        "criterion_code": item.criterion_code,
        "kinds": list(item.kinds),
        "guidance": item.guidance,
        "proof": item.proof,
        "photo": item.photo,
        "when": item.when,
        "authority": item.authority,
    }


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
