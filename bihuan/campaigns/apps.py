from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "bihuan.campaigns"
    label = "campaigns"
    verbose_name = "专项整治"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bihuan.checklists.hooks import on_publish
        from bihuan.zones import proposals

        from .access import register_access
        from .actions.checklists import make_library_checklist
        from .planzones import zones_of_plans
        from .readings import register_readings

        register_access()
        register_readings()
        on_publish(make_library_checklist)
        proposals.register("campaigns.plans", zones_of_plans)
