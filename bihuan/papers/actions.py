"""Issuing papers and proving that they arrived."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any, Protocol

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.audit import actions as audit
from bihuan.core.digest import canonical_json
from bihuan.core.errors import Refused

from . import searching
from .documents import check_content, printable
from .models import Paper, PaperAddressee, PaperReceipt
from .numbering import allot
from .wording import TEMPLATE_VERSION


class Place(Protocol):
    """Whatever carries the three ancestor columns."""

    @property
    def city_id(self) -> Any: ...
    @property
    def county_id(self) -> Any: ...
    @property
    def locality_id(self) -> Any: ...


@transaction.atomic
def issue_paper(
    kind: str,
    *,
    subject: models.Model,
    organization: Organization,
    recipient_name: str,
    recipient: Organization | None = None,
    department: Organization | None = None,
    place: Place,
    content: dict[str, Any],
    due_on: dt.date | None = None,
    case_of: Paper | None = None,
    permission: str = Permission.ISSUE_PAPER,
    prefix: str = "",
    addressees: Sequence[Organization] = (),
    by: User,
) -> Paper:
    """Number, freeze and record one paper about `subject`.

    `permission` is what issuing takes: an enterprise signs its own promise without issuing orders; `prefix` stands
    in its number instead of the 文书代字 it has not. `addressees` are the bodies of a paper sent to several: they see
    it wherever they are, and sign for it where the record behind it says, not on the paper.

    `content` is what `wording` builds; it is stored as plain JSON and never changes. Papers of one case share year
    and sequence with `case_of`. Raises PermissionDenied, ValueError for content that cannot be printed, Refused when
    another organization already uses the same number (two organizations with one 文书代字).
    """
    if not by.has_perm(permission):
        raise PermissionDenied
    check_content(content)
    now = timezone.now()
    number = allot(organization, kind, on=timezone.localdate(now), case_of=case_of, prefix=prefix)
    paper = Paper(
        kind=kind,
        number=number.text,
        case_year=number.year,
        case_seq=number.seq,
        ordinal=number.ordinal,
        organization=organization,
        department=department,
        recipient=recipient,
        recipient_name=recipient_name[:120],
        city_id=place.city_id,
        county_id=place.county_id,
        locality_id=place.locality_id,
        subject=audit.chain_of(subject),
        content=json.loads(canonical_json(printable(content))),
        template_version=TEMPLATE_VERSION,
        issued_by=by,
        issued_at=now,
        due_on=due_on,
    )
    try:
        with transaction.atomic():
            paper.save(force_insert=True)
    except IntegrityError as error:
        if not Paper.objects.filter(number=number.text).exists():
            raise
        raise Refused(
            f"文号“{number.text}”已被其他单位使用：请在单位资料里给“{organization.name}”设置不同的文书代字"
        ) from error
    PaperAddressee.objects.bulk_create(
        PaperAddressee(paper=paper, organization=each) for each in dict.fromkeys(addressees)
    )
    searching.index(paper)
    audit.record("papers.issue", paper, by=by, summary=f"制发{paper}，送{recipient_name}")
    return paper


@transaction.atomic
def acknowledge(paper: Paper, *, by: User) -> PaperReceipt:
    """The addressee signs for a paper in its own account (账号签收). Raises PermissionDenied, Refused when served already."""
    mine = {post.organization_id for post in by.posts}
    if (
        paper.recipient_id is None
        or paper.recipient_id not in mine
        or not by.has_perm(Permission.VIEW_PAPERS)
    ):
        raise PermissionDenied
    return _serve(paper, PaperReceipt.Method.ONLINE, by.full_name, "", by)


@transaction.atomic
def record_service(
    paper: Paper, *, method: str, receiver_name: str, note: str = "", by: User
) -> PaperReceipt:
    """An official records that a paper was handed over, or refused with a reason (当面送达、拒收留置)."""
    visible = Paper.objects.visible_to(by).filter(pk=paper.pk).exists()
    if not (visible and by.has_perm(Permission.ISSUE_PAPER)):
        raise PermissionDenied
    if method not in {PaperReceipt.Method.HANDED, PaperReceipt.Method.REFUSED}:
        raise Refused("送达方式请选择“当面送达”或“拒收留置”")
    if not receiver_name.strip():
        raise Refused("请填写签收人姓名；拒收的填写拒收人姓名")
    if method == PaperReceipt.Method.REFUSED and not note.strip():
        raise Refused("拒收留置须写明拒收理由和见证情况")
    return _serve(paper, method, receiver_name.strip(), note.strip(), by)


@transaction.atomic
def serve_signed(paper: Paper, *, receiver_name: str, by: User) -> PaperReceipt:
    """A paper that bears its recipient's own signature needs no other service (责任书). For the package that issues it,
    in the transaction of the last signature. Raises Refused when served already."""
    return _serve(paper, PaperReceipt.Method.HANDED, receiver_name, "双方当面签字", by)


def _serve(paper: Paper, method: str, receiver_name: str, note: str, by: User) -> PaperReceipt:
    receipt = PaperReceipt(
        paper=paper,
        method=method,
        receiver_name=printable(receiver_name)[:60],
        note=printable(note)[:200],
        by=by,
        at=timezone.now(),
    )
    try:
        with transaction.atomic():
            receipt.save(force_insert=True)
    except IntegrityError as error:
        raise Refused("这份文书已经登记过送达，不能重复登记") from error
    audit.record(
        "papers.serve",
        paper,
        by=by,
        summary=f"{paper}{receipt.get_method_display()}：{receipt.receiver_name}",
        payload={"method": method, "receiver": receipt.receiver_name, "note": receipt.note},
    )
    return receipt
