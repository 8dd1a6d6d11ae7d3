from django.apps import AppConfig


class InstrumentsConfig(AppConfig):
    name = "bihuan.instruments"
    label = "instruments"
    verbose_name = "督办文书"
    default_auto_field = "django.db.models.BigAutoField"
