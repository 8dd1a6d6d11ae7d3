"""Visits from upper levels (迎检, R110): the notice, their list line by line, who prepares what, what they said and scored."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.audit.moves import Transition
from bihuan.core.addresses import row_address
from bihuan.papers.models import Paper

from ..workflow import LineStatus, ReceptionStatus


class ReceptionQuerySet(models.QuerySet["Reception"]):
    def visible_to(self, user: User) -> ReceptionQuerySet:
        """The office that receives, offices and inspectorates over it, and every body that prepares a line of it."""
        scope = scope_of(user, Permission.VIEW_OVERSIGHT)
        bodies = (
            {
                post.organization_id
                for post in user.posts
                if Permission.VIEW_OVERSIGHT in ROLES[post.role].permissions
            }
            if user.is_active
            else set()
        )
        given = ReceptionLine.objects.filter(reception=OuterRef("pk"), organization__in=bodies)
        return self.filter(areas_q(scope.areas) | Q(organization__in=bodies) | Exists(given))

    def live(self) -> ReceptionQuerySet:
        return self.exclude(status=ReceptionStatus.CANCELLED)


class Reception(models.Model):
    """One visit of an upper team to this place, from its notice to the last finding put right (迎检)."""

    class Level(models.TextChoices):
        STATE = "state", "国家级"
        PROVINCE = "province", "省级"
        CITY = "city", "市级"
        COUNTY = "county", "县级"

    title = models.CharField("名称", max_length=80)
    visitor = models.CharField("检查组", max_length=80)
    sender = models.CharField("发文机关", max_length=80, help_text="整改情况报给它")
    level = models.CharField("级别", max_length=10, choices=Level.choices)
    status = models.CharField(
        "状态", max_length=10, choices=ReceptionStatus.choices, default=ReceptionStatus.PREPARING
    )
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="牵头迎检单位", related_name="receptions", db_index=False
    )
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    notice_number = models.CharField("通知文号", max_length=60, blank=True)
    notice_on = models.DateField("通知日期")
    starts_on = models.DateField("进驻日期")
    ends_on = models.DateField("结束日期")
    covers_from = models.DateField("检查覆盖期间自")
    places = models.TextField("检查地点和对象", blank=True)
    focus = models.TextField("检查重点", blank=True)
    previous = models.ForeignKey(
        "self", models.PROTECT, verbose_name="上一次", null=True, blank=True, related_name="following"
    )
    intro = models.TextField("汇报材料开头", blank=True)
    shortcomings = models.TextField("存在的不足和下一步打算", blank=True)
    paper = models.OneToOneField(
        Paper, models.PROTECT, verbose_name="汇报材料", null=True, related_name="reception"
    )
    fed_back_on = models.DateField("反馈日期", null=True)
    feedback = models.TextField("总体评价", blank=True)
    full = models.DecimalField("满分", max_digits=7, decimal_places=2, null=True)
    score = models.DecimalField("得分", max_digits=7, decimal_places=2, null=True)
    grade = models.CharField("等次", max_length=20, blank=True)
    closed_on = models.DateField("办结日期", null=True)
    created_by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    created_at = models.DateTimeField("登记时间")

    objects = ReceptionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "迎检"
        ordering = ["-starts_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="oversight_reception_in_order"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["rectifying", "closed"], fed_back_on__isnull=False)
                | (~Q(status__in=["rectifying", "closed"]) & Q(fed_back_on=None)),
                name="oversight_reception_fed_back",
            ),
            models.CheckConstraint(
                condition=Q(score=None) | Q(full__isnull=False, score__gte=0, score__lte=F("full")),
                name="oversight_reception_score",
            ),
        ]
        indexes = [
            models.Index(fields=["city", "-starts_on"], name="oversight_reception_city"),
            models.Index(fields=["county", "-starts_on"], name="oversight_reception_county"),
            models.Index(fields=["organization", "-starts_on"], name="oversight_reception_of"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return row_address("oversight:reception", self.pk)

    @property
    def score_words(self) -> str:
        """96.5 / 100 分（优秀）; empty before it is announced."""
        if self.score is None or self.full is None:
            return ""
        return f"{short(self.score)} / {short(self.full)} 分" + (f"（{self.grade}）" if self.grade else "")

    def signed_content(self) -> dict[str, object]:
        return {
            "title": self.title, "visitor": self.visitor, "sender": self.sender, "level": self.level,
            "organization": self.organization_id, "notice": [self.notice_number, self.notice_on],
            "dates": [self.starts_on, self.ends_on, self.covers_from], "intro": self.intro,
            "shortcomings": self.shortcomings, "status": self.status, "feedback": self.feedback,
            "score": [_plain(self.full), _plain(self.score), self.grade], "fed_back_on": self.fed_back_on,
        }  # fmt: skip


def _plain(value: Decimal | int | None) -> str | None:
    """One spelling of a number, whether just entered or read back."""
    return None if value is None else f"{Decimal(value).normalize():f}"


def short(value: Decimal) -> str:
    """96.5, 100: no trailing zeros."""
    return f"{value.normalize():f}"


class ReceptionTransition(Transition):
    """One line per move of a visit from above."""

    RECORD = "reception"

    reception = models.ForeignKey(Reception, models.PROTECT, verbose_name="迎检", related_name="transitions")

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "迎检流转"


class ReceptionLineQuerySet(models.QuerySet["ReceptionLine"]):
    def visible_to(self, user: User) -> ReceptionLineQuerySet:
        return self.filter(reception__in=Reception.objects.visible_to(user))

    def counted(self) -> ReceptionLineQuerySet:
        """Those that apply."""
        return self.exclude(status=LineStatus.DROPPED)

    def unready(self) -> ReceptionLineQuerySet:
        return self.filter(status__in=[LineStatus.OPEN, LineStatus.OWED, LineStatus.HANDED])


class ReceptionLine(models.Model):
    """One line of the upper level's list or score sheet: who prepares what by when, what was lost and why (迎检清单)."""

    reception = models.ForeignKey(Reception, models.PROTECT, verbose_name="迎检", related_name="lines")
    position = models.PositiveSmallIntegerField("次序")
    section = models.CharField("类别", max_length=60, blank=True)
    text = models.CharField("检查内容", max_length=300)
    standard = models.CharField("评分标准", max_length=500, blank=True)
    points = models.DecimalField("分值", max_digits=6, decimal_places=2, null=True, blank=True)
    status = models.CharField("状态", max_length=8, choices=LineStatus.choices, default=LineStatus.OPEN)
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="准备单位", null=True, related_name="reception_lines"
    )
    due_on = models.DateField("准备期限", null=True)
    clock = models.JSONField("期限说明", default=dict)
    material = models.TextField("准备情况", blank=True)
    prepared_by = models.ForeignKey(User, models.PROTECT, verbose_name="准备人", null=True, related_name="+")
    prepared_at = models.DateTimeField("提交时间", null=True)
    lost = models.DecimalField("扣分", max_digits=6, decimal_places=2, null=True, blank=True)
    lost_reason = models.CharField("扣分原因", max_length=300, blank=True)

    objects = ReceptionLineQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "迎检清单"
        ordering = ["reception_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["reception", "position"], name="oversight_line_position"),
            models.CheckConstraint(
                condition=~Q(status__in=["owed", "handed", "ready"])
                | Q(organization__isnull=False, due_on__isnull=False),
                name="oversight_line_given_has_a_day",
            ),
            models.CheckConstraint(
                condition=Q(lost=None) | Q(lost__gte=0) & (Q(points=None) | Q(lost__lte=F("points"))),
                name="oversight_line_lost",
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60]

    def get_absolute_url(self) -> str:
        return row_address("oversight:reception_line", self.pk)

    @property
    def points_words(self) -> str:
        """10, 2.5; empty where the list gives no points."""
        return short(self.points) if self.points is not None else ""

    @property
    def lost_words(self) -> str:
        """0.5; empty where nothing was announced."""
        return short(self.lost) if self.lost is not None else ""

    def signed_content(self) -> dict[str, object]:
        return {
            "reception": self.reception_id, "position": self.position, "section": self.section, "text": self.text,
            "points": _plain(self.points), "organization": self.organization_id, "due_on": self.due_on,
            "material": self.material, "by": self.prepared_by_id, "at": self.prepared_at, "lost": _plain(self.lost),
            "lost_reason": self.lost_reason,
        }  # fmt: skip


class LineTransition(Transition):
    """One line per move of a line of the list."""

    RECORD, KEPT = "line", ("due_on",)

    line = models.ForeignKey(
        ReceptionLine, models.PROTECT, verbose_name="迎检清单", related_name="transitions"
    )
    due_on = models.DateField("准备期限", null=True)

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "迎检清单流转"
