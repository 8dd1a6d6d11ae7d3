"""What people fill in about plans, matters asked, commitments and conduct."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

from django import forms
from django.utils import timezone

from bihuan.accounts.models import Organization, Post, User
from bihuan.core import forms as fields
from bihuan.core.forms import day_field
from bihuan.oversight.forms import bodies_under
from bihuan.rules.regions import prefix_range

from .calendar import last_day, month_of, next_month
from .links import linkable, post_choices
from .models import AskedMatter, ConductNote, WorkItem, WorkPlan
from .shipped import causes
from .standing import UNITS
from .workflow import Handling, Holding, Keeping, Misconduct

MOST_PEOPLE = 400
LINES = 10


words_field = partial(fields.words_field, rows=2)


class ReasonForm(forms.Form):
    """Why."""

    reason = words_field("理由", 300)


class OpinionForm(forms.Form):
    """What the leader adds, if anything."""

    opinion = words_field("核查意见", 500, required=False, help_text="可不填")


class ItemForm(forms.Form):
    """One item of a plan: what, what shows it is done, who, by when, and what it is linked to."""

    text = words_field("事项", 300, help_text="做什么，例：完成青石街道餐饮用户报警器安装率核查")
    target = words_field("完成标志", 300, help_text="做到什么样算完成，例：逐户登记，安装率数据报市安委办")
    post = forms.ModelChoiceField(label="承办岗位", queryset=Post.objects.none(), empty_label=None)
    due_on = day_field("完成日期")
    link = forms.ChoiceField(
        label="对应的待办、任务或者议定事项", required=False,
        help_text="选了以后状态自动读取，不用重复填报；没有就不选",
    )  # fmt: skip

    def __init__(
        self, data: Any = None, *, user: User, plan: WorkPlan, leads: bool, initial: Any = None
    ) -> None:
        super().__init__(data, initial={"due_on": last_day(plan.month)} | (initial or {}))
        posts = post_choices(user, plan.organization, leads=leads)
        field: Any = self.fields["post"]
        field.queryset = Post.objects.filter(pk__in=[post.pk for post in posts]).select_related(
            "organization"
        )
        field.label_from_instance = lambda post: post.title
        mine = [post for post in posts if post.pk in {own.pk for own in user.posts}]
        if mine:
            field.initial = mine[0].pk
        self.fields["link"].choices = [("", "没有对应的"), *linkable(user, plan.organization)]  # type: ignore[attr-defined]
        widget = self.fields["due_on"].widget
        widget.attrs |= {"min": plan.month.isoformat(), "max": last_day(plan.month).isoformat()}


class EditItemForm(forms.Form):
    """The wording and day of an item that is still written."""

    text = words_field("事项", 300)
    target = words_field("完成标志", 300)
    due_on = day_field("完成日期")


class ChangeForm(EditItemForm):
    """The same once the plan is confirmed: with a reason."""

    reason = words_field("调整理由", 300, help_text="确认后的改动都要写明理由，由负责人审定，全程留痕")


class AdditionForm(forms.Form):
    """Something that came up in the month."""

    text = words_field("事项", 300)
    target = words_field("完成标志", 300)
    post = forms.ModelChoiceField(label="承办岗位", queryset=Post.objects.none(), empty_label=None)
    due_on = day_field("完成日期")
    reason = words_field("增加理由", 300, help_text="例：上级临时部署")

    def __init__(self, data: Any = None, *, user: User, plan: WorkPlan, leads: bool) -> None:
        super().__init__(data, initial={"due_on": last_day(plan.month)})
        posts = post_choices(user, plan.organization, leads=leads)
        field: Any = self.fields["post"]
        field.queryset = Post.objects.filter(pk__in=[post.pk for post in posts]).select_related(
            "organization"
        )
        field.label_from_instance = lambda post: post.title


class DoneForm(forms.Form):
    """Done: in what way, and when."""

    outcome = words_field(
        "完成情况", 500, rows=3, required=False, help_text="做了什么、在哪里能查到；有附件的可以只传附件"
    )
    done_on = day_field("完成日期", required=False, help_text="不填为今天；对应了待办的，按待办办结日期")


class UnfinishedForm(forms.Form):
    """Not done: why, what now, by when. All of it compulsory."""

    cause = forms.ChoiceField(label="原因类别")
    cause_words = words_field("原因分析", 500, rows=3, help_text="为什么没有完成，卡在哪一环")
    remedy = words_field("补救措施", 500, help_text="下一步谁做什么")
    new_due_on = day_field("新的完成日期", help_text="下月以后；核查认可后结转到那个月的计划")

    def __init__(self, data: Any = None, *, item: WorkItem, initial: Any = None) -> None:
        following = next_month(item.plan.month)
        super().__init__(data, initial={"new_due_on": last_day(following)} | (initial or {}))
        known = causes(timezone.localdate())
        cause: Any = self.fields["cause"]
        cause.choices = [("", "请选择"), *[(each.key, f"{each.label}（{each.hint}）") for each in known]]
        self.fields["new_due_on"].widget.attrs["min"] = following.isoformat()


class UnitForm(forms.Form):
    """A unit that is to plan from a month on."""

    organization = forms.ModelChoiceField(
        label="单位", queryset=Organization.objects.none(), empty_label="请选择"
    )
    from_month = forms.DateField(
        label="自何月起", input_formats=["%Y-%m"], widget=forms.DateInput({"type": "month"}, format="%Y-%m")
    )

    def __init__(self, data: Any = None, *, code: str, own: Organization | None = None) -> None:
        super().__init__(data, initial={"from_month": month_of(timezone.localdate())})
        rows = bodies_under(code)
        if own is not None and own.kind not in (Organization.Kind.OFFICE, Organization.Kind.INSPECTORATE):
            rows = rows.filter(pk=own.pk)
        self.fields["organization"].queryset = rows.filter(planning=None) | rows.exclude(planning__until=None)  # type: ignore[attr-defined]

    def clean_from_month(self) -> dt.date:
        month = self.cleaned_data["from_month"]
        if not 2000 <= month.year <= 2100:
            raise forms.ValidationError("月份应在 2000 年到 2100 年之间")
        return month


class MeasureForm(forms.Form):
    """What is decided against a cause."""

    cause = forms.ChoiceField(label="针对的原因")
    text = words_field("措施", 300)
    target = words_field("完成标志", 300)
    due_on = day_field("完成日期", help_text="签字后列入那个月的工作计划")

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, initial={"due_on": last_day(month_of(timezone.localdate()))})
        known = causes(timezone.localdate())
        self.fields["cause"].choices = [("", "请选择"), *[(each.key, each.label) for each in known]]  # type: ignore[attr-defined]


class AnalysisForm(forms.Form):
    words = words_field(
        "分析", 2000, rows=6, help_text="哪些原因反复出现，根子在哪里，上次的措施为什么管住了或者没有管住"
    )


class HeldForm(forms.Form):
    """Whether a measure decided last time held."""

    judged = forms.ChoiceField(
        label="效果", choices=[each for each in Holding.choices if each[0] != Holding.WAITING]
    )
    words = words_field("从什么看出来", 300)


class CircularForm(forms.Form):
    """Title and parts of a circular."""

    title = forms.CharField(label="标题", max_length=120)
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, sections: list[dict[str, str]], initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        for part in sections:
            self.fields[f"part_{part['key']}"] = words_field(
                part["heading"], 4000, rows=4, required=False, initial=part["text"]
            )

    def texts(self) -> dict[str, str]:
        """What was written, by part."""
        return {name[5:]: value for name, value in self.cleaned_data.items() if name.startswith("part_")}


class IssueForm(forms.Form):
    reason = words_field("放行理由", 300, required=False, help_text="数字核校没有问题时不用填")


# --- matters asked ---------------------------------------------------------------------------


class AskedForm(forms.Form):
    """Who came and what for."""

    channel = forms.ChoiceField(label="方式", choices=AskedMatter.Channel.choices)
    subject = forms.CharField(
        label="事由", max_length=120, help_text="一句话，例：咨询餐馆报警器补贴；不要写姓名和电话"
    )
    question = words_field("问什么、办什么", 1000, rows=3)
    asker_name = forms.CharField(
        label="来访人", max_length=60, required=False, help_text="加密保存，显示时掩码"
    )
    asker_phone = forms.CharField(
        label="联系电话", max_length=30, required=False, help_text="加密保存，查看留痕"
    )
    is_complex = forms.BooleanField(
        label="情况复杂，需要调查核实", required=False, help_text="办结期限按复杂事项算"
    )
    now = forms.ChoiceField(
        label="怎么办", widget=forms.RadioSelect, initial="keep",
        choices=[("keep", "由我办理"), ("settle", "当场答复"), ("hand", "转给别的单位")],
    )  # fmt: skip
    result = words_field("怎么答复的", 1000, required=False, help_text="当场答复的填")
    to = forms.ModelChoiceField(
        label="转给哪个单位",
        queryset=Organization.objects.none(),
        required=False,
        empty_label="请选择",
        help_text="转办的填",
    )
    reason = forms.CharField(
        label="为什么转", max_length=200, required=False, help_text="转办的填，例：属于其职责"
    )

    def __init__(self, data: Any = None, *, unit: Organization) -> None:
        super().__init__(data)
        self.fields["to"].queryset = handing_choices(unit)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("now") == "settle" and not given.get("result", "").strip():
            self.add_error("result", "当场答复的，请写明怎么答复的")
        if given.get("now") == "hand":
            if not given.get("to"):
                self.add_error("to", "转办的，请选择单位")
            if not given.get("reason", "").strip():
                self.add_error("reason", "转办的，请写明理由")
        return given


def handing_choices(unit: Organization) -> Any:
    """To whom a body may hand a matter: other units of its city."""
    return bodies_under(unit.region_id[:4], kinds=tuple(UNITS)).exclude(pk=unit.pk)


class HandForm(forms.Form):
    to = forms.ModelChoiceField(
        label="转给哪个单位", queryset=Organization.objects.none(), empty_label="请选择"
    )
    reason = words_field("为什么转", 200)

    def __init__(self, data: Any = None, *, unit: Organization) -> None:
        super().__init__(data)
        self.fields["to"].queryset = handing_choices(unit)  # type: ignore[attr-defined]


class ResultForm(forms.Form):
    result = words_field("办理结果", 1000, rows=3)


class TellForm(forms.Form):
    how = words_field("怎么告知的，对方有什么意见", 300)
    told_on = day_field("告知日期", required=False, help_text="不填为今天")


# --- commitments -----------------------------------------------------------------------------


class CommitmentForm(forms.Form):
    """The period, and up to ten promises that can be measured."""

    starts_on = day_field("承诺期起")
    ends_on = day_field("承诺期止")

    def __init__(self, data: Any = None, *, initial: Any = None, rows: int = 3) -> None:
        super().__init__(data, initial=initial)
        self.rows = min(max(rows, 3), LINES)
        for no in range(1, self.rows + 1):
            self.fields[f"text_{no}"] = forms.CharField(label="承诺事项", max_length=200, required=False)
            self.fields[f"target_{no}"] = forms.CharField(label="衡量标准", max_length=200, required=False)
            self.fields[f"due_{no}"] = day_field("兑现日期", required=False)

    def lines(self) -> list[tuple[Any, Any, Any, int]]:
        """The fields of each line, for the page."""
        return [
            (self[f"text_{no}"], self[f"target_{no}"], self[f"due_{no}"], no)
            for no in range(1, self.rows + 1)
        ]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        promises = []
        for no in range(1, self.rows + 1):
            text, target = given.get(f"text_{no}", ""), given.get(f"target_{no}", "")
            if not text and not target:
                continue
            if not text or not target:
                self.add_error(f"text_{no}", f"第 {no} 条的承诺事项和衡量标准都要填")
                continue
            due = given.get(f"due_{no}") or given.get("ends_on")
            if due is not None:
                promises.append((text, target, due))
        given["promises"] = promises
        return given


class KeepingForm(forms.Form):
    """Line by line whether it was kept."""

    opinion = words_field("评定意见", 500, required=False)

    def __init__(self, data: Any = None, *, lines: list[Any]) -> None:
        super().__init__(data)
        for line in lines:
            self.fields[f"keeping_{line.position}"] = forms.ChoiceField(
                label=f"第 {line.position} 条：{line.text}",
                choices=[("", "请选择"), *[each for each in Keeping.choices if each[0] != Keeping.WAITING]],
                help_text=f"衡量标准：{line.target}",
            )
            self.fields[f"evidence_{line.position}"] = words_field(
                f"第 {line.position} 条的依据", 300, help_text="看了什么、数字是多少"
            )
        self.order_fields([*[name for name in self.fields if name != "opinion"], "opinion"])


# --- conduct ---------------------------------------------------------------------------------


def officers_under(code: str) -> Any:
    """Officials of an area: whom a matter of conduct may be about."""
    low, high = prefix_range(code)
    return (
        User.objects.filter(
            is_active=True, is_service=False, holdings__to_on=None,
            holdings__post__organization__kind__in=[*UNITS, Organization.Kind.INSPECTORATE],
            holdings__post__organization__region_id__gte=low, holdings__post__organization__region_id__lt=high,
        )
        .distinct()
        .order_by("full_name", "pk")
    )  # fmt: skip


class ConductForm(forms.Form):
    """A clue, written down."""

    organization = forms.ModelChoiceField(
        label="被反映单位", queryset=Organization.objects.none(), empty_label="请选择"
    )
    person = forms.ModelChoiceField(
        label="被反映人", queryset=User.objects.none(), required=False, empty_label="只反映单位，不指具体人"
    )
    misconduct = forms.ChoiceField(label="问题类别", choices=Misconduct.choices)
    source = forms.CharField(
        label="线索来源", max_length=120, help_text="例：督查发现、上级转办、群众反映、系统信号"
    )
    clue = words_field("反映的情况", 2000, rows=5)

    def __init__(self, data: Any = None, *, user: User, code: str, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        own = {post.organization_id for post in user.posts}
        self.fields["organization"].queryset = bodies_under(code).exclude(pk__in=own)  # type: ignore[attr-defined]
        people = self.fields["person"]
        people.queryset = officers_under(code).exclude(pk=user.pk)  # type: ignore[attr-defined]
        people.label_from_instance = lambda person: (  # type: ignore[attr-defined]
            f"{person.full_name}（{person.main_post}）" if person.main_post else person.full_name
        )


class InquirerForm(forms.Form):
    """Who inquires."""

    inquirer = forms.ModelChoiceField(label="核查人", queryset=User.objects.none(), empty_label=None)

    def __init__(self, data: Any = None, *, people: list[User], me: User | None = None) -> None:
        super().__init__(data, initial={"inquirer": me.pk} if me is not None else None)
        field = self.fields["inquirer"]
        field.queryset = User.objects.filter(pk__in=[person.pk for person in people])  # type: ignore[attr-defined]
        field.label_from_instance = lambda person: person.full_name  # type: ignore[attr-defined]


class ReassignForm(InquirerForm):
    reason = words_field("更换理由", 300, help_text="例：与被反映人有利害关系，回避")


class NoteForm(forms.Form):
    kind = forms.ChoiceField(label="方式", choices=ConductNote.Kind.choices)
    on = day_field("日期")
    text = words_field("情况", 2000, rows=4)


class OpinionServedForm(forms.Form):
    finding = words_field("核查认定", 3000, rows=6, help_text="事实、证据、违反什么规定；送达后本人能看到")
    proposed = forms.ChoiceField(label="拟处理意见", choices=Handling.choices)


class DefenceForm(forms.Form):
    text = words_field("申辩意见", 3000, rows=6, help_text="不同意哪一点，依据是什么；只能提一次")


class HandlingForm(forms.Form):
    handling = forms.ChoiceField(label="处理方式", choices=Handling.choices)
    reason = words_field("处理理由", 1000, rows=4, help_text="包括对申辩意见采纳或者不采纳的理由")


class ConclusionForm(forms.Form):
    reason = words_field("理由", 1000, rows=4)


class KeeperForm(forms.Form):
    ledger = forms.ChoiceField(label="台账")
    post = forms.ModelChoiceField(label="责任岗位", queryset=Post.objects.none(), empty_label="请选择")

    def __init__(self, data: Any = None, *, unit: Organization, ledgers: list[tuple[str, str]]) -> None:
        super().__init__(data)
        self.fields["ledger"].choices = ledgers  # type: ignore[attr-defined]
        field: Any = self.fields["post"]
        field.queryset = unit.posts.filter(is_active=True).order_by("id")
        field.label_from_instance = lambda post: post.title
