from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from bihuan.accounts.models import User


class AssessmentConfig(AppConfig):
    name = "bihuan.assessment"
    label = "assessment"
    verbose_name = "考核"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bihuan.attachments import access
        from bihuan.jobs.exports import register_export

        # The vocabulary is closed: what stands in these modules is registered by reading them.
        from .exporting import CARDS, LETTERS, RANKING
        from .measures import hazards, rhythm, works  # noqa: F401
        from .models import Appeal, AssessedUnit, Letter

        def sees_card(user: User, pk: str) -> bool:
            return AssessedUnit.objects.visible_to(user).filter(judgements__pk=pk).exists()

        def sees_appeal(user: User, pk: str) -> bool:
            return Appeal.objects.visible_to(user).filter(pk=pk).exists()

        def sees_letter(user: User, pk: str) -> bool:
            return Letter.objects.visible_to(user).filter(pk=pk).exists()

        access.register("assessment.judgement", sees_card)
        access.register("assessment.appeal", sees_appeal)
        access.register("assessment.letter", sees_letter)
        for export in (RANKING, CARDS, LETTERS):
            register_export(export)
