"""My own things: contact, sessions, tokens, saved filters."""

from __future__ import annotations

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from bihuan.core.errors import Refused

from .. import passwords, sessions
from ..actions import people, security
from ..forms import ContactForm, SavedViewForm, TokenForm
from ..http import Request
from ..models import ApiToken, LoginSession, SavedView
from ..permissions import Permission
from .sessions import safe_next

MAX_VIEWS = 30


@require_http_methods(["GET", "POST"])
def profile(request: Request) -> HttpResponse:
    """Who I am here, where I am signed in, which programs act for me."""
    form = ContactForm(request.POST or None, initial={"email": request.user.email})
    if request.method == "POST" and form.is_valid():
        user = request.user
        people.edit_own(
            user, phone=form.cleaned_data["phone"] or user.phone, email=form.cleaned_data["email"]
        )
        messages.success(request, "联系方式已保存")
        return redirect("accounts:profile")
    return _profile(request, form=form)


def _profile(
    request: Request,
    *,
    form: ContactForm | None = None,
    token_form: TokenForm | None = None,
    new_token: str = "",
) -> HttpResponse:
    user = request.user
    sessions.drop_dead(user)
    changed = user.password_changed_at or user.created_at
    return render(
        request,
        "accounts/profile.html",
        {
            "holdings": user.holdings_on(timezone.localdate()),
            "form": form or ContactForm(initial={"email": user.email}),
            "sessions": user.login_sessions.order_by("-seen_at"),
            "session_key": request.session.session_key,
            "password_changed_at": changed,
            "password_expired": passwords.is_expired(user),
            "second_factor": security.totp_device(user),
            "may_have_tokens": user.has_perm(Permission.USE_API),
            "tokens": user.api_tokens.all(),
            "token_form": token_form or TokenForm(),
            "new_token": new_token,
            "saved_views": user.saved_views.order_by("page", "id"),
            "today": timezone.localdate(),
        },
        status=422 if (form and form.errors) or (token_form and token_form.errors) else 200,
    )


@require_POST
def end_session(request: Request, pk: int) -> HttpResponse:
    """End one of my sessions."""
    session = get_object_or_404(LoginSession, pk=pk, user=request.user)
    if session.session_key == request.session.session_key:
        messages.warning(request, "这是您正在用的会话，请用“退出登录”")
    else:
        security.end_session(session, by=request.user)
        messages.success(request, "该处登录已退出")
    return redirect("accounts:profile")


@require_POST
def create_token(request: Request) -> HttpResponse:
    """Make a key for a program; it is shown on this answer only."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _profile(request, token_form=form)
    try:
        _, raw = security.create_token(request.user, **form.cleaned_data)
    except Refused as error:
        form.add_error("expires_on", str(error))
        return _profile(request, token_form=form)
    return _profile(request, new_token=raw)


@require_POST
def revoke_token(request: Request, pk: int) -> HttpResponse:
    """Stop one of my keys."""
    token = get_object_or_404(ApiToken, pk=pk, user=request.user)
    try:
        security.revoke_token(token, by=request.user)
        messages.success(request, f"令牌“{token.name}”已停用")
    except Refused as error:
        messages.warning(request, str(error))
    return redirect("accounts:profile")


# --- saved filters of list pages ---------------------------------------------------------------------


@require_POST
def save_view(request: Request) -> HttpResponse:
    """Give the filters of a list a name: POST page (URL name, e.g. hazards:ledger), name, query; then back to it."""
    form = SavedViewForm(request.POST)
    if not form.is_valid():
        messages.error(request, "请为视图起一个不超过 40 字的名称")
        return redirect(safe_next(request, "desk:home"))
    page, name = form.cleaned_data["page"], form.cleaned_data["name"]
    query = QueryDict(form.cleaned_data["query"].lstrip("?"), mutable=True)
    for noise in ("cursor", "csrfmiddlewaretoken", "view"):
        query.pop(noise, None)
    try:
        back = reverse(page)
    except NoReverseMatch:
        messages.error(request, "这个页面不能保存视图")
        return redirect(safe_next(request, "desk:home"))
    views = SavedView.objects.filter(user=request.user, page=page)
    if views.exclude(name=name).count() >= MAX_VIEWS:
        messages.error(request, f"每个页面最多保存 {MAX_VIEWS} 个视图，请先删除不用的")
    else:
        try:
            with transaction.atomic():
                SavedView.objects.update_or_create(
                    user=request.user, page=page, name=name, defaults={"query": query.urlencode()}
                )
        except IntegrityError:
            messages.warning(request, f"视图“{name}”刚刚已保存")
        else:
            messages.success(request, f"已存为视图“{name}”")
    return redirect(f"{back}?{query.urlencode()}" if query else back)


@require_POST
def delete_view(request: Request, pk: int) -> HttpResponse:
    """Forget one of my saved filters."""
    view = get_object_or_404(SavedView, pk=pk, user=request.user)
    view.delete()
    messages.success(request, f"视图“{view.name}”已删除")
    return redirect(safe_next(request, "accounts:profile"))
