"""Coming in and going out: login, lockout, second factor, password."""

from __future__ import annotations

import datetime as dt
from base64 import b32encode
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from django_otp import login as otp_login

from bihuan.audit.actions import record
from bihuan.audit.models import Event
from bihuan.core.qr import qr_svg

from .. import passwords, sessions
from ..actions import security
from ..forms import CodeForm, LoginForm, PasswordForm
from ..http import Request
from ..models import LoginSession, User


def safe_next(request: HttpRequest, fallback: str) -> str:
    """Where the person wanted to go, if it is a page of ours."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = target.startswith("/") and url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if is_ours else resolve_url(fallback)


@login_not_required
@never_cache
@csrf_protect
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """Username and password; a second factor follows for those who need one (SessionPolicyMiddleware)."""
    target = safe_next(request, settings.LOGIN_REDIRECT_URL)
    if request.user.is_authenticated and not sessions.only_page(request):
        return redirect(target)
    form = LoginForm(request, data=request.POST or None)
    if request.method == "POST":
        if form.is_valid():
            user = form.get_user()
            assert isinstance(user, User)
            _enter(request, user)
            return redirect(target)
        _note_failure(request)
    return render(request, "accounts/login.html", {"form": form, "next": target})


def _enter(request: HttpRequest, user: User) -> None:
    if sessions.only_page(request):
        request.session.flush()  # an ordinary session from here on, with nothing of the kept one
    with transaction.atomic():
        auth.login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        ended = sessions.begin(request, user)
        session = LoginSession.objects.get(session_key=request.session.session_key)
        record("accounts.login", session, by=user, summary=f"{user.full_name} 登录")
    if ended:
        messages.info(
            request, f"同一账号最多 {settings.SESSIONS_PER_USER} 处登录，最早的 {len(ended)} 处已自动退出"
        )


def _note_failure(request: HttpRequest) -> None:
    """Put a failed login of a known account into its record, and the moment it was locked, once."""
    user = User.objects.filter(username=request.POST.get("username", "")[:60]).first()
    if user is None:
        return
    locked = bool(getattr(request, "axes_locked_out", False))
    since = timezone.now() - _cool_off()
    known = Event.objects.filter(chain=f"accounts.user:{user.pk}", act="accounts.locked", at__gte=since)
    if locked and known.exists():
        return
    with transaction.atomic():
        if locked:
            record("accounts.locked", user, by=None, summary=f"{user.username} 连续登录失败，暂时锁定")
        else:
            record("accounts.login_failed", user, by=None, summary=f"{user.username} 登录失败")


def _cool_off() -> dt.timedelta:
    return dt.timedelta(hours=settings.AXES_COOLOFF_TIME)


def locked_out(
    request: HttpRequest,
    original_response: HttpResponse | None = None,
    credentials: dict[str, Any] | None = None,
) -> HttpResponse:
    """Say that and how long an account is locked, and who can unlock it (AXES_LOCKOUT_CALLABLE)."""
    username = (credentials or {}).get("username") or request.POST.get("username", "")
    last = (
        AccessAttempt.objects.filter(username=username[:255])
        .order_by("-attempt_time")
        .values_list("attempt_time", flat=True)
    ).first()
    ends_at = (last or timezone.now()) + _cool_off()
    minutes = max(1, -(-int((ends_at - timezone.now()).total_seconds()) // 60))
    context = {
        "username": username[:60],
        "ends_at": ends_at,
        "minutes": minutes,
        "limit": settings.AXES_FAILURE_LIMIT,
    }
    return render(request, "accounts/locked.html", context, status=429)


@require_POST
def logout(request: Request) -> HttpResponse:
    """End this session."""
    LoginSession.objects.filter(session_key=request.session.session_key).delete()
    auth.logout(request)
    messages.success(request, "已退出登录")
    return redirect(settings.LOGOUT_REDIRECT_URL)


# --- second factor -----------------------------------------------------------------------------------


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def second_factor(request: Request) -> HttpResponse:
    """Set up the code generator at the first login, ask for its code afterwards. Required for administrators."""
    user = request.user
    verified = user.is_verified()  # type: ignore[attr-defined]
    if security.totp_device(user) is None:
        return _set_up(request)
    if verified:
        return redirect(safe_next(request, settings.LOGIN_REDIRECT_URL))
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        device = security.verify_code(user, form.cleaned_data["code"])
        if device is not None:
            otp_login(request, device)
            return redirect(safe_next(request, settings.LOGIN_REDIRECT_URL))
        form.add_error("code", f"验证码不正确，或刚刚用过（每个只能用一次）。{_wait(user)}")
    return render(
        request,
        "accounts/second_factor.html",
        {"form": form, "next": safe_next(request, settings.LOGIN_REDIRECT_URL)},
    )


def _wait(user: User) -> str:
    """How long the device refuses after wrong codes, in words."""
    device = security.totp_device(user)
    allowed, details = device.verify_is_allowed() if device else (True, None)
    if allowed or not details or "locked_until" not in details:
        return "请等手机上换出下一个验证码再试。"
    seconds = max(1, int((details["locked_until"] - timezone.now()).total_seconds()) + 1)
    return f"连续输错，请 {seconds} 秒后再试。"


def _set_up(request: Request) -> HttpResponse:
    user = request.user
    device = security.pending_device(user)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        codes = security.confirm_device(user, device, form.cleaned_data["code"].replace(" ", ""))
        if codes is not None:
            device.refresh_from_db()
            otp_login(request, device)
            return render(request, "accounts/recovery_codes.html", {"codes": codes, "is_new": True})
        form.add_error("code", "验证码不正确。请核对手机时间是否准确，等下一个验证码再试。")
    secret = b32encode(device.bin_key).decode().rstrip("=")
    return render(
        request,
        "accounts/second_factor_setup.html",
        {
            "form": form,
            "qr": qr_svg(device.config_url, label="动态口令二维码"),
            "secret": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
            "required": user.needs_second_factor,
        },
    )


@require_POST
def recovery_codes(request: Request) -> HttpResponse:
    """Ten new recovery codes for somebody who is verified."""
    if not request.user.is_verified():  # type: ignore[attr-defined]
        return redirect("accounts:second_factor")
    codes = security.renew_recovery_codes(request.user)
    return render(request, "accounts/recovery_codes.html", {"codes": codes, "is_new": False})


# --- password ----------------------------------------------------------------------------------------


@never_cache
@sensitive_post_parameters("old", "new", "again")
@require_http_methods(["GET", "POST"])
def password(request: Request) -> HttpResponse:
    """Change one's own password; at first login and after its maximum age nothing else is reachable."""
    user = request.user
    is_forced = passwords.is_expired(user)
    form = PasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        old_key = request.session.session_key
        security.change_password(user, form.cleaned_data["new"], session_key=old_key)
        auth.update_session_auth_hash(request, user)  # type: ignore[arg-type]
        request.session.save()
        sessions.renamed(old_key, request.session.session_key)
        messages.success(request, "口令已修改，其他地方的登录已全部退出")
        return redirect(
            resolve_url(settings.LOGIN_REDIRECT_URL) if is_forced else reverse("accounts:profile")
        )
    return render(
        request,
        "accounts/password.html",
        {
            "form": form,
            "is_forced": is_forced,
            "is_first": user.must_change_password,
            "max_age": settings.PASSWORD_MAX_AGE_DAYS,
        },
        status=422 if form.errors else 200,
    )
