"""Equipment that must be inspected at intervals: boilers, vessels, lifts, alarms, extinguishers."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import User
from bihuan.rules.equipment import equipment_kinds

from .enterprises import Enterprise, Premises


class EquipmentQuerySet(models.QuerySet["Equipment"]):
    def visible_to(self, user: User) -> EquipmentQuerySet:
        """That of the enterprises the person sees."""
        return self.filter(enterprise__in=Enterprise.objects.visible_to(user))

    def in_use(self) -> EquipmentQuerySet:
        return self.filter(state=Equipment.State.IN_USE)

    def due(self, *, by_day: dt.date) -> EquipmentQuerySet:
        """In use, and to be inspected by that day or before it."""
        return self.in_use().filter(next_inspection_on__lte=by_day)


class Equipment(models.Model):
    """One piece of equipment of an enterprise, perhaps at one of its premises. Out of use, never removed."""

    class State(models.TextChoices):
        IN_USE = "in_use", "在用"
        STOPPED = "stopped", "停用"
        SCRAPPED = "scrapped", "报废"

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, verbose_name="企业", related_name="equipment")
    premises = models.ForeignKey(
        Premises, models.PROTECT, verbose_name="所在场所", null=True, blank=True, related_name="equipment"
    )
    kind = models.CharField("设备种类", max_length=40, help_text="bihuan.rules.equipment 的种类代码")
    number = models.CharField("设备编号", max_length=80)
    name = models.CharField("设备名称", max_length=80, blank=True)
    maker = models.CharField("制造单位", max_length=120, blank=True)
    made_on = models.DateField("制造日期", null=True, blank=True)
    installed_on = models.DateField("投用日期", null=True, blank=True)
    last_inspected_on = models.DateField("上次检验", null=True, blank=True)
    next_inspection_on = models.DateField("下次检验", null=True, blank=True)
    next_is_given = models.BooleanField(
        "下次检验以报告为准", default=False, help_text="否则按检验周期由系统推算"
    )
    state = models.CharField("设备状态", max_length=10, choices=State.choices, default=State.IN_USE)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    objects = EquipmentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "设备"
        ordering = ["next_inspection_on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["enterprise", "kind", "number"], name="registry_equipment_unique"
            ),
            models.CheckConstraint(
                condition=Q(next_is_given=False) | Q(next_inspection_on__isnull=False),
                name="registry_equipment_given_next",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_inspection_on"], condition=Q(state="in_use"), name="registry_equipment_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind_label} {self.number}"

    @property
    def kind_label(self) -> str:
        """The kind in Chinese."""
        return equipment_kinds().get(self.kind, self.kind)
