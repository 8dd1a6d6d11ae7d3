from django.apps import AppConfig


class TallyConfig(AppConfig):
    name = "bihuan.tally"
    label = "tally"
    verbose_name = "统计"
    default_auto_field = "django.db.models.BigAutoField"
