"""Bulletins and what became of them. Figures are frozen when they are counted, words when the paper is issued."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import NOTHING, area_q, scope_of
from bihuan.audit.moves import Transition
from bihuan.core.addresses import row_address
from bihuan.papers.models import Paper
from bihuan.rules.regions import ancestors

from ..bulletins.workflow import PUBLISHED, STANDING, BulletinStatus
from .returns import Period


class BulletinQuerySet(models.QuerySet["Bulletin"]):
    def visible_to(self, user: User) -> BulletinQuerySet:
        """Those of one's own body always; issued ones of one's area, and of the offices above it (invariant 3)."""
        if not user.has_perm(Permission.VIEW_RETURNS):
            return self.filter(NOTHING)
        scope = scope_of(user, Permission.VIEW_RETURNS)
        posts = [post for post in user.posts if post.organization.kind != Organization.Kind.ENTERPRISE]
        query = Q(organization__in=[post.organization_id for post in posts])
        published = NOTHING
        for code in scope.areas:
            published |= area_q(code)
        above = {
            each
            for post in posts
            for code in (post.organization.region_id,)
            for each in (code, *ancestors(code))
        }
        published |= Q(region__in=above)
        return self.filter(query | Q(status__in=PUBLISHED) & published)


class Bulletin(models.Model):
    """One bulletin about one period. `figures` are those of `cutoff`; `sections` its words, as written and as edited."""

    class Kind(models.TextChoices):
        DISPATCH = "dispatch", "日调度"
        WEEKLY = "weekly", "周通报"
        MONTHLY = "monthly", "月督导"
        QUARTERLY = "quarterly", "季度督查"
        SPECIAL = "special", "专题通报"

    kind = models.CharField("种类", max_length=10, choices=Kind.choices)
    status = models.CharField(
        "状态", max_length=10, choices=BulletinStatus.choices, default=BulletinStatus.DRAFT
    )
    period = models.ForeignKey(Period, models.PROTECT, verbose_name="报送期", related_name="bulletins")
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="发文单位", related_name="bulletins", db_index=False
    )
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="范围", related_name="+")
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    title = models.CharField("标题", max_length=120)
    recipients = models.CharField("主送", max_length=300)
    cc = models.CharField("抄送", max_length=300, blank=True)
    code = models.CharField("取数短码", max_length=12, unique=True, help_text="二维码用")
    cutoff = models.DateTimeField("取数时刻", help_text="只含这一刻以前入账的记录")
    figures = models.JSONField("数据")
    sections = models.JSONField("文字")
    version = models.PositiveSmallIntegerField("版次", default=1)
    verdict = models.JSONField("核校结果", default=dict, blank=True)
    release_reason = models.CharField("放行理由", max_length=500, blank=True)
    paper = models.OneToOneField(
        Paper, models.PROTECT, verbose_name="文书", null=True, blank=True, related_name="bulletin"
    )
    created_by = models.ForeignKey(User, models.PROTECT, verbose_name="起草人", related_name="+")
    created_at = models.DateTimeField("起草时间")

    objects = BulletinQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "工作通报"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["period"], condition=Q(status__in=sorted(STANDING)), name="returns_bulletin_standing"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=sorted(PUBLISHED)) | Q(paper__isnull=False),
                name="returns_bulletin_issued_has_paper",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "-id"], name="returns_bulletin_own"),
            models.Index(fields=["city", "-id"], name="returns_bulletin_city"),
            models.Index(fields=["county", "-id"], name="returns_bulletin_county"),
            models.Index(fields=["locality", "-id"], name="returns_bulletin_locality"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return row_address("returns:bulletin", self.pk)

    @property
    def is_open(self) -> bool:
        return self.status in (BulletinStatus.DRAFT, BulletinStatus.CHECKED)


class BulletinVersion(models.Model):
    """The words and figures as they stood after each change. Never rewritten: who wrote what stays to be seen."""

    bulletin = models.ForeignKey(
        Bulletin, models.PROTECT, verbose_name="工作通报", related_name="versions", db_index=False
    )
    number = models.PositiveSmallIntegerField("版次")
    title = models.CharField("标题", max_length=120)
    sections = models.JSONField("文字")
    cutoff = models.DateTimeField("取数时刻")
    figures_digest = models.CharField("数据摘要", max_length=80)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="修改人", related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "通报版次"
        ordering = ["bulletin_id", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["bulletin", "number"], name="returns_bulletin_version_number")
        ]

    def __str__(self) -> str:
        return f"{self.bulletin} 第 {self.number} 版"

    def signed_content(self) -> dict[str, Any]:
        return {
            "bulletin": self.bulletin_id, "number": self.number, "title": self.title, "sections": self.sections,
            "cutoff": self.cutoff, "figures": self.figures_digest, "by": self.by_id, "at": self.at,
        }  # fmt: skip


class BulletinTransition(Transition):
    """One line per move of a bulletin. Never rewritten."""

    RECORD = "bulletin"
    KEPT = ("version",)

    bulletin = models.ForeignKey(
        Bulletin, models.PROTECT, verbose_name="工作通报", related_name="transitions"
    )
    version = models.PositiveSmallIntegerField("版次")

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "通报流转"
