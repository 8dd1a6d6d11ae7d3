"""The kinds of objects: what each asks for, the editor of a draft, the attributes of one record."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request, content_disposition, row_number
from bihuan.core.paging import amount

from ..access import edit_scope, keeps_kinds
from ..actions import save_attributes
from ..attributeforms import AttributesForm, PreviewForm
from ..attributes import Attribute, differences, from_schema
from ..kinds import save_kind
from ..models import Enterprise, EnterpriseKind, KindSchema, Premises
from ..schemaforms import KindForm, NoteForm, attribute_rows, attributes_from
from ..schemas import (
    all_in_force,
    behind,
    consequences,
    discard_draft,
    in_force,
    needed_upgrade,
    publish,
    save_draft,
    start_draft,
)
from . import user_of

KINDS = "对象类型与属性表"


@require_safe
@require(Permission.VIEW_REGISTRY)
def index(request: Request) -> HttpResponse:
    asked = all_in_force()
    drafts = set(KindSchema.objects.filter(status=KindSchema.Status.DRAFT).values_list("kind", flat=True))
    rows = []
    for kind in EnterpriseKind.objects.all():
        version, attributes = asked.get(kind.pk, (0, ()))
        rows.append({"kind": kind, "version": version, "count": len(attributes), "draft": kind.pk in drafts})
    context = {"rows": rows, "may_define": keeps_kinds(user_of(request))}
    return render(request, "registry/kinds.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.DEFINE_KINDS)
def new(request: Request) -> HttpResponse:
    """Another kind of object."""
    return _kind_form(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.DEFINE_KINDS)
def edit(request: Request, key: str) -> HttpResponse:
    """What a kind is called, how plans mention it, who usually has it."""
    return _kind_form(request, get_object_or_404(EnterpriseKind, pk=key))


def _kind_form(request: Request, found: EnterpriseKind | None) -> HttpResponse:
    if not keeps_kinds(user_of(request)):
        raise PermissionDenied
    form = KindForm(request.POST or None, kind=found)
    if request.method == "POST" and form.is_valid():
        try:
            made = save_kind(form.cleaned_data, by=user_of(request), kind=found)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"类型“{made}”已保存")
            return redirect("registry:kind", key=made.pk)
    title = f"修改类型“{found}”" if found else "新增对象类型"
    return render(
        request,
        "registry/kind_form.html",
        {
            "form": form,
            "page_title": title,
            "back_url": reverse("registry:kind", args=[found.pk]) if found else reverse("registry:kinds"),
            "trail": [{"label": KINDS, "url": reverse("registry:kinds")}, {"label": title}],
        },
        status=422 if form.errors else 200,
    )


@require_safe
@require(Permission.VIEW_REGISTRY)
def as_json(request: Request, pk: int) -> HttpResponse:
    """A version as the JSON Schema it is, for whoever exchanges records with other systems."""
    found = get_object_or_404(KindSchema, pk=pk)
    response = JsonResponse(
        found.schema,
        json_dumps_params={"ensure_ascii": False, "indent": 2},
        content_type="application/schema+json",
    )
    response["Content-Disposition"] = content_disposition(f"{found.kind_id}-v{found.version}.schema.json")
    return response


@require_safe
@require(Permission.VIEW_REGISTRY)
def kind(request: Request, key: str) -> HttpResponse:
    """One kind: the version in force, the others, how many records lag behind."""
    user = user_of(request)
    found = get_object_or_404(EnterpriseKind, pk=key)
    current = in_force(found)
    lagging = behind(Enterprise.objects.visible_to(user).supervised().filter(kind=found))
    return render(
        request,
        "registry/kind.html",
        {
            "kind": found,
            "current": current,
            "attributes": from_schema(current.schema) if current else (),
            "versions": found.schemas.order_by("-version"),
            "draft": found.schemas.filter(status=KindSchema.Status.DRAFT).first(),
            "behind": amount(lagging, "家") if current and lagging.exists() else "",
            "may_define": keeps_kinds(user),
            "may_import": user.has_perm(Permission.IMPORT_REGISTRY),
            "trail": [{"label": KINDS, "url": reverse("registry:kinds")}, {"label": found.label}],
        },
    )


@require_POST
@require(Permission.DEFINE_KINDS)
def start(request: Request, key: str) -> HttpResponse:
    found = get_object_or_404(EnterpriseKind, pk=key)
    try:
        draft = start_draft(found, by=user_of(request))
    except Refused as error:
        messages.warning(request, str(error))
        return redirect("registry:kind", key=found.pk)
    return redirect("registry:schema", pk=draft.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_REGISTRY)
def schema(request: Request, pk: int) -> HttpResponse:
    """A version: read by all, and a draft edited row by row by the office."""
    user = user_of(request)
    found = get_object_or_404(KindSchema.objects.select_related("kind"), pk=pk)
    may_define = keeps_kinds(user)
    if request.method == "POST":
        if not may_define:
            raise PermissionDenied
        return _act(request, found)
    return _editor(request, found, editable=may_define and found.status == KindSchema.Status.DRAFT)


def _act(request: Request, found: KindSchema) -> HttpResponse:
    user, act = user_of(request), request.POST.get("act", "save")
    seen = row_number(request.POST.get("seen", ""))
    if act == "discard":
        try:
            discard_draft(found, by=user)
        except Refused as error:
            messages.error(request, str(error))
        else:
            messages.success(request, "草稿已放弃")
        return redirect("registry:kind", key=found.kind_id)
    if act == "more":
        data = request.POST.copy()
        total = row_number(data.get("row-TOTAL_FORMS", "0"))
        data["row-TOTAL_FORMS"] = str(total + 1)
        return _editor(request, found, editable=True, data=data)
    rows, note = attribute_rows(from_schema(found.schema), request.POST), NoteForm(request.POST)
    if not (rows.is_valid() and note.is_valid()):
        return _editor(request, found, editable=True, data=request.POST, status=422)
    try:
        save_draft(found, attributes_from(rows), by=user, seen=seen, note=note.cleaned_data["note"])
        if act == "publish":
            publish(found, by=user, seen=found.revision)
    except Refused as error:
        if KindSchema.objects.filter(pk=found.pk, status=KindSchema.Status.DRAFT).exists():
            problems = str(error).split("；")
            return _editor(
                request, found, editable=True, data=request.POST, status=422, problems=problems, seen=seen
            )
        messages.error(request, str(error))
        return redirect("registry:schema", pk=found.pk)
    if act == "publish":
        messages.success(request, f"{found}已发布")
        return redirect("registry:kind", key=found.kind_id)
    messages.success(request, "草稿已保存")
    return redirect("registry:schema", pk=found.pk)


def _editor(
    request: Request,
    found: KindSchema,
    *,
    editable: bool,
    data: QueryDict | None = None,
    status: int = 200,
    problems: list[str] | None = None,
    seen: int | None = None,
) -> HttpResponse:
    attributes = from_schema(found.schema)
    note = NoteForm(data if status != 200 else None, initial={"note": found.note})
    return render(
        request,
        "registry/schema.html",
        {
            "schema": found,
            "editable": editable,
            "attributes": attributes,
            "formset": attribute_rows(attributes, data) if editable else None,
            "note": note["note"],
            "problems": problems or [],
            "seen": found.revision if seen is None else seen,
            "preview": PreviewForm(attributes),
            **_consequences(found, attributes),
            "trail": [
                {"label": KINDS, "url": reverse("registry:kinds")},
                {"label": found.kind.label, "url": reverse("registry:kind", args=[found.kind_id])},
                {"label": f"第{found.version}版"},
            ],
        },
        status=status,
    )


def _consequences(found: KindSchema, attributes: tuple[Attribute, ...]) -> dict[str, Any]:
    """What a draft changes beside the version in force, and what that does to the records there are."""
    current = in_force(found.kind)
    if found.status != KindSchema.Status.DRAFT or current is None:
        return {"changes": [], "consequences": []}
    before = from_schema(current.schema)
    return {
        "changes": differences(before, attributes),
        "consequences": consequences(found.kind, before, attributes),
        "current": current,
    }


@require_safe
@require(Permission.EDIT_REGISTRY)
def fields(request: Request) -> HttpResponse:
    """The empty fields a kind asks for, to be put into the form that is open."""
    key = request.GET.get("kind", "")
    blank = Enterprise(kind=EnterpriseKind.objects.filter(pk=key).first())
    return render(request, "registry/_attributes.html", {"form": AttributesForm(record=blank)})


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_REGISTRY)
def of_enterprise(request: Request, pk: int) -> HttpResponse:
    """The attributes of one enterprise alone: to fill in what a new version asks for."""
    user = user_of(request)
    record = get_object_or_404(Enterprise.objects.visible_to(user).select_related("kind"), pk=pk)
    if not edit_scope(user).covers(record):
        raise PermissionDenied
    return _of(request, record, record, f"补填“{record}”的专有属性")


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_REGISTRY)
def of_premises(request: Request, pk: int) -> HttpResponse:
    """The attributes of one of an enterprise's premises."""
    user = user_of(request)
    visible = Premises.objects.filter(enterprise__in=Enterprise.objects.visible_to(user))
    record = get_object_or_404(visible.select_related("kind", "enterprise"), pk=pk)
    if not edit_scope(user).covers(record.enterprise):
        raise PermissionDenied
    return _of(request, record, record.enterprise, f"场所“{record}”的专有属性")


def _of(request: Request, record: Enterprise | Premises, owner: Enterprise, title: str) -> HttpResponse:
    sent: Any = request.POST if request.method == "POST" else None
    form = AttributesForm(sent, record=record)
    if sent is not None and form.is_valid():
        try:
            save_attributes(record, form.answers(), by=user_of(request), seen=request.POST.get("seen", ""))
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "专有属性已保存")
            return redirect(owner)
    return render(
        request,
        "registry/attributes_form.html",
        {
            "record": record,
            "form": form,
            "version": form.asked_version,
            "needed": needed_upgrade(record),
            "seen": owner.updated_at.isoformat(),
            "page_title": title,
            "back_url": owner.get_absolute_url(),
            "trail": [
                {"label": "企业与场所", "url": reverse("registry:list")},
                {"label": owner.name, "url": owner.get_absolute_url()},
                {"label": "专有属性"},
            ],
        },
        status=422 if form.errors else 200,
    )
