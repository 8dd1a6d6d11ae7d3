"""The record of acts: chained per subject, sealed once a day. No foreign keys, so it outlives what it describes."""

from django.db import models


class Event(models.Model):
    """One act by one person on one record. Written once; `hash` covers every other column and the previous hash."""

    chain = models.CharField("记录", max_length=80, help_text="模型标签:主键，例如 hazards.hazard:42")
    seq = models.PositiveIntegerField("序号", help_text="在本记录的链条中，从 1 起")
    at = models.DateTimeField("时间")
    day = models.DateField("日期", db_index=True, help_text="按北京时间，封存的单位")
    act = models.CharField("行为", max_length=60, help_text="应用.动词，例如 hazards.close")
    actor_id = models.BigIntegerField("操作人编号", null=True, db_index=True)
    actor_name = models.CharField("操作人", max_length=60)
    actor_post = models.CharField("操作岗位", max_length=120, blank=True)
    summary = models.CharField("摘要", max_length=300)
    payload = models.JSONField("内容", default=dict)
    content_hash = models.CharField("内容摘要", max_length=72, blank=True, help_text="当时记录内容的摘要")
    previous_hash = models.CharField("上一条", max_length=72, blank=True)
    hash = models.CharField("本条", max_length=72)
    request_id = models.CharField("请求编号", max_length=64, blank=True)
    ip = models.CharField("来源地址", max_length=45, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "审计记录"
        constraints = [models.UniqueConstraint(fields=["chain", "seq"], name="audit_event_chain_seq")]
        indexes = [models.Index(fields=["-at", "-id"], name="audit_event_recent")]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.chain}#{self.seq} {self.summary}"


class Head(models.Model):
    """The last link of each chain, so that cutting off the end of a chain is noticed at once."""

    chain = models.CharField("记录", primary_key=True, max_length=80)
    seq = models.PositiveIntegerField("序号")
    hash = models.CharField("末条", max_length=72)

    class Meta:
        verbose_name = verbose_name_plural = "链条末端"

    def __str__(self) -> str:
        return f"{self.chain}#{self.seq}"


class Seal(models.Model):
    """One day's Merkle root, itself chained to the day before. Can be printed, published, compared."""

    day = models.DateField("日期", unique=True)
    count = models.PositiveIntegerField("条数")
    root = models.CharField("默克尔根", max_length=72)
    previous_hash = models.CharField("上一封存", max_length=72, blank=True)
    hash = models.CharField("本封存", max_length=72)
    leaves = models.BinaryField("叶子", help_text="压缩的“编号|记录|序号|摘要”清单，用来指出缺了哪一条")
    sealed_at = models.DateTimeField("封存时间")

    class Meta:
        verbose_name = verbose_name_plural = "每日封存"
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day} 共 {self.count} 条"


class Verification(models.Model):
    """One run of the check over the whole record: who asked, what was read, what was found."""

    class Status(models.TextChoices):
        RUNNING = "running", "核验中"
        CLEAN = "clean", "未发现问题"
        FINDINGS = "findings", "发现问题"
        FAILED = "failed", "未完成"

    status = models.CharField("结果", max_length=10, choices=Status.choices, default=Status.RUNNING)
    with_files = models.BooleanField("含附件文件", default=False)
    asked_by_id = models.BigIntegerField("发起人编号", null=True)
    asked_by_name = models.CharField("发起人", max_length=60)
    started_at = models.DateTimeField("开始时间")
    finished_at = models.DateTimeField("完成时间", null=True)
    events = models.PositiveIntegerField("记录条数", default=0)
    chains = models.PositiveIntegerField("链条数", default=0)
    subjects = models.PositiveIntegerField("对照原件数", default=0)
    seals = models.PositiveIntegerField("封存数", default=0)
    findings = models.JSONField("问题", default=list)
    finding_count = models.PositiveIntegerField("问题数", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "审计核验"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} {self.get_status_display()}"
