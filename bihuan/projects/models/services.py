"""Technical service to objects (市供电公司负责对煤改电整治单位的用电技术服务, R243)."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.audit.moves import Transition
from bihuan.batches.models import Batch
from bihuan.core.addresses import row_address
from bihuan.registry.models import Enterprise
from bihuan.rules import projects as rules

from ..workflow import ServiceStatus
from .projects import Project


class ServiceQuerySet(models.QuerySet["ServiceRequest"]):
    def visible_to(self, user: User) -> ServiceQuerySet:
        """The area for offices and localities; the object, its department, and whoever gives the service."""
        scope = scope_of(user, Permission.VIEW_PROJECTS)
        bodies = (*scope.departments, *scope.enterprises)
        return self.filter(
            areas_q(scope.areas)
            | Q(department__in=scope.departments)
            | Q(supplier__in=bodies)
            | Q(enterprise__organization__in=scope.enterprises)
        )

    def overdue(self, *, on: dt.date) -> ServiceQuerySet:
        """Past the day of the step that is waited for."""
        return self.filter(status__in=["requested", "offered", "accepted", "done"], due_on__lt=on)


class ServiceRequest(models.Model):
    """An object asks, or is offered, technical help by a supplier (技术服务): accepted, done, confirmed by the object."""

    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="服务对象", related_name="services"
    )
    supplier = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="服务单位", related_name="services_given"
    )
    kind = models.CharField("服务种类", max_length=20, help_text="bihuan.rules.projects 的服务代码")
    content = models.TextField("需要什么")
    project = models.ForeignKey(
        Project, models.PROTECT, verbose_name="工程项目", null=True, blank=True, related_name="services"
    )
    batch = models.ForeignKey(
        Batch, models.PROTECT, verbose_name="整治批次", null=True, blank=True, related_name="services"
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
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(Region, models.PROTECT, verbose_name="县区", related_name="+", db_index=False)
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", related_name="+", db_index=False
    )
    status = models.CharField(
        "状态", max_length=10, choices=ServiceStatus.choices, default=ServiceStatus.REQUESTED
    )
    due_on = models.DateField("办理期限", null=True)
    clock = models.JSONField("期限说明", default=dict)
    result = models.CharField("办理结果", max_length=1000, blank=True)
    done_on = models.DateField("办结日期", null=True)
    opened_by = models.ForeignKey(User, models.PROTECT, verbose_name="提出人", related_name="+")
    opened_at = models.DateTimeField("提出时间")

    objects = ServiceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "技术服务"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["done", "confirmed"], done_on__isnull=False)
                | (~Q(status__in=["done", "confirmed"]) & Q(done_on=None)),
                name="projects_service_done_stamped",
            )
        ]
        indexes = [
            models.Index(fields=["city", "status", "-id"], name="projects_service_city"),
            models.Index(fields=["supplier", "status", "-id"], name="projects_service_supplier"),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise}：{self.kind_words}"

    def get_absolute_url(self) -> str:
        return row_address("projects:service", self.pk)

    @property
    def kind_words(self) -> str:
        return rules.label("services", self.kind)

    def signed_content(self) -> dict[str, object]:
        return {
            "enterprise": self.enterprise_id, "supplier": self.supplier_id, "kind": self.kind,
            "content": self.content, "project": self.project_id, "batch": self.batch_id, "status": self.status,
            "result": self.result, "done_on": self.done_on,
        }  # fmt: skip


class ServiceTransition(Transition):
    """One line per move of a service. Never rewritten."""

    RECORD = "service"

    service = models.ForeignKey(
        ServiceRequest, models.PROTECT, verbose_name="技术服务", related_name="transitions"
    )

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "技术服务流转"
