from __future__ import annotations

from django.apps import AppConfig


class PlanningConfig(AppConfig):
    name = "bihuan.planning"
    label = "planning"
    verbose_name = "检查计划"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bihuan.inspections import following, weighing
        from bihuan.registry import panels

        from .fulfilling import fulfil, unplanned
        from .panels import visits_panel

        following.register(fulfil)
        weighing.register(unplanned)
        panels.register("planning.visits", visits_panel, position=35)
