"""A plan file being read: how far it is, the question which of its plans, and what was made of it."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from bihuan.core.errors import Refused
from bihuan.core.http import Request
from bihuan.jobs.models import Job
from bihuan.jobs.running import context_of

from .. import readings


def answer(request: Request, job: Job) -> HttpResponse:
    """Where to go after `readings.read_for`: to what was made, else to the page that tells the rest."""
    outcome = job.checkpoint.get("outcome", {})
    if job.state == Job.State.DONE and "url" in outcome:
        messages.success(request, outcome["words"])
        return redirect(outcome["url"])
    return redirect(job)


@require_http_methods(["GET", "HEAD", "POST"])
def reading(request: Request, pk: uuid.UUID) -> HttpResponse:
    """One's own plan file. While it is read its progress; then what was made of it, or the question which plans."""
    mine = Job.objects.visible_to(request.user).filter(kind__startswith=f"{readings.KIND}.")
    job = get_object_or_404(mine.select_related("owner"), pk=pk)
    outcome = job.checkpoint.get("outcome", {})
    if job.state == Job.State.DONE and "ask" in outcome:
        return _choices(request, job)
    if request.method == "POST":
        return redirect(job)
    if job.state == Job.State.DONE and "url" in outcome:
        return redirect(outcome["url"])
    return render(request, "campaigns/reading.html", context_of(job) | {"back": job.parameters["back"]})


def _choices(request: Request, job: Job) -> HttpResponse:
    """Ask which plans of the file to make drafts of; on POST make them."""
    error = ""
    if request.method == "POST":
        numbers = [int(each) for each in request.POST.getlist("pick") if each.isdecimal() and len(each) < 4]
        try:
            return answer(request, readings.choose(job, numbers))
        except Refused as refused:
            error = str(refused)
    question = job.checkpoint["outcome"]["ask"]
    context = {
        "rows": question["rows"],
        "others": question["others"],
        "name": job.parameters["name"],
        "back": job.parameters["back"],
        "error": error,
    }
    return render(request, "campaigns/import_parts.html", context, status=422 if error else 200)
