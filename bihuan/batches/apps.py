from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from bihuan.accounts.models import User


class BatchesConfig(AppConfig):
    name = "bihuan.batches"
    label = "batches"
    verbose_name = "分批整治与补贴"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bihuan.attachments import access
        from bihuan.campaigns import extras
        from bihuan.inspections import signals
        from bihuan.jobs.exports import register_export
        from bihuan.jobs.selections import register_act
        from bihuan.registry import merging, panels

        from .cards import batches_of, batches_with
        from .exporting import BATCHES
        from .merging import fold_objects
        from .models import BatchObject
        from .remarks import CARRIERS, owner_by
        from .selections import NOTICE, TRANSFER

        def sees(path: str) -> access.Visible:
            def visible(user: User, pk: str) -> bool:
                return BatchObject.objects.visible_to(user).filter(**{path: pk}).exists()

            return visible

        access.register("batches.jointacceptance", sees("verdicts__acceptance__pk"))
        for label, name in CARRIERS.items():
            access.register(label, sees(f"{name}__pk"))
            signals.register_owner(label, owner_by(name))
        extras.register("batches.batches", batches_of, position=20)
        panels.register("batches.batches", batches_with, position=50)
        merging.register("batches.batchobject", fold_objects)
        register_export(BATCHES)
        for act in (NOTICE, TRANSFER):
            register_act(act)
