"""A plan document comes in: read, compiled, laid out for a person to check. Nothing is half-done."""

from __future__ import annotations

import hashlib

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
from bihuan.plans import compile_plan
from bihuan.registry.models import EnterpriseKind

from ..drafts import elements_of
from ..models import PlanDocument, PlanItem, seats
from ..originals import reading_of
from ..units import sync_units
from .checking import recheck

TOO_LARGE = "文件超过 {} MB 上限，请去掉图片附件后再导入"


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


def import_plan(data: bytes, filename: str, *, by: User, region: Region) -> PlanDocument:
    """Read and compile a plan file and lay out its elements and units as a draft of `region`.

    Raises PlanReadError (Chinese, nothing stored) when the file cannot be read, Refused (UploadRefused) when it is
    empty, too large or not a document, PermissionDenied for anyone but the office of the region.
    """
    if region.pk not in seats(by, Permission.MANAGE_PLANS):
        raise PermissionDenied
    if not data.strip():
        raise Refused("文件是空的，请选择方案原文后再导入")
    if len(data) > settings.UPLOAD_MAX_BYTES:
        raise Refused(TOO_LARGE.format(settings.UPLOAD_MAX_BYTES // 1048576))
    plan = compile_plan(data, filename)
    name = safe_filename(filename, fallback="方案.txt")
    now = timezone.now()
    with transaction.atomic():
        file = store_upload(SimpleUploadedFile(name, data), by=by, kind=Attachment.Kind.DOCUMENT)
        document = PlanDocument.objects.create(
            region=region,
            file=file,
            title=(plan.title.value if plan.title else name.rpartition(".")[0] or name)[:200],
            doc_no=(plan.doc_no.value if plan.doc_no else "")[:60],
            issuer=(plan.issuer.value if plan.issuer else "")[:120],
            issued_on=plan.issued_on,
            text=plan.source.text,
            original=plan.source.original if plan.source.mapped else "",
            notices=plan.source.notices,
            reading=reading_of(plan.source),
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
    recheck(document)
    return document
