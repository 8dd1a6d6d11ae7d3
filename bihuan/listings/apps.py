from django.apps import AppConfig


class ListingsConfig(AppConfig):
    name = "bihuan.listings"
    label = "listings"
    verbose_name = "挂牌督办"
    default_auto_field = "django.db.models.BigAutoField"
