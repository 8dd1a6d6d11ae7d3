"""Shapes of what people type about a hazard; the actions judge the world."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.campaigns.models import Campaign, Task
from bihuan.core.forms import CalendarDayField
from bihuan.registry.models import Enterprise, Premises, RiskColour
from bihuan.rules.hazards import criteria, domains
from bihuan.rules.reasons import send_back_reasons

from .deadlines import deadline
from .merging import twins_of
from .models import Hazard
from .workflow import Level

PASS_OR_NOT = (("yes", "合格"), ("no", "不合格"))


class Day(forms.DateInput):
    """A native date picker."""

    input_type = "date"

    def __init__(self, **attrs: Any) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%d")


def words(
    label: str, *, rows: int = 3, required: bool = True, most: int = 500, help_text: str = ""
) -> forms.CharField:
    """A few sentences."""
    return forms.CharField(
        label=label,
        required=required,
        max_length=most,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": rows}),
    )


def criterion_choices(on: dt.date) -> list[Any]:
    """Criteria in force, by domain, with an empty first choice."""
    groups = [
        (label, [(each.code, f"{each.code} {each.text}") for each in criteria(key, on)])
        for key, label in domains(on).items()
    ]
    return [("", "没有对应条款"), *groups]


class ActForm(forms.Form):
    """Every form on a hazard knows the hazard and the person it is shown to."""

    def __init__(self, *args: Any, hazard: Hazard, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.hazard, self.user = hazard, user
        self.prepare()

    def prepare(self) -> None:
        """Fill choices and defaults that depend on the hazard."""


class RectificationForm(ActForm):
    text = words("整改情况", most=1000, help_text="做了什么、现在怎样，一两句话即可")
    finished_on = CalendarDayField(label="完成日期", widget=Day())
    funds_spent = forms.DecimalField(
        label="实际投入（元）", required=False, min_value=0, max_digits=12, decimal_places=2
    )

    def prepare(self) -> None:
        self.fields["finished_on"].initial = timezone.localdate()


class ReinspectionForm(ActForm):
    passed = forms.ChoiceField(label="复查结论", choices=PASS_OR_NOT, widget=forms.RadioSelect)
    reason_type = forms.ChoiceField(label="退回原因", required=False, help_text="不合格时必选")
    text = words("复查意见", rows=2, required=False)

    def prepare(self) -> None:
        typed = [(each.key, each.label) for each in send_back_reasons(timezone.localdate())]
        self.fields["reason_type"].choices = [("", "请选择"), *typed]  # type: ignore[attr-defined]


class OnSpotForm(ActForm):
    text = words("当场怎样整改", rows=2)


class ConfirmForm(ActForm):
    due_on = CalendarDayField(label="整改期限", required=False, widget=Day())

    def prepare(self) -> None:
        derived = deadline(self.hazard.level, timezone.localdate())
        self.fields["due_on"].help_text = f"留空按规则为 {derived.due_on.isoformat()}"


class ReasonForm(ActForm):
    reason = words("理由", rows=2)


class MergeForm(ActForm):
    """Which hazard this one repeats."""

    into = forms.ModelChoiceField(
        Hazard.objects.none(), label="并入哪一项", empty_label="请选择同一家企业的隐患"
    )
    reason = words("怎么看出是同一项", rows=2)

    def prepare(self) -> None:
        field = self.fields["into"]
        field.queryset = twins_of(self.hazard, self.user)  # type: ignore[attr-defined]
        field.label_from_instance = (  # type: ignore[attr-defined]
            lambda each: f"{each.number} {each.get_status_display()} {each.description[:40]}"
        )


class GradeForm(ActForm):
    criterion_code = forms.ChoiceField(label="判定条款", required=False)
    reason = words("认定理由", rows=2, required=False, help_text="没有对应条款时必填")

    def prepare(self) -> None:
        self.fields["criterion_code"].choices = criterion_choices(timezone.localdate())  # type: ignore[attr-defined]


class MajorReportForm(ActForm):
    causes = words("现状及产生原因", most=2000)
    danger = words("危害程度和整改难易", most=2000)


class MajorPlanForm(ActForm):
    goals = words("治理目标和任务", most=2000, rows=2)
    methods = words("采取的方法和措施", most=2000, rows=2)
    funding = words("经费和物资", most=2000, rows=2)
    staffing = words("机构和人员", most=2000, rows=2)
    schedule = words("时限和要求", most=2000, rows=2)
    safety = words("安全措施和应急预案", most=2000, rows=2)
    due_on = CalendarDayField(label="治理完成期限", widget=Day())

    def prepare(self) -> None:
        self.fields["due_on"].initial = self.hazard.due_on


class OpinionForm(ActForm):
    """Yes or no, with words for the no."""

    approved = forms.ChoiceField(
        label="意见", choices=(("yes", "同意"), ("no", "不同意")), widget=forms.RadioSelect
    )
    opinion = words("说明", rows=2, required=False, most=300, help_text="不同意时必填")


class AcceptanceForm(ActForm):
    team = forms.CharField(label="验收组成员", max_length=300)
    passed = forms.ChoiceField(label="验收结论", choices=PASS_OR_NOT, widget=forms.RadioSelect)
    opinion = words("验收意见", rows=2, required=False, help_text="不合格时必填")


class EvaluationForm(ActForm):
    evaluator = forms.CharField(label="评价单位或专家", max_length=120)
    measures_done = forms.BooleanField(label="治理措施全部完成", required=False)
    funds_in_place = forms.BooleanField(label="资金到位", required=False)
    staff_informed = forms.BooleanField(label="已向从业人员通报", required=False)
    risk_before = forms.ChoiceField(label="治理前风险", choices=RiskColour.choices)
    risk_after = forms.ChoiceField(label="治理后风险", choices=RiskColour.choices, initial=RiskColour.BLUE)
    conclusion = words("评价结论", rows=2)
    passed = forms.ChoiceField(label="评价", choices=PASS_OR_NOT, widget=forms.RadioSelect)


class ExtensionForm(ActForm):
    requested_due_on = CalendarDayField(label="申请延至", widget=Day())
    reason = words("为什么按期完不成", rows=2)
    interim_measures = words("延期期间怎样管控", rows=2, most=300)


class WithdrawForm(ActForm):
    """Nothing to fill in."""


class ExOfficioForm(ActForm):
    to = CalendarDayField(label="延至", widget=Day())
    reason = words("理由", rows=2)


class AssignForm(ActForm):
    organization = forms.ModelChoiceField(
        Organization.objects.none(), label="复查单位", empty_label="请选择单位"
    )
    reason = words("理由", rows=2)

    def prepare(self) -> None:
        self.fields["organization"].queryset = reviewers_for(self.hazard)  # type: ignore[attr-defined]


def reviewers_for(hazard: Hazard) -> Any:
    """Who may be asked to review a hazard: departments of its city and county, offices and localities above it."""
    above = [hazard.city_id, hazard.county_id, hazard.locality_id]
    return (
        Organization.objects.current(on=timezone.localdate())
        .filter(region__in=above, kind__in=["department", "office", "locality"])
        .exclude(pk=hazard.reviewing_organization_id)
        .order_by("kind", "region_id", "id")
    )


class BulkAssignForm(forms.Form):
    organization = forms.ModelChoiceField(
        Organization.objects.none(), label="改派给", empty_label="请选择单位"
    )
    reason = words("理由", rows=2)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        codes = {post.organization.region_id for post in user.posts}
        near = Q()
        for code in codes:
            near |= Q(region__code__startswith=code[:4])
        self.fields["organization"].queryset = (  # type: ignore[attr-defined]
            Organization.objects.current(on=timezone.localdate())
            .filter(near, kind__in=["department", "office", "locality"])
            .order_by("kind", "region_id", "id")
        )

    def wanted(self) -> dict[str, Any]:
        """What was filled in, as the background work keeps it."""
        return {"organization": self.cleaned_data["organization"].pk, "reason": self.cleaned_data["reason"]}


class BulkExtendForm(forms.Form):
    to = CalendarDayField(label="统一延至", widget=Day())
    reason = words("理由", rows=2)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    def wanted(self) -> dict[str, Any]:
        """What was filled in, as the background work keeps it."""
        return {"to": self.cleaned_data["to"].isoformat(), "reason": self.cleaned_data["reason"]}


class BulkCloseForm(forms.Form):
    """One opinion for many hazards whose rectifications were looked at one by one."""

    text = words("复查意见", rows=2, help_text="记入每一项的复查意见")
    looked = forms.BooleanField(label="以上各项的整改照片和说明，我已逐项看过，均合格")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    def wanted(self) -> dict[str, Any]:
        """What was filled in, as the background work keeps it."""
        return {"text": self.cleaned_data["text"]}


class HazardForm(forms.Form):
    """Entering one hazard with 五落实 and interim measures (R077)."""

    client_id = forms.UUIDField(widget=forms.HiddenInput)
    source = forms.ChoiceField(label="来源")
    description = words("隐患描述", rows=3, help_text="哪里、什么问题，照实写")
    location = forms.CharField(label="部位", max_length=120, required=False)
    premises = forms.ModelChoiceField(
        Premises.objects.none(), label="场所", required=False, empty_label="企业本部"
    )
    task = forms.ModelChoiceField(
        Task.objects.none(), label="所属任务", required=False, empty_label="不属于专项整治任务"
    )
    basis = forms.CharField(label="依据条款", max_length=200, required=False)
    level = forms.ChoiceField(label="等级", choices=Level.choices, initial=Level.GENERAL)
    criterion_code = forms.ChoiceField(label="重大判定条款", required=False, help_text="等级为重大时选择")
    found_on = CalendarDayField(label="发现日期", widget=Day())
    due_on = CalendarDayField(
        label="整改期限", required=False, widget=Day(), help_text="留空按规则推算；举报、报警在核实时确定"
    )
    responsible_person = forms.CharField(label="整改责任人", max_length=60, required=False)
    measures = words("整改措施", rows=2, required=False)
    funds = forms.DecimalField(
        label="整改资金（元）", required=False, min_value=0, max_digits=12, decimal_places=2
    )
    contingency = forms.CharField(label="应急预案", max_length=300, required=False)
    interim_measures = words(
        "临时管控措施", rows=2, required=False, most=300, help_text="不能立即整改的，写明改好之前怎样保证安全"
    )

    OFFICER_SOURCES = (
        Hazard.Source.INSPECTION, Hazard.Source.OVERSIGHT, Hazard.Source.EXPERT, Hazard.Source.TIP,
        Hazard.Source.MONITORING, Hazard.Source.SELF_CHECK,
    )  # fmt: skip

    def __init__(self, *args: Any, enterprise: Enterprise, user: User, own: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        sources = (Hazard.Source.SELF_CHECK,) if own else self.OFFICER_SOURCES
        self.fields["source"].choices = [(each.value, each.label) for each in sources]  # type: ignore[attr-defined]
        self.fields["found_on"].initial = today
        self.fields["criterion_code"].choices = criterion_choices(today)  # type: ignore[attr-defined]
        self.fields["premises"].queryset = enterprise.premises.filter(is_active=True)  # type: ignore[attr-defined]
        running = Campaign.objects.visible_to(user).filter(status=Campaign.Status.RUNNING)
        self.fields["task"].queryset = (  # type: ignore[attr-defined]
            Task.objects.live()
            .filter(campaign__in=running, kinds=enterprise.kind_id)
            .select_related("campaign")
            .order_by("campaign_id", "position")
        )
        if own:
            del self.fields["task"], self.fields["premises"]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("level") == Level.GENERAL and data.get("criterion_code"):
            self.add_error("level", "选了重大判定条款，等级应为“重大”；否则请清空条款")
        return data
