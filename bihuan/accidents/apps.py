from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from bihuan.accounts.models import User


class AccidentsConfig(AppConfig):
    name = "bihuan.accidents"
    label = "accidents"
    verbose_name = "事故"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bihuan.attachments import access
        from bihuan.jobs.exports import register_export
        from bihuan.registry import panels

        from .cards import accidents_of
        from .exporting import ACCIDENTS
        from .models import Accident, AccidentMeasure

        def sees_report(user: User, pk: str) -> bool:
            return Accident.objects.visible_to(user).filter(reports__pk=pk).exists()

        def sees_measure(user: User, pk: str) -> bool:
            return AccidentMeasure.objects.visible_to(user).filter(transitions__pk=pk).exists()

        access.register("accidents.accidentreport", sees_report)
        access.register("accidents.measuretransition", sees_measure)
        register_export(ACCIDENTS)
        panels.register("accidents.accidents", accidents_of, position=40)
