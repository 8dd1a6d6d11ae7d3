"""Session policy: idle time, number of sessions, forced password change, second factor for administrators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils import timezone

from . import passwords, sessions
from .models import LoginSession

Handler = Callable[[HttpRequest], HttpResponse]
# What one may still reach before the second factor, and before a new password.
BEFORE_SECOND_FACTOR = frozenset({"accounts:second_factor", "accounts:logout"})
BEFORE_PASSWORD = BEFORE_SECOND_FACTOR | {"accounts:password"}


class SessionPolicyMiddleware:
    """Runs after LoginRequiredMiddleware: whoever comes here is signed in, or the page is public."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponse],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> HttpResponse | None:
        user: Any = request.user
        if not user.is_authenticated or not getattr(view, "login_required", True):
            return None
        name = request.resolver_match.view_name if request.resolver_match else ""
        only = sessions.only_page(request)
        if only and name not in {only, "accounts:logout"}:
            messages.info(request, "这台电脑的登录只用来值守显示；要点开数字、办理事项，请登录")
            return self._to(
                request, redirect_to_login(request.get_full_path(), resolve_url(settings.LOGIN_URL)).url
            )
        if self._is_over(request):
            logout(request)
            messages.info(
                request, f"超过 {settings.SESSION_IDLE_MINUTES} 分钟没有操作，已自动退出，请重新登录"
            )
            return self._to(
                request, redirect_to_login(request.get_full_path(), resolve_url(settings.LOGIN_URL)).url
            )
        if user.needs_second_factor and not user.is_verified():
            return (
                None if name in BEFORE_SECOND_FACTOR else self._to(request, reverse("accounts:second_factor"))
            )
        if name not in BEFORE_PASSWORD and passwords.is_expired(user):
            return self._to(request, reverse("accounts:password"))
        return None

    def _is_over(self, request: HttpRequest) -> bool:
        now = timezone.now()
        session = LoginSession.objects.filter(session_key=request.session.session_key).first()
        if session is None:
            # Signed in by other means than our login page: it counts and idles like any other.
            sessions.begin(request, request.user)  # type: ignore[arg-type]
            return False
        if sessions.is_idle(session, now):
            sessions.end(session)
            return True
        # A page that fetches its own figures anew is nobody at work: it must not keep a forgotten session alive, unless
        # there is nothing to be done with that session but look at the page.
        if request.headers.get("X-Bihuan-Background") != "1" or sessions.only_page(request):
            sessions.touch(session, now)
        return False

    def _to(self, request: HttpRequest, url: str) -> HttpResponse:
        if getattr(request, "htmx", False):
            return HttpResponse(status=204, headers={"HX-Redirect": url})
        return redirect(url)
