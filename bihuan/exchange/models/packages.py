"""Packages and the numbered rows they stand in, one row per peer, direction and kind."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import User
from bihuan.attachments.models import Attachment
from bihuan.audit.moves import Transition
from bihuan.core.addresses import row_address

from ..workflow import PackageMove, PackageStatus
from .instances import Peer


class Direction(models.TextChoices):
    OUT = "out", "发出"
    IN = "in", "收到"


class Stream(models.Model):
    """How far one kind has come in one direction: the last number, and what the other side says it has (往来序列)."""

    peer = models.ForeignKey(Peer, models.PROTECT, verbose_name="交换对象", related_name="streams")
    direction = models.CharField("方向", max_length=3, choices=Direction.choices)
    kind = models.CharField("内容", max_length=20)
    last_sequence = models.PositiveIntegerField("已到编号", default=0)
    last_digest = models.CharField("末件摘要", max_length=70, blank=True)
    theirs = models.PositiveIntegerField("对方已收到编号", null=True)
    their_digest = models.CharField("对方末件摘要", max_length=70, blank=True)
    their_missing = models.JSONField("对方缺的编号", default=list)
    told_at = models.DateTimeField("对方告知时间", null=True)
    trouble = models.CharField("异常", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "往来序列"
        ordering = ["peer_id", "direction", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["peer", "direction", "kind"], name="exchange_stream_once")
        ]

    def __str__(self) -> str:
        return f"{self.peer} {self.get_direction_display()} {self.kind}"


class PackageQuerySet(models.QuerySet["Package"]):
    def visible_to(self, user: User) -> PackageQuerySet:
        return self.filter(peer__in=Peer.objects.visible_to(user))


class Package(models.Model):
    """One signed package, sent or received. Its bytes never change (交换包)."""

    Direction = Direction

    peer = models.ForeignKey(Peer, models.PROTECT, verbose_name="交换对象", related_name="packages")
    direction = models.CharField("方向", max_length=3, choices=Direction.choices)
    kind = models.CharField("内容", max_length=20)
    number = models.UUIDField("包号")
    sequence = models.PositiveIntegerField("编号")
    title = models.CharField("标题", max_length=200)
    region_code = models.CharField("所涉区划", max_length=12)
    digest = models.CharField("清单摘要", max_length=70)
    previous = models.CharField("前件摘要", max_length=70, blank=True)
    version = models.PositiveSmallIntegerField("内容版本", default=1)
    size = models.PositiveIntegerField("字节数")
    file = models.ForeignKey(Attachment, models.PROTECT, verbose_name="文件", related_name="+")
    status = models.CharField("状态", max_length=8, choices=PackageStatus.choices)
    subject = models.CharField(
        "来源或去向",
        max_length=80,
        blank=True,
        db_index=True,
        help_text="发出的：所报的记录；收到的：办成的记录",
    )
    url = models.CharField("记录页面", max_length=200, blank=True)
    content_digest = models.CharField("内容摘要", max_length=70, blank=True)
    note = models.CharField("说明", max_length=300, blank=True, help_text="拒收原因、办入结果、失败原因")
    attempts = models.PositiveIntegerField("次数", default=0)
    created_at = models.DateTimeField("打包时间")
    moved_at = models.DateTimeField("收发时间", null=True)
    settled_at = models.DateTimeField("办入或拒收时间", null=True)
    receipt = models.JSONField("签名回执", default=dict, blank=True)

    objects = PackageQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "交换包"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["peer", "direction", "kind", "sequence"],
                condition=~Q(status__in=["conflict", "settled"]),
                name="exchange_number_once",
            ),
            models.UniqueConstraint(fields=["peer", "direction", "digest"], name="exchange_package_once"),
        ]
        indexes = [models.Index(fields=["peer", "direction", "status", "id"], name="exchange_package_status")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return row_address("exchange:package", self.pk)

    @property
    def is_out(self) -> bool:
        return self.direction == Direction.OUT

    def signed_content(self) -> dict[str, object]:
        return {
            "peer": self.peer_id, "direction": self.direction, "kind": self.kind, "number": self.number,
            "sequence": self.sequence, "digest": self.digest, "size": self.size,
        }  # fmt: skip


class PackageTransition(Transition):
    """One line per move of a package."""

    RECORD = "package"

    package = models.ForeignKey(Package, models.PROTECT, verbose_name="交换包", related_name="transitions")

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "交换包流转"

    @property
    def what(self) -> str:
        """The move in words."""
        return PackageMove(self.move).label
