from django.apps import AppConfig


class ReturnsConfig(AppConfig):
    name = "bihuan.returns"
    label = "returns"
    verbose_name = "报送"
    default_auto_field = "django.db.models.BigAutoField"
