"""What an enterprise's page says of its equipment and of permits it lacks, and the filter of attributes behind."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.models import User

from .access import edit_scope
from .dues import missing_permits
from .filters import ExtraFilter
from .models import Enterprise, EnterpriseQuerySet, Equipment
from .panels import Panel, PanelRow
from .schemas import behind

SHOWN = 10
BEHIND = "behind"


def equipment_panel(enterprise: Enterprise, user: User) -> Panel:
    """The equipment of an enterprise, what is due first at the top."""
    today = timezone.localdate()
    may_edit = edit_scope(user).covers(enterprise)
    rows = []
    held = enterprise.equipment.exclude(state=Equipment.State.SCRAPPED).select_related("premises")
    for piece in held[:SHOWN]:
        due = piece.next_inspection_on
        if piece.state == Equipment.State.STOPPED:
            words, tone = "停用", ""
        elif due is None:
            words, tone = "下次检验未知", "orange"
        else:
            words, tone = f"下次检验{due}", "red" if due < today else "green"
        url = reverse("registry:edit_equipment", args=[piece.pk]) if may_edit else ""
        where = " · ".join(filter(None, (piece.premises.name if piece.premises else "", piece.maker)))
        rows.append(PanelRow(str(piece), words, url, tone, where))
    return Panel(
        "设备",
        rows,
        empty="没有登记需要定期检验的设备。",
        url=reverse("registry:add_equipment", args=[enterprise.pk]) if may_edit else "",
        url_label="登记设备" if may_edit else "",
    )


def permits_panel(enterprise: Enterprise, user: User) -> Panel | None:
    """Permits the kind needs that are not validly held; nothing where all is well."""
    rows = [
        PanelRow(
            rule.label,
            words,
            tone="orange" if rule.condition and words != "已过期" else "red",
            note=f"{rule.issuer}；{rule.source}（{rule.doc_no}）",
        )
        for rule, words in missing_permits(enterprise, timezone.localdate())
    ]
    return Panel("应有而缺的许可证", rows) if rows else None


def _narrow(objects: EnterpriseQuerySet, value: str, user: User) -> EnterpriseQuerySet | None:
    return behind(objects) if value == BEHIND else None


ATTRIBUTES = ExtraFilter(
    "schema",
    "专有属性",
    _narrow,
    lambda value, user: "旧版或未填全",
    lambda user: [(BEHIND, "旧版或未填全")],
)
