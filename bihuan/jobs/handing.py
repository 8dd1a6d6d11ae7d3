"""The way out of a list: a short one is made while somebody waits, a long one becomes background work."""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.http import FileResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.core.errors import Refused
from bihuan.core.http import Request, content_disposition
from bihuan.core.sheets.streaming import XLSX, open_rows

from .exports import CHUNK, FORMS, Export, note, start_export, watermark

DIRECT_ROWS = 5000  # up to here an export is handed over at once


def take_away(request: Request, export: Export, *, query: str, said: str, back: str) -> HttpResponseBase:
    """Answer a request for a list: its sheet, the page that offers background work, or on POST the job's page.

    `query` and `said` are the list's filter, as an address and in words; `back` is where the list is.
    """
    user, refusal = request.user, ""
    assert isinstance(user, User)
    if request.method == "POST":
        try:
            return redirect(
                start_export(export.key, query=query, said=said, form=request.POST.get("form", ""), by=user)
            )
        except Refused as error:
            refusal = str(error)
    elif not export.open(user, query).is_longer_than(DIRECT_ROWS):
        return hand_over(export, by=user, query=query, said=said)
    context = {
        "title": export.title,
        "said": said,
        "forms": FORMS,
        "limit": DIRECT_ROWS,
        "refusal": refusal,
        "back": back,
    }
    return render(request, "jobs/export.html", context, status=422 if refusal else 200)


def hand_over(export: Export, *, by: User, query: str, said: str) -> FileResponse:
    """The rows of a list as an answer, written and recorded as a job would."""
    source = export.open(by, query)
    position, done = source.begin(), 0
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "export.xlsx"
        file = open_rows(
            path, "xlsx", export.columns_of(source), title=export.title, watermark=watermark(by, said)
        )
        while True:
            rows, position = source.after(position, CHUNK)
            if not rows:
                break
            file.write(rows)
            done += len(rows)
        file.close()
        opened = path.open("rb")  # outlives its name
    note(export, by, done, said, query)
    response = FileResponse(opened, content_type=XLSX)
    name = f"{export.title}{timezone.localtime():%Y%m%d%H%M}.xlsx"
    response["Content-Disposition"] = content_disposition(name)
    response["Cache-Control"] = "no-store"
    return response
