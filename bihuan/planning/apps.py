from __future__ import annotations

from django.apps import AppConfig


class PlanningConfig(AppConfig):
    name = "bihuan.planning"
    label = "planning"
    verbose_name = "检查计划"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bihuan.inspections import following, weighing

        from .fulfilling import fulfil, unplanned

        following.register(fulfil)
        weighing.register(unplanned)
