"""Named lists people share: the five lists, the key-supervision list and any other (R040, R041, R045)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import scope_of
from bihuan.core.addresses import row_address
from bihuan.rules.regions import ancestors, prefix_range


class SharedListQuerySet(models.QuerySet["SharedList"]):
    def visible_to(self, user: User) -> SharedListQuerySet:
        """One's own, one's organization's, those shared with an area one works in, and those of the area one sees.

        A list shows nothing by itself: its rows are narrowed to each reader anew.
        """
        posts = user.posts if user.is_active else []
        query = Q(owner=user) | Q(
            sharing__in=[SharedList.Sharing.ORGANIZATION, SharedList.Sharing.AREA],
            organization__in=[post.organization_id for post in posts],
        )
        homes = {post.organization.region_id for post in posts}
        above = {code for home in homes for code in (home, *ancestors(home))}
        query |= Q(sharing=SharedList.Sharing.AREA, region__in=above)
        for code in scope_of(user, Permission.VIEW_REGISTRY).areas:
            low, high = prefix_range(code)
            query |= Q(sharing=SharedList.Sharing.AREA, region__gte=low, region__lt=high)
        return self.filter(query, is_active=True)


class SharedList(models.Model):
    """A named filter over one kind of rows with the columns it shows."""

    class Sharing(models.TextChoices):
        OWN = "own", "只有我"
        ORGANIZATION = "organization", "本单位"
        AREA = "area", "本辖区各单位"

    class Standard(models.TextChoices):
        """The five lists of R040 by name; any other list is 其他清单."""

        ENTERPRISES = "enterprises", "企业行业清单"
        ZONES = "zones", "重点区域清单"
        HAZARDS = "hazards", "安全隐患清单"
        RISKS = "risks", "安全风险清单"
        STOPPED = "stopped", "停产企业清单"
        KEY = "key", "重点监管清单"
        OTHER = "other", "其他清单"

    name = models.CharField("清单名称", max_length=60)
    standard = models.CharField("清单类别", max_length=12, choices=Standard.choices, default=Standard.OTHER)
    source = models.CharField("清单内容", max_length=40)
    query = models.CharField("筛选条件", max_length=500, blank=True)
    columns = models.JSONField("栏目", default=list)
    order = models.CharField("排列", max_length=20, blank=True, default="", db_default="")
    note = models.CharField("说明", max_length=300, blank=True)
    sharing = models.CharField("共享范围", max_length=12, choices=Sharing.choices, default=Sharing.OWN)
    owner = models.ForeignKey(User, models.PROTECT, verbose_name="建立人", related_name="shared_lists")
    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="建立单位", related_name="+")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="辖区", related_name="+")
    is_active = models.BooleanField("在用", default=True)
    created_at = models.DateTimeField("建立时间", auto_now_add=True)

    objects = SharedListQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "清单"
        ordering = ["standard", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "name"], condition=Q(is_active=True), name="registry_list_name"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return row_address("registry:shared_list", self.pk)
