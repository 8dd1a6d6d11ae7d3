"""What people fill in about projects, money, funds, support, care and services."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import regions_to_choose
from bihuan.batches.workflow import Verdict
from bihuan.campaigns.models import Campaign
from bihuan.core.forms import day_field, words_field
from bihuan.registry.models import Enterprise
from bihuan.rules import projects as rules

from .models import FundCommitment, FundPurpose, Project, ProjectSource, SupportRequest
from .standing import posts_with
from .workflow import FundTarget, MoneyKind, ProjectStatus

CENT = Decimal("0.01")


def yuan_field(
    label: str, *, required: bool = True, help_text: str = "", least: Decimal = CENT
) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=required, min_value=least, max_digits=14, decimal_places=2, help_text=help_text
    )


def named_enterprise(words: str, user: User) -> Enterprise | None:
    """The enterprise one may see that is called so, or has that credit code."""
    rows = Enterprise.objects.visible_to(user).select_related("organization", "locality", "department")
    found = rows.filter(credit_code=words).first() if len(words) == 18 else None
    return found or rows.filter(name=words).order_by("pk").first()


class EnterpriseField(forms.CharField):
    """An enterprise by its name or credit code; there are too many to list."""

    def __init__(self, *, user: User, **kwargs: Any) -> None:
        super().__init__(max_length=120, **kwargs)
        self.user = user

    def clean(self, value: Any) -> Any:
        words = super().clean(value).strip()
        if not words:
            return None
        found = named_enterprise(words, self.user)
        if found is None:
            raise forms.ValidationError(
                f"底册里没有您看得到的“{words[:40]}”，请核对名称或者填统一社会信用代码；没有登记的先登记企业"
            )
        return found


class ProjectForm(forms.Form):
    """A project of the pool."""

    name = forms.CharField(label="项目名称", max_length=120)
    kind = forms.ChoiceField(label="项目种类")
    region = forms.ModelChoiceField(label="地区", queryset=Region.objects.none(), empty_label="请选择")
    department = forms.ModelChoiceField(
        label="牵头部门", queryset=Organization.objects.none(), empty_label="请选择"
    )
    owner_name = forms.CharField(
        label="建设单位",
        max_length=120,
        help_text="底册里有的填全称或者统一社会信用代码，它就能在自己的账号里报进度",
    )
    campaign = forms.ModelChoiceField(
        label="所属专项整治", queryset=Campaign.objects.none(), required=False, empty_label="不属于专项整治"
    )
    place = forms.CharField(
        label="工程地点", max_length=200, required=False, help_text="例：幸福路（人民路至文昌街）"
    )
    need = words_field("建设理由和消除的隐患", most=2000, rows=4)
    basis = forms.CharField(label="依据", max_length=200, required=False, help_text="方案条目、文件文号")
    kilometres = forms.DecimalField(
        label="管道长度（公里）", required=False, min_value=0, max_value=100_000, decimal_places=3
    )
    households = forms.IntegerField(label="惠及户数", required=False, min_value=0, max_value=10_000_000)
    quantity = forms.DecimalField(
        label="工程数量", required=False, min_value=0, max_value=10_000_000, decimal_places=2,
        help_text="阀门、调压设施填台数，其他按种类的单位",
    )  # fmt: skip
    estimate = yuan_field("估算投资（元）", help_text="单位是元，不是万元")
    start_on = day_field("计划开工", required=False)
    finish_on = day_field("计划完工", required=False)
    gas_stop_on = day_field(
        "停气日期", required=False, help_text="要停气施工的填；需要照顾的住户在此前一天走访完"
    )

    def __init__(self, *args: Any, user: User, project: Project | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        today = timezone.localdate()
        self.fields["kind"].choices = [("", "请选择"), *rules.choices("kinds", today)]  # type: ignore[attr-defined]
        posts = posts_with(user, Permission.MANAGE_PROJECTS)
        codes: set[str] = set()
        for post in posts:
            codes |= {each.code for each in regions_to_choose([post.organization.region_id])}
            codes.add(post.organization.region_id)
        below = Region.objects.filter(code__in=[each for each in codes if len(each) >= 4])
        self.fields["region"].queryset = below  # type: ignore[attr-defined]
        bodies = Organization.objects.current(on=today).filter(kind=Organization.Kind.DEPARTMENT)
        offices = [post.organization for post in posts if post.organization.kind == Organization.Kind.OFFICE]
        own = [post.organization_id for post in posts]
        if offices:
            area = min((each.region_id for each in offices), key=len)
            bodies = bodies.filter(region__code__startswith=area[:4]) | Organization.objects.filter(
                pk__in=own
            )
        else:
            bodies = Organization.objects.filter(pk__in=own)
        self.fields["department"].queryset = bodies.distinct()  # type: ignore[attr-defined]
        self.fields["campaign"].queryset = Campaign.objects.visible_to(user)  # type: ignore[attr-defined]
        if project is not None:
            del self.fields["region"], self.fields["department"]
        elif len(own) == 1 and not offices:
            self.fields["department"].initial = own[0]

    def clean_owner_name(self) -> str:
        words: str = self.cleaned_data["owner_name"].strip()
        owner = named_enterprise(words, self.user)
        self.cleaned_data["owner"] = owner
        return owner.name if owner else words

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        start, finish = given.get("start_on"), given.get("finish_on")
        if start and finish and finish < start:
            self.add_error("finish_on", f"计划完工早于计划开工 {start}，请核对")
        return given


class SharesForm(forms.Form):
    """Who pays which share of the estimate."""

    estimate = yuan_field("估算投资（元）")
    reason = words_field("调整理由", rows=2, required=False, help_text="审定入库以后调整的必填")

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        present = {each.kind: each for each in ProjectSource.objects.filter(project=project)}
        kinds = {each.key for each in rules.in_force_on("sources", timezone.localdate())} | set(present)
        self.kinds = [each for each in rules.every("sources") if each.key in kinds]
        self.fields["estimate"].initial = project.estimate
        for each in self.kinds:
            source = present.get(each.key)
            told = f"已落实 {source.committed:,.2f} 元" if source and source.committed else ""
            field = yuan_field(f"{each.label}（元）", required=False, least=Decimal(0), help_text=told)
            field.initial = source.planned if source and source.planned else None
            self.fields[f"share_{each.key}"] = field
        self.order_fields(["estimate", *(f"share_{each.key}" for each in self.kinds), "reason"])
        if project.status == ProjectStatus.RESERVED:
            del self.fields["reason"]

    def shares(self) -> dict[str, Decimal]:
        """By source; empty ones are nothing."""
        return {each.key: self.cleaned_data[f"share_{each.key}"] or Decimal("0.00") for each in self.kinds}


class MoneyForm(forms.Form):
    """One line of a project's money."""

    source = forms.ModelChoiceField(
        label="资金来源", queryset=ProjectSource.objects.none(), empty_label="请选择"
    )
    kind = forms.ChoiceField(label="登记什么", choices=[("", "请选择"), *MoneyKind.choices])
    amount = yuan_field("金额（元）")
    happened_on = day_field("日期")
    document = forms.CharField(label="文号或者凭证号", max_length=120)
    payee = forms.CharField(label="收款单位", max_length=120, required=False, help_text="支出的必填")
    fund = forms.ModelChoiceField(
        label="从哪个专项资金安排", queryset=FundPurpose.objects.none(), required=False,
        empty_label="不从专项资金安排", help_text="登记落实时选：金额同时从该专项资金余额里安排",
    )  # fmt: skip
    commitment = forms.ModelChoiceField(
        label="由哪一笔专项资金拨付", queryset=FundCommitment.objects.none(), required=False,
        empty_label="不是专项资金拨付的", help_text="登记到位时选：同时记专项资金的拨付",
    )  # fmt: skip
    note = forms.CharField(label="说明", max_length=300, required=False)

    def __init__(self, *args: Any, project: Project, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].queryset = ProjectSource.objects.filter(project=project, planned__gt=0)  # type: ignore[attr-defined]
        bodies = [post.organization_id for post in posts_with(user, Permission.MANAGE_PROJECTS)]
        funds = FundPurpose.objects.filter(account__organization__in=bodies, granted__gt=0).select_related(
            "account"
        )
        taken = FundCommitment.objects.filter(project=project, fund__account__organization__in=bodies)
        fund, commitment = self.fields["fund"], self.fields["commitment"]
        fund.queryset, commitment.queryset = funds, taken.select_related("fund__account")  # type: ignore[attr-defined]
        fund.label_from_instance = lambda each: f"{each}，余 {each.left:,.2f} 元"  # type: ignore[attr-defined]
        commitment.label_from_instance = (  # type: ignore[attr-defined]
            lambda each: f"{each.fund}，{each.document}，未拨付 {each.left:,.2f} 元"
        )
        if not funds.exists():
            del self.fields["fund"]
        if not taken.exists():
            del self.fields["commitment"]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("fund") and given.get("kind") != MoneyKind.COMMIT:
            self.add_error("fund", "只有登记落实时才从专项资金安排")
        if given.get("commitment") and given.get("kind") != MoneyKind.RECEIVE:
            self.add_error("commitment", "只有登记到位时才由专项资金拨付")
        return given


class ReasonForm(forms.Form):
    reason = words_field("理由", rows=2)


class RemarkForm(forms.Form):
    reason = words_field("说明", rows=2, required=False)


class ApprovalForm(forms.Form):
    approval = forms.CharField(
        label="审定文号或者会议纪要", max_length=120, help_text="例：云安办〔2026〕31号"
    )


class SupportApprovalForm(ApprovalForm):
    terms = words_field(
        "支持条件",
        most=300,
        rows=2,
        required=False,
        help_text="不填的按：验收合格后按实际完成拨付，逾期按标准扣减",
    )


class StartForm(forms.Form):
    started_on = day_field("开工日期")
    reason = words_field(
        "说明",
        rows=2,
        required=False,
        help_text="还有需要照顾的住户没有走访、确须先开工的，写明理由和补走访的安排",
    )


class CompleteForm(forms.Form):
    completed_on = day_field("完工日期")
    kilometres = forms.DecimalField(
        label="实际改造（公里）", required=False, min_value=0, max_value=100_000, decimal_places=3
    )


class UseForm(forms.Form):
    used_on = day_field("通气（投用）日期")


class MilestoneForm(forms.Form):
    name = forms.CharField(label="节点", max_length=80, help_text="例：完成管沟开挖")
    due_on = day_field("期限")


class MilestoneDoneForm(forms.Form):
    done_on = day_field("完成日期")
    note = forms.CharField(label="完成情况", max_length=300)


class PostponeForm(forms.Form):
    due_on = day_field("新的期限")
    reason = words_field("理由", rows=2)


class ObjectForm(forms.Form):
    """Objects of the registry, a name or credit code a line."""

    names = words_field("企业与场所", most=4000, rows=3, help_text="一行一家，填全称或者统一社会信用代码")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_names(self) -> list[Enterprise]:
        found, missing = [], []
        for line in self.cleaned_data["names"].splitlines()[:200]:
            if words := line.strip():
                each = named_enterprise(words[:120], self.user)
                if each is None:
                    missing.append(words[:40])
                else:
                    found.append(each)
        if missing:
            raise forms.ValidationError(f"底册里没有您看得到的：{'、'.join(missing)}")
        return found


class HazardsForm(forms.Form):
    """Hazards by their numbers."""

    numbers = forms.CharField(
        label="隐患编号", max_length=600, help_text="台账里的编号，多条用逗号或者空格隔开"
    )

    def clean_numbers(self) -> list[int]:
        words = self.cleaned_data["numbers"].replace("，", " ").replace(",", " ").replace("、", " ").split()
        numbers = [each.lstrip("#") for each in words]
        wrong = [each for each in numbers if not (each.isascii() and each.isdecimal() and len(each) <= 18)]
        if wrong:
            raise forms.ValidationError(f"不是编号：{'、'.join(wrong)[:60]}")
        return [int(each) for each in numbers]


class ReportForm(forms.Form):
    """The report of one month."""

    percent = forms.IntegerField(label="形象进度（%）", min_value=0, max_value=100)
    kilometres = forms.DecimalField(
        label="累计改造（公里）", required=False, min_value=0, max_value=100_000, decimal_places=3
    )
    text = words_field("本月进展", most=1000)
    problems = words_field("困难和需要协调的事", required=False, rows=2)

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if project.kilometres is None:
            del self.fields["kilometres"]


class AcceptanceForm(forms.Form):
    """One round of joint acceptance; the team are rows of their own."""

    accepted_on = day_field("验收日期")
    verdict = forms.ChoiceField(label="结论", choices=[("", "请选择"), *Verdict.choices])
    opinion = words_field("验收意见")
    conditions = words_field("须补正的条件", most=300, rows=2, required=False, help_text="附条件合格的必填")
    conditions_due_on = day_field("补正期限", required=False)


class CheckForm(forms.Form):
    """One gas condition, signed on the spot."""

    checked_on = day_field("确认日期")
    found = words_field("怎么确认的", most=300, help_text="数据、人员、记录编号")


class HandoverForm(forms.Form):
    """What is handed over, and to whom."""

    facilities = words_field(
        "移交的设施", most=2000, rows=4, help_text="管道起止、管径、长度，阀门、调压设施数量"
    )
    documents = words_field("移交的资料", most=2000, help_text="竣工图、隐蔽工程记录、试验记录、质量证明")
    residual = words_field("遗留事项和保修", rows=2, required=False)

    def __init__(self, *args: Any, project: Project, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["taker"] = EnterpriseField(
            label="接收单位", user=user, help_text="负责运行维护的企业，填全称或者统一社会信用代码"
        )
        self.fields["taker"].initial = project.taker.name if project.taker else ""
        self.order_fields(["taker"])


class TakeForm(forms.Form):
    name = forms.CharField(label="接收签字人", max_length=60)


class FundForm(forms.Form):
    """The special fund of a year."""

    name = forms.CharField(label="名称", max_length=80, help_text="例：城镇燃气安全专项整治资金")
    year = forms.IntegerField(label="年度", min_value=2000, max_value=2100)
    document = forms.CharField(label="设立文件", max_length=120, help_text="例：云财〔2026〕18号")
    organization = forms.ModelChoiceField(
        label="管理单位", queryset=Organization.objects.none(), empty_label=None
    )
    campaign = forms.ModelChoiceField(
        label="所属专项整治", queryset=Campaign.objects.none(), required=False, empty_label="不限于一项整治",
        help_text="选了以后，这项整治审定的补贴自动从这里安排，超出的审定不了",
    )  # fmt: skip

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = [post.organization_id for post in posts_with(user, Permission.MANAGE_PROJECTS)]
        self.fields["organization"].queryset = Organization.objects.filter(pk__in=own)  # type: ignore[attr-defined]
        self.fields["campaign"].queryset = Campaign.objects.visible_to(user)  # type: ignore[attr-defined]


def purposes() -> list[tuple[str, str]]:
    return rules.choices("purposes", timezone.localdate())


class GrantForm(forms.Form):
    purpose = forms.ChoiceField(label="用途")
    amount = yuan_field("下达金额（元）")
    happened_on = day_field("下达日期")
    document = forms.CharField(label="下达文件", max_length=120)
    note = forms.CharField(label="说明", max_length=300, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["purpose"].choices = purposes()  # type: ignore[attr-defined]


class AsideForm(forms.Form):
    """Money set aside by hand."""

    fund = forms.ModelChoiceField(label="用途", queryset=FundPurpose.objects.none(), empty_label="请选择")
    target = forms.ChoiceField(
        label="类别", choices=[(each.value, each.label) for each in (FundTarget.TRAINING, FundTarget.PURCHASE, FundTarget.OTHER)]
    )  # fmt: skip
    what = forms.CharField(label="事项", max_length=160, help_text="例：餐饮经营者燃气安全培训 12 期")
    payee = forms.CharField(label="收款单位", max_length=120, required=False)
    amount = yuan_field("安排金额（元）")
    happened_on = day_field("安排日期")
    document = forms.CharField(label="安排文件", max_length=120)

    def __init__(self, *args: Any, account: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = FundPurpose.objects.filter(account=account).select_related("account")
        self.fields["fund"].queryset = rows  # type: ignore[attr-defined]
        self.fields["fund"].label_from_instance = lambda each: f"{each.label}，余 {each.left:,.2f} 元"  # type: ignore[attr-defined]


class PaymentForm(forms.Form):
    amount = yuan_field("拨付金额（元）")
    happened_on = day_field("拨付日期")
    document = forms.CharField(label="凭证号", max_length=120)


class SupportForm(forms.Form):
    """An enterprise asks for support."""

    campaign = forms.ModelChoiceField(
        label="按哪项专项整治申请", queryset=Campaign.objects.none(), empty_label="请选择"
    )
    title = forms.CharField(label="项目名称", max_length=100)
    kind = forms.ChoiceField(label="项目种类")
    content = words_field("改造内容和消除的隐患", most=2000, rows=4)
    quantity = forms.DecimalField(
        label="改造数量", min_value=CENT, max_digits=10, decimal_places=2, help_text="按补贴标准的计量单位"
    )
    investment = yuan_field("总投资（元）", help_text="单位是元，不是万元")
    start_on = day_field("计划开工")
    finish_on = day_field("计划完工")

    def __init__(self, *args: Any, campaigns: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["campaign"].queryset = campaigns  # type: ignore[attr-defined]
        self.fields["kind"].choices = rules.choices("kinds", timezone.localdate())  # type: ignore[attr-defined]
        self.fields["kind"].initial = "hazard"


class RefileForm(forms.Form):
    content = words_field("改造内容和消除的隐患", most=2000, rows=4)
    quantity = forms.DecimalField(label="改造数量", min_value=CENT, max_digits=10, decimal_places=2)
    investment = yuan_field("总投资（元）")

    def __init__(self, *args: Any, request: SupportRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("content", "quantity", "investment"):
            self.fields[name].initial = getattr(request, name)


class CareForm(forms.Form):
    """A household or shop to look after."""

    locality = forms.ModelChoiceField(
        label="乡镇（街道）", queryset=Region.objects.none(), empty_label="请选择"
    )
    name = forms.CharField(label="姓名或者商户名称", max_length=60, help_text="加密保存，页面上只显示姓")
    phone = forms.CharField(label="电话", max_length=30, required=False)
    address = forms.CharField(label="住址", max_length=160)
    kinds = forms.MultipleChoiceField(label="需要照顾的情形", widget=forms.CheckboxSelectMultiple)
    benefits = forms.MultipleChoiceField(
        label="优惠和帮扶", widget=forms.CheckboxSelectMultiple, required=False
    )
    help = words_field("安排的帮助", most=300, rows=2, required=False, help_text="例：停气三天，社区每日送餐")
    visitor = forms.CharField(label="走访人", max_length=60)

    def __init__(self, *args: Any, localities: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        self.fields["locality"].queryset = localities  # type: ignore[attr-defined]
        self.fields["kinds"].choices = rules.choices("care", today)  # type: ignore[attr-defined]
        self.fields["benefits"].choices = rules.choices("benefits", today)  # type: ignore[attr-defined]
        self.fields["enterprise"] = EnterpriseField(label="是商户的填底册名称", user=user, required=False)


class VisitForm(forms.Form):
    visited_on = day_field("走访日期")
    found = words_field("走访情况", help_text="有什么困难，怎么安排的")
    help = words_field("安排的帮助", most=300, rows=2, required=False)
    benefits = forms.MultipleChoiceField(
        label="优惠和帮扶", widget=forms.CheckboxSelectMultiple, required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["benefits"].choices = rules.choices("benefits", timezone.localdate())  # type: ignore[attr-defined]


class ServiceForm(forms.Form):
    """Technical help asked for, or offered."""

    supplier = forms.ModelChoiceField(
        label="服务单位", queryset=Organization.objects.none(), empty_label="请选择"
    )
    kind = forms.ChoiceField(label="服务种类")
    content = words_field("需要什么", most=2000, help_text="什么设备、在哪里、什么时候方便上门")

    def __init__(
        self, *args: Any, suppliers: Any, user: User, own: Enterprise | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["supplier"].queryset = suppliers  # type: ignore[attr-defined]
        self.fields["kind"].choices = rules.choices("services", timezone.localdate())  # type: ignore[attr-defined]
        if own is None:
            self.fields["enterprise"] = EnterpriseField(
                label="服务对象",
                user=user,
                help_text="填全称或者统一社会信用代码；由您单位服务的，服务单位选本单位",
            )
            self.order_fields(["enterprise"])


class DoneForm(forms.Form):
    result = words_field("办理结果", most=1000)
