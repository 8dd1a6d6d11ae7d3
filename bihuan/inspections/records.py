"""What the papers of a visit say: facts gathered here, words and form from papers.wording."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from bihuan.attachments import queries as attachments
from bihuan.attachments.models import Attachment, Signature
from bihuan.audit.actions import chain_of
from bihuan.core.dates import day_words
from bihuan.hazards.models import Hazard, Rectification, Reinspection
from bihuan.papers import wording
from bihuan.papers.documents import Photo, SignatureLine

from .models import Answer, Inspection

ROLES = {"inspector": "检查人员", "accompanying": "现场陪同人"}
MAX_PHOTOS = 24  # on one paper; the record itself keeps all of them


def _moment(at: dt.datetime) -> str:
    local = timezone.localtime(at)
    return f"{day_words(local.date())}{local:%H:%M}"


def _addressee(inspection: Inspection) -> wording.Addressee:
    enterprise = inspection.enterprise
    place = inspection.premises or enterprise
    return wording.Addressee(
        name=enterprise.name,
        credit_code=enterprise.credit_code or "",
        address=place.address,
        accompanying=" ".join(filter(None, [inspection.accompanying_name, inspection.accompanying_title])),
    )


def _signature_lines(signatures: Iterable[Signature]) -> list[SignatureLine]:
    return [
        SignatureLine(
            role=ROLES.get(each.role, each.role),
            name=each.signer_name,
            title=each.signer_title,
            method="" if each.method == Signature.Method.DRAWN else each.get_method_display(),
            image=str(each.image_id or ""),
            remark=each.remark,
            at=_moment(each.signed_at),
        )
        for each in signatures
    ]


def _photos(hazards: list[Hazard], label: str) -> list[Photo]:
    """What was wrong, and beside it what was put right before the inspectors' eyes."""
    fixes = {
        each.hazard_id: each
        for each in Rectification.objects.filter(hazard__in=[h for h in hazards if h.fixed_on_spot])
    }
    kept = attachments.of_many([*hazards, *fixes.values()])
    found: list[Photo] = []
    for no, hazard in enumerate(hazards, start=1):
        found += [_photo(each, f"问题{no} {label}") for each in kept[chain_of(hazard)].get("before", [])]
        if hazard.pk in fixes:
            found += [
                _photo(each, f"问题{no} 整改后") for each in kept[chain_of(fixes[hazard.pk])].get("after", [])
            ]
    return found[:MAX_PHOTOS]


def _scene(inspection: Inspection, answers: list[Answer]) -> list[Photo]:
    """Photos that show no hazard: the door, a device in order. They prove that somebody was there."""
    kept = attachments.of_many([inspection, *answers])
    found = [_photo(each, "现场") for each in kept[chain_of(inspection)].get("scene", [])]
    for answer in answers:
        found += [_photo(each, f"第{answer.position}项") for each in kept[chain_of(answer)].get("scene", [])]
    return found


def _photo(attachment: Attachment, caption: str) -> Photo:
    return Photo(id=str(attachment.pk), sha256=attachment.sha256, caption=caption)


def _point(hazard: Hazard, *, with_orders: bool) -> wording.Point:
    level = "（重大隐患）" if hazard.level == "major" else ""
    if hazard.fixed_on_spot:
        return wording.Point(hazard.description, hazard.location, hazard.basis, "现场已改正，经复查合格")
    due = day_words(hazard.due_on) if hazard.due_on else "治理方案确定的期限"
    notes = []
    if with_orders:
        funds = "无需投入" if not hazard.funds else f"{hazard.funds:.2f}元"
        notes = [
            f"整改责任人：{hazard.responsible_person}；整改措施：{hazard.measures}",
            f"整改资金：{funds}；应急预案：{hazard.contingency}",
            f"整改前的临时管控措施：{hazard.interim_measures}",
        ]
    return wording.Point(hazard.description + level, hazard.location, hazard.basis, f"限{due}前改正", notes)


def inspection_record(inspection: Inspection, hazards: list[Hazard], *, on: dt.date) -> dict[str, Any]:
    """The content of 现场检查记录."""
    answers = list(inspection.answers.all())
    verdicts = [answer.verdict for answer in answers]
    listed = sum(answer.hazard_id is not None for answer in answers)
    members = inspection.members.order_by("position")
    return wording.inspection_record(
        organization=inspection.organization.name,
        to=_addressee(inspection),
        kind=inspection.get_kind_display(),
        task=f"{inspection.campaign} {inspection.task}" if inspection.task else "",
        when=f"{_moment(inspection.started_at)}至{_moment(inspection.finished_at)}",
        inspectors=[
            f"{each.name}（执法证号 {each.certificate_no}）" if each.certificate_no else each.name
            for each in members
        ],
        counts={
            "total": len(answers),
            "pass": verdicts.count(Answer.Verdict.PASS),
            "fail": verdicts.count(Answer.Verdict.FAIL),
            "na": verdicts.count(Answer.Verdict.NOT_APPLICABLE),
            "other": len(hazards) - listed,
        },
        points=[_point(hazard, with_orders=False) for hazard in hazards],
        opinion=inspection.opinion,
        photos=[*_photos(hazards, "整改前"), *_scene(inspection, answers)][:MAX_PHOTOS],
        signatures=_signature_lines(attachments.signatures_of(inspection)),
        on=on,
    )


def rectification_order(
    inspection: Inspection, hazards: list[Hazard], *, record_number: str, on: dt.date
) -> dict[str, Any]:
    """The content of 责令限期整改指令书 over the hazards that could not be put right at once."""
    return wording.rectification_order(
        organization=inspection.organization.name,
        to=_addressee(inspection),
        record_number=record_number,
        found_on=inspection.inspected_on,
        points=[_point(hazard, with_orders=True) for hazard in hazards],
        reviewer=hazards[0].reviewing_organization.name,
        photos=_photos(hazards, "现场"),
        signatures=_signature_lines(attachments.signatures_of(inspection)),
        on=on,
    )


def reinspection_opinion(
    inspection: Inspection, reinspections: list[Reinspection], *, order_number: str, on: dt.date
) -> dict[str, Any]:
    """The content of 整改复查意见书 over reinspections no earlier opinion has covered."""
    rectifications = [each.rectification for each in reinspections if each.rectification]
    kept = attachments.of_many(rectifications)
    photos = [
        _photo(picture, f"问题{no} 整改后")
        for no, each in enumerate(reinspections, start=1)
        if each.rectification
        for pictures in kept[chain_of(each.rectification)].values()
        for picture in pictures
        if picture.kind == Attachment.Kind.IMAGE
    ]
    return wording.reinspection_opinion(
        organization=inspection.organization.name,
        to=_addressee(inspection),
        order_number=order_number,
        reviewed_on=timezone.localdate(max(each.at for each in reinspections)),
        reviewers=list(dict.fromkeys(each.by.full_name for each in reinspections)),
        rows=[
            (f"{each.hazard.location}：{each.hazard.description}".lstrip("："), each.passed, each.text)
            for each in reinspections
        ],
        covered=[each.pk for each in reinspections],
        photos=photos[:MAX_PHOTOS],
        on=on,
    )
