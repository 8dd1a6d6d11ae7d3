"""Plan files read as jobs: a quick one while somebody waits, scans, old office files and large ones in the background.

The file lies in the job's directory, with every recognized page and converted document, until something is made of it.
Reading happens outside any transaction; what is made of it is one, together with the note of it in the job, so that it
is made once whatever happens to the worker.
"""

from __future__ import annotations

import datetime as dt
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.models import Region, User
from bihuan.attachments.sniffing import sniff
from bihuan.core.errors import Refused
from bihuan.core.http import safe_filename
from bihuan.jobs import results
from bihuan.jobs.actions import start
from bihuan.jobs.models import Job
from bihuan.jobs.running import Kind, Overtaken, Progress, register, run_job
from bihuan.plans import PlanReadError, takes_long
from bihuan.plans.parts import PART_KINDS

from . import actions
from .actions import PlanFile
from .models import Campaign, Subplan

KIND = "plan"
ORIGINAL = "original"
RECOGNIZING = "识别文字"  # the stage whose pages are kept
QUICK_CHARACTERS = 130_000  # compiled while somebody waits; as many as plans.reading.effort reads
GONE = "原文件已过保留期，请重新选择文件导入"
Wanted = dict[str, Any]
Outcome = dict[str, Any]  # url and words of what was made, or ask: which of several plans


@dataclass(frozen=True)
class Purpose:
    """What is made of a plan file. `make` runs inside a transaction and raises Refused or PermissionDenied."""

    key: str
    title: str
    make: Callable[[PlanFile, Wanted, User], Outcome]


def _make_drafts(file: PlanFile, wanted: Wanted, by: User) -> Outcome:
    region = Region.objects.get(pk=wanted["region"])
    picked = wanted.get("picked")
    if picked is None and len(file.plans) > 1:
        return {"ask": _question(file)}
    if picked is None:
        documents = [actions.import_plan(file, by=by, region=region)]
    else:
        documents = actions.import_chosen(file, picked, by=by, region=region)
    if len(documents) > 1:
        return {
            "url": reverse("campaigns:plans"),
            "words": f"已导入 {len(documents)} 份方案，请逐份核对后发布",
        }
    return {
        "url": documents[0].get_absolute_url(),
        "words": f"已导入《{documents[0].title}》，请逐项核对后发布",
    }


def _question(file: PlanFile) -> dict[str, Any]:
    """Which of the plans of this file? What else it holds is listed beside."""
    rows = [
        {
            "number": number,
            "title": actions.title_in(plan) or f"第 {number + 1} 篇（没有找到标题）",
            "tasks": len(plan.tasks),
            "phases": len(plan.phases),
            "characters": len(plan.source.text),
            "begins": plan.source.text[:60].replace("\n", " "),
        }
        for number, plan in enumerate(file.plans)
    ]
    others = [
        [PART_KINDS[part.kind], part.title or "（没有标题）"]
        for part in file.plans[0].parts
        if part.kind not in ("plan", "notice")
    ]
    return {"rows": rows, "others": others, "characters": len(file.source.text)}


def _make_amendment(file: PlanFile, wanted: Wanted, by: User) -> Outcome:
    campaign = Campaign.objects.select_related("region", "office", "plan").get(pk=wanted["campaign"])
    amendment = actions.import_amendment(campaign, file, by=by)
    return {
        "url": amendment.get_absolute_url(),
        "words": "已读入修订稿并逐项比对，请逐处决定后应用",
    }


def _subplan(wanted: Wanted) -> Subplan:
    found = Subplan.objects.select_related(
        "campaign__region", "campaign__office", "campaign__plan", "organization__region", "file", "document"
    )
    return found.get(pk=wanted["subplan"])


def _make_subplan(file: PlanFile, wanted: Wanted, by: User) -> Outcome:
    found = actions.import_subplan(_subplan(wanted), file, by=by)
    return {"url": found.get_absolute_url(), "words": "已读入，请核对每项上级任务的对应"}


def _make_child(file: PlanFile, wanted: Wanted, by: User) -> Outcome:
    document = actions.draft_child(_subplan(wanted), file, by=by)
    return {
        "url": document.get_absolute_url(),
        "words": "已进入本级工作台，核对发布后成为本级专项整治",
    }


DRAFT, AMENDMENT, SUBPLAN, CHILD = "draft", "amendment", "subplan", "child"
PURPOSES = {
    purpose.key: purpose
    for purpose in (
        Purpose(DRAFT, "导入方案", _make_drafts),
        Purpose(AMENDMENT, "导入修订稿", _make_amendment),
        Purpose(SUBPLAN, "导入子方案", _make_subplan),
        Purpose(CHILD, "子方案进入工作台", _make_child),
    )
}


def register_readings() -> None:
    """Make the kinds known to the worker; called in `AppConfig.ready`. They are `plan.<purpose>`."""
    for purpose in PURPOSES.values():
        register(Kind(f"{KIND}.{purpose.key}", purpose.title, _run, _stopped, moved=_moved))


def read_for(purpose: str, data: bytes, name: str, wanted: Wanted, *, by: User, back: str) -> Job:
    """Read a plan file and make of it what is wanted; `back` is the page to choose another file on.

    The job is finished when the file was quickly read. Raises Refused with the reason when it could not be, or could
    not be kept afterwards.
    """
    is_long = takes_long(data)
    if is_long:
        sniff(data, safe_filename(name, fallback="方案.txt"))
    return _begin(
        purpose, name, wanted, by=by, back=back, is_quick=not is_long,
        fill=lambda place: (place / ORIGINAL).write_bytes(data),
    )  # fmt: skip


def choose(asked: Job, picked: list[int]) -> Job:
    """Make drafts of the plans picked from a file that holds several. Raises Refused for a number that is none of them."""
    question = asked.checkpoint["outcome"]["ask"]
    if not picked or not set(picked) <= {row["number"] for row in question["rows"]}:
        raise Refused("请选择要导入的方案")
    source = results.directory(asked)
    if not (source / ORIGINAL).exists():
        raise Refused(GONE)
    parameters = asked.parameters
    return _begin(
        parameters["purpose"], parameters["name"], parameters["wanted"] | {"picked": picked}, by=asked.owner,
        back=parameters["back"], is_quick=question["characters"] <= QUICK_CHARACTERS,
        fill=lambda place: shutil.copytree(source, place, dirs_exist_ok=True),
    )  # fmt: skip


def _begin(
    purpose: str, name: str, wanted: Wanted, *, by: User, back: str, is_quick: bool,
    fill: Callable[[Path], object],
) -> Job:  # fmt: skip
    pk = uuid.uuid4()
    with transaction.atomic():
        job = start(
            f"{KIND}.{purpose}", title=f"{PURPOSES[purpose].title}“{name}”", by=by, unit="页", pk=pk,
            parameters={"purpose": purpose, "name": name, "wanted": wanted, "back": back},
            url=reverse("campaigns:reading", args=[pk]), queued=not is_quick,
        )  # fmt: skip
        fill(results.directory(job))
    if is_quick:
        run_job.call(str(job.pk))
        job.refresh_from_db()
        if job.state == Job.State.FAILED:
            raise Refused(job.message)
    return job


class _Follower:
    """Follows the reading for the job, and keeps what cost much in its directory."""

    def __init__(self, progress: Progress, place: Path) -> None:
        self._progress, self._place = progress, place

    def begin(self, stage: str, pages: int) -> None:
        self._progress.begin(stage, total=pages)

    def step(self, pages: int) -> None:
        self._progress.step(pages)

    def kept(self, name: str) -> bytes | None:
        try:
            return (self._place / name).read_bytes()
        except FileNotFoundError:
            return None

    def keep(self, name: str, data: bytes) -> None:
        incoming = self._place / f".{name}"
        incoming.write_bytes(data)
        incoming.replace(self._place / name)


def _run(progress: Progress) -> str:
    job = progress.job
    if outcome := job.checkpoint.get("outcome"):
        return _said(outcome)
    wanted, place = job.parameters, results.directory(job)
    try:
        data = (place / ORIGINAL).read_bytes()
    except FileNotFoundError as error:
        raise Refused(GONE) from error
    try:
        file = actions.read_plan(data, wanted["name"], _Follower(progress, place))
        job.checkpoint = {"outcome": _make(job, file)}
    except PlanReadError as error:
        raise Refused(str(error)) from error
    except PermissionDenied as error:
        raise Refused("您的岗位现在不能办理此事，没有导入") from error
    return _said(job.checkpoint["outcome"])


def _make(job: Job, file: PlanFile) -> Outcome:
    """What is wanted and the note of it, together or not at all. Raises Overtaken when somebody else runs the job."""
    wanted = job.parameters
    with transaction.atomic():
        outcome = PURPOSES[wanted["purpose"]].make(file, wanted["wanted"], job.owner)
        mine = Job.objects.filter(pk=job.pk, runner=job.runner, state=Job.State.RUNNING)
        if not mine.update(checkpoint={"outcome": outcome}):
            raise Overtaken
    return outcome


def _said(outcome: Outcome) -> str:
    if "ask" in outcome:
        return f"文件里有 {len(outcome['ask']['rows'])} 份方案，请选择导入哪几份"
    words: str = outcome["words"]
    return words


def _stopped(job: Job) -> str:
    if job.stage == RECOGNIZING and job.done:
        return f"还没有导入任何内容；已识别 {job.done} 页，保留着，继续时从下一页接着识别"
    return "还没有导入任何内容，可以继续"


def _moved(job: Job) -> None:
    """The file goes once something was made of it, else after a while."""
    if job.state == Job.State.DONE and "url" in job.checkpoint.get("outcome", {}):
        transaction.on_commit(lambda: results.discard(job))
        return
    is_over = job.state in (Job.State.DONE, Job.State.FAILED, Job.State.STOPPED)
    until = timezone.now() + dt.timedelta(days=settings.JOB_RESULT_DAYS) if is_over else None
    Job.objects.filter(pk=job.pk).update(expires_at=until)
