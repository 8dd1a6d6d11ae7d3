from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.db.models import Q

if TYPE_CHECKING:
    from bihuan.accounts.models import User


class OfficeConfig(AppConfig):
    name = "bihuan.office"
    label = "office"
    verbose_name = "机关内部管理"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bihuan.attachments import access
        from bihuan.jobs.exports import register_export
        from bihuan.papers.models import Paper, restrict

        from . import measures  # noqa: F401 - its figures for returns
        from .exporting import ASKED, COMMITMENTS, ITEMS
        from .models import ConductMatter, WorkItem

        def sees_item(user: User, pk: str) -> bool:
            return WorkItem.objects.visible_to(user).filter(pk=pk).exists()

        def reads_opinions(user: User) -> Q:
            """Opinions on conduct are for those who may see the matter: not for everybody over the place."""
            return Q(pk__in=ConductMatter.objects.visible_to(user).exclude(opinion=None).values("opinion"))

        restrict(Paper.Kind.CONDUCT_OPINION, reads_opinions)
        access.register("office.workitem", sees_item)
        for export in (ITEMS, ASKED, COMMITMENTS):
            register_export(export)
