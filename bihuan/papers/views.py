"""Papers: the list, one paper, its printed forms, service, and the public check by code."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import content_disposition
from bihuan.core.paging import BadCursor
from bihuan.core.qr import qr_svg

from . import actions, printing, queries, rendering
from .forms import ServiceForm
from .models import Paper
from .official import docx_bytes, setting, sheet_of

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SERVED = {"yes": "已送达", "no": "未送达"}


def user_of(request: HttpRequest) -> User:
    """The signed-in person, typed."""
    assert isinstance(request.user, User)
    return request.user


def _qr(paper: Paper) -> str:
    # Our own SVG over our own address: nothing a person typed is in it.
    return mark_safe(qr_svg(rendering.verify_address(paper), label=f"核验{paper.number}"))  # noqa: S308


def _visible(request: HttpRequest, pk: int) -> Paper:
    papers = Paper.objects.visible_to(user_of(request)).select_related(
        "organization", "department", "issued_by", "receipt__by"
    )
    return get_object_or_404(papers, pk=pk)


@require_safe
@require(Permission.VIEW_PAPERS)
def paper_list(request: HttpRequest) -> HttpResponse:
    kind, q, served = (request.GET.get(name, "").strip() for name in ("kind", "q", "served"))
    kind = kind if kind in Paper.Kind.values else ""
    served = served if served in SERVED else ""
    try:
        page = queries.listed(
            user_of(request), kind=kind, q=q, served=served, cursor=request.GET.get("cursor")
        )
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    chosen = [
        ("kind", "文种", Paper.Kind(kind).label if kind else ""),
        ("served", "送达", SERVED.get(served, "")),
        ("q", "查找", q),
    ]
    chips = []
    for name, label, value in chosen:
        if value:
            rest = request.GET.copy()
            rest.pop(name, None)
            rest.pop("cursor", None)
            chips.append({"label": label, "value": value, "remove_url": f"?{rest.urlencode()}"})
    return render(
        request,
        "papers/list.html",
        {
            "page": page,
            "kinds": Paper.Kind.choices,
            "served_choices": SERVED.items(),
            "kind": kind,
            "q": q,
            "served": served,
            "chips": chips,
        },
    )


def _detail(
    request: HttpRequest, paper: Paper, form: ServiceForm | None = None, status: int = 200
) -> HttpResponse:
    user = user_of(request)
    receipt = getattr(paper, "receipt", None)
    mine = paper.recipient_id is not None and paper.recipient_id in {
        post.organization_id for post in user.posts
    }
    context = {
        **_print_context(paper),
        "receipt": receipt,
        "subject_url": queries.subject_url(paper),
        "verification": queries.verify(paper.code),
        "may_acknowledge": mine and receipt is None,
        "addressees": (addressees := list(paper.addressees.select_related("organization"))),
        "may_serve": receipt is None
        and not mine
        and not addressees
        and user.has_perm(Permission.ISSUE_PAPER),
        "form": form or ServiceForm(),
        "code": _qr(paper),
    }
    return render(request, "papers/detail.html", context, status=status)


@require_safe
@require(Permission.VIEW_PAPERS)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, _visible(request, pk))


@require_safe
@require(Permission.VIEW_PAPERS)
def print_page(request: HttpRequest, pk: int) -> HttpResponse:
    paper = _visible(request, pk)
    return render(request, "papers/print.html", _print_context(paper))


def _print_context(paper: Paper) -> dict[str, Any]:
    """What the printed paper shows: the official layout or the enforcement form."""
    if paper.is_official:
        return {"paper": paper, **setting.context_of(sheet_of(paper), _photo_url)}
    return {"paper": paper, "qr": _qr(paper)}


def _photo_url(pk: str) -> str:
    return reverse("attachments:file", args=[pk])


@require_safe
@require(Permission.VIEW_PAPERS)
def pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """A PDF at once; a big one is made in the background and waits on the job's page."""
    paper = _visible(request, pk)
    if printing.is_big(sheet_of(paper)):
        job = printing.start_pdf(paper, by=user_of(request))
        messages.success(request, "文书较长，正在后台生成 PDF，完成后在本页下载。")
        return redirect(job)
    try:
        printed = printing.pdf_of(paper)
    except Refused as error:
        messages.warning(request, str(error))
        return redirect("papers:detail", pk)
    response = HttpResponse(printed, content_type=printing.PDF)
    response["Content-Disposition"] = content_disposition(f"{paper.get_kind_display()}{paper.number}.pdf")
    return response


@require_safe
@require(Permission.VIEW_PAPERS)
def docx(request: HttpRequest, pk: int) -> HttpResponse:
    paper = _visible(request, pk)
    response = HttpResponse(
        (docx_bytes(sheet_of(paper)) if paper.is_official else rendering.docx_bytes(paper)), content_type=WORD
    )
    response["Content-Disposition"] = content_disposition(f"{paper.get_kind_display()}{paper.number}.docx")
    return response


@require_POST
@require(Permission.VIEW_PAPERS)
def acknowledgement(request: HttpRequest, pk: int) -> HttpResponse:
    paper = _visible(request, pk)
    try:
        actions.acknowledge(paper, by=user_of(request))
    except Refused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"已签收{paper}")
    return redirect("papers:detail", pk)


@require_POST
@require(Permission.ISSUE_PAPER)
def service(request: HttpRequest, pk: int) -> HttpResponse:
    paper = _visible(request, pk)
    form = ServiceForm(request.POST)
    if not form.is_valid():
        return _detail(request, paper, form, status=422)
    try:
        actions.record_service(paper, by=user_of(request), **form.cleaned_data)
    except Refused as error:
        form.add_error(None, str(error))
        return _detail(request, paper, form, status=422)
    messages.success(request, "已登记送达")
    return redirect("papers:detail", pk)


@login_not_required
@require_safe
def verify(request: HttpRequest, code: UUID) -> HttpResponse:
    """Public: whoever scans the code learns whether the paper is ours and unchanged, and nothing else."""
    verification = queries.verify(code)
    status = 200 if verification else 404
    return render(request, "papers/verify.html", {"verification": verification, "code": code}, status=status)
