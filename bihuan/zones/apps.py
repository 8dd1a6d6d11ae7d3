from __future__ import annotations

from django.apps import AppConfig


class ZonesConfig(AppConfig):
    name = "bihuan.zones"
    label = "zones"
    verbose_name = "区域与地图"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bihuan.jobs.exports import register_export
        from bihuan.jobs.running import register
        from bihuan.registry import filters, lists, merging, panels, places

        from .actions import SETTLING
        from .filters import IN_ZONE, PLACED
        from .membership import locality_at, on_moved
        from .panels import zones_of
        from .sharing import ZONE_ROWS, fold_memberships, fold_misplacements
        from .stays import STAYS

        register(SETTLING)
        register_export(STAYS)
        filters.register(IN_ZONE)
        filters.register(PLACED)
        places.on_moved("zones", on_moved)
        places.find_localities_with(locality_at)
        panels.register("zones.zones", zones_of, position=50)
        lists.register(ZONE_ROWS)
        merging.register("zones.zonemembership", fold_memberships)
        merging.register("zones.misplacement", fold_misplacements)
