"""This installation as others know it, its keys, and the other installations it exchanges with."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES
from bihuan.audit.moves import Transition
from bihuan.core.addresses import row_address
from bihuan.core.fields import SealedCharField
from bihuan.rules.regions import LEVEL_LABELS, level_of

from ..wire.keys import PrivateKeys, PublicKeys, grouped
from ..workflow import PeerMove, PeerStatus


def seats(user: User, permission: str = Permission.VIEW_EXCHANGE) -> list[str]:
    """Region codes of the posts through which the person has a permission of exchange."""
    if not (user.is_authenticated and user.is_active):
        return []
    return [post.organization.region_id for post in user.posts if permission in ROLES[post.role].permissions]


class InstanceQuerySet(models.QuerySet["Instance"]):
    def visible_to(self, user: User) -> InstanceQuerySet:
        """Whoever sits in the region of the whole installation, or above it."""
        query = Q(pk__in=())
        for code in seats(user):
            query |= Q(region__code__startswith=code)
        return self.filter(query)


class Instance(models.Model):
    """This installation: under which name it exchanges, and whether its door is open (本系统)."""

    id = models.UUIDField("编号", primary_key=True, default=uuid.uuid4)
    name = models.CharField("名称", max_length=120)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="所在区划", related_name="+")
    address = models.CharField(
        "对外地址", max_length=200, blank=True, help_text="别的系统访问本系统的地址，没有就空着"
    )
    is_open = models.BooleanField("接口开放", default=False)
    only = models.BooleanField("唯一", default=True, unique=True)
    made_by = models.ForeignKey(User, models.PROTECT, verbose_name="设立人", related_name="+")
    made_at = models.DateTimeField("设立时间")

    objects = InstanceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "交换身份"
        constraints = [models.CheckConstraint(condition=Q(only=True), name="exchange_one_instance")]

    def __str__(self) -> str:
        return self.name

    @property
    def level(self) -> str:
        return LEVEL_LABELS[level_of(self.region_id)]


class OwnKey(models.Model):
    """A pair of our keys, the private halves sealed."""

    class Status(models.TextChoices):
        NEXT = "next", "待启用"
        CURRENT = "current", "在用"
        OLD = "old", "已停用"

    instance = models.ForeignKey(Instance, models.PROTECT, verbose_name="交换身份", related_name="keys")
    signing = models.CharField("签名公钥", max_length=60)
    sealing = models.CharField("密封公钥", max_length=60)
    signing_private = SealedCharField("签名私钥", max_length=60)
    sealing_private = SealedCharField("密封私钥", max_length=60)
    fingerprint = models.CharField("指纹", max_length=32, unique=True)
    status = models.CharField("状态", max_length=8, choices=Status.choices)
    made_at = models.DateTimeField("生成时间")
    started_at = models.DateTimeField("启用时间", null=True)
    ended_at = models.DateTimeField("停用时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "本系统密钥"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "status"],
                condition=Q(status__in=["next", "current"]),
                name="exchange_one_key_in_use",
            )
        ]

    def __str__(self) -> str:
        return grouped(self.fingerprint)

    @property
    def private(self) -> PrivateKeys:
        return PrivateKeys(self.signing_private, self.sealing_private)

    @property
    def public(self) -> PublicKeys:
        return PublicKeys(self.signing, self.sealing)

    @property
    def spoken(self) -> str:
        """The fingerprint as it is read out."""
        return grouped(self.fingerprint)

    def signed_content(self) -> dict[str, object]:
        return {"instance": self.instance_id, "signing": self.signing, "sealing": self.sealing}


class PeerQuerySet(models.QuerySet["Peer"]):
    def visible_to(self, user: User) -> PeerQuerySet:
        """All of them for the region of the whole installation, those of one's own area for offices inside it."""
        own = Instance.objects.values_list("region_id", flat=True).first()
        query = Q(pk__in=())
        for code in seats(user):
            if own is not None and own.startswith(code):
                return self.all()
            query |= Q(region_code__startswith=code)
        return self.filter(query)


class Peer(models.Model):
    """Another installation: whose it is, how it is reached, and how far it is trusted (交换对象)."""

    class Reach(models.TextChoices):
        PUSH = "push", "本系统连接对方"
        PULL = "pull", "等对方来连接"
        FILE = "file", "文件传递"

    instance_id = models.UUIDField("对方编号", unique=True)
    name = models.CharField("名称", max_length=120)
    region_code = models.CharField("区划代码", max_length=12, db_index=True)
    region_name = models.CharField("区划名称", max_length=60)
    reach = models.CharField("连接方式", max_length=4, choices=Reach.choices)
    address = models.CharField("对方地址", max_length=200, blank=True)
    status = models.CharField("状态", max_length=10, choices=PeerStatus.choices, default=PeerStatus.PENDING)
    sends = models.JSONField("自动报送", default=list, blank=True, help_text="不用人动手就打包的内容")
    trusts = models.JSONField("对方认可的本系统密钥", default=list, blank=True)
    failures = models.PositiveIntegerField("连续失败", default=0)
    next_try_at = models.DateTimeField("下次连接", null=True)
    last_error = models.CharField("最近一次失败", max_length=300, blank=True)
    reached_at = models.DateTimeField("最近连通", null=True)
    came_at = models.DateTimeField("对方最近来访", null=True)
    registered_by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    registered_at = models.DateTimeField("登记时间")

    objects = PeerQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "交换对象"
        ordering = ["region_code", "id"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return row_address("exchange:peer", self.pk)

    @property
    def level(self) -> str:
        return LEVEL_LABELS[level_of(self.region_code)]

    @property
    def is_active(self) -> bool:
        return self.status == PeerStatus.ACTIVE

    def keys_trusted(self) -> list[PublicKeys]:
        """The keys whose signature is believed, newest first."""
        return [each.public for each in self.keys.all() if each.status == PeerKey.Status.TRUSTED]

    def signed_content(self) -> dict[str, object]:
        return {"instance": self.instance_id, "region": self.region_code, "name": self.name}


class PeerKey(models.Model):
    """A pair of public keys of another installation: believed once its fingerprint was read out and compared."""

    class Status(models.TextChoices):
        PROPOSED = "proposed", "待核对"
        TRUSTED = "trusted", "已认可"
        DROPPED = "dropped", "已停用"

    peer = models.ForeignKey(Peer, models.PROTECT, verbose_name="交换对象", related_name="keys")
    signing = models.CharField("签名公钥", max_length=60)
    sealing = models.CharField("密封公钥", max_length=60)
    fingerprint = models.CharField("指纹", max_length=32)
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.PROPOSED)
    added_at = models.DateTimeField("收到时间")
    confirmed_by = models.ForeignKey(User, models.PROTECT, verbose_name="核对人", null=True, related_name="+")
    confirmed_at = models.DateTimeField("核对时间", null=True)
    confirmed_with = models.CharField("与对方何人核对", max_length=60, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "对方密钥"
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["peer", "fingerprint"], name="exchange_peer_key_once")]

    def __str__(self) -> str:
        return f"{self.peer} {grouped(self.fingerprint)}"

    @property
    def public(self) -> PublicKeys:
        return PublicKeys(self.signing, self.sealing)

    @property
    def spoken(self) -> str:
        return grouped(self.fingerprint)

    def signed_content(self) -> dict[str, object]:
        return {"peer": self.peer_id, "signing": self.signing, "sealing": self.sealing, "status": self.status}


class PeerTransition(Transition):
    """One line per move of a peer."""

    RECORD = "peer"

    peer = models.ForeignKey(Peer, models.PROTECT, verbose_name="交换对象", related_name="transitions")

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "交换对象流转"

    @property
    def what(self) -> str:
        """The move in words."""
        return PeerMove(self.move).label


class Knock(models.Model):
    """A number a peer used once at the door: the same request is not answered twice."""

    peer = models.ForeignKey(Peer, models.CASCADE, verbose_name="交换对象", related_name="+")
    nonce = models.CharField("一次性编号", max_length=32)
    at = models.DateTimeField("时间", db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "敲门记录"
        constraints = [models.UniqueConstraint(fields=["peer", "nonce"], name="exchange_knock_once")]

    def __str__(self) -> str:
        return self.nonce


class RefusalQuerySet(models.QuerySet["Refusal"]):
    def visible_to(self, user: User) -> RefusalQuerySet:
        """Those of the peers one sees; of unknown senders only for the region of the whole installation."""
        query = Q(peer__in=Peer.objects.visible_to(user))
        if Instance.objects.visible_to(user).exists():
            query |= Q(peer=None)
        return self.filter(query)


class Refusal(models.Model):
    """Something that was turned away at the door or out of a file, and why (拒收)."""

    class Way(models.TextChoices):
        DOOR = "door", "接口"
        FILE = "file", "文件"

    way = models.CharField("途径", max_length=4, choices=Way.choices)
    peer = models.ForeignKey(
        Peer, models.PROTECT, verbose_name="交换对象", null=True, related_name="refusals"
    )
    source = models.CharField("来源", max_length=120, blank=True, help_text="来访地址或文件名")
    reason = models.CharField("原因", max_length=300)
    size = models.PositiveIntegerField("字节数", default=0)
    digest = models.CharField("摘要", max_length=70, blank=True)
    at = models.DateTimeField("时间", db_index=True)

    objects = RefusalQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "拒收记录"
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.reason
