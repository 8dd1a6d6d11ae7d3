"""Shapes of what people type about duties, the calendar and the ladder."""

from __future__ import annotations

from django import forms

from bihuan.accounts.models import Post, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import scope_of

from .drafting import kinds_to_draft
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
    drafts = forms.ChoiceField(label="起草文书", required=False, help_text="到这一天替你起草，由人核稿、签发")
    every = forms.IntegerField(
        label="此后每隔几天再办一次", required=False, min_value=1, max_value=365, help_text="不填只办一次"
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["drafts"].choices = [("", "不起草"), *kinds_to_draft()]  # type: ignore[attr-defined]


class NewRungForm(RungForm):
    """One more rung of a ladder."""

    ladder = forms.ChoiceField(label="阶梯", choices=LadderStep.Ladder.choices)
    unheld = forms.BooleanField(label="用于无人承办的事", required=False)
    label = forms.CharField(label="名称", max_length=20, help_text="例：起草督办单")

    field_order = ("ladder", "unheld", "offset_days", "label", "drafts", "every", "audiences")
