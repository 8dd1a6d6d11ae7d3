from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from bihuan.accounts.models import User


class InstrumentsConfig(AppConfig):
    name = "bihuan.instruments"
    label = "instruments"
    verbose_name = "督办文书"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bihuan.attachments import access
        from bihuan.core.beside import register_offer
        from bihuan.jobs.exports import register_export

        from . import ladder, records
        from .actions import trials
        from .exporting import INSTRUMENTS
        from .models import Instrument, InstrumentRecipient
        from .offering import offer
        from .sources import register_shipped

        def sees(rows: type[Instrument | InstrumentRecipient], path: str) -> access.Visible:
            def visible(user: User, pk: str) -> bool:
                return rows.objects.visible_to(user).filter(**{path: pk}).exists()

            return visible

        access.register("instruments.instrument", sees(Instrument, "pk"))
        access.register("instruments.instrumentreply", sees(InstrumentRecipient, "replies__pk"))
        access.register(
            "instruments.commitmenttransition", sees(InstrumentRecipient, "commitments__transitions__pk")
        )
        register_offer("instruments", offer)
        register_shipped()
        records.register()
        ladder.register()
        trials.register()
        register_export(INSTRUMENTS)
