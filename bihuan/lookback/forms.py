"""What people fill in when looking back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.queries import regions_to_choose
from bihuan.campaigns.models import Campaign
from bihuan.core.forms import day_field, words_field
from bihuan.inspections.models import Inspection
from bihuan.rules import assessments as risk
from bihuan.rules.sampling import CONFIDENCES

from .actions.planning import MONTHS
from .models import LookbackRound
from .workflow import STRATA, VERDICTS, CheckStatus, Method, Target, Verdict


class RoundForm(forms.Form):
    """A new round: which closed hazards, or which blind spots, how sure."""

    target = forms.ChoiceField(choices=Target.choices, required=False, widget=forms.HiddenInput)
    title = forms.CharField(label="名称", max_length=80, help_text="例：2026 年第四季度回头看")
    region = forms.ModelChoiceField(label="范围", queryset=Region.objects.none())
    campaign = forms.ModelChoiceField(
        label="专项整治", queryset=Campaign.objects.none(), required=False, empty_label="全部隐患"
    )
    closed_from = day_field("销号日期从")
    closed_to = day_field("销号日期到")
    unseen_months = forms.TypedChoiceField(
        label="多久没有检查的算监管盲区",
        coerce=int,
        choices=[(each, f"{each} 个月没有检查" if each else "从未检查过") for each in MONTHS],
        help_text="只算监管单位的检查；企业自查、随瓶安检不算",
    )
    stratify = forms.ChoiceField(label="按什么分层")
    method = forms.ChoiceField(label="样本怎么分到各层", choices=Method.choices)
    confidence = forms.TypedChoiceField(
        label="置信度", coerce=int, initial=95, choices=[(each, f"{each}%") for each in CONFIDENCES]
    )
    margin = forms.DecimalField(
        label="误差不超过（百分点）", min_value=Decimal("0.5"), max_value=30, decimal_places=1, initial=5
    )
    expected = forms.DecimalField(
        label="预计反弹率（%）", min_value=Decimal("0.5"), max_value=Decimal("99.5"), decimal_places=1, initial=50,
        help_text="没有经验的填 50，样本最大、最稳妥",
    )  # fmt: skip
    minimum = forms.IntegerField(label="每层至少抽查（条）", min_value=0, max_value=50)
    public_value_of = forms.CharField(
        label="公开随机值",
        max_length=120,
        required=False,
        help_text="可不填。例：明日上证指数收盘价，抽取时填写，谁也不能提前知道",
    )

    def __init__(
        self, data: Any = None, *, user: User, body: Organization, target: str = Target.CLOSED, **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self.fields["target"].initial = target
        for name in ("closed_from", "closed_to") if target == Target.BLIND else ("unseen_months",):
            del self.fields[name]
        if target == Target.BLIND:
            self.fields["campaign"].label = "只看这项整治的检查对象"
            self.fields["campaign"].empty_label = "全部对象"  # type: ignore[attr-defined]
            self.fields["expected"].label = "预计有问题的比例（%）"
            self.fields["minimum"].label = "每层至少抽查（家）"
        strata = [(each.value, each.label) for each in STRATA[target]]
        self.fields["stratify"].choices = strata  # type: ignore[attr-defined]
        area = body.region_id[:4] if body.kind == Organization.Kind.DEPARTMENT else body.region_id
        codes = [area, *(each.code for each in regions_to_choose([area]))]
        self.fields["region"].queryset = Region.objects.filter(code__in=codes)  # type: ignore[attr-defined]
        self.fields["campaign"].queryset = Campaign.objects.visible_to(user)  # type: ignore[attr-defined]


class DrawForm(forms.Form):
    public_value = forms.CharField(label="公开随机值", max_length=120, required=False)


class HandForm(forms.Form):
    """Who looks instead of whoever waits now."""

    body = forms.ModelChoiceField(label="交给", queryset=Organization.objects.none())
    locality = forms.ModelChoiceField(
        label="只交这个乡镇（街道）的",
        queryset=Region.objects.none(),
        required=False,
        empty_label="全部待抽查的",
    )

    def __init__(
        self, data: Any = None, *, held: LookbackRound, bodies: list[Organization], **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self.fields["body"].queryset = Organization.objects.filter(pk__in=[each.pk for each in bodies])  # type: ignore[attr-defined]
        if held.is_blind:
            self.fields["body"].required = False
            self.fields["body"].empty_label = "各自所在的乡镇（街道）"  # type: ignore[attr-defined]
        waiting = held.checks.filter(status=CheckStatus.WAITING).values("locality")
        self.fields["locality"].queryset = Region.objects.filter(pk__in=waiting)  # type: ignore[attr-defined]


class JudgeForm(forms.Form):
    """What was found, on a phone."""

    status = forms.ChoiceField(
        label="结论", widget=forms.RadioSelect,
        choices=[(each.value, each.label) for each in VERDICTS[Target.CLOSED]],
    )  # fmt: skip
    checked_on = day_field("抽查日期")
    found = words_field("现场情况", help_text="看到了什么；无法判断的写明原因")


class VisitForm(forms.Form):
    """Which visit settles a place nobody had been to; none when it could not be seen."""

    inspection = forms.ModelChoiceField(
        label="按哪次检查登记", queryset=Inspection.objects.none(), required=False, empty_label="没有检查到"
    )
    found = words_field(
        "没有检查到的原因", required=False, help_text="停业、搬迁、查无此户等，写明下一步怎么办"
    )

    def __init__(self, data: Any = None, *, visits: QuerySet[Inspection], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        field: Any = self.fields["inspection"]
        field.queryset = visits
        field.label_from_instance = _visit_words

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not given.get("inspection") and not str(given.get("found") or "").strip():
            self.add_error("found", "请选择检查记录；没有检查到的写明原因")
        return given


def _visit_words(visit: Inspection) -> str:
    result = "未发现隐患" if visit.is_clean else f"发现隐患 {visit.hazard_count} 项"
    return f"{visit.inspected_on} {visit.organization.short_name} {visit.get_kind_display()}，{result}"


class ConcludeForm(forms.Form):
    conclusion = words_field("结论", most=2000, rows=4)


class ReasonForm(forms.Form):
    reason = words_field("理由", rows=2)


class EvaluateForm(forms.Form):
    """The table of an evaluation."""

    measures_done = forms.IntegerField(label="措施完成（%）", min_value=0, max_value=100)
    measures_note = words_field("措施完成情况", required=False, rows=2)
    method = forms.ChoiceField(
        label="风险评价方法", choices=[("lec", "LEC（D＝L×E×C）"), ("ls", "风险矩阵（R＝L×S）")]
    )
    before_likelihood = forms.CharField(label="整改前：可能性 L")
    before_exposure = forms.CharField(label="整改前：暴露频次 E（LEC 填）", required=False)
    before_consequence = forms.CharField(label="整改前：后果 C（LEC 填）", required=False)
    before_severity = forms.CharField(label="整改前：严重性 S（风险矩阵填 1 至 5）", required=False)
    after_likelihood = forms.CharField(label="整改后：可能性 L")
    after_exposure = forms.CharField(label="整改后：暴露频次 E（LEC 填）", required=False)
    after_consequence = forms.CharField(label="整改后：后果 C（LEC 填）", required=False)
    after_severity = forms.CharField(label="整改后：严重性 S（风险矩阵填 1 至 5）", required=False)
    funds_spent = forms.DecimalField(
        label="到位资金（元）", min_value=0, max_digits=14, decimal_places=2, required=False
    )
    workers_told = forms.BooleanField(label="已向从业人员通报", required=False)
    evidence_complete = forms.BooleanField(label="整改前后照片、验收意见等证据完整", required=False)
    verdict = forms.ChoiceField(label="结论", choices=Verdict.choices)
    opinion = words_field("评价意见", most=2000, rows=4)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scale = risk.lec_scale(None, timezone.localdate())
        for name, steps in (
            ("exposure", scale.exposure),
            ("consequence", scale.consequence),
        ):
            for when in ("before", "after"):
                old = self.fields[f"{when}_{name}"]
                choices = [
                    ("", "不填"),
                    *((f"{each.value:f}", f"{each.value:f} {each.label}") for each in steps),
                ]
                self.fields[f"{when}_{name}"] = forms.ChoiceField(
                    label=old.label, choices=choices, required=False
                )
        likely = "、".join(f"{each.value:f}" for each in scale.likelihood)
        self.fields["before_likelihood"].help_text = f"LEC 取 {likely}；风险矩阵取 1 至 5"

    def scores(self, when: str) -> dict[str, Any]:
        """What the chosen method asks, before or after."""
        names = (
            ("likelihood", "exposure", "consequence")
            if self.cleaned_data["method"] == "lec"
            else ("likelihood", "severity")
        )
        return {name: self.cleaned_data[f"{when}_{name}"] for name in names}
