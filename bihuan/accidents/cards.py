"""What the page of an enterprise says of its accidents, and until when it is followed after a fatal one (R102)."""

from __future__ import annotations

from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.registry.models import Enterprise
from bihuan.registry.panels import Panel, PanelRow
from bihuan.rules import accidents as rules

from .models import Accident
from .queries import tracked_until
from .workflow import Grade


def accidents_of(enterprise: Enterprise, user: User) -> Panel | None:
    """The counted accidents of an enterprise, newest first; None without any."""
    today, rows = timezone.localdate(), []
    for each in Accident.objects.visible_to(user).counted().filter(enterprise=enterprise)[:10]:
        until = tracked_until(each)
        followed = f"，跟踪监管至 {until}" if until and until >= today else ""
        grave = rules.rank(each.grade) >= rules.rank(Grade.LARGER)
        rows.append(
            PanelRow(
                label=each.title, value=each.get_grade_display(), url=each.get_absolute_url(),
                tone="red" if grave else "orange", note=f"{each.occurred_on}，{each.get_status_display()}{followed}",
            )
        )  # fmt: skip
    return Panel("事故", rows) if rows else None
