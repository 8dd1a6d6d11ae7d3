from django.apps import AppConfig


class LookbackConfig(AppConfig):
    name = "bihuan.lookback"
    label = "lookback"
    verbose_name = "回头看"
    default_auto_field = "django.db.models.BigAutoField"
