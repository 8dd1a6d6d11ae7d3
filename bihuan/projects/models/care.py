"""People whom works or a stop of gas hit harder than others (关爱在前、妥善处置, R242)."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import scope_of
from bihuan.audit.moves import Transition
from bihuan.batches.models import Batch
from bihuan.core.addresses import row_address
from bihuan.core.fields import SealedCharField
from bihuan.registry.models import Enterprise
from bihuan.rules import projects as rules

from ..workflow import CareStatus
from .projects import Project


class CareQuerySet(models.QuerySet["CareHousehold"]):
    def visible_to(self, user: User) -> CareQuerySet:
        """Only their own locality, and the department that leads the works; not the offices over them."""
        scope = scope_of(user, Permission.CARE_HOUSEHOLDS)
        return self.filter(Q(locality__in=scope.areas) | Q(department__in=scope.departments))

    def unvisited(self) -> CareQuerySet:
        """Nobody has been there yet."""
        return self.filter(status=CareStatus.TO_VISIT)

    def overdue(self, *, on: dt.date) -> CareQuerySet:
        return self.unvisited().filter(visit_by__lt=on)


class CareHousehold(models.Model):
    """A household or shop to be looked after because of a project or a batch (照顾对象): who goes, with which help.

    Name and phone are sealed and shown masked; opening them is recorded.
    """

    project = models.ForeignKey(
        Project, models.PROTECT, verbose_name="工程项目", null=True, blank=True, related_name="care"
    )
    batch = models.ForeignKey(
        Batch, models.PROTECT, verbose_name="整治批次", null=True, blank=True, related_name="care"
    )
    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="商户", null=True, blank=True, related_name="care_notes"
    )
    department = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="牵头部门", related_name="+", db_index=False
    )
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(Region, models.PROTECT, verbose_name="县区", related_name="+", db_index=False)
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", related_name="+", db_index=False
    )
    name = SealedCharField("姓名", max_length=60)
    phone = SealedCharField("电话", max_length=30, blank=True)
    address = SealedCharField("住址", max_length=160)
    kinds = models.JSONField("需要照顾的情形", default=list)
    benefits = models.JSONField("优惠和帮扶", default=list)
    help = models.CharField("安排的帮助", max_length=300, blank=True)
    visitor = models.CharField("走访人", max_length=60)
    visit_by = models.DateField("走访期限")
    clock = models.JSONField("期限说明", default=dict)
    status = models.CharField("状态", max_length=10, choices=CareStatus.choices, default=CareStatus.TO_VISIT)
    visited_on = models.DateField("最近走访", null=True)
    marked_by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    marked_at = models.DateTimeField("登记时间")

    objects = CareQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "照顾对象"
        ordering = ["visit_by", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(project__isnull=False, batch=None) | Q(project=None, batch__isnull=False),
                name="projects_care_of_one",
            ),
            models.CheckConstraint(
                condition=~Q(status="visited") | Q(visited_on__isnull=False),
                name="projects_care_visited_stamped",
            ),
        ]
        indexes = [
            models.Index(fields=["locality", "status", "visit_by"], name="projects_care_locality"),
            models.Index(fields=["department", "status", "visit_by"], name="projects_care_body"),
        ]

    def __str__(self) -> str:
        return f"照顾对象 {self.pk}"

    def get_absolute_url(self) -> str:
        return row_address("projects:household", self.pk)

    @property
    def about(self) -> Project | Batch:
        found = self.project or self.batch
        assert found is not None  # the database keeps that it is one of the two
        return found

    @property
    def kind_words(self) -> list[str]:
        return [rules.label("care", key) for key in self.kinds]

    @property
    def benefit_words(self) -> list[str]:
        return [rules.label("benefits", key) for key in self.benefits]

    def signed_content(self) -> dict[str, object]:
        return {
            "project": self.project_id, "batch": self.batch_id, "locality": self.locality_id, "kinds": self.kinds,
            "benefits": self.benefits, "help": self.help, "visitor": self.visitor, "visit_by": self.visit_by,
            "status": self.status, "visited_on": self.visited_on,
        }  # fmt: skip


class CareTransition(Transition):
    """One line per move: marked, visited, released. Never rewritten."""

    RECORD = "household"

    household = models.ForeignKey(
        CareHousehold, models.PROTECT, verbose_name="照顾对象", related_name="transitions"
    )

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "照顾对象流转"
