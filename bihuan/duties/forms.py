"""Shapes of what people type about duties, the calendar and the ladder."""

from __future__ import annotations

from django import forms

from bihuan.accounts.models import Post, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import scope_of

from .models import Duty, LadderStep


class ReassignForm(forms.Form):
    post = forms.ModelChoiceField(Post.objects.none(), label="改派给", empty_label="请选择岗位")
    reason = forms.CharField(label="理由", max_length=200, widget=forms.TextInput)

    def __init__(self, *args: object, duty: Duty, user: User, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        posts = Post.objects.filter(is_active=True).select_related("organization")
        areas = scope_of(user, Permission.ASSIGN_DUTY).areas
        own = posts.filter(organization=duty.organization)
        reachable = own
        for code in areas:
            reachable = reachable | posts.filter(organization__region__code__startswith=code).exclude(
                organization__kind__in=["enterprise", "system", "experts"]
            )
        self.fields["post"].queryset = reachable.order_by("organization__region_id", "organization_id", "id")  # type: ignore[attr-defined]


class CalendarDayForm(forms.Form):
    day = forms.DateField(label="日期", widget=forms.DateInput(attrs={"type": "date"}))
    working = forms.TypedChoiceField(
        label="改为", choices=[("1", "工作日"), ("0", "休息日")], coerce=lambda value: value == "1"
    )
    note = forms.CharField(label="依据文件", max_length=60)


class CalendarYearForm(forms.Form):
    year = forms.IntegerField(label="年份", min_value=2000, max_value=2100)
    document = forms.CharField(label="依据文件", max_length=80)


class RungForm(forms.Form):
    offset_days = forms.IntegerField(
        label="期限之后第几天", min_value=-90, max_value=365, help_text="负数为期限之前"
    )
    audiences = forms.MultipleChoiceField(
        label="对象", choices=LadderStep.Audience.choices, widget=forms.CheckboxSelectMultiple
    )
