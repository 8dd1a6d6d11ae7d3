"""Writing a draft: beginning, items and sections, publishing, withdrawing. Every post carries the state it saw."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request

from .. import actions, editing, queries
from ..actions import may_manage
from ..forms import BookForm, ItemForm, PublishForm, SectionForm
from ..models import Book, BookVersion, seats
from ..storage import book_of
from ..structure import Book as Content
from . import seen_of, user_of, version_or_404


def _own_draft(request: Request, pk: int) -> BookVersion:
    """A draft of one's own organization; others are out of sight, published ones have nothing to change."""
    found = version_or_404(request, pk)
    if not may_manage(user_of(request), found.book):
        raise PermissionDenied
    return found


def _editor(version: BookVersion, anchor: str = "") -> str:
    return reverse("checklists:editor", args=[version.pk]) + (f"#{anchor}" if anchor else "")


def _apply(
    request: Request, version: BookVersion, change: Callable[[Content], Content], anchor: str, done: str = ""
) -> HttpResponse:
    """One change to a draft, then back to where it was made."""
    try:
        actions.edit_draft(version, change, seen=seen_of(request), by=user_of(request))
    except Refused as error:
        messages.warning(request, str(error))
    else:
        if done:
            messages.success(request, done)
    return redirect(_editor(version, anchor))


# --- beginning -------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_CHECKLISTS)
def new(request: Request) -> HttpResponse:
    """Begin an empty book of one's own."""
    user = user_of(request)
    form = BookForm(request.POST or None, owners=seats(user, Permission.MANAGE_CHECKLISTS))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            version = actions.create_book(
                data["owner"], Content(data["key"], data["title"], 1, ()), sector=data["sector"], by=user
            )
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "草稿已建立，先加一节，再往里加检查项")
            return redirect(_editor(version))
    status = 422 if request.method == "POST" else 200
    return render(request, "checklists/new.html", {"form": form}, status=status)


@require_POST
@require(Permission.MANAGE_CHECKLISTS)
def copy(request: Request, pk: int) -> HttpResponse:
    """Copy a published version into one's own organization."""
    user = user_of(request)
    found = version_or_404(request, pk)
    owners = seats(user, Permission.MANAGE_CHECKLISTS)
    try:
        made = actions.copy_book(found, owners[0], by=user)
    except Refused as error:
        messages.warning(request, str(error))
        return redirect(found)
    messages.success(request, "已复制为本单位的草稿，改好并发布后，在本辖区代替原来那张")
    return redirect(_editor(made))


@require_POST
@require(Permission.MANAGE_CHECKLISTS)
def draft(request: Request, pk: int) -> HttpResponse:
    """Begin the next version."""
    user = user_of(request)
    book = get_object_or_404(Book.objects.visible_to(user), pk=pk)
    try:
        made = actions.start_draft(book, by=user)
    except Refused as error:
        messages.warning(request, str(error))
        return redirect(book)
    return redirect(_editor(made))


# --- the draft as a whole ----------------------------------------------------------------------------


@require_POST
@require(Permission.MANAGE_CHECKLISTS)
def head(request: Request, pk: int) -> HttpResponse:
    """Title and note."""
    version = _own_draft(request, pk)
    title, note = (" ".join(request.POST.get(name, "").split()) for name in ("title", "note"))
    return _apply(
        request, version, lambda book: editing.put_head(book, title=title, note=note), "head", "已保存"
    )


@require_POST
@require(Permission.MANAGE_CHECKLISTS)
def publishing(request: Request, pk: int) -> HttpResponse:
    """Put the draft in force from a day on."""
    version = _own_draft(request, pk)
    form = PublishForm(request.POST)
    if not form.is_valid():
        messages.warning(request, "请填写施行日期，如 2026-12-01")
        return redirect(_editor(version, "publish"))
    try:
        actions.publish(
            version,
            effective_from=form.cleaned_data["effective_from"],
            seen=seen_of(request),
            by=user_of(request),
        )
    except Refused as error:
        messages.warning(request, str(error))
        return redirect(_editor(version, "publish"))
    messages.success(
        request, f"第 {version.number} 版已发布，自 {form.cleaned_data['effective_from']} 施行，以后不能再改"
    )
    return redirect(version)


@require_POST
@require(Permission.MANAGE_CHECKLISTS)
def discarding(request: Request, pk: int) -> HttpResponse:
    """Give the draft up."""
    version = _own_draft(request, pk)
    book = version.book
    try:
        actions.discard_draft(version, seen=seen_of(request), by=user_of(request))
    except Refused as error:
        messages.warning(request, str(error))
        return redirect(_editor(version))
    messages.success(request, "草稿已放弃")
    return redirect(book)


@require_POST
@require(Permission.MANAGE_CHECKLISTS)
def withdrawal(request: Request, pk: int) -> HttpResponse:
    """Take a published version out of force."""
    version = _own_draft(request, pk)
    try:
        actions.withdraw(version, reason=request.POST.get("reason", ""), by=user_of(request))
    except Refused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"第 {version.number} 版已撤回；以前按它做的检查照样有效")
    return redirect(version)


# --- sections ----------------------------------------------------------------------------------------


@require_POST
@require(Permission.MANAGE_CHECKLISTS)
def add_section(request: Request, pk: int) -> HttpResponse:
    """Add a section at the end."""
    version = _own_draft(request, pk)
    form = SectionForm(request.POST)
    if not form.is_valid():
        messages.warning(request, "请填写节的标题并选择环节")
        return redirect(_editor(version, "add-section"))
    code = editing.next_section_code(version.book.key, queries.used_codes(version.book))
    data = form.cleaned_data
    return _apply(
        request,
        version,
        lambda book: editing.put_section(book, code, title=data["title"].strip(), link=data["link"]),
        code,
        "已增加一节",
    )


@require_POST
@require(Permission.MANAGE_CHECKLISTS)
def section(request: Request, pk: int, code: str) -> HttpResponse:
    """Save, move or take out a section (`act`: save, up, down, remove)."""
    version = _own_draft(request, pk)
    act = request.POST.get("act", "")
    if act == "remove":
        return _apply(request, version, lambda book: editing.remove_section(book, code), "", "已删去这一节")
    if act in (editing.UP, editing.DOWN):
        return _apply(request, version, lambda book: editing.move_section(book, code, act), code)
    form = SectionForm(request.POST)
    if act != "save" or not form.is_valid():
        messages.warning(request, "请填写节的标题并选择环节")
        return redirect(_editor(version, code))
    data = form.cleaned_data

    def rename(book: Content) -> Content:
        editing.section_of(book, code)
        return editing.put_section(book, code, title=data["title"].strip(), link=data["link"])

    return _apply(request, version, rename, code, "已保存")


# --- items -------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_CHECKLISTS)
def new_item(request: Request, pk: int, code: str) -> HttpResponse:
    """Add an item to a section."""
    version = _own_draft(request, pk)
    found = editing.find_section(book_of(version), code)
    if found is None:
        raise Http404
    made = editing.next_item_code(code, queries.used_codes(version.book))
    return _item_page(request, version, made, found.code, ItemForm(request.POST or None), is_new=True)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_CHECKLISTS)
def item(request: Request, pk: int, code: str) -> HttpResponse:
    """Change an item."""
    version = _own_draft(request, pk)
    for part, known in book_of(version).items():
        if known.code == code:
            form = ItemForm(request.POST or None, item=known)
            return _item_page(request, version, code, part.code, form, is_new=False)
    raise Http404


def _item_page(
    request: Request, version: BookVersion, code: str, section: str, form: ItemForm, *, is_new: bool
) -> HttpResponse:
    if not version.is_draft:
        return redirect(version)
    if request.method == "POST" and form.is_valid():
        try:
            actions.edit_draft(
                version,
                lambda book: editing.put_item(book, section, form.item(code)),
                seen=seen_of(request),
                by=user_of(request),
            )
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{code} 已保存")
            if "again" in request.POST:
                return redirect("checklists:new_item", version.pk, section)
            return redirect(_editor(version, code))
    context = {
        "version": version,
        "form": form,
        "code": code,
        "is_new": is_new,
        "back_url": _editor(version, section if is_new else code),
        "seen": request.POST.get("seen", version.edits),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "checklists/item.html", context, status=status)


@require_POST
@require(Permission.MANAGE_CHECKLISTS)
def item_act(request: Request, pk: int, code: str) -> HttpResponse:
    """Move an item or take it out (`act`: up, down, remove)."""
    version = _own_draft(request, pk)
    act = request.POST.get("act", "")
    if act == "remove":
        return _apply(request, version, lambda book: editing.remove_item(book, code), "", f"已删去 {code}")
    return _apply(request, version, lambda book: editing.move_item(book, code, act), code)
