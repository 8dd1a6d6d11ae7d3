"""The list of important matters, an office's own rows, and what the ledger proposes."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import ReasonRequired, Refused
from bihuan.core.http import Request, row_number

from .. import actions
from ..forms import MatterForm
from ..matters import Matter, matter_for, matters_for
from ..models import ImportantMatter, SetAside, bodies_of
from ..standing import drafts_for, holds
from ..suggesting import suggestions
from . import user_of

SIZE = 40


def _office(user: User) -> Organization | None:
    """The office in whose name the person keeps the list."""
    return next(
        (
            post.organization
            for post in user.posts
            if post.organization.kind == Organization.Kind.OFFICE
            and holds(user, Permission.ANSWER_SUBMISSION, post.organization_id)
        ),
        None,
    )


def _own(user: User) -> Organization | None:
    found = drafts_for(user)
    if found is not None:
        return found
    bodies = bodies_of(user, Permission.VIEW_SUBMISSIONS)
    return Organization.objects.filter(pk__in=bodies).order_by("pk").first()


@require_safe
@require(Permission.VIEW_SUBMISSIONS)
def index(request: Request) -> HttpResponse:
    """What must be asked or reported, by when, up to whom, by what document."""
    user, today = user_of(request), timezone.localdate()
    own = _own(user)
    if own is None:
        raise Http404
    office = _office(user)
    history: list[ImportantMatter] = []
    if office is not None:
        history = list(ImportantMatter.objects.filter(organization=office).select_related("made_by")[:40])
    context = {
        "own": own,
        "matters": matters_for(own, today),
        "office": office,
        "history": history,
        "may_draft": drafts_for(user) is not None,
        "today": today,
    }
    return render(request, "submissions/matters.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.ANSWER_SUBMISSION)
def create(request: Request) -> HttpResponse:
    """A matter of one's own."""
    return _matter(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.ANSWER_SUBMISSION)
def edit(request: Request, key: str) -> HttpResponse:
    """A new version of a matter that is on the list, or taking it off."""
    office = _office(user_of(request))
    if office is None:
        raise PermissionDenied
    matter = matter_for(key, office, timezone.localdate())
    if matter is None:
        raise Http404
    return _matter(request, matter)


def _matter(request: Request, matter: Matter | None) -> HttpResponse:
    user, today = user_of(request), timezone.localdate()
    office = _office(user)
    if office is None:
        raise PermissionDenied
    initial: dict[str, object] = {"effective_from": today, "days": 3, "unit": "working", "level": "upper"}
    if matter is not None:
        initial |= {
            "name": matter.name, "form": matter.form, "days": matter.days, "unit": matter.unit, "event": matter.event,
            "level": matter.level, "answer_days": matter.answer_days or None, "ask": matter.ask,
        }  # fmt: skip
    form = MatterForm(request.POST or None, matter=matter, initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.set_matter(
                    organization=office, key=matter.key if matter else "", by=user, **form.cleaned_data
                )
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "已登记，此后的请示报告按新的清单办")
                return redirect("submissions:matters")
    context = {"form": form, "matter": matter, "office": office}
    return render(request, "submissions/matter_form.html", context, status=status)


@require_safe
@require(Permission.DRAFT_SUBMISSION)
def suggested(request: Request) -> HttpResponse:
    """What one's body ought to ask or report and has not; a person decides."""
    return _suggested(request)


def _suggested(request: Request, wrong: tuple[str, str, str] | None = None) -> HttpResponse:
    user, today = user_of(request), timezone.localdate()
    own = drafts_for(user)
    if own is None:
        raise PermissionDenied
    found = suggestions(user, own, on=today)
    page = Paginator(found, SIZE).get_page(row_number(request.GET.get("page", "")) or 1)
    context = {
        "own": own,
        "page": page,
        "late": sum(each.is_late(today) for each in found),
        "count": len(found),
        "aside": SetAside.objects.filter(organization=own).select_related("by")[:20],
        "today": today,
        "wrong": wrong,
    }
    return render(request, "submissions/suggestions.html", context, status=422 if wrong else 200)


@require_POST
@require(Permission.DRAFT_SUBMISSION)
def aside(request: Request) -> HttpResponse:
    """Somebody decides that it need not be asked or reported."""
    user = user_of(request)
    own = drafts_for(user)
    if own is None:
        raise PermissionDenied
    matter, subject = request.POST.get("matter", "")[:24], request.POST.get("subject", "")[:80]
    try:
        actions.set_aside(
            matter, subject, reason=request.POST.get("reason", "")[:300], organization=own, by=user
        )
    except ReasonRequired:
        return _suggested(request, (matter, subject, "请写明为什么不需要请示报告"))
    except Refused as error:
        return _suggested(request, (matter, subject, str(error)))
    messages.success(request, "已记下，不再提示")
    back = row_number(request.POST.get("page", "")) or 1
    return redirect(f"{reverse('submissions:suggestions')}?{urlencode({'page': back})}")
