from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "bihuan.search"
    label = "search"
    verbose_name = "查找"
    default_auto_field = "django.db.models.BigAutoField"
