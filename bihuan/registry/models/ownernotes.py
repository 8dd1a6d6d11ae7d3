"""What those concerned say and where it begins to smoulder: owners of enterprises that must change or close (R051)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import areas_q, scope_of

from .enterprises import Enterprise


class OwnerNoteQuerySet(models.QuerySet["OwnerNote"]):
    def visible_to(self, user: User) -> OwnerNoteQuerySet:
        """Those about enterprises of one's area or line. What officials note of an owner is not the owner's to read."""
        scope = scope_of(user, Permission.VIEW_REGISTRY)
        lies = areas_q(scope.areas, "enterprise__") if scope.areas else Q(pk__in=())
        return self.filter(lies | Q(enterprise__department__in=scope.departments))

    def unsettled(self) -> OwnerNoteQuerySet:
        """What still waits for an answer."""
        return self.filter(settled_on=None).exclude(kind=OwnerNote.Kind.TALK)


class OwnerNote(models.Model):
    """One talk with the owner, a demand, or a first sign of unrest. The latter two stay open until they are settled."""

    class Kind(models.TextChoices):
        TALK = "talk", "走访沟通"
        DEMAND = "demand", "诉求困难"
        UNREST = "unrest", "不稳定苗头"

    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="企业", related_name="owner_notes"
    )
    kind = models.CharField("动态类别", max_length=8, choices=Kind.choices)
    person = models.CharField("业主", max_length=60, blank=True)
    on = models.DateField("日期")
    text = models.CharField("情况", max_length=500)
    outcome = models.CharField("处理结果", max_length=300, blank=True)
    settled_on = models.DateField("办结日期", null=True, blank=True)
    settled_by = models.ForeignKey(
        User, models.PROTECT, verbose_name="办结人", null=True, blank=True, related_name="+", db_index=False
    )
    by = models.ForeignKey(User, models.PROTECT, verbose_name="记录人", related_name="+", db_index=False)
    at = models.DateTimeField("时间")

    objects = OwnerNoteQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "业主动态"
        ordering = ["-on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(settled_on=None, outcome="", settled_by=None)
                | (Q(settled_on__isnull=False, settled_by__isnull=False) & ~Q(outcome="")),
                name="registry_owner_note_settled",
            ),
            models.CheckConstraint(
                condition=~Q(kind="talk") | Q(settled_on=None), name="registry_talk_needs_no_end"
            ),
        ]
        indexes = [
            models.Index(
                fields=["-id"],
                condition=Q(settled_on=None) & ~Q(kind="talk"),
                name="registry_owner_notes_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.enterprise} {self.get_kind_display()}"

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to see to it."""
        return self.kind != self.Kind.TALK and self.settled_on is None
