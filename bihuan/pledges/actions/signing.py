"""Signing a promise: complete, by hand, with the seal; every line of it goes into the ledger (R070-R072, R076)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.attachments import queries as files
from bihuan.attachments.actions import attach
from bihuan.attachments.actions import sign as put_signature
from bihuan.attachments.models import Signature
from bihuan.audit.actions import chain_of
from bihuan.core.errors import Refused
from bihuan.duties.actions import open_duty
from bihuan.duties.models import Duty
from bihuan.hazards.actions import record_hazard, submit_rectification
from bihuan.hazards.models import Hazard
from bihuan.papers.actions import issue_paper
from bihuan.papers.models import Paper
from bihuan.rules.codes import explain_id_card
from bihuan.rules.pledges import answer_problem, use, valid_until
from bihuan.rules.records import UnknownRule

from .. import wording
from ..models import Pledge, PledgeLine
from ..standing import may_write
from ..workflow import PledgeMove
from .moving import move_pledge

NAMES = {
    "place": "部位", "description": "隐患情况", "measures": "整改措施落实情况", "reason": "未整改原因",
    "interim_measures": "目前采取的措施", "due_on": "整改期限", "responsible_person": "责任人",
}  # fmt: skip
NEEDED = {
    PledgeLine.Role.CORRECTED: ("place", "description", "measures"),
    PledgeLine.Role.UNCORRECTED: ("place", "description", "reason", "interim_measures", "due_on", "responsible_person"),
    PledgeLine.Role.PLAIN: (),
}  # fmt: skip


def problems_of(pledge: Pledge) -> list[str]:
    """Everything that keeps a promise from being signed, as sentences in the order of the form."""
    definition, today = pledge.form.read, timezone.localdate()
    found: list[str] = []
    if definition.asks_use:
        try:
            use(pledge.use_code, today)
        except UnknownRule:
            found.append("请选择使用性质")
    persons = {each.key: each for each in pledge.persons.all()}
    for asked in definition.persons:
        person = persons.get(asked.key)
        if person is None or not (asked.required or person.name):
            continue
        if not person.name.strip():
            found.append(f"请填写{asked.label}的姓名")
        if not person.phone:
            found.append(f"请填写{asked.label}的联系电话")
        if asked.asks_id:
            problem = explain_id_card(person.id_number, on=today) if person.id_number else "请填写身份证号"
            if problem:
                found.append(f"{asked.label}：{problem}")
    for field in definition.fields:
        problem = answer_problem(field, str(pledge.answers.get(field.key, "")))
        if problem:
            found.append(problem)
    for table in definition.tables:
        for line in pledge.lines.filter(table=table.key):
            where = f"“{table.title}”第 {line.position} 行"
            missing = [NAMES[name] for name in NEEDED[PledgeLine.Role(line.role)] if not getattr(line, name)]
            if missing:
                found.append(f"{where}缺{'、'.join(missing)}")
            is_late = line.due_on is not None and line.due_on < today
            if line.role == PledgeLine.Role.UNCORRECTED and is_late and line.hazard_id is None:
                found.append(f"{where}的整改期限 {line.due_on} 已过，请填今天以后的日期")
            for column in table.columns:
                problem = answer_problem(column, str(line.cells.get(column.key, "")))
                if problem:
                    found.append(f"{where}：{problem}")
    return found


def sign(
    pledge: Pledge, *, image: str = "", typed: bool = False, seal: Iterable[str | uuid.UUID] = (), by: User
) -> Paper:
    """Sign a promise and hand it to whoever checks it; returns the numbered paper.

    The person the form names signs by hand; whoever cannot may confirm by login if the account is that person's own.
    `seal` are photos of the stamped form. Every line that is not yet in the ledger is entered there. Raises PermissionDenied, Refused with everything that is missing, IllegalMove.
    """
    if not may_write(by, pledge):
        raise PermissionDenied
    problems = problems_of(pledge)
    photos = [str(each) for each in seal if each]
    definition = pledge.form.read
    signer = pledge.persons.get(key=definition.signer.key)
    if typed and signer.name != by.full_name:
        problems.append(f"以登录身份确认的，须由{signer.label}{signer.name}本人登录；请手写签名")
    elif not typed and not image:
        problems.append(f"请由{signer.label}{signer.name}手写签名")
    if not photos and not files.of(pledge, "seal"):
        problems.append("请上传加盖单位印章的照片；没有印章的，上传营业执照照片")
    if problems:
        raise Refused("；".join(problems))
    with transaction.atomic():
        return _sign(pledge, image, typed, photos, by)


def _sign(pledge: Pledge, image: str, typed: bool, photos: list[str], by: User) -> Paper:
    now = timezone.now()
    today = timezone.localdate(now)
    definition, enterprise = pledge.form.read, pledge.enterprise
    if enterprise.organization is None:
        raise Refused("本企业还没有开通账号单位，请联系乡镇街道开通")
    # The number follows from the paper below; until then the row carries a name of its own.
    move_pledge(
        pledge,
        PledgeMove.SIGN,
        by=by,
        at=now,
        changed={
            "signed_at": now,
            "signed_by": by,
            "valid_to": valid_until(today, definition.valid_months),
            "number": f"#{pledge.pk}",
        },
    )
    attach(pledge, photos, "seal", by=by)
    _enter_hazards(pledge, by)
    person = pledge.persons.get(key=definition.signer.key)
    signature = put_signature(
        pledge,
        role="responsible",
        signer=by if typed else None,
        signer_name=person.name,
        signer_title=person.label,
        method=Signature.Method.LOGIN if typed else Signature.Method.DRAWN,
        image=image or None,
        by=by,
    )
    paper = issue_paper(
        Paper.Kind.PLEDGE,
        subject=pledge,
        organization=enterprise.organization,
        recipient=pledge.receiver,
        recipient_name=pledge.receiver.name,
        department=pledge.department,
        place=pledge,
        content=wording.pledge_paper(pledge, signature, on=today),
        due_on=pledge.valid_to,
        permission=Permission.SIGN_PLEDGE,
        prefix=f"{pledge.locality.short_name}{enterprise.pk}",
        by=by,
    )
    Pledge.objects.filter(pk=pledge.pk).update(number=paper.number, paper=paper)
    pledge.number, pledge.paper = paper.number, paper
    open_duty(
        kind=Duty.Kind.PLEDGE_VERIFY,
        subject=pledge,
        title=f"核查承诺书：{pledge.unit_name}",
        url=pledge.get_absolute_url(),
        organization=pledge.receiver,
        place=pledge,
        clock_rule="pledge.verify",
        start=today,
        by=by,
    )
    return paper


def _enter_hazards(pledge: Pledge, by: User) -> None:
    """Every line becomes a hazard found by the enterprise (自查自报, R076), reviewed by whoever checks the promise.

    An uncorrected one gets its own clock; a corrected one is handed in at once and waits for the check (R071, R073).
    """
    organization = pledge.enterprise.organization
    assert organization is not None
    rows = pledge.lines.exclude(role=PledgeLine.Role.PLAIN).filter(hazard=None)
    lines = list(rows.order_by("table", "position"))
    photos = files.of_many(lines)
    for line in lines:
        is_corrected = line.role == PledgeLine.Role.CORRECTED
        try:
            hazard = record_hazard(
                enterprise=pledge.enterprise,
                source=Hazard.Source.SELF_CHECK,
                description=line.description,
                location=line.place,
                campaign=pledge.campaign,
                found_on=timezone.localdate(),
                due_on=line.due_on,
                responsible_person=line.responsible_person,
                interim_measures=line.interim_measures,
                client_id=line.ledger_id,
                found_organization=organization,
                reviewing_organization=pledge.receiver,
                by=by,
            )
            if is_corrected:
                after = [each.pk for each in photos[chain_of(line)].get("after", [])]
                submit_rectification(hazard, text=line.measures, photos=after, by=by)
        except Refused as error:
            raise Refused(f"{line.get_role_display()}第 {line.position} 行：{error}") from error
        PledgeLine.objects.filter(pk=line.pk).update(hazard=hazard)
