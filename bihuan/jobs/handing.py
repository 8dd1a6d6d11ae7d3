"""An export small enough to be made while somebody waits."""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.http import FileResponse
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.core.http import content_disposition
from bihuan.core.sheets.streaming import XLSX, open_rows

from .exports import CHUNK, Export, note, watermark


def hand_over(export: Export, *, by: User, query: str, said: str) -> FileResponse:
    """The rows of a list as an answer, written and recorded as a job would."""
    source = export.open(by, query)
    position, done = source.begin(), 0
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "export.xlsx"
        file = open_rows(path, "xlsx", export.columns, title=export.title, watermark=watermark(by, said))
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
