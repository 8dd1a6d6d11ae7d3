"""Forms of the account pages: they judge shape and wording, the actions judge the world."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.utils import timezone

from bihuan.core.forms import RowsField

from .models import Holding, Organization, Post, Region, User
from .permissions import Permission
from .roles import ROLES_BY_KIND, Role

USERNAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{2,31}$")
PHONE = re.compile(r"^(?:1\d{10}|0\d{2,3}-?\d{7,8})$")


class Date(forms.DateField):
    """A date between 1949 and 2100, chosen in the browser's own calendar."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def clean(self, value: Any) -> dt.date | None:
        day = super().clean(value)
        if day is not None and not 1949 <= day.year <= 2100:
            raise ValidationError("请填写 1949 至 2100 年之间的日期")
        return day


class LoginForm(AuthenticationForm):
    """Username and password. The same answer for an unknown name and a wrong password."""

    error_messages = {
        "invalid_login": "用户名或口令不正确。连续输错会暂时锁定，忘记口令请联系系统管理员重置。",
        "inactive": "用户名或口令不正确。",
    }
    username = forms.CharField(
        label="用户名",
        max_length=60,
        widget=forms.TextInput(
            attrs={"autofocus": True, "autocomplete": "username", "autocapitalize": "none"}
        ),
    )
    password = forms.CharField(
        label="口令",
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def confirm_login_allowed(self, user: Any) -> None:
        if not user.is_active or user.is_service:
            raise ValidationError(self.error_messages["invalid_login"], code="invalid_login")


class PasswordForm(forms.Form):
    """A new password under the policy, with the present one as proof."""

    old = forms.CharField(
        label="当前口令", strip=False, max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )  # fmt: skip
    new = forms.CharField(
        label="新口令", strip=False, max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="至少 10 位，大写字母、小写字母、数字、符号中至少三种；不含用户名；不与最近 5 次相同。",
    )  # fmt: skip
    again = forms.CharField(
        label="再输一次新口令", strip=False, max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def clean_old(self) -> str:
        old: str = self.cleaned_data["old"]
        if not self.user.check_password(old):
            raise ValidationError("当前口令不正确")
        return old

    def clean_new(self) -> str:
        new: str = self.cleaned_data["new"]
        password_validation.validate_password(new, self.user)
        return new

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("new") and data.get("again") and data["new"] != data["again"]:
            self.add_error("again", "两次输入的新口令不一致")
        return data


class CodeForm(forms.Form):
    """A code from the phone, or a recovery code."""

    code = forms.CharField(
        label="验证码",
        max_length=20,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "text",
                "autofocus": True,
                "spellcheck": "false",
            }
        ),
    )


class ContactForm(forms.Form):
    """One's own phone and e-mail; an empty phone keeps the present one, because it is never shown whole."""

    phone = forms.CharField(
        label="新手机号码", required=False, max_length=20, help_text="不修改就留空。",
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )  # fmt: skip
    email = forms.EmailField(label="邮箱", required=False, max_length=254)

    def clean_phone(self) -> str:
        return _phone(self.cleaned_data["phone"])


def _phone(text: str) -> str:
    number = re.sub(r"[\s-]", "", text) if text.strip().startswith("1") else text.strip()
    if number and not PHONE.match(number):
        raise ValidationError("请填写 11 位手机号码，或区号加固定电话号码")
    return number


class TokenForm(forms.Form):
    name = forms.CharField(label="用途", max_length=60, help_text="例如“街道数据大屏”。")
    expires_on = Date(label="有效期至", help_text="最长一年。")


class UserForm(forms.Form):
    """A new account; the first password is made by the system."""

    username = forms.CharField(
        label="用户名", max_length=32, help_text="3 至 32 位字母、数字、点、横线，建立后不能改。"
    )
    full_name = forms.CharField(label="姓名", max_length=60)
    phone = forms.CharField(label="手机", required=False, max_length=20)
    email = forms.EmailField(label="邮箱", required=False)
    certificate_no = forms.CharField(label="执法证号", required=False, max_length=40)
    post = forms.ModelChoiceField(
        Post.objects.none(),
        label="岗位",
        required=False,
        empty_label="暂不任职",
        help_text="也可以建好后再安排。",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["post"].queryset = active_posts()  # type: ignore[attr-defined]

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"]
        if not USERNAME.match(username):
            raise ValidationError("用户名须为 3 至 32 位字母、数字、点或横线，以字母或数字开头")
        if User.objects.filter(username__iexact=username).exists():
            raise ValidationError("这个用户名已被使用，请换一个")
        return username

    def clean_phone(self) -> str:
        return _phone(self.cleaned_data["phone"])


def active_posts() -> Any:
    return (
        Post.objects.filter(is_active=True, organization__valid_to=None)
        .select_related("organization")
        .order_by("organization__region_id", "organization_id", "id")
    )


class UserEditForm(forms.Form):
    full_name = forms.CharField(label="姓名", max_length=60)
    phone = forms.CharField(label="新手机号码", required=False, max_length=20, help_text="不修改就留空。")
    email = forms.EmailField(label="邮箱", required=False)
    certificate_no = forms.CharField(label="执法证号", required=False, max_length=40)

    def clean_phone(self) -> str:
        return _phone(self.cleaned_data["phone"])


class PersonChoice(forms.ModelChoiceField):
    """People with their name and username, because names repeat."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.full_name}（{obj.username}）"


def candidates(by: User, organization: Organization) -> Any:
    """Whom `by` may seat in a body's posts: anybody for the system administrator, colleagues for a leader."""
    people = User.objects.filter(is_active=True, is_service=False)
    if not by.has_perm(Permission.MANAGE_USERS):
        people = people.filter(holdings__post__organization=organization).distinct()
    return people.order_by("full_name", "username")


class AppointForm(forms.Form):
    """Who sits in a post, from when."""

    user = PersonChoice(User.objects.none(), label="人员")
    kind = forms.ChoiceField(label="方式", choices=Holding.Kind.choices, initial=Holding.Kind.HOLDER)
    from_on = Date(label="自")
    to_on = Date(label="至", required=False, help_text="代理必填；任职可留空。")
    reason = forms.CharField(
        label="事由", required=False, max_length=100, help_text="代理必填，例如“年休假”。"
    )

    def __init__(self, by: User, post: Post, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {}).setdefault("from_on", timezone.localdate())
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = candidates(by, post.organization)  # type: ignore[attr-defined]


class HandOverForm(forms.Form):
    """The end of a holding, and who goes on."""

    last_day = Date(label="最后任职日", help_text="接任人从次日起任职。")
    successor = PersonChoice(User.objects.none(), label="接任人", required=False, empty_label="请选择接任人")
    leave_empty = forms.BooleanField(label="暂无人接任（该岗位的待办将以红色显示给安委办）", required=False)
    reason = forms.CharField(label="事由", max_length=100)

    def __init__(self, by: User, holding: Holding, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {}).setdefault("last_day", timezone.localdate())
        super().__init__(*args, **kwargs)
        people = candidates(by, holding.post.organization).exclude(pk=holding.user_id)
        self.fields["successor"].queryset = people  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("successor") and not data.get("leave_empty") and "successor" not in self.errors:
            self.add_error("successor", "请选择接任人，或勾选“暂无人接任”")
        if data.get("successor") and data.get("leave_empty"):
            self.add_error("leave_empty", "已选择接任人，不需要勾选")
        return data


class DeactivateForm(forms.Form):
    """One successor for every post a person holds, and the reason."""

    reason = forms.CharField(label="停用事由", max_length=100, help_text="例如“调离”“退休”。")

    def __init__(self, by: User, holdings: list[Holding], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.holdings = holdings
        for holding in holdings:
            people = candidates(by, holding.post.organization).exclude(pk=holding.user_id)
            choices = [("", "请选择接任人"), ("nobody", "暂无人接任（待办以红色显示给安委办）")]
            choices += [(str(each.pk), f"{each.full_name}（{each.username}）") for each in people]
            self.fields[f"post_{holding.post_id}"] = forms.ChoiceField(
                label=f"“{holding.post}”由谁接任", choices=choices
            )
        self.order_fields([*(f"post_{holding.post_id}" for holding in holdings), "reason"])

    def successors(self) -> dict[int, User | None]:
        """{post id: who takes over, None for nobody yet} as chosen."""
        chosen = {holding.post_id: self.cleaned_data[f"post_{holding.post_id}"] for holding in self.holdings}
        people = User.objects.in_bulk([int(value) for value in chosen.values() if value != "nobody"])
        return {post: None if value == "nobody" else people[int(value)] for post, value in chosen.items()}


class ReasonForm(forms.Form):
    reason = forms.CharField(label="事由", max_length=100)


class OrganizationForm(forms.Form):
    name = forms.CharField(label="全称", max_length=120)
    short_name = forms.CharField(
        label="简称", max_length=60, help_text="表格和导航里用它，也能用它匹配方案。"
    )
    kind = forms.ChoiceField(label="类型", choices=Organization.Kind.choices)
    region = forms.ModelChoiceField(Region.objects.filter(valid_to=None), label="所在区划")
    paper_prefix = forms.CharField(
        label="文书代字", required=False, max_length=20, help_text="例如“云住建”。"
    )
    valid_from = Date(label="成立日期", required=False, help_text="不填为今天。")


class OrganizationEditForm(forms.Form):
    short_name = forms.CharField(label="简称", max_length=60)
    paper_prefix = forms.CharField(label="文书代字", required=False, max_length=20)


class RenameForm(forms.Form):
    name = forms.CharField(label="新全称", max_length=120)
    short_name = forms.CharField(label="新简称", max_length=60)
    on = Date(label="更名日期", help_text="从这一天起用新名称。")
    document = forms.CharField(label="依据文件", max_length=120, help_text="文件名称或文号。")


class MergeForm(forms.Form):
    """Which bodies are merged into this one."""

    bodies = RowsField(Organization.objects.none(), label="并入的单位", widget=forms.CheckboxSelectMultiple)
    on = Date(label="合并日期")
    document = forms.CharField(label="依据文件", max_length=120, help_text="文件名称或文号。")

    def __init__(self, after: Organization, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        peers = Organization.objects.filter(kind=after.kind, valid_to=None).exclude(pk=after.pk)
        if after.kind == Organization.Kind.ENTERPRISE:
            peers = peers.filter(region=after.region)
        self.fields["bodies"].queryset = peers  # type: ignore[attr-defined]


class SplitForm(forms.Form):
    """Where each post of the body goes; optionally the body is dissolved."""

    dissolve = forms.BooleanField(label="原单位撤销", required=False)
    successor = forms.ModelChoiceField(
        Organization.objects.none(),
        label="撤销后由谁承接其余职责",
        required=False,
        empty_label="原单位保留，不用选",
    )
    on = Date(label="分设日期")
    document = forms.CharField(label="依据文件", max_length=120, help_text="文件名称或文号。")

    def __init__(self, before: Organization, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.before = before
        self.posts = list(before.posts.filter(is_active=True))
        peers = Organization.objects.filter(kind=before.kind, valid_to=None).exclude(pk=before.pk)
        self.fields["successor"].queryset = peers  # type: ignore[attr-defined]
        for post in self.posts:
            self.fields[f"post_{post.pk}"] = forms.ModelChoiceField(
                peers, label=f"岗位“{post.title}”", required=False, empty_label=f"留在{before.short_name}"
            )
        self.order_fields(
            [*(f"post_{post.pk}" for post in self.posts), "dissolve", "successor", "on", "document"]
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("dissolve") and not data.get("successor"):
            self.add_error("successor", "原单位撤销时，须选择承接其余职责的单位")
        if data.get("successor") and not data.get("dissolve"):
            self.add_error("dissolve", "选择了承接单位，请勾选“原单位撤销”")
        return data

    def assignment(self) -> dict[int, Organization]:
        """{post id: the body it goes to}, without those that stay."""
        chosen = {post.pk: self.cleaned_data.get(f"post_{post.pk}") for post in self.posts}
        return {pk: body for pk, body in chosen.items() if body is not None}


class AliasForm(forms.Form):
    name = forms.CharField(label="别名", max_length=120, help_text="方案里对本单位的另一种写法。")


class PostForm(forms.Form):
    title = forms.CharField(label="岗位名称", max_length=60)
    is_default = forms.BooleanField(label="默认承办岗（发给本单位的任务先到这里）", required=False)


class RoleForm(forms.Form):
    """What a post may do; only what fits its kind of organization is offered."""

    role = forms.ChoiceField(label="权限", widget=forms.RadioSelect)
    reason = forms.CharField(label="授权依据", max_length=100, help_text="例如“岗位职责分工文件”。")

    def __init__(self, post: Post, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {}).setdefault("role", post.role)
        super().__init__(*args, **kwargs)
        allowed = [*ROLES_BY_KIND[post.organization.kind], Role.UNASSIGNED]
        self.fields["role"].choices = [(role.value, role.label) for role in allowed]  # type: ignore[attr-defined]


class RegionForm(forms.Form):
    code = forms.CharField(label="区划代码", max_length=12, help_text="去掉末尾补零：县 6 位，乡镇 9 位。")
    name = forms.CharField(label="名称", max_length=60)
    kind = forms.ChoiceField(label="类型", choices=Region.Kind.choices)
    parent = forms.ModelChoiceField(
        Region.objects.filter(valid_to=None).exclude(kind=Region.Kind.TOWNSHIP),
        label="上级", required=False, empty_label="按代码确定",
    )  # fmt: skip


class SavedViewForm(forms.Form):
    """A name for the present filters of a list."""

    page = forms.CharField(max_length=40)
    name = forms.CharField(max_length=40)
    query = forms.CharField(max_length=1000, required=False)
