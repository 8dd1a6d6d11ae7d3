"""A plan document comes in: read, compiled, laid out for a person to check. Nothing is half-done."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Region, User
from bihuan.accounts.permissions import Permission
from bihuan.attachments.actions import attach, store_upload
from bihuan.attachments.models import Attachment
from bihuan.audit.actions import record
from bihuan.core.errors import Refused
from bihuan.core.http import safe_filename
from bihuan.plans import Follower, Plan, SourceText, compile_documents, compile_main, read_document
from bihuan.plans.parts import PART_KINDS
from bihuan.registry.models import EnterpriseKind

from ..drafts import elements_of
from ..models import PlanDocument, PlanItem, seats
from ..originals import reading_of
from ..units import sync_units
from .checking import recheck

TOO_LARGE = "文件超过 {} MB 上限，请去掉图片附件后再导入"


# A scan or a photo of a plan, read by OCR where that is installed.
PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8")


def earlier_draft(data: bytes, *, region: Region) -> PlanDocument | None:
    """The document these very bytes made before in this region, unless it was discarded."""
    digest = hashlib.sha256(data).hexdigest()
    return (
        PlanDocument.objects.filter(region=region, file__original_sha256=digest)
        .exclude(status=PlanDocument.Status.DISCARDED)
        .first()
    )


def read_upload(upload: UploadedFile) -> bytes:
    """The bytes of an upload; Refused by its size before they are read."""
    if (upload.size or 0) > settings.UPLOAD_MAX_BYTES:
        raise Refused(TOO_LARGE.format(settings.UPLOAD_MAX_BYTES // 1048576))
    return upload.read()


@dataclass(frozen=True)
class PlanFile:
    """A plan file as it came and what was read from it: `plans` in printed order, most files hold one."""

    data: bytes
    name: str
    source: SourceText
    plans: list[Plan]

    @cached_property
    def main(self) -> Plan:
        """The plan the file is about."""
        return self.plans[0] if len(self.plans) == 1 else compile_main(self.source)


def read_plan(data: bytes, filename: str, follower: Follower | None = None) -> PlanFile:
    """Read and compile a plan file; nothing is stored. Raises PlanReadError (Chinese) when it cannot be read, Refused
    when it is empty or too large, and whatever the follower raises.
    """
    if not data.strip():
        raise Refused("文件是空的，请选择方案原文后再导入")
    if len(data) > settings.UPLOAD_MAX_BYTES:
        raise Refused(TOO_LARGE.format(settings.UPLOAD_MAX_BYTES // 1048576))
    source = read_document(data, filename, follower)
    if follower is not None:
        follower.begin("拆解", 0)
    return PlanFile(data, filename, source, compile_documents(source))


def title_in(plan: Plan) -> str:
    """The title of a plan, or the one its part of the file goes by; "" when it has neither."""
    if plan.title:
        return plan.title.value
    return next((part.title for part in plan.parts if part.span is not None and part.title), "")


def keep_file(data: bytes, filename: str, *, by: User) -> Attachment:
    """Store the original as it came; a photographed plan as a picture. Raises UploadRefused when it is no document."""
    name = safe_filename(filename, fallback="方案.txt")
    kind = None if data.startswith(PICTURES) else Attachment.Kind.DOCUMENT
    return store_upload(SimpleUploadedFile(name, data), by=by, kind=kind)


def import_plan(file: PlanFile, *, by: User, region: Region) -> PlanDocument:
    """Lay out the elements and units of a plan file as a draft of `region`.

    Of a file with several plans the one it is about. Raises Refused (UploadRefused) when it is not a document,
    PermissionDenied for anyone but the office of the region; then nothing is stored.
    """
    _require_seat(by, region)
    with transaction.atomic():
        kept = keep_file(file.data, file.name, by=by)
        document = lay_out(file.main, kept, by=by, region=region)
    recheck(document)
    return document


def import_chosen(file: PlanFile, numbers: Iterable[int], *, by: User, region: Region) -> list[PlanDocument]:
    """Make a draft of each chosen plan of a file, all or none; `numbers` count from 0 in `file.plans`.

    Raises what `import_plan` raises, and Refused when a number is none of the file's.
    """
    _require_seat(by, region)
    chosen = sorted(set(numbers))
    if not chosen or chosen[0] < 0 or chosen[-1] >= len(file.plans):
        raise Refused("请选择要导入的方案")
    with transaction.atomic():
        kept = keep_file(file.data, file.name, by=by)
        documents = [lay_out(file.plans[number], kept, by=by, region=region) for number in chosen]
    for document in documents:
        recheck(document)
    return documents


def _require_seat(by: User, region: Region) -> None:
    if region.pk not in seats(by, Permission.MANAGE_PLANS):
        raise PermissionDenied


def lay_out(plan: Plan, file: Attachment, *, by: User, region: Region) -> PlanDocument:
    """Write a compiled plan as a draft. Call inside a transaction."""
    name, now = file.name, timezone.now()
    document = PlanDocument.objects.create(
        region=region,
        file=file,
        title=(title_in(plan) or name.rpartition(".")[0] or name)[:200],
        doc_no=(plan.doc_no.value if plan.doc_no else "")[:60],
        issuer=(plan.issuer.value if plan.issuer else "")[:120],
        issued_on=plan.issued_on,
        text=plan.source.text,
        original=plan.source.original if plan.source.mapped else "",
        notices=plan.source.notices,
        reading=reading_of(plan.source)
        | {"parts": [[PART_KINDS[part.kind], part.title] for part in plan.parts]},
        compiled=plan.to_json(),
        uploaded_by=by,
        uploaded_at=now,
    )
    attach(document, [file.pk], "document", by=by)
    items = elements_of(plan, list(EnterpriseKind.objects.all()))
    for position, item in enumerate(items, start=1):
        item.document, item.position = document, position
    tasks = [item for item in items if item.kind == PlanItem.Kind.TASK]
    others = PlanItem.objects.bulk_create([item for item in items if item.kind != PlanItem.Kind.TASK])
    # elements_of numbered the phases in the plan's own order; sorting by place in the text keeps that order.
    phases = [item.pk for item in others if item.kind == PlanItem.Kind.PHASE]
    for item in tasks:
        if item.data["phase"] is not None:
            item.data["phase"] = phases[item.data["phase"]]
    PlanItem.objects.bulk_create(tasks)
    sync_units(document, on=timezone.localdate(now))
    record(
        "campaigns.import_plan",
        document,
        by=by,
        summary=f"导入方案《{document.title}》，识别 {len(tasks)} 项任务",
        payload={"file": name, "tasks": len(tasks), "phases": len(phases)},
    )
    return document
