"""Files: uploaded before the record they prove, described, and downloaded by whoever may see that record."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any, BinaryIO, cast

from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404
from ninja import File, Form, Path, Router, Schema, UploadedFile
from pydantic import Field

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.attachments import access, views
from bihuan.attachments.actions import store_upload
from bihuan.attachments.models import Attachment
from bihuan.core.digest import file_hashes
from bihuan.core.http import Request

from .auth import caller
from .choices import AttachmentKind
from .idempotency import PARAMETER, once
from .problems import READ_ERRORS, WRITE_ERRORS, check_names

router = Router(tags=["附件"])


class AttachmentOut(Schema):
    """附件"""

    id: uuid.UUID = Field(description="编号")
    kind: AttachmentKind = Field(description="类型")
    name: str = Field(description="文件名")
    media_type: str = Field(description="媒体类型")
    size: int = Field(description="字节数")
    sha256: str = Field(description="SHA-256 摘要")
    sm3: str = Field(description="SM3 摘要")
    width: int | None = Field(description="宽，仅图片")
    height: int | None = Field(description="高，仅图片")
    uploaded_at: dt.datetime = Field(description="上传时间")
    url: str = Field(description="下载地址（接口）")

    @staticmethod
    def resolve_url(attachment: Attachment) -> str:
        return f"/api/v1/attachments/{attachment.pk}/content"


class UploadIn(Schema):
    """上传附件时随文件的字段"""

    client_id: uuid.UUID | None = Field(None, description="由调用方生成的编号，可不填")


def _visible(user: User, attachment_id: uuid.UUID) -> Attachment:
    attachment = get_object_or_404(Attachment, pk=attachment_id)
    if not access.may_see(user, attachment):
        raise Http404
    return attachment


@router.post(
    "/attachments",
    response={201: AttachmentOut, **WRITE_ERRORS},
    operation_id="uploadAttachment",
    summary="上传附件",
    description="上传一个文件，回答其编号，供登记隐患、检查、整改时引用。照片去除拍摄信息后重新编码保存。"
    "client_id 由调用方生成，同一 client_id 与同一文件重复上传得到同一附件。",
    openapi_extra=PARAMETER,
)
def upload_attachment(
    request: HttpRequest,
    file: File[Annotated[UploadedFile, Field(description="文件")]],
    form: Form[UploadIn],
) -> JsonResponse:
    user = caller(request, Permission.USE_API)
    check_names(request)
    given = {
        "file": file_hashes(cast(BinaryIO, file))["sha256"],
        "name": file.name,
        "client_id": form.client_id and str(form.client_id),
    }
    return once(request, given, AttachmentOut, lambda: store_upload(file, by=user, client_id=form.client_id))


@router.get(
    "/attachments/{attachment_id}",
    response={200: AttachmentOut, **READ_ERRORS},
    operation_id="getAttachment",
    summary="读取附件信息",
    description="本人上传的，或可见记录所附的文件。",
)
def get_attachment(request: HttpRequest, attachment_id: Path[uuid.UUID]) -> Attachment:
    user = caller(request, Permission.USE_API)
    check_names(request)
    return _visible(user, attachment_id)


_CONTENT: dict[str, Any] = {
    "responses": {
        200: {
            "description": "文件内容",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    }
}


@router.get(
    "/attachments/{attachment_id}/content",
    response={200: None, **READ_ERRORS},
    operation_id="downloadAttachment",
    summary="下载附件",
    description="文件本身，媒体类型见附件信息。",
    openapi_extra=_CONTENT,
)
def download_attachment(request: HttpRequest, attachment_id: Path[uuid.UUID]) -> HttpResponseBase:
    caller(request, Permission.USE_API)
    check_names(request)
    # The page's own door: the same permission, headers and sandbox.
    return views.file(cast(Request, request), pk=attachment_id)
