"""Shape and wording of what people type about plans and campaigns; what is allowed is the actions' business."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django import forms

from bihuan.core.forms import CalendarDayField
from bihuan.registry.models import EnterpriseKind

from .drafts import BLANK
from .models import GateCondition, PlanItem, Target

DateInput = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class NamesField(forms.CharField):
    """Names in one line, separated by 、 or a comma."""

    def prepare_value(self, value: Any) -> Any:
        return "、".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        text = super().to_python(value)
        return list(
            dict.fromkeys(name for name in re.split(r"\s*[、，,；;\n]\s*", (text or "").strip()) if name)
        )


class LinesField(forms.CharField):
    """One name a line, because people are printed with their posts: 党委委员、副局长."""

    widget = forms.Textarea(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        return [line.strip() for line in (super().to_python(value) or "").splitlines() if line.strip()]


class ElementForm(forms.Form):
    """One element of a draft. `initial` is its data; `element()` is the data back."""

    def __init__(self, *args: Any, phases: Iterable[PlanItem] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.phases = list(phases)

    def element(self) -> dict[str, Any]:
        return {
            name: value.isoformat() if hasattr(value, "isoformat") else value
            for name, value in self.cleaned_data.items()
        }


class SectionForm(ElementForm):
    title = forms.CharField(label="标题", max_length=100)


class PhaseForm(ElementForm):
    name = forms.CharField(label="名称", max_length=60)
    start = CalendarDayField(label="开始", required=False, widget=DateInput)
    end = CalendarDayField(label="结束", required=False, widget=DateInput, help_text="长期有效的阶段留空")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("start") and data.get("end") and data["end"] < data["start"]:
            self.add_error("end", "结束日期早于开始日期，请核对")
        return data


class TaskForm(ElementForm):
    no = forms.CharField(label="编号", max_length=40, required=False)
    heading = forms.CharField(label="任务", max_length=60)
    text = forms.CharField(label="原文", required=False, widget=forms.Textarea(attrs={"rows": 4}))
    lead = NamesField(label="牵头单位", required=False, help_text="多个单位用顿号隔开")
    responsible = NamesField(label="责任单位", required=False)
    support = NamesField(label="配合单位", required=False)
    territorial = NamesField(label="属地单位", required=False)
    phase = forms.TypedChoiceField(label="所属阶段", required=False, coerce=int, empty_value=None)
    due = CalendarDayField(
        label="完成期限", required=False, widget=DateInput, help_text="留空则继承阶段的结束日期"
    )
    kinds = forms.MultipleChoiceField(
        label="适用对象类型",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="决定查哪些企业，也是覆盖率的分母",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["phase"].choices = [  # type: ignore[attr-defined]
            ("", "不属于任何阶段"),
            *((item.pk, item.data["name"]) for item in self.phases),
        ]
        self.fields["kinds"].choices = list(EnterpriseKind.objects.values_list("key", "label"))  # type: ignore[attr-defined]


class ReportForm(ElementForm):
    who = forms.CharField(label="报送单位", max_length=120, required=False)
    to = forms.CharField(label="接收单位", max_length=120, required=False)
    when = forms.CharField(label="时间要求", max_length=120)
    rrule = forms.CharField(
        label="周期规则",
        max_length=120,
        required=False,
        help_text="RFC 5545，例如 FREQ=MONTHLY;BYMONTHDAY=25",
    )


class TargetForm(ElementForm):
    text = forms.CharField(label="目标", max_length=200)
    metric = forms.ChoiceField(label="对应指标", choices=Target.Metric.choices)
    threshold = forms.FloatField(label="目标值", required=False, min_value=0, max_value=99_999_999)


class BodyForm(ElementForm):
    name = forms.CharField(label="名称", max_length=120)
    head = LinesField(label="组长", required=False, help_text="一行一人")
    deputies = LinesField(label="副组长", required=False)
    members = LinesField(label="成员", required=False)


class DutyForm(ElementForm):
    unit = forms.CharField(label="单位", max_length=120)
    text = forms.CharField(label="职责", widget=forms.Textarea(attrs={"rows": 4}))


FORMS: dict[str, type[ElementForm]] = {
    PlanItem.Kind.SECTION: SectionForm,
    PlanItem.Kind.PHASE: PhaseForm,
    PlanItem.Kind.TASK: TaskForm,
    PlanItem.Kind.REPORT: ReportForm,
    PlanItem.Kind.TARGET: TargetForm,
    PlanItem.Kind.BODY: BodyForm,
    PlanItem.Kind.DUTY: DutyForm,
}


class LadderField(forms.CharField):
    """A ladder of consequences: 限期改正 → 吊销许可."""

    def prepare_value(self, value: Any) -> Any:
        return " → ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        return [
            step
            for step in re.split(r"\s*(?:→|->|、|；|;)\s*", (super().to_python(value) or "").strip())
            if step
        ]


class CheckItemForm(forms.Form):
    """One line of a checklist; a line without words is no line."""

    text = forms.CharField(label="检查事项", max_length=300, required=False)
    criterion = forms.CharField(label="判定标准", max_length=200, required=False)
    dispositions = LadderField(label="处置", required=False)
    basis = forms.CharField(label="依据", max_length=200, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for (
            field
        ) in self.fields.values():  # the cells of a table have a column head but no label of their own
            field.widget.attrs["aria-label"] = field.label


class ChecklistItemForm(CheckItemForm):
    """A line of a checklist in force, with how to look and whether failing it is a major hazard."""

    method = forms.CharField(label="检查方法", max_length=100, required=False)
    major_if_failed = forms.BooleanField(label="不合格按重大判定", required=False)
    no_measure = forms.BooleanField(label="不填实测数", required=False)


CheckItemFormSet = forms.formset_factory(CheckItemForm, extra=2, max_num=200, validate_max=True)
ChecklistFormSet = forms.formset_factory(ChecklistItemForm, extra=3, max_num=200, validate_max=True)


def lines_of(formset: Any, before: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    """The filled-in lines of a valid check item formset.

    A line whose words stayed as in `before` keeps what was read out of those words: its bounds and its ladder.
    """
    rows = []
    for number, form in enumerate(formset):
        line = form.cleaned_data
        if not line.get("text", "").strip():
            continue
        old = before[number] if before and number < len(before) else {}
        same = all(line[name] == old.get(name) for name in ("text", "criterion", "dispositions"))
        rows.append(old | line if same else line)
    return rows


def differences(kind: str, mine: dict[str, Any], theirs: dict[str, Any]) -> list[dict[str, str]]:
    """Field by field where two versions of an element disagree: {label, mine, theirs}."""
    labels = {name: str(field.label) for name, field in FORMS[kind].base_fields.items()}
    labels["check_items"] = "检查事项"
    return [
        {"label": labels.get(name, name), "mine": _shown(mine.get(name)), "theirs": _shown(theirs.get(name))}
        for name in BLANK[kind]
        if name in labels and mine.get(name) != theirs.get(name)
    ]


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "、".join(entry["text"] if isinstance(entry, dict) else str(entry) for entry in value) or "—"
    return str(value) if value not in (None, "") else "—"


class HeadForm(forms.Form):
    title = forms.CharField(label="标题", max_length=200)
    doc_no = forms.CharField(label="文号", max_length=60, required=False)
    issuer = forms.CharField(label="发文机关", max_length=120, required=False)
    issued_on = CalendarDayField(label="发文日期", required=False, widget=DateInput)


class PublishForm(forms.Form):
    title = forms.CharField(label="专项整治名称", max_length=200)
    short_title = forms.CharField(label="简称", max_length=40, help_text="用在列表、待办和图表里")
    reason = forms.CharField(
        label="体检错误没有答复，仍要发布的理由",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="写明理由即可发布，理由和没有答复的错误一起留痕",
    )

    def __init__(self, *args: Any, is_faulty: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_faulty:
            del self.fields["reason"]


class GateForm(forms.Form):
    """One threshold a condition; an empty one means the condition does not apply."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for metric in GateCondition.Metric:
            is_rate = metric not in {GateCondition.Metric.OVERDUE, GateCondition.Metric.MAJOR_OPEN}
            self.fields[metric.value] = forms.DecimalField(
                label=f"{metric.label}（{'%' if is_rate else '项'}）",
                required=False,
                min_value=0,
                max_value=100 if is_rate else 999_999,
                decimal_places=2,
            )
