"""The words of the papers of a listing, built from plain facts (16号令; 鄂安〔2010〕19号: 事项、期限、解除方式和程序)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from bihuan.attachments.models import Signature
from bihuan.core.markup import cn_date
from bihuan.papers import documents as d
from bihuan.rules import listings as rules

from .models import ExtensionRequest, Listing, ResponsibilityLetter
from .policies import term
from .workflow import SubjectKind

_AFTERWARDS = {
    SubjectKind.HAZARD: "请巩固整改成果，建立长效机制，防止反弹；悬挂的公示牌自本通知书送达之日起撤除。",
    SubjectKind.ACCIDENT: "请继续落实调查报告提出的防范和整改措施，吸取教训，防止类似事故再次发生。",
    SubjectKind.LOCALITY: "请巩固整改成果，健全长效机制，防止反弹。",
}
_OBJECTS = {
    SubjectKind.HAZARD: "重大事故隐患",
    SubjectKind.ACCIDENT: "事故查处",
    SubjectKind.LOCALITY: "安全生产工作进展缓慢的地方",
}


def _within(rule: rules.Term) -> str:
    """A term as a paper writes it: 10日, 15个工作日."""
    return f"{rule.number}日" if rule.unit == "natural" else f"{rule.number}个工作日"


def order(listing: Listing, *, plan_due_on: dt.date, on: dt.date) -> dict[str, Any]:
    """挂牌督办通知书: what, by when, what to do meanwhile, and how the listing ends."""
    months = term(listing, "progress_months", on).number
    before = term(listing, "extend_before", on)
    what = _OBJECTS[SubjectKind(listing.kind)]
    work = "查处" if listing.kind == SubjectKind.ACCIDENT else "整改"
    leader = f"{listing.leader_name} {listing.leader_title}".strip()
    demands = [
        f"自本通知书下达之日起组织实施，于{cn_date(listing.due_on)}前完成。",
        f"于{cn_date(plan_due_on)}前将治理方案报{listing.organization.short_name}备案，方案六项内容缺一不可，"
        "并逐项写明措施、资金、期限、责任人和应急预案的落实情况。",
        f"每{months}个月至少报告一次进展，附现场照片；未按时报告的，按催办阶梯提醒、催办、通报。",
        f"确需延期的，应当在期限届满{_within(before)}前提出书面申请，写明理由和延期期间的安全措施。",
    ]
    if "stop_use" in rules.rule_set(listing.rule_set, on).flags and listing.kind == SubjectKind.HAZARD:
        demands.append("挂牌期间原则上停产停业、停止使用，直至摘牌。")
    blocks = [
        d.recipients(listing.owner_name),
        d.text(
            f"经{listing.organization.name}审核，{listing.government}决定对下列{what}实行{listing.get_level_display().removesuffix('挂牌')}挂牌督办。"
            "现将有关事项通知如下："
        ),
        d.facts(
            ("督办事项", listing.title),
            ("场所", listing.place),
            (f"{work}责任单位", listing.owner_name),
            (f"{work}责任人", f"{listing.person_name}（{listing.person_title}）"),
            (f"{work}期限", cn_date(listing.due_on)),
            *([("督办领导", leader)] if leader else []),
            ("督办单位", listing.organization.name),
        ),
        d.heading("一、督办要求"),
        d.text(listing.demand),
        d.heading("二、办理程序和期限"),
        d.items([(text, []) for text in demands]),
        d.heading("三、解除方式和程序"),
        d.text(
            f"{'办结' if listing.kind == SubjectKind.ACCIDENT else '整改完成'}后，向{listing.organization.short_name}提出摘牌验收申请"
            f"{'，附整改效果评价报告' if listing.kind == SubjectKind.HAZARD else ''}。"
            f"{listing.organization.short_name}收到申请或者期满后{_within(term(listing, 'examine', on))}内组织现场审查，"
            f"合格的按程序审签后摘牌并公告，不合格的退回继续{work}。摘牌由下达单位决定。"
        ),
    ]  # fmt: skip
    if listing.kind == SubjectKind.HAZARD:
        blocks.append(d.text("请在整改场所醒目位置悬挂公示牌，整改期间不得遮挡、撤除。"))
    if listing.basis:
        blocks.append(d.facts(("依据", listing.basis)))
    blocks.append(d.closing(listing.government, cn_date(on)))
    return {"title": "挂牌督办通知书", "mark": f"{listing.government}文件", "blocks": blocks}


def extension_reply(
    request: ExtensionRequest, *, approved: bool, opinion: str, on: dt.date
) -> dict[str, Any]:
    """挂牌延期批复: granted with what must be kept meanwhile, or refused with the reason."""
    listing = request.listing
    verdict = (
        f"同意将整改期限延至{cn_date(request.requested_due_on)}。延期期间须落实：{request.interim_measures}"
        if approved
        else f"不同意延期，仍按{cn_date(request.old_due_on)}完成。逾期未完成的，依照有关规定处理。"
    )
    blocks = [
        d.recipients(listing.owner_name),
        d.text(f"你单位关于“{listing.title}”延期整改的申请收悉。经研究，批复如下："),
        d.facts(
            ("挂牌督办通知书", listing.order.number if listing.order else ""),
            ("原整改期限", cn_date(request.old_due_on)),
            ("申请延至", cn_date(request.requested_due_on)),
            ("申请理由", request.reason),
        ),
        d.text(verdict),
        *([] if approved else [d.facts(("不同意的理由", opinion))]),
        d.closing(listing.organization.name, cn_date(on)),
    ]
    return {"title": "挂牌督办延期整改批复", "blocks": blocks}


def delisting(listing: Listing, *, on: dt.date) -> dict[str, Any]:
    """摘牌通知书: examined when and by whom, struck off, to be kept so."""
    examination = listing.examinations.filter(passed=True).order_by("-pk").first()
    team = (
        "；".join(str(each) for each in examination.team.select_related("organization"))
        if examination
        else ""
    )
    blocks = [
        d.recipients(listing.owner_name),
        d.text(
            f"{cn_date(listing.listed_on)}，{listing.government}以{listing.order.number if listing.order else ''}"
            f"对“{listing.title}”挂牌督办。经现场审查，督办事项已经完成，现予摘牌。"
        ),
        d.facts(
            ("督办事项", listing.title),
            ("场所", listing.place),
            ("现场审查日期", cn_date(examination.examined_on) if examination else ""),
            ("审查组", team),
            ("审查意见", examination.opinion if examination else ""),
        ),
        d.text(_AFTERWARDS[SubjectKind(listing.kind)]),
        d.closing(listing.government, cn_date(on)),
    ]
    return {"title": "摘牌通知书", "mark": f"{listing.government}文件", "blocks": blocks}


def letter_content(listing: Listing, receiver_name: str) -> str:
    """What a letter of responsibility says unless somebody writes it anew."""
    return (
        f"{receiver_name}对“{listing.title}”的整改负责：按挂牌督办通知书的要求组织力量，"
        f"于{cn_date(listing.due_on)}前完成；整改期间落实安全防范措施，确保不发生事故；"
        "按时报告进展，主动接受督办和现场审查；逾期未完成或者弄虚作假的，依规追究责任。"
    )


def letter(row: ResponsibilityLetter, signatures: Sequence[Signature], *, on: dt.date) -> dict[str, Any]:
    """督促整改责任书 between two levels, with both signatures (R090)."""
    listing = row.listing
    lines = [
        d.SignatureLine(
            role="签发方" if each.role == "giver" else "承诺方",
            name=each.signer_name,
            title=each.signer_title,
            method=each.get_method_display(),
            image=str(each.image_id or ""),
            remark=each.remark,
            at=cn_date(each.signed_at),
        )
        for each in signatures
    ]
    blocks = [
        d.text(
            f"为落实{listing.order.number if listing.order else '挂牌督办'}，层层压实整改责任，签订本责任书。"
        ),
        d.facts(
            ("签发方", row.giver_name),
            ("承诺方", row.receiver_name),
            ("督办事项", listing.title),
            ("场所", listing.place),
            ("整改期限", cn_date(listing.due_on)),
        ),
        d.heading("责任内容"),
        d.text(row.content),
        d.signatures(lines),
        d.closing(row.giver_name, cn_date(on)),
    ]
    return {"title": "督促整改责任书", "blocks": blocks}
