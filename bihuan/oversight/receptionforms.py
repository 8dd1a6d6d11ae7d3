"""What people fill in about visits from above."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone

from bihuan.accounts.models import Organization
from bihuan.core.forms import RowsField

from .forms import bodies_under, day_field, words_field
from .models import OversightFinding, Reception, ReceptionLine
from .shipped import categories


class NoticeForm(forms.Form):
    """A visit as its notice tells it."""

    title = forms.CharField(label="名称", max_length=80, help_text="例：迎接省安全生产和消防工作考核巡查")
    visitor = forms.CharField(label="检查组", max_length=80, help_text="例：省安委会第三考核巡查组")
    sender = forms.CharField(label="发文机关", max_length=80, help_text="整改情况以后报给它")
    level = forms.ChoiceField(label="级别", choices=Reception.Level.choices, initial="province")
    notice_number = forms.CharField(label="通知文号", max_length=60, required=False)
    notice_on = day_field("通知日期")
    starts_on = day_field("进驻日期")
    ends_on = day_field("结束日期")
    covers_from = day_field("检查覆盖期间自", help_text="台账数字从这天起统计，到检查结束为止")
    previous = forms.ModelChoiceField(
        label="上一次同类检查", queryset=Reception.objects.none(), required=False, empty_label="没有或不对照"
    )
    places = words_field("检查地点和对象", 1000, required=False)
    focus = words_field("检查重点", 2000, rows=3, required=False)

    def __init__(
        self, data: Any = None, *, office: Organization, own: int | None = None, initial: Any = None
    ) -> None:
        super().__init__(data, initial=initial)
        rows = Reception.objects.filter(organization=office).live()
        if own is not None:
            rows = rows.exclude(pk=own)
        self.fields["previous"].queryset = rows.order_by("-starts_on", "-id")  # type: ignore[attr-defined]


class LineForm(forms.Form):
    """One line of the upper level's list, by hand."""

    section = forms.CharField(label="类别", max_length=60, required=False, help_text="例：责任落实")
    text = words_field("检查内容", 300)
    standard = words_field("评分标准", 500, required=False)
    points = forms.DecimalField(
        label="分值",
        min_value=0,
        max_digits=6,
        decimal_places=2,
        required=False,
        help_text="清单不打分的不填",
    )


class SheetForm(forms.Form):
    sheet = forms.FileField(label="表格")


class AssignForm(forms.Form):
    """Some lines to one body, by a day."""

    lines = RowsField(label="清单项", queryset=ReceptionLine.objects.none(), required=False)
    organization = forms.ModelChoiceField(
        label="准备单位", queryset=Organization.objects.none(), empty_label="请选择单位"
    )
    due_on = day_field("准备期限")

    def __init__(self, data: Any = None, *, reception: Reception) -> None:
        day = max(timezone.localdate(), reception.starts_on - dt.timedelta(days=2))
        super().__init__(data, initial={"due_on": min(day, reception.ends_on)})
        self.fields["lines"].queryset = reception.lines.all()  # type: ignore[attr-defined]
        self.fields["organization"].queryset = bodies_under(reception.organization.region_id)  # type: ignore[attr-defined]
        self.auto_id = "id_assign_%s"


class MaterialForm(forms.Form):
    material = words_field(
        "准备情况", 4000, rows=6, help_text="做了什么、有什么材料、数字是多少；这段话会写进汇报材料"
    )


class NoteForm(forms.Form):
    note = words_field("意见", 300, required=False)


class ReasonForm(forms.Form):
    reason = words_field("理由", 300)


class ReportForm(forms.Form):
    """What stands before and after the lines in the report."""

    intro = words_field("开头", 3000, rows=4, required=False, help_text="不写就按通知写一句")
    shortcomings = words_field("存在的不足和下一步打算", 4000, rows=6, required=False)


class ToldForm(forms.Form):
    """One finding as the team told it."""

    level = forms.ChoiceField(label="层面", choices=OversightFinding.Level.choices)
    code = forms.ChoiceField(label="问题分类")
    description = words_field("问题", 500)
    demand = words_field("整改要求", 300, required=False)
    organization = forms.ModelChoiceField(
        label="责任单位", queryset=Organization.objects.none(), required=False, empty_label="企业层面的不选"
    )
    enterprise = forms.CharField(
        label="企业", max_length=120, required=False, help_text="企业层面的写名称或者统一社会信用代码"
    )
    is_major = forms.BooleanField(label="企业的重大隐患", required=False)
    due_on = day_field("整改期限", required=False, help_text="检查组定的日期；没有定的按时限规定推算")

    def __init__(self, data: Any = None, *, code: str) -> None:
        super().__init__(data)
        self.fields["code"].choices = [(each, each) for each in categories()]  # type: ignore[attr-defined]
        self.fields["organization"].queryset = bodies_under(code)  # type: ignore[attr-defined]
        self.auto_id = "id_told_%s"


class FeedbackForm(forms.Form):
    on = day_field("反馈日期")
    feedback = words_field("检查组总体评价", 3000, rows=4, required=False)


class ScoreForm(forms.Form):
    """The score as announced."""

    full = forms.DecimalField(label="满分", min_value=0, max_digits=7, decimal_places=2, required=False)
    score = forms.DecimalField(label="得分", min_value=0, max_digits=7, decimal_places=2, required=False)
    grade = forms.CharField(label="等次", max_length=20, required=False, help_text="例：优秀")


class LostForm(forms.Form):
    """What one line lost."""

    lost = forms.DecimalField(label="扣分", min_value=0, max_digits=6, decimal_places=2, required=False)
    lost_reason = forms.CharField(label="扣分原因", max_length=300, required=False)
