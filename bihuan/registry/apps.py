from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "bihuan.registry"
    label = "registry"
    verbose_name = "企业与场所"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bihuan.accounts import hooks
        from bihuan.attachments import imports
        from bihuan.jobs.exports import register_export
        from bihuan.jobs.selections import register_act
        from bihuan.search import sources

        from .exporting import REGISTRY
        from .importing import EnterpriseImporter
        from .searching import SOURCE
        from .selections import ASSIGN
        from .succession import pass_supervision

        imports.register(EnterpriseImporter())
        register_export(REGISTRY)
        register_act(ASSIGN)
        sources.register(SOURCE)
        hooks.on_reform(pass_supervision)
