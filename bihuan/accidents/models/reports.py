"""What was told of an accident, by whom, how fast; who was hurt."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import Organization, User
from bihuan.core.addresses import row_address
from bihuan.core.fields import SealedCharField

from ..workflow import Level
from .register import Accident


class AccidentReport(models.Model):
    """One report, signed: the first (快报, the six things of article 12) or a follow-up (续报). Never updated."""

    class Kind(models.TextChoices):
        FIRST = "first", "快报"
        FOLLOW_UP = "follow_up", "续报"

    accident = models.ForeignKey(Accident, models.PROTECT, verbose_name="事故", related_name="reports")
    kind = models.CharField("报告类别", max_length=10, choices=Kind.choices)
    sequence = models.PositiveSmallIntegerField("序次")
    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="报告单位", related_name="+")
    known_at = models.DateTimeField("得知时间")
    due_at = models.DateTimeField("应报时间", null=True)
    clock = models.JSONField("期限说明", default=dict)
    unit_overview = models.TextField("事发单位概况", blank=True)
    scene = models.TextField("时间、地点和现场情况", blank=True)
    course = models.TextField("简要经过", blank=True)
    casualties = models.TextField("伤亡和损失情况", blank=True)
    measures = models.TextField("已采取的措施", blank=True)
    other = models.TextField("其他应报告的情况", blank=True)
    as_of = models.DateField("伤亡数据截至")
    deaths = models.PositiveIntegerField("死亡（人）", default=0)
    serious = models.PositiveIntegerField("重伤（人）", default=0)
    minor = models.PositiveIntegerField("轻伤（人）", default=0)
    missing = models.PositiveIntegerField("下落不明（人）", default=0)
    loss = models.DecimalField("直接经济损失（万元）", max_digits=12, decimal_places=2, default=0)
    counted = models.BooleanField("计入统计", default=True)
    why_counted = models.CharField("计入说明", max_length=300, blank=True)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="报告人", related_name="+")
    at = models.DateTimeField("报告时间")

    class Meta:
        verbose_name = verbose_name_plural = "事故报告"
        ordering = ["accident_id", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["accident", "sequence"], name="accidents_report_sequence"),
            models.UniqueConstraint(
                fields=["accident"], condition=Q(kind="first"), name="accidents_one_first_report"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}（第{self.sequence}次）"

    @property
    def is_late(self) -> bool:
        return self.due_at is not None and self.at > self.due_at

    def signed_content(self) -> dict[str, object]:
        return {
            "accident": self.accident_id, "kind": self.kind, "sequence": self.sequence,
            "organization": self.organization_id, "known_at": self.known_at,
            "words": [
                self.unit_overview, self.scene, self.course, self.casualties, self.measures, self.other
            ],
            "as_of": self.as_of,
            "toll": [self.deaths, self.serious, self.minor, self.missing, f"{self.loss:.2f}"],
            "counted": self.counted, "by": self.by_id, "at": self.at,
        }  # fmt: skip


class AccidentForward(models.Model):
    """One step upward (逐级上报): who had it when, by when it had to be passed on, and when it was."""

    accident = models.ForeignKey(Accident, models.PROTECT, verbose_name="事故", related_name="forwards")
    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="上报单位", related_name="+")
    to_level = models.CharField("上报到", max_length=10, choices=Level.choices)
    to = models.ForeignKey(Organization, models.PROTECT, verbose_name="接收单位", null=True, related_name="+")
    received_at = models.DateTimeField("接报时间")
    due_at = models.DateTimeField("应报时间")
    clock = models.JSONField("期限说明", default=dict)
    sent_at = models.DateTimeField("上报时间", null=True)
    how = models.CharField("方式", max_length=60, blank=True)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="上报人", null=True, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "逐级上报"
        ordering = ["accident_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["accident", "organization"], name="accidents_forward_once"),
        ]

    def __str__(self) -> str:
        return f"{self.accident_id} 上报{self.get_to_level_display()}"

    def get_absolute_url(self) -> str:
        return row_address("accidents:detail", self.accident_id)

    @property
    def is_late(self) -> bool:
        return self.sent_at is not None and self.sent_at > self.due_at

    def signed_content(self) -> dict[str, object]:
        return {
            "accident": self.accident_id, "organization": self.organization_id, "to": self.to_level,
            "received_at": self.received_at, "due_at": self.due_at, "sent_at": self.sent_at, "how": self.how,
            "by": self.by_id,
        }  # fmt: skip


class Casualty(models.Model):
    """One person who was hurt; the name is sealed and shown masked (伤亡人员)."""

    class Outcome(models.TextChoices):
        DEATH = "death", "死亡"
        SERIOUS = "serious", "重伤"
        MINOR = "minor", "轻伤"
        MISSING = "missing", "下落不明"

    accident = models.ForeignKey(Accident, models.PROTECT, verbose_name="事故", related_name="casualties")
    name = SealedCharField("姓名", max_length=60, blank=True, default="")
    age = models.PositiveSmallIntegerField("年龄", null=True, blank=True)
    occupation = models.CharField("工种", max_length=60, blank=True)
    outcome = models.CharField("伤亡情况", max_length=10, choices=Outcome.choices)
    changed_on = models.DateField("情况日期")
    note = models.CharField("备注", max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "伤亡人员"
        ordering = ["accident_id", "id"]

    def __str__(self) -> str:
        return f"{self.accident_id} {self.get_outcome_display()}"

    def signed_content(self) -> dict[str, object]:
        return {
            "accident": self.accident_id, "outcome": self.outcome, "on": self.changed_on, "age": self.age,
            "occupation": self.occupation, "note": self.note, "by": self.by_id, "at": self.at,
        }  # fmt: skip
