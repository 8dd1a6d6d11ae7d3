from django.apps import AppConfig


class OversightConfig(AppConfig):
    name = "bihuan.oversight"
    label = "oversight"
    verbose_name = "督导、会议与包干"
    default_auto_field = "django.db.models.BigAutoField"
