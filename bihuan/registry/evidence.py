"""Who may see the files that hang on records of the registry: whoever sees the enterprise."""

from __future__ import annotations

from bihuan.accounts.models import User
from bihuan.attachments.access import Visible
from bihuan.core.http import row_number

from .models import Enterprise, Recheck, Resumption, StatusPeriod


def _of(model: type[Recheck] | type[Resumption] | type[StatusPeriod]) -> Visible:
    def visible(user: User, pk: str) -> bool:
        rows = model._base_manager.filter(pk=row_number(pk))
        return rows.filter(enterprise__in=Enterprise.objects.visible_to(user).values("pk")).exists()

    return visible


VISIBLE: dict[str, Visible] = {
    model._meta.label_lower: _of(model) for model in (Recheck, Resumption, StatusPeriod)
}
