"""Who is asking: a device by its short-lived key, or a browser by its session with every rule of sessions."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt

from bihuan.accounts.middleware import SessionPolicyMiddleware
from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.http import problem

from .actions import digest_of_secret, note_seen
from .models import Device

View = Callable[..., HttpResponseBase]
SCHEME = "Device "
SALT = "bihuan.field.access"
ACCESS_SECONDS = 30 * 60
NOT_AN_INSPECTOR = "您的岗位已没有检查权限，请联系单位办理授权；草稿留在本机，也可以导出"
SIGN_IN = "登录已过期，请重新登录；本机草稿都在，登录后继续上传"


class Turned(Exception):
    """A device that may not come in; `code` tells the app what to do: access, sign_in or revoked."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


def refusal(status: int, title: str, detail: str = "", **extra: Any) -> JsonResponse:
    """An application/problem+json answer."""
    return JsonResponse(
        problem(status, title, detail, **extra), status=status, content_type="application/problem+json"
    )


def access_for(device: Device) -> str:
    """A key for the field endpoints, good for half an hour and only as long as the device is signed in."""
    return signing.dumps([str(device.pk), int(device.signed_until.timestamp())], salt=SALT)


def refreshed(device_id: str, refresh: str) -> Device:
    """The device that may have a new access key. Raises Turned."""
    device = _device(device_id)
    if not refresh or not constant_time_compare(device.refresh_digest, digest_of_secret(refresh)):
        raise Turned("sign_in", SIGN_IN)
    return device


def _device(device_id: str) -> Device:
    try:
        found = Device.objects.select_related("user").filter(pk=uuid.UUID(device_id)).first()
    except (ValueError, TypeError, AttributeError):
        found = None
    if found is None:
        raise Turned("sign_in", SIGN_IN)
    if found.revoked_at is not None:
        raise Turned("revoked", "这台设备已停用，请重新登录并登记本机；本机草稿都在")
    is_current = constant_time_compare(found.session_auth, found.user.get_session_auth_hash())
    if found.signed_until < timezone.now() or not found.user.is_active or not is_current:
        raise Turned("sign_in", SIGN_IN)
    return found


def _by_access(token: str) -> Device:
    try:
        device_id, signed_until = signing.loads(token, salt=SALT, max_age=ACCESS_SECONDS)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise Turned("access", "访问密钥已过期") from error
    device = _device(device_id)
    # A key given before the latest signing in ends with it.
    if int(device.signed_until.timestamp()) != signed_until:
        raise Turned("access", "访问密钥已更换")
    return device


def _nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


_CLOSED = (LoginRequiredMiddleware(_nothing), CsrfViewMiddleware(_nothing), SessionPolicyMiddleware(_nothing))


def field_door(view: View) -> View:
    """Decorate an endpoint of the field app: `request.device` is the phone, or None for a session.

    With `Authorization: Device …` only the key counts (401 with a code, no cookies, hence no CSRF). Without it the
    request is treated as any closed page. Either way the person must be one who inspects (403).
    """

    @csrf_exempt
    @login_not_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        request.device = None  # type: ignore[attr-defined]
        given = request.headers.get("Authorization", "")
        if given.startswith(SCHEME):
            try:
                device = _by_access(given.removeprefix(SCHEME))
            except Turned as error:
                return refusal(401, "需要登录", str(error), code=error.code)
            note_seen(device, request.headers.get("X-Bihuan-App", ""))
            request.device, request.user = device, device.user  # type: ignore[attr-defined]
        else:
            for each in _CLOSED:
                answer = each.process_view(request, _nothing, (), {})
                if answer is not None:
                    return answer
        user = request.user
        if not isinstance(user, User) or not user.has_perm(Permission.CONDUCT_INSPECTION):
            return refusal(403, "没有权限", NOT_AN_INSPECTOR)
        return view(request, *args, **kwargs)

    return guarded
