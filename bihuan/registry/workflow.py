"""An enterprise's life: in operation, idle, moved, closed. Every legal change of status, in one table (R046)."""

from __future__ import annotations

from django.db.models import TextChoices


class EnterpriseStatus(TextChoices):
    OPERATING = "operating", "在产在营"
    IDLE = "idle", "停产停业"
    MOVED = "moved", "搬迁"
    CLOSED = "closed", "关闭"


# What each status may become. A closed place comes back only as one in operation: somebody has been there and seen it.
NEXT: dict[str, frozenset[str]] = {
    EnterpriseStatus.OPERATING: frozenset(
        {EnterpriseStatus.IDLE, EnterpriseStatus.MOVED, EnterpriseStatus.CLOSED}
    ),
    EnterpriseStatus.IDLE: frozenset(
        {EnterpriseStatus.OPERATING, EnterpriseStatus.MOVED, EnterpriseStatus.CLOSED}
    ),
    EnterpriseStatus.MOVED: frozenset({EnterpriseStatus.OPERATING, EnterpriseStatus.CLOSED}),
    EnterpriseStatus.CLOSED: frozenset({EnterpriseStatus.OPERATING}),
}

SUPERVISED = (EnterpriseStatus.OPERATING, EnterpriseStatus.IDLE)


def is_legal(before: str, after: str) -> bool:
    """Whether a record may go from one status to the other."""
    return after in NEXT[before]


def explain_illegal(before: str, after: str) -> str:
    """A Chinese sentence for a change the table does not know."""
    allowed = "、".join(EnterpriseStatus(key).label for key in EnterpriseStatus.values if key in NEXT[before])
    return f"状态不能由“{EnterpriseStatus(before).label}”改为“{EnterpriseStatus(after).label}”，只能改为：{allowed}"
