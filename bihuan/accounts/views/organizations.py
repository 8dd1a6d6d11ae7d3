"""Regions, bodies, posts and roles: the shape of the administration, and how it changes (R275)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bihuan.core.errors import Refused
from bihuan.core.paging import BadCursor, paginate

from .. import hooks
from ..actions import organizations as actions
from ..actions import regions as region_actions
from ..actions import rights, security
from ..forms import (
    AliasForm,
    MergeForm,
    OrganizationEditForm,
    OrganizationForm,
    PostForm,
    ReasonForm,
    RegionForm,
    RenameForm,
    RoleForm,
    SplitForm,
)
from ..guards import require
from ..http import Request
from ..models import Holding, Organization, OrganizationAlias, OrganizationChange, Post, Region
from ..permissions import Permission
from ..roles import ROLES, Role

P = Permission


@require_GET
@require(P.MANAGE_ORGANIZATIONS, P.GRANT_ROLES, P.MANAGE_USERS, P.HAND_OVER)
def organizations(request: Request) -> HttpResponse:
    """Bodies by region and kind."""
    today = timezone.localdate()
    rows = Organization.objects.select_related("region")
    q, kind, region = (request.GET.get(name, "").strip() for name in ("q", "kind", "region"))
    show_closed = request.GET.get("closed") == "1"
    if not show_closed:
        rows = rows.current(on=today)
    if q:
        rows = rows.filter(
            Q(name__icontains=q) | Q(short_name__icontains=q) | Q(aliases__name__icontains=q)
        ).distinct()
    if kind in Organization.Kind.values:
        rows = rows.filter(kind=kind)
    if region:
        rows = rows.filter(region__code__startswith=region)
    counted = rows.annotate(post_count=Count("posts", filter=Q(posts__is_active=True), distinct=True))
    try:
        page = paginate(counted, order=("region_id", "kind", "id"), cursor=request.GET.get("cursor"))
    except BadCursor as error:
        messages.warning(request, str(error))
        return redirect("accounts:organizations")
    return render(
        request,
        "accounts/organizations.html",
        {
            "page": page,
            "total": rows.count(),
            "q": q,
            "kind": kind,
            "kinds": Organization.Kind.choices,
            "region": region,
            "regions": Region.objects.exclude(kind=Region.Kind.TOWNSHIP).filter(valid_to=None)[:400],
            "show_closed": show_closed,
            "may_manage": request.user.has_perm(P.MANAGE_ORGANIZATIONS),
        },
    )


@require_http_methods(["GET", "POST"])
@require(P.MANAGE_ORGANIZATIONS)
def create_organization(request: Request) -> HttpResponse:
    """Found a body."""
    form = OrganizationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(actions.create_organization(**form.cleaned_data, by=request.user))
        except Refused as error:
            form.add_error(None, str(error))
    return render(
        request,
        "accounts/form.html",
        {
            "form": form,
            "title": "建立单位",
            "lead": "建立后再设岗位；岗位由安全管理员授权后才能办事。",
            "submit": "建立单位",
            "back": "accounts:organizations",
        },
        status=422 if form.errors else 200,
    )


@require_GET
@require(P.MANAGE_ORGANIZATIONS, P.GRANT_ROLES, P.MANAGE_USERS, P.HAND_OVER)
def organization(request: Request, pk: int) -> HttpResponse:
    """One body: its names, posts, people and history."""
    return _organization_page(
        request, get_object_or_404(Organization.objects.select_related("region"), pk=pk)
    )


def _organization_page(
    request: Request, body: Organization, *, alias_form: AliasForm | None = None, edit_form: Any = None
) -> HttpResponse:
    today = timezone.localdate()
    posts = list(body.posts.order_by("-is_active", "id"))
    return render(
        request,
        "accounts/organization.html",
        {
            "body": body,
            "is_current": body.is_current(today),
            "posts": _with_holders(posts, today),
            "aliases": body.aliases.order_by("source", "id"),
            "changes": OrganizationChange.objects.filter(Q(before=body) | Q(after=body)).select_related(
                "before", "after"
            ),
            "alias_form": alias_form or AliasForm(),
            "edit_form": edit_form
            or OrganizationEditForm(
                initial={"short_name": body.short_name, "paper_prefix": body.paper_prefix}
            ),
            "may_manage": request.user.has_perm(P.MANAGE_ORGANIZATIONS) and body.is_current(today),
            "may_staff": rights.may_staff(request.user, body),
        },
        status=422 if (alias_form and alias_form.errors) or (edit_form and edit_form.errors) else 200,
    )


def _with_holders(posts: list[Post], today: Any) -> list[dict[str, Any]]:
    holdings = (
        Holding.objects.filter(
            Q(to_on=None) | Q(to_on__gte=today), post__in=posts, from_on__lte=today, user__is_active=True
        )
        .select_related("user")
        .order_by("kind", "id")
    )
    seated: dict[int, list[Holding]] = {}
    for holding in holdings:
        seated.setdefault(holding.post_id, []).append(holding)
    return [{"post": post, "holdings": seated.get(post.pk, [])} for post in posts]


@require_POST
@require(P.MANAGE_ORGANIZATIONS)
def edit_organization(request: Request, pk: int) -> HttpResponse:
    """Correct short name and paper prefix."""
    body = get_object_or_404(Organization, pk=pk)
    form = OrganizationEditForm(request.POST)
    if not form.is_valid():
        return _organization_page(request, body, edit_form=form)
    actions.edit_organization(body, **form.cleaned_data, by=request.user)
    messages.success(request, "已保存")
    return redirect(body)


@require_POST
@require(P.MANAGE_ORGANIZATIONS)
def add_alias(request: Request, pk: int) -> HttpResponse:
    """Note another name."""
    body = get_object_or_404(Organization, pk=pk)
    form = AliasForm(request.POST)
    if form.is_valid():
        try:
            actions.add_alias(body, form.cleaned_data["name"], by=request.user)
            messages.success(request, "别名已增加，导入方案时会认得")
            return redirect(body)
        except Refused as error:
            form.add_error("name", str(error))
    return _organization_page(request, body, alias_form=form)


@require_POST
@require(P.MANAGE_ORGANIZATIONS)
def remove_alias(request: Request, pk: int) -> HttpResponse:
    """Take back a wrong alias."""
    alias = get_object_or_404(OrganizationAlias.objects.select_related("organization"), pk=pk)
    try:
        actions.remove_alias(alias, by=request.user)
        messages.success(request, f"别名“{alias.name}”已去掉")
    except Refused as error:
        messages.error(request, str(error))
    return redirect(alias.organization)


# --- reform ------------------------------------------------------------------------------------------


def _reform(
    request: Request, body: Organization, form: Any, act: Any, *, title: str, lead: str, submit: str
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            act(form)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{title}已办理，旧名称保留为曾用名，岗位、人员和待办随之转移")
            return redirect(body)
    return render(
        request,
        "accounts/reform.html",
        {"form": form, "body": body, "title": title, "lead": lead, "submit": submit},
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "POST"])
@require(P.MANAGE_ORGANIZATIONS)
def rename(request: Request, pk: int) -> HttpResponse:
    """Rename a body from a day on."""
    body = get_object_or_404(Organization, pk=pk)
    return _reform(
        request,
        body,
        RenameForm(request.POST or None),
        lambda form: actions.rename(body, **form.cleaned_data, by=request.user),
        title="单位更名",
        lead=f"{body.name}更名后，旧文件上的名称仍指向本单位。",
        submit="确认更名",
    )


@require_http_methods(["GET", "POST"])
@require(P.MANAGE_ORGANIZATIONS)
def merge(request: Request, pk: int) -> HttpResponse:
    """Merge other bodies into this one."""
    body = get_object_or_404(Organization, pk=pk)

    def act(form: Any) -> None:
        actions.merge(
            form.cleaned_data["bodies"], body, on=form.cleaned_data["on"], document=form.cleaned_data["document"],
            by=request.user,
        )  # fmt: skip

    return _reform(
        request,
        body,
        MergeForm(body, request.POST or None),
        act,
        title="单位合并",
        lead=f"所选单位撤销，岗位、人员和待办转入{body.name}，名称留作曾用名。",
        submit="确认合并",
    )


@require_http_methods(["GET", "POST"])
@require(P.MANAGE_ORGANIZATIONS)
def split(request: Request, pk: int) -> HttpResponse:
    """Split a body: send its posts to other bodies."""
    body = get_object_or_404(Organization, pk=pk)

    def act(form: Any) -> None:
        actions.split(
            body, form.assignment(), on=form.cleaned_data["on"], document=form.cleaned_data["document"],
            successor=form.cleaned_data["successor"], by=request.user,
        )  # fmt: skip

    return _reform(
        request,
        body,
        SplitForm(body, request.POST or None),
        act,
        title="单位分设",
        lead="新单位须先建立；每个岗位选一个去向，人员和待办随岗位走。",
        submit="确认分设",
    )


# --- posts and roles ---------------------------------------------------------------------------------


@require_GET
@require(P.MANAGE_ORGANIZATIONS, P.GRANT_ROLES, P.MANAGE_USERS)
def posts(request: Request) -> HttpResponse:
    """All posts in use; those without a role or without a holder can be picked out."""
    today = timezone.localdate()
    rows = Post.objects.filter(is_active=True).select_related("organization")
    q, role, state = (request.GET.get(name, "").strip() for name in ("q", "role", "state"))
    if q:
        rows = rows.filter(
            Q(title__icontains=q)
            | Q(organization__name__icontains=q)
            | Q(organization__short_name__icontains=q)
        )
    if role in Role.values:
        rows = rows.filter(role=role)
    if state == "vacant":
        seated = Holding.objects.filter(
            Q(to_on=None) | Q(to_on__gte=today), from_on__lte=today, user__is_active=True
        ).values("post")
        rows = rows.exclude(pk__in=seated)
    try:
        page = paginate(rows, order=("organization_id", "id"), cursor=request.GET.get("cursor"))
    except BadCursor as error:
        messages.warning(request, str(error))
        return redirect("accounts:posts")
    return render(
        request,
        "accounts/posts.html",
        {
            "page": page,
            "rows": _with_holders(page.items, today),
            "total": rows.count(),
            "q": q,
            "role": role,
            "roles": Role.choices,
            "state": state,
        },
    )


@require_GET
@require(P.MANAGE_ORGANIZATIONS, P.GRANT_ROLES, P.MANAGE_USERS, P.HAND_OVER)
def post(request: Request, pk: int) -> HttpResponse:
    """One post: what it may do, who holds it, who held it."""
    return _post_page(request, get_object_or_404(Post.objects.select_related("organization__region"), pk=pk))


def _post_page(
    request: Request, found: Post, *, role_form: RoleForm | None = None, edit_form: PostForm | None = None
) -> HttpResponse:
    today, viewer = timezone.localdate(), request.user
    definition = ROLES[found.role]
    holdings = found.holdings.select_related("user").order_by("-from_on", "-id")
    return render(
        request,
        "accounts/post.html",
        {
            "post": found,
            "sentence": definition.sentence,
            "permissions": sorted(P(each).label for each in definition.permissions),
            "rows": [
                {
                    "holding": holding,
                    "current": holding.is_current(today),
                    "may_end": rights.may_staff(viewer, found.organization)
                    and (holding.to_on is None or holding.to_on >= today),
                }
                for holding in holdings
            ],
            "load": "、".join(hooks.loads([found.pk]).get(found.pk, [])),
            "may_staff": rights.may_staff(viewer, found.organization) and found.is_active,
            "may_manage": viewer.has_perm(P.MANAGE_ORGANIZATIONS) and found.is_active,
            "may_grant": viewer.has_perm(P.GRANT_ROLES) and found.is_active,
            "role_form": role_form or RoleForm(found),
            "edit_form": edit_form
            or PostForm(initial={"title": found.title, "is_default": found.is_default}),
        },
        status=422 if (role_form and role_form.errors) or (edit_form and edit_form.errors) else 200,
    )


@require_http_methods(["GET", "POST"])
@require(P.MANAGE_ORGANIZATIONS)
def create_post(request: Request, pk: int) -> HttpResponse:
    """Set up a post in a body."""
    body = get_object_or_404(Organization, pk=pk)
    form = PostForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.create_post(body, **form.cleaned_data, by=request.user)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "岗位已设立，请安全管理员授权")
            return redirect(made)
    return render(
        request,
        "accounts/form.html",
        {
            "form": form,
            "title": f"{body.short_name}：设立岗位",
            "lead": "先设岗，再由安全管理员授权，最后安排人员。",
            "submit": "设立岗位",
            "back_url": body.get_absolute_url(),
        },
        status=422 if form.errors else 200,
    )


@require_POST
@require(P.MANAGE_ORGANIZATIONS)
def edit_post(request: Request, pk: int) -> HttpResponse:
    """Rename a post, make it the default one."""
    found = get_object_or_404(Post.objects.select_related("organization"), pk=pk)
    form = PostForm(request.POST)
    if not form.is_valid():
        return _post_page(request, found, edit_form=form)
    try:
        actions.edit_post(found, **form.cleaned_data, by=request.user)
        messages.success(request, "岗位已保存")
    except Refused as error:
        messages.error(request, str(error))
    return redirect(found)


@require_POST
@require(P.MANAGE_ORGANIZATIONS)
def close_post(request: Request, pk: int) -> HttpResponse:
    """Take a post out of use."""
    found = get_object_or_404(Post.objects.select_related("organization"), pk=pk)
    form = ReasonForm(request.POST)
    try:
        actions.close_post(
            found, reason=form.cleaned_data["reason"] if form.is_valid() else "", by=request.user
        )
        messages.success(request, f"岗位“{found.title}”已停用")
    except Refused as error:
        messages.error(request, str(error))
    return redirect(found)


@require_POST
@require(P.GRANT_ROLES)
def assign_role(request: Request, pk: int) -> HttpResponse:
    """Decide what a post may do."""
    found = get_object_or_404(Post.objects.select_related("organization"), pk=pk)
    form = RoleForm(found, request.POST)
    if form.is_valid():
        try:
            security.assign_role(
                found, form.cleaned_data["role"], reason=form.cleaned_data["reason"], by=request.user
            )
            messages.success(request, f"“{found}”的权限已改为“{found.get_role_display()}”，立即生效")
            return redirect(found)
        except Refused as error:
            form.add_error(None, str(error))
    return _post_page(request, found, role_form=form)


@require_GET
def roles(request: Request) -> HttpResponse:
    """Every role: its sentence, and everything a post of this role can do."""
    own = {post.role for post in request.user.posts}
    sections: dict[str, str] = {}
    for permission in P:
        sections[permission] = permission.label
    return render(
        request,
        "accounts/roles.html",
        {
            "roles": [
                {
                    "label": role.label,
                    "key": role.value,
                    "sentence": ROLES[role].sentence,
                    "permissions": [
                        label for key, label in sections.items() if key in ROLES[role].permissions
                    ],
                    "needs_second_factor": ROLES[role].needs_second_factor,
                    "is_own": role in own,
                }
                for role in Role
            ]
        },
    )


# --- regions -----------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@require(P.MANAGE_ORGANIZATIONS)
def regions(request: Request) -> HttpResponse:
    """Division codes; a new zone is added here, a whole list with the command load_regions."""
    form = RegionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = region_actions.create_region(
                data["code"], data["name"], parent=data["parent"], kind=data["kind"], by=request.user
            )
        except Refused as error:
            form.add_error("code", str(error))
        else:
            messages.success(request, f"区划 {made.code} {made.name} 已建立")
            return redirect("accounts:regions")
    q = request.GET.get("q", "").strip()
    rows = Region.objects.select_related("parent")
    if q:
        rows = rows.filter(Q(name__icontains=q) | Q(code__startswith=q))
    try:
        page = paginate(rows, order=("code",), cursor=request.GET.get("cursor"), size=100)
    except BadCursor as error:
        messages.warning(request, str(error))
        return redirect("accounts:regions")
    return render(
        request,
        "accounts/regions.html",
        {"form": form, "page": page, "total": rows.count(), "q": q, "open_form": bool(form.errors)},
        status=422 if form.errors else 200,
    )


@require_POST
@require(P.MANAGE_ORGANIZATIONS)
def close_region(request: Request, pk: str) -> HttpResponse:
    """Mark a region as abolished from today."""
    region = get_object_or_404(Region, pk=pk)
    form = ReasonForm(request.POST)
    try:
        region_actions.close_region(
            region,
            on=timezone.localdate(),
            reason=form.cleaned_data["reason"] if form.is_valid() else "",
            by=request.user,
        )
        messages.success(request, f"区划 {region.name} 已停用")
    except Refused as error:
        messages.error(request, str(error))
    return redirect("accounts:regions")
