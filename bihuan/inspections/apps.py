from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from bihuan.accounts.models import User


class InspectionsConfig(AppConfig):
    name = "bihuan.inspections"
    label = "inspections"
    verbose_name = "检查"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bihuan.attachments import access
        from bihuan.campaigns.queries.coverage import register_first_visits
        from bihuan.hazards import origins, remarks
        from bihuan.registry import merging, visiting
        from bihuan.tally.sources import register as register_counting

        from .counting import SOURCE
        from .merging import fold_coverage
        from .models import Inspection
        from .queries import first_visits
        from .signals import remarks_on_hazard, visit_of
        from .visiting import VISITS

        def sees_inspection(user: User, pk: str) -> bool:
            rows = Inspection.objects.filter(pk=pk)
            return rows.visible_to(user).exists() or rows.delivered_by(user).exists()

        def sees_answer(user: User, pk: str) -> bool:
            rows = Inspection.objects.filter(answers__pk=pk)
            return rows.visible_to(user).exists() or rows.delivered_by(user).exists()

        access.register("inspections.inspection", sees_inspection)
        access.register("inspections.answer", sees_answer)
        register_first_visits(first_visits)
        register_counting(SOURCE)
        merging.register("inspections.coverage", fold_coverage)
        visiting.register(VISITS)
        remarks.register(remarks_on_hazard)
        origins.register(visit_of)
