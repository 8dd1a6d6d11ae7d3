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
        from . import heavy
        from .exporting import CARDS, LEADERS, LETTERS, PROGRESS, RANKING
        from .measures import firms, hazards, officers, rhythm, works  # noqa: F401
        from .models import Appeal, AssessedUnit, CaseFile, Letter, SelfReport
        from .standing import covers, seats_of

        def sees_card(user: User, pk: str) -> bool:
            return AssessedUnit.objects.visible_to(user).filter(judgements__pk=pk).exists()

        def sees_appeal(user: User, pk: str) -> bool:
            return Appeal.objects.visible_to(user).filter(pk=pk).exists()

        def sees_letter(user: User, pk: str) -> bool:
            return Letter.objects.visible_to(user).filter(pk=pk).exists()

        def sees_line(user: User, pk: str) -> bool:
            report = SelfReport.objects.filter(lines__pk=pk).select_related("unit").first()
            return report is not None and sees_unit(user, report.unit)

        def sees_review(user: User, pk: str) -> bool:
            file = CaseFile.objects.filter(reviews__pk=pk).select_related("unit").first()
            return file is not None and sees_unit(user, file.unit)

        def sees_unit(user: User, unit: AssessedUnit) -> bool:
            """The card's readers, and whoever judges the unit."""
            if AssessedUnit.objects.visible_to(user).filter(pk=unit.pk).exists():
                return True
            return any(covers(seat, unit) for seat in seats_of(user).filter(assessment=unit.assessment_id))

        access.register("assessment.judgement", sees_card)
        access.register("assessment.selfreportline", sees_line)
        access.register("assessment.filereview", sees_review)
        access.register("assessment.appeal", sees_appeal)
        access.register("assessment.letter", sees_letter)
        for export in (RANKING, CARDS, LETTERS, PROGRESS, LEADERS):
            register_export(export)
        heavy.register()
