"""Messages to people: always in the inbox, by e-mail or SMS where configured. Sent after commit."""

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import User


class Message(models.Model):
    """One thing one person should know. It links to what it is about; it never is the duty itself."""

    class Category(models.TextChoices):
        DUTY = "duty", "待办"
        REMINDER = "reminder", "提醒"
        URGE = "urge", "催办"
        ESCALATION = "escalation", "上报"
        RESULT = "result", "结果"
        SYSTEM = "system", "系统"

    recipient = models.ForeignKey(User, models.CASCADE, verbose_name="收件人", related_name="messages")
    category = models.CharField("类别", max_length=12, choices=Category.choices)
    title = models.CharField("标题", max_length=120)
    body = models.CharField("内容", max_length=500, blank=True)
    url = models.CharField("链接", max_length=200, blank=True)
    key = models.CharField("去重键", max_length=120, blank=True, help_text="同一件事只发一次")
    created_at = models.DateTimeField("时间")
    read_at = models.DateTimeField("已读时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "消息"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["recipient", "-id"], name="notifications_inbox"),
            models.Index(fields=["recipient"], condition=Q(read_at=None), name="notifications_unread"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "key"], condition=~Q(key=""), name="notifications_once"
            )
        ]

    def __str__(self) -> str:
        return self.title


class Delivery(models.Model):
    """A message leaving the house: one row per channel, retried by the worker."""

    class Channel(models.TextChoices):
        EMAIL = "email", "邮件"
        SMS = "sms", "短信"

    class Status(models.TextChoices):
        WAITING = "waiting", "待发"
        SENT = "sent", "已发"
        FAILED = "failed", "失败"

    message = models.ForeignKey(Message, models.CASCADE, verbose_name="消息", related_name="deliveries")
    channel = models.CharField("渠道", max_length=6, choices=Channel.choices)
    status = models.CharField("状态", max_length=8, choices=Status.choices, default=Status.WAITING)
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    next_attempt_at = models.DateTimeField("下次尝试")
    error = models.CharField("失败原因", max_length=200, blank=True)
    sent_at = models.DateTimeField("发出时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "外发"
        constraints = [
            models.UniqueConstraint(fields=["message", "channel"], name="notifications_delivery_once")
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=Q(status="waiting"), name="notifications_delivery_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.message} {self.get_channel_display()}"
