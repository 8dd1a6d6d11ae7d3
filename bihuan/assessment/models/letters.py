"""Letters of responsibility and commitment (责任书、承诺书), signed each year down the chain (R115)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import Organization, Post, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.audit.moves import Transition
from bihuan.core.addresses import row_address
from bihuan.papers.models import Paper

from ..workflow import LetterKind, LetterStatus


class LetterFormQuerySet(models.QuerySet["LetterForm"]):
    def visible_to(self, user: User) -> LetterFormQuerySet:
        """Whoever sees one of its letters, and the body that wrote it."""
        scope = scope_of(user, Permission.VIEW_ASSESSMENT)
        own = [post.organization_id for post in user.posts]
        return self.filter(
            areas_q(scope.areas)
            | Q(organization__in=own)
            | Q(models.Exists(Letter.objects.visible_to(user).filter(form=models.OuterRef("pk"))))
        )


class LetterForm(models.Model):
    """What one body has others sign in a year: text and targets, the same for all who sign."""

    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="下达单位", related_name="letter_forms"
    )
    city = models.ForeignKey(
        Region, models.PROTECT, verbose_name="市", null=True, related_name="+", db_index=False
    )
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    kind = models.CharField("种类", max_length=16, choices=LetterKind.choices)
    year = models.PositiveSmallIntegerField("年度")
    title = models.CharField("名称", max_length=120)
    text = models.TextField("职责")
    targets = models.JSONField("目标", default=list, help_text="[[指标, 目标值], …]")
    parent = models.ForeignKey(
        "assessment.Letter", models.PROTECT, verbose_name="依据的上级责任书", null=True, blank=True, related_name="handed_down"
    )  # fmt: skip
    made_by = models.ForeignKey(User, models.PROTECT, verbose_name="编制人", related_name="+")
    made_at = models.DateTimeField("编制时间")

    objects = LetterFormQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "责任书样式"
        ordering = ["-year", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "year", "title"], name="assessment_letter_form_once"
            )
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return row_address("assessment:letter_form", self.pk)

    def signed_content(self) -> dict[str, object]:
        return {
            "organization": self.organization_id, "kind": self.kind, "year": self.year, "title": self.title,
            "text": self.text, "targets": self.targets, "parent": self.parent_id,
        }  # fmt: skip


class LetterQuerySet(models.QuerySet["Letter"]):
    def visible_to(self, user: User) -> LetterQuerySet:
        """Offices, inspectorates and localities those of their area; everybody else those of their own two sides."""
        scope = scope_of(user, Permission.VIEW_ASSESSMENT)
        own = [post.organization_id for post in user.posts if user.has_perm(Permission.SIGN_LETTER)]
        seeing = [post.organization_id for post in user.posts if user.has_perm(Permission.VIEW_ASSESSMENT)]
        return self.filter(
            areas_q(scope.areas)
            | Q(upper__in=[*own, *seeing])
            | Q(lower__in=[*own, *seeing])
            | Q(post__in=[post.pk for post in user.posts])
        )


class Letter(models.Model):
    """One letter between two sides; whoever is below signs first, the side above countersigns."""

    form = models.ForeignKey(LetterForm, models.PROTECT, verbose_name="样式", related_name="letters")
    year = models.PositiveSmallIntegerField("年度")
    upper = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="上级（甲方）", related_name="letters_given"
    )
    lower = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="下级（乙方）", related_name="letters_owed"
    )
    post = models.ForeignKey(
        Post, models.PROTECT, verbose_name="岗位", null=True, blank=True, related_name="letters",
        help_text="落实到岗位的责任书由任职的人签",
    )  # fmt: skip
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    status = models.CharField(
        "状态", max_length=12, choices=LetterStatus.choices, default=LetterStatus.ISSUED
    )
    due_on = models.DateField("签订期限")
    clock = models.JSONField("期限说明", default=dict)
    lower_signed_on = models.DateField("下级签订日期", null=True)
    upper_signed_on = models.DateField("上级签订日期", null=True)
    paper = models.OneToOneField(Paper, models.PROTECT, verbose_name="文书", null=True, related_name="+")
    issued_by = models.ForeignKey(User, models.PROTECT, verbose_name="下达人", related_name="+")
    issued_at = models.DateTimeField("下达时间")

    objects = LetterQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "责任书"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["form", "lower"],
                condition=Q(post=None) & ~Q(status="withdrawn"),
                name="assessment_letter_once",
            ),
            models.UniqueConstraint(
                fields=["form", "post"],
                condition=Q(post__isnull=False) & ~Q(status="withdrawn"),
                name="assessment_letter_post_once",
            ),
            models.CheckConstraint(
                condition=Q(status="issued", lower_signed_on=None, upper_signed_on=None)
                | Q(status="countersign", lower_signed_on__isnull=False, upper_signed_on=None)
                | Q(status="signed", lower_signed_on__isnull=False, upper_signed_on__isnull=False)
                | Q(status="withdrawn"),
                name="assessment_letter_signed_iff_dated",
            ),
        ]
        indexes = [
            models.Index(fields=["city", "-id"], name="assessment_letter_city"),
            models.Index(fields=["year", "status"], name="assessment_letter_year"),
        ]

    def __str__(self) -> str:
        return f"{self.form.title}：{self.lower.short_name}{f' {self.post.title}' if self.post else ''}"

    def get_absolute_url(self) -> str:
        return row_address("assessment:letter", self.pk)

    def signed_content(self) -> dict[str, object]:
        return {
            "form": self.form_id, "text": self.form.text, "targets": self.form.targets, "upper": self.upper_id,
            "lower": self.lower_id, "post": self.post_id, "due_on": self.due_on,
        }  # fmt: skip


class LetterTransition(Transition):
    """One line per move of a letter."""

    RECORD = "letter"

    letter = models.ForeignKey(Letter, models.PROTECT, verbose_name="责任书", related_name="transitions")

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "责任书流转"
