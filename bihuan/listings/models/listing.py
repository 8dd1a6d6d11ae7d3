"""One listing: what is supervised, by whom, until when, and how far it is."""

from __future__ import annotations

import datetime as dt
import uuid
from functools import reduce
from operator import or_

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from bihuan.accidents.models import Accident
from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import EVERYTHING, NOTHING, area_q, scope_of
from bihuan.audit.moves import Transition
from bihuan.core.addresses import row_address
from bihuan.hazards.models import Hazard
from bihuan.papers.models import Paper
from bihuan.registry.models import Enterprise

from ..workflow import HANGING, OPEN, ListingLevel, ListingStatus, SubjectKind


class ListingQuerySet(models.QuerySet["Listing"]):
    def visible_to(self, user: User) -> ListingQuerySet:
        """The area for offices and localities, one's own line and reports for departments, oneself for enterprises.

        An area sees what is listed in it by whichever level: its own listings and those of its children from the draft on,
        those of its parents once they hang (D6); before that they are between who reports and who signs. So do whoever
        must put it right, an enterprise as well as a body; departments see what is theirs to press or to report.
        """
        return self.filter(reduce(or_, self._sights(user)))

    def visible_branches(self, user: User) -> list[ListingQuerySet]:
        """`visible_to` in parts that each follow one index (core.paging.paginate_any)."""
        return [self.filter(sight) for sight in self._sights(user)]

    @staticmethod
    def _sights(user: User) -> list[Q]:
        scope = scope_of(user, Permission.VIEW_LISTINGS)
        out = Q(status__in=[*HANGING, ListingStatus.STRUCK_OFF])
        if any(area_q(code) == EVERYTHING for code in scope.areas):
            return [EVERYTHING]
        sights = [
            area_q(code)
            & (
                out
                | Q(organization__region__code__startswith=code)
                | Q(reporter__region__code__startswith=code)
            )
            for code in scope.areas
        ]
        for department in scope.departments:
            sights += [Q(department=department), Q(reporter=department), Q(owner=department) & out]
        for enterprise in scope.enterprises:
            sights.append(Q(owner=enterprise) & out)
        return sights or [NOTHING]

    def open(self) -> ListingQuerySet:
        """Neither struck off nor withdrawn."""
        return self.filter(status__in=OPEN)

    def hanging(self) -> ListingQuerySet:
        """Listed and not yet struck off: what the public sees and the ladder presses."""
        return self.filter(status__in=HANGING)

    def overdue(self, *, on: dt.date) -> ListingQuerySet:
        """Past the deadline and not yet offered for examination; the due day itself is not overdue."""
        return self.filter(status=ListingStatus.LISTED, due_on__lt=on)

    def without_progress(self, *, on: dt.date) -> ListingQuerySet:
        """Hanging, being put right, and a report owed by a day that has passed is not there (16号令; 每季至少一次)."""
        return self.filter(status=ListingStatus.LISTED, progress_due_on__lt=on)

    def without_plan(self, *, on: dt.date) -> ListingQuerySet:
        """Listed, the day for filing the plan has passed, and none is filed."""
        from .evidence import FiledPlan

        filed = FiledPlan.objects.filter(listing=OuterRef("pk"))
        return self.filter(~Exists(filed), status=ListingStatus.LISTED, plan_due_on__lt=on)


class Listing(models.Model):
    """One listing (挂牌督办): a major hazard, an accident's investigation or a slow locality (R088, R095, R096)."""

    kind = models.CharField("挂牌对象", max_length=10, choices=SubjectKind.choices)
    level = models.CharField("挂牌级别", max_length=10, choices=ListingLevel.choices)
    status = models.CharField(
        "状态", max_length=12, choices=ListingStatus.choices, default=ListingStatus.DRAFT
    )
    title = models.CharField("督办事项", max_length=160)
    reason = models.TextField("呈报理由")
    demand = models.TextField("督办要求")
    basis = models.CharField("依据", max_length=300, blank=True)
    public_text = models.CharField("公开表述", max_length=300, help_text="印在公示牌和公开页上")
    hazard = models.ForeignKey(
        Hazard, models.PROTECT, verbose_name="隐患", null=True, blank=True, related_name="listings"
    )
    accident = models.ForeignKey(
        Accident, models.PROTECT, verbose_name="事故", null=True, blank=True, related_name="listings"
    )
    subject_region = models.ForeignKey(
        Region,
        models.PROTECT,
        verbose_name="被督办地方",
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="企业", null=True, blank=True, related_name="listings"
    )
    place = models.CharField("场所", max_length=160, help_text="公示牌上写的地点")
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="挂牌单位", related_name="+", db_index=False
    )
    reporter = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="呈报单位", related_name="+", db_index=False
    )
    department = models.ForeignKey(
        Organization,
        models.PROTECT,
        verbose_name="主管部门",
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    owner = models.ForeignKey(
        Organization,
        models.PROTECT,
        verbose_name="整改单位账号",
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    owner_name = models.CharField("整改单位", max_length=120)
    person_name = models.CharField("整改责任人", max_length=60)
    person_title = models.CharField("责任人职务", max_length=60)
    leader_name = models.CharField("督办领导", max_length=60, blank=True)
    leader_title = models.CharField("督办领导职务", max_length=60, blank=True)
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    rule_set = models.CharField("时限口径", max_length=20)
    due_on = models.DateField("整改期限")
    listed_on = models.DateField("挂牌日期", null=True, blank=True)
    received_on = models.DateField("通知书签收日期", null=True, blank=True)
    plan_due_on = models.DateField("方案备案期限", null=True, blank=True)
    progress_due_on = models.DateField("下次进展报告期限", null=True, blank=True)
    reported_up_on = models.DateField("报上级备案日期", null=True, blank=True)
    struck_off_on = models.DateField("摘牌日期", null=True, blank=True)
    order = models.OneToOneField(
        Paper, models.PROTECT, verbose_name="挂牌督办通知书", null=True, related_name="+"
    )
    delisting = models.OneToOneField(
        Paper, models.PROTECT, verbose_name="摘牌通知书", null=True, related_name="+"
    )
    code = models.UUIDField("公开页编号", default=uuid.uuid4, unique=True)
    created_by = models.ForeignKey(User, models.PROTECT, verbose_name="呈报人", related_name="+")
    created_at = models.DateTimeField("起草时间")

    objects = ListingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "挂牌督办"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="hazard", hazard__isnull=False, accident=None, subject_region=None)
                | Q(kind="accident", hazard=None, accident__isnull=False, subject_region=None)
                | Q(kind="locality", hazard=None, accident=None, subject_region__isnull=False),
                name="listings_subject_is_typed",
            ),
            models.UniqueConstraint(
                fields=["hazard"],
                condition=Q(hazard__isnull=False) & ~Q(status__in=["struck_off", "withdrawn"]),
                name="listings_one_open_of_hazard",
            ),
            models.UniqueConstraint(
                fields=["accident"],
                condition=Q(accident__isnull=False) & ~Q(status__in=["struck_off", "withdrawn"]),
                name="listings_one_open_of_accident",
            ),
            models.UniqueConstraint(
                fields=["subject_region"],
                condition=Q(subject_region__isnull=False) & ~Q(status__in=["struck_off", "withdrawn"]),
                name="listings_one_open_of_region",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=["listed", "examining", "delisting", "struck_off"],
                    listed_on__isnull=False,
                    order__isnull=False,
                )
                | Q(status__in=["draft", "approving", "returned", "withdrawn"], listed_on=None, order=None),
                name="listings_listed_iff_ordered",
            ),
            models.CheckConstraint(
                condition=Q(status="struck_off", struck_off_on__isnull=False, delisting__isnull=False)
                | (~Q(status="struck_off") & Q(struck_off_on=None)),
                name="listings_struck_off_iff_stamped",
            ),
        ]
        indexes = [
            *[
                models.Index(fields=[column, "-id"], name=f"listings_{column}_recent")
                for column in ("city", "county", "locality", "department", "reporter", "owner", "organization")
            ],
            models.Index(fields=["status", "due_on"], name="listings_status_due"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.number} {self.title[:30]}"

    def get_absolute_url(self) -> str:
        return row_address("listings:detail", self.pk)

    @property
    def number(self) -> str:
        """The register number: the year reported and the row; never reused."""
        return f"GP{self.created_at.year}-{self.pk:05d}"

    @property
    def public_url(self) -> str:
        """The page anybody may open, by the code on the sign."""
        return reverse("listings:public", args=[self.code])

    @property
    def is_hanging(self) -> bool:
        return self.status in HANGING

    @property
    def government(self) -> str:
        """In whose name the listing is ordered (R088): the government of the listing body's region."""
        region = self.organization.region
        return f"{region.name}{'管理委员会' if region.kind == Region.Kind.ZONE else '人民政府'}"

    def is_overdue(self, *, on: dt.date) -> bool:
        return self.status == ListingStatus.LISTED and self.due_on < on

    def is_without_progress(self, *, on: dt.date) -> bool:
        return (
            self.status == ListingStatus.LISTED
            and self.progress_due_on is not None
            and self.progress_due_on < on
        )

    def signed_content(self) -> dict[str, object]:
        """What its last line vouches for."""
        return {
            "kind": self.kind, "level": self.level, "status": self.status, "title": self.title, "reason": self.reason,
            "demand": self.demand, "basis": self.basis, "public": self.public_text, "place": self.place,
            "hazard": self.hazard_id, "accident": self.accident_id, "region": self.subject_region_id, "enterprise": self.enterprise_id,
            "organization": self.organization_id, "reporter": self.reporter_id, "department": self.department_id,
            "owner": self.owner_id, "owner_name": self.owner_name, "person": [self.person_name, self.person_title],
            "leader": [self.leader_name, self.leader_title], "rule_set": self.rule_set, "due_on": self.due_on,
            "listed_on": self.listed_on, "struck_off_on": self.struck_off_on, "order": self.order_id,
            "delisting": self.delisting_id,
        }  # fmt: skip


class ListingTransition(Transition):
    """One line per move of a listing."""

    RECORD, KEPT = "listing", ("due_on",)

    listing = models.ForeignKey(Listing, models.PROTECT, verbose_name="挂牌督办", related_name="transitions")
    due_on = models.DateField("整改期限")

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "挂牌流转"
