from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from bihuan.accounts.models import User


class ReturnsConfig(AppConfig):
    name = "bihuan.returns"
    label = "returns"
    verbose_name = "报送"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bihuan.attachments import access

        from . import measures, pressing  # noqa: F401 - fills the vocabulary of measures
        from .models import Return

        def visible(user: User, pk: str) -> bool:
            return Return.objects.visible_to(user).filter(pk=pk).exists()

        access.register("returns.return", visible)
        pressing.register()
