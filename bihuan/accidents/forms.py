"""What people fill in about accidents."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.utils import timezone

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.queries import regions_to_choose
from bihuan.campaigns.models import Campaign
from bihuan.core import forms as fields
from bihuan.core.forms import day_field, moment_field
from bihuan.registry.models import Enterprise
from bihuan.rules import accidents as rules

from .models import Accident, Casualty, ControlNumber, Escalation, PublishedFigure
from .workflow import Kind, Level, MeasureKind, Treatment

words_field = partial(fields.words_field, most=2000, rows=2)


def number_field(label: str, help_text: str = "") -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=0, max_value=100_000, initial=0, help_text=help_text)


class TollForm(forms.Form):
    """What it cost, as far as known."""

    deaths = number_field("死亡（人）")
    serious = number_field("重伤（人）", "含急性工业中毒")
    minor = number_field("轻伤（人）")
    missing = number_field("下落不明（人）", "确认死亡前不计入死亡")
    loss = forms.DecimalField(
        label="直接经济损失（万元）", min_value=0, max_digits=12, decimal_places=2, initial=0
    )

    def toll(self) -> rules.Toll:
        """What was filled in, as the rules take it."""
        given = self.cleaned_data
        return rules.Toll(given["deaths"], given["serious"], given["minor"], given["missing"], given["loss"])


def toll_of(accident: Accident) -> dict[str, Any]:
    return {name: getattr(accident, name) for name in ("deaths", "serious", "minor", "missing", "loss")}


class ToldMixin(forms.Form):
    """The six things of article 12."""

    unit_overview = words_field("事发单位概况", required=False)
    scene = words_field("时间、地点和现场情况", required=False)
    course = words_field("简要经过", rows=3)
    casualties = words_field("伤亡情况（含下落不明）和初步估计的损失", required=False)
    measures = words_field("已经采取的措施", required=False)
    other = words_field("其他应当报告的情况", required=False)


TOLD = ("unit_overview", "scene", "course", "casualties", "measures", "other")


class PlaceForm(forms.Form):
    """What happened where; whoever reports for an enterprise is not asked which."""

    title = forms.CharField(
        label="事故名称", max_length=120, help_text="例：好味来面馆“3·12”燃气泄漏爆燃事故"
    )
    kind = forms.ChoiceField(label="事故类别", choices=Kind.choices)
    occurred_at = moment_field("发生时间")
    region = forms.ModelChoiceField(label="乡镇（街道）或者县区", queryset=Region.objects.none())
    place = forms.CharField(label="发生地点", max_length=200)
    unit = forms.CharField(
        label="事发单位或者场所",
        max_length=120,
        help_text="写全称；和企业台账上的名称或者信用代码一致的，自动挂到那家企业",
    )
    department = forms.ModelChoiceField(
        label="行业主管部门",
        queryset=Organization.objects.none(),
        required=False,
        empty_label="按企业台账，或者暂不确定",
    )
    campaign = forms.ModelChoiceField(
        label="所属专项整治", queryset=Campaign.objects.none(), required=False, empty_label="不属于专项整治"
    )
    explosion = forms.BooleanField(label="锅炉、压力容器、压力管道爆炸", required=False)
    moved = forms.IntegerField(
        label="有毒介质泄漏转移人数", min_value=0, max_value=10_000_000, initial=0, help_text="特种设备事故填"
    )

    def __init__(
        self, *args: Any, user: User, body: Organization, own: Enterprise | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.own = user, own
        area = body.region_id[:4] if body.kind == Organization.Kind.DEPARTMENT else body.region_id
        codes = [each.code for each in regions_to_choose([area]) if len(each.code) >= 6]
        self.fields["region"].queryset = Region.objects.filter(code__in=codes)  # type: ignore[attr-defined]
        departments = Organization.objects.current(on=timezone.localdate()).filter(
            kind=Organization.Kind.DEPARTMENT, region__code__startswith=area[:4]
        )
        self.fields["department"].queryset = departments  # type: ignore[attr-defined]
        self.fields["campaign"].queryset = Campaign.objects.visible_to(user).filter(  # type: ignore[attr-defined]
            status=Campaign.Status.RUNNING
        )
        if own is not None:
            for name in ("region", "unit", "department", "campaign"):
                del self.fields[name]

    def found(self) -> dict[str, Any]:
        """The enterprise meant by the words, or the words."""
        if self.own is not None:
            return {"enterprise": self.own, "region": self.own.locality}
        words = self.cleaned_data["unit"].strip()
        rows = Enterprise.objects.visible_to(self.user).select_related("locality", "department")
        enterprise = rows.filter(credit_code=words).first() if len(words) == 18 else None
        enterprise = enterprise or rows.filter(name=words).order_by("pk").first()
        return {
            "enterprise": enterprise,
            "unit_name": words,
            "region": self.cleaned_data["region"],
            "department": self.cleaned_data["department"],
            "campaign": self.cleaned_data["campaign"],
        }

    def where(self) -> dict[str, Any]:
        """Everything but the toll and what was told, as the actions take it."""
        names = ("title", "kind", "occurred_at", "place", "explosion", "moved")
        return {**{name: self.cleaned_data[name] for name in names}, **self.found()}


class ReportForm(ToldMixin, TollForm, PlaceForm):
    """The first report (快报)."""

    known_at = moment_field(
        "得知时间", help_text="单位负责人接到报告起 1 小时内报；政府部门接到报告起逐级 2 小时内报"
    )
    field_order = (
        "title", "kind", "occurred_at", "known_at", "region", "place", "unit", "deaths", "serious", "minor", "missing", "loss",
        *TOLD, "department", "campaign", "explosion", "moved",
    )  # fmt: skip


class FollowForm(ToldMixin, TollForm):
    """A follow-up (续报)."""

    known_at = moment_field("得知变化的时间")
    as_of = day_field("伤亡数据截至", help_text="补报窗口内的变化计入统计和定级，窗口外的留存不计入")
    course = words_field("变化情况", rows=3)
    is_final = forms.BooleanField(
        label="伤亡情况已经稳定，不再续报", required=False, help_text="勾选后本单位的续报待办办结"
    )
    field_order = (
        "known_at",
        "as_of",
        "deaths",
        "serious",
        "minor",
        "missing",
        "loss",
        "course",
        *TOLD,
        "is_final",
    )


class VerifyForm(TollForm):
    as_of = day_field("数据截至")
    is_production = forms.BooleanField(
        label="属于生产安全事故", required=False, help_text="居民火灾等不属于，单独并列统计"
    )
    note = words_field("核定说明", most=500, required=False)


class CorrectForm(TollForm, PlaceForm):
    is_production = forms.BooleanField(label="属于生产安全事故", required=False)
    concealed = forms.BooleanField(label="涉嫌瞒报、谎报", required=False)
    complex = forms.BooleanField(label="案情特别复杂或者影响特别大", required=False)
    as_of = day_field("数据截至")
    reason = words_field("更正理由", most=500)


class ReasonForm(forms.Form):
    reason = words_field("理由", most=500)


class FileForm(forms.Form):
    """Nothing is asked: the city's office takes it on file."""


class SettleForm(forms.Form):
    """Nothing is asked: everything is on the page."""


class AssessForm(forms.Form):
    text = words_field("整改措施落实情况和评估结论", rows=4)
    assessed_on = day_field("评估日期")
    published_on = day_field("向社会公开的日期", required=False)


class InquiryForm(forms.Form):
    level = forms.ChoiceField(label="调查级别", choices=Level.choices)
    began_on = day_field("调查组成立日期")
    head = forms.CharField(label="组长", max_length=60, help_text="姓名、职务")
    team = words_field(
        "成员",
        rows=4,
        required=False,
        help_text="一行一人：单位，姓名。例：市住房和城乡建设局，李建明。专家写“专家，姓名”",
    )
    delegated = forms.BooleanField(
        label="委托事发单位调查", required=False, help_text="只限没有造成人员伤亡的一般事故"
    )


class ExtendForm(forms.Form):
    to = day_field("延长至", help_text="最多延长 60 日")
    reason = words_field("理由", most=500)


class PauseForm(forms.Form):
    on = day_field("鉴定开始日期", help_text="技术鉴定所需时间不计入调查期限")
    reason = words_field("鉴定事项", most=500)


class ResumeForm(forms.Form):
    on = day_field("鉴定结束日期")


class SubmitForm(forms.Form):
    direct_cause = words_field("直接原因", rows=3)
    indirect_cause = words_field("间接原因", rows=3, required=False)
    nature = forms.CharField(label="事故性质", max_length=60, help_text="例：责任事故")
    lesson = words_field("事故教训", rows=3, required=False, help_text="进入事故案例库，供警示教育使用")
    submitted_on = day_field("报告提交日期")


class ApproveForm(forms.Form):
    approved_on = day_field("批复日期")
    document = forms.CharField(label="批复文件", max_length=120)


class MeasureForm(forms.Form):
    kind = forms.ChoiceField(label="类别", choices=MeasureKind.choices)
    treatment = forms.ChoiceField(label="处理方式", choices=Treatment.choices, initial=Treatment.NONE)
    target = forms.CharField(
        label="对象", max_length=120, required=False, help_text="责任单位的名称，或者责任人员的单位和职务"
    )
    person = forms.CharField(
        label="人员姓名", max_length=60, required=False, help_text="加密保存，页面上隐去"
    )
    text = words_field("建议内容", rows=3)
    organization = forms.ModelChoiceField(label="落实单位", queryset=Organization.objects.none())

    def __init__(self, *args: Any, accident: Accident, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bodies = Organization.objects.current(on=timezone.localdate()).filter(
            region__code__startswith=accident.city_id
        )
        kinds = (Organization.Kind.OFFICE, Organization.Kind.DEPARTMENT, Organization.Kind.LOCALITY)
        chosen = bodies.filter(kind__in=kinds)
        if accident.enterprise and accident.enterprise.organization_id:
            chosen = chosen | bodies.filter(pk=accident.enterprise.organization_id)
        self.fields["organization"].queryset = chosen.order_by("region_id", "pk")  # type: ignore[attr-defined]


class MeasureReportForm(forms.Form):
    result = words_field("落实情况", rows=3)
    document = forms.CharField(
        label="处理文书", max_length=120, required=False, help_text="对人、对单位的处理必须填文号"
    )


class MeetForm(forms.Form):
    note = words_field("落实情况", most=500)
    met_on = day_field("落实日期")


class DecideForm(forms.Form):
    decision = forms.ChoiceField(label="决定", choices=Escalation.Decision.choices)
    reason = words_field("理由", most=500, required=False, help_text="不提级的必须写明理由")


class InitialForm(forms.Form):
    text = words_field("初步查明的情况", rows=4)


class SendForm(forms.Form):
    how = forms.CharField(label="上报方式", max_length=60, help_text="例：电话报市安委办值班室，随后系统报送")
    sent_at = moment_field("上报时间")


class CasualtyForm(forms.Form):
    name = forms.CharField(label="姓名", max_length=60, required=False, help_text="加密保存，页面上隐去")
    age = forms.IntegerField(label="年龄", min_value=0, max_value=120, required=False)
    occupation = forms.CharField(label="工种", max_length=60, required=False)
    outcome = forms.ChoiceField(label="伤亡情况", choices=Casualty.Outcome.choices)
    changed_on = day_field("情况日期")
    note = forms.CharField(label="备注", max_length=200, required=False)


class ControlForm(forms.Form):
    region = forms.ModelChoiceField(label="区划", queryset=Region.objects.none())
    year = forms.IntegerField(label="年份", min_value=2000, max_value=2100)
    item = forms.ChoiceField(label="项目", choices=ControlNumber.Item.choices)
    group = forms.ChoiceField(label="范围", required=False)
    value = forms.IntegerField(label="控制数", min_value=0, max_value=1_000_000)
    document = forms.CharField(label="下达文件", max_length=200)

    def __init__(self, *args: Any, area: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].queryset = _regions(area)  # type: ignore[attr-defined]
        self.fields["group"].choices = [("", "各类生产安全事故"), *rules.groups().items()]  # type: ignore[attr-defined]


class BaseForm(forms.Form):
    region = forms.ModelChoiceField(label="区划", queryset=Region.objects.none())
    year = forms.IntegerField(label="年份", min_value=2000, max_value=2100)
    indicator = forms.ChoiceField(label="指标")
    value = forms.DecimalField(label="基数", min_value=0, max_digits=16, decimal_places=2)
    document = forms.CharField(label="来源", max_length=200, help_text="例：统计公报")

    def __init__(self, *args: Any, area: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].queryset = _regions(area)  # type: ignore[attr-defined]
        self.fields["indicator"].choices = [  # type: ignore[attr-defined]
            (rule.key, f"{rule.base}（{rule.unit}）") for rule in rules.rate_rules()
        ]


class PublishedForm(forms.Form):
    """What a higher level published, for the share of one's own area in it."""

    region = forms.ModelChoiceField(
        label="区划", queryset=Region.objects.none(), help_text="算谁占上级的比重"
    )
    above = forms.ChoiceField(label="哪一级的数", choices=PublishedFigure.Above.choices)
    first = day_field("从")
    last = day_field("到")
    group = forms.ChoiceField(label="范围", required=False)
    accidents = forms.IntegerField(label="起数", min_value=0, max_value=10_000_000)
    deaths = forms.IntegerField(label="死亡人数", min_value=0, max_value=10_000_000)
    document = forms.CharField(label="来源", max_length=200, help_text="例：省安委办第三季度通报")

    def __init__(self, *args: Any, area: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].queryset = _regions(area)  # type: ignore[attr-defined]
        self.fields["group"].choices = [("", "各类事故"), *rules.groups().items()]  # type: ignore[attr-defined]


class SwitchForm(forms.Form):
    campaign = forms.ModelChoiceField(label="专项整治", queryset=Campaign.objects.none())
    is_on = forms.BooleanField(label="活动期内发生事故一律提级调查", required=False)
    document = forms.CharField(label="依据", max_length=200, help_text="方案的文号和条目")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["campaign"].queryset = Campaign.objects.visible_to(user).filter(  # type: ignore[attr-defined]
            status=Campaign.Status.RUNNING
        )


def _regions(area: str) -> Any:
    codes = [each.code for each in regions_to_choose([area])]
    return Region.objects.filter(code__in=[*codes, area])
