from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from bihuan.accounts.models import User


class ExchangeConfig(AppConfig):
    name = "bihuan.exchange"
    label = "exchange"
    verbose_name = "上下级交换"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bihuan.attachments import access
        from bihuan.hazards import origins
        from bihuan.jobs.exports import register_export
        from bihuan.office import catalogue

        from .exporting import LISTED, PACKAGES
        from .kinds import register_kind
        from .kinds.handovers import HANDOVER, REPLY
        from .kinds.listed import REGISTER
        from .kinds.plans import PLAN
        from .kinds.returns import RETURN, VERDICT
        from .kinds.words import KEY, NOTE, RECEIPTS
        from .ledgers import LEDGERS
        from .models import Handover, Package
        from .origins import handed_over

        for kind in (RETURN, VERDICT, REGISTER, PLAN, HANDOVER, REPLY, NOTE, RECEIPTS, KEY):
            register_kind(kind)

        def handover(user: User, pk: str) -> bool:
            return Handover.objects.visible_to(user).filter(pk=pk).exists()

        def package(user: User, pk: str) -> bool:
            return Package.objects.visible_to(user).filter(pk=pk).exists()

        origins.register(handed_over)
        register_export(PACKAGES)
        register_export(LISTED)
        for ledger in LEDGERS:
            catalogue.register(ledger)
        access.register("exchange.handover", handover)
        access.register("exchange.package", package)
