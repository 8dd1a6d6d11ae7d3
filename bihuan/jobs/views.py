"""后台任务: one's own, how each stands, its result; for the system administrator what the house is busy with."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from bihuan.accounts.guards import require
from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.audit.actions import record
from bihuan.core.errors import Refused
from bihuan.core.http import Request, content_disposition
from bihuan.core.paging import BadCursor, KeysetPage, paginate

from . import actions, results
from .models import Job, JobQuerySet
from .running import context_of, kind_of

PER_PAGE = 30
ORDER = ("-created_at", "-id")


def _user(request: Request) -> User:
    assert isinstance(request.user, User)
    return request.user


def _own_or_404(request: Request, pk: uuid.UUID) -> Job:
    return get_object_or_404(Job.objects.visible_to(_user(request)).select_related("owner"), pk=pk)


def _page(request: Request, jobs: JobQuerySet) -> KeysetPage[Job]:
    try:
        return paginate(jobs, order=ORDER, cursor=request.GET.get("cursor") or None, size=PER_PAGE)
    except BadCursor:
        return paginate(jobs, order=ORDER, size=PER_PAGE)


def _listing(page: KeysetPage[Job]) -> dict[str, Any]:
    return {"rows": [context_of(job) for job in page.items], "page_obj": page}


@require_GET
def own(request: Request) -> HttpResponse:
    """What this person has asked for, newest first."""
    page = _page(request, Job.objects.visible_to(_user(request)))
    return render(request, "jobs/list.html", _listing(page))


@require(Permission.MANAGE_USERS)
@require_GET
def everybodys(request: Request) -> HttpResponse:
    """Who keeps the workers busy with what sort of work; not what is in it."""
    page = _page(request, Job.objects.select_related("owner"))
    return render(request, "jobs/all.html", _listing(page))


@require_GET
def detail(request: Request, pk: uuid.UUID) -> HttpResponse:
    job = _own_or_404(request, pk)
    if job.url:
        return redirect(job.url)
    return render(request, "jobs/detail.html", context_of(job))


@require_GET
def state(request: Request, pk: uuid.UUID) -> HttpResponse:
    """The fragment a page asks for every second. A page that shows more than the job is loaded anew at the end."""
    job = _own_or_404(request, pk)
    response = render(request, "jobs/_job.html", context_of(job))
    if job.url and not job.is_unfinished:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def stop(request: Request, pk: uuid.UUID) -> HttpResponse:
    """Ask the job to stop; what is done stays."""
    job = _own_or_404(request, pk)
    try:
        actions.cancel(job, by=_user(request))
    except Refused as error:
        messages.warning(request, str(error))
    return redirect(job)


@require_POST
def resume(request: Request, pk: uuid.UUID) -> HttpResponse:
    """Go on from where it stopped."""
    job = _own_or_404(request, pk)
    try:
        actions.resume(job, by=_user(request))
    except Refused as error:
        messages.warning(request, str(error))
    return redirect(job)


@require_GET
def result(request: Request, pk: uuid.UUID) -> HttpResponseBase:
    """The file, for its owner as long as the permission it was made with lasts; each taking is recorded."""
    job, user = _own_or_404(request, pk), _user(request)
    needed = kind_of(job).permission
    if needed and not user.has_perm(needed):
        raise PermissionDenied
    path = results.result_path(job)
    if not job.result_name or not path.exists():
        raise Http404("结果已清理，请重新办理一次")
    with transaction.atomic():
        record(
            "jobs.download", user, by=user, summary=f"下载“{job.result_name}”", payload={"job": str(job.pk)}
        )
    response = FileResponse(path.open("rb"), content_type=job.result_type)
    response["Content-Disposition"] = content_disposition(job.result_name)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-cache"
    return response
