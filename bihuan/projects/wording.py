"""The words of the handover paper (工程验收移交书, R240)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from bihuan.attachments.models import Signature
from bihuan.core.dates import day_words
from bihuan.papers import documents as d

from .models import Handover

ROLES = {"giver": "移交方", "taker": "接收方"}


def handover_paper(handover: Handover, signatures: Sequence[Signature]) -> dict[str, Any]:
    """What is handed over to whom, with which papers, what is left, both signatures."""
    project = handover.project
    acceptance = project.acceptances.filter(verdict="passed").first()
    scale = [
        f"管道 {project.kilometres_done.normalize():f} 公里" if project.kilometres_done else "",
        f"惠及 {project.households:,} 户" if project.households else "",
        f"{project.quantity.normalize():f} {project.unit}" if project.quantity else "",
    ]
    rows: list[tuple[str, object]] = [
        ("工程项目", project.name), ("项目种类", project.kind_words), ("工程地点", project.place or project.region.name),
        ("规模", "，".join(each for each in scale if each)), ("移交单位", handover.giver), ("接收单位", handover.taker.name),
        ("完工日期", day_words(project.completed_on) if project.completed_on else ""),
        ("验收合格日期", day_words(project.accepted_on) if project.accepted_on else ""),
        ("验收意见", acceptance.opinion if acceptance else ""),
    ]  # fmt: skip
    return d.official(
        f"{project.name}工程验收移交书",
        [
            d.text(f"{project.name}已经完工并经联合验收合格。{handover.giver}将下列设施和资料移交{handover.taker.name}，由接收单位负责运行维护和安全管理。"),
            d.facts(*rows),
            d.heading("移交的设施"),
            d.text(handover.facilities),
            d.heading("移交的资料"),
            d.text(handover.documents),
            d.heading("遗留事项和保修"),
            d.text(handover.residual or "无。"),
            d.heading("通气投用"),
            d.text("通气条件逐项确认签字以前，不得通气。" if project.lets_gas_in else "移交后即可投用。"),
            d.signatures(
                [
                    d.SignatureLine(
                        role=ROLES.get(each.role, each.role), name=each.signer_name, title=each.signer_title,
                        method=each.get_method_display(), image=str(each.image_id or ""), remark=each.remark,
                        at=f"{timezone.localtime(each.signed_at):%Y-%m-%d %H:%M}",
                    )
                    for each in signatures
                ]
            ),
            d.closing(project.department.name, day_words(timezone.localdate())),
        ],
    )  # fmt: skip
