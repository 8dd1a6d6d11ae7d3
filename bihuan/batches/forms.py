"""What people fill in about batches."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

from django import forms
from django.utils import timezone

from bihuan.accounts.models import Organization
from bihuan.core import forms as fields
from bihuan.core.forms import day_field

from .models import Batch
from .workflow import Purpose

words_field = partial(fields.words_field, rows=2)


class BatchForm(forms.Form):
    """A batch by hand."""

    name = forms.CharField(label="名称", max_length=60, required=False, help_text="不填就叫“第几批”")
    demand = words_field("整改要求", 2000, rows=4, help_text="这一批对象要做到什么，会印在通知书上")
    basis = forms.CharField(label="依据", max_length=300, required=False)
    notice_by = day_field("通知下发期限", required=False)
    due_on = day_field("整改期限")
    supervised_from = day_field("督查开始", required=False)
    supervised_to = day_field("督查结束", required=False)


class EditBatchForm(BatchForm):
    """The same batch once more; what is printed on notices already is no longer asked."""

    def __init__(self, data: Any = None, *, batch: Batch, may_change: frozenset[str]) -> None:
        super().__init__(data, initial={name: getattr(batch, name) for name in self.base_fields})
        for name in list(self.fields):
            if name not in may_change:
                del self.fields[name]


class ObjectForm(forms.Form):
    """What this one object must do, before it is told."""

    content = forms.CharField(
        label="整改内容", max_length=300, required=False, help_text="例：燃煤锅炉 2 台改天然气"
    )
    quantity = forms.DecimalField(label="数量", required=False, min_value=0, max_digits=10, decimal_places=2)
    due_on = day_field("整改期限")


class PickForm(forms.Form):
    """What the chosen objects have in common."""

    content = forms.CharField(
        label="整改内容", max_length=300, required=False, help_text="例：燃煤锅炉改天然气"
    )
    quantity = forms.DecimalField(label="数量", required=False, min_value=0, max_digits=10, decimal_places=2)


class ProgressForm(forms.Form):
    percent = forms.IntegerField(label="进度（%）", min_value=0, max_value=100)
    text = words_field("进展", 500)


class ApplyForm(forms.Form):
    finished_on = day_field("完成日期")
    text = words_field("完成情况", 500)


class ExtendForm(forms.Form):
    due_on = day_field("新的整改期限")
    reason = words_field("理由", 300)


class RemoveForm(forms.Form):
    reason = words_field("理由", 300)


class TransferForm(forms.Form):
    to = forms.ModelChoiceField(
        label="移送给", queryset=Organization.objects.none(), empty_label="请选择单位"
    )

    def __init__(self, data: Any = None, *, area: str) -> None:
        super().__init__(data)
        self.fields["to"].queryset = bodies_of(area)  # type: ignore[attr-defined]


def bodies_of(area: str, *, on: dt.date | None = None) -> Any:
    """Departments and offices of a city: who may enforce, and who may stand in a joint team."""
    return (
        Organization.objects.current(on=on or timezone.localdate())
        .filter(
            kind__in=[Organization.Kind.DEPARTMENT, Organization.Kind.OFFICE, Organization.Kind.LOCALITY],
            region__code__startswith=area[:4],
        )
        .order_by("kind", "region_id", "id")
    )


class SubsidyForm(forms.Form):
    purpose = forms.ChoiceField(label="用途", choices=Purpose.choices, initial=Purpose.RENOVATION)
    quantity = forms.DecimalField(label="数量", min_value=0, max_digits=10, decimal_places=2)
    investment = forms.DecimalField(
        label="企业实际投入（元）", min_value=0, max_digits=14, decimal_places=2, required=False,
        help_text="按投入比例补贴的必填",
    )  # fmt: skip


class DecisionForm(forms.Form):
    reason = words_field("意见", 300, required=False)


class PayForm(forms.Form):
    paid_on = day_field("拨付日期")
    voucher = forms.CharField(label="凭证号", max_length=60)


def money_field(label: str, *, help_text: str = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=False, min_value=0, max_digits=12, decimal_places=2, help_text=help_text
    )


def percent_field(label: str, *, required: bool = False, initial: int | None = None) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=required,
        initial=initial,
        min_value=0,
        max_value=100,
        max_digits=5,
        decimal_places=2,
    )


class StandardForm(forms.Form):
    """A standard; what is reckoned from it is explained line by line."""

    name = forms.CharField(label="名称", max_length=80)
    purpose = forms.ChoiceField(label="用途", choices=Purpose.choices, initial=Purpose.RENOVATION)
    unit = forms.CharField(label="计量单位", max_length=20, help_text="台、蒸吨、户")
    per_unit = money_field("单价（元）", help_text="单价和比例至少填一项；都填的，取低")
    share = percent_field("按投入比例（%）")
    cap = money_field("每户上限（元）")
    on_time_only = forms.BooleanField(label="只补按期完成的", required=False, initial=True)
    late_share = percent_field("逾期完成按（%）", required=True, initial=100)
    document = forms.CharField(label="依据文件", max_length=200)
    effective_from = day_field("执行自")


class FundForm(forms.Form):
    """Money set aside for a purpose."""

    purpose = forms.ChoiceField(label="用途", choices=Purpose.choices, initial=Purpose.RENOVATION)
    amount = forms.DecimalField(label="金额（元）", min_value=0, max_digits=14, decimal_places=2)
    document = forms.CharField(label="下达文件", max_length=200, help_text="例：云财〔2026〕18号")


TEAM_ROWS = 5


class AcceptanceForm(forms.Form):
    """One round of acceptance: day, opinion; the team and the verdicts are rows of their own."""

    accepted_on = day_field("验收日期")
    opinion = words_field("验收组意见", 500, required=False)

    def __init__(self, data: Any = None, *, batch: Batch) -> None:
        super().__init__(data, initial={"accepted_on": timezone.localdate()})
        self.batch = batch
