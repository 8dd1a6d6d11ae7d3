"""Phones that work without signal: who carries which, and what each was given last."""

from __future__ import annotations

import uuid

from django.db import models

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission


class DeviceQuerySet(models.QuerySet["Device"]):
    def visible_to(self, user: User) -> DeviceQuerySet:
        """One's own; everybody's for whoever ends sessions (R260)."""
        return self if user.has_perm(Permission.UNLOCK_USERS) else self.filter(user=user)

    def live(self) -> DeviceQuerySet:
        """Not revoked."""
        return self.filter(revoked_at=None)


class Device(models.Model):
    """A phone signed in for one person. Its key is good until `signed_until`, or until it is revoked."""

    id = models.UUIDField("编号", primary_key=True, default=uuid.uuid4, help_text="由手机生成")
    user = models.ForeignKey(User, models.PROTECT, verbose_name="使用人", related_name="devices")
    name = models.CharField("设备名称", max_length=60)
    app = models.CharField("程序版本", max_length=40, blank=True)
    registered_at = models.DateTimeField("登记时间")
    seen_at = models.DateTimeField("最近使用")
    signed_until = models.DateTimeField("须重新登录的时间")
    refresh_digest = models.CharField("密钥摘要", max_length=80)
    session_auth = models.CharField(
        "口令状态", max_length=128, help_text="登记时的口令摘要；修改口令后须重新登录"
    )
    last_seq = models.PositiveIntegerField("已收到的最大序号", default=0)
    revoked_at = models.DateTimeField("停用时间", null=True, blank=True)
    revoked_by = models.ForeignKey(
        User, models.PROTECT, verbose_name="停用人", null=True, blank=True, related_name="+"
    )

    objects = DeviceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "现场设备"
        ordering = ["-seen_at"]
        indexes = [models.Index(fields=["user", "-seen_at"], name="field_device_user")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(revoked_at=None, revoked_by=None)
                | models.Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="field_device_revoked_by_somebody",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user.full_name}的{self.name}"


class Copy(models.Model):
    """What a device was given under one cursor: a digest of every row, so that the next answer holds only what differs."""

    cursor = models.UUIDField("游标", primary_key=True, default=uuid.uuid4)
    device = models.ForeignKey(Device, models.CASCADE, verbose_name="现场设备", related_name="copies")
    region = models.CharField("区划", max_length=12, blank=True)
    digests = models.BinaryField("各行摘要")
    at = models.DateTimeField("下发时间")

    class Meta:
        verbose_name = verbose_name_plural = "离线副本"
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.device_id} {self.at}"
