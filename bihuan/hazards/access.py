"""Whoever may see a hazard may open the files of everything that belongs to it."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Model

from bihuan.accounts.models import User

from .models import Acceptance, Hazard, MajorPlan, Rectification, Reinspection


def _hazard(user: User, pk: str) -> bool:
    return pk.isdecimal() and Hazard.objects.visible_to(user).filter(pk=pk).exists()


def _through_hazard(model: type[Model]) -> Callable[[User, str], bool]:
    def visible(user: User, pk: str) -> bool:
        if not pk.isdecimal():
            return False
        return (
            Hazard.objects.visible_to(user)
            .filter(pk__in=model._default_manager.filter(pk=pk).values("hazard"))
            .exists()
        )

    return visible


VISIBLE: dict[str, Callable[[User, str], bool]] = {
    "hazards.hazard": _hazard,
    **{
        model._meta.label_lower: _through_hazard(model)
        for model in (Rectification, Reinspection, Acceptance, MajorPlan)
    },
}
