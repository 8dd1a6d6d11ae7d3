"""Regions, organizations, posts and people. Duty is held by a post; people come and go (R275, invariant 8)."""

from __future__ import annotations

import datetime as dt
from functools import cached_property

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from bihuan.core.addresses import row_address
from bihuan.core.fields import SealedCharField
from bihuan.core.lazyjson import LazyJSONField

from .permissions import Permission
from .roles import ROLES, Role


class Region(models.Model):
    """A division code is the tree: `539702` lies under `5397`. Development zones carry a code of their own."""

    class Kind(models.TextChoices):
        PROVINCE = "province", "省"
        CITY = "city", "市"
        COUNTY = "county", "县区"
        TOWNSHIP = "township", "乡镇街道"
        ZONE = "zone", "功能区"

    code = models.CharField("区划代码", primary_key=True, max_length=12)
    name = models.CharField("名称", max_length=60)
    short_name = models.CharField("简称", max_length=20)
    kind = models.CharField("类型", max_length=10, choices=Kind.choices)
    parent = models.ForeignKey(
        "self", models.PROTECT, verbose_name="上级", null=True, blank=True, related_name="children"
    )
    outline = LazyJSONField(
        "示意轮廓", default=list, blank=True, help_text="1000×720 画布上的多边形顶点 [[x, y], …]"
    )
    longitude = models.FloatField("经度", null=True, blank=True)
    latitude = models.FloatField("纬度", null=True, blank=True)
    valid_from = models.DateField("启用日期", null=True, blank=True)
    valid_to = models.DateField("停用日期", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "区划"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_locality(self) -> bool:
        """Where duty touches the ground: a township, a street, or a zone with its own committee."""
        return self.kind in {self.Kind.TOWNSHIP, self.Kind.ZONE}


class OrganizationQuerySet(models.QuerySet["Organization"]):
    def current(self, *, on: dt.date) -> OrganizationQuerySet:
        return self.filter(Q(valid_from=None) | Q(valid_from__lte=on), Q(valid_to=None) | Q(valid_to__gte=on))


class Organization(models.Model):
    """A body with duties. Dated: reform renames, merges and splits bodies, and old papers keep the old name."""

    class Kind(models.TextChoices):
        OFFICE = "office", "安委办"
        DEPARTMENT = "department", "部门"
        LOCALITY = "locality", "乡镇街道"
        ENTERPRISE = "enterprise", "企业"
        EXPERTS = "experts", "专家库"
        INSPECTORATE = "inspectorate", "督查机构"
        SYSTEM = "system", "系统管理"

    name = models.CharField("名称", max_length=120)
    short_name = models.CharField("简称", max_length=60)
    kind = models.CharField("类型", max_length=16, choices=Kind.choices)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="所在区划", related_name="organizations")
    paper_prefix = models.CharField("文书代字", max_length=20, blank=True)
    valid_from = models.DateField("成立日期", null=True, blank=True)
    valid_to = models.DateField("撤销日期", null=True, blank=True)
    successor = models.ForeignKey(
        "self",
        models.PROTECT,
        verbose_name="职责承接单位",
        null=True,
        blank=True,
        related_name="predecessors",
    )

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "单位"
        ordering = ["region_id", "kind", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_from=None) | Q(valid_to__gte=F("valid_from")),
                name="accounts_organization_dates",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return row_address("accounts:organization", self.pk)

    def is_current(self, day: dt.date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or self.valid_to >= day
        )


class OrganizationAlias(models.Model):
    """Another name the same body is called by (市住建局 = 市住房和城乡建设局), R270."""

    class Source(models.TextChoices):
        SEEDED = "seeded", "预置"
        MATCHED = "matched", "校核方案时认定"
        HISTORY = "history", "曾用名"

    organization = models.ForeignKey(
        Organization, models.CASCADE, verbose_name="单位", related_name="aliases"
    )
    name = models.CharField("别名", max_length=120)
    key = models.CharField("比较键", max_length=120, db_index=True)
    source = models.CharField("来源", max_length=10, choices=Source.choices, default=Source.SEEDED)
    valid_from = models.DateField("起", null=True, blank=True)
    valid_to = models.DateField("止", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "单位别名"
        constraints = [models.UniqueConstraint(fields=["organization", "key"], name="accounts_alias_unique")]

    def __str__(self) -> str:
        return f"{self.name} = {self.organization}"


class OrganizationChange(models.Model):
    """A reform: renamed, merged or split, on a day, by a document (R275)."""

    class Kind(models.TextChoices):
        RENAME = "rename", "更名"
        MERGE = "merge", "合并"
        SPLIT = "split", "分设"

    kind = models.CharField("类型", max_length=10, choices=Kind.choices)
    before = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="原单位", related_name="changes_from"
    )
    after = models.ForeignKey(Organization, models.PROTECT, verbose_name="新单位", related_name="changes_to")
    former_name = models.CharField("原名称", max_length=120)
    on = models.DateField("日期")
    document = models.CharField("依据文件", max_length=120, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "机构变动"
        ordering = ["-on", "-id"]

    def __str__(self) -> str:
        return f"{self.on} {self.former_name} {self.get_kind_display()}为 {self.after}"


class Post(models.Model):
    """A chair, not a person. Duties, permissions and signatures belong to it."""

    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="单位", related_name="posts")
    title = models.CharField("岗位", max_length=60)
    role = models.CharField("权限", max_length=30, choices=Role.choices)
    is_default = models.BooleanField("默认承办岗", default=False, help_text="发给本单位的任务先到这个岗位")
    is_active = models.BooleanField("在用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "岗位"
        ordering = ["organization_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization"],
                condition=Q(is_default=True, is_active=True),
                name="accounts_one_default_post",
            )
        ]

    def __str__(self) -> str:
        return f"{self.organization.short_name} · {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("accounts:post", args=[self.pk])

    def signed_content(self) -> dict[str, object]:
        """What the post is allowed to do: changing it behind the system's back must show."""
        return {
            "organization": self.organization_id,
            "title": self.title,
            "role": self.role,
            "default": self.is_default,
            "active": self.is_active,
        }

    @property
    def is_leader(self) -> bool:
        return self.role in {Role.OFFICE_LEADER, Role.DEPARTMENT_LEADER, Role.LOCALITY_LEADER}


class UserQuerySet(models.QuerySet["User"]):
    def visible_to(self, user: User) -> UserQuerySet:
        """Whose account pages a person may open: administrators all, leaders their own people, others themselves."""
        if user.has_perm(Permission.MANAGE_USERS) or user.has_perm(Permission.UNLOCK_USERS):
            return self
        own = [
            post.organization_id
            for post in user.posts
            if Permission.HAND_OVER in ROLES[post.role].permissions
        ]
        return self.filter(
            Q(pk=user.pk)
            | Q(
                pk__in=Holding.objects.filter(post__organization__in=own).values("user"),
            )
        )


class UserManager(BaseUserManager["User"]):
    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def visible_to(self, user: User) -> UserQuerySet:
        return self.get_queryset().visible_to(user)

    def create_user(self, username: str, password: str | None = None, **fields: object) -> User:
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person who logs in, or a named service account that jobs act as. What they may do comes from their posts."""

    username = models.CharField("用户名", max_length=60, unique=True)
    full_name = models.CharField("姓名", max_length=60)
    phone = SealedCharField("手机", max_length=20, blank=True, default="")
    email = models.EmailField("邮箱", blank=True)
    certificate_no = models.CharField("执法证号", max_length=40, blank=True)
    is_active = models.BooleanField("在用", default=True)
    is_service = models.BooleanField("服务账号", default=False, help_text="定时作业以它的名义行事，不能登录")
    password_changed_at = models.DateTimeField("口令更新时间", null=True, blank=True)
    must_change_password = models.BooleanField("下次登录须改口令", default=False)
    created_at = models.DateTimeField("建立时间", default=timezone.now)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["full_name"]

    objects = UserManager()

    class Meta:
        verbose_name = verbose_name_plural = "账号"

    def __str__(self) -> str:
        return self.full_name

    def get_absolute_url(self) -> str:
        return reverse("accounts:user", args=[self.pk])

    def signed_content(self) -> dict[str, object]:
        """Who the account belongs to and whether it works; the password is nobody's business here."""
        return {
            "username": self.username,
            "name": self.full_name,
            "certificate": self.certificate_no,
            "active": self.is_active,
            "service": self.is_service,
        }

    def holdings_on(self, day: dt.date) -> list[Holding]:
        return list(
            self.holdings.filter(Q(to_on=None) | Q(to_on__gte=day), from_on__lte=day, post__is_active=True)
            .select_related("post__organization__region")
            .order_by("kind", "id")
        )

    @cached_property
    def posts(self) -> list[Post]:
        """Posts held or stood in for today, own posts first."""
        return [holding.post for holding in self.holdings_on(timezone.localdate())]

    @cached_property
    def main_post(self) -> Post | None:
        return self.posts[0] if self.posts else None

    @cached_property
    def permissions(self) -> frozenset[str]:
        if not self.is_active:
            return frozenset()
        return frozenset().union(*(ROLES[post.role].permissions for post in self.posts))

    def has_perm(self, permission: str) -> bool:
        return permission in self.permissions

    @property
    def organization(self) -> Organization | None:
        return self.main_post.organization if self.main_post else None

    @property
    def needs_second_factor(self) -> bool:
        return any(ROLES[post.role].needs_second_factor for post in self.posts)


class Holding(models.Model):
    """Who sits in a chair, from when to when; a stand-in during leave is a holding too (代理)."""

    class Kind(models.TextChoices):
        HOLDER = "holder", "任职"
        STAND_IN = "stand_in", "代理"

    user = models.ForeignKey(User, models.PROTECT, verbose_name="人员", related_name="holdings")
    post = models.ForeignKey(Post, models.PROTECT, verbose_name="岗位", related_name="holdings")
    kind = models.CharField("方式", max_length=10, choices=Kind.choices, default=Kind.HOLDER)
    from_on = models.DateField("起")
    to_on = models.DateField("止", null=True, blank=True)
    reason = models.CharField("事由", max_length=120, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "任职"
        constraints = [
            models.CheckConstraint(
                condition=Q(to_on=None) | Q(to_on__gte=F("from_on")), name="accounts_holding_dates"
            ),
            models.UniqueConstraint(
                fields=["user", "post"], condition=Q(to_on=None), name="accounts_one_open_holding"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.get_kind_display()} {self.post}"

    def signed_content(self) -> dict[str, object]:
        return {
            "user": self.user_id,
            "post": self.post_id,
            "kind": self.kind,
            "from": self.from_on,
            "to": self.to_on,
            "reason": self.reason,
        }

    def is_current(self, day: dt.date) -> bool:
        return self.from_on <= day and (self.to_on is None or self.to_on >= day)


# In this order: newer browsers name the older ones too.
BROWSERS = (
    ("MicroMessenger", "微信"), ("DingTalk", "钉钉"), ("Edg", "Edge"), ("Firefox", "Firefox"),
    ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"),
    ("Mac OS", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


class LoginSession(models.Model):
    """An open session, so that the number per person can be limited and one can be ended from afar."""

    user = models.ForeignKey(User, models.CASCADE, verbose_name="账号", related_name="login_sessions")
    session_key = models.CharField("会话", max_length=40, unique=True)
    ip = models.CharField("来源地址", max_length=45, blank=True)
    user_agent = models.CharField("终端", max_length=200, blank=True)
    opened_at = models.DateTimeField("登录时间")
    seen_at = models.DateTimeField("最近活动")

    class Meta:
        verbose_name = verbose_name_plural = "会话"
        ordering = ["opened_at"]

    def __str__(self) -> str:
        return f"{self.user} {self.ip}"

    @property
    def terminal(self) -> str:
        """Browser and system in a few words, from what the browser says of itself."""
        browser = next((name for mark, name in BROWSERS if mark in self.user_agent), "")
        system = next((name for mark, name in SYSTEMS if mark in self.user_agent), "")
        return " · ".join(part for part in (browser, system) if part) or self.user_agent[:60] or "未知终端"


class FormerPassword(models.Model):
    """Hashes of earlier passwords; the last few may not be used again."""

    user = models.ForeignKey(User, models.CASCADE, verbose_name="账号", related_name="former_passwords")
    password = models.CharField("口令摘要", max_length=128)
    at = models.DateTimeField("停用时间", default=timezone.now)

    class Meta:
        verbose_name = verbose_name_plural = "历史口令"
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.user} {self.at:%Y-%m-%d}"


class SavedView(models.Model):
    """A filter someone gave a name to, on one list page."""

    user = models.ForeignKey(User, models.CASCADE, verbose_name="账号", related_name="saved_views")
    page = models.CharField("页面", max_length=40)
    name = models.CharField("名称", max_length=40)
    query = models.CharField("筛选条件", max_length=1000)

    class Meta:
        verbose_name = verbose_name_plural = "常用视图"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "page", "name"], name="accounts_saved_view_name")
        ]

    def __str__(self) -> str:
        return self.name


class ApiToken(models.Model):
    """A key for programs, as strong as its owner; only its digest is stored."""

    user = models.ForeignKey(User, models.CASCADE, verbose_name="账号", related_name="api_tokens")
    name = models.CharField("用途", max_length=60)
    digest = models.CharField("摘要", max_length=72, unique=True)
    created_at = models.DateTimeField("建立时间", default=timezone.now)
    expires_on = models.DateField("有效期至")
    last_used_at = models.DateTimeField("最近使用", null=True, blank=True)
    revoked_at = models.DateTimeField("停用时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "接口令牌"
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name
