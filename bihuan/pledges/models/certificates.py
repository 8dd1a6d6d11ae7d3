"""Certificates of the people an enterprise employs (人员证件): who holds what until when. Kept by the enterprise itself."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.core.addresses import row_address
from bihuan.core.fields import SealedCharField, blind_index
from bihuan.registry.models import Enterprise
from bihuan.rules.certificates import CertificateRule, CertificateState, certificate_rule, certificate_state
from bihuan.rules.records import UnknownRule

SOON = 90  # days


class StaffCertificateQuerySet(models.QuerySet["StaffCertificate"]):
    def visible_to(self, user: User) -> StaffCertificateQuerySet:
        """Those of the enterprises the person sees."""
        return self.filter(enterprise__in=Enterprise.objects.visible_to(user))

    def held(self) -> StaffCertificateQuerySet:
        """In use: the person still works there."""
        return self.filter(is_active=True)

    def past(self, *, on: dt.date) -> StaffCertificateQuerySet:
        """Ended, or not reviewed in time; the day itself is not past."""
        return self.held().filter(Q(valid_to__lt=on) | Q(review_by__lt=on))

    def ending(self, *, on: dt.date, days: int = SOON) -> StaffCertificateQuerySet:
        """To be reviewed or renewed within so many days, and not past yet."""
        until = on + dt.timedelta(days=days)
        near = Q(valid_to__gte=on, valid_to__lte=until) | Q(review_by__gte=on, review_by__lte=until)
        return self.held().filter(near).exclude(Q(valid_to__lt=on) | Q(review_by__lt=on))


class StaffCertificate(models.Model):
    """One certificate of one person. Its number may be the person's identity number: sealed at rest, masked on pages."""

    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="企业", related_name="staff_certificates"
    )
    person_name = models.CharField("持证人", max_length=60)
    kind = models.CharField("证件种类", max_length=40, help_text="bihuan.rules.certificates 的种类代码")
    name = models.CharField(
        "作业项目", max_length=80, blank=True, help_text="证上写的工种、项目，例：低压电工"
    )
    number = SealedCharField("证号", max_length=60, blank=True, default="")
    issuer = models.CharField("发证机关", max_length=120, blank=True)
    issued_on = models.DateField("发证日期", null=True, blank=True)
    valid_to = models.DateField("有效期止", null=True, blank=True)
    review_by = models.DateField("下次复审", null=True, blank=True)
    is_active = models.BooleanField("在用", default=True)
    retired_reason = models.CharField("注销理由", max_length=200, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    recorded_at = models.DateTimeField("登记时间")
    updated_at = models.DateTimeField("更新时间")

    objects = StaffCertificateQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "人员证件"
        ordering = ["-is_active", "person_name", "id"]
        indexes = [
            models.Index(fields=["valid_to"], condition=Q(is_active=True), name="pledges_certificate_end"),
            models.Index(
                fields=["review_by"], condition=Q(is_active=True), name="pledges_certificate_review"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_active=True, retired_reason="") | (Q(is_active=False) & ~Q(retired_reason="")),
                name="pledges_certificate_retired",
            ),
            models.CheckConstraint(
                condition=Q(issued_on=None) | Q(valid_to=None) | Q(valid_to__gte=F("issued_on")),
                name="pledges_certificate_dates",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_name}{self.label}"

    def get_absolute_url(self) -> str:
        return row_address("pledges:edit_certificate", self.pk)

    @property
    def rule(self) -> CertificateRule:
        """The rule of its kind today; one no longer in the rules follows the certificate itself."""
        today = timezone.localdate()
        try:
            return certificate_rule(self.kind, today)
        except UnknownRule:
            return certificate_rule("other", today)

    @property
    def label(self) -> str:
        """What it is, with the line of work: 特种作业操作证（低压电工）."""
        return f"{self.rule.label}（{self.name}）" if self.name else self.rule.label

    def state(self, on: dt.date) -> CertificateState:
        """How it stands on a day."""
        return certificate_state(self.rule, on, valid_to=self.valid_to, review_by=self.review_by)

    def signed_content(self) -> dict[str, object]:
        return {
            "enterprise": self.enterprise_id, "person": self.person_name, "kind": self.kind, "name": self.name,
            "number": blind_index(self.number), "issuer": self.issuer, "issued_on": self.issued_on,
            "valid_to": self.valid_to, "review_by": self.review_by, "is_active": self.is_active,
        }  # fmt: skip
