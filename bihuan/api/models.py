"""What the API must remember: the answers it gave under an idempotency key."""

from django.db import models

from bihuan.accounts.models import User


class IdempotentAnswer(models.Model):
    """A request that was carried out once; the same key gets the same answer again."""

    user = models.ForeignKey(User, models.CASCADE, verbose_name="账号", related_name="+")
    key = models.CharField("幂等键", max_length=80)
    fingerprint = models.CharField("请求摘要", max_length=72)
    status = models.PositiveSmallIntegerField("状态码")
    body = models.JSONField("回答")
    at = models.DateTimeField("时间", auto_now_add=True)

    class Meta:
        verbose_name = verbose_name_plural = "幂等回答"
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="api_idempotent_unique")]

    def __str__(self) -> str:
        return self.key
