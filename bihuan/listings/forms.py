"""What people fill in about listings."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone

from bihuan.accounts.models import Organization
from bihuan.batches.forms import bodies_of, words_field
from bihuan.core.forms import day_field
from bihuan.rules import listings as rules

from .models import EffectReport, LeaderVisit, Listing
from .workflow import ChainPurpose, ListingLevel, SubjectKind

YES_NO = [("yes", "是"), ("no", "否")]


def money_field(label: str, *, help_text: str = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=False, min_value=0, max_digits=14, decimal_places=2, help_text=help_text
    )


def yes_field(label: str) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=YES_NO, widget=forms.RadioSelect)


class ReportForm(forms.Form):
    """The report (呈报): what, why, what is asked, who answers for it, by when."""

    title = forms.CharField(label="督办事项", max_length=160)
    level = forms.ChoiceField(label="挂牌级别", choices=ListingLevel.choices)
    owner = forms.ModelChoiceField(
        label="查处（整改）责任单位",
        queryset=Organization.objects.none(),
        required=False,
        empty_label="请选择单位",
    )
    reason = words_field("呈报理由", 2000, rows=4, help_text="现状、危害程度、为什么要挂牌")
    demand = words_field("督办要求", 2000, rows=4, help_text="印在挂牌督办通知书上")
    due_on = day_field("整改期限")
    place = forms.CharField(label="场所", max_length=160, help_text="印在公示牌上")
    person_name = forms.CharField(label="整改责任人", max_length=60, help_text="公示牌和公开页只写姓名和职务")
    person_title = forms.CharField(label="责任人职务", max_length=60)
    leader_name = forms.CharField(label="督办领导", max_length=60, required=False)
    leader_title = forms.CharField(label="督办领导职务", max_length=60, required=False)
    public_text = words_field("公开表述", 300, help_text="公示牌和公开页上的话，不写个人信息和涉密内容")
    basis = forms.CharField(label="依据", max_length=300, required=False)

    def __init__(
        self,
        data: Any = None,
        *,
        kind: str,
        area: str,
        initial: dict[str, Any] | None = None,
        fixed: bool = False,
        levels: list[tuple[str, str]] | None = None,
    ) -> None:
        super().__init__(data, initial=initial)
        if levels:
            self.fields["level"].choices = levels  # type: ignore[attr-defined]
        if fixed or kind == SubjectKind.HAZARD:
            del self.fields["owner"]
        else:
            self.fields["owner"].queryset = bodies_of(area)  # type: ignore[attr-defined]
            self.fields["owner"].required = True
        if fixed:
            del self.fields["level"]
        if kind == SubjectKind.ACCIDENT:
            self.fields["due_on"].label = "查处期限"
            self.fields["person_name"].label = "查处责任人"
        if kind != SubjectKind.HAZARD:
            self.fields["reason"].help_text = "现状、差距、为什么要挂牌"


class OpinionForm(forms.Form):
    opinion = words_field("意见", 500, required=False)


class ReasonForm(forms.Form):
    reason = words_field("理由", 500)


class SignForm(forms.Form):
    """One step of a chain: agreed or sent back. A signature on paper names who signed and when.

    `step` says which step the page was shown for: pressed twice, it does not sign the next one too.
    """

    agreed = forms.ChoiceField(
        label="签署", choices=[("yes", "同意"), ("no", "退回")], widget=forms.RadioSelect
    )
    opinion = words_field("意见", 500, required=False, help_text="退回时必填理由")
    step = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)

    def __init__(self, data: Any = None, *, on_paper: bool, step: str) -> None:
        super().__init__(data)
        self.initial["step"] = step
        if on_paper:
            self.fields["name"] = forms.CharField(label="签批领导姓名", max_length=60, required=False)
            self.fields["title"] = forms.CharField(
                label="签批领导职务", max_length=60, required=False, help_text="例：分管副区长"
            )
            self.fields["signed_on"] = day_field("签批日期", required=False)
            self.initial["signed_on"] = timezone.localdate()


class PlanForm(forms.Form):
    """The six parts and the five assurances; for a hazard without a report, state and danger as well."""

    def __init__(self, data: Any = None, *, listing: Listing) -> None:
        super().__init__(data)
        today = timezone.localdate()
        hazard = listing.hazard
        if hazard is not None and hazard.status == "planning" and not hazard.major_reports.exists():
            self.fields["causes"] = words_field("现状及产生原因", 2000, rows=3)
            self.fields["danger"] = words_field("危害程度和整改难易", 2000, rows=3)
        for number, part in enumerate(rules.plan_parts(listing.kind, today), start=1):
            self.fields[part.key] = words_field(f"{number}．{part.label}", 4000, rows=3)
        for part in rules.assurances(today):
            self.fields[part.key] = forms.CharField(label=f"五落实：{part.label}", max_length=200)
        self.fields["budget"] = money_field("计划投入（元）")
        known = hazard.major_plans.order_by("-pk").first() if hazard is not None else None
        filed = listing.plans.order_by("-pk").first()
        if filed is not None:  # sent back: only what was found wanting is written anew
            self.initial.update({name: getattr(filed, name) for name in self.fields if hasattr(filed, name)})
        elif known is not None and hazard is not None and hazard.status != "planning":
            self.initial.update({part: getattr(known, part) for part in PART_NAMES})


PART_NAMES = ("goals", "methods", "funding", "staffing", "schedule", "safety")


class ProgressForm(forms.Form):
    percent = forms.IntegerField(label="进度（%）", min_value=0, max_value=100)
    text = words_field("已做的", 2000, rows=3)
    problems = words_field("困难和下步打算", 2000, required=False)
    funds_spent = money_field("累计投入（元）")


class VisitForm(forms.Form):
    kind = forms.ChoiceField(label="类别", choices=LeaderVisit.Kind.choices)
    visited_on = day_field("日期")
    leader_name = forms.CharField(label="带队人", max_length=60)
    leader_title = forms.CharField(label="职务", max_length=60)
    found = words_field("现场情况", 2000, rows=3)
    demands = words_field("提出的要求", 2000, required=False)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, initial={"visited_on": timezone.localdate()})


class ExtensionForm(forms.Form):
    to = day_field("延至")
    reason = words_field("延期理由", 2000)
    interim_measures = words_field("延期期间的安全措施", 2000)


class ApplyForm(forms.Form):
    finished_on = day_field("完成日期")
    text = words_field("完成情况", 2000, rows=3)
    funds_spent = money_field("实际投入（元）")

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, initial={"finished_on": timezone.localdate()})


class EffectForm(forms.Form):
    evaluator_kind = forms.ChoiceField(label="评价方式", choices=EffectReport.Evaluator.choices)
    evaluator = forms.CharField(label="评价单位或专家", max_length=120)
    measures_done = yes_field("治理措施全部完成")
    risk_before = forms.CharField(
        label="整改前风险", max_length=8, help_text="LEC 的 D 值、LS 的 R 值或者颜色"
    )
    risk_after = forms.CharField(label="整改后风险", max_length=8)
    funds_in_place = yes_field("资金到位")
    staff_informed = yes_field("已向从业人员通报")
    no_recurrence = yes_field("同类隐患没有再发生")
    conclusion = words_field("评价结论", 2000, rows=3)


class PublishForm(forms.Form):
    medium = forms.CharField(label="公布在哪里", max_length=200, help_text="例：市政府网站公示公告栏")
    published_on = day_field("公布日期")

    def __init__(self, data: Any = None, *, medium: str = "") -> None:
        super().__init__(data, initial={"published_on": timezone.localdate(), "medium": medium})


class NoteForm(forms.Form):
    note = forms.CharField(label="报备方式或文号", max_length=120)


class EmptyForm(forms.Form):
    """Nothing to fill in: a button alone."""


class ExaminationForm(forms.Form):
    examined_on = day_field("审查日期")
    passed = forms.ChoiceField(
        label="结论",
        choices=[("yes", "合格，同意摘牌"), ("no", "不合格，退回整改")],
        widget=forms.RadioSelect,
    )
    opinion = words_field("审查意见", 2000, rows=3)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, initial={"examined_on": timezone.localdate()})


class LetterForm(forms.Form):
    """Who signs for somebody without an account, or, if somebody does, for the government itself."""

    signer_name = forms.CharField(label="签字人姓名", max_length=60)
    signer_title = forms.CharField(label="职务", max_length=60)

    def __init__(self, data: Any = None, *, required: bool = True, auto_id: str = "id_%s") -> None:
        super().__init__(data, auto_id=auto_id)
        for field in self.fields.values():
            field.required = required


class ClocksForm(forms.Form):
    rule_set = forms.ChoiceField(label="时限口径")
    document = forms.CharField(label="依据文件", max_length=200)
    effective_from = day_field("起用日期")

    def __init__(self, data: Any = None, *, on: dt.date) -> None:
        super().__init__(data, initial={"effective_from": on})
        self.fields["rule_set"].choices = [(each.key, each.label) for each in rules.rule_sets(on)]  # type: ignore[attr-defined]


class ChainForm(forms.Form):
    """A chain; its steps are rows of their own."""

    kind = forms.ChoiceField(label="挂牌对象", choices=SubjectKind.choices)
    purpose = forms.ChoiceField(label="用途", choices=ChainPurpose.choices)
    document = forms.CharField(label="依据文件", max_length=200)
    effective_from = day_field("起用日期")

    def __init__(self, data: Any = None, *, on: dt.date) -> None:
        super().__init__(data, initial={"effective_from": on})
