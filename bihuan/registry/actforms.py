"""Forms about who answers, about stopping and resuming, about lists and duplicates."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from bihuan.accounts.models import Post, Region, User

from .access import edit_scope
from .forms import localities_of
from .lists import ListSource
from .models import Recheck, Responsibility, SharedList
from .responsibilities import posts_to_name
from .riskforms import day_field


class PostField(forms.ModelChoiceField):
    """A post with its body, grouped by nothing: the name of the body stands in front."""

    def label_from_instance(self, post: Post) -> str:
        return f"{post.organization.short_name} · {post.title}"


def _posts(user: User, *, leaders: bool) -> Any:
    pks = [post.pk for post in posts_to_name(user, leaders=leaders)]
    return Post.objects.filter(pk__in=pks).select_related("organization").order_by("organization_id", "id")


class AppointForm(forms.Form):
    """Who answers for one enterprise, in which way, from when."""

    kind = forms.ChoiceField(label="责任", choices=Responsibility.Kind.choices)
    post = PostField(Post.objects.none(), label="责任岗位", empty_label="选择岗位")
    from_on = day_field("起", required=True)
    to_on = day_field("止", help_text="只有特殊时期责任人填写")
    occasion = forms.CharField(
        label="特殊时期", required=False, max_length=60, help_text="如停产检修、汛期、重大活动期间"
    )
    remark = forms.CharField(label="说明", required=False, max_length=200)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["post"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = _posts(user, leaders=False)
        self.fields["from_on"].initial = timezone.localdate()


class AreaLeaderForm(forms.Form):
    """A leader for a whole locality or county."""

    region = forms.ModelChoiceField(Region.objects.none(), label="包干片区")
    post = PostField(Post.objects.none(), label="包干领导")
    from_on = day_field("起", required=True)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scope = edit_scope(user)
        below = Region.objects.filter(pk__in=localities_of(scope).values("pk")) | Region.objects.filter(
            pk__in=list(_counties(scope.areas))
        )
        region, post = self.fields["region"], self.fields["post"]
        assert isinstance(region, forms.ModelChoiceField)
        assert isinstance(post, forms.ModelChoiceField)
        region.queryset = below.order_by("code")
        post.queryset = _posts(user, leaders=True)
        self.fields["from_on"].initial = timezone.localdate()


def _counties(areas: tuple[str, ...]) -> list[str]:
    """The counties one keeps whole."""
    found: list[str] = []
    for area in areas:
        if len(area) <= 6:
            rows = Region.objects.filter(code__startswith=area, kind=Region.Kind.COUNTY)
            found += rows.values_list("code", flat=True)
    return found


class NameManyForm(forms.Form):
    """Which post the picked enterprises get, as leader or as watcher."""

    kind = forms.ChoiceField(
        label="责任",
        choices=[
            (kind.value, kind.label) for kind in Responsibility.Kind if kind != Responsibility.Kind.SPECIAL
        ],
    )
    post = PostField(Post.objects.none(), label="责任岗位", empty_label="选择岗位")
    remark = forms.CharField(label="说明", required=False, max_length=200)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["post"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = _posts(user, leaders=False)


class SettleForm(forms.Form):
    """Which township the picked objects get; empty: the one their coordinates lie in."""

    locality = forms.ModelChoiceField(
        Region.objects.none(), label="乡镇街道", required=False, empty_label="坐标所在的乡镇街道"
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["locality"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = localities_of(edit_scope(user)).order_by("code")


# --- stopped and back ------------------------------------------------------------------------------


class RecheckForm(forms.Form):
    """What was found on going back."""

    finding = forms.ChoiceField(label="现场情况", choices=Recheck.Finding.choices, widget=forms.RadioSelect)
    note = forms.CharField(
        label="说明", required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="发现擅自恢复生产的必须写明情况和措施",
    )  # fmt: skip
    on = day_field("复核日期", required=True)
    visit_url = forms.ChoiceField(
        label="以检查记录为据", required=False, help_text="已经按检查表查过的，选那一次检查即可，不必另附照片"
    )

    def __init__(self, *args: Any, visits: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["visit_url"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "没有，另附照片"), *visits]
        self.fields["on"].initial = timezone.localdate()


class ResumptionForm(forms.Form):
    """The acceptance before work begins again."""

    passed = forms.ChoiceField(
        label="验收结论",
        choices=[("yes", "合格，可以恢复"), ("no", "不合格，继续停产")],
        widget=forms.RadioSelect,
    )
    team = forms.CharField(label="验收组成员", max_length=300)
    opinion = forms.CharField(label="验收意见", max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    checked_on = day_field("验收日期", required=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["checked_on"].initial = timezone.localdate()


# --- lists -----------------------------------------------------------------------------------------


class ListForm(forms.Form):
    """Name, columns and sharing of a list; the filter comes with it."""

    name = forms.CharField(label="清单名称", max_length=60)
    standard = forms.ChoiceField(label="清单类别", choices=SharedList.Standard.choices)
    sharing = forms.ChoiceField(label="共享范围", choices=SharedList.Sharing.choices)
    order = forms.ChoiceField(
        label="排列", required=False, help_text="页面和打印用；导出的表按登记先后，可以在表里自行排序"
    )
    remark = forms.CharField(label="说明", required=False, max_length=300)
    columns = forms.MultipleChoiceField(label="栏目", widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, source: ListSource, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["columns"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(column.key, column.label) for column in source.columns]
        order = self.fields["order"]
        assert isinstance(order, forms.ChoiceField)
        order.choices = [("", "新登记的在前"), *((key, words) for key, (words, _) in source.orders.items())]
        if not source.orders:
            del self.fields["order"]
        self.initial.setdefault("columns", list(source.usual))
        self.initial.setdefault("standard", SharedList.Standard.OTHER)
        self.initial.setdefault("sharing", SharedList.Sharing.ORGANIZATION)


class DifferentForm(forms.Form):
    reason = forms.CharField(
        label="不是同一家的依据", max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )


class ReasonForm(forms.Form):
    """Why something is done that cannot be taken back."""

    reason = forms.CharField(label="理由", max_length=300)
