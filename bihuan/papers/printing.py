"""PDF of papers: small ones at once, big ones as a background job that hands over the file when it is done."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.utils.safestring import mark_safe

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.errors import Refused
from bihuan.core.qr import qr_svg
from bihuan.jobs import results
from bihuan.jobs.actions import start
from bihuan.jobs.models import Job
from bihuan.jobs.running import Kind, Progress
from bihuan.jobs.running import register as register_kind

from .models import Paper
from .official import Sheet, sheet_of

KIND = "papers.pdf"
PDF = "application/pdf"
MOST_CELLS = 6000  # about two seconds; more is set in the background


def register() -> None:
    """Let jobs print big papers; called in `AppConfig.ready`."""
    register_kind(Kind(KIND, "生成文书 PDF", _run, _stopped, permission=Permission.VIEW_PAPERS))


def is_big(sheet: Sheet) -> bool:
    """Whether a person should not wait for the PDF in front of the page."""
    cells = sum(
        len(block["rows"]) * len(block["columns"]) for block in sheet.body if block["kind"] == "table"
    )
    return cells > MOST_CELLS


def pdf_of(paper: Paper) -> bytes:
    """The paper as PDF, a document or a form. Raises Refused where the machine cannot set type."""
    sheet = sheet_of(paper)
    if paper.is_official:
        return pdf_of_sheet(sheet)
    # Our own drawing over our own address: nothing a person typed is in it.
    code = mark_safe(qr_svg(sheet.verify, label=f"核验{sheet.number}"))  # noqa: S308
    return _printer().form_pdf_bytes(sheet, code)


def pdf_of_sheet(sheet: Sheet) -> bytes:
    """A document or the draft of one as PDF. Raises Refused where the machine cannot set type (no pango)."""
    return _printer().pdf_bytes(sheet)


def _printer() -> Any:
    """The module that prints: importing it takes a second and pango, so only who prints pays for it."""
    try:
        from .official import pdf
    except OSError as error:
        raise Refused(
            "服务器没有安装排版组件（pango），不能生成 PDF：请下载 Word，或请系统管理员安装 libpango"
        ) from error
    return pdf


def start_pdf(paper: Paper, *, by: User) -> Job:
    """Print a big paper in the background; the file waits on the job's page."""
    return start(KIND, title=f"生成 PDF：{paper}", by=by, parameters={"paper": paper.pk})


def warm() -> None:
    """Load fonts once per worker process (a second), so that the first PDF is as quick as the next."""
    with suppress(Refused):  # said to whoever asks for a PDF
        _printer().warm()


def _run(progress: Progress) -> str:
    job = progress.job
    paper = Paper.objects.visible_to(job.owner).filter(pk=job.parameters["paper"]).first()
    if paper is None:
        raise Refused("您的岗位已看不到这份文书")
    progress.begin("排版", total=1)
    results.result_path(job).write_bytes(pdf_of(paper))
    job.done = job.total = 1
    job.result_name, job.result_type = f"{paper.get_kind_display()}{paper.number}.pdf", PDF
    return f"已生成 {paper}"


def _stopped(job: Job) -> str:
    return "还没有生成，继续时从头排版"
