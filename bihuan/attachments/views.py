"""Files in and out of the house."""

from __future__ import annotations

import uuid
from pathlib import Path

from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils.http import http_date, parse_http_date_safe
from django.views.decorators.http import require_GET, require_POST

from bihuan.accounts.models import User
from bihuan.core.errors import Refused
from bihuan.core.http import Request, content_disposition, problem

from . import access, storage
from .actions import store_upload
from .models import Attachment

# Opened inside the browser; everything else is only ever saved.
INLINE = {"image/jpeg", "image/png", "application/pdf"}
SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'"


def user_of(request: Request) -> User:
    """The signed-in person, typed."""
    assert isinstance(request.user, User)
    return request.user


@require_POST
def upload(request: Request) -> HttpResponse:
    """Take one file and answer {id, url, thumbnail}; the same client_id twice answers the same (200 after 201)."""
    file = request.FILES.get("file")
    if file is None or isinstance(file, list):
        return _refusal("没有收到文件，请重新选择")
    client_id = request.POST.get("client_id") or None
    try:
        known = client_id is not None and Attachment.objects.filter(pk=uuid.UUID(client_id)).exists()
        attachment = store_upload(file, by=user_of(request), client_id=client_id)
    except Refused as error:
        return _refusal(str(error))
    except ValueError:
        return _refusal("上传编号不是有效的 UUID，请刷新页面后重试")
    body = {
        "id": str(attachment.pk),
        "name": attachment.name,
        "url": attachment.get_absolute_url(),
        "thumbnail": attachment.thumbnail_url if attachment.is_image else "",
    }
    return JsonResponse(body, status=200 if known else 201)


def _refusal(detail: str) -> JsonResponse:
    return JsonResponse(
        problem(422, "文件没有保存", detail), status=422, content_type="application/problem+json"
    )


def _visible_or_404(request: Request, pk: uuid.UUID) -> Attachment:
    attachment = get_object_or_404(Attachment, pk=pk)
    if not access.may_see(user_of(request), attachment):
        raise Http404
    return attachment


@require_GET
def file(request: Request, pk: uuid.UUID) -> HttpResponseBase:
    """The file itself: photos and PDF inside the browser, everything else as a download."""
    attachment = _visible_or_404(request, pk)
    inline = attachment.media_type in INLINE and "download" not in request.GET
    response = _served(storage.absolute(attachment.path), attachment.media_type)
    response["Content-Disposition"] = content_disposition(attachment.name, inline=inline)
    return response


@require_GET
def thumbnail(request: Request, pk: uuid.UUID) -> HttpResponseBase:
    """A small JPEG of a photo. It never changes, so the browser may keep it."""
    attachment = _visible_or_404(request, pk)
    if not attachment.is_image:
        raise Http404
    path = storage.absolute(storage.thumbnail_path(attachment.path))
    changed = http_date(int(attachment.uploaded_at.timestamp()))
    since = parse_http_date_safe(request.headers.get("If-Modified-Since", ""))
    if since is not None and since >= int(attachment.uploaded_at.timestamp()):
        return HttpResponse(status=304)
    response = _served(path, "image/jpeg")
    response["Cache-Control"] = "private, max-age=86400"
    response["Last-Modified"] = changed
    return response


def _served(path: Path, media_type: str) -> FileResponse:
    try:
        opened = path.open("rb")
    except FileNotFoundError as error:
        raise Http404("文件已不在存储中") from error
    # A web page somebody uploaded is shown as the text it is.
    is_text = media_type.startswith("text/")
    response = FileResponse(opened, content_type="text/plain; charset=utf-8" if is_text else media_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = SANDBOX
    response["Cache-Control"] = "private, no-cache"
    return response
