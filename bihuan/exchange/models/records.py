"""What came of packages: matters handed over between levels, and what other levels have listed."""

from __future__ import annotations

from django.db import models

from bihuan.accounts.models import User
from bihuan.audit.moves import Transition
from bihuan.core.addresses import row_address
from bihuan.hazards.models import Hazard
from bihuan.returns.models import Filing

from ..workflow import HandoverMove, HandoverStatus
from .instances import Peer
from .packages import Direction, Package


class HandoverQuerySet(models.QuerySet["Handover"]):
    def visible_to(self, user: User) -> HandoverQuerySet:
        return self.filter(peer__in=Peer.objects.visible_to(user))


class Handover(models.Model):
    """A hazard or a case given to another level, and what that level answers (层级移送)."""

    class Kind(models.TextChoices):
        HAZARD = "hazard", "隐患"
        CASE = "case", "移送案件"

    peer = models.ForeignKey(Peer, models.PROTECT, verbose_name="交换对象", related_name="handovers")
    direction = models.CharField("方向", max_length=3, choices=Direction.choices)
    number = models.UUIDField("移送编号", help_text="由移送方生成，答复时引用")
    kind = models.CharField("类型", max_length=8, choices=Kind.choices)
    package = models.OneToOneField(
        Package, models.PROTECT, verbose_name="交换包", null=True, related_name="handover"
    )
    subject = models.CharField("所属记录", max_length=80, blank=True, db_index=True, help_text="移送方的记录")
    url = models.CharField("来源页面", max_length=200, blank=True)
    title = models.CharField("事项", max_length=200)
    region_code = models.CharField("所涉区划", max_length=12)
    reason = models.CharField("移送理由", max_length=300)
    facts = models.JSONField("移送的情况", default=list, help_text="[[名称, 内容], …]")
    reply_by = models.DateField("请于何日前答复", null=True, blank=True)
    status = models.CharField(
        "状态", max_length=8, choices=HandoverStatus.choices, default=HandoverStatus.SENT
    )
    answer = models.CharField("答复", max_length=1000, blank=True)
    hazard = models.ForeignKey(
        Hazard, models.PROTECT, verbose_name="本地登记的隐患", null=True, blank=True, related_name="+"
    )
    by = models.ForeignKey(User, models.PROTECT, verbose_name="移送或接件人", related_name="+")
    at = models.DateTimeField("时间")

    objects = HandoverQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "层级移送"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["peer", "direction", "number"], name="exchange_handover_once")
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return row_address("exchange:handover", self.pk)

    @property
    def is_out(self) -> bool:
        return self.direction == Direction.OUT

    def signed_content(self) -> dict[str, object]:
        return {
            "peer": self.peer_id, "direction": self.direction, "number": self.number, "kind": self.kind,
            "title": self.title, "reason": self.reason, "facts": self.facts, "status": self.status,
            "answer": self.answer, "hazard": self.hazard_id,
        }  # fmt: skip


class HandoverTransition(Transition):
    """One line per move of what was handed over."""

    RECORD = "handover"

    handover = models.ForeignKey(
        Handover, models.PROTECT, verbose_name="层级移送", related_name="transitions"
    )

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "层级移送流转"

    @property
    def what(self) -> str:
        """The move in words."""
        return HandoverMove(self.move).label


class ListedElsewhereQuerySet(models.QuerySet["ListedElsewhere"]):
    def visible_to(self, user: User) -> ListedElsewhereQuerySet:
        return self.filter(peer__in=Peer.objects.visible_to(user))


class ListedElsewhere(models.Model):
    """A hazard another level has listed, as its last package says (下级挂牌)."""

    peer = models.ForeignKey(Peer, models.PROTECT, verbose_name="交换对象", related_name="listed")
    remote = models.CharField("对方编号", max_length=60)
    number = models.CharField("挂牌编号", max_length=60)
    title = models.CharField("挂牌事项", max_length=200)
    place = models.CharField("单位或地点", max_length=200, blank=True)
    region_code = models.CharField("区划代码", max_length=12)
    region_name = models.CharField("区划", max_length=60, blank=True)
    level = models.CharField("挂牌级别", max_length=20, blank=True)
    state = models.CharField("对方的状态", max_length=30)
    is_open = models.BooleanField("在挂", default=True)
    responsible = models.CharField("责任单位", max_length=200, blank=True)
    progress = models.CharField("最近进展", max_length=500, blank=True)
    listed_on = models.DateField("挂牌日期", null=True)
    due_on = models.DateField("整改期限", null=True)
    closed_on = models.DateField("摘牌日期", null=True)
    package = models.ForeignKey(Package, models.PROTECT, verbose_name="交换包", related_name="+")
    told_at = models.DateTimeField("对方告知时间")

    objects = ListedElsewhereQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "下级挂牌"
        ordering = ["due_on", "id"]
        constraints = [models.UniqueConstraint(fields=["peer", "remote"], name="exchange_listed_once")]
        indexes = [models.Index(fields=["is_open", "due_on", "id"], name="exchange_listed_due")]

    def __str__(self) -> str:
        return self.title


class ReturnReceivedQuerySet(models.QuerySet["ReturnReceived"]):
    def visible_to(self, user: User) -> ReturnReceivedQuerySet:
        return self.filter(peer__in=Peer.objects.visible_to(user))


class ReturnReceived(models.Model):
    """A return signed in another installation: where it belongs here, or that no period of ours is open for it (下级报送)."""

    peer = models.ForeignKey(Peer, models.PROTECT, verbose_name="交换对象", related_name="returns")
    package = models.OneToOneField(
        Package, models.PROTECT, verbose_name="交换包", related_name="return_received"
    )
    definition = models.CharField("报表", max_length=80)
    period = models.CharField("报送期", max_length=60)
    organization = models.CharField("报送单位", max_length=120)
    region_code = models.CharField("区划代码", max_length=12)
    filing = models.ForeignKey(
        Filing, models.PROTECT, verbose_name="签报", null=True, related_name="received_as"
    )
    answered = models.CharField("已告知对方的状态", max_length=10, blank=True)
    at = models.DateTimeField("时间")

    objects = ReturnReceivedQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "下级报送"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.organization} {self.definition} {self.period}"
