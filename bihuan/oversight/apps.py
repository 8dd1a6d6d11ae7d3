from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import AppConfig

if TYPE_CHECKING:
    from bihuan.accounts.models import User


class OversightConfig(AppConfig):
    name = "bihuan.oversight"
    label = "oversight"
    verbose_name = "督导、会议与包干"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bihuan.attachments import access
        from bihuan.hazards import origins
        from bihuan.jobs.exports import register_export

        from .exporting import COVERAGE, DISTRICTS, FINDINGS, RECEPTION_LINES, RESOLUTIONS, VISITS
        from .models import (
            DistrictVisit,
            OversightFinding,
            OversightVisit,
            Reception,
            ReceptionLine,
            Resolution,
        )
        from .panels import found_on
        from .receiving import register_own
        from .standing import sees_photos_of

        def sees(model: Any, path: str = "pk") -> access.Visible:
            def visible(user: User, pk: str) -> bool:
                return bool(model.objects.visible_to(user).filter(**{path: pk}).exists())

            return visible

        access.register("oversight.oversightvisit", sees(OversightVisit))
        access.register("oversight.sitepick", sees_photos_of)
        access.register("oversight.oversightfinding", sees(OversightFinding))
        access.register("oversight.findingreply", sees(OversightFinding, "replies__pk"))
        access.register("oversight.findingverdict", sees(OversightFinding, "verdicts__pk"))
        access.register("oversight.resolutionprogress", sees(Resolution, "progress__pk"))
        access.register("oversight.districtvisit", sees(DistrictVisit))
        access.register("oversight.reception", sees(Reception))
        access.register("oversight.receptionline", sees(ReceptionLine))
        for export in (COVERAGE, FINDINGS, RESOLUTIONS, DISTRICTS, VISITS, RECEPTION_LINES):
            register_export(export)
        origins.register(found_on)
        register_own()
