from django.apps import AppConfig


class InspectionsConfig(AppConfig):
    name = "bihuan.inspections"
    label = "inspections"
    verbose_name = "检查"
    default_auto_field = "django.db.models.BigAutoField"
