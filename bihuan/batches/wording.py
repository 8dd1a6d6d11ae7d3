"""The words of a batch's papers: the notice with its own deadline, and the record of acceptance."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from bihuan.attachments.models import Signature
from bihuan.core.dates import day_words
from bihuan.papers import documents as d

from .models import AcceptanceVerdict, BatchObject
from .workflow import Verdict


def batch_notice(member: BatchObject, *, on: dt.date) -> dict[str, Any]:
    """限期整改（治理）通知书: what to do by when, how it will be accepted, and what follows otherwise."""
    batch, enterprise = member.batch, member.enterprise
    rows: list[tuple[str, object]] = [
        ("受通知单位", enterprise.name), ("统一社会信用代码", enterprise.credit_code or ""), ("地址", enterprise.address),
        ("整治行动", batch.campaign.title), ("批次", batch.name), ("整改内容", member.content or batch.demand),
        ("数量", "" if member.quantity is None else f"{member.quantity.normalize():f}"), ("整改期限", day_words(member.due_on)),
    ]  # fmt: skip
    window = ""
    if batch.supervised_from and batch.supervised_to:
        window = f"{day_words(batch.supervised_from)}至{day_words(batch.supervised_to)}，我单位将组织督查。"
    return {
        "title": "限期整改（治理）通知书",
        "blocks": [
            d.text(f"{enterprise.name}："),
            d.text(
                f"按照{batch.campaign.title}的安排，你单位列入{batch.name}整治对象，请在{day_words(member.due_on)}前完成下列整改："
            ),
            d.facts(*rows),
            d.heading("整改要求"),
            d.text(batch.demand),
            d.heading("督查与验收"),
            d.text(
                f"{window}整改期间请如实填报进展；完成后请申请验收，由我单位会同有关部门联合验收。按期完成并验收合格的，依照补贴标准给予补贴。"
            ),
            d.heading("逾期责任"),
            d.text("逾期没有完成整改的，移送有关部门依法查处。"),
            d.closing(batch.organization.name, day_words(on)),
        ],
    }


def acceptance_record(row: AcceptanceVerdict, signatures: list[Signature]) -> dict[str, Any]:
    """验收意见书 for one object: the verdict, its conditions, and everybody who signed."""
    member, acceptance = row.member, row.acceptance
    words = {
        Verdict.PASSED: "经联合验收，上述整改已经完成，验收合格。",
        Verdict.CONDITIONAL: "经联合验收，主要整改已经完成，附条件合格；请在补正期限前达到下列条件，并再次申请验收。",
        Verdict.FAILED: "经联合验收，整改没有达到要求，验收不合格；请继续整改，达到要求后再次申请验收。",
    }[Verdict(row.verdict)]
    facts: list[tuple[str, object]] = [
        ("单位名称", member.enterprise.name), ("批次", member.batch.name), ("整改内容", member.content or member.batch.demand),
        ("完成日期", member.finished_on or ""), ("验收日期", acceptance.accepted_on), ("验收结论", row.get_verdict_display()),
    ]  # fmt: skip
    if row.conditions:
        facts += [("须补正的条件", row.conditions), ("补正期限", row.conditions_due_on or "")]
    if row.note:
        facts.append(("说明", row.note))
    blocks = [d.text(f"{member.enterprise.name}："), d.facts(*facts), d.text(words)]
    if acceptance.opinion:
        blocks += [d.heading("验收组意见"), d.text(acceptance.opinion)]
    blocks += [
        d.signatures(
            [
                d.SignatureLine(
                    role=f"验收组 {each.signer_title}",
                    name=each.signer_name,
                    title="",
                    method=each.get_method_display(),
                    image=str(each.image_id) if each.image_id else "",
                    remark="",
                    at=f"{timezone.localtime(each.signed_at):%Y-%m-%d %H:%M}",
                )
                for each in signatures
            ]
        ),
        d.closing(member.batch.organization.name, day_words(acceptance.accepted_on)),
    ]
    return {"title": "验收意见书", "blocks": blocks}
