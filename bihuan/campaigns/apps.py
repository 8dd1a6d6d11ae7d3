from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "bihuan.campaigns"
    label = "campaigns"
    verbose_name = "专项整治"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from .access import register_access
        from .readings import register_readings

        register_access()
        register_readings()
