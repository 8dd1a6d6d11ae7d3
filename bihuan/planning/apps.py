from __future__ import annotations

from django.apps import AppConfig


class PlanningConfig(AppConfig):
    name = "bihuan.planning"
    label = "planning"
    verbose_name = "检查计划"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bihuan.inspections import following, weighing
        from bihuan.registry import merging, panels

        from .fulfilling import fulfil, people_amiss, unplanned
        from .merging import fold_joints, fold_recusals
        from .panels import visits_panel

        following.register(fulfil)
        weighing.register(unplanned)
        weighing.register(people_amiss)
        merging.register("planning.recusal", fold_recusals)
        merging.register("planning.jointvisit", fold_joints)
        panels.register("planning.visits", visits_panel, position=35)
