"""Who pays which share of a project, and every line of it (合理共担更新改造资金机制, R240)."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from bihuan.accounts.models import User
from bihuan.rules import projects as rules

from ..workflow import MoneyKind
from .projects import Project


class ProjectSource(models.Model):
    """One share: what a source is to give, has promised by a document, has given, and what of it is spent.

    The four figures are the sums of its lines; the database keeps that nothing is spent that was not received.
    """

    project = models.ForeignKey(Project, models.PROTECT, verbose_name="工程项目", related_name="sources")
    kind = models.CharField("资金来源", max_length=20, help_text="bihuan.rules.projects 的来源代码")
    planned = models.DecimalField("分担（元）", max_digits=14, decimal_places=2)
    committed = models.DecimalField("落实（元）", max_digits=14, decimal_places=2, default=Decimal("0.00"))
    received = models.DecimalField("到位（元）", max_digits=14, decimal_places=2, default=Decimal("0.00"))
    spent = models.DecimalField("支出（元）", max_digits=14, decimal_places=2, default=Decimal("0.00"))

    class Meta:
        verbose_name = verbose_name_plural = "资金分担"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "kind"], name="projects_source_once"),
            models.CheckConstraint(condition=Q(spent__gte=0), name="projects_spent_not_negative"),
            models.CheckConstraint(condition=Q(spent__lte=F("received")), name="projects_spent_was_received"),
            models.CheckConstraint(
                condition=Q(received__lte=F("committed")), name="projects_received_committed"
            ),
            models.CheckConstraint(
                condition=Q(committed__lte=F("planned")), name="projects_committed_planned"
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return rules.label("sources", self.kind)

    @property
    def side(self) -> str:
        """Public money, the enterprise's own, the residents', or other."""
        found = rules.row("sources", self.kind)
        return found.side if found else "other"


class ProjectMoney(models.Model):
    """One line of a project's money. Never rewritten: a wrong line is taken back by a counter-line (红冲)."""

    source = models.ForeignKey(ProjectSource, models.PROTECT, verbose_name="资金分担", related_name="lines")
    project = models.ForeignKey(
        Project, models.PROTECT, verbose_name="工程项目", related_name="money", db_index=False
    )
    kind = models.CharField("事项", max_length=8, choices=MoneyKind.choices)
    amount = models.DecimalField("金额（元）", max_digits=14, decimal_places=2, help_text="红冲为负数")
    happened_on = models.DateField("日期")
    document = models.CharField("文号或者凭证号", max_length=120)
    payee = models.CharField("收款单位", max_length=120, blank=True)
    note = models.CharField("说明", max_length=300, blank=True)
    commitment = models.ForeignKey(
        "projects.FundCommitment",
        models.PROTECT,
        verbose_name="专项资金安排",
        null=True,
        blank=True,
        related_name="project_lines",
    )
    corrects = models.OneToOneField(
        "self", models.PROTECT, verbose_name="红冲的记录", null=True, blank=True, related_name="corrected_by"
    )
    by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "项目资金记录"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(corrects=None, amount__gt=0) | Q(corrects__isnull=False, amount__lt=0),
                name="projects_counter_is_negative",
            )
        ]
        indexes = [models.Index(fields=["project", "kind", "-id"], name="projects_money")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount:.2f} 元"

    @property
    def is_open(self) -> bool:
        """Whether it may still be taken back: no counter-line, and none against it."""
        return self.corrects_id is None and getattr(self, "corrected_by", None) is None

    def signed_content(self) -> dict[str, object]:
        return {
            "source": self.source_id, "kind": self.kind, "amount": f"{self.amount:.2f}", "on": self.happened_on,
            "document": self.document, "payee": self.payee, "corrects": self.corrects_id, "by": self.by_id,
            "at": self.at, "commitment": self.commitment_id,
        }  # fmt: skip
