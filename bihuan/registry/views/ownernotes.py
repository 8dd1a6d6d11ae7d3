"""What owners say: one enterprise's notes, everything that still waits for an answer."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.guards import require
from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import scope_of
from bihuan.core.errors import Refused
from bihuan.core.http import Request
from bihuan.core.paging import BadCursor, amount, paginate

from ..lifecycle import may_recheck
from ..models import OwnerNote
from ..ownernotes import TONES, keep_note, settle_note
from ..riskforms import day_field
from . import user_of
from .acting import trail_of, visible

SIZE = 50
VIEWS = {"open": "待处理", "unrest": "不稳定苗头", "all": "全部"}


class NoteForm(forms.Form):
    """What was heard, from whom, when."""

    kind = forms.ChoiceField(
        label="类别", choices=OwnerNote.Kind.choices, help_text="“不稳定苗头”会立即告知安委办、主管部门和包干、专盯人员"
    )  # fmt: skip
    on = day_field("日期", required=True)
    person = forms.CharField(label="业主", required=False, max_length=60)
    text = forms.CharField(label="情况", max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


def _is_official(user: User) -> bool:
    scope = scope_of(user, Permission.VIEW_REGISTRY)
    return bool(scope.areas or scope.departments)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.VIEW_REGISTRY)
def of_enterprise(request: Request, pk: int) -> HttpResponse:
    """The notes of one enterprise and the form for another; the enterprise itself finds nothing here."""
    enterprise, user = visible(request, pk), user_of(request)
    if not _is_official(user):
        raise Http404
    may_write = may_recheck(user, enterprise)
    form = NoteForm(request.POST or None, initial={"on": timezone.localdate()})
    if request.method == "POST":
        if not may_write:
            raise PermissionDenied
        if form.is_valid():
            try:
                keep_note(enterprise, by=user, **form.cleaned_data)
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "已记录")
                return redirect("registry:owner_notes", pk=enterprise.pk)
    notes = enterprise.owner_notes.select_related("by", "settled_by")[:100]
    context = {
        "enterprise": enterprise, "form": form, "may_write": may_write,
        "lines": [{"note": note, "tone": TONES[OwnerNote.Kind(note.kind)]} for note in notes],
        "trail": trail_of(enterprise, ("业主动态", "")),
    }  # fmt: skip
    return render(request, "registry/owner_notes.html", context, status=422 if form.errors else 200)


@require_POST
@require(Permission.VIEW_REGISTRY)
def settle(request: Request, pk: int) -> HttpResponse:
    """Say what came of one."""
    user = user_of(request)
    note = get_object_or_404(OwnerNote.objects.visible_to(user).select_related("enterprise"), pk=pk)
    try:
        settle_note(note, outcome=request.POST.get("outcome", ""), by=user)
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "已办结")
    return redirect("registry:owner_notes", pk=note.enterprise_id)


@require_safe
@require(Permission.VIEW_REGISTRY)
def index(request: Request) -> HttpResponse:
    """What waits for an answer, over everything a person sees."""
    user = user_of(request)
    if not _is_official(user):
        raise PermissionDenied
    chosen = request.GET.get("state", "open")
    chosen = chosen if chosen in VIEWS else "open"
    rows = OwnerNote.objects.visible_to(user)
    if chosen == "open":
        rows = rows.unsettled()
    elif chosen == "unrest":
        rows = rows.filter(kind=OwnerNote.Kind.UNREST)
    related = rows.select_related("enterprise__locality", "by")
    try:
        page = paginate(related, order=("-id",), cursor=request.GET.get("cursor"), size=SIZE)
    except BadCursor as error:
        messages.warning(request, str(error))
        return redirect(request.path)
    context = {
        "page": page, "total": amount(rows, "条"),
        "lines": [{"note": note, "tone": TONES[OwnerNote.Kind(note.kind)]} for note in page.items],
        "views": [{"label": label, "url": f"?state={key}", "active": key == chosen} for key, label in VIEWS.items()],
        "trail": [{"label": "企业与场所", "url": reverse("registry:list")}, {"label": "业主动态"}],
    }  # fmt: skip
    return render(request, "registry/owner_note_list.html", context)
