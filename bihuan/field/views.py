"""The endpoints of the field app; docs/how-to/field-sync.md is the agreement they keep."""

from __future__ import annotations

import gzip
import json
import uuid
from typing import Any
from urllib.parse import unquote

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.attachments.errors import UploadRefused
from bihuan.core.errors import Refused
from bihuan.core.paging import BadCursor, paginate
from bihuan.inspections.actions import submit_inspection
from bihuan.inspections.models import Inspection
from bihuan.inspections.queries import papers_of
from bihuan.inspections.submission import InspectionRefused

from . import pieces, shell
from .actions import revoke_device, sign_in_device
from .auth import ACCESS_SECONDS, Turned, access_for, field_door, refreshed, refusal
from .models import Device
from .reading import submission_of
from .syncing import answer_for, written

MOST_VISIT = 4 * 1024 * 1024  # drawn signatures of many people; photos travel apart


def user_of(request: HttpRequest) -> User:
    """Whoever asks, typed."""
    assert isinstance(request.user, User)
    return request.user


def _device_of(request: HttpRequest) -> Device | None:
    found: Device | None = getattr(request, "device", None)
    return found


def _body(request: HttpRequest) -> bytes:
    """What was sent; nothing of a form, which has been taken apart on its way here and is never what we asked for."""
    try:
        return request.body
    except RawPostDataException:
        return b""


def _decoded(request: HttpRequest) -> Any:
    try:
        return json.loads(_body(request))
    except (ValueError, RecursionError):
        return None


# --- the shell --------------------------------------------------------------------------------


@require_safe
@login_not_required
def app(request: HttpRequest) -> HttpResponse:
    """The app itself. It holds nothing personal: who one is stands on the phone, sealed, and is asked by the app."""
    response = HttpResponse(shell.page())
    response["Cache-Control"] = "no-cache"
    return response


@require_safe
@login_not_required
def service_worker(request: HttpRequest) -> HttpResponse:
    """The service worker, served from the root so that its scope may be chosen below it."""
    response = HttpResponse(shell.worker(), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    response["Service-Worker-Allowed"] = "/"
    return response


@require_safe
@login_not_required
def manifest(request: HttpRequest) -> HttpResponse:
    """What makes the app installable."""
    response = HttpResponse(shell.manifest(), content_type="application/manifest+json")
    response["Cache-Control"] = "no-cache"
    return response


# --- signing a phone in -----------------------------------------------------------------------


@require_safe
@never_cache
def session(request: HttpRequest) -> JsonResponse:
    """Who is signed in here, and the token a form needs."""
    user = user_of(request)
    return JsonResponse({
        "user": user.pk,
        "name": user.full_name,
        "csrf": get_token(request),
        "may_inspect": user.has_perm(Permission.CONDUCT_INSPECTION),
        "app": shell.version(),
    })  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.CONDUCT_INSPECTION, Permission.UNLOCK_USERS)
def devices(request: HttpRequest) -> HttpResponse:
    """GET: phones and who carries them. POST: sign this phone in."""
    if request.method == "POST":
        return _sign_in(request)
    user, name = user_of(request), request.GET.get("q", "").strip()[:60]
    rows = Device.objects.visible_to(user).select_related("user", "revoked_by")
    if name:
        rows = rows.filter(user__full_name__icontains=name)
    try:
        page = paginate(rows, order=("-seen_at", "-id"), cursor=request.GET.get("cursor"))
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    context = {
        "page": page,
        "now": timezone.now(),
        "q": name,
        "sees_all": user.has_perm(Permission.UNLOCK_USERS),
    }
    return render(request, "field/devices.html", context)


def _sign_in(request: HttpRequest) -> HttpResponse:
    sent = _decoded(request)
    given = sent if isinstance(sent, dict) else {}
    try:
        device_id = uuid.UUID(str(given.get("id")))
    except ValueError:
        return refusal(422, "没有登记", "设备编号不正确，请更新程序后重试")
    try:
        signed = sign_in_device(
            device_id, name=str(given.get("name", "")), app=str(given.get("app", "")), by=user_of(request)
        )
    except Refused as error:
        return refusal(409, "没有登记", str(error))
    return JsonResponse(
        {"device": str(device_id), "refresh": signed.refresh, **_access(signed.device)},
        status=201 if signed.is_new else 200,
    )


def _access(device: Device) -> dict[str, Any]:
    return {
        "access": access_for(device),
        "seconds": ACCESS_SECONDS,
        "signed_until": timezone.localtime(device.signed_until).isoformat(),
    }


@require_POST
@csrf_exempt
@login_not_required
def token(request: HttpRequest) -> HttpResponse:
    """A new short-lived key for a device that is still signed in."""
    sent = _decoded(request)
    if not isinstance(sent, dict):
        return refusal(422, "请求读不出来", "请更新程序后重试")
    try:
        device = refreshed(str(sent.get("device", "")), str(sent.get("refresh", "")))
    except Turned as error:
        return refusal(401, "需要登录", str(error), code=error.code)
    return JsonResponse(_access(device))


@require_POST
@require(Permission.CONDUCT_INSPECTION, Permission.UNLOCK_USERS)
def revocation(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take a phone's key away."""
    user = user_of(request)
    device = get_object_or_404(Device.objects.visible_to(user), pk=pk)
    try:
        revoke_device(device, by=user)
    except Refused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"已停用{device}，机内草稿不受影响，重新登记后可以上传")
    return redirect("field:devices")


# --- down -------------------------------------------------------------------------------------


@require_safe
@never_cache
@field_door
def sync(request: HttpRequest) -> HttpResponse:
    """The copy of today, or what changed since the cursor."""
    head, parts = answer_for(
        user_of(request),
        _device_of(request),
        cursor=request.GET.get("cursor", ""),
        region=request.GET.get("region", "")[:12],
    )
    body = written(head, parts)
    response = HttpResponse(content_type="application/json")
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        # The answer holds no secret a page could guess at, and on a weak signal a tenth of the size is everything.
        body = gzip.compress(body, 6, mtime=0)
        response["Content-Encoding"] = "gzip"
    response.content = body
    response["Vary"] = "Accept-Encoding, Authorization, Cookie"
    return response


# --- up ---------------------------------------------------------------------------------------


@require_http_methods(["HEAD", "PATCH"])
@never_cache
@field_door
def photo(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """HEAD: how much of a photo has arrived. PATCH: the next piece of it."""
    user = user_of(request)
    try:
        if request.method == "HEAD":
            return _progress(pieces.progress_of(pk, by=user), 200)
        made = pieces.take_piece(
            pk,
            request.body,
            offset=_number(request, "Upload-Offset"),
            length=_number(request, "Upload-Length"),
            sha256=request.headers.get("Upload-Sha256", ""),
            name=unquote(request.headers.get("Upload-Name", ""))[:120],
            by=user,
        )
    except pieces.Misplaced as error:
        answer = refusal(409, "分段位置不对", str(error))
        answer["Upload-Offset"] = str(error.offset)
        return answer
    except pieces.Damaged as error:
        return refusal(422, "照片没有保存", str(error), code="digest")
    except UploadRefused as error:
        too_large = _number(request, "Upload-Length") > pieces.limit()
        return refusal(413 if too_large else 422, "照片没有保存", str(error), code="picture")
    return _progress(made, 201 if made.is_new else 200 if made.stored else 204)


def _number(request: HttpRequest, name: str) -> int:
    text = request.headers.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 12 else -1


def _progress(progress: pieces.Progress, status: int) -> HttpResponse:
    response = HttpResponse(status=status)
    response["Upload-Offset"] = str(progress.offset)
    if progress.stored:
        response["Upload-Complete"] = "?1"
    return response


@require_POST
@never_cache
@field_door
def visits(request: HttpRequest) -> HttpResponse:
    """One visit, whole; the same again is the same visit."""
    user = user_of(request)
    if len(_body(request)) > MOST_VISIT:
        return refusal(413, "检查没有保存", "检查内容过大，请清除签名后重新签名")
    sent = _decoded(request)
    known = _recorded(sent, user)
    try:
        inspection = submit_inspection(submission_of(sent, by=user), by=user)
    except InspectionRefused as error:
        problems = [{"where": each.where, "message": each.message} for each in error.problems]
        return refusal(422, "检查没有保存", str(error), problems=problems)
    except Refused as error:
        if known:
            return refusal(409, "检查没有保存", str(error), code="other_content")
        return refusal(422, "检查没有保存", str(error), problems=[{"where": "sign", "message": str(error)}])
    except Http404:
        return refusal(404, "检查没有保存", "企业不存在或已不在可见范围内，请导出草稿交单位处理")
    except PermissionDenied:
        return refusal(403, "检查没有保存", "您的岗位已不能检查这家企业，请导出草稿交单位处理")
    device = _device_of(request)
    seq = sent.get("seq")
    if device is not None and isinstance(seq, int) and device.last_seq < seq < 2**31:
        Device.objects.filter(pk=device.pk, last_seq__lt=seq).update(last_seq=seq)
    return JsonResponse(_receipt(inspection, user), status=200 if known else 201)


def _recorded(sent: Any, user: User) -> bool:
    try:
        client_id = uuid.UUID(str(sent.get("client_id")))
    except (ValueError, AttributeError):
        return False
    return Inspection.objects.filter(client_id=client_id).exists()


def _receipt(inspection: Inspection, user: User) -> dict[str, Any]:
    """What the phone shows of a recorded visit. Others on the same day are named: all of them stay."""
    also = (
        Inspection.objects.visible_to(user)
        .filter(enterprise=inspection.enterprise_id, inspected_on=inspection.inspected_on)
        .exclude(pk=inspection.pk)
        .select_related("recorded_by")
        .order_by("id")[:10]
    )
    return {
        "id": inspection.pk,
        "url": inspection.get_absolute_url(),
        "received_at": timezone.localtime(inspection.received_at).isoformat(),
        "hazards": inspection.hazard_count,
        "papers": [
            {"number": paper.number, "kind": paper.get_kind_display(), "url": paper.get_absolute_url()}
            for paper in papers_of(inspection).order_by("id")
        ],
        "also": [
            {
                "by": each.recorded_by.full_name,
                "at": timezone.localtime(each.started_at).isoformat(),
                "url": each.get_absolute_url(),
            }
            for each in also
        ],
    }
