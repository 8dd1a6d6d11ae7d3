from django.apps import AppConfig


class FieldConfig(AppConfig):
    name = "bihuan.field"
    label = "field"
    verbose_name = "离线检查"
    default_auto_field = "django.db.models.BigAutoField"
