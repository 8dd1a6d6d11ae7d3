from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from bihuan.accounts.models import User


class LookbackConfig(AppConfig):
    name = "bihuan.lookback"
    label = "lookback"
    verbose_name = "回头看"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bihuan.attachments import access
        from bihuan.campaigns import extras
        from bihuan.hazards import origins
        from bihuan.inspections import following
        from bihuan.jobs.exports import register_export
        from bihuan.planning.fulfilling import register_warrant

        from .actions import covered, warrants
        from .effect import linked
        from .exporting import CHECKS, RECURRENCES
        from .models import Evaluation, LookbackCheck
        from .origins import seen_again

        def sees_line(user: User, pk: str) -> bool:
            return LookbackCheck.objects.visible_to(user).filter(transitions__pk=pk).exists()

        def sees_check(user: User, pk: str) -> bool:
            return LookbackCheck.objects.visible_to(user).filter(pk=pk).exists()

        def sees_evaluation(user: User, pk: str) -> bool:
            return Evaluation.objects.visible_to(user).filter(pk=pk).exists()

        access.register("lookback.checktransition", sees_line)
        access.register("lookback.lookbackcheck", sees_check)
        access.register("lookback.evaluation", sees_evaluation)
        origins.register(seen_again)
        following.register(covered)
        register_warrant(warrants)
        extras.register("lookback.effect", linked, position=60)
        for export in (CHECKS, RECURRENCES):
            register_export(export)
