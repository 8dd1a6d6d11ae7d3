"""An office's own rows of the list of important matters, and what a unit decided about what the software proposed."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from bihuan.accounts.models import Organization, User

from ..workflow import Form


class ImportantMatter(models.Model):
    """One row of an office's own list, from a day on, by a document (重要事项). A change is a new row."""

    class Unit(models.TextChoices):
        NATURAL = "natural", "自然日"
        WORKING = "working", "工作日"

    class Level(models.TextChoices):
        UPPER = "upper", "上一级"
        CITY = "city", "市级"
        PROVINCE = "province", "省级"

    class Way(models.TextChoices):
        REQUEST = Form.REQUEST.value, "请示"
        SITUATION = Form.SITUATION.value, "报告"
        EITHER = "either", "请示或报告"

    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="制定单位", related_name="+")
    key = models.CharField("事项编号", max_length=24)
    name = models.CharField("事项", max_length=60)
    form = models.CharField("请示还是报告", max_length=10, choices=Way.choices)
    days = models.PositiveSmallIntegerField("几日内报出", default=0)
    unit = models.CharField("按", max_length=8, choices=Unit.choices, default=Unit.WORKING)
    answer_days = models.PositiveSmallIntegerField("几个工作日内答复", default=0, help_text="0 为按一般时限")
    event = models.CharField("从哪天起算", max_length=60)
    level = models.CharField("报到", max_length=10, choices=Level.choices, default=Level.UPPER)
    ask = models.CharField("请示事项（下一步打算）的写法", max_length=500, blank=True)
    is_dropped = models.BooleanField("不再列入清单", default=False)
    document = models.CharField("依据文件", max_length=200)
    effective_from = models.DateField("执行自")
    effective_to = models.DateField("执行至", null=True, blank=True)
    made_by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    made_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "重要事项"
        ordering = ["-effective_from", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(effective_to=None) | Q(effective_to__gte=F("effective_from")),
                name="submissions_matter_dates",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def signed_content(self) -> dict[str, object]:
        return {
            "organization": self.organization_id, "key": self.key, "name": self.name, "form": self.form,
            "limit": [self.days, self.unit, self.event], "answer_days": self.answer_days, "level": self.level,
            "ask": self.ask, "dropped": self.is_dropped, "document": self.document, "from": self.effective_from,
            "to": self.effective_to,
        }  # fmt: skip


class SetAside(models.Model):
    """A unit decided that what the software proposed need not be asked or reported, and why (不需报告). Never rewritten."""

    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="单位", related_name="+")
    matter = models.CharField("事项编号", max_length=24)
    subject = models.CharField("所涉记录", max_length=80, help_text="模型标签:主键")
    words = models.CharField("所涉事项", max_length=300)
    reason = models.CharField("理由", max_length=300)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="决定人", related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "不需请示报告"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "matter", "subject"], name="submissions_set_aside_once"
            )
        ]

    def __str__(self) -> str:
        return self.words

    def signed_content(self) -> dict[str, object]:
        return {
            "organization": self.organization_id, "matter": self.matter, "subject": self.subject, "words": self.words,
            "reason": self.reason, "by": self.by_id, "at": self.at,
        }  # fmt: skip
