"""Forms in: an XLSForm is looked through first, shown with everything that would change, and taken over on confirmation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from bihuan.accounts.guards import require
from bihuan.accounts.permissions import Permission
from bihuan.attachments import actions as attachments
from bihuan.attachments.errors import UploadRefused
from bihuan.attachments.models import Attachment
from bihuan.attachments.storage import read
from bihuan.core.errors import Refused
from bihuan.core.http import Request
from bihuan.core.sheets import SheetError

from .. import actions
from ..actions import may_manage
from ..comparing import Change, compare
from ..editing import next_section_code
from ..forms import BookForm, UploadForm
from ..models import BookVersion, seats
from ..queries import kind_labels
from ..storage import book_of
from ..structure import LINKS, Book, advice
from ..xlsform import FormError, Imported, import_form
from . import seen_of, user_of, version_or_404


@dataclass(frozen=True)
class Fault:
    """One thing that keeps a form from being taken over, with its sheet and row ("" and 0 for the file)."""

    sheet: str
    row: int
    text: str


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_CHECKLISTS)
def upload(request: Request, pk: int | None = None) -> HttpResponse:
    """Choose a form: for a new book, or to replace the content of a draft (`pk`)."""
    user = user_of(request)
    version = _draft(request, pk) if pk is not None else None
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            kept = attachments.store_upload(form.cleaned_data["file"], by=user, kind=Attachment.Kind.SHEET)
        except UploadRefused as error:
            form.add_error("file", str(error))
        else:
            if version:
                return redirect("checklists:trial_of_draft", version.pk, kept.pk)
            return redirect("checklists:trial", kept.pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "checklists/upload.html", {"form": form, "version": version}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_CHECKLISTS)
def trial(request: Request, file: Any, pk: int | None = None) -> HttpResponse:
    """What the form says and what it would change; nothing is stored until it is confirmed."""
    user = user_of(request)
    kept = get_object_or_404(Attachment, pk=file, uploaded_by=user, kind=Attachment.Kind.SHEET)
    version = _draft(request, pk) if pk is not None else None
    imported, faults = _read(kept, version.book.key if version else "imported")
    form = _book_form(request, imported, version)
    if request.method == "POST" and imported:
        answer = _take_over(request, imported, version, form)
        if answer is not None:
            return answer
    content = imported.book if imported else None
    changes: list[Change] = compare(book_of(version), content) if version and content else []
    labels = kind_labels()
    context = {
        "file": kept,
        "version": version,
        "form": form,
        "faults": faults,
        "imported": imported,
        "content": content,
        "changes": changes,
        "advice": advice(content)[:50] if content else (),
        "sections": [
            (section, LINKS.get(section.link, section.link), len(section.items))
            for section in (content.sections if content else ())
        ],
        "unknown_kinds": sorted(
            {key for _, item in content.items() for key in item.kinds if key not in labels} if content else ()
        ),
        "again_url": reverse("checklists:upload_draft", args=[version.pk])
        if version
        else reverse("checklists:upload"),
        "seen": version.edits if version else 0,
    }
    return render(request, "checklists/trial.html", context, status=422 if faults else 200)


def _draft(request: Request, pk: int) -> BookVersion:
    version = version_or_404(request, pk)
    if not may_manage(user_of(request), version.book):
        raise PermissionDenied
    return version


def _read(kept: Attachment, key: str) -> tuple[Imported | None, list[Fault]]:
    prefix = next_section_code(key, ()).partition("-")[0]
    try:
        return import_form(read(kept.path), kept.name, key=key, prefix=prefix), []
    except FormError as error:
        return None, [Fault(each.sheet, each.row, each.text) for each in error.notices]
    except SheetError as error:
        return None, [Fault("", 0, str(error))]


def _book_form(request: Request, imported: Imported | None, version: BookVersion | None) -> BookForm | None:
    if version is not None or imported is None:
        return None
    owners = seats(user_of(request), Permission.MANAGE_CHECKLISTS)
    initial = {"title": imported.book.title, "key": imported.book.key, "sector": "other"}
    data = request.POST if request.method == "POST" else None
    return BookForm(data, owners=owners, initial=initial)


def _take_over(
    request: Request, imported: Imported, version: BookVersion | None, form: BookForm | None
) -> HttpResponse | None:
    """Make the form a draft; None when something has to be put right first."""
    user = user_of(request)
    try:
        if version is not None:
            actions.replace_content(version, imported.book, seen=seen_of(request), by=user)
        elif form is not None and form.is_valid():
            data = form.cleaned_data
            content = Book(data["key"], data["title"], 1, imported.book.sections, imported.book.note)
            version = actions.create_book(data["owner"], content, sector=data["sector"], by=user)
        else:
            return None
    except Refused as error:
        if form is not None:
            form.add_error(None, str(error))
        else:
            messages.warning(request, str(error))
        return None
    messages.success(request, "已写入草稿，核对后发布")
    return redirect("checklists:editor", version.pk)
