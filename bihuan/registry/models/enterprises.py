"""Enterprises, their premises and contacts, and what was changed in a record (R039, R049)."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import area_q, areas_q, scope_of
from bihuan.core.addresses import row_address
from bihuan.core.fields import SealedCharField
from bihuan.registry.workflow import SUPERVISED, EnterpriseStatus
from bihuan.rules.coordinates import CRS_LABELS

from .kinds import EnterpriseKind, RiskColour


def source_crs_field() -> models.CharField:
    """Longitude and latitude are kept in CGCS2000; this says which system they were given in and converted from."""
    return models.CharField(
        "坐标换算自", max_length=10, choices=[(crs.value, label) for crs, label in CRS_LABELS.items()],
        blank=True, default="", db_default="",
    )  # fmt: skip


class EnterpriseQuerySet(models.QuerySet["Enterprise"]):
    def visible_to(self, user: User) -> EnterpriseQuerySet:
        """The area for offices and localities, the own line for departments, oneself for enterprises."""
        return self.within_scope_of(user, Permission.VIEW_REGISTRY)

    def within_scope_of(self, user: User, permission: str) -> EnterpriseQuerySet:
        """Those for which the person holds a permission, e.g. to change them or to see phones in full."""
        scope = scope_of(user, permission)
        return self.filter(
            areas_q(scope.areas) | Q(department__in=scope.departments) | Q(organization__in=scope.enterprises)
        )

    def supervised(self) -> EnterpriseQuerySet:
        """Those that can be inspected at all: in operation or idle, not closed or moved away."""
        return self.filter(status__in=SUPERVISED)

    def in_scope(self, *, kinds: Iterable[str], risks: Iterable[str], region: str) -> EnterpriseQuerySet:
        """Supervised objects of these kinds in the region; `risks` empty means every colour."""
        objects = self.supervised().filter(area_q(region), kind__in=list(kinds))
        chosen = list(risks)
        return objects.filter(risk__in=chosen) if chosen else objects


class Enterprise(models.Model):
    """An enterprise, institution or shop under supervision. Ancestor columns carry its place in the division tree."""

    Status = EnterpriseStatus

    name = models.CharField("名称", max_length=120)
    credit_code = models.CharField("统一社会信用代码", max_length=18, null=True, blank=True, unique=True)
    code_unchecked = models.BooleanField(
        "代码校验人工放行", default=False, help_text="个体户与历史码可能不合校验位"
    )
    code_unchecked_reason = models.CharField("放行理由", max_length=200, blank=True)
    kind = models.ForeignKey(EnterpriseKind, models.PROTECT, verbose_name="类型", related_name="enterprises")
    department = models.ForeignKey(
        Organization,
        models.PROTECT,
        verbose_name="主管部门",
        null=True,
        blank=True,
        related_name="supervised_enterprises",
        limit_choices_to={"kind": "department"},
    )
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(Region, models.PROTECT, verbose_name="县区", related_name="+", db_index=False)
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", related_name="enterprises", db_index=False
    )
    address = models.CharField("地址", max_length=200, blank=True)
    longitude = models.FloatField("经度", null=True, blank=True)
    latitude = models.FloatField("纬度", null=True, blank=True)
    source_crs = source_crs_field()
    risk = models.CharField("风险等级", max_length=8, choices=RiskColour.choices, default=RiskColour.YELLOW)
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.OPERATING)
    employees = models.PositiveIntegerField("从业人数", null=True, blank=True)
    remark = models.CharField("备注", max_length=300, blank=True)
    attributes = models.JSONField("专有属性", default=dict, blank=True)
    attributes_version = models.PositiveSmallIntegerField(
        "属性表版本", null=True, blank=True, help_text="专有属性是按类型的第几版属性表填写的"
    )
    organization = models.OneToOneField(
        Organization,
        models.PROTECT,
        verbose_name="企业账号单位",
        null=True,
        blank=True,
        related_name="enterprise",
    )
    created_at = models.DateTimeField("登记时间", auto_now_add=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    objects = EnterpriseQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "企业与场所"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["city", "-id"], name="registry_city"),
            models.Index(fields=["county", "-id"], name="registry_county"),
            models.Index(fields=["locality", "-id"], name="registry_locality"),
            models.Index(fields=["kind", "locality"], name="registry_kind_locality"),
            models.Index(fields=["name"], name="registry_name"),
            models.Index(fields=["longitude", "latitude"], name="registry_coordinates"),
            # The few that stopped, moved or closed: the lists of them and the worker's look at their periods.
            models.Index(
                fields=["status", "-id"], condition=~Q(status="operating"), name="registry_not_operating"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["name", "locality"], condition=Q(credit_code=None), name="registry_name_without_code"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return row_address("registry:detail", self.pk)


class Premises(models.Model):
    """A place of an enterprise with an address of its own: a second shop, a tank farm, a warehouse."""

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, verbose_name="企业", related_name="premises")
    name = models.CharField("场所名称", max_length=120)
    kind = models.ForeignKey(EnterpriseKind, models.PROTECT, verbose_name="类型", related_name="+")
    locality = models.ForeignKey(Region, models.PROTECT, verbose_name="乡镇街道", related_name="+")
    address = models.CharField("地址", max_length=200, blank=True)
    longitude = models.FloatField("经度", null=True, blank=True)
    latitude = models.FloatField("纬度", null=True, blank=True)
    source_crs = source_crs_field()
    is_active = models.BooleanField("在用", default=True)
    attributes = models.JSONField("专有属性", default=dict, blank=True)
    attributes_version = models.PositiveSmallIntegerField(
        "属性表版本", null=True, blank=True, help_text="专有属性是按类型的第几版属性表填写的"
    )

    class Meta:
        verbose_name = verbose_name_plural = "场所"
        constraints = [models.UniqueConstraint(fields=["enterprise", "name"], name="registry_premises_name")]

    def __str__(self) -> str:
        return self.name


class Contact(models.Model):
    """Whom to call. Phones are sealed at rest, masked on pages, and revealing one is recorded (R273)."""

    class Role(models.TextChoices):
        LEGAL = "legal", "法定代表人"
        PRINCIPAL = "principal", "主要负责人"
        SAFETY = "safety", "安全管理人"
        OTHER = "other", "联系人"

    enterprise = models.ForeignKey(Enterprise, models.CASCADE, verbose_name="企业", related_name="contacts")
    role = models.CharField("身份", max_length=10, choices=Role.choices)
    name = models.CharField("姓名", max_length=60)
    phone = SealedCharField("电话", max_length=20, blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "联系人"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["enterprise", "role", "name"], name="registry_contact_unique")
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.name}"


class EnterpriseChange(models.Model):
    """What was changed in a record, by whom, why: a line per save, by hand or by table. Never rewritten."""

    class What(models.TextChoices):
        CREATED = "created", "登记"
        UPDATED = "updated", "修改"
        IMPORTED = "imported", "批量导入"
        STATUS = "status", "状态变更"
        ASSIGNED = "assigned", "指定主管部门"
        ACCOUNT = "account", "开通企业账号"
        RISK = "risk", "风险变动"
        MERGED = "merged", "合并记录"

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, verbose_name="企业", related_name="changes")
    what = models.CharField("事项", max_length=10, choices=What.choices)
    changes = models.JSONField("变动", default=list, help_text="[[栏目, 原值, 新值], …]，电话只记“已修改”")
    reason = models.CharField("理由", max_length=300, blank=True)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="操作人", related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "底册变动"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(what="status") | ~Q(reason=""), name="registry_status_has_reason"
            )
        ]

    def __str__(self) -> str:
        return f"{self.enterprise} {self.get_what_display()}"
