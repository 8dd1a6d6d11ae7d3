"""Packages: what went, what came, what is in them, what was turned away; files in."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Region
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.http import Request, content_disposition
from bihuan.core.paging import BadCursor, paginate
from bihuan.jobs.handing import take_away

from .. import queries
from ..actions import carrying, settling
from ..actions.identity import own_instance
from ..actions.sending import bytes_of
from ..exporting import PACKAGES
from ..forms import ReasonForm, TakeInForm
from ..kinds import kinds
from ..models import Package, Peer, Refusal
from ..models.packages import Direction
from ..standing import manages
from ..wire.archive import read_package
from ..wire.errors import BadPackage
from ..wire.sealing import seal_to
from ..workflow import PackageStatus
from . import managed_instance, user_of

NAMES = ("direction", "state", "kind", "peer", "since")
STATES = [("waiting", "在途和待办"), *PackageStatus.choices]


def package_or_404(request: Request, pk: int) -> Package:
    rows = Package.objects.visible_to(user_of(request)).select_related("peer", "file")
    return get_object_or_404(rows, pk=pk)


@require_safe
@require(Permission.VIEW_EXCHANGE)
def index(request: Request) -> HttpResponse:
    """Packages in both directions."""
    user = user_of(request)
    chosen = {name: request.GET.get(name, "").strip()[:40] for name in NAMES}
    try:
        page = paginate(
            queries.packages_of(user, chosen), order=("-id",), cursor=request.GET.get("cursor"), size=50
        )
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    context = {
        "page": page,
        "entries": [
            (each, queries.label_of(each.kind), queries.STATUS_TONES.get(each.status, ""))
            for each in page.items
        ],
        "chosen": chosen,
        "directions": Direction.choices,
        "states": STATES,
        "kinds": [(kind.key, kind.label) for kind in kinds()],
        "peers": [(str(peer.pk), peer.name) for peer in Peer.objects.visible_to(user)[:500]],
        "may_export": user.has_perm(Permission.VIEW_EXCHANGE),
    }
    return render(request, "exchange/packages.html", context)


@require(Permission.VIEW_EXCHANGE)
@require_http_methods(["GET", "POST"])
def export(request: Request) -> HttpResponseBase:
    """The list as a sheet."""
    said = "、".join(f"{name}={request.GET[name][:40]}" for name in NAMES if request.GET.get(name)) or "全部"
    return take_away(
        request, PACKAGES, query=request.GET.urlencode(), said=said, back=reverse("exchange:packages")
    )


@require_safe
@require(Permission.VIEW_EXCHANGE)
def detail(request: Request, pk: int) -> HttpResponse:
    """One package: its contents in words, its way, its receipt."""
    package = package_or_404(request, pk)
    try:
        opened = read_package(bytes_of(package))
    except (BadPackage, FileNotFoundError):
        opened = None
    context = {
        "package": package,
        "label": queries.label_of(package.kind),
        "tone": queries.STATUS_TONES.get(package.status, ""),
        "tables": [
            (table, [list(zip(table.headings, row, strict=False)) for row in table.rows])
            for table in queries.tables_of(package, opened)
        ],
        "region": Region.objects.filter(code=package.region_code).first(),
        "is_whole": opened is not None and opened.manifest.digest == package.digest,
        "lines": package.transitions.select_related("by"),
        "may": manages(user_of(request), package.peer, own_instance()),
        "reason_form": ReasonForm(),
    }
    return render(request, "exchange/package.html", context)


@require_POST
@require(Permission.MANAGE_EXCHANGE)
def act(request: Request, pk: int, act: str) -> HttpResponse:
    """Send again, pack anew, close a conflict."""
    package, user = package_or_404(request, pk), user_of(request)
    target = package
    try:
        match act:
            case "resend":
                settling.resend(package, by=user)
                messages.success(request, "已重新排队，等待发送")
            case "repack":
                target = settling.repack(package, by=user)
                messages.success(request, "已按同样内容重新打包，等待发送")
            case "settle":
                settling.settle_conflict(package, reason=request.POST.get("reason", "")[:300], by=user)
                messages.success(request, "冲突已处理")
            case _:
                raise Http404
    except Refused as error:
        messages.warning(request, str(error))
    return redirect(target)


@require_safe
@require(Permission.MANAGE_EXCHANGE)
def file(request: Request, pk: int) -> HttpResponseBase:
    """One package that went or is to go, sealed to its receiver."""
    package = package_or_404(request, pk)
    if not manages(user_of(request), package.peer, own_instance()):
        raise PermissionDenied
    keys = package.peer.keys_trusted()
    if not package.is_out or not keys:
        messages.warning(request, "只有发出的包可以导出给对方")
        return redirect(package)
    response = HttpResponse(seal_to(bytes_of(package), keys[0]), content_type="application/octet-stream")
    response["Content-Disposition"] = content_disposition(f"给{package.peer.name}第{package.sequence}号.bhx")
    response["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_EXCHANGE)
def take_in(request: Request) -> HttpResponse:
    """A file that was carried here."""
    user = user_of(request)
    managed_instance(request)
    form = TakeInForm(request.POST or None, request.FILES or None)
    status, taken = 200, None
    if request.method == "POST":
        status = 422
        if form.is_valid():
            upload = form.cleaned_data["file"]
            try:
                taken = carrying.take_in(upload.read(), upload.name or "", by=user)
            except BadPackage as error:
                form.add_error("file", str(error))
            else:
                status = 200
    entries = [
        (each, queries.label_of(each.kind), queries.STATUS_TONES.get(each.status, ""))
        for each in (taken.packages if taken else [])
    ]
    context = {"form": form, "taken": taken, "entries": entries}
    return render(request, "exchange/take_in.html", context, status=status)


@require_safe
@require(Permission.VIEW_EXCHANGE)
def refusals(request: Request) -> HttpResponse:
    """What was turned away before it became a package, and why."""
    rows = Refusal.objects.visible_to(user_of(request)).select_related("peer")
    try:
        page = paginate(rows, order=("-id",), cursor=request.GET.get("cursor"), size=50)
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    return render(request, "exchange/refusals.html", {"page": page})
