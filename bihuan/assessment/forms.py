"""What people fill in: sheets and their items, assessments, judgements, appeals, letters."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.utils import timezone

from bihuan.accounts.models import Organization, Post, User
from bihuan.accounts.queries import localities_under, organizations_under
from bihuan.core.forms import day_field, words_field
from bihuan.registry.models import EnterpriseKind, RiskColour
from bihuan.rules import scoring
from bihuan.rules.filereviews import FormLine
from bihuan.rules.headduties import head_duties
from bihuan.rules.scoring import plain

from .actions.scoping import Selection
from .measures import measures_for
from .models import Appeal, AssessedUnit, Assessment, Letter, Sheet, SheetItem
from .workflow import Audience, How, ItemKind, LetterKind, ReviewBody, Tier

JUDGED_WAYS = [(How.ARCHIVE, How.ARCHIVE.label), (How.WORK, How.WORK.label), (How.SCENE, How.SCENE.label)]


def points_field(
    label: str, *, required: bool = True, most: int = 100, help_text: str = ""
) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=required, min_value=0, max_value=most, max_digits=6, decimal_places=2, help_text=help_text
    )  # fmt: skip


class TermsForm(forms.Form):
    """The head of a draft: name, grades and cut-offs, caps, assessors."""

    title = forms.CharField(label="名称", max_length=120)
    effective_from = day_field("施行日期")
    has_tiers = forms.BooleanField(label="分重点、一般监管职责两个层级", required=False)
    judges = forms.IntegerField(label="每个评定项的评分人数", min_value=1, max_value=3)
    tolerance = points_field(
        "允许相差（百分点）", help_text="两人得分率相差超过它，须第三人评定或由考核办核定"
    )
    grades = words_field(
        "等次和分数线", 400, rows=4, help_text="一行一个，从高到低，例：优秀 95；最后一个写 0"
    )
    veto_grade = forms.CharField(label="一票否决后的等次", max_length=20)
    plus_cap = points_field("加分最多")
    minus_cap = points_field("减分最多")
    least_base = points_field("参加排名的最低基数（%）", help_text="适用的分值低于这个比例，不定等次、不排名")

    @classmethod
    def of(cls, sheet: Sheet, data: Any = None) -> TermsForm:
        """The form filled with what a sheet says."""
        terms = sheet.terms
        return cls(
            data,
            initial={
                "title": sheet.title,
                "effective_from": sheet.effective_from,
                "has_tiers": sheet.has_tiers,
                "judges": sheet.judges,
                "tolerance": plain(sheet.tolerance),
                "grades": "\n".join(f"{label} {plain(least)}" for label, least in terms.grades),
                "veto_grade": terms.veto_grade,
                "plus_cap": plain(terms.plus_cap),
                "minus_cap": plain(terms.minus_cap),
                "least_base": plain(terms.least_base),
            },
        )

    def clean_grades(self) -> list[list[str]]:
        rows = []
        for line in self.cleaned_data["grades"].splitlines():
            if not line.strip():
                continue
            label, _, least = line.replace("，", " ").replace(",", " ").strip().rpartition(" ")
            try:
                rows.append([label.strip(), plain(scoring.number(least, "分数线"))])
            except scoring.ScoringError as error:
                raise forms.ValidationError(f"“{line[:30]}”：{error}。例：优秀 95") from error
        return rows

    def terms(self) -> dict[str, Any]:
        """What the sheet keeps."""
        given = self.cleaned_data
        return {
            "grades": given["grades"], "veto_grade": given["veto_grade"].strip(), "plus_cap": plain(given["plus_cap"]),
            "minus_cap": plain(given["minus_cap"]), "least_base": plain(given["least_base"]),
        }  # fmt: skip

    def fields_of_sheet(self) -> dict[str, Any]:
        names = ("title", "effective_from", "has_tiers", "judges", "tolerance")
        return {name: self.cleaned_data[name] for name in names}


def weights_of(items: list[SheetItem], data: Any) -> tuple[dict[int, tuple[Decimal, Decimal]], list[str]]:
    """The points typed beside each item, and what is wrong with them."""
    weights, problems = {}, []
    for item in items:
        pair = []
        for tier, present in (("key", item.points_key), ("general", item.points_general)):
            text = data.get(f"points-{tier}-{item.pk}", "")
            if text == "" and f"points-{tier}-{item.pk}" not in data:
                pair.append(present)
                continue
            try:
                value = scoring.number(text or 0, f"“{item.name}”的分值")
            except scoring.ScoringError as error:
                problems.append(str(error))
                value = present
            if not 0 <= value <= 100:
                problems.append(f"“{item.name}”的分值应在 0 到 100 之间")
                value = present
            pair.append(scoring.points(value))
        weights[item.pk] = (pair[0], pair[1])
    return weights, problems


class ItemForm(forms.Form):
    """One item: computed by a measure with a rule, or judged with evidence."""

    section = forms.CharField(label="类别", max_length=40, help_text="例：隐患治理")
    kind = forms.ChoiceField(label="性质", choices=ItemKind.choices)
    name = forms.CharField(label="考核内容", max_length=80)
    standard = words_field("评分标准", 400, required=False)
    duty = forms.ChoiceField(label="对应的法定职责", required=False)
    measure = forms.ChoiceField(label="计算指标", required=False)
    how = forms.MultipleChoiceField(
        label="考核方式（人工评定的）",
        choices=JUDGED_WAYS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    points_key = points_field("重点监管职责分值", required=False)
    points_general = points_field("一般监管职责分值", required=False)
    rule = forms.ChoiceField(
        label="计分方法",
        required=False,
        choices=[("", "人工评定，不用计分方法"), *scoring.RULE_LABELS.items()],
    )
    full = forms.DecimalField(label="得满分的值", required=False, help_text="按比例得分用")
    zero = forms.DecimalField(label="得零分的值", required=False, help_text="按比例得分用")
    steps = words_field("分档", 300, required=False, help_text="一行一档：值 得分率，例：100 100；分档得分用")
    smaller = forms.BooleanField(label="分档时越小越好", required=False)
    each = forms.DecimalField(
        label="每件的分值", required=False, min_value=0, help_text="逐件扣分、逐件计分用"
    )
    free = forms.DecimalField(label="免扣的件数", required=False, min_value=0)
    cap = forms.DecimalField(label="最多扣（加）", required=False, min_value=0, help_text="空为不设上限")
    levels = words_field("级别", 300, required=False, help_text="一行一级：名称 分值；同项取最高用")
    least = forms.IntegerField(
        label="最少件数", required=False, min_value=0, max_value=10000, help_text="少于这些件的不计入基数"
    )
    threshold = forms.DecimalField(
        label="否决起点（件）",
        required=False,
        min_value=Decimal("0.01"),
        max_value=9999,
        help_text="一票否决用",
    )

    def __init__(self, data: Any = None, *, sheet: Sheet, item: SheetItem | None = None) -> None:
        super().__init__(data, initial=_initial(item) if item else {"kind": ItemKind.BASIC, "threshold": 1})
        measures = [(each.key, f"{each.label}（{each.unit}）") for each in measures_for(sheet.audience)]
        self.fields["measure"].choices = [("", "人工评定"), *measures]  # type: ignore[attr-defined]
        if sheet.audience == Audience.ENTERPRISES:
            law = head_duties(sheet.effective_from)
            duties = [(each.key, f"（{each.number}）{each.name}") for each in law]
            self.fields["duty"].choices = [("", "不对应"), *duties]  # type: ignore[attr-defined]
        else:
            del self.fields["duty"]
        if not sheet.has_tiers:
            self.fields["points_key"].label = "分值"
            del self.fields["points_general"]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        for name in ("steps", "levels"):
            try:
                given[name] = _pairs(given.get(name, ""), number_first=name == "steps")
            except scoring.ScoringError as error:
                self.add_error(name, str(error))
        return given

    def fields_of_item(self) -> dict[str, Any]:
        """What the item keeps."""
        given = self.cleaned_data
        rule: dict[str, Any] = {}
        if given["rule"]:
            rule = {"kind": given["rule"], "smaller": given["smaller"]}
            for name in ("full", "zero", "each", "free", "cap"):
                if given.get(name) is not None:
                    rule[name] = plain(given[name])
            if given["steps"]:
                rule["steps"] = given["steps"]
            if given["levels"]:
                rule["levels"] = given["levels"]
        return {
            "section": given["section"].strip(), "kind": given["kind"], "name": given["name"].strip(),
            "standard": given["standard"].strip(), "duty": given.get("duty", ""), "measure": given["measure"], "how": list(given["how"]),
            "points_key": given.get("points_key") or Decimal(0), "points_general": given.get("points_general") or Decimal(0),
            "rule_given": rule, "least": given.get("least") or 0, "threshold": given.get("threshold") or Decimal(1),
        }  # fmt: skip


def _pairs(text: str, *, number_first: bool) -> list[list[str]]:
    rows = []
    for line in str(text).splitlines():
        if not line.strip():
            continue
        left, _, right = line.replace("，", " ").replace(",", " ").strip().rpartition(" ")
        if not left:
            raise scoring.ScoringError(f"“{line[:30]}”应写成两个值，中间空一格")
        first = plain(scoring.number(left, "档")) if number_first else left.strip()[:40]
        rows.append([first, plain(scoring.number(right, "分值"))])
    return rows


def _initial(item: SheetItem) -> dict[str, Any]:
    rule = item.rule_given or {}
    return {
        "section": item.section, "kind": item.kind, "name": item.name, "standard": item.standard, "duty": item.duty,
        "measure": item.measure, "how": item.how, "points_key": plain(item.points_key),
        "points_general": plain(item.points_general), "rule": rule.get("kind", ""),
        "smaller": rule.get("smaller", False), "least": item.least, "threshold": plain(item.threshold),
        "steps": "\n".join(f"{edge} {share}" for edge, share in rule.get("steps", ())),
        "levels": "\n".join(f"{label} {score}" for label, score in rule.get("levels", ())),
        **{name: rule.get(name) for name in ("full", "zero", "each", "free", "cap")},
    }  # fmt: skip


class PublishForm(forms.Form):
    document = forms.CharField(label="依据文件", max_length=200, help_text="例：云安〔2026〕3号")
    effective_from = day_field("施行日期", required=False)


class ReasonForm(forms.Form):
    reason = words_field("理由", 500)


class AssessmentForm(forms.Form):
    sheet = forms.ModelChoiceField(label="考核细则", queryset=Sheet.objects.none(), empty_label="请选择")
    title = forms.CharField(label="名称", max_length=120)
    year = forms.IntegerField(label="年度", min_value=2000, max_value=2100)
    period_from = day_field("考核期起")
    period_to = day_field("考核期止")

    def __init__(self, data: Any = None, *, organization: Organization) -> None:
        year = timezone.localdate().year
        super().__init__(
            data,
            initial={"year": year, "period_from": f"{year}-01-01", "period_to": f"{year}-12-31"},
        )
        self.fields["sheet"].queryset = Sheet.objects.filter(  # type: ignore[attr-defined]
            organization=organization, status="published"
        )


class ScopeForm(forms.Form):
    """Which enterprises are put into a round at once, and who judges them."""

    kinds = forms.MultipleChoiceField(
        label="企业类型", required=False, widget=forms.CheckboxSelectMultiple, help_text="都不选为全部"
    )
    risks = forms.MultipleChoiceField(
        label="风险等级", required=False, choices=RiskColour.choices, widget=forms.CheckboxSelectMultiple
    )
    localities = forms.MultipleChoiceField(
        label="乡镇街道", required=False, widget=forms.CheckboxSelectMultiple
    )
    department = forms.ChoiceField(label="主管部门", required=False)
    review_by = forms.ChoiceField(
        label="由谁审核", choices=ReviewBody.choices, initial=ReviewBody.LOCALITY, widget=forms.RadioSelect
    )

    def __init__(self, data: Any = None, *, organization: Organization) -> None:
        super().__init__(data)
        area = organization.region_id
        kinds = EnterpriseKind.objects.order_by("position", "key").values_list("key", "label")
        departments = organizations_under(area, kinds=[Organization.Kind.DEPARTMENT]).order_by(
            "region_id", "pk"
        )
        choices: dict[str, list[tuple[Any, str]]] = {
            "kinds": list(kinds),
            "localities": [(each.region_id, each.short_name) for each in localities_under(area)],
            "department": [("", "全部"), *((str(each.pk), each.short_name) for each in departments)],
        }
        for name, given in choices.items():
            self.fields[name].choices = given  # type: ignore[attr-defined]

    def clean_department(self) -> int:
        return int(self.cleaned_data["department"] or 0)

    def selection(self) -> Selection:
        """What the ticks come to."""
        given = self.cleaned_data
        return Selection(given["kinds"], given["risks"], given["localities"], given["department"])


class ReportLineForm(forms.Form):
    """One item of a self-report: what was done, what it is worth in the head's own eyes."""

    text = words_field("自评情况", 500, required=False, rows=3, help_text="做了什么、有什么记录可查")
    claimed = points_field("自评分", required=False)

    def __init__(
        self, data: Any = None, *, item: SheetItem, unit: AssessedUnit, prefix: str, **initial: Any
    ) -> None:
        super().__init__(data, prefix=prefix, initial=initial)
        if item.is_computed:
            del self.fields["claimed"]
            text = self.fields["text"]
            text.label, text.help_text = "情况说明（可不填）", "对台账算出的数有需要说明的，写在这里"
            text.widget.attrs["rows"] = 2
            return
        full = plain(item.full(unit.tier))
        claimed = self.fields["claimed"]
        claimed.label = f"自评分（满分 {full}）"
        claimed.widget.attrs |= {"max": full, "inputmode": "decimal"}


class SummaryForm(forms.Form):
    text = words_field(
        "总体情况", 1000, required=False, rows=4, help_text="一年来履行职责的总体情况、主要问题和下一步打算"
    )


class DrawForm(forms.Form):
    per_person = forms.IntegerField(
        label="每人抽几件", min_value=1, max_value=20, initial=3, help_text="不足的全部评查；一次考核只抽一次"
    )


class FileReviewForm(forms.Form):
    """The form of a case file: points and remark to each line, an opinion on the whole."""

    text = words_field("评查意见", 500, rows=3)

    def __init__(self, data: Any = None, *, lines: list[FormLine], **initial: Any) -> None:
        super().__init__(data, initial=initial)
        fields: dict[str, forms.Field] = {}
        for line in lines:
            full = plain(line.points)
            fields[f"points-{line.key}"] = forms.DecimalField(
                label=f"{line.name}（满分 {full}）", min_value=0, max_value=line.points, max_digits=6, decimal_places=2,
                help_text=line.standard, widget=forms.NumberInput({"max": full, "inputmode": "decimal"}),
            )  # fmt: skip
            fields[f"remark-{line.key}"] = forms.CharField(
                label=f"{line.name}：扣分情形", max_length=200, required=False
            )
        self.fields = {**fields, **self.fields}

    def points(self, lines: list[FormLine]) -> dict[str, Decimal]:
        return {line.key: self.cleaned_data[f"points-{line.key}"] for line in lines}

    def remarks(self, lines: list[FormLine]) -> dict[str, str]:
        return {line.key: self.cleaned_data[f"remark-{line.key}"] for line in lines}


class ProposalForm(forms.Form):
    """An incentive or a restraint proposed by hand."""

    key = forms.ChoiceField(label="激励或约束措施")
    text = forms.CharField(label="建议内容", max_length=300, required=False, help_text="空为措施名称")
    why = words_field("理由", 300, rows=2, help_text="依据哪一项结果、哪些事实")
    until = day_field("期限至", required=False, help_text="有期限的填写，例：暂停执法至何日")

    def __init__(self, data: Any = None, *, audience: str) -> None:
        super().__init__(data)
        rows = scoring.hand_measures(audience, timezone.localdate())
        self.fields["key"].choices = [("", "请选择"), *((row.key, row.label) for row in rows)]  # type: ignore[attr-defined]


class UnitForm(forms.Form):
    tier = forms.ChoiceField(label="层级", choices=Tier.choices)
    person_name = forms.CharField(label="负责人", max_length=60, required=False)
    exclusion = forms.CharField(
        label="不参加排名的理由", max_length=200, required=False, help_text="空为参加"
    )

    def __init__(self, data: Any = None, *, unit: AssessedUnit) -> None:
        initial = {"tier": unit.tier, "exclusion": unit.exclusion, "person_name": unit.person_name}
        super().__init__(data, initial=initial)
        if unit.assessment.audience != "enterprises":
            del self.fields["person_name"]


class AssessorForm(forms.Form):
    user = forms.ModelChoiceField(label="评分人", queryset=User.objects.none(), empty_label="请选择")
    sections = forms.MultipleChoiceField(
        label="评哪些类别", required=False, widget=forms.CheckboxSelectMultiple, help_text="都不选为全部"
    )
    is_third = forms.BooleanField(label="只评有分歧的（第三人）", required=False)

    def __init__(self, data: Any = None, *, assessment: Assessment) -> None:
        super().__init__(data)
        today = timezone.localdate()
        self.fields["user"].queryset = (  # type: ignore[attr-defined]
            User.objects.filter(
                is_active=True,
                is_service=False,
                holdings__from_on__lte=today,
                holdings__post__is_active=True,
                holdings__post__organization__region__code__startswith=assessment.organization.region_id,
                holdings__post__organization__kind__in=[
                    "office",
                    "department",
                    "locality",
                    "inspectorate",
                    "experts",
                ],
            )
            .exclude(assessor_seats__assessment=assessment)
            .distinct()
            .order_by("full_name", "pk")
        )
        sections = dict.fromkeys(
            assessment.sheet.items.filter(measure="", kind="basic").values_list("section", flat=True)
        )
        self.fields["sections"].choices = [(each, each) for each in sections]  # type: ignore[attr-defined]


class JudgeForm(forms.Form):
    """One item of one unit: points (or a level, or yes and no), the way, what was seen."""

    points = points_field("得分")
    level = forms.ChoiceField(label="级别", required=False)
    how = forms.ChoiceField(label="考核方式", widget=forms.RadioSelect)
    text = words_field("评分依据", 500, rows=2, help_text="查了什么、看到什么，为什么给这个分")

    def __init__(
        self,
        data: Any = None,
        *,
        item: SheetItem,
        unit: AssessedUnit,
        prefix: str | None = None,
        **initial: Any,
    ) -> None:
        super().__init__(data, prefix=prefix, initial=initial)
        how = self.fields["how"]
        ways = [(each, How(each).label) for each in item.how if each in How.values]
        how.choices = ways  # type: ignore[attr-defined]
        if len(ways) == 1:
            how.initial = ways[0][0]
        rule = item.rule_given or {}
        points = self.fields["points"]
        if rule.get("kind") == "highest":
            del self.fields["points"]
            levels = [(label, f"{label}（{score} 分）") for label, score in rule["levels"]]
            self.fields["level"].choices = [("", "没有"), *levels]  # type: ignore[attr-defined]
            return
        del self.fields["level"]
        if item.kind == ItemKind.VETO:
            self.fields["points"] = forms.TypedChoiceField(
                label="否决条件", choices=[("0", "不成立"), ("1", "成立")], coerce=Decimal
            )
        elif item.kind == ItemKind.BASIC:
            full = item.full(unit.tier)
            points.label = f"得分（满分 {plain(full)}）"
            points.widget.attrs |= {"max": plain(full), "inputmode": "decimal"}
            points.validators.append(MaxValueValidator(full))
        else:
            points.label = "件数"


class AppealForm(forms.Form):
    item = forms.ModelChoiceField(
        label="对哪一项申辩", queryset=SheetItem.objects.none(), empty_label="请选择"
    )
    asked = points_field("请求改为（分）", help_text="一票否决填 0，表示请求不成立")
    text = words_field("申辩理由", 1000, rows=5, help_text="写明事实和依据；材料照片附在下面")

    def __init__(self, data: Any = None, *, items: list[SheetItem], chosen: int = 0) -> None:
        super().__init__(data, initial={"item": chosen or None})
        rows = SheetItem.objects.filter(pk__in=[each.pk for each in items])
        self.fields["item"].queryset = rows  # type: ignore[attr-defined]


class AppealAnswerForm(forms.Form):
    decision = forms.ChoiceField(
        label="决定", choices=[("reject", "不予采纳"), ("uphold", "采纳申辩")], widget=forms.RadioSelect
    )
    granted = points_field("改为（分）", required=False, help_text="采纳的必填；一票否决填 0")
    answer = words_field("答复", 1000, rows=4, help_text="写明查了什么、依据什么；会告知申辩单位")

    def __init__(self, data: Any = None, *, row: Appeal) -> None:
        super().__init__(data, initial={"granted": plain(row.asked)})

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("decision") == "uphold" and given.get("granted") is None:
            self.add_error("granted", "采纳申辩的，请填写改为多少分")
        return given


MOST_DUTIES = 8000


class LetterFormForm(forms.Form):
    """A form of letters."""

    organization = forms.ModelChoiceField(label="下达单位", queryset=Organization.objects.none())
    kind = forms.ChoiceField(label="种类", choices=LetterKind.choices)
    year = forms.IntegerField(label="年度", min_value=2000, max_value=2100)
    title = forms.CharField(label="名称", max_length=120, help_text="例：2026 年安全生产目标责任书")
    targets = words_field(
        "目标",
        2000,
        required=False,
        rows=5,
        help_text="一行一个：指标 目标值，例：生产安全事故死亡人数 不超过 2 人",
    )
    text = words_field("职责（承诺）内容", MOST_DUTIES, rows=10)
    parent = forms.ModelChoiceField(
        label="依据的上级责任书", queryset=Letter.objects.none(), required=False, empty_label="没有"
    )

    def __init__(
        self, data: Any = None, *, bodies: list[Organization], begun: dict[str, Any] | None = None
    ) -> None:
        first = bodies[0] if bodies else None
        year = timezone.localdate().year
        super().__init__(data, initial={"year": year, "organization": first} | (begun or {}))
        pks = [each.pk for each in bodies]
        self.fields["organization"].queryset = Organization.objects.filter(pk__in=pks)  # type: ignore[attr-defined]
        self.fields["parent"].queryset = Letter.objects.filter(  # type: ignore[attr-defined]
            lower__in=pks, post=None, status="signed"
        ).select_related("form", "lower", "post")

    def clean_targets(self) -> list[list[str]]:
        rows = []
        for line in self.cleaned_data["targets"].splitlines():
            name, _, value = line.strip().partition(" ")
            if name:
                rows.append([name, value.strip()])
        return rows


class IssueForm(forms.Form):
    """To whom a form goes."""

    bodies = forms.ModelMultipleChoiceField(
        label="单位",
        queryset=Organization.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    posts = forms.ModelMultipleChoiceField(
        label="本单位岗位", queryset=Post.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: Any = None, *, bodies: list[Organization], posts: list[Post]) -> None:
        super().__init__(data)
        self.fields["bodies"].queryset = Organization.objects.filter(  # type: ignore[attr-defined]
            pk__in=[each.pk for each in bodies]
        ).order_by("kind", "region_id", "id")
        self.fields["posts"].queryset = Post.objects.filter(  # type: ignore[attr-defined]
            pk__in=[each.pk for each in posts]
        ).select_related("organization")
        for name, some in (("bodies", bodies), ("posts", posts)):
            if not some:
                del self.fields[name]
