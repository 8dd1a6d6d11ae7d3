from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "bihuan.registry"
    label = "registry"
    verbose_name = "企业与场所"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bihuan.accounts import hooks
        from bihuan.attachments import imports

        from .importing import EnterpriseImporter
        from .succession import pass_supervision

        imports.register(EnterpriseImporter())
        hooks.on_reform(pass_supervision)
