"""Accounts and hand-over: what the system administrator, the security administrator and leaders do with people."""

from __future__ import annotations

import datetime as dt
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bihuan.core.errors import Refused
from bihuan.core.http import row_number
from bihuan.core.paging import BadCursor, paginate

from .. import hooks, sessions
from ..actions import people, rights, security
from ..forms import AppointForm, DeactivateForm, HandOverForm, ReasonForm, UserEditForm, UserForm
from ..guards import require
from ..http import Request
from ..models import Holding, LoginSession, Organization, Post, User
from ..permissions import Permission

ORDER = ("-id",)
P = Permission


def _current_holdings() -> Prefetch:
    today = timezone.localdate()
    return Prefetch(
        "holdings",
        Holding.objects.filter(Q(to_on=None) | Q(to_on__gte=today)).select_related("post__organization"),
        to_attr="current_holdings",
    )


@require_GET
@require(P.MANAGE_USERS, P.UNLOCK_USERS, P.HAND_OVER)
def users(request: Request) -> HttpResponse:
    """Accounts one may look after: all of them for administrators, one's own people for a leader."""
    rows = User.objects.visible_to(request.user).prefetch_related(_current_holdings())
    q, state = request.GET.get("q", "").strip(), request.GET.get("state", "")
    organization = row_number(request.GET.get("organization", ""))
    if q:
        rows = rows.filter(Q(username__icontains=q) | Q(full_name__icontains=q))
    if organization:
        rows = rows.filter(pk__in=Holding.objects.filter(post__organization_id=organization).values("user"))
    locked = _locked_usernames()
    match state:
        case "active":
            rows = rows.filter(is_active=True)
        case "inactive":
            rows = rows.filter(is_active=False)
        case "locked":
            rows = rows.filter(username__in=locked)
        case "idle":
            today = timezone.localdate()
            seated = Holding.objects.filter(Q(to_on=None) | Q(to_on__gte=today)).values("user")
            rows = rows.filter(is_active=True, is_service=False).exclude(pk__in=seated)
    try:
        page = paginate(rows, order=ORDER, cursor=request.GET.get("cursor"))
    except BadCursor as error:
        messages.warning(request, str(error))
        return redirect("accounts:users")
    return render(
        request,
        "accounts/users.html",
        {
            "page": page,
            "total": rows.count(),
            "locked": locked,
            "q": q,
            "state": state,
            "states": [
                ("active", "在用"), ("inactive", "已停用"), ("locked", "已锁定"), ("idle", "没有任职"),
            ],
            "organization": Organization.objects.filter(pk=organization).first(),
            "may_create": request.user.has_perm(P.MANAGE_USERS),
        },
    )  # fmt: skip


def _locked_usernames() -> set[str]:
    """Accounts that failed too often within the lock time."""
    since = timezone.now() - dt.timedelta(hours=settings.AXES_COOLOFF_TIME)
    attempts = AccessAttempt.objects.filter(
        attempt_time__gte=since, failures_since_start__gte=settings.AXES_FAILURE_LIMIT
    )
    return {name for name in attempts.values_list("username", flat=True) if name}


@require_http_methods(["GET", "POST"])
@require(P.MANAGE_USERS)
def create_user(request: Request) -> HttpResponse:
    """Open an account; the first password is shown once."""
    initial = {"post": request.GET.get("post")}
    form = UserForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            user, password = people.create_user(**form.cleaned_data, by=request.user)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            return _show_password(request, user, password)
    return render(request, "accounts/user_create.html", {"form": form}, status=422 if form.errors else 200)


def _show_password(request: Request, user: User, password: str) -> HttpResponse:
    return render(request, "accounts/initial_password.html", {"person": user, "password": password})


@require_GET
def user(request: Request, pk: int) -> HttpResponse:
    """One account: who, which posts, since when, and what may be done with it."""
    return _user_page(request, _visible(request, pk))


def _visible(request: Request, pk: int) -> User:
    return get_object_or_404(User.objects.visible_to(request.user), pk=pk)


def _user_page(request: Request, person: User, edit_form: UserEditForm | None = None) -> HttpResponse:
    viewer, today = request.user, timezone.localdate()
    if person.pk == viewer.pk and not any(
        viewer.has_perm(each) for each in (P.MANAGE_USERS, P.UNLOCK_USERS, P.HAND_OVER)
    ):
        return redirect("accounts:profile")
    holdings = list(person.holdings.select_related("post__organization").order_by("-from_on", "-id"))
    loads = hooks.loads(holding.post_id for holding in holdings)
    is_admin = rights.is_administrator(person, today)
    may_manage = viewer.has_perm(P.MANAGE_USERS)
    may_unlock = viewer.has_perm(P.UNLOCK_USERS)
    return render(
        request,
        "accounts/user.html",
        {
            "person": person,
            "rows": [
                {
                    "holding": holding,
                    "current": holding.is_current(today),
                    "open": holding.to_on is None or holding.to_on >= today,
                    "load": "、".join(loads.get(holding.post_id, [])),
                    "may_end": rights.may_staff(viewer, holding.post.organization)
                    and (holding.to_on is None or holding.to_on >= today),
                }
                for holding in holdings
            ],
            "is_administrator": is_admin,
            "is_locked": person.username in _locked_usernames(),
            "second_factor": security.totp_device(person),
            "sessions": person.login_sessions.order_by("-seen_at") if may_unlock else None,
            "may_manage": may_manage,
            "may_unlock": may_unlock,
            "may_reset_password": person.pk != viewer.pk
            and not person.is_service
            and (may_unlock if is_admin else may_manage),
            "may_deactivate": person.is_active
            and person.pk != viewer.pk
            and not person.is_service
            and (may_manage or _leads_all(viewer, person)),
            "edit_form": edit_form
            or UserEditForm(
                initial={
                    "full_name": person.full_name,
                    "email": person.email,
                    "certificate_no": person.certificate_no,
                }
            ),
        },
        status=422 if edit_form and edit_form.errors else 200,
    )


def _leads_all(viewer: User, person: User) -> bool:
    holdings = people.open_holdings(person, timezone.localdate())
    return bool(holdings) and all(rights.may_staff(viewer, each.post.organization) for each in holdings)


@require_POST
@require(P.MANAGE_USERS)
def edit_user(request: Request, pk: int) -> HttpResponse:
    """Correct name, phone, e-mail, certificate."""
    person = _visible(request, pk)
    form = UserEditForm(request.POST)
    if not form.is_valid():
        return _user_page(request, person, form)
    data = form.cleaned_data | {"phone": form.cleaned_data["phone"] or person.phone}
    people.edit_user(person, **data, by=request.user)
    messages.success(request, "账号资料已保存")
    return redirect(person)


@require_POST
def reset_password(request: Request, pk: int) -> HttpResponse:
    """Give the person a new first password."""
    person = _visible(request, pk)
    try:
        password = people.reset_password(person, by=request.user)
    except Refused as error:
        messages.error(request, str(error))
        return redirect(person)
    return _show_password(request, person, password)


@require_http_methods(["GET", "POST"])
def deactivate_user(request: Request, pk: int) -> HttpResponse:
    """Close an account: name who takes over each post, or say that nobody does yet."""
    person = _visible(request, pk)
    if not (request.user.has_perm(P.MANAGE_USERS) or _leads_all(request.user, person)):
        raise PermissionDenied
    holdings = people.open_holdings(person, timezone.localdate())
    form = DeactivateForm(request.user, holdings, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            people.deactivate_user(
                person, form.successors(), reason=form.cleaned_data["reason"], by=request.user
            )
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{person.full_name}的账号已停用，岗位已交接")
            return redirect("accounts:users")
    loads = hooks.loads(holding.post_id for holding in holdings)
    return render(
        request,
        "accounts/user_deactivate.html",
        {
            "form": form,
            "person": person,
            "loads": [
                (holding.post, "、".join(loads[holding.post_id]))
                for holding in holdings
                if holding.post_id in loads
            ],
        },
        status=422 if form.errors else 200,
    )


@require_POST
@require(P.MANAGE_USERS)
def reactivate_user(request: Request, pk: int) -> HttpResponse:
    """Open a closed account again."""
    person = _visible(request, pk)
    try:
        password = people.reactivate_user(person, reason=request.POST.get("reason", ""), by=request.user)
    except Refused as error:
        messages.error(request, str(error))
        return redirect(person)
    return _show_password(request, person, password)


@require_http_methods(["GET", "POST"])
def appoint(request: Request, pk: int) -> HttpResponse:
    """Seat somebody in a post, for good or as a stand-in."""
    post = get_object_or_404(Post.objects.select_related("organization"), pk=pk)
    rights.need_staffing(request.user, post)
    form = AppointForm(request.user, post, request.POST or None)
    if request.method == "POST" and form.is_valid():
        data: dict[str, Any] = dict(form.cleaned_data)
        try:
            people.appoint(data.pop("user"), post, **data, by=request.user)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "已安排，当天起生效")
            return redirect(post)
    return render(
        request, "accounts/appoint.html", {"form": form, "post": post}, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "POST"])
def hand_over(request: Request, pk: int) -> HttpResponse:
    """End a holding and name who goes on."""
    holding = get_object_or_404(Holding.objects.select_related("post__organization", "user"), pk=pk)
    rights.need_staffing(request.user, holding.post)
    form = HandOverForm(request.user, holding, request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            people.hand_over(
                holding,
                last_day=data["last_day"],
                successor=data["successor"],
                reason=data["reason"],
                by=request.user,
            )
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"“{holding.post}”已办理交接")
            return redirect(holding.post)
    return render(
        request,
        "accounts/hand_over.html",
        {
            "form": form,
            "holding": holding,
            "load": "、".join(hooks.loads([holding.post_id]).get(holding.post_id, [])),
        },
        status=422 if form.errors else 200,
    )


# --- the security administrator ----------------------------------------------------------------------


@require_GET
@require(P.UNLOCK_USERS)
def session_list(request: Request) -> HttpResponse:
    """Who is signed in, from where, since when."""
    return render(
        request,
        "accounts/sessions.html",
        {"sessions": sessions.live()[:500], "own_key": request.session.session_key},
    )


@require_POST
@require(P.UNLOCK_USERS)
def end_session(request: Request, pk: int) -> HttpResponse:
    """End anybody's session."""
    session = get_object_or_404(LoginSession.objects.select_related("user"), pk=pk)
    if session.session_key == request.session.session_key:
        messages.warning(request, "这是您正在用的会话，请用“退出登录”")
    else:
        security.end_session(session, by=request.user)
        messages.success(request, f"{session.user.full_name}的会话已终止")
    return redirect((request.POST.get("back") == "user" and session.user) or "accounts:sessions")


@require_POST
@require(P.UNLOCK_USERS)
def unlock(request: Request, pk: int) -> HttpResponse:
    """Let a locked account log in again at once."""
    person = _visible(request, pk)
    security.unlock_user(person, by=request.user)
    messages.success(request, f"{person.full_name}的账号已解锁，可以立即登录")
    return redirect(person)


@require_POST
@require(P.UNLOCK_USERS)
def reset_second_factor(request: Request, pk: int) -> HttpResponse:
    """Make a person set up a new code generator."""
    person = _visible(request, pk)
    form = ReasonForm(request.POST)
    try:
        security.reset_second_factor(
            person, reason=form.cleaned_data["reason"] if form.is_valid() else "", by=request.user
        )
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{person.full_name}下次登录时须重新绑定动态口令")
    return redirect(person)
