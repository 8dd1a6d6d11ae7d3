from django.apps import AppConfig


class AccidentsConfig(AppConfig):
    name = "bihuan.accidents"
    label = "accidents"
    verbose_name = "事故"
    default_auto_field = "django.db.models.BigAutoField"
