"""Forms of planning: a draw announced, a year worked out, a visit asked for, a recusal entered."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone

from bihuan.accounts.models import Organization, Region, User
from bihuan.core.forms import CalendarDayField
from bihuan.inspections.kinds import conducted_by
from bihuan.registry.models import Enterprise, EnterpriseKind, RiskColour
from bihuan.search.finding import narrowed
from bihuan.search.grams import terms_of
from bihuan.search.models import Kind

from .models import VisitRequest

MOST_NAMED = 5


def named(rows: QuerySet[Enterprise], text: str) -> list[Enterprise]:
    """The enterprises meant by what somebody wrote: the one of that credit code or of exactly that name, else those
    whose names, former names or addresses hold the words, a few more than are ever shown."""
    rows = rows.select_related("locality")
    exact = list(rows.filter(Q(credit_code=text.upper()) | Q(name=text))[: MOST_NAMED + 1])
    if exact or not text:
        return exact
    return list(narrowed(rows, Kind.ENTERPRISE, terms_of(text)).order_by("-pk")[: MOST_NAMED + 1])


def _day(label: str, **more: Any) -> CalendarDayField:
    return CalendarDayField(label=label, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"), **more)


def _kinds(organization: Organization) -> list[tuple[str, str]]:
    return [(kind.value, kind.label) for kind in conducted_by(organization)]


def _staff(organization: Organization) -> Any:
    people = User.objects.filter(
        holdings__to_on=None, holdings__post__organization=organization, is_active=True, is_service=False
    )
    return people.distinct().order_by("full_name", "pk")


class _NamedUsers(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: User) -> str:
        return obj.full_name


class DrawForm(forms.Form):
    """A draw before it is announced. Kinds, risks and region narrow the pool; left empty they take all."""

    title = forms.CharField(label="名称", max_length=120)
    kind = forms.ChoiceField(label="检查类别")
    kinds = forms.ModelMultipleChoiceField(
        label="对象类型", queryset=EnterpriseKind.objects.none(), required=False,
        widget=forms.CheckboxSelectMultiple, help_text="不选为全部类型",
    )  # fmt: skip
    risks = forms.MultipleChoiceField(
        label="风险等级", choices=RiskColour.choices, required=False, widget=forms.CheckboxSelectMultiple,
        help_text="不选为全部等级；等级越高、分级越差，抽中的机会越大",
    )  # fmt: skip
    region = forms.ModelChoiceField(
        label="区划", queryset=Region.objects.none(), required=False, empty_label="本单位全部范围"
    )
    count = forms.IntegerField(label="抽取家数", min_value=1, max_value=2000)
    per_object = forms.IntegerField(label="每家检查人员数", min_value=1, max_value=10, initial=2)
    inspectors = _NamedUsers(
        label="检查人员名录", queryset=User.objects.none(), widget=forms.CheckboxSelectMultiple
    )
    window_from = _day("检查自")
    window_to = _day("检查至")
    public_source = forms.CharField(
        label="公开数来源", max_length=120, required=False,
        help_text="可不填。填写公布之后才会产生、谁都查得到的数，例如：2026年12月1日上证指数收盘点位",
    )  # fmt: skip

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        self.fields["window_from"].initial = today + dt.timedelta(days=1)
        self.fields["window_to"].initial = today + dt.timedelta(days=30)
        self.fields["kind"].choices = _kinds(organization)  # type: ignore[attr-defined]
        self.fields["kinds"].queryset = EnterpriseKind.objects.all()  # type: ignore[attr-defined]
        self.fields["region"].queryset = Region.objects.filter(  # type: ignore[attr-defined]
            code__startswith=organization.region_id, valid_to=None
        ).order_by("code")
        self.fields["inspectors"].queryset = _staff(organization)  # type: ignore[attr-defined]


class PlanForm(forms.Form):
    """The staff of a year; what they can reach is worked out."""

    year = forms.IntegerField(label="年度")
    kind = forms.ChoiceField(label="检查类别")
    inspectors = forms.IntegerField(label="检查人员", min_value=1, max_value=2000)
    team = forms.IntegerField(label="每组人数", min_value=1, max_value=10, initial=2)
    days = forms.IntegerField(label="每人每月外出检查天数", min_value=1, max_value=23, initial=8)
    visits_a_day = forms.IntegerField(label="每组每天检查家数", min_value=1, max_value=30, initial=3)

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = _kinds(organization)  # type: ignore[attr-defined]
        self.fields["year"].initial = timezone.localdate().year
        self.fields["inspectors"].initial = _staff(organization).count() or 2


class RequestForm(forms.Form):
    """A visit no plan foresees."""

    kind = forms.ChoiceField(label="检查类别")
    cause = forms.ChoiceField(
        label="起因", choices=VisitRequest.Cause.choices, help_text="投诉举报、事故险情免予审批"
    )
    reason = forms.CharField(label="事由", max_length=300, widget=forms.Textarea({"rows": 3}))
    window_from = _day("检查自")
    window_to = _day("检查至")

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        self.fields["window_from"].initial = today
        self.fields["window_to"].initial = today + dt.timedelta(days=7)
        self.fields["kind"].choices = _kinds(organization)  # type: ignore[attr-defined]


class OwnRecusalForm(forms.Form):
    """Whom oneself must not visit."""

    enterprise = forms.CharField(
        label="企业", max_length=120, help_text="名称或其中几个字，或者统一社会信用代码"
    )
    reason = forms.CharField(label="理由", max_length=200)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = user

    def clean_enterprise(self) -> Enterprise:
        given = self.cleaned_data["enterprise"].strip()
        found = named(Enterprise.objects.visible_to(self.by), given)
        if not found:
            raise forms.ValidationError("没有这家企业，或不在可见范围内，请核对名称或信用代码")
        if len(found) > 1:
            names = "、".join(f"{each.name}（{each.locality.short_name}）" for each in found[:MOST_NAMED])
            more = "等" if len(found) > MOST_NAMED else ""
            raise forms.ValidationError(f"名称里有“{given}”的不止一家：{names}{more}，请写全名或信用代码")
        return found[0]


class RecusalForm(OwnRecusalForm):
    """Who must not visit whom."""

    user = forms.ModelChoiceField(label="人员", queryset=User.objects.none(), empty_label="请选择人员")
    field_order = ("user", "enterprise", "reason")

    def __init__(self, *args: Any, organization: Organization, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        self.fields["user"].queryset = _staff(organization)  # type: ignore[attr-defined]
        self.fields["user"].label_from_instance = lambda person: person.full_name  # type: ignore[attr-defined]
