"""Pages for the system administrator: the examination, backups, retention. They show no business data."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from bihuan.accounts.guards import require
from bihuan.accounts.http import Request
from bihuan.accounts.permissions import Permission as P
from bihuan.core.errors import Refused
from bihuan.core.http import row_number

from .doctor.examination import examine, worst
from .doctor.lines import Level, Line
from .models import Backup, RetentionRun
from .retention.policy import permanent
from .retention.rounds import approve
from .version import version

SHOWN = 30


@require_GET
@require(P.OPERATE)
def health(request: Request) -> HttpResponse:
    """系统体检: what `bihuan doctor` says, at this moment."""
    lines = examine()
    areas: dict[str, list[Line]] = {}
    for line in lines:
        areas.setdefault(line.area, []).append(line)
    counts = {level.value: sum(line.level == level for line in lines) for level in Level}
    return render(
        request,
        "operations/health.html",
        {
            "areas": areas.items(),
            "counts": counts,
            "level": worst(lines).value,
            "at": timezone.now(),
            "version": version(),
        },
    )


@require_GET
@require(P.OPERATE)
def backups(request: Request) -> HttpResponse:
    """What was backed up, and what was proved restorable."""
    return render(request, "operations/backups.html", {"backups": Backup.objects.all()[:SHOWN]})


@require_http_methods(["GET", "POST"])
@require(P.OPERATE)
def retention(request: Request) -> HttpResponse:
    """The latest report; approving it lets the worker carry it out."""
    if request.method == "POST":
        run = RetentionRun.objects.filter(pk=row_number(request.POST.get("run", ""))).first()
        try:
            if run is None:
                raise Refused("没有这份报告，请刷新后再看")
            approve(run, by=request.user)
            messages.success(request, "已批准。后台作业会在几分钟内清理，结果显示在本页。")
        except Refused as error:
            messages.error(request, str(error))
        return redirect("operations:retention")
    runs = list(RetentionRun.objects.exclude(status=RetentionRun.Status.REPLACED)[:SHOWN])
    return render(
        request,
        "operations/retention.html",
        {"run": runs[0] if runs else None, "runs": runs[1:], "permanent": permanent()},
    )
