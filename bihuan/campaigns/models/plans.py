"""A plan as it arrived, what was read out of it, and what people made of it on the workbench."""

from __future__ import annotations

from django.db import models
from django.urls import reverse

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES
from bihuan.attachments.models import Attachment


def seats(user: User, permission: str) -> list[str]:
    """Region codes of the posts through which `user` has `permission`."""
    return [
        post.organization.region_id
        for post in user.posts
        if user.is_active and permission in ROLES[post.role].permissions
    ]


class PlanDocumentQuerySet(models.QuerySet["PlanDocument"]):
    def visible_to(self, user: User) -> PlanDocumentQuerySet:
        """Drafts are seen by the office of the same region that may manage plans."""
        return self.filter(region__in=seats(user, Permission.MANAGE_PLANS))


class PlanDocument(models.Model):
    """A plan as it arrived. The source text never changes; what we made of it lives in PlanItem rows (invariant 10)."""

    class Status(models.TextChoices):
        DRAFT = "draft", "校核中"
        PUBLISHED = "published", "已发布"
        DISCARDED = "discarded", "已作废"

    region = models.ForeignKey(Region, models.PROTECT, verbose_name="适用区划", related_name="+")
    file = models.ForeignKey(Attachment, models.PROTECT, verbose_name="原件", null=True, related_name="+")
    title = models.CharField("标题", max_length=200)
    doc_no = models.CharField("文号", max_length=60, blank=True)
    issuer = models.CharField("发文机关", max_length=120, blank=True)
    issued_on = models.DateField("发文日期", null=True, blank=True)
    text = models.TextField("原文")
    notices = models.JSONField("读取提示", default=list)
    original = models.TextField("原件文字", blank=True, help_text="整理之前的原件全文")
    reading = models.JSONField(
        "读取对照",
        default=dict,
        help_text="{'runs': 与原件的对应, 'dropped': 略去之处, 'flags': 损坏之处, 'parts': 同一文件里的各篇}",
    )
    compiled = models.JSONField("编译结果", default=dict, help_text="初次编译的完整输出，留作对照")
    revision = models.PositiveIntegerField(
        "改动序号", default=0, help_text="每改一步加一，供两人同时校核时比对"
    )
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.DRAFT)
    uploaded_by = models.ForeignKey(User, models.PROTECT, verbose_name="导入人", related_name="+")
    uploaded_at = models.DateTimeField("导入时间")

    objects = PlanDocumentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "方案"
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("campaigns:workbench", args=[self.pk])

    @property
    def is_draft(self) -> bool:
        return self.status == self.Status.DRAFT

    def signed_content(self) -> dict[str, object]:
        """The source as it arrived; what was made of it is in the events of the chain."""
        return {"id": self.pk, "region": self.region_id, "file": self.file_id, "text": self.text}


class PlanItem(models.Model):
    """One element on the workbench: found by a rule or added by hand, corrected, confirmed. `data` by kind:

    phase {name, start, end}; task {no, heading, text, lead, support, responsible, territorial (printed names), due,
    phase (item id or null), kinds (registry keys), check_items [{text, criterion, dispositions, basis, criteria}]};
    report {who, to, when, rrule}; target {text, metric, threshold}; body {name, head, deputies, members};
    duty {unit, text}; section {title}.
    """

    class Kind(models.TextChoices):
        SECTION = "section", "章节"
        PHASE = "phase", "阶段"
        TASK = "task", "任务"
        REPORT = "report", "报送"
        TARGET = "target", "目标"
        BODY = "body", "组织机构"
        DUTY = "duty", "部门职责"

    class State(models.TextChoices):
        PROPOSED = "proposed", "待核对"
        CONFIRMED = "confirmed", "已确认"
        REMOVED = "removed", "已移除"

    document = models.ForeignKey(PlanDocument, models.CASCADE, verbose_name="方案", related_name="items")
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    position = models.PositiveIntegerField("次序")
    data = models.JSONField("内容", default=dict)
    spans = models.JSONField("原文位置", default=dict, help_text="{'whole': [起, 止], 'lead': [[起, 止], …]}")
    rule = models.CharField("识别规则", max_length=40, blank=True)
    confidence = models.FloatField("把握", default=1.0)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.PROPOSED)
    version = models.PositiveIntegerField("版本", default=1, help_text="防止两人互相覆盖")
    touched = models.PositiveIntegerField("改动于", default=0, help_text="方案的改动序号")
    edited_by = models.ForeignKey(User, models.PROTECT, verbose_name="校核人", null=True, related_name="+")
    edited_at = models.DateTimeField("校核时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "方案要素"
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}“{self.label}”"

    @property
    def label(self) -> str:
        """The few words by which a person knows the element."""
        words = " ".join(
            str(self.data.get(name) or "") for name in ("no", "heading", "name", "title", "unit")
        ).strip()
        return words or str(self.data.get("text") or self.data.get("when") or "未命名")[:30]

    @property
    def whole(self) -> tuple[int, int] | None:
        """Where it stands in the source, end exclusive; None for what was added without a passage."""
        span = self.spans.get("whole")
        return (span[0], span[1]) if span else None


class PlanUnit(models.Model):
    """A unit name as printed in one plan and what it means here: an organization, or a group of them (R026, R270)."""

    class Group(models.TextChoices):
        TOWNSHIPS = "townships", "各乡镇"
        STREETS = "streets", "各街道"
        LOCALITIES = "localities", "各乡镇街道和功能区"
        DEPARTMENTS = "departments", "各有关部门"
        IGNORED = "ignored", "不派发"

    document = models.ForeignKey(PlanDocument, models.CASCADE, verbose_name="方案", related_name="units")
    name = models.CharField("原文写法", max_length=120)
    key = models.CharField("比较键", max_length=120)
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="对应单位", null=True, blank=True, related_name="+"
    )
    group = models.CharField("对应一类单位", max_length=12, choices=Group.choices, blank=True)
    matched_by = models.ForeignKey(User, models.PROTECT, verbose_name="认定人", null=True, related_name="+")
    version = models.PositiveIntegerField("版本", default=1)
    touched = models.PositiveIntegerField("改动于", default=0, help_text="方案的改动序号")

    class Meta:
        verbose_name = verbose_name_plural = "方案中的单位"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["document", "key"], name="campaigns_unit_unique")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_matched(self) -> bool:
        return bool(self.organization_id or self.group)
