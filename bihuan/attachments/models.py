"""Files and drawn signatures: stored once by content, linked to what they prove, served by permission."""

import uuid

from django.db import models
from django.urls import reverse

from bihuan.accounts.models import User


class Attachment(models.Model):
    """One uploaded file, already checked and (images) re-encoded. The id may be minted on the phone."""

    class Kind(models.TextChoices):
        IMAGE = "image", "照片"
        DOCUMENT = "document", "文档"
        SHEET = "sheet", "表格"
        SIGNATURE = "signature", "签名"

    id = models.UUIDField("编号", primary_key=True, default=uuid.uuid4)
    kind = models.CharField("类型", max_length=12, choices=Kind.choices)
    media_type = models.CharField("媒体类型", max_length=100)
    name = models.CharField("文件名", max_length=200)
    size = models.PositiveIntegerField("字节数")
    path = models.CharField("存放位置", max_length=200)
    sha256 = models.CharField("SHA-256", max_length=64, db_index=True)
    sm3 = models.CharField("SM3", max_length=64)
    original_sha256 = models.CharField("原件 SHA-256", max_length=64, help_text="重编码之前收到的字节")
    perceptual_hash = models.BigIntegerField("感知摘要", null=True, db_index=True)
    width = models.PositiveIntegerField("宽", null=True)
    height = models.PositiveIntegerField("高", null=True)
    exif = models.JSONField("拍摄信息", default=dict, blank=True)
    uploaded_by = models.ForeignKey(User, models.PROTECT, verbose_name="上传人", related_name="attachments")
    uploaded_at = models.DateTimeField("上传时间")

    class Meta:
        verbose_name = verbose_name_plural = "附件"
        indexes = [
            # Everything that is asked of the newest photos stands in the index itself (attachments/likeness.py).
            models.Index(
                fields=["uploaded_at", "kind", "perceptual_hash"],
                condition=models.Q(perceptual_hash__isnull=False),
                name="attachments_photo_hashes",
            )
        ]

    # What `signed_content` reads besides the row; the audit loads it in bulk.
    signed_related = ("links",)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("attachments:file", args=[self.pk])

    @property
    def thumbnail_url(self) -> str:
        return reverse("attachments:thumbnail", args=[self.pk])

    @property
    def is_image(self) -> bool:
        return self.media_type.startswith("image/")

    def signed_content(self) -> dict[str, object]:
        """The bytes by their digests, and every record they are evidence of."""
        return {
            "id": self.id,
            "sha256": self.sha256,
            "sm3": self.sm3,
            "size": self.size,
            "name": self.name,
            "links": sorted([link.subject, link.role, link.position] for link in self.links.all()),
        }


class AttachmentLink(models.Model):
    """What a file belongs to. Never removed: evidence stays with the round it was given in."""

    attachment = models.ForeignKey(Attachment, models.PROTECT, verbose_name="附件", related_name="links")
    subject = models.CharField("所属记录", max_length=80, help_text="模型标签:主键")
    role = models.CharField(
        "用途", max_length=20, help_text="before 整改前 / after 整改后 / scene 现场 / document 材料"
    )
    position = models.PositiveSmallIntegerField("次序", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "附件关联"
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["subject", "role", "attachment"], name="attachments_link_unique")
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.role}"


class Signature(models.Model):
    """A signature bound to the content it was given for: change the content and the signature no longer fits (R061)."""

    class Method(models.TextChoices):
        DRAWN = "drawn", "手写签名"
        LOGIN = "login", "以登录身份确认"
        REFUSED = "refused", "拒绝签字"

    subject = models.CharField("所签记录", max_length=80, db_index=True)
    role = models.CharField(
        "身份", max_length=20, help_text="inspector 检查人 / accompanying 陪同人 / reviewer 复查人"
    )
    signer = models.ForeignKey(
        User, models.PROTECT, verbose_name="签字账号", null=True, related_name="signatures"
    )
    signer_name = models.CharField("签字人", max_length=60)
    signer_title = models.CharField("职务", max_length=60, blank=True)
    method = models.CharField("方式", max_length=10, choices=Method.choices)
    image = models.ForeignKey(Attachment, models.PROTECT, verbose_name="签名图", null=True, related_name="+")
    remark = models.CharField("说明", max_length=200, blank=True)
    content_hash = models.CharField("所签内容摘要", max_length=72)
    signed_at = models.DateTimeField("签字时间")

    class Meta:
        verbose_name = verbose_name_plural = "签名"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(method="drawn") | models.Q(image__isnull=False),
                name="attachments_drawn_has_image",
            ),
            models.CheckConstraint(
                condition=~models.Q(method="refused") | ~models.Q(remark=""),
                name="attachments_refusal_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.signer_name}（{self.get_method_display()}）"

    def signed_content(self) -> dict[str, object]:
        return {
            "subject": self.subject,
            "role": self.role,
            "signer": self.signer_id,
            "name": self.signer_name,
            "title": self.signer_title,
            "remark": self.remark,
            "method": self.method,
            "image": self.image_id,
            "content": self.content_hash,
            "at": self.signed_at,
        }


class ImportBatch(models.Model):
    """One table somebody brought: what it was, how its columns were read, what became of each row (invariant 6)."""

    class Status(models.TextChoices):
        UPLOADED = "uploaded", "待对应列"
        RUNNING = "running", "导入中"
        DONE = "done", "已完成"
        STOPPED = "stopped", "已停止"
        FAILED = "failed", "未完成"

    SHOWN_ERRORS = 50

    id = models.UUIDField("编号", primary_key=True, default=uuid.uuid4)
    target = models.CharField("导入到", max_length=40, help_text="例如 registry.enterprise")
    file = models.ForeignKey(Attachment, models.PROTECT, verbose_name="原表", related_name="+")
    mapping = models.JSONField("列对应", default=dict)
    preview = models.JSONField("表头和前几行", default=dict, help_text="核对列时显示，不必再读整张表")
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.UPLOADED)
    total = models.PositiveIntegerField("总行数", default=0)
    processed = models.PositiveIntegerField("已处理", default=0, help_text="断电后从这里继续")
    created = models.PositiveIntegerField("新增", default=0)
    updated = models.PositiveIntegerField("更新", default=0)
    unchanged = models.PositiveIntegerField("未变", default=0)
    errors = models.JSONField("问题行", default=dict, help_text="行号 → [[列, 说明], …]")
    result = models.ForeignKey(
        Attachment, models.PROTECT, verbose_name="标注后的表", null=True, related_name="+"
    )
    message = models.CharField("说明", max_length=300, blank=True)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="导入人", related_name="import_batches")
    created_at = models.DateTimeField("提交时间")
    finished_at = models.DateTimeField("完成时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "导入批次"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.file.name}"

    @property
    def _problems(self) -> list[dict[str, object]]:
        return [
            {"number": int(number), "column": column, "message": message}
            for number, issues in sorted(self.errors.items(), key=lambda item: int(item[0]))
            for column, message in issues
        ]

    @property
    def first_errors(self) -> list[dict[str, object]]:
        """The first problems for the page, in sheet order; the marked copy has them all."""
        return self._problems[: self.SHOWN_ERRORS]

    @property
    def more_errors(self) -> int:
        """How many problems `first_errors` leaves out."""
        return max(0, len(self._problems) - self.SHOWN_ERRORS)


class ColumnMapping(models.Model):
    """How a sheet with these headings was read last time, so that nobody maps the same sheet twice."""

    target = models.CharField("导入到", max_length=40)
    fingerprint = models.CharField("表头指纹", max_length=72)
    mapping = models.JSONField("列对应")
    by = models.ForeignKey(User, models.PROTECT, verbose_name="认定人", related_name="+")
    at = models.DateTimeField("时间", auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = "列对应记忆"
        constraints = [
            models.UniqueConstraint(fields=["target", "fingerprint"], name="attachments_mapping_unique")
        ]

    def __str__(self) -> str:
        return f"{self.target} {self.fingerprint[:12]}"
