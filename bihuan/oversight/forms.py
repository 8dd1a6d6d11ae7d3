"""What people fill in about rounds, findings, meetings and districts."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone

from bihuan.accounts.models import Holding, Organization, Post, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import localities_under
from bihuan.accounts.roles import ROLES
from bihuan.campaigns.models import Campaign
from bihuan.core import forms as fields
from bihuan.core.errors import Overtaken
from bihuan.core.forms import RowsField, day_field
from bihuan.rules.regions import prefix_range
from bihuan.zones.models import Zone

from .models import District, FindingVerdict, OversightFinding, OversightRound, TeamSeat
from .models.meetings import MeetingKind, MeetingSeries
from .shipped import categories

MOST_PEOPLE = 600
MOST_BODIES = 400
MEMBERS, EXPERTS, SUPPORT = 5, 3, 4


words_field = partial(fields.words_field, rows=2)


def bodies_under(code: str, *, kinds: tuple[str, ...] = ()) -> Any:
    """Bodies that may owe something in an area: offices, departments, localities, by kind and place."""
    low, high = prefix_range(code)
    wanted = kinds or (
        Organization.Kind.OFFICE,
        Organization.Kind.DEPARTMENT,
        Organization.Kind.LOCALITY,
    )
    return (
        Organization.objects.current(on=timezone.localdate())
        .filter(kind__in=wanted, region_id__gte=low, region_id__lt=high)
        .order_by("kind", "region_id", "id")
    )


def people_under(code: str, permission: str) -> list[tuple[str, str]]:
    """Whoever holds a permission in an area, as choices: 青石街道 王同心（主任）."""
    low, high = prefix_range(code)
    today = timezone.localdate()
    roles = [role for role, known in ROLES.items() if permission in known.permissions]
    rows = (
        Holding.objects.filter(
            Q(to_on=None) | Q(to_on__gte=today),
            from_on__lte=today,
            post__is_active=True,
            post__role__in=roles,
            post__organization__region_id__gte=low,
            post__organization__region_id__lt=high,
            user__is_active=True,
        )
        .exclude(post__organization__kind=Organization.Kind.ENTERPRISE)
        .select_related("user", "post__organization")
        .order_by("post__organization__kind", "post__organization__region_id", "post_id", "kind", "pk")
    )
    found: dict[str, str] = {}
    for each in rows[:MOST_PEOPLE]:
        found.setdefault(
            str(each.user_id),
            f"{each.post.organization.short_name} {each.user.full_name}（{each.post.title}）",
        )
    return list(found.items())


class RoundForm(forms.Form):
    """A round before it is laid out."""

    kind = forms.ChoiceField(label="类别", choices=OversightRound.Kind.choices)
    title = forms.CharField(label="名称", max_length=80, required=False, help_text="不填就按期间起名")
    starts_on = day_field("开始日期")
    ends_on = day_field("结束日期")
    focus = words_field("督导重点", 2000, rows=4, required=False)
    sites = forms.IntegerField(label="每个属地抽查点位", min_value=1, max_value=20, initial=3)
    per_day = forms.IntegerField(label="每组每天属地数", min_value=1, max_value=5, initial=1)
    is_announced = forms.BooleanField(
        label="提前告知属地", required=False, help_text="不勾选为“四不两直”：督导提交以后属地才看到"
    )
    campaign = forms.ModelChoiceField(
        label="专项整治", queryset=Campaign.objects.none(), required=False, empty_label="不限于一个行动"
    )
    localities = RowsField(
        label="属地", queryset=Organization.objects.none(), required=False,
        widget=forms.CheckboxSelectMultiple, help_text="只有专项督导需要选；月度、季度覆盖全部属地",
    )  # fmt: skip

    def __init__(self, data: Any = None, *, user: User, office: Organization, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        self.fields["campaign"].queryset = Campaign.objects.visible_to(user)  # type: ignore[attr-defined]
        bodies = [each.pk for each in localities_under(office.region_id)]
        self.fields["localities"].queryset = Organization.objects.filter(pk__in=bodies)  # type: ignore[attr-defined]


class EditRoundForm(forms.Form):
    title = forms.CharField(label="名称", max_length=80)
    starts_on = day_field("开始日期")
    ends_on = day_field("结束日期")
    focus = words_field("督导重点", 2000, rows=4, required=False)
    sites = forms.IntegerField(label="每个属地抽查点位", min_value=1, max_value=20)
    per_day = forms.IntegerField(label="每组每天属地数", min_value=1, max_value=5)
    is_announced = forms.BooleanField(label="提前告知属地", required=False)


class TeamForm(forms.Form):
    """Who is in a team: one leader, members of departments, experts."""

    name = forms.CharField(label="名称", max_length=40, required=False, help_text="不填就叫“第几督导组”")

    def __init__(self, data: Any = None, *, code: str, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        people = people_under(code, Permission.RECORD_OVERSIGHT)
        self.fields["leader"] = forms.ChoiceField(label="组长", choices=[("", "请选择"), *people])
        for no in range(1, MEMBERS + 1):
            self.fields[f"member{no}"] = forms.ChoiceField(
                label=f"组员 {no}", choices=[("", "不参加"), *people], required=False
            )
        for no in range(1, EXPERTS + 1):
            self.fields[f"expert{no}"] = forms.ChoiceField(
                label=f"专家 {no}", choices=[("", "不参加"), *people], required=False
            )

    def team(self) -> dict[str, Any]:
        """The people chosen, as `compose_team` takes them."""
        given = self.cleaned_data
        wanted = {int(value) for key, value in given.items() if key != "name" and value}
        users = User.objects.in_bulk(wanted)

        def group(word: str, most: int) -> list[User]:
            return [
                users[int(given[f"{word}{no}"])]
                for no in range(1, most + 1)
                if given[f"{word}{no}"] and int(given[f"{word}{no}"]) in users
            ]

        return {
            "leader": users[int(given["leader"])],
            "members": group("member", MEMBERS),
            "experts": group("expert", EXPERTS),
            "name": given["name"],
        }


class RecusalForm(forms.Form):
    """Who must not go where."""

    reason = forms.CharField(label="理由", max_length=200, help_text="例：曾在当地任职、亲属在当地任职")

    def __init__(self, data: Any = None, *, row: OversightRound) -> None:
        super().__init__(data)
        people = TeamSeat.objects.filter(round=row).values("user")
        self.fields["user"] = forms.ModelChoiceField(
            label="人员", queryset=User.objects.filter(pk__in=people).order_by("pk"), empty_label="请选择"
        )
        self.fields["region"] = forms.ModelChoiceField(
            label="回避的属地", queryset=Region.objects.filter(pk__in=row.visits.values("locality")), empty_label="请选择"
        )  # fmt: skip
        self.order_fields(["user", "region", "reason"])


class ReasonForm(forms.Form):
    reason = words_field("理由", 300)


class SummaryForm(forms.Form):
    summary = words_field("总体情况", 2000, rows=4, required=False)


class FindingForm(forms.Form):
    """One thing found on a visit. A problem at a site names the site, any other the body that puts it right."""

    level = forms.ChoiceField(label="层面", choices=OversightFinding.Level.choices, initial="locality")
    code = forms.ChoiceField(label="问题类型")
    description = words_field("问题", 500, rows=3)
    demand = words_field("整改要求", 300, required=False)
    organization = forms.ModelChoiceField(
        label="责任单位", queryset=Organization.objects.none(), required=False, empty_label="请选择单位"
    )
    enterprise = forms.ChoiceField(label="点位（企业层面必选）", required=False)
    location = forms.CharField(label="部位", max_length=100, required=False)
    is_major = forms.BooleanField(label="属于重大隐患", required=False)

    def __init__(
        self, data: Any = None, *, code: str, sites: list[tuple[str, str]], initial: Any = None
    ) -> None:
        super().__init__(data, initial=initial)
        self.fields["code"].choices = [(each, each) for each in categories()]  # type: ignore[attr-defined]
        self.fields["organization"].queryset = bodies_under(code)  # type: ignore[attr-defined]
        self.fields["enterprise"].choices = [("", "不是点位上的问题"), *sites]  # type: ignore[attr-defined]


class SubmitForm(forms.Form):
    visited_on = day_field("督导日期")
    met = forms.CharField(label="见到的人", max_length=200, required=False, help_text="属地负责人、经办人")
    overall = words_field("总体评价", 2000, rows=3)
    praise = words_field("好的做法", 2000, rows=2, required=False, help_text="可用于通报表扬")


class ReplyForm(forms.Form):
    text = words_field("整改情况", 1000, rows=3)
    cause = words_field("原因分析", 300, required=False)


class VerdictForm(forms.Form):
    passed = forms.ChoiceField(
        label="结论", choices=[("", "请选择"), ("1", "整改到位，销号"), ("0", "未到位，退回整改")]
    )
    method = forms.ChoiceField(label="核验方式", choices=FindingVerdict.Method.choices)
    opinion = words_field("核验意见", 500)


class ExtendForm(forms.Form):
    due_on = day_field("新的期限")
    reason = words_field("理由", 300)


class EnterForm(forms.Form):
    location = forms.CharField(label="部位", max_length=100, required=False)
    is_major = forms.BooleanField(label="属于重大隐患", required=False)


# --- meetings --------------------------------------------------------------------------------


class SeriesForm(forms.Form):
    """A meeting held in a rhythm; its bodies are rows of their own."""

    name = forms.CharField(label="名称", max_length=80)
    kind = forms.ChoiceField(label="类别", choices=MeetingKind.choices)
    rhythm = forms.ChoiceField(label="频次", choices=MeetingSeries.Rhythm.choices, initial="quarter")
    starts_on = day_field("起算日期")
    chair_name = forms.CharField(label="主持人", max_length=60, required=False)
    chair_title = forms.CharField(label="主持人职务", max_length=60, required=False)
    body = forms.CharField(
        label="议事机构", max_length=120, required=False, help_text="例：燃气安全专项整治领导小组"
    )
    basis = forms.CharField(label="依据", max_length=200, required=False)
    campaign = forms.ModelChoiceField(
        label="专项整治", queryset=Campaign.objects.none(), required=False, empty_label="不属于某个行动"
    )

    def __init__(self, data: Any = None, *, user: User, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        self.fields["campaign"].queryset = Campaign.objects.visible_to(user)  # type: ignore[attr-defined]


class MeetingForm(forms.Form):
    """One meeting; who is invited and what is talked about are rows of their own."""

    title = forms.CharField(label="名称", max_length=100)
    kind = forms.ChoiceField(label="类别", choices=MeetingKind.choices)
    held_on = day_field("日期")
    held_time = forms.TimeField(
        label="时间", widget=forms.TimeInput({"type": "time"}, format="%H:%M"), initial=dt.time(9, 0)
    )
    place = forms.CharField(label="地点", max_length=120)
    chair_name = forms.CharField(label="主持人", max_length=60)
    chair_title = forms.CharField(label="主持人职务", max_length=60, required=False)
    demand = words_field("参会要求", 300, required=False)

    def held_at(self) -> dt.datetime:
        """When it is held, as a moment."""
        given = dt.datetime.combine(self.cleaned_data["held_on"], self.cleaned_data["held_time"])
        return timezone.make_aware(given)


class MinutesForm(forms.Form):
    """The text, and the revision it was written over."""

    minutes = words_field("纪要正文", 20000, rows=12)
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)

    overtaken: Overtaken | None = None

    def written_over(self, revision: int, overtaken: Overtaken) -> None:
        """The next saving is over that revision: the page shows what it says, beside one's own words."""
        self.overtaken = overtaken
        self.data = {"minutes": self.data.get("minutes", ""), "revision": str(revision)}


class ResolutionForm(forms.Form):
    """One thing decided: who leads, who supports, by when."""

    text = words_field("议定事项", 500)
    lead = forms.ModelChoiceField(
        label="牵头单位", queryset=Organization.objects.none(), empty_label="请选择单位"
    )
    due_on = day_field("办结期限", required=False, help_text="不填就按时限规定推算")

    def __init__(self, data: Any = None, *, code: str) -> None:
        super().__init__(data)
        bodies = bodies_under(code)
        choices = [(str(each.pk), each.short_name) for each in bodies[:MOST_BODIES]]
        self.fields["lead"].queryset = bodies  # type: ignore[attr-defined]
        for no in range(1, SUPPORT + 1):
            self.fields[f"support{no}"] = forms.ChoiceField(
                label=f"配合单位 {no}", choices=[("", "无"), *choices], required=False
            )
        self.order_fields(["text", "lead", *(f"support{no}" for no in range(1, SUPPORT + 1)), "due_on"])

    def support(self) -> list[Organization]:
        """The supporting bodies chosen."""
        wanted = [
            int(self.cleaned_data[f"support{no}"])
            for no in range(1, SUPPORT + 1)
            if self.cleaned_data[f"support{no}"]
        ]
        found = Organization.objects.in_bulk(wanted)
        return [found[each] for each in wanted if each in found]


class AttendForm(forms.Form):
    """A body says who comes."""

    name = forms.CharField(label="参会人", max_length=60)
    title = forms.CharField(label="职务", max_length=60, required=False)
    deputy_name = forms.CharField(
        label="委托谁参会", max_length=60, required=False, help_text="本人不能到会时填写"
    )
    on_leave = forms.BooleanField(label="请假，不派人参会", required=False)
    reason = forms.CharField(label="事由", max_length=200, required=False)


class ProgressForm(forms.Form):
    percent = forms.IntegerField(label="进度（%）", min_value=0, max_value=100)
    text = words_field("进展", 500)


class DoneForm(forms.Form):
    text = words_field("办结情况", 500)


class OpinionForm(forms.Form):
    opinion = words_field("确认意见", 300, required=False)


# --- districts -------------------------------------------------------------------------------


class DistrictForm(forms.Form):
    """A locality, an enterprise by name or credit code, or a zone: one of them."""

    region = forms.ModelChoiceField(
        label="属地", queryset=Region.objects.none(), required=False, empty_label="不是属地"
    )
    enterprise = forms.CharField(
        label="企业", max_length=120, required=False, help_text="名称或者统一社会信用代码"
    )
    zone = forms.ModelChoiceField(
        label="区域", queryset=Zone.objects.none(), required=False, empty_label="不是区域"
    )
    name = forms.CharField(label="名称", max_length=80, required=False, help_text="不填就用对象的名称")
    rhythm = forms.ChoiceField(label="走访频次", choices=District.Rhythm.choices, initial="month")
    basis = forms.CharField(label="依据", max_length=200, required=False)

    def __init__(self, data: Any = None, *, user: User, office: Organization) -> None:
        super().__init__(data)
        bodies = localities_under(office.region_id)
        self.fields["region"].queryset = Region.objects.filter(  # type: ignore[attr-defined]
            pk__in=[each.region_id for each in bodies]
        )
        self.fields["zone"].queryset = Zone.objects.visible_to(user)  # type: ignore[attr-defined]


class EditDistrictForm(forms.Form):
    name = forms.CharField(label="名称", max_length=80)
    rhythm = forms.ChoiceField(label="走访频次", choices=District.Rhythm.choices)
    basis = forms.CharField(label="依据", max_length=200, required=False)
    is_active = forms.BooleanField(label="在用", required=False)


class LayOutForm(forms.Form):
    rhythm = forms.ChoiceField(label="走访频次", choices=District.Rhythm.choices, initial="month")
    basis = forms.CharField(label="依据", max_length=200, required=False)


class LeadForm(forms.Form):
    """The post that leads from a day on."""

    post = forms.ModelChoiceField(
        label="包干岗位", queryset=Post.objects.none(), empty_label="请选择领导岗位"
    )
    from_on = day_field("起始日期")
    document = forms.CharField(label="依据文件", max_length=200, required=False)
    reason = forms.CharField(label="调整理由", max_length=200, required=False, help_text="换人时必填")

    def __init__(self, data: Any = None, *, code: str, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        low, high = prefix_range(code)
        roles = [role for role, known in ROLES.items() if Permission.LEAD_DISTRICT in known.permissions]
        self.fields["post"].queryset = (  # type: ignore[attr-defined]
            Post.objects.filter(
                role__in=roles,
                is_active=True,
                organization__region_id__gte=low,
                organization__region_id__lt=high,
            )
            .select_related("organization")
            .order_by("organization__kind", "organization__region_id", "pk")
        )


class DistrictVisitForm(forms.Form):
    """A visit told from the phone."""

    visited_on = day_field("走访日期")
    place = forms.CharField(label="地点", max_length=200, help_text="到了哪里，例：幸福路餐饮街")
    enterprise = forms.CharField(
        label="走访的企业", max_length=120, required=False, help_text="名称或者统一社会信用代码，没有就不填"
    )
    companions = forms.CharField(label="陪同人员", max_length=200, required=False)
    seen = words_field("看到的情况", 1000, rows=3)
    decided = words_field("现场议定", 1000, required=False)
    follow_up = words_field("后续要求", 500, required=False)


class DistrictFindingForm(forms.Form):
    """One problem named on the spot, if there is one."""

    level = forms.ChoiceField(
        label="层面",
        choices=[("", "没有发现问题"), *OversightFinding.Level.choices],
        required=False,
    )
    code = forms.ChoiceField(label="问题类型", required=False)
    description = words_field("问题", 500, required=False)
    demand = words_field("整改要求", 300, required=False)
    organization = forms.ModelChoiceField(
        label="责任单位", queryset=Organization.objects.none(), required=False, empty_label="企业层面的不选"
    )
    due_on = day_field("整改期限", required=False, help_text="不填就按时限规定推算")

    def __init__(self, data: Any = None, *, code: str, prefix: str) -> None:
        super().__init__(data, prefix=prefix)
        self.fields["code"].choices = [(each, each) for each in categories()]  # type: ignore[attr-defined]
        self.fields["organization"].queryset = bodies_under(code)  # type: ignore[attr-defined]
