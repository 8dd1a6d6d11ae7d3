"""What looking back says on the page of a hazard: what it repeats, who looked again, whether its effect was judged."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.hazards.models import Hazard
from bihuan.hazards.origins import Origin
from bihuan.hazards.workflow import Status

from .models import Evaluation, LookbackCheck, Recurrence
from .workflow import EvaluationStatus


def seen_again(hazard: Hazard, user: User) -> Iterator[Origin]:
    """Lines with links, as far as the person may see them."""
    if not user.has_perm(Permission.VIEW_LOOKBACK):
        return
    repeat = Recurrence.objects.visible_to(user).filter(hazard=hazard).select_related("earlier").first()
    if repeat is not None:
        yield Origin("改后反弹", f"销号 {repeat.days} 天后再次出现", repeat.earlier.get_absolute_url())
    for check in LookbackCheck.objects.visible_to(user).filter(hazard=hazard).select_related("round")[:5]:
        yield Origin("回头看", f"{check.round.title}：{check.get_status_display()}", check.get_absolute_url())
    evaluation = Evaluation.objects.visible_to(user).filter(hazard=hazard).first()
    if evaluation is not None and evaluation.status != EvaluationStatus.CANCELLED:
        said = evaluation.get_verdict_display() or evaluation.get_status_display()
        yield Origin("效果评价", said, evaluation.get_absolute_url())
    elif hazard.status == Status.CLOSED and user.has_perm(Permission.RUN_LOOKBACK):
        yield Origin("效果评价", "安排效果评价", reverse("lookback:arrange", args=[hazard.pk]))
