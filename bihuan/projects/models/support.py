"""Support for technical renovation (对于技术改造项目，政府将给予一定的政策支持和资金补助, R239)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.audit.moves import Transition
from bihuan.batches.models import SubsidyStandard
from bihuan.campaigns.models import Campaign
from bihuan.core.addresses import row_address
from bihuan.registry.models import Enterprise
from bihuan.rules import projects as rules

from ..workflow import SupportStatus
from .projects import Project


class SupportQuerySet(models.QuerySet["SupportRequest"]):
    def visible_to(self, user: User) -> SupportQuerySet:
        """The area for offices and localities, what a department reviews, an enterprise its own."""
        scope = scope_of(user, Permission.VIEW_PROJECTS)
        return self.filter(
            areas_q(scope.areas)
            | Q(department__in=scope.departments)
            | Q(enterprise__organization__in=scope.enterprises)
        )


class SupportRequest(models.Model):
    """An enterprise asks for support for a renovation (技改支持申请); a department reviews, the office decides.

    What it gets is reckoned from the standard of the campaign in force (bihuan.rules.subsidies), line by line.
    """

    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="申请企业", related_name="support_requests"
    )
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, verbose_name="专项整治", related_name="support_requests"
    )
    department = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="初审部门", related_name="support_requests"
    )
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(Region, models.PROTECT, verbose_name="县区", related_name="+", db_index=False)
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", related_name="+", db_index=False
    )
    title = models.CharField("项目名称", max_length=100)
    kind = models.CharField("项目种类", max_length=20, help_text="bihuan.rules.projects 的种类代码")
    content = models.TextField("改造内容和消除的隐患")
    quantity = models.DecimalField("改造数量", max_digits=10, decimal_places=2)
    investment = models.DecimalField("总投资（元）", max_digits=14, decimal_places=2)
    start_on = models.DateField("计划开工")
    finish_on = models.DateField("计划完工")
    status = models.CharField(
        "状态", max_length=10, choices=SupportStatus.choices, default=SupportStatus.FILED
    )
    standard = models.ForeignKey(
        SubsidyStandard, models.PROTECT, verbose_name="补贴标准", null=True, related_name="support_requests"
    )
    amount = models.DecimalField("支持金额（元）", max_digits=14, decimal_places=2, null=True)
    lines = models.JSONField("计算过程", default=list)
    terms = models.CharField("支持条件", max_length=500, blank=True)
    filed_by = models.ForeignKey(User, models.PROTECT, verbose_name="申请人", related_name="+")
    filed_at = models.DateTimeField("申请时间")
    reviewed_by = models.ForeignKey(User, models.PROTECT, verbose_name="初审人", null=True, related_name="+")
    decided_by = models.ForeignKey(User, models.PROTECT, verbose_name="审定人", null=True, related_name="+")
    project = models.OneToOneField(
        Project, models.PROTECT, verbose_name="工程项目", null=True, related_name="support_request"
    )

    objects = SupportQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "技改支持申请"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("reviewed_by")),
                name="projects_support_four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(status="approved", project__isnull=False, amount__isnull=False)
                | (~Q(status="approved") & Q(project=None)),
                name="projects_support_enters_pool",
            ),
            models.CheckConstraint(
                condition=Q(finish_on__gte=F("start_on")), name="projects_support_in_order"
            ),
            models.CheckConstraint(
                condition=Q(investment__gt=0, quantity__gt=0), name="projects_support_is_real"
            ),
        ]
        indexes = [
            models.Index(fields=["city", "status", "-id"], name="projects_support_city"),
            models.Index(fields=["department", "status", "-id"], name="projects_support_body"),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise}：{self.title}"

    def get_absolute_url(self) -> str:
        return row_address("projects:support", self.pk)

    @property
    def kind_words(self) -> str:
        return rules.label("kinds", self.kind)

    def signed_content(self) -> dict[str, object]:
        return {
            "enterprise": self.enterprise_id, "campaign": self.campaign_id, "title": self.title, "kind": self.kind,
            "content": self.content, "quantity": f"{self.quantity:.2f}", "investment": f"{self.investment:.2f}",
            "plan": [self.start_on, self.finish_on], "status": self.status,
            "amount": None if self.amount is None else f"{self.amount:.2f}", "terms": self.terms,
        }  # fmt: skip


class SupportTransition(Transition):
    """One line per move of a request for support. Never rewritten."""

    RECORD = "request"

    request = models.ForeignKey(
        SupportRequest, models.PROTECT, verbose_name="技改支持申请", related_name="transitions"
    )

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "技改支持流转"
